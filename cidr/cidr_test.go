package cidr

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// few returns a random set of addresses among the first eight of each family.
func few(r *rand.Rand) Addrs {
	var a Addrs
	for range r.IntN(4) {
		base := netip.MustParseAddr("10.0.0.0")
		if r.IntN(3) == 0 {
			base = netip.MustParseAddr("2001:db8::")
		}
		from := r.IntN(8)
		a = a.Union(Range(step(base, from), step(base, from+r.IntN(8-from))))
	}
	return a
}

func step(a netip.Addr, n int) netip.Addr {
	for range n {
		a = a.Next()
	}
	return a
}

// universe8 are the addresses that few draws from.
func universe8() []netip.Addr {
	var out []netip.Addr
	for _, s := range []string{"10.0.0.0", "2001:db8::"} {
		for i := range 9 {
			out = append(out, step(netip.MustParseAddr(s), i))
		}
	}
	return out
}

func TestSetsOfAddressesAgreeWithMembership(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := universe8()
	for range 3000 {
		a, b := few(r), few(r)
		u, i, m := a.Union(b), a.Intersect(b), a.Minus(b)
		covers, overlaps := true, false
		for _, x := range all {
			ina, inb := a.Has(x), b.Has(x)
			if u.Has(x) != (ina || inb) || i.Has(x) != (ina && inb) || m.Has(x) != (ina && !inb) {
				t.Fatalf("%s of a=%s b=%s: union %s intersection %s difference %s", x, a, b, u, i, m)
			}
			covers = covers && (!inb || ina)
			overlaps = overlaps || ina && inb
		}
		if a.Covers(b) != covers || a.Overlaps(b) != overlaps || i.Empty() == overlaps {
			t.Fatalf("a=%s b=%s: covers %v overlaps %v", a, b, a.Covers(b), a.Overlaps(b))
		}
		if !m.Union(i).Equal(a) {
			t.Fatalf("(a−b)∪(a∩b) is not a for a=%s b=%s", a, b)
		}
		var back Addrs
		for _, p := range u.Prefixes() {
			if p.Masked() != p || back.Overlaps(Prefix(p)) {
				t.Fatalf("prefixes of %s: %s overlaps or is not masked", u, p)
			}
			back = back.Union(Prefix(p))
		}
		if !back.Equal(u) {
			t.Fatalf("the prefixes of %s make %s", u, back)
		}
	}
}

// some returns a random set of packets of a small universe.
func some(r *rand.Rand) Set {
	var s Set
	for range r.IntN(4) {
		protos := Protos{}
		for _, n := range []int{ICMP, TCP, UDP, 47} {
			if r.IntN(2) == 0 {
				protos = protos.Union(Proto(n))
			}
		}
		a, b := r.IntN(4), r.IntN(4)
		boxes := Boxes(few(r).Four(), few(r).Four(), protos, PortRange(a, a+r.IntN(3)), PortRange(b, b+r.IntN(3)), PortRange(a, a+1), PortRange(0, b))
		if r.IntN(3) == 0 {
			s = s.Minus(Of(boxes...))
		} else {
			s = s.Union(Of(boxes...))
		}
	}
	return s
}

func packets() []Packet {
	var out []Packet
	for _, src := range universe8()[:9:9] {
		for _, dst := range universe8()[:9:9] {
			for _, proto := range []int{ICMP, TCP, UDP, 47} {
				if proto == 47 {
					out = append(out, Packet{src, dst, proto, 0, 0})
					continue
				}
				for a := range 6 {
					for b := range 6 {
						out = append(out, Packet{src, dst, proto, a, b})
					}
				}
			}
		}
	}
	return out
}

func TestSetsOfPacketsAgreeWithMembership(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all := packets()
	for range 120 {
		s, u := some(r), some(r)
		or, and, not := s.Union(u), s.Intersect(u), s.Minus(u)
		overlaps, covers := false, true
		for _, p := range all {
			ins, inu := s.Has(p), u.Has(p)
			if or.Has(p) != (ins || inu) || and.Has(p) != (ins && inu) || not.Has(p) != (ins && !inu) {
				t.Fatalf("%v\n s=%s\n u=%s\n ∪ %s\n ∩ %s\n − %s", p, s, u, or, and, not)
			}
			overlaps, covers = overlaps || ins && inu, covers && (ins || !inu)
		}
		if s.Overlaps(u) != overlaps || s.Covers(u) != covers {
			t.Fatalf("s=%s u=%s: overlaps %v, covers %v", s, u, overlaps, covers)
		}
		if !not.Union(and).Equal(s) || !or.Minus(u).Equal(not) {
			t.Fatalf("laws do not hold for s=%s u=%s", s, u)
		}
		for i, a := range or.Boxes() {
			for _, b := range or.Boxes()[i+1:] {
				if a.overlaps(b) {
					t.Fatalf("boxes of a union share packets: %s and %s", a, b)
				}
			}
		}
		if w, ok := s.Witness(); ok != !s.Empty() || ok && !s.Has(w) {
			t.Fatalf("witness %v of %s", w, s)
		}
	}
}

