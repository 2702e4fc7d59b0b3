package control

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// Security groups. What a rule lets through is computed twice: at least, with
// every unknown part taken as letting nothing through, and at most. More is
// never less open, so the answer is known where both agree.
//
// A rule names its peers by address; those named by security group or prefix
// list are no addresses here, as in AWS Config's rules.

// Protocol numbers, with those of which rules have ports
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html).
const (
	allProtocol   = -1
	icmp          = 1
	tcp           = 6
	udp           = 17
	icmpv6        = 58
	otherProtocol = -2 // a protocol that no rule names: only "-1" lets it through
	maxPort       = 65535
)

// span is a range of ports, both ends included; lo > hi is none.
type span struct{ lo, hi int }

func (s span) has(port int) bool { return s.lo <= port && port <= s.hi }

// block is the addresses of one field of a rule: at least and at most.
type block struct {
	sure netip.Prefix // invalid when nothing is sure
	may  netip.Prefix // holds sure
	// bits is set when the range is somewhere in may and has this length.
	bits int
	why  any // why sure and may differ
}

// reach is what a rule of a security group or of a network ACL matches.
type reach struct {
	protocol    int
	protocolWhy any
	lo, hi      span // where each end of the port range may lie
	portsWhy    any
	blocks      []block
}

// protocolOf reads a protocol: a name or a number.
func protocolOf(v any) (int, any) {
	switch x := v.(type) {
	case nil:
		return 0, faulty("a rule has no protocol")
	case string:
		switch strings.ToLower(x) {
		case "tcp":
			return tcp, nil
		case "udp":
			return udp, nil
		case "icmp":
			return icmp, nil
		case "icmpv6":
			return icmpv6, nil
		case "all":
			return allProtocol, nil
		}
	}
	if isUnknown(v) {
		return 0, v
	}
	n, ok := wholeNumber(v)
	if !ok {
		return 0, faulty(fmt.Sprintf("%v is not a protocol", v))
	}
	return n, nil
}

// wholeNumber reads a number that may be written as a text.
func wholeNumber(v any) (int, bool) {
	switch x := v.(type) {
	case int64:
		return int(x), true
	case float64:
		return int(x), x == float64(int(x))
	case string:
		n, err := strconv.Atoi(strings.TrimSpace(x))
		return n, err == nil
	}
	return 0, false
}

// portEnd reads one end of a port range: where it may lie. Not set and -1 stand
// for the outermost port.
func portEnd(v any, outermost int) (span, any) {
	if v == nil {
		return span{outermost, outermost}, nil
	}
	if isUnknown(v) {
		return span{0, maxPort}, v
	}
	n, ok := wholeNumber(v)
	switch {
	case !ok:
		return span{0, maxPort}, faulty(fmt.Sprintf("%v is not a port", v))
	case n < 0:
		return span{outermost, outermost}, nil
	}
	return span{n, n}, nil
}

// blockOf reads an address range; ok is false when the field is not set.
func blockOf(v any, six bool) (b block, ok bool) {
	whole := wholeOf(six)
	switch x := v.(type) {
	case nil:
		return block{}, false
	case string:
		if p, err := netip.ParsePrefix(x); err == nil {
			return block{sure: p.Masked(), may: p.Masked()}, true
		}
		if a, err := netip.ParseAddr(x); err == nil {
			p := netip.PrefixFrom(a, a.BitLen())
			return block{sure: p, may: p}, true
		}
		v = faulty(strconv.Quote(x) + " is not an address range")
	case *haetae.Unknown:
		if bits, ok := suffixBits(x); ok && bits > 0 && bits <= whole.Addr().BitLen() {
			return block{may: whole, bits: bits, why: x}, true
		}
	}
	if !isUnknown(v) {
		v = faulty("an address range is not a text")
	}
	return block{may: whole, why: v}, true
}

