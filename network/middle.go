package network

import (
	"slices"

	"github.com/haetae/haetae/cidr"
)

// highPorts are what NAT gateways and load balancers send from.
func highPorts() cidr.Ports { return cidr.PortRange(1024, 65535) }

// throughNAT takes packets through a NAT gateway: TCP, UDP and ICMP, with the
// gateway's address and a port of its own
// (https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html).
func (k *walk) throughNAT(s *state, v *vpc, n *nat, sub *subnet) {
	if k.back {
		// An answer to packets that did not come through it: it knows no connection.
		s.hop("nat", n.res.ID, "", false)
		k.lost(s, Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: lastTable(s.hops), Rule: lastRule(s.hops),
			Fix: "The answers go through " + n.res.ID + ", which the packets did not: route them the way that the packets came."})
		return
	}
	work := n.state == "" || n.state == "available"
	if !work {
		s.block(k, Blocker{Code: "BAD_STATE", Resource: n.res.ID, Fix: "Replace " + n.res.ID + ": it is " + n.state + "."})
	}
	if s.entered == "pcx" || s.entered == "vgw" {
		s.block(k, Blocker{Code: "NGW_REQUIRES_SOURCE_IN_VPC", Resource: n.res.ID, Fix: "A NAT gateway serves its own VPC only: give the senders' VPC one, or use a transit gateway."})
	}
	if n.region {
		if len(n.zonal) > 0 && s.zone != "" && !slices.Contains(n.zonal, s.zone) {
			s.block(k, Blocker{Code: "REGIONAL_NGW_ROUTE_AZ_RESTRICTION", Resource: n.res.ID, Fix: "Add " + s.zone + " to the zones of " + n.res.ID + "."})
		}
		s.hop("nat", n.res.ID, "", work)
		if k.rewrite(s, n) && v.igw != nil {
			s.viaNAT = true
			k.toInternetAs(s, v, n)
		}
		return
	}
	if len(n.nics) == 0 || n.nics[0].subnet == nil {
		s.hop("nat", n.res.ID, "", work)
		k.unknown(s, spot{vpc: v}, missing("the subnet of "+n.res.ID, "ec2:DescribeSubnets"))
		return
	}
	own := n.nics[0].subnet
	if sub != own {
		k.acl(s, own, true)
	}
	if six := s.to(ranges("64:ff9b::/96")); six != nil {
		six.hop("nat", n.res.ID, "NAT64", true)
		k.unknown(six, spot{vpc: v}, missing("what "+n.res.ID+" makes of 64:ff9b::/96: haetae does not model NAT64"))
		if s = s.to(cidr.AllAddrs().Minus(ranges("64:ff9b::/96"))); s == nil {
			return
		}
	}
	s.hop("nat", n.res.ID, "", work)
	if !k.rewrite(s, n) {
		return
	}
	s.zone, s.viaNAT, s.entered = own.zone, true, ""
	s.tracked = append(s.tracked, n.nics[0])
	if s.again(n.res.ID) {
		k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: own.id(), Fix: "The subnet of " + n.res.ID + " routes back to it: route to the internet gateway there."})
		return
	}
	k.leaveSubnet(s, own)
}

// toInternetAs takes packets of a regional NAT gateway out: it has no subnet.
func (k *walk) toInternetAs(s *state, v *vpc, n *nat) {
	k.attached(s, v, v.igw)
	k.guard(s, v, nil)
	for i, p := range s.pieces {
		public := cidr.Addrs{}
		for _, x := range n.nics {
			for _, pr := range x.pairs {
				public = public.Union(pr.public)
			}
		}
		if public.Empty() {
			public = internetFour()
		}
		s.pieces[i] = p.setSrc(public)
	}
	s.entered = "igw"
	k.abroad(s, v.igw)
}

