package network_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/network"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares a picture with the file that people have looked at.
func golden(t *testing.T, name string, svg []byte) {
	t.Helper()
	wellFormed(t, svg)
	path := filepath.Join("testdata", name+".svg")
	if *update {
		if err := os.WriteFile(path, svg, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(svg, want) {
		t.Errorf("%s is not as it was: look at it, then go test ./network -run Picture -update", path)
	}
}

// picture is what a browser would make of an SVG: its elements by name, its texts.
type picture struct {
	elements map[string]int
	texts    []string
}

// wellFormed reads a picture as XML. Whatever is in it must be what we draw with.
func wellFormed(t testing.TB, svg []byte) picture {
	t.Helper()
	p := picture{elements: map[string]int{}}
	d := xml.NewDecoder(bytes.NewReader(svg))
	ours := []string{"svg", "title", "desc", "style", "defs", "pattern", "g", "rect", "circle", "path", "text"}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatalf("no XML: %v\n%s", err, svg)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			p.elements[x.Name.Local]++
			if !slices.Contains(ours, x.Name.Local) {
				t.Fatalf("an element %s is in the picture", x.Name.Local)
			}
			for _, a := range x.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || strings.HasSuffix(a.Name.Local, "href") {
					t.Fatalf("an attribute %s is in the picture", a.Name.Local)
				}
			}
		case xml.CharData:
			if s := strings.TrimSpace(string(x)); s != "" {
				p.texts = append(p.texts, s)
			}
		}
	}
}

// boxes counts what is drawn as a box of its own.
func boxes(svg []byte) int { return bytes.Count(svg, []byte("<g role=")) }

