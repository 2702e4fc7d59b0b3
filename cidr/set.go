package cidr

import (
	"slices"
	"strings"
)

// Set is a set of packets: boxes that share no packet. The zero value is empty.
type Set struct{ boxes []Box }

// All returns every packet of both families; a packet has both addresses of one.
func All() Set {
	return Of(slices.Concat(
		Boxes(All4(), All4(), AllProtos(), AllPorts(), AllPorts(), AllPorts(), AllPorts()),
		Boxes(All6(), All6(), AllProtos(), AllPorts(), AllPorts(), AllPorts(), AllPorts()))...)
}

// Of returns the packets that are in any of the boxes.
func Of(boxes ...Box) Set {
	var s Set
	for _, b := range boxes {
		s = s.Union(Set{[]Box{b}})
	}
	return s
}

// Boxes returns the boxes of the set, which share no packet. The caller must not
// change the slice.
func (s Set) Boxes() []Box { return s.boxes }

// Empty tells whether there is no packet in the set.
func (s Set) Empty() bool { return len(s.boxes) == 0 }

// Union returns the packets that are in s, in t or in both.
func (s Set) Union(t Set) Set {
	out := slices.Clip(s.boxes)
	for _, b := range t.boxes {
		if b.Empty() {
			continue
		}
		rest := []Box{b}
		for _, have := range s.boxes {
			var next []Box
			for _, r := range rest {
				next = r.minus(next, have)
			}
			if rest = next; len(rest) == 0 {
				break
			}
		}
		out = append(out, rest...)
	}
	if len(out) == len(s.boxes) {
		return s
	}
	return Set{merge(out)}
}

// Intersect returns the packets that are in both.
func (s Set) Intersect(t Set) Set {
	var out []Box
	for _, a := range s.boxes {
		for _, b := range t.boxes {
			if !a.overlaps(b) {
				continue
			}
			if x := a.Intersect(b); !x.Empty() {
				out = append(out, x)
			}
		}
	}
	return Set{merge(out)}
}

// Minus returns the packets of s that are not in t.
func (s Set) Minus(t Set) Set {
	out := s.boxes
	for _, b := range t.boxes {
		var next []Box
		for _, a := range out {
			next = a.minus(next, b)
		}
		out = next
	}
	return Set{merge(out)}
}

// Covers tells whether every packet of t is in s.
func (s Set) Covers(t Set) bool { return t.Minus(s).Empty() }

// Equal tells whether both hold the same packets.
func (s Set) Equal(t Set) bool { return s.Covers(t) && t.Covers(s) }

// Overlaps tells whether a packet is in both.
func (s Set) Overlaps(t Set) bool {
	for _, a := range s.boxes {
		for _, b := range t.boxes {
			if a.overlaps(b) {
				return true
			}
		}
	}
	return false
}

// Has tells whether the packet is in the set.
func (s Set) Has(p Packet) bool {
	return slices.ContainsFunc(s.boxes, func(b Box) bool { return b.Has(p) })
}

// Witness returns a packet of a set that is not empty.
func (s Set) Witness() (Packet, bool) {
	if s.Empty() {
		return Packet{}, false
	}
	return s.boxes[0].First()
}

// String writes the boxes for people.
func (s Set) String() string {
	parts := make([]string, len(s.boxes))
	for i, b := range s.boxes {
		parts[i] = b.String()
	}
	return strings.Join(parts, "; ")
}

// merge joins boxes that differ in one field only, as long as there are any. The
// boxes share nothing before and after.
func merge(boxes []Box) []Box {
	if len(boxes) < 2 {
		return boxes
	}
	boxes = slices.Clone(boxes)
	for again := true; again; {
		again = false
		for i := 0; i < len(boxes); i++ {
			for j := i + 1; j < len(boxes); {
				if !boxes[i].join(boxes[j]) {
					j++
					continue
				}
				boxes = slices.Delete(boxes, j, j+1)
				again = true
			}
		}
	}
	return boxes
}

// join puts y into x when the two differ in one field only, where the union of
// products is a product again.
func (x *Box) join(y Box) bool {
	src, dst, proto := x.Src.Equal(y.Src), x.Dst.Equal(y.Dst), x.Proto == y.Proto
	a, b := x.A.Equal(y.A), x.B.Equal(y.B)
	differ := 0
	for _, same := range []bool{src, dst, proto, a, b} {
		if !same {
			differ++
		}
	}
	switch {
	case differ > 1:
		return false
	case !src:
		// A box has one family on both sides: it must not come to hold pairs of two.
		if len(x.Src.four) == 0 != (len(y.Src.four) == 0) {
			return false
		}
		x.Src = x.Src.Union(y.Src)
	case !dst:
		if len(x.Dst.four) == 0 != (len(y.Dst.four) == 0) {
			return false
		}
		x.Dst = x.Dst.Union(y.Dst)
	case !proto:
		x.Proto = x.Proto.Union(y.Proto)
	case !a:
		x.A = x.A.Union(y.A)
	case !b:
		x.B = x.B.Union(y.B)
	}
	return true
}