// rewrite gives packets the address and ports of a NAT gateway.
func (k *walk) rewrite(s *state, n *nat) bool {
	protos := cidr.Ported().Union(cidr.Proto(cidr.ICMP))
	m := match{protos: protos, ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	set := cidr.Of(m.boxes(cidr.All4(), cidr.All4())...)
	if !set.Covers(packetsOf(s.pieces)) {
		k.sieve(s, sure(set), "nat", n.res.ID, noRule, func() Blocker {
			return Blocker{Code: "PROTOCOL_RESTRICTION", Resource: n.res.ID, Fix: "NAT gateways carry TCP, UDP and ICMP of IPv4 only; for IPv6 use an egress-only internet gateway."}
		})
	}
	s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	for i, p := range s.pieces {
		p.nats = append(slices.Clip(p.nats), rewrite{nat: n, src: p.cur.Src, a: p.cur.A, frozen: p.frozen & (fieldSrc | fieldA)})
		p = p.setSrc(n.natives)
		if !p.cur.Proto.Intersect(cidr.Ported()).Empty() {
			p.cur.A = highPorts()
			p.frozen |= fieldA
		}
		s.pieces[i] = p
	}
	return true
}

// unNAT gives answers that came to a NAT gateway back to whom they are for. It
// tells whether there were any.
func (k *walk) unNAT(s *state, sub *subnet) bool {
	var done []piece
	var through *nat
	for _, p := range s.pieces {
		if len(p.nats) == 0 {
			continue
		}
		last := p.nats[len(p.nats)-1]
		if len(last.nat.nics) == 0 || last.nat.nics[0].subnet != sub || !last.nat.natives.Overlaps(p.cur.Dst) {
			continue
		}
		through = last.nat
		done = append(done, p.restore())
	}
	if through == nil {
		return false
	}
	s.pieces = done
	if through.clients != nil {
		s.hop("client-vpn", through.res.ID, "", true)
		k.end(s, spot{}, true)
		return true
	}
	s.hop("nat", through.res.ID, "", true)
	k.leaveSubnet(s, sub)
	return true
}

// fromRegional gives answers back that came to a NAT gateway without a subnet. It
// tells whether there were any.
func (k *walk) fromRegional(s *state, v *vpc) bool {
	var done []piece
	for _, p := range s.pieces {
		if n := len(p.nats); n > 0 && p.nats[n-1].nat.region {
			done = append(done, p.restore())
		}
	}
	if len(done) == 0 {
		return false
	}
	s.pieces = done
	s.viaNAT = true
	k.guard(s, v, nil)
	k.local(s, v, nil)
	return true
}

// restore undoes what the last NAT gateway did.
func (p piece) restore() piece {
	last := p.nats[len(p.nats)-1]
	p.nats = p.nats[:len(p.nats)-1]
	p.cur.Dst = last.src
	p.frozen = p.frozen&^(fieldSrc|fieldA) | last.frozen
	if last.nat.clients == nil && !p.cur.Proto.Intersect(cidr.Ported()).Empty() {
		p.cur.B = last.a // a Client VPN endpoint leaves the port
	}
	p.sync()
	return p
}

// throughPeering takes packets over a peering connection. It is no way to a third
// network (https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html).
func (k *walk) throughPeering(s *state, v *vpc, p *peering) {
	other := p.other(v)
	s.hop("peering", p.res.ID, "", p.active())
	if !p.active() {
		s.block(k, Blocker{Code: "BAD_STATE", Resource: p.res.ID, Fix: "Accept " + p.res.ID + ": it is " + p.state + "."})
	}
	if v != p.sides[0] && v != p.sides[1] {
		k.lost(s, Blocker{Code: "BAD_STATE_ATTACHMENT", Resource: p.res.ID, Fix: p.res.ID + " does not connect " + v.id() + "."})
		return
	}
	set := between(v.cidrs, other.cidrs)
	if len(other.prefixes) > 0 && len(v.prefixes) > 0 && !set.Covers(packetsOf(s.pieces)) {
		k.sieve(s, sure(set), "peering", p.res.ID, noRule, func() Blocker {
			return Blocker{Code: "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", Resource: p.res.ID, Fix: "Over " + p.res.ID + " go only packets between " + v.id() + " and " + other.id() + "; for others use a transit gateway."}
		})
		if !packetsOf(s.pieces).Overlaps(set) {
			k.end(s, spot{}, false)
			return
		}
	}
	if v.res.Region != other.res.Region {
		// A security group of another Region cannot be referred to
		// (https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html).
		s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	}
	s.entered = "pcx"
	if other.res.Stub != nil {
		if k.goal.kind == "via" && k.goal.vpc == other {
			k.end(s, spot{vpc: other}, true)
			return
		}
		k.unknown(s, spot{vpc: other}, missing("UNKNOWN_DESTINATION: "+other.res.Stub.String()))
		return
	}
	k.local(s, other, nil)
}

// throughNIC takes packets through an appliance: an instance that forwards what
// is not for it. That it does is a condition that nobody can see from outside.
func (k *walk) throughNIC(s *state, n *nic, from *subnet) {
	if n.subnet == nil || k.tired(s) {
		k.unknown(s, spot{vpc: n.vpc}, missing("the subnet of "+n.id, "ec2:DescribeSubnets"))
		return
	}
	if mine := s.to(n.addrs); mine != nil {
		k.enterSubnet(mine, n.subnet, from != n.subnet) // what is for itself ends there
		if s = s.to(cidr.AllAddrs().Minus(n.addrs)); s == nil {
			return
		}
	}
	if from != n.subnet {
		k.acl(s, n.subnet, true)
	}
	known := slices.Contains(s.tracked, n)
	if !known {
		k.groups(s, n, true)
	}
	s.hop("appliance", n.id, "", !n.checked && !n.managed())
	switch {
	case n.managed():
		s.block(k, Blocker{Code: "ENI_ADDRESS_RESTRICTION", Resource: n.id, Fix: n.id + " belongs to a service of AWS, which forwards nothing: route to an instance."})
	case n.checked:
		s.block(k, Blocker{Code: "ENI_SOURCE_DEST_CHECK_RESTRICTION", Resource: n.id, Fix: "Turn off the source/destination check of " + n.id + "."})
	}
	for i, p := range s.pieces {
		s.pieces[i] = p.only(forwards(n))
	}
	s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	if !known {
		k.groups(s, n, false)
	}
	s.tracked = append(s.tracked, n)
	if s.again(n.id) {
		k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: n.id, Fix: "The subnet of " + n.id + " routes back to it."})
		return
	}
	s.zone = n.subnet.zone
	k.leaveSubnet(s, n.subnet)
}

