package network

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// match is the packets that a listener takes.
func (l *listener) match() cidr.Set {
	m := match{protos: l.protos, ports: l.ports, typ: cidr.AllPorts(), code: cidr.AllPorts()}
	return cidr.Of(m.boxes(cidr.AllAddrs(), cidr.AllAddrs())...)
}

// balance takes packets that arrived at a load balancer on to its targets. The
// states that it returns are at the load balancer; what happens behind it is in
// their hops and blockers.
func (w *World) balance(f *state, b *balancer, n *nic, one *listener, q Question) []*state {
	k := &walk{w: w, goal: nicPlace(n)}
	if b.state != "" && b.state != "active" && b.state != "active_impaired" {
		f.hop("load-balancer", last(b.res.ID), "", false)
		f.block(k, Blocker{Code: "BAD_STATE", Resource: b.res.ID, Fix: "Bring " + b.res.ID + " into service: it is " + b.state + "."})
	}
	accepts := filter{why: b.why}
	listeners := b.listeners
	if one != nil {
		listeners, accepts.why = []*listener{one}, nil
	}
	if accepts.why != nil {
		accepts.may = cidr.All()
	}
	for _, l := range listeners {
		set := l.match()
		if l.why != nil {
			accepts = accepts.union(filter{may: set, why: l.why})
			continue
		}
		accepts = accepts.union(sure(set))
	}
	before := packetsOf(f.pieces)
	k.sieve(f, accepts, "load-balancer", b.res.ID, func(cidr.Set) string { return "" }, func() Blocker {
		code := "ELBV2_LISTENERS_MISMATCH"
		switch {
		case b.kind == "classic":
			code = "ELB_LISTENERS_MISMATCH"
		case b.mesh != nil:
			code = "LATTICE_LISTENERS_MISMATCH"
		case one != nil:
			code = "ELBV2_LISTENER_PORT_RESTRICTION"
		}
		return Blocker{Code: code, Resource: b.res.ID, Fix: "Add to " + last(b.res.ID) + " a listener for " + portsOf(before) + "."}
	})
	if len(f.blocks) > 0 && !accepts.may.Overlaps(before) {
		return []*state{f}
	}
	var out []*state
	rest := f
	for _, l := range listeners {
		part := rest.clone()
		part.pieces = nil
		for _, p := range rest.pieces {
			part.pieces = append(part.pieces, p.through(l.match())...)
		}
		if len(part.pieces) == 0 {
			continue
		}
		part.hop("listener", l.res.ID, l.name, true)
		out = append(out, w.send(part, b, l, n, q)...)
	}
	if len(out) == 0 {
		out = append(out, f)
	}
	return out
}

func portsOf(s cidr.Set) string {
	var p cidr.Ports
	var protos cidr.Protos
	for _, b := range s.Boxes() {
		p, protos = p.Union(b.B), protos.Union(b.Proto)
	}
	return strings.TrimSpace(protoText(protos) + " " + portText(protos, p))
}

// send takes packets from a listener to the targets of its target groups. One
// target that gets and answers them is enough.
func (w *World) send(f *state, b *balancer, l *listener, n *nic, q Question) []*state {
	if l.final || q.listens {
		return []*state{f}
	}
	k := &walk{w: w, goal: nicPlace(n)}
	if len(l.sends) == 0 {
		if l.why != nil {
			for i, p := range f.pieces {
				f.pieces[i] = p.lacks(l.why)
			}
			return []*state{f}
		}
		f.hop("target-group", "", "", false)
		f.block(k, Blocker{Code: "ELBV2_LISTENER_REQUIRES_TG_ACCEPT", Resource: l.res.ID, Fix: "Let the listener forward to a target group."})
		return []*state{f}
	}
	var ways []*state
	for _, s := range l.sends {
		ways = append(ways, w.spread(f, b, s, n, q)...)
	}
	good := slices.DeleteFunc(slices.Clone(ways), func(s *state) bool { return len(s.blocks) > 0 || len(s.afterBlocks) > 0 })
	if len(good) > 0 {
		return good
	}
	return ways
}

