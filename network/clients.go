package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// clientVPN is an AWS Client VPN endpoint: clients have addresses of a range of
// its own and come into a VPC with those of its interfaces
// (https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/how-it-works.html).
type clientVPN struct {
	res     *haetae.Resource
	clients cidr.Addrs
	split   bool
	doors   []*door
	rules   []doorRule
	hub     bool            // it is attached to a transit gateway instead
	why     *haetae.Unknown // why not all of its associations, routes or rules are known
}

// door is an association with a subnet: an interface there, and the routes of the
// endpoint that lead to it.
type door struct {
	res    *haetae.Resource
	sub    *subnet
	nat    *nat
	state  string
	routes []doorRoute
}

type doorRoute struct {
	prefix netip.Prefix
	text   string
	bad    bool
}

// doorRule is an authorization rule.
type doorRule struct {
	prefix netip.Prefix
	group  string // whose members it lets in, "" for everybody
}

const (
	clientVPNType  = "AWS::EC2::ClientVpnEndpoint"
	clientDoorType = "AWS::EC2::ClientVpnTargetNetworkAssociation"
	clientPathType = "AWS::EC2::ClientVpnRoute"
	clientRuleType = "AWS::EC2::ClientVpnAuthorizationRule"
)

func (w *World) addClientVPNs(byType map[string][]*haetae.Resource) {
	for _, r := range byType[clientVPNType] {
		c := &clientVPN{res: r, clients: addrsOf(r.Props["ClientCidrBlock"])}
		c.split, _ = flag(r.Props["SplitTunnel"])
		c.hub = r.Props["TransitGatewayConfiguration"] != nil
		for _, typ := range []string{clientDoorType, clientPathType, clientRuleType} {
			_, u := w.g.Here(r, typ)
			c.why = firstWhy(c.why, u)
		}
		w.of[r] = c
	}
	of := func(r *haetae.Resource) *clientVPN {
		c, _ := w.of[w.find(r, r.Props["ClientVpnEndpointId"], clientVPNType)].(*clientVPN)
		return c
	}
	for _, r := range byType[clientDoorType] {
		if c := of(r); c != nil {
			w.addDoor(c, r)
		}
	}
	for _, r := range byType[clientPathType] {
		c := of(r)
		if c == nil {
			continue
		}
		p, ok := prefixOf(r.Props["DestinationCidrBlock"])
		if !ok {
			c.why = firstWhy(c.why, whyNot(r.Props["DestinationCidrBlock"]), missing("the destination of route "+r.ID, "ec2:DescribeClientVpnRoutes"))
			continue
		}
		state := text(r.Observed["Status"])
		one := doorRoute{prefix: p, text: p.String(), bad: state == "failed" || state == "creating"}
		sub := w.subnetOf(r, r.Props["TargetVpcSubnetId"])
		if sub == nil && text(r.Props["TargetVpcSubnetId"]) != "local" {
			c.why = firstWhy(c.why, whyNot(r.Props["TargetVpcSubnetId"]), missing("the subnet of route "+r.ID, "ec2:DescribeClientVpnRoutes"))
		}
		for _, d := range c.doors {
			if d.sub == sub && sub != nil && !slices.ContainsFunc(d.routes, func(o doorRoute) bool { return o.prefix == p }) {
				d.routes = append(d.routes, one)
			}
		}
	}
	for _, r := range byType[clientRuleType] {
		c := of(r)
		if c == nil {
			continue
		}
		p, ok := prefixOf(r.Props["TargetNetworkCidr"])
		if !ok {
			c.why = firstWhy(c.why, whyNot(r.Props["TargetNetworkCidr"]), missing("the network of authorization rule "+r.ID, "ec2:DescribeClientVpnAuthorizationRules"))
			continue
		}
		all, known := flag(r.Props["AuthorizeAllGroups"])
		rule := doorRule{prefix: p}
		if !all {
			rule.group = text(r.Props["AccessGroupId"])
			if rule.group == "" {
				rule.group = "of rule " + r.ID
			}
			if u := whyNot(r.Props["AuthorizeAllGroups"]); !known && u != nil {
				c.why = firstWhy(c.why, u)
			}
		}
		c.rules = append(c.rules, rule)
	}
	for _, r := range byType[clientVPNType] {
		c := w.of[r].(*clientVPN)
		for _, d := range c.doors {
			slices.SortStableFunc(d.routes, func(a, b doorRoute) int { return b.prefix.Bits() - a.prefix.Bits() })
		}
		slices.SortStableFunc(c.rules, func(a, b doorRule) int { return b.prefix.Bits() - a.prefix.Bits() })
	}
}

