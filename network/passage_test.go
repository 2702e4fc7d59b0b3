package network_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/sample"
	"github.com/haetae/haetae/schema"
)

func sampleGraph(tb testing.TB) *graph.Graph {
	tb.Helper()
	sch, err := schema.Load()
	if err != nil {
		tb.Fatal(err)
	}
	snap, err := sample.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	return graph.New(sch, graph.Assemble(sch, snap, graph.Options{HashKey: []byte("x")}))
}

func box(proto int, ports cidr.Ports, src string) cidr.Set {
	a, err := cidr.Parse(src)
	if err != nil {
		panic(err)
	}
	return cidr.Of(cidr.Boxes(a, cidr.AllAddrs(), cidr.Proto(proto), cidr.AllPorts(), ports, cidr.AllPorts(), cidr.AllPorts())...)
}

func TestStrangersAreMoreOfTheInternetThanOneOrganizationHas(t *testing.T) {
	for _, c := range []struct {
		name string
		set  cidr.Set
		want []string
	}{
		{"all of it", box(cidr.TCP, cidr.PortRange(22, 22), "0.0.0.0/0"), []string{"tcp 22"}},
		{"half of it", box(cidr.TCP, cidr.PortRange(22, 22), "128.0.0.0/1"), []string{"tcp 22"}},
		{"two quarters in two rules", box(cidr.TCP, cidr.PortRange(22, 22), "64.0.0.0/9").Union(box(cidr.TCP, cidr.PortRange(22, 22), "65.0.0.0/8")), []string{"tcp 22"}},
		{"a /8 is one organization's", box(cidr.TCP, cidr.PortRange(22, 22), "44.0.0.0/8"), nil},
		{"two halves of a limit for different ports", box(cidr.TCP, cidr.PortRange(22, 22), "44.0.0.0/8").Union(box(cidr.TCP, cidr.PortRange(23, 23), "45.0.0.0/8")), nil},
		{"ports that overlap in part", box(cidr.TCP, cidr.PortRange(20, 25), "44.0.0.0/8").Union(box(cidr.TCP, cidr.PortRange(22, 30), "45.0.0.0/8")), []string{"tcp 22-25"}},
		{"private addresses are no strangers", box(cidr.TCP, cidr.PortRange(22, 22), "10.0.0.0/7").Intersect(box(cidr.TCP, cidr.AllPorts(), "10.0.0.0/8")), nil},
		{"all of IPv6", box(cidr.TCP, cidr.PortRange(22, 22), "::/0"), []string{"tcp 22"}},
		{"a provider's IPv6", box(cidr.TCP, cidr.PortRange(22, 22), "2600::/16"), nil},
		{"another protocol", box(cidr.UDP, cidr.PortRange(53, 53), "0.0.0.0/0"), []string{"udp 53"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := network.Summary(network.Strangers(c.set)); !slices.Equal(got, c.want) {
				t.Errorf("%v, not %v", got, c.want)
			}
		})
	}
}

func TestInboundIsWhatExposureSays(t *testing.T) {
	g := sampleGraph(t)
	w := network.Build(g)
	in := w.Inbound()
	open := map[string]bool{}
	for _, e := range w.Exposure() {
		open[e.Resource] = true
	}
	n := 0
	for _, r := range g.Resources() {
		p, ok := in.To(r)
		if !ok || r.Type == "AWS::EC2::NetworkInterface" || r.Type == "AWS::EC2::SecurityGroup" {
			continue
		}
		if got := !p.Free.Empty(); got != open[r.ID] {
			t.Errorf("%s %s: inbound says %v, exposure %v", r.Type, r.ID, got, open[r.ID])
		} else if got {
			n++
		}
	}
	if n < 5 {
		t.Errorf("only %d of the sample are reached", n)
	}
}

// Interfaces of a class are walked once; each must get what a walk of its own says.
func TestWhatIsWalkedForAClassIsWhatEachMemberGets(t *testing.T) {
	g := assembled(t, generated(300, false))
	in := network.Build(g).Inbound()
	n := 0
	for _, r := range g.Resources() {
		if r.Type != "AWS::EC2::NetworkInterface" || r.Observed["PublicIp"] == nil {
			continue
		}
		got, _ := in.To(r)
		want, err := in.Passage(network.End{ID: "internet"}, network.EndOf(r))
		if err != nil || !got.Free.Equal(want.Free) || !got.May.Equal(want.May) || len(got.Way(got.Free)) == 0 {
			t.Fatalf("%s: %v, not %v (%v)", r.ID, got.Free, want.Free, err)
		}
		if !got.Free.Empty() {
			n++
		}
	}
	if n < 50 {
		t.Errorf("only %d are reached", n)
	}
}

