// Address-gen packs the facts that package address embeds, and counts its bigrams.
// scripts/address.sh calls it.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"net/netip"
	"os"
	"strings"

	"github.com/haetae/haetae/address"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: address-gen facts OUT COUNTRY-NAME COUNTRY.mmdb ASN6-NAME ASN6.bin CLOUD-NAME CLOUD.json [NAME LICENCE FILE]… | address-gen bigrams OUT WORDS…")
	}
	var err error
	switch os.Args[1] {
	case "facts":
		err = facts(os.Args[2], os.Args[3:])
	case "bigrams":
		err = bigrams(os.Args[2], os.Args[3:])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func facts(out string, args []string) error {
	b := address.Bare()
	country, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	if err := add(b, args[0], "PDDL-1.0", country); err != nil {
		return err
	}
	six, err := os.ReadFile(args[3])
	if err != nil {
		return err
	}
	b.AddRanges(address.Source{Name: args[2], Facts: "asn", Licence: "PDDL-1.0, MIT"}, sixes(six))
	cloud, err := clouds(args[5])
	if err != nil {
		return err
	}
	b.AddRanges(address.Source{Name: args[4], Facts: "cloud", Licence: "MIT"}, cloud)
	for rest := args[6:]; len(rest) >= 3; rest = rest[3:] {
		data, err := os.ReadFile(rest[2])
		if err != nil {
			return err
		}
		if err := add(b, rest[0], rest[1], data); err != nil {
			return err
		}
	}
	var buf bytes.Buffer
	if err := b.Pack(&buf); err != nil {
		return err
	}
	for _, s := range b.Sources() {
		fmt.Printf("%-45s %-10s %-12s %d ranges\n", s.Name, s.Facts, s.Licence, s.Ranges)
	}
	return os.WriteFile(out, buf.Bytes(), 0o644)
}

// add adds a file under a name and a licence.
func add(b *address.Book, name, licence string, data []byte) error {
	tmp := address.Bare()
	_, unread, err := tmp.AddFile(name, data)
	if err != nil {
		return err
	}
	if unread > 0 {
		fmt.Printf("%s: %d lines were not read\n", name, unread)
	}
	b.Take(tmp, licence)
	return nil
}

// sixes reads the table of go-libp2p-asn-util: the upper halves of the first and
// the last address of each range, and its ASN, little endian.
func sixes(data []byte) (out []address.Range) {
	end := func(hi, lo uint64) netip.Addr {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], hi)
		binary.BigEndian.PutUint64(b[8:], lo)
		return netip.AddrFrom16(b)
	}
	for ; len(data) >= 20; data = data[20:] {
		from, to, asn := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:]), binary.LittleEndian.Uint32(data[16:])
		out = append(out, address.Range{From: end(from, 0), To: end(to, math.MaxUint64), Facts: address.Facts{ASN: asn}})
	}
	return out
}

// clouds reads what scripts/address.sh made of cloudip: lines of prefix, cloud,
// region and service.
func clouds(file string) (out []address.Range, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows [][4]string
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		p, err := netip.ParsePrefix(r[0])
		if err != nil {
			return nil, err
		}
		out = append(out, address.RangeOf(p, address.Facts{Cloud: r[1], CloudRegion: r[2], CloudService: r[3]}))
	}
	address.SortClouds(out)
	return out, nil
}

// bigrams counts which letter follows which in words, one on a line, and writes what
// each costs: a quarter of a bit for each step from '!'. Each file of words counts
// as much as the others.
func bigrams(out string, files []string) error {
	const letters = "^abcdefghijklmnopqrstuvwxyz0"
	const width = len(letters)
	var share [width][width]float64
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var count [width][width]float64
		var all float64
		for word := range strings.FieldsSeq(strings.ToLower(string(data))) {
			before := 0
			for i := range len(word) {
				to := strings.IndexByte(letters, word[i])
				if to < 0 {
					to = 0
				}
				count[before][to]++
				all++
				before = to
			}
			count[before][0]++
			all++
		}
		for i := range count {
			for j := range count[i] {
				share[i][j] += count[i][j] / all
			}
		}
	}
	// Digits are in no word. Names end in them now and then, and then go on.
	for i := range width - 1 {
		share[i][width-1] += 0.01 / float64(width)
	}
	share[width-1][0] += 0.01
	share[width-1][width-1] += 0.01
	var text []byte
	for i := range share {
		var all float64
		for j := range share[i] {
			share[i][j] += 1e-6 // what was never seen may be
			all += share[i][j]
		}
		for j := range share[i] {
			steps := int(math.Round(-4 * math.Log2(share[i][j]/all)))
			text = append(text, byte('!'+min(max(steps, 0), '~'-'!')))
		}
		text = append(text, '\n')
	}
	return os.WriteFile(out, text, 0o644)
}
