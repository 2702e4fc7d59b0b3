package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/haetae/haetae"
)

const (
	one  = "111122223333"
	two  = "444455556666"
	east = "us-east-1"
	west = "eu-west-1"
)

// world has two accounts, two regions, and findings of every kind.
func world(at int64) *haetae.Snapshot {
	snap := &haetae.Snapshot{Time: at}
	for _, account := range []string{one, two} {
		for _, region := range []string{east, west} {
			snap.Coverage = append(snap.Coverage, covered(account, region))
			for i := range 6 {
				props := map[string]any{"sg-open": []string{"FAIL", "UNKNOWN", "PASS"}[i%3], "sg-tags": []string{"FAIL", "NOT_APPLICABLE"}[i%2]}
				snap.Resources = append(snap.Resources, group(account, region, fmt.Sprintf("sg-%d", i), props))
			}
		}
	}
	snap.Sort()
	return snap
}

func all(t *testing.T, s *Store, f Filter, page int) []haetae.Record {
	t.Helper()
	var out []haetae.Record
	var last haetae.UID
	for {
		list, err := s.List(context.Background(), f, last, page)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return out
		}
		if len(list) > page {
			t.Fatalf("a page of %d has %d", page, len(list))
		}
		out = append(out, list...)
		last = list[len(list)-1].UID
	}
}

func TestListsAreFilteredInOrderAndPaged(t *testing.T) {
	s := opened(t, t.TempDir())
	mustScan(t, s, world(1000), judge(world(1000)))
	next := world(2000)
	// A third of it is mended, some of it is gone.
	for _, r := range next.Resources {
		if r.ID == "sg-0" {
			r.Props["sg-open"] = "PASS"
		}
	}
	next.Resources = slices.DeleteFunc(next.Resources, func(r *haetae.Resource) bool { return r.ID == "sg-2" })
	mustScan(t, s, next, judge(next))
	whole := all(t, s, Filter{Status: []haetae.Status{haetae.Fail, haetae.Undecided, haetae.Pass, haetae.NotApplicable, haetae.Gone}}, 7)
	if !slices.IsSortedFunc(whole, func(a, b haetae.Record) int {
		if a.Status.Open() != b.Status.Open() {
			if a.Status.Open() {
				return -1
			}
			return 1
		}
		return int(b.Severity - a.Severity)
	}) {
		t.Error("the list is not in order")
	}
	cases := []struct {
		name   string
		filter Filter
		want   func(*haetae.Record) bool
	}{
		{"open ones by default", Filter{}, func(r *haetae.Record) bool { return r.Status.Open() }},
		{"of an account", Filter{Accounts: []string{one}}, func(r *haetae.Record) bool { return r.Status.Open() && r.Account == one }},
		{"of two accounts", Filter{Accounts: []string{one, two}}, func(r *haetae.Record) bool { return r.Status.Open() }},
		{"of a region", Filter{Regions: []string{west}}, func(r *haetae.Record) bool { return r.Status.Open() && r.Region == west }},
		{"of a control", Filter{Controls: []string{"sg-tags"}}, func(r *haetae.Record) bool { return r.Status.Open() && r.Rule == "sg-tags" }},
		{"of a severity", Filter{Severity: []haetae.Severity{haetae.Low}}, func(r *haetae.Record) bool { return r.Status.Open() && r.Severity == haetae.Low }},
		{"closed ones", Filter{Status: []haetae.Status{haetae.Pass, haetae.Gone}}, func(r *haetae.Record) bool { return r.Status == haetae.Pass || r.Status == haetae.Gone }},
		{"open and closed ones", Filter{Status: []haetae.Status{haetae.Gone, haetae.Fail}, Accounts: []string{two}}, func(r *haetae.Record) bool {
			return (r.Status == haetae.Gone || r.Status == haetae.Fail) && r.Account == two
		}},
		{"of a workflow", Filter{Workflow: []haetae.Workflow{haetae.WorkflowSuppressed}}, func(*haetae.Record) bool { return false }},
		{"of an account that is not stored", Filter{Accounts: []string{"999999999999"}}, func(*haetae.Record) bool { return false }},
		{"of all at once", Filter{Accounts: []string{one}, Regions: []string{east}, Controls: []string{"sg-open"}, Severity: []haetae.Severity{haetae.High}, Status: []haetae.Status{haetae.Undecided}, Workflow: []haetae.Workflow{haetae.WorkflowNew}},
			func(r *haetae.Record) bool {
				return r.Account == one && r.Region == east && r.Rule == "sg-open" && r.Status == haetae.Undecided
			}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var want []haetae.UID
			for i := range whole {
				if c.want(&whole[i]) {
					want = append(want, whole[i].UID)
				}
			}
			for _, page := range []int{1, 4, 1000} {
				var got []haetae.UID
				for _, r := range all(t, s, c.filter, page) {
					got = append(got, r.UID)
				}
				if !slices.Equal(got, want) {
					t.Errorf("by pages of %d there are %d, want %d in the same order", page, len(got), len(want))
				}
			}
			if n, err := s.Count(context.Background(), c.filter); err != nil || n != len(want) {
				t.Errorf("count is %d (%v), want %d", n, err, len(want))
			}
		})
	}
}

