package network_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/network"
)

// transit joins the two VPCs by a transit gateway instead of by peering.
func transit(t testing.TB, n topo) {
	delete(n, "pcx-1")
	n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, m{"DestinationCidrBlock": "10.1.0.0/16", "TransitGatewayId": "tgw-1"}})
	n.set("rtb-o", "Routes", []any{m{"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "local"}, m{"DestinationCidrBlock": "10.0.0.0/16", "TransitGatewayId": "tgw-1"}})
	n.more(t, `
  tgw-1: {Type: AWS::EC2::TransitGateway, Properties: {SecurityGroupReferencingSupport: enable}, Observed: {State: available}}
  tgw-attach-web: {Type: AWS::EC2::TransitGatewayAttachment, Properties: {TransitGatewayId: tgw-1, VpcId: vpc-web, SubnetIds: [subnet-priv]}, Observed: {ResourceType: vpc, State: available}}
  tgw-attach-o: {Type: AWS::EC2::TransitGatewayAttachment, Properties: {TransitGatewayId: tgw-1, VpcId: vpc-other, SubnetIds: [subnet-o]}, Observed: {ResourceType: vpc, State: available}}
  tgw-rtb-1: {Type: AWS::EC2::TransitGatewayRouteTable, Properties: {TransitGatewayId: tgw-1, Routes: [{DestinationCidrBlock: 10.0.0.0/16, TransitGatewayAttachmentId: tgw-attach-web}, {DestinationCidrBlock: 10.1.0.0/16, TransitGatewayAttachmentId: tgw-attach-o}], Associations: [{TransitGatewayAttachmentId: tgw-attach-web}, {TransitGatewayAttachmentId: tgw-attach-o}], Propagations: []}}
`)
}

// customer puts a virtual private gateway with a VPN to 192.168.0.0/16 at the web VPC.
func customer(t testing.TB, n topo) {
	n.more(t, `
  vgw-1: {Type: AWS::EC2::VPNGateway, Properties: {Type: ipsec.1, Attachments: [{VpcId: vpc-web}]}}
  cgw-1: {Type: AWS::EC2::CustomerGateway, Properties: {IpAddress: 203.0.113.1, Type: ipsec.1}}
  vpn-1: {Type: AWS::EC2::VPNConnection, Properties: {VpnGatewayId: vgw-1, CustomerGatewayId: cgw-1, Type: ipsec.1}, Observed: {State: available}}
`)
	n.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1"})
}

// balanced puts an application load balancer before eni-b's instance.
func balanced(t testing.TB, n topo) {
	n.more(t, `
  i-b: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-b, NetworkInterfaces: [{NetworkInterfaceId: eni-b}]}}
  sg-lb: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: lb, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}], SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]}}
  eni-lb: {Type: AWS::EC2::NetworkInterface, Properties: {Description: ELB app/lb/1, InterfaceType: interface, SubnetId: subnet-pub, GroupSet: [sg-lb], PrivateIpAddress: 10.0.0.50}, Observed: {PublicIp: 198.51.100.50}}
  eni-lb2: {Type: AWS::EC2::NetworkInterface, Properties: {Description: ELB app/lb/1, InterfaceType: interface, SubnetId: subnet-b, GroupSet: [sg-lb], PrivateIpAddress: 10.0.2.50}}
  "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/lb/1":
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    ARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/lb/1
    Properties: {Name: lb, Type: application, Scheme: internet-facing, Subnets: [subnet-pub, subnet-b], SecurityGroups: [sg-lb]}
  "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/lb/1/2":
    Type: AWS::ElasticLoadBalancingV2::Listener
    ARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/lb/1/2
    Properties: {LoadBalancerArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/lb/1", Port: 80, Protocol: HTTP, DefaultActions: [{Type: forward, TargetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/3"}]}
  "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/3":
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    ARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/3
    Properties: {Name: web, Port: 443, Protocol: HTTPS, TargetType: instance, VpcId: vpc-web, Targets: [{Id: i-b, Port: 443}], TargetGroupAttributes: []}
`)
}

const (
	lbARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/lb/1"
	lnARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/lb/1/2"
	tgARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/3"
)

// classic puts a classic load balancer before eni-b's instance.
func classic(t testing.TB, n topo) {
	n.more(t, `
  i-b: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-b, NetworkInterfaces: [{NetworkInterfaceId: eni-b}]}}
  sg-lb: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: lb, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}], SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]}}
  eni-clb: {Type: AWS::EC2::NetworkInterface, Properties: {Description: ELB old, SubnetId: subnet-b, GroupSet: [sg-lb], PrivateIpAddress: 10.0.2.60}}
  old: {Type: AWS::ElasticLoadBalancing::LoadBalancer, Properties: {LoadBalancerName: old, Subnets: [subnet-b], SecurityGroups: [sg-lb], CrossZone: false, Listeners: [{LoadBalancerPort: "80", InstancePort: "443", Protocol: TCP}], Instances: [i-b]}}
`)
}

// walled sends what comes from the internet and goes there through a firewall.
func walled(t testing.TB, n topo, rules string) {
	n.more(t, `
  subnet-fw: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-web, CidrBlock: 10.0.9.0/28, AvailabilityZone: eu-west-1a}}
  rtb-fw: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-web, Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 0.0.0.0/0, GatewayId: igw-1}], Associations: [{SubnetId: subnet-fw}]}}
  rtb-igw: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-web, Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 10.0.0.0/24, VpcEndpointId: vpce-fw}], Associations: [{GatewayId: igw-1}]}}
  vpce-fw: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-web, VpcEndpointType: GatewayLoadBalancer, ServiceName: fw, SubnetIds: [subnet-fw]}, Observed: {State: available}}
  "arn:aws:network-firewall:eu-west-1:111122223333:firewall/fw":
    Type: AWS::NetworkFirewall::Firewall
    ARN: arn:aws:network-firewall:eu-west-1:111122223333:firewall/fw
    Properties: {FirewallName: fw, FirewallPolicyArn: "arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p", VpcId: vpc-web, SubnetMappings: [{SubnetId: subnet-fw}]}
    Observed: {EndpointIds: ["eu-west-1a:vpce-fw"]}
  "arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p":
    Type: AWS::NetworkFirewall::FirewallPolicy
    ARN: arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p
    Properties: {FirewallPolicyName: p, FirewallPolicy: {StatelessDefaultActions: ["aws:forward_to_sfe"], StatelessFragmentDefaultActions: ["aws:forward_to_sfe"], StatefulRuleGroupReferences: [{ResourceArn: "arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/g"}]}}
  "arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/g":
    Type: AWS::NetworkFirewall::RuleGroup
    ARN: arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/g
    Properties: {RuleGroupName: g, Type: STATEFUL, Capacity: 100, RuleGroup: {RulesSource: {RulesString: "`+strings.ReplaceAll(rules, `"`, `\"`)+`"}}}
`)
	n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, m{"DestinationCidrBlock": "0.0.0.0/0", "VpcEndpointId": "vpce-fw"}})
}

