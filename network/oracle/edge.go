package oracle

import (
	"net/netip"
	"slices"
	"strings"
)

// exitInternet takes a packet of a VPC out through an internet gateway.
func (k *walk) exitInternet(igw, vpc string) result {
	w, v := k.w, k.w.vpcs[vpc]
	if w.igws[igw] != vpc {
		return k.drop(igw, "the internet gateway is not attached to %s", vpc)
	}
	if !v.inside(k.p.Src) {
		// An edge is for the VPC's own addresses: "edge to edge routing" from
		// peering connections and VPN to an internet gateway is not supported.
		// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
		return k.drop(igw, "the source is not an address of %s", vpc)
	}
	if !public(k.p.Dst) {
		return k.drop(igw, "the internet does not carry %s", k.p.Dst)
	}
	if ok, r := k.redirected(igw); ok {
		return r
	}
	if k.p.Src.Is6() {
		// "An internet gateway … IPv6: instances have public addresses by
		// themselves", no translation takes place.
		// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
		e := w.holder(vpc, k.p.Src)
		if e == nil {
			return k.drop(igw, "nobody holds the source")
		}
		if !public(k.p.Src) {
			return k.drop(igw, "the source is no global unicast address")
		}
		if ok, r := k.blocked(igw, e.subnet, false, true); ok {
			return r
		}
		k.known = ""
		return k.internet()
	}
	for _, n := range w.nats {
		if n.vpc == vpc && n.private == k.p.Src {
			if !n.public.IsValid() {
				// "If you route traffic from the private NAT gateway to the
				// internet gateway, the internet gateway drops the traffic."
				// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
				return k.drop(igw, "%s is a private NAT gateway", n.id)
			}
			if ok, r := k.blocked(igw, n.subnet, true, true); ok {
				return r
			}
			k.p.Src = n.public
			return k.internet()
		}
	}
	e := w.holder(vpc, k.p.Src)
	if e == nil || !e.public[k.p.Src].IsValid() {
		// "The internet gateway logically provides the one-to-one NAT on behalf of
		// your instance"; without a public address there is none.
		// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
		return k.drop(igw, "the source has no public address")
	}
	if ok, r := k.blocked(igw, e.subnet, false, true); ok {
		return r
	}
	k.p.Src, k.known = e.public[k.p.Src], ""
	return k.internet()
}

// redirected tells whether the gateway's own table would lead what comes back
// through something that the packet did not go through.
//
// "When you route traffic through a middlebox appliance, the return traffic from
// the destination subnet must be routed through the same appliance. Asymmetric
// routing is not supported": code INGRESS_RTB_TRAFFIC_REDIRECTION.
// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (k *walk) redirected(igw string) (bool, result) {
	t := k.w.edgeTable(igw)
	if t == nil {
		return false, result{}
	}
	routes, _ := k.w.lookup(t, k.p.Src) // a gateway's table has no prefix lists
	if len(routes) == 0 || routes[0].target == "local" || k.passed[routes[0].target] {
		return false, result{}
	}
	return true, k.drop(igw, "it did not go through %s, by which the answer comes", routes[0].target)
}

// internet brings a packet that is on the internet to its destination: into a
// known VPC whose internet gateway has the address, or to a host out there.
func (k *walk) internet() result {
	if k.hops++; k.hops > 40 {
		return k.drop(Internet, "it goes round in circles")
	}
	w := k.w
	if !public(k.p.Src) || !public(k.p.Dst) {
		return k.drop(Internet, "an address that the internet does not carry")
	}
	for _, n := range w.nats {
		if n.public == k.p.Dst {
			igw := w.gatewayOf(n.vpc)
			if igw == "" {
				return k.drop(n.vpc, "no internet gateway is attached")
			}
			if ok, r := k.blocked(igw, n.subnet, true, k.reply); ok {
				return r
			}
			k.p.Dst = n.private
			return k.enter(igw, n.vpc)
		}
	}
	if e, private := w.publicHolder(k.p.Dst); e != nil {
		igw := w.gatewayOf(e.vpc)
		if igw == "" {
			return k.drop(e.vpc, "no internet gateway is attached")
		}
		if ok, r := k.blocked(igw, e.subnet, false, false); ok {
			return r
		}
		k.p.Dst = private
		return k.enter(igw, e.vpc)
	}
	if k.p.Dst.Is6() {
		for _, v := range w.vpcs {
			if v.inside(k.p.Dst) {
				return k.enterSix(v)
			}
		}
	}
	return k.delivered(Internet)
}

