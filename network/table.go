package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// table is a route table.
type table struct {
	res    *haetae.Resource
	vpc    *vpc
	routes []route // in the order in which they are tried
	why    *haetae.Unknown
	vague  []*endpoint // gateway endpoints of which it is not known what goes to them
}

// route is one destination of a route table and where it leads.
type route struct {
	prefix netip.Prefix
	rank   int    // among routes of the same prefix: 0 local, 1 static, 2 prefix list, 3 propagated
	text   string // the destination as it is written
	dest   cidr.Addrs
	target target
	bad    bool // blackhole
	random bool // another prefix list has the same prefix with another target
}

// target is what a route leads to.
type target struct {
	kind string // local, igw, eigw, vgw, nat, tgw, pcx, vpce, eni, and words of what is not modelled
	id   string
	comp any // *gateway, *nat, *peering, *hub, *endpoint, *nic; nil when it is not in the snapshot
}

// targets says which member of a route names which kind of target.
var targets = []struct {
	member, kind string
	types        []string
}{
	{"NatGatewayId", "nat", []string{"AWS::EC2::NatGateway"}},
	{"TransitGatewayId", "tgw", []string{"AWS::EC2::TransitGateway"}},
	{"VpcPeeringConnectionId", "pcx", []string{"AWS::EC2::VPCPeeringConnection"}},
	{"VpcEndpointId", "vpce", []string{"AWS::EC2::VPCEndpoint"}},
	{"EgressOnlyInternetGatewayId", "eigw", []string{"AWS::EC2::EgressOnlyInternetGateway"}},
	{"NetworkInterfaceId", "eni", []string{"AWS::EC2::NetworkInterface"}},
	{"InstanceId", "eni", []string{"AWS::EC2::Instance"}},
	{"CarrierGatewayId", "cagw", []string{"AWS::EC2::CarrierGateway"}},
	{"LocalGatewayId", "lgw", nil},
	{"CoreNetworkArn", "core", []string{"AWS::NetworkManager::CoreNetwork"}},
	{"OdbNetworkArn", "odb", nil},
	{"GatewayId", "igw", []string{"AWS::EC2::InternetGateway", "AWS::EC2::VPNGateway", "AWS::EC2::VPCEndpoint"}},
}

func (w *World) addTable(r *haetae.Resource) {
	v := w.vpcOf(r, r.Props["VpcId"])
	if v == nil {
		v = w.strange(r, r.Props["VpcId"])
	}
	t := &table{res: r, vpc: v}
	list, why := items(r.Props["Routes"])
	t.why = firstWhy(why, r.Stub)
	states, _ := items(r.Observed["RouteStates"])
	for i, x := range list {
		var state any
		if i < len(states) {
			state = states[i]
		}
		w.addRoute(t, r, x, state)
	}
	t.local()
	t.order()
	w.of[r] = t
	w.tables = append(w.tables, t)
	w.associate(t, r)
}

// associate gives the table to its subnets, its gateway or, as the main one, to
// the VPC.
func (w *World) associate(t *table, r *haetae.Resource) {
	list, _ := items(r.Props["Associations"])
	for _, x := range list {
		if main, _ := flag(get(x, "Main")); main {
			t.vpc.main = t
			continue
		}
		if s := w.subnetOf(r, get(x, "SubnetId")); s != nil {
			s.table = t
		}
		if gate, ok := w.of[w.find(r, get(x, "GatewayId"), "AWS::EC2::InternetGateway", "AWS::EC2::VPNGateway")].(*gateway); ok {
			gate.table = t
		}
	}
}

func (w *World) addRoute(t *table, r *haetae.Resource, x, state any) {
	if u := whyNot(x); u != nil {
		t.why = firstWhy(t.why, u)
		return
	}
	base := route{rank: 1, target: w.targetOf(r, x)}
	base.bad = text(get(state, "State")) == "blackhole"
	if base.target.kind == "local" {
		base.rank = 0
	}
	if text(get(state, "Origin")) == "EnableVgwRoutePropagation" {
		base.rank = 3
	}
	for _, member := range []string{"DestinationCidrBlock", "DestinationIpv6CidrBlock"} {
		v := get(x, member)
		if u := whyNot(v); u != nil {
			t.why = firstWhy(t.why, u)
			continue
		}
		if p, ok := prefixOf(v); ok {
			one := base
			one.prefix, one.text, one.dest = p, p.String(), cidr.Prefix(p)
			t.routes = append(t.routes, one)
		}
	}
	if v := get(x, "DestinationPrefixListId"); v != nil {
		l := w.listOf(r, v)
		if l.why != nil && base.target.kind != "vpce" {
			t.why = firstWhy(t.why, l.why)
		}
		if e, ok := base.target.comp.(*endpoint); ok && len(l.prefixes) == 0 {
			e.listWhy = firstWhy(l.why, missing("the entries of prefix list "+text(v), "ec2:GetManagedPrefixListEntries"))
			t.vague = append(t.vague, e)
		}
		for _, p := range l.prefixes {
			one := base
			one.rank = max(one.rank, 2)
			one.prefix, one.text, one.dest = p, text(v), cidr.Prefix(p)
			t.routes = append(t.routes, one)
		}
	}
}

