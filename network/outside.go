package network

import (
	"cmp"
	"slices"

	"github.com/haetae/haetae/cidr"
)

// outside is what changes open between touched interfaces, or the load balancers
// before them, and what is outside: the internet, and the networks behind virtual
// private gateways, attachments and peerings. Public addresses count here.
func (w *World) outside(t *touch, list []*change, a *Answer) []opening {
	copied := w.with(list)
	nics := slices.Clone(t.nics)
	for n, b := range w.serves { // an order of their own they get at the end
		if !slices.Contains(nics, n) && w.feeds(b, t.nics) {
			nics = append(nics, n)
		}
	}
	var found []opening
	ends := map[*vpc][]side{}
	for _, n := range nics {
		if n.vpc == nil || n.kind == "nat_gateway" {
			continue
		}
		list, ok := ends[n.vpc]
		if !ok {
			list = w.around(n.vpc)
			ends[n.vpc] = list
		}
		for _, o := range list {
			if w.serves[n] == nil {
				// What is new passes a new rule or route, which knows the address outside.
				p := *o.outside
				p.addrs = p.addrs.Intersect(t.peers)
				if o.addrs = p.addrs; o.addrs.Empty() {
					continue
				}
				o.asked = &p
			}
			found = append(found, w.ways(copied, n, o, true, a)...)
			if w.serves[n] == nil && w.ends[n] == nil {
				found = append(found, w.ways(copied, n, o, false, a)...)
			}
		}
	}
	return found
}

// feeds tells whether one of the interfaces is a target of the load balancer.
func (w *World) feeds(b *balancer, list []*nic) bool {
	for _, l := range b.listeners {
		for _, s := range l.sends {
			for _, t := range s.to.targets {
				if slices.ContainsFunc(t.nics, func(n *nic) bool { return slices.Contains(list, n) }) {
					return true
				}
			}
		}
	}
	return false
}

// around is what is outside and near a VPC.
func (w *World) around(v *vpc) []side {
	out := []side{{outside: &place{kind: "internet", internet: true, addrs: internet()}, id: "internet"}}
	// Whoever is behind a connection has addresses that no VPC here has.
	others := cidr.AllAddrs()
	for _, x := range w.vpcs {
		if x.res.Stub == nil {
			others = others.Minus(x.cidrs)
		}
	}
	if g := v.vgw; g != nil {
		out = append(out, side{outside: &place{kind: "via", exit: g, vpc: g.vpc, addrs: others}, id: g.res.ID})
	}
	for _, h := range w.hubs {
		if h.of(v) == nil {
			continue
		}
		for _, x := range h.attachments {
			if x.kind != "vpc" {
				out = append(out, side{outside: &place{kind: "via", attach: x, addrs: others}, id: x.res.ID})
			}
		}
	}
	for _, p := range w.peerings {
		if o := p.other(v); (p.sides[0] == v || p.sides[1] == v) && o.res.Stub != nil {
			out = append(out, side{outside: &place{kind: "via", peer: p, vpc: o, addrs: others}, id: p.res.ID})
		}
	}
	for i := range out {
		out[i].addrs = out[i].outside.addrs
	}
	return out
}

// outsideSteps bounds the walks between an interface and what is outside. What is cut short is not known: it depends.
const outsideSteps = 2_000

// ways is what the changes open between an interface and what is outside.
func (w *World) ways(copied *World, n *nic, o side, in bool, a *Answer) []opening {
	m := everything()
	walk := func(w *World) (sure, may cidr.Set) {
		src, dst := cmp.Or(o.asked, o.outside), nicPlace(n)
		if in {
			dst = w.toward(src, dst)
			if src.internet && dst.addrs.Empty() {
				return sure, may // it has no public address
			}
		} else {
			src, dst = dst, src
		}
		budget := outsideSteps
		_, trips := w.between(src, dst, m, Question{budget: &budget})
		var got []piece
		for _, t := range trips {
			got = append(got, t.through()...)
		}
		return originals(got)
	}
	sure, may := walk(copied)
	may = may.Minus(anySource(a.total)).Minus(a.about(n, o.outside, in))
	if may.Empty() {
		return nil
	}
	_, before := walk(w)
	if may = may.Minus(before); may.Empty() {
		return nil
	}
	x := openingOf(may, sure.Overlaps(may))
	x.from, x.to = o, side{nics: []*nic{n}}
	x.from.addrs = senders(may)
	if !in {
		x.from, x.to = x.to, o
		x.to.addrs = receivers(may)
	}
	return []opening{x}
}

// about is the packets between an interface and what is outside that were asked
// for, by whatever address of the interface.
func (a *Answer) about(n *nic, outside *place, in bool) cidr.Set {
	m := a.asked
	m.src = cidr.AllPorts()
	var out cidr.Set
	for _, p := range a.pairs {
		from, to := p.src, p.dst
		if !in {
			from, to = to, from
		}
		if !from.beyond(outside) || !slices.Contains(to.nics, n) {
			continue
		}
		if in {
			out = out.Union(cidr.Of(m.boxes(from.addrs, cidr.AllAddrs())...))
		} else {
			out = out.Union(cidr.Of(m.boxes(cidr.AllAddrs(), from.addrs)...))
		}
	}
	return out
}

// beyond tells whether both places are the same one outside.
func (p *place) beyond(o *place) bool {
	switch {
	case o.internet:
		return p.internet || p.literal
	case o.exit != nil:
		return p.exit == o.exit
	case o.attach != nil:
		return p.attach == o.attach
	}
	return p.peer != nil && p.peer == o.peer
}
