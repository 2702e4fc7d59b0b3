package network_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/network"
)

// TestAllPairsAgreeWithEachPair asks for every pair of interfaces of random
// networks by itself, and compares with what the pairs of classes say.
func TestAllPairsAgreeWithEachPair(t *testing.T) {
	open := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		n := randomNet(r)
		w := n.resources().world(t)
		all := map[[2]string]cidr.Set{}
		for b := range w.AllPairs() {
			for _, f := range b.From.Interfaces() {
				for _, to := range b.To.Interfaces() {
					all[[2]string{f, to}] = b.Sure()
				}
			}
		}
		for i := range n.enis {
			for j := range n.enis {
				if i == j || n.enis[i].nat || n.enis[j].nat {
					continue
				}
				f, to := fmt.Sprint("eni-", i), fmt.Sprint("eni-", j)
				want := ask(t, w, fmt.Sprintf(`{"src": %q, "dst": %q}`, f, to)).Set()
				ends := cidr.Of(cidr.Boxes(cidr.One(addr(n.enis[i].ip)), cidr.One(addr(n.enis[j].ip)), cidr.AllProtos(), cidr.AllPorts(), cidr.AllPorts(), cidr.AllPorts(), cidr.AllPorts())...)
				got := all[[2]string{f, to}].Intersect(ends)
				if !got.Equal(want) {
					t.Fatalf("seed %d, %s → %s: pairs of classes %s, asked %s", seed, f, to, got, want)
				}
				if !want.Empty() {
					open++
				}
			}
		}
	}
	if open < 100 {
		t.Errorf("only %d pairs are open", open)
	}
}

func TestMatrixOfZones(t *testing.T) {
	w := resources(t, base).world(t)
	cells, err := w.Matrix("sg")
	if err != nil {
		t.Fatal(err)
	}
	find := func(from, to string) *network.Cell {
		i := slices.IndexFunc(cells, func(c network.Cell) bool { return c.From == from && c.To == to })
		if i < 0 {
			return nil
		}
		return &cells[i]
	}
	if c := find("sg-web", "sg-db"); c == nil || c.Pairs != 2 || len(c.Open) != 1 || c.Open[0].Proto != "tcp" || !slices.Equal(c.Open[0].Ports, []string{"5432"}) {
		t.Errorf("web to db: %+v", c)
	}
	if c := find("sg-db", "sg-o"); c != nil {
		t.Errorf("db to other: %+v", c)
	}
	if c := find("sg-web", "sg-o"); c == nil || c.Pairs != 1 {
		t.Errorf("web to other, of which only the public subnet has a route: %+v", c)
	}
	if c := find("internet", "sg-web"); c == nil || c.Pairs != 1 {
		t.Errorf("internet to web: %+v", c)
	}
	if _, err := w.Matrix("zone"); err == nil {
		t.Error("unknown zones have no error")
	}
}

func BenchmarkAllPairs(b *testing.B) {
	for _, c := range []struct {
		name       string
		interfaces int
		own        bool
	}{{"10000", 10_000, false}, {"2000-hostile", 2_000, true}} {
		b.Run(c.name, func(b *testing.B) {
			w := network.Build(assembled(b, generated(c.interfaces, c.own)))
			classes := len(w.Classes())
			b.ReportAllocs()
			pairs := 0
			for b.Loop() {
				pairs = 0
				for range w.AllPairs() {
					pairs++
				}
			}
			b.ReportMetric(float64(classes), "classes")
			b.ReportMetric(float64(pairs), "open-pairs")
		})
	}
}
