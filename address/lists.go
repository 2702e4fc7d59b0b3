package address

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed lists/*.txt
var listFiles embed.FS

// mostLists is how many lists a Book can have.
const mostLists = 64

// lists are named sets of addresses and domain names.
type lists struct {
	names     []string
	four, six []listed
	domains   map[string]uint64 // the lists, as bits by their place in names

	table *table
	sets  [][]string // by the value in table
	alone map[uint64][]string
}

// listed is a range of addresses that a list has.
type listed struct {
	from, to wide
	list     int
}

// ListRead says what was read of a list.
type ListRead struct {
	Addresses, Domains int
	Unread             int    // lines in which nothing was found
	First              string // the first of these
}

// AddList adds a list of addresses, prefixes and domain names under a name; more
// files under one name are one list. A domain stands for all names in it. Lists of
// the forms that GuardDuty reads
// (https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_upload-lists.html#prepare_list)
// are understood: text with an entry on each line, CSV of any order of columns
// (OTX, ProofPoint, FireEye), AlienVault, the addresses and domains in STIX; also
// hosts files. "#" begins a comment.
func (b *Book) AddList(name string, data []byte) (ListRead, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		var err error
		if data, err = gunzip(data); err != nil {
			return ListRead{}, fmt.Errorf("list %s: %w", name, err)
		}
	}
	r := b.lists.add(name, string(data))
	if r.Addresses+r.Domains == 0 {
		return r, fmt.Errorf("list %s: no address and no domain name is in it; give one on each line", name)
	}
	if len(b.lists.names) > mostLists-len(embeddedLists()) {
		return r, fmt.Errorf("list %s: a book has room for %d lists; put some under one name", name, mostLists-len(embeddedLists()))
	}
	return r, nil
}

func embeddedLists() []string {
	entries, _ := listFiles.ReadDir("lists") // of the binary: it is there
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func (l *lists) embed() {
	for _, file := range embeddedLists() {
		data, _ := listFiles.ReadFile(path.Join("lists", file))
		l.add(strings.TrimSuffix(file, ".txt"), string(data))
	}
}

func (l *lists) add(name, text string) (r ListRead) {
	n := slices.Index(l.names, name)
	if n < 0 {
		n = len(l.names)
		l.names = append(l.names, name)
	}
	if l.domains == nil {
		l.domains = map[string]uint64{}
	}
	put := func(entry string) bool {
		if p, ok := prefixOf(entry); ok {
			s, is4, _ := spanOf(p.Addr(), last(p), 0)
			if is4 {
				l.four = append(l.four, listed{s.from, s.to, n})
			} else {
				l.six = append(l.six, listed{s.from, s.to, n})
			}
			r.Addresses++
			return true
		}
		if d := domainOf(entry); d != "" {
			if n < mostLists {
				l.domains[strings.Clone(d)] |= 1 << n
			}
			r.Domains++
			return true
		}
		return false
	}
	if t := strings.TrimLeft(text, " \t\r\n\ufeff"); strings.HasPrefix(t, "<") || strings.HasPrefix(t, "{") {
		for _, m := range stix().FindAllStringSubmatch(t, -1) {
			put(cmp.Or(m[1], m[2]))
		}
		return r
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")), "#")
		if line = strings.TrimSpace(line); line == "" || line[0] == ';' {
			continue
		}
		if !putLine(line, put) {
			if r.Unread++; r.First == "" {
				r.First = strings.Clone(line)
			}
		}
	}
	return r
}

// putLine finds the entry of a line: the first part of it that is one. In a hosts
// file the address is only where the name is sent to.
func putLine(line string, put func(string) bool) bool {
	parts := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\t \"", r) })
	if len(parts) > 1 && slices.Contains([]string{"0.0.0.0", "127.0.0.1", "::", "::1"}, parts[0]) {
		parts = parts[1:]
	}
	return slices.ContainsFunc(parts, put)
}

// stix finds addresses and names in indicators of STIX 1 (XML) and 2 (JSON).
func stix() *regexp.Regexp {
	return regexp.MustCompile(`(?:ipv4-addr|ipv6-addr|domain-name):value\s*=\s*\\?'([^'\\]+)|<(?:\w+:)?(?:Address_Value|Value)\b[^>]*>([^<]+)<`)
}

func prefixOf(s string) (netip.Prefix, bool) {
	s = strings.NewReplacer("[.]", ".", "[:]", ":").Replace(s)
	if p, err := netip.ParsePrefix(s); err == nil {
		a := p.Addr()
		if a.Is4In6() {
			return netip.Prefix{}, false
		}
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}

// domainOf is the domain name that an entry is: as it is, of a URL, or with the
// star that says that it is a whole domain.
func domainOf(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, "[.]", "."))
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s, _, _ = strings.Cut(rest, "/")
		s, _, _ = strings.Cut(s, ":")
	}
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(s, "*."), "."), ".")
	if s == "onion" { // the one name without a dot that is worth listing
		return s
	}
	if len(s) > 253 || !strings.Contains(s, ".") {
		return ""
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return ""
		}
		for i := range len(label) {
			c := label[i]
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 0x80) {
				return ""
			}
		}
	}
	if tld := s[strings.LastIndexByte(s, '.')+1:]; tld[0] >= '0' && tld[0] <= '9' {
		return "" // part of an address, or a number
	}
	return s
}

// index makes what is asked out of what was added.
func (l *lists) index() error {
	l.alone = map[uint64][]string{}
	for _, mask := range l.domains {
		l.setOf(mask)
	}
	if len(l.names) > mostLists {
		l.table = newTable(nil, nil)
		return fmt.Errorf("a book has room for %d lists, and there are %d", mostLists, len(l.names))
	}
	l.sets = [][]string{nil}
	place := map[uint64]uint32{}
	t := &table{}
	t.setFour(l.sweep(l.four, place))
	t.six, t.sixV = l.sweep(l.six, place)
	t.index()
	l.table = t
	return nil
}

// setOf gives the names of the lists of a mask, made once.
func (l *lists) setOf(mask uint64) []string {
	if set, ok := l.alone[mask]; ok {
		return set
	}
	set := l.named(mask)
	l.alone[mask] = set
	return set
}

func (l *lists) named(mask uint64) (out []string) {
	for i, name := range l.names {
		if i < mostLists && mask&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// sweep goes over all ends of ranges and says which lists hold from each on.
func (l *lists) sweep(ranges []listed, place map[uint64]uint32) (at []wide, value []uint32) {
	type end struct {
		at   wide
		list int
		by   int
	}
	ends := make([]end, 0, 2*len(ranges))
	for _, r := range ranges {
		ends = append(ends, end{r.from, r.list, 1})
		if after, ok := r.to.next(); ok {
			ends = append(ends, end{after, r.list, -1})
		}
	}
	slices.SortFunc(ends, func(a, b end) int { return compareWide(a.at, b.at) })
	var count [mostLists]int
	var mask uint64
	for i := 0; i < len(ends); {
		here := ends[i].at
		for ; i < len(ends) && ends[i].at == here; i++ {
			count[ends[i].list] += ends[i].by
			if count[ends[i].list] > 0 {
				mask |= 1 << ends[i].list
			} else {
				mask &^= 1 << ends[i].list
			}
		}
		v, ok := place[mask]
		if !ok && mask != 0 {
			v = uint32(len(l.sets))
			l.sets, place[mask] = append(l.sets, l.setOf(mask)), v
		}
		at, value = append(at, here), append(value, v)
	}
	return at, value
}

// of gives the names of the lists that have an address.
func (l *lists) of(a netip.Addr) []string {
	if v := l.table.find(a); v != 0 {
		return l.sets[v]
	}
	return nil
}

// ListsOf gives the names of the lists that have a domain name, or a domain that
// it is in, in order. What it gives is shared: do not change it.
func (b *Book) ListsOf(domain string) []string {
	b.once.Do(b.load)
	l := &b.lists
	var mask uint64
	for name := strings.TrimSuffix(strings.ToLower(domain), "."); name != ""; {
		mask |= l.domains[name]
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		name = rest
	}
	if mask == 0 {
		return nil
	}
	if set, ok := l.alone[mask]; ok {
		return set
	}
	return l.named(mask) // a union that no entry has by itself
}

// Lists are the names of all lists, in order.
func (b *Book) Lists() []string {
	b.once.Do(b.load)
	return slices.Sorted(slices.Values(b.lists.names))
}
