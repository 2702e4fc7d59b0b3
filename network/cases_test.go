package network_test

import (
	"slices"
	"testing"

	"github.com/haetae/haetae/network"
)

// handCase is worked out by hand from one statement of AWS's documentation.
type handCase struct {
	page   string // below https://docs.aws.amazon.com/
	says   string // what the page says, in short
	change func(t testing.TB, n topo)
	ask    string
	want   network.Verdict
	code   string // one of the blockers; "" when there is none
}

const (
	sgPage   = "vpc/latest/userguide/security-group-rules.html"
	sgBasics = "vpc/latest/userguide/vpc-security-groups.html"
	aclPage  = "vpc/latest/userguide/nacl-rules.html"
	aclBasic = "vpc/latest/userguide/vpc-network-acls.html"
	rtPage   = "vpc/latest/userguide/route-tables-priority.html"
	rtBasic  = "vpc/latest/userguide/RouteTables.html"
	igwPage  = "vpc/latest/userguide/VPC_Internet_Gateway.html"
	natPage  = "vpc/latest/userguide/nat-gateway-basics.html"
	eigwPage = "vpc/latest/userguide/egress-only-internet-gateway.html"
	bpaPage  = "vpc/latest/userguide/security-vpc-bpa.html"
	pcxPage  = "vpc/latest/peering/vpc-peering-basics.html"
	tgwACL   = "vpc/latest/tgw/tgw-nacls.html"
	tgwPage  = "vpc/latest/tgw/how-transit-gateways-work.html"
	gwePage  = "vpc/latest/privatelink/gateway-endpoints.html"
	nlbPage  = "elasticloadbalancing/latest/network/edit-target-group-attributes.html"
	albPage  = "elasticloadbalancing/latest/application/load-balancer-update-security-groups.html"
	nfwPage  = "network-firewall/latest/developerguide/suricata-rule-evaluation-order.html"
	nfwLess  = "network-firewall/latest/developerguide/firewall-rules-engines.html"
)

func change(f func(n topo)) func(testing.TB, topo) { return func(_ testing.TB, n topo) { f(n) } }

func sg(proto string, from, to int, peer m) m {
	r := m{"IpProtocol": proto, "FromPort": int64(from), "ToPort": int64(to)}
	for k, v := range peer {
		r[k] = v
	}
	return r
}

var all4 = m{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}

// publicB gives eni-b a public address and a group that admits members of sg-web.
func publicB(n topo) {
	n.set("eni-b", "Observed.PublicIp", "198.51.100.30")
	n.set("eni-b", "GroupSet", []any{"sg-db"})
	n.set("eni-b", "SubnetId", "subnet-pub")
	n.set("eni-b", "PrivateIpAddress", "10.0.0.30")
}

var handCases = []handCase{
	{sgPage, "a group without inbound rules admits nothing", change(func(n topo) { n.set("sg-web", "SecurityGroupIngress", []any{}) }), webQuestion, network.Blocked, "SG_HAS_NO_RULES"},
	{sgPage, "a group without outbound rules lets nothing out", change(func(n topo) { n.set("sg-web", "SecurityGroupEgress", []any{}) }), `{"src": "i-web", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "SG_HAS_NO_RULES"},
	{sgBasics, "groups are stateful: answers leave whatever the outbound rules say", change(func(n topo) { n.set("sg-web", "SecurityGroupEgress", []any{}) }), webQuestion, network.Reachable, ""},
	{sgBasics, "groups are stateful: answers come in whatever the inbound rules say", change(func(n topo) { n.set("sg-web", "SecurityGroupIngress", []any{}) }), toOther, network.Reachable, ""},
	{sgPage, "the rules of several groups are taken together", func(t testing.TB, n topo) {
		n.more(t, `
  sg-x: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: x, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}], SecurityGroupEgress: []}}
