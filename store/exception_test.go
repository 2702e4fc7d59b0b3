package store

import (
	"context"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/hub"
)

// suppressed is what a person says.
func suppressed(t *testing.T, s *Store, uid haetae.UID) {
	t.Helper()
	w, why := haetae.WorkflowSuppressed, "because"
	if err := s.Update(context.Background(), func(tx *Tx) error {
		return tx.Triage(uid, func(tr haetae.Triage) (haetae.Triage, []haetae.Entry, error) {
			tr, log := hub.Apply(tr, hub.Edit{Author: haetae.ByPerson, Who: "kim", Time: 1500, Workflow: &w, Reason: &why})
			return tr, log, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatAnExceptionSaysIsKeptWithTheFinding(t *testing.T) {
	ctx, s := context.Background(), opened(t, t.TempDir())
	snap := &haetae.Snapshot{Time: 1000, Coverage: []haetae.Coverage{covered(one, east)}, Resources: []*haetae.Resource{group(one, east, "sg-1", map[string]any{"sg-open": "FAIL"})}}
	web := &haetae.Exception{By: "exception web", ID: "web", Owner: "kim", Reason: "on purpose", Expires: "2030-01-01", Until: 1893542400, Place: haetae.Place{File: "e.yaml", Line: 3}}
	at := func(time int64, x *haetae.Exception) haetae.Record {
		next := *snap
		next.Time = time
		found := judge(&next)
		for i := range found {
			found[i].Suppressed = x
		}
		mustScan(t, s, &next, found)
		checkTally(t, s)
		return find(t, s, "sg-open", one, east, "sg-1")
	}
	r := at(1000, web)
	if r.Workflow != haetae.WorkflowSuppressed || r.Exception == nil || *r.Exception != *web {
		t.Fatalf("it is %s by %+v", r.Workflow, r.Exception)
	}
	ledger := func() *Ledger {
		var l *Ledger
		if err := s.Update(ctx, func(tx *Tx) (err error) {
			l, err = tx.Kept()
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return l
	}
	if k := ledger().All()[0]; k.Exception != "web" || k.Expires != web.Until || k.By != haetae.ByFile {
		t.Errorf("the hub is told %+v", k)
	}
	better := *web
	better.Reason = "better said"
	if r = at(1100, &better); r.Exception == nil || r.Exception.Reason != "better said" {
		t.Errorf("it is %+v", r.Exception)
	}
	if r = at(1200, nil); r.Workflow != haetae.WorkflowNew || r.Exception != nil {
		t.Errorf("without it: %s by %+v", r.Workflow, r.Exception)
	}
	if r = at(1300, web); r.Exception == nil {
		t.Error("it does not come back")
	}
	suppressed(t, s, r.UID)
	if r = at(1600, web); r.Workflow != haetae.WorkflowSuppressed || r.Exception != nil {
		t.Errorf("what a person said: %s by %+v", r.Workflow, r.Exception)
	}
}

func TestExceptionsAreAppliedWithoutAScan(t *testing.T) {
	ctx, s := context.Background(), opened(t, t.TempDir())
	snap := world(1000)
	mustScan(t, s, snap, judge(snap))
	web := &haetae.Exception{By: "exception web", ID: "web", Until: 9000}
	apply := func(x *haetae.Exception) (named int) {
		if err := s.Update(ctx, func(tx *Tx) error {
			l, err := tx.Kept()
			if err != nil {
				return err
			}
			if err := tx.Name(l); err != nil {
				return err
			}
			steps := hub.Reapply(2000, l.All(), func(k *haetae.Kept) *haetae.Exception {
				named++
				if k.Account == one && k.Resource == "sg-0" {
					return x
				}
				return nil
			})
			if err := tx.Retriage(l, steps, 2000); err != nil {
				return err
			}
			return tx.Set("exceptions", "said")
		}); err != nil {
			t.Fatal(err)
		}
		checkTally(t, s)
		return named
	}
	hidden := func() int { return len(all(t, s, Filter{Workflow: []haetae.Workflow{haetae.WorkflowSuppressed}}, 50)) }
	if n := apply(web); n == 0 || hidden() != 4 {
		t.Errorf("of %d, %d are hidden, want the two findings of a group in two regions", n, hidden())
	}
	for _, r := range all(t, s, Filter{Workflow: []haetae.Workflow{haetae.WorkflowSuppressed}}, 50) {
		if r.Last != 1000 || r.Stale != "" || r.Exception == nil || r.Exception.ID != "web" {
			t.Errorf("it became %+v", r)
		}
	}
	apply(nil)
	if hidden() != 0 {
		t.Errorf("%d are hidden after the end", hidden())
	}
	if v, err := s.Setting(ctx, "exceptions"); err != nil || v != "said" {
		t.Errorf("the setting is %q: %v", v, err)
	}
	if v, err := s.Setting(ctx, "other"); err != nil || v != "" {
		t.Errorf("a setting that is not there is %q: %v", v, err)
	}
}

func TestWhatWasOutOfScopeKeepsTheTimeWhenItWasConfirmed(t *testing.T) {
	s := opened(t, t.TempDir())
	snap := world(1000)
	mustScan(t, s, snap, judge(snap))
	open := func(time int64, coverage []haetae.Coverage, rules ...*haetae.Rule) {
		next := *snap
		next.Time = time
		if coverage != nil {
			next.Coverage, next.Resources = coverage, nil
		}
		var found []haetae.Finding
		for _, f := range judge(&next) {
			for _, r := range rules {
				if f.Rule == r {
					found = append(found, f)
				}
			}
		}
		mustScan(t, s, &next, found, rules...)
	}
	last := func(rule string) haetae.Record { return find(t, s, rule, one, east, "sg-0") }
	open(2000, nil, ruleOpen)
	if r := last("sg-tags"); r.Last != 1000 || r.Stale != "" || r.Status != haetae.Fail {
		t.Errorf("the other control's finding: last %d stale %q %s", r.Last, r.Stale, r.Status)
	}
	if r := last("sg-open"); r.Last != 2000 {
		t.Errorf("the control's own finding: last %d", r.Last)
	}
	denied := covered(one, east)
	denied.Status, denied.Reason, denied.Detail = haetae.Missing, haetae.Denied, "no"
	open(3000, []haetae.Coverage{denied}, ruleOpen, ruleTags)
	if r := last("sg-tags"); r.Last != 1000 || r.Stale == "" {
		t.Errorf("denied: last %d stale %q", r.Last, r.Stale)
	}
	open(4000, nil, ruleOpen)
	if r := last("sg-tags"); r.Last != 1000 || r.Stale == "" {
		t.Errorf("out of scope after it was denied: last %d stale %q", r.Last, r.Stale)
	}
	open(5000, nil, ruleOpen, ruleTags)
	if r := last("sg-tags"); r.Last != 5000 || r.Stale != "" {
		t.Errorf("confirmed: last %d stale %q", r.Last, r.Stale)
	}
}
