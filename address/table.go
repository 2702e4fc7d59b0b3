package address

import (
	"encoding/binary"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"sort"
)

// wide is an IPv6 address as a number.
type wide struct{ hi, lo uint64 }

func wideOf(a netip.Addr) wide {
	b := a.As16()
	return wide{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (w wide) less(o wide) bool { return w.hi < o.hi || w.hi == o.hi && w.lo < o.lo }

// next is the address after w; there is none after the last.
func (w wide) next() (wide, bool) {
	lo, carry := bits.Add64(w.lo, 1, 0)
	hi, over := bits.Add64(w.hi, 0, carry)
	return wide{hi, lo}, over == 0
}

func compareWide(a, b wide) int {
	switch {
	case a.less(b):
		return -1
	case b.less(a):
		return 1
	}
	return 0
}

// span is a range of addresses of one family, with both ends, that has a value.
// IPv4 addresses are numbers below 1<<32.
type span struct {
	from, to wide
	value    uint32
}

func narrow(a netip.Addr) wide {
	b := a.As4()
	return wide{0, uint64(binary.BigEndian.Uint32(b[:]))}
}

// spanOf is a range from its ends. It is false when they are no range.
func spanOf(from, to netip.Addr, value uint32) (s span, four, ok bool) {
	from, to = from.Unmap(), to.Unmap()
	if !from.IsValid() || !to.IsValid() || from.Is4() != to.Is4() || to.Less(from) {
		return span{}, false, false
	}
	if from.Is4() {
		return span{narrow(from), narrow(to), value}, true, true
	}
	return span{wideOf(from), wideOf(to), value}, false, true
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().As16()
	n := p.Bits()
	if p.Addr().Is4() {
		n += 96
	}
	for i := n; i < 128; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a := netip.AddrFrom16(b)
	if p.Addr().Is4() {
		return a.Unmap()
	}
	return a
}

// flatten makes ranges that follow each other out of ranges that lie in each
// other: what holds at an address is the value of the narrowest that has it. Each
// step holds until the next; a value of 0 is nothing.
func flatten(list []span) (at []wide, value []uint32) {
	slices.SortStableFunc(list, func(a, b span) int {
		if c := compareWide(a.from, b.from); c != 0 {
			return c
		}
		return compareWide(b.to, a.to) // the wider first
	})
	step := func(where wide, v uint32) {
		n := len(at)
		if n > 0 && at[n-1] == where {
			value[n-1] = v
			if n > 1 && value[n-2] == v {
				at, value = at[:n-1], value[:n-1]
			}
			return
		}
		if n > 0 && value[n-1] == v || n == 0 && v == 0 {
			return
		}
		at, value = append(at, where), append(value, v)
	}
	var open []span
	// shut ends what ends before an address.
	shut := func(before wide, all bool) {
		for len(open) > 0 {
			top := open[len(open)-1]
			if !all && !top.to.less(before) {
				return
			}
			open = open[:len(open)-1]
			end, ok := top.to.next()
			if !ok {
				continue // it goes to the last address that there is
			}
			for len(open) > 0 && open[len(open)-1].to.less(end) {
				open = open[:len(open)-1]
			}
			var v uint32
			if len(open) > 0 {
				v = open[len(open)-1].value
			}
			step(end, v)
		}
	}
	for _, s := range list {
		shut(s.from, false)
		step(s.from, s.value)
		open = append(open, s)
	}
	shut(wide{}, true)
	return at, value
}

// table finds the value of an address.
type table struct {
	four  []uint32
	fourV []uint32
	// first has, for the upper half of an IPv4 address, the first step that is not
	// before it, so that a search is short.
	first []uint32
	six   []wide
	sixV  []uint32
}

func newTable(four, six []span) *table {
	t := &table{}
	t.setFour(flatten(four))
	t.six, t.sixV = flatten(six)
	t.index()
	return t
}

// setFour keeps the steps that are IPv4 addresses: what ends with the last of them
// has its end after it.
func (t *table) setFour(at []wide, value []uint32) {
	for len(at) > 0 && at[len(at)-1].lo > math.MaxUint32 {
		at = at[:len(at)-1]
	}
	t.four, t.fourV = make([]uint32, len(at)), value[:len(at)]
	for i, w := range at {
		t.four[i] = uint32(w.lo)
	}
}

func (t *table) index() {
	t.first = make([]uint32, 1<<16+1)
	i := 0
	for half := range t.first {
		for i < len(t.four) && uint64(t.four[i]) < uint64(half)<<16 {
			i++
		}
		t.first[half] = uint32(i)
	}
}

// find gives the value of an address, 0 when it has none.
func (t *table) find(a netip.Addr) uint32 {
	if a.Is4() {
		b := a.As4()
		n := binary.BigEndian.Uint32(b[:])
		lo, hi := int(t.first[n>>16]), int(t.first[n>>16+1])
		for lo < hi {
			m := int(uint(lo+hi) >> 1)
			if t.four[m] <= n {
				lo = m + 1
			} else {
				hi = m
			}
		}
		if lo == 0 {
			return 0
		}
		return t.fourV[lo-1]
	}
	if len(t.six) == 0 || !a.IsValid() {
		return 0
	}
	w := wideOf(a)
	i := sort.Search(len(t.six), func(i int) bool { return w.less(t.six[i]) })
	if i == 0 {
		return 0
	}
	return t.sixV[i-1]
}
