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

// remote is a stack with both ways in: its addresses are not known yet.
const remote = webTemplate + `
  Eice: {Type: AWS::EC2::InstanceConnectEndpoint, Properties: {SubnetId: !Ref Priv, SecurityGroupIds: [!Ref EiceSg], PreserveClientIp: false}}
  Kept: {Type: AWS::EC2::InstanceConnectEndpoint, Properties: {SubnetId: !Ref Priv, SecurityGroupIds: [!Ref EiceSg], PreserveClientIp: true}}
  Silent: {Type: AWS::EC2::InstanceConnectEndpoint, Properties: {SubnetId: !Ref Priv, SecurityGroupIds: [!Ref EiceSg]}}
  EiceSg: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: e, VpcId: !Ref Vpc}}
  HostSg: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: h, VpcId: !Ref Vpc, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, SourceSecurityGroupId: !GetAtt EiceSg.GroupId}, {IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: !GetAtt VpnSg.GroupId}, {IpProtocol: tcp, FromPort: 8443, ToPort: 8443, CidrIp: 10.0.1.0/28}]}}
  Host: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, SubnetId: !Ref Priv, SecurityGroupIds: [!Ref HostSg]}}
  VpnSg: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: v, VpcId: !Ref Vpc}}
  Vpn: {Type: AWS::EC2::ClientVpnEndpoint, Properties: {ClientCidrBlock: 10.200.0.0/16, SplitTunnel: true, ServerCertificateArn: "arn:c", ConnectionLogOptions: {Enabled: false}, AuthenticationOptions: [{Type: certificate-authentication}], VpcId: !Ref Vpc, SecurityGroupIds: [!Ref VpnSg]}}
  Door: {Type: AWS::EC2::ClientVpnTargetNetworkAssociation, Properties: {ClientVpnEndpointId: !Ref Vpn, SubnetId: !Ref Priv}}
  Auth: {Type: AWS::EC2::ClientVpnAuthorizationRule, Properties: {ClientVpnEndpointId: !Ref Vpn, TargetNetworkCidr: 10.0.0.0/16, AccessGroupId: S-1}}
  Out: {Type: AWS::EC2::ClientVpnAuthorizationRule, Properties: {ClientVpnEndpointId: !Ref Vpn, TargetNetworkCidr: 192.0.2.0/24, AuthorizeAllGroups: true}}
`