func find(t *testing.T, s *Store, rule, account, region, id string) haetae.Record {
	t.Helper()
	r := group(account, region, id, nil)
	f := haetae.Finding{Rule: &haetae.Rule{ID: rule}, Resource: r}
	got, err := s.Get(context.Background(), f.Under(rule))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTheLifeOfAFinding(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := context.Background()
	at := func(time int64, status string) *haetae.Snapshot {
		return &haetae.Snapshot{Time: time, Coverage: []haetae.Coverage{covered(one, east)}, Resources: []*haetae.Resource{group(one, east, "sg-1", map[string]any{"sg-open": status})}}
	}
	step := func(time int64, status string) haetae.Record {
		snap := at(time, status)
		mustScan(t, s, snap, judge(snap))
		checkTally(t, s)
		return find(t, s, "sg-open", one, east, "sg-1")
	}
	if r := step(1000, "FAIL"); r.First != 1000 || r.Last != 1000 || r.Count != 1 || r.Reason != "it is FAIL" || r.Title.KO != "닫힘" || len(r.History) != 0 {
		t.Errorf("new: %+v", r)
	}
	uid := find(t, s, "sg-open", one, east, "sg-1").UID
	if err := s.Update(ctx, func(tx *Tx) error {
		return tx.Triage(uid, func(t haetae.Triage) (haetae.Triage, []haetae.Entry, error) {
			t.Workflow, t.Note, t.Severity, t.Said = haetae.WorkflowNotified, "told kim", haetae.Critical, 1500
			t.By = map[string]haetae.Author{"workflow": haetae.ByPerson}
			return t, []haetae.Entry{{Time: 1500, Who: "me", Field: "workflow", Old: "NEW", New: "NOTIFIED"}}, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	if r := step(2000, "FAIL"); r.Last != 2000 || r.Workflow != haetae.WorkflowNotified || r.Triage.Note != "told kim" || r.Severity != haetae.Critical {
		t.Errorf("still there: %+v", r)
	}
	if r := step(3000, "UNKNOWN"); r.Status != haetae.Fail || r.Stale != "UNKNOWN: it is UNKNOWN" || r.Last != 2000 || r.Reason != "it is FAIL" {
		t.Errorf("stale: %+v", r)
	}
	mustScan(t, s, &haetae.Snapshot{Time: 3500, Coverage: []haetae.Coverage{covered(two, east)}}, nil)
	if r := find(t, s, "sg-open", one, east, "sg-1"); r.Last != 2000 || r.Stale == "" {
		t.Errorf("out of scope: %+v", r)
	}
	if r := step(4000, "FAIL"); r.Stale != "" || r.Last != 4000 {
		t.Errorf("confirmed again: %+v", r)
	}
	if r := step(5000, "PASS"); r.Status != haetae.Pass || r.Closed != 5000 || r.Last != 4000 || r.Workflow != haetae.WorkflowNotified {
		t.Errorf("fixed: %+v", r)
	}
	r := step(6000, "FAIL")
	if r.Status != haetae.Fail || r.Closed != 0 || r.Last != 6000 || r.Count != 2 || r.Workflow != haetae.WorkflowNew || r.Triage.Note != "told kim" || r.First != 1000 || r.Severity != haetae.Critical {
		t.Errorf("back: %+v", r)
	}
	var fields []string
	for _, e := range r.History {
		fields = append(fields, e.Who+" "+e.Field+" "+e.Old+"→"+e.New)
	}
	if want := []string{"me workflow NEW→NOTIFIED", "haetae status FAIL→PASS", "haetae status PASS→FAIL", "haetae workflow NOTIFIED→NEW"}; !slices.Equal(fields, want) {
		t.Errorf("history is %q", fields)
	}
	gone := &haetae.Snapshot{Time: 7000, Coverage: []haetae.Coverage{covered(one, east)}}
	if tally := mustScan(t, s, gone, nil); tally.Fixed != 1 {
		t.Errorf("tally is %+v", tally)
	}
	if r := find(t, s, "sg-open", one, east, "sg-1"); r.Status != haetae.Gone || r.Closed != 7000 {
		t.Errorf("gone: %+v", r)
	}
}

func TestWhatPassesIsKeptWithItsResources(t *testing.T) {
	s := opened(t, t.TempDir())
	snap := world(1000)
	mustScan(t, s, snap, judge(snap))
	passed, err := s.Passed(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := Passed{Rule: "sg-open", Account: one, Region: west, Resources: []string{"sg-2", "sg-5"}, Time: 1000}
	if len(passed) != 8 || !reflect.DeepEqual(passed[0], want) {
		t.Errorf("%d rows, the first is %+v", len(passed), passed[0])
	}
	if p := passed[4]; p.Rule != "sg-tags" || p.Exempt != 3 || len(p.Resources) != 0 {
		t.Errorf("what does not apply is %+v", p)
	}
	// Another control's scan leaves it; a scan of nothing in one region takes
	// away what passed there.
	mustScan(t, s, &haetae.Snapshot{Time: 2000, Coverage: []haetae.Coverage{covered(one, east), covered(one, west)}}, nil, ruleTags)
	mustScan(t, s, &haetae.Snapshot{Time: 3000, Coverage: []haetae.Coverage{covered(one, west)}}, nil, ruleOpen)
	if passed, err = s.Passed(context.Background()); err != nil || len(passed) != 5 {
		t.Errorf("%d rows are left, want 5: %v", len(passed), err)
	}
}

func TestRandomScansLeaveTheTallyRight(t *testing.T) {
	s := opened(t, t.TempDir())
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 40 {
		snap := &haetae.Snapshot{Time: int64(1000 * (n + 1))}
		for _, account := range []string{one, two} {
			if r.IntN(3) > 0 {
				snap.Coverage = append(snap.Coverage, covered(account, east))
				for i := range r.IntN(12) {
					snap.Resources = append(snap.Resources, randomGroup(r, account, east, i))
				}
			}
		}
		snap.Sort()
		rules := [][]*haetae.Rule{nil, {ruleOpen}, {ruleTags}}[r.IntN(3)]
		found := slices.DeleteFunc(judge(snap), func(f haetae.Finding) bool { return rules != nil && f.Rule != rules[0] })
		mustScan(t, s, snap, found, rules...)
		checkTally(t, s)
		if n%10 == 9 {
			if _, err := s.Forget(context.Background(), snap.Time-3000, true); err != nil {
				t.Fatal(err)
			}
			checkTally(t, s)
		}
	}
}
