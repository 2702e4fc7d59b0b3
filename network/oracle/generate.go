package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Generate makes a small random topology, in the language of [Parse]: the same
// for the same seed, and one that AWS would let somebody make.
func Generate(seed uint64) string {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 7)), dests: map[string]bool{}}
	g.all()
	return strings.Join(g.lines, "\n") + "\n"
}

type generator struct {
	rng   *rand.Rand
	lines []string
	vpcs  []*madeVPC
	dests map[string]bool // table and destination: each once
	n     int
}

type madeVPC struct {
	id, cidr, six    string
	region           string
	index            int
	subnets          []madeSubnet
	enis, groups     []string
	addrs            []string
	tables           []string
	igw, nat, wall   string
	natIn, wallIn    string // subnets
	second           string // a subnet in another CIDR block
	vgw, eigw, store string
	boxes            []string // interfaces that may be appliances
}

type madeSubnet struct{ id, cidr, six, zone, table string }

func (g *generator) say(format string, args ...any) {
	g.lines = append(g.lines, fmt.Sprintf(format, args...))
}

// often is true p times in a hundred.
func (g *generator) often(p int) bool { return g.rng.IntN(100) < p }

func pick[T any](g *generator, list []T) T { return list[g.rng.IntN(len(list))] }

func (g *generator) id(kind string) string {
	g.n++
	return fmt.Sprintf("%s-%d", kind, g.n)
}

func (g *generator) all() {
	g.say("pl pl-1 10.0.1.0/24 203.0.113.0/25 192.168.0.0/17")
	g.say("pl pl-2 52.216.0.0/15")
	for i := range 1 + g.rng.IntN(3) {
		g.vpc(i)
	}
	pcx := ""
	if len(g.vpcs) > 1 && g.often(50) {
		pcx = "pcx-1"
		a, b := g.vpcs[0], g.vpcs[len(g.vpcs)-1]
		status := ""
		if g.often(10) {
			status = " status=pending-acceptance"
		}
		g.say("pcx pcx-1 %s %s%s", a.id, b.id, status)
	}
	tgw := ""
	if len(g.vpcs) > 1 && g.often(50) {
		tgw = g.transit()
	}
	for _, v := range g.vpcs {
		g.groupRules(v)
		g.acls(v)
		g.routes(v, pcx, tgw)
	}
	g.entrances()
	if g.often(15) {
		g.say("bpa %s", pick(g, []string{"block-bidirectional", "block-ingress"}))
		if v := pick(g, g.vpcs); g.often(50) {
			g.say("exclude %s allow-bidirectional", pick(g, []string{v.id, pick(g, v.subnets).id}))
		}
	}
}

func (g *generator) vpc(i int) {
	v := &madeVPC{id: fmt.Sprintf("vpc-%d", i), cidr: fmt.Sprintf("10.%d.0.0/16", i), index: i}
	extra := ""
	if g.often(30) {
		v.six = fmt.Sprintf("2600:1f00:%d::/56", i+1)
		extra = " " + v.six
	}
	g.vpcs = append(g.vpcs, v)
	v.region = "us-east-1"
	if i == 2 && g.often(50) {
		v.region = "eu-west-1"
		extra += " region=eu-west-1"
	}
	if g.often(20) {
		extra += fmt.Sprintf(" 172.%d.0.0/16", 20+i)
		v.second = fmt.Sprintf("172.%d.0.0/24", 20+i)
	}
	g.say("vpc %s %s%s", v.id, v.cidr, extra)
	for s := range min(4, 1+g.rng.IntN(5)) {
		m := madeSubnet{id: g.id("subnet"), cidr: fmt.Sprintf("10.%d.%d.0/24", i, s+1), zone: v.region + pick(g, []string{"a", "b"})}
		six := ""
		if v.six != "" {
			m.six = fmt.Sprintf("2600:1f00:%d:%d::/64", i+1, s+1)
			six = " " + m.six
		}
		g.say("subnet %s %s %s%s zone=%s", m.id, v.id, m.cidr, six, m.zone)
		v.subnets = append(v.subnets, m)
	}
	for range 2 + g.rng.IntN(2) {
		id := g.id("sg")
		closed := ""
		if g.often(20) {
			closed = " closed"
		}
		g.say("sg %s %s%s", id, v.id, closed)
		v.groups = append(v.groups, id)
	}
	switch {
	case g.often(65):
		v.igw = fmt.Sprintf("igw-%d", i)
		g.say("igw %s %s", v.igw, v.id)
	case v.six != "":
		v.eigw = fmt.Sprintf("eigw-%d", i)
		g.say("eigw %s %s", v.eigw, v.id)
	}
	if g.often(25) {
		v.vgw = fmt.Sprintf("vgw-%d", i)
		g.say("vgw %s %s", v.vgw, v.id)
	}
	if g.often(20) {
		v.store = fmt.Sprintf("vpce-s3%d", i)
		g.say("vpce %s %s gateway", v.store, v.id)
	}
	for s, m := range v.subnets {
		for e := range 1 + g.rng.IntN(2) {
			g.eni(v, m, s, e)
		}
	}
	g.others(v)
	if g.often(50) {
		v.nat = fmt.Sprintf("nat-%d", i)
		s := g.rng.IntN(len(v.subnets))
		public := ""
		if g.often(80) {
			public = fmt.Sprintf(" public=54.0.%d.5", i)
		}
		v.natIn = v.subnets[s].id
		g.say("nat %s %s 10.%d.%d.5%s", v.nat, v.natIn, i, s+1, public)
	}
	if g.often(35) {
		g.firewall(v)
	}
}

