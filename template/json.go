package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth bounds how deep values may nest in a file.
const maxDepth = 200

// note is something odd at a line of a file that does not stop the reading.
type note struct {
	line int
	msg  string
	hint string
}

// jsonReader turns JSON text into nodes and keeps count of lines.
type jsonReader struct {
	data  []byte
	dec   *json.Decoder
	pos   int // up to where line counts
	line  int
	notes []note
}

// readJSON reads one JSON document.
func readJSON(data []byte) (*node, []note, error) {
	r := &jsonReader{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err != nil {
		return nil, nil, r.fault(err)
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		r.at()
		return nil, nil, &syntaxError{line: r.line, msg: "there is text after the end of the JSON document"}
	}
	return n, r.notes, nil
}

// at counts the lines up to the end of the last token.
func (r *jsonReader) at() int {
	end := int(r.dec.InputOffset())
	if end > r.pos {
		r.line += bytes.Count(r.data[r.pos:end], []byte{'\n'})
		r.pos = end
	}
	return r.line
}

// value reads the next value.
func (r *jsonReader) value(depth int) (*node, error) {
	t, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	return r.rest(t, depth)
}

// rest reads the value that a token begins.
func (r *jsonReader) rest(t json.Token, depth int) (*node, error) {
	line := r.at()
	if depth > maxDepth {
		return nil, tooDeep(line)
	}
	switch x := t.(type) {
	case json.Delim:
		if x == '{' {
			return r.object(line, depth)
		}
		n := &node{kind: listNode, line: line}
		for r.dec.More() {
			c, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, c)
		}
		_, err := r.dec.Token()
		return n, err
	case string:
		return stringAt(line, x), nil
	case bool:
		return boolAt(line, x), nil
	case json.Number:
		n := &node{kind: scalarNode, line: line, raw: x.String()}
		if i, err := x.Int64(); err == nil {
			n.val = i
		} else if f, err := x.Float64(); err == nil {
			n.val = f
		} else {
			n.val = x.String()
		}
		return n, nil
	}
	return &node{kind: scalarNode, line: line}, nil
}

// object reads the entries of an object whose brace was read.
func (r *jsonReader) object(line, depth int) (*node, error) {
	n := &node{kind: mapNode, line: line}
	for r.dec.More() {
		t, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		at := r.at()
		c, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.add(name, at, c)
	}
	r.notes = append(r.notes, duplicates(n)...)
	_, err := r.dec.Token()
	return n, err
}

// fault gives a decoder's error its line.
func (r *jsonReader) fault(err error) error {
	var own *syntaxError
	if errors.As(err, &own) {
		return own
	}
	off := int64(len(r.data))
	var s *json.SyntaxError
	if errors.As(err, &s) {
		off = min(s.Offset, off)
	} else if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		off = min(r.dec.InputOffset(), off)
	}
	before := r.data[:off]
	e := &syntaxError{
		line: 1 + bytes.Count(before, []byte{'\n'}),
		col:  len(before) - bytes.LastIndexByte(before, '\n') - 1,
		msg:  err.Error(),
		hint: "Check the commas, quotes and braces near this place.",
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		e.msg, e.col = "the JSON document ends too early: a brace or bracket is not closed", 0
	}
	return e
}

// duplicates notes the names that stand twice in a map.
func duplicates(n *node) []note {
	var notes []note
	if len(n.keys) < 12 {
		for i, k := range n.keys {
			for _, o := range n.keys[:i] {
				if o.name == k.name {
					notes = append(notes, duplicate(k, o))
					break
				}
			}
		}
		return notes
	}
	first := make(map[string]key, len(n.keys))
	for _, k := range n.keys {
		if o, ok := first[k.name]; ok {
			notes = append(notes, duplicate(k, o))
			continue
		}
		first[k.name] = k
	}
	return notes
}

func duplicate(k, first key) note {
	return note{
		line: k.line,
		msg:  fmt.Sprintf("%q is given twice, first in line %d; the last one is used", k.name, first.line),
		hint: "CloudFormation refuses duplicate keys; remove one of them.",
	}
}

func tooDeep(line int) error {
	return &syntaxError{line: line, msg: fmt.Sprintf("values nest more than %d deep", maxDepth), hint: "Make the template flatter; no resource needs such depth."}
}
