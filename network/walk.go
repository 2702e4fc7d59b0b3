package network

import (
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// walk takes packets through the network towards a place, or their answers back.
//
// Where something stops all packets, the walk notes it as a blocker and goes on
// as if it were not there, so that it finds all that stands in the way and not
// only the first. What ends at the place without a blocker gets through.
type walk struct {
	w    *World
	goal *place
	back bool
	fwd  *state // what the answers answer
	out  []*state
	// hypothetical takes an address that nobody holds for one with a host.
	hypothetical bool
	taken        int  // steps of all ways together
	budget       *int // steps that are left to this and other walks, nil for maxSteps
	trail        *trail
}

// trail is what decided on a walk, for whoever keeps what the walk found: the
// subnets of which the network ACL or the route table was asked. Of a walk that
// went on to anything but other subnets of VPCs, that is not all.
type trail struct {
	subnets []*subnet
	beyond  bool
}

// asks notes that the network ACL or the route table of a subnet decides.
func (t *trail) asks(s *subnet) {
	if t != nil && !slices.Contains(t.subnets, s) {
		t.subnets = append(t.subnets, s)
	}
}

// maxSteps bounds the steps of one walk over all its ways, which divide at each
// route that only some packets take. What is cut short is said to be unknown.
const maxSteps = 200_000

// state is pieces that took the same way so far.
type state struct {
	pieces   []piece
	hops     []Hop
	blocks   []Blocker
	losses   []Blocker // what stopped a part of the packets
	ident    identity
	origin   *vpc   // where the sender is, known or not to rules
	zone     string // the Availability Zone where they are
	entered  string // how they came into the VPC: "" is from inside, pcx, vgw, tgw, igw
	tracked  []*nic // whose security groups have seen them
	walls    []*endpoint
	landed   []landing // where they left attachments in appliance mode
	viaNAT   bool
	classic  bool // a classic load balancer sends them
	steps    int
	been     []string // middleboxes that they went through
	returned bool     // they came in from the internet before
	arrived  bool
	opaque   bool   // how they went on is not known
	door     string // the subnet by which they came from a Client VPN endpoint
	// Behind a load balancer, on the way back: comes before the rest of the answers' way.
	after       []Hop
	afterBlocks []Blocker
	at          spot // where they ended
}

// landing is the subnet in which packets left an attachment.
type landing struct {
	attach *attachment
	sub    *subnet
}

// spot is where packets ended or begin: one of the members is set.
type spot struct {
	nic    *nic
	subnet *subnet
	exit   *gateway    // the internet or a customer's network, behind this gateway
	vpc    *vpc        // a VPC of which too little is known
	attach *attachment // behind this attachment
	point  *endpoint   // a service behind a gateway endpoint
	// A service of AWS that every interface has at hand.
	service bool
	mesh    *service // a service of VPC Lattice, from the VPC
}

func (s *state) clone() *state {
	c := *s
	c.pieces, c.hops, c.blocks = slices.Clone(s.pieces), slices.Clip(s.hops), slices.Clip(s.blocks)
	c.been, c.after, c.afterBlocks = slices.Clip(s.been), slices.Clip(s.after), slices.Clip(s.afterBlocks)
	c.losses, c.tracked, c.walls = slices.Clip(s.losses), slices.Clip(s.tracked), slices.Clip(s.walls)
	c.landed = slices.Clip(s.landed)
	return &c
}

// to is the state with only the packets for some destinations, or nil.
func (s *state) to(dst cidr.Addrs) *state {
	c := s.clone()
	c.pieces = nil
	for _, p := range s.pieces {
		if q, ok := p.to(dst); ok {
			c.pieces = append(c.pieces, q)
		}
	}
	if len(c.pieces) == 0 {
		return nil
	}
	return c
}

// hop notes something that decided.
func (s *state) hop(kind, resource, rule string, passed bool) {
	s.hops = append(s.hops, Hop{Resource: resource, Kind: kind, Rule: rule, Passed: passed})
}

// block notes what stops all packets.
func (s *state) block(k *walk, b Blocker) {
	b.Direction = k.direction()
	if !slices.ContainsFunc(s.blocks, func(o Blocker) bool {
		return o.Code == b.Code && o.Resource == b.Resource && o.Direction == b.Direction && o.Rule == b.Rule
	}) {
		s.blocks = append(s.blocks, b)
	}
}

func (k *walk) direction() string {
	if k.back {
		return "reply"
	}
	return "forward"
}

// sieve takes the packets through a filter and notes the hop. When none gets
// through, what stops them is noted and they go on.
func (k *walk) sieve(s *state, f filter, kind, resource string, rule func(cidr.Set) string, blocker func() Blocker) {
	var passed []piece
	before := packetsOf(s.pieces)
	doubt := f.may
	if f.why != nil {
		doubt = f.may.Minus(f.yes)
	}
	for _, p := range s.pieces {
		passed = append(passed, p.through(f.yes)...)
		if f.why != nil {
			for _, q := range p.through(doubt) {
				passed = append(passed, q.lacks(f.why))
			}
		}
	}
	if len(passed) == 0 {
		s.hop(kind, resource, rule(before), false)
		s.block(k, blocker())
		return
	}
	after := packetsOf(passed)
	s.hop(kind, resource, rule(after), true)
	if !after.Covers(before) {
		b := blocker()
		b.Direction = k.direction()
		s.losses = append(s.losses, b)
	}
	s.pieces = passed
}

// end notes where the packets ended up.
func (k *walk) end(s *state, at spot, arrived bool) {
	s.at, s.arrived = at, arrived
	if k.back && arrived {
		k.expected(s)
	}
	k.out = append(k.out, s)
}

// expected keeps of the answers those that come from where the first packets
// went: others are no answers to whoever waits.
func (k *walk) expected(s *state) {
	var ok []piece
	for _, p := range s.pieces {
		if p.frozen == 0 {
			ok = append(ok, p)
		}
	}
	if len(ok) > 0 {
		s.pieces = ok
		return
	}
	if len(s.blocks) == 0 && len(k.fwd.blocks) == 0 {
		s.block(k, Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: lastTable(s.hops),
			Fix: "Route the answers back the way that the packets came: they leave by another way, which gives them another source address."})
	}
}