// appliance routes what goes from the public subnet to the private one through
// an instance.
func appliance(t testing.TB, n topo, check bool) {
	n.more(t, `
  eni-mid: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-b, GroupSet: [sg-mid], PrivateIpAddress: 10.0.2.70, SourceDestCheck: false}}
  sg-mid: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: mid, SecurityGroupIngress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}], SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]}}
`)
	n.set("eni-mid", "SourceDestCheck", check)
	n.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "10.0.1.0/24", "NetworkInterfaceId": "eni-mid"})
}

// s3 gives the web VPC a gateway endpoint.
func s3(t testing.TB, n topo) {
	n.more(t, `
  pl-s3: {Type: AWS::EC2::PrefixList, Properties: {PrefixListName: com.amazonaws.eu-west-1.s3, AddressFamily: IPv4, MaxEntries: 10, Entries: [{Cidr: 203.0.113.0/24}]}}
  vpce-s3: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-web, VpcEndpointType: Gateway, ServiceName: com.amazonaws.eu-west-1.s3, RouteTableIds: [rtb-priv]}, Observed: {State: available}}
`)
	n.add("rtb-priv", "Routes", m{"DestinationPrefixListId": "pl-s3", "VpcEndpointId": "vpce-s3"})
}

const (
	toOther = `{"src": "i-web", "dst": "eni-o", "proto": "tcp", "port": 22}`
	toLB    = `{"src": "internet", "dst": "` + lbARN + `", "proto": "tcp", "port": 80}`
	inVPN   = `{"src": {"address": "192.168.1.1", "via": "vgw-1"}, "dst": "i-web", "proto": "tcp", "port": 443}`
)