func drawn(t testing.TB, w *network.World, o network.MapOptions) []byte {
	t.Helper()
	svg, _, err := w.Map(o)
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

// joined is the base with a transit gateway, a VPN, an appliance, endpoints, a
// function, what is unknown and what does not work.
func joined(t testing.TB) topo {
	n := resources(t, base)
	transit(t, n)
	customer(t, n)
	n.more(t, `  vpc-far: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.2.0.0/16}, Tags: {Name: far}}
  subnet-far: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-far, CidrBlock: 10.2.0.0/24, AvailabilityZone: eu-west-1c}, Tags: {tier: data}}
  eni-far: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-far, GroupSet: [], PrivateIpAddress: 10.2.0.4, SourceDestCheck: false}, Tags: {Name: appliance}}
  tgw-attach-far: {Type: AWS::EC2::TransitGatewayAttachment, Properties: {TransitGatewayId: tgw-1, VpcId: vpc-far, SubnetIds: [subnet-far]}, Observed: {ResourceType: vpc, State: available}}
  tgw-attach-dx: {Type: AWS::EC2::TransitGatewayAttachment, Properties: {TransitGatewayId: tgw-1}, Observed: {ResourceType: direct-connect-gateway, ResourceId: dxgw-9, State: failed}}
  pcx-2: {Type: AWS::EC2::VPCPeeringConnection, Properties: {VpcId: vpc-far, PeerVpcId: vpc-web}, Observed: {Status: pending-acceptance}}
  pcx-3: {Type: AWS::EC2::VPCPeeringConnection, Properties: {VpcId: vpc-far, PeerVpcId: vpc-other}, Observed: {Status: active}}
  vpce-s3: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: vpc-far, ServiceName: com.amazonaws.eu-west-1.s3, VpcEndpointType: Gateway}, Observed: {State: available}}
  eigw-1: {Type: AWS::EC2::EgressOnlyInternetGateway, Properties: {VpcId: vpc-far}}
  rtb-far:
    Type: AWS::EC2::RouteTable
    Properties:
      VpcId: vpc-far
      Routes: [{DestinationIpv6CidrBlock: "::/0", EgressOnlyInternetGatewayId: eigw-1}, {DestinationCidrBlock: 10.0.0.0/8, TransitGatewayId: tgw-1}, {DestinationCidrBlock: 10.9.0.0/16, NetworkInterfaceId: eni-far}, {DestinationPrefixListId: pl-1, GatewayId: vpce-s3}, {DestinationCidrBlock: 10.8.0.0/16, VpcPeeringConnectionId: pcx-gone}]
      Associations: [{Main: true}]
    Observed: {RouteStates: [{State: active}, {State: active}, {State: active}, {State: active}, {State: blackhole}]}
  subnet-late: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-gone, CidrBlock: 10.7.0.0/24, AvailabilityZone: eu-west-1a}}
  eni-six: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-pub, GroupSet: [sg-web], PrivateIpAddress: 10.0.0.11, Ipv6Addresses: [{Ipv6Address: "2001:db8:a::11"}], SourceDestCheck: true}}
  sg-part: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-web, GroupDescription: part, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, SourcePrefixListId: pl-9}], SecurityGroupEgress: []}}
  eni-part: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: subnet-pub, GroupSet: [sg-part], PrivateIpAddress: 10.0.0.12, SourceDestCheck: true}, Observed: {PublicIp: 198.51.100.12}}
`)
	return n
}

func TestPictureOfANetworkWithEverythingThatJoinsIt(t *testing.T) {
	w := joined(t).world(t)
	golden(t, "map", drawn(t, w, network.MapOptions{}))
	golden(t, "map-ko", drawn(t, w, network.MapOptions{Lang: "ko", VPCs: []string{"vpc-web"}}))
}

func TestPictureOfAMapSaysWhatItShows(t *testing.T) {
	gap := haetae.Coverage{Account: "111122223333", Region: "eu-west-1", Type: "AWS::EC2::NetworkInterface", Status: haetae.Partial, Reason: haetae.Denied, Detail: "AccessDenied", Actions: []string{"ec2:DescribeNetworkInterfaces"}}
	w := joined(t).world(t, gap)
	svg := drawn(t, w, network.MapOptions{})
	texts := strings.Join(wellFormed(t, svg).texts, "\n")
	for _, want := range []string{
		"from the internet: icmp; tcp 443", // i-web, by its group
		"perhaps from the internet",        // eni-part: its prefix list is not known
		"1 blackhole route",
		"public", "private with a way out", "routes not known", "not in the snapshot",
		"to far", "pending-acceptance", "dxgw-9", "::/0", "the internet",
		"Not known", "ec2:DescribeNetworkInterfaces",
	} {
		if !strings.Contains(texts, want) {
			t.Errorf("the map does not say %q\n%s", want, texts)
		}
	}
	if again := drawn(t, joined(t).world(t, gap), network.MapOptions{}); !bytes.Equal(svg, again) {
		t.Error("the same network is not the same bytes")
	}
}

func TestAMapShowsWhatItIsAskedFor(t *testing.T) {
	n := joined(t)
	n.more(t, "  vpc-us: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.3.0.0/16}}\n")
	n["vpc-us"].Region = "us-east-1"
	n.more(t, "  vpc-dev: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.4.0.0/16}}\n")
	n["vpc-dev"].Account = "222233334444"
	n["i-web"].Tags["tier"] = "web"
	w := n.world(t)
	for _, c := range []struct {
		o         network.MapOptions
		has, lack []string
	}{
		{network.MapOptions{}, []string{"vpc-web", "vpc-far", "vpc-us", "vpc-dev", "tgw-1"}, nil},
		{network.MapOptions{VPCs: []string{"vpc-far"}}, []string{"VPC far vpc-far", "tgw-1", "eni-far"}, []string{"VPC vpc-web", "VPC vpc-us", "i-web"}},
		{network.MapOptions{VPCs: []string{"vpc-us"}}, []string{"VPC vpc-us"}, []string{"transit gateway", "VPC vpc-web"}},
		{network.MapOptions{Regions: []string{"us-east-1"}}, []string{"VPC vpc-us"}, []string{"VPC vpc-web", "VPC vpc-dev", "transit gateway"}},
		{network.MapOptions{Accounts: []string{"222233334444"}}, []string{"VPC vpc-dev"}, []string{"VPC vpc-web", "VPC vpc-us"}},
		{network.MapOptions{Tags: []string{"tier=data"}}, []string{"subnet-far", "appliance"}, []string{"VPC vpc-web", "VPC vpc-us"}},
		{network.MapOptions{Tags: []string{"tier"}}, []string{"subnet-far", "subnet-pub", "i-web"}, []string{"subnet-priv", "eni-six", "VPC vpc-us"}},
		{network.MapOptions{Tags: []string{"tier", "Name=web"}}, []string{"subnet-pub", "i-web"}, []string{"subnet-far"}},
	} {
		texts := strings.Join(wellFormed(t, drawn(t, w, c.o)).texts, "\n")
		for _, s := range c.has {
			if !strings.Contains(texts, s) {
				t.Errorf("%+v: %s is not shown\n%s", c.o, s, texts)
			}
		}
		for _, s := range c.lack {
			if strings.Contains(texts, s) {
				t.Errorf("%+v: %s is shown", c.o, s)
			}
		}
	}
	if _, _, err := w.Map(network.MapOptions{VPCs: []string{"vpc-none"}}); err == nil {
		t.Error("a VPC that is not there is drawn")
	}
	if _, _, err := w.Map(network.MapOptions{By: "tag:"}); err == nil {
		t.Error("a tag without a key is taken")
	}
	if svg := drawn(t, topo{}.world(t), network.MapOptions{}); !strings.Contains(string(svg), "nothing is in it") {
		t.Error("an empty network is not said to be empty")
	}
}

// many is a network of as many accounts, VPCs in each and subnets in each, with an
// interface in every subnet.
func many(accounts, vpcs, subnets int) *haetae.Snapshot {
	s := &haetae.Snapshot{}
	for a := range accounts {
		account := fmt.Sprintf("%012d", a+1)
		add := func(typ, id string, props m) {
			s.Resources = append(s.Resources, &haetae.Resource{Type: typ, ID: id, Account: account, Region: "eu-west-1", Props: props, Origin: haetae.Origin{Source: "cli"}})
		}
		s.Coverage = append(s.Coverage, haetae.Coverage{Account: account, Type: "*", Status: haetae.Complete})
		for v := range vpcs {
			vpc := fmt.Sprintf("vpc-%d-%d", a, v)
			add("AWS::EC2::VPC", vpc, m{"CidrBlock": "10.0.0.0/8"})
			for n := range subnets {
				sub := fmt.Sprintf("subnet-%d-%d-%d", a, v, n)
				add("AWS::EC2::Subnet", sub, m{"VpcId": vpc, "CidrBlock": fmt.Sprintf("10.%d.%d.0/24", n>>8, n&255), "AvailabilityZone": fmt.Sprintf("eu-west-1%c", 'a'+n%3)})
				add("AWS::EC2::NetworkInterface", "eni-"+sub, m{"SubnetId": sub, "GroupSet": []any{}, "PrivateIpAddress": fmt.Sprintf("10.%d.%d.4", n>>8, n&255)})
			}
			add("AWS::EC2::VPCPeeringConnection", fmt.Sprintf("pcx-%d-%d", a, v), m{"VpcId": vpc, "PeerVpcId": fmt.Sprintf("vpc-%d-0", a)})
		}
	}
	return s
}

func TestAMapNeverHasMoreThan300Boxes(t *testing.T) {
	for name, c := range map[string]struct {
		s     *haetae.Snapshot
		least int // fewer would say less than they could
		says  []string
	}{
		"10,000 interfaces":                    {generated(10_000, false), 250, []string{"10,000 interfaces", "put together", "10 VPCs", "the internet reaches 3,340 of them"}},
		"2,000 accounts":                       {many(2000, 1, 1), 298, []string{"2,000 accounts", "share a box", "more accounts"}},
		"700 VPCs in one region":               {many(1, 700, 2), 298, []string{"700 VPCs", "more VPCs", "share a box"}},
		"4,000 subnets in one VPC":             {many(1, 1, 4000), 10, []string{"4,000 subnets", "by where their routes lead"}},
		"30 VPCs that are all peered with one": {many(1, 30, 3), 250, []string{"peering connection", "put together by kind"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := network.Build(assembled(t, c.s))
			svg := drawn(t, w, network.MapOptions{})
			if n := boxes(svg); n > 300 || n < c.least {
				t.Errorf("%d boxes, want %d to 300", n, c.least)
			}
			texts := strings.Join(wellFormed(t, svg).texts, "\n")
			for _, s := range c.says {
				if !strings.Contains(texts, s) {
					t.Errorf("the map does not say %q", s)
				}
			}
			if name == "10,000 interfaces" {
				golden(t, "map-folded", svg)
			}
		})
	}
}

func TestInterfacesFoldByATagToo(t *testing.T) {
	n := resources(t, base)
	for i := range 20 {
		id := fmt.Sprint("i-many-", i)
		n.more(t, fmt.Sprintf("  %s: {Type: AWS::EC2::Instance, Properties: {SubnetId: subnet-priv, SecurityGroupIds: [sg-db]}, Tags: {app: %s}}\n", id, []string{"cart", "mail"}[i%2]))
	}
	w := n.world(t)
	for by, want := range map[network.Zones][]string{"": {"20 × instance", "by security groups"}, "tag:app": {"10 × instance", "app=cart", "app=mail", "by the tag app"}} {
		texts := strings.Join(wellFormed(t, drawn(t, w, network.MapOptions{By: by})).texts, "\n")
		for _, s := range want {
			if !strings.Contains(texts, s) {
				t.Errorf("by %q: the map does not say %q\n%s", by, s, texts)
			}
		}
	}
}

func TestPictureOfAnAnswer(t *testing.T) {
	n := joined(t)
	w := n.world(t)
	for name, c := range map[string]struct{ ask, lang string }{
		"reach":         {`{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443}`, "en"},
		"reach-blocked": {`{"src": "internet", "dst": "eni-db", "proto": "tcp", "port": 5432}`, "en"},
		"reach-depends": {`{"src": "internet", "dst": "eni-part", "proto": "tcp", "port": 22}`, "ko"},
	} {
		q, err := network.ParseQuestion([]byte(c.ask))
		if err != nil {
			t.Fatal(err)
		}
		a := ask(t, w, c.ask)
		golden(t, name, a.Picture(q, c.lang))
	}
}

func TestPictureOfAnAnswerSaysAllThatTheAnswerSays(t *testing.T) {
	for _, c := range handCases {
		n := resources(t, base)
		if c.change != nil {
			c.change(t, n)
		}
		q, err := network.ParseQuestion([]byte(c.ask))
		if err != nil {
			t.Fatal(err)
		}
		a := ask(t, n.world(t), c.ask)
		p := wellFormed(t, a.Picture(q, "en"))
		texts := squeezed(strings.Join(p.texts, ""))
		for _, b := range a.Blockers {
			for _, s := range []string{b.Code, b.Resource, b.Fix} {
				if !strings.Contains(texts, squeezed(s)) {
					t.Errorf("%s: the picture does not say %q", c.says, s)
				}
			}
		}
		for _, list := range [][]string{a.Changes, a.DependsOn.Missing, a.DependsOn.Request} {
			for _, s := range list {
				if !strings.Contains(texts, squeezed(s)) {
					t.Errorf("%s: the picture does not say %q", c.says, s)
				}
			}
		}
		for _, path := range []network.Path{a.Forward, a.Reply} {
			for _, h := range path.Hops {
				if !strings.Contains(texts, squeezed(h.Resource)) || !strings.Contains(texts, squeezed(h.Rule)) {
					t.Errorf("%s: the picture lacks the hop %v", c.says, h)
				}
			}
		}
	}
}

// squeezed is text without the places where lines may break.
func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }

// FuzzPictureNames puts any text where names are: a picture stays a picture.
func FuzzPictureNames(f *testing.F) {
	for _, s := range []string{"web", `"><script>alert(1)</script>`, "]]>", "&amp;&#0;", "\x00\x1b\ufffe\u202e", "a\xff\xfeb", "가나다 \u200b라", strings.Repeat("w", 400), "", "--><!--", "\u2028\u2029\n\r\t"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, id string) {
		if len(name) > 2000 || len(id) > 2000 {
			return
		}
		n := joined(t)
		for _, r := range n {
			r.Tags = map[string]any{"Name": name}
		}
		x := *n["i-web"]
		x.ID = id
		n[id+"\x00more"] = &x
		n["sg-web"].Props["GroupName"] = name
		n["vpc-web"].Region = name
		w := n.world(t)
		for _, lang := range []string{"en", "ko"} {
			svg := drawn(t, w, network.MapOptions{Lang: lang})
			if boxes(svg) > 300 {
				t.Fatalf("%d boxes", boxes(svg))
			}
			wellFormed(t, svg)
			wellFormed(t, w.ChainPicture(lang))
		}
		q, err := network.ParseQuestion([]byte(`{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443}`))
		if err != nil {
			t.Fatal(err)
		}
		a := ask(t, w, `{"src": "internet", "dst": "i-web", "proto": "tcp", "port": 443}`)
		for i := range a.Forward.Hops {
			a.Forward.Hops[i].Rule, a.Forward.Hops[i].Kind, a.Forward.Hops[i].Resource = name, id, name
		}
		a.Blockers = append(a.Blockers, network.Blocker{Code: name, Resource: id, Fix: name})
		wellFormed(t, a.Picture(q, "ko"))
	})
}

