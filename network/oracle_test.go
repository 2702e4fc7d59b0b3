package network_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/haetae/haetae/cidr"
)

// The oracle is a simulator of single packets, written from AWS's documentation
// and sharing nothing with the engine: one packet, one hop after the other.

type oNet struct {
	vpcs    []oVPC
	subnets []oSubnet
	enis    []oENI
	groups  [][2][]oRule // in, out
	nat     int          // index of the interface of the NAT gateway, -1 without
	natDown bool
	peered  bool // VPC 0 and 1
	joined  bool // by a transit gateway, with the subnets by zone in hubs
	hubs    map[int][]int
	hubRt   []oRoute
	block   string // VPC Block Public Access
}

type oVPC struct {
	net  oPrefix
	igw  bool
	peer int // the other VPC
}

type oPrefix struct {
	addr uint32
	bits int
}

func (p oPrefix) has(a uint32) bool { return p.bits == 0 || a>>(32-p.bits) == p.addr>>(32-p.bits) }

func (p oPrefix) String() string { return fmt.Sprintf("%s/%d", dotted(p.addr), p.bits) }

func dotted(a uint32) string { return fmt.Sprintf("%d.%d.%d.%d", a>>24, a>>16&255, a>>8&255, a&255) }

type oSubnet struct {
	vpc    int
	net    oPrefix
	zone   string
	in     []oACL
	out    []oACL
	routes []oRoute
}

type oACL struct {
	number, proto, lo, hi int
	peer                  oPrefix
	allow                 bool
}

type oRoute struct {
	dest oPrefix
	to   string // igw, nat, pcx, tgw, or of a transit gateway vpc0, vpc1
	bad  bool
}

type oENI struct {
	subnet int
	ip     uint32
	public uint32
	groups []int
	nat    bool
}

type oRule struct {
	proto, lo, hi int
	peer          oPrefix
	group         int // -1: by address
}

type oPacket struct {
	src, dst     uint32
	proto        int
	sport, dport int
}

func (r oRule) fits(p oPacket) bool {
	return r.proto == -1 || r.proto == p.proto && (p.proto != 6 && p.proto != 17 || p.dport >= r.lo && p.dport <= r.hi)
}

// carries tells whether the interface has the group.
func (n *oNet) carries(eni, group int) bool {
	for _, g := range n.enis[eni].groups {
		if g == group {
			return true
		}
	}
	return false
}

func (n *oNet) vpcOf(eni int) int { return n.subnets[n.enis[eni].subnet].vpc }

// groupsLet asks the security groups of an interface; from is the VPC that the
// sender's identity is known in, -1 when it was lost.
func (n *oNet) groupsLet(eni int, in bool, p oPacket, from int) bool {
	for _, g := range n.enis[eni].groups {
		rules := n.groups[g][1]
		if in {
			rules = n.groups[g][0]
		}
		for _, r := range rules {
			if !r.fits(p) {
				continue
			}
			far := p.dst
			if in {
				far = p.src
			}
			if r.group < 0 {
				if r.peer.has(far) {
					return true
				}
				continue
			}
			for i := range n.enis {
				if n.enis[i].ip != far || !n.carries(i, r.group) {
					continue
				}
				v := n.vpcOf(i)
				if in && v == from || !in && (v == n.vpcOf(eni) || n.peered) {
					return true
				}
			}
		}
	}
	return false
}

func aclLets(rules []oACL, p oPacket, in bool) bool {
	best, allowed := 1<<20, false
	for _, r := range rules {
		far := p.dst
		if in {
			far = p.src
		}
		if r.number >= best || !r.peer.has(far) || r.proto != -1 && r.proto != p.proto {
			continue
		}
		if (r.proto == 6 || r.proto == 17) && (p.dport < r.lo || p.dport > r.hi) {
			continue
		}
		best, allowed = r.number, r.allow
	}
	return allowed
}

// oTrip is where a packet came to.
type oTrip struct {
	ok       bool
	eni      int // -1: the internet
	p        oPacket
	natFrom  oPacket // as it was before the NAT gateway
	natted   bool
	identity int
}

