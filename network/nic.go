package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// nic is a network interface, or what will be one: a template's instance has
// interfaces that are not written down.
type nic struct {
	res       *haetae.Resource // the interface, or else what it belongs to
	id        string
	vpc       *vpc
	subnet    *subnet
	groups    []*group
	groupsWhy *haetae.Unknown // why not all of its groups are known
	noGroups  bool            // it can have none: a NAT gateway, a network load balancer without
	addrs     cidr.Addrs      // private addresses, and those of IPv6
	vague     *haetae.Unknown // why its address is not known; addrs is then where it will be
	pairs     []pair          // private addresses with their public ones
	publicWhy *haetae.Unknown // why it is not known whether it has a public address
	checked   bool            // source/destination check
	checkWhy  *haetae.Unknown
	kind      string
}

// pair is a private address and the public address that the internet gateway
// gives it.
type pair struct{ private, public cidr.Addrs }

// publics are the addresses by which the internet knows the interface.
func (n *nic) publics() cidr.Addrs {
	out := n.addrs.Six().Intersect(globalSix())
	for _, p := range n.pairs {
		out = out.Union(p.public)
	}
	return out
}

// managed tells whether a service of AWS runs the interface: it takes what is for
// its own address only.
func (n *nic) managed() bool {
	switch n.kind {
	case "", "interface", "efa", "efa-only", "trunk", "branch":
		return false
	}
	return true
}

func (w *World) addInterfaces(byType map[string][]*haetae.Resource) {
	for _, r := range byType["AWS::EC2::NetworkInterface"] {
		w.addInterface(r)
	}
	for _, r := range byType["AWS::EC2::Instance"] {
		w.addInstance(r)
	}
	for _, o := range owners {
		for _, r := range byType[o.typ] {
			w.addOwner(r, o)
		}
	}
	for _, r := range byType["AWS::EC2::NatGateway"] {
		w.addNAT(r)
	}
	for _, r := range byType["AWS::Route53Resolver::ResolverEndpoint"] {
		w.addResolverEndpoint(r)
	}
	for _, r := range byType["AWS::EC2::EIP"] {
		w.addAddress(r)
	}
}

// own notes that an interface belongs to a resource.
func (w *World) own(r *haetae.Resource, n *nic) {
	if r != nil && !slices.Contains(w.owned[r], n) {
		w.owned[r] = append(w.owned[r], n)
		w.ownersOf[n] = append(w.ownersOf[n], r)
	}
}

// keep takes an interface into the world.
func (w *World) keep(n *nic) {
	if n.subnet != nil {
		n.vpc = n.subnet.vpc
	}
	w.nics = append(w.nics, n)
	if n.vpc == nil {
		return
	}
	n.vpc.nics = append(n.vpc.nics, n)
	if n.vague == nil {
		for _, p := range n.addrs.Prefixes() {
			if p.IsSingleIP() {
				n.vpc.holder[p.Addr()] = n
			}
		}
	}
}

// carry puts the interface into the security groups that a value lists.
func (w *World) carry(n *nic, r *haetae.Resource, v any) {
	list, why := items(v)
	n.groupsWhy = firstWhy(n.groupsWhy, why)
	for _, x := range list {
		found, why := w.g.Find(r, "AWS::EC2::SecurityGroup", x)
		g, _ := w.of[found].(*group)
		if g == nil {
			n.groupsWhy = firstWhy(n.groupsWhy, why, whyNot(x), missingOf(r, "security group "+text(x), "ec2:DescribeSecurityGroups"))
			continue
		}
		if !slices.Contains(n.groups, g) {
			n.groups = append(n.groups, g)
		}
	}
}

