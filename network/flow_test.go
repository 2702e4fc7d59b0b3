package network_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/network/oracle"
	"github.com/haetae/haetae/schema"
)

// noon is when the snapshots of these tests are from.
const noon = 1_700_000_000

// at builds the network of the resources at a time.
func (n topo) at(t testing.TB, when int64) *network.World {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	snap := &haetae.Snapshot{Time: when, Coverage: []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}}}
	for _, r := range n {
		snap.Resources = append(snap.Resources, r)
	}
	snap = graph.Assemble(sch, snap, graph.Options{HashKey: []byte("test")})
	return network.Build(graph.New(sch, snap))
}

// flow reads "INTERFACE SRC:PORT > DST:PORT PROTO ACTION", with flags=N, dir=egress
// and after=SECONDS after it.
func flow(t testing.TB, s string) *haetae.Flow {
	t.Helper()
	w := strings.Fields(s)
	src, dst := netip.MustParseAddrPort(w[1]), netip.MustParseAddrPort(w[3])
	protos := map[string]uint8{"tcp": 6, "udp": 17, "icmp": 1}
	f := &haetae.Flow{Interface: strings.Trim(w[0], "-"), Src: src.Addr(), SrcPort: src.Port(), Dst: dst.Addr(), DstPort: dst.Port(), Proto: protos[w[4]], Action: haetae.FlowAction(w[5]),
		Status: haetae.FlowOK, Bytes: 100, Start: noon, End: noon + 60, Has: haetae.FlowProto | haetae.FlowPorts | haetae.FlowBytes | haetae.FlowStart | haetae.FlowEnd}
	for _, o := range w[6:] {
		k, v, _ := strings.Cut(o, "=")
		n := 0
		if k != "dir" && k != "reason" && k != "vpc" && k != "instance" {
			if _, err := fmt.Sscan(v, &n); err != nil {
				t.Fatal(err)
			}
		}
		switch k {
		case "flags":
			f.TCPFlags, f.Has = uint8(n), f.Has|haetae.FlowFlags
		case "after":
			f.Start, f.End = f.Start+int64(n), f.End+int64(n)
		case "dir":
			f.Direction = v
		case "reason":
			f.Reason = v
		case "vpc":
			f.VPC = v
		case "instance":
			f.Instance = v
		}
	}
	return f
}

func replay(t testing.TB, p *network.Past, flows ...string) *network.Usage {
	t.Helper()
	r := network.NewReplay(p)
	for _, s := range flows {
		r.Add(flow(t, s))
	}
	return r.Usage()
}

func rule(t testing.TB, u *network.Usage, resource, direction, text string) network.RuleUse {
	t.Helper()
	for _, x := range u.Rules {
		if x.Resource == resource && x.Direction == direction && strings.HasPrefix(x.Rule, text) {
			return x
		}
	}
	t.Fatalf("%s has no %s rule %q", resource, direction, text)
	return network.RuleUse{}
}

