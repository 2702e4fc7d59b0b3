package sigma

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/haetae/haetae/projection"
)

// Kind is the type of a value in an event.
type Kind = projection.Kind

// The kinds of values.
const (
	Null   = projection.Null
	Text   = projection.Text
	Number = projection.Number // Text holds the number as it is written
	Bool   = projection.Bool   // Text is "true" or "false"
	Object = projection.Object // Text is the object as compact JSON
)

// Value is one value of a field.
type Value = projection.Value

// Event is what rules look at. Implementations may decode lazily: an index asks
// for each field at most once for an event, and for Texts and Tree only when a
// rule needs them.
type Event interface {
	// Lookup appends the values at a field to dst and reports whether the
	// field is there, even when it is an empty list. A dot in the field's
	// name goes down into an object; a list stands for each of its elements.
	Lookup(field string, dst []Value) ([]Value, bool)
	// Texts calls yield with each name and each value, as text, until yield
	// returns false. Keywords are sought in them.
	Texts(yield func(text string) bool)
	// Tree returns the event as encoding/json decodes it with UseNumber.
	// EventBridge patterns are matched against it.
	Tree() any
}

// JSON is an Event over decoded JSON. Numbers must be json.Number.
type JSON struct {
	root any
}

// DecodeJSON reads an event from the text of one JSON object.
func DecodeJSON(data []byte) (JSON, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var root map[string]any
	if err := dec.Decode(&root); err != nil {
		return JSON{}, fmt.Errorf("event: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return JSON{}, fmt.Errorf("event: text after the object")
	}
	return JSON{root}, nil
}

// JSONEvent makes an event of an object that is decoded already.
func JSONEvent(object map[string]any) JSON { return JSON{object} }

// Tree returns the decoded object.
func (j JSON) Tree() any { return j.root }

// Lookup finds a field. Names that contain dots themselves are found too, so
// that flattened events match.
func (j JSON) Lookup(field string, dst []Value) ([]Value, bool) {
	return lookup(j.root, field, dst)
}

func lookup(at any, path string, dst []Value) ([]Value, bool) {
	switch at := at.(type) {
	case map[string]any:
		found := false
		if v, ok := at[path]; ok {
			dst, found = values(v, dst), true
		}
		for i := 0; i < len(path); i++ {
			if path[i] != '.' {
				continue
			}
			if v, ok := at[path[:i]]; ok {
				var sub bool
				dst, sub = lookup(v, path[i+1:], dst)
				found = found || sub
			}
		}
		return dst, found
	case []any:
		found := false
		for _, v := range at {
			var sub bool
			dst, sub = lookup(v, path, dst)
			found = found || sub
		}
		return dst, found
	}
	return dst, false
}

func values(v any, dst []Value) []Value {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			dst = values(e, dst)
		}
		return dst
	}
	return append(dst, value(v))
}

func value(v any) Value {
	switch v := v.(type) {
	case nil:
		return Value{}
	case string:
		return Value{Kind: Text, Text: v}
	case json.Number:
		return Value{Kind: Number, Text: v.String()}
	case bool:
		if v {
			return Value{Kind: Bool, Text: "true"}
		}
		return Value{Kind: Bool, Text: "false"}
	case map[string]any:
		return Value{Kind: Object, Text: compact(v)}
	}
	return Value{Kind: Text, Text: fmt.Sprint(v)}
}

// compact writes an object as JSON without spaces, its names sorted and its
// texts not escaped for HTML, so that a rule finds & and < as they were.
func compact(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Texts yields all names and values.
func (j JSON) Texts(yield func(string) bool) { texts(j.root, yield) }

func texts(v any, yield func(string) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if !yield(k) || !texts(e, yield) {
				return false
			}
		}
		return true
	case []any:
		for _, e := range v {
			if !texts(e, yield) {
				return false
			}
		}
		return true
	case nil:
		return true
	}
	return yield(value(v).Text)
}
