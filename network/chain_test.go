package network_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/network"
)

func TestChainOfSecurityGroups(t *testing.T) {
	n := resources(t, base)
	n.more(t, `
  sg-new: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: new, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}], SecurityGroupEgress: []}}
`)
	n.add("sg-web", "SecurityGroupIngress", sg("tcp", 443, 443, m{"CidrIp": "10.0.0.0/8"}), sg("tcp", 22, 23, m{"CidrIp": "0.0.0.0/0"}), sg("tcp", 22, 22, m{"CidrIp": "10.0.77.0/24"}))
	n.add("sg-db", "SecurityGroupIngress", sg("tcp", 9999, 9999, m{"SourceSecurityGroupId": "sg-new"}), sg("tcp", 5432, 5432, m{"SourceSecurityGroupId": "sg-web"}))
	links := n.world(t).Chain()
	for _, c := range []struct{ group, rule, want string }{
		{"sg-web", "tcp 443 from 0.0.0.0/0", ""},
		{"sg-web", "tcp 443 from 10.0.0.0/8", "shadowed"},
		{"sg-web", "tcp 22-23 from 0.0.0.0/0", "wide"},
		{"sg-web", "tcp 22 from 10.0.77.0/24", "dead shadowed"},
		{"sg-new", "tcp 22 from 0.0.0.0/0", "dead wide"},
		{"sg-db", "tcp 9999 from sg-new", "dead"},
	} {
		i := slices.IndexFunc(links, func(l network.Link) bool { return l.Group == c.group && l.Rule == c.rule })
		if i < 0 {
			t.Errorf("%s has no link %q", c.group, c.rule)
			continue
		}
		if got := strings.Join(links[i].Findings, " "); got != c.want {
			t.Errorf("%s %q: %q, want %q (%+v)", c.group, c.rule, got, c.want, links[i])
		}
	}
	twice := 0
	for _, l := range links {
		if l.Group == "sg-db" && l.From == "sg-web" && slices.Contains(l.Findings, "shadowed") {
			twice++
		}
	}
	if twice != 1 {
		t.Errorf("of two equal rules %d are shadowed", twice)
	}
}

func TestAReferenceToAGroupThatIsGoneIsStale(t *testing.T) {
	n := resources(t, base)
	delete(n, "pcx-1")
	n.set("sg-db", "SecurityGroupIngress", []any{sg("tcp", 1, 1, m{"SourceSecurityGroupId": "sg-gone"})})
	for _, l := range n.world(t).Chain() {
		if l.Group == "sg-db" && !slices.Contains(l.Findings, "stale") {
			t.Errorf("%+v", l)
		}
	}
}
