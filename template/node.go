package template

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is the shape of a node.
type kind uint8

const (
	scalarNode kind = iota
	listNode
	mapNode
)

// node is one value of a template as it is written. JSON and YAML both become
// nodes, with YAML's short functions (!Ref X) already in their long form
// ({"Ref": X}), so that what follows knows one language only.
//
// A node is immutable once read and may stand in several places (YAML aliases).
type node struct {
	kind kind
	line int
	// val of a scalar is nil, bool, int64, float64 or string; raw is its text,
	// since a parameter of type String keeps "012" and "1.10" as written.
	val   any
	raw   string
	items []*node
	keys  []key // of a map; keys[i] names items[i]
}

// key is one name in a map, with its place. JSON keeps no columns.
type key struct {
	name string
	line int
	col  int
}

// get returns the value of a name in a map, or nil.
func (n *node) get(name string) *node {
	if n == nil || n.kind != mapNode {
		return nil
	}
	// The last of two equal names wins, as in most readers.
	for i := len(n.keys) - 1; i >= 0; i-- {
		if n.keys[i].name == name {
			return n.items[i]
		}
	}
	return nil
}

// path returns the value below several names, or nil.
func (n *node) path(names ...string) *node {
	for _, name := range names {
		n = n.get(name)
	}
	return n
}

// str returns the text of a string scalar, or "".
func (n *node) str() string {
	if n == nil || n.kind != scalarNode {
		return ""
	}
	s, _ := n.val.(string)
	return s
}

// text returns the text of any scalar, or "".
func (n *node) text() string {
	if n == nil || n.kind != scalarNode || n.val == nil {
		return ""
	}
	return n.raw
}

// param returns the text of a scalar as CloudFormation keeps it in a parameter:
// as written, but for YAML's many words for true and false.
func (n *node) param() string {
	if n != nil && n.kind == scalarNode {
		if b, ok := n.val.(bool); ok {
			return strconv.FormatBool(b)
		}
	}
	return n.text()
}

// isMap tells whether the node is a map.
func (n *node) isMap() bool { return n != nil && n.kind == mapNode }

// isList tells whether the node is a list.
func (n *node) isList() bool { return n != nil && n.kind == listNode }

// single returns the only name of a map with one entry and its value.
func (n *node) single() (string, *node, bool) {
	if n == nil || n.kind != mapNode || len(n.keys) != 1 {
		return "", nil, false
	}
	return n.keys[0].name, n.items[0], true
}

// set returns a copy of the map with the name set to the value.
func (n *node) set(name string, v *node) *node {
	c := &node{kind: mapNode, line: n.line}
	done := false
	for i, k := range n.keys {
		if k.name == name {
			if done {
				continue
			}
			c.add(name, k.line, v)
			done = true
			continue
		}
		c.add(k.name, k.line, n.items[i])
	}
	if !done {
		c.add(name, v.line, v)
	}
	return c
}

// add appends an entry; only for maps under construction.
func (n *node) add(name string, line int, v *node) {
	n.keys = append(n.keys, key{name: name, line: line})
	n.items = append(n.items, v)
}

// stringAt makes a string scalar.
func stringAt(line int, s string) *node {
	return &node{kind: scalarNode, line: line, val: s, raw: s}
}

// boolAt makes a boolean scalar.
func boolAt(line int, b bool) *node {
	return &node{kind: scalarNode, line: line, val: b, raw: strconv.FormatBool(b)}
}

// listAt makes a list.
func listAt(line int, items ...*node) *node {
	return &node{kind: listNode, line: line, items: items}
}

// mapAt makes a map from names and values in turn; a value is a *node, a
// string or a bool, and entries whose value is a nil *node are left out.
func mapAt(line int, pairs ...any) *node {
	m := &node{kind: mapNode, line: line}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := pairs[i].(string)
		switch v := pairs[i+1].(type) {
		case *node:
			if v != nil {
				m.add(name, v.line, v)
			}
		case string:
			m.add(name, line, stringAt(line, v))
		case bool:
			m.add(name, line, boolAt(line, v))
		}
	}
	return m
}

// refAt makes {"Ref": name}.
func refAt(line int, name string) *node { return mapAt(line, "Ref", name) }

// attAt makes {"Fn::GetAtt": [name, attr]}.
func attAt(line int, name, attr string) *node {
	return mapAt(line, "Fn::GetAtt", listAt(line, stringAt(line, name), stringAt(line, attr)))
}

// subAt makes {"Fn::Sub": text}.
func subAt(line int, text string) *node { return mapAt(line, "Fn::Sub", text) }

// number reads a plain scalar as an integer or a float, when it is written as
// one. An integer with a leading zero stays text: it is an account number or a
// code, and the zero counts.
func number(s string) (any, bool) {
	if s == "" || len(s) > 40 {
		return nil, false
	}
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || (digits[0] != '.' && (digits[0] < '0' || digits[0] > '9')) {
		return nil, false
	}
	for _, c := range digits {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '-' && c != '+' {
			return nil, false
		}
	}
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return nil, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	// "1e5" without a dot is text in YAML 1.1.
	if !strings.Contains(digits, ".") {
		if strings.ContainsAny(digits, "eE+-") {
			return nil, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, false
	}
	return f, true
}

// textOf returns the text that a scalar value has inside a longer string.
func textOf(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case bool:
		return strconv.FormatBool(x), true
	case int64:
		return strconv.FormatInt(x, 10), true
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), true
	}
	return "", false
}

// syntaxError is a fault in the text of a file.
type syntaxError struct {
	line, col int
	msg       string
	hint      string
}

func (e *syntaxError) Error() string {
	if e.col > 0 {
		return fmt.Sprintf("column %d: %s", e.col, e.msg)
	}
	return e.msg
}
