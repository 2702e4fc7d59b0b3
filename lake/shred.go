package lake

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"github.com/haetae/haetae"
)

// The columns that every file has besides those of its log.
const (
	colTime     = "haetae_time"     // when it happened, microseconds since 1970
	colAccount  = "haetae_account"  // for which the record was delivered
	colRegion   = "haetae_region"   // where
	colID       = "haetae_id"       // where it is not the eventID
	colFile     = "haetae_file"     // from which the record was read
	colLine     = "haetae_line"     // the number of the record there
	colIngested = "haetae_ingested" // when its source had it, nanoseconds since 1970
	colEvent    = "haetae_event"    // what was derived from it, as JSON
	colRest     = "haetae_rest"     // the members that have no column, as JSON
)

// node is a column with its place in a row.
type node struct {
	column
	index    int // of the leaf
	max      int // the level at which the leaf, or the struct, is there
	children []*node
	byName   map[string]*node
	from, to int // the leaves of a struct
}

// shape is how records of a log lie in rows.
type shape struct {
	table  *Table
	schema *parquet.Schema
	root   *node
	at     map[string]int // index of each column of its own
	leaves []leafAt
}

// leafAt is a leaf of a row.
type leafAt struct {
	max int
}

// shapeOf is the shape of a table whose records are JSON.
func shapeOf(t *Table) (*shape, error) {
	g := parquet.Group{}
	for i := range t.columns {
		g[t.columns[i].name()] = parquetNode(&t.columns[i])
	}
	dict := func(n parquet.Node) parquet.Node { return parquet.Optional(parquet.Encoded(n, &parquet.RLEDictionary)) }
	g[colTime] = parquet.Encoded(parquet.TimestampAdjusted(parquet.Microsecond, true), &parquet.DeltaBinaryPacked)
	for _, name := range []string{colAccount, colRegion, colID, colFile, colEvent, colRest} {
		g[name] = dict(parquet.String())
	}
	g[colLine] = parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked)
	g[colIngested] = dict(parquet.Int(64))
	s := &shape{table: t, schema: parquet.NewSchema(t.Name, g), at: map[string]int{}}
	s.leaves = make([]leafAt, len(s.schema.Columns()))
	s.root = &node{column: column{kind: group, children: t.columns}}
	if err := s.place(s.root, nil); err != nil {
		return nil, err
	}
	for _, name := range []string{colTime, colAccount, colRegion, colID, colFile, colLine, colIngested, colEvent, colRest} {
		leaf, ok := s.schema.Lookup(name)
		if !ok {
			return nil, fmt.Errorf("table %s: no column %s", t.Name, name)
		}
		s.at[name] = leaf.ColumnIndex
		s.leaves[leaf.ColumnIndex].max = leaf.MaxDefinitionLevel
	}
	return s, nil
}

// place finds where the columns of a struct are in a row.
func (s *shape) place(n *node, path []string) error {
	n.byName, n.from = map[string]*node{}, len(s.leaves)
	for i := range n.column.children {
		c := &node{column: n.column.children[i]}
		at := append(slices.Clip(path), c.name())
		if c.kind == group {
			c.max = len(at)
			if err := s.place(c, at); err != nil {
				return err
			}
		} else {
			leaf, ok := s.schema.Lookup(at...)
			if !ok {
				return fmt.Errorf("table %s: no column %v", s.table.Name, at)
			}
			c.index, c.max = leaf.ColumnIndex, leaf.MaxDefinitionLevel
			c.from, c.to = c.index, c.index+1
			s.leaves[c.index].max = c.max
		}
		n.from, n.to = min(n.from, c.from), max(n.to, c.to)
		n.children = append(n.children, c)
		n.byName[c.json] = c
	}
	return nil
}

// parquetNode is a column as Parquet has it. Texts that are the same in no two records
// are not worth a dictionary.
func parquetNode(c *column) parquet.Node {
	var n parquet.Node
	switch c.kind {
	case group:
		g := parquet.Group{}
		for i := range c.children {
			g[c.children[i].name()] = parquetNode(&c.children[i])
		}
		return parquet.Optional(g)
	case long:
		n = parquet.Int(64)
	case double:
		n = parquet.Leaf(parquet.DoubleType)
	default:
		n = parquet.String()
	}
	switch c.json {
	case "eventID", "requestID", "requestid", "auditID", "trace_id", "conn_trace_id", "Id", "id":
		return parquet.Optional(parquet.Encoded(n, &parquet.Plain))
	}
	return parquet.Optional(parquet.Encoded(n, &parquet.RLEDictionary))
}

// errTwice says that a member is there more than once.
var errTwice = errors.New("a member is there twice")

