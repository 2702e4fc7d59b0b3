package iam_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/iam"
)

var admins = iam.Goal{Admin: true}

// without is the snapshot without some statements of its policies.
func without(t *testing.T, e *iam.Escalations, snap *haetae.Snapshot, cut []iam.Removal) *haetae.Snapshot {
	t.Helper()
	out := graph.Clone(snap)
	gone := map[string][]any{}
	for _, r := range cut {
		s, _, ok := e.Where(r.Statement)
		if !ok {
			t.Fatalf("nobody knows where %s of %s is written", r.Statement.Named(), r.Statement.Document.Name)
		}
		i := slices.IndexFunc(out.Resources, func(o *haetae.Resource) bool { return o.Key() == s.Resource.Key() })
		var n int
		doc, _ := out.Resources[i].Props["AssumeRolePolicyDocument"].(map[string]any)
		if _, err := fmt.Sscanf(s.Path, "Policies[%d].PolicyDocument", &n); err == nil {
			doc = out.Resources[i].Props["Policies"].([]any)[n].(map[string]any)["PolicyDocument"].(map[string]any)
		}
		key := fmt.Sprintf("%s %s", s.Resource.ARN, s.Path)
		if gone[key] == nil {
			gone[key] = slices.Clone(doc["Statement"].([]any))
		}
		statement := gone[key][r.Statement.Index]
		doc["Statement"] = slices.DeleteFunc(slices.Clone(doc["Statement"].([]any)), func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(statement) })
	}
	return out
}

func TestACutBreaksThePathInTheSnapshotItself(t *testing.T) {
	snap := company(100, 7)
	e := worldFrom(t, graph.Clone(snap)).Escalations(catalogue(t))
	tried := 0
	for n, paths := range e.AllPaths(admins) {
		if tried++; tried > 3 {
			break
		}
		p := paths[0]
		cut, ok := e.Cut(p, admins)
		if !ok {
			t.Errorf("%s: no cut of %s", n.ARN, ids(p))
			continue
		}
		again := worldFrom(t, without(t, e, snap, cut.Removals)).Escalations(catalogue(t))
		for _, q := range again.Paths(again.Nodes()[slices.IndexFunc(again.Nodes(), func(o *iam.Node) bool { return o.ARN == n.ARN })], admins) {
			if ids(q) == ids(p) && q.Edges[0].On == p.Edges[0].On {
				t.Errorf("%s: %s is still there after the cut", n.ARN, ids(p))
			}
		}
	}
	if tried == 0 {
		t.Error("nobody escalates")
	}
}

func TestACureLeavesNoWayInTheSnapshotItself(t *testing.T) {
	snap := company(100, 7)
	e := worldFrom(t, graph.Clone(snap)).Escalations(catalogue(t))
	cured := 0
	for n := range e.AllPaths(admins) {
		all, ok := e.Cure(n, admins, 20)
		if !ok {
			continue
		}
		if cured++; cured > 2 {
			break
		}
		again := worldFrom(t, without(t, e, snap, all)).Escalations(catalogue(t))
		i := slices.IndexFunc(again.Nodes(), func(o *iam.Node) bool { return o.ARN == n.ARN })
		if list := again.Paths(again.Nodes()[i], admins); len(list) > 0 {
			t.Errorf("%s: %s is left", n.ARN, ids(list[0]))
		}
	}
	if cured == 0 {
		t.Error("nobody was cured")
	}
}

func TestTheEvaluatorAllowsEveryCallOfACertainStep(t *testing.T) {
	w := worldFrom(t, company(100, 3))
	e := w.Escalations(catalogue(t))
	asked := 0
	for _, n := range e.Nodes() {
		for _, edge := range n.Edges {
			if !edge.Doubt.None() || len(edge.Uses) != 1 {
				continue
			}
			for i, c := range edge.Uses[0].Calls {
				if edge.Uses[0].Primitive.Needs[i].Granted {
					continue
				}
				asked++
				q, _, err := w.Ask(iam.Request{Principal: iam.Principal{ARN: n.ARN}, Action: c.Action, Resources: c.Resources, Context: c.Context})
				if err != nil {
					t.Fatal(err)
				}
				if _, there := w.Resource(c.Resources[0]); !there {
					q.Policies.Resource = nil // it is made by an earlier call
				}
				d, err := w.Engine().Decide(q)
				if err != nil || d.Verdict != iam.Allowed {
					t.Errorf("%s: %s on %v is %v, %v", n.ARN, c.Action, c.Resources, d.Verdict, err)
				}
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d calls", asked)
	}
}

// everywhere adds a statement to an inline policy of every principal.
func everywhere(snap *haetae.Snapshot, statement map[string]any) *haetae.Snapshot {
	out := graph.Clone(snap)
	for _, r := range out.Resources {
		if list, ok := r.Props["Policies"].([]any); ok {
			r.Props["Policies"] = append(list, map[string]any{"PolicyName": "more", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}})
		}
	}
	return out
}

func TestDenyingEverythingLeavesNoStepThatNeedsAPermission(t *testing.T) {
	snap := everywhere(company(100, 5), map[string]any{"Effect": "Deny", "Action": "*", "Resource": "*"})
	e := worldFrom(t, snap).Escalations(catalogue(t))
	for _, n := range e.Nodes() {
		if len(n.Edges) > 0 || n.Admin != iam.ImplicitlyDenied {
			t.Errorf("%s has %d steps, admin %s", n.ARN, len(n.Edges), n.Admin)
		}
	}
}

func TestDenyingAnActionNeverAddsAPath(t *testing.T) {
	snap := company(40, 5)
	before := worldFrom(t, graph.Clone(snap)).Escalations(catalogue(t)).AllPaths(admins)
	reached := map[string]bool{}
	for n := range before {
		reached[n.ARN] = true
	}
	for _, action := range []string{"iam:PassRole", "iam:*"} {
		e := worldFrom(t, everywhere(snap, map[string]any{"Effect": "Deny", "Action": action, "Resource": "*"})).Escalations(catalogue(t))
		for n, paths := range e.AllPaths(admins) {
			// An administrator who is denied something is none any more, and may
			// have a way back.
			i := slices.IndexFunc(e.Nodes(), func(o *iam.Node) bool { return o == n })
			if was := worldAdmin(t, snap, e.Nodes()[i].ARN); !reached[n.ARN] && !was {
				t.Errorf("denying %s opens %s to %s", action, ids(paths[0]), n.ARN)
			}
		}
	}
}

// worldAdmin tells whether a principal has a statement that allows everything.
func worldAdmin(t *testing.T, snap *haetae.Snapshot, arn string) bool {
	t.Helper()
	for _, r := range snap.Resources {
		if r.ARN != arn {
			continue
		}
		for _, p := range r.Props["Policies"].([]any) {
			for _, s := range p.(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
				if fmt.Sprint(s.(map[string]any)["Action"]) == "[*]" {
					return true
				}
			}
		}
	}
	return false
}

func TestEscalationsAreTheSameEachTime(t *testing.T) {
	list := func() string {
		e := worldFrom(t, company(60, 9)).Escalations(catalogue(t))
		out := ""
		for _, n := range e.Nodes() {
			out += n.ARN + " " + all(e.Paths(n, admins)) + "\n"
		}
		return out
	}
	if a, b := list(), list(); a != b {
		t.Errorf("first\n%s\nthen\n%s", a, b)
	}
}