func wholeOf(six bool) netip.Prefix {
	if six {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}

// groupRule reads a rule of a security group.
func groupRule(v any) reach {
	m, ok := v.(map[string]any)
	if !ok {
		why := v
		if !isUnknown(v) {
			why = faulty("a rule is not an object")
		}
		return unknownReach(why)
	}
	var r reach
	var loWhy, hiWhy any
	r.protocol, r.protocolWhy = protocolOf(m["IpProtocol"])
	r.lo, loWhy = portEnd(m["FromPort"], 0)
	r.hi, hiWhy = portEnd(m["ToPort"], maxPort)
	r.portsWhy = mergeIf(loWhy, hiWhy)
	r.addBlocks(m["CidrIp"], m["CidrIpv6"])
	return r
}

func unknownReach(why any) reach {
	return reach{
		protocolWhy: why, lo: span{0, maxPort}, hi: span{0, maxPort}, portsWhy: why,
		blocks: []block{{may: wholeOf(false), why: why}, {may: wholeOf(true), why: why}},
	}
}

func (r *reach) addBlocks(four, six any) {
	if b, ok := blockOf(four, false); ok {
		r.blocks = append(r.blocks, b)
	}
	if b, ok := blockOf(six, true); ok {
		r.blocks = append(r.blocks, b)
	}
}

func mergeIf(whys ...any) any {
	for _, w := range whys {
		if w != nil {
			return merge(whys...)
		}
	}
	return nil
}

// ports returns the ports of the protocol that the rule matches, at least and at
// most. Of protocols other than those of hasPorts all is let through, whatever
// ports the rule names.
func (r *reach) ports(protocol int, hasPorts func(int) bool) (sure, may span) {
	none, all := span{1, 0}, span{0, maxPort}
	switch {
	case r.protocolWhy != nil:
		return none, all // it may be "-1", and that has all ports
	case r.protocol == allProtocol:
		return all, all
	case r.protocol != protocol:
		return none, none
	case !hasPorts(protocol):
		return all, all
	}
	return span{r.lo.hi, r.hi.lo}, span{r.lo.lo, r.hi.hi}
}

func groupPorts(protocol int) bool { return protocol == tcp || protocol == udp }

// why says what is undecided about the rule.
func (r *reach) why() any {
	whys := []any{r.protocolWhy, r.portsWhy}
	for _, b := range r.blocks {
		whys = append(whys, b.why)
	}
	return mergeIf(whys...)
}

// queryProtocols reads the protocol of a question: "any" is one that has ports.
func queryProtocols(v any) ([]int, any) {
	if v == "any" {
		return []int{tcp, udp}, nil
	}
	n, why := protocolOf(v)
	if why != nil {
		return nil, why
	}
	if n == allProtocol {
		n = otherProtocol
	}
	return []int{n}, nil
}

// queryPorts reads the ports of a question.
func queryPorts(from, to any) (span, any) {
	if isUnknown(from) || isUnknown(to) {
		return span{}, merge(from, to)
	}
	lo, ok1 := wholeNumber(from)
	hi, ok2 := wholeNumber(to)
	if !ok1 || !ok2 {
		return span{}, faulty("a port range needs two numbers")
	}
	if lo < 0 {
		lo = 0
	}
	if hi < 0 || hi > maxPort {
		hi = maxPort
	}
	return span{lo, hi}, nil
}

// openToWorld tells whether rules of a security group let the whole of IPv4, or
// the whole of IPv6, reach at least one of the ports. Ranges that together are
// the whole count: 0.0.0.0/1 with 128.0.0.0/1. The protocol is "tcp", "udp",
// a number, "any" for one of those that have ports, or "-1" for all protocols
// at once.
func openToWorld(rules, protocol, from, to any) any {
	return worldOpen(groupRules(rules), protocol, from, to)
}

func worldOpen(rs []reach, protocol, from, to any) any {
	return openTo(rs, protocol, from, to, []netip.Prefix{wholeOf(false), wholeOf(true)})
}

// rulesOf is groupRules, remembered for the next look at the same rules: a
// control asks of one group port after port.
func (r *run) rulesOf(v any) []reach {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return groupRules(v)
	}
	if r.rulesKey != &list[0] || len(r.rules) != len(list) {
		r.rulesKey, r.rules = &list[0], groupRules(v)
	}
	return r.rules
}

