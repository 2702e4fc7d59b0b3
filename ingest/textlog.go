package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/haetae/haetae"
)

// text reads lines. What they are of is told from the first of them, and for
// each line anew where several logs are in one file.
func (in *input) text(br *bufio.Reader, head []byte) error {
	f := in.lineFormat(head)
	if f == nil && (in.opt.FlowFormat != nil || in.only != nil && in.only.line != nil) || f != nil && f.Log == haetae.VPCFlow {
		// Flow logs have a reader of their own for speed: nothing else is in their files.
		p := in.flows()
		in.found++
		err := p.text(br)
		in.number = p.line
		return err
	}
	err := lines(br, func(line []byte, n int) error {
		if n%1024 == 0 && in.ctx.Err() != nil {
			return taken{in.ctx.Err()}
		}
		if f := in.current; line != nil && f != nil && f.more != nil && in.holding && f.more(line) {
			in.hold(line)
			return nil
		}
		if err := in.letGo(); err != nil {
			return err
		}
		in.number = n
		return in.line(line, &mail{})
	})
	if err != nil {
		// What was read before the break is whole but for the last line.
		if e := in.letGo(); e != nil {
			return e
		}
		return err
	}
	return in.letGo()
}

// hold keeps a line of a record that the next one may go on with.
func (in *input) hold(line []byte) {
	if !in.holding {
		in.held, in.heldNumber, in.holding, in.heldLong = in.held[:0], in.number, true, false
	} else if !in.heldLong {
		in.held = append(in.held, '\n')
	}
	if in.heldLong = in.heldLong || len(in.held)+len(line) > maxLine; !in.heldLong {
		in.held = append(in.held, line...)
	}
}

// letGo decodes what is held.
func (in *input) letGo() error {
	if !in.holding {
		return nil
	}
	in.holding = false
	in.number = in.heldNumber
	if in.heldLong {
		in.stats.unread(Record, in.name, in.number, "a record of more than %d bytes", maxLine)
		return nil
	}
	return in.current.read(in, nil, in.held, &mail{})
}

// lineFormat tells the format from the lines of the head of a file, the first
// that is known.
func (in *input) lineFormat(head []byte) *Format {
	for range maxBlind {
		line, rest, more := bytes.Cut(head, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] == '{' {
			return nil
		}
		if f := in.formatOf(line); f != nil {
			return f
		}
		if stamped := withoutStamp(line); len(stamped) < len(line) {
			if f := in.formatOf(stamped); f != nil {
				return f
			}
		}
		if !more {
			return nil
		}
		head = rest
	}
	return nil
}

// formatOf is the format of a line, nil when there is none.
func (in *input) formatOf(line []byte) *Format {
	if len(line) == 0 {
		return nil
	}
	if f := in.current; f != nil && f.line != nil && f.line(line) {
		return f
	}
	for i := range in.formats {
		if f := &in.formats[i]; f.line != nil && f.line(line) {
			return f
		}
	}
	return nil
}