// defaultGroup puts an interface that names no group into the VPC's default one
// (https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html).
func (w *World) defaultGroup(n *nic) {
	if len(n.groups) > 0 || n.groupsWhy != nil || n.noGroups || n.vpc == nil {
		return
	}
	if g := w.defaultGroups[n.vpc]; g != nil {
		n.groups = append(n.groups, g)
		return
	}
	// A template cannot write it down, but it is known: members reach each other,
	// and all may leave.
	_, unlisted := w.g.Here(n.vpc.res, "AWS::EC2::SecurityGroup")
	n.groupsWhy = firstWhy(unlisted, missingOf(n.vpc.res, "the default security group of "+n.vpc.id(), "ec2:DescribeSecurityGroups"))
}

// addMembers tells every security group who carries it.
func (w *World) addMembers() {
	for _, n := range w.nics {
		w.defaultGroup(n)
		for _, g := range n.groups {
			g.members = append(g.members, n)
		}
	}
}

func (w *World) addInterface(r *haetae.Resource) {
	n := &nic{res: r, id: r.ID, subnet: w.subnetOf(r, r.Props["SubnetId"]), kind: text(r.Props["InterfaceType"])}
	if n.subnet == nil {
		n.vpc = w.vpcOf(r, r.Observed["VpcId"])
	}
	w.carry(n, r, r.Props["GroupSet"])
	check, known := flag(r.Props["SourceDestCheck"])
	n.checked = check || !known
	n.checkWhy = whyNot(r.Props["SourceDestCheck"])
	main := addrsOf(r.Props["PrivateIpAddress"]).Union(addrsOf(r.Observed["PrimaryPrivateIpAddress"]))
	n.addrs = main
	w.addressesOf(n, r.Props)
	if pub := addrsOf(r.Observed["PublicIp"]); !pub.Empty() && !main.Empty() {
		n.pairs = append(n.pairs, pair{main.Four(), pub})
	}
	more, _ := items(r.Observed["Addresses"])
	for _, x := range more {
		private, public := addrsOf(get(x, "PrivateIpAddress")), addrsOf(get(x, "PublicIp"))
		if !private.Empty() && !public.Empty() && !slices.ContainsFunc(n.pairs, func(p pair) bool { return p.private.Overlaps(private) }) {
			n.pairs = append(n.pairs, pair{private, public})
		}
	}
	if len(n.groups) == 0 && n.groupsWhy == nil && r.Answered() {
		n.noGroups = true // AWS says what it carries, and that is none
	}
	switch n.kind {
	case "nat_gateway", "transit_gateway", "gateway_load_balancer", "gateway_load_balancer_endpoint":
		n.noGroups, n.checked = true, false
	}
	w.place(n)
	w.of[r] = n
	w.keep(n)
	if at := get(r.Props["Attachment"], "InstanceId"); at != nil {
		w.own(w.find(r, at, "AWS::EC2::Instance"), n)
	}
}

// addressesOf reads the lists of addresses and delegated prefixes.
func (w *World) addressesOf(n *nic, props map[string]any) {
	for list, name := range map[string]string{"PrivateIpAddresses": "PrivateIpAddress", "Ipv6Addresses": "Ipv6Address",
		"Ipv4Prefixes": "Ipv4Prefix", "Ipv6Prefixes": "Ipv6Prefix"} {
		all, why := items(props[list])
		for _, x := range all {
			n.addrs = n.addrs.Union(addrsOf(get(x, name)))
		}
		if why != nil && n.vague == nil && n.addrs.Empty() {
			n.vague = why
		}
	}
}

// place gives an interface whose address is not known all those that it may get.
func (w *World) place(n *nic) {
	if !n.addrs.Empty() || n.subnet == nil {
		return
	}
	n.vague = firstWhy(n.vague, missingOf(n.res, "the address of "+n.id, "ec2:DescribeNetworkInterfaces"))
	n.addrs = n.subnet.cidrs.Four()
	if n.addrs.Empty() {
		n.addrs = n.subnet.cidrs
	}
}

