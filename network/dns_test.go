package network_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/template"
)

// names are what answers names in vpc-web: a private zone, an endpoint, rules that
// forward through an outbound endpoint, and two groups of DNS Firewall rules.
const names = `
  zone-1: {Type: AWS::Route53::HostedZone, Properties: {Name: corp.example., VPCs: [{VPCId: vpc-web, VPCRegion: eu-west-1}]}, Observed: {PrivateZone: true}}
  rec-a: {Type: AWS::Route53::RecordSet, Properties: {Name: db.corp.example., Type: A, HostedZoneId: zone-1, ResourceRecords: [10.0.1.20]}}
  rec-c: {Type: AWS::Route53::RecordSet, Properties: {Name: www.corp.example., Type: CNAME, HostedZoneId: zone-1, ResourceRecords: [db.corp.example.]}}
  rec-out: {Type: AWS::Route53::RecordSet, Properties: {Name: out.corp.example., Type: CNAME, HostedZoneId: zone-1, ResourceRecords: [c2.bad.example.]}}
  rec-loop: {Type: AWS::Route53::RecordSet, Properties: {Name: loop.corp.example., Type: CNAME, HostedZoneId: zone-1, ResourceRecords: [loop.corp.example.]}}
  rec-w: {Type: AWS::Route53::RecordSet, Properties: {Name: "\\052.apps.corp.example.", Type: A, HostedZoneId: zone-1, ResourceRecords: [10.0.1.21]}}
  rec-deep: {Type: AWS::Route53::RecordSet, Properties: {Name: a.b.corp.example., Type: A, HostedZoneId: zone-1, ResourceRecords: [10.0.1.22]}}
  rec-ns: {Type: AWS::Route53::RecordSet, Properties: {Name: lab.corp.example., Type: NS, HostedZoneId: zone-1, ResourceRecords: [ns.lab.corp.example.]}}
  vpce-1: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-web, VpcEndpointType: Interface, ServiceName: com.amazonaws.eu-west-1.ecr.api, PrivateDnsEnabled: true, SubnetIds: [subnet-priv], SecurityGroupIds: [sg-db]}, Observed: {DnsEntries: ["Z1:vpce-1-x.api.ecr.eu-west-1.vpce.amazonaws.com", "Z2:api.ecr.eu-west-1.amazonaws.com"], NetworkInterfaceIds: [eni-e]}}
  eni-e: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-priv, GroupSet: [sg-db], PrivateIpAddress: 10.0.1.77, InterfaceType: vpc_endpoint}}
  rslvr-out-1: {Type: AWS::Route53Resolver::ResolverEndpoint, Properties: {Direction: OUTBOUND, SecurityGroupIds: [sg-out], IpAddresses: [{SubnetId: subnet-priv, Ip: 10.0.1.53}]}}
  sg-out: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: dns, SecurityGroupIngress: [], SecurityGroupEgress: [{IpProtocol: udp, FromPort: 53, ToPort: 53, CidrIp: 0.0.0.0/0}]}}
  rule-1: {Type: AWS::Route53Resolver::ResolverRule, Properties: {Name: ad, DomainName: ad.example., RuleType: FORWARD, ResolverEndpointId: rslvr-out-1, TargetIps: [{Ip: 198.51.100.53, Port: "53"}]}}
  rra-1: {Type: AWS::Route53Resolver::ResolverRuleAssociation, Properties: {ResolverRuleId: rule-1, VPCId: vpc-web}}
  rule-2: {Type: AWS::Route53Resolver::ResolverRule, Properties: {Name: aws, DomainName: sys.ad.example., RuleType: SYSTEM}}
  rra-2: {Type: AWS::Route53Resolver::ResolverRuleAssociation, Properties: {ResolverRuleId: rule-2, VPCId: vpc-web}}
  list-bad: {Type: AWS::Route53Resolver::FirewallDomainList, Properties: {Name: bad, Domains: ["*.bad.example.", exact.example]}}
  list-ok: {Type: AWS::Route53Resolver::FirewallDomainList, Properties: {Name: ok, Domains: [good.bad.example]}}
  grp-1: {Type: AWS::Route53Resolver::FirewallRuleGroup, Properties: {Name: g, FirewallRules: [{Priority: 200, Action: BLOCK, BlockResponse: NXDOMAIN, FirewallDomainListId: list-bad}, {Priority: 100, Action: ALLOW, FirewallDomainListId: list-ok}]}}
  assoc-1: {Type: AWS::Route53Resolver::FirewallRuleGroupAssociation, Properties: {FirewallRuleGroupId: grp-1, VpcId: vpc-web, Priority: 200}}
`

