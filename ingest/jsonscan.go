package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth bounds how deep values of JSON may be in each other.
const maxDepth = 200

// scanned is the size of the window that moves over a JSON text.
const scanned = 256 << 10

// scanner finds the values of a JSON text without decoding them. It keeps no more
// than the window, and the value that is held. What it passes over need not be
// right: whoever decodes a value sees what is wrong with it.
type scanner struct {
	r    io.Reader // nil when all is in buf
	buf  []byte
	pos  int  // the next byte
	mark int  // what is held begins here
	hold bool // something is held
	lost bool // what was to be held is longer than most, and is gone
	most int  // of what is held
}

// fill reads more into the window. It is io.EOF when there is none.
func (s *scanner) fill() error {
	if s.r == nil {
		return io.EOF
	}
	keep := s.pos
	if s.hold && !s.lost {
		if keep = s.mark; s.pos-s.mark > s.most {
			s.lost, keep = true, s.pos
		}
	}
	if keep > 0 {
		s.buf = s.buf[:copy(s.buf, s.buf[keep:])]
		s.pos -= keep
		s.mark -= keep
	}
	if len(s.buf) == cap(s.buf) {
		grown := make([]byte, len(s.buf), 2*cap(s.buf)+512)
		copy(grown, s.buf)
		s.buf = grown
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if n > 0 {
			return nil // an error comes again
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// more is fill within a value, where the end is one too early.
func (s *scanner) more() error {
	err := s.fill()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("json: %w", err)
	}
	return nil
}

// space passes over white space and returns the byte after it, which stays the
// next one. It is io.EOF at the end.
func (s *scanner) space() (byte, error) {
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c, nil
			}
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// within is space within a value.
func (s *scanner) within() (byte, error) {
	c, err := s.space()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, fmt.Errorf("json: %w", err)
	}
	return c, nil
}

// begin holds what is read from here.
func (s *scanner) begin() { s.mark, s.hold, s.lost, s.most = s.pos, true, false, maxLine }

// release holds nothing more.
func (s *scanner) release() { s.hold = false }

// at is how far the next byte is from where begin was called.
func (s *scanner) at() int { return s.pos - s.mark }

// text passes over a string of which the quote is the next byte.
func (s *scanner) text() error {
	s.pos++
	escaped := false // the next byte is
	for {
		w := s.buf[s.pos:]
		i := 0
		if escaped && len(w) > 0 {
			i, escaped = 1, false
		}
		for i < len(w) {
			j := bytes.IndexByte(w[i:], '"')
			if j < 0 {
				break
			}
			j += i
			if !oddSlashes(w[i:j]) {
				s.pos += j + 1
				return nil
			}
			i = j + 1
		}
		if i < len(w) {
			escaped = oddSlashes(w[i:])
		}
		s.pos = len(s.buf)
		if err := s.more(); err != nil {
			return err
		}
	}
}

// oddSlashes tells whether a text ends in a backslash that is not escaped itself.
func oddSlashes(w []byte) bool {
	n := 0
	for k := len(w) - 1; k >= 0 && w[k] == '\\'; k-- {
		n++
	}
	return n%2 == 1
}

// skip passes over a value.
func (s *scanner) skip() error {
	depth := 0
	for {
		c, err := s.within()
		if err != nil {
			return err
		}
		switch c {
		case '"':
			err = s.text()
		case '{', '[':
			if depth++; depth > maxDepth {
				return errors.New("json: values are too deep in each other")
			}
			s.pos++
		case '}', ']':
			if depth--; depth < 0 {
				return fmt.Errorf("json: %q where a value should be", c)
			}
			s.pos++
		case ',', ':':
			if depth == 0 {
				return fmt.Errorf("json: %q where a value should be", c)
			}
			s.pos++
			continue
		default:
			err = s.literal()
		}
		if err != nil {
			return err
		}
		if depth == 0 {
			return nil
		}
	}
}

// literal passes over a number or a name.
func (s *scanner) literal() error {
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch s.buf[s.pos] {
			case ' ', '\t', '\r', '\n', ',', ':', '}', ']', '{', '[', '"':
				return nil
			}
		}
		if err := s.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("json: %w", err)
		}
	}
}

// member is a member of an object: where its name and its value are.
type member struct{ nameFrom, nameTo, from, to int }

// object is an object of JSON and where its members are. It is valid until the
// scanner goes on.
type object struct {
	raw     []byte
	members []member
}

// name is the name of a member, as it is written.
func (o *object) name(m member) []byte { return o.raw[m.nameFrom:m.nameTo] }

// get is the value of a member as it is written, nil when there is none.
func (o *object) get(name string) []byte {
	for _, m := range o.members {
		if string(o.name(m)) == name {
			return o.raw[m.from:m.to]
		}
	}
	return nil
}

// has tells whether there are all of these members.
func (o *object) has(names ...string) bool {
	for _, name := range names {
		if o.get(name) == nil {
			return false
		}
	}
	return true
}

// text is a member that is a string, "" when there is none.
func (o *object) text(name string) string {
	v := o.get(name)
	if len(v) < 2 || v[0] != '"' {
		return ""
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var out string
	if json.Unmarshal(v, &out) != nil {
		return ""
	}
	return out
}

// isObject tells whether a member is an object.
func (o *object) isObject(name string) bool {
	v := o.get(name)
	return len(v) > 0 && v[0] == '{'
}

// isText tells whether a member is a string.
func (o *object) isText(name string) bool {
	v := o.get(name)
	return len(v) > 0 && v[0] == '"'
}
