package network_test

import (
	"strings"
	"testing"

	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/template"
)

const webTemplate = `
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Igw: {Type: AWS::EC2::InternetGateway}
  Att: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Igw}}
  Pub: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, MapPublicIpOnLaunch: true, AvailabilityZone: eu-west-1a}}
  Priv: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: eu-west-1a}}
  Rt: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  R: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Rt, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Igw}}
  A: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {RouteTableId: !Ref Rt, SubnetId: !Ref Pub}}
  Sg: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: web, VpcId: !Ref Vpc, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]}}
  DbSg: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: db, VpcId: !Ref Vpc, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: !GetAtt Sg.GroupId}, {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/28}]}}
  Web: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, SubnetId: !Ref Pub, SecurityGroupIds: [!Ref Sg]}}
  Grp: {Type: AWS::RDS::DBSubnetGroup, Properties: {DBSubnetGroupDescription: d, SubnetIds: [!Ref Priv]}}
  Db: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceClass: db.t3.micro, Engine: postgres, DBSubnetGroupName: !Ref Grp, VPCSecurityGroups: [!Ref DbSg]}}
`

// TestATemplateIsANetworkToo asks of what is not built yet: addresses are not
// known, and where it matters which one an interface will get, the answer depends.
func TestATemplateIsANetworkToo(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := template.Parse([]byte(webTemplate), "web.yaml", template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := network.Build(graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("test")})))
	for _, c := range []struct {
		ask  string
		want network.Verdict
		says string
	}{
		{`{"src": "internet", "dst": "Web", "proto": "tcp", "port": 443}`, network.Reachable, ""},
		{`{"src": "internet", "dst": "Web", "proto": "tcp", "port": 22}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{`{"src": "Web", "dst": "Db", "proto": "tcp", "port": 5432}`, network.Reachable, ""},
		{`{"src": "Web", "dst": "Db", "proto": "tcp", "port": 22}`, network.DependsOn, "the address of Web"},
		{`{"src": "internet", "dst": "Db", "proto": "tcp", "port": 5432}`, network.Blocked, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"},
		{`{"src": "Web", "dst": "internet", "proto": "tcp", "port": 443}`, network.Reachable, ""},
	} {
		a := ask(t, w, c.ask)
		if said := codes(a) + strings.Join(a.DependsOn.Missing, ";"); a.Verdict != c.want || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s, want %s with %q\n%s", c.ask, a.Verdict, c.want, c.says, show(a))
		}
	}
}
