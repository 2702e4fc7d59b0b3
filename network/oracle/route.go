package oracle

import (
	"net/netip"
	"slices"

	"github.com/haetae/haetae"
)

// table is a route table of a VPC.
type table struct {
	id, vpc           string
	main              bool
	subnets, gateways []string
	routes            []route
}

type route struct {
	dest       netip.Prefix
	list       string // prefix list that is the destination
	target     string // "local" or the identifier of what it points at
	propagated bool
	blackhole  bool
}

// targets are the properties of a route that can hold its target.
var targets = []string{"GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId",
	"InstanceId", "VpcEndpointId", "EgressOnlyInternetGatewayId", "CarrierGatewayId", "LocalGatewayId", "CoreNetworkArn", "OdbNetworkArn"}

func (w *World) readTable(r *haetae.Resource) error {
	t := &table{id: r.ID, vpc: text(r.Props, "VpcId")}
	w.tables[r.ID] = t
	for _, a := range items(r.Props["Associations"]) {
		t.main = t.main || truth(a, "Main")
		if s := text(a, "SubnetId"); s != "" {
			t.subnets = append(t.subnets, s)
		}
		if g := text(a, "GatewayId"); g != "" {
			t.gateways = append(t.gateways, g)
		}
	}
	states := items(r.Observed["RouteStates"])
	for i, x := range items(r.Props["Routes"]) {
		one := route{list: text(x, "DestinationPrefixListId")}
		if c := text(x, "DestinationCidrBlock") + text(x, "DestinationIpv6CidrBlock"); c != "" {
			var err error
			if one.dest, err = netip.ParsePrefix(c); err != nil {
				return err
			}
		}
		for _, name := range targets {
			if v := text(x, name); v != "" {
				one.target = v
			}
		}
		if i < len(states) {
			one.blackhole = text(states[i], "State") == "blackhole"
			one.propagated = text(states[i], "Origin") == "EnableVgwRoutePropagation"
		}
		t.routes = append(t.routes, one)
	}
	return nil
}

// tableOf returns the table of a subnet: "A subnet can be explicitly associated
// with custom route table, or implicitly or explicitly associated with the main
// route table."
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
func (w *World) tableOf(s *subnet) *table {
	var main *table
	for _, t := range w.tables {
		if slices.Contains(t.subnets, s.id) {
			return t
		}
		if t.main && t.vpc == s.vpc {
			main = t
		}
	}
	return main
}

// edgeTable returns the table that is associated with a gateway, or nil.
// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (w *World) edgeTable(gateway string) *table {
	for _, t := range w.tables {
		if slices.Contains(t.gateways, gateway) {
			return t
		}
	}
	return nil
}

// lookup returns the routes that could carry a packet to an address: one, or
// several where AWS chooses. unknown says what is not known or not modelled.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
func (w *World) lookup(t *table, dst netip.Addr) (best []route, unknown string) {
	v := w.vpcs[t.vpc]
	routes := slices.Clone(t.routes)
	// "Every route table contains a local route for communication within the
	// VPC", one for each of its CIDR blocks; its target can be replaced.
	for _, c := range v.cidrs {
		if !slices.ContainsFunc(t.routes, func(r route) bool { return r.dest == c }) {
			routes = append(routes, route{dest: c, target: "local"})
		}
	}
	replaced := slices.ContainsFunc(t.routes, func(r route) bool {
		return slices.Contains(v.cidrs, r.dest) && r.target != "local" && r.dest.Contains(dst)
	})
	bits, rank := -1, 0
	for _, r := range routes {
		dests, order := []netip.Prefix{r.dest}, 0
		switch {
		case r.list != "":
			list, known := w.lists[r.list]
			if !known {
				return nil, "prefix list " + r.list + " is not in the snapshot"
			}
			dests, order = list, 1
		case r.propagated:
			order = 2
			// "If propagated routes … overlap with the local route for your VPC,
			// the local route is most preferred even if the propagated routes are
			// more specific."
			// https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-route-priority.html
			if v.inside(dst) {
				if r.dest.IsValid() && r.dest.Contains(dst) && replaced {
					return nil, "a propagated route beside a local route with another target"
				}
				continue
			}
		}
		for _, d := range dests {
			if !d.IsValid() || !d.Contains(dst) {
				continue
			}
			// "We use the most specific route that matches"; of equals static
			// routes come before prefix lists and these before propagated ones.
			switch {
			case d.Bits() > bits || d.Bits() == bits && order < rank:
				bits, rank, best = d.Bits(), order, []route{r}
			case d.Bits() == bits && order == rank && !slices.ContainsFunc(best, func(b route) bool { return b.target == r.target }):
				// "If your route table references multiple prefix lists that have
				// overlapping CIDR blocks to different targets, we randomly
				// choose which route takes priority."
				best = append(best, r)
			}
		}
	}
	return best, ""
}

// Addresses that the internet does not carry, which internet gateways refuse:
// private (RFC 1918), shared (RFC 6598), link-local, loopback, multicast and
// those of future use; of IPv6 all but global unicast.
func public(a netip.Addr) bool {
	if a.Is6() {
		return netip.MustParsePrefix("2000::/3").Contains(a)
	}
	for _, p := range []string{"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"} {
		if netip.MustParsePrefix(p).Contains(a) {
			return false
		}
	}
	return true
}
