package network

import (
	"cmp"
	"slices"

	"github.com/haetae/haetae/cidr"
)

// halved tells whether packets arrive and only firewalls that did not see them
// stop their answers.
func halved(t trip) bool {
	return t.fwd.open() && t.back != nil && t.back.arrived && len(t.back.blocks) > 0 &&
		!slices.ContainsFunc(t.back.blocks, func(b Blocker) bool { return !b.unseen })
}

// missed are the packets of a trip that get to where they go and that no
// inspection point sees both ways. A point keeps what it knows of a connection to
// itself: answers through another one are seen by none that saw the packets
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/asymmetric-routing.html,
// https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html).
func (v via) missed(t trip) (Fault, []piece) {
	if !t.fwd.open() {
		return "", nil
	}
	answered := t.back.open() || halved(t)
	there := v.passed(t.fwd.hops)
	if len(there) == 0 {
		got := t.through()
		if halved(t) {
			got = append(got, only(t.back.pieces, cidr.Proto(cidr.TCP))...)
		}
		return FaultAround, v.granted(got)
	}
	if !answered {
		return "", nil
	}
	home := v.passed(t.back.hops)
	switch {
	case len(home) == 0:
		return FaultReply, v.granted(t.back.pieces)
	case !slices.ContainsFunc(home, func(p string) bool { return slices.Contains(there, p) }):
		return FaultZone, v.granted(t.back.pieces)
	}
	return "", nil
}

// only is the parts of pieces with some protocols, by what they began as.
func only(list []piece, protos cidr.Protos) []piece {
	var out []piece
	for _, p := range list {
		if p.orig.Proto = p.orig.Proto.Intersect(protos); !p.orig.Proto.Empty() {
			out = append(out, p)
		}
	}
	return out
}

// granted is the pieces without the conditions that the intent takes for granted.
func (v via) granted(list []piece) []piece {
	out := slices.Clone(list)
	for i, p := range out {
		out[i].when = slices.DeleteFunc(slices.Clone(p.when), func(c condition) bool { return v.premises[c.text] })
	}
	return out
}

// party describes a place as an end of a counter-example.
func (k *intentKeeper) party(p *place) Host {
	if p.kind != "nic" {
		switch {
		case p.internet && p.addrs.Covers(internetFour()):
			return Host{Resource: "internet"}
		case p.point != nil:
			return Host{Resource: p.point.res.ID, Type: p.point.res.Type}
		case p.sub != nil && p.kind == "space":
			return Host{Resource: shortAddrs(p.addrs) + " in " + p.sub.id()}
		case p.exit != nil:
			return Host{Resource: shortAddrs(p.addrs) + " via " + p.exit.res.ID}
		case p.attach != nil:
			return Host{Resource: shortAddrs(p.addrs) + " via " + p.attach.res.ID}
		}
		return Host{Resource: shortAddrs(p.addrs)}
	}
	n := p.nics[0]
	r := k.w.knownAs(n)
	name, _ := r.Tags["Name"].(string)
	return Host{Resource: r.ID, Type: r.Type, Name: name, Account: r.Account, Interface: n.id}
}

// typical is a packet of a set that people know: TCP from a port that clients
// have, to a port that servers have.
func typical(s cidr.Set) (cidr.Packet, bool) {
	tcp := func(a, b cidr.Ports) cidr.Set {
		return s.Intersect(cidr.Of(match{protos: cidr.Proto(cidr.TCP), ports: b}.boxesFrom(a)...))
	}
	client := cidr.PortRange(49152, 65535)
	for _, n := range []int{443, 22, 80} {
		if p, ok := tcp(client, cidr.PortRange(n, n)).Witness(); ok {
			return p, true
		}
	}
	for _, a := range []cidr.Ports{client, cidr.PortRange(1024, 65535), cidr.AllPorts()} {
		for _, b := range []cidr.Ports{cidr.PortRange(1, 65535), cidr.AllPorts()} {
			if p, ok := tcp(a, b).Witness(); ok {
				return p, true
			}
		}
	}
	return s.Witness()
}