// openFrom is openToWorld for the whole of an address range.
func openFrom(rules, protocol, from, to, cidr any) any {
	b, ok := blockOf(cidr, false)
	switch {
	case !ok:
		return faulty("an address range is needed")
	case b.why != nil:
		return b.why
	}
	return openTo(groupRules(rules), protocol, from, to, []netip.Prefix{b.sure})
}

func openTo(rs []reach, protocol, from, to any, targets []netip.Prefix) any {
	protocols, why1 := queryProtocols(protocol)
	ports, why2 := queryPorts(from, to)
	if why1 != nil || why2 != nil {
		return mergeIf(why1, why2)
	}
	var undecided []any
	for _, p := range protocols {
		asked := ports
		if !groupPorts(p) {
			asked = span{0, 0} // all ports are alike
		}
		for _, cell := range cells(rs, p, groupPorts, asked) {
			v := reached(rs, p, cell.lo, targets)
			if v == true {
				return true
			}
			if v != false {
				undecided = append(undecided, v)
			}
		}
	}
	if undecided != nil {
		return merge(undecided...)
	}
	return false
}

// groupRules reads all rules; one that may be missing is one that is unknown.
func groupRules(v any) []reach {
	list, more := listed(v)
	rs := make([]reach, 0, len(list)+1)
	for _, e := range list {
		rs = append(rs, groupRule(e))
	}
	if more != nil {
		rs = append(rs, unknownReach(more))
	}
	return rs
}

