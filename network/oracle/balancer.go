package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// balancer is an application or network load balancer.
type balancer struct {
	id, kind, name string // kind: application, network
	crossZone      bool
	subnets        []string
	listeners      []listener
}

type listener struct {
	proto, port int
	groups      []targetGroup
}

type targetGroup struct {
	id, kind, protocol string // kind: instance, ip
	port               int
	preserve           bool
	targets            []target
}

type target struct {
	id   string
	port int
}

func (w *World) readBalancer(r *haetae.Resource) error {
	b := &balancer{id: r.ID, kind: text(r.Props, "Type"), name: text(r.Props, "Name"), subnets: texts(r.Props["Subnets"])}
	// "With Application Load Balancers, cross-zone load balancing is always
	// enabled. With Network Load Balancers … disabled by default."
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
	b.crossZone = b.kind == "application"
	for _, a := range items(r.Props["LoadBalancerAttributes"]) {
		if text(a, "Key") == "load_balancing.cross_zone.enabled" && b.kind != "application" {
			b.crossZone = text(a, "Value") == "true"
		}
	}
	w.balancers = append(w.balancers, b)
	return nil
}

func (w *World) readListener(r *haetae.Resource, snap *haetae.Snapshot) error {
	var b *balancer
	for _, x := range w.balancers {
		if x.id == text(r.Props, "LoadBalancerArn") {
			b = x
		}
	}
	if b == nil {
		return nil
	}
	port, err := number(r.Props, "Port", 0)
	if err != nil {
		return err
	}
	protos := []int{TCP}
	switch text(r.Props, "Protocol") {
	case "UDP":
		protos = []int{UDP}
	case "TCP_UDP":
		protos = []int{TCP, UDP}
	}
	var groups []targetGroup
	for _, a := range items(r.Props["DefaultActions"]) {
		if arn := text(a, "TargetGroupArn"); arn != "" {
			g, err := readTargets(byARN(snap, "AWS::ElasticLoadBalancingV2::TargetGroup", arn))
			if err != nil {
				return err
			}
			groups = append(groups, g)
		}
	}
	for _, p := range protos {
		b.listeners = append(b.listeners, listener{proto: p, port: port, groups: groups})
	}
	return nil
}

func readTargets(r *haetae.Resource) (g targetGroup, err error) {
	if r == nil {
		return g, fmt.Errorf("a target group is not in the snapshot")
	}
	g = targetGroup{id: r.ID, kind: text(r.Props, "TargetType"), protocol: text(r.Props, "Protocol")}
	if g.port, err = number(r.Props, "Port", 0); err != nil {
		return g, err
	}
	// "By default, client IP preservation is enabled (and can't be disabled) for
	// instance and IP type target groups with UDP and TCP_UDP protocols", enabled
	// for instances and disabled for IP type with TCP and TLS.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
	udp := strings.Contains(g.protocol, "UDP")
	g.preserve = udp || g.kind == "instance"
	for _, a := range items(r.Props["TargetGroupAttributes"]) {
		if text(a, "Key") == "preserve_client_ip.enabled" && !udp {
			g.preserve = text(a, "Value") == "true"
		}
	}
	for _, x := range items(r.Props["Targets"]) {
		port, err := number(x, "Port", g.port)
		if err != nil {
			return g, err
		}
		g.targets = append(g.targets, target{text(x, "Id"), port})
	}
	return g, nil
}

// balancerOf returns the load balancer that an interface belongs to, or nil.
func (w *World) balancerOf(e *eni) *balancer {
	for _, b := range w.balancers {
		if _, full, ok := strings.Cut(b.id, ":loadbalancer/"); ok && e.description == "ELB "+full {
			return b
		}
	}
	return nil
}

// listens tells whether a load balancer accepts the packet: "A listener checks
// for connection requests, using the protocol and port that you configure."
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
func (b *balancer) listens(p Packet) *listener {
	for i, l := range b.listeners {
		if l.proto == p.Proto && l.port == p.DstPort {
			return &b.listeners[i]
		}
	}
	return nil
}

// Balances tells whether an interface is a load balancer's.
func (w *World) Balances(id string) bool {
	return w.enis[id] != nil && w.balancerOf(w.enis[id]) != nil
}

// Leg is the connection that a load balancer makes to a target.
type Leg struct {
	Target string
	Packet Packet
	Answer Answer
}

