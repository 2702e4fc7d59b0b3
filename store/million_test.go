package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

// millionFindings are 1,000,000 failures of 200 controls in 100 accounts and
// 10 regions, on 100,000 resources.
func millionFindings() (*haetae.Snapshot, []haetae.Finding) {
	const accounts, regions, resources, rulesEach = 100, 10, 100, 10
	var rules []*haetae.Rule
	for i := range 200 {
		rules = append(rules, &haetae.Rule{ID: fmt.Sprintf("control-%03d", i), Type: fmt.Sprintf("AWS::Service%d::Thing", i%20), Severity: haetae.Severity(1 + i%5), Title: haetae.Text{EN: "The thing is as it should be", KO: "그것이 바르다"}})
	}
	snap := &haetae.Snapshot{Time: 1_770_000_000}
	var found []haetae.Finding
	for a := range accounts {
		account := fmt.Sprintf("%012d", 100000000000+a)
		for g := range regions {
			region := fmt.Sprintf("region-%d", g)
			snap.Coverage = append(snap.Coverage, covered(account, region))
			for i := range resources {
				n := (a*regions+g)*resources + i
				typ := n % 20
				r := &haetae.Resource{Type: fmt.Sprintf("AWS::Service%d::Thing", typ), ID: fmt.Sprintf("thing-%07d", n), Account: account, Region: region, Origin: haetae.Origin{Source: "aws"},
					ARN: fmt.Sprintf("arn:aws:service%d:%s:%s:thing/thing-%07d", typ, region, account, n), Props: map[string]any{"Name": fmt.Sprintf("thing-%07d", n), "Public": true, "Size": int64(n % 7)}}
				snap.Resources = append(snap.Resources, r)
				for k := range rulesEach {
					f := haetae.Finding{Rule: rules[typ+20*k], Resource: r, Status: haetae.Fail, Reason: "Public is true; Encrypted is false (AWS default)",
						Evidence: []haetae.Evidence{{Path: "Public", Value: true, From: "declared"}, {Path: "Encrypted", Value: false, From: "default"}}}
					if n%50 == 0 {
						f.Status = haetae.Undecided
					}
					found = append(found, f)
				}
			}
		}
	}
	snap.Sort()
	return snap, found
}

// BenchmarkMillion stores a million findings, stores them again unchanged, and
// asks all that is documented. It says what each took, and fails where a
// promise is far from kept. Run it with: go test -run '^$' -bench Million ./store
func BenchmarkMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("a million findings take a minute")
	}
	for b.Loop() {
		million(b)
	}
}

func million(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(context.Background(), dir)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	snap, found := millionFindings()
	var rules []*haetae.Rule
	seen := map[string]bool{}
	for i := range found {
		if r := found[i].Rule; !seen[r.ID] {
			seen[r.ID] = true
			rules = append(rules, r)
		}
	}
	measure := func(name string, goal time.Duration, do func()) time.Duration {
		start := time.Now()
		do()
		took := time.Since(start)
		// Other work on the machine may double what it takes.
		switch {
		case goal > 0 && took > 2*goal:
			b.Errorf("%s took %s, more than twice %s", name, took.Round(time.Millisecond), goal)
		case goal > 0 && took > goal:
			b.Logf("%s took %s, more than %s", name, took.Round(time.Millisecond), goal)
		}
		return took
	}
	first := measure("the first scan", 0, func() {
		if tally := mustScan(b, s, snap, found, rules...); tally.New+tally.Unknown != 1_000_000 {
			b.Fatalf("tally is %+v", tally)
		}
	})
	b.ReportMetric(first.Seconds(), "s/first")
	snap.Time += 3600
	again := measure("an unchanged scan", 15*time.Second, func() {
		if tally := mustScan(b, s, snap, found, rules...); tally.Still != 1_000_000 {
			b.Fatalf("tally is %+v", tally)
		}
	})
	b.ReportMetric(again.Seconds(), "s/unchanged")
	if info, err := os.Stat(filepath.Join(dir, File)); err == nil {
		b.ReportMetric(float64(info.Size())/1e6, "MB/file")
	}
	worst, what := time.Duration(0), ""
	ask := func(name string, do func()) {
		do() // pages come into memory
		took := measure(name, 300*time.Millisecond, do)
		b.Logf("%8s  %s", took.Round(time.Microsecond*100), name)
		if took > worst {
			worst, what = took, name
		}
	}
	b.Logf("the first scan took %s, the unchanged one %s", first.Round(time.Millisecond), again.Round(time.Millisecond))
	lists(b, s, ask)
	queries(b, s, ask)
	b.Logf("the worst: %s, %s", worst.Round(time.Millisecond), what)
	b.ReportMetric(float64(worst.Milliseconds()), "ms/worst")
}

// lists asks for pages by every filter, the first and a later one.
func lists(b *testing.B, s *Store, ask func(string, func())) {
	ctx := context.Background()
	account := []string{"100000000042"}
	region := []string{"region-7"}
	for name, f := range map[string]Filter{
		"all":                       {},
		"an account":                {Accounts: account},
		"a region":                  {Regions: region},
		"a control":                 {Controls: []string{"control-077"}},
		"a severity":                {Severity: []haetae.Severity{haetae.Low}},
		"a status":                  {Status: []haetae.Status{haetae.Undecided}},
		"closed ones":               {Status: []haetae.Status{haetae.Gone}},
		"a workflow that none has":  {Workflow: []haetae.Workflow{haetae.WorkflowSuppressed}},
		"an account and a region":   {Accounts: account, Regions: region},
		"two accounts":              {Accounts: []string{"100000000042", "100000000099"}},
		"a region and a control":    {Regions: region, Controls: []string{"control-077"}},
		"a region that is not here": {Regions: []string{"nowhere"}},
		"everything at once":        {Accounts: account, Regions: region, Controls: []string{"control-077"}, Severity: []haetae.Severity{haetae.Medium}, Status: []haetae.Status{haetae.Fail}, Workflow: []haetae.Workflow{haetae.WorkflowNew}},
	} {
		var last haetae.UID
		ask("list "+name, func() {
			page, err := s.List(ctx, f, haetae.UID{}, 50)
			if err != nil {
				b.Fatal(err)
			}
			if len(page) == 50 {
				last = page[49].UID
			}
		})
		ask("list "+name+", next page", func() {
			if _, err := s.List(ctx, f, last, 50); err != nil {
				b.Fatal(err)
			}
		})
		ask("count "+name, func() {
			if _, err := s.Count(ctx, f); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// queries runs those of docs/query.md.
func queries(b *testing.B, s *Store, ask func(string, func())) {
	doc, err := os.ReadFile("../docs/query.md")
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		ask("query "+strings.Join(strings.Fields(m[1]), " "), func() {
			if _, err := s.Query(context.Background(), m[1], 1000, time.Minute); err != nil {
				b.Fatal(err)
			}
		})
	}
}
