package template

import (
	"strings"
)

// forEachPrefix begins the name of a loop: "Fn::ForEach::Buckets".
const forEachPrefix = "Fn::ForEach::"

// entries returns the entries of a map with its loops expanded and its included
// files merged; macro names a transform that could not be.
func (s *stack) entries(n *node) (out []entry, macro string) {
	out = make([]entry, 0, len(n.keys))
	for i, k := range n.keys {
		switch {
		case strings.HasPrefix(k.name, forEachPrefix):
			more, m := forEach(s, k, n.items[i])
			out = append(out, more...)
			if m != "" {
				macro = m
			}
		case k.name == "Fn::Transform":
			inc := included(s, n.items[i])
			if !inc.isMap() {
				macro = macroName(n.items[i])
				s.warn(k.line, "Scan the processed template instead: aws cloudformation get-template --template-stage Processed.",
					"the macro %s was not expanded", macro)
				continue
			}
			if !s.enter() {
				s.leave()
				continue
			}
			more, m := s.entries(inc)
			s.leave()
			out = append(out, more...)
			if m != "" {
				macro = m
			}
		default:
			out = append(out, entry{k.name, k.line, n.items[i]})
		}
	}
	return out, macro
}

// macroName returns the name that an Fn::Transform gives.
func macroName(n *node) string {
	if n.isList() && len(n.items) > 0 {
		n = n.items[0]
	}
	if name := n.get("Name").text(); name != "" {
		return name
	}
	if name := n.text(); name != "" {
		return name
	}
	return "Fn::Transform"
}

// forEach expands one loop.
func forEach(s *stack, k key, n *node) (out []entry, macro string) {
	loop := strings.TrimPrefix(k.name, forEachPrefix)
	if !n.isList() || len(n.items) != 3 || !n.items[2].isMap() {
		s.warn(k.line, "Write it as [identifier, collection, {name: value}].", "the loop %s does not have an identifier, a collection and a map", k.name)
		return nil, "Fn::ForEach " + loop
	}
	if !s.enter() {
		s.leave()
		return nil, "Fn::ForEach " + loop
	}
	defer s.leave()
	values, why := s.quiet().strings(n.items[1])
	if why != nil {
		s.warn(k.line, "Give the parameter a value with --parameter NAME=VALUE.", "the loop %s was not expanded: %s", k.name, why.Detail)
		return nil, "Fn::ForEach " + loop
	}
	name := n.items[0].text()
	for _, v := range values {
		if !s.spend(1) {
			return out, macro
		}
		body := substitute(s, n.items[2], name, v)
		more, m := s.entries(body)
		out = append(out, more...)
		if m != "" {
			macro = m
		}
	}
	return out, macro
}

// substitute puts a loop's value in place of its identifier, in names and
// texts and for {"Ref": identifier}. Parts without it are shared, not copied.
func substitute(s *stack, n *node, name, value string) *node {
	if !s.spend(1) {
		return n
	}
	replace := func(t string) string {
		if !strings.Contains(t, "{"+name+"}") {
			return t
		}
		t = strings.ReplaceAll(t, "${"+name+"}", value)
		return strings.ReplaceAll(t, "&{"+name+"}", alphanumeric(value))
	}
	if n.kind == scalarNode {
		if t, ok := n.val.(string); ok {
			if r := replace(t); r != t {
				return stringAt(n.line, r)
			}
		}
		return n
	}
	if f, arg, ok := n.single(); ok && f == "Ref" && arg.text() == name {
		return stringAt(n.line, value)
	}
	c := &node{kind: n.kind, line: n.line, keys: n.keys, items: make([]*node, len(n.items))}
	changed := false
	for i, item := range n.items {
		c.items[i] = substitute(s, item, name, value)
		changed = changed || c.items[i] != item
	}
	for i, k := range n.keys {
		r := replace(k.name)
		if r == k.name {
			continue
		}
		if &c.keys[0] == &n.keys[0] {
			c.keys = append([]key(nil), n.keys...)
		}
		c.keys[i].name = r
		changed = true
	}
	if !changed {
		return n
	}
	return c
}

// alphanumeric drops what a logical id may not hold.
func alphanumeric(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, s)
}
