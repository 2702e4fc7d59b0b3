package cidr

import (
	"fmt"
	"net/netip"
)

// Box is a product of sets: all packets whose fields are each in the set of that
// field.
//
// A and B are the source and destination ports of TCP and UDP, and the type and
// code of ICMP and ICMPv6. Other protocols have neither, and hold 0 in both, so
// that each packet is one point and there are no points that are no packet.
type Box struct {
	Src, Dst Addrs
	Proto    Protos
	A, B     Ports
}

// Packet is one packet, a point of a [Box].
type Packet struct {
	Src, Dst netip.Addr
	Proto    int
	A, B     int // ports, or type and code of ICMP, else 0
}

// Ported is the set of protocols that have ports.
func Ported() Protos { return Proto(TCP).Union(Proto(UDP)) }

// Typed is the set of protocols that have types and codes.
func Typed() Protos { return Proto(ICMP).Union(Proto(ICMPv6)) }

// Empty tells whether the box holds no packet.
func (x Box) Empty() bool {
	return x.Src.Empty() || x.Dst.Empty() || x.Proto.Empty() || x.A.Empty() || x.B.Empty()
}

// Intersect returns the packets that are in both.
func (x Box) Intersect(y Box) Box {
	return Box{x.Src.Intersect(y.Src), x.Dst.Intersect(y.Dst), x.Proto.Intersect(y.Proto), x.A.Intersect(y.A), x.B.Intersect(y.B)}
}

func (x Box) overlaps(y Box) bool {
	return !x.Proto.Intersect(y.Proto).Empty() && x.A.spans.overlaps(y.A.spans) && x.B.spans.overlaps(y.B.spans) &&
		x.Src.Overlaps(y.Src) && x.Dst.Overlaps(y.Dst)
}

// minus appends what is in x and not in y, as boxes that share nothing.
func (x Box) minus(out []Box, y Box) []Box {
	if !x.overlaps(y) {
		return append(out, x)
	}
	add := func(b Box) {
		if !b.Empty() {
			out = append(out, b)
		}
	}
	// One slab for each field; what is left after each is inside y in it.
	rest := x
	slab := rest
	slab.Proto = rest.Proto.Minus(y.Proto)
	add(slab)
	rest.Proto = rest.Proto.Intersect(y.Proto)
	slab = rest
	slab.Src = rest.Src.Minus(y.Src)
	add(slab)
	rest.Src = rest.Src.Intersect(y.Src)
	slab = rest
	slab.Dst = rest.Dst.Minus(y.Dst)
	add(slab)
	rest.Dst = rest.Dst.Intersect(y.Dst)
	slab = rest
	slab.B = rest.B.Minus(y.B)
	add(slab)
	rest.B = rest.B.Intersect(y.B)
	slab = rest
	slab.A = rest.A.Minus(y.A)
	add(slab)
	return out
}

// First returns the lowest packet of a box that is not empty. Both addresses are
// of one family when the box has such a pair.
func (x Box) First() (Packet, bool) {
	if x.Empty() {
		return Packet{}, false
	}
	p := Packet{Src: x.Src.First(), Dst: x.Dst.First(), Proto: x.Proto.Numbers()[0], A: x.A.First(), B: x.B.First()}
	for _, same := range [][2]Addrs{{x.Src.Four(), x.Dst.Four()}, {x.Src.Six(), x.Dst.Six()}} {
		if !same[0].Empty() && !same[1].Empty() {
			p.Src, p.Dst = same[0].First(), same[1].First()
			break
		}
	}
	return p, true
}

// Has tells whether the packet is in the box.
func (x Box) Has(p Packet) bool {
	return x.Proto.Has(p.Proto) && x.A.Has(p.A) && x.B.Has(p.B) && x.Src.Has(p.Src) && x.Dst.Has(p.Dst)
}

// String writes the box for people.
func (x Box) String() string {
	return fmt.Sprintf("%s→%s proto %v %s→%s", x.Src, x.Dst, x.Proto.Numbers(), x.A, x.B)
}

// Boxes makes a box of each kind of protocol among protos: those with ports, of
// which a and b count, those with types, of which typ and code count, and the
// rest.
func Boxes(src, dst Addrs, protos Protos, a, b, typ, code Ports) []Box {
	var out []Box
	none, byte8 := PortRange(0, 0), PortRange(0, 255)
	for _, x := range []Box{
		{src, dst, protos.Intersect(Ported()), a, b},
		{src, dst, protos.Intersect(Typed()), typ.Intersect(byte8), code.Intersect(byte8)},
		{src, dst, protos.Minus(Ported()).Minus(Typed()), none, none},
	} {
		if !x.Empty() {
			out = append(out, x)
		}
	}
	return out
}
