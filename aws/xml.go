package aws

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// node is an element of XML.
type node struct {
	name  string
	attrs []xml.Attr
	kids  []*node
	text  string
}

// maxDepth bounds the nesting of elements: no answer of AWS comes near, and
// what reads a tree calls itself.
const maxDepth = 512

// parseXML returns the root element.
func parseXML(data []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	root := &node{}
	stack := []*node{root}
	var text []byte
	for {
		t, err := d.RawToken() // Token would look up namespaces, which nothing here needs
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("broken XML: %w", err)
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if len(stack) > maxDepth {
				return nil, fmt.Errorf("broken XML: more than %d elements within each other", maxDepth)
			}
			n := &node{name: t.Name.Local}
			if len(t.Attr) > 0 {
				n.attrs = slices.Clone(t.Attr)
			}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
			text = text[:0]
		case xml.EndElement:
			if top == root || top.name != t.Name.Local {
				return nil, fmt.Errorf("broken XML: </%s> closes <%s>", t.Name.Local, top.name)
			}
			if len(top.kids) == 0 {
				top.text = string(text)
			}
			text = text[:0]
			stack = stack[:len(stack)-1]
		case xml.CharData:
			text = append(text, t...)
		}
	}
	if len(stack) > 1 {
		return nil, fmt.Errorf("broken XML: it ends within <%s>", stack[len(stack)-1].name)
	}
	if len(root.kids) != 1 {
		return nil, errors.New("broken XML: not one root element")
	}
	return root.kids[0], nil
}

// find returns the first element of a name below n, however deep, or nil.
func (n *node) find(name string) *node {
	if n == nil || n.name == name {
		return n
	}
	for _, k := range n.kids {
		if f := k.find(name); f != nil {
			return f
		}
	}
	return nil
}

// child returns the text of a child, or "".
func (n *node) child(name string) string {
	if n != nil {
		for _, k := range n.kids {
			if k.name == name {
				return k.text
			}
		}
	}
	return ""
}

// xml reads an element by a shape, as botocore does: a member that has no
// element is left out, an empty list is a list.
func (r reader) xml(m Member, n *node) (any, error) {
	sh, ok := r.s.Shapes[m.Shape]
	if !ok {
		return scalar(m, n.text)
	}
	switch sh.Type {
	case "structure":
		return r.xmlStruct(sh, n)
	case "list":
		return r.xmlList(sh, n.kids)
	}
	if r.s.flat(&m) {
		return r.xmlMap(sh, []*node{n})
	}
	return r.xmlMap(sh, n.kids)
}

func (r reader) xmlStruct(sh Shape, n *node) (any, error) {
	out := make(map[string]any, len(n.kids))
	var flat map[string][]*node // items of lists without an element of their own
	for _, k := range n.kids {
		for _, name := range sh.children[k.name] {
			m := sh.Members[name]
			if r.s.flat(&m) {
				if flat == nil {
					flat = map[string][]*node{}
				}
				flat[name] = append(flat[name], k)
				continue
			}
			if _, again := out[name]; again {
				continue
			}
			v, err := r.xml(m, k)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = v
		}
	}
	for name, items := range flat {
		list, read := r.s.Shapes[sh.Members[name].Shape], r.xmlList
		if list.Type == "map" {
			read = r.xmlMap
		}
		v, err := read(list, items)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = v
	}
	if len(n.attrs) > 0 {
		for name, m := range sh.Members {
			for _, a := range n.attrs {
				if wire := m.wire(name); m.Attr && a.Name.Local == wire[strings.LastIndexByte(wire, ':')+1:] {
					out[name] = a.Value
				}
			}
		}
	}
	if sh.Union && len(out) == 0 && len(n.kids) > 0 {
		return unknownMember(map[string]any{n.kids[0].name: true}), nil
	}
	return out, nil
}

func (r reader) xmlList(sh Shape, items []*node) (any, error) {
	out := make([]any, 0, len(items))
	for _, k := range items {
		v, err := r.xml(*sh.Item, k)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (r reader) xmlMap(sh Shape, entries []*node) (any, error) {
	key, value := sh.Key.wire("key"), sh.Item.wire("value")
	out := map[string]any{}
	for _, e := range entries {
		for _, k := range e.kids {
			if k.name != value {
				continue
			}
			v, err := r.xml(*sh.Item, k)
			if err != nil {
				return nil, err
			}
			out[e.child(key)] = v
		}
	}
	return out, nil
}
