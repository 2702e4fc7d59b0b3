package network

import (
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// change is one change of the network that takes a blocker away.
type change struct {
	res    *haetae.Resource
	kind   string  // "group", "acl", "route", "hub-route", "public", "exclusion"
	in     bool    // of a group or an ACL
	rule   newRule // of a group or an ACL
	dest   cidr.Addrs
	target target
	attach *attachment
	nic    *nic
}

// newRule is a rule that a group or an ACL may get: as AWS knows rules, with one
// peer and the destination's ports, whoever has the group and whatever the source
// port is.
type newRule struct {
	peer   cidr.Addrs
	protos cidr.Protos
	ports  cidr.Ports
}

// ruleFor is the narrowest rule for the packets that a fix writes down.
func ruleFor(set cidr.Set, in bool) newRule {
	var r newRule
	for _, x := range set.Boxes() {
		if in {
			r.peer = r.peer.Union(x.Src)
		} else {
			r.peer = r.peer.Union(x.Dst)
		}
		r.protos = r.protos.Union(x.Proto)
		if !x.Proto.Intersect(cidr.Ported()).Empty() {
			r.ports = r.ports.Union(x.B)
		}
	}
	if r.peer.Covers(internetFour()) {
		r.peer = r.peer.Union(cidr.All4())
	}
	if r.peer.Covers(globalSix()) {
		r.peer = r.peer.Union(cidr.All6())
	}
	if manyProtos(r.protos) {
		r.protos, r.ports = cidr.AllProtos(), cidr.AllPorts()
	}
	return r
}

// set is the packets that the rule lets in or out.
func (r newRule) set(in bool) cidr.Set {
	m := match{protos: r.protos, ports: r.ports, typ: cidr.AllPorts(), code: cidr.AllPorts()}
	if in {
		return cidr.Of(m.boxes(r.peer, cidr.AllAddrs())...)
	}
	return cidr.Of(m.boxes(cidr.AllAddrs(), r.peer)...)
}

// with is a copy of the world with changes. The copy shares what did not change.
func (w *World) with(list []*change) *World {
	c := *w
	c.changes = append(slices.Clip(w.changes), list...)
	return &c
}

// added is what changes let through a group or an ACL besides.
func (w *World) added(kind string, r *haetae.Resource, in bool) cidr.Set {
	var s cidr.Set
	for _, c := range w.changes {
		if c.kind == kind && c.res == r && c.in == in {
			s = s.Union(c.rule.set(in))
		}
	}
	return s
}

// changed are the changes of a kind to a resource.
func (w *World) changed(kind string, r *haetae.Resource) []*change {
	var out []*change
	for _, c := range w.changes {
		if c.kind == kind && c.res == r {
			out = append(out, c)
		}
	}
	return out
}

// pairsOf are the private addresses of an interface with their public ones.
func (w *World) pairsOf(n *nic) []pair {
	list := n.pairs
	for _, c := range w.changes {
		if c.kind == "public" && c.nic == n {
			list = append(slices.Clip(list), pair{n.addrs.Four(), internetFour()})
		}
	}
	return list
}

// prove finds the fewest of the fixes that let the packets through, trying them
// on a copy of the network.
func (w *World) prove(q Question, a *Answer) {
	var list []*change
	for _, b := range a.Blockers {
		if b.change == nil {
			return // it takes a person: an appliance, another account, another design
		}
		list = append(list, b.change)
	}
	if len(list) == 0 {
		return
	}
	works := func(list []*change) bool {
		got, err := w.with(list).reach(q)
		return err == nil && got.Verdict != Blocked
	}
	if !works(list) {
		return
	}
	texts := make([]string, len(list))
	for i, b := range a.Blockers {
		texts[i] = b.Fix
	}
	for i := len(list) - 1; i >= 0 && len(list) > 1; i-- {
		fewer := slices.Delete(slices.Clone(list), i, i+1)
		if works(fewer) {
			list, texts = fewer, slices.Delete(texts, i, i+1)
		}
	}
	a.Changes = texts
	a.changes = list
}
