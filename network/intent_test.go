package network_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/network"
)

// keep holds a network against intents that are written in YAML.
func keep(t testing.TB, w *network.World, text string) []network.Outcome {
	t.Helper()
	list, err := content.ParseIntents([]byte(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.Keep(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// faults are the faults of an outcome, with a question mark where it depends.
func faults(o network.Outcome) string {
	var out []string
	for _, b := range o.Breaches {
		s := string(b.Fault)
		if b.Verdict == network.Undecided {
			s += "?"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// open lets everything through the groups of the base network.
func open(n topo) {
	for _, id := range []string{"sg-web", "sg-db", "sg-o"} {
		n.set(id, "SecurityGroupIngress", []any{all4})
		n.set(id, "SecurityGroupEgress", []any{all4})
	}
}

// onPort lets only TCP to a port into the interfaces of the base network.
func onPort(n topo, port int) {
	open(n)
	for _, id := range []string{"sg-web", "sg-db", "sg-o"} {
		n.set(id, "SecurityGroupIngress", []any{sg("tcp", port, port, m{"CidrIp": "0.0.0.0/0"})})
	}
}

func appliancePath(t testing.TB, n topo) {
	appliance(t, n, false)
	open(n)
}

// bothWays routes the answers through the appliance too.
func bothWays(t testing.TB, n topo) {
	appliancePath(t, n)
	n.add("rtb-priv", "Routes", m{"DestinationCidrBlock": "10.0.0.0/24", "NetworkInterfaceId": "eni-mid"})
}

// zones puts firewalls in two zones of the web VPC, and a server in each zone:
// i-web in the first, i-two in the second. What comes in and goes out passes the
// firewall of the zone.
func zones(t testing.TB, n topo) {
	walled(t, n, `pass ip any any -> any any (sid:1;)`)
	open(n)
	n.more(t, `
  subnet-two: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-web, CidrBlock: 10.0.20.0/24, AvailabilityZone: eu-west-1b}}
  subnet-fw2: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-web, CidrBlock: 10.0.9.16/28, AvailabilityZone: eu-west-1b}}
  rtb-two: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-web, Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 0.0.0.0/0, VpcEndpointId: vpce-fw2}], Associations: [{SubnetId: subnet-two}]}}
  rtb-fw2: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-web, Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 0.0.0.0/0, GatewayId: igw-1}], Associations: [{SubnetId: subnet-fw2}]}}
  vpce-fw2: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-web, VpcEndpointType: GatewayLoadBalancer, ServiceName: fw, SubnetIds: [subnet-fw2]}, Observed: {State: available}}
  eni-two: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-two, GroupSet: [sg-web], PrivateIpAddress: 10.0.20.10, SourceDestCheck: true}, Observed: {PublicIp: 198.51.100.20}}
  i-two: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-two, NetworkInterfaces: [{NetworkInterfaceId: eni-two}]}, Tags: {Name: two}}
`)
	n[fwARN].Observed["EndpointIds"] = []any{"eu-west-1a:vpce-fw", "eu-west-1b:vpce-fw2"}
	n.add("rtb-igw", "Routes", m{"DestinationCidrBlock": "10.0.20.0/24", "VpcEndpointId": "vpce-fw2"})
}

const fwARN = "arn:aws:network-firewall:eu-west-1:111122223333:firewall/fw"

// gwlb puts an endpoint of a gateway load balancer in the way of what the zones
// of the inspection VPC carry, in place of the firewall.
func gwlb(t testing.TB, n topo) {
	inspection(t, n)
	delete(n, "fw")
	delete(n, "fwp")
	open(n)
}

func between(from, to, must string, more ...string) string {
	return fmt.Sprintf("- {id: x, from: %s, to: %s, must: %s%s}", from, to, must, strings.Join(append([]string{""}, more...), ", "))
}

// TestIntents has each kind of bypass, and networks without.
func TestIntents(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t testing.TB, n topo)
		intent string
		want   network.Standing
		faults string
		pairs  network.PairCounts
	}{
		{"a server that the internet must reach is reached", nil, between("internet", "i-web", "reach", "port: 443"), network.Holds, "", network.PairCounts{All: 1, Open: 1}},
		{"one on a port that no rule opens is not", nil, between("internet", "i-web", "reach", "port: 80"), network.Broken, "blocked", network.PairCounts{All: 1, Broken: 1}},
		{"of two ports that are asked, one is not open", nil, between("internet", "i-web", "reach", "ports: [443, 80]"), network.Broken, "partly", network.PairCounts{All: 1, Open: 1, Broken: 1}},
		{"of a range that is asked, only one port is open", nil, between("internet", "i-web", "reach", "port: 440-450"), network.Broken, "partly", network.PairCounts{All: 1, Open: 1, Broken: 1}},
		{"some of a range of senders is not let in", func(t testing.TB, n topo) {
			n.set("sg-web", "SecurityGroupIngress", []any{sg("tcp", 443, 443, m{"CidrIp": "203.0.113.0/25"})})
		}, between("203.0.113.0/24", "i-web", "reach", "port: 443"), network.Broken, "partly", network.PairCounts{All: 1, Open: 1, Broken: 1}},
		{"what must never get through does not", nil, between("internet", "eni-db", "never"), network.Holds, "", network.PairCounts{All: 1}},
		{"a group reaches another, and must not", nil, between("sg-web", "sg-db", "never"), network.Broken, "reached", network.PairCounts{All: 2, Open: 2, Broken: 2}},
		{"on another port it does not", nil, between("sg-web", "sg-db", "never", "port: 22"), network.Holds, "", network.PairCounts{All: 2}},
		{"of a VPC all but who may", nil, between("[vpc-web, vpc-other, not sg-web]", "eni-db", "never"), network.Holds, "", network.PairCounts{All: 1}},
		{"a rule that refers to a list that nobody read may let it in", change(func(n topo) {
			n.set("sg-db", "SecurityGroupIngress", []any{sg("tcp", 22, 22, m{"SourcePrefixListId": "pl-9"})})
		}), between("sg-web", "sg-db", "never"), network.Undecided, "reached?", network.PairCounts{All: 2, Open: 2, Unknown: 2}},

		{"both ways go through the appliance", bothWays, between("i-web", "eni-db", "through", "via: eni-mid"), network.Holds, "", network.PairCounts{All: 1, Open: 1}},
		{"asymmetric routing: the answers go around the appliance", appliancePath, between("i-web", "eni-db", "through", "via: eni-mid"), network.Broken, "reply-around", network.PairCounts{All: 1, Open: 1, Broken: 1}},
		{"asymmetric routing: the packets go around the appliance", func(t testing.TB, n topo) { appliancePath(t, n) }, between("eni-db", "i-web", "through", "via: eni-mid"), network.Broken, "around", network.PairCounts{All: 1, Open: 1, Broken: 1}},
		{"a DMZ bypass: one of two senders of the tier has a way past the appliance", bothWays, between("sg-web", "eni-db", "through", "via: eni-mid"), network.Broken, "around", network.PairCounts{All: 2, Open: 2, Broken: 1}},
		{"who is in the DMZ itself needs no way through it", bothWays, between("[eni-mid, i-web]", "eni-db", "through", "via: eni-mid"), network.Holds, "", network.PairCounts{All: 1, Open: 1}},
		{"nothing passes, so nothing passes by", nil, between("internet", "eni-db", "through", "via: nat-1"), network.Holds, "", network.PairCounts{All: 1}},

		{"each zone has its firewall", zones, between("internet", "[i-web, i-two]", "through", "via: '"+fwARN+"'"), network.Holds, "", network.PairCounts{All: 2, Open: 2}},
		{"what the zones send passes it too", zones, between("[i-web, i-two]", "internet", "through", "via: '"+fwARN+"'"), network.Holds, "", network.PairCounts{All: 2, Open: 2}},
		{"a single-zone gap: the second zone routes past the firewall, both ways", func(t testing.TB, n topo) {
			zones(t, n)
			n.set("rtb-two", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}})
			n.set("rtb-igw", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, m{"DestinationCidrBlock": "10.0.0.0/24", "VpcEndpointId": "vpce-fw"}})
		}, between("internet", "[i-web, i-two]", "through", "via: '"+fwARN+"'"), network.Broken, "around", network.PairCounts{All: 2, Open: 2, Broken: 1}},
		{"a zone that routes to no firewall at all reaches nothing, which is no bypass", func(t testing.TB, n topo) {
			zones(t, n)
			n.set("rtb-two", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}})
		}, between("[i-web, i-two]", "internet", "through", "via: '"+fwARN+"'"), network.Holds, "", network.PairCounts{All: 2, Open: 1}},
		{"but it must reach", func(t testing.TB, n topo) {
			zones(t, n)
			n.set("rtb-two", "Routes", []any{m{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}})
		}, between("[i-web, i-two]", "internet", "reach", "port: 443"), network.Broken, "blocked", network.PairCounts{All: 2, Open: 1, Broken: 1}},
		{"the gateway's own table leads around it: the answers are not seen", func(t testing.TB, n topo) {
			zones(t, n)
			delete(n, "rtb-igw")
		}, between("i-web", "internet", "through", "via: vpce-fw"), network.Broken, "reply-around", network.PairCounts{All: 1, Open: 1, Broken: 1}},

		{"without appliance mode the answers come through the other zone's firewall", func(t testing.TB, n topo) { inspection(t, n); onPort(n, 22) }, between("i-web", "eni-o", "through", "via: fw"), network.Broken, "other-point", network.PairCounts{All: 1, Broken: 1}},
		{"with it the flow stays in one", func(t testing.TB, n topo) {
			inspection(t, n)
			onPort(n, 22)
			n.set("tgw-attach-insp", "Options", m{"ApplianceModeSupport": "enable"})
		}, between("i-web", "eni-o", "through", "via: fw"), network.Holds, "", network.PairCounts{All: 1, Open: 1}},
		{"in one zone it needs none", func(t testing.TB, n topo) {
			inspection(t, n)
			onPort(n, 22)
			n.set("subnet-o", "AvailabilityZone", "eu-west-1a")
		}, between("i-web", "eni-o", "through", "via: vpc-insp"), network.Holds, "", network.PairCounts{All: 1, Open: 1}},
		{"the answers through another gateway load balancer endpoint, too", gwlb, between("i-web", "eni-o", "through", "via: [vpce-fa, vpce-fb]"), network.Broken, "other-point", network.PairCounts{All: 1, Open: 1, Broken: 1}},
		{"that an appliance which is no inspection point forwards is not known", func(t testing.TB, n topo) {
			bothWays(t, n)
			n.more(t, `
  eni-fw: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-b, GroupSet: [sg-mid], PrivateIpAddress: 10.0.2.71, SourceDestCheck: false}}
`)
		}, between("i-web", "eni-db", "through", "via: eni-fw"), network.Undecided, "around?", network.PairCounts{All: 1, Open: 1, Unknown: 1}},
		{"a NAT gateway is passed both ways", open2, between("eni-db", "internet", "through", "via: nat-1"), network.Holds, "", network.PairCounts{All: 1, Open: 1}},

		{"a gateway endpoint is a way past it, for the addresses of its service", func(t testing.TB, n topo) { s3(t, n); open(n) }, between("eni-db", "internet", "through", "via: nat-1"), network.Broken, "around", network.PairCounts{All: 1, Open: 1, Broken: 1}},
		{"or an inspection point too", func(t testing.TB, n topo) { s3(t, n); open(n) }, between("eni-db", "internet", "through", "via: [nat-1, vpce-s3]"), network.Holds, "", network.PairCounts{All: 1, Open: 1}},
		{"when nobody read which addresses those are, it depends", func(t testing.TB, n topo) { s3(t, n); open(n); delete(n, "pl-s3") }, between("eni-db", "internet", "through", "via: nat-1"), network.Undecided, "around?", network.PairCounts{All: 1, Open: 1, Unknown: 1}},

		{"over a host: the internet reaches the server, which reaches the database", nil, between("internet", "eni-db", "never", "hops: any"), network.Broken, "reached", network.PairCounts{All: 4, Open: 2, Broken: 2}},
		{"nobody who is reached reaches it", change(func(n topo) {
			n.set("sg-db", "SecurityGroupIngress", []any{sg("tcp", 5432, 5432, m{"CidrIp": "10.0.2.30/32"})})
			n.set("sg-web", "SecurityGroupEgress", []any{})
		}),
			between("internet", "eni-db", "never", "hops: any"), network.Holds, "", network.PairCounts{All: 2}},
		{"who passes the server has passed the DMZ", nil, between("internet", "eni-db", "through", "via: i-web", "hops: any"), network.Holds, "", network.PairCounts{All: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := resources(t, base)
			if c.change != nil {
				c.change(t, n)
			}
			o := keep(t, n.world(t), c.intent)[0]
			if o.Verdict != c.want || faults(o) != c.faults || c.pairs.All > 0 && o.Pairs != c.pairs {
				t.Errorf("%s, %q, %+v\n%+v", o.Verdict, faults(o), o.Pairs, o.Breaches)
			}
			if (o.Verdict == network.Undecided) != (len(o.DependsOn.Missing)+len(o.DependsOn.Request) > 0) {
				t.Errorf("%s, depends on %v", o.Verdict, o.DependsOn)
			}
			for _, b := range o.Breaches {
				if b.Pairs == 0 || b.Classes == 0 || len(b.Examples) == 0 {
					t.Errorf("no example: %+v", b)
				}
				for _, x := range b.Examples {
					if got := b.Fault != network.FaultBlocked && b.Fault != network.FaultPartly; got != (x.Packet != nil) || len(x.Forward.Hops) == 0 || got == (len(x.Stops) > 0) && b.Verdict == network.Broken {
						t.Errorf("%s is shown as %+v", b.Fault, x)
					}
				}
			}
		})
	}
}

