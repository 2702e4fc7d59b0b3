package iam

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/permission"
)

func events(t testing.TB) *Events {
	t.Helper()
	c, err := permission.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewEvents(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// recorded reads the records of a folder of people's trails.
func recorded(t *testing.T) []*Event {
	t.Helper()
	dir := os.Getenv("HAETAE_CLOUDTRAIL")
	if dir == "" {
		t.Skip("HAETAE_CLOUDTRAIL is not set: a folder of CloudTrail records, in files of JSON or in gzip")
	}
	var all []*Event
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{".html", ".js", ".md"}, filepath.Ext(path)) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return err
			}
			if data, err = io.ReadAll(z); err != nil {
				return err
			}
		}
		list, err := ParseEvents(data)
		if err != nil {
			t.Logf("%s: %v", path, err)
			return nil
		}
		all = append(all, list...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPeoplesRecordsMapToActions(t *testing.T) {
	m := events(t)
	type tally struct {
		n    int
		fits map[Fit]int
		why  string
	}
	byName := map[string]*tally{}
	total := map[Fit]int{}
	calls := 0
	for _, e := range recorded(t) {
		a := m.Asked(e)
		total[a.Fit]++
		name := strings.TrimSuffix(e.Source, ".amazonaws.com") + ":" + e.Name
		one := byName[name]
		if one == nil {
			one = &tally{fits: map[Fit]int{}}
			byName[name] = one
		}
		one.n++
		one.fits[a.Fit]++
		if len(a.Reasons) > 0 && one.why == "" {
			one.why = a.Reasons[0]
		}
		if e.Type == "AwsApiCall" && a.Fit != FitNoCheck {
			calls++
		}
	}
	if calls == 0 {
		t.Fatal("no calls")
	}
	t.Logf("%d events, %d names: %v", calls, len(byName), total)
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if one := byName[name]; one.fits[FitExact] < one.n {
			t.Logf("%-60s %6d %v %s", name, one.n, one.fits, one.why)
		}
	}
	if total[FitNone]*20 > calls {
		t.Errorf("%d of %d calls map to no action", total[FitNone], calls)
	}
}