func TestEdgesOfTheNetworkAreWhatReachSays(t *testing.T) {
	w := network.Build(sampleGraph(t))
	in := w.Inbound()
	n, inside := 0, 0
	for e := range w.CanReach() {
		n++
		if e.Kind != haetae.CanReach || len(e.Proof.Packets) == 0 || len(e.Proof.Hops) == 0 {
			t.Fatalf("%s → %s: %+v", e.From.ID, e.To.ID, e.Proof)
		}
		src := network.EndOf(e.From)
		if e.From.Type == network.Internet {
			src = network.End{ID: "internet"}
		} else {
			inside++
		}
		if n%7 != 0 {
			continue
		}
		p, err := in.Passage(src, network.EndOf(e.To))
		if err != nil || p.Free.Empty() || p.Conditional != e.Proof.Conditional {
			t.Errorf("%s → %s: %+v, reach says %v, %v", e.From.ID, e.To.ID, e.Proof, p, err)
		}
	}
	if inside < 50 || n == inside {
		t.Errorf("%d edges, %d between resources", n, inside)
	}
	for range w.CanReach() {
		break // a caller may stop at any edge
	}
}

// bypassed has a firewall before subnet-a. Subnet-b goes straight to the internet.
const bypassed = `
account: "111122223333"
region: eu-west-1
resources:
  vpc-1: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  igw-1: {Type: AWS::EC2::InternetGateway, Properties: {Attachments: [{VpcId: vpc-1}]}}
  subnet-fw: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-1, CidrBlock: 10.0.0.0/24, AvailabilityZone: eu-west-1a}}
  subnet-a: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-1, CidrBlock: 10.0.1.0/24, AvailabilityZone: eu-west-1a}}
  subnet-b: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-1, CidrBlock: 10.0.2.0/24, AvailabilityZone: eu-west-1a}}
  vpce-fw: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-1, VpcEndpointType: GatewayLoadBalancer, SubnetIds: [subnet-fw]}, Observed: {State: available}}
  rtb-igw: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-1, Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 10.0.1.0/24, VpcEndpointId: vpce-fw}], Associations: [{GatewayId: igw-1}]}}
  rtb-fw: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-1, Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 0.0.0.0/0, GatewayId: igw-1}], Associations: [{SubnetId: subnet-fw}, {SubnetId: subnet-b}]}}
  rtb-a: {Type: AWS::EC2::RouteTable, Properties: {VpcId: vpc-1, Routes: [{DestinationCidrBlock: 10.0.0.0/16, GatewayId: local}, {DestinationCidrBlock: 0.0.0.0/0, VpcEndpointId: vpce-fw}], Associations: [{SubnetId: subnet-a}]}}
  acl-1: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: vpc-1, Entries: [{RuleNumber: 100, Egress: false, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}, {RuleNumber: 100, Egress: true, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0}]}, Observed: {IsDefault: true}}
  sg-1: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-1, GroupDescription: web, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}], SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0}]}}
  eni-a: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-a, GroupSet: [sg-1], PrivateIpAddress: 10.0.1.10, SourceDestCheck: true}, Observed: {PublicIp: 198.51.100.10}}
  eni-b: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-b, GroupSet: [sg-1], PrivateIpAddress: 10.0.2.10, SourceDestCheck: true}, Observed: {PublicIp: 198.51.100.11}}
`

func TestWaysAroundInspection(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(topo)
		want   string // "direction resource" of all, joined
		unread string
		seen   bool
	}{
		{"a subnet that routes straight to the internet, both ways", func(topo) {}, "in eni-b, out eni-b", "", true},
		{"without that subnet's interface all is inspected", func(m topo) { delete(m, "eni-b") }, "", "", true},
		{"a gateway's table drops answers that would go straight back, so that there is no such way", func(m topo) {
			delete(m, "eni-b")
			m["rtb-a"].Props["Routes"].([]any)[1] = map[string]any{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
		}, "", "", true},
		{"without the gateway's table what comes in is not inspected, nor answers to what goes out", func(m topo) { delete(m, "eni-b"); delete(m, "rtb-igw") }, "answers eni-a, in eni-a", "", true},
		{"a security group that lets nobody in leaves the way out", func(m topo) { m["sg-1"].Props["SecurityGroupIngress"] = []any{} }, "out eni-b", "", true},
		{"a VPC without any inspection has nothing to bypass", func(m topo) {
			delete(m, "vpce-fw")
			delete(m, "rtb-igw")
			delete(m, "rtb-a")
		}, "", "", false},
		{"a route table that was not read", func(m topo) {
			delete(m, "eni-b")
			m["rtb-a"].Props["Routes"] = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"ec2:DescribeRouteTables"}}
		}, "", "ec2:DescribeRouteTables", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := resources(t, bypassed)
			c.change(n)
			got, ok := n.world(t).Inbound().Inspection(n["vpc-1"])
			var said []string
			for _, b := range got.Bypasses {
				said = append(said, b.Direction+" "+b.Resource.ID)
				if len(b.Way) == 0 {
					t.Errorf("%s %s has no way", b.Direction, b.Resource.ID)
				}
			}
			var unread []string
			for _, u := range got.Missing {
				unread = append(unread, u.Actions...)
			}
			if !ok || got.Inspected != c.seen || strings.Join(said, ", ") != c.want || !strings.Contains(strings.Join(unread, " "), c.unread) || c.unread == "" && len(got.Missing) > 0 {
				t.Errorf("inspected %v, %v, missing %v; not %v, %q, %q", got.Inspected, said, got.Missing, c.seen, c.want, c.unread)
			}
		})
	}
}
