package address

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Range says facts of all addresses between two of one family, with both ends.
// Lists, Own and Resource are not looked at.
type Range struct {
	From, To netip.Addr
	Facts    Facts
}

// RangeOf is the range of a prefix.
func RangeOf(p netip.Prefix, f Facts) Range {
	p = p.Masked()
	return Range{From: p.Addr(), To: last(p), Facts: f}
}

// AddRanges adds what a source says. It goes before all that was added before and
// before what is embedded. Of ranges that lie in each other the narrowest counts, of
// equal ones the last. Ranges that are none are counted.
func (b *Book) AddRanges(s Source, list []Range) (bad int) {
	l := &layer{source: s, what: []Facts{{}}}
	seen := map[fact]uint32{}
	var four, six []span
	for _, r := range list {
		f := r.Facts
		v := l.fact(fact{f.Country, f.ASN, f.Org, f.Cloud, f.CloudRegion, f.CloudService}, seen)
		sp, is4, ok := spanOf(r.From, r.To, v)
		switch {
		case !ok:
			bad++
		case is4:
			four = append(four, sp)
		default:
			six = append(six, sp)
		}
	}
	l.table = newTable(four, six)
	l.source.Ranges = len(l.table.four) + len(l.table.six)
	b.layers = slices.Insert(b.layers, 0, l)
	return bad
}

// mostUnpacked bounds what a compressed file may become.
const mostUnpacked = 1 << 30

// AddFile adds the facts of a file that a user brings. What it is is told from its
// content, gzip or not: a MaxMind database (MMDB) of countries, networks or both;
// the tables of iptoasn.com (TSV: start, end, ASN, country, name); CSV of start,
// end (or of a prefix) and then a country or an ASN with a name; the lists of their
// addresses that AWS (ip-ranges.json), Google (cloud.json) and Azure (service tags)
// publish. Lines that are none of it are counted in unread.
func (b *Book) AddFile(name string, data []byte) (read, unread int, err error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		if data, err = gunzip(data); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	s := Source{Name: name, Licence: "yours"}
	var list []Range
	switch start := bytes.TrimSpace(data[:min(len(data), 64)]); {
	case isMMDB(data):
		list, err = mmdb(data)
	case bytes.HasPrefix(start, []byte("{")):
		list, unread, err = published(data)
	default:
		list, unread, err = rows(data)
	}
	if err == nil && len(list) == 0 {
		err = errors.New("there are no ranges of addresses in it: give an MMDB file, a table of iptoasn.com, CSV of ranges, or the ip-ranges.json of a cloud")
	}
	if err != nil {
		return 0, unread, fmt.Errorf("%s: %w", name, err)
	}
	s.Facts = factsIn(list)
	unread += b.AddRanges(s, list)
	return len(list), unread, nil
}

// factsIn names the facts that a list has.
func factsIn(list []Range) string {
	var country, asn, cloud bool
	for _, r := range list {
		country, asn, cloud = country || r.Facts.Country != "", asn || r.Facts.ASN != 0, cloud || r.Facts.Cloud != ""
	}
	var out []string
	for name, has := range map[string]bool{"country": country, "asn": asn, "cloud": cloud} {
		if has {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func gunzip(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, mostUnpacked+1))
	if err == nil && len(out) > mostUnpacked {
		err = fmt.Errorf("it is more than %d MiB unpacked", mostUnpacked>>20)
	}
	return out, err
}

// rows reads lines of ranges, separated by tabs or commas.
func rows(data []byte) (out []Range, unread int, err error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord, r.Comment = -1, true, true, '#'
	if line, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(line, []byte("\t")) > bytes.Count(line, []byte(",")) {
		r.Comma = '\t'
	}
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, unread, nil
		}
		if err != nil {
			unread++
			if _, ok := errors.AsType[*csv.ParseError](err); ok {
				continue
			}
			return out, unread, err
		}
		if one, ok := row(f); ok {
			out = append(out, one)
		} else {
			unread++
		}
	}
}