`)
		n.set("eni-web", "GroupSet", []any{"sg-web", "sg-x"})
	}, `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 80}`, network.Reachable, ""},
	{sgPage, "protocol -1 is every protocol", change(func(n topo) { n.set("sg-web", "SecurityGroupIngress", []any{all4}) }), `{"src": "internet", "dst": "i-web", "proto": 47}`, network.Reachable, ""},
	{sgPage, "a rule for TCP admits no UDP", nil, `{"src": "internet", "dst": "i-web", "proto": "udp", "port": 443}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
	{"AWSEC2/latest/APIReference/API_IpPermission.html", "for ICMP the first port is the type", nil, `{"src": "internet", "dst": "i-web", "proto": "icmp", "icmp": {"type": 13, "code": 0}}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
	{"AWSEC2/latest/APIReference/API_IpPermission.html", "code -1 is every code", nil, `{"src": "internet", "dst": "i-web", "proto": "icmp", "icmp": {"type": 8, "code": 5}}`, network.Reachable, ""},
	{"AWSEC2/latest/APIReference/API_IpPermission.html", "a protocol by number without ports admits all of it", change(func(n topo) {
		n.set("sg-web", "SecurityGroupIngress", []any{m{"IpProtocol": "50", "CidrIp": "0.0.0.0/0"}})
	}), `{"src": "internet", "dst": "i-web", "proto": 50}`, network.Reachable, ""},
	{sgPage, "a reference to a group means the private addresses of its members", nil, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Reachable, ""},
	{sgPage, "a reference does not match what comes from a public address", change(publicB), `{"src": "i-web", "dst": {"address": "198.51.100.30"}, "proto": "tcp", "port": 5432}`, network.Blocked, "SG_REFERENCES_NOT_PRESERVED"},
	{sgPage, "a reference does not match across a middlebox", func(t testing.TB, n topo) { appliance(t, n, false) }, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Blocked, "SG_REFERENCES_NOT_PRESERVED"},
	{"vpc/latest/userguide/default-security-group.html", "members of a group that refers to itself reach each other", change(func(n topo) {
		n.set("sg-db", "SecurityGroupIngress", []any{m{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-db"}})
		n.set("eni-b", "GroupSet", []any{"sg-db"})
	}), `{"src": "eni-b", "dst": "eni-db", "proto": "tcp", "port": 9}`, network.Reachable, ""},
	{"vpc/latest/userguide/default-security-group.html", "others do not", change(func(n topo) {
		n.set("sg-db", "SecurityGroupIngress", []any{m{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-db"}})
	}), `{"src": "eni-b", "dst": "eni-db", "proto": "tcp", "port": 9}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
	{"vpc/latest/peering/vpc-peering-security-groups.html", "a rule may refer to a group of a peered VPC", nil, toOther, network.Reachable, ""},
	{"vpc/latest/peering/vpc-peering-security-groups.html", "not to one in another Region", change(func(n topo) {
		for _, id := range []string{"vpc-other", "subnet-o", "rtb-o", "acl-o", "sg-o", "eni-o"} {
			n[id].Region = "us-east-1"
		}
	}), toOther, network.Blocked, "SG_REFERENCES_NOT_PRESERVED"},
	{"vpc/latest/tgw/tgw-vpc-attachments.html", "references work over a transit gateway that supports them", func(t testing.TB, n topo) { transit(t, n) }, toOther, network.Reachable, ""},
	{"vpc/latest/tgw/tgw-vpc-attachments.html", "and not when an attachment turns them off", func(t testing.TB, n topo) {
		transit(t, n)
		n.set("tgw-attach-web", "Options", m{"SecurityGroupReferencingSupport": "disable"})
	}, toOther, network.Blocked, "SG_REFERENCING_SUPPORT"},
	{"vpc/latest/userguide/managed-prefix-lists.html", "a rule may name a prefix list", func(t testing.TB, n topo) {
		n.more(t, `
  pl-1: {Type: AWS::EC2::PrefixList, Properties: {PrefixListName: p, AddressFamily: IPv4, MaxEntries: 5, Entries: [{Cidr: 203.0.113.0/24}]}}
`)
		n.set("sg-web", "SecurityGroupIngress", []any{sg("tcp", 443, 443, m{"SourcePrefixListId": "pl-1"})})
	}, `{"src": {"address": "203.0.113.7"}, "dst": "i-web", "proto": "tcp", "port": 443}`, network.Reachable, ""},
	{"vpc/latest/userguide/managed-prefix-lists.html", "whose entries decide", func(t testing.TB, n topo) {
		n.more(t, `
  pl-1: {Type: AWS::EC2::PrefixList, Properties: {PrefixListName: p, AddressFamily: IPv4, MaxEntries: 5, Entries: [{Cidr: 203.0.113.0/24}]}}
`)
		n.set("sg-web", "SecurityGroupIngress", []any{sg("tcp", 443, 443, m{"SourcePrefixListId": "pl-1"})})
	}, `{"src": {"address": "192.0.2.7"}, "dst": "i-web", "proto": "tcp", "port": 443}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
	{"vpc/latest/userguide/managed-prefix-lists.html", "a list that is not in the snapshot may hold the address or not", change(func(n topo) {
		n.set("sg-web", "SecurityGroupIngress", []any{sg("tcp", 443, 443, m{"SourcePrefixListId": "pl-9"})})
	}), webQuestion, network.DependsOn, ""},

	{aclPage, "rules count from the lowest number: a denial before goes first", change(func(n topo) { n.add("acl-pub", "Entries", acl(90, false, "deny", "0.0.0.0/0", 6, 443, 443)) }), webQuestion, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{aclPage, "a denial behind does not count", change(func(n topo) { n.add("acl-pub", "Entries", acl(200, false, "deny", "0.0.0.0/0", 6, 443, 443)) }), webQuestion, network.Reachable, ""},
	{aclPage, "what no rule takes is denied", change(func(n topo) { n.set("acl-pub", "Entries", []any{}) }), webQuestion, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{aclBasic, "ACLs are stateless: answers need a rule of their own", change(func(n topo) {
		n.set("acl-pub", "Entries", []any{acl(100, false, "allow", "0.0.0.0/0", -1)})
	}), webQuestion, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{aclBasic, "they are not evaluated within a subnet", change(func(n topo) {
		n.set("acl-web", "Entries", []any{})
		n.set("eni-b", "SubnetId", "subnet-priv")
		n.set("eni-b", "PrivateIpAddress", "10.0.1.30")
	}), `{"src": "eni-b", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Reachable, ""},
	{aclBasic, "both subnets' ACLs count between subnets: the sender's outbound rules", change(func(n topo) { n.add("acl-pub", "Entries", acl(1, true, "deny", "10.0.1.0/24", -1)) }), `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{aclBasic, "both subnets' ACLs count between subnets: the receiver's inbound rules", change(func(n topo) { n.add("acl-web", "Entries", acl(1, false, "deny", "10.0.0.0/24", -1)) }), `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{"vpc/latest/userguide/nacl-ephemeral-ports.html", "answers go to the client's ephemeral port", change(func(n topo) {
		n.set("acl-pub", "Entries", []any{acl(100, false, "allow", "0.0.0.0/0", -1), acl(100, true, "allow", "0.0.0.0/0", 6, 32768, 61000)})
	}), `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443, "srcPort": 40000}`, network.Reachable, ""},
	{"vpc/latest/userguide/nacl-ephemeral-ports.html", "a client of another range gets no answer", change(func(n topo) {
		n.set("acl-pub", "Entries", []any{acl(100, false, "allow", "0.0.0.0/0", -1), acl(100, true, "allow", "0.0.0.0/0", 6, 32768, 61000)})
	}), `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443, "srcPort": 2000}`, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{"vpc/latest/userguide/nacl-ephemeral-ports.html", "so not all clients get one", change(func(n topo) {
		n.set("acl-pub", "Entries", []any{acl(100, false, "allow", "0.0.0.0/0", -1), acl(100, true, "allow", "0.0.0.0/0", 6, 32768, 61000)})
	}), `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443, "quantifier": "all"}`, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{aclPage, "a rule for IPv4 says nothing of IPv6", change(func(n topo) {
		n.set("eni-web", "Ipv6Addresses", []any{m{"Ipv6Address": "2001:db8:a::10"}})
		n.set("acl-pub", "Entries", []any{acl(100, false, "allow", "0.0.0.0/0", -1), acl(100, true, "allow", "0.0.0.0/0", -1)})
	}), `{"src": {"address": "2a00::1"}, "dst": "i-web", "proto": "tcp", "port": 443}`, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{aclPage, "a rule for all protocols takes all ports", change(func(n topo) { n.add("acl-pub", "Entries", acl(50, false, "deny", "0.0.0.0/0", -1, 80, 80)) }), webQuestion, network.Blocked, "SUBNET_ACL_RESTRICTION"},

	{rtPage, "the most specific route counts", change(func(n topo) {
		n.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "10.1.0.0/24", "GatewayId": "igw-1"})
	}), toOther, network.Blocked, "MORE_SPECIFIC_ROUTE"},
	{rtPage, "of two routes for one range the static one goes before the propagated one", func(t testing.TB, n topo) {
		customer(t, n)
		n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1"}, m{"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "igw-1"}})
		n.set("rtb-pub", "Observed.RouteStates", []any{m{"Origin": "EnableVgwRoutePropagation"}, m{}})
	}, `{"src": "i-web", "dst": {"address": "192.168.1.1", "via": "vgw-1"}, "proto": "udp", "port": 53}`, network.Blocked, "HIGHER_PRIORITY_ROUTE"},
	{"vpn/latest/s2svpn/vpn-route-priority.html", "the local route goes before a propagated one though that be more specific", func(t testing.TB, n topo) {
		customer(t, n)
		n.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "10.0.1.0/24", "GatewayId": "vgw-1"})
		n.set("rtb-pub", "Observed.RouteStates", []any{m{}, m{}, m{}, m{}, m{}, m{"Origin": "EnableVgwRoutePropagation"}})
	}, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Reachable, ""},
	{"vpc/latest/userguide/subnet-route-tables.html", "a subnet without a table of its own has the main one", nil, `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`, network.Reachable, ""},
	{"vpc/latest/userguide/subnet-route-tables.html", "a subnet with a table of its own does not use the main one", change(func(n topo) { n.set("rtb-pub", "Routes", []any{}) }), `{"src": "i-web", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "NO_ROUTE_TO_DESTINATION"},
	{"vpc/latest/userguide/subnet-route-tables.html", "every table has a local route", change(func(n topo) { n.set("rtb-pub", "Routes", []any{}) }), `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Reachable, ""},
	{"AWSEC2/latest/APIReference/API_Route.html", "a blackhole route drops, and does not fall through to a shorter prefix", change(func(n topo) {
		n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "203.0.113.0/24", "NatGatewayId": "nat-9"}, m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}})
		n.set("rtb-pub", "Observed.RouteStates", []any{m{"State": "blackhole"}, m{}})
	}), `{"src": "i-web", "dst": {"address": "203.0.113.9"}, "proto": "udp", "port": 53}`, network.Blocked, "BAD_STATE_ROUTE"},
	{rtPage, "routes for IPv4 and IPv6 are independent", change(func(n topo) {
		n.set("eni-web", "Ipv6Addresses", []any{m{"Ipv6Address": "2001:db8:a::10"}})
		n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}})
	}), `{"src": {"address": "2a00::1"}, "dst": "i-web", "proto": "tcp", "port": 443}`, network.Blocked, "CANNOT_ROUTE"},
	{rtPage, "a static route with a range goes before one with a prefix list of that range", func(t testing.TB, n topo) {
		n.more(t, `
  pl-1: {Type: AWS::EC2::PrefixList, Properties: {PrefixListName: p, AddressFamily: IPv4, MaxEntries: 5, Entries: [{Cidr: 10.1.0.0/16}]}}
`)
		n.add("rtb-pub", "Routes", m{"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1"})
	}, toOther, network.Reachable, ""},
	{rtPage, "nothing goes to 169.254.168.0/22 whatever the routes say", nil, `{"src": "i-web", "dst": {"address": "169.254.169.1"}, "proto": "udp", "port": 53}`, network.Blocked, "NO_ROUTE_TO_DESTINATION"},

	{igwPage, "an instance needs a public address to use the internet gateway", change(func(n topo) { n.set("eni-web", "Observed.PublicIp", nil) }), `{"src": "i-web", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"},
	{igwPage, "an Elastic IP address is one", func(t testing.TB, n topo) {
		n.set("eni-web", "Observed.PublicIp", nil)
		n.more(t, `
  eipalloc-1: {Type: AWS::EC2::EIP, Properties: {Domain: vpc, NetworkInterfaceId: eni-web, PrivateIpAddress: 10.0.0.10}, Observed: {PublicIp: 198.51.100.11, AllocationId: eipalloc-1}}
`)
	}, webQuestion, network.Reachable, ""},
	{igwPage, "addresses of IPv6 are public and not translated", change(func(n topo) { n.set("eni-web", "Ipv6Addresses", []any{m{"Ipv6Address": "2001:db8:a::10"}}) }), `{"src": {"address": "2a00::1"}, "dst": {"address": "2001:db8:a::10"}, "proto": "tcp", "port": 443}`, network.Reachable, ""},
	{igwPage, "the subnet's table must route to the gateway", change(func(n topo) { n.set("rtb-pub", "Associations", []any{}) }), webQuestion, network.Blocked, "NO_ROUTE_TO_DESTINATION"},
	{eigwPage, "an egress-only gateway lets IPv6 out", egressOnly, `{"src": "eni-db", "dst": {"address": "2a00::1"}, "proto": "tcp", "port": 443}`, network.Reachable, ""},
	{eigwPage, "and nobody in", egressOnly, `{"src": {"address": "2a00::1"}, "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Blocked, "NO_ROUTE_TO_DESTINATION"},
	{natPage, "nobody outside begins a connection through a NAT gateway", nil, `{"src": "internet", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Blocked, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"},
	{natPage, "it carries ICMP", nil, `{"src": "eni-db", "dst": "internet", "proto": "icmp", "icmp": {"type": 8, "code": 0}}`, network.Reachable, ""},
	{natPage, "it carries TCP, UDP and ICMP only", nil, `{"src": "eni-db", "dst": "internet", "proto": 50}`, network.Blocked, "PROTOCOL_RESTRICTION"},
	{natPage, "the ACL of its subnet counts, with ports 1024-65535", change(func(n topo) {
		n.add("acl-pub", "Entries", acl(50, false, "deny", "0.0.0.0/0", 6, 1024, 65535))
	}), `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{"vpc/latest/userguide/vpc-nat-gateway.html", "a public NAT gateway needs a route to the internet gateway", change(func(n topo) { n.set("rtb-pub", "Routes", []any{}) }), `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "NO_ROUTE_TO_DESTINATION"},
	{"vpc/latest/userguide/vpc-nat-gateway.html", "the internet gateway drops what a private NAT gateway sends", change(func(n topo) {
		n.set("nat-1", "ConnectivityType", "private")
		n.set("nat-1", "Observed.Addresses", []any{m{"PrivateIp": "10.0.0.99"}})
	}), `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"},

	{bpaPage, "bidirectional blocking stops what goes out too", change(func(n topo) { n["eu-west-1"] = region(m{"InternetGatewayBlockMode": "block-bidirectional"}) }), `{"src": "i-web", "dst": "internet", "proto": "udp", "port": 53}`, network.Blocked, "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"},
	{bpaPage, "an excluded VPC is not blocked", func(t testing.TB, n topo) {
		n["eu-west-1"] = region(m{"InternetGatewayBlockMode": "block-bidirectional"})
		n.more(t, `
  vpcbpa-1: {Type: AWS::EC2::VPCBlockPublicAccessExclusion, Properties: {VpcId: vpc-web, InternetGatewayExclusionMode: allow-bidirectional}}
`)
	}, webQuestion, network.Reachable, ""},
	{bpaPage, "an exclusion for egress lets nobody in", func(t testing.TB, n topo) {
		n["eu-west-1"] = region(m{"InternetGatewayBlockMode": "block-bidirectional"})
		n.more(t, `
  vpcbpa-1: {Type: AWS::EC2::VPCBlockPublicAccessExclusion, Properties: {SubnetId: subnet-pub, InternetGatewayExclusionMode: allow-egress}}
`)
	}, webQuestion, network.Blocked, "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"},
	{bpaPage, "ingress-only blocking leaves NAT gateways", change(func(n topo) { n["eu-west-1"] = region(m{"InternetGatewayBlockMode": "block-ingress"}) }), `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`, network.Reachable, ""},
	{bpaPage, "and not answers to an instance's own public address", change(func(n topo) { n["eu-west-1"] = region(m{"InternetGatewayBlockMode": "block-ingress"}) }), `{"src": "i-web", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "VPC_BLOCK_PUBLIC_ACCESS_ENABLED"},

	{pcxPage, "both VPCs need routes: the answers too", change(func(n topo) { n.set("rtb-o", "Routes", []any{}) }), toOther, network.Blocked, "NO_ROUTE_TO_DESTINATION"},
	{pcxPage, "a request that nobody accepted carries nothing", change(func(n topo) { n.set("pcx-1", "Observed.Status", "pending-acceptance") }), toOther, network.Blocked, "BAD_STATE"},
	{pcxPage, "a peer cannot use the internet gateway", change(func(n topo) {
		n.add("rtb-o", "Routes", m{"DestinationCidrBlock": "0.0.0.0/0", "VpcPeeringConnectionId": "pcx-1"})
	}), `{"src": "eni-o", "dst": "internet", "proto": "udp", "port": 53}`, network.Blocked, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"},
	{pcxPage, "peering is not transitive", func(t testing.TB, n topo) {
		n.more(t, `
  vpc-third: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.2.0.0/16}}
  subnet-3: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-third, CidrBlock: 10.2.0.0/24, AvailabilityZone: eu-west-1a}}
  eni-3: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-3, GroupSet: [], PrivateIpAddress: 10.2.0.5}}
  pcx-2: {Type: AWS::EC2::VPCPeeringConnection, Properties: {VpcId: vpc-other, PeerVpcId: vpc-third}, Observed: {Status: active}}
