package oracle

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

// Packets makes n packets near the borders of the rules of a world, in the form
// that [ParsePacket] reads.
func (w *World) Packets(seed uint64, n int) []string {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 11))}
	var four, six []end
	for _, id := range sortedKeys(w.enis) {
		e := w.enis[id]
		if e.kind == "nat_gateway" || w.balancerOf(e) != nil && e.kind != "network_load_balancer" && len(four) == 0 {
			continue
		}
		for _, a := range e.addrs {
			if a.Is4() {
				four = append(four, end{id, a})
			} else {
				six = append(six, end{id, a})
			}
		}
	}
	ports := w.borders()
	var out []string
	for len(out) < n {
		ends, far := four, w.far()
		if len(six) > 0 && g.often(20) {
			ends, far = six, []netip.Addr{netip.MustParseAddr("2a00:1450::1"), netip.MustParseAddr("2600:1f00:1:1::99")}
		}
		var src end
		dst := pick(g, ends).addr
		switch {
		case g.often(15):
			src = end{Internet, netip.MustParseAddr(pick(g, []string{"203.0.113.9", "203.0.113.129", "198.51.100.1"}))}
			if dst.Is6() {
				src.addr = netip.MustParseAddr("2a00:1450::1")
			} else if publics := w.publics(); len(publics) > 0 {
				dst = pick(g, publics)
			} else {
				continue
			}
		case g.often(8) && dst.Is4() && len(w.outside()) > 0:
			src = end{pick(g, w.outside()), netip.MustParseAddr(pick(g, []string{"192.168.1.1", "192.168.200.1"}))}
		case g.often(25) && dst.Is4() && len(w.eices)+len(w.clientVPNs) > 0:
			src = w.client(g)
			if len(w.far()) > 0 && g.often(20) {
				dst = pick(g, w.far())
			}
		default:
			src = pick(g, ends)
			if g.often(35) {
				dst = pick(g, far)
			}
		}
		if src.addr == dst || w.Holds(src.at, dst) {
			continue // a host that talks to itself sends nothing
		}
		out = append(out, fmt.Sprintf("%s %s", src.at, g.packet(src.addr, dst, ports)))
	}
	return out
}

// Variants makes n packets between the ends of a packet, of all protocols and
// ports near the borders of rules.
func (w *World) Variants(packet string, seed uint64, n int) ([]string, error) {
	from, p, err := ParsePacket(packet)
	if err != nil {
		return nil, err
	}
	g := &generator{rng: rand.New(rand.NewPCG(seed, 13))}
	ports := w.borders()
	var out []string
	for range n {
		out = append(out, fmt.Sprintf("%s %s", from, g.packet(p.Src, p.Dst, ports)))
	}
	return out, nil
}

type end struct {
	at   string
	addr netip.Addr
}

func (g *generator) packet(src, dst netip.Addr, ports []int) string {
	switch n := g.rng.IntN(20); {
	case n < 13:
		return fmt.Sprintf("tcp %s > %s", netip.AddrPortFrom(src, uint16(pick(g, ports))), netip.AddrPortFrom(dst, uint16(pick(g, ports))))
	case n < 16:
		return fmt.Sprintf("udp %s > %s", netip.AddrPortFrom(src, uint16(pick(g, ports))), netip.AddrPortFrom(dst, uint16(pick(g, ports))))
	case n < 19 && src.Is4():
		return fmt.Sprintf("icmp 8/0 %s > %s", src, dst)
	case n < 19:
		return fmt.Sprintf("icmpv6 128/0 %s > %s", src, dst)
	}
	return fmt.Sprintf("47 %s > %s", src, dst)
}

// borders are ports at which rules begin to say something else.
func (w *World) borders() []int {
	out := []int{40000, 443, 443, 80}
	if len(w.eices) > 0 {
		out = append(out, 22, 22, 22, 3389)
	}
	for _, p := range w.interestingPorts() {
		out = append(out, p, p-1)
	}
	for _, a := range w.acls {
		for _, e := range a.entries {
			if e.proto == TCP || e.proto == UDP {
				out = append(out, e.from, e.to, max(e.from-1, 0), min(e.to+1, 65535))
			}
		}
	}
	for _, x := range w.groups {
		for _, r := range slices.Concat(x.in, x.out) {
			if r.proto == TCP || r.proto == UDP {
				out = append(out, r.from, r.to, max(r.from-1, 0), min(r.to+1, 65535))
			}
		}
	}
	slices.Sort(out)
	return out
}

// far are addresses of other places: the internet, a service, an office,
// nobody's.
func (w *World) far() []netip.Addr {
	out := w.publics()
	for _, s := range []string{"203.0.113.9", "203.0.113.129", "198.51.100.1", "52.216.1.1", "192.168.1.1", "192.168.200.1", "10.0.1.99", "10.1.1.99", "10.9.1.1"} {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// publics are the public addresses of the world.
func (w *World) publics() (out []netip.Addr) {
	for _, id := range sortedKeys(w.enis) {
		for _, a := range w.enis[id].addrs {
			if p := w.enis[id].public[a]; p.IsValid() {
				out = append(out, p)
			}
		}
	}
	for _, id := range sortedKeys(w.nats) {
		if p := w.nats[id].public; p.IsValid() {
			out = append(out, p)
		}
	}
	return out
}

// outside are the gateways beyond which the known world ends.
func (w *World) outside() []string {
	out := sortedKeys(w.vgws)
	for _, id := range sortedKeys(w.attachments) {
		if w.attachments[id].kind == "vpn" {
			out = append(out, id)
		}
	}
	return out
}

// client is somebody who comes in by an EC2 Instance Connect Endpoint or a Client
// VPN endpoint.
func (w *World) client(g *generator) end {
	id := pick(g, append(sortedKeys(w.eices), sortedKeys(w.clientVPNs)...))
	switch x := w.eices[id]; {
	case x == nil:
		return end{id, w.clientVPNs[id].clients.Addr().Next()}
	case x.keeps:
		return end{id, netip.MustParseAddr("203.0.113.9")}
	default:
		return end{id, w.enis[x.eni].addrs[0]}
	}
}

func sortedKeys[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Shrink takes lines away from a topology as long as what is left is still bad.
func Shrink(topology string, bad func(topology string) bool) string {
	lines := strings.Split(strings.TrimSpace(topology), "\n")
	for again := true; again; {
		again = false
		for i := len(lines) - 1; i >= 0; i-- {
			less := slices.Delete(slices.Clone(lines), i, i+1)
			if bad(strings.Join(less, "\n")) {
				lines, again = less, true
			}
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
