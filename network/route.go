package network

import (
	"net/netip"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// never are destinations that AWS keeps for itself and that no route forwards
// (https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html).
func never() cidr.Addrs {
	return cidr.Prefix(netip.MustParsePrefix("169.254.168.0/22")).Union(cidr.Prefix(netip.MustParsePrefix("fd00:ec2::/32")))
}

// route sends packets where the route table of a subnet says.
func (k *walk) route(s *state, t *table, sub *subnet) {
	if s = k.lattice(s, t, sub); s == nil {
		return
	}
	kept := never()
	if lost := s.to(kept); lost != nil {
		k.lost(lost, Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: t.res.ID, Fix: "AWS forwards nothing to these addresses: use others."})
	}
	for _, c := range k.w.changed("route", t.res) {
		if part := s.to(c.dest); part != nil {
			k.follow(part, t, sub, c.target, shortAddrs(c.dest), true)
			if s = s.to(cidr.AllAddrs().Minus(c.dest)); s == nil {
				return
			}
		}
	}
	for _, b := range t.lookup(destinations(s.pieces).Minus(kept)) {
		part := s.to(b.dest)
		if part == nil {
			continue
		}
		k.branch(part, t, sub, b)
	}
}

// branch sends packets along one route and, when that does not lead to where
// they are to go, also along the way that would.
func (k *walk) branch(s *state, t *table, sub *subnet, b branch) {
	want, hasWant := k.intended(t.vpc, sub)
	if b.route == nil {
		if t.why != nil {
			k.unknown(s, spot{subnet: sub}, t.why)
			return
		}
		blocker := Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: t.res.ID, Fix: routeFix(t, s, want, hasWant), change: routeChange(t, s, want, hasWant)}
		if r := t.elsewhere(want); hasWant && r != nil {
			blocker.Code, blocker.Rule = "CANNOT_ROUTE", r.text
		}
		k.detour(s, t, sub, want, hasWant, blocker)
		return
	}
	if t.why != nil {
		// There may be a longer prefix among the routes that we do not see.
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(t.why)
		}
	}
	if b.route.random {
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(missing("AWS chose one of two prefix lists that route " + b.route.prefix.String() + " in " + t.res.ID))
		}
	}
	if b.route.bad {
		blocker := Blocker{Code: "BAD_STATE_ROUTE", Resource: t.res.ID, Rule: b.route.text,
			Fix: "The route " + b.route.text + " of " + t.res.ID + " leads to " + b.route.target.id + ", which is gone: point it elsewhere.", change: routeChange(t, s, want, hasWant)}
		k.detour(s, t, sub, want, hasWant, blocker)
		return
	}
	n := len(k.out)
	k.follow(s.clone(), t, sub, b.route.target, b.route.text, true)
	if slices.ContainsFunc(k.out[n:], func(o *state) bool { return o.arrived }) || !hasWant || want == b.route.target || want.comp != nil && want.comp == b.route.target.comp {
		return
	}
	blocker := Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: t.res.ID, Rule: b.route.text, Fix: routeFix(t, s, want, hasWant), change: routeChange(t, s, want, hasWant)}
	if list := t.to(want.comp, want.kind, b.dest); len(list) > 0 {
		r := list[0]
		blocker.Code, blocker.Rule = "MORE_SPECIFIC_ROUTE", b.route.text
		if r.prefix == b.route.prefix {
			blocker.Code = "HIGHER_PRIORITY_ROUTE"
		}
		blocker.Fix = "The route " + b.route.text + " → " + b.route.target.id + " of " + t.res.ID + " goes before " + r.text + " → " + r.target.id + ": remove it, or point it to " + r.target.id + "."
	}
	k.detour(s, t, sub, want, true, blocker)
}

// detour notes a blocker of a route table and goes on along the way that would
// lead on, if there is one.
func (k *walk) detour(s *state, t *table, sub *subnet, want target, hasWant bool, b Blocker) {
	if !hasWant {
		if k.goal.vpc != nil && t.vpc != nil && k.goal.vpc != t.vpc && !k.joined(t.vpc, k.goal.vpc) {
			b = Blocker{Code: "DISCONNECTED_VPCS", Resource: t.vpc.id(), Fix: "Connect " + t.vpc.id() + " and " + k.goal.vpc.id() + ": by VPC peering or a transit gateway, with routes in both."}
		}
		s.hop("route-table", t.res.ID, b.Rule, false)
		k.lost(s, b)
		return
	}
	s.block(k, b)
	k.follow(s, t, sub, want, b.Rule, false)
}

