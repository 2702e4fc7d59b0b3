package network

import (
	"net/netip"
	"slices"

	"github.com/haetae/haetae/cidr"
)

// between is all packets between some addresses.
func between(src, dst cidr.Addrs) cidr.Set {
	m := match{protos: cidr.AllProtos(), ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	return cidr.Of(m.boxes(src, dst)...)
}

// sure is a filter of which all is known.
func sure(s cidr.Set) filter { return filter{yes: s, may: s} }

func noRule(cidr.Set) string { return "" }

func ranges(list ...string) cidr.Addrs {
	var out cidr.Addrs
	for _, s := range list {
		out = out.Union(cidr.Prefix(netip.MustParsePrefix(s)))
	}
	return out
}

// private18 and shared98 are what internet gateways refuse, by the RFC that sets
// them apart.
func private18() cidr.Addrs { return ranges("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16") }
func shared98() cidr.Addrs  { return ranges("100.64.0.0/10") }

// refuse holds packets against addresses that a gateway does not take.
func (k *walk) refuse(s *state, gate *gateway, src bool, bad cidr.Addrs, code string) {
	if !destinations(s.pieces).Overlaps(bad) && !src {
		return
	}
	good := cidr.AllAddrs().Minus(bad)
	set := between(cidr.AllAddrs(), good)
	if src {
		set = between(good, cidr.AllAddrs())
	}
	if set.Covers(packetsOf(s.pieces)) {
		return
	}
	k.sieve(s, sure(set), "igw", gate.res.ID, noRule, func() Blocker {
		return Blocker{Code: code, Resource: gate.res.ID, Fix: "Internet gateways carry no private addresses: use a public one, or connect the networks by peering, a transit gateway or VPN."}
	})
}

// attached notes when a gateway is not attached to the VPC.
func (k *walk) attached(s *state, v *vpc, gate *gateway) {
	ok := gate.vpc == v && gate.state != "detaching" && gate.state != "detached"
	s.hop(gate.kind, gate.res.ID, "", ok)
	if !ok {
		s.block(k, Blocker{Code: "BAD_STATE_ATTACHMENT", Resource: gate.res.ID, Fix: "Attach " + gate.res.ID + " to " + v.id() + "."})
	}
}

// guard holds packets against VPC Block Public Access.
func (k *walk) guard(s *state, v *vpc, sub *subnet) {
	if len(s.walls) > 0 {
		sub = nil // an excluded subnet does not help what goes through an endpoint in it
	}
	b := k.w.blockingOf(v, sub)
	if b.why != nil {
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(b.why)
		}
	}
	// Ingress-only blocking leaves the traffic of NAT gateways and egress-only
	// internet gateways, through which nobody can begin a connection from outside,
	// and no other
	// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_BlockPublicAccessStates.html).
	closed := b.mode == "block-bidirectional" || b.mode == "block-ingress" && !s.viaNAT
	if !closed || k.back && b.mode == "block-ingress" && slices.ContainsFunc(k.fwd.blocks, func(o Blocker) bool { return o.Code == "VPC_BLOCK_PUBLIC_ACCESS_ENABLED" && o.Resource == v.id() }) {
		return // or it was said on the way there
	}
	s.hop("block-public-access", v.id(), b.mode, false)
	where := v.id()
	if sub != nil {
		where = sub.id()
	}
	s.block(k, Blocker{Code: "VPC_BLOCK_PUBLIC_ACCESS_ENABLED", Resource: v.id(), Rule: b.mode,
		Fix: "Exclude " + where + " from VPC Block Public Access, or turn it off.", change: &change{res: v.res, kind: "exclusion"}})
}

