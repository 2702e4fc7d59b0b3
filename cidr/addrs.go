package cidr

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"strings"
)

// Addrs is a set of addresses of both families. The zero value is empty.
type Addrs struct{ four, six spans }

var (
	max4 = point{0, 1<<32 - 1}
	max6 = point{1<<64 - 1, 1<<64 - 1}
)

// All4 returns all IPv4 addresses.
func All4() Addrs { return Addrs{four: spans{{point{}, max4}}} }

// All6 returns all IPv6 addresses.
func All6() Addrs { return Addrs{six: spans{{point{}, max6}}} }

// AllAddrs returns the addresses of both families.
func AllAddrs() Addrs { return Addrs{four: All4().four, six: All6().six} }

func pointOf(a netip.Addr) point {
	if a.Is4() {
		b := a.As4()
		return point{0, uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return point{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func addrOf(p point, six bool) netip.Addr {
	if !six {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(p.lo))
		return netip.AddrFrom4(b)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], p.hi)
	binary.BigEndian.PutUint64(b[8:], p.lo)
	return netip.AddrFrom16(b)
}

// Range returns the addresses from a to b. It is empty when b is before a or
// of the other family.
func Range(a, b netip.Addr) Addrs {
	a, b = a.Unmap().WithZone(""), b.Unmap().WithZone("")
	if !a.IsValid() || a.BitLen() != b.BitLen() || b.Less(a) {
		return Addrs{}
	}
	s := spans{{pointOf(a), pointOf(b)}}
	if a.Is4() {
		return Addrs{four: s}
	}
	return Addrs{six: s}
}

// One returns the set of one address; an invalid one gives the empty set.
func One(a netip.Addr) Addrs { return Range(a, a) }

// Prefix returns the addresses of a prefix; bits behind its length are ignored,
// as AWS ignores them. An invalid prefix gives the empty set.
func Prefix(p netip.Prefix) Addrs {
	if !p.IsValid() {
		return Addrs{}
	}
	p = p.Masked()
	from := pointOf(p.Addr())
	host := p.Addr().BitLen() - p.Bits()
	to := from
	switch {
	case host > 64:
		to.lo = 1<<64 - 1
		to.hi |= low(host - 64)
	default:
		to.lo |= low(host)
	}
	if p.Addr().Is4() {
		return Addrs{four: spans{{from, to}}}
	}
	return Addrs{six: spans{{from, to}}}
}

// low is a number of n ones.
func low(n int) uint64 {
	if n >= 64 {
		return 1<<64 - 1
	}
	return 1<<n - 1
}

// Parse reads an address, a prefix ("10.0.0.0/8") or a range ("10.0.0.1-10.0.0.9").
func Parse(s string) (Addrs, error) {
	s = strings.TrimSpace(s)
	if from, to, ok := strings.Cut(s, "-"); ok {
		a, errA := netip.ParseAddr(strings.TrimSpace(from))
		b, errB := netip.ParseAddr(strings.TrimSpace(to))
		r := Range(a, b)
		if errA != nil || errB != nil || r.Empty() || a.Zone() != "" || b.Zone() != "" {
			return Addrs{}, fmt.Errorf("%q is no range of addresses", s)
		}
		return r, nil
	}
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return Addrs{}, fmt.Errorf("%q is no address range in CIDR notation", s)
		}
		return Prefix(p), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return Addrs{}, fmt.Errorf("%q is no address", s)
	}
	return One(a), nil
}

// Empty tells whether there is no address in the set.
func (a Addrs) Empty() bool { return len(a.four) == 0 && len(a.six) == 0 }

// Union returns the addresses that are in a, in b or in both.
func (a Addrs) Union(b Addrs) Addrs { return Addrs{a.four.union(b.four), a.six.union(b.six)} }

// Intersect returns the addresses that are in both.
func (a Addrs) Intersect(b Addrs) Addrs {
	return Addrs{a.four.intersect(b.four), a.six.intersect(b.six)}
}

// Minus returns the addresses of a that are not in b.
func (a Addrs) Minus(b Addrs) Addrs { return Addrs{a.four.minus(b.four), a.six.minus(b.six)} }

// Overlaps tells whether an address is in both.
func (a Addrs) Overlaps(b Addrs) bool { return a.four.overlaps(b.four) || a.six.overlaps(b.six) }

// Covers tells whether every address of b is in a.
func (a Addrs) Covers(b Addrs) bool { return a.four.covers(b.four) && a.six.covers(b.six) }

// Equal tells whether both hold the same addresses.
func (a Addrs) Equal(b Addrs) bool { return a.four.equal(b.four) && a.six.equal(b.six) }

// Has tells whether the address is in the set.
func (a Addrs) Has(x netip.Addr) bool {
	x = x.Unmap()
	if x.Is4() {
		return a.four.has(pointOf(x))
	}
	return x.IsValid() && a.six.has(pointOf(x))
}

// Four returns the IPv4 addresses of the set.
func (a Addrs) Four() Addrs { return Addrs{four: a.four} }

// Six returns the IPv6 addresses of the set.
func (a Addrs) Six() Addrs { return Addrs{six: a.six} }

// First returns the lowest address, IPv4 before IPv6; it is invalid when the
// set is empty.
func (a Addrs) First() netip.Addr {
	switch {
	case len(a.four) > 0:
		return addrOf(a.four[0].from, false)
	case len(a.six) > 0:
		return addrOf(a.six[0].from, true)
	}
	return netip.Addr{}
}

// Single returns the address of a set that holds one only.
func (a Addrs) Single() (netip.Addr, bool) {
	switch {
	case len(a.four) == 1 && len(a.six) == 0 && a.four[0].from == a.four[0].to:
		return addrOf(a.four[0].from, false), true
	case len(a.six) == 1 && len(a.four) == 0 && a.six[0].from == a.six[0].to:
		return addrOf(a.six[0].from, true), true
	}
	return netip.Addr{}, false
}

// Prefixes returns the fewest prefixes that make up the set, in order.
func (a Addrs) Prefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range a.four {
		out = prefixes(out, s, false)
	}
	for _, s := range a.six {
		out = prefixes(out, s, true)
	}
	return out
}

func prefixes(out []netip.Prefix, s span, six bool) []netip.Prefix {
	width := 32
	if six {
		width = 128
	}
	for {
		// The largest prefix that starts here and does not end behind the interval.
		n := min(zeros(s.from), width)
		for n > 0 && s.to.less(lastOf(s.from, n)) {
			n--
		}
		out = append(out, netip.PrefixFrom(addrOf(s.from, six), width-n))
		end := lastOf(s.from, n)
		if end == s.to {
			return out
		}
		s.from = end.next()
	}
}

func zeros(p point) int {
	if p.lo != 0 {
		return bits.TrailingZeros64(p.lo)
	}
	return 64 + bits.TrailingZeros64(p.hi)
}

func lastOf(p point, n int) point {
	if n > 64 {
		return point{p.hi | low(n-64), 1<<64 - 1}
	}
	return point{p.hi, p.lo | low(n)}
}

// Strings returns the prefixes as text.
func (a Addrs) Strings() []string {
	list := a.Prefixes()
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return out
}

// String writes the prefixes, separated by commas.
func (a Addrs) String() string { return strings.Join(a.Strings(), ",") }