// open2 opens the groups, so that the private subnet sends through its NAT gateway.
func open2(_ testing.TB, n topo) { open(n) }

func TestACounterExampleShowsThePointsOfBothWays(t *testing.T) {
	n := resources(t, base)
	inspection(t, n)
	onPort(n, 22)
	x := keep(t, n.world(t), between("i-web", "eni-o", "through", "via: fw"))[0].Breaches[0].Examples[0]
	if !slices.Equal(x.Points, []string{"vpce-fa"}) || !slices.Equal(x.Back, []string{"vpce-fb"}) {
		t.Errorf("%v there, %v back", x.Points, x.Back)
	}
	if x.From.Resource != "i-web" || x.From.Name != "web" || x.From.Interface != "eni-web" || x.Packet.Proto != "tcp" || !slices.Equal(x.Packet.Ports, []string{"22"}) {
		t.Errorf("%+v, %+v", x.From, x.Packet)
	}
}

func TestAChainShowsItsHosts(t *testing.T) {
	w := resources(t, base).world(t)
	x := keep(t, w, between("internet", "eni-db", "never", "hops: any"))[0].Breaches[0].Examples[0]
	if len(x.Relays) != 1 || x.Relays[0].From.Resource != "internet" || x.Relays[0].To.Resource != "i-web" || x.From.Resource != "i-web" || x.To.Resource != "eni-db" || len(x.Relays[0].Forward.Hops) == 0 {
		t.Errorf("%+v", x)
	}
}