`)
		n.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "10.2.0.0/16", "VpcPeeringConnectionId": "pcx-1"})
		n.add("rtb-o", "Routes", m{"DestinationCidrBlock": "10.2.0.0/16", "VpcPeeringConnectionId": "pcx-2"})
	}, `{"src": "i-web", "dst": "eni-3", "proto": "udp", "port": 53}`, network.Blocked, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"},

	{tgwPage, "a transit gateway with routes and attachments carries", func(t testing.TB, n topo) { transit(t, n) }, toOther, network.Reachable, ""},
	{tgwPage, "an attachment's associated table decides", func(t testing.TB, n topo) {
		transit(t, n)
		n.more(t, `
  tgw-rtb-2: {Type: AWS::EC2::TransitGatewayRouteTable, Properties: {TransitGatewayId: tgw-1, Routes: [], Associations: [{TransitGatewayAttachmentId: tgw-attach-web}], Propagations: []}}
`)
		n.set("tgw-rtb-1", "Associations", []any{m{"TransitGatewayAttachmentId": "tgw-attach-o"}})
	}, toOther, network.Blocked, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"},
	{"vpc/latest/tgw/tgw-vpc-attachments.html", "a zone without a subnet of the attachment cannot send", func(t testing.TB, n topo) { transit(t, n); n.set("tgw-attach-web", "SubnetIds", []any{"subnet-b"}) }, toOther, network.Blocked, "TGW_ROUTE_AZ_RESTRICTION"},
	{tgwACL, "inbound rules of the attachment's subnet count for what instances send", func(t testing.TB, n topo) {
		transit(t, n)
		n.add("acl-web", "Entries", acl(1, false, "deny", "10.0.0.0/24", -1))
	}, toOther, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{tgwACL, "inbound rules of the attachment's subnet do not count for what comes to instances", func(t testing.TB, n topo) {
		transit(t, n)
		n.add("acl-web", "Entries", acl(1, false, "deny", "10.1.0.0/16", -1))
	}, toOther, network.Reachable, ""},
	{tgwACL, "outbound rules of the attachment's subnet count for what comes to instances", func(t testing.TB, n topo) {
		transit(t, n)
		n.add("acl-web", "Entries", acl(1, true, "deny", "10.0.0.0/24", -1))
	}, toOther, network.Blocked, "SUBNET_ACL_RESTRICTION"},
	{tgwACL, "in one subnet no rules count for what comes to instances", func(t testing.TB, n topo) {
		transit(t, n)
		n.more(t, `
  acl-in: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-other, Entries: [{RuleNumber: 1, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 10.1.0.0/16}, {RuleNumber: 1, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}], Associations: [{SubnetId: subnet-o}]}}