// pick returns the route for a destination: the longest prefix.
func pick(routes []oRoute, dst uint32) *oRoute {
	var best *oRoute
	for i := range routes {
		if routes[i].dest.has(dst) && (best == nil || routes[i].dest.bits > best.dest.bits) {
			best = &routes[i]
		}
	}
	return best
}

// forward walks a packet from an interface (-1: the internet). port is what the
// NAT gateway sends from. back is the trip that the packet answers, or nil.
func (n *oNet) forward(from int, p oPacket, port int, back *oTrip) oTrip {
	if from < 0 {
		return n.enter(p, back)
	}
	if back == nil && !n.enis[from].nat && !n.groupsLet(from, false, p, n.vpcOf(from)) {
		return oTrip{}
	}
	return n.leave(n.enis[from].subnet, p, port, back, n.vpcOf(from), oTrip{})
}

func (n *oNet) leave(sub int, p oPacket, port int, back *oTrip, identity int, t oTrip) oTrip {
	s := &n.subnets[sub]
	if s.net.has(p.dst) {
		return n.arrive(sub, p, back, identity, t)
	}
	if n.vpcs[s.vpc].net.has(p.dst) {
		if !aclLets(s.out, p, false) {
			return oTrip{}
		}
		for i := range n.subnets {
			if n.subnets[i].vpc == s.vpc && n.subnets[i].net.has(p.dst) {
				if !aclLets(n.subnets[i].in, p, true) {
					return oTrip{}
				}
				return n.arrive(i, p, back, identity, t)
			}
		}
		return oTrip{}
	}
	r := pick(s.routes, p.dst)
	if r == nil || r.bad {
		return oTrip{}
	}
	same := r.to == "nat" && n.nat >= 0 && n.enis[n.nat].subnet == sub
	if !same && !aclLets(s.out, p, false) {
		return oTrip{}
	}
	switch r.to {
	case "igw":
		return n.exit(s.vpc, p, back, t)
	case "nat":
		if back != nil || t.natted || p.proto != 6 && p.proto != 17 && p.proto != 1 {
			return oTrip{}
		}
		g := &n.enis[n.nat]
		if !same && !aclLets(n.subnets[g.subnet].in, p, true) {
			return oTrip{}
		}
		if n.natDown {
			return oTrip{}
		}
		t.natted, t.natFrom = true, p
		p.src = g.ip
		if p.proto != 1 {
			p.sport = port
		}
		return n.leave(g.subnet, p, port, back, -1, t)
	case "pcx":
		other := n.vpcs[s.vpc].peer
		if !n.vpcs[other].net.has(p.dst) || !n.vpcs[s.vpc].net.has(p.src) {
			return oTrip{}
		}
		for i := range n.subnets {
			if n.subnets[i].vpc == other && n.subnets[i].net.has(p.dst) {
				if !aclLets(n.subnets[i].in, p, true) {
					return oTrip{}
				}
				return n.arrive(i, p, back, identity, t)
			}
		}
	case "tgw":
		return n.transit(s, p, port, back, t)
	}
	return oTrip{}
}

func (n *oNet) transit(s *oSubnet, p oPacket, port int, back *oTrip, t oTrip) oTrip {
	here := -1
	for _, i := range n.hubs[s.vpc] {
		if n.subnets[i].zone == s.zone {
			here = i
		}
	}
	if here < 0 || !aclLets(n.subnets[here].in, p, true) {
		return oTrip{}
	}
	r := pick(n.hubRt, p.dst)
	if r == nil || r.bad {
		return oTrip{}
	}
	to := int(r.to[3] - '0')
	if to == s.vpc {
		return oTrip{} // back where it came from: the tables of this test do not say so
	}
	exits := n.hubs[to]
	for _, i := range n.hubs[to] {
		if n.subnets[i].zone == s.zone {
			exits = []int{i}
		}
	}
	for _, i := range exits {
		if out := n.leave(i, p, port, back, -1, t); out.ok {
			return out
		}
	}
	return oTrip{}
}

