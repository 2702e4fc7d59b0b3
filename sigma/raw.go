package sigma

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/haetae/haetae/projection"
)

// Fielded is an Event that can be asked for the field of a number, as in
// Index.Fields. A Scan asks so where it can: it is quicker than by name.
type Fielded interface {
	Event
	// Field is Lookup for the nth field of an index. Texts need only be valid
	// until the event is over.
	Field(x *Index, n int, dst []Value) ([]Value, bool)
}

// Raw is an Event over the bytes of a JSON object. One pass over them finds the
// fields that the rules of an index ask for; the rest is decoded when somebody asks
// for it. It answers as JSON does. It is for one goroutine, and is used again for
// the next event.
type Raw struct {
	index  *Index
	record *projection.Record
	data   []byte
	whole  bool // record has the fields
	json   JSON // the same, decoded
	ready  bool // json is there
}

// NewRaw returns an event that reads the fields of the index, and more that others
// will ask for, as those of correlations.
func (x *Index) NewRaw(more ...string) *Raw {
	return &Raw{index: x, record: projection.New(append(x.Fields(), more...)).NewRecord()}
}

// Reset makes it the event of another object. The bytes must stay as they are as
// long as the event is in use.
func (e *Raw) Reset(data []byte) error {
	e.data, e.json, e.ready = data, JSON{}, false
	n, state := e.record.Read(data)
	e.whole = state == projection.Whole && len(bytes.TrimLeft(data[n:], " \t\r\n")) == 0
	if e.whole {
		return nil
	}
	var err error
	e.json, err = DecodeJSON(data)
	e.ready = err == nil
	return err
}

// decoded is the event as JSON has it.
func (e *Raw) decoded() JSON {
	if !e.ready {
		// What was read whole can be decoded.
		e.json, _ = DecodeJSON(e.data)
		e.ready = true
	}
	return e.json
}

// Field is Lookup for the nth field of an index. Texts may be parts of the bytes of
// the event.
func (e *Raw) Field(x *Index, n int, dst []Value) ([]Value, bool) {
	if x != e.index {
		return e.Lookup(x.fields[n], dst)
	}
	if e.whole && x.plain[n] {
		return e.values(n, dst)
	}
	return e.decoded().Lookup(x.fields[n], dst)
}

// Lookup finds a field. Texts may be kept.
func (e *Raw) Lookup(field string, dst []Value) ([]Value, bool) {
	n, ok := e.record.Fields().Number(field)
	if !ok || !e.whole {
		return e.decoded().Lookup(field, dst)
	}
	from := len(dst)
	dst, ok = e.values(n, dst)
	for i := from; i < len(dst); i++ {
		dst[i].Text = strings.Clone(dst[i].Text)
	}
	return dst, ok
}

// values are those of a field that was read.
func (e *Raw) values(n int, dst []Value) ([]Value, bool) {
	if !e.record.Has(n) {
		return dst, false
	}
	from := len(dst)
	dst = e.record.Append(n, dst)
	for i := from; i < len(dst); i++ {
		if dst[i].Kind == Object {
			dst[i].Text = tidy(dst[i].Text)
		}
	}
	return dst, true
}

// tidy writes an object as compact does.
func tidy(object string) string {
	dec := json.NewDecoder(strings.NewReader(object))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		return object
	}
	return compact(v)
}

// Texts yields all names and values.
func (e *Raw) Texts(yield func(string) bool) { e.decoded().Texts(yield) }

// Tree returns the decoded object.
func (e *Raw) Tree() any { return e.decoded().Tree() }