// others adds what is no instance: endpoints and load balancers, and a subnet in
// a second CIDR block.
func (g *generator) others(v *madeVPC) {
	if v.second != "" {
		m := madeSubnet{id: g.id("subnet"), cidr: v.second, zone: v.region + "a"}
		g.say("subnet %s %s %s zone=%s", m.id, v.id, m.cidr, m.zone)
		at := strings.Replace(v.second, "0/24", "10", 1)
		g.say("eni %s %s %s sg=%s", g.id("eni"), m.id, at, pick(g, v.groups))
		v.subnets, v.addrs = append(v.subnets, m), append(v.addrs, at)
	}
	if g.often(20) {
		s := g.rng.IntN(len(v.subnets))
		if v.subnets[s].cidr == v.second {
			return
		}
		g.say("eni %s %s 10.%d.%d.30 kind=vpc_endpoint sg=%s", g.id("eni"), v.subnets[s].id, v.index, s+1, pick(g, v.groups))
		v.addrs = append(v.addrs, fmt.Sprintf("10.%d.%d.30", v.index, s+1))
	}
	if g.often(20) {
		s := g.rng.IntN(len(v.subnets))
		if v.subnets[s].cidr == v.second {
			return
		}
		id, name, public, groups := g.id("eni"), fmt.Sprintf("lb%d", v.index), "", "sg="+pick(g, v.groups)
		if v.igw != "" && g.often(60) {
			public = fmt.Sprintf(" public=54.0.%d.%d", v.index, 70+s)
		}
		kind := pick(g, []string{"application", "network", "network"})
		if kind == "network" && g.often(50) {
			groups = "sg="
		}
		g.say("eni %s %s 10.%d.%d.40 kind=lb %s%s", id, v.subnets[s].id, v.index, s+1, groups, public)
		v.addrs = append(v.addrs, fmt.Sprintf("10.%d.%d.40", v.index, s+1))
		g.say("lb %s %s %s %s", name, kind, id, groups)
		proto := "HTTP"
		if kind == "network" {
			proto = pick(g, []string{"TCP", "UDP", "TCP_UDP"})
		}
		g.say("tg tg%d %s ip %s 8080 10.%d.1.10", v.index, v.id, proto, v.index)
		g.say("listener %s %s %s tg%d", name, proto, pick(g, []string{"443", "80"}), v.index)
	}
}