// forwards is the condition on an appliance through which packets go.
func forwards(n *nic) string { return "the appliance at " + n.id + " forwards the packets unchanged" }

// passes is the condition on the appliances behind an endpoint.
func passes(e *endpoint) string { return "the appliances behind " + e.res.ID + " pass the packets" }

// again tells whether the packets were at something before, and notes that they
// are now.
func (s *state) again(id string) bool {
	if slices.Contains(s.been, id) {
		return true
	}
	s.been = append(s.been, id)
	return false
}

func lastRule(hops []Hop) string {
	for _, h := range slices.Backward(hops) {
		if h.Kind == "route-table" {
			return h.Rule
		}
	}
	return ""
}

// intoEndpoint takes packets to a VPC endpoint that a route names.
func (k *walk) intoEndpoint(s *state, v *vpc, e *endpoint, sub *subnet) {
	s.hop("endpoint", e.res.ID, "", e.ok())
	if !e.ok() {
		s.block(k, Blocker{Code: "BAD_STATE", Resource: e.res.ID, Fix: "Bring " + e.res.ID + " into service: it is " + e.state + "."})
	}
	if e.kind == "Gateway" {
		k.gatewayEndpoint(s, e)
		return
	}
	// An endpoint in a subnet gets packets from the subnet's edge.
	if len(e.subnets) > 0 && sub != e.subnets[0] {
		k.acl(s, e.subnets[0], true)
	}
	seen := !k.back || slices.Contains(k.fwd.walls, e)
	switch {
	case e.firewall == nil:
		for i, p := range s.pieces {
			s.pieces[i] = p.only(passes(e))
		}
	case k.back && seen:
		k.inspectBack(s, e.firewall)
	case !seen && len(k.fwd.blocks) == 0:
		k.unseen(s, v, e)
	default:
		k.inspect(s, e.firewall)
	}
	s.walls = append(s.walls, e)
	s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	if len(e.subnets) == 0 {
		k.unknown(s, spot{vpc: v}, missing("the subnet of "+e.res.ID, "ec2:DescribeVpcEndpoints", "ec2:DescribeSubnets"))
		return
	}
	if s.again(e.res.ID) {
		k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: e.res.ID, Fix: "The subnet of " + e.res.ID + " routes back to it."})
		return
	}
	s.zone = e.subnets[0].zone
	k.leaveSubnet(s, e.subnets[0])
}

