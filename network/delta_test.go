package network_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
)

// moving is a network to which deltas come.
type moving struct {
	schema *schema.Schema
	now    map[haetae.Key]*haetae.Resource
	pairs  *network.Pairs
	added  int
}

func newMoving(tb testing.TB, sch *schema.Schema, s *haetae.Snapshot) *moving {
	tb.Helper()
	n := &moving{schema: sch, now: map[haetae.Key]*haetae.Resource{}}
	for _, r := range graph.Assemble(sch, s, graph.Options{HashKey: []byte("x")}).Resources {
		n.now[r.Key()] = r
	}
	n.pairs = n.rebuilt()
	return n
}

// rebuilt is the pairs of the network as it is now, made anew.
func (n *moving) rebuilt() *network.Pairs {
	s := &haetae.Snapshot{Coverage: []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}}}
	s.Resources = slices.SortedFunc(maps.Values(n.now), (*haetae.Resource).Compare)
	return network.Build(graph.New(n.schema, s)).Pairs()
}

// of are the resources of a type, in order.
func (n *moving) of(typ string) []*haetae.Resource {
	var out []*haetae.Resource
	for _, r := range slices.SortedFunc(maps.Values(n.now), (*haetae.Resource).Compare) {
		if r.Type == typ {
			out = append(out, r)
		}
	}
	return out
}

func (n *moving) apply(d haetae.Delta) {
	for _, r := range d.Removed {
		delete(n.now, r.Key())
	}
	for _, c := range d.Changed {
		n.now[c.After.Key()] = c.After
	}
	for _, r := range d.Added {
		n.now[r.Key()] = r
	}
	n.pairs = n.pairs.With(d)
}

// edited is a delta that changes one list of one resource of a type: an element
// goes, a new one comes, or one is another.
func (n *moving) edited(r *rand.Rand, typ, prop string, fresh func(on *haetae.Resource) any) haetae.Delta {
	all := n.of(typ)
	before := all[r.IntN(len(all))]
	after := *before
	after.Props = maps.Clone(before.Props)
	list, _ := before.Props[prop].([]any)
	list = slices.Clone(list)
	what := r.IntN(4)
	switch x := fresh(before); {
	case len(list) > 0 && what < 2:
		i := r.IntN(len(list))
		list = slices.Delete(list, i, i+1)
	case len(list) > 0 && what == 2:
		list[r.IntN(len(list))] = x
	default:
		list = append(list, x)
	}
	after.Props[prop] = list
	return haetae.Delta{Changed: []haetae.Change{{Before: before, After: &after, Paths: []string{prop}}}}
}

