package template

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// yamlReader turns parsed YAML into nodes.
type yamlReader struct {
	notes   []note
	anchors map[*yaml.Node]*node // nil while the anchored value is being read
}

// readYAML reads the first YAML document.
func readYAML(data []byte) (*node, []note, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, nil, yamlFault(err, data)
	}
	var doc yaml.Node
	if err := loader.Load(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil, &syntaxError{msg: "the file is empty"}
		}
		return nil, nil, yamlFault(err, data)
	}
	r := &yamlReader{anchors: map[*yaml.Node]*node{}}
	n, err := r.node(&doc, 0)
	if err != nil {
		return nil, nil, err
	}
	var next yaml.Node
	if err := loader.Load(&next); err == nil {
		r.notes = append(r.notes, note{
			line: next.Line,
			msg:  "the file holds more than one YAML document; only the first one is read",
			hint: "Put each template into a file of its own.",
		})
	}
	return n, r.notes, nil
}

// yamlFault puts a parser's error into plain words.
func yamlFault(err error, data []byte) error {
	var l *yaml.LoadError
	if !errors.As(err, &l) {
		return &syntaxError{msg: err.Error()}
	}
	e := &syntaxError{line: l.Mark.Line, col: l.Mark.Column, msg: l.Message}
	if l.ContextMsg != "" && l.ContextMark.Line > 0 && l.ContextMark.Line != l.Mark.Line {
		e.msg += fmt.Sprintf(" %s that begins in line %d", l.ContextMsg, l.ContextMark.Line)
	}
	e.hint = "Check the indentation, quotes and colons near this place."
	if tab := tabAt(data, l.Mark.Line); tab > 0 {
		e.col = tab
		e.msg = "the line is indented with a tab"
		e.hint = "YAML allows only spaces for indentation; replace the tab with spaces."
	}
	return e
}

// tabAt returns the column of a tab in a line's indentation, or 0.
func tabAt(data []byte, line int) int {
	for i := 1; i < line; i++ {
		_, rest, ok := bytes.Cut(data, []byte{'\n'})
		if !ok {
			return 0
		}
		data = rest
	}
	for i, c := range data {
		switch c {
		case ' ':
		case '\t':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// node reads one value.
func (r *yamlReader) node(y *yaml.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, tooDeep(y.Line)
	}
	if y.Kind == yaml.DocumentNode {
		if len(y.Content) == 0 {
			return &node{kind: scalarNode, line: y.Line}, nil
		}
		return r.node(y.Content[0], depth)
	}
	if y.Kind == yaml.AliasNode {
		n, ok := r.anchors[y.Alias]
		if !ok || n == nil {
			return nil, &syntaxError{line: y.Line, col: y.Column, msg: fmt.Sprintf("the alias *%s stands inside the value that it names", y.Value)}
		}
		return n, nil
	}
	if y.Anchor != "" {
		r.anchors[y] = nil
	}
	n, err := r.plain(y, depth)
	if err != nil {
		return nil, err
	}
	n = r.tagged(y, n)
	if y.Anchor != "" {
		r.anchors[y] = n
	}
	return n, nil
}

// plain reads a value without regard to its tag.
func (r *yamlReader) plain(y *yaml.Node, depth int) (*node, error) {
	switch y.Kind {
	case yaml.SequenceNode:
		n := &node{kind: listNode, line: y.Line, items: make([]*node, 0, len(y.Content))}
		for _, c := range y.Content {
			item, err := r.node(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case yaml.MappingNode:
		return r.mapping(y, depth)
	}
	return yamlScalar(y), nil
}

// mapping reads a map, with YAML's merge key "<<".
func (r *yamlReader) mapping(y *yaml.Node, depth int) (*node, error) {
	n := &node{kind: mapNode, line: y.Line, keys: make([]key, 0, len(y.Content)/2), items: make([]*node, 0, len(y.Content)/2)}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		v, err := r.node(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if k.Kind == yaml.AliasNode && k.Alias != nil {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return nil, &syntaxError{line: k.Line, col: k.Column, msg: "a key is a list or a map; keys must be plain text"}
		}
		if k.Tag == "!!merge" {
			if v.isList() {
				merged = append(merged, v.items...)
			} else {
				merged = append(merged, v)
			}
			continue
		}
		n.keys = append(n.keys, key{k.Value, k.Line, k.Column})
		n.items = append(n.items, v)
	}
	r.notes = append(r.notes, duplicates(n)...)
	if len(merged) == 0 {
		return n, nil
	}
	has := make(map[string]bool, len(n.keys))
	for _, k := range n.keys {
		has[k.name] = true
	}
	for _, m := range merged {
		if m.kind != mapNode {
			return nil, &syntaxError{line: y.Line, msg: "the merge key << takes a map or a list of maps"}
		}
		for i, k := range m.keys {
			if !has[k.name] {
				has[k.name] = true
				n.add(k.name, k.line, m.items[i])
			}
		}
	}
	return n, nil
}

// yamlScalar reads a scalar the way CloudFormation does: YAML 1.1 booleans, no
// dates, no octal numbers.
func yamlScalar(y *yaml.Node) *node {
	n := stringAt(y.Line, y.Value)
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if y.Style&quoted != 0 {
		return n
	}
	switch y.Tag {
	case "!!str", "!!null", "!!bool", "!!int", "!!float", "!!timestamp", "!!merge", "":
	default:
		return n // a short function's argument is text
	}
	if y.Style&yaml.TaggedStyle != 0 && y.Tag == "!!str" {
		return n
	}
	switch y.Value {
	case "", "~", "null", "Null", "NULL":
		n.val, n.raw = nil, ""
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		n.val = true
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		n.val = false
	default:
		if v, ok := number(y.Value); ok {
			n.val = v
		}
	}
	return n
}

// tagged turns a short function into its long form.
func (r *yamlReader) tagged(y *yaml.Node, n *node) *node {
	tag := y.Tag
	if !strings.HasPrefix(tag, "!") || strings.HasPrefix(tag, "!!") || tag == "!" {
		return n
	}
	name := tag[1:]
	switch name {
	case "Ref", "Condition":
	case "GetAtt":
		name = "Fn::GetAtt"
		if s := n.str(); s != "" {
			if id, attr, ok := strings.Cut(s, "."); ok {
				n = listAt(n.line, stringAt(n.line, id), stringAt(n.line, attr))
			}
		}
	default:
		// Unknown tags become unknown functions, which are reported where they
		// are used.
		name = "Fn::" + name
	}
	return mapAt(y.Line, name, n)
}