// unseen holds answers against the firewall of an endpoint that did not see the
// packets which they answer: its stateful rules know no such connection, and an
// endpoint in another zone does not tell it. Only what the stateless rules pass
// gets through
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/asymmetric-routing.html).
func (k *walk) unseen(s *state, v *vpc, e *endpoint) {
	f := e.firewall
	if f.why != nil {
		k.inspect(s, f)
		return
	}
	b := Blocker{Code: "FIREWALL_RULES_RESTRICTION", Resource: f.res.ID,
		Fix: "The answers go through " + f.res.ID + " but the packets did not: a stateful firewall drops them. Route both ways through it."}
	if s.entered == "tgw" && len(k.fwd.walls) > 0 {
		// https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html
		b = Blocker{Code: "TGW_ATTACH_VPC_AZ_RESTRICTION", Resource: e.res.ID,
			Fix: "Turn on appliance mode for the attachment of " + v.id() + ": the answers go through " + e.res.ID + ", in another Availability Zone than the packets."}
	}
	b.unseen = true
	k.sieve(s, sure(f.passed), "firewall", f.res.ID, noRule, func() Blocker { return b })
}

// fromEndpoint lets an endpoint send: it begins no connections into its VPC, and
// what it answers comes from its service.
func (k *walk) fromEndpoint(s *state, e *endpoint) {
	s.hop("endpoint", e.res.ID, "", false)
	s.block(k, Blocker{Code: "VPCE_INTRA_VPC_TRAFFIC", Resource: e.res.ID, Fix: "Endpoints begin no connections: ask from the VPC to the endpoint."})
	own := k.w.servicePlace(e)
	if set := between(own.addrs, cidr.AllAddrs()); own.why == nil && !set.Overlaps(packetsOf(s.pieces)) {
		s.block(k, Blocker{Code: "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION", Resource: e.res.ID, Fix: "Only " + shortAddrs(own.addrs) + " answers through " + e.res.ID + "."})
	}
	k.end(s, spot{}, false)
}

// gatewayEndpoint takes packets to a service: TCP and echo requests only
// (https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html).
func (k *walk) gatewayEndpoint(s *state, e *endpoint) {
	if s.entered == "pcx" || s.entered == "vgw" || s.entered == "tgw" {
		k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: e.res.ID, Fix: "A gateway endpoint serves its own VPC only: use an interface endpoint."})
		return
	}
	tcp := match{protos: cidr.Proto(cidr.TCP), ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	set := cidr.Of(tcp.boxes(cidr.AllAddrs(), cidr.AllAddrs())...)
	for proto, echo := range map[int]int{cidr.ICMP: 8, cidr.ICMPv6: 128} {
		m := match{protos: cidr.Proto(proto), ports: cidr.AllPorts(), typ: cidr.PortRange(echo, echo), code: cidr.PortRange(0, 0)}
		set = set.Union(cidr.Of(m.boxes(cidr.AllAddrs(), cidr.AllAddrs())...))
	}
	if !set.Covers(packetsOf(s.pieces)) {
		k.sieve(s, sure(set), "endpoint", e.res.ID, noRule, func() Blocker {
			return Blocker{Code: "VPCE_GATEWAY_PROTOCOL_RESTRICTION", Resource: e.res.ID, Fix: "Gateway endpoints take TCP and ICMP echo only."}
		})
	}
	g := k.goal
	if g.point == e || g.literal || g.internet {
		k.end(s, spot{point: e}, true)
		return
	}
	k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: e.res.ID, Fix: "Behind " + e.res.ID + " is a service of AWS, not what is asked for."})
}