// addDoor takes in an association with the interfaces that it made in the subnet,
// or one that it will make.
func (w *World) addDoor(c *clientVPN, r *haetae.Resource) {
	sub := w.subnetOf(r, r.Props["SubnetId"])
	if sub == nil {
		c.why = firstWhy(c.why, whyNot(r.Props["SubnetId"]), missing("the subnet of association "+r.ID, "ec2:DescribeSubnets"))
		return
	}
	d := &door{res: r, sub: sub, state: text(r.Observed["Status"])}
	d.nat = &nat{res: c.res, clients: c}
	probe := &nic{res: c.res, id: c.res.ID, subnet: sub, vpc: sub.vpc}
	groups := r.Observed["SecurityGroups"]
	if list, _ := items(groups); len(list) == 0 && whyNot(groups) == nil {
		groups = c.res.Props["SecurityGroupIds"]
	}
	w.carry(probe, c.res, groups)
	for _, n := range w.nics {
		if n.subnet == sub && n.res.Type == "AWS::EC2::NetworkInterface" && strings.HasPrefix(text(n.res.Props["Description"]), "ClientVPN Endpoint") && (len(probe.groups) == 0 || sameGroups(n.groups, probe.groups)) {
			d.nat.nics = append(d.nat.nics, n)
		}
	}
	if len(d.nat.nics) == 0 {
		probe.publicWhy = missingOf(c.res, "whether the interface of "+c.res.ID+" in "+sub.id()+" has a public address", "ec2:DescribeNetworkInterfaces")
		w.virtual(probe, c.res)
		d.nat.nics = []*nic{probe}
	}
	for _, n := range d.nat.nics {
		n.checked = false
		w.own(c.res, n)
		d.nat.natives = d.nat.natives.Union(n.addrs)
	}
	if r.Declared() { // AWS adds it; a template does not write it down
		for _, p := range sub.vpc.prefixes {
			if p.Addr().Is4() {
				d.routes = append(d.routes, doorRoute{prefix: p, text: p.String()})
			}
		}
	}
	c.doors = append(c.doors, d)
}

// clientsPlace is the clients of an endpoint.
func clientsPlace(c *clientVPN, from cidr.Addrs) *place {
	p := &place{kind: "clients", clients: c, addrs: c.clients, why: c.why}
	if c.clients.Empty() {
		p.addrs, p.why = cidr.All4(), firstWhy(whyNot(c.res.Props["ClientCidrBlock"]), missing("the addresses of the clients of "+c.res.ID, "ec2:DescribeClientVpnEndpoints"))
	}
	if !from.Empty() {
		p.addrs = p.addrs.Intersect(from)
	}
	return p
}

// fromClients takes packets of clients through the endpoint: past its
// authorization rules, along its routes, and with the address of its interface
// into the VPC
// (https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html).
func (k *walk) fromClients(s *state, c *clientVPN) {
	s.hop("client-vpn", c.res.ID, "", true)
	if c.hub {
		k.unknown(s, spot{}, missing("where "+c.res.ID+" sends packets: haetae does not model Client VPN endpoints of transit gateways"))
		return
	}
	if len(c.doors) == 0 {
		if c.why != nil {
			k.unknown(s, spot{}, c.why)
			return
		}
		s.hops[len(s.hops)-1].Passed = false
		k.lost(s, Blocker{Code: "UNASSOCIATED_COMPONENT", Resource: c.res.ID, Fix: "Associate " + c.res.ID + " with a subnet."})
		return
	}
	k.authorize(s, c)
	n := len(k.out)
	for _, d := range c.doors {
		k.throughDoor(s.clone(), c, d)
	}
	for _, o := range k.out[n:] {
		c.carried(o)
	}
}

// settle adds a condition to packets that do not get through, with their answers,
// by every association: a session goes by one of them, which AWS chooses
// (https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html).
func (c *clientVPN) settle(trips []trip) {
	if len(c.doors) < 2 {
		return
	}
	common := cidr.All()
	for _, d := range c.doors {
		var got []piece
		for _, t := range trips {
			if t.fwd.door == d.sub.id() {
				got = append(got, t.through()...)
			}
		}
		sure, _ := originals(got)
		common = common.Intersect(sure)
	}
	for _, t := range trips {
		when := "the session with " + c.res.ID + " goes by the association in " + t.fwd.door
		t.fwd.pieces = apart(t.fwd.pieces, common, when)
		if t.back != nil {
			t.back.pieces = apart(t.back.pieces, common, when)
		}
	}
}

// apart puts the packets that are not in a set, as they began, under a condition.
func apart(list []piece, set cidr.Set, when string) []piece {
	var out []piece
	for _, p := range list {
		whole := cidr.Of(p.orig)
		for _, x := range whole.Intersect(set).Boxes() {
			q := p
			q.orig = x
			out = append(out, q)
		}
		for _, x := range whole.Minus(set).Boxes() {
			q := p
			q.orig = x
			out = append(out, q.only(when))
		}
	}
	return out
}

