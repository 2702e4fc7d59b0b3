package network

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// balancer is a load balancer with its listeners.
type balancer struct {
	res       *haetae.Resource
	kind      string // application, network, gateway, classic, lattice
	vpc       *vpc
	nics      []*nic
	zones     []string
	cross     bool
	crossWhy  *haetae.Unknown
	listeners []*listener
	why       *haetae.Unknown // why not all listeners are known
	state     string
	mesh      *service // of VPC Lattice, when it is one
}

// listener is a port on which a load balancer listens.
type listener struct {
	res    *haetae.Resource
	name   string
	protos cidr.Protos
	ports  cidr.Ports
	sends  []sending
	final  bool // it answers by itself: a redirect or a fixed response
	why    *haetae.Unknown
}

// sending is a target group that a listener sends to; when says for which
// requests, "" for those that no rule takes.
type sending struct {
	to   *targetGroup
	when string
}

// targetGroup is where a load balancer sends packets.
type targetGroup struct {
	res      *haetae.Resource
	kind     string // instance, ip, lambda, alb
	protos   cidr.Protos
	targets  []lbTarget
	why      *haetae.Unknown // why not all targets are known
	preserve bool            // the client's address stays
	keepWhy  *haetae.Unknown // why that is not known
	cross    string          // "true", "false", "" as the load balancer
}

// lbTarget is one registered target.
type lbTarget struct {
	id    string
	nics  []*nic
	addrs cidr.Addrs // of an address that no interface here has
	port  int
}

func (w *World) addBalancers(byType map[string][]*haetae.Resource) {
	for _, r := range byType["AWS::ElasticLoadBalancingV2::LoadBalancer"] {
		b := &balancer{res: r, kind: text(r.Props["Type"]), nics: w.owned[r], state: text(r.Observed["State"])}
		if b.kind == "" {
			b.kind = "application"
		}
		b.cross = b.kind == "application" // always on unless a target group turns it off
		on, why := attribute(r, "LoadBalancerAttributes", "load_balancing.cross_zone.enabled")
		if on != "" {
			b.cross = on == "true"
		} else if b.kind != "application" {
			b.crossWhy = why
		}
		w.addBalancer(b)
	}
	for _, r := range byType["AWS::ElasticLoadBalancing::LoadBalancer"] {
		b := &balancer{res: r, kind: "classic", nics: w.owned[r]}
		b.cross, _ = flag(r.Props["CrossZone"])
		b.crossWhy = whyNot(r.Props["CrossZone"])
		w.addBalancer(b)
		w.addClassic(b)
	}
	groups := map[*haetae.Resource]*targetGroup{}
	for _, r := range byType["AWS::ElasticLoadBalancingV2::TargetGroup"] {
		groups[r] = w.targetGroup(r)
		w.of[r] = groups[r]
	}
	for _, r := range byType["AWS::ElasticLoadBalancingV2::Listener"] {
		w.addListener(r)
	}
	for _, r := range byType["AWS::ElasticLoadBalancingV2::ListenerRule"] {
		if l, ok := w.of[w.find(r, r.Props["ListenerArn"], "AWS::ElasticLoadBalancingV2::Listener")].(*listener); ok {
			w.actions(l, r, r.Props["Actions"], "the request meets the conditions of rule "+last(r.ID))
		}
	}
}

func last(s string) string { return s[strings.LastIndexAny(s, "/:")+1:] }

// attribute reads one of a list of keys and values.
func attribute(r *haetae.Resource, prop, key string) (string, *haetae.Unknown) {
	list, why := items(r.Props[prop])
	for _, x := range list {
		if text(get(x, "Key")) == key {
			return text(get(x, "Value")), whyNot(get(x, "Value"))
		}
	}
	return "", why
}

func (w *World) addBalancer(b *balancer) {
	for _, n := range b.nics {
		n.checked = false // it sends what is not from its own address when it keeps the client's
		if n.subnet != nil && !slices.Contains(b.zones, n.subnet.zone) {
			b.zones = append(b.zones, n.subnet.zone)
		}
		if n.vpc != nil {
			b.vpc = n.vpc
		}
		w.serves[n] = b
		if b.kind == "gateway" {
			n.noGroups = true
		}
	}
	zones, _ := items(b.res.Observed["AvailabilityZones"])
	for _, z := range zones {
		if name := text(get(z, "ZoneName")); name != "" && !slices.Contains(b.zones, name) {
			b.zones = append(b.zones, name)
		}
	}
	_, b.why = w.g.All(b.res, "AWS::ElasticLoadBalancingV2::Listener")
	if b.kind == "classic" {
		b.why = nil
	}
	w.of[b.res] = b
}

// addClassic reads the listeners and instances of a classic load balancer.
func (w *World) addClassic(b *balancer) {
	list, why := items(b.res.Props["Listeners"])
	b.why = why
	instances, instWhy := items(b.res.Props["Instances"])
	for _, x := range list {
		port, okA := number(get(x, "LoadBalancerPort"))
		to, okB := number(get(x, "InstancePort"))
		if !okA || !okB {
			b.why = firstWhy(b.why, whyNot(get(x, "LoadBalancerPort")), whyNot(get(x, "InstancePort")), missing("a port of a listener of "+b.res.ID, "elasticloadbalancing:DescribeLoadBalancers"))
			continue
		}
		g := &targetGroup{res: b.res, kind: "instance", protos: cidr.Proto(cidr.TCP), why: instWhy}
		for _, i := range instances {
			inst := w.find(b.res, i, "AWS::EC2::Instance")
			t := lbTarget{id: text(i), port: to}
			if inst != nil {
				t.id, t.nics = inst.ID, w.owned[inst]
			}
			g.targets = append(g.targets, t)
		}
		b.listeners = append(b.listeners, &listener{res: b.res, name: text(get(x, "LoadBalancerPort")), protos: cidr.Proto(cidr.TCP), ports: cidr.PortRange(port, port), sends: []sending{{to: g}}})
	}
}

