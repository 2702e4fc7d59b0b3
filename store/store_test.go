package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

// atVersion makes a store as a program that knew n migrations left it, with a
// finding in it.
func atVersion(t *testing.T, dir string, n int) {
	t.Helper()
	names, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	run := func(q string, args ...any) {
		t.Helper()
		if _, err := db.Exec(q, args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names[:n] {
		text, err := schema.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		run(string(text))
	}
	run(fmt.Sprintf("PRAGMA user_version = %d", n))
	run(fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	if n > 0 {
		run(`INSERT INTO word VALUES (1, ''), (2, '111122223333'), (3, 'us-east-1'), (4, 'AWS::EC2::SecurityGroup')`)
		run(`INSERT INTO rule VALUES (1, 'sg-open', 4, 4, 'Closed', '닫힘')`)
		run(`INSERT INTO world VALUES (1, 1, 2, 1000)`)
		f := haetae.Finding{Rule: ruleOpen, Resource: group(one, east, "sg-3", nil)}
		uid := f.Under("sg-open")
		run(`INSERT INTO finding (id, uid, hash, rule, world, account, region, type, severity, status, open, workflow, first, last) VALUES (1, ?, x'00', 1, 1, 2, 3, 4, 4, 1, 1, 1, 1000, 1000)`, uid[:])
		run(`INSERT INTO detail VALUES (1, 'sg-3', '', '{"reason":"old"}')`)
		run(`INSERT INTO tally VALUES (2, 1, 4, 1, 1, 1)`)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAStoreOfEveryEarlierVersionIsBroughtUpToDate(t *testing.T) {
	names, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(names) + 1 {
		dir := t.TempDir()
		atVersion(t, dir, n)
		s := opened(t, dir)
		var version int
		if err := s.read.QueryRow(`PRAGMA user_version`).Scan(&version); err != nil || version != len(names) {
			t.Errorf("from %d: version is %d: %v", n, version, err)
		}
		if n > 0 {
			if r := find(t, s, "sg-open", one, east, "sg-3"); r.Reason != "old" || r.Status != haetae.Fail {
				t.Errorf("from %d: the finding is %+v", n, r)
			}
			a, err := s.Query(context.Background(), `SELECT control, reason FROM findings`, 10, time.Minute)
			if err != nil || len(a.Rows) != 1 || a.Rows[0][1] != "old" {
				t.Errorf("from %d: the view says %v: %v", n, a, err)
			}
		}
		snap := world(2000)
		if tally := mustScan(t, s, snap, judge(snap)); n > 0 && tally.Fixed+tally.Still == 0 {
			t.Errorf("from %d: the old finding was not met: %+v", n, tally)
		}
		checkTally(t, s)
	}
}

func TestWhatIsNoStoreOfOursIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string)
		says string
	}{
		"a newer version": {func(t *testing.T, dir string) {
			atVersion(t, dir, 2)
			change(t, dir, "PRAGMA user_version = 999")
		}, "version 999"},
		"a database of another program": {func(t *testing.T, dir string) { change(t, dir, "CREATE TABLE other (x)") }, "not a store of haetae"},
		"a file that is no database": {func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, File), bytes.Repeat([]byte("no database "), 500), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a database"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.make(t, dir)
			s, err := Open(context.Background(), dir)
			if err == nil {
				t.Fatal("it was opened", s.Close())
			}
			if !strings.Contains(err.Error(), c.says) || haetae.HintOf(err) == "" {
				t.Errorf("error is %v, hint %q", err, haetae.HintOf(err))
			}
		})
	}
}

func change(t *testing.T, dir, q string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(q); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNobodyElseMayReadTheStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b ?#%&'c")
	s := opened(t, dir)
	mustScan(t, s, world(1000), judge(world(1000)))
	files, err := filepath.Glob(filepath.Join(strings.NewReplacer("?", "\\?").Replace(dir), "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range append(files, dir) {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: %v", f, info.Mode(), err)
		}
	}
}

// secret is a text that must not be in the file when it was forgotten.
func inFiles(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			return true
		}
	}
	return false
}

func TestWhatIsForgottenIsNotInTheFile(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	marks := []string{"zebra-in-props", "zebra-in-volatile", "zebra-in-note", "zebra-in-id", "zebra-in-reason", "zebra-in-history"}
	x := group(one, east, marks[3], map[string]any{"P": marks[0], "sg-open": "FAIL"})
	x.Volatile = map[string]any{"V": marks[1]}
	snap := &haetae.Snapshot{Time: 1000, Coverage: []haetae.Coverage{covered(one, east)}, Resources: []*haetae.Resource{x, group(one, east, "stays", map[string]any{"sg-open": "FAIL"})}}
	found := judge(snap)
	for i := range found {
		if found[i].Resource == x {
			found[i].Reason = marks[4]
		}
	}
	mustScan(t, s, snap, found)
	uid := find(t, s, "sg-open", one, east, marks[3]).UID
	if err := s.Update(context.Background(), func(tx *Tx) error {
		return tx.Triage(uid, func(tr haetae.Triage) (haetae.Triage, []haetae.Entry, error) {
			tr.Note = marks[2]
			return tr, []haetae.Entry{{Time: 1000, Who: marks[5], Field: "note", New: marks[2]}}, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	snap = &haetae.Snapshot{Time: 2000, Coverage: snap.Coverage, Resources: snap.Resources[1:]}
	mustScan(t, s, snap, judge(snap))
	for _, m := range marks {
		if !inFiles(t, dir, m) {
			t.Errorf("%s was never there", m)
		}
	}
	kept, err := s.Forget(context.Background(), 1500, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range kept {
		if f.Table == "finding" && (f.Before != 2 || f.After != 2) {
			t.Errorf("what was closed later is gone: %+v", f)
		}
	}
	for before, want := range map[int64]bool{1500: false, 2500: true} {
		if old, err := s.Old(context.Background(), before); err != nil || old != want {
			t.Errorf("something older than %d: %v %v", before, old, err)
		}
	}
	done, err := s.Forget(context.Background(), 2500, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range done {
		if f.Table == "finding" && (f.Before != 2 || f.After != 1) || f.Table == "resource" && (f.Before != 2 || f.After != 1) {
			t.Errorf("it says %+v", f)
		}
	}
	for _, m := range marks {
		if inFiles(t, dir, m) {
			t.Errorf("%s is still in a file", m)
		}
	}
	got, err := s.Snapshot(context.Background(), 3000)
	if err != nil || len(got.Resources) != 1 || got.Resources[0].ID != "stays" {
		t.Errorf("what holds is %v: %v", got, err)
	}
	checkTally(t, s)
}
