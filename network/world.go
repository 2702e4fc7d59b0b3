package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/graph"
)

// World is the network that a snapshot describes, ready to be asked.
type World struct {
	g *graph.Graph

	vpcs     []*vpc
	nics     []*nic
	tables   []*table
	gates    []*gateway
	peerings []*peering
	hubs     []*hub
	groups   []*group
	classes  []*Class
	badges   []*badge

	of       map[*haetae.Resource]any    // what was made of a resource
	lists    map[*haetae.Resource]*list  // prefix lists
	owned    map[*haetae.Resource][]*nic // interfaces of an instance, a function …
	ends     map[*nic]*endpoint          // endpoints by their interfaces
	serves   map[*nic]*balancer          // load balancers by their interfaces
	ownersOf map[*nic][]*haetae.Resource
	named    map[string][]*haetae.Resource // by id and ARN
	regions  map[[2]string]*haetae.Resource

	changes       []*change         // on trial, in a copy
	instead       map[*group]*group // likewise: groups with other rules
	defaultGroups map[*vpc]*group
	excluded      map[*haetae.Resource]string // from VPC Block Public Access, and how
}

// vpc is a VPC with what belongs to it.
type vpc struct {
	res      *haetae.Resource
	prefixes []netip.Prefix
	cidrs    cidr.Addrs
	why      *haetae.Unknown // why not all of its ranges are known

	igw, eigw, vgw *gateway
	main           *table
	acl            *acl // the default one
	subnets        []*subnet
	nics           []*nic
	holder         map[netip.Addr]*nic
	gaps           map[string]*haetae.Unknown // why the listing of a type may lack something
}

func (v *vpc) id() string { return v.res.ID }

// subnet is a subnet with what decides at its edge.
type subnet struct {
	res    *haetae.Resource
	vpc    *vpc
	cidrs  cidr.Addrs
	zone   string
	table  *table
	acl    *acl
	tblWhy *haetae.Unknown // why its route table is not known
	aclWhy *haetae.Unknown
}

func (s *subnet) id() string { return s.res.ID }

// gateway is an edge of a VPC: an internet, egress-only internet, virtual private
// or other gateway.
type gateway struct {
	res   *haetae.Resource
	kind  string // "igw", "eigw", "vgw", "cagw"
	vpc   *vpc
	table *table // of the gateway itself: traffic that comes in through it
	state string // of the attachment; "" is attached
	vpns  []*vpn
}

// vpn is a connection to a customer's network, over a virtual private gateway or
// a transit gateway.
type vpn struct {
	res  *haetae.Resource
	gate *gateway
	down bool // every tunnel that was seen is down
}

// list is a prefix list.
type list struct {
	res      *haetae.Resource
	prefixes []netip.Prefix
	why      *haetae.Unknown
}

// Build makes the network of the resources in a graph. The graph must not change
// while the World is in use.
func Build(g *graph.Graph) *World {
	w := &World{
		g: g, of: map[*haetae.Resource]any{}, lists: map[*haetae.Resource]*list{}, owned: map[*haetae.Resource][]*nic{},
		named: map[string][]*haetae.Resource{}, serves: map[*nic]*balancer{}, ownersOf: map[*nic][]*haetae.Resource{}, ends: map[*nic]*endpoint{}, regions: map[[2]string]*haetae.Resource{}, excluded: map[*haetae.Resource]string{}, defaultGroups: map[*vpc]*group{},
	}
	byType := map[string][]*haetae.Resource{}
	for _, r := range g.Resources() {
		byType[r.Type] = append(byType[r.Type], r)
		w.named[r.ID] = append(w.named[r.ID], r)
		if r.ARN != "" && r.ARN != r.ID {
			w.named[r.ARN] = append(w.named[r.ARN], r)
		}
		if r.Type == "Haetae::Region" {
			w.regions[[2]string{r.Account, r.ID}] = r
		}
	}
	each := func(typ string, build func(*haetae.Resource)) {
		for _, r := range byType[typ] {
			build(r)
		}
	}
	each("AWS::EC2::VPC", w.addVPC)
	each("AWS::EC2::PrefixList", w.addList)
	each("AWS::EC2::Subnet", w.addSubnet)
	each("AWS::EC2::InternetGateway", func(r *haetae.Resource) { w.addGateway(r, "igw") })
	each("AWS::EC2::EgressOnlyInternetGateway", func(r *haetae.Resource) { w.addGateway(r, "eigw") })
	each("AWS::EC2::VPNGateway", func(r *haetae.Resource) { w.addGateway(r, "vgw") })
	each("AWS::EC2::CarrierGateway", func(r *haetae.Resource) { w.addGateway(r, "cagw") })
	each("AWS::EC2::SecurityGroup", w.addGroup)
	w.addBlocking(byType["AWS::EC2::VPCBlockPublicAccessExclusion"])
	w.addInterfaces(byType)
	each("AWS::EC2::VPCPeeringConnection", w.addPeering)
	w.addTransit(byType)
	w.addCore(byType)
	each("AWS::EC2::VPNConnection", w.addVPN)
	w.addEndpoints(byType)
	w.addFirewalls(byType)
	w.addBalancers(byType)
	w.addClientVPNs(byType)
	w.addLattice(byType)
	each("AWS::EC2::NetworkAcl", w.addACL)
	each("AWS::EC2::RouteTable", w.addTable)
	w.addMembers()
	for _, v := range w.vpcs {
		w.listings(v)
		w.finish(v)
	}
	w.classify()
	return w
}