// enterSix brings a packet from the internet to an IPv6 address of a VPC.
func (k *walk) enterSix(v *vpc) result {
	w := k.w
	e := w.holder(v.id, k.p.Dst)
	if e == nil {
		return k.drop(v.id, "nobody holds the destination")
	}
	igw, eigw := w.gatewayOf(v.id), ""
	for id, of := range w.eigws {
		if of == v.id {
			eigw = id
		}
	}
	switch {
	case k.reply && k.flow.egress[eigw]:
		// "Egress-only internet gateways are stateful: it forwards traffic from
		// the instances … and then sends the response back."
		// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
		if ok, r := k.blocked(eigw, e.subnet, true, true); ok {
			return r
		}
		return k.deliver(v.id, "")
	case eigw != "" && igw != "":
		return k.unmodelled("IPv6 from the internet into a VPC with both kinds of gateway")
	case eigw != "":
		// It "prevents the internet from initiating an IPv6 connection with your
		// instances".
		return k.drop(eigw, "an egress-only internet gateway lets nobody in")
	case igw == "":
		return k.drop(v.id, "no internet gateway is attached")
	}
	if ok, r := k.blocked(igw, e.subnet, false, false); ok {
		return r
	}
	return k.enter(igw, v.id)
}

// gatewayOf returns the internet gateway of a VPC, "" when it has none.
func (w *World) gatewayOf(vpc string) string {
	for igw, of := range w.igws {
		if of == vpc {
			return igw
		}
	}
	return ""
}

// enter takes a packet into a VPC at a gateway that may have a route table of
// its own, which decides "the routing path of traffic entering your VPC".
// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (k *walk) enter(gateway, vpc string) result {
	if t := k.w.edgeTable(gateway); t != nil {
		return k.follow(t, nil)
	}
	return k.deliver(vpc, "")
}

// exitEgressOnly takes IPv6 packets out; "it's for use with IPv6 traffic only".
// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
func (k *walk) exitEgressOnly(eigw, vpc string) result {
	w := k.w
	e := w.holder(vpc, k.p.Src)
	switch {
	case k.p.Src.Is4():
		return k.drop(eigw, "it is for IPv6 only")
	case w.eigws[eigw] != vpc:
		return k.drop(eigw, "it is not attached to %s", vpc)
	case e == nil || !public(k.p.Src):
		return k.drop(eigw, "the source is no public address of %s", vpc)
	case k.reply:
		return k.unmodelled("an answer through an egress-only internet gateway")
	case !public(k.p.Dst):
		return k.drop(eigw, "the internet does not carry %s", k.p.Dst)
	}
	if ok, r := k.blocked(eigw, e.subnet, true, true); ok {
		return r
	}
	k.known, k.flow.egress[eigw] = "", true
	return k.internet()
}

// blocked asks VPC Block Public Access about a packet between the internet and
// a subnet. only says that the gateway lets connections out only: a NAT gateway
// or an egress-only internet gateway.
//
// "block-bidirectional: Block all traffic to and from internet gateways and
// egress-only internet gateways in this Region (except for excluded VPCs and
// subnets). block-ingress: Block all internet traffic to the VPCs in this Region
// (except for VPCs or subnets which are excluded). Only traffic to and from NAT
// gateways and egress-only internet gateways is allowed." An exclusion is
// "allow-bidirectional", or "allow-egress" which "only applies when VPC Block
// Public Access is set to Bidirectional".
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_BlockPublicAccessStates.html
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcBlockPublicAccessExclusion.html
func (k *walk) blocked(gateway, subnet string, only, out bool) (bool, result) {
	s := k.w.subnets[subnet]
	mode := k.w.blocks[k.w.vpcs[s.vpc].at]
	exclusions := []string{k.w.exclusions[s.id], k.w.exclusions[s.vpc]}
	inspected := k.inspectedAt(gateway, s)
	switch {
	case mode == "" || mode == "off" || exclusions[1] == "allow-bidirectional":
		return false, result{}
	case inspected && mode == "block-ingress":
		return true, k.unmodelled("Block Public Access of ingress, by a Gateway Load Balancer endpoint")
	case inspected:
		// "Gateway Load Balancer: All inbound and outbound traffic is blocked even
		// if the subnet containing GWLB endpoints is excluded", and so for Network
		// Firewall.
		// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-basics.html
		return true, k.drop(gateway, "VPC Block Public Access: %s, by a Gateway Load Balancer endpoint", mode)
	case exclusions[0] == "allow-bidirectional":
		return false, result{}
	case mode == "block-bidirectional" && slices.Contains(exclusions, "allow-egress"):
		if only {
			return false, result{}
		}
		if out {
			return true, k.unmodelled("an instance's own traffic out of a subnet with an egress exclusion")
		}
	case mode == "block-ingress" && only:
		return false, result{}
	}
	return true, k.drop(gateway, "VPC Block Public Access: %s", mode)
}

