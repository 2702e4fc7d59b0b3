package network_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/network"
)

// cases are questions of a topology that a test changes a little.
type reachCase struct {
	name   string
	change func(n topo)
	ask    string
	want   network.Verdict
	codes  string
}

func run(t *testing.T, cases []reachCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := resources(t, base)
			if c.change != nil {
				c.change(n)
			}
			a := ask(t, n.world(t), c.ask)
			if a.Verdict != c.want || codes(a) != c.codes {
				t.Errorf("%s with %q, want %s with %q\n%s", a.Verdict, codes(a), c.want, c.codes, show(a))
			}
		})
	}
}

const webQuestion = `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443}`

func acl(number int, egress bool, action, cidr string, proto int, ports ...int) m {
	e := m{"RuleNumber": int64(number), "Egress": egress, "RuleAction": action, "CidrBlock": cidr, "Protocol": int64(proto)}
	if len(ports) == 2 {
		e["PortRange"] = m{"From": int64(ports[0]), "To": int64(ports[1])}
	}
	return e
}

func TestWhyTheWebServerCannotBeReached(t *testing.T) {
	run(t, []reachCase{
		{"it can be reached", nil, webQuestion, network.Reachable, ""},
		{"its security group does not admit the port", nil, `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 80}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{"its security group has no rules", func(n topo) { n.set("sg-web", "SecurityGroupIngress", []any{}) }, webQuestion, network.Blocked, "SG_HAS_NO_RULES"},
		{"the network ACL denies it", func(n topo) { n.add("acl-pub", "Entries", acl(50, false, "deny", "0.0.0.0/0", 6, 443, 443)) }, webQuestion, network.Blocked, "SUBNET_ACL_RESTRICTION"},
		{"the network ACL lets no answers to high ports out", func(n topo) {
			n.add("acl-pub", "Entries", acl(50, true, "deny", "0.0.0.0/0", 6, 1024, 65535))
			n.add("acl-pub", "Entries", acl(51, true, "deny", "0.0.0.0/0", 6, 0, 1023))
		}, webQuestion, network.Blocked, "reply:SUBNET_ACL_RESTRICTION"},
		{"it has no public address", func(n topo) { n.set("eni-web", "Observed.PublicIp", nil) }, webQuestion, network.Blocked, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"},
		{"its subnet is private", func(n topo) { n.set("rtb-pub", "Associations", []any{}) }, webQuestion, network.Blocked, "reply:NO_ROUTE_TO_DESTINATION"},
		{"its subnet has no route to the internet", func(n topo) { n.set("rtb-pub", "Routes", []any{}) }, webQuestion, network.Blocked, "reply:NO_ROUTE_TO_DESTINATION"},
		{"the route is a blackhole", func(n topo) {
			n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}})
			n.set("rtb-pub", "Observed.RouteStates", []any{m{"State": "blackhole"}})
		}, webQuestion, network.Blocked, "reply:BAD_STATE_ROUTE"},
		{"Block Public Access stops both ways", func(n topo) {
			n["eu-west-1"] = region(m{"InternetGatewayBlockMode": "block-bidirectional"})
		}, webQuestion, network.Blocked, "VPC_BLOCK_PUBLIC_ACCESS_ENABLED reply:VPC_BLOCK_PUBLIC_ACCESS_ENABLED"},
		{"the internet gateway is not attached", func(n topo) { n.set("igw-1", "Attachments", []any{}) }, webQuestion, network.Blocked, "NO_PATH reply:BAD_STATE_ATTACHMENT"},
		{"several causes at once are all told", func(n topo) {
			n.set("eni-web", "Observed.PublicIp", nil)
			n.add("acl-pub", "Entries", acl(50, false, "deny", "0.0.0.0/0", 6, 443, 443))
			n.set("sg-web", "SecurityGroupIngress", []any{})
			n.set("rtb-pub", "Routes", []any{})
		}, webQuestion, network.Blocked, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS SUBNET_ACL_RESTRICTION SG_HAS_NO_RULES reply:NO_ROUTE_TO_DESTINATION"},
	})
}

func TestPathsInsideAndBetweenNetworks(t *testing.T) {
	run(t, []reachCase{
		{"a reference to a security group admits its members", nil, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Reachable, ""},
		{"and nobody else", nil, `{"src": "eni-o", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Blocked, "ENI_SG_RULES_MISMATCH reply:NO_ROUTE_TO_DESTINATION"},
		{"peering carries a reference", nil, `{"src": "i-web", "dst": "eni-o", "proto": "tcp", "port": 22}`, network.Reachable, ""},
		{"out through a NAT gateway", nil, `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`, network.Reachable, ""},
		{"a NAT gateway carries no GRE", nil, `{"src": "eni-db", "dst": "internet", "proto": 47}`, network.Blocked, "PROTOCOL_RESTRICTION"},
		{"nobody comes in by a NAT gateway", nil, `{"src": "internet", "dst": "eni-db", "proto": "tcp", "port": 5432}`, network.Blocked, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS ENI_SG_RULES_MISMATCH reply:NO_ROUTE_TO_DESTINATION"},
		{"out by its own public address", nil, `{"src": "i-web", "dst": "internet", "proto": "tcp", "port": 443}`, network.Reachable, ""},
		{"echo requests", nil, `{"src": "internet", "dst": "i-web", "proto": "icmp", "icmp": {"type": 8, "code": 0}}`, network.Reachable, ""},
		{"IPv6 too", func(n topo) { n.set("eni-web", "Ipv6Addresses", []any{m{"Ipv6Address": "2001:db8:a::10"}}) }, `{"src": {"address": "2a00::1"}, "dst": "i-web", "proto": "tcp", "port": 443}`, network.Reachable, ""},
		{"an address that nobody holds", nil, `{"src": "i-web", "dst": {"address": "10.0.1.77", "vpc": "vpc-web"}, "proto": "tcp", "port": 1}`, network.Blocked, "NO_POSSIBLE_DESTINATION"},
		{"unless a host were there", nil, `{"src": "i-web", "dst": {"address": "10.0.1.77", "vpc": "vpc-web"}, "proto": "tcp", "port": 1, "hypothetical": true}`, network.Reachable, ""},
		{"all packets do not get through when some do not", nil, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "quantifier": "all"}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
	})
}

// TestWhatIsNotKnownDepends asks where facts are missing: the answer says which.
func TestWhatIsNotKnownDepends(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(n topo)
		ask     string
		missing string
	}{
		{"the routes of a transit gateway", func(n topo) {
			transit(t, n)
			n.set("tgw-rtb-1", "Routes", &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"ec2:SearchTransitGatewayRoutes"}})
		}, toOther, "TGW_RTB_ROUTES_ARE_UNKNOWN"},
		{"a peer in an account that is not there", func(n topo) {
			for _, id := range []string{"vpc-other", "subnet-o", "rtb-o", "acl-o", "sg-o", "eni-o"} {
				delete(n, id)
			}
		}, `{"src": "i-web", "dst": {"address": "10.1.0.40"}, "proto": "tcp", "port": 22}`, "UNKNOWN_DESTINATION"},
		{"a group in an account that is not there", func(n topo) {
			n.set("sg-web", "SecurityGroupIngress", []any{sg("tcp", 443, 443, m{"SourceSecurityGroupId": "sg-elsewhere"})})
		}, webQuestion, "UNKNOWN_PEERED_SGS"},
		{"what a route leads to", func(n topo) {
			n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-9"}})
		}, `{"src": "i-web", "dst": {"address": "172.16.0.1"}, "proto": "tcp", "port": 22}`, "tgw-9"},
		{"an edge that is not modelled", func(n topo) {
			n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "0.0.0.0/0", "CoreNetworkArn": "arn:aws:networkmanager::1:core-network/c"}})
		}, `{"src": "i-web", "dst": {"address": "172.16.0.1"}, "proto": "tcp", "port": 22}`, "UNKNOWN_RESOURCE"},
		{"Block Public Access when the question was refused", func(n topo) {
			n["eu-west-1"] = region(nil)
			n["eu-west-1"].Observed["VpcBlockPublicAccess"] = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"ec2:DescribeVpcBlockPublicAccessOptions"}}
		}, webQuestion, "ec2:DescribeVpcBlockPublicAccessOptions"},
		{"rules of a group that were not read", func(n topo) {
			n.set("sg-web", "SecurityGroupIngress", &haetae.OpenList{Items: []any{}, Why: &haetae.Unknown{Reason: haetae.Throttled, Detail: "throttled"}})
		}, webQuestion, "throttled"},
		{"an ACL rule that was not read", func(n topo) {
			n.set("acl-pub", "Entries", &haetae.OpenList{Items: []any{}, Why: &haetae.Unknown{Reason: haetae.Throttled, Detail: "throttled"}})
		}, webQuestion, "throttled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := resources(t, base)
			c.change(n)
			a := ask(t, n.world(t), c.ask)
			if a.Verdict != network.DependsOn || !strings.Contains(strings.Join(a.DependsOn.Missing, "\n"), c.missing) {
				t.Errorf("%s\n%s", a.Verdict, show(a))
			}
		})
	}
}

