package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
)

// addresses are the flags that say what is known of addresses.
type addresses struct {
	lists, data []string
}

func (f *addresses) flags(fl *pflag.FlagSet) {
	fl.StringArrayVar(&f.lists, "address-list", nil, "NAME=FILE: addresses, networks and domain names, one on each line (or CSV, STIX: what GuardDuty reads); may be repeated")
	fl.StringArrayVar(&f.data, "address-data", nil, "facts of addresses that go before the built-in ones: MMDB (MaxMind and others), ip2asn TSV of iptoasn.com, CSV of ranges, ip-ranges.json of a cloud; may be repeated")
	fl.StringArrayVar(&f.data, "mmdb", nil, "the same as --address-data")
	_ = fl.MarkHidden("mmdb")
}

// book reads what the flags name. The world, which may be nil, says which addresses
// are own.
func (a *app) book(f *addresses, w *actor.World) (*address.Book, error) {
	b := address.New()
	for _, file := range f.data {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, usagef("--address-data: %v", err)
		}
		_, unread, err := b.AddFile(file, data)
		if err != nil {
			return nil, usagef("--address-data: %v", err)
		}
		if unread > 0 {
			a.advise("haetae: not read: %d lines of %s are no ranges", unread, file)
		}
	}
	for _, x := range f.lists {
		name, file, ok := strings.Cut(x, "=")
		if !ok || name == "" || file == "" {
			return nil, usagef("--address-list NAME=FILE is meant, not %q", x)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, usagef("--address-list: %v", err)
		}
		read, err := b.AddList(name, data)
		if err != nil {
			return nil, usagef("--address-list: %s: %v", file, err)
		}
		if read.Unread > 0 {
			a.advise("haetae: not read: %d lines of %s have no address and no name, the first is %q", read.Unread, file, read.First)
		}
	}
	w.Own(b)
	return b, b.Load()
}

// addressRow is what is known of an address or a name, as JSON.
type addressRow struct {
	Address  string   `json:"address,omitempty"`
	Name     string   `json:"name,omitempty"`
	Country  string   `json:"country,omitempty"`
	ASN      uint32   `json:"asn,omitempty"`
	Org      string   `json:"org,omitempty"`
	Cloud    string   `json:"cloud,omitempty"`
	Region   string   `json:"cloudRegion,omitempty"`
	Service  string   `json:"cloudService,omitempty"`
	Lists    []string `json:"lists,omitempty"`
	Private  bool     `json:"private,omitempty"`
	Own      bool     `json:"own,omitempty"`
	Resource string   `json:"resource,omitempty"`
	// Of names: what somebody registered, and how the longest label looks.
	Base     string  `json:"base,omitempty"`
	Entropy  float64 `json:"entropy,omitempty"`
	Unlikely float64 `json:"unlikely,omitempty"`
}

func (a *app) addressCommand() *cobra.Command {
	var f addresses
	var s sources
	var output string
	var origin bool
	c := &cobra.Command{
		Use:   "address ADDRESS|NAME…",
		Short: "What is known of addresses and domain names: country, network, cloud, lists, whose they are",
		Long: `Says what is known of addresses: the country, the network (ASN) and to whom it is
registered, the cloud with its region and service, and the lists that it is on. With
--from it says which of your resources has it. Of a domain name it says what of it was
registered, its lists, and how its longest label looks: entropy in bits for each letter,
and how unlikely the letters are after each other (words have 3 to 5, chance has 6).

Built in are countries and clouds of all addresses, networks of IPv6, and small lists.
Networks of IPv4 come with a file: ip2asn-combined.tsv.gz of iptoasn.com (public
domain), or an MMDB. The country is that of the cloud's region, else of whom the
address is registered to.`,
		Example: `  haetae address 8.8.8.8 2606:4700:4700::1111
  haetae address 203.0.113.10 --from sample
  haetae address 8.8.8.8 --address-data ip2asn-combined.tsv.gz --address-list bad=bad.txt
  haetae address --sources`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !origin {
				return usagef("addresses or domain names are meant: haetae address 8.8.8.8")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(output, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			var w *actor.World
			if len(s.from) > 0 {
				var err error
				if w, err = a.actors(cmd.Context(), &s); err != nil {
					return err
				}
			}
			b, err := a.book(&f, w)
			if err != nil {
				return err
			}
			if origin {
				return a.printAddressSources(b, output)
			}
			return a.printAddresses(b, args, output)
		},
	}
	s.flags(c)
	f.flags(c.Flags())
	c.Flags().BoolVar(&origin, "sources", false, "list where the facts come from, with their licences, and the lists")
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json, ndjson or csv")
	return c
}

func (a *app) printAddressSources(b *address.Book, output string) error {
	var cells [][]any
	list := b.Sources()
	for _, s := range list {
		cells = append(cells, []any{s.Name, s.Facts, s.Licence, s.Ranges})
	}
	for _, name := range b.Lists() {
		cells = append(cells, []any{name, "list", "", ""})
	}
	return listing(a, list, []string{a.say("source", "출처"), a.say("facts", "내용"), a.say("licence", "라이선스"), a.say("ranges", "범위")}, cells, output)
}

func (a *app) printAddresses(b *address.Book, args []string, output string) error {
	var rows []addressRow
	var cells [][]any
	for _, arg := range args {
		var r addressRow
		ip, err := netip.ParseAddr(arg)
		switch {
		case err == nil:
			x := b.Of(ip)
			r = addressRow{Address: ip.Unmap().String(), Country: x.Country, ASN: x.ASN, Org: x.Org, Cloud: x.Cloud, Region: x.CloudRegion, Service: x.CloudService,
				Lists: x.Lists, Private: address.Private(ip), Own: x.Own, Resource: x.Resource}
		case strings.ContainsAny(arg, ":/ ") || !strings.Contains(arg, "."):
			return usagef("%q is neither an address nor a domain name", arg)
		default:
			long := ""
			base := address.Base(arg)
			for label := range strings.SplitSeq(strings.TrimSuffix(arg, "."), ".") {
				if len(label) > len(long) {
					long = label
				}
			}
			r = addressRow{Name: arg, Base: base, Lists: b.ListsOf(arg), Entropy: address.Entropy(long), Unlikely: address.Unlikely(long)}
		}
		rows = append(rows, r)
		network, kind := "", ""
		if r.ASN != 0 {
			network = fmt.Sprintf("AS%d %s", r.ASN, r.Org)
		}
		switch {
		case r.Own:
			kind = a.say("own ", "자체 ") + r.Resource
		case r.Private:
			kind = a.say("private", "사설")
		case r.Name != "":
			kind = fmt.Sprintf(a.say("%s, entropy %.1f, unlikely %.1f", "%s, 엔트로피 %.1f, 희귀도 %.1f"), r.Base, r.Entropy, r.Unlikely)
		}
		cells = append(cells, []any{arg, r.Country, network, strings.TrimSpace(r.Cloud + " " + r.Region + " " + r.Service), strings.Join(r.Lists, ", "), kind})
	}
	return listing(a, rows, []string{a.say("address", "주소"), a.say("country", "국가"), a.say("network", "네트워크"), a.say("cloud", "클라우드"), a.say("lists", "목록"), a.say("what", "설명")}, cells, output)
}
