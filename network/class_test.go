package network_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/haetae/haetae"
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

// TestSampledPairsOfALargeNetworkAgree asks for 10,000 pairs of 10,000 interfaces
// one by one, half of them among those that are said to be open.
func TestSampledPairsOfALargeNetworkAgree(t *testing.T) {
	s := generated(10_000, false)
	at := map[string]cidr.Addrs{}
	for _, r := range s.Resources {
		if x, ok := r.Props["PrivateIpAddress"].(string); ok {
			at[r.ID] = cidr.One(netip.MustParseAddr(x))
		}
	}
	w := network.Build(assembled(t, s))
	type ends struct{ from, to *network.Class }
	all := map[ends]network.Between{}
	var list []network.Between
	for b := range w.AllPairs() {
		all[ends{b.From, b.To}] = b
		list = append(list, b)
	}
	classes := w.Classes()
	r := rand.New(rand.NewPCG(1, 2))
	one := func(c *network.Class) string { return c.Interfaces()[r.IntN(c.Size())] }
	open := 0
	for i := range 10_000 {
		k := ends{classes[r.IntN(len(classes))], classes[r.IntN(len(classes))]}
		if i%2 == 0 {
			b := list[r.IntN(len(list))]
			k = ends{b.From, b.To}
		}
		from, to := one(k.from), one(k.to)
		if from == to {
			continue
		}
		q, err := network.ParseQuestion(fmt.Appendf(nil, `{"src": %q, "dst": %q}`, from, to))
		if err != nil {
			t.Fatal(err)
		}
		a, err := w.Reach(q)
		if err != nil {
			t.Fatal(err)
		}
		want, got := a.Set(), cidr.Set{}
		if b, ok := all[k]; ok {
			got = b.Sure()
		}
		// Of the class, the packets between these two.
		got = got.Intersect(cidr.Of(cidr.Boxes(at[from], at[to], cidr.AllProtos(), cidr.AllPorts(), cidr.AllPorts(), cidr.AllPorts(), cidr.AllPorts())...))
		if !got.Equal(want) {
			t.Fatalf("%s → %s: of all pairs %s, asked %s", from, to, got, want)
		}
		if !want.Empty() {
			open++
		}
	}
	if open < 4_000 {
		t.Errorf("only %d of the pairs are open", open)
	}
}

// BenchmarkAllPairs goes through all pairs of what is built: the promises, on two
// cores, are 1 s for 10,000 interfaces and 10 s for 100,000. In the hostile network
// every interface has a group of its own.
func BenchmarkAllPairs(b *testing.B) {
	for _, c := range []struct {
		name       string
		interfaces int
		own        bool
		limit      float64 // seconds
	}{{"10000", 10_000, false, 1}, {"100000", 100_000, false, 10}, {"10000-hostile", 10_000, true, 0}} {
		b.Run(c.name, func(b *testing.B) {
			w := network.Build(assembled(b, generated(c.interfaces, c.own)))
			b.ReportAllocs()
			pairs := 0
			for b.Loop() {
				pairs = 0
				for range w.AllPairs() {
					pairs++
				}
			}
			b.ReportMetric(float64(len(w.Classes())), "classes")
			b.ReportMetric(float64(pairs), "open-pairs")
			b.ReportMetric(heap(), "heap-MB")
			runtime.KeepAlive(w)
			if c.limit > 0 {
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/c.limit, "of-the-limit")
			}
		})
	}
}

// heap is what is in use, in megabytes.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

// BenchmarkDelta carries one change into all pairs of 10,000 interfaces, and goes
// through them all again: the promise is 1 s.
func BenchmarkDelta(b *testing.B) {
	n := newMoving(b, loadSchema(b), generated(10_000, false))
	for range n.pairs.All() {
	}
	for _, c := range []struct {
		typ, id, prop string
		x             any
	}{
		{"AWS::EC2::SecurityGroup", "sg-0-3-1", "SecurityGroupIngress", sg("tcp", 80, 80, m{"CidrIp": "10.0.0.0/16"})},
		{"AWS::EC2::RouteTable", "rtb-p-0", "Routes", m{"DestinationCidrBlock": "172.16.0.0/12", "GatewayId": "igw-0"}},
		{"AWS::EC2::NetworkAcl", "acl-0", "Entries", acl(50, false, "deny", "10.0.3.0/24", 6)},
		{"AWS::EC2::NetworkInterface", "eni-0-0", "GroupSet", "sg-0-9-0"},
	} {
		b.Run(c.typ[len("AWS::EC2::"):], func(b *testing.B) {
			add := false
			var with, through time.Duration
			for b.Loop() {
				before := n.now[haetae.Key{Account: "111122223333", Region: "eu-west-1", Type: c.typ, ID: c.id}]
				after := *before
				after.Props = maps.Clone(before.Props)
				list, _ := before.Props[c.prop].([]any)
				if add = !add; add {
					after.Props[c.prop] = append(slices.Clone(list), c.x)
				} else {
					after.Props[c.prop] = list[:len(list)-1]
				}
				start := time.Now()
				n.apply(haetae.Delta{Changed: []haetae.Change{{Before: before, After: &after, Paths: []string{c.prop}}}})
				with += time.Since(start)
				for range n.pairs.All() {
				}
				through += time.Since(start)
			}
			b.ReportMetric(with.Seconds()*1000/float64(b.N), "with-ms")
			b.ReportMetric(through.Seconds()/float64(b.N), "of-the-limit")
		})
	}
}

// passes is what surely gets from one interface to another by what all pairs say.
func passes(w *network.World, from, to string) cidr.Set {
	for b := range w.AllPairs() {
		if slices.Contains(b.From.Interfaces(), from) && slices.Contains(b.To.Interfaces(), to) {
			return b.Sure()
		}
	}
	return cidr.Set{}
}