// toInternet takes packets out through an internet gateway, which gives each
// private address its public one
// (https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html).
func (k *walk) toInternet(s *state, v *vpc, gate *gateway, sub *subnet) {
	k.attached(s, v, gate)
	k.guard(s, v, sub)
	k.refuse(s, gate, false, private18(), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS")
	k.refuse(s, gate, false, shared98(), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS")
	k.redirected(s, gate)
	k.publish(s, v, gate)
	s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	s.entered = "igw"
	k.abroad(s, gate)
}

// redirected notes when what comes in for the senders is sent to an appliance
// first: then what they send must go through it too.
func (k *walk) redirected(s *state, gate *gateway) {
	if gate.table == nil {
		return
	}
	var src cidr.Addrs
	for _, p := range s.pieces {
		src = src.Union(p.cur.Src)
	}
	s.pieces = withoutFact(s.pieces, gate.table.why)
	for _, b := range gate.table.lookup(src) {
		if b.route == nil {
			continue
		}
		id := ""
		switch c := b.route.target.comp.(type) {
		case *nic:
			id = c.id
		case *endpoint:
			id = c.res.ID
		}
		if id != "" && !slices.Contains(s.been, id) {
			s.block(k, Blocker{Code: "INGRESS_RTB_TRAFFIC_REDIRECTION", Resource: gate.table.res.ID, Rule: b.route.text,
				Fix: "Route the internet through " + id + " in the subnet's route table too: " + gate.table.res.ID + " sends what comes in through it."})
			return
		}
	}
}

// publish gives every private source its public address.
func (k *walk) publish(s *state, v *vpc, gate *gateway) {
	var passed, rest []piece
	for _, p := range s.pieces {
		if six, ok := p.from(cidr.All6()); ok {
			if out, ok := six.from(globalSix()); ok {
				passed = append(passed, out)
			}
		}
		four, ok := p.from(cidr.All4())
		if !ok {
			continue
		}
		left := four.cur.Src
		for _, n := range v.nics {
			for _, x := range k.w.pairsOf(n) {
				if n.vague != nil && !slices.Contains(s.tracked, n) && !s.viaNAT {
					continue // some address of the subnet, but not this one
				}
				if !x.private.Overlaps(left) {
					continue
				}
				if mine, ok := four.from(x.private.Intersect(left)); ok {
					passed = append(passed, mine.setSrc(x.public))
					left = left.Minus(x.private)
				}
			}
			if n.publicWhy != nil {
				if mine, ok := four.from(n.addrs.Intersect(left)); ok {
					passed = append(passed, mine.setSrc(internetFour()).lacks(n.publicWhy))
					left = left.Minus(n.addrs)
				}
			}
		}
		if four, ok := four.from(left); ok {
			rest = append(rest, four)
		}
	}
	if len(passed) > 0 {
		if len(rest) > 0 {
			s.losses = append(s.losses, k.noPublic(s, gate))
		}
		s.hop("translation", gate.res.ID, "", true)
		s.pieces = passed
		return
	}
	if k.back && slices.ContainsFunc(k.fwd.blocks, func(b Blocker) bool { return b.Code == "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS" }) {
		return // it was said on the way in
	}
	s.hop("translation", gate.res.ID, "", false)
	if s.entered == "" && len(rest) > 0 && !v.cidrs.Overlaps(rest[0].cur.Src) {
		s.block(k, Blocker{Code: "GATEWAY_REJECTS_SPOOFED_TRAFFIC", Resource: gate.res.ID, Fix: "Send from an address of " + v.id() + "."})
		return
	}
	s.block(k, k.noPublic(s, gate))
}

func (k *walk) noPublic(s *state, gate *gateway) Blocker {
	id := ""
	for _, n := range s.tracked {
		id = n.id
	}
	return Blocker{Code: "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", Resource: gate.res.ID,
		Fix: "Associate a public address with " + id + ", or route through a NAT gateway.", change: k.publicChange(s.tracked)}
}

// publicChange gives the interface a public address.
func (k *walk) publicChange(list []*nic) *change {
	if len(list) == 0 {
		return nil
	}
	return &change{res: list[len(list)-1].res, kind: "public", nic: list[len(list)-1]}
}

// abroad is the internet: packets are there, or go into a VPC by a public
// address.
func (k *walk) abroad(s *state, gate *gateway) {
	g := k.goal
	left := destinations(s.pieces)
	if g.public && g.vpc != nil {
		if in := s.to(g.addrs.Intersect(left)); in != nil {
			left = left.Minus(g.addrs)
			k.fromInternet(in, g.vpc)
		}
	}
	if g.literal {
		for _, v := range k.w.vpcs {
			for _, n := range v.nics {
				for _, p := range n.pairs {
					if _, one := p.public.Single(); one {
						if in := s.to(p.public.Intersect(left)); in != nil {
							left = left.Minus(p.public)
							k.fromInternet(in, v)
						}
					}
				}
			}
		}
	}
	if g.literal || k.back && !g.internet {
		for _, v := range k.w.vpcs {
			// Addresses of IPv6 are public by themselves.
			if in := s.to(v.cidrs.Six().Intersect(globalSix()).Intersect(left)); in != nil {
				left = left.Minus(v.cidrs.Six())
				k.fromInternet(in, v)
			}
		}
	}
	rest := s.to(left)
	if rest == nil {
		return
	}
	if (g.internet || g.literal) && g.exit == nil {
		if out := rest.to(g.addrs); out != nil {
			k.end(out, spot{exit: gate}, true)
			return
		}
	}
	if len(rest.blocks) > 0 && g.public && g.vpc != nil {
		k.fromInternet(rest, g.vpc) // what is asked is known to be stopped; go on
		return
	}
	k.lost(rest, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: gate.res.ID, Fix: "Nothing that is asked for has the public address " + shortAddrs(left) + "."})
}

// fromInternet takes packets into a VPC through its internet gateway.
func (k *walk) fromInternet(s *state, v *vpc) {
	s.entered = "igw"
	if !s.returned { // what it went through on its way out may be on its way in too, once
		s.returned, s.been = true, nil
	}
	s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	gate := v.igw
	if k.back && slices.ContainsFunc(k.fwd.hops, func(h Hop) bool { return h.Kind == "eigw" }) {
		s.viaNAT = true
		k.guard(s, v, v.subnetAt(destinations(s.pieces).First()))
		k.local(s, v, nil) // the egress-only gateway knows whose answers they are
		return
	}
	if gate == nil {
		if why := k.w.gap(v, "AWS::EC2::InternetGateway"); why != nil {
			k.unknown(s, spot{vpc: v}, why)
			return
		}
		gate = &gateway{res: v.res, kind: "igw", vpc: v}
		s.hop("igw", "", "", false)
		s.block(k, Blocker{Code: "NO_PATH", Resource: v.id(), Fix: "Attach an internet gateway to " + v.id() + "."})
	} else {
		k.attached(s, v, gate)
	}
	k.refuse(s, gate, true, private18(), "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS")
	k.refuse(s, gate, true, shared98(), "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS")
	if k.back && k.fromRegional(s, v) {
		return
	}
	for _, part := range k.admit(s, v, gate) {
		sub := v.subnetAt(destinations(part.pieces).First())
		if gate.inspects(destinations(part.pieces)) {
			sub = nil // an excluded subnet does not help what goes through an endpoint
		}
		part.viaNAT = k.back && slices.ContainsFunc(part.pieces, func(p piece) bool { return p.forNAT() })
		k.guard(part, v, sub)
		k.ingress(part, v, gate)
	}
}

// forNAT tells whether the NAT gateway that the packets went through last is where
// their answers are now.
func (p piece) forNAT() bool {
	n := len(p.nats)
	return n > 0 && p.nats[n-1].nat.natives.Overlaps(p.cur.Dst)
}

// inspects tells whether the gateway's own table leads to an endpoint.
func (g *gateway) inspects(dst cidr.Addrs) bool {
	if g.table == nil {
		return false
	}
	return slices.ContainsFunc(g.table.lookup(dst), func(b branch) bool {
		if b.route == nil {
			return false
		}
		_, is := b.route.target.comp.(*endpoint)
		return is
	})
}

// admit gives every public destination its private address.
func (k *walk) admit(s *state, v *vpc, gate *gateway) []*state {
	var out []*state
	left := destinations(s.pieces)
	take := func(public, private cidr.Addrs) {
		if public = public.Intersect(left); public.Empty() {
			return
		}
		part := s.to(public)
		if part == nil {
			return
		}
		if _, exact := public.Single(); exact {
			left = left.Minus(public)
		}
		for i, p := range part.pieces {
			if !private.Equal(public) {
				p = p.setDst(private)
			}
			part.pieces[i] = p
		}
		part.hop("translation", gate.res.ID, shortAddrs(private), true)
		out = append(out, part)
	}
	for _, n := range v.nics {
		if !k.meant(s, n) {
			continue
		}
		for _, p := range k.w.pairsOf(n) {
			take(p.public, p.private)
		}
		if n.publicWhy != nil && len(k.w.pairsOf(n)) == 0 {
			if part := s.clone(); len(part.pieces) > 0 {
				for i, p := range part.pieces {
					part.pieces[i] = p.setDst(n.addrs.Four()).lacks(n.publicWhy)
				}
				out = append(out, part)
				left = cidr.Addrs{}
			}
		}
	}
	if six := s.to(v.cidrs.Six()); six != nil {
		left = left.Minus(v.cidrs)
		out = append(out, six)
	}
	if len(out) > 0 {
		return out
	}
	b := Blocker{Code: "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", Resource: gate.res.ID, Fix: "No interface of " + v.id() + " has the public address " + shortAddrs(left) + "."}
	list := k.goal.nics
	if k.back {
		list = nil
	}
	if len(list) > 0 {
		b.Fix = "Associate a public address with " + list[0].id + "."
		b.change = &change{res: list[0].res, kind: "public", nic: list[0]}
	}
	if outside := k.goal.addrs; !k.back && len(k.goal.nics) == 0 && !outside.Overlaps(v.cidrs) {
		b = Blocker{Code: "IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS", Resource: gate.res.ID, Fix: shortAddrs(outside) + " is not in the ranges of " + v.id() + "."}
	}
	if k.back && len(k.fwd.blocks) == 0 || !k.back {
		s.hop("translation", gate.res.ID, "", false)
		s.block(k, b)
	}
	var inside cidr.Addrs
	for _, n := range k.goal.nics {
		if n.vpc == v {
			inside = inside.Union(n.addrs)
		}
	}
	if inside.Empty() {
		inside = k.goal.addrs.Intersect(v.cidrs)
	}
	if inside.Empty() {
		k.end(s, spot{}, false)
		return nil
	}
	for i, p := range s.pieces {
		q := p.setDst(inside)
		if k.back {
			q = p
			q.cur.Dst = inside
			q.frozen &^= fieldSrc
		}
		s.pieces[i] = q
	}
	return []*state{s}
}

// meant tells whether an interface may be where the packets go: others have the
// same placeholder for a public address that is not known.
func (k *walk) meant(s *state, n *nic) bool {
	for _, p := range n.pairs {
		if _, exact := p.public.Single(); exact {
			return true
		}
	}
	if k.back {
		for _, p := range s.pieces {
			for _, r := range p.nats {
				if slices.Contains(r.nat.nics, n) {
					return true
				}
			}
		}
	}
	return slices.Contains(k.goal.nics, n)
}

// ingress takes packets from a gateway into the VPC: along the gateway's own
// route table when it has one
// (https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html).
func (k *walk) ingress(s *state, v *vpc, gate *gateway) {
	if gate.table == nil {
		k.local(s, v, nil)
		return
	}
	s.pieces = withoutFact(s.pieces, gate.table.why) // there may be a longer prefix
	for _, b := range gate.table.lookup(destinations(s.pieces)) {
		part := s.to(b.dest)
		if part == nil {
			continue
		}
		if b.route == nil && gate.table.why != nil {
			k.unknown(part, spot{vpc: v}, gate.table.why)
			continue
		}
		if b.route == nil {
			part.hop("route-table", gate.table.res.ID, "", false)
			k.lost(part, Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: gate.table.res.ID, Fix: "Add a route for " + shortAddrs(b.dest) + " to " + gate.table.res.ID + "."})
			continue
		}
		part.hop("route-table", gate.table.res.ID, b.route.text, !b.route.bad)
		if b.route.bad {
			part.block(k, Blocker{Code: "BAD_STATE_ROUTE", Resource: gate.table.res.ID, Rule: b.route.text, Fix: "The route " + b.route.text + " of " + gate.table.res.ID + " leads to " + b.route.target.id + ", which is gone."})
			k.local(part, v, nil)
			continue
		}
		switch c := b.route.target.comp.(type) {
		case *nic:
			if in := destinations(part.pieces); gate.kind == "igw" && (!in.Four().Empty() && c.publics().Four().Empty() || !in.Six().Empty() && c.publics().Six().Empty()) {
				part.block(k, Blocker{Code: "INGRESS_RTB_NO_PUBLIC_IP", Resource: c.id, Rule: b.route.text, Fix: "Associate a public address with " + c.id + "."})
			}
			k.throughNIC(part, c, nil)
		case *endpoint:
			if gate.kind == "vgw" {
				// A virtual private gateway drops what it would have to send to an endpoint.
				part.block(k, Blocker{Code: "BAD_STATE_ROUTE", Resource: gate.table.res.ID, Rule: b.route.text, Fix: "A virtual private gateway cannot route to an endpoint: use a transit gateway."})
			}
			k.intoEndpoint(part, v, c, nil)
		default:
			if to := b.route.target; to.comp == nil && to.kind != "local" {
				k.unknown(part, spot{vpc: v}, firstWhy(k.w.unlistedTarget(gate.table, to), missing("UNKNOWN_RESOURCE: what "+to.id+" does, to which "+gate.table.res.ID+" routes")))
				continue
			}
			k.local(part, v, nil)
		}
	}
}

