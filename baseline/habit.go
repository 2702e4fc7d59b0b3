package baseline

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// habit is what is known of a key: the values of all profiles with its By and
// Peers.
type habit struct {
	since, last int64 // Unix seconds of the first and the newest observation
	group       uint64
	seen        []seen // by code
	spilled     bool   // the filters may have values of it
}

// seen is a value of a key: the slot of the profile and 48 bits of the value's
// hash, and the days on which it was seen first and last. It is 12 bytes.
type seen struct {
	hi, lo      uint32
	first, last uint16
}

// code puts the slot first, so that the values of a profile lie together.
type code uint64

func (s *seen) code() code { return code(s.hi)<<32 | code(s.lo) }

func (c code) slot() uint16 { return uint16(c >> 48) }

func coded(slot uint16, sum [32]byte) code {
	return code(slot)<<48 | code(binary.BigEndian.Uint64(sum[:8])>>16)
}

// find returns where a value is, or belongs.
func (h *habit) find(c code) (int, bool) {
	return slices.BinarySearchFunc(h.seen, c, func(s seen, c code) int { return cmp.Compare(s.code(), c) })
}

// of returns the values of a slot.
func (h *habit) of(slot uint16) []seen {
	from, _ := h.find(code(slot) << 48)
	to := len(h.seen)
	if slot < 1<<16-1 {
		to, _ = h.find(code(slot+1) << 48)
	}
	return h.seen[from:to]
}

func (h *habit) add(c code, first, last uint16) {
	at, found := h.find(c)
	if found {
		s := &h.seen[at]
		s.first, s.last = min(s.first, first), max(s.last, last)
		return
	}
	if len(h.seen) == cap(h.seen) { // append would double; most keys have few values
		more := make([]seen, len(h.seen), len(h.seen)+2+len(h.seen)/8)
		copy(more, h.seen)
		h.seen = more
	}
	h.seen = slices.Insert(h.seen, at, seen{uint32(c >> 32), uint32(c), first, last})
}

// pair names a value of a key in the filters.
func pair(key id, c code) (a, b uint64) {
	return mix(binary.BigEndian.Uint64(key[:8]) ^ uint64(c)), mix(binary.BigEndian.Uint64(key[8:]) + uint64(c))
}

// mix spreads the bits of a number over all of it (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