func TestWhoHadTheAddressAtThatTime(t *testing.T) {
	const day = 24 * 60 * 60
	old := resources(t, base)
	old["i-web"].Observed = m{"LaunchTime": "2023-11-01T00:00:00Z"}
	now := resources(t, base)
	// The address went from the database to something new.
	now["eni-new"] = now["eni-db"]
	delete(now, "eni-db")
	now["eni-new"].ID = "eni-new"
	p := network.NewPast(now.at(t, noon+100*day), old.at(t, noon))
	for name, c := range map[string]struct {
		flow, id, resource, by, doubt, why string
	}{
		"the record names the interface":                        {"eni-web 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT", "eni-web", "i-web", "interface", "", ""},
		"the interface is gone by now":                          {"eni-db 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT after=8640000", "eni-db", "eni-db", "interface", "", ""},
		"by its address at the time of the record":              {"- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=ingress after=600", "eni-db", "eni-db", "address", "", ""},
		"by the same address later":                             {"- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=ingress after=8640000", "eni-new", "eni-new", "address", "", ""},
		"far from every snapshot":                               {"- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=ingress after=3456000", "eni-db", "eni-db", "address", "the nearest snapshot is 40 days from the record", ""},
		"an interface that no snapshot has":                     {"eni-x 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=egress", "", "", "", "", "its interface is in no snapshot"},
		"an address that nobody has":                            {"- 10.0.0.77:1 > 10.0.1.20:2 tcp ACCEPT dir=egress", "", "", "", "", "nobody in the nearest snapshot has its address"},
		"neither an interface nor a direction":                  {"- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT", "", "", "", "", "neither its interface nor its direction is known"},
		"the same address in another VPC":                       {"- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=egress vpc=vpc-other", "", "", "", "", "nobody in the nearest snapshot has its address"},
		"what has the address now was launched afterwards":      {"- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=egress after=-2592000", "", "", "", "", "nobody in the nearest snapshot has its address"},
		"another instance had the address when it was recorded": {"- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=egress instance=i-old", "", "", "", "", "nobody in the nearest snapshot has its address"},
	} {
		h, why := p.Holder(flow(t, c.flow))
		id := ""
		if h.Resource != nil {
			id = h.Resource.ID
		}
		if why != c.why || h.Interface != c.id || id != c.resource || h.By != c.by || h.Doubt != c.doubt {
			t.Errorf("%s: %s of %s by %s, doubt %q, why %q", name, h.Interface, id, h.By, h.Doubt, why)
		}
	}
	if h, _ := p.Holder(flow(t, "eni-web 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT")); h.Tags["Name"] != "web" {
		t.Errorf("the tags are %v", h.Tags)
	}
	if h, _ := network.NewPast(resources(t, base).at(t, 0)).Holder(flow(t, "- 10.0.0.10:1 > 10.0.1.20:2 tcp ACCEPT dir=egress")); h.Doubt != "the snapshot has no time" {
		t.Errorf("a snapshot without a time: %q", h.Doubt)
	}
}