// row reads one line: where the range is first, then facts that are told from
// what they look like.
func row(f []string) (Range, bool) {
	var r Range
	if p, err := netip.ParsePrefix(strings.TrimSpace(f[0])); err == nil {
		r, f = RangeOf(p, Facts{}), f[1:]
	} else if len(f) > 1 {
		from, err1 := netip.ParseAddr(strings.TrimSpace(f[0]))
		to, err2 := netip.ParseAddr(strings.TrimSpace(f[1]))
		if err1 != nil || err2 != nil {
			return r, false
		}
		r.From, r.To, f = from, to, f[2:]
	} else {
		return r, false
	}
	for i, x := range f {
		x = strings.Clone(strings.TrimSpace(x))
		if n, err := strconv.ParseUint(strings.TrimPrefix(x, "AS"), 10, 32); err == nil && r.Facts.ASN == 0 {
			r.Facts.ASN = uint32(n)
			continue
		}
		if len(x) == 2 && r.Facts.Country == "" && x == strings.ToUpper(x) {
			r.Facts.Country = x
			continue
		}
		// The name is the last column of all these tables.
		if i == len(f)-1 && r.Facts.ASN != 0 {
			r.Facts.Org = x
		}
	}
	if r.Facts.Country == "ZZ" { // as some tables write that nobody has it
		r.Facts.Country = ""
	}
	return r, true
}

// clouds are the forms in which clouds publish their addresses: AWS
// (https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html), Google
// (https://support.google.com/a/answer/10026322) and Azure
// (https://learn.microsoft.com/azure/virtual-network/service-tags-overview).
type clouds struct {
	Prefixes []struct {
		Four    string `json:"ip_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
		Google4 string `json:"ipv4Prefix"`
		Google6 string `json:"ipv6Prefix"`
		Scope   string `json:"scope"`
	} `json:"prefixes"`
	Six []struct {
		Six     string `json:"ipv6_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
	} `json:"ipv6_prefixes"`
	Values []struct {
		Properties struct {
			Region   string   `json:"region"`
			Service  string   `json:"systemService"`
			Prefixes []string `json:"addressPrefixes"`
		} `json:"properties"`
	} `json:"values"`
}

// published reads the list of addresses of a cloud.
func published(data []byte) (out []Range, unread int, err error) {
	var c clouds
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, 0, err
	}
	add := func(prefix, cloud, region, service string) {
		p, err := netip.ParsePrefix(prefix)
		if err != nil {
			unread++
			return
		}
		out = append(out, RangeOf(p, Facts{Cloud: cloud, CloudRegion: region, CloudService: service}))
	}
	for _, p := range c.Prefixes {
		switch {
		case p.Four != "":
			add(p.Four, "aws", p.Region, p.Service)
		default:
			add(cmp.Or(p.Google4, p.Google6), "gcp", p.Scope, "")
		}
	}
	for _, p := range c.Six {
		add(p.Six, "aws", p.Region, p.Service)
	}
	for _, v := range c.Values {
		for _, p := range v.Properties.Prefixes {
			add(p, "azure", v.Properties.Region, v.Properties.Service)
		}
	}
	SortClouds(out)
	return out, unread, nil
}

// SortClouds puts ranges of clouds in the order in which the last of equal ones is
// the one that says most: AWS lists a prefix under "AMAZON" and again under the
// service that uses it, and under several where customers may use it; of those
// "EC2" is the one that says that it may be anybody's.
func SortClouds(list []Range) {
	rank := func(r Range) int {
		switch r.Facts.CloudService {
		case "":
			return 0
		case "AMAZON":
			return 1
		case "EC2":
			return 3
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b Range) int {
		if c := cmp.Compare(rank(a), rank(b)); c != 0 {
			return c
		}
		if c := cmp.Compare(b.Facts.CloudService, a.Facts.CloudService); c != 0 {
			return c
		}
		return cmp.Compare(b.Facts.CloudRegion, a.Facts.CloudRegion)
	})
}

// Take adds what was added to another book, under a licence.
func (b *Book) Take(o *Book, licence string) {
	for _, l := range slices.Backward(o.layers) {
		l.source.Licence = licence
		b.layers = slices.Insert(b.layers, 0, l)
	}
}
