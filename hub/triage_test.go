package hub

import (
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

func at[T any](v T) *T { return &v }

func TestWhatPeopleSay(t *testing.T) {
	person := Edit{Author: haetae.ByPerson, Who: "kim", Time: now}
	with := func(e Edit, change func(*Edit)) Edit {
		change(&e)
		return e
	}
	suppress := with(person, func(e *Edit) {
		e.Workflow, e.Reason, e.Expires = at(haetae.WorkflowSuppressed), at("on purpose"), at(int64(now+60))
	})
	cases := []struct {
		name    string
		edits   []Edit
		want    func(haetae.Triage) bool
		history []string
	}{
		{"a workflow is set with its time", []Edit{with(person, func(e *Edit) { e.Workflow = at(haetae.WorkflowNotified) })},
			func(t haetae.Triage) bool { return t.Workflow == haetae.WorkflowNotified && t.Said == now }, []string{"kim workflow NEW→NOTIFIED"}},
		{"a suppression has a reason and an end", []Edit{suppress},
			func(t haetae.Triage) bool {
				return t.Workflow == haetae.WorkflowSuppressed && t.Reason == "on purpose" && t.Expires == now+60
			}, []string{"kim workflow NEW→SUPPRESSED", "kim reason →on purpose", "kim expires →2026-02-25T06:14:20Z"}},
		{"the end of a suppression goes with it", []Edit{suppress, with(person, func(e *Edit) { e.Workflow = at(haetae.WorkflowNew) })},
			func(t haetae.Triage) bool { return t.Expires == 0 && t.Workflow == haetae.WorkflowNew }, nil},
		{"all else is set and taken back", []Edit{
			with(person, func(e *Edit) {
				e.Verdict, e.Assignee, e.Note, e.Severity, e.Due, e.Add = at("FALSE_POSITIVE"), at("lee"), at("n"), at(haetae.Low), at(int64(now+5)), []string{"b", "a"}
			}),
			with(person, func(e *Edit) { e.Severity, e.Due, e.Drop = at(haetae.Severity(0)), at(int64(0)), []string{"b"} }),
		}, func(t haetae.Triage) bool {
			return t.Verdict == "FALSE_POSITIVE" && t.Assignee == "lee" && t.Note == "n" && t.Severity == 0 && t.Due == 0 && slices.Equal(t.Labels, []string{"a"})
		}, nil},
		{"a file does not overrule a person", []Edit{suppress, {Author: haetae.ByFile, Who: "x.yaml:3", Time: now, Workflow: at(haetae.WorkflowNew)}},
			func(t haetae.Triage) bool { return t.Workflow == haetae.WorkflowSuppressed && t.Expires == now+60 }, nil},
		{"a rule does not overrule a file", []Edit{
			{Author: haetae.ByFile, Who: "x.yaml:3", Time: now, Assignee: at("kim")},
			{Author: haetae.ByRule, Who: "rule", Time: now, Assignee: at("lee"), Note: at("seen")},
		}, func(t haetae.Triage) bool { return t.Assignee == "kim" && t.Note == "seen" }, nil},
		{"a person overrules a file", []Edit{
			{Author: haetae.ByFile, Who: "x.yaml:3", Time: now, Assignee: at("kim")}, with(person, func(e *Edit) { e.Assignee = at("lee") }),
		}, func(t haetae.Triage) bool { return t.Assignee == "lee" }, nil},
		{"saying the same again is no history", []Edit{with(person, func(e *Edit) { e.Workflow = at(haetae.WorkflowNew) })},
			func(t haetae.Triage) bool {
				return t.Workflow == haetae.WorkflowNew && t.By["workflow"] == haetae.ByPerson
			}, []string{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := haetae.Triage{Workflow: haetae.WorkflowNew}
			lines := []string{}
			for _, e := range c.edits {
				if err := e.Check(); err != nil {
					t.Fatal(err)
				}
				var log []haetae.Entry
				tr, log = Apply(tr, e)
				for _, l := range log {
					lines = append(lines, l.Who+" "+l.Field+" "+l.Old+"→"+l.New)
				}
			}
			if !c.want(tr) {
				t.Errorf("triage is %+v", tr)
			}
			if c.history != nil && !slices.Equal(lines, c.history) {
				t.Errorf("history is %q, want %q", lines, c.history)
			}
		})
	}
}

func TestWhatCannotBeSaidIsRefused(t *testing.T) {
	for name, e := range map[string]Edit{
		"not one of NEW":           {Workflow: at(haetae.Workflow("DONE"))},
		"needs a reason":           {Workflow: at(haetae.WorkflowSuppressed)},
		"not one of TRUE_POSITIVE": {Verdict: at("maybe")},
		"is not in the future":     {Expires: at(int64(5)), Time: now},
		"severity 9 is none":       {Severity: at(haetae.Severity(9))},
	} {
		if err := e.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASuppressionEndsWithItsTime(t *testing.T) {
	tr := haetae.Triage{Workflow: haetae.WorkflowSuppressed, Expires: now, By: map[string]haetae.Author{"workflow": haetae.ByPerson}}
	if got, log := Wake(tr, now-1); got.Workflow != haetae.WorkflowSuppressed || log != nil {
		t.Errorf("before its time it is %+v", got)
	}
	got, log := Wake(tr, now)
	if got.Workflow != haetae.WorkflowNew || got.Expires != 0 || got.By["workflow"] != haetae.ByNobody || len(log) != 2 {
		t.Errorf("at its time it is %+v with %d lines of history", got, len(log))
	}
	if tr.By["workflow"] != haetae.ByPerson {
		t.Error("the old triage was changed")
	}
}
