package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/haetae/haetae"
)

// Position is a place in the text of a policy, in the units of Access Analyzer's
// ValidatePolicy: lines from 1, columns and offsets from 0, in characters.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

// Span is a part of a text; End is behind its last character. The zero Span is
// no place: the document did not come from a text.
type Span struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Kind is the kind of a JSON value.
type Kind int

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Node is a JSON value with its place.
type Node struct {
	Kind    Kind
	Span    Span
	Text    string   // of a string, decoded; of a number, Boolean or null, as written
	Items   []*Node  // of an array
	Members []Member // of an object, in the order of the text, twice-written names too
	// Unknown is set in place of all else for a value that could not be read,
	// and beside the items of a list of which there may be more.
	Unknown *haetae.Unknown
}

// Member is one member of an object.
type Member struct {
	Name  string
	At    Span // of the name
	Value *Node
}

// Get returns the last member of that exact name, nil when there is none.
func (n *Node) Get(name string) *Node {
	for i := len(n.Members) - 1; i >= 0; i-- {
		if n.Members[i].Name == name {
			return n.Members[i].Value
		}
	}
	return nil
}

// SyntaxError is a text that is no JSON.
type SyntaxError struct {
	At   Position
	What string
}

// Error names line and column, both from 1, as editors count.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.At.Line, e.At.Column+1, e.What)
}

// maxDepth bounds the nesting of a policy, which needs six levels.
const maxDepth = 200

// ReadJSON reads one JSON value and the place of everything in it. The error is
// a [*SyntaxError].
func ReadJSON(text string) (*Node, error) {
	r := &reader{text: strings.TrimPrefix(text, "\ufeff"), at: Position{Line: 1}}
	r.space()
	n, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.i < len(r.text) {
		return nil, r.fail("there is more behind the end of the document")
	}
	return n, nil
}

type reader struct {
	text string
	i    int
	at   Position
}

func (r *reader) fail(format string, args ...any) error {
	return &SyntaxError{r.at, fmt.Sprintf(format, args...)}
}

// skip moves over n bytes of the text.
func (r *reader) skip(n int) {
	for end := r.i + n; r.i < end; {
		c, size := utf8.DecodeRuneInString(r.text[r.i:])
		r.i += size
		r.at.Offset++
		if c == '\n' {
			r.at.Line++
			r.at.Column = 0
		} else {
			r.at.Column++
		}
	}
}

func (r *reader) space() {
	for r.i < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.i]) >= 0 {
		r.skip(1)
	}
}

func (r *reader) peek() byte {
	if r.i < len(r.text) {
		return r.text[r.i]
	}
	return 0
}

func (r *reader) value(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, r.fail("nested more than %d deep", maxDepth)
	}
	n := &Node{Span: Span{Start: r.at}}
	var err error
	switch c := r.peek(); {
	case c == '{':
		n.Kind = Object
		err = r.list('}', func() error {
			at := Span{Start: r.at}
			if r.peek() != '"' {
				return r.fail("a member's name in quotes is expected")
			}
			name, err := r.quoted()
			if err != nil {
				return err
			}
			at.End = r.at
			if r.space(); r.peek() != ':' {
				return r.fail("a colon is expected")
			}
			r.skip(1)
			r.space()
			v, err := r.value(depth + 1)
			n.Members = append(n.Members, Member{name, at, v})
			return err
		})
	case c == '[':
		n.Kind = Array
		err = r.list(']', func() error {
			v, err := r.value(depth + 1)
			n.Items = append(n.Items, v)
			return err
		})
	case c == '"':
		n.Kind = String
		n.Text, err = r.quoted()
	case r.i >= len(r.text):
		return nil, r.fail("the document ends too early")
	default:
		end := r.i
		for end < len(r.text) && strings.IndexByte(" \t\r\n,:]}[{\"", r.text[end]) < 0 {
			end++
		}
		n.Text = r.text[r.i:end]
		switch n.Text {
		case "true", "false":
			n.Kind = Bool
		case "null":
			n.Kind = Null
		default:
			if !json.Valid([]byte(n.Text)) {
				return nil, r.fail("%q is no JSON value", shortened(n.Text))
			}
			n.Kind = Number
		}
		r.skip(end - r.i)
	}
	n.Span.End = r.at
	return n, err
}

// list reads what stands between the brackets.
func (r *reader) list(closing byte, one func() error) error {
	r.skip(1)
	r.space()
	if r.peek() == closing {
		r.skip(1)
		return nil
	}
	for {
		r.space()
		if err := one(); err != nil {
			return err
		}
		r.space()
		switch r.peek() {
		case ',':
			r.skip(1)
		case closing:
			r.skip(1)
			return nil
		default:
			return r.fail("a comma or %q is expected", closing)
		}
	}
}

// quoted reads a string. Escapes are decoded as encoding/json does.
func (r *reader) quoted() (string, error) {
	start := r.i
	for i := r.i + 1; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '\\':
			i++
		case c == '"':
			raw := r.text[start : i+1]
			text, err := unquote(raw)
			if err != nil {
				return "", r.fail("%v", err)
			}
			r.skip(len(raw))
			return text, nil
		case c < ' ':
			r.skip(i - r.i)
			return "", r.fail("a control character in a string")
		}
	}
	return "", r.fail("a string has no end")
}

func unquote(raw string) (string, error) {
	body := raw[1 : len(raw)-1]
	if !utf8.ValidString(body) {
		return "", errors.New("a string that is not UTF-8")
	}
	if strings.IndexByte(body, '\\') < 0 {
		return body, nil
	}
	var s string
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return "", fmt.Errorf("the string %s has a broken escape", shortened(raw))
	}
	return s, nil
}

func shortened(s string) string {
	if len(utf16.Encode([]rune(s))) > 40 {
		return string([]rune(s)[:40]) + "…"
	}
	return s
}
