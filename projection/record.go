package projection

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Kind is the type of a value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Text
	Number
	Bool
	Object
)

// Value is one value of a field. The text of a number, of true or false, and of an
// object is as it is written.
type Value struct {
	Kind Kind
	Text string
}

// State says what became of an attempt to read an object.
type State uint8

const (
	// Whole is an object that was read.
	Whole State = iota
	// Short is one that does not end before the data does.
	Short
	// Odd is data that is no JSON object, or one that this package does not answer for.
	Odd
)

// Record reads objects, one after the other. It is for one goroutine.
type Record struct {
	fields *Fields
	data   []byte
	slots  []slot
	values []span
	met    []uint32 // by node: the object that had the name last
	object uint32   // a number of the object that is being read
	state  State
	depth  int
	lists  uint8  // in which the value is that is being read
	spare  []byte // texts without their escapes
}

// slot is what a field has: the values are a list in values, by number + 1.
type slot struct {
	first, last int32
	there       bool
	lists       uint8 // in which the values are; mixed where they differ
}

const mixed = 255

type span struct {
	start, end uint32
	next       int32
	kind       Kind
	escaped    bool
}

const (
	maxDepth = 200     // of what is read here; encoding/json goes deeper
	maxSize  = 1 << 30 // of an object
)

// NewRecord returns a reader of the fields.
func (f *Fields) NewRecord() *Record {
	return &Record{fields: f, slots: make([]slot, len(f.names)), met: make([]uint32, len(f.nodes))}
}

// Fields are those that are read.
func (r *Record) Fields() *Fields { return r.fields }

// Read reads the object that data begins with, spaces before it left aside, and
// returns how many bytes it took. Unless it is Whole the record has no fields.
// The data must not change as long as values of the record are in use.
func (r *Record) Read(data []byte) (int, State) {
	clear(r.slots)
	r.values, r.spare, r.data, r.state, r.depth, r.lists = r.values[:0], r.spare[:0], data, Whole, 0, 0
	if r.object > 1<<31 {
		r.object = 0
		clear(r.met)
	}
	if len(data) > maxSize {
		r.data = data[:maxSize]
	}
	i := r.space(0)
	if i < len(r.data) && r.data[i] != '{' {
		r.state = Odd
	} else if i < len(r.data) {
		i = r.walk(i, 0)
	} else {
		r.state = Short
	}
	if r.state == Short && len(data) > maxSize {
		r.state = Odd
	}
	if r.state != Whole {
		clear(r.slots)
		r.values = r.values[:0]
		return 0, r.state
	}
	return i, Whole
}

// Has tells whether the object has the field of a number, even one that is an
// empty list.
func (r *Record) Has(n int) bool { return r.slots[n].there }

// Append puts the values of a field behind those of dst. Their texts are parts of
// the data, or of the record, and are valid until the next Read.
func (r *Record) Append(n int, dst []Value) []Value {
	for i := r.slots[n].first; i != 0; {
		s := &r.values[i-1]
		dst = append(dst, Value{s.kind, r.text(s)})
		i = s.next
	}
	return dst
}

// Lists is in how many lists the values of a field are, or -1 if that is not the
// same for all. A list on the way counts as one at the end of it does.
func (r *Record) Lists(n int) int {
	if r.slots[n].lists == mixed {
		return -1
	}
	return int(r.slots[n].lists)
}

// Text is the text of a field that is one text, in no list: "" for others. It is
// valid until the next Read.
func (r *Record) Text(n int) string {
	i := r.slots[n].first
	if i == 0 || r.values[i-1].kind != Text || r.slots[n].lists != 0 {
		return ""
	}
	return r.text(&r.values[i-1])
}

// Size is how many bytes the texts of all values have.
func (r *Record) Size() int {
	n := 0
	for i := range r.values {
		n += int(r.values[i].end - r.values[i].start)
	}
	return n
}