// random is any change of what people change.
func (n *moving) random(r *rand.Rand) haetae.Delta {
	peers := []string{"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "10.0.1.0/24", "10.0.0.12/32"}
	groups := n.of("AWS::EC2::SecurityGroup")
	nics := n.of("AWS::EC2::NetworkInterface")
	subnets := n.of("AWS::EC2::Subnet")
	rule := func(on *haetae.Resource, other string) any {
		lo, hi := randomSpan(r)
		x := m{"IpProtocol": []any{"tcp", "udp", "-1"}[r.IntN(3)], "FromPort": int64(lo), "ToPort": int64(hi)}
		if r.IntN(2) == 0 {
			x[other] = groups[r.IntN(len(groups))].ID
		} else {
			x["CidrIp"] = peers[r.IntN(len(peers))]
		}
		return x
	}
	switch r.IntN(8) {
	case 0:
		return n.edited(r, "AWS::EC2::SecurityGroup", "SecurityGroupIngress", func(on *haetae.Resource) any { return rule(on, "SourceSecurityGroupId") })
	case 1:
		return n.edited(r, "AWS::EC2::SecurityGroup", "SecurityGroupEgress", func(on *haetae.Resource) any { return rule(on, "DestinationSecurityGroupId") })
	case 2:
		return n.edited(r, "AWS::EC2::RouteTable", "Routes", func(on *haetae.Resource) any {
			x := m{"DestinationCidrBlock": peers[r.IntN(len(peers))]}
			switch r.IntN(5) {
			case 0:
				x["VpcPeeringConnectionId"] = "pcx-1"
			case 1, 2, 3:
				x["DestinationCidrBlock"] = subnets[r.IntN(len(subnets))].Props["CidrBlock"]
				x["NetworkInterfaceId"] = nics[r.IntN(len(nics))].ID
			default:
				x["TransitGatewayId"] = "tgw-1"
			}
			return x
		})
	case 3:
		return n.edited(r, "AWS::EC2::NetworkAcl", "Entries", func(*haetae.Resource) any {
			return m{"RuleNumber": int64(1 + r.IntN(200)), "Egress": r.IntN(2) == 0, "Protocol": []any{int64(-1), int64(6)}[r.IntN(2)], "CidrBlock": peers[r.IntN(len(peers))], "RuleAction": []any{"allow", "deny"}[r.IntN(2)]}
		})
	case 4:
		n.added++
		s := subnets[r.IntN(len(subnets))]
		net, _, _ := strings.Cut(s.Props["CidrBlock"].(string), "0/")
		return haetae.Delta{Added: []*haetae.Resource{{Type: "AWS::EC2::NetworkInterface", ID: fmt.Sprint("eni-new-", n.added), Account: "111122223333", Region: "eu-west-1",
			Props: m{"SubnetId": s.ID, "GroupSet": []any{groups[r.IntN(len(groups))].ID}, "PrivateIpAddress": fmt.Sprint(net, 100+n.added%150), "SourceDestCheck": r.IntN(3) > 0, "InterfaceType": "interface"}}}}
	case 5:
		if len(nics) > 5 {
			return haetae.Delta{Removed: []*haetae.Resource{nics[r.IntN(len(nics))]}}
		}
	case 6: // another table for a subnet
		return n.edited(r, "AWS::EC2::RouteTable", "Associations", func(*haetae.Resource) any { return m{"SubnetId": subnets[r.IntN(len(subnets))].ID} })
	}
	return n.edited(r, "AWS::EC2::NetworkInterface", "GroupSet", func(*haetae.Resource) any { return groups[r.IntN(len(groups))].ID })
}

// passing is what passes between all classes.
func passing(p *network.Pairs) map[string][2]cidr.Set {
	out := map[string][2]cidr.Set{}
	for b := range p.All() {
		out[strings.Join(b.From.Interfaces(), " ")+" → "+strings.Join(b.To.Interfaces(), " ")] = [2]cidr.Set{b.Sure(), b.May()}
	}
	return out
}

// TestDeltasGiveWhatARebuildGives changes random networks 1,000 times, and after
// each change compares all pairs with those of the network built anew.
func TestDeltasGiveWhatARebuildGives(t *testing.T) {
	sch := loadSchema(t)
	changes, differ, kept := 0, 0, 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 17))
		s := &haetae.Snapshot{Coverage: []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}}}
		s.Resources = slices.Collect(maps.Values(randomNet(r).resources()))
		n := newMoving(t, sch, s)
		before := passing(n.pairs)
		for range 50 {
			d := n.random(r)
			n.apply(d)
			changes++
			anew := n.rebuilt()
			got, want := passing(n.pairs), passing(anew)
			for k, w := range want {
				if g := got[k]; !g[0].Equal(w[0]) || !g[1].Equal(w[1]) {
					t.Fatalf("seed %d, change %d %+v: %s is %s, rebuilt %s", seed, changes, d, k, g, w)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("seed %d, change %d: %d pairs, rebuilt %d", seed, changes, len(got), len(want))
			}
			if !maps.EqualFunc(before, got, func(a, b [2]cidr.Set) bool { return a[1].Equal(b[1]) }) {
				differ++
			}
			before = got
			links, filters := n.pairs.Work()
			allLinks, allFilters := anew.Work()
			if links+filters < allLinks+allFilters {
				kept++
			}
		}
	}
	if changes != 1000 || differ < 300 || kept < 900 {
		t.Errorf("of %d changes %d changed what passes, and after %d something was kept: the test looks at too little", changes, differ, kept)
	}
}