// find returns the resource that a value of r refers to, as one of the types.
func (w *World) find(r *haetae.Resource, v any, types ...string) *haetae.Resource {
	for _, t := range types {
		if x, _ := w.g.Find(r, t, v); x != nil {
			return x
		}
	}
	return nil
}

func (w *World) vpcOf(r *haetae.Resource, v any) *vpc {
	x, _ := w.of[w.find(r, v, "AWS::EC2::VPC")].(*vpc)
	return x
}

// vpcOrStrange is the VPC that a value refers to, also when only its name is
// known. It is nil when nothing is referred to.
func (w *World) vpcOrStrange(r *haetae.Resource, v any) *vpc {
	if x := w.vpcOf(r, v); x != nil || v == nil || v == "" {
		return x
	}
	return w.strange(r, v)
}

func (w *World) subnetOf(r *haetae.Resource, v any) *subnet {
	x, _ := w.of[w.find(r, v, "AWS::EC2::Subnet")].(*subnet)
	return x
}

func (w *World) addVPC(r *haetae.Resource) {
	v := &vpc{res: r, holder: map[netip.Addr]*nic{}}
	add := func(x any) {
		if p, ok := prefixOf(x); ok {
			if !slices.Contains(v.prefixes, p) {
				v.prefixes = append(v.prefixes, p)
				v.cidrs = v.cidrs.Union(cidr.Prefix(p))
			}
		} else if u := whyNot(x); u != nil {
			v.why = firstWhy(v.why, u)
		}
	}
	add(r.Props["CidrBlock"])
	blocks, why := items(r.Props["CidrBlocks"])
	v.why = firstWhy(v.why, why)
	for _, b := range blocks {
		add(get(b, "CidrBlock"))
		add(get(b, "Ipv6CidrBlock"))
		if given, _ := flag(get(b, "AmazonProvidedIpv6CidrBlock")); given {
			v.why = firstWhy(v.why, missing("the IPv6 range that Amazon will give "+r.ID))
		}
	}
	six, _ := items(r.Observed["Ipv6CidrBlocks"])
	for _, x := range six {
		add(x)
	}
	if r.Stub != nil {
		v.why = firstWhy(v.why, r.Stub)
	}
	w.of[r] = v
	w.vpcs = append(w.vpcs, v)
}

func (w *World) addList(r *haetae.Resource) {
	l := &list{res: r}
	entries, why := items(r.Props["Entries"])
	l.why = why
	for _, e := range entries {
		if p, ok := prefixOf(get(e, "Cidr")); ok {
			l.prefixes = append(l.prefixes, p)
		} else {
			l.why = firstWhy(l.why, whyNot(get(e, "Cidr")), missing("an entry of "+r.ID, "ec2:GetManagedPrefixListEntries"))
		}
	}
	w.lists[r] = l
}

// listOf returns the prefix list that a value refers to; one that is not in the
// snapshot has unknown entries.
func (w *World) listOf(r *haetae.Resource, v any) *list {
	x, why := w.g.Find(r, "AWS::EC2::PrefixList", v)
	if l := w.lists[x]; l != nil {
		return l
	}
	return &list{why: firstWhy(why, whyNot(v), missing("the entries of prefix list "+text(v), "ec2:GetManagedPrefixListEntries"))}
}

func (w *World) addSubnet(r *haetae.Resource) {
	v := w.vpcOf(r, r.Props["VpcId"])
	if v == nil {
		// A subnet that others share with us, or whose VPC is in no snapshot.
		v = w.strange(r, r.Props["VpcId"])
	}
	s := &subnet{res: r, vpc: v, zone: text(r.Props["AvailabilityZone"])}
	s.cidrs = addrsOf(r.Props["CidrBlock"])
	six, _ := items(r.Observed["Ipv6CidrBlocks"])
	for _, x := range append(six, r.Props["Ipv6CidrBlock"]) {
		s.cidrs = s.cidrs.Union(addrsOf(x))
	}
	v.subnets = append(v.subnets, s)
	w.of[r] = s
}

// strange makes a VPC of which only the name is known.
func (w *World) strange(r *haetae.Resource, ref any) *vpc {
	id := text(ref)
	if u := whyNot(ref); u != nil {
		id = u.Pattern()
	}
	for _, v := range w.vpcs {
		if v.res.ID == id && v.res.Stack == r.Stack {
			return v
		}
	}
	_, unlisted := w.g.Here(r, "AWS::EC2::VPC")
	x := &haetae.Resource{Type: "AWS::EC2::VPC", ID: id, Account: r.Account, Region: r.Region, Stack: r.Stack,
		Stub: firstWhy(unlisted, missingOf(r, "VPC "+id+" is not in the snapshot", "ec2:DescribeVpcs"))}
	w.addVPC(x)
	return w.vpcs[len(w.vpcs)-1]
}

