package iam

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// Goal is what a path leads to.
type Goal struct {
	// Admin: an administrator of some account, or of the organization.
	Admin bool
	// ARN of a principal; an administrator of its account has it too.
	ARN string
	// End is "data" or "guardrail".
	End string
}

// Path is how a principal gets to a goal.
type Path struct {
	From  *Node
	Edges []*Edge // none when From is there already
	To    *Node   // nil when the last step is an end
	// Doubt is what the path hangs on; a certain path has none.
	Doubt Doubt
}

// Severity is the highest of the primitives of the path.
func (p *Path) Severity() haetae.Severity {
	s := haetae.Informational
	for _, e := range p.Edges {
		for _, u := range e.Uses {
			s = max(s, u.Primitive.Severity)
		}
	}
	return s
}

// Nodes are the principals as the snapshot says, without service-linked roles,
// by ARN.
func (out *Escalations) Nodes() []*Node {
	var list []*Node
	for _, n := range out.order {
		if n.standing.plain() && !n.standing.made {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b *Node) int { return strings.Compare(a.ARN, b.ARN) })
	return list
}

// at tells whether a node is the goal, and what that hangs on.
func (g *Goal) at(n *Node) (is bool, doubt Doubt) {
	admin := n.Admin == Allowed || n.Admin == DependsOn
	switch {
	case g.Admin:
		return admin, n.AdminDoubt
	case g.ARN != "" && n.ARN == g.ARN:
		return true, Doubt{}
	case g.ARN != "" && admin && accountIn(n.ARN) == accountIn(g.ARN):
		return true, n.AdminDoubt
	}
	return false, Doubt{}
}

func (g *Goal) ends(e *Edge) bool {
	return e.To == nil && (e.End == g.End && g.End != "" || e.End == "organization" && g.Admin)
}

func accountIn(arn string) string {
	f := strings.SplitN(arn, ":", 6)
	if len(f) < 6 {
		return ""
	}
	return f[4]
}

// cost of a way: what is certain before what is short.
type cost struct{ missing, conditions, steps int }

func (c cost) compare(o cost) int {
	return cmp.Or(cmp.Compare(c.missing, o.missing), cmp.Compare(c.conditions, o.conditions), cmp.Compare(c.steps, o.steps))
}

// after is the cost with a step more.
func (c cost) after(d Doubt) cost {
	return cost{c.missing + len(d.Missing), c.conditions + len(d.If), c.steps + 1}
}

// way is the best way from a node to the goal.
type way struct {
	cost
	edge *Edge // nil at the goal
}

// ways are the best ways from all nodes, found from the goal backwards.
func (out *Escalations) ways(g Goal) map[*Node]way {
	into := map[*Node][]*Edge{}
	best := map[*Node]way{}
	q := &queued{}
	put := func(n *Node, w way) {
		if have, ok := best[n]; !ok || w.compare(have.cost) < 0 {
			best[n] = w
			heap.Push(q, queuedNode{n, w.cost})
		}
	}
	for _, n := range out.order {
		for _, e := range n.Edges {
			if e.To != nil {
				into[e.To] = append(into[e.To], e)
			}
		}
	}
	for _, n := range out.order {
		if is, doubt := g.at(n); is {
			put(n, way{cost: cost{len(doubt.Missing), len(doubt.If), 0}})
			continue
		}
		for _, e := range n.Edges {
			if g.ends(e) {
				put(n, way{cost{}.after(e.Doubt), e})
			}
		}
	}
	for q.Len() > 0 {
		at := heap.Pop(q).(queuedNode)
		if best[at.node].cost != at.cost {
			continue
		}
		for _, e := range into[at.node] {
			put(e.From, way{at.after(e.Doubt), e})
		}
	}
	return best
}

type queuedNode struct {
	node *Node
	cost
}

type queued []queuedNode

func (q queued) Len() int           { return len(q) }
func (q queued) Less(i, j int) bool { return q[i].compare(q[j].cost) < 0 }
func (q queued) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queued) Push(v any)        { *q = append(*q, v.(queuedNode)) }
func (q *queued) Pop() any {
	old := *q
	v := old[len(old)-1]
	*q = old[:len(old)-1]
	return v
}

// Paths are the ways from a principal to the goal: for each of its first steps
// the best continuation, certain and short ones first. A principal that is at
// the goal has none.
func (out *Escalations) Paths(from *Node, g Goal) []*Path { return out.paths(from, g, out.ways(g)) }

// AllPaths are the paths of all principals.
func (out *Escalations) AllPaths(g Goal) map[*Node][]*Path {
	ways := out.ways(g)
	all := map[*Node][]*Path{}
	for _, n := range out.Nodes() {
		if list := out.paths(n, g, ways); len(list) > 0 {
			all[n] = list
		}
	}
	return all
}

func (out *Escalations) paths(from *Node, g Goal, ways map[*Node]way) (list []*Path) {
	if is, doubt := g.at(from); is && doubt.None() {
		return nil
	}
	for _, first := range from.Edges {
		p := &Path{From: from}
		if first.To == nil && !g.ends(first) {
			continue
		}
		for e := first; e != nil; {
			p.Edges, p.Doubt = append(p.Edges, e), p.Doubt.and(e.Doubt)
			if p.To = e.To; p.To == nil {
				break
			}
			w, ok := ways[p.To]
			if !ok || p.To == from {
				p = nil
				break
			}
			e = w.edge
			if e != nil && e.To != nil && slices.ContainsFunc(p.Edges, func(o *Edge) bool { return o.From == e.To }) {
				p = nil // back to where it was
				break
			}
		}
		if p == nil {
			continue
		}
		if p.To != nil {
			_, doubt := g.at(p.To)
			p.Doubt = p.Doubt.and(doubt)
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b *Path) int {
		return cmp.Or(cmp.Compare(len(a.Doubt.Missing), len(b.Doubt.Missing)), cmp.Compare(len(a.Doubt.If), len(b.Doubt.If)), cmp.Compare(len(a.Edges), len(b.Edges)), cmp.Compare(b.Severity(), a.Severity()),
			strings.Compare(a.Edges[0].Uses[0].Primitive.ID, b.Edges[0].Uses[0].Primitive.ID))
	})
	return list
}

// Where tells where the policy of a statement is written; ok is false for
// policies that an escalation writes.
func (out *Escalations) Where(st *policy.Statement) (s Source, place haetae.Place, ok bool) {
	s, ok = out.x.sources[st.Document]
	if ok {
		place = s.Resource.Origin.At(s.Path + ".Statement[" + itoa(st.Index) + "]")
	}
	return s, place, ok
}
