package network

import (
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// field is a field of a packet that may be rewritten on the way.
type field uint8

const (
	fieldSrc field = 1 << iota
	fieldDst
	fieldA
	fieldB
)

// piece is packets on their way: what they look like here, and what they, or the
// packets that they answer, looked like where they began. A field that is not
// frozen is the same in both, so what is lost of one is lost of the other;
// address translation freezes it. As both are products, nothing is approximated.
type piece struct {
	cur, orig cidr.Box
	frozen    field // of orig
	back      bool  // an answer: cur has the fields of orig swapped
	when      []condition
	nats      []rewrite // what NAT gateways changed, the last one last
}

// condition is what must hold for the packets to get through.
type condition struct {
	request bool // somebody may or may not meet it; else it is a fact that is missing
	text    string
	why     *haetae.Unknown // the fact that is missing
}

// rewrite is what a NAT gateway keeps in mind of a connection.
type rewrite struct {
	nat    *nat
	src    cidr.Addrs
	a      cidr.Ports
	frozen field
}

// sync takes over into orig what the fields that are the same have become.
func (p *piece) sync() {
	p.orig.Proto = p.cur.Proto
	src, dst, a, b := p.cur.Src, p.cur.Dst, p.cur.A, p.cur.B
	if p.back {
		src, dst, a, b = dst, src, b, a
		if !p.cur.Proto.Intersect(cidr.Typed()).Empty() {
			a, b = p.orig.A, p.orig.B // the answer has a type of its own
			p.orig.Proto = p.cur.Proto
		}
	}
	if p.frozen&fieldSrc == 0 {
		p.orig.Src = src
	}
	if p.frozen&fieldDst == 0 {
		p.orig.Dst = dst
	}
	if p.frozen&fieldA == 0 {
		p.orig.A = a
	}
	if p.frozen&fieldB == 0 {
		p.orig.B = b
	}
}

// within is the part of the piece that is in a box.
func (p piece) within(b cidr.Box) (piece, bool) {
	p.cur = p.cur.Intersect(b)
	if p.cur.Empty() {
		return p, false
	}
	p.sync()
	return p, !p.orig.Empty()
}

// through is the parts of the piece that are in a set.
func (p piece) through(s cidr.Set) []piece {
	var out []piece
	for _, b := range s.Boxes() {
		if q, ok := p.within(b); ok {
			out = append(out, q)
		}
	}
	return out
}

// to is the part with one of the destinations.
func (p piece) to(dst cidr.Addrs) (piece, bool) {
	b := p.cur
	b.Dst = dst
	return p.within(b)
}

// from is the part with one of the sources.
func (p piece) from(src cidr.Addrs) (piece, bool) {
	b := p.cur
	b.Src = src
	return p.within(b)
}

// setSrc rewrites the source.
func (p piece) setSrc(a cidr.Addrs) piece {
	p.cur.Src = a
	if p.back { // the source of an answer is where the first packet went
		return p.thaw(fieldDst, a, p.orig.Dst)
	}
	p.frozen |= fieldSrc
	return p
}

// setDst rewrites the destination.
func (p piece) setDst(a cidr.Addrs) piece {
	p.cur.Dst = a
	if p.back {
		return p.thaw(fieldSrc, a, p.orig.Src)
	}
	p.frozen |= fieldDst
	return p
}

// thaw freezes a field of an answer that was rewritten, unless that gave it back
// the value that whoever waits for the answer expects.
func (p piece) thaw(f field, is, want cidr.Addrs) piece {
	p.frozen |= f
	if want.Covers(is) {
		p.frozen &^= f
		p.sync()
	}
	return p
}

// only adds what somebody may or may not do.
func (p piece) only(text string) piece { return p.under(condition{request: true, text: text}) }

// under adds a condition.
func (p piece) under(c condition) piece {
	if !slices.ContainsFunc(p.when, func(o condition) bool { return o.request == c.request && o.text == c.text }) {
		p.when = append(slices.Clip(p.when), c)
	}
	return p
}

// lacks adds a fact that is missing.
func (p piece) lacks(u *haetae.Unknown) piece {
	if u == nil {
		return p
	}
	return p.under(condition{text: u.String(), why: u})
}

// withoutFact adds a fact that is missing to each piece.
func withoutFact(list []piece, u *haetae.Unknown) []piece {
	if u == nil {
		return list
	}
	out := make([]piece, len(list))
	for i, p := range list {
		out[i] = p.lacks(u)
	}
	return out
}

// answers are the packets that answer those of the piece, as they leave.
func (p piece) answers() []piece {
	var out []piece
	for _, protos := range []cidr.Protos{cidr.Ported(), cidr.Typed(), cidr.AllProtos().Minus(cidr.Ported()).Minus(cidr.Typed())} {
		q := p
		q.cur.Proto = p.cur.Proto.Intersect(protos)
		if q.cur.Empty() {
			continue
		}
		q.orig.Proto = q.cur.Proto
		q.back = true
		q.cur.Src, q.cur.Dst = q.cur.Dst, q.cur.Src
		if protos == cidr.Ported() {
			q.cur.A, q.cur.B = q.cur.B, q.cur.A
		}
		if protos == cidr.Typed() {
			out = append(out, q.echoes()...)
			continue
		}
		out = append(out, q)
	}
	return out
}

// echoes are the answers to echo requests; other messages of ICMP have none (RFC
// 792, RFC 4443).
func (p piece) echoes() []piece {
	var out []piece
	for _, e := range []struct{ proto, request, reply int }{{cidr.ICMP, 8, 0}, {cidr.ICMPv6, 128, 129}} {
		if !p.cur.Proto.Has(e.proto) || !p.cur.A.Has(e.request) || !p.cur.B.Has(0) {
			continue
		}
		q := p
		q.cur.Proto, q.orig.Proto = cidr.Proto(e.proto), cidr.Proto(e.proto)
		q.orig.A, q.orig.B = cidr.PortRange(e.request, e.request), cidr.PortRange(0, 0)
		q.cur.A, q.cur.B = cidr.PortRange(e.reply, e.reply), cidr.PortRange(0, 0)
		out = append(out, q)
	}
	return out
}

// destinations are where the pieces go.
func destinations(list []piece) cidr.Addrs {
	var out cidr.Addrs
	for _, p := range list {
		out = out.Union(p.cur.Dst)
	}
	return out
}

// packetsOf are the packets that the pieces are here.
func packetsOf(list []piece) cidr.Set {
	boxes := make([]cidr.Box, len(list))
	for i, p := range list {
		boxes[i] = p.cur
	}
	return cidr.Of(boxes...)
}

// originals are the packets with which the pieces began: those without a
// condition, and all.
func originals(list []piece) (sure, all cidr.Set) {
	for _, p := range list {
		s := cidr.Of(p.orig)
		all = all.Union(s)
		if len(p.when) == 0 {
			sure = sure.Union(s)
		}
	}
	return sure, all
}