func (r *Record) text(s *span) string {
	b := r.data[s.start:s.end]
	if s.escaped {
		from := len(r.spare)
		r.spare = unescape(r.spare, b)
		b = r.spare[from:len(r.spare):len(r.spare)]
	}
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// fail ends the reading.
func (r *Record) fail(s State) int {
	r.state = s
	return len(r.data)
}

// walk reads an object at i of which the names at a node are wanted.
func (r *Record) walk(i int, at int32) int {
	if r.depth++; r.depth > maxDepth {
		return r.fail(Odd)
	}
	r.object++
	me := r.object
	n := &r.fields.nodes[at]
	d := r.data
	i = r.space(i + 1)
	if i < len(d) && d[i] == '}' {
		r.depth--
		return i + 1
	}
	for {
		if i >= len(d) {
			return r.fail(Short)
		}
		if d[i] != '"' {
			return r.fail(Odd)
		}
		end, flags := r.quoted(i + 1)
		if r.state != Whole {
			return end
		}
		if flags != 0 {
			return r.fail(Odd)
		}
		name := d[i+1 : end]
		if i = r.colon(end + 1); r.state != Whole {
			return i
		}
		if to := n.find(name); to != 0 {
			if r.met[to] == me {
				return r.fail(Odd)
			}
			r.met[to] = me
			if f := r.fields.nodes[to].field; f >= 0 {
				r.slots[f].there = true
			}
			i = r.wanted(i, to)
		} else {
			if dot := bytes.IndexByte(name, '.'); dot >= 0 && n.find(name[:dot]) != 0 {
				return r.fail(Odd)
			}
			i = r.skip(i)
		}
		if r.state != Whole {
			return i
		}
		if i = r.space(i); i >= len(d) {
			return r.fail(Short)
		}
		switch d[i] {
		case ',':
			i = r.space(i + 1)
		case '}':
			r.depth--
			return i + 1
		default:
			return r.fail(Odd)
		}
	}
}

// wanted reads a value at i that belongs to a node.
func (r *Record) wanted(i int, at int32) int {
	d := r.data
	if i >= len(d) {
		return r.fail(Short)
	}
	n := &r.fields.nodes[at]
	switch d[i] {
	case '{':
		var end int
		if n.entries != nil {
			end = r.walk(i, at)
		} else {
			end = r.skip(i)
		}
		if r.state == Whole && n.field >= 0 {
			r.add(n.field, span{start: uint32(i), end: uint32(end), kind: Object})
		}
		return end
	case '[':
		return r.list(i, at)
	}
	if n.field < 0 {
		return r.skip(i)
	}
	if d[i] == '"' {
		end, flags := r.quoted(i + 1)
		if r.state != Whole {
			return end
		}
		r.add(n.field, span{start: uint32(i + 1), end: uint32(end), kind: Text, escaped: flags&escaped != 0})
		return end + 1
	}
	end := r.skip(i)
	if r.state != Whole {
		return end
	}
	kind := Number
	switch d[i] {
	case 't', 'f':
		kind = Bool
	case 'n':
		kind = Null
	}
	s := span{start: uint32(i), end: uint32(end), kind: kind}
	if kind == Null {
		s.end = s.start
	}
	r.add(n.field, s)
	return end
}

// list reads the elements of a list as if each were there in its place.
func (r *Record) list(i int, at int32) int {
	if r.depth++; r.depth > maxDepth {
		return r.fail(Odd)
	}
	r.lists++ // maxDepth is less than what it holds
	d := r.data
	i = r.space(i + 1)
	if i < len(d) && d[i] == ']' {
		r.depth--
		r.lists--
		return i + 1
	}
	for {
		if i = r.wanted(i, at); r.state != Whole {
			return i
		}
		if i = r.space(i); i >= len(d) {
			return r.fail(Short)
		}
		switch d[i] {
		case ',':
			i = r.space(i + 1)
		case ']':
			r.depth--
			r.lists--
			return i + 1
		default:
			return r.fail(Odd)
		}
	}
}

func (r *Record) add(f int32, s span) {
	r.values = append(r.values, s)
	at, x := int32(len(r.values)), &r.slots[f]
	if x.first == 0 {
		x.first, x.lists = at, r.lists
	} else {
		if x.lists != r.lists {
			x.lists = mixed
		}
		r.values[x.last-1].next = at
	}
	x.last = at
}

// unescape writes a text without its escapes, as encoding/json reads it: half of a
// pair of surrogates is U+FFFD.
func unescape(dst, s []byte) []byte {
	for len(s) > 0 {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			u := hex4(s)
			s = s[4:]
			if utf16.IsSurrogate(u) {
				var low rune = -1
				if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
					low = hex4(s[2:])
				}
				if u = utf16.DecodeRune(u, low); u != utf8.RuneError {
					s = s[6:]
				}
			}
			dst = utf8.AppendRune(dst, u)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// hex4 reads four digits that were checked before.
func hex4(s []byte) rune {
	var u rune
	for _, c := range s[:4] {
		switch {
		case c <= '9':
			c -= '0'
		case c <= 'F':
			c -= 'A' - 10
		default:
			c -= 'a' - 10
		}
		u = u<<4 | rune(c)
	}
	return u
}