func TestWhatIsBlockedSaysHowToOpenIt(t *testing.T) {
	w := resources(t, base).world(t)
	x := keep(t, w, between("internet", "i-web", "reach", "port: 80"))[0].Breaches[0].Examples[0]
	if len(x.Stops) != 1 || x.Stops[0].Code != "ENI_SG_RULES_MISMATCH" || len(x.Changes) != 1 {
		t.Errorf("%+v", x)
	}
}

func TestASetThatMayHaveMoreMembersDoesNotHold(t *testing.T) {
	n := resources(t, base)
	w := n.world(t, haetae.Coverage{Account: "111122223333", Region: "eu-west-1", Type: "AWS::EC2::NetworkInterface", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"ec2:DescribeNetworkInterfaces"}})
	for _, from := range []string{"vpc-other", "sg-o", "subnets:tier=other"} {
		n["subnet-o"].Tags = m{"tier": "other"}
		o := keep(t, w, between(from, "eni-db", "never"))[0]
		if o.Verdict != network.Undecided || len(o.DependsOn.Missing) == 0 || !strings.Contains(o.DependsOn.Missing[0], "ec2:DescribeNetworkInterfaces") {
			t.Errorf("%s: %s, %v", from, o.Verdict, o.DependsOn)
		}
	}
}

