package oracle

import (
	"strings"
	"testing"
)

// FuzzParse checks that no text makes the language, the world or a walk through
// it panic.
func FuzzParse(f *testing.F) {
	cases, err := Cases()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add(c.Topology, c.Asks[0].Packet)
	}
	f.Fuzz(func(t *testing.T, topology, packet string) {
		if len(topology) > 4000 {
			t.Skip("longer texts say nothing more")
		}
		snap, err := Parse(topology)
		if err != nil {
			return
		}
		w, err := NewWorld(snap)
		if err != nil {
			return
		}
		from, p, err := ParsePacket(packet)
		if err != nil {
			return
		}
		w.Ask(from, p)
	})
}

func TestWhatIsWrittenWronglyIsAnError(t *testing.T) {
	base := "vpc vpc-a 10.0.0.0/16\nsubnet subnet-a vpc-a 10.0.1.0/24\nsg sg-a vpc-a\nrtb rtb-a vpc-a\n"
	for _, line := range []string{
		"vpc vpc-b", "planet earth", "subnet subnet-b vpc-x 10.0.2.0/24", "eni eni-a subnet-x 10.0.1.10", "in sg-x tcp 1 0.0.0.0/0",
		"in sg-a tcp one 0.0.0.0/0", "in sg-a word * 0.0.0.0/0", "route rtb-a 0.0.0.0/0 moon", "route rtb-x 0.0.0.0/0 igw-a",
		"route rtb-a 0.0.0.0/0 igw-a propagated", "nat nat-a subnet-a here", "vpce vpce-a vpc-a strange", "pcx pcx-a vpc-a vpc-x",
		"firewall fw vpc-a vpce-x", "stateful fw 1 drop tcp any any -> any any", "stateful fw 1 drop", "lb web strange eni-a",
		"listener web TCP 443 x", "tg x vpc-a ip TCP port 10.0.0.1", "acl-in acl-x 100 allow all * 0.0.0.0/0", "attach tgw-attach-a tgw-a vpc-a",
	} {
		if _, err := Parse(base + line); err == nil {
			t.Errorf("%q was read", line)
		}
	}
	for _, line := range []string{"eni eni-a subnet-a 10.0.1.300 sg=sg-a", "in sg-a tcp 1 10.0.0.0/33", "vpc vpc-b 10.0.0.0"} {
		snap, err := Parse(base + line)
		if err != nil {
			t.Errorf("%q: %v: only the world looks at addresses", line, err)
			continue
		}
		if _, err := NewWorld(snap); err == nil {
			t.Errorf("%q made a world", line)
		}
	}
	for _, packet := range []string{"", "eni-a tcp 10.0.0.1 > 10.0.0.2", "eni-a tcp 10.0.0.1:1 10.0.0.2:2", "eni-a icmp x 10.0.0.1 > 10.0.0.2", "eni-a 47 here > there"} {
		if _, _, err := ParsePacket(packet); err == nil {
			t.Errorf("packet %q was read", packet)
		}
	}
}

func TestShrinkingKeepsWhatIsBadAndNothingElse(t *testing.T) {
	got := Shrink("a\nb\nc\nd\n", func(s string) bool { return strings.Contains(s, "b") && strings.Contains(s, "d") })
	if got != "b\nd\n" {
		t.Errorf("%q is left", got)
	}
}

func TestTheSameSeedMakesTheSameTopologyAndPackets(t *testing.T) {
	for seed := range uint64(20) {
		topology := Generate(seed)
		if topology != Generate(seed) {
			t.Fatalf("seed %d made two topologies", seed)
		}
		a, b := world(t, topology), world(t, topology)
		if strings.Join(a.Packets(seed, 50), "\n") != strings.Join(b.Packets(seed, 50), "\n") {
			t.Errorf("seed %d made different packets", seed)
		}
	}
}

func TestChoicesOfAWSAreAllTried(t *testing.T) {
	// Each of two subnets of the attachment leads elsewhere: one answers.
	w := world(t, `
vpc vpc-a 10.0.0.0/16
vpc vpc-b 10.1.0.0/16
subnet subnet-a vpc-a 10.0.1.0/24 zone=us-east-1c
subnet subnet-b vpc-b 10.1.1.0/24
subnet subnet-x vpc-b 10.1.8.0/28
subnet subnet-y vpc-b 10.1.9.0/28 zone=us-east-1b
tgw tgw-1
attach tgw-attach-a tgw-1 vpc-a subnet-a
attach tgw-attach-b tgw-1 vpc-b subnet-x,subnet-y
tgw-rtb tgw-rtb-1 tgw-1 assoc=tgw-attach-a,tgw-attach-b prop=tgw-attach-a,tgw-attach-b
rtb rtb-a vpc-a subnet-a
route rtb-a 10.1.0.0/16 tgw-1
rtb rtb-b vpc-b subnet-b
route rtb-b 10.0.0.0/16 tgw-1
acl acl-y vpc-b subnet-y
sg sg-a vpc-a
sg sg-b vpc-b
in sg-b all * 0.0.0.0/0
eni eni-a subnet-a 10.0.1.10 sg=sg-a
eni eni-b subnet-b 10.1.1.10 sg=sg-b
`)
	from, p, err := ParsePacket("eni-a tcp 10.0.1.10:40000 > 10.1.1.10:443")
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Ask(from, p); !got.Forward || !got.Reply || !got.Varies {
		t.Errorf("one zone drops and one answers: %s", got)
	}
}

