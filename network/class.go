package network

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// Class is interfaces that the network treats alike: in one subnet, with the same
// security groups.
type Class struct {
	subnet *subnet
	nics   []*nic
	addrs  cidr.Addrs
	mixed  bool // it has addresses of IPv6
	out    filter
	in     map[*vpc]filter // by the VPC in which the sender is known to be
}

// Size is the number of interfaces of the class.
func (c *Class) Size() int { return len(c.nics) }

// Interfaces are the IDs of its interfaces, in order of the snapshot.
func (c *Class) Interfaces() []string {
	out := make([]string, len(c.nics))
	for i, n := range c.nics {
		out[i] = n.id
	}
	return out
}

// Classes returns the classes of all interfaces that can begin and take
// connections, in order of the snapshot. Interfaces of NAT gateways and transit
// gateways can do neither.
func (w *World) Classes() []*Class {
	index := map[string]*Class{}
	var out []*Class
	for _, n := range w.nics {
		if n.subnet == nil || n.kind == "nat_gateway" || n.kind == "transit_gateway" {
			continue
		}
		k := w.classKey(n)
		c := index[k]
		if c == nil {
			c = &Class{subnet: n.subnet, in: map[*vpc]filter{}}
			index[k] = c
			out = append(out, c)
		}
		c.nics = append(c.nics, n)
		c.addrs = c.addrs.Union(n.addrs)
	}
	for _, c := range out {
		c.mixed = !c.addrs.Six().Empty()
		c.out = w.allows(c.nics[0], false, identity{vpc: c.nics[0].vpc})
	}
	return out
}

func (w *World) classKey(n *nic) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%p", n.subnet)
	ids := make([]string, len(n.groups))
	for i, g := range n.groups {
		ids[i] = fmt.Sprintf("%p", g)
	}
	slices.Sort(ids)
	fmt.Fprintf(&b, " %v %v", ids, n.noGroups)
	if n.groupsWhy != nil || n.vague != nil || w.serves[n] != nil || w.ends[n] != nil {
		b.WriteString(n.id) // it is like no other
	}
	return b.String()
}

// admits is what the class lets in from senders of which the identity is known
// so far.
func (w *World) admits(c *Class, id identity) filter {
	f, ok := c.in[id.vpc]
	if !ok {
		f = w.allows(c.nics[0], true, identity{vpc: id.vpc})
		c.in[id.vpc] = f
	}
	return f
}

// road is one way from a subnet to another: the packets that network ACLs and
// routes let through it both ways, and what is known of the sender behind it.
type road struct {
	sure, may cidr.Set
	ident     identity
	certain   bool // sure is may
}

// roads walks from one subnet to another.
func (w *World) roads(a, b *subnet) []road {
	if a == b {
		all := between(a.cidrs, b.cidrs)
		return []road{{sure: all, may: all, ident: identity{vpc: a.vpc}, certain: true}}
	}
	src := &place{kind: "space", vpc: a.vpc, sub: a, addrs: a.cidrs, sender: a.vpc}
	dst := &place{kind: "space", vpc: b.vpc, sub: b, addrs: b.cidrs, layers: true}
	_, trips := w.between(src, dst, everything(), Question{})
	var out []road
	for _, t := range trips {
		got := t.through()
		if len(got) == 0 {
			continue
		}
		r := road{ident: identity{vpc: t.fwd.ident.vpc}}
		r.sure, r.may = originals(got)
		r.certain = r.sure.Covers(r.may)
		out = append(out, r)
	}
	return out
}

// Between is two classes between which something passes.
type Between struct {
	From, To  *Class
	sure, may cidr.Set
	shape     *shape // instead of both, where all addresses are treated alike
}

// Sure returns the packets that surely get from one class to the other and, for
// TCP, are answered.
func (b Between) Sure() cidr.Set {
	if b.shape == nil {
		return b.sure
	}
	return b.shape.set.Intersect(between(b.From.addrs, b.To.addrs))
}

// May returns the packets that may get through, those of Sure with them.
func (b Between) May() cidr.Set {
	if b.shape == nil {
		return b.may
	}
	return b.Sure()
}

