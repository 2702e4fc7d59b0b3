package hub

import (
	"slices"
	"testing"

	"github.com/haetae/haetae"
)

func TestExceptionsThatChangedWithoutAScan(t *testing.T) {
	web := &haetae.Exception{By: "exception web", ID: "web", Owner: "kim", Reason: "public on purpose", Until: now + 100, Place: haetae.Place{File: "e.yaml", Line: 3}}
	byFile := func(k *haetae.Kept) { k.By, k.Exception, k.Expires = haetae.ByFile, "web", now+100 }
	for _, c := range []struct {
		name     string
		kept     haetae.Kept
		covers   *haetae.Exception
		none     bool
		workflow haetae.Workflow
		by       haetae.Author
		expires  int64
		history  []string
	}{
		{name: "what one covers now is suppressed to its end", kept: stored(haetae.Fail, haetae.WorkflowNew), covers: web, workflow: haetae.WorkflowSuppressed, by: haetae.ByFile, expires: now + 100, history: []string{"e.yaml:3 workflow NEW→SUPPRESSED"}},
		{name: "what none covers any more is new again", kept: *but(stored(haetae.Fail, haetae.WorkflowSuppressed), byFile), workflow: haetae.WorkflowNew, history: []string{"haetae workflow SUPPRESSED→NEW"}},
		{name: "what another one covers now says which", kept: *but(stored(haetae.Fail, haetae.WorkflowSuppressed), func(k *haetae.Kept) { byFile(k); k.Exception = "old" }), covers: web, workflow: haetae.WorkflowSuppressed, by: haetae.ByFile, expires: now + 100, history: []string{"e.yaml:3 exception old→web"}},
		{name: "an expiry that was put off counts without being noted twice", kept: *but(stored(haetae.Fail, haetae.WorkflowSuppressed), func(k *haetae.Kept) { byFile(k); k.Expires = now + 5 }), covers: web, workflow: haetae.WorkflowSuppressed, by: haetae.ByFile, expires: now + 100},
		{name: "what ended and is covered anew is suppressed again", kept: *but(stored(haetae.Fail, haetae.WorkflowSuppressed), func(k *haetae.Kept) { byFile(k); k.Expires = now - 5 }), covers: web, workflow: haetae.WorkflowSuppressed, by: haetae.ByFile, expires: now + 100,
			history: []string{"haetae expires 2026-02-25T06:13:15Z→", "haetae workflow SUPPRESSED→NEW", "e.yaml:3 workflow NEW→SUPPRESSED"}},
		{name: "what a person suppressed stays as the person said", kept: stored(haetae.Fail, haetae.WorkflowSuppressed), covers: web, none: true},
		{name: "what a person called new stays new", kept: *but(stored(haetae.Fail, haetae.WorkflowNew), func(k *haetae.Kept) { k.By = haetae.ByPerson }), covers: web, none: true},
		{name: "what an automation rule said gives way", kept: *but(stored(haetae.Fail, haetae.WorkflowNotified), func(k *haetae.Kept) { k.By = haetae.ByRule }), covers: web, workflow: haetae.WorkflowSuppressed, by: haetae.ByFile, expires: now + 100, history: []string{"e.yaml:3 workflow NOTIFIED→SUPPRESSED"}},
		{name: "what a template's own mark suppresses stays so", kept: *but(stored(haetae.Fail, haetae.WorkflowSuppressed), func(k *haetae.Kept) { k.By = haetae.ByFile }), none: true},
		{name: "what is closed is left alone", kept: stored(haetae.Pass, haetae.WorkflowNew), covers: web, none: true},
		{name: "what none covers and none covered needs nothing", kept: stored(haetae.Fail, haetae.WorkflowNew), none: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []haetae.Step
			for s, err := range Reapply(now, []haetae.Kept{c.kept}, func(*haetae.Kept) *haetae.Exception { return c.covers }) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, s)
			}
			if c.none {
				if len(got) != 0 {
					t.Fatalf("steps are %+v, want none", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("%d steps, want one", len(got))
			}
			s := got[0]
			if s.Workflow != c.workflow || s.By != c.by || s.Expires != c.expires || s.Status != c.kept.Status || s.Exception != c.covers {
				t.Errorf("step is %s by %d to %d, %s, %+v", s.Workflow, s.By, s.Expires, s.Status, s.Exception)
			}
			var lines []string
			for _, e := range s.History {
				lines = append(lines, e.Who+" "+e.Field+" "+e.Old+"→"+e.New)
			}
			if !slices.Equal(lines, c.history) {
				t.Errorf("history is %q, want %q", lines, c.history)
			}
		})
	}
}

func TestAScanGivesAnExceptionItsEnd(t *testing.T) {
	f := verdict(haetae.Fail)
	f.Suppressed = &haetae.Exception{By: "exception web", ID: "web", Until: now + 50}
	k := stored(haetae.Fail, haetae.WorkflowSuppressed)
	k.By, k.Exception, k.Expires = haetae.ByFile, "web", now-1
	steps, tally := Decide(Scan{Time: now, Now: now, Rules: map[string]bool{rule.ID: true}}, []haetae.Kept{k}, seq([]haetae.Finding{*f}))
	for s := range steps {
		if s.Workflow != haetae.WorkflowSuppressed || s.Expires != now+50 || s.Exception != f.Suppressed {
			t.Errorf("step is %+v", s)
		}
	}
	if tally.Expired != 1 || tally.Still != 1 {
		t.Errorf("tally is %+v", *tally)
	}
	f.Suppressed = nil
	steps, _ = Decide(Scan{Time: now, Now: now, Rules: map[string]bool{rule.ID: true}}, []haetae.Kept{k}, seq([]haetae.Finding{*f}))
	for s := range steps {
		if s.Workflow != haetae.WorkflowNew || s.Expires != 0 || s.By != haetae.ByNobody || s.Exception != nil {
			t.Errorf("after the end: %+v", s)
		}
	}
}