// exit takes a packet out of an internet gateway.
func (n *oNet) exit(v int, p oPacket, back *oTrip, t oTrip) oTrip {
	if !n.vpcs[v].igw || private(p.dst) || n.block == "block-bidirectional" {
		return oTrip{}
	}
	for i := range n.enis {
		if n.vpcOf(i) == v && n.enis[i].ip == p.src && n.enis[i].public != 0 {
			if n.block == "block-ingress" && !n.enis[i].nat {
				return oTrip{} // "only traffic to and from NAT gateways … is allowed"
			}
			p.src = n.enis[i].public
			for j := range n.enis { // somebody here may have the destination
				if n.enis[j].public == p.dst {
					got := n.enter(p, back)
					got.natted, got.natFrom = t.natted, t.natFrom
					return got
				}
			}
			return oTrip{ok: true, eni: -1, p: p, natted: t.natted, natFrom: t.natFrom}
		}
	}
	return oTrip{}
}

func private(a uint32) bool { return a>>24 == 10 }

// enter takes a packet of the internet to whom its public address belongs.
func (n *oNet) enter(p oPacket, back *oTrip) oTrip {
	viaNAT := back != nil && back.natted
	if n.block == "block-bidirectional" || n.block == "block-ingress" && !viaNAT || private(p.src) {
		return oTrip{}
	}
	for i := range n.enis {
		if n.enis[i].public != p.dst || !n.vpcs[n.vpcOf(i)].igw {
			continue
		}
		p.dst = n.enis[i].ip
		if !aclLets(n.subnets[n.enis[i].subnet].in, p, true) {
			return oTrip{}
		}
		return n.arrive(n.enis[i].subnet, p, back, -1, oTrip{})
	}
	return oTrip{}
}

func (n *oNet) arrive(sub int, p oPacket, back *oTrip, identity int, t oTrip) oTrip {
	for i := range n.enis {
		if n.enis[i].subnet != sub || n.enis[i].ip != p.dst {
			continue
		}
		if n.enis[i].nat {
			if back == nil || !back.natted {
				return oTrip{}
			}
			p.dst, p.dport = back.natFrom.src, back.natFrom.sport
			rest := *back
			rest.natted = false
			return n.leave(sub, p, 0, &rest, -1, t)
		}
		if back == nil && !n.groupsLet(i, true, p, identity) {
			return oTrip{}
		}
		t.ok, t.eni, t.p, t.identity = true, i, p, identity
		return t
	}
	return oTrip{}
}

// gets tells whether a packet gets from one end to the other and, for TCP, is
// answered, for some port that a NAT gateway may choose.
func (n *oNet) gets(from, to int, p oPacket) bool {
	ports := []int{1024, 65535}
	for _, s := range n.subnets {
		for _, rules := range [][]oACL{s.in, s.out} {
			for _, r := range rules {
				for _, x := range []int{r.lo - 1, r.lo, r.hi, r.hi + 1} {
					if x >= 1024 && x <= 65535 {
						ports = append(ports, x)
					}
				}
			}
		}
	}
	for _, port := range ports {
		t := n.forward(from, p, port, nil)
		if !t.ok || t.eni != to {
			continue
		}
		if p.proto != 6 {
			return true
		}
		answer := oPacket{src: t.p.dst, dst: t.p.src, proto: 6, sport: t.p.dport, dport: t.p.sport}
		b := n.forward(t.eni, answer, 0, &t)
		if b.ok && b.eni == from && b.p.src == p.dst && b.p.dst == p.src && b.p.sport == p.dport && b.p.dport == p.sport {
			return true
		}
	}
	return false
}