// line reads one line, or one message that is a text; nil is one that is too long.
func (in *input) line(line []byte, m *mail) error {
	if line == nil {
		in.stats.unread(Record, in.name, in.number, "a line of more than %d bytes", maxLine)
		return nil
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	trimmed := bytes.TrimSpace(line)
	f := in.formatOf(trimmed)
	if f == nil {
		// The time that an export to S3 writes before each message is no part of it.
		if stamped := withoutStamp(trimmed); len(stamped) < len(trimmed) {
			if f = in.formatOf(stamped); f != nil || stamped[0] == '{' {
				line, trimmed = stamped, stamped
			}
		}
	}
	switch {
	case f != nil:
	case trimmed[0] == '{':
		number := in.number
		in.number-- // each record counts itself
		err := in.values(&scanner{buf: trimmed}, 1, m)
		if err == nil || asTaken(err) || errors.As(err, new(gaveUp)) {
			in.number = max(in.number, number)
			return err
		}
		in.number = number
		in.stats.unread(Record, in.name, in.number, "%v", err)
		return nil
	case in.current != nil && in.current.Log == haetae.VPCFlow:
		f = in.current
	case in.current != nil && in.current.line != nil:
		in.stats.unread(Record, in.name, in.number, "it is no record of the %s as those before it are", in.current.Title)
		return nil
	case in.only != nil && in.only.line != nil:
		f = in.only
	case in.opt.FlowFormat != nil:
		flow := flowFormat()
		f = &flow
	default:
		return in.unknown("%s", strangeLine(trimmed))
	}
	in.known(f)
	if f.Log != haetae.VPCFlow && !utf8.Valid(line) { // the parser of flow logs says which field it is
		in.stats.unread(Field, in.name, in.number, "bytes that are no UTF-8 were replaced")
		line = bytes.ToValidUTF8(line, []byte("\ufffd"))
		trimmed = bytes.TrimSpace(line)
	}
	if f.more != nil && m.id == "" && m.group == "" {
		in.hold(line)
		return nil
	}
	return f.read(in, nil, trimmed, m)
}

// strangeLine says what a line that no format knows looks like.
func strangeLine(line []byte) string {
	if bytes.IndexByte(line[:min(len(line), 512)], 0) >= 0 {
		return "it is neither text nor Parquet: no log that haetae reads"
	}
	start := line[:min(len(line), 40)]
	return fmt.Sprintf("it is text but no log that haetae reads, or a flow log of a format of its own without a header line: it begins with %q", strings.ToValidUTF8(string(start), "?"))
}

// split cuts a line at its spaces into fields, in which quotes may stand around
// spaces. A quote ends a field where a space or the end comes after it, so that
// quotes within are no matter. The fields are without their quotes.
func split(line []byte, out [][]byte) [][]byte {
	for len(line) > 0 {
		if line[0] == ' ' {
			line = line[1:]
			continue
		}
		if line[0] != '"' {
			i := bytes.IndexByte(line, ' ')
			if i < 0 {
				return append(out, line)
			}
			out, line = append(out, line[:i]), line[i+1:]
			continue
		}
		end := 1
		for {
			i := bytes.IndexByte(line[end:], '"')
			if i < 0 {
				return append(out, line[1:]) // a quote that nothing ends
			}
			end += i
			if end+1 == len(line) || line[end+1] == ' ' && !oddSlashes(line[1:end]) {
				break
			}
			end++
		}
		out, line = append(out, line[1:end]), line[end+1:]
	}
	return out
}

// col is a column of a log that is text, as the table that AWS documents for it
// in Athena has it.
type col struct {
	name   string
	number bool
}

// columns makes columns of names; those with a # before them are numbers.
func columns(names string) []col {
	var out []col
	for name := range strings.FieldsSeq(names) {
		c := col{name: strings.TrimPrefix(name, "#")}
		c.number = c.name != name
		out = append(out, c)
	}
	return out
}

// rowObject writes the fields of a record as an object of JSON. A number that is
// none, as "-" where there is nothing, is left out.
func rowObject(to []byte, cols []col, vals [][]byte) []byte {
	to = append(to[:0], '{')
	for i, c := range cols {
		if i == len(vals) {
			break
		}
		if v := vals[i]; v != nil && (!c.number || isNumber(v)) {
			to = appendMember(to, c.name, v, c.number)
		}
	}
	return append(to, '}')
}

// appendMember writes one member of an object that was begun.
func appendMember(to []byte, name string, v []byte, number bool) []byte {
	if len(to) > 1 {
		to = append(to, ',')
	}
	to = append(to, '"')
	to = append(append(to, name...), '"', ':')
	if number {
		return append(to, v...)
	}
	return appendText(to, v)
}

// appendText writes a text, which is UTF-8, as a string of JSON.
func appendText(to, v []byte) []byte {
	const hex = "0123456789abcdef"
	to = append(to, '"')
	for _, b := range v {
		switch {
		case b == '"' || b == '\\':
			to = append(to, '\\', b)
		case b == '\n':
			to = append(to, '\\', 'n')
		case b == '\t':
			to = append(to, '\\', 't')
		case b < ' ':
			to = append(to, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			to = append(to, b)
		}
	}
	return append(to, '"')
}

// isNumber tells whether a text is a number as JSON writes it, without exponent.
func isNumber(v []byte) bool {
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	whole, part, point := bytes.Cut(v, []byte("."))
	digits := func(v []byte) bool {
		for _, b := range v {
			if b < '0' || b > '9' {
				return false
			}
		}
		return len(v) > 0 && len(v) < 32
	}
	return digits(whole) && (len(whole) == 1 || whole[0] != '0') && (!point || digits(part))
}

// when reads a time as RFC 3339 writes it, in UTC. It has to be one that can be
// written again.
func when(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("a time of %q", text[:min(len(text), 40)])
	}
	if at = at.UTC(); at.Year() > 9999 || at.Year() < 1 || at.IsZero() {
		return time.Time{}, fmt.Errorf("a time of %q", text)
	}
	return at, nil
}

// withPort cuts an address and its port, "[2001:db8::1]:443".
func withPort(v []byte) (addr, port []byte) {
	i := bytes.LastIndexByte(v, ':')
	if i < 0 {
		return v, nil
	}
	return bytes.Trim(v[:i], "[]"), v[i+1:]
}

// peerOf is the peer that a record has as a text: an address, or a name.
func peerOf(text string) haetae.Peer {
	if text == "" || text == "-" {
		return haetae.Peer{}
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return haetae.Peer{Addr: a.Unmap()}
	}
	return haetae.Peer{Name: text}
}

// httpOutcome reads a status of HTTP.
func httpOutcome(status string) haetae.Outcome {
	switch {
	case len(status) != 3:
		return ""
	case status == "401" || status == "403":
		return haetae.CallDenied
	case status[0] >= '4':
		return haetae.CallFailed
	}
	return haetae.CallSucceeded
}
