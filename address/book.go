package address

import (
	_ "embed"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed facts.gz
var embedded []byte

//go:embed networks.tsv
var networks string

//go:embed regions.tsv
var regions string

// Facts are what is known of an address. What is not known is "", 0 or nil.
type Facts struct {
	// Country is ISO 3166-1 alpha-2: of the cloud's region, where it says one, else of
	// whom the address is registered to. It is no place.
	Country string
	ASN     uint32 // the autonomous system that announces it
	Org     string // to whom the ASN is registered
	Cloud   string // "aws", "gcp", "azure", "cloudflare", "hetzner" …: whose address it is
	// CloudRegion and CloudService are what the cloud says of the address in the
	// list of its own that it publishes: "ap-northeast-2", "EC2".
	CloudRegion, CloudService string
	// Lists are the names of the lists that it is on, in order. It is shared: do not
	// change it.
	Lists    []string
	Own      bool   // it is one of the organisation's
	Resource string // that has it, when it is
}

// Book knows addresses. Fill it with the Add methods, then ask: after the first
// [Book.Of] it must not be added to. It may be asked by many goroutines.
type Book struct {
	bare    bool     // nothing embedded
	layers  []*layer // that were added, the last first
	lists   lists
	own     map[netip.Addr]string
	ownNets []netip.Prefix // for these, the resource is in ownRes
	ownRes  []string

	once     sync.Once
	err      error
	all      []*layer // layers, then what is embedded
	names    map[uint32]network
	country  map[region]string
	ownTable *table
}

// network is what is said of an autonomous system.
type network struct{ org, cloud string }

// region is one of a cloud.
type region struct{ cloud, name string }

// New gives a Book with what is embedded. It is unpacked when somebody asks.
func New() *Book { return &Book{own: map[netip.Addr]string{}} }

// Bare gives a Book that knows nothing but what is added to it.
func Bare() *Book { return &Book{bare: true, own: map[netip.Addr]string{}} }

// AddOwn says that the addresses of a prefix are the organisation's, and what
// resource has them.
func (b *Book) AddOwn(p netip.Prefix, resource string) {
	p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()).Masked()
	if !p.IsValid() {
		return
	}
	if p.IsSingleIP() {
		b.own[p.Addr()] = resource
		return
	}
	b.ownNets, b.ownRes = append(b.ownNets, p), append(b.ownRes, resource)
}

// Load unpacks what is embedded and makes the indexes. [Book.Of] does so by itself
// when it is asked first; Load gives the error, which only a damaged binary or
// too many lists can cause.
func (b *Book) Load() error {
	b.once.Do(b.load)
	return b.err
}

func (b *Book) load() {
	b.all = slices.Clone(b.layers)
	b.names, b.country = map[uint32]network{}, map[region]string{}
	if !b.bare {
		own, err := unpack(embedded)
		if err != nil {
			b.err = err
		}
		b.all = append(b.all, own...)
		for line := range strings.Lines(networks) {
			if f := strings.Split(strings.TrimRight(line, "\n"), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
				if n, err := strconv.ParseUint(f[0], 10, 32); err == nil {
					b.names[uint32(n)] = network{org: f[1], cloud: f[2]}
				}
			}
		}
		for line := range strings.Lines(regions) {
			if f := strings.Split(strings.TrimRight(line, "\n"), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
				for name := range strings.FieldsSeq(f[2]) {
					b.country[region{f[0], name}] = f[1]
				}
			}
		}
		b.lists.embed()
	}
	if err := b.lists.index(); err != nil && b.err == nil {
		b.err = err
	}
	var four, six []span
	for i, p := range b.ownNets {
		if s, is4, ok := spanOf(p.Addr(), last(p), uint32(i+1)); ok {
			if is4 {
				four = append(four, s)
			} else {
				six = append(six, s)
			}
		}
	}
	b.ownTable = newTable(four, six)
}

// Of gives what is known of an address. It allocates nothing.
func (b *Book) Of(a netip.Addr) Facts {
	b.once.Do(b.load)
	a = a.Unmap().WithZone("")
	var out Facts
	if !a.IsValid() {
		return out
	}
	for i, l := range b.all {
		v := l.table.find(a)
		if v == 0 {
			continue
		}
		f := &l.what[v]
		// What the user brings knows the country better than what is embedded.
		if i >= len(b.layers) && f.CloudRegion != "" && out.Country == "" {
			out.Country = b.country[region{f.Cloud, f.CloudRegion}]
		}
		if out.Country == "" {
			out.Country = f.Country
		}
		if out.ASN == 0 {
			out.ASN = f.ASN
			out.Org = f.Org
		}
		if out.Org == "" && f.ASN == out.ASN {
			out.Org = f.Org
		}
		if out.Cloud == "" {
			out.Cloud, out.CloudRegion, out.CloudService = f.Cloud, f.CloudRegion, f.CloudService
		}
	}
	if out.ASN != 0 && (out.Org == "" || out.Cloud == "") {
		n := b.names[out.ASN]
		if out.Org == "" {
			out.Org = n.org
		}
		if out.Cloud == "" {
			out.Cloud = n.cloud
		}
	}
	out.Lists = b.lists.of(a)
	if r, ok := b.own[a]; ok {
		out.Own, out.Resource = true, r
	} else if v := b.ownTable.find(a); v != 0 {
		out.Own, out.Resource = true, b.ownRes[v-1]
	}
	return out
}

// Clouds tells whether the book knows the addresses of clouds.
func (b *Book) Clouds() bool {
	b.once.Do(b.load)
	return slices.ContainsFunc(b.all, func(l *layer) bool { return strings.Contains(l.source.Facts, "cloud") })
}

// Sources are where the facts come from, those that go first first.
func (b *Book) Sources() []Source {
	b.once.Do(b.load)
	var out []Source
	for _, l := range b.all {
		out = append(out, l.source)
	}
	return out
}

// Private tells whether an address is of a private network: RFC 1918, RFC 6598
// (carriers' networks, which VPCs may use too), unique local or link local.
func Private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback() || netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10).Contains(a)
}

// String says the facts on one line: "US AS15169 Google LLC, gcp us-central1".
func (f Facts) String() string {
	var parts []string
	add := func(s ...string) {
		if t := strings.TrimSpace(strings.Join(s, " ")); t != "" {
			parts = append(parts, t)
		}
	}
	as := ""
	if f.ASN != 0 {
		as = fmt.Sprintf("AS%d %s", f.ASN, f.Org)
	}
	add(f.Country, as)
	add(f.Cloud, f.CloudRegion, f.CloudService)
	if f.Own {
		add("own", f.Resource)
	}
	for _, l := range f.Lists {
		add("on " + l)
	}
	return strings.Join(parts, ", ")
}