// boxesFrom is the packets of the match from some ports.
func (m match) boxesFrom(a cidr.Ports) []cidr.Box {
	var out []cidr.Box
	for _, all := range []cidr.Addrs{cidr.All4(), cidr.All6()} {
		out = append(out, cidr.Boxes(all, all, m.protos, a, m.ports, m.typ, m.code)...)
	}
	return out
}

// example shows one pair of a fault. set is what gets through between the two, if
// the fault is that something does.
func (k *intentKeeper) example(s *scope, key breachKey, set cidr.Set, src, dst *place) Example {
	nothing := Path{Verdict: Blocked, Hops: []Hop{}}
	e := Example{From: k.party(src), To: k.party(dst), Forward: nothing, Reply: nothing, Relays: k.chain(s, src)}
	if s.in.Must == MustReach {
		k.stopped(s, key, src, dst, &e)
		return e
	}
	p, ok := typical(set)
	if !ok {
		return e
	}
	one := packets(cidr.Box{Src: cidr.One(p.Src), Dst: cidr.One(p.Dst), Proto: cidr.Proto(p.Proto), A: cidr.PortRange(p.A, p.A), B: cidr.PortRange(p.B, p.B)}, p.Proto)
	e.Packet = &one
	m := asked{protos: cidr.Proto(p.Proto), src: cidr.PortRange(p.A, p.A), ports: cidr.PortRange(p.B, p.B), typ: cidr.PortRange(p.A, p.A), code: cidr.PortRange(p.B, p.B)}
	_, trips := k.w.between(at(src, cidr.One(p.Src)), at(dst, cidr.One(p.Dst)), m, Question{Hypothetical: s.in.Hypothetical, listens: s.before})
	var shown []trip
	for _, t := range trips {
		got := t.through()
		if s.in.Must == MustThrough {
			var fault Fault
			if fault, got = s.via.missed(t); fault != key.fault && !s.before {
				continue
			}
		}
		if len(got) > 0 {
			shown = append(shown, t)
		}
	}
	if len(shown) == 0 { // it may take another way, of which too little is known to show it
		shown = slices.DeleteFunc(trips, func(t trip) bool { return len(t.through()) == 0 })
	}
	if len(shown) == 0 {
		return e
	}
	t := slices.MinFunc(shown, func(a, b trip) int { return cmp.Compare(conditions(a), conditions(b)) })
	e.Forward, e.Reply = path(t.fwd, nil), path(t.back, t.fwd)
	if s.in.Must == MustThrough {
		e.Points = s.via.passed(t.fwd.hops)
		if t.back != nil {
			e.Back = s.via.passed(t.back.hops)
		}
	}
	return e
}

func conditions(t trip) int {
	n := 0
	for _, p := range t.through() {
		n += len(p.when)
	}
	return n
}

// at is the place with one of its addresses only.
func at(p *place, a cidr.Addrs) *place {
	if p.kind == "nic" && p.nics[0].vague != nil {
		return p // that it has the address is not known
	}
	q := *p
	q.addrs = a
	return &q
}

// stopped shows what stops the packets of a pair.
func (k *intentKeeper) stopped(s *scope, key breachKey, src, dst *place, e *Example) {
	m := s.m
	m.allOf = key.fault == FaultPartly
	total, trips := k.w.between(src, dst, m, Question{Hypothetical: s.in.Hypothetical})
	a := verdict(trips, total, m)
	e.Forward, e.Reply = a.Forward, a.Reply
	e.Stops = a.Blockers
	id := func(p *place) string {
		switch {
		case p.kind == "nic" && p.listener == nil && p.asked.Empty():
			return p.nics[0].id
		case p.internet && p.addrs.Equal(internet()):
			return "internet"
		}
		return ""
	}
	from, to := id(src), id(dst)
	if a.Verdict != Blocked || m.allOf || from == "" || to == "" {
		return
	}
	q := Question{Src: End{ID: from}, Dst: End{ID: to}, Proto: word(s.in.proto()), ICMP: s.in.ICMP, Hypothetical: s.in.Hypothetical}
	for _, p := range s.in.Ports {
		q.Port += word("," + p)
	}
	if len(q.Port) > 0 {
		q.Port = q.Port[1:]
	}
	k.w.prove(q, a)
	e.Changes = a.Changes
}