// randomNet makes a network of two VPCs.
func randomNet(r *rand.Rand) *oNet {
	n := &oNet{nat: -1, hubs: map[int][]int{}}
	n.peered, n.joined = r.IntN(2) == 0, r.IntN(2) == 0
	if r.IntN(4) == 0 {
		n.block = []string{"block-bidirectional", "block-ingress"}[r.IntN(2)]
	}
	zones := []string{"eu-west-1a", "eu-west-1b"}
	for v := range 2 {
		n.vpcs = append(n.vpcs, oVPC{net: oPrefix{10<<24 | uint32(v)<<16, 16}, igw: r.IntN(5) > 0, peer: 1 - v})
		for s := range 2 + r.IntN(2) {
			n.subnets = append(n.subnets, oSubnet{vpc: v, net: oPrefix{10<<24 | uint32(v)<<16 | uint32(s)<<8, 24}, zone: zones[r.IntN(2)],
				in: randomACL(r), out: randomACL(r)})
			if r.IntN(2) == 0 {
				n.hubs[v] = addHub(n, n.hubs[v], len(n.subnets)-1)
			}
		}
	}
	for range 4 {
		n.groups = append(n.groups, [2][]oRule{randomRules(r), randomRules(r)})
	}
	for i := range 6 {
		s := r.IntN(len(n.subnets))
		e := oENI{subnet: s, ip: n.subnets[s].net.addr | uint32(10+i)}
		for g := range 4 {
			if (g < 2) == (n.subnets[s].vpc == 0) && r.IntN(3) > 0 {
				e.groups = append(e.groups, g)
			}
		}
		if len(e.groups) == 0 {
			e.groups = []int{2 * n.subnets[s].vpc} // an interface has one at least
		}
		if r.IntN(2) == 0 {
			e.public = 198<<24 | 51<<16 | 100<<8 | uint32(10+i)
		}
		n.enis = append(n.enis, e)
	}
	if r.IntN(3) > 0 {
		s := r.IntN(len(n.subnets))
		n.nat = len(n.enis)
		n.natDown = r.IntN(8) == 0
		n.enis = append(n.enis, oENI{subnet: s, ip: n.subnets[s].net.addr | 99, public: 198<<24 | 51<<16 | 100<<8 | 99, nat: true})
	}
	for i := range n.subnets {
		n.subnets[i].routes = randomRoutes(r, n, n.subnets[i].vpc)
	}
	for v := range 2 {
		if r.IntN(6) > 0 {
			n.hubRt = append(n.hubRt, oRoute{dest: n.vpcs[v].net, to: fmt.Sprint("vpc", v), bad: r.IntN(10) == 0})
		}
	}
	return n
}

// addHub adds a subnet to an attachment, which has one in each zone.
func addHub(n *oNet, list []int, s int) []int {
	for _, i := range list {
		if n.subnets[i].zone == n.subnets[s].zone {
			return list
		}
	}
	return append(list, s)
}

func randomRoutes(r *rand.Rand, n *oNet, v int) []oRoute {
	var out []oRoute
	seen := map[oPrefix]bool{}
	for range r.IntN(5) {
		dests := []oPrefix{{0, 0}, {0, 0}, n.vpcs[1-v].net, {n.vpcs[1-v].net.addr, 24}, {203 << 24, 8}}
		to := []string{"igw", "igw"}
		if n.nat >= 0 && n.subnets[n.enis[n.nat].subnet].vpc == v {
			to = append(to, "nat")
		}
		if n.peered {
			to = append(to, "pcx")
		}
		if n.joined && len(n.hubs[v]) > 0 && len(n.hubs[1-v]) > 0 {
			to = append(to, "tgw")
		}
		x := oRoute{dest: dests[r.IntN(len(dests))], to: to[r.IntN(len(to))], bad: r.IntN(15) == 0}
		if x.to == "igw" && !n.vpcs[v].igw || seen[x.dest] {
			continue
		}
		seen[x.dest] = true
		out = append(out, x)
	}
	return out
}

var oPeers = []oPrefix{{0, 0}, {0, 0}, {10 << 24, 8}, {10 << 24, 16}, {10<<24 | 1<<16, 16}, {10<<24 | 1<<8, 24}, {198<<24 | 51<<16 | 100<<8, 24}, {203 << 24, 8}}

func randomSpan(r *rand.Rand) (int, int) {
	edges := []int{0, 22, 443, 444, 1024, 32768, 40000, 65535}
	a, b := r.IntN(len(edges)), r.IntN(len(edges))
	return edges[min(a, b)], edges[max(a, b)]
}

