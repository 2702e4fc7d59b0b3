package control

import (
	"cmp"
	"math/big"
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Network ACLs: entries are tried by rule number, the first that matches
// decides, and what none matches is denied
// (https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html).

// lastRule is the highest number of an entry; the deny of everything that every
// ACL ends with has the next one.
const lastRule = 32766

// entry is one entry of an ACL.
type entry struct {
	reach
	first, last int // its number is one of these or between
	numberWhy   any
	allow       any
	egress      any
}

func aclEntry(v any) entry {
	m, ok := v.(map[string]any)
	if !ok {
		why := v
		if !isUnknown(v) {
			why = faulty("an entry is not an object")
		}
		return entry{reach: unknownReach(why), first: 1, last: lastRule, numberWhy: why, allow: why, egress: why}
	}
	e := entry{first: 1, last: lastRule}
	if n, ok := wholeNumber(m["RuleNumber"]); ok {
		e.first, e.last = n, n
	} else if e.numberWhy = m["RuleNumber"]; !isUnknown(e.numberWhy) {
		e.numberWhy = faulty("an entry has no rule number")
	}
	e.allow = equal(lowered(m["RuleAction"]), "allow")
	switch x := m["Egress"].(type) {
	case nil:
		e.egress = false
	case string:
		e.egress = strings.EqualFold(x, "true")
	default:
		e.egress = equal(x, true)
		if u, ok := x.(*haetae.Unknown); ok {
			e.egress = u
		}
	}
	e.protocol, e.protocolWhy = protocolOf(m["Protocol"])
	e.setPorts(m)
	e.addBlocks(m["CidrBlock"], m["Ipv6CidrBlock"])
	return e
}

// setPorts reads the ports; the types and codes of ICMP are put on the same
// axis as type*256+code, and -1 is all of them.
func (e *entry) setPorts(m map[string]any) {
	var loWhy, hiWhy any
	isICMP := e.protocolWhy == nil && (e.protocol == icmp || e.protocol == icmpv6)
	field, lo, hi := "PortRange", "From", "To"
	if isICMP {
		field, lo, hi = "Icmp", "Type", "Code"
		if m[field] == nil {
			field = "IcmpTypeCode" // its name in the EC2 API
		}
	}
	r, ok := m[field].(map[string]any)
	if !ok && m[field] != nil {
		e.lo, e.hi, e.portsWhy = span{0, maxPort}, span{0, maxPort}, m[field]
		if !isUnknown(m[field]) {
			e.portsWhy = faulty("a port range is not an object")
		}
		return
	}
	e.lo, loWhy = portEnd(r[lo], 0)
	e.hi, hiWhy = portEnd(r[hi], maxPort)
	e.portsWhy = mergeIf(loWhy, hiWhy)
	if !isICMP {
		return
	}
	if e.portsWhy != nil {
		e.lo, e.hi = span{0, maxPort}, span{0, maxPort}
		return
	}
	kind, anyKind := wholeNumber(r[lo])
	code, anyCode := wholeNumber(r[hi])
	anyKind, anyCode = !anyKind || kind < 0, !anyCode || code < 0
	switch {
	case anyKind:
		e.lo, e.hi = span{0, 0}, span{maxPort, maxPort}
	case anyCode:
		e.lo, e.hi = span{kind * 256, kind * 256}, span{kind*256 + 255, kind*256 + 255}
	default:
		e.lo, e.hi = span{kind*256 + code, kind*256 + code}, span{kind*256 + code, kind*256 + code}
	}
}

// aclPorts are the protocols of which entries have ports, or types
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html).
func aclPorts(protocol int) bool {
	return protocol == tcp || protocol == udp || protocol == icmp || protocol == icmpv6
}

func (e *entry) why() any {
	whys := []any{e.reach.why(), e.numberWhy}
	for _, v := range [...]any{e.allow, e.egress} {
		if isUnknown(v) {
			whys = append(whys, v)
		}
	}
	return mergeIf(whys...)
}

func aclEntries(v any) []entry {
	list, more := listed(v)
	es := make([]entry, 0, len(list)+1)
	for _, x := range list {
		es = append(es, aclEntry(x))
	}
	if more != nil {
		es = append(es, aclEntry(more))
	}
	return es
}