// spread takes packets to each target of a group.
func (w *World) spread(f *state, b *balancer, s sending, n *nic, q Question) []*state {
	g := s.to
	k := &walk{w: w, goal: nicPlace(n)}
	base := f.clone()
	for i, p := range base.pieces {
		if s.when != "" {
			p = p.only(s.when)
		}
		base.pieces[i] = p
	}
	if b.kind != "classic" {
		base.hop("target-group", g.res.ID, "", true)
	}
	if g.kind == "lambda" {
		return []*state{base}
	}
	var out []*state
	zone := ""
	if n.subnet != nil {
		zone = n.subnet.zone
	}
	cross := b.cross
	if g.cross == "true" || g.cross == "false" {
		cross = g.cross == "true"
	}
	near := 0
	for _, t := range g.targets {
		for _, tn := range t.nics {
			one := base.clone()
			tz := ""
			if tn.subnet != nil {
				tz = tn.subnet.zone
			}
			w.zoneRules(k, one, b, zone, tz, cross, tn)
			if tz == zone {
				near++
			}
			out = append(out, w.leg(one, b, g, t, n, tn, q)...)
		}
		if len(t.nics) == 0 {
			one := base.clone()
			for i, p := range one.pieces {
				one.pieces[i] = p.lacks(missingOf(g.res, "target "+t.id+" of "+last(g.res.ID), "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces"))
			}
			out = append(out, one)
		}
	}
	if len(out) > 0 {
		if !cross && near == 0 && b.kind != "classic" {
			for _, one := range out {
				one.blocks = slices.DeleteFunc(one.blocks, func(x Blocker) bool { return x.Code == "ELB_NOT_CROSSZONE" })
				one.block(k, Blocker{Code: "ELBV2_NO_TARGETS_IN_AZ", Resource: g.res.ID, Fix: "Register a target in " + zone + ", or turn on cross-zone load balancing."})
			}
		}
		return out
	}
	if g.why != nil {
		for i, p := range base.pieces {
			base.pieces[i] = p.lacks(g.why)
		}
		return []*state{base}
	}
	base.hops[len(base.hops)-1].Passed = false
	code := "ELBV2_LISTENER_HAS_NO_TG"
	if b.kind == "classic" {
		code = "TARGET_ADDRESS_RESTRICTION"
	}
	base.block(k, Blocker{Code: code, Resource: g.res.ID, Fix: "Register a target in " + last(g.res.ID) + "."})
	return []*state{base}
}

// zoneRules notes when a load balancer does not send from one zone to another.
func (w *World) zoneRules(k *walk, s *state, b *balancer, zone, target string, cross bool, tn *nic) {
	if target == "" || zone == "" {
		return
	}
	if !slices.Contains(b.zones, target) && tn.vpc == b.vpc {
		s.block(k, Blocker{Code: "ELB_INSTALLED_AZ_RESTRICTION", Resource: b.res.ID, Fix: "Enable " + target + " for " + last(b.res.ID) + "."})
		return
	}
	if cross || target == zone {
		return
	}
	if b.crossWhy != nil {
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(b.crossWhy)
		}
		return
	}
	s.block(k, Blocker{Code: "ELB_NOT_CROSSZONE", Resource: b.res.ID, Fix: "Turn on cross-zone load balancing of " + last(b.res.ID) + ", or register a target in " + zone + "."})
}