// elsewhere is a route to the target for other destinations, or nil.
func (t *table) elsewhere(want target) *route {
	for i := range t.routes {
		if r := &t.routes[i]; want.comp != nil && r.target.comp == want.comp {
			return r
		}
	}
	return nil
}

// joined tells whether something connects two VPCs.
func (k *walk) joined(a, b *vpc) bool {
	for _, p := range k.w.peerings {
		if p.sides[0] == a && p.sides[1] == b || p.sides[0] == b && p.sides[1] == a {
			return true
		}
	}
	for _, h := range k.w.hubs {
		if h.of(a) != nil && h.of(b) != nil {
			return true
		}
	}
	return false
}

// of returns the attachment of a VPC, or nil.
func (h *hub) of(v *vpc) *attachment {
	for _, a := range h.attachments {
		if a.vpc == v && a.kind == "vpc" {
			return a
		}
	}
	return nil
}

// intended is what a route from the VPC to the goal should lead to.
func (k *walk) intended(v *vpc, sub *subnet) (target, bool) {
	g := k.goal
	if v == nil {
		return target{}, false
	}
	if k.back && k.fwd != nil && len(k.fwd.pieces) > 0 && len(k.fwd.pieces[0].nats) > 0 && g.vpc != v {
		// The answer goes to the NAT gateway, not to whom it stands for.
		if n := k.fwd.pieces[0].nats[len(k.fwd.pieces[0].nats)-1].nat; len(n.nics) > 0 && n.nics[0].vpc != nil && !n.public {
			return k.toVPC(v, n.nics[0].vpc)
		}
	}
	outside := g.internet || g.public
	switch {
	case g.exit != nil && g.exit.vpc == v:
		return target{kind: g.exit.kind, id: g.exit.res.ID, comp: g.exit}, true
	case g.attach != nil:
		if g.attach.hub.of(v) != nil {
			return target{kind: "tgw", id: g.attach.hub.res.ID, comp: g.attach.hub}, true
		}
	case g.point != nil && g.point.vpc == v:
		return target{kind: "vpce", id: g.point.res.ID, comp: g.point}, true
	case outside && v.igw != nil:
		return target{kind: "igw", id: v.igw.res.ID, comp: v.igw}, true
	case g.vpc != nil && g.vpc != v:
		return k.toVPC(v, g.vpc)
	case g.vpc == v && g.vpc != nil:
		return target{kind: "local", id: "local"}, true
	}
	return target{}, false
}

// toVPC is what leads from one VPC to another.
func (k *walk) toVPC(v, to *vpc) (target, bool) {
	if v == to {
		return target{kind: "local", id: "local"}, true
	}
	for _, p := range k.w.peerings {
		if p.sides[0] == v && p.sides[1] == to || p.sides[1] == v && p.sides[0] == to {
			return target{kind: "pcx", id: p.res.ID, comp: p}, true
		}
	}
	for _, h := range k.w.hubs {
		if h.of(v) != nil && h.of(to) != nil {
			return target{kind: "tgw", id: h.res.ID, comp: h}, true
		}
	}
	return target{}, false
}

func routeFix(t *table, s *state, want target, hasWant bool) string {
	dest := shortAddrs(destinations(s.pieces))
	if !hasWant {
		return "Add to " + t.res.ID + " a route for " + dest + "."
	}
	return "Add to " + t.res.ID + " the route " + dest + " → " + want.id + "."
}

func routeChange(t *table, s *state, want target, hasWant bool) *change {
	if !hasWant {
		return nil
	}
	return &change{res: t.res, kind: "route", dest: destinations(s.pieces), target: want}
}