func lastTable(hops []Hop) string {
	for _, h := range slices.Backward(hops) {
		if h.Kind == "route-table" {
			return h.Resource
		}
	}
	return ""
}

// lost ends a way that leads nowhere.
func (k *walk) lost(s *state, b Blocker) {
	s.block(k, b)
	k.end(s, spot{}, false)
}

// unknown ends a way of which we do not know how it goes on.
func (k *walk) unknown(s *state, at spot, why *haetae.Unknown) {
	for i, p := range s.pieces {
		s.pieces[i] = p.lacks(why)
	}
	s.hop("unknown", "", why.String(), true)
	s.at, s.arrived, s.opaque = at, true, true
	k.out = append(k.out, s)
}

// tired tells whether the packets go in circles.
func (k *walk) tired(s *state) bool {
	k.taken++
	if k.budget != nil {
		*k.budget--
	}
	if k.taken > maxSteps || k.budget != nil && *k.budget < 0 {
		k.unknown(s, spot{}, &haetae.Unknown{Reason: haetae.Unresolved, Detail: "there are more ways than were followed"})
		return true
	}
	s.steps++
	if s.steps < 40 {
		return false
	}
	k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Fix: "The routes lead in a circle: point one of them elsewhere."})
	return true
}

// leaveNIC takes packets out of an interface.
func (k *walk) leaveNIC(s *state, n *nic) {
	s.hop("eni", n.id, "", true)
	if s.origin == nil {
		s.origin, s.ident = n.vpc, identity{vpc: n.vpc, sender: n}
	}
	k.source(s, n)
	if s = k.served(s, n.vpc); s == nil {
		return
	}
	if id := k.w.endpointAt(n); id != "" && !k.back {
		s.block(k, Blocker{Code: "VPCE_INTRA_VPC_TRAFFIC", Resource: id, Fix: "Endpoints begin no connections: ask from the VPC to the endpoint."})
	}
	if b := k.w.serves[n]; b != nil && !slices.Contains(s.tracked, n) {
		k.fromBalancer(s, b, n)
		s.classic = b.kind == "classic"
	}
	if !slices.Contains(s.tracked, n) {
		k.groups(s, n, false)
	}
	s.tracked = append(s.tracked, n)
	s.been = append(s.been, n.id) // an appliance need not send through itself
	if n.subnet == nil {
		k.unknown(s, spot{vpc: n.vpc}, missing("the subnet of "+n.id, "ec2:DescribeSubnets"))
		return
	}
	s.zone = n.subnet.zone
	k.leaveSubnet(s, n.subnet)
}

