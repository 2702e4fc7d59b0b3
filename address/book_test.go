package address

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestTheEmbeddedFactsKnowWellKnownAddresses(t *testing.T) {
	b := New()
	if err := b.Load(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		addr, country, cloud, region, list string
		asn                                uint32
	}{
		{addr: "8.8.8.8", country: "US", list: "resolver"},
		{addr: "::ffff:8.8.8.8", country: "US", list: "resolver"},
		{addr: "2001:4860:4860::8888", country: "US", asn: 15169, cloud: "gcp", list: "resolver"},
		{addr: "2606:4700:4700::1111", country: "US", asn: 13335, cloud: "cloudflare", list: "resolver"},
		{addr: "52.95.110.1", cloud: "aws"},
		{addr: "13.124.0.1", country: "KR", cloud: "aws", region: "ap-northeast-2"},
		{addr: "168.126.63.1", country: "KR", list: "resolver"},
		{addr: "131.188.40.189", country: "DE", list: "tor"},
		{addr: "34.64.32.1", country: "KR", cloud: "gcp", region: "asia-northeast3"},
		{addr: "10.0.0.1"},
		{addr: "192.0.2.1"},
		{addr: "255.255.255.255"},
		{addr: "::"},
	} {
		f := b.Of(netip.MustParseAddr(c.addr))
		got := fmt.Sprintf("%s %d %s %s", f.Country, f.ASN, f.Cloud, strings.Join(f.Lists, " "))
		if c.country != "" && f.Country != c.country || f.Cloud != c.cloud || c.asn != 0 && f.ASN != c.asn || c.region != "" && f.CloudRegion != c.region ||
			strings.Join(f.Lists, " ") != c.list {
			t.Errorf("%s: got %q %s, want %+v", c.addr, got, f.CloudRegion, c)
		}
	}
	if f := b.Of(netip.MustParseAddr("2001:4860:4860::8888")); f.Org != "Google LLC" {
		t.Errorf("a network has the name %q", f.Org)
	}
	if f := b.Of(netip.Addr{}); f.Country != "" {
		t.Errorf("no address has facts: %v", f)
	}
	for _, s := range b.Sources() {
		if s.Ranges < 10000 || s.Licence == "" {
			t.Errorf("source %+v", s)
		}
	}
}

func TestTheNarrowestRangeCounts(t *testing.T) {
	b := Bare()
	p := func(s string) netip.Prefix { return netip.MustParsePrefix(s) }
	bad := b.AddRanges(Source{Name: "test"}, []Range{
		RangeOf(p("0.0.0.0/0"), Facts{Country: "AA"}),
		RangeOf(p("203.0.113.0/24"), Facts{Country: "BB"}),
		RangeOf(p("203.0.113.64/26"), Facts{Country: "CC"}),
		RangeOf(p("203.0.113.64/32"), Facts{Country: "DD"}),
		RangeOf(p("255.255.255.255/32"), Facts{Country: "EE"}),
		RangeOf(p("2001:db8::/32"), Facts{Country: "FF"}),
		RangeOf(p("2001:db8:0:1::/64"), Facts{Country: "GG"}),
		{From: netip.MustParseAddr("203.0.113.9"), To: netip.MustParseAddr("203.0.113.1")},
		{From: netip.MustParseAddr("203.0.113.9"), To: netip.MustParseAddr("2001:db8::")},
	})
	if bad != 2 {
		t.Errorf("%d ranges that are none, want 2", bad)
	}
	for addr, want := range map[string]string{
		"0.0.0.0": "AA", "203.0.112.255": "AA", "203.0.113.0": "BB", "203.0.113.63": "BB", "203.0.113.64": "DD", "203.0.113.65": "CC",
		"203.0.113.127": "CC", "203.0.113.128": "BB", "203.0.114.0": "AA", "255.255.255.255": "EE", "255.255.255.254": "AA",
		"2001:db8::1": "FF", "2001:db8:0:1::": "GG", "2001:db8:0:1:ffff:ffff:ffff:ffff": "GG", "2001:db8:0:2::": "FF", "2001:db9::": "", "::1": "",
	} {
		if got := b.Of(netip.MustParseAddr(addr)).Country; got != want {
			t.Errorf("%s is %q, want %q", addr, got, want)
		}
	}
}

// TestATableFindsWhatLookingAtEveryRangeFinds compares with the obvious way.
func TestATableFindsWhatLookingAtEveryRangeFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var prefixes []netip.Prefix
		var list []Range
		for i := range 1 + r.IntN(20) {
			bits := 16 + r.IntN(17)
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(4)), byte(r.IntN(256))}), bits).Masked()
			prefixes = append(prefixes, p)
			list = append(list, RangeOf(p, Facts{ASN: uint32(i + 1)}))
		}
		b := Bare()
		b.AddRanges(Source{}, list)
		for range 200 {
			a := netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(5)), byte(r.IntN(256))})
			best, want := -1, uint32(0)
			for i, p := range prefixes {
				if p.Contains(a) && p.Bits() >= best {
					best, want = p.Bits(), uint32(i+1)
				}
			}
			if got := b.Of(a).ASN; got != want {
				t.Fatalf("round %d: %s is %d, want %d of %v", round, a, got, want, prefixes)
			}
		}
	}
}