// chained is the base with groups that let in each other, a long chain, and rules
// with which something is wrong.
func chained(t testing.TB) topo {
	n := joined(t)
	group := func(id string, rules ...any) {
		n.more(t, fmt.Sprintf("  %s: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: vpc-far, GroupName: %s, GroupDescription: g, SecurityGroupEgress: []}}\n", id, strings.TrimPrefix(id, "sg-")))
		n.set(id, "SecurityGroupIngress", rules)
	}
	from := func(port int, id string) m { return sg("tcp", port, port, m{"SourceSecurityGroupId": id}) }
	group("sg-front", sg("tcp", 443, 443, m{"CidrIp": "0.0.0.0/0"}), sg("tcp", 22, 22, m{"CidrIp": "0.0.0.0/0"}), sg("tcp", 22, 22, m{"CidrIp": "10.9.0.0/16"}))
	group("sg-app", from(8080, "sg-front"), from(9000, "sg-app"), from(7, "sg-store"))
	group("sg-store", from(5432, "sg-app"), sg("tcp", 5432, 5432, m{"CidrIp": "10.9.0.0/16"}), sg("tcp", 1, 1, m{"SourcePrefixListId": "pl-77"}))
	group("sg-late", from(5432, "sg-gone"), from(1, "sg-store"), from(2, "sg-web"))
	for i := range 11 {
		before := "sg-late"
		if i > 0 {
			before = fmt.Sprint("sg-far-", i-1)
		}
		group(fmt.Sprint("sg-far-", i), from(80, before))
	}
	return n
}