// TestTransitGatewaysThatPeer goes over a peering of two transit gateways, whose
// attachment has one ID in both Regions.
func TestTransitGatewaysThatPeer(t *testing.T) {
	n := resources(t, base)
	transit(t, n)
	n.more(t, `
  tgw-2: {Type: AWS::EC2::TransitGateway, Properties: {}, Observed: {State: available}}
  tgw-rtb-2: {Type: AWS::EC2::TransitGatewayRouteTable, Properties: {TransitGatewayId: tgw-2, Routes: [{DestinationCidrBlock: 10.1.0.0/16, TransitGatewayAttachmentId: tgw-attach-o}, {DestinationCidrBlock: 10.0.0.0/16, TransitGatewayAttachmentId: tgw-attach-p}], Associations: [{TransitGatewayAttachmentId: tgw-attach-o}, {TransitGatewayAttachmentId: tgw-attach-p}], Propagations: []}}
`)
	for region, ids := range map[string][2]string{"eu-west-1": {"tgw-1", "tgw-2"}, "us-east-1": {"tgw-2", "tgw-1"}} {
		n["peer "+region] = &haetae.Resource{Type: "AWS::EC2::TransitGatewayAttachment", ID: "tgw-attach-p", Account: "111122223333", Region: region,
			Props: m{"TransitGatewayId": ids[0]}, Observed: m{"ResourceType": "peering", "ResourceId": ids[1], "State": "available"}}
	}
	for _, id := range []string{"tgw-2", "tgw-rtb-2", "vpc-other", "subnet-o", "rtb-o", "acl-o", "sg-o", "eni-o", "tgw-attach-o"} {
		n[id].Region = "us-east-1"
	}
	n.set("tgw-attach-o", "TransitGatewayId", "tgw-2")
	n.set("rtb-o", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "TransitGatewayId": "tgw-2"}})
	n.set("tgw-rtb-1", "Routes", []any{m{"DestinationCidrBlock": "10.1.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-p"}, m{"DestinationCidrBlock": "10.0.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-web"}})
	n.set("tgw-rtb-1", "Associations", []any{m{"TransitGatewayAttachmentId": "tgw-attach-web"}, m{"TransitGatewayAttachmentId": "tgw-attach-p"}})
	n.set("sg-o", "SecurityGroupIngress", []any{sg("tcp", 22, 22, m{"CidrIp": "10.0.0.0/16"})})
	if a := ask(t, n.world(t), toOther); a.Verdict != network.Reachable {
		t.Errorf("%s with %s\n%s", a.Verdict, codes(a), show(a))
	}
	if got := passes(n.world(t), "eni-web", "eni-o"); !got.Has(cidr.Packet{Src: netip.MustParseAddr("10.0.0.10"), Dst: netip.MustParseAddr("10.1.0.40"), Proto: cidr.TCP, A: 40000, B: 22}) {
		t.Errorf("all pairs do not know that the peering joins them: %s", got)
	}
}
