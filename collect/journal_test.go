package collect

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
)

var (
	testKey  = []byte("a key of thirty-two bytes or more")
	testTime = time.Unix(1_790_000_000, 0)
)

func openJournal(t *testing.T, path, scan string, key []byte, now time.Time) *Journal {
	t.Helper()
	j, err := OpenJournal(path, scan, key, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// written returns a journal's file with n answers in it.
func written(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scan.journal")
	j := openJournal(t, path, "a scan", testKey, testTime)
	for i := range n {
		if err := j.Keep(fmt.Sprint("request ", i), &aws.Response{Status: 200, Header: http.Header{"X": {"y"}}, Body: []byte(strings.Repeat("hunter2 ", 50))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAJournalGivesBackWhatWasKept(t *testing.T) {
	j := openJournal(t, written(t, 20), "a scan", testKey, testTime.Add(time.Minute))
	if j.Resumed != 20 || j.Begun != testTime.Unix() {
		t.Errorf("%d answers of a scan begun at %d", j.Resumed, j.Begun)
	}
	r, ok := j.Find("request 7")
	if !ok || r.Status != 200 || r.Header.Get("X") != "y" || len(r.Body) != 400 {
		t.Errorf("found %v %+v", ok, r)
	}
	if _, ok := j.Find("request 20"); ok {
		t.Error("an answer that was never kept is found")
	}
}

func TestAJournalHoldsNothingReadable(t *testing.T) {
	data, err := os.ReadFile(written(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "request", "a scan"} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("the file holds %q", secret)
		}
	}
}

func TestAJournalOfSomethingElseBeginsAnew(t *testing.T) {
	for name, open := range map[string]func(string) (*Journal, error){
		"another scan": func(p string) (*Journal, error) { return OpenJournal(p, "other", testKey, testTime, time.Hour) },
		"another key": func(p string) (*Journal, error) {
			return OpenJournal(p, "a scan", []byte("other"), testTime, time.Hour)
		},
		"too long ago": func(p string) (*Journal, error) {
			return OpenJournal(p, "a scan", testKey, testTime.Add(2*time.Hour), time.Hour)
		},
	} {
		j, err := open(written(t, 5))
		if err != nil || j.Resumed != 0 {
			t.Errorf("%s: %v, %d answers", name, err, j.Resumed)
		}
	}
}

func TestATornJournalKeepsWhatIsWhole(t *testing.T) {
	path := written(t, 10)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := 11
	for cut := len(data); cut >= 0; cut -= 13 {
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j := openJournal(t, path, "a scan", testKey, testTime)
		if j.Resumed > last {
			t.Fatalf("cut to %d bytes it has %d answers, more than with more bytes", cut, j.Resumed)
		}
		last = j.Resumed
		for i := range j.Resumed {
			if _, ok := j.Find(fmt.Sprint("request ", i)); !ok {
				t.Fatalf("cut to %d bytes, answer %d of %d is not found", cut, i, j.Resumed)
			}
		}
		// It goes on behind what is whole.
		if err := j.Keep("more", &aws.Response{Status: 200}); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		again := openJournal(t, path, "a scan", testKey, testTime)
		if _, ok := again.Find("more"); !ok || again.Resumed != last+1 {
			t.Fatalf("cut to %d bytes, what was kept afterwards is lost: %d", cut, again.Resumed)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if last != 0 {
		t.Errorf("of nothing %d answers are left", last)
	}
}

func TestFramesCannotBeChangedOrMoved(t *testing.T) {
	path := written(t, 4)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := len(journalID); at < len(data); at += 7 {
		broken := bytes.Clone(data)
		broken[at] ^= 1
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		j := openJournal(t, path, "a scan", testKey, testTime)
		if j.Resumed == 4 {
			t.Errorf("byte %d was changed and nothing noticed", at)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwoProcessesDoNotShareAScan(t *testing.T) {
	path := written(t, 1)
	j := openJournal(t, path, "a scan", testKey, testTime)
	_, err := OpenJournal(path, "a scan", testKey, testTime, time.Hour)
	if haetae.CodeOf(err) != haetae.Conflict || haetae.HintOf(err) == "" {
		t.Errorf("the second one gets %v", err)
	}
	if err := j.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the scan the journal is there: %v", err)
	}
	if err := j.Keep("late", &aws.Response{}); haetae.CodeOf(err) != haetae.Unavailable {
		t.Errorf("kept after the end: %v", err)
	}
}

func FuzzJournal(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	j, err := OpenJournal(path, "a scan", testKey, testTime, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(j.Keep("k", &aws.Response{Status: 200, Body: []byte("b")}), j.Close()); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(journalID))
	f.Add([]byte(journalID + "\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		j := openJournal(t, path, "a scan", testKey, testTime)
		if err := errors.Join(j.Keep("new", &aws.Response{Status: 200}), j.Close()); err != nil {
			t.Fatal(err)
		}
		if _, ok := openJournal(t, path, "a scan", testKey, testTime).Find("new"); !ok {
			t.Error("what was kept is lost")
		}
	})
}