// toEgressOnly takes packets of IPv6 out; nobody can begin from outside
// (https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html).
func (k *walk) toEgressOnly(s *state, v *vpc, gate *gateway, sub *subnet) {
	k.attached(s, v, gate)
	own := between(v.cidrs.Intersect(globalSix()), cidr.All6())
	if !own.Covers(packetsOf(s.pieces)) {
		k.sieve(s, sure(own), "eigw", gate.res.ID, noRule, func() Blocker {
			return Blocker{Code: "PROTOCOL_RESTRICTION", Resource: gate.res.ID, Fix: "An egress-only internet gateway is for public addresses of IPv6 only: use a NAT gateway for IPv4."}
		})
	}
	if !k.back {
		s.viaNAT = true
	}
	k.guard(s, v, sub)
	if k.back && !k.fwd.viaNAT {
		s.block(k, Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: gate.res.ID,
			Fix: "An egress-only internet gateway passes only what was begun inside: route to the internet gateway."})
	}
	s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	s.entered = "igw"
	k.abroad(s, gate)
}

// toCustomer takes packets to the network behind a virtual private gateway.
func (k *walk) toCustomer(s *state, v *vpc, gate *gateway) {
	k.attached(s, v, gate)
	if s.entered == "" {
		k.owned(s, v, gate, true)
	} else {
		s.block(k, Blocker{Code: "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", Resource: gate.res.ID, Fix: "A virtual private gateway carries only what interfaces of its own VPC send: use a transit gateway."})
	}
	k.tunnel(s, gate.vpns, gate.res.ID)
	g := k.goal
	if g.literal || g.exit == gate {
		k.end(s, spot{exit: gate}, true)
		return
	}
	k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: gate.res.ID, Fix: "Behind " + gate.res.ID + " is a customer's network, not what is asked for."})
}