func TestWhatAUserBringsGoesBeforeWhatIsEmbedded(t *testing.T) {
	b := New()
	for _, c := range []struct{ name, text string }{
		{"first.csv", "8.8.8.0,8.8.8.255,64500,Example Networks\n1.1.1.0/24,KR\n"},
		{"second.tsv", "8.8.8.8\t8.8.8.8\t64501\tKR\tAnother, Inc.\n"},
	} {
		if n, unread, err := b.AddFile(c.name, []byte(c.text)); err != nil || n == 0 || unread != 0 {
			t.Fatalf("%s: %d read, %d not, %v", c.name, n, unread, err)
		}
	}
	f := b.Of(netip.MustParseAddr("8.8.8.8"))
	if f.ASN != 64501 || f.Org != "Another, Inc." || f.Country != "KR" {
		t.Errorf("the file that was given last goes first: %+v", f)
	}
	if f := b.Of(netip.MustParseAddr("8.8.8.9")); f.ASN != 64500 || f.Org != "Example Networks" || f.Country != "US" {
		t.Errorf("what a file does not say is looked for in the next: %+v", f)
	}
}

func TestFilesAreToldFromTheirContent(t *testing.T) {
	const aws = `{"syncToken":"1","prefixes":[{"ip_prefix":"192.0.2.0/24","region":"eu-west-1","service":"AMAZON"},{"ip_prefix":"192.0.2.0/24","region":"eu-west-1","service":"EC2"},{"ip_prefix":"broken"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32","region":"eu-west-1","service":"S3"}]}`
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte("192.0.2.0\t192.0.2.255\t64500\tNL\tExample\nnot a line\n"))
	z.Close()
	for _, c := range []struct {
		name, data, want string
		unread           int
		fails            bool
	}{
		{name: "ip-ranges.json of AWS", data: aws, want: "aws eu-west-1 EC2", unread: 1},
		{name: "cloud.json of Google", data: `{"prefixes":[{"ipv4Prefix":"192.0.2.0/24","service":"Google Cloud","scope":"asia-northeast3"}]}`, want: "gcp asia-northeast3"},
		{name: "service tags of Azure", data: `{"values":[{"name":"AzureCloud.koreacentral","properties":{"region":"koreacentral","addressPrefixes":["192.0.2.0/24"]}}]}`, want: "azure koreacentral"},
		{name: "a table of iptoasn.com, compressed", data: zipped.String(), want: "NL AS64500 Example", unread: 1},
		{name: "CSV with quotes", data: "192.0.2.0,192.0.2.255,64500,\"Example, Inc.\"\n", want: "AS64500 Example, Inc."},
		{name: "a table that says that nobody has it", data: "192.0.2.0\t192.0.2.255\t0\tZZ\tNot routed\n", want: ""},
		{name: "no ranges", data: "hello\n", unread: 1, fails: true},
		{name: "JSON that is cut off", data: `{"prefixes":[`, fails: true},
		{name: "half an MMDB", data: "xx" + mmdbMark + "\x81", fails: true},
	} {
		b := Bare()
		_, unread, err := b.AddFile(c.name, []byte(c.data))
		if (err != nil) != c.fails || unread != c.unread {
			t.Errorf("%s: %d not read, %v", c.name, unread, err)
		}
		if got := b.Of(netip.MustParseAddr("192.0.2.7")).String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPackedFactsAreThoseThatWereAdded(t *testing.T) {
	b := Bare()
	b.AddRanges(Source{Name: "a", Facts: "country", Licence: "CC0-1.0"}, []Range{RangeOf(netip.MustParsePrefix("192.0.2.0/25"), Facts{Country: "KR"}), RangeOf(netip.MustParsePrefix("2001:db8::/48"), Facts{Country: "JP"})})
	b.AddRanges(Source{Name: "b"}, []Range{RangeOf(netip.MustParsePrefix("0.0.0.0/0"), Facts{Cloud: "x", CloudRegion: "y", CloudService: "z"})})
	var one, two bytes.Buffer
	for _, w := range []*bytes.Buffer{&one, &two} {
		if err := b.Pack(w); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same facts give other bytes")
	}
	layers, err := unpack(one.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	c := Bare()
	c.layers = layers
	for _, a := range []string{"192.0.2.0", "192.0.2.128", "2001:db8::1", "2001:db8:1::"} {
		if x, y := b.Of(netip.MustParseAddr(a)), c.Of(netip.MustParseAddr(a)); x.String() != y.String() {
			t.Errorf("%s: %q, unpacked %q", a, x, y)
		}
	}
	for n := range one.Len() {
		if _, err := unpack(one.Bytes()[:n]); err == nil {
			t.Fatalf("%d of %d bytes were taken for all", n, one.Len())
		}
	}
}

func TestOwnAddressesAreKnown(t *testing.T) {
	b := Bare()
	b.AddOwn(netip.MustParsePrefix("203.0.113.9/32"), "eipalloc-1")
	b.AddOwn(netip.MustParsePrefix("203.0.113.0/28"), "pool")
	for addr, want := range map[string]string{"203.0.113.9": "eipalloc-1", "203.0.113.1": "pool", "203.0.113.16": ""} {
		if f := b.Of(netip.MustParseAddr(addr)); f.Resource != want || f.Own != (want != "") {
			t.Errorf("%s: %+v", addr, f)
		}
	}
}

func TestAskingAllocatesNothing(t *testing.T) {
	b := New()
	list := []netip.Addr{netip.MustParseAddr("13.124.0.1"), netip.MustParseAddr("2001:4860:4860::8888"), netip.MustParseAddr("8.8.8.8")}
	b.Of(list[0])
	if n := testing.AllocsPerRun(100, func() {
		for _, a := range list {
			b.Of(a)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOf(bench *testing.B) {
	b := New()
	r := rand.New(rand.NewPCG(1, 1))
	four, six := make([]netip.Addr, 4096), make([]netip.Addr, 4096)
	for i := range four {
		n := r.Uint32()
		four[i] = netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		six[i] = netip.AddrFrom16([16]byte{0x20 | byte(n>>30), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	b.Of(four[0])
	for name, list := range map[string][]netip.Addr{"v4": four, "v6": six} {
		bench.Run(name, func(bench *testing.B) {
			bench.ReportAllocs()
			for i := 0; bench.Loop(); i++ {
				b.Of(list[i%len(list)])
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := New().Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheEmbeddedListsAreReadWhole(t *testing.T) {
	for _, file := range embeddedLists() {
		data, err := listFiles.ReadFile("lists/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var l lists
		if r := l.add(file, string(data)); r.Unread != 0 || r.Addresses+r.Domains < 4 {
			t.Errorf("%s: %+v", file, r)
		}
		seen := map[string]bool{}
		for line := range strings.Lines(string(data)) {
			entry, why, _ := strings.Cut(strings.TrimSpace(line), " # ")
			if strings.HasPrefix(entry, "#") || entry == "" {
				continue
			}
			if why == "" || seen[entry] {
				t.Errorf("%s: %s has no reason, or is there twice", file, entry)
			}
			seen[entry] = true
		}
	}
	if got := New().Lists(); !slices.Contains(got, "mining") || len(got) != len(embeddedLists()) {
		t.Errorf("lists: %v", got)
	}
}

func FuzzAddFile(f *testing.F) {
	f.Add([]byte("192.0.2.0,192.0.2.255,64500,Example\n"))
	f.Add([]byte("192.0.2.0/24\tKR\n::/0\tUS"))
	f.Add([]byte(`{"prefixes":[{"ip_prefix":"192.0.2.0/24"}]}`))
	f.Add([]byte("xx" + mmdbMark + "\xe0"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := Bare()
		n, _, err := b.AddFile("file", data)
		if err == nil && n == 0 {
			t.Error("nothing was read, and that is no error")
		}
		b.Of(netip.MustParseAddr("192.0.2.1"))
		b.Of(netip.MustParseAddr("2001:db8::1"))
	})
}

func FuzzUnpack(f *testing.F) {
	b := Bare()
	b.AddRanges(Source{Name: "a"}, []Range{RangeOf(netip.MustParsePrefix("192.0.2.0/25"), Facts{Country: "KR"}), RangeOf(netip.MustParsePrefix("2001:db8::/48"), Facts{ASN: 1})})
	var buf bytes.Buffer
	if err := b.Pack(&buf); err != nil {
		f.Fatal(err)
	}
	plain, err := gunzip(buf.Bytes())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Fuzz(func(t *testing.T, data []byte) {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(data)
		w.Close()
		layers, err := unpack(z.Bytes())
		if err != nil {
			return
		}
		b := Bare()
		b.layers = layers
		b.Of(netip.MustParseAddr("192.0.2.1"))
		b.Of(netip.MustParseAddr("2001:db8::1"))
	})
}

func TestFactsAreFoundUnderTheNamesOfTheDatabasesThatThereAre(t *testing.T) {
	for _, c := range []struct {
		name   string
		record map[string]any
		want   string
	}{
		{"MaxMind country", map[string]any{"country": map[string]any{"iso_code": "KR"}, "registered_country": map[string]any{"iso_code": "US"}}, "KR"},
		{"MaxMind, of whom only the registration is known", map[string]any{"registered_country": map[string]any{"iso_code": "US"}}, "US"},
		{"MaxMind ASN", map[string]any{"autonomous_system_number": uint64(64500), "autonomous_system_organization": "Example"}, "AS64500 Example"},
		{"IPinfo", map[string]any{"country_code": "KR", "country": "South Korea", "asn": "AS64500", "as_name": "Example"}, "KR AS64500 Example"},
		{"ip-location-db", map[string]any{"country_code": "KR"}, "KR"},
		{"a name in place of a code", map[string]any{"country": "South Korea"}, ""},
		{"nothing of it", map[string]any{"city": "Seoul", "asn": true}, ""},
	} {
		if got := mmdbFacts(c.record).String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
