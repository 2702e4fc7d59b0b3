package network

import (
	"net/netip"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// hostService is a service of AWS that answers instances at an address of its
// own, without a route. Neither security groups nor network ACLs see its packets
// (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html,
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html).
type hostService struct {
	name   string
	addrs  cidr.Addrs
	protos cidr.Protos
	port   int
	dns    bool // only while the VPC's DNS support is on
}

// hostServices are the services at hand in a VPC. The resolver is also at the
// base of the VPC's first range plus two
// (https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html).
func (v *vpc) hostServices() []hostService {
	at := func(list ...string) cidr.Addrs {
		var out cidr.Addrs
		for _, s := range list {
			out = out.Union(cidr.One(netip.MustParseAddr(s)))
		}
		return out
	}
	dns := at("169.254.169.253", "fd00:ec2::253")
	if p, ok := prefixOf(v.res.Props["CidrBlock"]); ok {
		dns = dns.Union(cidr.One(p.Addr().Next().Next()))
	}
	tcp, udp := cidr.Proto(cidr.TCP), cidr.Proto(cidr.UDP)
	return []hostService{
		{"Amazon DNS", dns, cidr.Ported(), 53, true},
		{"instance metadata", at("169.254.169.254", "fd00:ec2::254"), tcp, 80, false},
		{"Amazon Time Sync", at("169.254.169.123", "fd00:ec2::123"), udp, 123, false},
		{"task metadata", at("169.254.170.2"), tcp, 80, false},
		{"EKS Pod Identity", at("169.254.170.23", "fd00:ec2::23"), tcp, 80, false},
		{"Windows activation", at("169.254.169.250", "169.254.169.251"), tcp, 1688, false},
	}
}

// served takes the packets for services of AWS that are at hand to them, and
// returns what is left, nil when nothing is.
func (k *walk) served(s *state, v *vpc) *state {
	if k.back || v == nil || k.goal.layers || !k.goal.literal && k.goal.kind != "space" {
		return s
	}
	for _, x := range v.hostServices() {
		if !destinations(s.pieces).Overlaps(x.addrs) {
			continue
		}
		m := match{protos: x.protos, ports: cidr.PortRange(x.port, x.port)}
		set := cidr.Of(m.boxes(cidr.AllAddrs(), x.addrs)...)
		part, rest := s.clone(), s.clone()
		part.pieces, rest.pieces = nil, nil
		for _, p := range s.pieces {
			part.pieces = append(part.pieces, p.through(set)...)
			rest.pieces = append(rest.pieces, p.through(cidr.All().Minus(set))...)
		}
		if len(part.pieces) == 0 {
			continue
		}
		k.serve(part, v, x)
		if s = rest; len(s.pieces) == 0 {
			return nil
		}
	}
	return s
}

// serve ends packets at a service of AWS.
func (k *walk) serve(s *state, v *vpc, x hostService) {
	on := true
	if x.dns && v.res.Stub == nil {
		support, known := flag(v.res.Props["EnableDnsSupport"])
		on = support || !known
		if u := whyNot(v.res.Props["EnableDnsSupport"]); u != nil {
			s.pieces = withoutFact(s.pieces, u)
		}
	}
	s.hop("aws-service", x.name, "", on)
	if !on {
		s.block(k, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: v.id(), Rule: "enableDnsSupport", Fix: "Turn on DNS resolution (enableDnsSupport) for " + v.id() + "."})
	}
	k.end(s, spot{service: true}, true)
}

// addResolverEndpoint finds the interfaces of a resolver endpoint by their
// addresses, or makes them up from its subnets.
func (w *World) addResolverEndpoint(r *haetae.Resource) {
	list, why := items(r.Props["IpAddresses"])
	probe := &nic{res: r, id: r.ID, groupsWhy: why}
	w.carry(probe, r, r.Props["SecurityGroupIds"])
	for _, x := range list {
		sub := w.subnetOf(r, get(x, "SubnetId"))
		addrs := addrsOf(get(x, "Ip")).Union(addrsOf(get(x, "Ipv6")))
		if sub != nil {
			if held := sub.vpc.holderOf(addrs); held != nil {
				w.own(r, held)
				continue
			}
		}
		n := &nic{res: r, id: r.ID, subnet: sub, groups: slices.Clone(probe.groups), groupsWhy: probe.groupsWhy, addrs: addrs, kind: "resolver"}
		w.virtual(n, r)
		n.checked = true
	}
}

// holderOf is the interface that has one of the addresses, or nil.
func (v *vpc) holderOf(a cidr.Addrs) *nic {
	for _, p := range a.Prefixes() {
		if n := v.holder[p.Addr()]; n != nil && p.IsSingleIP() {
			return n
		}
	}
	return nil
}