func randomACL(r *rand.Rand) []oACL {
	var out []oACL
	for i := range r.IntN(4) {
		x := oACL{number: 10 + i*10 + r.IntN(9), proto: []int{-1, 6, 17, 1}[r.IntN(4)], peer: oPeers[r.IntN(len(oPeers))], allow: r.IntN(3) > 0}
		x.lo, x.hi = randomSpan(r)
		out = append(out, x)
	}
	if r.IntN(4) > 0 {
		out = append(out, oACL{number: 100, proto: -1, allow: true})
	}
	return out
}

func randomRules(r *rand.Rand) []oRule {
	var out []oRule
	for range 1 + r.IntN(3) {
		x := oRule{proto: []int{-1, 6, 17, 6}[r.IntN(4)], peer: oPeers[r.IntN(len(oPeers))], group: -1}
		x.lo, x.hi = randomSpan(r)
		if r.IntN(4) == 0 {
			x.group = r.IntN(4)
		}
		out = append(out, x)
	}
	return out
}

func addr(a uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
}

// TestTheEngineAgreesWithTheOracle sends packets through random networks.
func TestTheEngineAgreesWithTheOracle(t *testing.T) {
	packets, passed := 0, 0
	for seed := uint64(0); packets < 100_000; seed++ {
		r := rand.New(rand.NewPCG(seed, 7))
		n := randomNet(r)
		w := n.resources().world(t)
		for range 12 {
			from, to := r.IntN(len(n.enis)+1)-1, r.IntN(len(n.enis)+1)-1
			if from == to || from >= 0 && n.enis[from].nat || to >= 0 && n.enis[to].nat || from < 0 && n.enis[to].public == 0 {
				continue
			}
			ends := func(i int) string {
				if i < 0 {
					return "internet"
				}
				return fmt.Sprint("eni-", i)
			}
			question := fmt.Sprintf(`{"src": %q, "dst": %q}`, ends(from), ends(to))
			public := from >= 0 && to >= 0 && n.enis[to].public != 0 && r.IntN(2) == 0
			if public { // out of one internet gateway and into another, or the same
				question = fmt.Sprintf(`{"src": %q, "dst": {"address": %q}}`, ends(from), dotted(n.enis[to].public))
			}
			set := ask(t, w, question).Set()
			for range 60 {
				p := randomPacket(r, n, from, to)
				if public {
					p.dst = n.enis[to].public
				}
				packets++
				want := n.gets(from, to, p)
				if want {
					passed++
				}
				got := set.Has(cidr.Packet{Src: addr(p.src), Dst: addr(p.dst), Proto: p.proto, A: p.sport, B: p.dport})
				if got != want {
					t.Fatalf("seed %d, %s, %s:%d → %s:%d proto %d: engine %v, oracle %v\n%+v\n%s", seed, question, dotted(p.src), p.sport, dotted(p.dst), p.dport, p.proto, got, want, n, show(ask(t, w, question)))
				}
			}
		}
	}
	if passed < packets/40 {
		t.Errorf("only %d of %d packets get through: the networks say too little", passed, packets)
	}
	t.Logf("%d packets, %d get through", packets, passed)
}

func randomPacket(r *rand.Rand, n *oNet, from, to int) oPacket {
	ports := []int{0, 21, 22, 23, 443, 444, 1023, 1024, 32768, 40000, 40001, 65535}
	p := oPacket{proto: []int{6, 6, 6, 17, 47}[r.IntN(5)], sport: ports[r.IntN(len(ports))], dport: ports[r.IntN(len(ports))]}
	if p.proto == 47 {
		p.sport, p.dport = 0, 0
	}
	outside := []uint32{8<<24 | 8<<16 | 8<<8 | 8, 203<<24 | 113, 198<<24 | 51<<16 | 100<<8 | 200}[r.IntN(3)]
	switch {
	case from < 0:
		p.src, p.dst = outside, n.enis[to].public
	case to < 0:
		p.src, p.dst = n.enis[from].ip, outside
	default:
		p.src, p.dst = n.enis[from].ip, n.enis[to].ip
	}
	return p
}