func TestAResourceWhoseTagsWereNotReadMayBeInASet(t *testing.T) {
	n := resources(t, base)
	n["eni-o"].TagsUnknown = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"ec2:DescribeTags"}}
	o := keep(t, n.world(t), between("tag:Name=web", "eni-db", "never", "port: 22"))[0]
	if o.Verdict != network.Undecided || len(o.DependsOn.Missing) != 1 || !strings.Contains(o.DependsOn.Missing[0], "the tag Name of eni-o") {
		t.Errorf("%s, %v", o.Verdict, o.DependsOn)
	}
	// What is known to be broken stays broken.
	if o := keep(t, n.world(t), between("tag:Name=web", "eni-db", "never"))[0]; o.Verdict != network.Broken {
		t.Errorf("%s", o.Verdict)
	}
}

func TestEndsThatStandForNothingAreErrors(t *testing.T) {
	w := resources(t, base).world(t)
	for intent, want := range map[string]string{
		between("i-nowhere", "eni-db", "never"):                           "test.yaml:1: intent x: i-nowhere is no resource",
		between("tag:Name=none", "eni-db", "never"):                       "tag:Name=none",
		between("subnets:tier=none", "eni-db", "never"):                   "subnets:tier=none",
		between("eni-db", "eni-db", "never"):                              "the same interface",
		between("i-web", "eni-db", "through", "via: eni-none"):            "eni-none",
		between("i-web", "eni-db", "through", "via: internet"):            "nothing that packets pass",
		between("i-web", "eni-db", "through", "via: i-web"):               "inspection point of via itself",
		between("internet", "internet", "never"):                          "both outside",
		between("[sg-web, not sg-web]", "eni-db", "never"):                "nothing is left",
		"- {id: x, must: never, to: eni-db,\n   from: [i-web,\n   i-no]}": "test.yaml:3: intent x: i-no",
	} {
		list, err := content.ParseIntents([]byte(intent), "test.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = w.Keep(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want one with %q", intent, err, want)
		}
	}
}

