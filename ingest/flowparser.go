package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/haetae/haetae"
)

// flowParser reads the records of one file.
type flowParser struct {
	name    string
	stats   *Stats
	take    func(*haetae.Flow) error
	ctx     context.Context
	limit   int64
	account string
	region  string

	columns  []column
	names    []string // of the columns of a Parquet file
	key      string   // of the object
	count    int      // of records up to now
	line     int      // that is read; in JSON the event, in Parquet the row
	blind    int      // lines of which the format is not known
	problems int      // that there were before them
	found    int      // records
	flow     haetae.Flow
	texts    map[string]string     // those that were met, so that each is there once
	recent   [512]string           // some of them
	addrs    map[string]netip.Addr // of IPv6, likewise
}

// text reads lines.
func (p *flowParser) text(br *bufio.Reader) error {
	err := lines(br, func(line []byte, n int) error {
		p.line = n
		if n%4096 == 0 && p.ctx.Err() != nil {
			return taken{p.ctx.Err()}
		}
		return p.record(line)
	})
	if err == nil && p.columns == nil && p.blind > 0 {
		return p.noFlowLog()
	}
	return err
}

// noFlowLog gives up a file in which nothing was found: that is one problem and
// not one for each line.
func (p *flowParser) noFlowLog() error {
	p.line = 0
	p.stats.UnreadRecords -= p.blind
	p.stats.Problems = p.stats.Problems[:min(len(p.stats.Problems), p.problems)]
	return errors.New("it is no flow log, or one of a format of its own without a header line: then give its format")
}

// maxBlind is how many lines may be there before one that can be read: a file
// with more is no flow log.
const maxBlind = 50

// record reads a line: a header, or a record.
func (p *flowParser) record(line []byte) error {
	if line == nil {
		p.stats.unread(Record, p.name, p.line, "a line of more than %d bytes", maxLine)
		return nil
	}
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return nil
	}
	line = withoutStamp(line)
	if p.header(line) {
		return nil
	}
	if p.columns == nil {
		p.guess(line)
	}
	if p.columns == nil {
		if p.blind == maxBlind {
			return p.noFlowLog()
		}
		if p.blind++; p.blind == 1 {
			p.problems = len(p.stats.Problems)
		}
		p.stats.unread(Record, p.name, p.line, "neither a header line nor of the default format: give the format of the log")
		return nil
	}
	p.count++
	p.begin()
	rest := line
	for i, c := range p.columns {
		j := 0
		for j < len(rest) && rest[j] != ' ' {
			j++ // values are too short for more than this
		}
		value := rest[:j]
		for j < len(rest) && rest[j] == ' ' {
			j++
		}
		rest = rest[j:]
		if len(value) == 0 {
			p.stats.unread(Record, p.name, p.line, "%d fields, the format has %d", i, len(p.columns))
			return nil
		}
		p.set(c, value)
	}
	if len(rest) > 0 {
		p.stats.unread(Record, p.name, p.line, "more fields than the %d of the format", len(p.columns))
		return nil
	}
	return p.give()
}

// withoutStamp takes off the time that an export of CloudWatch Logs to S3 writes
// before each event
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html).
func withoutStamp(line []byte) []byte {
	if len(line) < 25 || line[4] != '-' || line[10] != 'T' {
		return line
	}
	if i := bytes.IndexByte(line[:min(len(line), 40)], ' '); i > 0 && line[i-1] == 'Z' {
		return bytes.TrimLeft(line[i:], " ")
	}
	return line
}

// header takes the columns from a line that names them.
func (p *flowParser) header(line []byte) bool {
	if line[0] < 'a' || line[0] > 'z' {
		return false // records begin with a version, an id or an address as a rule
	}
	names := strings.Fields(string(line[:min(len(line), 8<<10)]))
	known := 0
	for _, n := range names {
		if columnOf(n) != strange {
			known++
		}
	}
	if 2*known < len(names) || known == 0 {
		return false
	}
	p.use(names)
	return true
}

