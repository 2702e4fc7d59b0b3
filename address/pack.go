package address

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// packed begins a file of packed layers. The number goes up when the form changes.
const packed = "haetae address 1\n"

// Source says where a layer of facts comes from.
type Source struct {
	Name    string // "iptoasn-country-mmdb 2.3.2026061719"
	Facts   string // what it says: "country", "asn", "cloud"
	Licence string // "PDDL-1.0"
	Ranges  int    // how many it has, of both families
}

// layer is what one source says.
type layer struct {
	source Source
	what   []Facts // by value; the first is nothing
	table  *table
}

// fact gives the number of facts in a layer, as one number for equals.
func (l *layer) fact(f fact, seen map[fact]uint32) uint32 {
	if f == (fact{}) {
		return 0
	}
	if n, ok := seen[f]; ok {
		return n
	}
	if len(l.what) == 0 {
		l.what = append(l.what, Facts{})
	}
	n := uint32(len(l.what))
	seen[f] = n
	l.what = append(l.what, f.facts())
	return n
}

// fact are the facts that a source can have, in a form that can be compared.
type fact struct {
	country        string
	asn            uint32
	org            string
	cloud          string
	region, partOf string
}

func (f fact) facts() Facts {
	return Facts{Country: f.country, ASN: f.asn, Org: f.org, Cloud: f.cloud, CloudRegion: f.region, CloudService: f.partOf}
}

// Pack writes the layers that were added to a Book (not what is embedded in it) in
// the form of facts.gz: texts once, ranges as distances. The same layers give the
// same bytes.
func (b *Book) Pack(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(z)
	out.WriteString(packed)
	number := func(n uint64) { out.Write(binary.AppendUvarint(nil, n)) }
	text := func(s string) { number(uint64(len(s))); out.WriteString(s) }
	number(uint64(len(b.layers)))
	for _, l := range b.layers {
		text(l.source.Name)
		text(l.source.Facts)
		text(l.source.Licence)
		number(uint64(len(l.what)))
		for _, f := range l.what {
			text(f.Country)
			number(uint64(f.ASN))
			text(f.Org)
			text(f.Cloud)
			text(f.CloudRegion)
			text(f.CloudService)
		}
		number(uint64(len(l.table.four)))
		var before uint32
		for _, at := range l.table.four {
			number(uint64(at - before))
			before = at
		}
		for _, v := range l.table.fourV {
			number(uint64(v))
		}
		number(uint64(len(l.table.six)))
		var hi uint64
		for _, at := range l.table.six {
			number(at.hi - hi)
			number(at.lo)
			hi = at.hi
		}
		for _, v := range l.table.sixV {
			number(uint64(v))
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return z.Close()
}

// unpacker reads what Pack wrote and keeps the first error.
type unpacker struct {
	in  *bufio.Reader
	err error
}

func (u *unpacker) number() uint64 {
	if u.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(u.in)
	if err != nil {
		u.err = err
	}
	return n
}

// errPacked is said of a file that is not what Pack wrote.
var errPacked = errors.New("the packed facts are damaged")

// few reads a count. A wrong one ends the reading before memory is taken for it.
func (u *unpacker) few(most uint64) int {
	n := u.number()
	if n > most && u.err == nil {
		u.err = errPacked
	}
	if u.err != nil {
		return 0
	}
	return int(n)
}

func (u *unpacker) text() string {
	buf := make([]byte, u.few(1<<12))
	if u.err == nil {
		_, u.err = io.ReadFull(u.in, buf)
	}
	return string(buf)
}

// mostRanges is more than a source has.
const mostRanges = 1 << 25

func unpack(data []byte) ([]*layer, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpacking facts of addresses: %w", err)
	}
	u := &unpacker{in: bufio.NewReaderSize(z, 1<<16)}
	head := make([]byte, len(packed))
	if _, err := io.ReadFull(u.in, head); err != nil || string(head) != packed {
		return nil, fmt.Errorf("unpacking facts of addresses: %w", errPacked)
	}
	var out []*layer
	for n := u.few(64); n > 0 && u.err == nil; n-- {
		out = append(out, u.layer())
	}
	if u.err == nil { // the checksum is behind the last byte
		if _, err := u.in.ReadByte(); err == nil {
			u.err = errPacked
		} else if !errors.Is(err, io.EOF) {
			u.err = err
		}
	}
	if u.err != nil {
		return nil, fmt.Errorf("unpacking facts of addresses: %w", u.err)
	}
	return out, nil
}

func (u *unpacker) layer() *layer {
	l := &layer{source: Source{Name: u.text(), Facts: u.text(), Licence: u.text()}, table: &table{}}
	facts := u.few(mostRanges)
	for i := 0; i < facts && u.err == nil; i++ {
		l.what = append(l.what, fact{country: u.text(), asn: uint32(u.number()), org: u.text(), cloud: u.text(), region: u.text(), partOf: u.text()}.facts())
	}
	values := func(n int) []uint32 {
		out := make([]uint32, 0, min(n, 1<<19))
		for ; n > 0 && u.err == nil; n-- {
			v := u.few(uint64(max(len(l.what), 1)) - 1)
			out = append(out, uint32(v))
		}
		return out
	}
	n := u.few(mostRanges)
	// A count may be wrong: no more room is made at once than a real table needs.
	l.table.four = make([]uint32, 0, min(n, 1<<19))
	var at uint64
	for i := 0; i < n && u.err == nil; i++ {
		step := u.number()
		if at += step; at > 1<<32-1 || i > 0 && step == 0 {
			u.err = errPacked
		}
		l.table.four = append(l.table.four, uint32(at))
	}
	l.table.fourV = values(n)
	m := u.few(mostRanges)
	l.table.six = make([]wide, 0, min(m, 1<<19))
	var w wide
	for i := 0; i < m && u.err == nil; i++ {
		before := w
		w = wide{w.hi + u.number(), u.number()}
		if i > 0 && !before.less(w) {
			u.err = errPacked
		}
		l.table.six = append(l.table.six, w)
	}
	l.table.sixV = values(m)
	l.source.Ranges = n + m
	if u.err == nil {
		l.table.index()
	}
	return l
}
