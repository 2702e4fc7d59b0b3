package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// place is where packets begin or are to go.
type place struct {
	kind     string // "nic", "space", "internet", "via", "endpoint", "literal", "nowhere"
	nics     []*nic
	addrs    cidr.Addrs // the addresses there, as the other end writes them
	vpc      *vpc
	sub      *subnet
	internet bool
	literal  bool // an address: routing decides where it is
	sender   *vpc // of space: senders that rules know are in this VPC
	layers   bool // network layers only: no security groups, no holder
	public   bool // the other end uses public addresses
	exit     *gateway
	attach   *attachment
	peer     *peering
	point    *endpoint
	tunnel   *connect        // an EC2 Instance Connect Endpoint whose tunnels end at the interface
	clients  *clientVPN      // clients of a Client VPN endpoint
	mesh     *service        // a service of VPC Lattice, in itself or behind the interface
	table    *table          // of nowhere: where the route is missing
	asked    cidr.Addrs      // the literal addresses that were asked for, when not all are meant
	listener *listener       // of a load balancer, when only one is meant
	why      *haetae.Unknown // what is not known of it
}

// subnets tells whether the place is space in the subnet.
func (p *place) subnets(s *subnet) bool {
	return p.kind == "space" && p.vpc == s.vpc && (p.sub == nil || p.sub == s)
}

// errNoEnd says that a question names what nobody knows.
func errNoEnd(e End) error {
	return &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s is no resource of the snapshot with a place in the network", e),
		Hint: "Give an id, an ARN, tag:KEY=VALUE, internet, an address or an address range."}
}

// places resolves an end. An address that only routing can place is one literal
// place.
func (w *World) places(e End) ([]*place, error) {
	if e.Address != "" {
		return w.addressPlaces(e)
	}
	switch {
	case e.res != nil:
		if out := w.resourcePlaces(e.res); len(out) > 0 {
			return out, nil
		}
		return nil, errNoEnd(e)
	case e.ID == "internet":
		return []*place{{kind: "internet", internet: true, addrs: internet()}}, nil
	case strings.HasPrefix(e.ID, "tag:"):
		key, value, _ := strings.Cut(strings.TrimPrefix(e.ID, "tag:"), "=")
		var out []*place
		for _, r := range w.tagged(key, value) {
			for _, n := range w.interfacesOf(r) {
				if !slices.ContainsFunc(out, func(p *place) bool { return p.nics[0] == n }) {
					out = append(out, nicPlace(n))
				}
			}
		}
		if len(out) == 0 {
			return nil, errNoEnd(e)
		}
		return out, nil
	}
	list := w.lookup(e.ID)
	for _, r := range list {
		if out := w.resourcePlaces(r); len(out) > 0 {
			return out, nil
		}
	}
	if a, err := cidr.Parse(e.ID); err == nil && len(list) == 0 {
		return []*place{{kind: "literal", literal: true, addrs: a}}, nil
	}
	for _, r := range list {
		if w.inNetwork(r) {
			// It is there, but it has no interface: that it has none is known, or why not.
			return nil, &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s has no network interface in the snapshot", e), Hint: "Ask for one of its interfaces, or collect AWS::EC2::NetworkInterface."}
		}
	}
	return nil, errNoEnd(e)
}

func (w *World) inNetwork(r *haetae.Resource) bool {
	return r.Type == "AWS::EC2::Instance" || r.Type == "AWS::Route53Resolver::ResolverEndpoint" || slices.ContainsFunc(owners, func(o owner) bool { return o.typ == r.Type })
}

func nicPlace(n *nic) *place {
	return &place{kind: "nic", nics: []*nic{n}, addrs: n.addrs, vpc: n.vpc, sub: n.subnet}
}