// cells cuts a range of ports where a rule begins or ends: what is so of one
// port of a cell is so of all.
func cells(rs []reach, protocol int, hasPorts func(int) bool, in span) []span {
	cuts := []int{in.lo}
	for i := range rs {
		sure, may := rs[i].ports(protocol, hasPorts)
		for _, s := range [...]span{sure, may} {
			cuts = append(cuts, s.lo, s.hi+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out []span
	for i, lo := range cuts {
		if lo < in.lo || lo > in.hi {
			continue
		}
		hi := in.hi
		if i+1 < len(cuts) && cuts[i+1]-1 < hi {
			hi = cuts[i+1] - 1
		}
		out = append(out, span{lo, hi})
	}
	return out
}

// reached tells whether the whole of one of the targets reaches the port.
func reached(rs []reach, protocol, port int, targets []netip.Prefix) any {
	var sure, may []netip.Prefix
	var extra []block
	var whys []any
	for i := range rs {
		r := &rs[i]
		sureSpan, maySpan := r.ports(protocol, groupPorts)
		if !maySpan.has(port) {
			continue
		}
		open := false
		for _, b := range r.blocks {
			if sureSpan.has(port) && b.sure.IsValid() {
				sure, may = append(sure, b.sure), append(may, b.sure)
				continue
			}
			open = true
			if b.bits > 0 {
				extra = append(extra, b)
			} else {
				may = append(may, b.may)
			}
		}
		if open {
			whys = append(whys, r.why())
		}
	}
	undecided := false
	for _, t := range targets {
		if enough(sure, t) && uncovered(sure, t).Sign() == 0 {
			return true
		}
		if whys == nil {
			continue // all is known
		}
		left := uncovered(may, t)
		for _, b := range extra {
			if b.may.Addr().BitLen() == t.Addr().BitLen() {
				left.Sub(left, blockSize(b.may.Addr().BitLen()-b.bits))
			}
		}
		undecided = undecided || left.Sign() <= 0
	}
	if undecided {
		return merge(whys...)
	}
	return false
}

func blockSize(hostBits int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(hostBits)) }

// enough tells whether the ranges together have as many addresses as p, so that
// it is worth while to see whether they are the same ones. Rounding only makes
// it say so once too often.
func enough(ranges []netip.Prefix, p netip.Prefix) bool {
	share := 0.0
	for _, r := range ranges {
		if r.Addr().BitLen() == p.Addr().BitLen() {
			share += math.Ldexp(1, p.Bits()-r.Bits())
		}
	}
	return share >= 1
}

// uncovered counts the addresses of p that are in none of the ranges.
func uncovered(ranges []netip.Prefix, p netip.Prefix) *big.Int {
	var inside []netip.Prefix
	for _, r := range ranges {
		if r.Overlaps(p) {
			if r.Bits() <= p.Bits() {
				return new(big.Int)
			}
			inside = append(inside, r)
		}
	}
	if inside == nil {
		return blockSize(p.Addr().BitLen() - p.Bits())
	}
	lower, upper := halves(p)
	left := uncovered(inside, lower)
	return left.Add(left, uncovered(inside, upper))
}

// halves splits a range that has more than one address.
func halves(p netip.Prefix) (lower, upper netip.Prefix) {
	bits := p.Bits()
	raw := p.Addr().AsSlice()
	raw[bits/8] |= 1 << (7 - bits%8)
	high, _ := netip.AddrFromSlice(raw)
	return netip.PrefixFrom(p.Addr(), bits+1), netip.PrefixFrom(high, bits+1)
}

// allProtocols tells whether rules for all protocols ("-1") are open to the
// world.
func allProtocols(rules any) any {
	return openToWorld(rules, "-1", int64(0), int64(maxPort))
}

// openPorts lists what rules of a security group let the world reach, sorted, as
// [protocol, from, to]: ["tcp", 22, 22]; ["-1", 0, 65535] alone for everything;
// [protocol, -1, -1] for a protocol without ports. It is undecided as a whole
// when any of it is.
func openPorts(rules any) any {
	all := allProtocols(rules)
	if all == true {
		return []any{[]any{"-1", int64(0), int64(maxPort)}}
	}
	rs := groupRules(rules)
	var undecided []any
	if all != false {
		undecided = append(undecided, all)
	}
	targets := []netip.Prefix{wholeOf(false), wholeOf(true)}
	protocols := []int{icmp, tcp, udp}
	for i := range rs {
		if rs[i].protocolWhy == nil && rs[i].protocol != allProtocol {
			protocols = append(protocols, rs[i].protocol)
		}
	}
	slices.Sort(protocols)
	out := []any{}
	for _, p := range slices.Compact(protocols) {
		var open []span
		in := span{0, maxPort}
		if !groupPorts(p) {
			in = span{0, 0}
		}
		for _, cell := range cells(rs, p, groupPorts, in) {
			switch v := reached(rs, p, cell.lo, targets); {
			case v == true && len(open) > 0 && open[len(open)-1].hi+1 == cell.lo:
				open[len(open)-1].hi = cell.hi
			case v == true:
				open = append(open, cell)
			case v != false:
				undecided = append(undecided, v)
			}
		}
		for _, s := range open {
			if !groupPorts(p) {
				s = span{-1, -1}
			}
			out = append(out, []any{protocolName(p), int64(s.lo), int64(s.hi)})
		}
	}
	if undecided != nil {
		return merge(undecided...)
	}
	slices.SortFunc(out, func(a, b any) int {
		x, y := a.([]any), b.([]any)
		return cmp.Or(strings.Compare(x[0].(string), y[0].(string)), cmp.Compare(x[1].(int64), y[1].(int64)))
	})
	return out
}

func protocolName(n int) string {
	switch n {
	case icmp:
		return "icmp"
	case tcp:
		return "tcp"
	case udp:
		return "udp"
	case icmpv6:
		return "icmpv6"
	}
	return strconv.Itoa(n)
}
