package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
)

// narrows are the filters by which EC2 lists only certain resources: a filter
// that finds nothing is no error, unlike a parameter of IDs
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html).
// What is not here is listed as a whole.
var narrows = map[string]string{
	"ec2:DescribeInstances":             "instance-id",
	"ec2:DescribeVolumes":               "volume-id",
	"ec2:DescribeSnapshots":             "snapshot-id",
	"ec2:DescribeImages":                "image-id",
	"ec2:DescribeSecurityGroups":        "group-id",
	"ec2:DescribeVpcs":                  "vpc-id",
	"ec2:DescribeSubnets":               "subnet-id",
	"ec2:DescribeNetworkAcls":           "network-acl-id",
	"ec2:DescribeRouteTables":           "route-table-id",
	"ec2:DescribeInternetGateways":      "internet-gateway-id",
	"ec2:DescribeNatGateways":           "nat-gateway-id",
	"ec2:DescribeVpcEndpoints":          "vpc-endpoint-id",
	"ec2:DescribeNetworkInterfaces":     "network-interface-id",
	"ec2:DescribeAddresses":             "allocation-id",
	"ec2:DescribeVpcPeeringConnections": "vpc-peering-connection-id",
	"ec2:DescribeTransitGateways":       "transit-gateway-id",
	"ec2:DescribeVpnGateways":           "vpn-gateway-id",
	"ec2:DescribeVpnConnections":        "vpn-connection-id",
	"ec2:DescribeCustomerGateways":      "customer-gateway-id",
}

// Refreshed is what came of reading named resources again.
type Refreshed struct {
	// Delta is what changed: added, removed and changed resources.
	Delta haetae.Delta
	// Unknown are the resources of which it cannot be said whether they changed
	// or are still there, with the reason.
	Unknown []haetae.Problem
}

// Refresh reads the named resources again, all of one account, and says what
// changed since the old snapshot. A resource that is not in it is new when AWS
// has it. Only what says something of them is asked: their lists, narrowed
// where AWS can, and then each of them alone. The old snapshot must have been
// assembled.
func Refresh(ctx context.Context, client *aws.Client, s *aws.Session, sch *schema.Schema, old *haetae.Snapshot, keys []haetae.Key, hashKey []byte, o Options) (*Refreshed, error) {
	o.defaults()
	want := map[string][]haetae.Key{} // by type
	regions := map[string]bool{}
	for _, k := range keys {
		want[k.Type] = append(want[k.Type], k)
		if !isGlobal(k.Type) {
			regions[k.Region] = true
		}
	}
	o.Regions = []string{}
	for r := range regions {
		o.Regions = append(o.Regions, r)
	}
	slices.Sort(o.Regions)
	global, region, err := plans(needed(want), o.Extras, func(*inventory.Kind) bool { return true })
	if err != nil {
		return nil, err
	}
	c := &collection{client: client, opts: o, global: global, region: region, lanes: newLanes(o.InFlight), meter: newMeter(o.Progress)}
	c.meter.pending = c.lanes.pending
	b := inventory.NewBuilder(inventory.Options{Account: s.Account, Time: o.Time, Source: "aws", Redact: o.Redact})
	r := c.run(s, b)
	r.scope = func(t task) bool { return concerns(t, want) }
	r.narrow = func(t task, params map[string]any) { narrow(t, params, want) }
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = r.work(ctx)
	cancel()
	c.lanes.wait.Wait()
	if err != nil {
		return nil, err
	}
	fresh := graph.Assemble(sch, b.Snapshot(), graph.Options{HashKey: hashKey})
	return compare(old, fresh, keys), nil
}

// isGlobal tells whether resources of a type are listed without a region.
func isGlobal(typ string) bool {
	for i := range inventory.All {
		if inventory.All[i].Type == typ {
			return inventory.All[i].Global
		}
	}
	return false
}

// needed returns the kinds of the types, and of others the calls in whose
// answers their parents are.
func needed(want map[string][]haetae.Key) []inventory.Kind {
	var out []inventory.Kind
	ops := map[string]bool{}
	var sources func(k *inventory.Kind, c *inventory.Call)
	sources = func(k *inventory.Kind, c *inventory.Call) {
		for _, src := range c.Sources() {
			if ops[src.Op] {
				continue
			}
			ops[src.Op] = true
			for i := range inventory.All {
				k2 := inventory.All[i]
				for j := range k2.Calls {
					if c2 := k2.Calls[j]; c2.Op == src.Op && !c2.Other && k2.Global == k.Global {
						sources(&k2, &c2)
						k2.Calls = []inventory.Call{c2}
						out = append(out, k2)
						break
					}
				}
			}
		}
	}
	for i := range inventory.All {
		k := inventory.All[i]
		if want[k.Type] == nil {
			continue
		}
		out = append(out, k)
		for j := range k.Calls {
			if !k.Calls[j].Other {
				sources(&k, &k.Calls[j])
			}
		}
	}
	return out
}

