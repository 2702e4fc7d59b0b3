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
	kind      string // application, network, gateway, classic
	vpc       *vpc
	nics      []*nic
	zones     []string
	cross     bool
	crossWhy  *haetae.Unknown
	listeners []*listener
	why       *haetae.Unknown // why not all listeners are known
	state     string
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
			b.why = firstWhy(b.why, whyNot(get(x, "LoadBalancerPort")), whyNot(get(x, "InstancePort")), missing("a port of a listener of "+b.res.ID))
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
	v := w.vpcOf(r, r.Props["VpcId"])
	for _, x := range list {
		t := lbTarget{id: text(get(x, "Id")), port: port}
		if p, ok := number(get(x, "Port")); ok {
			t.port = p
		}
		w.register(&t, g, r, v, get(x, "Id"))
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
		l.ports, l.why = cidr.AllPorts(), firstWhy(whyNot(r.Props["Port"]), missing("the port of a listener of "+b.res.ID))
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
				l.why = firstWhy(l.why, why, whyNot(ref), missing("target group "+text(ref)))
				continue
			}
			if !slices.ContainsFunc(l.sends, func(s sending) bool { return s.to == g }) {
				l.sends = append(l.sends, sending{g, when})
			}
		}
	}
}

// match is the packets that a listener takes.
func (l *listener) match() cidr.Set {
	m := match{protos: l.protos, ports: l.ports, typ: cidr.AllPorts(), code: cidr.AllPorts()}
	return cidr.Of(m.boxes(cidr.AllAddrs(), cidr.AllAddrs())...)
}

// balance takes packets that arrived at a load balancer on to its targets. The
// states that it returns are at the load balancer; what happens behind it is in
// their hops and blockers.
func (w *World) balance(f *state, b *balancer, n *nic, one *listener, q Question) []*state {
	k := &walk{w: w, goal: nicPlace(n)}
	if b.state != "" && b.state != "active" && b.state != "active_impaired" {
		f.hop("load-balancer", last(b.res.ID), "", false)
		f.block(k, Blocker{Code: "BAD_STATE", Resource: b.res.ID, Fix: "Bring " + b.res.ID + " into service: it is " + b.state + "."})
	}
	accepts := filter{why: b.why}
	listeners := b.listeners
	if one != nil {
		listeners, accepts.why = []*listener{one}, nil
	}
	if accepts.why != nil {
		accepts.may = cidr.All()
	}
	for _, l := range listeners {
		set := l.match()
		if l.why != nil {
			accepts = accepts.union(filter{may: set, why: l.why})
			continue
		}
		accepts = accepts.union(sure(set))
	}
	before := packetsOf(f.pieces)
	k.sieve(f, accepts, "load-balancer", b.res.ID, func(cidr.Set) string { return "" }, func() Blocker {
		code := "ELBV2_LISTENERS_MISMATCH"
		switch {
		case b.kind == "classic":
			code = "ELB_LISTENERS_MISMATCH"
		case one != nil:
			code = "ELBV2_LISTENER_PORT_RESTRICTION"
		}
		return Blocker{Code: code, Resource: b.res.ID, Fix: "Add to " + last(b.res.ID) + " a listener for " + portsOf(before) + "."}
	})
	if len(f.blocks) > 0 && !accepts.may.Overlaps(before) {
		return []*state{f}
	}
	var out []*state
	rest := f
	for _, l := range listeners {
		part := rest.clone()
		part.pieces = nil
		for _, p := range rest.pieces {
			part.pieces = append(part.pieces, p.through(l.match())...)
		}
		if len(part.pieces) == 0 {
			continue
		}
		part.hop("listener", l.res.ID, l.name, true)
		out = append(out, w.send(part, b, l, n, q)...)
	}
	if len(out) == 0 {
		out = append(out, f)
	}
	return out
}

func portsOf(s cidr.Set) string {
	var p cidr.Ports
	var protos cidr.Protos
	for _, b := range s.Boxes() {
		p, protos = p.Union(b.B), protos.Union(b.Proto)
	}
	return strings.TrimSpace(protoText(protos) + " " + portText(protos, p))
}

