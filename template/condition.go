package template

import (
	"strings"

	"github.com/haetae/haetae"
)

// truth is the value of a condition.
type truth int8

const (
	maybe truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// cond is a condition of the template, worked out when it is first needed.
type cond struct {
	node  *node
	line  int
	busy  bool
	done  bool
	truth truth
	why   string // it is not decided
}

// named returns the value of a condition by name, and why it is not decided.
func (s *stack) named(name string, line int) (truth, string) {
	c := s.conds[name]
	if c == nil {
		s.warn(line, "Add it to the Conditions section.", "condition %q is not defined", name)
		return maybe, "it is not defined"
	}
	if c.done {
		return c.truth, c.why
	}
	if c.busy {
		s.warn(c.line, "Remove the reference that closes the circle.", "condition %s refers to itself", name)
		return maybe, "it refers to itself"
	}
	defer s.leave()
	if !s.enter() {
		return maybe, "the conditions nest too deep"
	}
	c.busy = true
	c.truth, c.why = decide(s, c.node)
	c.busy, c.done = false, true
	return c.truth, c.why
}

// decide evaluates a condition function.
func decide(s *stack, n *node) (truth, string) {
	if n.kind == scalarNode {
		if b, ok := n.val.(bool); ok {
			return truthOf(b), ""
		}
	}
	name, arg, ok := n.single()
	if !ok {
		s.warn(n.line, "Use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition.", "a condition is not a condition function")
		return maybe, "it is not a condition function"
	}
	switch name {
	case "Condition":
		return s.named(arg.text(), n.line)
	case "Fn::Equals":
		return equals(s, arg, n.line)
	case "Fn::Not":
		if arg.isList() && len(arg.items) == 1 {
			arg = arg.items[0]
		}
		t, why := decide(s, arg)
		switch t {
		case yes:
			return no, ""
		case no:
			return yes, ""
		}
		return maybe, why
	case "Fn::And":
		return combine(s, arg, no, yes)
	case "Fn::Or":
		return combine(s, arg, yes, no)
	}
	s.warn(n.line, "Use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition.", "%s is not a condition function", name)
	return maybe, name + " is not a condition function"
}

// combine returns decides when one of the conditions has that value, otherwise
// when all are known, and maybe in between.
func combine(s *stack, arg *node, decides, otherwise truth) (truth, string) {
	result, why := otherwise, ""
	for _, item := range arg.items {
		t, w := decide(s, item)
		switch t {
		case decides:
			return decides, ""
		case maybe:
			result, why = maybe, w
		}
	}
	return result, why
}

// equals evaluates Fn::Equals. Values are compared as text, since parameters
// are.
func equals(s *stack, arg *node, line int) (truth, string) {
	if !arg.isList() || len(arg.items) != 2 {
		s.warn(line, "Fn::Equals takes two values.", "Fn::Equals does not have two arguments")
		return maybe, "Fn::Equals does not have two arguments"
	}
	q := s.quiet()
	a, b := q.value(arg.items[0], "", line), q.value(arg.items[1], "", line)
	at, aok := textOf(a)
	bt, bok := textOf(b)
	switch {
	case aok && bok:
		return truthOf(at == bt), ""
	case aok && cannotBe(s, arg.items[1], b, at), bok && cannotBe(s, arg.items[0], a, bt):
		return no, ""
	}
	for _, v := range [...]any{a, b} {
		if u := unknownIn(v); u != nil {
			return maybe, u.Detail
		}
	}
	return truthOf(same(a, b)), ""
}

// unknownIn returns an Unknown within a value, or nil.
func unknownIn(v any) *haetae.Unknown {
	switch x := v.(type) {
	case *haetae.Unknown:
		return x
	case *haetae.OpenList:
		return x.Why
	case []any:
		for _, item := range x {
			if u := unknownIn(item); u != nil {
				return u
			}
		}
	case map[string]any:
		for _, item := range x {
			if u := unknownIn(item); u != nil {
				return u
			}
		}
	}
	return nil
}

// cannotBe tells whether an unknown value surely differs from a text: what is
// known of it does not fit, or the parameter does not allow it.
func cannotBe(s *stack, n *node, v any, text string) bool {
	u, ok := v.(*haetae.Unknown)
	if !ok {
		return false
	}
	if k := len(u.Parts); k >= 2 && (!strings.HasPrefix(text, u.Parts[0]) || !strings.HasSuffix(text, u.Parts[k-1])) {
		return true
	}
	name, arg, ok := n.single()
	if !ok || name != "Ref" {
		return false
	}
	p := s.params[arg.text()]
	if p == nil {
		return false
	}
	allowed := p.node.get("AllowedValues")
	if !allowed.isList() || len(allowed.items) == 0 {
		return false
	}
	for _, a := range allowed.items {
		if a.param() == text {
			return false
		}
	}
	return true
}