// interfacesOf are the interfaces of a resource, or it itself when it is one.
func (w *World) interfacesOf(r *haetae.Resource) []*nic {
	switch c := w.of[r].(type) {
	case *nic:
		return []*nic{c}
	case *nat:
		return c.nics
	}
	if list := w.owned[r]; len(list) > 0 {
		return list
	}
	if r.Type == "AWS::RDS::DBCluster" {
		var out []*nic
		for _, x := range w.g.Resources() {
			if x.Type == "AWS::RDS::DBInstance" && x.Account == r.Account && w.find(x, x.Props["DBClusterIdentifier"], r.Type) == r {
				out = append(out, w.owned[x]...)
			}
		}
		return out
	}
	if r.Type == "AWS::EC2::EIP" {
		for _, n := range w.nics {
			for _, p := range n.pairs {
				if pub := addrsOf(r.Observed["PublicIp"]); !pub.Empty() && p.public.Equal(pub) {
					return []*nic{n}
				}
			}
		}
	}
	if g, ok := w.of[r].(*group); ok {
		return g.members
	}
	return nil
}

func (w *World) resourcePlaces(r *haetae.Resource) []*place {
	switch c := w.of[r].(type) {
	case *vpc:
		return []*place{{kind: "space", vpc: c, addrs: c.cidrs, layers: true}}
	case *subnet:
		return []*place{{kind: "space", vpc: c.vpc, sub: c, addrs: c.cidrs, layers: true}}
	case *gateway:
		if c.kind == "igw" {
			return []*place{{kind: "internet", internet: true, addrs: internet(), vpc: nil}}
		}
		return []*place{{kind: "via", exit: c, vpc: c.vpc, addrs: cidr.AllAddrs()}}
	case *attachment:
		if c.kind == "vpc" && c.vpc != nil {
			return []*place{{kind: "space", vpc: c.vpc, addrs: c.vpc.cidrs, layers: true}}
		}
		return []*place{{kind: "via", attach: c, addrs: cidr.AllAddrs()}}
	case *vpn:
		return w.viaPlace(r, cidr.AllAddrs())
	case *clientVPN:
		return []*place{clientsPlace(c, cidr.Addrs{})}
	case *service:
		return w.servicePlaces(c)
	case *endpoint:
		if c.kind == "Gateway" {
			return []*place{w.servicePlace(c)}
		}
	case *listener:
		b, _ := w.of[w.find(r, r.Props["LoadBalancerArn"], "AWS::ElasticLoadBalancingV2::LoadBalancer")].(*balancer)
		if b == nil {
			return nil
		}
		var out []*place
		for _, n := range b.nics {
			p := nicPlace(n)
			p.listener = c
			out = append(out, p)
		}
		return out
	}
	if r.Type == "AWS::EC2::InstanceConnectEndpoint" {
		return w.connectPlaces(r, cidr.Addrs{})
	}
	var out []*place
	for _, n := range w.interfacesOf(r) {
		out = append(out, nicPlace(n))
	}
	return out
}

// servicePlace is the service behind a gateway endpoint: the addresses of the
// prefix lists whose routes lead to it.
func (w *World) servicePlace(e *endpoint) *place {
	p := &place{kind: "endpoint", point: e, vpc: e.vpc, why: e.listWhy}
	for _, t := range w.tables {
		for i := range t.routes {
			if t.routes[i].target.comp == e {
				p.addrs = p.addrs.Union(t.routes[i].dest)
			}
		}
	}
	for l, x := range w.lists {
		if text(l.Props["PrefixListName"]) == text(e.res.Props["ServiceName"]) && l.Region == e.res.Region {
			for _, px := range x.prefixes {
				p.addrs = p.addrs.Union(cidr.Prefix(px))
			}
		}
	}
	if p.addrs.Empty() {
		p.addrs = internetFour()
		p.why = firstWhy(p.why, missing("the prefix list of "+e.res.ID, "ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"))
	}
	return p
}