func TestWhoTalkedWithWhom(t *testing.T) {
	p := network.NewPast(resources(t, base).at(t, noon))
	u := replay(t, p,
		"eni-db 10.0.0.10:50000 > 10.0.1.20:5432 tcp ACCEPT flags=2",
		"eni-db 10.0.1.20:5432 > 10.0.0.10:50000 tcp ACCEPT flags=18",
		"eni-db 10.1.0.40:50000 > 10.0.1.20:5432 tcp ACCEPT flags=2",
		"eni-web 203.0.113.7:50000 > 10.0.0.10:443 tcp ACCEPT flags=2 after=864000",
		"eni-web 203.0.113.6:50000 > 10.0.0.10:443 tcp ACCEPT flags=2 after=864000",
		"eni-web 10.0.0.10:50000 > 10.0.1.20:5432 tcp ACCEPT flags=2 after=864000")
	var got []string
	for _, x := range u.Talks {
		got = append(got, fmt.Sprint(x.From.Resource, x.From.Tags, " > ", x.To.Resource, x.Ports, x.Peers, x.Flows, " by ", x.Seen, x.To.Doubt))
	}
	want := []string{
		"map[] > i-web[tcp 443] [203.0.113.6/31] 2 by to",
		"eni-omap[] > eni-db[tcp 5432] [10.1.0.40/32] 1 by to",
		"i-webmap[Name:web] > eni-db[tcp 5432] [10.0.1.20/32] 1 by fromthe nearest snapshot is 10 days from the record",
		"i-webmap[Name:web] > eni-db[tcp 5432] [10.0.0.10/32] 2 by to",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatIsGoneCountsForTheGroupsThatItHad(t *testing.T) {
	old, now := resources(t, base), resources(t, base)
	delete(now, "eni-db")
	// An instance whose interface is known only through it, before and after.
	for _, n := range []topo{old, now} {
		n.more(t, `
  i-plain: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-b, NetworkInterfaces: [{NetworkInterfaceId: eni-plain, SubnetId: subnet-b, GroupSet: [sg-plain], PrivateIpAddress: 10.0.2.44}]}}
  sg-plain: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: plain, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8}], SecurityGroupEgress: []}}
`)
	}
	u := replay(t, network.NewPast(old.at(t, noon), now.at(t, noon+1000000)),
		"eni-db 10.0.0.10:50000 > 10.0.1.20:5432 tcp ACCEPT flags=2",
		"eni-plain 10.0.0.10:50000 > 10.0.2.44:80 tcp ACCEPT flags=2")
	if x := rule(t, u, "sg-db", "inbound", "tcp 5432"); x.Flows != 1 || x.Interfaces != 1 || x.Observed != 1 {
		t.Errorf("%+v", x)
	}
	if x := rule(t, u, "sg-plain", "inbound", "tcp 80"); x.Flows != 1 || x.Interfaces != 1 || x.Observed != 1 || fmt.Sprint(x.Narrower) != "[tcp 80 from 10.0.0.10/32]" {
		t.Errorf("%+v", x)
	}
}

func BenchmarkUsage(b *testing.B) {
	n := resources(b, base)
	n.add("sg-web", "SecurityGroupIngress", sg("tcp", 1, 1000, m{"CidrIp": "203.0.0.0/8"}))
	r := network.NewReplay(network.NewPast(n.at(b, noon)))
	for i := range 50_000 {
		r.Add(flow(b, fmt.Sprintf("eni-web 203.0.%d.%d:50000 > 10.0.0.10:%d tcp ACCEPT flags=2", i%250, i/250, 1+i%700)))
	}
	for b.Loop() {
		r.Usage()
	}
}

func TestWhoBeganIsToldFromFlagsThenPortsThenRules(t *testing.T) {
	p := network.NewPast(resources(t, base).at(t, noon))
	for name, c := range map[string]struct{ flow, by, rule, direction string }{
		"SYN is of who begins, even from a low port":             {"eni-db 10.0.0.10:443 > 10.0.1.20:5432 tcp ACCEPT flags=2", "flags", "tcp 5432 from sg-web", "inbound"},
		"SYN and ACK is of who is asked":                         {"eni-db 10.0.1.20:5432 > 10.0.0.10:443 tcp ACCEPT flags=18", "flags", "tcp 5432 from sg-web", "inbound"},
		"SYN and FIN of a short connection":                      {"eni-db 10.0.0.10:50000 > 10.0.1.20:5432 tcp ACCEPT flags=3", "flags", "tcp 5432 from sg-web", "inbound"},
		"SYN, ACK and FIN of one":                                {"eni-db 10.0.1.20:5432 > 10.0.0.10:50000 tcp ACCEPT flags=19", "flags", "tcp 5432 from sg-web", "inbound"},
		"without flags the low port is asked":                    {"eni-db 10.0.1.20:5432 > 10.0.0.10:50000 tcp ACCEPT", "ports", "tcp 5432 from sg-web", "inbound"},
		"an answer from a port below 1024":                       {"eni-db 203.0.113.5:443 > 10.0.1.20:20000 tcp ACCEPT flags=1", "ports", "all to 0.0.0.0/0", "outbound"},
		"ports that say nothing, but one rule allows it":         {"eni-b 203.0.113.5:40000 > 10.0.2.30:40001 udp ACCEPT", "rules", "all to 0.0.0.0/0", "outbound"},
		"ports that are wrong, as only the other way is allowed": {"eni-b 203.0.113.5:40000 > 10.0.2.30:8000 udp ACCEPT", "rules", "all to 0.0.0.0/0", "outbound"},
	} {
		u := replay(t, p, c.flow)
		group := map[string]string{"eni-db": "sg-db", "eni-b": "sg-web"}[strings.Fields(c.flow)[0]]
		if u.Observation.Began[c.by] != 1 {
			t.Errorf("%s: told by %v", name, u.Observation.Began)
		}
		if x := rule(t, u, group, c.direction, c.rule); x.Flows != 1 || x.Perhaps != 0 || x.Alone != 1 || x.Bytes != 100 {
			t.Errorf("%s: %+v", name, x)
		}
	}
	// Both ways are allowed: then neither rule is said to be needed or unused.
	u := replay(t, p, "eni-web 10.0.2.30:443 > 10.0.0.10:443 tcp ACCEPT")
	for _, d := range []string{"inbound", "outbound"} {
		x := rule(t, u, "sg-web", d, map[string]string{"inbound": "tcp 443 from 0", "outbound": "all to 0"}[d])
		if x.Flows != 0 || x.Perhaps != 1 || slices.Contains(x.Findings, "unused") {
			t.Errorf("an unclear record at the %s rule: %+v", d, x)
		}
	}
}

func TestRulesThatFlowsNeed(t *testing.T) {
	n := resources(t, base)
	n.set("sg-db", "SecurityGroupIngress", []any{
		sg("tcp", 5432, 5432, m{"SourceSecurityGroupId": "sg-web"}),
		sg("tcp", 0, 65535, m{"CidrIp": "10.0.0.0/8"}),
		sg("udp", 9999, 9999, m{"CidrIp": "10.0.0.0/8"}),
	})
	p := network.NewPast(n.at(t, noon))
	flows := []string{
		"eni-db 10.0.0.10:50000 > 10.0.1.20:5432 tcp ACCEPT flags=2",
		"eni-db 10.0.1.20:5432 > 10.0.0.10:50000 tcp ACCEPT flags=18 after=60",
		"eni-db 10.0.2.4:50001 > 10.0.1.20:8080 tcp ACCEPT flags=2 after=7200",
		"eni-db 10.0.2.5:50001 > 10.0.1.20:8081 tcp ACCEPT flags=2",
		"eni-db 203.0.113.9:50001 > 10.0.1.20:22 tcp REJECT flags=2",
		"eni-db 10.0.1.20:40000 > 203.0.113.50:443 tcp ACCEPT flags=2",
		"eni-db 203.0.113.9:7 > 10.0.1.20:70 tcp ACCEPT flags=2", // no rule lets it
	}
	u := replay(t, p, flows...)
	if x := rule(t, u, "sg-db", "inbound", "tcp 5432"); x.Flows != 2 || x.Alone != 0 || x.First != noon || x.Last != noon+120 || fmt.Sprint(x.Peers, x.Ports) != "[10.0.0.10/32] [tcp 5432]" || len(x.Narrower) > 0 {
		t.Errorf("%+v", x)
	}
	x := rule(t, u, "sg-db", "inbound", "tcp 0-65535")
	if x.Flows != 4 || x.Alone != 2 || x.Bytes != 400 || fmt.Sprint(x.Peers) != "[10.0.0.10/32 10.0.2.4/31]" || fmt.Sprint(x.Ports) != "[tcp 5432 tcp 8080-8081]" {
		t.Errorf("%+v", x)
	}
	if fmt.Sprint(x.Narrower) != "[tcp 5432,8080-8081 from 10.0.0.10/32,10.0.2.4/31]" || !slices.Contains(x.Findings, "over-wide") {
		t.Errorf("narrower: %q %v", x.Narrower, x.Findings)
	}
	if x.Hours != 2 || x.Observed != 1 || x.Interfaces != 1 || x.Claim != "4 records needed it; 1 of 1 interfaces behind it have records, over 2 interface hours" {
		t.Errorf("%+v", x)
	}
	if x := rule(t, u, "sg-db", "inbound", "udp 9999"); fmt.Sprint(x.Findings) != "[unused]" || x.Claim != "no record needed it; 1 of 1 interfaces behind it have records, over 2 interface hours" {
		t.Errorf("%+v", x)
	}
	// sg-web has two interfaces, and there is no record of either.
	if x := rule(t, u, "sg-web", "inbound", "icmp"); fmt.Sprint(x.Findings) != "[unobserved]" {
		t.Errorf("%+v", x)
	}
	if x := rule(t, u, "sg-db", "outbound", "all"); x.Flows != 1 || fmt.Sprint(x.Narrower) != "[tcp 443 to 203.0.113.50/32]" {
		t.Errorf("%+v", x)
	}
	// A network ACL takes packets and answers alike, and nothing within a subnet.
	if x := rule(t, u, "acl-web", "outbound", "100 allow"); x.Flows != 2 || fmt.Sprint(x.Ports) != "[tcp 443 tcp 50000]" {
		t.Errorf("%+v", x)
	}
	if x := rule(t, u, "rtb-priv", "", "0.0.0.0/0"); x.Flows != 1 || fmt.Sprint(x.Peers) != "[203.0.113.50/32]" {
		t.Errorf("%+v", x)
	}
	if x := rule(t, u, "rtb-priv", "", "10.0.0.0/16"); x.Flows != 1 {
		t.Errorf("%+v", x)
	}
	if u.UnexplainedFlows != 1 || len(u.Unexplained) != 1 || u.Unexplained[0].Port != "tcp 70" {
		t.Errorf("unexplained: %+v", u.Unexplained)
	}
	o := u.Observation
	if o.Accepted != 6 || o.Rejected != 1 || o.Observed != 1 || o.From != noon || o.To != noon+7260 || !slices.Contains(o.Unobserved, "eni-web") {
		t.Errorf("%+v", o)
	}
	if !strings.Contains(strings.Join(o.NotCovered, "\n"), "interfaces have no records") {
		t.Errorf("what is not covered: %q", o.NotCovered)
	}
}

func TestWhatRefuses(t *testing.T) {
	n := resources(t, base)
	n.set("acl-pub", "Entries", []any{
		m{"RuleNumber": int64(50), "Egress": false, "Protocol": int64(6), "RuleAction": "deny", "CidrBlock": "203.0.113.0/24", "PortRange": m{"From": int64(22), "To": int64(22)}},
		m{"RuleNumber": int64(100), "Egress": false, "Protocol": int64(-1), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"},
		m{"RuleNumber": int64(100), "Egress": true, "Protocol": int64(6), "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": m{"From": int64(443), "To": int64(443)}},
	})
	p := network.NewPast(n.at(t, noon))
	for name, c := range map[string]struct{ flow, by, why string }{
		"no rule of the group":               {"eni-web 198.51.100.200:50000 > 10.0.0.10:23 tcp REJECT flags=2", "sg-web", "no inbound rule lets it through"},
		"an entry of the ACL and the group":  {"eni-web 203.0.113.9:50000 > 10.0.0.10:22 tcp REJECT flags=2", "acl-pub sg-web", "its inbound entry 50 denies it; no inbound rule lets it through"},
		"an ACL that stops answers":          {"eni-web 10.0.0.10:443 > 203.0.113.9:50000 tcp REJECT flags=18", "acl-pub", "its last outbound entry denies it"},
		"Block Public Access":                {"eni-web 203.0.113.9:50000 > 10.0.0.10:443 tcp REJECT flags=2 reason=BPA", "VPC Block Public Access", "AWS says so in the record"},
		"nothing that is there today":        {"eni-web 198.51.100.9:50000 > 10.0.0.10:443 tcp REJECT flags=2", "", "the snapshot would let it through: rules changed since, or it belongs to a connection that is forgotten"},
		"an answer that nobody expects":      {"eni-db 203.0.113.9:443 > 10.0.1.20:50000 tcp REJECT flags=18", "", "it answers a connection that no group keeps track of any more"},
		"another reason that AWS may invent": {"eni-web 198.51.100.9:50000 > 10.0.0.10:443 tcp REJECT flags=2 reason=XY", "", `AWS says "XY"`},
	} {
		u := replay(t, p, c.flow)
		if len(u.Refused) != 1 || u.Refused[0].By != c.by || u.Refused[0].Why != c.why || u.Refused[0].Flows != 1 {
			t.Errorf("%s: %+v", name, u.Refused)
		}
	}
}

func TestFirewallRulesThatFlowsNeed(t *testing.T) {
	n := resources(t, base)
	walled(t, n, `pass tcp any any -> any 443 (sid:2;)\npass tcp any any -> any 8443 (sid:3;)\ndrop tcp any any -> any any (sid:4;)`)
	u := replay(t, network.NewPast(n.at(t, noon)),
		"eni-web 203.0.113.9:50000 > 10.0.0.10:443 tcp ACCEPT flags=2",
		"eni-web 10.0.0.10:443 > 203.0.113.9:50000 tcp ACCEPT flags=18",
		"eni-web 10.0.0.10:50000 > 203.0.113.10:443 tcp ACCEPT flags=2")
	fw := "arn:aws:network-firewall:eu-west-1:111122223333:firewall/fw"
	if x := rule(t, u, fw, "", "sid 2"); x.Flows != 3 || len(x.Findings) != 0 || fmt.Sprint(x.Ports) != "[tcp 443]" {
		t.Errorf("%+v", x)
	}
	for _, name := range []string{"sid 3", "sid 4"} {
		if x := rule(t, u, fw, "", name); x.Flows != 0 || fmt.Sprint(x.Findings) != "[unused]" {
			t.Errorf("%+v", x)
		}
	}
}

func TestWhatWasLostAndWhatIsOldIsSaid(t *testing.T) {
	r := network.NewReplay(network.NewPast(resources(t, base).at(t, noon+90*24*60*60)))
	lost := flow(t, "eni-web 10.0.0.10:1 > 10.0.0.11:2 tcp ACCEPT")
	lost.Status = haetae.SkippedFlows
	r.Add(lost)
	none := *lost
	none.Status, none.Interface = haetae.NoFlows, "eni-db"
	r.Add(&none)
	bare := haetae.Flow{Interface: "eni-b", Status: haetae.FlowOK, Direction: "egress"}
	r.Add(&bare)
	hub := haetae.Flow{Hub: "tgw-1", Status: haetae.FlowOK}
	r.Add(&hub)
	u := r.Usage()
	said := strings.Join(u.Observation.NotCovered, "\n")
	for _, want := range []string{"AWS lost traffic in 1 intervals", "the records end 90 days from the snapshot", "1 records could not be used: its addresses, protocol, ports or direction are not known",
		"1 records could not be used: it is of a transit gateway"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}
	// That there was no traffic is an observation; that some was lost is none.
	if x := rule(t, u, "sg-db", "inbound", "tcp 5432"); fmt.Sprint(x.Findings) != "[unused]" {
		t.Errorf("%+v", x)
	}
	if x := rule(t, u, "sg-web", "inbound", "tcp 443 from 0"); fmt.Sprint(x.Findings) != "[unobserved]" {
		t.Errorf("%+v", x)
	}
}

func BenchmarkReplay(b *testing.B) {
	p := network.NewPast(resources(b, base).at(b, noon))
	var flows []*haetae.Flow
	for i := range 10_000 {
		flows = append(flows, flow(b, fmt.Sprintf("eni-web 203.0.%d.%d:%d > 10.0.0.10:443 tcp ACCEPT flags=2", 112+i%4, i%250, 32768+i%20000)))
	}
	b.ReportAllocs()
	r := network.NewReplay(p)
	for b.Loop() {
		for _, f := range flows {
			r.Add(f)
		}
	}
	b.ReportMetric(float64(len(flows))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func TestEverybodyOnTheWebStaysEverybody(t *testing.T) {
	p := network.NewPast(resources(t, base).at(t, noon))
	u := replay(t, p, "eni-web 203.0.113.9:50000 > 10.0.0.10:443 tcp ACCEPT flags=2")
	if x := rule(t, u, "sg-web", "inbound", "tcp 443 from 0"); x.Flows != 1 || len(x.Narrower) > 0 {
		t.Errorf("%+v", x)
	}
}

func TestManyPeersBecomeFewRanges(t *testing.T) {
	n := resources(t, base)
	n.set("sg-db", "SecurityGroupIngress", []any{sg("tcp", 1, 100, m{"CidrIp": "10.0.0.0/8"})})
	r := network.NewReplay(network.NewPast(n.at(t, noon)))
	for i := range 100 {
		r.Add(flow(t, fmt.Sprintf("eni-db 10.0.%d.4:50000 > 10.0.1.20:%d tcp ACCEPT flags=2", 2*i, 1+i)))
	}
	u := r.Usage()
	x := rule(t, u, "sg-db", "inbound", "tcp 1-100")
	if len(x.Peers) != 100 || fmt.Sprint(x.Narrower) != "[tcp 1-100 from 10.0.0.0/17,10.0.128.0/18,10.0.192.0/21]" && !strings.HasPrefix(fmt.Sprint(x.Narrower), "[tcp 1-100 from 10.0.") {
		t.Errorf("%v", x.Narrower)
	}
	_, peers, _ := strings.Cut(x.Narrower[0], " from ")
	if len(strings.Split(peers, ",")) > 12 {
		t.Errorf("%d ranges", len(strings.Split(peers, ",")))
	}
	again, err := json.Marshal(r.Usage())
	if err != nil {
		t.Fatal(err)
	}
	if first, _ := json.Marshal(u); string(first) != string(again) {
		t.Error("asked again it says something else")
	}
}

func TestTooManyPeersAreSaidAndNotCut(t *testing.T) {
	n := resources(t, base)
	n.set("sg-db", "SecurityGroupIngress", []any{sg("tcp", 1, 100, m{"CidrIp": "10.0.0.0/8"})})
	r := network.NewReplay(network.NewPast(n.at(t, noon)))
	f := flow(t, "eni-db 10.9.0.1:50000 > 10.0.1.20:5 tcp ACCEPT flags=2")
	for i := range 20_001 {
		f.Src = netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)})
		r.Add(f)
	}
	x := rule(t, r.Usage(), "sg-db", "inbound", "tcp 1-100")
	if x.Flows != 20_001 || !slices.Contains(x.Peers, "and more") || fmt.Sprint(x.Narrower) != "[tcp 5 from 10.0.0.0/8]" || !strings.Contains(x.Claim, "more than 20000 peers") {
		t.Errorf("%d flows, %q, %q", x.Flows, x.Narrower, x.Claim)
	}
}

// narrowed puts the proposals into the resources and, if it is to be without,
// takes out the rules that are said to be unused.
func narrowed(t *testing.T, snap *haetae.Snapshot, u *network.Usage, without bool) (changed int) {
	t.Helper()
	for _, r := range snap.Resources {
		if r.Type != "AWS::EC2::SecurityGroup" {
			continue
		}
		for direction, prop := range map[string]string{"inbound": "SecurityGroupIngress", "outbound": "SecurityGroupEgress"} {
			var rows []network.RuleUse
			for _, x := range u.Rules {
				if x.Kind == "sg" && x.Resource == r.ID && x.Direction == direction && x.Account == r.Account {
					rows = append(rows, x)
				}
			}
			list, _ := r.Props[prop].([]any)
			if len(rows) != len(list) {
				t.Fatalf("%s has %d rules, %d rows", r.ID, len(list), len(rows))
			}
			var out []any
			for i, x := range rows {
				if without && x.Flows+x.Perhaps == 0 {
					changed++
					continue
				}
				if len(x.Narrower) == 0 {
					out = append(out, list[i])
					continue
				}
				changed++
				for _, s := range x.Narrower {
					out = append(out, written(t, s, list[i].(map[string]any))...)
				}
			}
			if list != nil {
				r.Props[prop] = out
			}
		}
	}
	return changed
}

// written makes rules of a proposal, as somebody who types them in would.
func written(t *testing.T, s string, was map[string]any) (out []any) {
	t.Helper()
	word := " from "
	if !strings.Contains(s, word) {
		word = " to "
	}
	what, peers, _ := strings.Cut(s, word)
	proto, ports, _ := strings.Cut(what, " ")
	if ports == "" {
		ports = "0-65535"
	}
	p, err := cidr.ParseProto(proto)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	for range1 := range strings.SplitSeq(ports, ",") {
		from, to, both := strings.Cut(range1, "-")
		if !both {
			to = from
		}
		for peer := range strings.SplitSeq(peers, ",") {
			one := map[string]any{}
			for k, v := range was {
				if k != "CidrIp" && k != "CidrIpv6" {
					one[k] = v
				}
			}
			one["IpProtocol"] = fmt.Sprint(p.Numbers()[0])
			if p.Intersect(cidr.Ported()) == p {
				one["FromPort"], one["ToPort"] = from, to
			} else if was["IpProtocol"] == "-1" {
				delete(one, "FromPort")
				delete(one, "ToPort")
			}
			if x, err := netip.ParsePrefix(peer); err == nil {
				if x.Addr().Is4() {
					one["CidrIp"] = peer
				} else {
					one["CidrIpv6"] = peer
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// misleading tells whether the ports are those of an answer, as far as they tell:
// of a record without flags it then cannot be known who began.
func misleading(p oracle.Packet) bool {
	return p.SrcPort < 1024 && p.DstPort >= 1024 || p.SrcPort < 32768 && p.DstPort >= 32768
}

// TestProposalsKeepAllThatWasAccepted makes flows of packets that the engine lets
// through on random networks, types in everything that is proposed, and asks
// again about each of them; then also without the rules that nothing needed. What
// the engine says decided must have been needed.
func TestProposalsKeepAllThatWasAccepted(t *testing.T) {
	sch := loadSchema(t)
	kept, changed, removed := 0, 0, 0
	for seed := range uint64(40) {
		topology := oracle.Generate(seed)
		w, err := both(sch, topology)
		if err != nil {
			t.Fatal(err)
		}
		r := network.NewReplay(network.NewPast(w.engine))
		var asked, whole []map[string]any // of whole, both ends have records
		var needed []network.Hop
		for _, text := range w.oracle.Packets(seed, 250) {
			from, p, err := oracle.ParsePacket(text)
			if err != nil {
				t.Fatal(err)
			}
			q := w.question(from, p)
			a, err := w.put(q)
			if err != nil || a.Verdict != network.Reachable || !strings.HasPrefix(from, "eni-") || !w.oracle.Holds(from, p.Src) {
				continue
			}
			f := haetae.Flow{Interface: from, Src: p.Src, Dst: p.Dst, SrcPort: uint16(p.SrcPort), DstPort: uint16(p.DstPort), Proto: uint8(p.Proto), Action: haetae.Accepted,
				Status: haetae.FlowOK, Direction: "egress", Start: noon, End: noon + 1, Has: haetae.FlowProto | haetae.FlowPorts | haetae.FlowStart | haetae.FlowEnd}
			if p.Proto == oracle.TCP && (seed%2 == 0 || misleading(p)) {
				f.Has, f.TCPFlags = f.Has|haetae.FlowFlags, haetae.FlagSYN
			} else if misleading(p) {
				continue
			}
			r.Add(&f)
			answer := f
			answer.Src, answer.Dst, answer.SrcPort, answer.DstPort, answer.Direction = f.Dst, f.Src, f.DstPort, f.SrcPort, "ingress"
			if f.TCPFlags != 0 {
				answer.TCPFlags |= haetae.FlagACK
			}
			r.Add(&answer)
			last := a.Forward.Hops[len(a.Forward.Hops)-1]
			if last.Kind == "eni" {
				if slices.ContainsFunc(a.Forward.Hops, func(h network.Hop) bool {
					return h.Kind == "translation" || h.Kind == "nat" || h.Kind == "load-balancer"
				}) {
					continue // the other end sees other addresses: what it needs is in no record here
				}
				f.Interface, f.Direction = last.Resource, "ingress"
				r.Add(&f)
			}
			asked = append(asked, q)
			if last.Kind == "eni" {
				whole = append(whole, q)
			}
			// What the engine says decides on the way out of the sender's subnet.
			for _, h := range a.Forward.Hops {
				if h.Kind == "nacl" || h.Kind == "route-table" {
					needed = append(needed, h)
				}
				if h.Kind == "route-table" {
					break
				}
			}
		}
		u := r.Usage()
		for _, h := range needed {
			if h.Kind == "nacl" && strings.Contains(h.Rule, ",") {
				continue // a type of ICMP decides
			}
			if !slices.ContainsFunc(u.Rules, func(x network.RuleUse) bool {
				text, _, _ := strings.Cut(x.Rule, " ")
				return x.Kind == h.Kind && x.Resource == h.Resource && text == h.Rule && x.Direction != "inbound" && x.Flows+x.Perhaps > 0
			}) {
				t.Fatalf("seed %d: the engine says that %s %s %q was needed, the replay does not\n%s", seed, h.Kind, h.Resource, h.Rule, topology)
			}
		}
		for _, x := range u.Rules {
			if x.Kind == "nacl" && strings.HasSuffix(x.Rule, "deny") && x.Flows > 0 {
				t.Fatalf("seed %d: what was accepted needed an entry that denies: %+v\n%s", seed, x, topology)
			}
		}
		if u.UnexplainedFlows > 0 {
			t.Fatalf("seed %d: the engine lets through what the replay cannot explain: %+v\n%s", seed, u.Unexplained, topology)
		}
		for _, without := range []bool{false, true} {
			snap, err := oracle.Parse(topology)
			if err != nil {
				t.Fatal(err)
			}
			snap = graph.Assemble(sch, snap, graph.Options{})
			n := narrowed(t, snap, u, without)
			again := asked
			if changed += n; without {
				removed += n
				again = whole
			}
			after := pair{network.Build(graph.New(sch, snap)), w.oracle}
			for _, q := range again {
				a, err := after.put(q)
				if err != nil || a.Verdict != network.Reachable {
					t.Fatalf("seed %d, without what is unused %t: %v no longer gets through: %v %s\n%s", seed, without, q, err, show(a), topology)
				}
				kept++
			}
		}
	}
	if kept < 2000 || changed < 200 || removed < 100 {
		t.Errorf("only %d packets were kept, %d rules made narrower, %d removed: the test does not test much", kept, changed, removed)
	}
}
