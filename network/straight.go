package network

import "github.com/haetae/haetae/cidr"

// straight is what passes between two subnets of a VPC whose tables both say
// "local" for the other: two network ACLs, and for the answers of TCP two more.
// It is what a walk finds, without the walk; it fails where there is more to it.
func (w *World) straight(a, b *subnet, t *trail) (cidr.Set, bool) {
	t.asks(a)
	t.asks(b)
	if a.vpc != b.vpc || a.acl == nil || b.acl == nil || !w.direct(a, b) || !w.direct(b, a) {
		return cidr.Set{}, false
	}
	var doors [4]cidr.Set // out of a, into b, and back: out of b, into a
	for i, d := range []struct {
		acl *acl
		in  bool
	}{{a.acl, false}, {b.acl, true}, {b.acl, false}, {a.acl, true}} {
		f := d.acl.outSet
		if d.in {
			f = d.acl.inSet
		}
		if f.why != nil {
			return cidr.Set{}, false
		}
		doors[i] = f.yes.Union(w.added("acl", d.acl.res, d.in))
	}
	ends := between(a.cidrs, b.cidrs)
	there := ends.Intersect(doors[0]).Intersect(doors[1])
	if a.acl.open && b.acl.open {
		return there, true
	}
	answers := between(b.cidrs, a.cidrs).Intersect(doors[2]).Intersect(doors[3])
	tcp := match{protos: cidr.Proto(cidr.TCP), ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	one := cidr.Of(tcp.boxes(cidr.AllAddrs(), cidr.AllAddrs())...)
	return there.Minus(one).Union(there.Intersect(one).Intersect(swapped(answers))), true
}

// direct tells whether what one subnet sends to another of its VPC takes local
// routes only, surely, and gets there.
func (w *World) direct(from, to *subnet) bool {
	t := from.table
	if t == nil || t.why != nil || to.cidrs.Overlaps(never()) || len(w.changed("route", t.res)) > 0 {
		return false
	}
	for _, b := range t.lookup(to.cidrs) {
		if b.route == nil || b.route.target.kind != "local" || b.route.bad || b.route.random {
			return false
		}
	}
	for _, s := range to.vpc.subnets {
		if s != to && s.cidrs.Overlaps(to.cidrs) {
			return false // who gets it is not for us to say
		}
	}
	return true
}