// codeCase is a minimal topology that yields a code.
type codeCase struct {
	code   string
	codes  string // all that stops the packets
	change func(t testing.TB, n topo)
	ask    string
}

// codeCases has one topology for each explanation code that the engine yields:
// https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html.
var codeCases = []codeCase{
	{"BAD_STATE", "BAD_STATE", func(_ testing.TB, n topo) { n.set("nat-1", "Observed.State", "failed") }, `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`},
	{"BAD_STATE_ATTACHMENT", "BAD_STATE_ATTACHMENT reply:BAD_STATE_ATTACHMENT", func(t testing.TB, n topo) {
		transit(t, n)
		n.set("tgw-attach-o", "Observed.State", "pendingAcceptance")
	}, toOther},
	{"BAD_STATE_ROUTE", "BAD_STATE_ROUTE", func(_ testing.TB, n topo) {
		n.set("rtb-pub", "Observed.RouteStates", []any{m{}, m{}, m{}, m{"State": "blackhole"}})
	}, toOther},
	{"BAD_STATE_VPN", "BAD_STATE_VPN reply:BAD_STATE_VPN", func(t testing.TB, n topo) {
		customer(t, n)
		n["vpn-1"].Volatile = m{"TunnelStatus": []any{m{"Status": "DOWN"}, m{"Status": "DOWN"}}}
	}, inVPN},
	{"CANNOT_ROUTE", "reply:CANNOT_ROUTE", func(_ testing.TB, n topo) {
		n.set("rtb-o", "Routes", []any{m{"DestinationCidrBlock": "10.0.1.0/24", "VpcPeeringConnectionId": "pcx-1"}})
	}, toOther},
	{"ELB_ACL_RESTRICTION", "ELB_ACL_RESTRICTION", func(t testing.TB, n topo) {
		classic(t, n)
		n.add("acl-web", "Entries", acl(50, true, "deny", "10.0.2.0/24", 6, 443, 443))
	}, `{"src": "eni-b", "dst": "old", "proto": "tcp", "port": 80}`},
	{"ELB_INSTALLED_AZ_RESTRICTION", "ELB_INSTALLED_AZ_RESTRICTION ELB_INSTALLED_AZ_RESTRICTION", func(t testing.TB, n topo) {
		balanced(t, n)
		n.set("eni-b", "SubnetId", "subnet-priv")
		n.set("eni-b", "PrivateIpAddress", "10.0.1.30")
		n.set("eni-lb", "SubnetId", "subnet-b")
		n.set("eni-lb", "PrivateIpAddress", "10.0.2.51")
		n.set("subnet-pub", "AvailabilityZone", "eu-west-1b")
	}, `{"src": "i-web", "dst": "` + lbARN + `", "proto": "tcp", "port": 80}`},
	{"ELB_LISTENER_PORT_RESTRICTION", "ELB_LISTENER_PORT_RESTRICTION ENI_SG_RULES_MISMATCH", classic, `{"src": "old", "dst": "i-b", "proto": "tcp", "port": 8080}`},
	{"ELB_LISTENERS_MISMATCH", "ENI_SG_RULES_MISMATCH ELB_LISTENERS_MISMATCH", classic, `{"src": "i-web", "dst": "old", "proto": "tcp", "port": 81}`},
	{"ELB_NOT_CROSSZONE", "ELB_NOT_CROSSZONE", func(t testing.TB, n topo) {
		classic(t, n)
		n.set("eni-clb", "SubnetId", "subnet-priv")
		n.set("eni-clb", "PrivateIpAddress", "10.0.1.60")
		n.more(t, `
  eni-clb2: {Type: AWS::EC2::NetworkInterface, Properties: {Description: ELB old, SubnetId: subnet-b, GroupSet: [sg-lb], PrivateIpAddress: 10.0.2.61}}
`)
	}, `{"src": "eni-clb", "dst": "i-b", "proto": "tcp", "port": 443}`},
	{"ELBV2_LISTENER_HAS_NO_TG", "ELBV2_LISTENER_HAS_NO_TG", func(t testing.TB, n topo) { balanced(t, n); n.set(tgARN, "Targets", []any{}) }, toLB},
	{"ELBV2_LISTENER_PORT_RESTRICTION", "ENI_SG_RULES_MISMATCH ELBV2_LISTENER_PORT_RESTRICTION", balanced, `{"src": "internet", "dst": "` + lnARN + `", "proto": "tcp", "port": 8080}`},
	{"ELBV2_LISTENER_REQUIRES_TG_ACCEPT", "ELBV2_LISTENER_REQUIRES_TG_ACCEPT", func(t testing.TB, n topo) {
		balanced(t, n)
		n.set(lnARN, "DefaultActions", []any{m{"Type": "authenticate-oidc"}})
	}, toLB},
	{"ELBV2_LISTENERS_MISMATCH", "ENI_SG_RULES_MISMATCH ELBV2_LISTENERS_MISMATCH", balanced, `{"src": "internet", "dst": "` + lbARN + `", "proto": "tcp", "port": 8080}`},
	{"ELBV2_NO_TARGETS_IN_AZ", "ELBV2_NO_TARGETS_IN_AZ", func(t testing.TB, n topo) {
		balanced(t, n)
		n.set(lbARN, "Type", "network")
		n.set(tgARN, "Protocol", "TCP")
		n.set(lnARN, "Protocol", "TCP")
		n.set(lbARN, "LoadBalancerAttributes", []any{m{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}})
	}, toLB},
	{"ENI_ADDRESS_RESTRICTION", "ENI_ADDRESS_RESTRICTION SG_REFERENCES_NOT_PRESERVED", func(t testing.TB, n topo) { appliance(t, n, false); n.set("eni-mid", "InterfaceType", "lambda") }, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`},
	{"ENI_SG_RULES_MISMATCH", "ENI_SG_RULES_MISMATCH", func(testing.TB, topo) {}, `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 80}`},
	{"ENI_SOURCE_DEST_CHECK_RESTRICTION", "ENI_SOURCE_DEST_CHECK_RESTRICTION SG_REFERENCES_NOT_PRESERVED", func(t testing.TB, n topo) { appliance(t, n, true) }, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`},
	{"FIREWALL_RULES_RESTRICTION", "FIREWALL_RULES_RESTRICTION", func(t testing.TB, n topo) { walled(t, n, `drop tcp any any -> any 443 (sid:1;)`) }, webQuestion},
	{"GATEWAY_REJECTS_SPOOFED_TRAFFIC", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", func(testing.TB, topo) {}, `{"src": {"address": "203.0.113.5", "subnet": "subnet-pub"}, "dst": {"address": "192.0.2.1"}, "proto": "udp", "port": 53}`},
	{"GWLB_DESTINATION_PORT_RESTRICTION", "GWLB_DESTINATION_PORT_RESTRICTION", gateway, `{"src": "` + gwARN + `", "dst": "eni-b", "proto": "udp", "port": 80}`},
	{"GWLB_PROTOCOL_RESTRICTION", "GWLB_PROTOCOL_RESTRICTION", gateway, `{"src": "` + gwARN + `", "dst": "eni-b", "proto": "tcp", "port": 6081}`},
	{"HIGHER_PRIORITY_ROUTE", "reply:HIGHER_PRIORITY_ROUTE", func(t testing.TB, n topo) {
		customer(t, n)
		n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "igw-1"}, m{"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1"}})
		n.set("rtb-pub", "Observed.RouteStates", []any{m{"State": "active"}, m{"State": "active", "Origin": "EnableVgwRoutePropagation"}})
	}, inVPN},
	{"IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS", "IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS", func(testing.TB, topo) {}, `{"src": "internet", "dst": {"address": "2001:db8:ff::1", "vpc": "vpc-web"}, "proto": "tcp", "port": 443}`},
	{"IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS reply:IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", func(testing.TB, topo) {}, `{"src": "i-web", "dst": {"address": "172.20.0.1"}, "proto": "tcp", "port": 443}`},
	{"IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS reply:IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS", func(testing.TB, topo) {}, `{"src": "i-web", "dst": {"address": "100.64.0.1"}, "proto": "tcp", "port": 443}`},
	{"IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", func(_ testing.TB, n topo) { n.set("eni-web", "Observed.PublicIp", nil) }, webQuestion},
	{"IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", func(_ testing.TB, n topo) { n.set("eni-web", "Observed.PublicIp", nil) }, `{"src": "i-web", "dst": "internet", "proto": "tcp", "port": 443}`},
	{"IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS reply:IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", func(testing.TB, topo) {}, `{"src": {"address": "172.20.0.1", "via": "igw-1"}, "dst": "i-web", "proto": "tcp", "port": 443}`},
	{"IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS", "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS reply:IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS", func(testing.TB, topo) {}, `{"src": {"address": "100.64.0.1", "via": "igw-1"}, "dst": "i-web", "proto": "tcp", "port": 443}`},
	{"INGRESS_RTB_NO_PUBLIC_IP", "INGRESS_RTB_NO_PUBLIC_IP reply:INGRESS_RTB_TRAFFIC_REDIRECTION", func(t testing.TB, n topo) {
		appliance(t, n, false)
		n.more(t, `
  rtb-igw: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-web, Routes: [{DestinationCidrBlock: 10.0.0.0/24, NetworkInterfaceId: eni-mid}], Associations: [{GatewayId: igw-1}]}}
`)
	}, webQuestion},
	{"INGRESS_RTB_TRAFFIC_REDIRECTION", "reply:INGRESS_RTB_TRAFFIC_REDIRECTION", func(t testing.TB, n topo) {
		walled(t, n, `pass ip any any -> any any (sid:1;)`)
		n.set("rtb-pub", "Routes", []any{m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}})
	}, webQuestion},
	{"MORE_SPECIFIC_ROUTE", "MORE_SPECIFIC_ROUTE", func(t testing.TB, n topo) {
		n.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "10.1.0.0/24", "GatewayId": "igw-1"})
	}, toOther},
	{"NO_POSSIBLE_DESTINATION", "NO_POSSIBLE_DESTINATION", func(testing.TB, topo) {}, `{"src": "i-web", "dst": {"address": "10.0.1.77", "vpc": "vpc-web"}, "proto": "tcp", "port": 443}`},
	{"NO_ROUTE_TO_DESTINATION", "NO_ROUTE_TO_DESTINATION", func(_ testing.TB, n topo) { n.set("rtb-pub", "Routes", []any{}) }, toOther},
	{"PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", func(_ testing.TB, n topo) {
		n.add("rtb-o", "Routes", m{"DestinationCidrBlock": "0.0.0.0/0", "VpcPeeringConnectionId": "pcx-1"})
	}, `{"src": "eni-o", "dst": "internet", "proto": "tcp", "port": 443}`},
	{"PROTOCOL_RESTRICTION", "PROTOCOL_RESTRICTION", func(testing.TB, topo) {}, `{"src": "eni-db", "dst": "internet", "proto": 47}`},
	{"REGIONAL_NGW_ROUTE_AZ_RESTRICTION", "REGIONAL_NGW_ROUTE_AZ_RESTRICTION", func(_ testing.TB, n topo) {
		n.set("nat-1", "AvailabilityMode", "regional")
		n.set("nat-1", "SubnetId", nil)
		n.set("nat-1", "Observed.Addresses", []any{m{"PublicIp": "198.51.100.99", "AvailabilityZone": "eu-west-1b"}})
	}, `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 443}`},
	{"REMAP_EPHEMERAL_PORT", "REMAP_EPHEMERAL_PORT", balanced, `{"src": "` + lbARN + `", "dst": "i-b", "proto": "tcp", "port": 443, "srcPort": 80}`},
	{"SG_HAS_NO_RULES", "SG_HAS_NO_RULES", func(_ testing.TB, n topo) { n.set("sg-web", "SecurityGroupIngress", []any{}) }, webQuestion},
	{"SG_REFERENCES_NOT_PRESERVED", "SG_REFERENCES_NOT_PRESERVED", func(t testing.TB, n topo) { appliance(t, n, false) }, `{"src": "i-web", "dst": "eni-db", "proto": "tcp", "port": 5432}`},
	{"SG_REFERENCING_SUPPORT", "SG_REFERENCING_SUPPORT", func(t testing.TB, n topo) {
		transit(t, n)
		n.set("tgw-1", "SecurityGroupReferencingSupport", "disable")
	}, toOther},
	{"SUBNET_ACL_RESTRICTION", "SUBNET_ACL_RESTRICTION reply:SUBNET_ACL_RESTRICTION", func(_ testing.TB, n topo) { n.set("acl-pub", "Entries", []any{}) }, webQuestion},
	{"TARGET_ADDRESS_RESTRICTION", "TARGET_ADDRESS_RESTRICTION ENI_SG_RULES_MISMATCH", balanced, `{"src": "` + lbARN + `", "dst": "eni-db", "proto": "tcp", "port": 443}`},
	{"TARGET_PORT_RESTRICTION", "TARGET_PORT_RESTRICTION ENI_SG_RULES_MISMATCH", balanced, `{"src": "` + lbARN + `", "dst": "i-b", "proto": "tcp", "port": 80}`},
	{"TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", func(t testing.TB, n topo) {
		transit(t, n)
		n.set("tgw-rtb-1", "Associations", []any{m{"TransitGatewayAttachmentId": "tgw-attach-o"}})
	}, toOther},
	{"TGW_ATTACH_VPC_AZ_RESTRICTION", "reply:TGW_ATTACH_VPC_AZ_RESTRICTION", inspection, `{"src": "i-web", "dst": "eni-o", "proto": "tcp", "port": 22}`},
	{"TGW_BAD_STATE_VPN", "TGW_BAD_STATE_VPN reply:TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", func(t testing.TB, n topo) { transit(t, n); transitVPN(t, n) }, `{"src": "i-web", "dst": {"address": "192.168.1.1"}, "proto": "tcp", "port": 443}`},
	{"TGW_ROUTE_AZ_RESTRICTION", "TGW_ROUTE_AZ_RESTRICTION", func(t testing.TB, n topo) { transit(t, n); n.set("tgw-attach-web", "SubnetIds", []any{"subnet-b"}) }, toOther},
	{"TGW_RTB_BAD_STATE_ROUTE", "TGW_RTB_BAD_STATE_ROUTE", func(t testing.TB, n topo) {
		transit(t, n)
		n.set("tgw-rtb-1", "Routes", []any{m{"DestinationCidrBlock": "10.1.0.0/16", "Blackhole": true}, m{"DestinationCidrBlock": "10.0.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-web"}})
	}, toOther},
	{"TGW_RTB_CANNOT_ROUTE", "TGW_RTB_CANNOT_ROUTE", func(t testing.TB, n topo) {
		transit(t, n)
		n.set("tgw-rtb-1", "Routes", []any{m{"DestinationCidrBlock": "10.1.9.0/24", "TransitGatewayAttachmentId": "tgw-attach-o"}, m{"DestinationCidrBlock": "10.0.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-web"}})
	}, toOther},
	{"TGW_RTB_HIGHER_PRIORITY_ROUTE", "TGW_RTB_HIGHER_PRIORITY_ROUTE", func(t testing.TB, n topo) {
		transit(t, n)
		transitVPN(t, n)
		n.set("tgw-rtb-1", "Routes", []any{m{"DestinationCidrBlock": "10.1.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-vpn"}, m{"DestinationCidrBlock": "10.1.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-o", "Type": "propagated"}, m{"DestinationCidrBlock": "10.0.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-web"}})
	}, toOther},
	{"TGW_RTB_MORE_SPECIFIC_ROUTE", "TGW_RTB_MORE_SPECIFIC_ROUTE", func(t testing.TB, n topo) {
		transit(t, n)
		transitVPN(t, n)
		n.add("tgw-rtb-1", "Routes", m{"DestinationCidrBlock": "10.1.0.0/24", "TransitGatewayAttachmentId": "tgw-attach-vpn"})
	}, toOther},
	{"TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", func(t testing.TB, n topo) {
		transit(t, n)
		n.set("tgw-rtb-1", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-web"}})
	}, toOther},
	{"VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS reply:VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS reply:VPC_LOCAL_ROUTE_CIDR_RESTRICTION", customer, `{"src": {"address": "203.0.113.5", "subnet": "subnet-pub"}, "dst": {"address": "192.168.1.1"}, "proto": "udp", "port": 53}`},
	{"VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS NO_POSSIBLE_DESTINATION", customer, `{"src": {"address": "192.168.1.1", "via": "vgw-1"}, "dst": {"address": "10.0.0.77", "vpc": "vpc-web"}, "proto": "udp", "port": 53}`},
	{"VPC_BLOCK_PUBLIC_ACCESS_ENABLED", "VPC_BLOCK_PUBLIC_ACCESS_ENABLED", func(_ testing.TB, n topo) {
		n["eu-west-1"] = region(m{"InternetGatewayBlockMode": "block-ingress"})
	}, webQuestion},
	{"VPC_LOCAL_ROUTE_CIDR_RESTRICTION", "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS VPC_LOCAL_ROUTE_CIDR_RESTRICTION", customer, `{"src": {"address": "192.168.1.1", "via": "vgw-1"}, "dst": {"address": "10.77.0.1", "vpc": "vpc-web"}, "proto": "udp", "port": 53}`},
	{"VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION", "VPCE_INTRA_VPC_TRAFFIC VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION", s3, `{"src": {"address": "192.0.2.9", "via": "vpce-s3"}, "dst": "eni-db", "proto": "tcp"}`},
	{"VPCE_GATEWAY_PROTOCOL_RESTRICTION", "VPCE_GATEWAY_PROTOCOL_RESTRICTION", s3, `{"src": "eni-db", "dst": "vpce-s3", "proto": "udp", "port": 443}`},
	{"VPCE_INTRA_VPC_TRAFFIC", "VPCE_INTRA_VPC_TRAFFIC", s3, `{"src": "vpce-s3", "dst": "eni-db", "proto": "tcp"}`},
	{"DISCONNECTED_VPCS", "DISCONNECTED_VPCS", func(_ testing.TB, n topo) {
		delete(n, "pcx-1")
		n.set("rtb-pub", "Routes", []any{})
		n.set("rtb-o", "Routes", []any{})
	}, toOther},
	{"NO_PATH", "NO_PATH", func(_ testing.TB, n topo) { delete(n, "igw-1") }, webQuestion},
	{"UNASSOCIATED_COMPONENT", "UNASSOCIATED_COMPONENT", func(t testing.TB, n topo) { customer(t, n); n.set("vgw-1", "Attachments", []any{}) }, inVPN},
}

const gwARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/gwy/gw/9"

// gateway is a gateway load balancer with eni-b as an appliance.
func gateway(t testing.TB, n topo) {
	n.more(t, `
  i-b: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-b, NetworkInterfaces: [{NetworkInterfaceId: eni-b}]}}
  eni-gw: {Type: AWS::EC2::NetworkInterface, Properties: {Description: ELB gwy/gw/9, InterfaceType: gateway_load_balancer, SubnetId: subnet-b, PrivateIpAddress: 10.0.2.80}}
  "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/gwy/gw/9":
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    ARN: arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/gwy/gw/9
    Properties: {Name: gw, Type: gateway, Subnets: [subnet-b]}
`)
	n.set("sg-web", "SecurityGroupIngress", []any{m{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}})
}

// transitVPN attaches a VPN, all tunnels of which are down, to the transit gateway.
func transitVPN(t testing.TB, n topo) {
	n.more(t, `
  cgw-1: {Type: AWS::EC2::CustomerGateway, Properties: {IpAddress: 203.0.113.1, Type: ipsec.1}}
  vpn-2: {Type: AWS::EC2::VPNConnection, Properties: {TransitGatewayId: tgw-1, CustomerGatewayId: cgw-1, Type: ipsec.1}, Observed: {State: available}}
  tgw-attach-vpn: {Type: AWS::EC2::TransitGatewayAttachment, Properties: {TransitGatewayId: tgw-1}, Observed: {ResourceType: vpn, ResourceId: vpn-2, State: available}}
`)
	n["vpn-2"].Volatile = m{"TunnelStatus": []any{m{"Status": "DOWN"}}}
	n.add("rtb-pub", "Routes", m{"DestinationCidrBlock": "192.168.0.0/16", "TransitGatewayId": "tgw-1"})
	n.add("tgw-rtb-1", "Routes", m{"DestinationCidrBlock": "192.168.0.0/16", "TransitGatewayAttachmentId": "tgw-attach-vpn"})
}

