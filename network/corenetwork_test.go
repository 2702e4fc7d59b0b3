package network_test

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/template"
)

// wan is two VPCs that are attached to a core network, and what routes there.
const wan = `
  vpc-a: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.8.0.0/16}}
  vpc-b: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  sub-a: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-a, CidrBlock: 10.8.1.0/24, AvailabilityZone: eu-west-1a}}
  sub-b: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-b, CidrBlock: 10.9.1.0/24, AvailabilityZone: eu-west-1a}}
  rtb-a: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-a, Routes: [{DestinationCidrBlock: 10.0.0.0/8, CoreNetworkArn: core-1}], Associations: [{Main: true}]}}
  rtb-b: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-b, Routes: [{DestinationCidrBlock: 10.0.0.0/8, CoreNetworkArn: core-1}], Associations: [{Main: true}]}}
  acl-a: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-a, Entries: [{RuleNumber: 100, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 100, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}]}, Observed: {IsDefault: true}}
  acl-b: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-b, Entries: [{RuleNumber: 100, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 100, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}]}, Observed: {IsDefault: true}}
  sg-a: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-a, GroupDescription: a, SecurityGroupIngress: [], SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]}}
  sg-b: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-b, GroupDescription: b, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}, {IpProtocol: tcp, FromPort: 22, ToPort: 22, SourceSecurityGroupId: sg-a}], SecurityGroupEgress: []}}
  eni-a: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: sub-a, GroupSet: [sg-a], PrivateIpAddress: 10.8.1.10}}
  eni-c: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: sub-b, GroupSet: [sg-b], PrivateIpAddress: 10.9.1.10}}
  core-1: {Type: AWS::NetworkManager::CoreNetwork, Properties: {GlobalNetworkId: g}, Observed: {State: AVAILABLE}}
  att-a: {Type: AWS::NetworkManager::VpcAttachment, Properties: {CoreNetworkId: core-1, VpcArn: vpc-a, SubnetArns: [sub-a]}, Observed: {State: AVAILABLE, SegmentName: prod, EdgeLocation: eu-west-1}}
  att-b: {Type: AWS::NetworkManager::VpcAttachment, Properties: {CoreNetworkId: core-1, VpcArn: vpc-b, SubnetArns: [sub-b]}, Observed: {State: AVAILABLE, SegmentName: prod, EdgeLocation: eu-west-1}}
`

func segmentsOf(list ...any) m { return m{"version": "2021.12", "segments": list} }