// follow takes packets out of the subnet to the target of a route. The network
// ACL counts unless the target is in the same subnet.
func (k *walk) follow(s *state, t *table, sub *subnet, to target, rule string, ok bool) {
	if k.tired(s) {
		return
	}
	same := false
	switch c := to.comp.(type) {
	case *nat:
		same = len(c.nics) > 0 && c.nics[0].subnet == sub
	case *nic:
		same = c.subnet == sub
	case *endpoint:
		same = slices.Contains(c.subnets, sub)
	}
	if sub != nil && !same {
		k.acl(s, sub, false)
	}
	s.hop("route-table", t.res.ID, rule, ok)
	if k.trail != nil && to.kind != "local" && to.kind != "pcx" && to.kind != "tgw" {
		k.trail.beyond = true
	}
	switch to.kind {
	case "local":
		k.local(s, t.vpc, sub)
		return
	case "igw", "eigw", "vgw":
		gate, _ := to.comp.(*gateway)
		if gate == nil {
			break
		}
		switch to.kind {
		case "igw":
			k.toInternet(s, t.vpc, gate, sub)
		case "eigw":
			k.toEgressOnly(s, t.vpc, gate, sub)
		default:
			k.toCustomer(s, t.vpc, gate)
		}
		return
	case "nat":
		if n, ok := to.comp.(*nat); ok {
			k.throughNAT(s, t.vpc, n, sub)
			return
		}
	case "pcx":
		if p, ok := to.comp.(*peering); ok {
			k.throughPeering(s, t.vpc, p)
			return
		}
	case "tgw", "core":
		if h, ok := to.comp.(*hub); ok {
			k.intoHub(s, t.vpc, h, sub)
			return
		}
		if to.kind == "core" {
			break
		}
		if h := k.w.hubOf(t.res, to.id); h != nil {
			k.intoHub(s, t.vpc, h, sub)
			return
		}
	case "vpce":
		if e, ok := to.comp.(*endpoint); ok {
			k.intoEndpoint(s, t.vpc, e, sub)
			return
		}
	case "eni":
		if n, ok := to.comp.(*nic); ok {
			k.throughNIC(s, n, sub)
			return
		}
	}
	why := missing("UNKNOWN_RESOURCE: what " + to.id + " does, to which " + t.res.ID + " routes")
	switch to.kind {
	case "core":
		why = missingOf(t.res, "UNKNOWN_RESOURCE: core network "+last(to.id)+", to which "+t.res.ID+" routes", "networkmanager:ListCoreNetworks")
	case "lgw", "cagw", "odb":
		why = missing("UNKNOWN_RESOURCE: where " + to.id + " sends packets: haetae does not model it")
	}
	s.hop(to.kind, to.id, "", true)
	k.unknown(s, spot{subnet: sub}, firstWhy(k.w.unlistedTarget(t, to), why))
}

// unlistedTarget says that what a route leads to is of a type that was not listed
// to its end, or nil.
func (w *World) unlistedTarget(t *table, to target) *haetae.Unknown {
	for _, x := range targets {
		if x.kind != to.kind {
			continue
		}
		for _, typ := range x.types {
			if _, u := w.g.Here(t.res, typ); u != nil {
				return u
			}
		}
	}
	return nil
}

// local delivers packets within a VPC.
func (k *walk) local(s *state, v *vpc, from *subnet) {
	left := destinations(s.pieces)
	for _, sub := range v.subnets {
		here := sub.cidrs.Intersect(left)
		part := s.to(here)
		if part == nil {
			continue
		}
		left = left.Minus(here)
		k.enterSubnet(part, sub, sub != from)
	}
	rest := s.to(left)
	if rest == nil {
		return
	}
	if why := k.w.gap(v, "AWS::EC2::Subnet"); why != nil {
		if k.goal.vpc == v || k.goal.literal {
			k.unknown(rest, spot{vpc: v}, why)
			return
		}
	}
	rest.hop("vpc", v.id(), "", false)
	if !v.cidrs.Covers(destinations(rest.pieces)) {
		k.lost(rest, Blocker{Code: "VPC_LOCAL_ROUTE_CIDR_RESTRICTION", Resource: v.id(), Fix: shortAddrs(destinations(rest.pieces)) + " is not in the ranges of " + v.id() + "."})
		return
	}
	k.lost(rest, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: v.id(), Fix: "No subnet of " + v.id() + " holds " + shortAddrs(destinations(rest.pieces)) + "."})
}
