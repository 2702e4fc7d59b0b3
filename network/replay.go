package network

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Bounds of what a replay keeps in mind. What is beyond them is said.
const (
	maxTalks = 1_000_000
	maxPeers = 20_000  // of one rule
	maxHours = 100_000 // of an interface: eleven years
	maxWalks = 20_000  // through the network, for the rules of firewalls
)

// talk is who asked whom for what, seen at one interface: all connections from
// one address to one port.
type talk struct {
	nic   *nic
	in    bool // the other side began
	own   netip.Addr
	peer  netip.Addr
	proto uint8
	port  uint16 // that was asked for
}

// traffic is what was seen of something.
type traffic struct {
	flows       int
	bytes       uint64
	first, last int64
}

func (t *traffic) add(f *haetae.Flow) {
	t.merge(traffic{1, f.Bytes, f.Start, max(f.Start, f.End)})
}

func (t *traffic) merge(o traffic) {
	if o.first != 0 && (t.first == 0 || o.first < t.first) {
		t.first = o.first
	}
	t.last = max(t.last, o.last)
	t.flows += o.flows
	t.bytes += o.bytes
}

// seen is a talk with what was seen of it.
type seen struct {
	traffic
	unclear bool // it may have been the other side that began
	allowed bool // by the rules of today
}

// use is what was seen of a rule.
type use struct {
	traffic
	perhaps int // records that may have needed it
	alone   int // records that no other rule lets through
	peers   map[netip.Addr]struct{}
	cut     bool                    // there were more peers
	ports   map[uint8]*[1024]uint64 // by protocol, a bit for each port
}

func (u *use) saw(t traffic, sure bool, peer netip.Addr, proto uint8, port uint16) {
	if sure {
		u.merge(t)
	} else {
		u.perhaps += t.flows
		t.flows = 0
		t.bytes = 0
		u.merge(t)
	}
	if u.peers == nil {
		u.peers, u.ports = map[netip.Addr]struct{}{}, map[uint8]*[1024]uint64{}
	}
	if _, known := u.peers[peer]; !known && len(u.peers) >= maxPeers {
		u.cut = true
	} else {
		u.peers[peer] = struct{}{}
	}
	if u.ports[proto] == nil {
		u.ports[proto] = new([1024]uint64)
	}
	u.ports[proto][port/64] |= 1 << (port % 64)
}

// watch is how long an interface was observed.
type watch struct {
	traffic
	accepted int
	nodata   int
	skipped  int
	hours    map[int64]struct{} // Unix hours in which there was a record
}

// Replay holds flow records against the rules of a network. It is not safe for
// concurrent use.
type Replay struct {
	past     *Past
	w        *World // whose rules are asked about
	mapped   map[*nic]*nic
	gone     []*nic // of older networks only
	talks    map[talk]*seen
	uses     map[any]*use // by *groupRule, *aclRule, *route and the name of a firewall's rule
	watch    map[*nic]*watch
	holds    map[*haetae.Resource]cidr.Addrs // of members of a security group, at any time
	refuse   map[refusal]*use
	strays   map[string]*traffic // of records that no interface was found for, by the reason
	doubts   map[string]*traffic
	told     map[string]int // how it was told who began
	total    traffic
	lost     int            // records of talks that were not kept
	timeless int            // records without a time
	open     map[string]int // what is not known of what an interface needs
	vague    map[string]int // likewise, of talks
	status   map[haetae.FlowStatus]int
	action   map[haetae.FlowAction]int
}

// NewReplay makes a replay against the rules of the newest network.
func NewReplay(p *Past) *Replay {
	return &Replay{past: p, w: p.newest(), mapped: map[*nic]*nic{}, talks: map[talk]*seen{}, uses: map[any]*use{}, watch: map[*nic]*watch{},
		holds: map[*haetae.Resource]cidr.Addrs{}, refuse: map[refusal]*use{}, strays: map[string]*traffic{}, doubts: map[string]*traffic{}, told: map[string]int{},
		open: map[string]int{}, vague: map[string]int{}, status: map[haetae.FlowStatus]int{}, action: map[haetae.FlowAction]int{}}
}

// Add takes one record. It keeps nothing of f.
func (r *Replay) Add(f *haetae.Flow) {
	r.status[f.Status]++
	if !f.Known(haetae.FlowStart | haetae.FlowEnd) {
		r.timeless++
	}
	r.total.add(f)
	h, why := r.past.Holder(f)
	if why != "" {
		count(r.strays, why, f)
		return
	}
	if h.Doubt != "" {
		count(r.doubts, h.Doubt, f)
	}
	n := r.today(h)
	o := r.watch[n]
	if o == nil {
		o = &watch{hours: map[int64]struct{}{}}
		r.watch[n] = o
	}
	o.add(f)
	if f.Start > 0 && len(o.hours) < maxHours {
		o.hours[f.Start/3600] = struct{}{}
	}
	switch f.Status {
	case haetae.NoFlows:
		o.nodata++
		return
	case haetae.SkippedFlows:
		o.skipped++
		return
	}
	src, dst := f.Packet()
	in, known := n.inward(f)
	if !known || !src.IsValid() || !dst.IsValid() || !f.Known(haetae.FlowProto) || cidr.Ported().Has(int(f.Proto)) && !f.Known(haetae.FlowPorts) {
		count(r.strays, "its addresses, protocol, ports or direction are not known", f)
		return
	}
	r.action[f.Action]++
	switch f.Action {
	case haetae.Accepted:
		o.accepted++
		r.accepted(f, n, in)
	case haetae.Rejected:
		r.rejected(f, n, in)
	default:
		count(r.strays, "whether it was accepted is not known", f)
	}
}

