package control_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

// account makes n mixed resources from the examples of all controls, each with
// an id of its own, spread over three regions of one account.
func account(tb testing.TB, controls []*control.Control, n int) *haetae.Snapshot {
	tb.Helper()
	var patterns []*haetae.Resource
	for _, c := range controls {
		for _, list := range [][]control.Example{c.Examples.Pass, c.Examples.Fail} {
			for _, x := range list {
				for _, r := range x.World.Resources {
					if r.Type == c.Type && c.Type != "Haetae::Account" && c.Type != "Haetae::Region" {
						patterns = append(patterns, r)
					}
				}
			}
		}
	}
	regions := []string{"us-east-1", "eu-west-1", "ap-northeast-2"}
	s := &haetae.Snapshot{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()}
	for i := range n {
		r := *patterns[i%len(patterns)]
		r.ID = fmt.Sprintf("%s-%d", r.ID, i)
		r.ARN, r.Account, r.Stack = "", "111122223333", ""
		if r.Region != "" {
			r.Region = regions[i%len(regions)]
		}
		r.Origin = haetae.Origin{Source: "cli"}
		s.Resources = append(s.Resources, &r)
	}
	for _, region := range append(regions, "") {
		s.Coverage = append(s.Coverage, haetae.Coverage{Account: "111122223333", Region: region, Type: "*", Status: haetae.Complete})
	}
	return graph.Clone(s)
}

// BenchmarkAccountOf100000 judges 100,000 mixed resources by 100 controls on
// one core. The limit is three seconds; the ratio to it is reported, with the
// memory that the graph holds per resource.
func BenchmarkAccountOf100000(b *testing.B) {
	const resources, limit = 100_000, 3.0
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	sch, err := schema.Load()
	if err != nil {
		b.Fatal(err)
	}
	controls, err := content.Controls()
	if err != nil {
		b.Fatal(err)
	}
	// One hundred, from all services alike.
	var hundred []*control.Control
	for i := range 100 {
		hundred = append(hundred, controls[i*len(controls)/100])
	}
	controls = hundred
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g := graph.New(sch, graph.Assemble(sch, account(b, controls, resources), graph.Options{}))
	runtime.GC()
	runtime.ReadMemStats(&after)
	set, err := control.NewSet(sch, controls)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	verdicts := 0
	for b.Loop() {
		verdicts = 0
		for _, err := range set.Evaluate(g) {
			if err != nil {
				b.Fatal(err)
			}
			verdicts++
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/limit, "of-3s-limit")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/resources, "B/resource")
	b.ReportMetric(float64(verdicts)/resources, "verdicts/resource")
}

// BenchmarkAgainstCelGo evaluates one assertion here and with cel-go's own
// interpreter over the same values.
func BenchmarkAgainstCelGo(b *testing.B) {
	const expr = `r.SecurityGroupIngress.all(x, x.CidrIp != "0.0.0.0/0" || (x.FromPort > 22 || x.ToPort < 22))`
	rules := []any{}
	for i := range 5 {
		rules = append(rules, map[string]any{"IpProtocol": "tcp", "CidrIp": fmt.Sprintf("10.%d.0.0/16", i), "FromPort": int64(22), "ToPort": int64(22)})
	}
	props := map[string]any{"SecurityGroupIngress": rules}

	env, err := cel.NewEnv(cel.Variable("r", cel.DynType))
	if err != nil {
		b.Fatal(err)
	}
	checked, iss := env.Compile(expr)
	if iss.Err() != nil {
		b.Fatal(iss.Err())
	}
	prog, err := env.Program(checked)
	if err != nil {
		b.Fatal(err)
	}
	const rounds = 20_000
	start := time.Now()
	for range rounds {
		if out, _, err := prog.Eval(map[string]any{"r": props}); err != nil || out.Value() != true {
			b.Fatal(out, err)
		}
	}
	peer := time.Since(start)

	sch, err := schema.Load()
	if err != nil {
		b.Fatal(err)
	}
	set, err := control.NewSet(sch, []*control.Control{{Rule: haetae.Rule{ID: "bench-it", Type: "AWS::EC2::SecurityGroup"}, Assert: expr}})
	if err != nil {
		b.Fatal(err)
	}
	s := &haetae.Snapshot{}
	for i := range rounds {
		s.Resources = append(s.Resources, &haetae.Resource{Type: "AWS::EC2::SecurityGroup", ID: fmt.Sprint(i), Account: "1", Region: "r", Props: props})
	}
	g := graph.New(sch, graph.Assemble(sch, graph.Clone(s), graph.Options{}))
	b.ReportAllocs()
	for b.Loop() {
		for f, err := range set.Evaluate(g) {
			if err != nil || f.Status != haetae.Pass {
				b.Fatal(f.Status, err)
			}
		}
	}
	b.ReportMetric(peer.Seconds()/(b.Elapsed().Seconds()/float64(b.N)), "times-cel-go")
}
