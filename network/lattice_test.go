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

// meshed is a service of VPC Lattice in vpc-web whose target is the database.
const meshed = `
  sn-1: {Type: AWS::VpcLattice::ServiceNetwork, Properties: {Name: mesh, AuthType: NONE}, Observed: {Id: sn-1}}
  svc-1: {Type: AWS::VpcLattice::Service, Properties: {Name: orders, AuthType: NONE}, Observed: {Id: svc-1}}
  part-1: {Type: AWS::VpcLattice::ServiceNetworkServiceAssociation, Properties: {ServiceIdentifier: svc-1, ServiceNetworkIdentifier: sn-1}}
  join-1: {Type: AWS::VpcLattice::ServiceNetworkVpcAssociation, Properties: {ServiceNetworkIdentifier: sn-1, VpcIdentifier: vpc-web, SecurityGroupIds: [sg-mesh]}, Observed: {Status: ACTIVE}}
  sg-mesh: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: m, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: sg-web}], SecurityGroupEgress: []}}
  lst-1: {Type: AWS::VpcLattice::Listener, Properties: {ServiceIdentifier: svc-1, Port: 443, Protocol: HTTPS, DefaultAction: {Forward: {TargetGroups: [{TargetGroupIdentifier: tg-1, Weight: 100}]}}}}
  tg-1: {Type: AWS::VpcLattice::TargetGroup, Properties: {Name: t, Type: IP, Config: {Port: 5432, Protocol: HTTPS, VpcIdentifier: vpc-web}, Targets: [{Id: 10.0.1.20, Port: 5432}]}}
  pl-1: {Type: AWS::EC2::PrefixList, Properties: {PrefixListName: com.amazonaws.eu-west-1.vpc-lattice, Entries: [{Cidr: 169.254.171.0/24}]}}
`

const (
	latticeSG   = "vpc-lattice/latest/ug/security-groups.html"
	latticeACL  = "vpc-lattice/latest/ug/network-acls.html"
	latticeVPC  = "vpc-lattice/latest/ug/service-network-associations.html"
	latticeLst  = "vpc-lattice/latest/ug/listeners.html"
	latticeAuth = "vpc-lattice/latest/ug/auth-policies.html"
	latticeTg   = "vpc-lattice/latest/ug/target-groups.html"
)

// admit lets the target's group take what VPC Lattice sends.
func admit(n topo) {
	n.add("sg-db", "SecurityGroupIngress", sg("tcp", 5432, 5432, m{"SourcePrefixListId": "pl-1"}))
}

func admitted(f func(n topo)) func(n topo) {
	return func(n topo) { admit(n); f(n) }
}

