package oracle

import (
	"net/netip"
	"slices"
)

// appliance brings a packet to an interface that a route points at, and onward
// from it. edge is set when it came through a gateway's own table.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
func (k *walk) appliance(id, vpc, from string, edge bool) result {
	e := k.w.enis[id]
	if e == nil || e.vpc != vpc {
		return k.drop(id, "the interface is not in %s", vpc)
	}
	if k.hops++; k.hops > 40 {
		return k.drop(id, "it goes round in circles")
	}
	s := k.w.subnets[e.subnet]
	if edge && k.w.igws[k.w.gatewayOf(vpc)] == vpc && !e.isPublic(k.p.Dst.Is4()) && k.cameFromInternet() {
		// "For traffic that flows through an internet gateway, the target network
		// interface must also have a public IP address."
		// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
		return k.drop(id, "it has no public address")
	}
	if from != s.id {
		if ok, r := k.acl(s, false); !ok {
			return r
		}
	}
	if ok, r := k.groupsIn(e); !ok {
		return r
	}
	if slices.Contains(e.addrs, k.p.Dst) {
		return k.delivered(e.id)
	}
	if e.check {
		// "You must disable source/destination checking on the appliance."
		return k.drop(e.id, "source/destination check: it does not hold the destination")
	}
	k.assume("the appliance " + e.id + " forwards what it gets")
	if r, bad := k.middle(e.id); bad {
		return r
	}
	if ok, r := k.groupsOut(e); !ok {
		return r
	}
	if r, bad := k.middle(e.id); bad {
		return r // its own rules name a group too
	}
	return k.onward(s)
}

// isPublic tells whether the internet knows the interface by an address of a
// family.
func (e *eni) isPublic(four bool) bool {
	if four {
		return len(e.public) > 0
	}
	return slices.ContainsFunc(e.addrs, func(a netip.Addr) bool { return a.Is6() && public(a) })
}

// cameFromInternet tells whether the packet is one of the internet's.
func (k *walk) cameFromInternet() bool { return public(k.p.Src) && k.known == "" }

// middle forgets who sent the packet.
//
// "If you configure routes to forward the traffic between two instances in
// different subnets through a middlebox appliance … the security group of each
// instance must reference the private IP address of the other instance … If you
// reference the security group of the other instance as the source, this does
// not allow traffic to flow between the instances."
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (k *walk) middle(where string) (result, bool) {
	k.known, k.passed[where] = "", true
	if k.byName {
		return k.unmodelled("outbound by reference to a group, through %s", where), true
	}
	return result{}, false
}

// toEndpoint follows a route to a VPC endpoint.
func (k *walk) toEndpoint(id, vpc, from string) result {
	e := k.w.endpoints[id]
	switch {
	case e == nil || e.vpc != vpc:
		return k.drop(id, "the endpoint is not in %s", vpc)
	case e.kind == "Gateway":
		return k.toGatewayEndpoint(e)
	case e.kind != "GatewayLoadBalancer":
		return k.unmodelled("a route to endpoint %s of type %s", id, e.kind)
	case len(e.subnets) != 1:
		return k.unmodelled("endpoint %s in %d subnets", id, len(e.subnets))
	}
	if k.hops++; k.hops > 40 {
		return k.drop(id, "it goes round in circles")
	}
	s := k.w.subnets[e.subnets[0]]
	if from != s.id {
		if ok, r := k.acl(s, false); !ok {
			return r
		}
	}
	if f := k.w.firewalls[id]; f != nil {
		if ok, r := k.inspect(f, id); !ok {
			return r
		}
	} else {
		k.assume("the appliances behind " + id + " forward what they get")
	}
	if r, bad := k.middle(id); bad {
		return r
	}
	// "Traffic leaves the endpoint by the route table of its subnet."
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/getting-started.html
	return k.onward(s)
}

// toGatewayEndpoint hands the packet to the service.
//
// "Gateway endpoints … are supported only from within the VPC": not over VPN,
// peering, a transit gateway or Direct Connect.
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
// Only TCP and echo requests of ICMP get through: code
// VPCE_GATEWAY_PROTOCOL_NOT_ALLOWED of
// https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html
func (k *walk) toGatewayEndpoint(e *endpoint) result {
	switch {
	case !k.w.vpcs[e.vpc].inside(k.p.Src):
		return k.drop(e.id, "the source is not an address of %s", e.vpc)
	case k.p.Proto != TCP && (k.p.Proto != ICMP || k.p.Type != 8):
		return k.drop(e.id, "a protocol that gateway endpoints do not carry")
	}
	return k.delivered(e.id)
}
