package baseline

import (
	"math"
	"math/bits"
)

// filter is a Bloom filter of what was seen last on one day. It is cut into
// segments, and all bits of an entry are in one, so that little is written when
// little changed.
type filter struct {
	segments [][]uint64
	dirty    map[int]bool
}

const (
	segmentBytes = 16 << 10
	segmentBits  = segmentBytes * 8
	filterHashes = 10
	mostSegments = 1 << 16 // a GiB
)

func newFilter(bytes int) *filter {
	return &filter{segments: make([][]uint64, min(max(1, bytes/segmentBytes), mostSegments)), dirty: map[int]bool{}}
}

func (f *filter) place(a, b uint64) (segment int, step uint64) {
	hi, _ := bits.Mul64(a, uint64(len(f.segments)))
	return int(hi), b | 1
}

func (f *filter) add(a, b uint64) {
	n, step := f.place(a, b)
	if f.segments[n] == nil {
		f.segments[n] = make([]uint64, segmentBytes/8)
	}
	at := a
	for range filterHashes {
		bit := at % segmentBits
		f.segments[n][bit/64] |= 1 << (bit % 64)
		at = at*0x9e3779b97f4a7c15 + step
	}
	f.dirty[n] = true
}

func (f *filter) has(a, b uint64) bool {
	n, step := f.place(a, b)
	if f.segments[n] == nil {
		return false
	}
	at := a
	for range filterHashes {
		bit := at % segmentBits
		if f.segments[n][bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
		at = at*0x9e3779b97f4a7c15 + step
	}
	return true
}

// wrong is how likely the filter takes something for known that it is not, from
// the bits that are set.
func (f *filter) wrong() float64 {
	sum := 0.0
	for _, s := range f.segments {
		set := 0
		for _, w := range s {
			set += bits.OnesCount64(w)
		}
		sum += math.Pow(float64(set)/segmentBits, filterHashes)
	}
	return sum / float64(len(f.segments))
}

// spill keeps in the filter of a day that something was seen then.
func (e *Engine) spill(d uint16, a, b uint64) {
	f := e.filters[d]
	if f == nil {
		f = newFilter(e.options.FilterBytes)
		e.filters[d] = f
	}
	f.add(a, b)
}

// spilled tells whether the filters of the days from first on may have it, and
// the last day that does.
func (e *Engine) spilled(first uint16, a, b uint64) (uint16, bool) {
	last, found := uint16(0), false
	for d, f := range e.filters {
		if d >= first && (!found || d > last) && f.has(a, b) {
			last, found = d, true
		}
	}
	return last, found
}