func (g *generator) eni(v *madeVPC, m madeSubnet, s, e int) {
	id := g.id("eni")
	line := fmt.Sprintf("eni %s %s 10.%d.%d.%d", id, m.id, v.index, s+1, 10+e)
	v.addrs = append(v.addrs, fmt.Sprintf("10.%d.%d.%d", v.index, s+1, 10+e))
	if g.often(15) {
		line += fmt.Sprintf(" 10.%d.%d.%d", v.index, s+1, 20+e)
	}
	if m.six != "" {
		line += " " + strings.Replace(m.six, "::/64", fmt.Sprintf("::%d", 10+e), 1)
	}
	groups := []string{pick(g, v.groups)}
	if other := pick(g, v.groups); g.often(30) && other != groups[0] {
		groups = append(groups, other)
	}
	line += " sg=" + strings.Join(groups, ",")
	if v.igw != "" && g.often(50) {
		line += fmt.Sprintf(" public=54.0.%d.%d", v.index, 10*(s+1)+e)
	}
	if g.often(35) {
		line += " check=off"
		v.boxes = append(v.boxes, id)
	}
	v.enis = append(v.enis, id)
	g.say("%s", line)
}

var somePorts = []string{"*", "*", "22", "80", "443", "443", "53", "1-1023", "1024-65535", "32768-60999", "80-443", "5432"}

// scope is a protocol and ports of a rule.
func (g *generator) scope() string {
	switch n := g.rng.IntN(20); {
	case n < 6:
		return "all *"
	case n < 14:
		return "tcp " + pick(g, somePorts)
	case n < 17:
		return "udp " + pick(g, somePorts)
	case n < 19:
		return "icmp " + pick(g, []string{"*", "8/*", "8/0", "0/0", "0/*"})
	}
	return "47 *"
}

// peer is a range of addresses around which packets are made.
func (g *generator) peer(v *madeVPC) string {
	other := pick(g, g.vpcs)
	if v.six != "" && g.often(30) {
		return pick(g, []string{"::/0", v.six, v.subnets[0].six, "2a00:1450::/32"})
	}
	return pick(g, []string{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", v.cidr, other.cidr, pick(g, other.subnets).cidr, pick(g, other.addrs) + "/32",
		strings.TrimSuffix(pick(g, other.subnets).cidr, "0/24") + "8/30", "203.0.113.0/24", "10.0.0.0/8", "203.0.113.0/25"})
}

func (g *generator) groupRules(v *madeVPC) {
	for _, id := range v.groups {
		// Most packets should come farther than to the first rule.
		if g.often(55) {
			g.say("in %s all * 0.0.0.0/0", id)
			if v.six != "" {
				g.say("in %s all * ::/0", id)
			}
		}
		for _, dir := range []string{"in", "in", "in", "out"} {
			if dir == "out" && g.often(60) {
				continue
			}
			peer := g.peer(v)
			switch {
			case g.often(25):
				peer = pick(g, v.groups)
			case g.often(8):
				peer = pick(g, pick(g, g.vpcs).groups)
			case g.often(10):
				peer = pick(g, []string{"pl-1", "pl-2"})
			}
			g.say("%s %s %s %s", dir, id, g.scope(), peer)
		}
	}
}

func (g *generator) acls(v *madeVPC) {
	left := slices.Clone(v.subnets)
	for len(left) > 0 && g.often(35) {
		n := 1 + g.rng.IntN(min(2, len(left)))
		var names []string
		for _, s := range left[:n] {
			names = append(names, s.id)
		}
		left = left[n:]
		id := g.id("acl")
		g.say("acl %s %s %s", id, v.id, strings.Join(names, ","))
		for _, dir := range []string{"in", "out"} {
			order := g.rng.Perm(10)
			for i := range g.rng.IntN(4) {
				action := pick(g, []string{"allow", "deny"})
				g.say("acl-%s %s %d %s %s %s", dir, id, 10+order[i], action, g.scope(), g.peer(v))
			}
			if g.often(80) {
				g.say("acl-%s %s 100 allow %s 0.0.0.0/0", dir, id, pick(g, []string{"all *", "all *", "tcp 1024-65535", "tcp 80-443"}))
			}
			if v.six != "" && g.often(80) {
				g.say("acl-%s %s 101 allow all * ::/0", dir, id)
			}
		}
	}
}