func (w *World) addInstance(r *haetae.Resource) {
	list, why := items(r.Props["NetworkInterfaces"])
	if len(list) == 0 {
		if len(w.owned[r]) > 0 {
			return
		}
		n := &nic{res: r, id: r.ID, subnet: w.subnetOf(r, r.Props["SubnetId"])}
		w.carry(n, r, r.Props["SecurityGroupIds"])
		n.groupsWhy = firstWhy(n.groupsWhy, why)
		n.addrs = addrsOf(r.Props["PrivateIpAddress"]).Union(addrsOf(r.Observed["PrivateIp"]))
		six, _ := items(r.Props["Ipv6Addresses"])
		for _, x := range six {
			n.addrs = n.addrs.Union(addrsOf(get(x, "Ipv6Address")))
		}
		w.instancePublic(n, r, r.Props["AssociatePublicIpAddress"], true)
		w.virtual(n, r)
		return
	}
	for i, x := range list {
		if found, ok := w.of[w.find(r, get(x, "NetworkInterfaceId"), "AWS::EC2::NetworkInterface")].(*nic); ok {
			w.own(r, found)
			continue
		}
		// A plan says of the first interface only what the instance does not say.
		subnet := get(x, "SubnetId")
		if subnet == nil && i == 0 {
			subnet = r.Props["SubnetId"]
		}
		n := &nic{res: r, id: text(get(x, "NetworkInterfaceId")), subnet: w.subnetOf(r, subnet)}
		if n.id == "" {
			n.id = r.ID
		}
		groups := get(x, "GroupSet")
		if groups == nil {
			groups = r.Props["SecurityGroupIds"]
		}
		w.carry(n, r, groups)
		m, _ := x.(map[string]any)
		n.addrs = addrsOf(get(x, "PrivateIpAddress"))
		w.addressesOf(n, m)
		w.instancePublic(n, r, get(x, "AssociatePublicIpAddress"), i == 0)
		w.virtual(n, r)
	}
}

// virtual takes in an interface that is known only through what it belongs to.
func (w *World) virtual(n *nic, r *haetae.Resource) {
	check, known := flag(r.Props["SourceDestCheck"])
	n.checked = check || !known
	w.place(n)
	w.keep(n)
	w.own(r, n)
}

// instancePublic reads what an instance says of the public address of its
// interface. The address of a template's instance is not known, but that it will
// have one is.
func (w *World) instancePublic(n *nic, r *haetae.Resource, associate any, first bool) {
	if pub := addrsOf(r.Observed["PublicIp"]); !pub.Empty() && first {
		n.pairs = append(n.pairs, pair{n.addrs.Four(), pub})
		return
	}
	yes, known := flag(associate)
	if !r.Declared() {
		return
	}
	if u := whyNot(associate); u != nil {
		n.publicWhy = u
	}
	if !known && n.publicWhy == nil && n.subnet != nil {
		yes, known = flag(n.subnet.res.Props["MapPublicIpOnLaunch"])
		if !known {
			n.publicWhy = whyNot(n.subnet.res.Props["MapPublicIpOnLaunch"])
		}
	}
	if !known && n.subnet == nil {
		n.publicWhy = firstWhy(n.publicWhy, missing("whether the subnet of "+r.ID+" gives public addresses"))
	}
	if yes {
		w.place(n)
		n.pairs = append(n.pairs, pair{n.addrs.Four(), internetFour()})
	}
}

// addAddress gives an interface the Elastic IP address that is associated with it.
func (w *World) addAddress(r *haetae.Resource) {
	pub := addrsOf(r.Observed["PublicIp"])
	if pub.Empty() && r.Declared() {
		pub = internetFour()
	}
	n, _ := w.of[w.find(r, r.Props["NetworkInterfaceId"], "AWS::EC2::NetworkInterface")].(*nic)
	if n == nil {
		// An instance's first interface.
		if list := w.owned[w.find(r, r.Props["InstanceId"], "AWS::EC2::Instance")]; len(list) > 0 {
			n = list[0]
		}
	}
	if n == nil || pub.Empty() {
		return
	}
	private := addrsOf(r.Props["PrivateIpAddress"])
	if private.Empty() {
		private = n.addrs.Four()
		if first := private.Prefixes(); n.vague == nil && len(first) > 0 {
			private = cidr.One(first[0].Addr())
		}
	}
	for _, p := range n.pairs {
		if p.private.Overlaps(private) {
			return // the interface says so itself
		}
	}
	n.pairs = append(n.pairs, pair{private, pub})
}

