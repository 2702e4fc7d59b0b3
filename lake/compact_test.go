package lake

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

func TestCompactedFilesHaveTheSameRecords(t *testing.T) {
	dir := t.TempDir()
	var files []haetae.LakeFile
	for i := range 6 {
		var list []any
		for n := range 50 {
			at := noon.Add(time.Duration(n*7+i) * time.Minute)
			id := strings.Repeat("x", i+1) + time.Duration(n).String()
			list = append(list, trailEvent("t"+id, at, ""), wafEvent("w"+id, at),
				&haetae.Flow{Key: "k" + id[:1+i], Number: n + 1, Has: haetae.FlowStart, Start: noon.Unix() - int64(n%5), Status: haetae.FlowOK},
				&haetae.Lookup{ID: "q" + id, Time: at, Name: "example.com"})
		}
		list = append(list, trailEvent("again", noon, "")) // in all of them
		files = append(files, write(t, dir, list...)...)
	}
	before := read(t, dir, files, ReadOptions{})
	var after []haetae.LakeFile
	twice := 0
	groups := Small(files, 2)
	if len(groups) != 4 {
		t.Fatalf("%d groups, want one for each log: %v", len(groups), groups)
	}
	for _, g := range groups {
		c, err := Compact(t.Context(), dir, g)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Files) != 1 {
			t.Errorf("%d files of %s in place of %d", len(c.Files), g[0].Log, len(g))
		}
		after = append(after, c.Files...)
		twice += c.Twice
	}
	if twice != 5 {
		t.Errorf("%d records were there twice, want 5", twice)
	}
	set := func(list []kept) map[string]int {
		out := map[string]int{}
		for _, x := range list {
			b, err := json.Marshal(x)
			if err != nil {
				t.Fatal(err)
			}
			out[string(b)] = 1
		}
		return out
	}
	got := read(t, dir, after, ReadOptions{})
	if len(got) != len(before)-5 || !reflect.DeepEqual(set(got), set(before)) {
		t.Errorf("%d records after, %d before, and they are not the same", len(got), len(before))
	}
	if left, err := Orphans(dir, after, time.Time{}); err != nil || len(left) != len(files) {
		t.Errorf("%d files are not in the list, want the %d from before: %v", len(left), len(files), err)
	}
}

func TestAFileThatSomebodyChangedIsNotCompacted(t *testing.T) {
	dir := t.TempDir()
	files := append(write(t, dir, wafEvent("a", noon)), write(t, dir, wafEvent("b", noon))...)
	path := filepath.Join(dir, filepath.FromSlash(files[1].Path))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Compact(t.Context(), dir, files); err == nil || !strings.Contains(err.Error(), files[1].Path) || haetae.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	if left, err := Orphans(dir, files, time.Time{}); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDaysThatAreOverAreOlder(t *testing.T) {
	day0 := noon.Truncate(day)
	files := []haetae.LakeFile{{Path: "a", Log: haetae.WAF, Day: day0}, {Path: "b", Log: haetae.WAF, Day: day0.Add(day)}, {Path: "c", Log: haetae.CloudTrail, Day: day0}}
	keep := map[haetae.Log]int{haetae.WAF: 7}
	for _, c := range []struct {
		now  time.Time
		want int
	}{{day0.Add(8*day - time.Second), 0}, {day0.Add(8 * day), 1}, {day0.Add(9 * day), 2}} {
		if got := Older(files, keep, c.now); len(got) != c.want {
			t.Errorf("at %s: %v, want %d", c.now, got, c.want)
		}
	}
}

func TestARecordThatIsThereIsNotWrittenAgain(t *testing.T) {
	dir := t.TempDir()
	var files []haetae.LakeFile
	list := func(log haetae.Log, from, to time.Time) (out []haetae.LakeFile, err error) {
		for _, f := range files {
			if f.Log == log && f.Last.Compare(from) >= 0 && f.First.Before(to) {
				out = append(out, f)
			}
		}
		return out, nil
	}
	for round := range 3 {
		w, err := NewWriter(dir)
		if err != nil {
			t.Fatal(err)
		}
		w.Known = NewKnown(dir, list)
		add := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		for n := range 20 {
			add(w.Event(trailEvent("t"+time.Duration(n).String(), noon.Add(time.Duration(n)*time.Hour), "")))
			add(w.Event(wafEvent("w"+time.Duration(n).String(), noon)))
			add(w.Flow(&haetae.Flow{Key: "AWSLogs/k", Number: n + 1, Has: haetae.FlowStart, Start: noon.Unix() - int64(n)}))
			add(w.Lookup(&haetae.Lookup{Place: haetae.Place{File: "k", Line: n}, ID: "k#" + time.Duration(n).String(), Time: noon}))
		}
		// The same file name and number, and another time: another folder.
		add(w.Flow(&haetae.Flow{Key: "flows.log", Number: 1, Has: haetae.FlowStart, Start: noon.Unix() + int64(round)}))
		got, err := w.Flush()
		add(err)
		files = append(files, got...)
		records := 0
		for _, f := range got {
			records += f.Records
		}
		want := 81
		if round > 0 {
			want = 1
		}
		if records != want {
			t.Errorf("round %d wrote %d records, want %d; again: %v", round, records, want, w.Again)
		}
	}
}