func TestClientsComeInByATemplatesEndpoints(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := template.Parse([]byte(remote), "remote.yaml", template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := network.Build(graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("test")})))
	for _, c := range []struct {
		ask  string
		want network.Verdict
		says string
	}{
		{`{"src": "Eice", "dst": "Host", "proto": "tcp", "port": 22}`, network.Reachable, ""},
		{`{"src": "Eice", "dst": "Host", "proto": "tcp", "port": 443}`, network.Blocked, "PROTOCOL_RESTRICTION"},
		{`{"src": "Eice", "dst": "Host", "proto": "tcp", "port": 3389}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{`{"src": "Kept", "dst": "Host", "proto": "tcp", "port": 22}`, network.Reachable, ""},
		{`{"src": {"address": "203.0.113.9", "via": "Kept"}, "dst": "Host", "proto": "tcp", "port": 22}`, network.Reachable, ""},
		{`{"src": "Silent", "dst": "Host", "proto": "tcp", "port": 22}`, network.DependsOn, "PreserveClientIp of Silent"},
		{`{"src": "Vpn", "dst": "Host", "proto": "tcp", "port": 443}`, network.DependsOn, "the client is in group S-1"},
		{`{"src": "Vpn", "dst": "Host", "proto": "tcp", "port": 22}`, network.Blocked, "ENI_SG_RULES_MISMATCH"},
		{`{"src": "Vpn", "dst": "Host", "proto": "tcp", "port": 8443}`, network.DependsOn, "the address of Vpn"},
		{`{"src": "Vpn", "dst": "internet", "proto": "tcp", "port": 443}`, network.Blocked, "NO_ROUTE_TO_DESTINATION"},
		{`{"src": {"address": "10.200.0.9", "via": "Vpn"}, "dst": {"address": "198.51.100.1"}, "proto": "tcp", "port": 443}`, network.Blocked, "CLIENT_VPN_NOT_AUTHORIZED"},
		{`{"src": "Host", "dst": "Vpn", "proto": "tcp", "port": 443}`, network.Blocked, "NO_PATH"},
	} {
		a := ask(t, w, c.ask)
		said := codes(a) + strings.Join(a.DependsOn.Missing, ";") + strings.Join(a.DependsOn.Request, ";")
		if a.Verdict != c.want || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s %q, want %s with %q\n%s", c.ask, a.Verdict, said, c.want, c.says, show(a))
		}
	}
}

// TestWhatIsNotReadOfClientVPNDepends takes away what decides.
func TestWhatIsNotReadOfClientVPNDepends(t *testing.T) {
	const more = `
  cvpn-endpoint-1: {Type: AWS::EC2::ClientVpnEndpoint, Properties: {ClientCidrBlock: 10.200.0.0/16, SecurityGroupIds: [sg-web]}}
  assoc-1: {Type: AWS::EC2::ClientVpnTargetNetworkAssociation, Properties: {ClientVpnEndpointId: cvpn-endpoint-1, SubnetId: subnet-priv}, Observed: {Status: associated, SecurityGroups: [sg-web]}}
  route-1: {Type: AWS::EC2::ClientVpnRoute, Properties: {ClientVpnEndpointId: cvpn-endpoint-1, DestinationCidrBlock: 10.0.0.0/16, TargetVpcSubnetId: subnet-priv}, Observed: {Status: active}}
  auth-1: {Type: AWS::EC2::ClientVpnAuthorizationRule, Properties: {ClientVpnEndpointId: cvpn-endpoint-1, TargetNetworkCidr: 10.0.0.0/16, AuthorizeAllGroups: true}}
`
	const question = `{"src": "cvpn-endpoint-1", "dst": "eni-db", "proto": "tcp", "port": 5432}`
	denied := &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"x:Y"}}
	gap := func(typ string) haetae.Coverage {
		return haetae.Coverage{Account: "111122223333", Region: "eu-west-1", Type: typ, Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"x:Y"}}
	}
	for says, c := range map[string]struct {
		change func(n topo)
		gaps   []haetae.Coverage
		want   network.Verdict
		part   string
	}{
		"nothing is missing":         {func(topo) {}, nil, network.Reachable, ""},
		"the associations":           {func(n topo) { delete(n, "assoc-1") }, []haetae.Coverage{gap("AWS::EC2::ClientVpnTargetNetworkAssociation")}, network.DependsOn, "x:Y"},
		"the routes":                 {func(n topo) { delete(n, "route-1") }, []haetae.Coverage{gap("AWS::EC2::ClientVpnRoute")}, network.DependsOn, "x:Y"},
		"the rules":                  {func(n topo) { delete(n, "auth-1") }, []haetae.Coverage{gap("AWS::EC2::ClientVpnAuthorizationRule")}, network.DependsOn, "x:Y"},
		"the network of a rule":      {func(n topo) { n.set("auth-1", "TargetNetworkCidr", denied) }, nil, network.DependsOn, "x:Y"},
		"the addresses of clients":   {func(n topo) { n.set("cvpn-endpoint-1", "ClientCidrBlock", denied) }, nil, network.DependsOn, "x:Y"},
		"a route that is not active": {func(n topo) { n.set("route-1", "Observed.Status", "failed") }, nil, network.Blocked, "BAD_STATE_ROUTE"},
		"an association that failed": {func(n topo) { n.set("assoc-1", "Observed.Status", "association-failed") }, nil, network.Blocked, "BAD_STATE_ATTACHMENT"},
		"a transit gateway instead": {func(n topo) {
			n.set("cvpn-endpoint-1", "TransitGatewayConfiguration", m{"TransitGatewayId": "tgw-1"})
		}, nil, network.DependsOn, "does not model"},
	} {
		n := resources(t, base)
		n.more(t, more)
		c.change(n)
		a := ask(t, n.world(t, c.gaps...), question)
		said := codes(a) + strings.Join(a.DependsOn.Missing, ";")
		if a.Verdict != c.want || !strings.Contains(said, c.part) {
			t.Errorf("%s: %s %q, want %s with %q\n%s", says, a.Verdict, said, c.want, c.part, show(a))
		}
	}
}