func TestPictureOfTheChainOfSecurityGroups(t *testing.T) {
	w := chained(t).world(t)
	golden(t, "chain", w.ChainPicture("en"))
	svg := w.ChainPicture("ko")
	golden(t, "chain-ko", svg)
	texts := squeezed(strings.Join(wellFormed(t, w.ChainPicture("en")).texts, ""))
	for _, l := range w.Chain() {
		what, _, _ := strings.Cut(l.Rule, " from ")
		if !strings.Contains(texts, squeezed(what)) || !strings.Contains(texts, squeezed(strings.Join(l.Findings, ", "))) {
			t.Errorf("the picture lacks %v", l)
		}
	}
	if svg := (topo{}).world(t).ChainPicture("en"); !strings.Contains(string(svg), "no security groups") {
		t.Error("nothing is not said to be nothing")
	}
}

func TestAPictureOfTheChainNeverHasMoreThan300Boxes(t *testing.T) {
	// One VPC with as many groups, an interface in each.
	grouped := func(count int, rules func(i int) []any) *haetae.Snapshot {
		s := &haetae.Snapshot{Coverage: []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}}}
		add := func(typ, id string, props m) {
			s.Resources = append(s.Resources, &haetae.Resource{Type: typ, ID: id, Account: "111122223333", Region: "eu-west-1", Props: props, Origin: haetae.Origin{Source: "cli"}})
		}
		add("AWS::EC2::VPC", "vpc-1", m{"CidrBlock": "10.0.0.0/8"})
		for i := range count {
			add("AWS::EC2::SecurityGroup", fmt.Sprint("sg-", i), m{"VpcId": "vpc-1", "GroupDescription": "g", "SecurityGroupIngress": rules(i), "SecurityGroupEgress": []any{}})
			add("AWS::EC2::NetworkInterface", fmt.Sprint("eni-", i), m{"VpcId": "vpc-1", "GroupSet": []any{fmt.Sprint("sg-", i)}})
		}
		return s
	}
	tree := grouped(2000, func(i int) []any {
		return []any{sg("tcp", 80, 80, m{"CidrIp": fmt.Sprintf("10.%d.%d.0/24", i>>8, i&255)}), sg("tcp", 81, 81, m{"SourceSecurityGroupId": fmt.Sprint("sg-", i/2)})}
	})
	calm := grouped(500, func(i int) []any { return []any{sg("tcp", 443, 443, m{"CidrIp": "0.0.0.0/0"})} })
	vpcs := many(1, 700, 1)
	for i := range 700 {
		vpcs.Resources = append(vpcs.Resources, &haetae.Resource{Type: "AWS::EC2::SecurityGroup", ID: fmt.Sprint("sg-", i), Account: "000000000001", Region: "eu-west-1",
			Props: m{"VpcId": fmt.Sprintf("vpc-0-%d", i), "GroupDescription": "g", "SecurityGroupIngress": []any{sg("tcp", 22, 22, m{"CidrIp": "0.0.0.0/0"})}, "SecurityGroupEgress": []any{}}, Origin: haetae.Origin{Source: "cli"}})
	}
	for name, c := range map[string]struct {
		s     *haetae.Snapshot
		least int
		says  []string
	}{
		"750 groups in 10 VPCs":    {generated(10_000, false), 230, []string{"750 groups", "with which the same is wrong are put together"}},
		"2,000 groups in one VPC":  {tree, 20, []string{"2,000 groups", "4,000 inbound rules", "other senders"}},
		"500 groups that are fine": {calm, 3, []string{"500 security groups", "with which nothing is wrong are put together"}},
		"700 VPCs":                 {vpcs, 298, []string{"700 groups", "more VPCs", "something is wrong with"}},
	} {
		t.Run(name, func(t *testing.T) {
			svg := network.Build(assembled(t, c.s)).ChainPicture("en")
			if n := boxes(svg); n > 300 || n < c.least {
				t.Errorf("%d boxes, want %d to 300", n, c.least)
			}
			texts := strings.Join(wellFormed(t, svg).texts, "\n")
			for _, s := range c.says {
				if !strings.Contains(texts, s) {
					t.Errorf("the picture does not say %q", s)
				}
			}
		})
	}
}

