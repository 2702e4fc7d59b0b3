package template

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// noValue is what AWS::NoValue gives: the property or list item is left out.
type noValue struct{}

// evaluator turns nodes into property values and remembers where each path is
// written.
type evaluator struct {
	*stack
	// paths is nil while a value is only looked at.
	paths map[string]haetae.Place
}

// quiet returns an evaluator that remembers no places.
func (s *stack) quiet() *evaluator { return &evaluator{stack: s} }

// unresolved makes an Unknown that is set.
func unresolved(format string, args ...any) *haetae.Unknown {
	return &haetae.Unknown{Reason: haetae.Unresolved, Detail: fmt.Sprintf(format, args...), Set: true}
}

// value evaluates a node that stands at a property path, written in a line.
func (e *evaluator) value(n *node, path string, line int) any {
	if !e.spend(1) {
		return unresolved("the template is too large when expanded")
	}
	var v any
	switch n.kind {
	case scalarNode:
		v = n.val
	case listNode:
		v = e.list(n, path)
	case mapNode:
		name, arg, ok := n.single()
		switch {
		case ok && name == "Fn::If":
			return e.choose(arg, n.line, path, line)
		case ok && isFunction(name):
			v = e.call(name, arg, n.line)
		default:
			v = e.object(n, path)
		}
	}
	return e.put(v, path, line)
}

// put remembers where a path is written and gives an Unknown its path.
func (e *evaluator) put(v any, path string, line int) any {
	if path == "" || v == (noValue{}) {
		return v
	}
	if e.paths != nil {
		e.paths[path] = e.stack.place(line)
	}
	if u, ok := v.(*haetae.Unknown); ok && u.Path != path {
		c := *u
		c.Path = path
		return &c
	}
	return v
}

// isFunction tells whether the only key of a map is an intrinsic function.
func isFunction(name string) bool {
	return name == "Ref" || strings.HasPrefix(name, "Fn::") && !strings.HasPrefix(name, forEachPrefix) && name != "Fn::Transform"
}

// object evaluates a map.
func (e *evaluator) object(n *node, path string) any {
	entries, macro := e.entries(n)
	if macro != "" {
		e.incomplete("the macro %s was not expanded", macro)
		return unresolved("the macro %s was not expanded", macro)
	}
	out := make(map[string]any, len(entries))
	e.fill(out, entries, path)
	return out
}

// fill evaluates entries into a map.
func (e *evaluator) fill(out map[string]any, entries []entry, path string) {
	for _, en := range entries {
		at := en.name
		if path != "" {
			at = path + "." + en.name
		}
		if v := e.value(en.node, at, en.line); v != (noValue{}) {
			out[en.name] = v
		}
	}
}

// list evaluates a list. An item that may be absent makes it an open list.
func (e *evaluator) list(n *node, path string) any {
	out := make([]any, 0, len(n.items))
	var open *haetae.Unknown
	for _, item := range n.items {
		at := path
		if path != "" {
			at = path + "[" + strconv.Itoa(len(out)) + "]"
		}
		v := e.value(item, at, item.line)
		if v == (noValue{}) {
			continue
		}
		if u, ok := v.(*haetae.Unknown); ok && !u.Set {
			delete(e.paths, at)
			open = u
			continue
		}
		out = append(out, v)
	}
	if open != nil {
		return &haetae.OpenList{Items: out, Why: open}
	}
	return out
}

// choose evaluates Fn::If.
func (e *evaluator) choose(arg *node, at int, path string, line int) any {
	if !arg.isList() || len(arg.items) != 3 {
		e.warn(at, "Fn::If takes a condition's name and two values.", "Fn::If does not have three arguments")
		return e.put(unresolved("Fn::If does not have three arguments"), path, line)
	}
	name := arg.items[0].text()
	if inner := arg.items[0].get("Condition"); inner != nil {
		name = inner.text()
	}
	yesNode, noNode := arg.items[1], arg.items[2]
	t, why := e.named(name, arg.items[0].line)
	switch t {
	case yes:
		return e.value(yesNode, path, yesNode.line)
	case no:
		return e.value(noNode, path, noNode.line)
	}
	q := e.stack.quiet()
	a, b := q.value(yesNode, path, yesNode.line), q.value(noNode, path, noNode.line)
	if same(a, b) {
		if e.paths == nil {
			return a
		}
		return e.value(yesNode, path, yesNode.line)
	}
	u := unresolved("condition %s is not decided (%s)", name, why)
	u.Set = present(a) && present(b)
	if plainText(a) && plainText(b) {
		u.Parts, u.Plain = []string{"", ""}, true
	}
	return e.put(u, path, line)
}

// same tells whether two values are equal whatever their unknowns are; values
// with unknowns of the same origin are.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// present tells whether a value is surely there.
func present(v any) bool {
	if u, ok := v.(*haetae.Unknown); ok {
		return u.Set
	}
	return v != noValue{}
}

// plainText tells whether a value is surely text without wildcards.
func plainText(v any) bool {
	switch x := v.(type) {
	case string:
		return x != "" && !strings.ContainsAny(x, "*?")
	case *haetae.Unknown:
		if !x.Plain || !x.Set {
			return false
		}
		for _, p := range x.Parts {
			if strings.ContainsAny(p, "*?") {
				return false
			}
		}
		return true
	}
	return false
}

// strings evaluates a node to a list of texts; the error is what is not known.
func (e *evaluator) strings(n *node) ([]string, *haetae.Unknown) {
	v := e.value(n, "", n.line)
	if l, ok := v.([]any); ok {
		out := make([]string, 0, len(l))
		for _, item := range l {
			// A list that holds a list parameter stands for its items.
			inner, isList := item.([]any)
			if !isList {
				inner = []any{item}
			}
			for _, x := range inner {
				s, ok := textOf(x)
				if !ok {
					return nil, whyNot(x)
				}
				out = append(out, s)
			}
		}
		return out, nil
	}
	return nil, whyNot(v)
}

// text evaluates a node to a text.
func (e *evaluator) text(n *node) (string, *haetae.Unknown) {
	v := e.value(n, "", n.line)
	if s, ok := textOf(v); ok {
		return s, nil
	}
	return "", whyNot(v)
}

// whyNot says why a value is not usable as text.
func whyNot(v any) *haetae.Unknown {
	switch x := v.(type) {
	case *haetae.Unknown:
		return x
	case *haetae.OpenList:
		return x.Why
	}
	return unresolved("the value is not a text")
}
