package network

import (
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// connect is an EC2 Instance Connect Endpoint: a proxy for TCP by which whoever
// IAM lets open a tunnel connects to instances
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-with-ec2-instance-connect-endpoint.html).
type connect struct {
	res   *haetae.Resource
	state string
	keeps bool // the client's address stays
	why   *haetae.Unknown
}

func (w *World) connectOf(r *haetae.Resource) *connect {
	c := &connect{res: r, state: text(r.Observed["State"])}
	keeps, known := flag(r.Props["PreserveClientIp"])
	c.keeps = keeps
	if !known {
		// What it is when it is not said has changed over time.
		c.why = firstWhy(whyNot(r.Props["PreserveClientIp"]), missingOf(r, "PreserveClientIp of "+r.ID, "ec2:DescribeInstanceConnectEndpoints"))
	}
	return c
}

// connectPlaces are where tunnels come out: the interfaces of the endpoint, with
// the clients' addresses where those are kept.
func (w *World) connectPlaces(r *haetae.Resource, from cidr.Addrs) []*place {
	c := w.connectOf(r)
	var out []*place
	for _, n := range w.owned[r] {
		p := nicPlace(n)
		p.tunnel, p.why = c, c.why
		if c.keeps {
			p.addrs = internetFour()
		}
		if !from.Empty() {
			p.addrs = p.addrs.Intersect(from)
		}
		out = append(out, p)
	}
	return out
}

// tunnelPorts are those that an endpoint connects to
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-using-eice.html).
func tunnelPorts() cidr.Ports {
	return cidr.PortRange(22, 22).Union(cidr.PortRange(3389, 3389))
}

// fromTunnel takes what comes out of a tunnel into the VPC. Only the outbound rules
// of the endpoint count, and rules that refer to its group know it also where the
// client's address stays
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-security-groups.html).
func (k *walk) fromTunnel(s *state, src *place) {
	c, n := src.tunnel, src.nics[0]
	ok := c.state == "" || c.state == "create-complete"
	s.hop("instance-connect-endpoint", c.res.ID, "", ok)
	if !ok {
		s.block(k, Blocker{Code: "BAD_STATE", Resource: c.res.ID, Fix: "Bring " + c.res.ID + " into service: it is " + c.state + "."})
	}
	m := match{protos: cidr.Proto(cidr.TCP), ports: tunnelPorts()}
	if set := cidr.Of(m.boxes(cidr.All4(), cidr.All4())...); !set.Covers(packetsOf(s.pieces)) {
		k.sieve(s, sure(set), "instance-connect-endpoint", c.res.ID, noRule, func() Blocker {
			return Blocker{Code: "PROTOCOL_RESTRICTION", Resource: c.res.ID, Fix: "An EC2 Instance Connect Endpoint connects by TCP to ports 22 and 3389 only."}
		})
	}
	s.origin, s.ident = n.vpc, identity{vpc: n.vpc, sender: n}
	k.groups(s, n, false)
	s.tracked = append(s.tracked, n)
	if c.keeps {
		s.ident = identity{lost: "SG_REFERENCES_NOT_PRESERVED", through: n.groups}
		if n.vpc != nil && !n.vpc.cidrs.Covers(destinations(s.pieces)) {
			k.sieve(s, sure(between(cidr.AllAddrs(), n.vpc.cidrs)), "instance-connect-endpoint", c.res.ID, noRule, func() Blocker {
				return Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: c.res.ID, Fix: "Turn off client IP preservation of " + c.res.ID + ": with it only instances in " + n.vpc.id() + " are reached."}
			})
			if !n.vpc.cidrs.Overlaps(destinations(s.pieces)) {
				k.end(s, spot{}, false)
				return
			}
		}
	}
	if n.subnet == nil {
		k.unknown(s, spot{vpc: n.vpc}, missing("the subnet of "+n.id, "ec2:DescribeSubnets"))
		return
	}
	s.zone = n.subnet.zone
	k.leaveSubnet(s, n.subnet)
}

// tunnelled walks the answers to packets that kept their clients' addresses: back
// to the endpoint, whatever the routes say. Only network ACLs are on the way.
func (w *World) tunnelled(f *state, src *place) trip {
	n := src.nics[0]
	goal := nicPlace(n)
	k := &walk{w: w, goal: goal, back: true, fwd: f}
	s := &state{arrived: true}
	for _, p := range f.pieces {
		s.pieces = append(s.pieces, p.answers()...)
	}
	if at := f.at.nic; at != nil {
		s.hop("eni", at.id, "", true)
		if at.subnet != nil && n.subnet != nil && at.subnet != n.subnet {
			k.acl(s, at.subnet, false)
			k.acl(s, n.subnet, true)
		}
	} else if f.at.subnet != nil && n.subnet != nil && f.at.subnet != n.subnet {
		k.acl(s, f.at.subnet, false)
		k.acl(s, n.subnet, true)
	}
	if s.hop("instance-connect-endpoint", src.tunnel.res.ID, "", true); slices.ContainsFunc(s.hops, func(h Hop) bool { return !h.Passed }) {
		s.hops = s.hops[:len(s.hops)-1]
	}
	return trip{f, s}
}
