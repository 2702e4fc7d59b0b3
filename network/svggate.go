package network

import (
	"cmp"
	"slices"
	"strings"
)

// gates gathers what the routes of a VPC lead to, and what is attached to it.
type gates struct {
	a    *atlas
	v    *vpc
	list []*mapGate
}

func newGates(a *atlas, v *vpc) *gates { return &gates{a: a, v: v} }

// gate returns the gate of a target.
func (k *gates) gate(t target) *mapGate {
	kind := map[string]string{"pcx": "peering", "vpce": "endpoint"}[t.kind]
	kind = cmp.Or(kind, t.kind)
	for _, g := range k.list {
		if g.kind == kind && g.id == t.id {
			return g
		}
	}
	g := &mapGate{kind: kind, id: t.id, name: t.id}
	k.list = append(k.list, g)
	lang := k.a.lang
	switch c := t.comp.(type) {
	case *gateway:
		g.name = nameOf(c.res)
		if c.state != "" && c.state != "attached" && c.state != "available" {
			g.detail, g.broken = []string{c.state}, true
		}
		if len(c.vpns) > 0 {
			down := 0
			for _, x := range c.vpns {
				if x.down {
					down++
				}
			}
			text := lang.many(len(c.vpns), "VPN", "VPN")
			if down > 0 {
				text += lang.say(" (down: ", " (끊김: ") + lang.number(down) + ")"
			}
			g.detail = append(g.detail, text)
		}
	case *nat:
		g.name, g.nics = nameOf(c.res), c.nics
	case *nic:
		g.name, g.nics = nameOf(c.res), []*nic{c}
	case *peering:
		g.name, g.peer, g.broken = nameOf(c.res), c, !c.active()
		other := c.other(k.v)
		g.detail = []string{lang.say("to ", "상대 ") + nameOf(other.res)}
		if g.broken {
			g.detail = append(g.detail, c.state)
		}
	case *hub:
		g.name, g.hub = nameOf(c.res), c
		if c.res.Stub != nil {
			g.detail = []string{lang.say("not in the snapshot", "스냅샷에 없음")}
		}
	case *endpoint:
		g.name, g.broken = last(text(c.res.Props["ServiceName"])), !c.ok()
		g.name = cmp.Or(text(c.res.Tags["Name"]), g.name[strings.LastIndexByte(g.name, '.')+1:], g.id)
		for _, n := range k.v.nics {
			if k.a.w.ends[n] == c {
				g.nics = append(g.nics, n)
			}
		}
	default:
		g.absent = true
		g.detail = []string{lang.say("not in the snapshot", "스냅샷에 없음")}
	}
	return g
}

// route notes where the routes of a subnet lead.
func (k *gates) route(m *mapSubnet, s *subnet) {
	if s.table == nil {
		m.tier = obscure
		return
	}
	m.tier = private
	bad := 0
	// The routes as they are written: also those whose destinations are not known.
	list, _ := items(s.table.res.Props["Routes"])
	states, _ := items(s.table.res.Observed["RouteStates"])
	for i, r := range list {
		to := k.a.w.targetOf(s.table.res, r)
		if to.kind == "local" || to.kind == "none" {
			continue
		}
		if i < len(states) && text(get(states[i], "State")) == "blackhole" {
			bad++
			continue
		}
		g := k.gate(to)
		for _, member := range []string{"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"} {
			if d := text(get(r, member)); d != "" && !slices.Contains(g.dests, d) {
				g.dests = append(g.dests, d)
			}
		}
		if !slices.Contains(m.gates, g) {
			m.gates = append(m.gates, g)
		}
		switch g.kind {
		case "igw":
			m.tier = public
		case "nat", "eigw":
			m.tier = min(m.tier, outward)
		}
	}
	if bad > 0 {
		m.notes = append(m.notes, k.a.lang.many(bad, "blackhole route", "블랙홀 경로"))
	}
	if s.table.why != nil {
		m.notes = append(m.notes, k.a.lang.say("not all routes known", "모든 경로를 알지 못함"))
	}
}

// attached adds what the VPC has though no route leads there.
func (k *gates) attached() {
	w := k.a.w
	for _, x := range w.gates {
		if x.vpc == k.v {
			k.gate(target{x.kind, x.res.ID, x})
		}
	}
	for _, p := range w.peerings {
		if p.sides[0] == k.v || p.sides[1] == k.v {
			k.gate(target{"pcx", p.res.ID, p})
		}
	}
	for _, h := range w.hubs {
		for _, x := range h.attachments {
			if x.kind == "vpc" && x.vpc == k.v {
				k.gate(target{"tgw", h.res.ID, h})
			}
		}
	}
	for _, e := range k.a.points[k.v] {
		k.gate(target{"vpce", e.res.ID, e})
	}
}

// sides says which gates are towards the internet, towards other networks, and in
// a subnet of the VPC.
func (k *gates) sides() (left, right, inner []*mapGate) {
	slices.SortStableFunc(k.list, func(x, y *mapGate) int {
		return cmp.Or(strings.Compare(x.kind, y.kind), strings.Compare(x.name, y.name), strings.Compare(x.id, y.id))
	})
	for _, g := range k.list {
		switch {
		case slices.ContainsFunc(g.nics, func(n *nic) bool { return n.vpc == k.v }):
			inner = append(inner, g)
		case g.kind == "igw", g.kind == "eigw", g.kind == "cagw", g.kind == "nat":
			left = append(left, g)
		default:
			right = append(right, g)
		}
	}
	// The internet gateway is first: its line is the shortest.
	slices.SortStableFunc(left, func(x, y *mapGate) int { return strings.Compare(b2s(x.kind != "igw"), b2s(y.kind != "igw")) })
	return left, right, inner
}

// resolve finds the chips that gates in subnets are drawn as, after folding. A gate
// without one, since a filter hides it, gets a box of its own.
func (v *mapVPC) resolve() {
	var kept []*mapGate
	for _, g := range v.inner {
		g.chip, g.in = nil, nil
		for _, z := range v.zones {
			for _, s := range z.subnets {
				for _, c := range s.chips {
					if g.chip == nil && slices.ContainsFunc(g.nics, func(n *nic) bool { return slices.Contains(c.nics, n) }) {
						g.chip, g.in = c, s
					}
				}
			}
		}
		switch {
		case g.chip != nil:
			kept = append(kept, g)
		case g.kind == "nat":
			v.left = append(v.left, g)
		default:
			v.right = append(v.right, g)
		}
	}
	v.inner = kept
}
