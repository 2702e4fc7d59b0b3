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
	id    int32
	many  bool // too many boxes to look at this way
}

// column says in which boxes of some columns a pair is: none (0), boxes that have
// this number, or some with a part of its addresses only (split).
type column int32

const (
	none  column = 0
	split column = -1
)

// shapes remembers what was worked out for pairs that look alike. It belongs to
// one goroutine at a time.
type shapes struct {
	ids     map[string]int32
	columns map[columnKey]column
	masks   []uint64 // by column
	found   map[[3]column]*shape
}

// columnKey is boxes of columns, as bits.
type columnKey struct {
	id   int32
	mask uint64
}

func newShapes() *shapes {
	return &shapes{ids: map[string]int32{}, columns: map[columnKey]column{}, masks: []uint64{0}, found: map[[3]column]*shape{}}
}

// of views a set as columns; more than 64 boxes are too many.
func (s *shapes) of(set cidr.Set) columns {
	boxes := set.Boxes()
	if len(boxes) > 64 {
		return columns{boxes: boxes, many: true}
	}
	var b strings.Builder
	for _, x := range boxes {
		fmt.Fprintf(&b, "%v %s %s;", x.Proto, x.A, x.B)
	}
	id, ok := s.ids[b.String()]
	if !ok {
		id = int32(len(s.ids) + 1)
		s.ids[b.String()] = id
	}
	return columns{boxes: boxes, id: id}
}

// at is the boxes that hold all packets between the addresses, as far as
// addresses go.
func (s *shapes) at(c columns, from, to cidr.Addrs) column {
	if c.many {
		return split
	}
	var m uint64
	for i := range c.boxes {
		x := &c.boxes[i]
		switch {
		case x.Src.Covers(from) && x.Dst.Covers(to):
			m |= 1 << i
		case x.Src.Overlaps(from) && x.Dst.Overlaps(to):
			return split
		}
	}
	if m == 0 {
		return none
	}
	key := columnKey{c.id, m}
	n, ok := s.columns[key]
	if !ok {
		n = column(len(s.masks))
		s.columns[key], s.masks = n, append(s.masks, m)
	}
	return n
}

// chosen is the packets of the boxes of a column between any IPv4 addresses.
func (s *shapes) chosen(c columns, n column) cidr.Set {
	var out []cidr.Box
	for i, x := range c.boxes {
		if s.masks[n]>>i&1 == 1 {
			x.Src, x.Dst = cidr.All4(), cidr.All4()
			out = append(out, x)
		}
	}
	return cidr.Of(out...)
}

// view is columns and where a pair is in them.
type view struct {
	columns
	at column
}

// meet is the shape of what passes a road, what one class lets out and what the
// other lets in; nil is nothing. A pair must be in one column of each.
func (s *shapes) meet(road, out, in view) *shape {
	key := [3]column{road.at, out.at, in.at}
	if found, ok := s.found[key]; ok {
		return found
	}
	set := s.chosen(in.columns, in.at).Intersect(s.chosen(out.columns, out.at)).Intersect(s.chosen(road.columns, road.at))
	found := &shape{set}
	if set.Empty() {
		found = nil
	}
	s.found[key] = found
	return found
}