// route adds a route unless the table has one to that place.
func (g *generator) route(table, dest, to string, more ...string) {
	propagated := slices.Contains(more, "propagated")
	if key := fmt.Sprint(table, dest, propagated); !g.dests[key] && to != "" {
		g.dests[key] = true
		g.say("%s", strings.TrimSpace(fmt.Sprintf("route %s %s %s %s", table, dest, to, strings.Join(more, " "))))
	}
}

func (g *generator) routes(v *madeVPC, pcx, tgw string) {
	main := g.id("rtb")
	g.say("rtb %s %s main", main, v.id)
	v.tables = []string{main}
	for i := range v.subnets {
		v.subnets[i].table = main
		special := v.subnets[i].id == v.natIn || v.subnets[i].id == v.wallIn
		if special && g.often(80) || g.often(60) {
			t := g.id("rtb")
			g.say("rtb %s %s %s", t, v.id, v.subnets[i].id)
			v.subnets[i].table = t
			v.tables = append(v.tables, t)
			// What is in the middle mostly has a way out that is not itself.
			if special && v.igw != "" && g.often(80) {
				g.route(t, "0.0.0.0/0", v.igw)
			}
		}
	}
	box := ""
	if len(v.boxes) > 0 {
		box = pick(g, v.boxes)
	}
	for _, t := range v.tables {
		tgw := tgw
		if v.region != "us-east-1" {
			tgw = ""
		}
		out := slices.DeleteFunc([]string{v.igw, v.igw, v.igw, v.nat, v.nat, v.nat, v.wall, v.wall, v.wall, tgw, box, v.vgw}, func(s string) bool { return s == "" })
		if len(out) > 0 && g.often(85) {
			more := []string{}
			if g.often(4) {
				more = append(more, "blackhole")
			}
			to := pick(g, out)
			switch {
			case v.wall != "" && g.often(40):
				to = v.wall
			case v.nat != "" && g.often(40):
				to = v.nat
			}
			g.route(t, "0.0.0.0/0", to, more...)
		}
		if v.six != "" && g.often(80) {
			g.route(t, "::/0", v.igw+v.eigw)
		}
		if g.often(30) {
			g.route(t, pick(g, []string{"203.0.113.0/24", "203.0.113.0/25"}), pick(g, append(out, "nat-gone")), pick(g, []string{"", "", "blackhole"}))
		}
		if v.vgw != "" && g.often(50) {
			g.route(t, pick(g, []string{"192.168.0.0/16", "203.0.113.0/24", pick(g, v.subnets).cidr}), v.vgw, "propagated")
		}
		if v.vgw != "" && g.often(40) {
			g.route(t, "192.168.0.0/16", v.vgw)
		}
		if v.store != "" && g.often(60) {
			g.route(t, "pl-2", v.store)
		}
		if g.often(10) && len(out) > 0 {
			g.route(t, "pl-1", pick(g, out))
		}
		for _, o := range g.vpcs {
			if o == v {
				continue
			}
			via := []string{}
			if pcx != "" {
				via = append(via, pcx)
			}
			if tgw != "" && v.region == "us-east-1" {
				via = append(via, tgw, tgw)
			}
			if len(via) > 0 && g.often(85) {
				g.route(t, pick(g, []string{o.cidr, o.cidr, "10.0.0.0/8", pick(g, o.subnets).cidr}), pick(g, via))
			}
			if o.six != "" && v.six != "" && g.often(60) && len(via) > 0 {
				g.route(t, o.six, pick(g, via))
			}
		}
		// Between subnets of the VPC: the whole of a subnet, or the local route.
		if inner := slices.DeleteFunc([]string{box, box, v.wall, v.nat}, func(s string) bool { return s == "" }); len(inner) > 0 && g.often(30) {
			dest := pick(g, v.subnets).cidr
			if to := pick(g, inner); g.often(85) {
				g.route(t, dest, to)
			} else {
				g.route(t, v.cidr, to)
			}
		}
	}
	if inner := slices.DeleteFunc([]string{box, v.wall}, func(s string) bool { return s == "" }); v.igw != "" && len(inner) > 0 && g.often(40) {
		t := g.id("rtb")
		g.say("rtb %s %s %s", t, v.id, v.igw)
		g.route(t, pick(g, v.subnets).cidr, pick(g, inner))
	}
}