// endpointAt names the interface endpoint that an interface belongs to, "" for
// interfaces of others.
func (w *World) endpointAt(n *nic) string {
	if e := w.ends[n]; e != nil {
		return e.res.ID
	}
	if n.kind == "vpc_endpoint" {
		return n.id
	}
	return ""
}

// source holds the packets against the addresses of the interface that sends
// them (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html).
func (k *walk) source(s *state, n *nic) {
	if !n.checked || n.vague != nil || k.back {
		return
	}
	own := cidr.Of(cidr.Boxes(n.addrs, cidr.AllAddrs(), cidr.AllProtos(), cidr.AllPorts(), cidr.AllPorts(), cidr.AllPorts(), cidr.AllPorts())...)
	if own.Covers(packetsOf(s.pieces)) {
		return
	}
	f := filter{yes: own, may: own}
	k.sieve(s, f, "eni", n.id, func(cidr.Set) string { return "source/destination check" }, func() Blocker {
		return Blocker{Code: "ENI_SOURCE_DEST_CHECK_RESTRICTION", Resource: n.id, Fix: "Turn off the source/destination check of " + n.id + "."}
	})
}

// groups holds the packets against the security groups of an interface.
func (k *walk) groups(s *state, n *nic, in bool) {
	if n.noGroups {
		return
	}
	set := packetsOf(s.pieces)
	ids, _ := k.w.ruleNames(n, in, s.ident, set)
	f := k.w.allows(n, in, s.ident)
	k.sieve(s, f, "sg", ids, func(passed cidr.Set) string {
		if !f.may.Overlaps(passed) {
			return ""
		}
		_, rule := k.w.ruleNames(n, in, s.ident, passed)
		return rule
	}, func() Blocker { return k.groupBlocker(s, n, in, set) })
}

func (k *walk) groupBlocker(s *state, n *nic, in bool, set cidr.Set) Blocker {
	word, way := "outbound", "to"
	if in {
		word, way = "inbound", "from"
	}
	b := Blocker{Code: "SG_HAS_NO_RULES"}
	for i, g := range n.groups {
		if i == 0 {
			b.Resource = g.res.ID
		}
		if in && len(g.in) > 0 || !in && len(g.out) > 0 {
			b.Code = "ENI_SG_RULES_MISMATCH"
		}
	}
	if in && s.ident.vpc == nil && s.origin != nil {
		sent := make([]cidr.Box, 0, len(s.pieces)) // with the senders that they had
		for _, p := range s.pieces {
			x := p.cur
			x.Src = p.orig.Src
			sent = append(sent, x)
		}
		if k.w.allows(n, true, identity{vpc: s.origin}).may.Overlaps(cidr.Of(sent...)) {
			b.Code = s.ident.lost
			if b.Code == "SG_REFERENCING_SUPPORT" {
				b.Fix = "Turn on security group referencing at the transit gateway and its attachments, or let " + b.Resource + " admit addresses."
			}
		}
	}
	peer, proto, ports := k.edit(set, in)
	if b.Fix == "" {
		b.Fix = "Add to " + b.Resource + " an " + word + " rule: " + proto + " " + ports + " " + way + " " + peer + "."
	}
	if len(n.groups) > 0 {
		b.change = &change{res: n.groups[0].res, kind: "group", in: in, rule: ruleFor(set, in)}
	}
	return b
}

// edit describes packets for a fix.
func (k *walk) edit(set cidr.Set, in bool) (peer, proto, ports string) {
	r := ruleFor(set, in)
	return shortAddrs(r.peer), protoText(r.protos), portText(r.protos, r.ports)
}

// leaveSubnet takes packets on from somewhere in a subnet. What goes to the same
// subnet meets no route table and no network ACL
// (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html).
func (k *walk) leaveSubnet(s *state, sub *subnet) {
	if k.tired(s) {
		return
	}
	if near := s.to(sub.cidrs); near != nil {
		if s.classic {
			n := len(near.blocks)
			k.acl(near, sub, false)
			if len(near.blocks) > n {
				near.blocks[n].Code = "ELB_ACL_RESTRICTION"
			}
			near.classic = false
		}
		k.enterSubnet(near, sub, false)
	}
	rest := s.to(cidr.AllAddrs().Minus(sub.cidrs))
	if rest == nil {
		return
	}
	k.trail.asks(sub)
	if sub.table == nil {
		k.unknown(rest, spot{subnet: sub}, sub.tblWhy)
		return
	}
	k.route(rest, sub.table, sub)
}