// owner says how the interfaces of a type are found: by what AWS writes into
// their description, or by their groups and subnets.
type owner struct {
	typ     string
	subnets string // property paths
	groups  string
	prefix  func(r *haetae.Resource) string // of the description
	shared  bool                            // interfaces with the same groups and subnet serve several
	one     bool                            // it is in one of the subnets, not in all
}

var owners = []owner{
	{typ: "AWS::Lambda::Function", subnets: "VpcConfig.SubnetIds", groups: "VpcConfig.SecurityGroupIds", shared: true,
		prefix: func(r *haetae.Resource) string { return "AWS Lambda VPC ENI-" + r.ID }},
	{typ: "AWS::RDS::DBInstance", subnets: "@AWS::RDS::DBSubnetGroup DBSubnetGroupName SubnetIds", groups: "VPCSecurityGroups", shared: true, one: true,
		prefix: func(*haetae.Resource) string { return "RDSNetworkInterface" }},
	{typ: "AWS::ElastiCache::ReplicationGroup", subnets: "@AWS::ElastiCache::SubnetGroup CacheSubnetGroupName SubnetIds", groups: "SecurityGroupIds",
		prefix: func(r *haetae.Resource) string { return "ElastiCache " + r.ID }},
	{typ: "AWS::ElastiCache::CacheCluster", subnets: "@AWS::ElastiCache::SubnetGroup CacheSubnetGroupName SubnetIds", groups: "VpcSecurityGroupIds", one: true,
		prefix: func(r *haetae.Resource) string { return "ElastiCache " + r.ID }},
	{typ: "AWS::Redshift::Cluster", subnets: "@AWS::Redshift::ClusterSubnetGroup ClusterSubnetGroupName SubnetIds", groups: "VpcSecurityGroupIds", one: true,
		prefix: func(*haetae.Resource) string { return "RedshiftNetworkInterface" }},
	{typ: "AWS::EFS::MountTarget", subnets: "SubnetId", groups: "SecurityGroups",
		prefix: func(r *haetae.Resource) string { return "EFS mount target for " + text(r.Props["FileSystemId"]) }},
	{typ: "AWS::OpenSearchService::Domain", subnets: "VPCOptions.SubnetIds", groups: "VPCOptions.SecurityGroupIds",
		prefix: func(r *haetae.Resource) string { return "ES " + r.ID }},
	{typ: "AWS::EC2::InstanceConnectEndpoint", subnets: "SubnetId", groups: "SecurityGroupIds",
		prefix: func(r *haetae.Resource) string { return "EC2 Instance Connect Endpoint Interface " + r.ID }},
	{typ: "AWS::ElasticLoadBalancingV2::LoadBalancer", subnets: "Subnets", groups: "SecurityGroups",
		prefix: func(r *haetae.Resource) string { return "ELB " + fullName(r) }},
	{typ: "AWS::ElasticLoadBalancing::LoadBalancer", subnets: "Subnets", groups: "SecurityGroups",
		prefix: func(r *haetae.Resource) string { return "ELB " + r.ID }},
	{typ: "AWS::EC2::VPCEndpoint", subnets: "SubnetIds", groups: "SecurityGroupIds",
		prefix: func(r *haetae.Resource) string { return "VPC Endpoint Interface " + r.ID }},
	{typ: "AWS::EKS::Cluster", subnets: "ResourcesVpcConfig.SubnetIds", groups: "ResourcesVpcConfig.SecurityGroupIds", shared: true,
		prefix: func(r *haetae.Resource) string { return "Amazon EKS " + r.ID }},
}

// fullName is the part of a load balancer's ARN that its interfaces are described
// with: "app/web/50dc6c495c0c9188".
func fullName(r *haetae.Resource) string {
	_, name, _ := strings.Cut(r.ARN, ":loadbalancer/")
	return name
}