func (g *generator) transit() string {
	references := ""
	if g.often(30) {
		references = " references"
	}
	g.say("tgw tgw-1%s", references)
	var all []string
	for i, v := range g.vpcs {
		if g.often(10) || v.region != "us-east-1" {
			continue
		}
		zones := map[string]bool{}
		var doors []string
		for _, s := range v.subnets {
			if !zones[s.zone] && g.often(80) {
				zones[s.zone] = true
				doors = append(doors, s.id)
			}
		}
		if len(doors) == 0 {
			continue
		}
		appliance := ""
		if g.often(25) {
			appliance = " appliance"
		}
		id := fmt.Sprintf("tgw-attach-%d", i)
		g.say("attach %s tgw-1 %s %s%s", id, v.id, strings.Join(doors, ","), appliance)
		all = append(all, id)
	}
	if g.often(40) {
		g.say("attach tgw-attach-9 tgw-1 vpn-1")
		all = append(all, "tgw-attach-9")
	}
	if len(all) == 0 {
		return "tgw-1"
	}
	sets := [][]string{all}
	if len(all) > 1 && g.often(40) {
		sets = [][]string{all[:1], all[1:]}
	}
	for i, set := range sets {
		assoc := slices.Clone(set)
		if g.often(8) {
			assoc = assoc[1:]
		}
		var prop []string
		for _, a := range all {
			if a != "tgw-attach-9" && g.often(80) {
				prop = append(prop, a)
			}
		}
		t := fmt.Sprintf("tgw-rtb-%d", i+1)
		g.say("tgw-rtb %s tgw-1 assoc=%s prop=%s", t, strings.Join(assoc, ","), strings.Join(prop, ","))
		for range g.rng.IntN(3) {
			dest := pick(g, []string{"0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16", pick(g, g.vpcs).cidr, pick(g, pick(g, g.vpcs).subnets).cidr})
			if key := t + dest; !g.dests[key] {
				g.dests[key] = true
				g.say("tgw-route %s %s %s", t, dest, pick(g, append(slices.Clone(all), "blackhole")))
			}
		}
	}
	return "tgw-1"
}

func (g *generator) firewall(v *madeVPC) {
	v.wall = fmt.Sprintf("vpce-f%d", v.index)
	v.wallIn = pick(g, v.subnets).id
	g.say("vpce %s %s gwlb %s", v.wall, v.id, v.wallIn)
	if g.often(15) {
		return // some appliance behind a Gateway Load Balancer
	}
	name := fmt.Sprintf("fw%d", v.index)
	mode := pick(g, []string{"", "", "strict", "strict last=drop_strict"})
	otherwise := pick(g, []string{"", "", "", "", " otherwise=pass", " otherwise=drop"})
	g.say("%s", strings.TrimSpace(fmt.Sprintf("firewall %s %s %s %s%s", name, v.id, v.wall, mode, otherwise)))
	four := func() string {
		for {
			if c := g.peer(v); !strings.Contains(c, ":") {
				return c
			}
		}
	}
	for _, priority := range g.rng.Perm(5)[:g.rng.IntN(3)] {
		g.say("stateless %s %d %s %s %s %s %s %s", name, priority+1, pick(g, []string{"pass", "drop", "forward_to_sfe"}),
			pick(g, []string{"tcp", "udp", "all", "icmp"}), four(), pick(g, []string{"*", "*", "1024-65535", "443"}), four(), pick(g, []string{"*", "443", "80-443", "1024-65535"}))
	}
	for range g.rng.IntN(5) {
		g.say("stateful %s %d %s %s %s %s %s %s %s", name, 1+g.rng.IntN(2), pick(g, []string{"pass", "pass", "pass", "drop", "reject", "alert"}),
			pick(g, []string{"tcp", "tcp", "udp", "ip", "ip", "icmp"}), pick(g, []string{"any", "any", "any", four(), "$HOME_NET", "$EXTERNAL_NET"}),
			pick(g, []string{"any", "any", "1024:", "443"}), pick(g, []string{"->", "->", "->", "<>"}),
			pick(g, []string{"any", "any", "any", four(), "$HOME_NET", "!" + four()}), pick(g, []string{"any", "any", "443", "80:443", "[22,80]", "!443"}))
	}
}