// naclOpenToWorld tells whether the inbound entries of a network ACL leave a
// port of the range open to the internet: for IPv4 or for IPv6, the allow
// entries for the port cover all addresses, as the 0.0.0.0/0 of AWS Config's
// nacl-no-unrestricted-ssh-rdp and Security Hub's EC2.21 does, and at least half
// of the addresses are let through when the entries are tried in order. So a
// deny of a few networks before the allow does not hide it, and a deny of the
// port for everybody does.
func naclOpenToWorld(entries, protocol, from, to any) any {
	protocols, why1 := queryProtocols(protocol)
	ports, why2 := queryPorts(from, to)
	if why1 != nil || why2 != nil {
		return mergeIf(why1, why2)
	}
	es := aclEntries(entries)
	var whys []any
	reaches := make([]reach, len(es))
	for i := range es {
		reaches[i] = es[i].reach
		if w := es[i].why(); w != nil && es[i].egress != true {
			whys = append(whys, w)
		}
	}
	possible := false
	for _, p := range protocols {
		asked := ports
		if !aclPorts(p) {
			asked = span{0, 0}
		} else if p == icmp || p == icmpv6 {
			asked = span{0, maxPort}
		}
		for _, cell := range cells(reaches, p, aclPorts, asked) {
			for _, six := range [...]bool{false, true} {
				if halfOpen(es, p, cell.lo, wholeOf(six), false) {
					return true
				}
				possible = possible || whys != nil && halfOpen(es, p, cell.lo, wholeOf(six), true)
			}
		}
	}
	if possible {
		return merge(whys...)
	}
	return false
}

// step is an entry with all that is undecided about it decided.
type step struct {
	number int
	allow  bool
	block  netip.Prefix
}

// halfOpen decides everything that is unknown in favour of open, or against it,
// and tells whether the port is then open in the sense of naclOpenToWorld.
func halfOpen(es []entry, protocol, port int, whole netip.Prefix, favour bool) bool {
	var steps []step
	allowed, denied := new(big.Int), new(big.Int) // ranges of known size and unknown place
	for i := range es {
		e := &es[i]
		if e.egress == true {
			continue
		}
		// An allow counts for as much as it may be when in favour, a deny for as
		// little, and the other way round.
		allow := e.allow == true || e.allow != false && favour
		wide := allow == favour
		if !wide && e.egress != false {
			continue // it may be an outbound one
		}
		sure, may := e.ports(protocol, aclPorts)
		if wide && !may.has(port) || !wide && !sure.has(port) {
			continue
		}
		number := e.last
		if wide {
			number = e.first
		}
		if e.numberWhy != nil {
			number = freeNumber(es, wide)
		}
		for _, b := range e.blocks {
			if b.may.Addr().BitLen() != whole.Addr().BitLen() {
				continue
			}
			switch {
			case wide && b.bits > 0:
				size := blockSize(whole.Addr().BitLen() - b.bits)
				if allow {
					allowed.Add(allowed, size)
				} else {
					denied.Add(denied, size)
				}
			case wide:
				steps = append(steps, step{number, allow, b.may})
			case b.sure.IsValid():
				steps = append(steps, step{number, allow, b.sure})
			}
		}
	}
	var allows []netip.Prefix
	for _, s := range steps {
		if s.allow {
			allows = append(allows, s.block)
		}
	}
	if uncovered(allows, whole).Cmp(allowed) > 0 {
		return false
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.number, b.number) })
	through := passed(steps, whole)
	through.Add(through, allowed)
	through.Sub(through, denied)
	return through.Cmp(blockSize(whole.Addr().BitLen()-1)) >= 0
}

// freeNumber is the lowest or the highest rule number that no entry is known to
// have: numbers are unique.
func freeNumber(es []entry, lowest bool) int {
	taken := map[int]bool{}
	for i := range es {
		if es[i].numberWhy == nil && es[i].egress == false {
			taken[es[i].first] = true
		}
	}
	n, by := lastRule, -1
	if lowest {
		n, by = 1, 1
	}
	for taken[n] {
		n += by
	}
	return n
}

// passed counts the addresses of p that the steps, in order, let through.
func passed(steps []step, p netip.Prefix) *big.Int {
	var inside []step
	for _, s := range steps {
		if !s.block.Overlaps(p) {
			continue
		}
		if s.block.Bits() <= p.Bits() {
			if inside == nil {
				if s.allow {
					return blockSize(p.Addr().BitLen() - p.Bits())
				}
				return new(big.Int)
			}
			inside = append(inside, s)
			break // nothing gets past it
		}
		inside = append(inside, s)
	}
	if inside == nil {
		return new(big.Int)
	}
	lower, upper := halves(p)
	n := passed(inside, lower)
	return n.Add(n, passed(inside, upper))
}

// naclIneffectiveRules lists the numbers of the entries that never decide
// anything since lower-numbered ones of the same direction match all that they
// match; the deny of everything at the end is not one.
func naclIneffectiveRules(entries any) any {
	var found, whys []any
	for _, v := range ineffective(entries, false) {
		switch {
		case v.answer == true && v.number > 0:
			found = append(found, int64(v.number))
		case v.answer != false:
			whys = append(whys, v.answer)
		}
	}
	slices.SortFunc(found, func(a, b any) int { return cmp.Compare(a.(int64), b.(int64)) })
	if found == nil {
		found = []any{}
	}
	if whys != nil {
		return openList(found, merge(whys...))
	}
	return found
}