const (
	dnsfwPage = "Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-actions.html"
	dnsGroups = "Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-groups.html"
	dnsLists  = "Route53/latest/DeveloperGuide/resolver-dns-firewall-user-managed-domain-lists.html"
	dnsRedir  = "Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-settings.html"
	dnsFail   = "Route53/latest/DeveloperGuide/resolver-dns-firewall-vpc-configuration.html"
	phzPage   = "Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html"
	fwdPage   = "Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-domain-name-matches.html"
	autoPage  = "Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html"
	dnsPage   = "vpc/latest/userguide/AmazonDNS-concepts.html"
	dhcpPage  = "vpc/latest/userguide/DHCPOptionSet.html"
	plinkDNS  = "vpc/latest/privatelink/interface-endpoints.html"
)

func hostnames(n topo) { n.set("vpc-web", "EnableDnsHostnames", true) }

// group adds another rule group with a priority.
func rules(priority int, list ...any) func(n topo) {
	return func(n topo) {
		n["grp-2"] = &haetae.Resource{Type: "AWS::Route53Resolver::FirewallRuleGroup", ID: "grp-2", Account: "111122223333", Region: "eu-west-1", Props: m{"Name": "h", "FirewallRules": list}}
		n["assoc-2"] = &haetae.Resource{Type: "AWS::Route53Resolver::FirewallRuleGroupAssociation", ID: "assoc-2", Account: "111122223333", Region: "eu-west-1", Props: m{"FirewallRuleGroupId": "grp-2", "VpcId": "vpc-web", "Priority": int64(priority)}}
		hostnames(n)
	}
}

func nameRule(priority int, action string, more m) m {
	r := m{"Priority": int64(priority), "Action": action, "FirewallDomainListId": "list-bad"}
	for k, v := range more {
		if r[k] = v; v == nil {
			delete(r, k)
		}
	}
	return r
}

