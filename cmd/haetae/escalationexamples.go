package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/schema"
)

// escalationTest plays every escalation primitive in its examples and tells
// which end otherwise than they say.
func (a *app) escalationTest(sch *schema.Schema) (faults []string, primitives, examples int, err error) {
	trees, err := contentTrees(a.content)
	if err != nil {
		return nil, 0, 0, err
	}
	list, err := content.Escalations(trees...)
	if err != nil {
		return nil, 0, 0, err
	}
	engine, err := a.iamEngine()
	if err != nil {
		return nil, 0, 0, err
	}
	words := map[iam.Verdict]string{iam.Allowed: "works", iam.ImplicitlyDenied: "is blocked", iam.DependsOn: "is unknown"}
	for _, e := range list {
		for _, x := range e.Examples {
			examples++
			w := iam.NewWorld(engine, graph.New(sch, graph.Assemble(sch, x.World, graph.Options{})), iam.Options{})
			got, doubt := w.Try(&e.Primitive, find(w, x.By), find(w, x.To))
			if got != x.Works {
				fault := fmt.Sprintf("%s: example %q: it %s, not as it should: it %s", e.File, x.Name, words[got], words[x.Works])
				if !doubt.None() {
					fault += fmt.Sprintf(" (if %q, missing %q)", doubt.If, doubt.Missing)
				}
				faults = append(faults, fault)
			}
		}
	}
	return faults, len(list), examples, nil
}

// find is the resource of an ID, nil for none.
func find(w *iam.World, id string) *haetae.Resource {
	list := w.Graph().Resources()
	if i := slices.IndexFunc(list, func(r *haetae.Resource) bool { return r.ID == id }); id != "" && i >= 0 {
		return list[i]
	}
	return nil
}

// primitive is the escalation primitive of an id, nil for none.
func (a *app) primitive(id string) (*iam.Primitive, error) {
	list, err := a.primitives()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(p *iam.Primitive) bool { return p.ID == id }); i >= 0 {
		return list[i], nil
	}
	return nil, nil
}

// explainEscalation prints a primitive in plain words; done is false when the id
// is none's.
func (a *app) explainEscalation(id string) (done bool, err error) {
	p, err := a.primitive(id)
	if p == nil || err != nil {
		return false, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  (%s, %s)\n%s\n\n", p.ID, strings.ToLower(p.Severity.String()), p.Category, p.Title.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n\n%s\n", a.say("Why it works", "왜 통하는가"), p.Why.In(a.lang), a.say("What it needs", "필요한 것"))
	for i := range p.Needs {
		on := strings.Join(p.Needs[i].On, ", ")
		if p.Through != nil {
			on = strings.ReplaceAll(on, "through", p.Through.Type)
		}
		fmt.Fprintf(&b, "  %s  %s\n", p.Needs[i].Action, on)
	}
	fmt.Fprintf(&b, "\n%s\n  %s\n", a.say("How to stop it", "어떻게 막는가"), p.Fix.In(a.lang))
	if events := slices.Concat(p.Events, p.DataEvents); len(events) > 0 {
		fmt.Fprintf(&b, "\n%s\n  %s\n", a.say("What CloudTrail sees", "CloudTrail에 남는 것"), strings.Join(events, ", "))
	}
	fmt.Fprintf(&b, "\n%s\n", a.say("References", "참고 자료"))
	for _, r := range p.References {
		fmt.Fprintf(&b, "  %s\n", r)
	}
	_, err = fmt.Fprint(a.out, b.String())
	return true, err
}