func TestServicesOfVPCLattice(t *testing.T) {
	const web = `{"src": "i-web", "dst": "svc-1", "proto": "tcp", "port": 443}`
	for _, c := range []struct {
		page, says string
		change     func(n topo)
		ask        string
		want       network.Verdict
		part       string
	}{
		{latticeSG, "from clients, through the association, to targets that let in the prefix list", admit, web, network.Reachable, ""},
		{latticeSG, "the target's rules must let in VPC Lattice", func(topo) {}, web, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{latticeSG, "a reference to the client's group does not admit what VPC Lattice sends", func(n topo) {
			n.add("sg-db", "SecurityGroupIngress", sg("tcp", 5432, 5432, m{"SourceSecurityGroupId": "sg-web"}))
		}, web, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{latticeSG, "the client's rules control what it sends", admitted(func(n topo) {
			n.set("sg-web", "SecurityGroupEgress", []any{sg("tcp", 443, 443, m{"CidrIp": "10.0.0.0/8"})})
		}), web, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{latticeSG, "the client's rules may name the prefix list", admitted(func(n topo) {
			n.set("sg-web", "SecurityGroupEgress", []any{sg("tcp", 443, 443, m{"DestinationPrefixListId": "pl-1"})})
		}), web, network.Reachable, ""},
		{latticeSG, "the association's rules control which clients may", admitted(func(n topo) {
			n.set("sg-mesh", "SecurityGroupIngress", []any{sg("tcp", 443, 443, m{"SourceSecurityGroupId": "sg-db"})})
		}), web, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{latticeSG, "an association without groups lets all clients in", admitted(func(n topo) { n.set("join-1", "SecurityGroupIds", []any{}) }), web, network.Reachable, ""},
		{latticeACL, "the network ACL of the client's subnet counts", admitted(func(n topo) {
			n.set("acl-pub", "Entries", []any{
				m{"RuleNumber": int64(100), "Egress": false, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"},
				m{"RuleNumber": int64(100), "Egress": true, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}})
		}), web, network.Blocked, "SUBNET_ACL_RESTRICTION"},
		{latticeACL, "so does its way back", admitted(func(n topo) {
			n.set("acl-pub", "Entries", []any{
				m{"RuleNumber": int64(100), "Egress": true, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"},
				m{"RuleNumber": int64(100), "Egress": false, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}})
		}), web, network.Blocked, "reply:SUBNET_ACL_RESTRICTION"},
		{latticeACL, "and that of the target's", admitted(func(n topo) {
			n.set("acl-web", "Entries", []any{
				m{"RuleNumber": int64(100), "Egress": false, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"},
				m{"RuleNumber": int64(100), "Egress": true, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}})
		}), web, network.Blocked, "SUBNET_ACL_RESTRICTION"},
		{latticeVPC, "a VPC that is not associated reaches nothing", admit, `{"src": "eni-o", "dst": "svc-1", "proto": "tcp", "port": 443}`, network.Blocked, "NO_PATH"},
		{latticeVPC, "a service that is in no network is reached by nobody", admitted(func(n topo) { delete(n, "part-1") }), web, network.Blocked, "NO_PATH"},
		{latticeVPC, "the VPC of the target needs no association", func(n topo) {
			n.set("tg-1", "Config", m{"Port": int64(22), "VpcIdentifier": "vpc-other"})
			n.set("tg-1", "Targets", []any{m{"Id": "10.1.0.40", "Port": int64(22)}})
			n.add("sg-o", "SecurityGroupIngress", sg("tcp", 22, 22, m{"SourcePrefixListId": "pl-1"}))
		}, web, network.Reachable, ""},
		{latticeLst, "a service listens on its listeners' ports", admit, `{"src": "i-web", "dst": "svc-1", "proto": "tcp", "port": 80}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{latticeLst, "and on no others", admitted(func(n topo) { n.set("join-1", "SecurityGroupIds", []any{}) }), `{"src": "i-web", "dst": "svc-1", "proto": "tcp", "port": 80}`, network.Blocked, "LATTICE_LISTENERS_MISMATCH"},
		{latticeLst, "without a port it is that of the protocol", admitted(func(n topo) { delete(n["lst-1"].Props, "Port") }), web, network.Reachable, ""},
		{latticeLst, "a fixed response needs no target", func(n topo) { n.set("lst-1", "DefaultAction", m{"FixedResponse": m{"StatusCode": int64(404)}}) }, web, network.Reachable, ""},
		{latticeLst, "a rule sends what meets its conditions", func(n topo) {
			admit(n)
			n.set("lst-1", "DefaultAction", m{"FixedResponse": m{"StatusCode": int64(404)}})
			n.set("lst-1", "DefaultAction", m{"Forward": m{"TargetGroups": []any{}}})
			n["rule-1"] = &haetae.Resource{Type: "AWS::VpcLattice::Rule", ID: "rule-1", Account: "111122223333", Region: "eu-west-1", Props: m{"Name": "a", "ListenerIdentifier": "lst-1", "Priority": int64(1), "Action": m{"Forward": m{"TargetGroups": []any{m{"TargetGroupIdentifier": "tg-1"}}}}}}
		}, web, network.DependsOn, "conditions of rule a"},
		{latticeAuth, "the auth policy of the service decides who may ask", admitted(func(n topo) { n.set("svc-1", "AuthType", "AWS_IAM") }), web, network.DependsOn, "auth policy of orders"},
		{latticeAuth, "so does that of the network", admitted(func(n topo) { n.set("sn-1", "AuthType", "AWS_IAM") }), web, network.DependsOn, "auth policy of mesh"},
		{latticeTg, "functions are targets without a network", func(n topo) {
			n.set("tg-1", "Type", "LAMBDA")
			n.set("tg-1", "Targets", []any{m{"Id": "arn:f"}})
		}, web, network.Reachable, ""},
		{latticeTg, "a group without targets serves nobody", func(n topo) { n.set("tg-1", "Targets", []any{}) }, web, network.Blocked, "ELBV2_LISTENER_HAS_NO_TG"},
		{latticeTg, "targets that nobody read depend", func(n topo) { delete(n["tg-1"].Props, "Targets") }, web, network.DependsOn, "vpc-lattice:ListTargets"},
		{"vpc-lattice/latest/ug/service-network-vpc-endpoints.html", "an endpoint of the service network leads to it from other networks", func(n topo) {
			admit(n)
			n["vpce-sn"] = &haetae.Resource{Type: "AWS::EC2::VPCEndpoint", ID: "vpce-sn", Account: "111122223333", Region: "eu-west-1", Props: m{"VpcId": "vpc-other", "VpcEndpointType": "ServiceNetwork", "ServiceNetworkArn": "sn-1", "SubnetIds": []any{"subnet-o"}, "SecurityGroupIds": []any{"sg-o"}}, Observed: m{"NetworkInterfaceIds": []any{"eni-sn"}}}
			n["eni-sn"] = &haetae.Resource{Type: "AWS::EC2::NetworkInterface", ID: "eni-sn", Account: "111122223333", Region: "eu-west-1", Props: m{"SubnetId": "subnet-o", "GroupSet": []any{"sg-o"}, "PrivateIpAddress": "10.1.0.50", "InterfaceType": "vpc_endpoint"}}
			n.add("sg-o", "SecurityGroupIngress", sg("tcp", 443, 443, m{"CidrIp": "10.1.0.0/16"}))
		}, `{"src": "eni-o", "dst": "svc-1", "proto": "tcp", "port": 443}`, network.Reachable, ""},
		{latticeSG, "an address of VPC Lattice does not say which service it is of", admit, `{"src": "i-web", "dst": {"address": "169.254.171.9"}, "proto": "tcp", "port": 443}`, network.DependsOn, "which service"},
	} {
		n := resources(t, base)
		n.more(t, meshed)
		c.change(n)
		a := ask(t, n.world(t), c.ask)
		said := codes(a) + strings.Join(a.DependsOn.Missing, ";") + strings.Join(a.DependsOn.Request, ";")
		if a.Verdict != c.want || !strings.Contains(said, c.part) {
			t.Errorf("%s (%s): %s %q, want %s with %q\n%s", c.says, c.page, a.Verdict, said, c.want, c.part, show(a))
		}
	}
}

func TestWhatIsNotReadOfVPCLatticeDepends(t *testing.T) {
	for _, typ := range []string{"AWS::VpcLattice::ServiceNetworkVpcAssociation", "AWS::VpcLattice::ServiceNetworkServiceAssociation", "AWS::VpcLattice::Listener"} {
		n := resources(t, base)
		n.more(t, meshed)
		admit(n)
		for id, r := range n {
			if r.Type == typ {
				delete(n, id)
			}
		}
		a := ask(t, n.world(t, haetae.Coverage{Account: "111122223333", Region: "eu-west-1", Type: typ, Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"x:Y"}}), `{"src": "i-web", "dst": "svc-1", "proto": "tcp", "port": 443}`)
		if a.Verdict != network.DependsOn || !strings.Contains(strings.Join(a.DependsOn.Missing, ";"), "x:Y") {
			t.Errorf("without %s: %s\n%s", typ, a.Verdict, show(a))
		}
	}
}

func TestATemplatesServiceIsReached(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := template.Parse([]byte(webTemplate+`
  Mesh: {Type: AWS::VpcLattice::ServiceNetwork, Properties: {Name: mesh, AuthType: NONE}}
  Svc: {Type: AWS::VpcLattice::Service, Properties: {Name: db, AuthType: AWS_IAM}}
  Part: {Type: AWS::VpcLattice::ServiceNetworkServiceAssociation, Properties: {ServiceIdentifier: !Ref Svc, ServiceNetworkIdentifier: !Ref Mesh}}
  Join: {Type: AWS::VpcLattice::ServiceNetworkVpcAssociation, Properties: {ServiceNetworkIdentifier: !GetAtt Mesh.Id, VpcIdentifier: !Ref Vpc}}
  Lst: {Type: AWS::VpcLattice::Listener, Properties: {ServiceIdentifier: !Ref Svc, Protocol: HTTPS, DefaultAction: {Forward: {TargetGroups: [{TargetGroupIdentifier: !Ref Tg}]}}}}
  Tg: {Type: AWS::VpcLattice::TargetGroup, Properties: {Type: INSTANCE, Config: {Port: 8443, Protocol: HTTPS, VpcIdentifier: !Ref Vpc}, Targets: [{Id: !Ref Back}]}}
  BackSg: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: b, VpcId: !Ref Vpc, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 8443, ToPort: 8443, CidrIp: 169.254.171.0/24}]}}
  Back: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, SubnetId: !Ref Priv, SecurityGroupIds: [!Ref BackSg]}}
`), "mesh.yaml", template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := network.Build(graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("test")})))
	a := ask(t, w, `{"src": "Web", "dst": "Svc", "proto": "tcp", "port": 443}`)
	if a.Verdict != network.DependsOn || strings.Join(a.DependsOn.Request, ";") != "the auth policy of db allows the request (vpc-lattice-svcs:Invoke)" || len(a.DependsOn.Missing) > 0 {
		t.Errorf("%s", show(a))
	}
}