func TestPictureHasNoOverlappingBoxes(t *testing.T) {
	rect := regexp.MustCompile(`<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)" rx="\d+" class="(chip[a-z ]*|subnet[a-z ]*|vpc[a-z ]*|zone|region|account)"`)
	for name, svg := range map[string][]byte{
		"joined": drawn(t, joined(t).world(t), network.MapOptions{}),
		"folded": drawn(t, network.Build(assembled(t, generated(10_000, false))), network.MapOptions{}),
		"chain":  chained(t).world(t).ChainPicture("en"),
		"many":   drawn(t, network.Build(assembled(t, many(1, 700, 2))), network.MapOptions{}),
	} {
		type box struct{ x, y, w, h int }
		kinds := map[string][]box{}
		for _, f := range rect.FindAllSubmatch(svg, -1) {
			var b box
			var class string
			if _, err := fmt.Sscan(strings.Join([]string{string(f[1]), string(f[2]), string(f[3]), string(f[4])}, " "), &b.x, &b.y, &b.w, &b.h); err != nil {
				t.Fatal(err)
			}
			class, _, _ = strings.Cut(string(f[5]), " ")
			kinds[class] = append(kinds[class], b)
		}
		for _, class := range slices.Sorted(maps.Keys(kinds)) {
			list := kinds[class]
			for i, a := range list {
				for _, b := range list[:i] {
					if a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h {
						t.Errorf("%s: two boxes %s overlap: %v %v", name, class, a, b)
					}
				}
			}
		}
	}
}