`)
	}, toOther, network.Reachable, ""},
	{tgwACL, "in one subnet outbound rules count for what instances send", func(t testing.TB, n topo) {
		transit(t, n)
		n.more(t, `
  acl-in: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-other, Entries: [{RuleNumber: 1, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}], Associations: [{SubnetId: subnet-o}]}}
`)
	}, toOther, network.Blocked, "SUBNET_ACL_RESTRICTION"},

	{gwePage, "a route to the prefix list leads to the service", s3, `{"src": "eni-db", "dst": "vpce-s3", "proto": "tcp", "port": 443}`, network.Reachable, ""},
	{gwePage, "only tables that are associated have the route", s3, `{"src": "i-web", "dst": "vpce-s3", "proto": "tcp", "port": 443}`, network.Blocked, "NO_ROUTE_TO_DESTINATION"},
	{gwePage, "a network that is connected to the VPC cannot use it", func(t testing.TB, n topo) {
		s3(t, n)
		n.add("rtb-o", "Routes", m{"DestinationCidrBlock": "203.0.113.0/24", "VpcPeeringConnectionId": "pcx-1"})
	}, `{"src": "eni-o", "dst": "vpce-s3", "proto": "tcp", "port": 443}`, network.Blocked, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"},
	{"vpc/latest/privatelink/interface-endpoints.html", "the groups of an interface endpoint decide who may use it", interfaceEndpoint, `{"src": "i-web", "dst": "vpce-if", "proto": "tcp", "port": 443}`, network.Reachable, ""},
	{"vpc/latest/privatelink/interface-endpoints.html", "and who may not", interfaceEndpoint, `{"src": "eni-db", "dst": "vpce-if", "proto": "tcp", "port": 443}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},

	{albPage, "targets must admit the load balancer", balancedFor(m{"SourceSecurityGroupId": "sg-lb"}), toLB, network.Reachable, ""},
	{albPage, "admitting the clients does not help: the load balancer sends", balancedFor(m{"CidrIp": "198.51.100.0/24"}), `{"src": {"address": "198.51.100.200"}, "dst": "` + lbARN + `", "proto": "tcp", "port": 80}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
	{"elasticloadbalancing/latest/application/load-balancer-listeners.html", "a redirect needs no target", func(t testing.TB, n topo) {
		balanced(t, n)
		n.set(lnARN, "DefaultActions", []any{m{"Type": "redirect"}})
	}, toLB, network.Reachable, ""},
	{nlbPage, "with client addresses kept targets must admit the clients", preserving(m{"CidrIp": "203.0.113.0/24"}), `{"src": {"address": "203.0.113.7"}, "dst": "` + lbARN + `", "proto": "tcp", "port": 80}`, network.Reachable, ""},
	{nlbPage, "and admitting the load balancer's addresses does not help", preserving(m{"CidrIp": "10.0.0.0/16"}), toLB, network.Blocked, "ENI_SG_RULES_MISMATCH"},
	{"elasticloadbalancing/latest/network/load-balancer-security-groups.html", "a reference to its group admits its clients", preserving(m{"SourceSecurityGroupId": "sg-lb"}), toLB, network.Reachable, ""},

	{nfwLess, "what the stateless rules pass does not come to the stateful ones", func(t testing.TB, n topo) {
		walled(t, n, `drop ip any any -> any any (sid:1;)`)
		n.set("arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p", "FirewallPolicy", m{"StatelessDefaultActions": []any{"aws:pass"}})
	}, webQuestion, network.Reachable, ""},
	{nfwLess, "what the stateless rules drop is dropped", func(t testing.TB, n topo) {
		walled(t, n, `pass ip any any -> any any (sid:1;)`)
		n.set("arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p", "FirewallPolicy", m{"StatelessDefaultActions": []any{"aws:drop"}})
	}, webQuestion, network.Blocked, "FIREWALL_RULES_RESTRICTION"},
	{nfwPage, "by default pass rules go before drop rules wherever they stand", func(t testing.TB, n topo) {
		walled(t, n, `drop tcp any any -> any any (sid:1;)\npass tcp any any -> any 443 (sid:2;)`)
	}, webQuestion, network.Reachable, ""},
	{nfwPage, "in strict order rules count as they stand", func(t testing.TB, n topo) {
		walled(t, n, `drop tcp any any -> any any (sid:1;)\npass tcp any any -> any 443 (sid:2;)`)
		n.set("arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p", "FirewallPolicy", strictPolicy("aws:drop_strict"))
	}, webQuestion, network.Blocked, "FIREWALL_RULES_RESTRICTION"},
	{nfwPage, "in strict order the default action takes what no rule does", func(t testing.TB, n topo) {
		walled(t, n, `pass tcp any any -> any 80 (sid:2;)`)
		n.set("arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p", "FirewallPolicy", strictPolicy("aws:drop_strict"))
	}, webQuestion, network.Blocked, "FIREWALL_RULES_RESTRICTION"},
	{nfwPage, "a rule about content depends on the content", func(t testing.TB, n topo) {
		walled(t, n, `drop tls any any -> any any (tls.sni; content:"bad.example"; sid:1;)`)
	}, webQuestion, network.DependsOn, ""},
}

func strictPolicy(last string) m {
	return m{"StatelessDefaultActions": []any{"aws:forward_to_sfe"}, "StatefulEngineOptions": m{"RuleOrder": "STRICT_ORDER"}, "StatefulDefaultActions": []any{last},
		"StatefulRuleGroupReferences": []any{m{"ResourceArn": "arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/g", "Priority": int64(1)}}}
}

// egressOnly gives the private subnet IPv6 and an egress-only internet gateway.
func egressOnly(t testing.TB, n topo) {
	n.more(t, `
  eigw-1: {Type: AWS::EC2::EgressOnlyInternetGateway, Properties: {VpcId: vpc-web}}
`)
	n.set("subnet-priv", "Ipv6CidrBlock", "2001:db8:a:1::/64")
	n.set("eni-db", "Ipv6Addresses", []any{m{"Ipv6Address": "2001:db8:a:1::20"}})
	n.set("sg-db", "SecurityGroupIngress", []any{m{"IpProtocol": "-1", "CidrIpv6": "::/0"}})
	n.set("sg-db", "SecurityGroupEgress", []any{m{"IpProtocol": "-1", "CidrIpv6": "::/0"}})
	n.add("rtb-priv", "Routes", m{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"})
}

// interfaceEndpoint puts an endpoint into the private subnet that admits members of
// sg-web.
func interfaceEndpoint(t testing.TB, n topo) {
	n.more(t, `
  sg-if: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: if, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: sg-web}], SecurityGroupEgress: []}}
  eni-if: {Type: AWS::EC2::NetworkInterface, Properties: {InterfaceType: vpc_endpoint, SubnetId: subnet-b, GroupSet: [sg-if], PrivateIpAddress: 10.0.2.90}}
  vpce-if: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-web, VpcEndpointType: Interface, ServiceName: com.amazonaws.eu-west-1.sqs, SubnetIds: [subnet-b], SecurityGroupIds: [sg-if]}, Observed: {State: available, NetworkInterfaceIds: [eni-if]}}