func (w *World) addGateway(r *haetae.Resource, kind string) {
	gate := &gateway{res: r, kind: kind}
	refs := []any{r.Props["VpcId"]}
	attached, _ := items(r.Props["Attachments"])
	for _, a := range attached {
		refs = append(refs, get(a, "VpcId"))
		gate.state = text(get(a, "State"))
	}
	for _, ref := range refs {
		if ref == nil {
			continue
		}
		v := w.vpcOrStrange(r, ref)
		if v == nil {
			continue
		}
		gate.vpc = v
		switch kind {
		case "igw":
			v.igw = gate
		case "eigw":
			v.eigw = gate
		case "vgw":
			v.vgw = gate
		}
	}
	w.of[r] = gate
	w.gates = append(w.gates, gate)
}

func (w *World) addVPN(r *haetae.Resource) {
	x := &vpn{res: r}
	tunnels, why := items(r.Volatile["TunnelStatus"])
	x.down = len(tunnels) > 0 && why == nil
	for _, t := range tunnels {
		x.down = x.down && text(get(t, "Status")) == "DOWN"
	}
	if s := text(r.Observed["State"]); s == "deleted" || s == "deleting" || s == "pending" {
		x.down = true
	}
	if gate, ok := w.of[w.find(r, r.Props["VpnGatewayId"], "AWS::EC2::VPNGateway")].(*gateway); ok {
		x.gate = gate
		gate.vpns = append(gate.vpns, x)
	}
	w.of[r] = x
}

// finish gives every subnet its route table and its network ACL.
func (w *World) finish(v *vpc) {
	for _, s := range v.subnets {
		if s.table == nil {
			s.table = v.main
		}
		if s.acl == nil {
			s.acl = v.acl
		}
		if s.table == nil && v.res.Declared() && v.res.Stub == nil {
			// A template's VPC has a main route table that nobody writes down, with
			// the local route only.
			v.main = &table{vpc: v, res: v.res}
			v.main.local()
			s.table = v.main
		}
		if s.table == nil {
			s.tblWhy = firstWhy(w.gap(v, "AWS::EC2::RouteTable"), missingOf(s.res, "the route table of "+s.id(), "ec2:DescribeRouteTables"))
		}
		if s.acl == nil && v.res.Declared() && v.res.Stub == nil {
			v.acl = openACL(v.res)
			s.acl = v.acl
		}
		if s.acl == nil {
			s.aclWhy = firstWhy(w.gap(v, "AWS::EC2::NetworkAcl"), missingOf(s.res, "the network ACL of "+s.id(), "ec2:DescribeNetworkAcls"))
		}
	}
}

// gap says why the listing of a type in the VPC's account and region may lack
// something, or nil.
func (w *World) gap(v *vpc, typ string) *haetae.Unknown {
	if v.res.Stub != nil {
		return v.res.Stub
	}
	return v.gaps[typ]
}

// gapTypes are the types that are asked for by VPC.
var gapTypes = []string{"AWS::EC2::NetworkInterface", "AWS::EC2::Subnet", "AWS::EC2::InternetGateway", "AWS::EC2::RouteTable", "AWS::EC2::NetworkAcl"}

// listings notes what of the VPC's region was not listed to its end.
func (w *World) listings(v *vpc) {
	v.gaps = map[string]*haetae.Unknown{}
	for _, typ := range gapTypes {
		if _, u := w.g.Here(v.res, typ); u != nil {
			v.gaps[typ] = u
		}
	}
}

// subnetAt returns the subnet of the VPC that holds the address, or nil.
func (v *vpc) subnetAt(a netip.Addr) *subnet {
	for _, s := range v.subnets {
		if s.cidrs.Has(a) {
			return s
		}
	}
	return nil
}

// tagged returns the resources with the tag that may have interfaces.
func (w *World) tagged(key, value string) []*haetae.Resource {
	var out []*haetae.Resource
	for _, r := range w.g.Resources() {
		if v, ok := r.Tags[key].(string); ok && (value == "" || v == value) && w.placed(r) {
			out = append(out, r)
		}
	}
	return out
}

// placed tells whether a resource is somewhere in the network: it has interfaces
// of its own.
func (w *World) placed(r *haetae.Resource) bool {
	if _, ok := w.of[r].(*nic); ok {
		return true
	}
	return len(w.owned[r]) > 0
}

// named resources of one text: by id or ARN, or the last part of an ARN.
func (w *World) lookup(id string) []*haetae.Resource {
	if list := w.named[id]; len(list) > 0 {
		return list
	}
	var out []*haetae.Resource
	for _, r := range w.g.Resources() {
		if r.ARN != "" && (strings.HasSuffix(r.ARN, "/"+id) || strings.HasSuffix(r.ARN, ":"+id)) {
			out = append(out, r)
		}
	}
	return out
}