func (w *World) targetOf(r *haetae.Resource, x any) target {
	for _, k := range targets {
		v := get(x, k.member)
		if v == nil || v == "" {
			continue
		}
		if text(v) == "local" {
			return target{kind: "local", id: "local"}
		}
		out := target{kind: k.kind, id: text(v)}
		found := w.find(r, v, k.types...)
		if u := whyNot(v); u != nil {
			out.id = u.Pattern()
		}
		if found == nil {
			switch {
			case strings.HasPrefix(out.id, "vgw-"):
				out.kind = "vgw"
			case strings.HasPrefix(out.id, "vpce-"):
				out.kind = "vpce"
			}
			return out
		}
		out.id, out.comp = found.ID, w.of[found]
		switch c := out.comp.(type) {
		case *gateway:
			out.kind = c.kind
		case *endpoint:
			out.kind = "vpce"
		}
		if found.Type == "AWS::EC2::Instance" && len(w.owned[found]) > 0 {
			out.comp = w.owned[found][0]
		}
		return out
	}
	return target{kind: "none"}
}

// local adds the local routes that are not written down: every range of the VPC
// has one (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html).
func (t *table) local() {
	if t.vpc == nil {
		return
	}
	for _, p := range t.vpc.prefixes {
		if !slices.ContainsFunc(t.routes, func(r route) bool { return r.prefix == p && r.rank < 2 }) {
			t.routes = append(t.routes, route{prefix: p, text: p.String(), dest: cidr.Prefix(p), target: target{kind: "local", id: "local"}})
		}
	}
	t.order()
}

// order sorts the routes as they are tried: the longest prefix first, then what
// is static, from a prefix list, propagated
// (https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html). A
// propagated route is after the local ones that it lies in, though it be longer.
func (t *table) order() {
	slices.SortStableFunc(t.routes, func(a, b route) int {
		if a.prefix.Bits() != b.prefix.Bits() {
			return b.prefix.Bits() - a.prefix.Bits()
		}
		return a.rank - b.rank
	})
	for i := range t.routes {
		r := &t.routes[i]
		if i > 0 && r.rank == 2 && t.routes[i-1].rank == 2 && t.routes[i-1].prefix == r.prefix && t.routes[i-1].target != r.target {
			r.random, t.routes[i-1].random = true, true
		}
	}
}

// branch is the packets that one route takes.
type branch struct {
	route *route // nil: no route takes them
	dest  cidr.Addrs
}

// lookup splits destinations by the route that takes them, in order of the
// routes; what no route takes is last.
func (t *table) lookup(dest cidr.Addrs) []branch {
	var out []branch
	left := dest
	var locals cidr.Addrs
	for i := range t.routes {
		if t.routes[i].target.kind == "local" {
			locals = locals.Union(t.routes[i].dest)
		}
	}
	for i := range t.routes {
		r := &t.routes[i]
		take := left.Intersect(r.dest)
		if r.rank == 3 {
			take = take.Minus(locals)
		}
		if take.Empty() {
			continue
		}
		out = append(out, branch{r, take})
		left = left.Minus(take)
	}
	if !left.Empty() {
		out = append(out, branch{nil, left})
	}
	return out
}

// to returns the routes to a target for any of the destinations, whether or not
// they are the ones that are used.
func (t *table) to(comp any, kind string, dest cidr.Addrs) []*route {
	var out []*route
	for i := range t.routes {
		r := &t.routes[i]
		if r.dest.Overlaps(dest) && (comp != nil && r.target.comp == comp || comp == nil && r.target.kind == kind) {
			out = append(out, r)
		}
	}
	return out
}
