package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/haetae/haetae"
)

func TestAForgottenAccountIsNotInTheFile(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s := opened(t, dir)
	marks := []string{two, "zebra-in-props", "zebra-in-volatile", "zebra-in-note", "zebra-in-reason", "zebra-in-history", "zebra-in-exception", "zebra-in-problem"}
	gone := group(two, west, "sg-gone", map[string]any{"P": marks[1], "sg-open": "FAIL"})
	gone.Volatile = map[string]any{"V": marks[2]}
	snap := &haetae.Snapshot{Time: 1000, Coverage: []haetae.Coverage{covered(one, east), covered(two, west)},
		Resources: []*haetae.Resource{group(one, east, "stays", map[string]any{"sg-open": "FAIL"}), gone},
		Problems:  []haetae.Problem{{Error: two + ": " + marks[7]}, {Error: "stays too"}}}
	found := judge(snap)
	for i := range found {
		if found[i].Resource == gone {
			found[i].Reason = marks[4]
			found[i].Suppressed = &haetae.Exception{By: "exception x", ID: "x", Owner: "kim", Reason: marks[6]}
		}
	}
	mustScan(t, s, snap, found)
	uid := find(t, s, "sg-open", two, west, "sg-gone").UID
	if err := s.Update(ctx, func(tx *Tx) error {
		return tx.Triage(uid, func(tr haetae.Triage) (haetae.Triage, []haetae.Entry, error) {
			tr.Note = marks[3]
			return tr, []haetae.Entry{{Time: 1000, Who: marks[5], Field: "note", New: marks[3]}}, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	only := &haetae.Snapshot{Time: 2000, Coverage: []haetae.Coverage{covered(two, west)}, Resources: []*haetae.Resource{gone}}
	mustScan(t, s, only, judge(only))
	for _, m := range marks {
		if !inFiles(t, dir, m) {
			t.Errorf("%s was never there", m)
		}
	}
	before, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	counted, err := s.ForgetAccount(ctx, two, false)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, File)); err != nil || string(after) != string(before) {
		t.Errorf("counting changed the file: %v", err)
	}
	if r := find(t, s, "sg-open", two, west, "sg-gone"); r.Triage.Note != marks[3] {
		t.Errorf("counting changed the finding: %+v", r)
	}
	done, err := s.ForgetAccount(ctx, two, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range done {
		if counted[i] != f {
			t.Errorf("counted %+v, did %+v", counted[i], f)
		}
		if f.Table == "finding" && (f.Before != 2 || f.After != 1) || f.Table == "resource" && (f.Before != 2 || f.After != 1) {
			t.Errorf("it says %+v", f)
		}
	}
	for _, m := range marks {
		if inFiles(t, dir, m) {
			t.Errorf("%s is still in a file", m)
		}
	}
	got, err := s.Snapshot(ctx, 3000)
	if err != nil || len(got.Resources) != 1 || got.Resources[0].ID != "stays" || len(got.Coverage) != 1 {
		t.Errorf("what holds is %v: %v", got, err)
	}
	if len(got.Problems) != 1 || got.Problems[0].Error != "stays too" {
		t.Errorf("problems are %v", got.Problems)
	}
	if r := find(t, s, "sg-open", one, east, "stays"); r.Status != haetae.Fail {
		t.Errorf("the other account's finding is %+v", r)
	}
	checkTally(t, s)
	next := &haetae.Snapshot{Time: 4000, Coverage: snap.Coverage, Resources: snap.Resources}
	if tally := mustScan(t, s, next, judge(next)); tally.New != 1 || tally.Still != 1 {
		t.Errorf("a scan of it later says %+v", tally)
	}
}

func TestCountingWhatIsOldDeletesNothing(t *testing.T) {
	ctx, s := context.Background(), opened(t, t.TempDir())
	snap := world(1000)
	mustScan(t, s, snap, judge(snap))
	next := &haetae.Snapshot{Time: 2000, Coverage: snap.Coverage}
	mustScan(t, s, next, nil)
	for _, apply := range []bool{false, true} {
		list, err := s.Forget(ctx, 3000, apply)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if f.Table == "finding" && (f.Before == 0 || f.After != 0) {
				t.Errorf("apply %t: %+v", apply, f)
			}
		}
		if n := len(all(t, s, Filter{Status: []haetae.Status{haetae.Gone}}, 100)); (n == 0) != apply {
			t.Errorf("apply %t: %d closed findings", apply, n)
		}
	}
}