// concerns tells whether a call says something of the wanted resources: lists
// do, calls about one thing only when it is one of them.
func concerns(t task, want map[string][]haetae.Key) bool {
	c := t.step.call
	if c.Param == "" || c.Lists || len(c.Sources()) == 0 {
		return true
	}
	ids := t.parents
	if ids == nil {
		ids = []string{t.parent.ID}
	}
	for _, keys := range want {
		for _, k := range keys {
			if slices.ContainsFunc(ids, func(id string) bool { return names(id, k.ID) }) {
				return true
			}
		}
	}
	// Of a parent's other children nothing is known yet: the plan of a wanted
	// type may need them as parents of its own lists.
	return leads(c, want)
}

// leads tells whether answers of a call name parents of lists of a wanted type.
func leads(c *inventory.Call, want map[string][]haetae.Key) bool {
	for i := range inventory.All {
		k := &inventory.All[i]
		if want[k.Type] == nil {
			continue
		}
		for j := range k.Calls {
			if l := &k.Calls[j]; l.Lists && slices.ContainsFunc(l.Sources(), func(s inventory.Source) bool { return s.Op == c.Op }) {
				return true
			}
		}
	}
	return false
}

// names tells whether a parent is the resource: by its ID, or one is the end of
// the other, as a name is of an ARN or a URL.
func names(parent, id string) bool {
	if parent == id {
		return true
	}
	for _, sep := range []string{"/", ":"} {
		if strings.HasSuffix(parent, sep+id) || strings.HasSuffix(id, sep+parent) {
			return true
		}
	}
	return false
}

// narrow makes a list give only the wanted resources.
func narrow(t task, params map[string]any, want map[string][]haetae.Key) {
	filter := narrows[t.step.call.Op]
	if filter == "" || params["Filters"] != nil || params["Filter"] != nil {
		return
	}
	typ := ""
	for i := range inventory.All {
		k := &inventory.All[i]
		for j := range k.Calls {
			if k.Calls[j].Lists && k.Calls[j].Op == t.step.call.Op && want[k.Type] != nil {
				typ = k.Type
			}
		}
	}
	ids := []any{}
	for _, k := range want[typ] {
		if k.Region == t.place.region {
			ids = append(ids, k.ID)
		}
	}
	if typ == "" || len(ids) == 0 || len(ids) > 200 || len(want) > 1 {
		return // other types may need the whole list to find their parents
	}
	name := "Filters"
	if t.step.call.Op == "ec2:DescribeNatGateways" {
		name = "Filter"
	}
	params[name] = []any{map[string]any{"Name": filter, "Values": ids}}
}

// compare says what became of each key.
func compare(old, fresh *haetae.Snapshot, keys []haetae.Key) *Refreshed {
	keys = slices.Clone(keys)
	for i := range keys {
		keys[i] = listedAs(keys[i])
	}
	wanted := func(s *haetae.Snapshot) *haetae.Snapshot {
		out := &haetae.Snapshot{}
		for _, r := range s.Resources {
			if slices.Contains(keys, listedAs(r.Key())) {
				out.Resources = append(out.Resources, r)
			}
		}
		return out
	}
	before, after := wanted(old), wanted(fresh)
	have := map[haetae.Key]bool{}
	for _, r := range after.Resources {
		have[listedAs(r.Key())] = true
	}
	out := &Refreshed{}
	for _, k := range keys {
		if have[k] {
			continue
		}
		why := unlisted(fresh, k)
		if why == "" {
			continue // listed, and not among what there is
		}
		out.Unknown = append(out.Unknown, haetae.Problem{Place: haetae.Place{File: k.Type + " " + k.ID}, Error: why})
		before.Resources = slices.DeleteFunc(before.Resources, func(r *haetae.Resource) bool { return listedAs(r.Key()) == k })
	}
	out.Delta = graph.Diff(before, after)
	return out
}

// listedAs is a key as its type is listed: a bucket has a region, but nobody who
// names it needs to know which.
func listedAs(k haetae.Key) haetae.Key {
	if isGlobal(k.Type) {
		k.Region = ""
	}
	return k
}

// unlisted says why a type was not wholly listed; "" when it was.
func unlisted(s *haetae.Snapshot, k haetae.Key) string {
	for _, c := range s.Coverage {
		if c.Account != k.Account || c.Type != k.Type || c.Region != k.Region && c.Region != "" || c.Status == haetae.Complete {
			continue
		}
		text := c.Detail
		if len(c.Actions) > 0 {
			text += fmt.Sprintf(" (needs %s)", strings.Join(c.Actions, ", "))
		}
		return text
	}
	return ""
}

// Apply returns the snapshot with a delta carried in.
func Apply(s *haetae.Snapshot, d haetae.Delta, at int64) *haetae.Snapshot {
	drop := map[haetae.Key]bool{}
	for _, r := range d.Removed {
		drop[r.Key()] = true
	}
	out := *s
	out.Time = at
	out.Resources = nil
	for _, r := range s.Resources {
		if drop[r.Key()] {
			continue
		}
		if i := slices.IndexFunc(d.Changed, func(c haetae.Change) bool { return c.Before.Key() == r.Key() }); i >= 0 {
			r = d.Changed[i].After
		}
		out.Resources = append(out.Resources, r)
	}
	out.Resources = append(out.Resources, d.Added...)
	out.Sort()
	return &out
}