func TestWhatIsNotModelledIsSaid(t *testing.T) {
	base := `
vpc vpc-a 10.0.0.0/16 2600:1f00:a::/56
igw igw-a vpc-a
vgw vgw-a vpc-a
subnet subnet-a vpc-a 10.0.1.0/24 2600:1f00:a:1::/64
subnet subnet-b vpc-a 10.0.2.0/24
nat nat-a subnet-b 10.0.2.5 public=52.0.0.5
rtb rtb-a vpc-a subnet-a
sg sg-a vpc-a
in sg-a all * 0.0.0.0/0
eni eni-a subnet-a 10.0.1.10 2600:1f00:a:1::a sg=sg-a
eni eni-b subnet-b 10.0.2.10 sg=sg-a
vpce vpce-f vpc-a gwlb subnet-b
firewall fw vpc-a vpce-f
`
	for name, c := range map[string][2]string{
		"NAT64":                                    {"route rtb-a 64:ff9b::/96 nat-a", "eni-a tcp [2600:1f00:a:1::a]:1 > [64:ff9b::1]:2"},
		"IPv6 of a VPN":                            {"route rtb-a 2a00::/16 vgw-a", "eni-a tcp [2600:1f00:a:1::a]:1 > [2a00::1]:2"},
		"VPC Lattice":                              {"", "eni-a tcp 10.0.1.10:1 > 169.254.171.9:443"},
		"a prefix list that is not there":          {"route rtb-a pl-x igw-a", "eni-a tcp 10.0.1.10:1 > 203.0.113.9:2"},
		"a target that is not there":               {"route rtb-a 0.0.0.0/0 igw-x", "eni-a tcp 10.0.1.10:1 > 203.0.113.9:2"},
		"a group that is not there":                {"eni eni-c subnet-a 10.0.1.11 sg=sg-x", "eni-c tcp 10.0.1.11:1 > 10.0.1.10:2"},
		"an option of Suricata":                    {"stateful fw 1 drop tcp any any -> any any content:secret;\nroute rtb-a 10.0.2.0/24 vpce-f", "eni-a tcp 10.0.1.10:1 > 10.0.2.10:2"},
		"a protocol of applications":               {"stateful5 fw 1 DROP TLS any any ANY any any\nroute rtb-a 10.0.2.0/24 vpce-f", "eni-a tcp 10.0.1.10:1 > 10.0.2.10:2"},
		"an outbound reference through a firewall": {"sg sg-c vpc-a closed\nout sg-c all * sg-a\neni eni-c subnet-a 10.0.1.11 sg=sg-c\nroute rtb-a 10.0.2.0/24 vpce-f", "eni-c tcp 10.0.1.11:1 > 10.0.2.10:2"},
		"a host that talks to itself":              {"eni eni-c subnet-a 10.0.1.11 10.0.1.12 sg=sg-a", "eni-c tcp 10.0.1.11:1 > 10.0.1.12:2"},
		"an interface without a group":             {"eni eni-c subnet-a 10.0.1.11", "eni-c tcp 10.0.1.11:1 > 10.0.1.10:2"},
		"ingress blocked before a firewall":        {"rtb rtb-e vpc-a igw-a\nroute rtb-e 10.0.1.0/24 vpce-f\nbpa block-ingress\neni eni-c subnet-a 10.0.1.11 sg=sg-a public=52.0.0.11", "internet tcp 203.0.113.9:1 > 52.0.0.11:2"},
	} {
		w := world(t, base+c[0])
		from, p, err := ParsePacket(c[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Ask(from, p); got.NotModelled == "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestPrefixListsThatOverlapAreAChoiceOfAWSs(t *testing.T) {
	w := world(t, `
vpc vpc-a 10.0.0.0/16
igw igw-a vpc-a
vgw vgw-a vpc-a
subnet subnet-a vpc-a 10.0.1.0/24
pl pl-1 203.0.113.0/24
pl pl-2 203.0.113.0/24 198.51.100.0/24
rtb rtb-a vpc-a subnet-a
route rtb-a pl-1 vgw-a
route rtb-a pl-2 igw-a
sg sg-a vpc-a
eni eni-a subnet-a 10.0.1.10 sg=sg-a
`)
	for packet, varies := range map[string]bool{"eni-a tcp 10.0.1.10:1 > 203.0.113.9:2": true, "eni-a tcp 10.0.1.10:1 > 198.51.100.9:2": false} {
		from, p, err := ParsePacket(packet)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Ask(from, p); got.Varies != varies {
			t.Errorf("%s: %s", packet, got)
		}
	}
}