func count(m map[string]*traffic, key string, f *haetae.Flow) {
	if m[key] == nil {
		m[key] = &traffic{}
	}
	m[key].add(f)
}

// today is the interface with the rules of the newest network. One that is gone
// is taken as if it were still there, with the groups and the subnet that it had.
func (r *Replay) today(h Holder) *nic {
	if n := r.mapped[h.nic]; n != nil {
		return n
	}
	n := h.nic
	if h.world != r.w {
		n = r.now(h.nic)
	}
	r.mapped[h.nic] = n
	return n
}

// now is an interface of an older network in the newest one.
func (r *Replay) now(n *nic) *nic {
	res := r.w.g.Get(n.res.Key())
	if x, ok := r.w.of[res].(*nic); ok {
		return x
	}
	for _, x := range r.w.owned[res] { // it is known only through what it belongs to
		if x.id == n.id {
			return x
		}
	}
	c := *n
	c.groups, c.subnet, c.vpc = nil, nil, nil
	for _, g := range n.groups {
		if x, ok := r.w.of[r.w.g.Get(g.res.Key())].(*group); ok {
			c.groups = append(c.groups, x)
		}
	}
	if n.subnet != nil {
		if x, ok := r.w.of[r.w.g.Get(n.subnet.res.Key())].(*subnet); ok {
			c.subnet, c.vpc = x, x.vpc
		}
	}
	r.gone = append(r.gone, &c)
	return &c
}

func (r *Replay) useOf(key any) *use {
	if r.uses[key] == nil {
		r.uses[key] = &use{}
	}
	return r.uses[key]
}

// accepted notes who asked whom, and what the packets themselves needed: network
// ACLs and routes do not know connections.
func (r *Replay) accepted(f *haetae.Flow, n *nic, in bool) {
	r.packets(f, n, in)
	sender, by := began(f)
	one := r.talkOf(f, n, in, sender)
	if by == byFlags || by == byPorts && r.admitted(one) {
		r.told[by]++
		r.note(one, f, false)
		return
	}
	other := r.talkOf(f, n, in, !sender)
	a, b := r.admitted(one), r.admitted(other)
	switch {
	case b && !a:
		one, by = other, byRules
	case a && !b:
		by = byRules
	case by == byNone:
		r.told[by]++
		r.note(one, f, a && b)
		if a && b {
			r.note(other, f, true)
		}
		return
	}
	r.told[by]++
	r.note(one, f, false)
}

func (r *Replay) talkOf(f *haetae.Flow, n *nic, in, sender bool) talk {
	src, dst := f.Packet()
	t := talk{nic: n, in: in == sender, own: src, peer: dst, proto: f.Proto}
	if in {
		t.own, t.peer = dst, src
	}
	if cidr.Ported().Has(int(f.Proto)) {
		if t.port = f.DstPort; !sender {
			t.port = f.SrcPort
		}
	}
	return t
}

func (r *Replay) note(t talk, f *haetae.Flow, unclear bool) {
	s := r.talks[t]
	if s == nil {
		if len(r.talks) >= maxTalks {
			r.lost++
			return
		}
		s = &seen{unclear: unclear, allowed: r.admitted(t)}
		r.talks[t] = s
	}
	s.add(f)
	s.unclear = s.unclear && unclear
}

// admitted tells whether security groups may let the talk begin.
func (r *Replay) admitted(t talk) bool {
	if s := r.talks[t]; s != nil {
		return s.allowed
	}
	return t.nic.noGroups || t.nic.groupsWhy != nil || len(r.matching(t)) > 0
}

// matching returns the rules of the interface's security groups that let the talk
// begin, and whether that is sure.
func (r *Replay) matching(t talk) map[*groupRule]bool {
	var out map[*groupRule]bool
	for _, g := range t.nic.groups {
		rules := g.out
		if t.in {
			rules = g.in
		}
		for i := range rules {
			x := &rules[i]
			if !x.protos.Has(int(t.proto)) || cidr.Ported().Has(int(t.proto)) && !x.ports.Has(int(t.port)) {
				continue
			}
			if !x.peer.Has(t.peer) && (x.group == nil || !r.members(x.group).Has(t.peer)) {
				continue
			}
			if out == nil {
				out = map[*groupRule]bool{}
			}
			// The type of ICMP is in no record.
			out[x] = x.why == nil && !cidr.Typed().Has(int(t.proto))
		}
	}
	return out
}