// addOwner finds the interfaces of a resource, or makes them up from its subnets
// and groups.
func (w *World) addOwner(r *haetae.Resource, o owner) {
	ids, idsWhy := items(r.Observed["NetworkInterfaceIds"])
	for _, id := range ids {
		if n, ok := w.of[w.find(r, id, "AWS::EC2::NetworkInterface")].(*nic); ok {
			w.own(r, n)
		}
	}
	if len(w.owned[r]) > 0 {
		return
	}
	subnets, why := w.subnetsOf(r, o.subnets)
	if r.Type == "AWS::ElasticLoadBalancingV2::LoadBalancer" {
		mapped, _ := items(r.Props["SubnetMappings"])
		for _, m := range mapped {
			if s := w.subnetOf(r, get(m, "SubnetId")); s != nil && !slices.Contains(subnets, s) {
				subnets = append(subnets, s)
			}
		}
	}
	probe := &nic{res: r, id: r.ID}
	w.carry(probe, r, get(r.Props, o.groups))
	prefix := o.prefix(r)
	if !r.Declared() && strings.TrimSpace(prefix) != "ELB" {
		for _, n := range w.nics {
			d := text(n.res.Props["Description"])
			if n.res.Type != "AWS::EC2::NetworkInterface" || n.res.Account != r.Account || n.res.Region != r.Region {
				continue
			}
			named := d == prefix || strings.HasPrefix(d, prefix+"-") || strings.HasPrefix(d, prefix+" ") || strings.HasPrefix(d, prefix+" (")
			same := slices.Contains(subnets, n.subnet) && sameGroups(n.groups, probe.groups)
			switch {
			case o.typ == "AWS::Lambda::Function":
				// Functions with the same groups and subnet share their interfaces
				// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
				named = same && (n.kind == "lambda" || named || strings.HasPrefix(d, "AWS Lambda VPC ENI"))
			case o.shared:
				named = named && same
			}
			if named {
				w.own(r, n)
			}
		}
	}
	if len(w.owned[r]) > 0 {
		return
	}
	zone := text(r.Props["AvailabilityZone"])
	for _, s := range subnets {
		if o.one && zone != "" && s.zone != "" && s.zone != zone {
			continue
		}
		n := &nic{res: r, id: r.ID, subnet: s, groups: probe.groups, groupsWhy: firstWhy(probe.groupsWhy, why, idsWhy)}
		n.noGroups = groupless(r) && len(n.groups) == 0 && n.groupsWhy == nil
		scheme := r.Props["Scheme"]
		if open, _ := flag(r.Props["PubliclyAccessible"]); open || text(scheme) == "internet-facing" {
			w.place(n)
			n.pairs = append(n.pairs, pair{n.addrs.Four(), internetFour()})
		}
		n.publicWhy = firstWhy(whyNot(r.Props["PubliclyAccessible"]), whyNot(scheme))
		w.virtual(n, r)
		n.checked = true
	}
}

// groupless tells whether a resource that names no security group has none. Others
// then have the default one.
func groupless(r *haetae.Resource) bool {
	switch r.Type {
	case "AWS::ElasticLoadBalancingV2::LoadBalancer":
		return text(r.Props["Type"]) == "network" || text(r.Props["Type"]) == "gateway"
	case "AWS::EC2::VPCEndpoint":
		return text(r.Props["VpcEndpointType"]) == "GatewayLoadBalancer"
	}
	return false
}

func sameGroups(a, b []*group) bool {
	if len(a) != len(b) {
		return false
	}
	return !slices.ContainsFunc(a, func(g *group) bool { return !slices.Contains(b, g) })
}