// shred takes a record apart into a row, which has room for all leaves. Values are
// parts of raw or of what is returned, and stay valid as long as these. rest has the
// members that no column can hold.
func (s *shape) shred(row parquet.Row, raw []byte) (rest []byte, err error) {
	for i := range row {
		row[i] = parquet.NullValue().Level(0, 0, i)
	}
	rest, err = s.object(s.root, row, raw, nil)
	if errors.Is(err, errTwice) {
		if raw, err = normal(raw); err != nil {
			return nil, err
		}
		for i := range row {
			row[i] = parquet.NullValue().Level(0, 0, i)
		}
		rest, err = s.object(s.root, row, raw, nil)
	}
	if len(rest) > 0 {
		rest = append(rest, '}')
	}
	return rest, err
}

// object takes an object apart. What it appends to rest is an object without its end.
func (s *shape) object(n *node, row parquet.Row, raw, rest []byte) ([]byte, error) {
	keep := func(name, value []byte) {
		if len(rest) == 0 {
			rest = append(rest, '{')
		}
		rest = appendMember(rest, name, value)
	}
	for i := n.from; i < n.to; i++ {
		if row[i].IsNull() && row[i].DefinitionLevel() < n.max {
			row[i] = parquet.NullValue().Level(0, n.max, i)
		}
	}
	var seen [4]uint64
	err := members(raw, func(name, v []byte) error {
		c := n.byName[string(name)]
		if c == nil {
			keep(name, v)
			return nil
		}
		if at := slices.Index(n.children, c); at < 256 {
			if bit := uint64(1) << (at % 64); seen[at/64]&bit != 0 {
				return errTwice
			} else {
				seen[at/64] |= bit
			}
		}
		if c.kind != group {
			value, exact, ok := c.value(v)
			if ok {
				row[c.index] = value.Level(0, c.max, c.index)
			}
			if !ok || !exact {
				keep(name, v)
			}
			return nil
		}
		if len(v) == 0 || v[0] != '{' {
			keep(name, v)
			return nil
		}
		below, err := s.object(c, row, v, nil)
		if err != nil {
			return err
		}
		if len(below) > 0 {
			keep(name, append(below, '}'))
		}
		return nil
	})
	return rest, err
}

// value is a value of JSON as the column has it. exact tells whether the column says all
// of it, ok whether it says anything.
func (c *column) value(v []byte) (value parquet.Value, exact, ok bool) {
	switch c.kind {
	case textual:
		if s, ok := unquoted(v); ok {
			return parquet.ByteArrayValue(s), true, true
		}
	case flag:
		if s := string(v); s == "true" || s == "false" {
			return parquet.ByteArrayValue(v), true, true
		}
	case long:
		if n, ok := whole(v); ok {
			return parquet.Int64Value(n), true, true
		}
	case double:
		if f, exact, ok := decimal(v); ok {
			return parquet.DoubleValue(f), exact, true
		}
	case tree:
		if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			return parquet.ByteArrayValue(v), true, true
		}
	}
	return parquet.Value{}, false, false
}

// join writes the record of a row again, with the members of rest.
func (s *shape) join(to []byte, row parquet.Row, rest []byte) ([]byte, error) {
	return s.joined(append(to, '{'), s.root, row, rest)
}

func (s *shape) joined(to []byte, n *node, row parquet.Row, rest []byte) ([]byte, error) {
	over := map[string][]byte{} // what rest says of members that have a column
	if len(rest) > 0 {
		err := members(rest, func(name, v []byte) error {
			c := n.byName[string(name)]
			if c == nil || c.kind == group && row[c.from].DefinitionLevel() < c.max {
				to = appendMember(to, name, v)
				return nil
			}
			over[c.json] = v
			return nil
		})
		if err != nil {
			return to, err
		}
	}
	for _, c := range n.children {
		v := over[c.json]
		switch {
		case c.kind == group:
			if row[c.from].DefinitionLevel() < c.max {
				continue
			}
			to = appendMember(to, []byte(c.json), []byte{'{'})
			var err error
			if to, err = s.joined(to, c, row, v); err != nil {
				return to, err
			}
		case v != nil:
			to = appendMember(to, []byte(c.json), v)
		case !row[c.index].IsNull():
			to = appendMember(to, []byte(c.json), nil)
			to = c.append(to, row[c.index])
		}
	}
	return append(to, '}'), nil
}

// append writes a value of the column as JSON.
func (c *column) append(to []byte, v parquet.Value) []byte {
	switch c.kind {
	case textual:
		return appendQuoted(to, v.ByteArray())
	case long:
		return strconv.AppendInt(to, v.Int64(), 10)
	case double:
		return strconv.AppendFloat(to, v.Double(), 'f', -1, 64)
	}
	return append(to, v.ByteArray()...)
}

// isTrail tells whether the record's own members say all that is derived of it.
func isTrail(log haetae.Log) bool { return log == haetae.CloudTrail }

// sameID tells whether the id of an event is a member of its record.
func sameID(raw []byte, id string) bool {
	return bytes.Contains(raw, []byte(`"eventID":"`+id+`"`))
}