// guess takes the format that AWS writes by itself when a line looks like it.
func (p *flowParser) guess(line []byte) {
	n := bytes.Count(line, []byte(" ")) + 1
	switch {
	case n == 14 && bytes.HasPrefix(line, []byte("2 ")):
		p.use(strings.Fields(vpcFormat))
	case n == len(strings.Fields(hubFormat)) && (bytes.HasPrefix(line, []byte("6 TransitGateway ")) || bytes.HasPrefix(line, []byte("6 TransitGatewayAttachment "))):
		p.use(strings.Fields(hubFormat))
	}
}

// use takes names as those of the columns.
func (p *flowParser) use(names []string) {
	p.columns = p.columns[:0]
	for _, n := range names {
		c := columnOf(n)
		if c == strange {
			p.stats.strange(strings.ToValidUTF8(n[:min(len(n), 64)], "?"))
		}
		p.columns = append(p.columns, c)
	}
}

// begin makes the flow ready for a record.
func (p *flowParser) begin() {
	p.flow = haetae.Flow{Place: haetae.Place{File: p.name, Line: p.line}, Key: p.key, Number: p.count, Account: p.account, Region: p.region}
}

// give hands on the record.
func (p *flowParser) give() error {
	f := &p.flow
	if f.Known(haetae.FlowStart|haetae.FlowEnd) && f.End < f.Start {
		p.bad("end", []byte("before start"))
		f.Has &^= haetae.FlowEnd
		f.End = 0
	}
	if f.Status == "" {
		f.Status = haetae.FlowOK // a custom format need not have it
	}
	p.found++
	p.stats.Records++
	switch f.Status {
	case haetae.NoFlows:
		p.stats.NoData++
	case haetae.SkippedFlows:
		p.stats.Skipped++
	}
	if p.found%4096 == 0 {
		if err := p.ctx.Err(); err != nil {
			return taken{err}
		}
	}
	if err := p.take(f); err != nil {
		return taken{err}
	}
	return nil
}

func (p *flowParser) bad(name string, value []byte) {
	p.stats.unread(Field, p.name, p.line, "%s %q", name, value[:min(len(value), 64)])
}

// set reads one field. "-" is a field that the record does not have
// (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html).
func (p *flowParser) set(c column, v []byte) {
	if c <= other || len(v) == 1 && v[0] == '-' {
		return
	}
	f := &p.flow
	switch c {
	case account:
		if string(v) != "unknown" { // as AWS writes for some interfaces of its services
			f.Account = p.textOf(v, "account-id")
		}
	case region:
		f.Region = p.textOf(v, "region")
	case vpc:
		f.VPC = p.textOf(v, "vpc-id")
	case subnet:
		f.Subnet = p.textOf(v, "subnet-id")
	case instance:
		f.Instance = p.textOf(v, "instance-id")
	case nic:
		f.Interface = p.textOf(v, "interface-id")
	case hub:
		f.Hub = p.textOf(v, "tgw-id")
	case attachment:
		f.Attach = p.textOf(v, "tgw-attachment-id")
	case srcAddr:
		f.Src = p.addr(v, "srcaddr")
	case dstAddr:
		f.Dst = p.addr(v, "dstaddr")
	case pktSrc:
		f.PktSrc = p.addr(v, "pkt-srcaddr")
	case pktDst:
		f.PktDst = p.addr(v, "pkt-dstaddr")
	case srcPort:
		f.SrcPort = uint16(p.number(v, 65535, "srcport", haetae.FlowSrcPort))
	case dstPort:
		f.DstPort = uint16(p.number(v, 65535, "dstport", haetae.FlowDstPort))
	case protocol:
		f.Proto = uint8(p.number(v, 255, "protocol", haetae.FlowProto))
	case flags:
		f.TCPFlags = uint8(p.number(v, 255, "tcp-flags", haetae.FlowFlags))
	case packets:
		f.Packets = p.number(v, 1<<63, "packets", haetae.FlowPackets)
	case octets:
		f.Bytes = p.number(v, 1<<63, "bytes", haetae.FlowBytes)
	case start:
		f.Start = int64(p.number(v, maxTime, "start", haetae.FlowStart))
	case end:
		f.End = int64(p.number(v, maxTime, "end", haetae.FlowEnd))
	case way:
		f.Path = uint8(p.number(v, 255, "traffic-path", haetae.FlowPath))
	case reason:
		f.Reason = p.textOf(v, "reject-reason")
	case srcService:
		f.SrcService = p.textOf(v, "pkt-src-aws-service")
	case dstService:
		f.DstService = p.textOf(v, "pkt-dst-aws-service")
	default:
		p.word(c, v)
	}
}

