package network

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// wire is a type with properties of its wiring.
type wire struct {
	typ    string
	shared bool
	props  string // "." before facts that were observed, "+" before what only others hang on
}

// wiring are the properties that say where things are and what they are joined
// with. One that is not known may take away a way as well as add one, so that an
// answer which it may concern hangs on it. What filters let through, and where
// routes lead, has unknowns of its own and is not here.
//
// shared is set where others hang on it, not only the resource itself.
var wiring = []wire{
	{"AWS::EC2::VPC", true, "CidrBlock CidrBlocks .Ipv6CidrBlocks"},
	{"AWS::EC2::Subnet", true, "VpcId CidrBlock Ipv6CidrBlock .Ipv6CidrBlocks"},
	{"AWS::EC2::InternetGateway", true, "Attachments VpcId"},
	{"AWS::EC2::EgressOnlyInternetGateway", true, "VpcId Attachments"},
	{"AWS::EC2::VPNGateway", true, "VpcId Attachments"},
	{"AWS::EC2::RouteTable", true, "VpcId Associations"},
	{"AWS::EC2::NetworkAcl", true, "VpcId Associations .IsDefault"},
	{"AWS::EC2::SecurityGroup", true, "VpcId"},
	{"AWS::EC2::VPCEndpoint", true, "VpcId VpcEndpointType SubnetIds .State"},
	{"AWS::EC2::VPCPeeringConnection", true, "VpcId PeerVpcId .Status"},
	{"AWS::NetworkFirewall::Firewall", true, "VpcId SubnetMappings .EndpointIds"},
	{"AWS::RDS::DBSubnetGroup", true, "SubnetIds"},
	{"AWS::ElastiCache::SubnetGroup", true, "SubnetIds"},
	{"AWS::Redshift::ClusterSubnetGroup", true, "SubnetIds"},
	{"AWS::EC2::NatGateway", false, "SubnetId VpcId"},
	{"AWS::EC2::NetworkInterface", false, "+GroupSet SubnetId PrivateIpAddress PrivateIpAddresses Ipv6Addresses InterfaceType Attachment Description .PublicIp .Addresses .VpcId .PrimaryPrivateIpAddress"},
	{"AWS::EC2::Instance", false, "+SecurityGroupIds SubnetId NetworkInterfaces PrivateIpAddress Ipv6Addresses .PublicIp .PrivateIp"},
	{"AWS::EC2::EIP", false, "InstanceId NetworkInterfaceId PrivateIpAddress .PublicIp"},
	{"AWS::RDS::DBInstance", false, "DBSubnetGroupName DBClusterIdentifier"},
	{"AWS::Redshift::Cluster", false, "ClusterSubnetGroupName"},
	{"AWS::ElastiCache::ReplicationGroup", false, "CacheSubnetGroupName"},
	{"AWS::ElastiCache::CacheCluster", false, "CacheSubnetGroupName"},
	{"AWS::OpenSearchService::Domain", false, "VPCOptions"},
	{"AWS::EFS::MountTarget", false, "SubnetId"},
	{"AWS::Lambda::Function", false, "VpcConfig"},
	{"AWS::ElasticLoadBalancingV2::LoadBalancer", false, "Subnets SubnetMappings"},
	{"AWS::ElasticLoadBalancing::LoadBalancer", false, "Subnets"},
	{"AWS::ElasticLoadBalancingV2::TargetGroup", false, "TargetType Port Protocol VpcId"},
}

// loose is a fact of the wiring that is not known.
type loose struct {
	res    *haetae.Resource
	shared bool
	others bool // only others hang on it: an answer about the resource says so itself
	why    *haetae.Unknown
}

// loosened finds what of the wiring is not known.
func (w *World) loosened() []loose {
	var out []loose
	for _, r := range w.g.Resources() {
		i := slices.IndexFunc(wiring, func(x wire) bool { return x.typ == r.Type })
		if i < 0 {
			continue
		}
		for name := range strings.FieldsSeq(wiring[i].props) {
			name, others := strings.CutPrefix(name, "+")
			v := r.Props[name]
			if fact, ok := strings.CutPrefix(name, "."); ok {
				v = r.Observed[fact]
			}
			// That a value is of another resource of the stack is all that is to be
			// known of a reference, but not of an address.
			if u := w.hidden(r, v, strings.Contains(name, "Cidr") || strings.Contains(name, "Ip")); u != nil {
				out = append(out, loose{r, wiring[i].shared, others, u})
			}
		}
	}
	return out
}

// hidden is the first unknown in a value.
func (w *World) hidden(r *haetae.Resource, v any, address bool) *haetae.Unknown {
	switch x := v.(type) {
	case *haetae.Unknown:
		if !address && x.Ref != "" && slices.ContainsFunc(w.named[x.Ref], func(o *haetae.Resource) bool { return o.Stack == r.Stack }) {
			return nil
		}
		return x
	case *haetae.OpenList:
		return x.Why
	case []any:
		for _, e := range x {
			if u := w.hidden(r, e, address); u != nil {
				return u
			}
		}
	case map[string]any:
		for name, e := range x {
			if u := w.hidden(r, e, address || strings.Contains(name, "Cidr") || strings.Contains(name, "Ip")); u != nil {
				return u
			}
		}
	}
	return nil
}

// loosens is what of the wiring an answer about a resource hangs on: undecided
// when it may turn either way, more when it may only add to what was found.
func (in *Inbound) loosens(r *haetae.Resource, far bool) (undecided, more []*haetae.Unknown) {
	mine := func(o *haetae.Resource) bool {
		return o == r || slices.ContainsFunc(in.w.interfacesOf(r), func(n *nic) bool { return n.res == o })
	}
	for _, l := range in.loose {
		near := l.res.Stack != "" || l.res.Region == r.Region
		switch {
		case l.res.Stack != r.Stack, !near && !far, l.others && mine(l.res):
		case l.shared || mine(l.res):
			undecided = append(undecided, l.why)
		default:
			more = append(more, l.why)
		}
	}
	return undecided, more
}

// under is the passage to a resource as far as the wiring is known.
func (in *Inbound) under(p *Passage, r *haetae.Resource, far bool) *Passage {
	undecided, more := in.loosens(r, far)
	if len(undecided)+len(more) == 0 {
		return p
	}
	out := &Passage{Free: p.Free, May: cidr.All(), Conditional: p.Conditional, trips: p.trips, walks: p.walks}
	if len(undecided) > 0 {
		out.Free, out.Conditional = cidr.Set{}, false
	}
	out.lack(p.Missing...)
	out.lack(undecided...)
	out.lack(more...)
	return out
}
