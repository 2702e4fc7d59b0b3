package network_test

import (
	"fmt"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
)

// generated is a network of interfaces: VPCs of 1,000, each with 20 subnets of
// three kinds and 25 applications of three tiers whose groups refer to each
// other, as teams build them. own gives every interface a group of its own.
func generated(interfaces int, own bool) *haetae.Snapshot {
	s := &haetae.Snapshot{}
	add := func(typ, id string, props, observed m) {
		s.Resources = append(s.Resources, &haetae.Resource{Type: typ, ID: id, Account: "111122223333", Region: "eu-west-1", Props: props, Observed: observed, Origin: haetae.Origin{Source: "cli"}})
	}
	s.Coverage = []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}}
	for v := range (interfaces + 999) / 1000 {
		vpc, igw := fmt.Sprint("vpc-", v), fmt.Sprint("igw-", v)
		net := fmt.Sprintf("10.%d", v%250)
		add("AWS::EC2::VPC", vpc, m{"CidrBlock": net + ".0.0/16"}, nil)
		add("AWS::EC2::InternetGateway", igw, m{"Attachments": []any{m{"VpcId": vpc}}}, nil)
		allow := []any{acl(100, false, "allow", "0.0.0.0/0", -1), acl(100, true, "allow", "0.0.0.0/0", -1)}
		add("AWS::EC2::NetworkAcl", fmt.Sprint("acl-", v), m{"VpcId": vpc, "Entries": allow}, m{"IsDefault": true})
		add("AWS::EC2::RouteTable", fmt.Sprint("rtb-m-", v), m{"VpcId": vpc, "Routes": []any{}, "Associations": []any{m{"Main": true}}}, nil)
		var public []any
		for n := range 20 {
			id := fmt.Sprintf("subnet-%d-%d", v, n)
			add("AWS::EC2::Subnet", id, m{"VpcId": vpc, "CidrBlock": fmt.Sprintf("%s.%d.0/24", net, n), "AvailabilityZone": fmt.Sprintf("eu-west-1%c", 'a'+n%3)}, nil)
			if n < 6 {
				public = append(public, m{"SubnetId": id})
			}
		}
		add("AWS::EC2::RouteTable", fmt.Sprint("rtb-p-", v), m{"VpcId": vpc, "Routes": []any{m{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": igw}}, "Associations": public}, nil)
		for app := range 25 {
			var before string
			for tier, port := range []int{443, 8080, 5432} {
				g := fmt.Sprintf("sg-%d-%d-%d", v, app, tier)
				peer := m{"CidrIp": "0.0.0.0/0"}
				if tier > 0 {
					peer = m{"SourceSecurityGroupId": before}
				}
				in := []any{sg("tcp", port, port, peer), sg("tcp", 22, 22, m{"CidrIp": net + ".19.0/24"})}
				add("AWS::EC2::SecurityGroup", g, m{"VpcId": vpc, "GroupDescription": "g", "SecurityGroupIngress": in, "SecurityGroupEgress": []any{m{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}}}, nil)
				before = g
			}
		}
		for i := range min(1000, interfaces-v*1000) {
			tier := i % 3
			subnet := tier*6 + i/3%6
			groups := []any{fmt.Sprintf("sg-%d-%d-%d", v, i/3%25, tier)}
			if own {
				g := fmt.Sprintf("sg-own-%d-%d", v, i)
				add("AWS::EC2::SecurityGroup", g, m{"VpcId": vpc, "GroupDescription": "g", "SecurityGroupIngress": []any{sg("tcp", 9000+i%500, 9000+i%500, m{"CidrIp": net + ".0.0/16"})}, "SecurityGroupEgress": []any{}}, nil)
				groups = append(groups, g)
			}
			observed := m{}
			if tier == 0 {
				x := v*1000 + i
				observed["PublicIp"] = fmt.Sprintf("52.%d.%d.%d", x>>16, x>>8&255, x&255)
			}
			add("AWS::EC2::NetworkInterface", fmt.Sprintf("eni-%d-%d", v, i), m{"SubnetId": fmt.Sprintf("subnet-%d-%d", v, subnet), "GroupSet": groups,
				"PrivateIpAddress": fmt.Sprintf("%s.%d.%d", net, subnet, 5+i/18), "SourceDestCheck": true, "InterfaceType": "interface"}, observed)
		}
	}
	return s
}

func assembled(tb testing.TB, s *haetae.Snapshot) *graph.Graph {
	tb.Helper()
	sch, err := schema.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("x")}))
}

func BenchmarkBuild10000(b *testing.B) {
	g := assembled(b, generated(10_000, false))
	b.ReportAllocs()
	for b.Loop() {
		network.Build(g)
	}
}

// BenchmarkReach explains one pair in 10,000 interfaces, with what a fix would open
// besides: the promise is 100 ms.
func BenchmarkReach(b *testing.B) {
	w := network.Build(assembled(b, generated(10_000, false)))
	for name, text := range map[string]string{
		"open":    `{"src": "eni-0-0", "dst": "eni-0-1", "proto": "tcp", "port": 8080}`,
		"blocked": `{"src": "eni-0-0", "dst": "eni-0-2", "proto": "tcp", "port": 5432}`,
		"in":      `{"src": "internet", "dst": "eni-3-0", "proto": "tcp", "port": 443}`,
		"shut":    `{"src": "internet", "dst": "eni-3-0", "proto": "tcp", "port": 22}`,
	} {
		q, err := network.ParseQuestion([]byte(text))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a, err := w.Reach(q)
				if err != nil {
					b.Fatal(err)
				}
				w.Opens(a)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/0.1, "of-the-limit")
		})
	}
}

func BenchmarkExposure10000(b *testing.B) {
	w := network.Build(assembled(b, generated(10_000, false)))
	b.ReportAllocs()
	for b.Loop() {
		if len(w.Exposure()) < 3000 {
			b.Fatal("too few")
		}
	}
}

// BenchmarkInbound10000 is what a scan does once for all controls that ask
// whether strangers reach something.
func BenchmarkInbound10000(b *testing.B) {
	w := network.Build(assembled(b, generated(10_000, false)))
	b.ReportAllocs()
	for b.Loop() {
		w.Inbound()
	}
}

// BenchmarkMap10000 draws a network of 10,000 interfaces, most of the time finding
// what the internet reaches.
func BenchmarkMap10000(b *testing.B) {
	w := network.Build(assembled(b, generated(10_000, false)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.Map(network.MapOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