// viaPlace is what lies behind a connection.
func (w *World) viaPlace(r *haetae.Resource, a cidr.Addrs) []*place {
	if r.Type == "AWS::EC2::InstanceConnectEndpoint" {
		return w.connectPlaces(r, a)
	}
	switch c := w.of[r].(type) {
	case *gateway:
		if c.kind == "igw" {
			return []*place{{kind: "internet", internet: true, addrs: a}}
		}
		return []*place{{kind: "via", exit: c, vpc: c.vpc, addrs: a}}
	case *endpoint:
		if c.kind == "Gateway" {
			return []*place{{kind: "endpoint", point: c, vpc: c.vpc, addrs: a}}
		}
	case *clientVPN:
		return []*place{clientsPlace(c, a)}
	case *vpn:
		if c.gate != nil {
			return []*place{{kind: "via", exit: c.gate, vpc: c.gate.vpc, addrs: a}}
		}
		for _, h := range w.hubs {
			for _, x := range h.attachments {
				if x.remote == r.ID {
					return []*place{{kind: "via", attach: x, addrs: a}}
				}
			}
		}
	case *attachment:
		if c.kind == "vpc" && c.vpc != nil {
			return w.inVPC(c.vpc, nil, a)
		}
		return []*place{{kind: "via", attach: c, addrs: a}}
	case *peering:
		// The side that is not in the snapshot, or else the one that holds the address.
		for _, v := range c.sides {
			if v.cidrs.Overlaps(a) && v.res.Stub == nil {
				return w.inVPC(v, nil, a)
			}
		}
		for _, v := range c.sides {
			if v.res.Stub != nil {
				return []*place{{kind: "via", peer: c, vpc: v, addrs: a}}
			}
		}
		return []*place{{kind: "via", peer: c, vpc: c.sides[0], addrs: a}}
	}
	return nil
}

// inVPC is addresses of a VPC: the interfaces that hold them, and those that
// nobody holds.
func (w *World) inVPC(v *vpc, sub *subnet, a cidr.Addrs) []*place {
	var out []*place
	left := a
	for _, n := range v.nics {
		if sub != nil && n.subnet != sub || n.vague != nil {
			continue
		}
		own := n.addrs.Intersect(a)
		if own.Empty() {
			continue
		}
		p := nicPlace(n)
		p.addrs = own
		out = append(out, p)
		left = left.Minus(own)
	}
	if !left.Empty() {
		out = append(out, &place{kind: "space", vpc: v, sub: sub, addrs: left})
	}
	return out
}

func (w *World) addressPlaces(e End) ([]*place, error) {
	a, err := cidr.Parse(e.Address)
	if err != nil {
		return nil, &haetae.Error{Code: haetae.Invalid, Err: err, Hint: "Give an address such as 10.0.0.7 or a range such as 10.0.0.0/16."}
	}
	for _, in := range []string{e.VPC, e.Subnet, e.Via} {
		if in == "" {
			continue
		}
		for _, r := range w.lookup(in) {
			switch c := w.of[r].(type) {
			case *vpc:
				if in == e.VPC {
					return w.inVPC(c, nil, a), nil
				}
			case *subnet:
				if in == e.Subnet {
					return w.inVPC(c.vpc, c, a), nil
				}
			}
			if in == e.Via {
				if p := w.viaPlace(r, a); p != nil {
					return p, nil
				}
			}
		}
		if strings.HasPrefix(in, "dxvif-") {
			return nil, &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s is not in the snapshot", in), Hint: "Give the virtual private gateway or the attachment that the virtual interface leads to."}
		}
		return nil, errNoEnd(End{ID: in})
	}
	return []*place{{kind: "literal", literal: true, addrs: a}}, nil
}