// intoHub takes packets from a VPC into a transit gateway.
func (k *walk) intoHub(s *state, v *vpc, h *hub, sub *subnet) {
	a := h.of(v)
	if a == nil {
		for _, o := range h.attachments {
			if o.vpcWhy != nil && (v.res.Declared() || o.vpcWhy.MayBe(v.id())) { // it may be this one's
				s.hop("tgw", h.res.ID, "", true)
				k.unknown(s, spot{vpc: v}, o.vpcWhy)
				return
			}
		}
		s.hop("tgw", h.res.ID, "", false)
		if h.res.Stub != nil {
			k.unknown(s, spot{vpc: v}, h.res.Stub)
			return
		}
		k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: h.res.ID, Fix: "Attach " + v.id() + " to " + h.res.ID + "."})
		return
	}
	// The attachment has an interface in one subnet of each zone, and only a zone
	// with one can send to it
	// (https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html).
	in := a.in(s.zone)
	switch {
	case a.subWhy != nil:
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(a.subWhy)
		}
	case in == nil:
		s.block(k, Blocker{Code: "TGW_ROUTE_AZ_RESTRICTION", Resource: a.res.ID, Fix: "Add a subnet in " + s.zone + " to " + a.res.ID + "."})
	default:
		// The inbound rules of the attachment's subnet count for what the VPC sends,
		// even from that subnet itself
		// (https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html).
		k.acl(s, in, true)
	}
	s.hop("attachment", a.res.ID, "", a.ok())
	if !a.ok() {
		s.block(k, Blocker{Code: "BAD_STATE_ATTACHMENT", Resource: a.res.ID, Fix: "Bring " + a.res.ID + " into service: it is " + a.state + "."})
	}
	if !h.refers || !a.refers {
		s.ident.vpc, s.ident.lost = nil, "SG_REFERENCING_SUPPORT"
	}
	k.hubRoute(s, a)
}

// hubRoute sends packets that came in by an attachment where its route table says.
func (k *walk) hubRoute(s *state, from *attachment) {
	if k.tired(s) {
		return
	}
	t := from.table
	want := k.intendedAttachment(from)
	if t == nil {
		if from.hub.res.Stub != nil || len(from.hub.tables) == 0 {
			k.unknown(s, spot{attach: from}, firstWhy(from.hub.res.Stub, from.hub.assocWhy, missing("the route table of "+from.res.ID, "ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayRouteTables")))
			return
		}
		if from.hub.assocWhy != nil && text(from.res.Observed["ResourceType"]) == "" {
			k.unknown(s, spot{attach: from}, from.hub.assocWhy) // the attachment does not say either
			return
		}
		s.hop("tgw-route-table", "", "", false)
		k.hubDetour(s, from, want, Blocker{Code: "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", Resource: from.res.ID, Fix: "Associate " + from.res.ID + " with a route table of " + from.hub.res.ID + "."})
		return
	}
	for _, c := range k.w.changed("hub-route", t.res) {
		if part := s.to(c.dest); part != nil {
			k.outOfHub(part, from, c.attach)
			if s = s.to(cidr.AllAddrs().Minus(c.dest)); s == nil {
				return
			}
		}
	}
	for _, b := range t.lookup(destinations(s.pieces)) {
		part := s.to(b.dest)
		if part == nil {
			continue
		}
		switch {
		case b.route == nil && t.why != nil:
			part.hop("tgw-route-table", t.res.ID, "", true)
			why := *t.why
			why.Detail = "TGW_RTB_ROUTES_ARE_UNKNOWN: the routes of " + t.res.ID + " (" + t.why.String() + ")"
			k.unknown(part, spot{attach: from}, &why)
		case b.route == nil:
			part.hop("tgw-route-table", t.res.ID, "", false)
			fix := "Add to " + t.res.ID + " a route for " + shortAddrs(b.dest) + "."
			if want != nil {
				fix = "Add to " + t.res.ID + " the route " + shortAddrs(b.dest) + " → " + want.res.ID + ", or let it propagate."
			}
			blocker := Blocker{Code: "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", Resource: t.res.ID, Fix: fix, change: hubChange(t, b.dest, want)}
			for _, r := range t.routes {
				if want != nil && slices.Contains(r.to, want) {
					blocker.Code, blocker.Rule = "TGW_RTB_CANNOT_ROUTE", r.text
				}
			}
			k.hubDetour(part, from, want, blocker)
		case b.route.bad:
			part.hop("tgw-route-table", t.res.ID, b.route.text, false)
			k.hubDetour(part, from, want, Blocker{Code: "TGW_RTB_BAD_STATE_ROUTE", Resource: t.res.ID, Rule: b.route.text, Fix: "Replace the blackhole route " + b.route.text + " of " + t.res.ID + ".", change: hubChange(t, b.dest, want)})
		default:
			k.hubBranch(part, t, from, want, b)
		}
	}
}

