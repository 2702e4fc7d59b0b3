package network

import (
	"slices"

	"github.com/haetae/haetae/cidr"
)

// fromBalancer holds what a load balancer sends against what it can: to targets,
// at their ports, from high ports.
func (k *walk) fromBalancer(s *state, b *balancer, n *nic) {
	if k.back || len(k.goal.nics) == 0 {
		return
	}
	to := k.goal.nics[0]
	var ports cidr.Ports
	known := false
	why := b.why
	for _, l := range b.listeners {
		for _, x := range l.sends {
			why = firstWhy(why, x.to.why)
			for _, t := range x.to.targets {
				if slices.Contains(t.nics, to) {
					known = true
					ports = ports.Union(cidr.PortRange(t.port, t.port))
				}
			}
		}
	}
	doubt := func(set cidr.Set) filter {
		if why != nil {
			return filter{yes: set, may: cidr.All(), why: why}
		}
		return sure(set)
	}
	if b.kind == "gateway" {
		k.geneve(s, b)
		return
	}
	if !known {
		k.sieve(s, doubt(cidr.Set{}), "load-balancer", b.res.ID, noRule, func() Blocker {
			return Blocker{Code: "TARGET_ADDRESS_RESTRICTION", Resource: b.res.ID, Fix: "Register " + to.id + " as a target of " + last(b.res.ID) + "."}
		})
		return
	}
	m := match{protos: cidr.AllProtos(), ports: ports, typ: cidr.Ports{}, code: cidr.Ports{}}
	m.protos = cidr.Ported()
	k.sieve(s, doubt(cidr.Of(m.boxes(cidr.AllAddrs(), cidr.AllAddrs())...)), "load-balancer", b.res.ID, noRule, func() Blocker {
		code := "TARGET_PORT_RESTRICTION"
		if b.kind == "classic" {
			code = "ELB_LISTENER_PORT_RESTRICTION"
		}
		return Blocker{Code: code, Resource: b.res.ID, Fix: "It sends to port " + ports.String() + " of the target: register the target with the port that it listens on."}
	})
	var high []cidr.Box
	for _, x := range m.boxes(cidr.AllAddrs(), cidr.AllAddrs()) {
		x.A, x.B = highPorts(), cidr.AllPorts()
		high = append(high, x)
	}
	k.sieve(s, sure(cidr.Of(high...)), "load-balancer", b.res.ID, noRule, func() Blocker {
		return Blocker{Code: "REMAP_EPHEMERAL_PORT", Resource: b.res.ID, Fix: "Load balancers send from ports 1024–65535: ask without a source port below."}
	})
	if n.subnet != nil && to.subnet != nil {
		k.w.zoneRules(k, s, b, n.subnet.zone, to.subnet.zone, b.cross, to)
	}
}

// geneve holds what a gateway load balancer sends against its protocol
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/target-groups.html).
func (k *walk) geneve(s *state, b *balancer) {
	udp := match{protos: cidr.Proto(cidr.UDP), ports: cidr.AllPorts()}
	k.sieve(s, sure(cidr.Of(udp.boxes(cidr.AllAddrs(), cidr.AllAddrs())...)), "load-balancer", b.res.ID, noRule, func() Blocker {
		return Blocker{Code: "GWLB_PROTOCOL_RESTRICTION", Resource: b.res.ID, Fix: "A gateway load balancer sends GENEVE, which is UDP."}
	})
	udp.ports = cidr.PortRange(6081, 6081)
	port := udp.boxes(cidr.AllAddrs(), cidr.AllAddrs())
	for i := range port {
		port[i].Proto = cidr.AllProtos()
	}
	k.sieve(s, sure(cidr.Of(port...)), "load-balancer", b.res.ID, noRule, func() Blocker {
		return Blocker{Code: "GWLB_DESTINATION_PORT_RESTRICTION", Resource: b.res.ID, Fix: "A gateway load balancer sends GENEVE to port 6081."}
	})
}