// send takes packets from a listener to the targets of its target groups. One
// target that gets and answers them is enough.
func (w *World) send(f *state, b *balancer, l *listener, n *nic, q Question) []*state {
	if l.final {
		return []*state{f}
	}
	k := &walk{w: w, goal: nicPlace(n)}
	if len(l.sends) == 0 {
		if l.why != nil {
			for i, p := range f.pieces {
				f.pieces[i] = p.lacks(l.why)
			}
			return []*state{f}
		}
		f.hop("target-group", "", "", false)
		f.block(k, Blocker{Code: "ELBV2_LISTENER_REQUIRES_TG_ACCEPT", Resource: l.res.ID, Fix: "Let the listener forward to a target group."})
		return []*state{f}
	}
	var ways []*state
	for _, s := range l.sends {
		ways = append(ways, w.spread(f, b, s, n, q)...)
	}
	good := slices.DeleteFunc(slices.Clone(ways), func(s *state) bool { return len(s.blocks) > 0 || len(s.afterBlocks) > 0 })
	if len(good) > 0 {
		return good
	}
	return ways
}

// spread takes packets to each target of a group.
func (w *World) spread(f *state, b *balancer, s sending, n *nic, q Question) []*state {
	g := s.to
	k := &walk{w: w, goal: nicPlace(n)}
	base := f.clone()
	for i, p := range base.pieces {
		if s.when != "" {
			p = p.only(true, s.when)
		}
		base.pieces[i] = p
	}
	if b.kind != "classic" {
		base.hop("target-group", g.res.ID, "", true)
	}
	if g.kind == "lambda" {
		return []*state{base}
	}
	var out []*state
	zone := ""
	if n.subnet != nil {
		zone = n.subnet.zone
	}
	cross := b.cross
	if g.cross == "true" || g.cross == "false" {
		cross = g.cross == "true"
	}
	near := 0
	for _, t := range g.targets {
		for _, tn := range t.nics {
			one := base.clone()
			tz := ""
			if tn.subnet != nil {
				tz = tn.subnet.zone
			}
			w.zoneRules(k, one, b, zone, tz, cross, tn)
			if tz == zone {
				near++
			}
			out = append(out, w.leg(one, b, g, t, n, tn, q)...)
		}
		if len(t.nics) == 0 {
			one := base.clone()
			for i, p := range one.pieces {
				one.pieces[i] = p.lacks(missing("target " + t.id + " of " + last(g.res.ID)))
			}
			out = append(out, one)
		}
	}
	if len(out) > 0 {
		if !cross && near == 0 && b.kind != "classic" {
			for _, one := range out {
				one.blocks = slices.DeleteFunc(one.blocks, func(x Blocker) bool { return x.Code == "ELB_NOT_CROSSZONE" })
				one.block(k, Blocker{Code: "ELBV2_NO_TARGETS_IN_AZ", Resource: g.res.ID, Fix: "Register a target in " + zone + ", or turn on cross-zone load balancing."})
			}
		}
		return out
	}
	if g.why != nil {
		for i, p := range base.pieces {
			base.pieces[i] = p.lacks(g.why)
		}
		return []*state{base}
	}
	base.hops[len(base.hops)-1].Passed = false
	code := "ELBV2_LISTENER_HAS_NO_TG"
	if b.kind == "classic" {
		code = "TARGET_ADDRESS_RESTRICTION"
	}
	base.block(k, Blocker{Code: code, Resource: g.res.ID, Fix: "Register a target in " + last(g.res.ID) + "."})
	return []*state{base}
}

// zoneRules notes when a load balancer does not send from one zone to another.
func (w *World) zoneRules(k *walk, s *state, b *balancer, zone, target string, cross bool, tn *nic) {
	if target == "" || zone == "" {
		return
	}
	if !slices.Contains(b.zones, target) && tn.vpc == b.vpc {
		s.block(k, Blocker{Code: "ELB_INSTALLED_AZ_RESTRICTION", Resource: b.res.ID, Fix: "Enable " + target + " for " + last(b.res.ID) + "."})
		return
	}
	if cross || target == zone {
		return
	}
	if b.crossWhy != nil {
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(b.crossWhy)
		}
		return
	}
	s.block(k, Blocker{Code: "ELB_NOT_CROSSZONE", Resource: b.res.ID, Fix: "Turn on cross-zone load balancing of " + last(b.res.ID) + ", or register a target in " + zone + "."})
}