// members are the addresses of those that carried a group in any of the networks.
func (r *Replay) members(g *haetae.Resource) cidr.Addrs {
	if a, ok := r.holds[g]; ok {
		return a
	}
	var out cidr.Addrs
	for _, w := range r.past.worlds {
		if x, ok := w.of[w.g.Get(g.Key())].(*group); ok {
			for _, n := range x.members {
				out = out.Union(n.addrs)
			}
		}
	}
	r.holds[g] = out
	return out
}

// packets notes which entry of the network ACL and which route packets needed
// that were let through.
func (r *Replay) packets(f *haetae.Flow, n *nic, in bool) {
	src, dst := f.Packet()
	peer := dst
	if in {
		peer = src
	}
	if n.subnet == nil || n.subnet.cidrs.Has(peer) {
		return // it meets no network ACL and no route table
	}
	var one traffic
	one.add(f)
	if a := n.subnet.acl; a == nil {
		r.open["the network ACL of "+n.subnet.id()]++
	} else if e := a.entry(f, in); e != nil && a.why == nil {
		r.useOf(e).saw(one, e.allow && e.why == nil && !cidr.Typed().Has(int(f.Proto)), peer, f.Proto, f.DstPort)
	}
	if in {
		return
	}
	if t := n.subnet.table; t == nil {
		r.open["the route table of "+n.subnet.id()]++
	} else if x := t.taking(dst); x != nil {
		r.useOf(x).saw(one, t.why == nil, dst, f.Proto, f.DstPort)
	}
}

// entry is the entry of the ACL that decides for the packets of a record. As to
// ICMP the first entry that is about one of its types is taken.
func (a *acl) entry(f *haetae.Flow, in bool) *aclRule {
	src, dst := f.Packet()
	rules := a.out
	if in {
		rules = a.in
	}
	for i := range rules {
		for _, b := range rules[i].set.Boxes() {
			if b.Src.Has(src) && b.Dst.Has(dst) && b.Proto.Has(int(f.Proto)) &&
				(!cidr.Ported().Has(int(f.Proto)) || b.A.Has(int(f.SrcPort)) && b.B.Has(int(f.DstPort))) {
				return &rules[i]
			}
		}
	}
	return nil
}

// taking is the route that takes packets to an address.
func (t *table) taking(dst netip.Addr) *route {
	for i := range t.routes {
		x := &t.routes[i]
		if !x.dest.Has(dst) || x.rank == 3 && slices.ContainsFunc(t.routes, func(l route) bool { return l.target.kind == "local" && l.dest.Has(dst) }) {
			continue
		}
		return x
	}
	return nil
}

// refusal is what refuses packets at an interface.
type refusal struct {
	nic *nic
	in  bool
	by  string
	why string
}

// rejected finds what refuses the packets of a record.
func (r *Replay) rejected(f *haetae.Flow, n *nic, in bool) {
	src, dst := f.Packet()
	peer := dst
	if in {
		peer = src
	}
	x := refusal{nic: n, in: in}
	x.by, x.why = r.refuser(f, n, in, peer)
	if r.refuse[x] == nil {
		r.refuse[x] = &use{}
	}
	var one traffic
	one.add(f)
	r.refuse[x].saw(one, true, peer, f.Proto, f.DstPort)
}

func (r *Replay) refuser(f *haetae.Flow, n *nic, in bool, peer netip.Addr) (by, why string) {
	if f.Reason == "BPA" {
		return "VPC Block Public Access", "AWS says so in the record"
	}
	way := map[bool]string{true: "inbound", false: "outbound"}[in]
	var bys, whys []string
	if n.subnet != nil && !n.subnet.cidrs.Has(peer) {
		switch a := n.subnet.acl; {
		case a == nil || a.why != nil:
			whys = append(whys, "the network ACL is not known")
		default:
			e := a.entry(f, in)
			switch {
			case e == nil:
				bys, whys = append(bys, a.res.ID), append(whys, "its last "+way+" entry denies it")
			case e.why != nil:
				whys = append(whys, "entry "+e.text+" of "+a.res.ID+" is not known")
			case !e.allow:
				bys, whys = append(bys, a.res.ID), append(whys, "its "+way+" entry "+e.text+" denies it")
			}
		}
	}
	sender, how := began(f)
	switch {
	case n.groupsWhy != nil:
		whys = append(whys, "the security groups are not known")
	case n.noGroups:
	case !sender && how == byFlags:
		if len(bys) == 0 {
			whys = append(whys, "it answers a connection that no group keeps track of any more")
		}
	case len(r.matching(r.talkOf(f, n, in, true))) == 0:
		var ids []string
		for _, g := range n.groups {
			ids = append(ids, g.res.ID)
		}
		bys, whys = append(bys, strings.Join(ids, ",")), append(whys, "no "+way+" rule lets it through")
	}
	if f.Reason != "" {
		whys = append(whys, "AWS says "+strconv.Quote(f.Reason))
	}
	if len(whys) == 0 {
		whys = append(whys, "the snapshot would let it through: rules changed since, or it belongs to a connection that is forgotten")
	}
	return strings.Join(bys, " "), strings.Join(whys, "; ")
}