// ports are the packets but for their addresses, which may be more than there are.
func (b Between) ports() (sure, may cidr.Set) {
	if b.shape == nil {
		return b.sure, b.may
	}
	return b.shape.set, b.shape.set
}

// AllPairs yields every two classes between which something may pass by private
// addresses. Roads between subnets are walked once, and what a class cannot admit
// is not looked at, so it costs little more than what it yields.
func (w *World) AllPairs() iter.Seq[Between] {
	return func(yield func(Between) bool) {
		classes := w.Classes()
		inVPC := map[*vpc][]*Class{}
		for _, c := range classes {
			if w.serves[c.nics[0]] == nil && w.ends[c.nics[0]] == nil {
				inVPC[c.subnet.vpc] = append(inVPC[c.subnet.vpc], c) // others begin nothing by themselves
			}
		}
		near := map[*vpc][]*vpc{}
		for _, v := range w.vpcs {
			near[v] = w.neighbours(v)
		}
		cache := map[[2]*subnet][]road{}
		known := newShapes()
		for _, to := range classes {
			for _, v := range near[to.subnet.vpc] {
				admitted := w.peers(to, v)
				for _, from := range inVPC[v] {
					if !admitted.Overlaps(from.addrs) {
						continue
					}
					k := [2]*subnet{from.subnet, to.subnet}
					list, ok := cache[k]
					if !ok {
						list = w.roads(from.subnet, to.subnet)
						cache[k] = list
					}
					b, ok := w.alike(from, to, list, known)
					if !ok {
						b = w.pass(from, to, list)
					}
					if (b.shape != nil || !b.may.Empty()) && !yield(b) {
						return
					}
				}
			}
		}
	}
}

// alike is pass for classes whose addresses are all treated alike, which it does
// once for all pairs that look the same. It fails for others.
func (w *World) alike(from, to *Class, list []road, known *shapes) (Between, bool) {
	b := Between{From: from, To: to}
	if len(list) == 0 {
		return b, true
	}
	if len(list) > 1 || !list[0].certain || from.out.why != nil || from.mixed || to.mixed || w.serves[to.nics[0]] != nil {
		return b, false
	}
	in := w.admits(to, list[0].ident)
	if in.why != nil {
		return b, false
	}
	var ok bool
	b.shape, ok = known.between(from.addrs, to.addrs, list[0].sure, from.out.yes, in.yes)
	return b, ok
}

// pass is what gets from one class to the other over the roads.
func (w *World) pass(from, to *Class, list []road) Between {
	b := Between{From: from, To: to}
	ends := between(from.addrs, to.addrs)
	if lb := w.serves[to.nics[0]]; lb != nil && lb.why == nil {
		var heard cidr.Set
		for _, l := range lb.listeners {
			heard = heard.Union(l.match())
		}
		ends = ends.Intersect(heard)
	}
	for _, r := range list {
		in := w.admits(to, r.ident)
		b.sure = b.sure.Union(ends.Intersect(r.sure).Intersect(from.out.yes).Intersect(in.yes))
		b.may = b.may.Union(ends.Intersect(r.may).Intersect(maximum(from.out)).Intersect(maximum(in)))
	}
	return b
}

func maximum(f filter) cidr.Set {
	if f.why == nil {
		return f.yes
	}
	return f.may
}

// peers are the addresses in a VPC that the class may admit something from.
func (w *World) peers(c *Class, v *vpc) cidr.Addrs {
	var out cidr.Addrs
	for _, id := range []identity{{vpc: v}, {}} {
		for _, b := range maximum(w.admits(c, id)).Boxes() {
			out = out.Union(b.Src)
		}
	}
	return out
}

// neighbours are the VPC itself and those that something joins with it.
func (w *World) neighbours(v *vpc) []*vpc {
	out := []*vpc{v}
	k := &walk{w: w}
	for _, o := range w.vpcs {
		if o != v && k.joined(v, o) {
			out = append(out, o)
		}
	}
	return out
}
