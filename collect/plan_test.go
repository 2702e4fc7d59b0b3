package collect

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/inventory"
)

func everything(*inventory.Kind) bool { return true }

func TestEveryCallIsInTheModelWithItsParameters(t *testing.T) {
	m := aws.NewModel()
	for _, k := range inventory.All {
		for _, c := range k.Calls {
			if c.Other {
				continue
			}
			s, op, err := m.Operation(c.Op)
			if err != nil {
				t.Errorf("%s: %v", k.Type, err)
				continue
			}
			for p := range c.Request(inventory.Parent{Account: "111122223333", Region: "eu-west-1", Partition: "aws", ID: "x", Grandparent: "y"}) {
				if _, ok := s.Shapes[op.Input].Members[p]; !ok {
					t.Errorf("%s of %s has no parameter %s", c.Op, k.Type, p)
				}
			}
		}
	}
}

func TestPlansAskOnceWhatSeveralTypesNeed(t *testing.T) {
	global, region, err := plans(inventory.All, nil, everything)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*plan{"account": global, "region": region} {
		seen := map[string]bool{}
		for _, s := range p.roots {
			id := s.call.Op + toText(s.call.Params)
			if seen[id] {
				t.Errorf("%s is asked twice of the %s", id, name)
			}
			seen[id] = true
		}
		if len(p.roots) < 20 {
			t.Errorf("the plan of the %s has %d calls", name, len(p.roots))
		}
	}
	if i := slices.IndexFunc(global.roots, func(s *step) bool { return s.call.Op == "iam:GetAccountAuthorizationDetails" }); i < 0 {
		t.Error("the authorization details are not asked")
	}
}

func toText(m map[string]any) string {
	var parts []string
	for k := range m {
		parts = append(parts, k)
	}
	slices.Sort(parts)
	for i, k := range parts {
		s, _ := m[k].(string)
		parts[i] += "=" + s
	}
	return strings.Join(parts, ",")
}

func TestCallsOfAGroupAreMadeOnlyWhenAskedFor(t *testing.T) {
	for _, extra := range Extras() {
		with, without := 0, 0
		for n, extras := range map[*int][]string{&with: {extra}, &without: nil} {
			global, region, err := plans(inventory.All, extras, everything)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*plan{global, region} {
				*n += len(p.roots)
				for _, fs := range p.follows {
					*n += len(fs)
				}
			}
		}
		if with <= without {
			t.Errorf("--with %s adds nothing: %d and %d", extra, with, without)
		}
	}
}

func TestNewestServicesAreAskedForTheirParents(t *testing.T) {
	_, region, err := plans(inventory.All, nil, everything)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range region.follows["elbv2:DescribeLoadBalancers"] {
		ids, err := f.parents(map[string]any{"LoadBalancers": []any{
			map[string]any{"LoadBalancerArn": "arn:a", "Type": "application"}, map[string]any{"LoadBalancerArn": ""}, "odd",
		}})
		if err != nil || slices.Contains(ids, "") {
			t.Errorf("%s: %v %v", f.step.call.Op, ids, err)
		}
	}
}

func TestALaneThatMustWaitHoldsUpNoOther(t *testing.T) {
	q, err := aws.ParseQuotas([]byte("default: {rate: 1000000, burst: 1000000}\nservices: {slow: [{op: '*', rate: 0.001, burst: 1}]}"))
	if err != nil {
		t.Fatal(err)
	}
	b := aws.NewBudget(q, time.Now)
	slow, fast := b.Bucket("1", "r", "slow:Op"), b.Bucket("1", "r", "fast:Op")
	ctx, cancel := context.WithCancel(t.Context())
	l := newLanes(2)
	var mu sync.Mutex
	done := map[string]int{}
	all := make(chan struct{})
	job := func(name string) job {
		return job{do: func(bool) {
			mu.Lock()
			defer mu.Unlock()
			if done[name]++; done["fast"] == 100 && done["slow"] == 1 {
				close(all)
			}
		}}
	}
	for range 5 {
		l.add(ctx, slow, job("slow"))
	}
	for range 100 {
		l.add(ctx, fast, job("fast"))
	}
	<-all
	if s := l.pending(); s < 1000 {
		t.Errorf("four calls at one in half an hour take %v s", s)
	}
	cancel()
	l.wait.Wait() // an interrupt ends the lanes
	if done["slow"] != 1 {
		t.Errorf("%d slow calls were made", done["slow"])
	}
}

func TestWhatSeveralAccountsSeeIsItsOwners(t *testing.T) {
	see := func(from, account, id string) *haetae.Resource {
		return &haetae.Resource{Type: "AWS::EC2::Subnet", Account: account, Region: "eu-west-1", ID: id, Props: map[string]any{"from": from}}
	}
	s := join([]string{"1", "2", "3"}, []*haetae.Snapshot{
		{Resources: []*haetae.Resource{see("1", "2", "shared"), see("1", "9", "foreign")}},
		{Resources: []*haetae.Resource{see("2", "2", "shared"), see("2", "9", "foreign")}},
		{Resources: []*haetae.Resource{see("3", "2", "shared"), see("3", "3", "own")}},
	}, 1)
	got := map[string]any{}
	for _, r := range s.Resources {
		got[r.ID] = r.Props["from"]
	}
	if len(s.Resources) != 3 || got["shared"] != "2" || got["foreign"] != "1" || got["own"] != "3" {
		t.Errorf("%d resources: %v", len(s.Resources), got)
	}
}