// TestWhatAVPCResolves has one case for each statement of the documentation.
func TestWhatAVPCResolves(t *testing.T) {
	for _, c := range []struct {
		page, says string
		change     func(n topo)
		name, typ  string
		want       network.NameVerdict
		by         string
		part       string // of the answer, as JSON
	}{
		{dnsPage, "without DNS support the resolver answers nothing", func(n topo) { n.set("vpc-web", "EnableDnsSupport", false) }, "www.example.org", "", network.NotResolved, "nobody", "DNS_SUPPORT_OFF"},
		{dnsPage, "what nobody here answers for goes to the public DNS", hostnames, "www.example.org.", "", network.Resolves, "public", `"public-dns"`},
		{phzPage, "a private zone answers for its names", hostnames, "db.corp.example", "A", network.Resolves, "private-zone", "A 10.0.1.20"},
		{phzPage, "private zones need enableDnsHostnames", func(topo) {}, "db.corp.example", "A", network.Resolves, "public", "enableDnsHostnames is off"},
		{phzPage, "a name that the private zone lacks is not asked of the public one", hostnames, "no.corp.example", "A", network.NoSuchName, "private-zone", "NXDOMAIN"},
		{phzPage, "nor is a record of another type", hostnames, "db.corp.example", "AAAA", network.NoSuchName, "private-zone", "NODATA"},
		{"Route53/latest/DeveloperGuide/DomainNameFormat.html", "an asterisk stands for what is to the left", hostnames, "x.apps.corp.example", "A", network.Resolves, "private-zone", "A 10.0.1.21"},
		{"Route53/latest/DeveloperGuide/DomainNameFormat.html", "but not for the name itself", hostnames, "apps.corp.example", "A", network.NoSuchName, "private-zone", "NODATA"},
		{phzPage, "a name with names below it exists without records", hostnames, "b.corp.example", "A", network.NoSuchName, "private-zone", "NODATA"},
		{"Route53/latest/DeveloperGuide/private-hosted-zone-delegation.html", "a delegated name is answered elsewhere", hostnames, "x.lab.corp.example", "A", network.NameDependsOn, "private-zone", "delegates lab.corp.example"},
		{phzPage, "a CNAME is followed", hostnames, "www.corp.example", "A", network.Resolves, "private-zone", "A 10.0.1.20"},
		{phzPage, "a circle of CNAME records ends", hostnames, "loop.corp.example", "A", network.NoSuchName, "private-zone", "SERVFAIL"},
		{plinkDNS, "the private name of an endpoint is its addresses", hostnames, "api.ecr.eu-west-1.amazonaws.com", "A", network.Resolves, "vpc-endpoint", "A 10.0.1.77"},
		{plinkDNS, "without private names the public ones hold", func(n topo) { hostnames(n); n.set("vpce-1", "PrivateDnsEnabled", false) }, "api.ecr.eu-west-1.amazonaws.com", "A", network.Resolves, "public", ""},
		{plinkDNS, "private names need enableDnsHostnames", func(topo) {}, "api.ecr.eu-west-1.amazonaws.com", "A", network.Resolves, "public", "enableDnsHostnames of vpc-web is off"},
		{autoPage, "names of instances are AWS's in every VPC", hostnames, "ip-10-0-0-9.eu-west-1.compute.internal", "A", network.Resolves, "vpc", ""},
		{autoPage, "so are reverse names of private addresses", hostnames, "9.0.0.10.in-addr.arpa", "PTR", network.Resolves, "vpc", ""},
		{fwdPage, "a rule forwards its domain and all below it", hostnames, "dc1.ad.example", "A", network.Resolves, "forwarding-rule", "198.51.100.53"},
		{fwdPage, "the longest domain decides", hostnames, "x.sys.ad.example", "A", network.Resolves, "public", "SYSTEM sys.ad.example"},
		{fwdPage, "a rule is no good whose servers cannot be reached", func(n topo) { hostnames(n); n.set("sg-out", "SecurityGroupEgress", []any{}) }, "dc1.ad.example", "A", network.NotResolved, "forwarding-rule", "SG_HAS_NO_RULES"},
		{fwdPage, "the endpoint's servers are reached by the routes of its subnet", func(n topo) {
			hostnames(n)
			n.set("rule-1", "TargetIps", []any{m{"Ip": "10.99.0.53"}})
		}, "dc1.ad.example", "A", network.NotResolved, "forwarding-rule", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"},
		{fwdPage, "one server of several is enough", func(n topo) {
			hostnames(n)
			n.set("rule-1", "TargetIps", []any{m{"Ip": "10.99.0.53"}, m{"Ip": "198.51.100.53"}})
		}, "dc1.ad.example", "A", network.Resolves, "forwarding-rule", ""},
		{phzPage, "a rule goes before a private zone of the same domain", func(n topo) { hostnames(n); n.set("rule-1", "DomainName", "corp.example") }, "db.corp.example", "A", network.Resolves, "forwarding-rule", ""},
		{autoPage, "a private zone goes before a rule for a shorter domain", func(n topo) { hostnames(n); n.set("rule-1", "DomainName", ".") }, "db.corp.example", "A", network.Resolves, "private-zone", "10.0.1.20"},
		{dnsfwPage, "BLOCK ends the question", hostnames, "c2.bad.example", "A", network.NotResolved, "firewall", "NXDOMAIN"},
		{dnsLists, "a specification without asterisk is one name", hostnames, "sub.exact.example", "A", network.Resolves, "public", ""},
		{dnsLists, "*.bad.example is what is below it", hostnames, "bad.example", "A", network.Resolves, "public", ""},
		{dnsGroups, "the rule with the lowest priority goes first", hostnames, "good.bad.example", "A", network.Resolves, "public", "100 ALLOW"},
		{dnsGroups, "the group with the lowest priority goes first", rules(100, nameRule(1, "ALLOW", nil)), "c2.bad.example", "A", network.Resolves, "public", "1 ALLOW"},
		{dnsGroups, "a group that comes later is not asked", rules(300, nameRule(1, "ALLOW", nil)), "c2.bad.example", "A", network.NotResolved, "firewall", "200 BLOCK"},
		{dnsfwPage, "ALERT lets through and ends", rules(100, nameRule(1, "ALERT", nil)), "c2.bad.example", "A", network.Resolves, "public", "logs an alert"},
		{dnsfwPage, "OVERRIDE answers with another name", rules(100, nameRule(1, "BLOCK", m{"BlockResponse": "OVERRIDE", "BlockOverrideDomain": "walled.example"})), "c2.bad.example", "A", network.NotResolved, "firewall", "CNAME walled.example"},
		{dnsRedir, "a rule may be for one type of query", rules(100, nameRule(1, "ALLOW", m{"Qtype": "MX"})), "c2.bad.example", "A", network.NotResolved, "firewall", "200 BLOCK"},
		{dnsRedir, "the names of a redirection are looked at too", hostnames, "out.corp.example", "A", network.NotResolved, "firewall", "200 BLOCK"},
		{dnsRedir, "unless the rule trusts redirections", func(n topo) {
			n["list-corp"] = &haetae.Resource{Type: "AWS::Route53Resolver::FirewallDomainList", ID: "list-corp", Account: "111122223333", Region: "eu-west-1", Props: m{"Domains": []any{"*.corp.example"}}}
			rules(100, nameRule(1, "ALLOW", m{"FirewallDomainListId": "list-corp", "FirewallDomainRedirectionAction": "TRUST_REDIRECTION_DOMAIN"}))(n)
		}, "out.corp.example", "A", network.Resolves, "public", ""},
		{"Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html", "AWS does not tell its lists", func(n topo) {
			n["list-aws"] = &haetae.Resource{Type: "AWS::Route53Resolver::FirewallDomainList", ID: "list-aws", Account: "111122223333", Region: "eu-west-1", Props: m{"Name": "AWSManagedDomainsBotnet"}, Observed: m{"ManagedOwnerName": "Route 53 Resolver DNS Firewall"}}
			rules(100, nameRule(1, "BLOCK", m{"FirewallDomainListId": "list-aws"}))(n)
		}, "www.example.org", "A", network.NameDependsOn, "public", "is in AWS's list AWSManagedDomainsBotnet"},
		{"Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html", "but what is blocked after them is blocked", func(n topo) {
			n["list-aws"] = &haetae.Resource{Type: "AWS::Route53Resolver::FirewallDomainList", ID: "list-aws", Account: "111122223333", Region: "eu-west-1", Props: m{"Name": "AWSManagedDomainsBotnet"}, Observed: m{"ManagedOwnerName": "Route 53 Resolver DNS Firewall"}}
			rules(100, nameRule(1, "BLOCK", m{"FirewallDomainListId": "list-aws"}))(n)
		}, "c2.bad.example", "A", network.NotResolved, "firewall", "200 BLOCK"},
		{"Route53/latest/DeveloperGuide/firewall-advanced.html", "what looks like a generated name depends on how it looks", rules(100, nameRule(1, "BLOCK", m{"FirewallDomainListId": nil, "DnsThreatProtection": "DGA", "ConfidenceThreshold": "LOW"})), "www.example.org", "A", network.NameDependsOn, "public", "takes the question for DGA with confidence LOW"},
		{phzPage, "services of AWS have zones in the VPC too", func(n topo) {
			hostnames(n)
			n.set("vpc-web", "Observed.HostedZones", []any{m{"HostedZoneId": "Z2", "Name": "fs-1.efs.eu-west-1.amazonaws.com.", "OwningService": "efs.amazonaws.com"}})
		}, "fs-1.efs.eu-west-1.amazonaws.com", "A", network.Resolves, "vpc", ""},
		{dnsFail, "a VPC may fail open", func(n topo) { hostnames(n); n.set("vpc-web", "Observed.DnsFirewallFailOpen", "ENABLED") }, "www.example.org", "A", network.Resolves, "public", "it fails open"},
		{dhcpPage, "DHCP options may name other servers", func(n topo) {
			hostnames(n)
			n.set("vpc-web", "DhcpOptionsId", "dopt-1")
			n["dopt-1"] = &haetae.Resource{Type: "AWS::EC2::DHCPOptions", ID: "dopt-1", Account: "111122223333", Region: "eu-west-1", Props: m{"DomainNameServers": []any{"10.9.9.9"}}}
		}, "www.example.org", "A", network.Resolves, "public", "send instances to 10.9.9.9"},
	} {
		n := resources(t, base)
		n.more(t, names)
		c.change(n)
		a, err := n.world(t).Resolve(network.NameQuestion{Name: c.name, Type: c.typ, VPC: "vpc-web"})
		if err != nil {
			t.Errorf("%s: %v", c.says, err)
			continue
		}
		b, err := json.MarshalIndent(a, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict != c.want || a.By != c.by || !strings.Contains(string(b), c.part) {
			t.Errorf("%s (%s): %s is %s by %s, want %s by %s with %q\n%s", c.says, c.page, c.name, a.Verdict, a.By, c.want, c.by, c.part, b)
		}
	}
}

// TestWhatIsNotReadOfDNSDepends takes away what decides: no answer turns round.
func TestWhatIsNotReadOfDNSDepends(t *testing.T) {
	denied := &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"x:Y"}}
	gap := func(typ string) haetae.Coverage {
		return haetae.Coverage{Account: "111122223333", Region: "eu-west-1", Type: typ, Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"x:Y"}}
	}
	for says, c := range map[string]struct {
		change func(n topo)
		gaps   []haetae.Coverage
		name   string
		part   string
	}{
		"whether DNS support is on":        {func(n topo) { n.set("vpc-web", "EnableDnsSupport", denied) }, nil, "www.example.org", "x:Y"},
		"whether private zones count":      {func(n topo) { n.set("vpc-web", "EnableDnsHostnames", denied) }, nil, "db.corp.example", "x:Y"},
		"the domains of a list":            {func(n topo) { n.set("list-bad", "Domains", denied) }, nil, "www.example.org", "x:Y"},
		"a domain list":                    {func(n topo) { delete(n, "list-bad") }, nil, "www.example.org", "list-bad"},
		"the rules of a group":             {func(n topo) { n.set("grp-1", "FirewallRules", denied) }, nil, "www.example.org", "x:Y"},
		"a rule group":                     {func(n topo) { delete(n, "grp-1") }, nil, "www.example.org", "grp-1"},
		"a forwarding rule":                {func(n topo) { delete(n, "rule-1") }, nil, "dc1.ad.example", "rule-1"},
		"an outbound endpoint":             {func(n topo) { delete(n, "rslvr-out-1") }, nil, "dc1.ad.example", "rslvr-out-1"},
		"which rule groups are associated": {func(n topo) {}, []haetae.Coverage{gap("AWS::Route53Resolver::FirewallRuleGroupAssociation")}, "www.example.org", "x:Y"},
		"which rules are associated":       {func(n topo) {}, []haetae.Coverage{gap("AWS::Route53Resolver::ResolverRuleAssociation")}, "www.example.org", "x:Y"},
		"a zone of another account": {func(n topo) {
			n.set("vpc-web", "Observed.HostedZones", []any{m{"HostedZoneId": "Z9", "Name": "far.example.", "Owner": "444455556666"}})
		}, nil, "a.far.example", "444455556666"},
		"which zones the VPC has":           {func(n topo) { n.set("vpc-web", "Observed.HostedZones", denied) }, nil, "www.example.org", "x:Y"},
		"the type of a rule":                {func(n topo) { n.set("rule-1", "RuleType", denied) }, nil, "dc1.ad.example", "x:Y"},
		"to which VPC a group is joined":    {func(n topo) { n.set("assoc-1", "VpcId", denied) }, nil, "www.example.org", "x:Y"},
		"the action of a rule that matches": {func(n topo) { n.set("grp-1", "FirewallRules", []any{nameRule(1, "", m{"Action": denied})}) }, nil, "c2.bad.example", "x:Y"},
	} {
		n := resources(t, base)
		n.more(t, names)
		hostnames(n)
		c.change(n)
		a, err := n.world(t, c.gaps...).Resolve(network.NameQuestion{Name: c.name, VPC: "i-web"})
		if err != nil {
			t.Errorf("%s: %v", says, err)
			continue
		}
		if missing := strings.Join(a.DependsOn.Missing, "; "); a.Verdict != network.NameDependsOn || !strings.Contains(missing, c.part) {
			t.Errorf("%s: %s %s (%s), want DependsOn with %q", says, c.name, a.Verdict, missing, c.part)
		}
	}
	// What is not known and cannot matter does not.
	n := resources(t, base)
	n.more(t, names)
	hostnames(n)
	n.set("list-ok", "Domains", denied)
	a, err := n.world(t).Resolve(network.NameQuestion{Name: "www.example.org", VPC: "vpc-web"})
	if err != nil || a.Verdict != network.Resolves {
		t.Errorf("a list that only allows makes no difference to a name that nothing blocks: %+v %v", a, err)
	}
}