// locate says where a literal address is that sends to, or answers, an interface
// or a subnet: where the routes from there lead.
func (w *World) locate(a cidr.Addrs, from *place) []*place {
	var out []*place
	if from.vpc == nil {
		return w.held(a)
	}
	inside := a.Intersect(from.vpc.cidrs)
	if !inside.Empty() {
		out = append(out, w.inVPC(from.vpc, nil, inside)...)
		a = a.Minus(inside)
	}
	if a.Empty() {
		return out
	}
	sub := from.sub
	if sub == nil && len(from.vpc.subnets) > 0 {
		sub = from.vpc.subnetAt(from.addrs.First())
	}
	if sub == nil || sub.table == nil {
		why := missing("where "+shortAddrs(a)+" is", "ec2:DescribeSubnets", "ec2:DescribeRouteTables")
		if sub != nil {
			why = firstWhy(sub.tblWhy, why)
		} else {
			why = firstWhy(w.gap(from.vpc, "AWS::EC2::Subnet"), why)
		}
		if p := a.Intersect(internet()); !p.Empty() {
			out = append(out, &place{kind: "internet", internet: true, addrs: p})
		}
		if p := a.Minus(internet()); !p.Empty() {
			out = append(out, &place{kind: "nowhere", addrs: p, vpc: from.vpc, why: why})
		}
		return out
	}
	for _, b := range sub.table.lookup(a) {
		out = append(out, w.behind(b, sub, from)...)
	}
	return out
}

// behind is what lies behind the target of a route.
func (w *World) behind(b branch, sub *subnet, from *place) []*place {
	public := b.dest.Intersect(internet())
	private := b.dest.Minus(public)
	nowhere := func(a cidr.Addrs) []*place {
		var out []*place
		if p := a.Intersect(internet()); !p.Empty() {
			out = append(out, &place{kind: "internet", internet: true, addrs: p})
		}
		if p := a.Minus(internet()); !p.Empty() {
			if held := w.held(p); len(held) > 0 {
				return append(out, held...)
			}
			out = append(out, &place{kind: "nowhere", addrs: p, vpc: from.vpc, table: sub.table})
		}
		return out
	}
	if b.route == nil {
		return nowhere(b.dest)
	}
	switch c := b.route.target.comp.(type) {
	case *gateway:
		if c.kind == "vgw" {
			return []*place{{kind: "via", exit: c, vpc: c.vpc, addrs: b.dest}}
		}
		var out []*place
		if !public.Empty() {
			out = append(out, &place{kind: "internet", internet: true, addrs: public})
		}
		if !private.Empty() {
			out = append(out, nowhere(private)...)
		}
		return out
	case *peering:
		other := c.other(sub.vpc)
		if other.res.Stub != nil {
			return []*place{{kind: "via", peer: c, vpc: other, addrs: b.dest}}
		}
		return w.inVPC(other, nil, b.dest)
	case *hub:
		at := c.of(sub.vpc)
		if at == nil || at.table == nil {
			return nowhere(b.dest)
		}
		var out []*place
		for _, x := range at.table.lookup(b.dest) {
			if x.route == nil || len(x.route.to) == 0 {
				out = append(out, nowhere(x.dest)...)
				continue
			}
			to := x.route.to[0]
			if to.kind == "vpc" && to.vpc != nil {
				in := x.dest.Intersect(to.vpc.cidrs)
				out = append(out, w.inVPC(to.vpc, nil, in)...)
				if rest := x.dest.Minus(in); !rest.Empty() {
					out = append(out, nowhere(rest)...)
				}
				continue
			}
			out = append(out, &place{kind: "via", attach: to, addrs: x.dest})
		}
		return out
	}
	return nowhere(b.dest)
}

// held are the interfaces with an address, private or public, in any VPC.
func (w *World) held(a cidr.Addrs) []*place {
	var out []*place
	for _, n := range w.nics {
		if n.vague != nil || n.vpc == nil {
			continue
		}
		if own := n.addrs.Intersect(a); !own.Empty() {
			p := nicPlace(n)
			p.addrs = own
			out = append(out, p)
		}
	}
	return out
}