// Legs sends what a load balancer makes of a packet that it received at an
// interface to each of its targets. The packet is as its sender sent it, but for
// a public destination.
func (w *World) Legs(at string, p Packet) ([]Leg, error) {
	e := w.enis[at]
	if e == nil {
		return nil, fmt.Errorf("%s is not in the snapshot", at)
	}
	b := w.balancerOf(e)
	if b == nil {
		return nil, fmt.Errorf("%s is no load balancer's", at)
	}
	l := b.listens(p)
	if l == nil {
		return nil, nil
	}
	var out []Leg
	for _, g := range l.groups {
		for _, t := range g.targets {
			to, err := w.targetAddress(g, t)
			if err != nil {
				return nil, err
			}
			if !w.zoned(b, e, to) {
				out = append(out, Leg{Target: t.id, Answer: Answer{End: g.id, Why: []string{"the target is in a zone that does not count"}}})
				continue
			}
			leg := Leg{Target: t.id, Packet: Packet{Src: e.addrs[0], Dst: to, Proto: p.Proto, SrcPort: 1024, DstPort: t.port}}
			if b.kind == "network" && g.preserve {
				leg.Packet.Src, leg.Packet.SrcPort = p.Src, p.SrcPort
				leg.Answer = w.preserved(e, leg.Packet)
			} else {
				leg.Answer = w.Ask(e.id, leg.Packet)
			}
			out = append(out, leg)
		}
	}
	return out, nil
}

// zoned tells whether the zone of a target counts for the interface at which a
// load balancer got the packet.
//
// "If you register targets in an Availability Zone but do not enable the
// Availability Zone, these registered targets do not receive traffic"; without
// cross-zone load balancing a node serves the targets of its own zone.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
func (w *World) zoned(b *balancer, e *eni, target netip.Addr) bool {
	zone, known := "", false
	for _, s := range w.subnets {
		if s.vpc == e.vpc && contains(s.cidrs, target) {
			zone, known = s.zone, true
		}
	}
	if !known {
		return true // an address outside the VPC belongs to all zones
	}
	enabled := slices.ContainsFunc(b.subnets, func(id string) bool { return w.subnets[id] != nil && w.subnets[id].zone == zone })
	return enabled && (b.crossZone || w.subnets[e.subnet].zone == zone)
}

func (w *World) targetAddress(g targetGroup, t target) (netip.Addr, error) {
	if g.kind == "ip" {
		return netip.ParseAddr(t.id)
	}
	for _, e := range w.enis {
		if e.instance == t.id && len(e.addrs) > 0 {
			return e.addrs[0], nil
		}
	}
	return netip.Addr{}, fmt.Errorf("target %s is not in the snapshot", t.id)
}

// preserved sends a packet to a target with the address of the client: what the
// target's groups see is that, or the group of the load balancer if it has one,
// and its subnet's ACL sees it both ways.
//
// "Referencing the security group associated with your Network Load Balancer …
// ensures that your targets accept traffic from your Network Load Balancer even
// if you enable client IP preservation."
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
func (w *World) preserved(from *eni, p Packet) Answer {
	var to *eni
	for _, e := range w.enis {
		if e.vpc == from.vpc && slices.Contains(e.addrs, p.Dst) {
			to = e
		}
	}
	if to == nil {
		return Answer{End: from.vpc}
	}
	if len(from.groups) > 0 {
		ok, _, err := w.admits(from, true, p, p.Dst, func(g string) bool { return slices.Contains(to.groups, g) })
		if err != nil {
			return Answer{NotModelled: err.Error()}
		}
		if !ok {
			return Answer{End: from.id}
		}
	}
	ok, _, err := w.admits(to, false, p, p.Src, func(g string) bool { return slices.Contains(from.groups, g) })
	if err != nil {
		return Answer{NotModelled: err.Error()}
	}
	if !ok {
		return Answer{End: to.id}
	}
	if from.subnet == to.subnet {
		return Answer{End: to.id, Forward: true, Reply: true}
	}
	a, b := w.aclOf(w.subnets[from.subnet]), w.aclOf(w.subnets[to.subnet])
	if a == nil || b == nil {
		return Answer{NotModelled: "a subnet without a network ACL"}
	}
	both := func(p Packet, out, in *acl) bool {
		left, _ := out.allows(true, p)
		entered, _ := in.allows(false, p)
		return left && entered
	}
	if !both(p, a, b) {
		return Answer{End: to.subnet}
	}
	return Answer{End: to.id, Forward: true, Reply: both(p.answer(), b, a)}
}
