package store

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/hub"
)

// TestMain also serves as the other process of tests that need one.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childOf); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

func opened(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

var ruleOpen = &haetae.Rule{ID: "sg-open", Type: "AWS::EC2::SecurityGroup", Severity: haetae.High, Title: haetae.Text{EN: "Closed", KO: "닫힘"}}
var ruleTags = &haetae.Rule{ID: "sg-tags", Type: "AWS::EC2::SecurityGroup", Severity: haetae.Low, Title: haetae.Text{EN: "Tagged"}}

func group(account, region, id string, props map[string]any) *haetae.Resource {
	return &haetae.Resource{Type: "AWS::EC2::SecurityGroup", ID: id, Account: account, Region: region, ARN: "arn:aws:ec2:" + region + ":" + account + ":security-group/" + id,
		Props: props, Origin: haetae.Origin{Source: "aws"}}
}

func covered(account, region string) haetae.Coverage {
	return haetae.Coverage{Account: account, Region: region, Type: "*", Status: haetae.Complete}
}

func seq(found []haetae.Finding) iter.Seq2[haetae.Finding, error] {
	return func(yield func(haetae.Finding, error) bool) {
		for _, f := range found {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// scan stores a snapshot and its findings as haetae scan does.
func scan(ctx context.Context, s *Store, snap *haetae.Snapshot, found []haetae.Finding, rules ...*haetae.Rule) (haetae.Tally, error) {
	if rules == nil {
		rules = []*haetae.Rule{ruleOpen, ruleTags}
	}
	ids := map[string]bool{}
	for _, r := range rules {
		ids[r.ID] = true
	}
	others := map[string]bool{ruleOpen.ID: true, ruleTags.ID: true}
	here := func(stack, account string) bool { return worldsOf(snap)[[2]string{stack, account}] }
	listed := graph.Listings(snap.Coverage)
	var passes Passes
	for i := range found {
		passes.Add(&found[i])
	}
	var tally *haetae.Tally
	err := s.Update(ctx, func(tx *Tx) error {
		ledger, err := tx.Kept()
		if err != nil {
			return err
		}
		var steps iter.Seq2[haetae.Step, error]
		steps, tally = hub.Decide(hub.Scan{Time: snap.Time, Now: snap.Time, Rules: ids, Others: others, Here: here, Listed: listed}, ledger.All(), seq(found))
		if err := tx.Apply(ledger, steps, snap.Time); err != nil {
			return err
		}
		if err := tx.PutPasses(&passes, ids, snap, listed); err != nil {
			return err
		}
		var accounts []string
		for w := range worldsOf(snap) {
			if !slices.Contains(accounts, w[1]) {
				accounts = append(accounts, w[1])
			}
		}
		return tx.PutSnapshot(snap, haetae.Scan{Version: "test", Sources: []string{"test"}, Accounts: accounts, Tally: *tally}, nil)
	})
	if err != nil {
		return haetae.Tally{}, err
	}
	return *tally, nil
}

func mustScan(t testing.TB, s *Store, snap *haetae.Snapshot, found []haetae.Finding, rules ...*haetae.Rule) haetae.Tally {
	t.Helper()
	tally, err := scan(context.Background(), s, snap, found, rules...)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// judge gives each group a verdict from its properties.
func judge(snap *haetae.Snapshot) []haetae.Finding {
	var out []haetae.Finding
	for _, r := range snap.Resources {
		for _, rule := range []*haetae.Rule{ruleOpen, ruleTags} {
			f := haetae.Finding{Rule: rule, Resource: r, Status: haetae.Pass}
			if v, ok := r.Props[rule.ID].(string); ok {
				f.Status, f.Reason = haetae.Status(v), "it is "+v
				f.Evidence = []haetae.Evidence{{Path: rule.ID, Value: v}}
			}
			out = append(out, f)
		}
	}
	return out
}

// randomGroup makes a group of random content, the same for the same numbers.
func randomGroup(r *rand.Rand, account, region string, n int) *haetae.Resource {
	g := group(account, region, fmt.Sprintf("sg-%d", n), map[string]any{"N": int64(r.IntN(3)), "F": float64(r.IntN(2)), "List": []any{"a", int64(1), map[string]any{"$x": "y"}}})
	statuses := []haetae.Status{haetae.Pass, haetae.Fail, haetae.Undecided, haetae.NotApplicable}
	g.Props["sg-open"] = string(statuses[r.IntN(4)])
	g.Props["sg-tags"] = string(statuses[r.IntN(4)])
	switch r.IntN(6) {
	case 0:
		g.Tags = map[string]any{"owner": fmt.Sprint(r.IntN(2))}
	case 1:
		g.TagsUnknown = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"ec2:DescribeTags"}}
	case 2:
		g.Props["U"] = &haetae.Unknown{Reason: haetae.Throttled, Set: true}
		g.Props["O"] = &haetae.OpenList{Items: []any{"x"}, Why: &haetae.Unknown{Reason: haetae.Denied}}
	case 3:
		g.Observed = map[string]any{"Seen": true, "None": nil}
		g.Origin = haetae.Origin{Source: "cli", Place: haetae.Place{File: "x.json", Line: r.IntN(9)}, Children: []haetae.Place{{File: "y.json", Child: "c"}}}
	case 4:
		g.Props["S"] = &haetae.Secret{Kind: "password", Length: 8}
		g.Stub = &haetae.Unknown{Reason: haetae.Unresolved}
	}
	if r.IntN(2) == 0 {
		g.Volatile = map[string]any{"LastUsed": int64(r.IntN(1000))}
	}
	return g
}