func hubChange(t *hubTable, dest cidr.Addrs, want *attachment) *change {
	if want == nil {
		return nil
	}
	return &change{res: t.res, kind: "hub-route", dest: dest, attach: want}
}

// hubBranch sends packets to the attachments of a route.
func (k *walk) hubBranch(s *state, t *hubTable, from, want *attachment, b hubBranch) {
	n := len(k.out)
	for _, to := range b.route.to {
		one := s.clone()
		one.hop("tgw-route-table", t.res.ID, b.route.text, true)
		if t.why != nil {
			for i, p := range one.pieces {
				one.pieces[i] = p.lacks(t.why)
			}
		}
		k.outOfHub(one, from, to)
	}
	if want == nil || slices.Contains(b.route.to, want) || slices.ContainsFunc(k.out[n:], func(o *state) bool { return o.arrived }) {
		return
	}
	blocker := Blocker{Code: "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", Resource: t.res.ID, Rule: b.route.text, Fix: "Add to " + t.res.ID + " a route for " + shortAddrs(b.dest) + " → " + want.res.ID + ".", change: hubChange(t, b.dest, want)}
	for _, r := range t.routes {
		if !slices.Contains(r.to, want) || !r.dest.Overlaps(b.dest) {
			continue
		}
		blocker.Code = "TGW_RTB_MORE_SPECIFIC_ROUTE"
		if r.prefix == b.route.prefix {
			blocker.Code = "TGW_RTB_HIGHER_PRIORITY_ROUTE"
		}
		blocker.Fix = "The route " + b.route.text + " of " + t.res.ID + " goes before the one to " + want.res.ID + ": remove it."
		break
	}
	one := s.clone()
	one.hop("tgw-route-table", t.res.ID, b.route.text, false)
	k.hubDetour(one, from, want, blocker)
}

func (k *walk) hubDetour(s *state, from, want *attachment, b Blocker) {
	if want == nil {
		k.lost(s, b)
		return
	}
	s.block(k, b)
	k.outOfHub(s, from, want)
}

// intendedAttachment is the attachment that leads to the goal, or nil.
func (k *walk) intendedAttachment(from *attachment) *attachment {
	g := k.goal
	if g.attach != nil && g.attach.hub == from.hub {
		return g.attach
	}
	if g.vpc != nil && !g.public {
		return from.hub.of(g.vpc)
	}
	return nil
}