func TestCoreNetworks(t *testing.T) {
	const (
		jsonPage  = "network-manager/latest/cloudwan/cloudwan-policies-json.html"
		sharePage = "network-manager/latest/cloudwan/cloudwan-policy-network-actions-routes.html"
		attPage   = "network-manager/latest/cloudwan/cloudwan-policy-attachments.html"
		web       = `{"src": "eni-a", "dst": "eni-c", "proto": "tcp", "port": 443}`
	)
	prod, dev := m{"name": "prod"}, m{"name": "dev"}
	in := func(id, name string) func(topo) { return func(n topo) { n.set(id, "Observed.SegmentName", name) } }
	for _, c := range []struct {
		page, says string
		policy     any
		change     func(n topo)
		ask        string
		want       network.Verdict
		part       string
	}{
		{jsonPage, "attachments of one segment reach each other", segmentsOf(prod), func(topo) {}, web, network.Reachable, ""},
		{jsonPage, "unless the segment isolates them", segmentsOf(m{"name": "prod", "isolate-attachments": true}), func(topo) {}, web, network.Blocked, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"},
		{jsonPage, "those of different segments do not", segmentsOf(prod, dev), in("att-b", "dev"), web, network.Blocked, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"},
		{sharePage, "segments that are shared with each other do, both ways", m{"segments": []any{prod, dev}, "segment-actions": []any{m{"action": "share", "mode": "attachment-route", "segment": "prod", "share-with": []any{"dev"}}}}, in("att-b", "dev"), web, network.Reachable, ""},
		{sharePage, "a segment may be shared with all", m{"segments": []any{prod, dev}, "segment-actions": []any{m{"action": "share", "segment": "dev", "share-with": "*"}}}, in("att-b", "dev"), web, network.Reachable, ""},
		{sharePage, "or with all but some", m{"segments": []any{prod, dev}, "segment-actions": []any{m{"action": "share", "segment": "dev", "share-with": m{"except": []any{"prod"}}}}}, in("att-b", "dev"), web, network.Blocked, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"},
		{sharePage, "a deny list makes sharing one way", m{"segments": []any{prod, m{"name": "dev", "deny-filter": []any{"prod"}}}, "segment-actions": []any{m{"action": "share", "segment": "prod", "share-with": []any{"dev"}}}}, in("att-b", "dev"), web, network.Blocked, "reply:TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"},
		{sharePage, "a static route may be a blackhole", m{"segments": []any{prod}, "segment-actions": []any{m{"action": "create-route", "segment": "prod", "destination-cidr-blocks": []any{"10.9.0.0/16"}, "destinations": []any{"blackhole"}}}}, func(topo) {}, web, network.Blocked, "TGW_RTB_BAD_STATE_ROUTE"},
		{sharePage, "a static route leads to an attachment", m{"segments": []any{m{"name": "prod", "isolate-attachments": true}}, "segment-actions": []any{m{"action": "create-route", "segment": "prod", "destination-cidr-blocks": []any{"10.9.0.0/16"}, "destinations": []any{"att-b"}}, m{"action": "create-route", "segment": "prod", "destination-cidr-blocks": []any{"10.8.0.0/16"}, "destinations": []any{"att-a"}}}}, func(topo) {}, web, network.Reachable, ""},
		{sharePage, "service insertion is not modelled", m{"segments": []any{prod}, "segment-actions": []any{m{"action": "send-via", "segment": "prod"}}}, func(topo) {}, web, network.DependsOn, "the action send-via"},
		{jsonPage, "an attachment that is not accepted carries nothing", segmentsOf(prod), func(n topo) { n.set("att-b", "Observed.State", "PENDING_ATTACHMENT_ACCEPTANCE") }, web, network.Blocked, "BAD_STATE_ATTACHMENT"},
		{jsonPage, "groups are referred to across it", segmentsOf(prod), func(topo) {}, `{"src": "eni-a", "dst": "eni-c", "proto": "tcp", "port": 22}`, network.Reachable, ""},
		{jsonPage, "when the core network supports that", m{"core-network-configuration": m{"security-group-referencing-support": false}, "segments": []any{prod}}, func(topo) {}, `{"src": "eni-a", "dst": "eni-c", "proto": "tcp", "port": 22}`, network.Blocked, "SG_REFERENCING_SUPPORT"},
		{attPage, "the rule with the lowest number that fits chooses the segment", m{"segments": []any{prod, dev}, "attachment-policies": []any{
			m{"rule-number": int64(200), "conditions": []any{m{"type": "any"}}, "action": m{"association-method": "constant", "segment": "dev"}},
			m{"rule-number": int64(100), "condition-logic": "and", "conditions": []any{m{"type": "tag-value", "operator": "equals", "key": "env", "value": "prod"}, m{"type": "attachment-type", "operator": "equals", "value": "vpc"}}, "action": m{"association-method": "constant", "segment": "prod"}}}},
			func(n topo) {
				for _, id := range []string{"att-a", "att-b"} {
					delete(n[id].Observed, "SegmentName")
					n[id].Tags = m{"env": "prod"}
				}
			}, web, network.Reachable, ""},
		{attPage, "a tag may name the segment", m{"segments": []any{prod, dev}, "attachment-policies": []any{m{"rule-number": int64(1), "conditions": []any{m{"type": "tag-exists", "key": "env"}}, "action": m{"association-method": "tag", "tag-value-of-key": "env"}}}},
			func(n topo) {
				for id, env := range map[string]string{"att-a": "prod", "att-b": "dev"} {
					delete(n[id].Observed, "SegmentName")
					n[id].Tags = m{"env": env}
				}
			}, web, network.Blocked, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"},
		{attPage, "what no rule takes is in no segment", m{"segments": []any{prod}, "attachment-policies": []any{}}, func(n topo) { delete(n["att-a"].Observed, "SegmentName") }, web, network.Blocked, "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"},
		{jsonPage, "without the policy the routes are not known", nil, func(topo) {}, web, network.DependsOn, "networkmanager:GetCoreNetworkPolicy"},
		{jsonPage, "a policy that was refused says what it needs", &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"x:Y"}}, func(topo) {}, web, network.DependsOn, "x:Y"},
		{jsonPage, "a core network of another account is not known", segmentsOf(prod), func(n topo) {
			delete(n, "core-1")
			delete(n, "att-a")
			delete(n, "att-b")
		}, web, network.DependsOn, "networkmanager:ListCoreNetworks"},
	} {
		n := resources(t, base)
		n.more(t, wan)
		if c.policy != nil {
			n.set("core-1", "PolicyDocument", c.policy)
		}
		c.change(n)
		a := ask(t, n.world(t), c.ask)
		said := codes(a) + strings.Join(a.DependsOn.Missing, ";") + strings.Join(a.DependsOn.Request, ";")
		if a.Verdict != c.want || !strings.Contains(said, c.part) {
			t.Errorf("%s (%s): %s %q, want %s with %q\n%s", c.says, c.page, a.Verdict, said, c.want, c.part, show(a))
		}
	}
}

func TestATemplatesCoreNetwork(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := template.Parse([]byte(`
Resources:
  Core:
    Type: AWS::NetworkManager::CoreNetwork
    Properties:
      GlobalNetworkId: g
      PolicyDocument:
        version: "2021.12"
        segments: [{name: prod}, {name: dev}]
        attachment-policies: [{rule-number: 1, conditions: [{type: any}], action: {association-method: tag, tag-value-of-key: env}}]
  A: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.8.0.0/16}}
  B: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  SubA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref A, CidrBlock: 10.8.1.0/24, AvailabilityZone: eu-west-1a}}
  SubB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref B, CidrBlock: 10.9.1.0/24, AvailabilityZone: eu-west-1a}}
  AttA: {Type: AWS::NetworkManager::VpcAttachment, Properties: {CoreNetworkId: !Ref Core, VpcArn: !Sub "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${A}", SubnetArns: [!Sub "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:subnet/${SubA}"], Tags: [{Key: env, Value: prod}]}}
  AttB: {Type: AWS::NetworkManager::VpcAttachment, Properties: {CoreNetworkId: !Ref Core, VpcArn: !Sub "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${B}", SubnetArns: [!Sub "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:subnet/${SubB}"], Tags: [{Key: env, Value: prod}]}}
  RtA: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref A}}
  RtB: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref B}}
  RA: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref RtA, DestinationCidrBlock: 10.0.0.0/8, CoreNetworkArn: !GetAtt Core.CoreNetworkArn}}
  RB: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref RtB, DestinationCidrBlock: 10.0.0.0/8, CoreNetworkArn: !GetAtt Core.CoreNetworkArn}}
  AsA: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {RouteTableId: !Ref RtA, SubnetId: !Ref SubA}}
  AsB: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {RouteTableId: !Ref RtB, SubnetId: !Ref SubB}}
`), "wan.yaml", template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := network.Build(graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("test")})))
	// Which VPC an ARN that is put together names is not known of a template.
	if a := ask(t, w, `{"src": "SubA", "dst": "SubB", "proto": "tcp", "port": 443}`); a.Verdict != network.DependsOn || len(a.DependsOn.Missing) == 0 {
		t.Errorf("%s", show(a))
	}
}