// TestIntentsAgreeWithEachPair holds random networks against intents about sets,
// and asks about every pair by itself.
func TestIntentsAgreeWithEachPair(t *testing.T) {
	broken, held := 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 29))
		n := randomNet(r)
		w := n.resources().world(t)
		var plain []string
		for i, e := range n.enis {
			if !e.nat {
				plain = append(plain, fmt.Sprint("eni-", i))
			}
		}
		some := func(more ...string) []string {
			r.Shuffle(len(plain), func(i, j int) { plain[i], plain[j] = plain[j], plain[i] })
			return slices.Concat(plain[:1+r.IntN(len(plain))], more)
		}
		for range 6 {
			from, to := some(), some()
			if r.IntN(3) == 0 {
				from = append(from, "internet")
			} else if r.IntN(3) == 0 {
				to = append(to, "internet")
			}
			if slices.Equal(from, to) && len(from) == 1 {
				continue
			}
			packets := []string{``, `, "proto": "tcp", "port": 443`, `, "proto": "tcp", "port": 22`, `, "proto": "udp"`, `, "proto": 47`}[r.IntN(5)]
			var want struct{ all, reach, may int }
			for _, f := range from {
				for _, x := range to {
					if f == x {
						continue
					}
					want.all++
					switch ask(t, w, fmt.Sprintf(`{"src": %q, "dst": %q%s}`, f, x, packets)).Verdict {
					case network.Reachable:
						want.reach++
					case network.DependsOn:
						want.may++
					}
				}
			}
			for _, must := range []string{"never", "reach"} {
				if must == "reach" && (slices.Contains(from, "internet") || slices.Contains(to, "internet")) {
					continue // all of the internet is asked for, not some of it
				}
				text := fmt.Sprintf(`[{"id": "x", "must": %q, "from": ["%s"], "to": ["%s"]%s}]`, must, strings.Join(from, `","`), strings.Join(to, `","`), packets)
				o := keep(t, w, text)[0]
				p := network.PairCounts{All: want.all, Open: want.reach + want.may, Broken: want.reach, Unknown: want.may}
				if must == "reach" {
					p.Broken = want.all - want.reach - want.may
				}
				if o.Pairs != p {
					t.Fatalf("seed %d, %s: %+v, one by one %+v\n%+v", seed, text, o.Pairs, p, o.Breaches)
				}
				broken, held = broken+o.Pairs.Broken, held+o.Pairs.All-o.Pairs.Broken
			}
		}
	}
	if broken < 150 || held < 150 {
		t.Errorf("%d pairs are broken and %d hold: the networks say too little", broken, held)
	}
}
