package main

import (
	"fmt"
	"slices"

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