// listens are the protocols of a listener or a target group
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html).
func listens(v any) cidr.Protos {
	switch text(v) {
	case "UDP":
		return cidr.Proto(cidr.UDP)
	case "TCP_UDP":
		return cidr.Ported()
	case "QUIC":
		return cidr.Proto(cidr.UDP)
	case "TCP_QUIC":
		return cidr.Ported()
	case "GENEVE":
		return cidr.Proto(cidr.UDP)
	}
	return cidr.Proto(cidr.TCP)
}

func (w *World) targetGroup(r *haetae.Resource) *targetGroup {
	g := &targetGroup{res: r, kind: text(r.Props["TargetType"]), protos: listens(r.Props["Protocol"])}
	if g.kind == "" {
		g.kind = "instance"
	}
	port, _ := number(r.Props["Port"])
	list, why := items(r.Props["Targets"])
	g.why = why
	if _, said := r.Props["Targets"]; !said {
		g.why = missingOf(r, "the targets of "+last(r.ID), "elasticloadbalancing:DescribeTargetHealth") // whoever scales registers them
	}
	v := w.vpcOf(r, r.Props["VpcId"])
	for _, x := range list {
		t := lbTarget{id: text(get(x, "Id")), port: port}
		if p, ok := number(get(x, "Port")); ok {
			t.port = p
		}
		if whyNot(get(x, "Port")) == nil { // else who it is does not say where it listens
			w.register(&t, g, r, v, get(x, "Id"))
		}
		g.targets = append(g.targets, t)
	}
	g.keeps()
	g.cross, _ = attribute(r, "TargetGroupAttributes", "load_balancing.cross_zone.enabled")
	return g
}

// register finds who a target is.
func (w *World) register(t *lbTarget, g *targetGroup, r *haetae.Resource, v *vpc, id any) {
	switch g.kind {
	case "instance":
		if inst := w.find(r, id, "AWS::EC2::Instance"); inst != nil {
			t.id, t.nics = inst.ID, w.owned[inst]
			if len(t.nics) > 1 {
				t.nics = t.nics[:1] // the primary interface takes the packets
			}
		}
	case "ip":
		t.addrs = addrsOf(id)
		if a, one := t.addrs.Single(); one && v != nil && v.holder[a] != nil {
			t.nics = []*nic{v.holder[a]}
		}
	case "alb":
		if lb := w.find(r, id, "AWS::ElasticLoadBalancingV2::LoadBalancer"); lb != nil {
			t.id, t.nics = lb.ID, w.owned[lb]
		}
	}
}

// keeps says whether the client's address stays. By default it does for
// instances and always for UDP, and does not for addresses with TCP and TLS
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html).
func (g *targetGroup) keeps() {
	switch text(g.res.Props["Protocol"]) {
	case "HTTP", "HTTPS", "GENEVE":
		return
	}
	switch value, why := attribute(g.res, "TargetGroupAttributes", "preserve_client_ip.enabled"); {
	case value != "":
		g.preserve = value == "true"
	case why != nil:
		g.keepWhy = why
		g.preserve = g.kind == "instance" || g.kind == "alb"
	default:
		g.preserve = g.kind == "instance" || g.kind == "alb" || g.protos.Has(cidr.UDP)
	}
}

func (w *World) addListener(r *haetae.Resource) {
	b, _ := w.of[w.find(r, r.Props["LoadBalancerArn"], "AWS::ElasticLoadBalancingV2::LoadBalancer")].(*balancer)
	if b == nil {
		return
	}
	l := &listener{res: r, protos: listens(r.Props["Protocol"])}
	port, ok := number(r.Props["Port"])
	switch {
	case b.kind == "gateway": // it has no port of its own
		l.protos, l.ports = cidr.AllProtos(), cidr.AllPorts()
	case ok:
		l.ports = cidr.PortRange(port, port)
	default:
		l.ports, l.why = cidr.AllPorts(), firstWhy(whyNot(r.Props["Port"]), missingOf(r, "the port of a listener of "+b.res.ID, "elasticloadbalancing:DescribeListeners"))
	}
	l.name = l.ports.String()
	w.of[r] = l
	b.listeners = append(b.listeners, l)
	w.actions(l, r, r.Props["DefaultActions"], "")
}

// actions reads to which target groups a listener or a rule sends.
func (w *World) actions(l *listener, r *haetae.Resource, v any, when string) {
	list, why := items(v)
	l.why = firstWhy(l.why, why)
	for _, x := range list {
		switch text(get(x, "Type")) {
		case "redirect", "fixed-response":
			l.final = l.final || when == ""
		}
		refs := []any{get(x, "TargetGroupArn")}
		more, _ := items(get(x, "ForwardConfig.TargetGroups"))
		for _, m := range more {
			refs = append(refs, get(m, "TargetGroupArn"))
		}
		for _, ref := range refs {
			if ref == nil {
				continue
			}
			found, why := w.g.Find(r, "AWS::ElasticLoadBalancingV2::TargetGroup", ref)
			g, _ := w.of[found].(*targetGroup)
			if g == nil {
				l.why = firstWhy(l.why, why, whyNot(ref), missingOf(r, "target group "+text(ref), "elasticloadbalancing:DescribeTargetGroups"))
				continue
			}
			if !slices.ContainsFunc(l.sends, func(s sending) bool { return s.to == g }) {
				l.sends = append(l.sends, sending{g, when})
			}
		}
	}
}