// acl holds packets that cross a subnet's edge against its network ACL.
func (k *walk) acl(s *state, sub *subnet, in bool) {
	k.trail.asks(sub)
	if sub.acl == nil {
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(sub.aclWhy)
		}
		s.hop("nacl", "", sub.aclWhy.String(), true)
		return
	}
	a := sub.acl
	f, rules := a.outSet, a.out
	if in {
		f, rules = a.inSet, a.in
	}
	if more := k.w.added("acl", a.res, in); !more.Empty() {
		f = f.union(sure(more))
	}
	set := packetsOf(s.pieces)
	k.sieve(s, f, "nacl", a.res.ID, func(set cidr.Set) string { return deciding(rules, set) }, func() Blocker {
		word, way := "outbound", "to"
		if in {
			word, way = "inbound", "from"
		}
		peer, proto, ports := k.edit(set, in)
		return Blocker{Code: "SUBNET_ACL_RESTRICTION", Resource: a.res.ID, Rule: deciding(rules, set),
			Fix:    "Add to " + a.res.ID + " an " + word + " rule before " + deciding(rules, set) + " that allows " + proto + " " + ports + " " + way + " " + peer + ".",
			change: &change{res: a.res, kind: "acl", in: in, rule: ruleFor(set, in)}}
	})
}

// enterSubnet takes packets into a subnet and to whoever has their destination.
func (k *walk) enterSubnet(s *state, sub *subnet, crossing bool) {
	if crossing {
		k.acl(s, sub, true)
	}
	s.zone = sub.zone
	if k.back && k.unNAT(s, sub) {
		return
	}
	left := destinations(s.pieces)
	for _, n := range k.goal.nics {
		if n.subnet != sub {
			continue
		}
		if mine := s.to(n.addrs); mine != nil {
			left = left.Minus(n.addrs)
			k.enterNIC(mine, n)
		}
	}
	if k.goal.subnets(sub) {
		here := k.goal.addrs.Intersect(left).Intersect(sub.cidrs)
		if mine := s.to(here); mine != nil {
			left = left.Minus(here)
			k.nobody(mine, sub)
		}
	}
	if rest := s.to(left); rest != nil {
		k.stranger(rest, sub)
	}
}

// stranger ends packets for an address that is not of the place they go to.
func (k *walk) stranger(s *state, sub *subnet) {
	if k.goal.literal {
		for _, n := range sub.vpc.nics {
			if n.subnet != sub || n.vague != nil {
				continue
			}
			if mine := s.to(n.addrs); mine != nil {
				k.enterNIC(mine, n)
				if s = s.to(cidr.AllAddrs().Minus(n.addrs)); s == nil {
					return
				}
			}
		}
		k.nobody(s, sub)
		return
	}
	s.hop("subnet", sub.id(), "", false)
	k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: sub.id(), Fix: "No interface in " + sub.id() + " has the address " + shortAddrs(destinations(s.pieces)) + "."})
}

// nobody ends packets for an address of the subnet that no interface has: there
// is nobody to take them, unless the question is what would be if there were.
func (k *walk) nobody(s *state, sub *subnet) {
	if k.hypothetical {
		s.hop("subnet", sub.id(), "", true)
		k.end(s, spot{subnet: sub}, true)
		return
	}
	if why := k.w.gap(sub.vpc, "AWS::EC2::NetworkInterface"); why != nil {
		k.unknown(s, spot{subnet: sub}, why)
		return
	}
	s.hop("subnet", sub.id(), "", false)
	s.block(k, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: sub.id(), Fix: "No interface in " + sub.id() + " has the address " + shortAddrs(destinations(s.pieces)) + ": give it to one."})
	k.end(s, spot{subnet: sub}, true)
}

// enterNIC takes packets into an interface that is where they go.
func (k *walk) enterNIC(s *state, n *nic) {
	if s.origin == nil {
		s.ident = identity{}
	}
	// Whoever sends to its own public address gets that from outside: its groups
	// have seen it leave, not come.
	if known := slices.Contains(s.tracked, n); !known || !k.back && s.entered == "igw" {
		k.groups(s, n, true)
	}
	s.tracked = append(s.tracked, n)
	s.hop("eni", n.id, "", true)
	if n.kind == "nat_gateway" && !k.back {
		// "External services cannot initiate a connection" through it, nor to it
		// (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html).
		s.hops[len(s.hops)-1].Passed = false
		s.block(k, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: n.id, Fix: "A NAT gateway takes answers only: send to who is behind it by another way."})
	}
	k.end(s, spot{nic: n}, true)
}