// inspection sends what goes between the two VPCs through a firewall in a third
// one that has an endpoint in two zones; the ends are in different zones.
func inspection(t testing.TB, n topo) {
	transit(t, n)
	n.set("subnet-o", "AvailabilityZone", "eu-west-1b")
	n.more(t, `
  vpc-insp: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  subnet-ta: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-insp, CidrBlock: 10.9.0.0/24, AvailabilityZone: eu-west-1a}}
  subnet-tb: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-insp, CidrBlock: 10.9.1.0/24, AvailabilityZone: eu-west-1b}}
  subnet-fa: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-insp, CidrBlock: 10.9.2.0/24, AvailabilityZone: eu-west-1a}}
  subnet-fb: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-insp, CidrBlock: 10.9.3.0/24, AvailabilityZone: eu-west-1b}}
  acl-insp: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-insp, Entries: [{RuleNumber: 100, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 100, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}]}, Observed: {IsDefault: true}}
  rtb-ta: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-insp, Routes: [{DestinationCidrBlock: 0.0.0.0/0, VpcEndpointId: vpce-fa}], Associations: [{SubnetId: subnet-ta}]}}
  rtb-tb: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-insp, Routes: [{DestinationCidrBlock: 0.0.0.0/0, VpcEndpointId: vpce-fb}], Associations: [{SubnetId: subnet-tb}]}}
  rtb-f: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-insp, Routes: [{DestinationCidrBlock: 0.0.0.0/0, TransitGatewayId: tgw-1}], Associations: [{SubnetId: subnet-fa}, {SubnetId: subnet-fb}]}}
  vpce-fa: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-insp, VpcEndpointType: GatewayLoadBalancer, ServiceName: fw, SubnetIds: [subnet-fa]}, Observed: {State: available}}
  vpce-fb: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-insp, VpcEndpointType: GatewayLoadBalancer, ServiceName: fw, SubnetIds: [subnet-fb]}, Observed: {State: available}}
  tgw-attach-insp: {Type: AWS::EC2::TransitGatewayAttachment, Properties: {TransitGatewayId: tgw-1, VpcId: vpc-insp, SubnetIds: [subnet-ta, subnet-tb]}, Observed: {ResourceType: vpc, State: available}}
  tgw-rtb-in: {Type: AWS::EC2::TransitGatewayRouteTable, Properties: {TransitGatewayId: tgw-1, Routes: [{DestinationCidrBlock: 0.0.0.0/0, TransitGatewayAttachmentId: tgw-attach-insp}], Associations: [{TransitGatewayAttachmentId: tgw-attach-web}, {TransitGatewayAttachmentId: tgw-attach-o}], Propagations: []}}
  fw: {Type: AWS::NetworkFirewall::Firewall, Properties: {FirewallName: fw, FirewallPolicyArn: fwp, VpcId: vpc-insp, SubnetMappings: [{SubnetId: subnet-fa}, {SubnetId: subnet-fb}]}, Observed: {EndpointIds: ["eu-west-1a:vpce-fa", "eu-west-1b:vpce-fb"]}}
  fwp: {Type: AWS::NetworkFirewall::FirewallPolicy, Properties: {FirewallPolicyName: p, FirewallPolicy: {StatelessDefaultActions: ["aws:forward_to_sfe"], StatelessFragmentDefaultActions: ["aws:forward_to_sfe"]}}}
`)
	n.set("tgw-rtb-1", "Associations", []any{m{"TransitGatewayAttachmentId": "tgw-attach-insp"}})
	n.set("sg-o", "SecurityGroupIngress", []any{m{"IpProtocol": "tcp", "FromPort": int64(22), "ToPort": int64(22), "CidrIp": "10.0.0.0/16"}})
}