// leg walks from a load balancer to one target and back.
func (w *World) leg(f *state, b *balancer, g *targetGroup, t lbTarget, n, tn *nic, q Question) []*state {
	if b.kind == "network" && g.preserve {
		if g.keepWhy != nil {
			for i, p := range f.pieces {
				f.pieces[i] = p.lacks(g.keepWhy)
			}
		}
		return w.preserved(f, b, t, n, tn)
	}
	m := asked{protos: g.protos, src: highPorts(), ports: cidr.PortRange(t.port, t.port), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	if b.kind == "gateway" {
		m.ports = cidr.PortRange(6081, 6081)
	}
	total, trips := w.between(nicPlace(n), nicPlace(tn), m, Question{Hypothetical: q.Hypothetical})
	a := verdict(trips, total, m)
	best, ok := best(trips, a.Verdict)
	if !ok {
		return []*state{f}
	}
	f.hops = append(f.hops, best.fwd.hops...)
	f.blocks = append(f.blocks, best.fwd.blocks...)
	if best.back != nil {
		f.after, f.afterBlocks = append(f.after, best.back.hops...), append(f.afterBlocks, best.back.blocks...)
	}
	if a.Verdict == DependsOn {
		for i, p := range f.pieces {
			for _, c := range best.through() {
				for _, x := range c.when {
					p = p.only(x.request, x.text)
				}
			}
			f.pieces[i] = p
		}
	}
	if a.Verdict == Blocked && len(best.blocks()) == 0 {
		f.block(&walk{w: w}, Blocker{Code: "NO_PATH", Resource: t.id, Fix: "Nothing leads from " + last(b.res.ID) + " to " + t.id + "."})
	}
	return []*state{f}
}

// preserved walks packets to a target of a network load balancer that leaves
// them the client's address. Answers go back to the load balancer, whatever the
// target's routes say.
func (w *World) preserved(f *state, b *balancer, t lbTarget, n, tn *nic) []*state {
	k := &walk{w: w, goal: nicPlace(tn)}
	var bases []piece
	s := &state{ident: identity{lost: "SG_REFERENCES_NOT_PRESERVED", through: n.groups}, origin: n.vpc, zone: f.zone, tracked: []*nic{n}}
	for _, p := range f.pieces {
		for _, four := range []bool{true, false} {
			src, dst := p.cur.Src.Six(), tn.addrs.Six()
			if four {
				src, dst = p.cur.Src.Four(), tn.addrs.Four()
			}
			if src.Empty() || dst.Empty() {
				continue
			}
			one := p
			one.cur.Src = src
			bases = append(bases, one)
			q := piece{cur: cidr.Box{Src: src, Dst: dst, Proto: p.cur.Proto, A: p.cur.A, B: cidr.PortRange(t.port, t.port)}, when: p.when}
			q.orig = q.cur
			s.pieces = append(s.pieces, q)
		}
	}
	k.leaveNIC(s, n)
	var out []*state
	for _, o := range k.out {
		one := f.clone()
		one.hops, one.blocks = append(one.hops, o.hops...), append(one.blocks, o.blocks...)
		one.losses = append(one.losses, o.losses...)
		if o.arrived {
			w.homeward(one, o, b, n, tn)
		}
		// What gets to the target, as it was at the load balancer.
		one.pieces = nil
		for _, p := range bases {
			for _, q := range o.pieces {
				x, ok := p.within(cidr.Box{Src: q.cur.Src, Dst: p.cur.Dst, Proto: q.cur.Proto, A: q.cur.A, B: p.cur.B})
				if !ok {
					continue
				}
				for _, c := range q.when {
					x = x.only(c.request, c.text)
				}
				one.pieces = append(one.pieces, x)
			}
		}
		if len(one.pieces) > 0 {
			out = append(out, one)
		}
	}
	return out
}

// homeward holds the answers of a target against the network ACLs between it and
// the load balancer.
func (w *World) homeward(one, o *state, b *balancer, n, tn *nic) {
	if n.subnet == nil || tn.subnet == nil || n.subnet == tn.subnet {
		return
	}
	k := &walk{w: w, goal: nicPlace(n), back: true, fwd: o}
	s := &state{}
	for _, p := range o.pieces {
		s.pieces = append(s.pieces, p.answers()...)
	}
	if len(s.pieces) == 0 {
		return
	}
	s.hop("eni", tn.id, "", true)
	k.acl(s, tn.subnet, false)
	k.acl(s, n.subnet, true)
	s.hop("load-balancer", b.res.ID, "", true)
	one.after, one.afterBlocks = append(one.after, s.hops...), append(one.afterBlocks, s.blocks...)
	if len(s.blocks) == 0 {
		o.pieces = nil
		for _, p := range s.pieces { // back in the form of what was sent
			q := p
			q.back = false
			q.cur.Src, q.cur.Dst = p.cur.Dst, p.cur.Src
			q.cur.A, q.cur.B = p.cur.B, p.cur.A
			o.pieces = append(o.pieces, q)
		}
	}
}

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
