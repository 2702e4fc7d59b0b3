package network_test

import (
	"slices"
	"testing"

	"github.com/haetae/haetae/network"
)

// more of the base: a second web server and a jump host in the private subnet.
const crowd = `
  eni-web2: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-pub, GroupSet: [sg-web], PrivateIpAddress: 10.0.0.11, SourceDestCheck: true}, Observed: {PublicIp: 198.51.100.11}}
  i-web2: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-pub, NetworkInterfaces: [{NetworkInterfaceId: eni-web2}]}}
  i-db: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-priv, NetworkInterfaces: [{NetworkInterfaceId: eni-db}]}}
`

func opened(t *testing.T, n topo, question string) []string {
	t.Helper()
	w := n.world(t)
	a := ask(t, w, question)
	if len(a.Changes) == 0 {
		t.Fatalf("%s has no changes that are proven:\n%s", question, show(a))
	}
	out := []string{}
	for _, o := range w.Opens(a) {
		s := o.String()
		if o.Verdict == network.DependsOn {
			s += "?"
		}
		out = append(out, s)
	}
	return out
}

func TestAFixSaysWhatElseItOpens(t *testing.T) {
	for _, c := range []struct {
		name, question string
		change         func(topo)
		want           []string
	}{
		{"a rule for the internet opens all that carry the group, to everybody", `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 22}`, func(topo) {}, []string{
			"internet → 1 instance of sg-web on tcp/22", // the other one, and eni-b has no public address
			"1 instance of sg-db → 3 interfaces of sg-web on tcp/22",
			"1 interface of sg-o → 2 instances of sg-web on tcp/22", // eni-b has no route back
			"3 interfaces of sg-web → 3 interfaces of sg-web on tcp/22",
		}},
		{"a rule for one address opens the others of the group to it", `{"src": {"address": "203.0.113.7"}, "dst": "i-web", "proto": "tcp", "port": 22}`, func(topo) {}, []string{
			"203.0.113.7/32 in internet → 1 instance of sg-web on tcp/22",
		}},
		{"a rule for one instance opens nothing else where nobody else has the group", `{"src": "i-web", "dst": "i-db", "proto": "tcp", "port": 22}`, func(topo) {}, []string{}},
		{"an outbound rule opens nothing where nobody takes the port", `{"src": "eni-db", "dst": "internet", "proto": "tcp", "port": 25}`, func(n topo) {
			n.set("sg-db", "SecurityGroupEgress", []any{})
		}, []string{}},
		{"a network ACL's rule opens the whole subnet as far as the groups let it", `{"src": {"address": "203.0.113.7"}, "dst": "i-web", "proto": "tcp", "port": 443}`, func(n topo) {
			n.set("acl-pub", "Entries", []any{acl(100, true, "allow", "0.0.0.0/0", -1)})
		}, []string{
			"203.0.113.7/32 in internet → 1 instance of sg-web on tcp/443",
			"2 instances of sg-web → 203.0.113.7/32 in internet on tcp/0-65535 from port 443", // its answers have the rule's port
		}},
		{"a route opens what lies behind it to all that use the table", `{"src": {"address": "203.0.113.7"}, "dst": "i-web", "proto": "tcp", "port": 443}`, func(n topo) {
			n.set("rtb-pub", "Routes", []any{})
		}, []string{
			"203.0.113.7/32 in internet → 1 instance of sg-web on tcp/443",
			"1 instance of sg-db → 203.0.113.7/32 in internet on icmp, tcp/0-65535, udp/0-65535", // through the NAT gateway
			"1 interface of sg-web → 203.0.113.7/32 in internet on icmp, tcp/0-65535, udp/0-65535",
			"2 instances of sg-web → 203.0.113.7/32 in internet on any",
		}},
		{"a public address opens what the groups let in already", `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443}`, func(n topo) {
			delete(n["eni-web"].Observed, "PublicIp")
		}, []string{"internet → 1 instance of sg-web on icmp", "1 instance of sg-web → internet on any"}},
	} {
		n := resources(t, base)
		n.more(t, crowd)
		c.change(n)
		if got := opened(t, n, c.question); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestWhatIsReachableOpensNothing(t *testing.T) {
	w := resources(t, base).world(t)
	if got := w.Opens(ask(t, w, `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443}`)); got != nil {
		t.Errorf("an answer without changes opens %v", got)
	}
}
