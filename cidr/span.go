package cidr

import (
	"math/bits"
	"slices"
)

// point is a 128-bit number: an address, a port or a protocol.
type point struct{ hi, lo uint64 }

func (p point) compare(q point) int {
	switch {
	case p == q:
		return 0
	case p.hi < q.hi || p.hi == q.hi && p.lo < q.lo:
		return -1
	}
	return 1
}

func (p point) less(q point) bool { return p.hi < q.hi || p.hi == q.hi && p.lo < q.lo }

// next is p+1; it wraps at the end, where nobody asks.
func (p point) next() point {
	lo, carry := bits.Add64(p.lo, 1, 0)
	return point{p.hi + carry, lo}
}

func (p point) prev() point {
	lo, borrow := bits.Sub64(p.lo, 1, 0)
	return point{p.hi - borrow, lo}
}

// span is a closed interval.
type span struct{ from, to point }

// spans is a set of points: sorted intervals that neither overlap nor touch, so
// that equal sets are equal slices.
type spans []span

// joined sorts intervals and joins those that overlap or touch.
func joined(list []span) spans {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b span) int { return a.from.compare(b.from) })
	out := list[:1]
	for _, s := range list[1:] {
		last := &out[len(out)-1]
		if s.from.less(last.to) || s.from == last.to || last.to.next() == s.from {
			if last.to.less(s.to) {
				last.to = s.to
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

func (a spans) union(b spans) spans {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	return joined(append(slices.Clone(a), b...))
}

func (a spans) intersect(b spans) spans {
	if len(a) == 1 && len(b) == 1 { // by far the usual case
		from, to := a[0].from, a[0].to
		if from.less(b[0].from) {
			from = b[0].from
		}
		if b[0].to.less(to) {
			to = b[0].to
		}
		switch {
		case to.less(from):
			return nil
		case from == a[0].from && to == a[0].to:
			return a
		case from == b[0].from && to == b[0].to:
			return b
		}
		return spans{{from, to}}
	}
	var out spans
	for i, j := 0, 0; i < len(a) && j < len(b); {
		from, to := a[i].from, a[i].to
		if from.less(b[j].from) {
			from = b[j].from
		}
		if b[j].to.less(to) {
			to = b[j].to
		}
		if !to.less(from) {
			out = append(out, span{from, to})
		}
		if a[i].to.less(b[j].to) {
			i++
		} else {
			j++
		}
	}
	return out
}

func (a spans) minus(b spans) spans {
	if len(a) == 0 || len(b) == 0 {
		return a
	}
	var out spans
	j := 0
	for _, s := range a {
		for j < len(b) && b[j].to.less(s.from) {
			j++
		}
		from, done := s.from, false
		for k := j; k < len(b) && !s.to.less(b[k].from); k++ {
			if from.less(b[k].from) {
				out = append(out, span{from, b[k].from.prev()})
			}
			if !b[k].to.less(s.to) {
				done = true
				break
			}
			if from = b[k].to.next(); s.to.less(from) {
				done = true
				break
			}
		}
		if !done {
			out = append(out, span{from, s.to})
		}
	}
	return out
}

func (a spans) overlaps(b spans) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].to.less(b[j].from):
			i++
		case b[j].to.less(a[i].from):
			j++
		default:
			return true
		}
	}
	return false
}

// covers tells whether every point of b is in a.
func (a spans) covers(b spans) bool {
	i := 0
	for _, s := range b {
		for i < len(a) && a[i].to.less(s.from) {
			i++
		}
		if i == len(a) || s.from.less(a[i].from) || a[i].to.less(s.to) {
			return false
		}
	}
	return true
}

func (a spans) has(p point) bool {
	for _, s := range a {
		if !p.less(s.from) && !s.to.less(p) {
			return true
		}
	}
	return false
}

func (a spans) equal(b spans) bool { return slices.Equal(a, b) }
