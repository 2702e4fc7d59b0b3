package network_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
)

// topo is resources by id, for tests to change.
type topo map[string]*haetae.Resource

// base is two VPCs: web has a public subnet with a server, a private one with a
// database and a NAT gateway for it; other is peered with it.
const base = `
account: "111122223333"
region: eu-west-1
resources:
  vpc-web: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, CidrBlocks: [{Ipv6CidrBlock: "2001:db8:a::/56"}]}}
  subnet-pub: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-web, CidrBlock: 10.0.0.0/24, Ipv6CidrBlock: "2001:db8:a::/64", AvailabilityZone: eu-west-1a}}
  subnet-priv: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-web, CidrBlock: 10.0.1.0/24, AvailabilityZone: eu-west-1a}}
  subnet-b: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-web, CidrBlock: 10.0.2.0/24, AvailabilityZone: eu-west-1b}}
  igw-1: {Type: AWS::EC2::InternetGateway, Properties: {Attachments: [{VpcId: vpc-web}]}}
  rtb-pub:
    Type: AWS::EC2::RouteTable
    Properties:
      VpcId: vpc-web
      Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 0.0.0.0/0, GatewayId: igw-1}, {DestinationIpv6CidrBlock: "::/0", GatewayId: igw-1}, {DestinationCidrBlock: 10.1.0.0/16, VpcPeeringConnectionId: pcx-1}]
      Associations: [{SubnetId: subnet-pub}]
  rtb-priv:
    Type: AWS::EC2::RouteTable
    Properties:
      VpcId: vpc-web
      Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: nat-1}]
      Associations: [{Main: true}]
  acl-web:
    Type: AWS::EC2::NetworkAcl
    Properties:
      VpcId: vpc-web
      Entries: [{RuleNumber: 100, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 100, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 101, Egress: false, Protocol: -1, RuleAction: allow, Ipv6CidrBlock: "::/0"}, {RuleNumber: 101, Egress: true, Protocol: -1, RuleAction: allow, Ipv6CidrBlock: "::/0"}]
    Observed: {IsDefault: true}
  acl-pub:
    Type: AWS::EC2::NetworkAcl
    Properties:
      VpcId: vpc-web
      Entries: [{RuleNumber: 100, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 100, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 101, Egress: false, Protocol: -1, RuleAction: allow, Ipv6CidrBlock: "::/0"}, {RuleNumber: 101, Egress: true, Protocol: -1, RuleAction: allow, Ipv6CidrBlock: "::/0"}]
      Associations: [{SubnetId: subnet-pub}]
  sg-web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: vpc-web
      GroupDescription: web
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}, {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIpv6: "::/0"}, {IpProtocol: icmp, FromPort: 8, ToPort: -1, CidrIp: 0.0.0.0/0}]
      SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}, {IpProtocol: "-1", CidrIpv6: "::/0"}]
  sg-db:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: vpc-web
      GroupDescription: db
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: sg-web}]
      SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]
  eni-web: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-pub, GroupSet: [sg-web], PrivateIpAddress: 10.0.0.10, PrivateIpAddresses: [{PrivateIpAddress: 10.0.0.10, Primary: true}], SourceDestCheck: true}, Observed: {PublicIp: 198.51.100.10}}
  i-web: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-pub, NetworkInterfaces: [{NetworkInterfaceId: eni-web}]}, Tags: {Name: web}}
  eni-db: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-priv, GroupSet: [sg-db], PrivateIpAddress: 10.0.1.20, SourceDestCheck: true}}
  eni-b: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-b, GroupSet: [sg-web], PrivateIpAddress: 10.0.2.30, SourceDestCheck: true}}
  nat-1: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: subnet-pub, ConnectivityType: public}, Observed: {State: available, Addresses: [{PublicIp: 198.51.100.99, PrivateIp: 10.0.0.99}]}}
  pcx-1: {Type: AWS::EC2::VPCPeeringConnection, Properties: {VpcId: vpc-web, PeerVpcId: vpc-other}, Observed: {Status: active}}
  vpc-other: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.1.0.0/16}}
  subnet-o: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-other, CidrBlock: 10.1.0.0/24, AvailabilityZone: eu-west-1a}}
  rtb-o:
    Type: AWS::EC2::RouteTable
    Properties:
      VpcId: vpc-other
      Routes: [{DestinationCidrBlock: 10.1.0.0/16, GatewayId: local}, {DestinationCidrBlock: 10.0.0.0/16, VpcPeeringConnectionId: pcx-1}]
      Associations: [{Main: true}]
  acl-o:
    Type: AWS::EC2::NetworkAcl
    Properties:
      VpcId: vpc-other
      Entries: [{RuleNumber: 100, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 100, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}]
    Observed: {IsDefault: true}
  sg-o:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: vpc-other
      GroupDescription: other
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, SourceSecurityGroupId: sg-web}]
      SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]
  eni-o: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-o, GroupSet: [sg-o], PrivateIpAddress: 10.1.0.40, SourceDestCheck: true}}
`

// resources reads resources as the base has them.
func resources(t testing.TB, text string) topo {
	t.Helper()
	s, err := content.Resources([]byte(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := topo{}
	for _, r := range s.Resources {
		out[r.ID] = r
	}
	return out
}

// more adds resources to the base.
func (n topo) more(t testing.TB, text string) {
	t.Helper()
	maps.Copy(n, resources(t, "account: \"111122223333\"\nregion: eu-west-1\nresources:\n"+text))
}

// set changes a property.
func (n topo) set(id, path string, v any) {
	m := n[id].Props
	names := strings.Split(path, ".")
	if names[0] == "Observed" {
		if n[id].Observed == nil {
			n[id].Observed = map[string]any{}
		}
		m, names = n[id].Observed, names[1:]
	}
	m[names[0]] = v
}

// add appends to a list.
func (n topo) add(id, path string, v ...any) {
	list, _ := n[id].Props[path].([]any)
	n[id].Props[path] = append(slices.Clone(list), v...)
}

type m = map[string]any

// world builds the network of the resources, all of which were listed.
func (n topo) world(t testing.TB, gaps ...haetae.Coverage) *network.World {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	snap := &haetae.Snapshot{}
	accounts := map[string]bool{}
	for _, r := range n {
		snap.Resources = append(snap.Resources, r)
		if k := r.Stack + r.Account; !accounts[k] {
			accounts[k] = true
			snap.Coverage = append(snap.Coverage, haetae.Coverage{Stack: r.Stack, Account: r.Account, Type: "*", Status: haetae.Complete})
		}
	}
	snap.Coverage = append(snap.Coverage, gaps...)
	snap = graph.Assemble(sch, snap, graph.Options{HashKey: []byte("test")})
	return network.Build(graph.New(sch, snap))
}

// ask asks a question written as JSON.
func ask(t testing.TB, w *network.World, question string) *network.Answer {
	t.Helper()
	q, err := network.ParseQuestion([]byte(question))
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	a, err := w.Reach(q)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return a
}

// codes are the codes of an answer's blockers with their direction.
func codes(a *network.Answer) string {
	var out []string
	for _, b := range a.Blockers {
		c := b.Code
		if b.Direction == "reply" {
			c = "reply:" + c
		}
		out = append(out, c)
	}
	return strings.Join(out, " ")
}

func show(a *network.Answer) string {
	b, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

// region is a region with its setting of VPC Block Public Access.
func region(block m) *haetae.Resource {
	return &haetae.Resource{Type: "Haetae::Region", ID: "eu-west-1", Account: "111122223333", Region: "eu-west-1", Observed: m{"VpcBlockPublicAccess": block}}
}