// naclIneffectiveDeny tells whether some deny entry never matters since
// lower-numbered entries, at least one of them an allow, match all that it
// matches. A deny that only repeats denies is harmless and does not count.
func naclIneffectiveDeny(entries any) any {
	var answers []any
	for _, v := range ineffective(entries, true) {
		answers = append(answers, v.answer)
	}
	return some(answers, nil, func(v any) any { return v })
}

type verdict struct {
	number int
	answer any
}

// ineffective judges each entry, or each deny that comes after an allow.
func ineffective(entries any, denies bool) []verdict {
	es := aclEntries(entries)
	var out []verdict
	if _, more := listed(entries); more != nil {
		out = append(out, verdict{0, more}) // those that are missing may be so
	}
	for i := range es {
		t := &es[i]
		if denies && t.allow == true || t.numberWhy == nil && t.first > lastRule {
			continue
		}
		sure := (!denies || t.allow == false) && t.numberWhy == nil && shadowed(es, i, true, denies)
		switch {
		case sure:
			out = append(out, verdict{t.first, true})
		case shadowed(es, i, false, denies):
			var whys []any
			for j := range es {
				if w := es[j].why(); w != nil {
					whys = append(whys, w)
				}
			}
			if whys == nil {
				continue
			}
			out = append(out, verdict{0, merge(whys...)})
		}
	}
	return out
}

// shadowed tells whether entry i is matched whole by those before it, surely or
// perhaps; if need be by an allow among others. An entry that matches nothing is.
func shadowed(es []entry, i int, sure, byAllow bool) bool {
	t := &es[i]
	var earlier []*entry
	var reaches []reach
	protocols := []int{otherProtocol}
	for j := range es {
		e := &es[j]
		reaches = append(reaches, e.reach)
		if e.protocolWhy == nil && e.protocol != allProtocol {
			protocols = append(protocols, e.protocol)
		}
		if j != i && before(e, t, i < j, sure) {
			earlier = append(earlier, e)
			// What perhaps shadows need not be shown to allow anything.
			byAllow = byAllow && (sure || e.allow == false)
		}
	}
	slices.Sort(protocols)
	for _, p := range slices.Compact(protocols) {
		least, most := t.ports(p, aclPorts)
		own := least
		if sure {
			own = most
		}
		for _, cell := range cells(reaches, p, aclPorts, own) {
			for _, b := range t.blocks {
				block := b.sure
				if sure {
					block = b.may
				}
				if block.IsValid() && uncovered(matching(earlier, p, cell.lo, block, sure), block).Sign() != 0 {
					return false
				}
				if byAllow && b.sure.IsValid() && least.has(cell.lo) {
					byAllow = !allowsSome(earlier, p, cell.lo, b.sure)
				}
			}
		}
	}
	return !byAllow
}

// matching lists the ranges that entries match on a port, surely or perhaps.
func matching(es []*entry, protocol, port int, in netip.Prefix, sure bool) []netip.Prefix {
	var out []netip.Prefix
	for _, e := range es {
		least, most := e.ports(protocol, aclPorts)
		if sure && !least.has(port) || !most.has(port) {
			continue
		}
		for _, b := range e.blocks {
			block := b.may
			if sure {
				block = b.sure
			}
			if block.IsValid() && block.Overlaps(in) {
				out = append(out, block)
			}
		}
	}
	return out
}

// allowsSome tells whether the entries surely let part of the block through.
func allowsSome(es []*entry, protocol, port int, block netip.Prefix) bool {
	var steps []step
	for _, e := range es {
		least, most := e.ports(protocol, aclPorts)
		if e.allow != true && most.has(port) {
			for _, b := range e.blocks { // a deny, perhaps
				steps = append(steps, step{e.first, false, b.may})
			}
		} else if e.allow == true && least.has(port) {
			for _, b := range e.blocks {
				if b.sure.IsValid() {
					steps = append(steps, step{e.first, true, b.sure})
				}
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.number, b.number) })
	return passed(steps, block).Sign() > 0
}

// before tells whether an entry is tried before another, surely or perhaps.
func before(e, t *entry, later, sure bool) bool {
	sameWay := equal(e.egress, t.egress)
	if isUnknown(e.egress) || isUnknown(t.egress) {
		sameWay = merge(e.egress, t.egress)
	}
	if sure {
		return sameWay == true && e.numberWhy == nil && t.numberWhy == nil &&
			(e.first < t.first || e.first == t.first && !later)
	}
	return sameWay != false && (e.numberWhy != nil || t.numberWhy != nil || e.first < t.first || e.first == t.first && !later)
}