// inspectedAt tells whether a packet on its way between a gateway and a subnet
// goes through a Gateway Load Balancer endpoint.
func (k *walk) inspectedAt(gateway string, s *subnet) bool {
	for id := range k.passed {
		if k.w.endpoints[id] != nil {
			return true
		}
	}
	t := k.w.edgeTable(gateway)
	if t == nil {
		return false
	}
	for _, r := range t.routes {
		if strings.HasPrefix(r.target, "vpce-") && r.dest.Addr().Is4() == k.p.Dst.Is4() && slices.ContainsFunc(s.cidrs, r.dest.Overlaps) {
			return true
		}
	}
	return false
}

// natOut brings a packet to a NAT gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (k *walk) natOut(id, vpc, from string) result {
	n := k.w.nats[id]
	if n == nil || n.vpc != vpc {
		return k.drop(id, "the NAT gateway is not in %s", vpc)
	}
	s := k.w.subnets[n.subnet]
	if from != s.id {
		if ok, r := k.acl(s, false); !ok {
			return r
		}
	}
	switch {
	case k.p.Src.Is6():
		if netip.MustParsePrefix("64:ff9b::/96").Contains(k.p.Dst) {
			return k.unmodelled("NAT64")
		}
		return k.drop(id, "IPv6 that is not for NAT64")
	case k.p.Proto != TCP && k.p.Proto != UDP && k.p.Proto != ICMP:
		// "A NAT gateway supports the following protocols: TCP, UDP, and ICMP."
		return k.drop(id, "a protocol that NAT gateways do not carry")
	case k.reply:
		// It translates what it knows; an answer to a packet that did not come
		// through it is not in its table.
		return k.drop(id, "an answer to what it did not carry")
	case k.flow.nat[id].src.IsValid():
		return k.drop(id, "it goes round in circles")
	}
	k.flow.nat[id] = mapping{k.p.Src, k.p.SrcPort}
	// "The NAT gateway replaces the source IP address of the instances with the
	// IP address of the NAT gateway", and the port with one of its own.
	k.p.Src, k.known = n.private, ""
	if k.p.ports() {
		k.p.SrcPort = k.w.natPorts[k.choose(len(k.w.natPorts))]
	}
	k.say(id, "source translated")
	return k.onward(s)
}

// natIn brings a packet that is addressed to a NAT gateway back to whom it is
// for. "External services cannot initiate a connection with those instances."
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
func (k *walk) natIn(n *nat) result {
	m, known := k.flow.nat[n.id]
	if !k.reply || !known {
		return k.drop(n.id, "a NAT gateway lets nobody in")
	}
	k.p.Dst = m.src
	if k.p.ports() {
		k.p.DstPort = m.port
	}
	k.say(n.id, "destination translated back")
	return k.onward(k.w.subnets[n.subnet])
}

// peer takes a packet through a peering connection.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func (k *walk) peer(id, vpc string) result {
	p := k.w.peerings[id]
	if p == nil {
		return k.unmodelled("peering connection %s is not in the snapshot", id)
	}
	other := p.b
	if p.b == vpc {
		other = p.a
	}
	to := k.w.vpcs[other]
	switch {
	case p.a != vpc && p.b != vpc:
		return k.drop(id, "%s is no side of it", vpc)
	case !p.active:
		return k.drop(id, "the peering connection is not active")
	case to == nil:
		return k.unmodelled("VPC %s is not in the snapshot", other)
	case !k.w.vpcs[vpc].inside(k.p.Src):
		// "VPC peering does not support transitive peering relationships", and no
		// VPN, Direct Connect or gateway of one side serves the other.
		return k.drop(id, "the source is not in %s: peering is not transitive", vpc)
	case !to.inside(k.p.Dst):
		return k.drop(id, "the destination is not in %s: peering is not transitive", other)
	case k.known != "" && to.at.region != k.w.vpcs[vpc].at.region:
		k.known = "" // groups of another Region cannot be referred to
	}
	return k.deliver(other, "")
}

// toVGW takes a packet to a virtual private gateway, behind which the known
// world ends.
// https://docs.aws.amazon.com/vpn/latest/s2svpn/how_it_works.html
func (k *walk) toVGW(id, vpc string) result {
	switch {
	case k.w.vgws[id] != vpc:
		return k.drop(id, "it is not attached to %s", vpc)
	case k.p.Src.Is6():
		// "IPv6 traffic is not supported for VPN connections on a virtual private
		// gateway."
		return k.unmodelled("IPv6 through a virtual private gateway, which only Direct Connect carries")
	case !k.w.vpcs[vpc].inside(k.p.Src):
		return k.drop(id, "the source is not an address of %s", vpc)
	}
	return k.delivered(id)
}

func (k *walk) fromVGW(id string) result {
	vpc := k.w.vgws[id]
	if vpc == "" {
		return k.drop(id, "it is not attached to a VPC")
	}
	// "Traffic … into your VPC": a gateway is no way to other networks.
	if !k.w.vpcs[vpc].inside(k.p.Dst) {
		return k.drop(id, "the destination is not in %s", vpc)
	}
	return k.enter(id, vpc)
}
