package projection

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// What a text has that is not plain.
const (
	escaped = 1 << iota
	wide    // bytes above ASCII
)

// quoted finds the quote that ends a text of which i is the first byte.
func (r *Record) quoted(i int) (end int, flags uint8) {
	d := r.data
	from := i
	for {
		// Eight bytes at a time, as long as they are plain.
		for i+8 <= len(d) {
			w := binary.LittleEndian.Uint64(d[i:])
			q, b := w^0x2222222222222222, w^0x5c5c5c5c5c5c5c5c
			m := ((q-low)&^q | (b-low)&^b | (w-0x2020202020202020)&^w | w) & high
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(d) {
			return r.fail(Short), 0
		}
		switch c := d[i]; {
		case c == '"':
			if flags&wide != 0 && !utf8.Valid(d[from:i]) {
				return r.fail(Odd), 0
			}
			return i, flags
		case c == '\\':
			flags |= escaped
			if i+1 >= len(d) {
				return r.fail(Short), 0
			}
			switch d[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				if i+6 > len(d) {
					return r.fail(Short), 0
				}
				for _, h := range d[i+2 : i+6] {
					if (h < '0' || h > '9') && (h|0x20 < 'a' || h|0x20 > 'f') {
						return r.fail(Odd), 0
					}
				}
				i += 6
			default:
				return r.fail(Odd), 0
			}
		case c >= utf8.RuneSelf:
			flags |= wide
			for i++; i < len(d) && d[i] >= utf8.RuneSelf; i++ {
			}
		case c < ' ':
			return r.fail(Odd), 0
		default:
			i++
		}
	}
}

// space passes over what may stand between values.
func (r *Record) space(i int) int {
	d := r.data
	for i < len(d) && d[i] <= ' ' {
		if c := d[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return i
		}
		i++
	}
	return i
}

// colon passes over what stands between a name and its value.
func (r *Record) colon(i int) int {
	if i = r.space(i); i >= len(r.data) {
		return r.fail(Short)
	}
	if r.data[i] != ':' {
		return r.fail(Odd)
	}
	return r.space(i + 1)
}

// skip checks the value at i and passes over it. Objects and lists that it is in
// are bits of a stack.
func (r *Record) skip(i int) int {
	d := r.data
	var stack [maxDepth/64 + 1]uint64 // a bit is set for an object
	base := r.depth
	for {
		// A value.
		if i >= len(d) {
			return r.fail(Short)
		}
		switch c := d[i]; c {
		case '"':
			if i, _ = r.quoted(i + 1); r.state != Whole {
				return i
			}
			i++
		case '{':
			i = r.space(i + 1)
			if i < len(d) && d[i] == '}' {
				i++
				break
			}
			if r.depth++; r.depth > maxDepth {
				return r.fail(Odd)
			}
			stack[(r.depth-base)>>6] |= 1 << ((r.depth - base) & 63)
			if i = r.name(i); r.state != Whole {
				return i
			}
			continue
		case '[':
			i = r.space(i + 1)
			if i < len(d) && d[i] == ']' {
				i++
				break
			}
			if r.depth++; r.depth > maxDepth {
				return r.fail(Odd)
			}
			stack[(r.depth-base)>>6] &^= 1 << ((r.depth - base) & 63)
			continue
		default:
			if i = r.scalar(i, c); r.state != Whole {
				return i
			}
		}
		// What follows it.
		for {
			if r.depth == base {
				return i
			}
			if i < len(d) && d[i] <= ' ' {
				i = r.space(i)
			}
			if i >= len(d) {
				return r.fail(Short)
			}
			object := stack[(r.depth-base)>>6]>>((r.depth-base)&63)&1 != 0
			c := d[i]
			if c == ',' {
				if i = r.space(i + 1); object {
					if i = r.name(i); r.state != Whole {
						return i
					}
				}
				break
			}
			if object && c != '}' || !object && c != ']' {
				return r.fail(Odd)
			}
			r.depth--
			i++
		}
	}
}

// name passes over a name and its colon.
func (r *Record) name(i int) int {
	if i >= len(r.data) {
		return r.fail(Short)
	}
	if r.data[i] != '"' {
		return r.fail(Odd)
	}
	end, _ := r.quoted(i + 1)
	if r.state != Whole {
		return end
	}
	return r.colon(end + 1)
}

// scalar passes over a number, true, false or null.
func (r *Record) scalar(i int, c byte) int {
	switch c {
	case 't':
		return r.word(i, "true")
	case 'f':
		return r.word(i, "false")
	case 'n':
		return r.word(i, "null")
	}
	d := r.data
	if c == '-' {
		i++
	}
	if i >= len(d) {
		return r.fail(Short)
	}
	if d[i] == '0' {
		i++
	} else if i = r.digits(i); r.state != Whole {
		return i
	}
	if i < len(d) && d[i] == '.' {
		if i = r.digits(i + 1); r.state != Whole {
			return i
		}
	}
	if i < len(d) && d[i]|0x20 == 'e' {
		if i++; i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		i = r.digits(i)
	}
	return i
}

// digits passes over digits, at least one.
func (r *Record) digits(i int) int {
	d, from := r.data, i
	for i < len(d) && d[i]-'0' < 10 {
		i++
	}
	switch {
	case i > from:
		return i
	case i >= len(d):
		return r.fail(Short)
	}
	return r.fail(Odd)
}

func (r *Record) word(i int, w string) int {
	d := r.data
	if len(d)-i < len(w) {
		if string(d[i:]) == w[:len(d)-i] {
			return r.fail(Short)
		}
		return r.fail(Odd)
	}
	if string(d[i:i+len(w)]) != w {
		return r.fail(Odd)
	}
	return i + len(w)
}