// tunnel notes when every connection is down.
func (k *walk) tunnel(s *state, list []*vpn, id string) {
	if len(list) == 0 || slices.ContainsFunc(list, func(x *vpn) bool { return !x.down }) {
		return
	}
	s.hop("vpn", list[0].res.ID, "", false)
	s.block(k, Blocker{Code: "BAD_STATE_VPN", Resource: list[0].res.ID, Fix: "Bring up a tunnel of " + list[0].res.ID + ": all are down."})
}

// owned holds packets against the addresses of the VPC's interfaces: a virtual
// private gateway carries no others.
func (k *walk) owned(s *state, v *vpc, gate *gateway, out bool) {
	var own cidr.Addrs
	for _, n := range v.nics {
		own = own.Union(n.addrs)
	}
	for _, g := range k.goal.nics {
		own = own.Union(g.addrs)
	}
	why := k.w.gap(v, "AWS::EC2::NetworkInterface")
	if out || k.goal.layers || k.hypothetical {
		own = own.Union(v.cidrs)
	}
	f := sure(between(own, cidr.AllAddrs()))
	b := Blocker{Code: "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", Resource: gate.res.ID, Fix: "A virtual private gateway takes only what interfaces of its VPC send."}
	if !out {
		f = sure(between(cidr.AllAddrs(), own))
		b = Blocker{Code: "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", Resource: gate.res.ID, Fix: "A virtual private gateway delivers only to private addresses of interfaces of its VPC."}
	}
	if f.yes.Covers(packetsOf(s.pieces)) {
		return
	}
	if why != nil {
		f.may, f.why = cidr.All(), why
	}
	k.sieve(s, f, "vgw", gate.res.ID, noRule, func() Blocker { return b })
}

// fromCustomer takes packets in from the network behind a virtual private gateway.
func (k *walk) fromCustomer(s *state, gate *gateway) {
	if gate.vpc == nil {
		s.hop("vgw", gate.res.ID, "", false)
		k.lost(s, Blocker{Code: "UNASSOCIATED_COMPONENT", Resource: gate.res.ID, Fix: "Attach " + gate.res.ID + " to a VPC."})
		return
	}
	s.entered, s.origin = "vgw", nil
	s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	k.tunnel(s, gate.vpns, gate.res.ID)
	k.attached(s, gate.vpc, gate)
	k.owned(s, gate.vpc, gate, false)
	k.ingress(s, gate.vpc, gate)
}