func TestARuleChangeWorksOutOnlyWhatItTouches(t *testing.T) {
	n := newMoving(t, loadSchema(t), generated(2000, false))
	for range n.pairs.All() {
	}
	links, filters := n.pairs.Work()
	if links < 300 || filters < 300 {
		t.Fatalf("at first %d links and %d filters are worked out", links, filters)
	}
	change := func(typ, id, prop string, x any) haetae.Delta {
		before := n.now[haetae.Key{Account: "111122223333", Region: "eu-west-1", Type: typ, ID: id}]
		after := *before
		after.Props = maps.Clone(before.Props)
		list, _ := before.Props[prop].([]any)
		after.Props[prop] = append(slices.Clone(list), x)
		return haetae.Delta{Changed: []haetae.Change{{Before: before, After: &after, Paths: []string{prop}}}}
	}
	for _, c := range []struct {
		name           string
		delta          haetae.Delta
		links, filters int // at most
	}{
		{"a rule of a group: its filters", change("AWS::EC2::SecurityGroup", "sg-0-3-1", "SecurityGroupIngress", sg("tcp", 80, 80, m{"SourceSecurityGroupId": "sg-0-3-0"})), 0, 4},
		{"a member of a group: filters of the group, of those that refer to it, and of the set that it carries now", change("AWS::EC2::NetworkInterface", "eni-0-0", "GroupSet", "sg-0-9-0"), 0, 12},
		{"a route: links of subnets with the table", change("AWS::EC2::RouteTable", "rtb-p-0", "Routes", m{"DestinationCidrBlock": "172.16.0.0/12", "GatewayId": "igw-0"}), 6 * 20 * 2, 0},
	} {
		n.apply(c.delta)
		for range n.pairs.All() {
		}
		links, filters := n.pairs.Work()
		if links > c.links || filters > c.filters || links+filters == 0 {
			t.Errorf("%s: %d links and %d filters are worked out again, of at most %d and %d", c.name, links, filters, c.links, c.filters)
		}
	}
}

func TestALinkThroughAnApplianceFollowsItsGroups(t *testing.T) {
	b := resources(t, base)
	b.more(t, `
  sg-app: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: app, SecurityGroupIngress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}], SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]}}
  sg-shut: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: shut, SecurityGroupIngress: [], SecurityGroupEgress: []}}
  eni-app: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-app, GroupSet: [sg-app], PrivateIpAddress: 10.0.9.99, SourceDestCheck: false}}
  subnet-app: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-web, CidrBlock: 10.0.9.0/24, AvailabilityZone: eu-west-1a}}
  rtb-app: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-web, Routes: [], Associations: [{SubnetId: subnet-app}]}}
`)
	b.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "10.0.1.0/24", "NetworkInterfaceId": "eni-app"})
	b.add("rtb-priv", "Routes", m{"DestinationCidrBlock": "10.0.0.0/24", "NetworkInterfaceId": "eni-app"})
	b.add("sg-db", "SecurityGroupIngress", m{"IpProtocol": "tcp", "FromPort": int64(5432), "ToPort": int64(5432), "CidrIp": "10.0.0.0/24"})
	s := &haetae.Snapshot{Coverage: []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}}}
	s.Resources = slices.Collect(maps.Values(b))
	n := newMoving(t, loadSchema(t), s)
	const pair = "eni-web → eni-db"
	if got := passing(n.pairs)[pair]; got[1].Empty() {
		t.Fatalf("through the appliance nothing may pass: %s", got)
	}
	before := n.now[b["eni-app"].Key()]
	after := *before
	after.Props = maps.Clone(before.Props)
	after.Props["GroupSet"] = []any{"sg-shut"}
	n.apply(haetae.Delta{Changed: []haetae.Change{{Before: before, After: &after, Paths: []string{"GroupSet"}}}})
	if got := passing(n.pairs)[pair]; !got[1].Empty() {
		t.Errorf("the appliance's groups let nothing through, but %s passes", got)
	}
}