func TestNamesThatAreNone(t *testing.T) {
	n := resources(t, base)
	w := n.world(t)
	for _, name := range []string{"", ".", "a..b", strings.Repeat("a", 64) + ".example", "white space.example", strings.Repeat("a.", 127) + "toolong"} {
		if _, err := w.Resolve(network.NameQuestion{Name: name, VPC: "vpc-web"}); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
	if _, err := w.Resolve(network.NameQuestion{Name: "a.example", VPC: "vpc-none"}); err == nil {
		t.Error("a VPC that is not there answers")
	}
}

// TestATemplateResolvesNames asks of what is not built yet.
func TestATemplateResolvesNames(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := template.Parse([]byte(webTemplate+`
  Dns: {Type: AWS::Route53::HostedZone, Properties: {Name: corp.example, VPCs: [{VPCId: !Ref Vpc, VPCRegion: !Ref AWS::Region}]}}
  DbName: {Type: AWS::Route53::RecordSet, Properties: {HostedZoneId: !Ref Dns, Name: db.corp.example, Type: CNAME, TTL: "60", ResourceRecords: [!GetAtt Db.Endpoint.Address]}}
  Bad: {Type: AWS::Route53Resolver::FirewallDomainList, Properties: {Domains: ["*.bad.example"]}}
  Fw: {Type: AWS::Route53Resolver::FirewallRuleGroup, Properties: {FirewallRules: [{Priority: 1, Action: BLOCK, BlockResponse: NODATA, FirewallDomainListId: !Ref Bad}]}}
  FwIn: {Type: AWS::Route53Resolver::FirewallRuleGroupAssociation, Properties: {FirewallRuleGroupId: !GetAtt Fw.Id, VpcId: !Ref Vpc, Priority: 101}}
  Out: {Type: AWS::Route53Resolver::ResolverEndpoint, Properties: {Direction: OUTBOUND, SecurityGroupIds: [!Ref Sg], IpAddresses: [{SubnetId: !Ref Pub}, {SubnetId: !Ref Priv}]}}
  Ad: {Type: AWS::Route53Resolver::ResolverRule, Properties: {DomainName: ad.example, RuleType: FORWARD, ResolverEndpointId: !Ref Out, TargetIps: [{Ip: 10.0.1.9, Port: "53"}]}}
  AdIn: {Type: AWS::Route53Resolver::ResolverRuleAssociation, Properties: {ResolverRuleId: !Ref Ad, VPCId: !Ref Vpc}}
`), "dns.yaml", template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Resources {
		if r.ID == "Vpc" {
			r.Props["EnableDnsHostnames"] = true
		}
	}
	w := network.Build(graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("test")})))
	for name, want := range map[string]network.NameVerdict{"a.bad.example": network.NotResolved, "www.example.org": network.Resolves, "no.corp.example": network.NoSuchName, "dc.ad.example": network.NotResolved} {
		a, err := w.Resolve(network.NameQuestion{Name: name, VPC: "Vpc"})
		if err != nil || a.Verdict != want {
			t.Errorf("%s: %+v %v, want %s", name, a, err, want)
		}
	}
}

// FuzzResolve holds that any name and any specification end, and that what blocks
// all names blocks each.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"www.example.org", "a..b", "*.x", "db.corp.example.", `\052.a`} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, spec string) {
		n := resources(t, base)
		n.more(t, names)
		hostnames(n)
		n.set("list-ok", "Domains", []any{spec})
		w := n.world(t)
		a, err := w.Resolve(network.NameQuestion{Name: name, VPC: "vpc-web"})
		if err != nil {
			return
		}
		if a.Verdict == "" || a.By == "" || a.Verdict == network.NotResolved && len(a.Blockers) == 0 {
			t.Errorf("%q: %+v", name, a)
		}
		n.set("list-ok", "Domains", []any{"*"})
		n.set("grp-1", "FirewallRules", []any{nameRule(1, "BLOCK", m{"FirewallDomainListId": "list-ok"})})
		if a, err := n.world(t).Resolve(network.NameQuestion{Name: name, VPC: "vpc-web"}); err != nil || a.Verdict != network.NotResolved {
			t.Errorf("%q passes a rule that blocks *: %+v %v", name, a, err)
		}
	})
}
