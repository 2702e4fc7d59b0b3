package iam

import (
	"fmt"
	"strconv"

	"github.com/haetae/haetae/policy"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Removal is an action that is taken out of a statement.
type Removal struct {
	Statement *policy.Statement
	Action    string
}

// Cut is the smallest set of removals that was found to break a path. Each was
// tried: with it, the evaluator does not allow a call of the path any more.
type Cut struct {
	Removals []Removal
	// Left tells whether the principal still reaches the goal in other ways.
	Left bool
}

// maxRemovals bounds how many statements a cut may touch.
const maxRemovals = 8

// Cut finds the cheapest cut of a path. ok is false when none was found, such as
// when only what the principal itself writes allows the calls.
func (out *Escalations) Cut(p *Path, g Goal) (cut Cut, ok bool) {
	var best []Removal
	for _, e := range p.Edges {
		for i := range e.Uses {
			u := &e.Uses[i]
			for j := range u.Calls {
				list := out.x.breakUse(u, u.Calls[j].Action, out.x.removed)
				if list != nil && (best == nil || len(list) < len(best)) {
					best = list
				}
			}
		}
	}
	if best == nil {
		return cut, false
	}
	cut.Removals = best
	cut.Left = out.reaches(p.From, g, best)
	return cut, true
}

// Cure is a set of removals after which a principal reaches the goal in no way,
// found by cutting one path after the other; ok is false when there is none
// within limit cuts.
func (out *Escalations) Cure(from *Node, g Goal, limit int) (all []Removal, ok bool) {
	x := out.x
	for range limit {
		again := x.trial(all).explored(from)
		start := again.nodes[from.standing.key()]
		paths := again.Paths(start, g)
		if len(paths) == 0 {
			return all, len(all) > 0
		}
		cut, found := again.Cut(paths[0], g)
		if !found {
			return nil, false
		}
		all = append(all, cut.Removals...)
	}
	return nil, false
}

// breakUse takes an action out of the statements that allow it until the use
// fails; nil when that does not help.
func (x *escalator) breakUse(u *Use, action string, already map[removal]bool) (list []Removal) {
	y := *x
	y.asked, y.trust, y.removed = nil, map[trustKey]finding{}, map[removal]bool{}
	for r := range already {
		y.removed[r] = true
	}
	now := *u
	for len(list) <= maxRemovals {
		more := false
		for _, c := range now.Calls {
			if c.Action != action {
				continue
			}
			for _, st := range c.Statements {
				r := removal{st.Statement, action}
				if _, written := x.sources[st.Statement.Document]; !written || st.Statement.Effect != policy.Allow || y.removed[r] {
					continue
				}
				y.removed[r], more = true, true
				list = append(list, Removal{st.Statement, action})
			}
		}
		if !more {
			return nil
		}
		y.asked, y.trust = nil, map[trustKey]finding{}
		again, _, ok := y.play(u.Primitive, u.by, u.cast)
		if !ok {
			return list
		}
		now = again
	}
	return nil
}

// trial is an escalator in whose world the removals are done.
func (x *escalator) trial(list []Removal) *escalator {
	y := *x
	y.asked, y.trust, y.removed = nil, map[trustKey]finding{}, map[removal]bool{}
	for r := range x.removed {
		y.removed[r] = true
	}
	for _, r := range list {
		y.removed[removal{r.Statement, r.Action}] = true
	}
	return &y
}

// explored is what one principal reaches.
func (x *escalator) explored(from *Node) *Escalations {
	out := &Escalations{x: x, nodes: map[string]*Node{}, Gaps: x.gaps}
	s := *from.standing
	s.pending = nil
	out.node(&s)
	out.run()
	return out
}

// reaches tells whether a principal still gets to the goal after removals. Ways
// of one principal often have a cut in common.
func (out *Escalations) reaches(from *Node, g Goal, list []Removal) bool {
	key := fmt.Sprintf("%s %v", from.standing.key(), g)
	for _, r := range list {
		key += fmt.Sprintf(" %p %s", r.Statement, r.Action)
	}
	left, done := out.left[key]
	if !done {
		again := out.x.trial(list).explored(from)
		left = len(again.Paths(again.nodes[from.standing.key()], g)) > 0
		if out.left == nil {
			out.left = map[string]bool{}
		}
		out.left[key] = left
	}
	return left
}