// leg walks from a load balancer to one target and back.
func (w *World) leg(f *state, b *balancer, g *targetGroup, t lbTarget, n, tn *nic, q Question) []*state {
	if b.kind == "network" && g.preserve {
		if g.keepWhy != nil {
			for i, p := range f.pieces {
				f.pieces[i] = p.lacks(g.keepWhy)
			}
		}
		return w.preserved(f, b, t, n, tn)
	}
	m := asked{protos: g.protos, src: highPorts(), ports: cidr.PortRange(t.port, t.port), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	if b.kind == "gateway" {
		m.ports = cidr.PortRange(6081, 6081)
	}
	from := nicPlace(n)
	if b.mesh != nil {
		from = &place{kind: "lattice", mesh: b.mesh, addrs: n.addrs}
	}
	total, trips := w.between(from, nicPlace(tn), m, Question{Hypothetical: q.Hypothetical})
	a := verdict(trips, total, m)
	best, ok := best(trips, a.Verdict)
	if !ok {
		return []*state{f}
	}
	f.hops = append(f.hops, best.fwd.hops...)
	f.blocks = append(f.blocks, best.fwd.blocks...)
	if best.back != nil {
		f.after, f.afterBlocks = append(f.after, best.back.hops...), append(f.afterBlocks, best.back.blocks...)
	}
	if a.Verdict == DependsOn {
		for i, p := range f.pieces {
			for _, c := range best.through() {
				for _, x := range c.when {
					p = p.under(x)
				}
			}
			f.pieces[i] = p
		}
	}
	if a.Verdict == Blocked && len(best.blocks()) == 0 {
		f.block(&walk{w: w}, Blocker{Code: "NO_PATH", Resource: t.id, Fix: "Nothing leads from " + last(b.res.ID) + " to " + t.id + "."})
	}
	return []*state{f}
}

// preserved walks packets to a target of a network load balancer that leaves
// them the client's address. Answers go back to the load balancer, whatever the
// target's routes say.
func (w *World) preserved(f *state, b *balancer, t lbTarget, n, tn *nic) []*state {
	k := &walk{w: w, goal: nicPlace(tn)}
	var bases []piece
	s := &state{ident: identity{lost: "SG_REFERENCES_NOT_PRESERVED", through: n.groups}, origin: n.vpc, zone: f.zone, tracked: []*nic{n}}
	for _, p := range f.pieces {
		for _, four := range []bool{true, false} {
			src, dst := p.cur.Src.Six(), tn.addrs.Six()
			if four {
				src, dst = p.cur.Src.Four(), tn.addrs.Four()
			}
			if src.Empty() || dst.Empty() {
				continue
			}
			one := p
			one.cur.Src = src
			bases = append(bases, one)
			q := piece{cur: cidr.Box{Src: src, Dst: dst, Proto: p.cur.Proto, A: p.cur.A, B: cidr.PortRange(t.port, t.port)}, when: p.when}
			q.orig = q.cur
			s.pieces = append(s.pieces, q)
		}
	}
	k.leaveNIC(s, n)
	var out []*state
	for _, o := range k.out {
		one := f.clone()
		one.hops, one.blocks = append(one.hops, o.hops...), append(one.blocks, o.blocks...)
		one.losses = append(one.losses, o.losses...)
		if o.arrived {
			w.homeward(one, o, b, n, tn)
		}
		// What gets to the target, as it was at the load balancer.
		one.pieces = nil
		for _, p := range bases {
			for _, q := range o.pieces {
				x, ok := p.within(cidr.Box{Src: q.cur.Src, Dst: p.cur.Dst, Proto: q.cur.Proto, A: q.cur.A, B: p.cur.B})
				if !ok {
					continue
				}
				for _, c := range q.when {
					x = x.under(c)
				}
				one.pieces = append(one.pieces, x)
			}
		}
		if len(one.pieces) > 0 {
			out = append(out, one)
		}
	}
	return out
}

// homeward holds the answers of a target against the network ACLs between it and
// the load balancer.
func (w *World) homeward(one, o *state, b *balancer, n, tn *nic) {
	if n.subnet == nil || tn.subnet == nil || n.subnet == tn.subnet {
		return
	}
	k := &walk{w: w, goal: nicPlace(n), back: true, fwd: o}
	s := &state{}
	for _, p := range o.pieces {
		s.pieces = append(s.pieces, p.answers()...)
	}
	if len(s.pieces) == 0 {
		return
	}
	s.hop("eni", tn.id, "", true)
	k.acl(s, tn.subnet, false)
	k.acl(s, n.subnet, true)
	s.hop("load-balancer", b.res.ID, "", true)
	one.after, one.afterBlocks = append(one.after, s.hops...), append(one.afterBlocks, s.blocks...)
	if len(s.blocks) == 0 {
		o.pieces = nil
		for _, p := range s.pieces { // back in the form of what was sent
			q := p
			q.back = false
			q.cur.Src, q.cur.Dst = p.cur.Dst, p.cur.Src
			q.cur.A, q.cur.B = p.cur.B, p.cur.A
			o.pieces = append(o.pieces, q)
		}
	}
}