// maxTime is the end of the year 9999, in Unix seconds.
const maxTime = 253402300799

// word reads a field that has few values.
func (p *flowParser) word(c column, v []byte) {
	f := &p.flow
	switch c {
	case action:
		switch string(v) {
		case "ACCEPT":
			f.Action = haetae.Accepted
		case "REJECT":
			f.Action = haetae.Rejected
		default:
			p.bad("action", v)
		}
	case status:
		switch string(v) {
		case "OK":
			f.Status = haetae.FlowOK
		case "NODATA":
			f.Status = haetae.NoFlows
		case "SKIPDATA":
			f.Status = haetae.SkippedFlows
		default:
			p.bad("log-status", v)
		}
	case direction:
		switch string(v) {
		case "ingress":
			f.Direction = "ingress"
		case "egress":
			f.Direction = "egress"
		default:
			p.bad("flow-direction", v)
		}
	}
}

// maxTexts bounds the texts that are kept; ids of a file are far fewer.
const maxTexts = 1 << 16

// textOf is a text, the same one whenever it is met.
func (p *flowParser) textOf(v []byte, name string) string {
	// The last text of each of some hashes is found without looking it up.
	h := uint32(len(v))
	for _, b := range v[max(len(v)-6, 0):] {
		h = h*31 + uint32(b)
	}
	last := &p.recent[h%uint32(len(p.recent))]
	if *last == string(v) {
		return *last
	}
	if s, ok := p.texts[string(v)]; ok {
		*last = s
		return s
	}
	if !utf8.Valid(v) || bytes.ContainsRune(v, utf8.RuneError) || len(v) > 512 {
		p.bad(name, v)
		return ""
	}
	if len(p.texts) >= maxTexts {
		clear(p.texts)
	}
	s := string(v)
	p.texts[s] = s
	*last = s
	return s
}

// number reads a decimal number.
func (p *flowParser) number(v []byte, most uint64, name string, f haetae.FlowFields) uint64 {
	n := uint64(0)
	if len(v) > 19 {
		p.bad(name, v)
		return 0
	}
	for _, b := range v {
		if b < '0' || b > '9' {
			p.bad(name, v)
			return 0
		}
		n = 10*n + uint64(b-'0')
	}
	if n > most {
		p.bad(name, v)
		return 0
	}
	p.flow.Has |= f
	return n
}

// addr reads an address, one of IPv4 without help and without memory.
func (p *flowParser) addr(v []byte, name string) netip.Addr {
	var four [4]byte
	at, n, digits := 0, 0, 0
	for _, b := range v {
		switch {
		case b >= '0' && b <= '9' && digits < 3 && (digits == 0 || n > 0):
			n, digits = 10*n+int(b-'0'), digits+1
		case b == '.' && digits > 0 && n < 256 && at < 3:
			four[at] = byte(n)
			at, n, digits = at+1, 0, 0
		default:
			return p.anyAddr(v, name)
		}
	}
	if at != 3 || digits == 0 || n > 255 {
		return p.anyAddr(v, name)
	}
	four[3] = byte(n)
	return netip.AddrFrom4(four)
}

func (p *flowParser) anyAddr(v []byte, name string) netip.Addr {
	if a, ok := p.addrs[string(v)]; ok {
		return a
	}
	if len(v) <= 64 {
		if a, err := netip.ParseAddr(string(v)); err == nil && a.Zone() == "" {
			if p.addrs == nil || len(p.addrs) >= maxTexts {
				p.addrs = map[string]netip.Addr{}
			}
			p.addrs[string(v)] = a.Unmap()
			return a.Unmap()
		}
	}
	p.bad(name, v)
	return netip.Addr{}
}
