package network_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/haetae/haetae/network"
)

// TestChainsOverHostsAgreeWithASearchOfPairs asks about every pair of interfaces of
// random networks, searches for chains among the answers, and compares.
func TestChainsOverHostsAgreeWithASearchOfPairs(t *testing.T) {
	broken, held, longer := 0, 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 31))
		n := randomNet(r)
		w := n.resources().world(t)
		reaches := func(from, to string, packets string) bool {
			return ask(t, w, fmt.Sprintf(`{"src": %q, "dst": %q%s}`, from, to, packets)).Verdict == network.Reachable
		}
		var plain []string
		for i, e := range n.enis {
			if !e.nat {
				plain = append(plain, fmt.Sprint("eni-", i))
			}
		}
		next := map[string][]string{}
		for _, f := range append([]string{"internet"}, plain...) {
			for _, x := range plain {
				if f != x && reaches(f, x, "") {
					next[f] = append(next[f], x)
				}
			}
		}
		const last = `, "proto": "tcp", "port": 443`
		for _, f := range append([]string{"internet"}, plain...) {
			seen := map[string]bool{f: true}
			for queue := []string{f}; len(queue) > 0; queue = queue[1:] {
				for _, x := range next[queue[0]] {
					if !seen[x] {
						seen[x] = true
						queue = append(queue, x)
					}
				}
			}
			for _, x := range plain {
				if f == x {
					continue
				}
				want := network.Holds
				for from := range seen {
					if from != x && reaches(from, x, last) {
						want = network.Broken
					}
				}
				o := keep(t, w, fmt.Sprintf(`[{"id": "x", "must": "never", "hops": "any", "from": %q, "to": %q%s}]`, f, x, last))[0]
				if o.Verdict != want {
					t.Fatalf("seed %d, %s to %s over any hosts: %s, a search of pairs says %s\n%+v", seed, f, x, o.Verdict, want, o.Breaches)
				}
				if want == network.Broken {
					broken++
					if len(o.Breaches[0].Examples[0].Relays) > 0 {
						longer++
					}
				} else {
					held++
				}
			}
		}
	}
	if broken < 100 || held < 100 || longer < 20 {
		t.Errorf("%d broken, of them %d over hosts, and %d hold: the networks say too little", broken, longer, held)
	}
}

// TestWhatMustPassANATGatewayAgreesWithTheHopsOfEachPair compares with the hops of
// answers to questions about one address.
func TestWhatMustPassANATGatewayAgreesWithTheHopsOfEachPair(t *testing.T) {
	passed, around := 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 37))
		n := randomNet(r)
		if n.nat < 0 {
			continue
		}
		n.block, n.natDown = "", false
		own := n.enis[n.nat].subnet
		for i := range n.subnets {
			s := &n.subnets[i]
			s.in, s.out = []oACL{{number: 100, proto: -1, allow: true}}, []oACL{{number: 100, proto: -1, allow: true}}
			switch to := []string{"igw", "nat"}[r.IntN(2)]; {
			case s.vpc != n.subnets[own].vpc || !n.vpcs[s.vpc].igw:
			case i == own:
				s.routes = []oRoute{{to: "igw"}}
			default:
				s.routes = []oRoute{{to: to}}
			}
		}
		w := n.resources().world(t)
		for i, e := range n.enis {
			if e.nat {
				continue
			}
			f := fmt.Sprint("eni-", i)
			// Each packet to the internet has one way: by the gateway's address, or not.
			for _, to := range []string{"8.8.8.8", "203.0.113.9"} {
				a := ask(t, w, fmt.Sprintf(`{"src": %q, "dst": {"address": %q}, "proto": "tcp", "port": 443}`, f, to))
				want := network.Holds
				if a.Verdict == network.Reachable {
					passed++
					by := false
					for _, h := range a.Forward.Hops {
						by = by || h.Resource == "nat-1"
					}
					if !by {
						want = network.Broken
						around++
					}
				}
				o := keep(t, w, fmt.Sprintf(`[{"id": "x", "must": "through", "via": "nat-1", "from": %q, "to": %q, "port": 443}]`, f, to))[0]
				if o.Verdict != want {
					t.Fatalf("seed %d, %s to %s: %s, want %s\n%s", seed, f, to, o.Verdict, want, show(a))
				}
			}
		}
	}
	if passed-around < 20 || around < 20 {
		t.Errorf("%d pass, %d of them around: the networks say too little", passed, around)
	}
}