// outOfHub takes packets out of a transit gateway by an attachment.
func (k *walk) outOfHub(s *state, from, to *attachment) {
	s.hop("attachment", to.res.ID, "", to.ok())
	if !to.ok() {
		s.block(k, Blocker{Code: "BAD_STATE_ATTACHMENT", Resource: to.res.ID, Fix: "Bring " + to.res.ID + " into service: it is " + to.state + "."})
	}
	if !to.refers {
		s.ident.vpc, s.ident.lost = nil, "SG_REFERENCING_SUPPORT"
	}
	switch to.kind {
	case "vpc":
		k.outToVPC(s, from, to)
		return
	case "vpn":
		if x, ok := k.w.of[to.res].(*vpn); ok && x.down {
			s.hop("vpn", x.res.ID, "", false)
			s.block(k, Blocker{Code: "TGW_BAD_STATE_VPN", Resource: x.res.ID, Fix: "Bring up a tunnel of " + x.res.ID + ": all are down."})
		} else if x := k.vpnNamed(to.remote, to.hub.res.Stack); x != nil && x.down {
			s.hop("vpn", x.res.ID, "", false)
			s.block(k, Blocker{Code: "TGW_BAD_STATE_VPN", Resource: x.res.ID, Fix: "Bring up a tunnel of " + x.res.ID + ": all are down."})
		}
	case "peering":
		// Groups are known within one transit gateway only
		// (https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html).
		s.ident.vpc, s.ident.lost = nil, "SG_REFERENCING_SUPPORT"
		if a := k.w.farSide(to); a != nil {
			k.hubRoute(s, a)
			return
		}
		if k.goal.attach != to {
			k.unknown(s, spot{attach: to}, missing("the transit gateway behind "+to.res.ID, "ec2:DescribeTransitGateways"))
			return
		}
	}
	if k.goal.attach == to || k.goal.literal {
		k.end(s, spot{attach: to}, true)
		return
	}
	if to.kind == "unknown" {
		k.unknown(s, spot{attach: to}, missing("attachment "+to.res.ID, "ec2:DescribeTransitGatewayAttachments"))
		return
	}
	k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: to.res.ID, Fix: "Behind " + to.res.ID + " is another network, not what is asked for."})
}

func (k *walk) vpnNamed(id, stack string) *vpn {
	for r, c := range k.w.of {
		if x, ok := c.(*vpn); ok && r != nil && r.ID == id && r.Stack == stack {
			return x
		}
	}
	return nil
}

// outToVPC takes packets into the VPC of an attachment: in the zone where they
// come from when the attachment is there, else in any
// (https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html).
func (k *walk) outToVPC(s *state, from, to *attachment) {
	if to.vpc == nil || to.vpc.res.Stub != nil {
		k.unknown(s, spot{vpc: to.vpc}, missing("the VPC of "+to.res.ID, "ec2:DescribeVpcs"))
		return
	}
	if from.hub.core && from.vpc != nil && from.vpc.res.Region != to.vpc.res.Region {
		s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED"} // groups are known within a Region
	}
	if to.hub.core && to.subWhy != nil && len(to.subnets) > 0 {
		s.pieces = withoutFact(s.pieces, to.subWhy)
	}
	s.entered = "tgw"
	exits := to.subnets
	if near := to.in(s.zone); near != nil && s.zone != "" && !to.appliance {
		exits = []*subnet{near}
	}
	if k.back && to.appliance {
		// "… for the life of the flow": answers leave by the interface that the
		// packets left by.
		for _, l := range k.fwd.landed {
			if l.attach == to {
				exits = []*subnet{l.sub}
			}
		}
	}
	if len(exits) == 0 {
		k.unknown(s, spot{vpc: to.vpc}, firstWhy(to.subWhy, missing("the subnets of "+to.res.ID, "ec2:DescribeTransitGatewayVpcAttachments")))
		return
	}
	for i, sub := range exits {
		one := s
		if i < len(exits)-1 {
			one = s.clone()
		}
		one.zone = sub.zone
		if to.appliance {
			one.landed = append(one.landed, landing{to, sub})
		}
		k.leaveSubnet(one, sub)
	}
}