// subnetsOf reads subnets at a path: "P" of the resource, or "@TYPE REF P" of the
// resource of that type which property REF names.
func (w *World) subnetsOf(r *haetae.Resource, path string) (out []*subnet, why *haetae.Unknown) {
	at := r
	if rest, ok := strings.CutPrefix(path, "@"); ok {
		f := strings.Fields(rest)
		ref := get(r.Props, f[1])
		if ref == nil {
			return nil, nil
		}
		if at, why = w.g.Find(r, f[0], ref); at == nil {
			return nil, firstWhy(why, whyNot(ref))
		}
		path = f[2]
	}
	v := get(at.Props, path)
	if s := w.subnetOf(at, v); s != nil && whyNot(v) != nil {
		return []*subnet{s}, nil // one subnet, which a template refers to
	}
	list, why := items(v)
	for _, x := range list {
		if s := w.subnetOf(at, x); s != nil {
			out = append(out, s)
		} else {
			_, unlisted := w.g.Here(at, "AWS::EC2::Subnet")
			why = firstWhy(why, whyNot(x), unlisted, missingOf(at, "subnet "+text(x), "ec2:DescribeSubnets"))
		}
	}
	return out, why
}

// nat is a NAT gateway.
type nat struct {
	res     *haetae.Resource
	nics    []*nic
	public  bool
	state   string
	zonal   []string // of a regional one: the zones where it is
	region  bool
	natives cidr.Addrs
	clients *clientVPN // it stands for the clients of a Client VPN endpoint
}

func (w *World) addNAT(r *haetae.Resource) {
	x := &nat{res: r, public: text(r.Props["ConnectivityType"]) != "private", state: text(r.Observed["State"])}
	x.region = text(r.Props["AvailabilityMode"]) == "regional"
	list, _ := items(r.Observed["Addresses"])
	sub := w.subnetOf(r, r.Props["SubnetId"])
	n := &nic{res: r, id: r.ID, subnet: sub, noGroups: true, kind: "nat_gateway"}
	for _, a := range list {
		if z := text(get(a, "AvailabilityZone")); z != "" {
			x.zonal = append(x.zonal, z)
		}
		if found, ok := w.of[w.find(r, get(a, "NetworkInterfaceId"), "AWS::EC2::NetworkInterface")].(*nic); ok && !slices.Contains(x.nics, found) {
			x.nics = append(x.nics, found)
			w.own(r, found)
		}
		private, public := addrsOf(get(a, "PrivateIp")), addrsOf(get(a, "PublicIp"))
		n.addrs = n.addrs.Union(private)
		if !public.Empty() && !private.Empty() {
			n.pairs = append(n.pairs, pair{private, public})
		}
	}
	n.addrs = n.addrs.Union(addrsOf(r.Props["PrivateIpAddress"]))
	for _, found := range w.nics {
		// Its interface says whose it is, also where the gateway does not.
		if len(list) == 0 && !r.Declared() && found.kind == "nat_gateway" && found.res.Account == r.Account && found.res.Region == r.Region &&
			text(found.res.Props["Description"]) == "Interface for NAT Gateway "+r.ID {
			x.nics = append(x.nics, found)
			w.own(r, found)
		}
	}
	if len(x.nics) == 0 && sub != nil {
		w.place(n)
		if x.public && len(n.pairs) == 0 {
			n.pairs = append(n.pairs, pair{n.addrs.Four(), internetFour()})
		}
		w.keep(n)
		w.own(r, n)
		x.nics = []*nic{n}
	}
	for _, n := range x.nics {
		n.checked, n.noGroups = false, true
		x.natives = x.natives.Union(n.addrs)
	}
	w.of[r] = x
}

// internetFour are the IPv4 addresses that the internet can have: without what
// is private, shared, local, multicast or reserved (RFC 6890).
func internetFour() cidr.Addrs {
	out := cidr.All4()
	for _, s := range []string{"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.168.0.0/16", "224.0.0.0/3"} {
		out = out.Minus(cidr.Prefix(netip.MustParsePrefix(s)))
	}
	return out
}

// globalSix are the global unicast addresses of IPv6 (RFC 4291).
func globalSix() cidr.Addrs { return cidr.Prefix(netip.MustParsePrefix("2000::/3")) }

// internet is every address of the internet.
func internet() cidr.Addrs { return internetFour().Union(globalSix()) }
