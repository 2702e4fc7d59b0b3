package address

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestListsAreReadInTheFormsThatPeopleHave(t *testing.T) {
	for _, c := range []struct {
		name, text         string
		addresses, domains int
		unread             int
		has                []string
		hasNot             []string
	}{
		{"an entry on each line", "# comment\n192.0.2.1\n198.51.100.0/24 # why\n\nEvil.Example.\n*.wild.example\n2001:db8::/32\n", 3, 2, 0,
			[]string{"192.0.2.1", "198.51.100.7", "evil.example", "a.evil.example", "x.wild.example", "2001:db8::1"}, []string{"192.0.2.2", "notevil.example", "example"}},
		{"OTX", "Indicator type,Indicator,Description\nIPv4,192.0.2.1,scanner\ndomain,evil.example,c2\nhostname,a.b.example,x\n", 1, 2, 1, []string{"192.0.2.1", "evil.example"}, nil},
		{"ProofPoint", "ip, category, score, first_seen, last_seen, ports (|)\n192.0.2.1, 1, 100, 2000-01-01, 2000-01-01,\n", 1, 0, 1, []string{"192.0.2.1"}, nil},
		{"AlienVault", "192.0.2.1#4#2#Malicious Host#KR#Seoul#37.5,127.0#3\n", 1, 0, 0, []string{"192.0.2.1"}, nil},
		{"STIX 1", `<stix:STIX_Package><AddressObject:Address_Value condition="Equals">192.0.2.1</AddressObject:Address_Value><DomainNameObj:Value>evil.example</DomainNameObj:Value></stix:STIX_Package>`, 1, 1, 0, []string{"192.0.2.1", "evil.example"}, nil},
		{"STIX 2", `{"objects":[{"type":"indicator","pattern":"[ipv4-addr:value = '192.0.2.1'] OR [domain-name:value='evil.example']"}]}`, 1, 1, 0, []string{"192.0.2.1", "evil.example"}, nil},
		{"hosts", "0.0.0.0 evil.example\n127.0.0.1\tother.example\n", 0, 2, 0, []string{"evil.example", "other.example"}, []string{"0.0.0.0", "127.0.0.1"}},
		{"defanged, and URLs", "192[.]0[.]2[.]1\nhxxp://evil[.]example/path\nhttps://other.example:8443/x\n", 1, 2, 0, []string{"192.0.2.1", "evil.example", "other.example"}, nil},
		{"lines that say nothing", "hello\n1.2.3\n999.0.0.1\nok.example\n", 0, 1, 3, []string{"ok.example"}, nil},
	} {
		b := Bare()
		r, err := b.AddList("x", []byte(c.text))
		if err != nil || r.Addresses != c.addresses || r.Domains != c.domains || r.Unread != c.unread {
			t.Errorf("%s: %+v %v", c.name, r, err)
		}
		on := func(s string) bool {
			if a, err := netip.ParseAddr(s); err == nil {
				return len(b.Of(a).Lists) > 0
			}
			return len(b.ListsOf(s)) > 0
		}
		for _, s := range c.has {
			if !on(s) {
				t.Errorf("%s: %s is not on the list", c.name, s)
			}
		}
		for _, s := range c.hasNot {
			if on(s) {
				t.Errorf("%s: %s is on the list", c.name, s)
			}
		}
	}
	if _, err := Bare().AddList("x", []byte("hello\n")); err == nil {
		t.Error("a list with nothing in it is no error")
	}
}

func TestAnAddressIsOnAllListsThatHaveIt(t *testing.T) {
	b := Bare()
	r := rand.New(rand.NewPCG(3, 4))
	names := []string{"a", "b", "c"}
	var prefixes []netip.Prefix
	for i := range 60 {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(3)), byte(r.IntN(256))}), 20+r.IntN(13)).Masked()
		prefixes = append(prefixes, p)
		if _, err := b.AddList(names[i%3], []byte(p.String())); err != nil {
			t.Fatal(err)
		}
	}
	for range 5000 {
		a := netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(4)), byte(r.IntN(256))})
		var want []string
		for n := range names {
			for i := n; i < len(prefixes); i += 3 {
				if prefixes[i].Contains(a) {
					want = append(want, names[n])
					break
				}
			}
		}
		if got := strings.Join(b.Of(a).Lists, " "); got != strings.Join(want, " ") {
			t.Fatalf("%s is on %q, want %v", a, got, want)
		}
	}
}

func TestANameIsOnTheListsOfAllDomainsThatItIsIn(t *testing.T) {
	b := Bare()
	for name, text := range map[string]string{"one": "evil.example", "two": "a.evil.example", "three": "1.2.3.4"} {
		if _, err := b.AddList(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"evil.example": "one", "a.evil.example": "one two", "b.A.evil.example.": "one two", "x.example": "", "": ""} {
		if got := strings.Join(b.ListsOf(name), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestMoreListsThanABookHasRoomForAreRefused(t *testing.T) {
	b := New()
	var err error
	for i := 0; i < 70 && err == nil; i++ {
		_, err = b.AddList(strings.Repeat("x", i+1), []byte("192.0.2.1"))
	}
	if err == nil {
		t.Fatal("70 lists were taken")
	}
}

func FuzzAddList(f *testing.F) {
	for _, s := range []string{"192.0.2.1\nevil.example", "<a:Value>x.example</a:Value>", "0.0.0.0 a.example", "::/0"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := Bare()
		if r, err := b.AddList("x", data); err == nil && r.Addresses+r.Domains == 0 {
			t.Error("nothing was read, and that is no error")
		}
		b.Of(netip.MustParseAddr("192.0.2.1"))
		b.ListsOf("a.evil.example")
	})
}