`)
}

// balancedFor is an application load balancer whose target admits a peer.
func balancedFor(peer m) func(testing.TB, topo) {
	return func(t testing.TB, n topo) {
		balanced(t, n)
		n.set("sg-web", "SecurityGroupIngress", []any{sg("tcp", 443, 443, peer)})
	}
}

// preserving is a network load balancer that keeps client addresses, whose target
// admits a peer.
func preserving(peer m) func(testing.TB, topo) {
	return func(t testing.TB, n topo) {
		balancedFor(peer)(t, n)
		n.set(lbARN, "Type", "network")
		n.set(lbARN, "LoadBalancerAttributes", []any{m{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}})
		n.set(lnARN, "Protocol", "TCP")
		n.set(tgARN, "Protocol", "TCP")
	}
}

func TestCasesThatTheDocumentationDecides(t *testing.T) {
	if len(handCases) < 60 {
		t.Errorf("%d cases", len(handCases))
	}
	for _, c := range handCases {
		t.Run(c.says, func(t *testing.T) {
			n := resources(t, base)
			if c.change != nil {
				c.change(t, n)
			}
			a := ask(t, n.world(t), c.ask)
			coded := c.code == "" && len(a.Blockers) == 0 || slices.ContainsFunc(a.Blockers, func(b network.Blocker) bool { return b.Code == c.code })
			if a.Verdict != c.want || !coded {
				t.Errorf("https://docs.aws.amazon.com/%s\n%s with %q, want %s with %q\n%s", c.page, a.Verdict, codes(a), c.want, c.code, show(a))
			}
		})
	}
}
