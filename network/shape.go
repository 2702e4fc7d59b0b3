package network

import (
	"fmt"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// shape is packets but for their addresses: what most pairs of classes have in
// common with many others.
type shape struct{ set cidr.Set }

// columns is a set of packets seen as boxes that a pair of classes is in with all
// its addresses, or with none. id is the same for sets whose boxes differ in
// their addresses only.
type columns struct {
	boxes []cidr.Box
	id    int
}

// shapes remembers what was worked out for pairs that look alike.
type shapes struct {
	ids   map[string]int
	cols  map[*cidr.Box]columns
	found map[shapeKey]*shape
}

// shapeKey is which boxes of a road, of what the one class lets out and of what
// the other lets in a pair is in.
type shapeKey struct {
	road, out, in             int
	roadMask, outMask, inMask uint64
}

func newShapes() *shapes {
	return &shapes{ids: map[string]int{}, cols: map[*cidr.Box]columns{}, found: map[shapeKey]*shape{}}
}

// of views a set as columns; more than 64 boxes are too many.
func (s *shapes) of(set cidr.Set) (columns, bool) {
	boxes := set.Boxes()
	if len(boxes) == 0 {
		return columns{}, true
	}
	if len(boxes) > 64 {
		return columns{}, false
	}
	if c, ok := s.cols[&boxes[0]]; ok && len(c.boxes) == len(boxes) {
		return c, true
	}
	var b strings.Builder
	for _, x := range boxes {
		fmt.Fprintf(&b, "%v %s %s;", x.Proto, x.A, x.B)
	}
	id, ok := s.ids[b.String()]
	if !ok {
		id = len(s.ids) + 1
		s.ids[b.String()] = id
	}
	c := columns{boxes, id}
	s.cols[&boxes[0]] = c
	return c, true
}

// mask is the boxes that hold all packets between the addresses, as far as
// addresses go. It fails when a box holds some of them only.
func (c columns) mask(from, to cidr.Addrs) (uint64, bool) {
	var m uint64
	for i := range c.boxes {
		x := &c.boxes[i]
		switch {
		case x.Src.Covers(from) && x.Dst.Covers(to):
			m |= 1 << i
		case x.Src.Overlaps(from) && x.Dst.Overlaps(to):
			return 0, false
		}
	}
	return m, true
}

// chosen is the packets of the boxes in a mask between any IPv4 addresses.
func (c columns) chosen(mask uint64) cidr.Set {
	var out []cidr.Box
	for i, x := range c.boxes {
		if mask>>i&1 == 1 {
			x.Src, x.Dst = cidr.All4(), cidr.All4()
			out = append(out, x)
		}
	}
	return cidr.Of(out...)
}

// between is the shape of what passes between two sets of IPv4 addresses over a
// road. It fails when the addresses must be looked at one by one.
func (s *shapes) between(from, to cidr.Addrs, road, out, in cidr.Set) (*shape, bool) {
	var key shapeKey
	var cols [3]columns
	for i, x := range []struct {
		set  cidr.Set
		id   *int
		mask *uint64
	}{{in, &key.in, &key.inMask}, {out, &key.out, &key.outMask}, {road, &key.road, &key.roadMask}} {
		c, ok := s.of(x.set)
		if !ok {
			return nil, false
		}
		if *x.mask, ok = c.mask(from, to); !ok {
			return nil, false
		}
		if *x.mask == 0 {
			return nil, true // nothing passes
		}
		*x.id = c.id
		cols[i] = c
	}
	if found, ok := s.found[key]; ok {
		return found, true
	}
	set := cols[0].chosen(key.inMask).Intersect(cols[1].chosen(key.outMask)).Intersect(cols[2].chosen(key.roadMask))
	found := &shape{set}
	if set.Empty() {
		found = nil
	}
	s.found[key] = found
	return found, true
}