func TestEachExplanationCodeHasATopology(t *testing.T) {
	for _, c := range codeCases {
		t.Run(c.code, func(t *testing.T) {
			n := resources(t, base)
			c.change(t, n)
			a := ask(t, n.world(t), c.ask)
			if has := slices.ContainsFunc(a.Blockers, func(b network.Blocker) bool { return b.Code == c.code }); !has || a.Verdict != network.Blocked || codes(a) != c.codes {
				t.Errorf("%s with %q\n%s", a.Verdict, codes(a), show(a))
			}
			for _, b := range a.Blockers {
				if b.Fix == "" {
					t.Errorf("%s has no fix", b.Code)
				}
			}
		})
	}
}

func TestTheSupportTableSaysWhichCodesAreYielded(t *testing.T) {
	data, err := os.ReadFile("../docs/network-support.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	rows := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		if code, ok := strings.CutPrefix(line, "| `"); ok {
			code, rest, _ := strings.Cut(code, "` | ")
			said[code] = strings.HasPrefix(rest, "yes")
			rows++
		}
	}
	if rows != 71 {
		t.Errorf("%d codes in the table, AWS lists 71", rows)
	}
	tested := map[string]bool{"DISCONNECTED_VPCS": true, "NO_PATH": true, "UNASSOCIATED_COMPONENT": true}
	for _, c := range codeCases {
		if yes, listed := said[c.code]; !tested[c.code] && (!listed || !yes) {
			t.Errorf("%s is yielded but the table does not say so", c.code)
		}
		tested[c.code] = true
	}
	for code, yes := range said {
		if yes && !tested[code] {
			t.Errorf("%s is said to be yielded, and no test does", code)
		}
	}
}
