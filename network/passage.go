package network

import (
	"math"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Passage is what gets from one place to another and, for TCP, is answered. It
// asks what a sender can do who wants to get there: a condition that the sender,
// or whoever runs an appliance on the way, may meet counts as met, a fact that
// nobody read does not. That is what [Depends] calls request and missing.
type Passage struct {
	Free cidr.Set // what gets through
	May  cidr.Set // at most: Free, and what hangs on facts that are missing
	// Conditional is set when all of Free needs a request that meets conditions.
	Conditional bool
	// Missing are the facts between Free and May.
	Missing []*haetae.Unknown

	trips []trip
	walks []func(asked) []trip // which the trips came from, for fewer packets
}

// passage sums up ways.
func passage(trips []trip) *Passage {
	p := &Passage{Conditional: true, trips: trips}
	for _, t := range trips {
		for _, x := range t.through() {
			s := cidr.Of(x.orig)
			p.May = p.May.Union(s)
			if lacking := x.lacking(); len(lacking) > 0 {
				p.lack(lacking...)
				continue
			}
			p.Free = p.Free.Union(s)
			p.Conditional = p.Conditional && len(x.when) > 0
		}
	}
	p.Conditional = p.Conditional && !p.Free.Empty()
	return p
}

// passageOf walks all packets from one place to another.
func (w *World) passageOf(src, dst *place) *Passage {
	walk := func(m asked) []trip {
		_, trips := w.between(src, dst, m, Question{listens: true})
		return trips
	}
	p := passage(walk(everything()))
	p.walks = append(p.walks, walk)
	return p
}

// lacking are the facts without which it is not known whether the piece gets through.
func (p piece) lacking() []*haetae.Unknown {
	var out []*haetae.Unknown
	for _, c := range p.when {
		if !c.request {
			out = append(out, c.why)
		}
	}
	return out
}

// lack notes facts that are missing, each once.
func (p *Passage) lack(list ...*haetae.Unknown) {
	for _, u := range list {
		if !slices.ContainsFunc(p.Missing, func(o *haetae.Unknown) bool { return o.String() == u.String() }) {
			p.Missing = append(p.Missing, u)
		}
	}
}

// with is both passages together.
func (p *Passage) with(o *Passage) *Passage {
	if o == nil {
		return p
	}
	all := &Passage{Free: p.Free.Union(o.Free), May: p.May.Union(o.May), trips: slices.Concat(p.trips, o.trips), walks: slices.Concat(p.walks, o.walks)}
	all.Conditional = (p.Conditional || p.Free.Empty()) && (o.Conditional || o.Free.Empty()) && !all.Free.Empty()
	all.lack(p.Missing...)
	all.lack(o.Missing...)
	return all
}

// Way is how packets of the set get through: the hops of the way with the fewest
// conditions and hops, forward. It is nil when none gets through. Its rules are
// those that let these packets through.
func (p *Passage) Way(s cidr.Set) []Hop {
	trips := p.trips
	if m := askedOf(s); len(p.walks) > 0 && !m.protos.Empty() {
		trips = nil
		for _, walk := range p.walks {
			trips = append(trips, walk(m)...)
		}
	}
	var ways []trip
	for _, t := range trips {
		if slices.ContainsFunc(t.through(), func(x piece) bool { return len(x.lacking()) == 0 && cidr.Of(x.orig).Overlaps(s) }) {
			ways = append(ways, t)
		}
	}
	t, ok := best(ways, Reachable)
	if !ok {
		return nil
	}
	return slices.Clone(t.fwd.hops)
}

// askedOf asks of the packets in a set, without their addresses.
func askedOf(s cidr.Set) asked {
	m := everything()
	m.protos, m.ports = cidr.Protos{}, cidr.Ports{}
	for _, b := range s.Boxes() {
		m.protos = m.protos.Union(b.Proto)
		if !b.Proto.Intersect(cidr.Ported()).Empty() {
			m.ports = m.ports.Union(b.B)
		}
	}
	return m
}

// Told writes a way in one line: what the packets pass, with the rules that let
// them. What has no say, such as an interface or the translation of an address, is
// left out.
func Told(way []Hop) string {
	var out []string
	for _, h := range way {
		if h.Kind == "translation" || h.Kind == "eni" || h.Resource == "" {
			continue
		}
		s := last(h.Resource)
		if h.Rule != "" {
			s += " (" + h.Rule + ")"
		}
		if len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return strings.Join(out, " → ")
}

// Passage is what gets from one end to another by whoever wants to get there, of
// all packets. A load balancer that listens is reached. The error is that of
// [World.Reach].
func (in *Inbound) Passage(src, dst End) (*Passage, error) {
	pairs, err := in.w.pairs(Question{Src: src, Dst: dst})
	if err != nil {
		return nil, err
	}
	out := &Passage{}
	for _, p := range pairs {
		out = out.with(in.w.passageOf(p.src, p.dst))
	}
	for _, e := range []End{src, dst} {
		r := e.res
		if r == nil {
			r = &haetae.Resource{}
		}
		out = in.under(out, r, true)
	}
	return out, nil
}

// EndOf is a resource of the graph as an end.
func EndOf(r *haetae.Resource) End { return End{ID: r.ID, res: r} }

// On is all packets to ports of a protocol with ports, or of both when proto is 0.
func On(proto int, ports cidr.Ports) cidr.Set {
	protos := cidr.Ported()
	if proto != 0 {
		protos = cidr.Proto(proto)
	}
	return cidr.Of(cidr.Boxes(cidr.AllAddrs(), cidr.AllAddrs(), protos, cidr.AllPorts(), ports, cidr.AllPorts(), cidr.AllPorts())...)
}

// No organization has as many addresses of its own: more than a /8 of IPv4, or
// than a /16 of IPv6 (the registries give networks at most a /20, and whole
// providers a /16: https://www.iana.org/assignments/ipv6-unicast-address-assignments).
const (
	mostFour = 1 << 24
	mostSix  = 1 << (128 - 16)
)

// Strangers are the packets that more of the internet may send than one
// organization has: for the same protocol and port, from addresses that are
// together more than a /8 of IPv4 or a /16 of IPv6. Neither a list of ranges nor
// half of the internet is taken for a limit.
func Strangers(s cidr.Set) cidr.Set {
	var out cidr.Set
	for _, part := range samePorts(s) {
		var from cidr.Addrs
		for _, b := range part.Boxes() {
			from = from.Union(b.Src)
		}
		from = from.Intersect(internet())
		if many(from.Four(), 32, mostFour) || many(from.Six(), 128, mostSix) {
			out = out.Union(part)
		}
	}
	return out
}

// samePorts divides a set so that packets which differ in their addresses and
// source ports only are together.
func samePorts(s cidr.Set) []cidr.Set {
	var out []cidr.Set
	for left := s; !left.Empty(); {
		// Of the protocols and ports of the first box those that each other box has
		// all or none of.
		first := left.Boxes()[0]
		protos, ports := first.Proto, first.B
		for _, o := range left.Boxes() {
			both, shared := protos.Intersect(o.Proto), ports.Intersect(o.B)
			if !both.Empty() && !shared.Empty() {
				protos, ports = both, shared
			}
		}
		part := left.Intersect(cidr.Of(cidr.Box{Src: cidr.AllAddrs(), Dst: cidr.AllAddrs(), Proto: protos, A: cidr.AllPorts(), B: ports}))
		out = append(out, part)
		left = left.Minus(part)
	}
	return out
}

// Ports are the ports of a protocol to which the set has packets.
func Ports(s cidr.Set, proto int) cidr.Ports {
	var out cidr.Ports
	for _, b := range s.Boxes() {
		if b.Proto.Has(proto) {
			out = out.Union(b.B)
		}
	}
	return out
}

func many(a cidr.Addrs, bits int, most float64) bool {
	n := 0.0
	for _, p := range a.Prefixes() {
		n += math.Exp2(float64(bits - p.Bits()))
	}
	return n > most
}
