package collect

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/inventory"
)

// Planned is what a scan calls of one service.
type Planned struct {
	Service string `json:"service"`
	// Account and Region are the operations that are called once for an account
	// and once for each region; one that has pages is called once for each.
	Account []string `json:"account,omitempty"`
	Region  []string `json:"region,omitempty"`
	// Each are the operations that are called for each thing that the others
	// list, such as a bucket.
	Each []string `json:"each,omitempty"`
}

// Plan returns what a scan calls, service by service.
func Plan(extras []string) ([]Planned, error) {
	global, region, err := plans(inventory.All, extras, func(*inventory.Kind) bool { return true })
	if err != nil {
		return nil, err
	}
	by := map[string]*Planned{}
	of := func(op string) *Planned {
		name := service(op)
		if by[name] == nil {
			by[name] = &Planned{Service: name}
		}
		return by[name]
	}
	for _, s := range global.roots {
		p := of(s.call.Op)
		p.Account = append(p.Account, s.call.Op)
	}
	for _, s := range region.roots {
		p := of(s.call.Op)
		p.Region = append(p.Region, s.call.Op)
	}
	for _, p := range []*plan{global, region} {
		for _, fs := range p.follows {
			for _, f := range fs {
				p := of(f.step.call.Op)
				if !slices.Contains(p.Each, f.step.call.Op) {
					p.Each = append(p.Each, f.step.call.Op)
				}
			}
		}
	}
	out := make([]Planned, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		p := by[name]
		slices.Sort(p.Account)
		slices.Sort(p.Region)
		slices.Sort(p.Each)
		out = append(out, *p)
	}
	return out, nil
}

// Probed is how one call of a probe went.
type Probed struct {
	Op      string   `json:"op"`
	Region  string   `json:"region,omitempty"`
	Code    string   `json:"code,omitempty"` // "" when it was answered
	Message string   `json:"message,omitempty"`
	Actions []string `json:"actions"` // that it needs
}

// Denied tells whether a permission is missing.
func (p Probed) Denied() bool { return inventory.IsDenied(p.Code) }

// elsewhere marks the refusals of what only the management account of the
// organization is told: no permission of a member would help.
func elsewhere(probes []*Probed) {
	for _, p := range probes {
		if strings.HasPrefix(p.Op, "organizations:") && p.Denied() {
			p.Code, p.Message = aws.NotOffered, "only the management account of the organization, and its delegated administrators, are told"
		}
	}
}

// Probe makes every call that needs no parent, of the account and of one
// region, and says how each went. What may be read of each thing is not tried.
func Probe(ctx context.Context, client *aws.Client, s *aws.Session, region string, extras []string) ([]Probed, error) {
	global, regional, err := plans(inventory.All, extras, func(*inventory.Kind) bool { return true })
	if err != nil {
		return nil, err
	}
	lanes := newLanes(32)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var out []*Probed
	var member atomic.Bool // of an organization that another account manages
	for _, at := range []struct {
		p    *plan
		name string
		ask  string
	}{{global, "", client.Global(s.Region)}, {regional, region, region}} {
		for _, step := range at.p.roots {
			if step.call.Before != "" {
				continue // makes a report, which a probe has no use for
			}
			one := &Probed{Op: step.call.Op, Region: at.name, Actions: step.call.RequiredActions()}
			out = append(out, one)
			params := step.call.Request(inventory.Parent{Account: s.Account, Region: at.ask})
			region := step.call.Where(at.ask)
			lanes.add(ctx, client.Bucket(s.Account, region, one.Op), job{do: func(paid bool) {
				for body, err := range client.Pages(ctx, aws.Ask{Session: s, Region: region, Op: one.Op, Params: params, Paid: paid}) {
					var f *aws.Failure
					switch {
					case errors.As(err, &f) && !step.call.SaysAbsent(f.Code, f.Message):
						one.Code, one.Message = f.Code, f.Message
					case err != nil && f == nil:
						cancel(err)
					case one.Op == "organizations:DescribeOrganization":
						o, _ := body["Organization"].(map[string]any)
						manager, _ := o["MasterAccountId"].(string)
						member.Store(manager != "" && manager != s.Account)
					}
					return // the first page is enough
				}
			}})
		}
	}
	lanes.wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if member.Load() {
		elsewhere(out)
	}
	probes := make([]Probed, 0, len(out))
	for _, p := range out {
		probes = append(probes, *p)
	}
	slices.SortStableFunc(probes, func(a, b Probed) int { return strings.Compare(a.Op, b.Op) })
	return probes, nil
}

// EnabledRegions returns the regions that an account has on.
func EnabledRegions(ctx context.Context, client *aws.Client, s *aws.Session) ([]string, error) {
	for body, err := range client.Pages(ctx, aws.Ask{Session: s, Region: client.Global(s.Region), Op: "ec2:DescribeRegions"}) {
		if err != nil {
			return nil, err
		}
		return regionsOf(body), nil
	}
	return nil, nil
}