func TestTheWholeHasNoPairOfTwoFamilies(t *testing.T) {
	four, six := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")
	if All().Has(Packet{Src: four, Dst: six, Proto: TCP}) || All().Has(Packet{Src: six, Dst: four, Proto: TCP}) {
		t.Error("a packet from IPv4 to IPv6 is in the whole")
	}
	if !All().Has(Packet{Src: six, Dst: six, Proto: 200}) || !All().Has(Packet{Src: four, Dst: four, Proto: TCP, A: 65535, B: 65535}) {
		t.Error("the whole lacks packets")
	}
}

func TestTextOfAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1":                  "10.0.0.1/32",
		"10.0.0.7/8":                "10.0.0.0/8",
		"0.0.0.0/0":                 "0.0.0.0/0",
		"::/0":                      "::/0",
		"10.0.0.1-10.0.0.6":         "10.0.0.1/32,10.0.0.2/31,10.0.0.4/31,10.0.0.6/32",
		"2001:db8::/33":             "2001:db8::/33",
		"2001:db8::-2001:db8::ffff": "2001:db8::/112",
		"255.255.255.255":           "255.255.255.255/32",
		"0.0.0.0-255.255.255.255":   "0.0.0.0/0",
		"fe80::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "fe80::/9,ff00::/8",
	} {
		a, err := Parse(text)
		if err != nil || a.String() != want {
			t.Errorf("Parse(%q) = %s, %v; want %s", text, a, err, want)
		}
	}
	for _, bad := range []string{"", "10.0.0", "10.0.0.1/33", "10.0.0.2-10.0.0.1", "10.0.0.1-::1", "fe80::1%eth0", "10.0.0.1/-1", "a"} {
		if a, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", bad, a)
		}
	}
}

func TestTextOfPortsAndProtocols(t *testing.T) {
	p, err := ParsePorts("443, 8000-8100,444")
	if err != nil || p.String() != "443-444,8000-8100" {
		t.Errorf("ports %s, %v", p, err)
	}
	for _, bad := range []string{"", "-1", "65536", "2-1", "x"} {
		if p, err := ParsePorts(bad); err == nil {
			t.Errorf("ParsePorts(%q) = %s, want an error", bad, p)
		}
	}
	for text, want := range map[string][]int{"tcp": {6}, "ICMPv6": {58}, "47": {47}, "0": {0}} {
		p, err := ParseProto(text)
		if err != nil || !slices.Equal(p.Numbers(), want) {
			t.Errorf("ParseProto(%q) = %v, %v", text, p.Numbers(), err)
		}
	}
	if p, err := ParseProto("-1"); err != nil || p != AllProtos() {
		t.Errorf("ParseProto(-1) = %v, %v", p, err)
	}
	for _, bad := range []string{"", "256", "gre", "-2"} {
		if _, err := ParseProto(bad); err == nil {
			t.Errorf("ParseProto(%q) has no error", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "::/0", "10.0.0.1-10.0.0.9", "fe80::1%a", "1.2.3.4/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		if err != nil {
			return
		}
		var back Addrs
		for _, p := range a.Strings() {
			x, err := Parse(p)
			if err != nil {
				t.Fatalf("%q of %q: %v", p, s, err)
			}
			back = back.Union(x)
		}
		if !back.Equal(a) || a.Empty() {
			t.Fatalf("%q is %s, which reads as %s", s, a, back)
		}
	})
}

func FuzzParsePorts(f *testing.F) {
	for _, s := range []string{"443", "1-2,4", "-", "65535"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePorts(s)
		if err != nil {
			return
		}
		if back, err := ParsePorts(p.String()); err != nil || !back.Equal(p) {
			t.Fatalf("%q is %s, which reads as %s, %v", s, p, back, err)
		}
	})
}

func FuzzParseProto(f *testing.F) {
	f.Add("tcp")
	f.Add("255")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParseProto(s); err == nil && p.Empty() {
			t.Fatalf("%q is no protocol, without an error", s)
		}
	})
}

func BenchmarkUnionOfSixtyRules(b *testing.B) {
	var rules []Set
	for i := range 60 {
		src := Prefix(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16-i%8))
		rules = append(rules, Of(Boxes(src, All4(), Proto(TCP), AllPorts(), PortRange(i*10, i*10+500), AllPorts(), AllPorts())...))
	}
	b.ReportAllocs()
	for b.Loop() {
		var s Set
		for _, r := range rules {
			s = s.Union(r)
		}
		if s.Empty() {
			b.Fatal("empty")
		}
	}
}

func BenchmarkIntersect(b *testing.B) {
	x := Of(Boxes(All4(), Prefix(netip.MustParsePrefix("10.0.0.0/8")), AllProtos(), AllPorts(), PortRange(1, 1000), AllPorts(), AllPorts())...)
	y := Of(Boxes(Prefix(netip.MustParsePrefix("10.1.0.0/16")), All4(), Proto(TCP), AllPorts(), PortRange(443, 443), AllPorts(), AllPorts())...)
	b.ReportAllocs()
	for b.Loop() {
		if x.Intersect(y).Empty() {
			b.Fatal("empty")
		}
	}
}
