package iam

import (
	"fmt"
	"iter"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// CanAssume yields an edge for each user and role that may assume a role, with
// the statements that allow it. Root users have no edges. What hangs on facts
// that nobody gave is left out: an edge is there or it is not. Roles that only a
// service can use are none.
func (w *World) CanAssume() iter.Seq[haetae.Edge] {
	return func(yield func(haetae.Edge) bool) {
		for _, to := range w.principals {
			if !to.IsRole() || to.ServiceLinked() {
				continue
			}
			for _, from := range w.principals {
				// Whoever a trust policy does not name, by itself or by its account,
				// is not let in.
				if from == to || !namesAccount(to.Trust, from.Account.ID) && !namesAll(to.Trust) {
					continue
				}
				if !w.edge(from, to.Resource, haetae.CanAssume, "sts:AssumeRole", to.ARN, yield) {
					return
				}
			}
		}
	}
}

// CanDo yields an edge for each user and role and each resource of the snapshot
// that it may do the action on. The rules of [World.CanAssume] hold. The error
// says that there is no such action.
func (w *World) CanDo(action string) (iter.Seq[haetae.Edge], error) {
	service, name := policy.SplitAction(action)
	a, ok := w.engine.catalogue.Action(service, name)
	if !ok {
		return nil, fmt.Errorf("%s is no action of %s", action, w.engine.catalogue.Version())
	}
	return func(yield func(haetae.Edge) bool) {
		for _, r := range w.graph.Resources() {
			if r.ARN == "" || r.Declared() {
				continue
			}
			on := resourceName(r, a)
			types := w.engine.catalogue.ARNTypes(on)
			if !slices.ContainsFunc(a.Resources, func(n permission.Resource) bool { return slices.Contains(types, n.Type) }) {
				continue
			}
			for _, from := range w.principals {
				if !w.edge(from, r, haetae.CanDo, a.String(), on, yield) {
					return
				}
			}
		}
	}, nil
}

func namesAll(d *policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool {
		return s.Principals != nil && (s.Principals.Not || slices.ContainsFunc(s.Principals.List, func(p policy.Principal) bool { return p.Kind == "*" }))
	})
}

// edge yields the edge if it is there; the answer is that of yield.
func (w *World) edge(from *Identity, to *haetae.Resource, kind haetae.EdgeKind, action, on string, yield func(haetae.Edge) bool) bool {
	if from.Resource == nil || from.ServiceLinked() {
		return true
	}
	q, _, err := w.Ask(request(Principal{ARN: from.ARN}, action, on))
	if err != nil {
		return true // a name that is none is no edge
	}
	d, may, err := w.engine.decideMay(q)
	if err != nil || !may.Is {
		return true
	}
	proof := &haetae.Proof{Action: action, Conditional: may.Conditional, Layers: []string{}, Statements: []string{}}
	for _, l := range d.Layers {
		proof.Layers = append(proof.Layers, string(l))
	}
	for _, u := range d.Statements {
		if u.Statement.Effect == policy.Allow {
			proof.Statements = append(proof.Statements, where(u.Statement))
		}
	}
	return yield(haetae.Edge{From: from.Resource, To: to, Kind: kind, Proof: proof})
}