// vpc is the network that the endpoint is associated with, nil without one.
func (c *clientVPN) vpc() *vpc {
	if len(c.doors) == 0 {
		return nil
	}
	return c.doors[0].sub.vpc
}

// carried adds a condition to packets that get on only from some of the addresses
// that the endpoint may give them: AWS chooses, or it is not known.
func (c *clientVPN) carried(o *state) {
	for i, p := range o.pieces {
		for _, d := range c.doors {
			if len(p.nats) != 1 || p.nats[0].nat != d.nat || !p.cur.Src.Overlaps(d.nat.natives) || p.cur.Src.Covers(d.nat.natives) {
				continue
			}
			o.pieces[i] = p.lacks(firstWhy(d.nat.nics[0].vague, missing("by which interface of "+c.res.ID+" in "+d.sub.id()+" the session goes")))
		}
	}
}

// authorize holds packets against the authorization rules: the longest prefix
// decides, and what no rule names is dropped
// (https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-rules.html).
func (k *walk) authorize(s *state, c *clientVPN) {
	var passed []piece
	left := destinations(s.pieces)
	for i := 0; i < len(c.rules); {
		prefix, groups, all := c.rules[i].prefix, []string{}, false
		for ; i < len(c.rules) && c.rules[i].prefix.Bits() == prefix.Bits() && c.rules[i].prefix == prefix; i++ {
			all = all || c.rules[i].group == ""
			groups = append(groups, c.rules[i].group)
		}
		take := left.Intersect(cidr.Prefix(prefix))
		if take.Empty() {
			continue
		}
		left = left.Minus(take)
		for _, p := range s.pieces {
			q, ok := p.to(take)
			if !ok {
				continue
			}
			if !all {
				q = q.only("the client is in group " + strings.Join(groups, " or "))
			}
			passed = append(passed, q)
		}
	}
	if len(passed) > 0 {
		s.hop("authorization-rule", c.res.ID, "", true)
		s.pieces = passed
		return
	}
	if c.why != nil {
		return // its pieces depend on that already
	}
	s.hop("authorization-rule", c.res.ID, "", false)
	s.block(k, Blocker{Code: "CLIENT_VPN_NOT_AUTHORIZED", Resource: c.res.ID, Fix: "Add to " + c.res.ID + " an authorization rule for " + shortAddrs(left) + "."})
}

// throughDoor takes packets along the routes of one association.
func (k *walk) throughDoor(s *state, c *clientVPN, d *door) {
	s.door = d.sub.id()
	n := d.nat.nics[0]
	left := destinations(s.pieces)
	for _, r := range d.routes {
		take := left.Intersect(cidr.Prefix(r.prefix))
		part := s.to(take)
		if take.Empty() || part == nil {
			continue
		}
		left = left.Minus(take)
		part.hop("client-vpn-route", c.res.ID, r.text+" → "+d.sub.id(), !r.bad)
		if r.bad {
			part.block(k, Blocker{Code: "BAD_STATE_ROUTE", Resource: c.res.ID, Rule: r.text, Fix: "The route " + r.text + " of " + c.res.ID + " is not active: make it anew."})
		}
		if d.state == "association-failed" || d.state == "associating" {
			part.block(k, Blocker{Code: "BAD_STATE_ATTACHMENT", Resource: c.res.ID, Fix: "The association with " + d.sub.id() + " is " + d.state + ": associate it again."})
		}
		for i, p := range part.pieces {
			p.nats = append(slices.Clip(p.nats), rewrite{nat: d.nat, src: p.cur.Src, a: p.cur.A, frozen: p.frozen & (fieldSrc | fieldA)})
			part.pieces[i] = p.setSrc(d.nat.natives)
		}
		part.hop("translation", n.id, "", true)
		part.origin, part.ident = n.vpc, identity{vpc: n.vpc, sender: n}
		k.groups(part, n, false)
		part.tracked = append(part.tracked, d.nat.nics...)
		part.zone = d.sub.zone
		k.leaveSubnet(part, d.sub)
	}
	rest := s.to(left)
	if rest == nil || left.Empty() {
		return
	}
	if c.why != nil {
		k.unknown(rest, spot{}, c.why)
		return
	}
	fix := "Add to " + c.res.ID + " a route for " + shortAddrs(left) + " by " + d.sub.id() + "."
	if c.split {
		fix += " Without one clients send it past the tunnel: split tunnel is on."
	}
	rest.hop("client-vpn-route", c.res.ID, "", false)
	k.lost(rest, Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: c.res.ID, Fix: fix})
}
