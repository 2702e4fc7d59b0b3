package network_test

import (
	"testing"

	"github.com/haetae/haetae/network"
)

// BenchmarkIntents holds a network of 2,000 interfaces against an intent about
// all of them, for ends only and over any hosts.
func BenchmarkIntents(b *testing.B) {
	w := network.Build(assembled(b, generated(2_000, false)))
	all := []network.Term{}
	vpcs := map[string]bool{}
	for _, c := range w.Classes() {
		for _, id := range c.Interfaces() {
			if !vpcs[id] {
				vpcs[id] = true
				all = append(all, network.Term{End: network.End{ID: id}})
			}
		}
	}
	for _, c := range []struct {
		name string
		in   network.Intent
	}{
		{"never", network.Intent{Must: network.MustNever, Ports: []string{"22"}, From: all, To: all}},
		{"reach", network.Intent{Must: network.MustReach, Ports: []string{"443"}, From: all, To: all}},
		{"over-hosts", network.Intent{Must: network.MustNever, Ports: []string{"5432"}, Relayed: true, From: []network.Term{{End: network.End{ID: "internet"}}}, To: all}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.in.ID = c.name
			for b.Loop() {
				out, err := w.Keep([]*network.Intent{&c.in})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(out[0].Pairs.All), "pairs")
				b.ReportMetric(float64(out[0].Pairs.Broken), "broken")
			}
		})
	}
}
