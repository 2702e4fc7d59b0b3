package iam

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// Expr is a three-valued answer: true, false, or an expression over what is not
// known. The zero Expr is false. It is immutable.
type Expr struct {
	op   op
	args []Expr
	atom *atom
}

type op uint8

const (
	isFalse op = iota
	isTrue
	isAnd
	isOr
	isNot
	isAtom
)

// atom is a test that hangs on unknown variables: condition keys in lower case,
// or names that start with "@".
type atom struct {
	vars []string
	of   *scope // of the test: a question has one for each resource
	// again makes the test anew when more is known.
	again  func(*scope) Expr
	cond   *policy.Condition // for conditions
	what   string            // for others, in words
	unread *haetae.Unknown   // why what is missing is not known; nil when nobody says
	// literal is the name that a test on the session's name is about, template
	// the entry of a Resource element.
	literal  string
	template *policy.Template
}

func yes() Expr { return Expr{op: isTrue} }
func no() Expr  { return Expr{} }

func is(b bool) Expr {
	if b {
		return yes()
	}
	return no()
}

// True tells whether the expression holds whatever the unknown is.
func (e Expr) True() bool { return e.op == isTrue }

// False tells whether it does not hold whatever the unknown is.
func (e Expr) False() bool { return e.op == isFalse }

// Open tells whether it hangs on something.
func (e Expr) Open() bool { return e.op > isTrue }

func and(list ...Expr) Expr { return combine(isAnd, isFalse, isTrue, list) }
func or(list ...Expr) Expr  { return combine(isOr, isTrue, isFalse, list) }

func combine(as, decides, neutral op, list []Expr) Expr {
	var open []Expr
	for _, e := range list {
		switch {
		case e.op == decides:
			return Expr{op: decides}
		case e.op == neutral:
		case e.op == as:
			open = append(open, e.args...)
		default:
			open = append(open, e)
		}
	}
	switch len(open) {
	case 0:
		return Expr{op: neutral}
	case 1:
		return open[0]
	}
	return Expr{op: as, args: open}
}

func not(e Expr) Expr {
	switch e.op {
	case isTrue:
		return no()
	case isFalse:
		return yes()
	case isNot:
		return e.args[0]
	}
	return Expr{op: isNot, args: []Expr{e}}
}

// under computes the expression anew when the scope knows more.
func (e Expr) under(s *scope) Expr {
	switch e.op {
	case isAnd:
		out := yes()
		for _, a := range e.args {
			if out = and(out, a.under(s)); out.False() {
				break
			}
		}
		return out
	case isOr:
		out := no()
		for _, a := range e.args {
			if out = or(out, a.under(s)); out.True() {
				break
			}
		}
		return out
	case isNot:
		return not(e.args[0].under(s))
	case isAtom:
		if slices.ContainsFunc(e.atom.vars, s.assigned) {
			return e.atom.again(e.atom.of.like(s))
		}
	}
	return e
}

// atoms visits the tests of the expression.
func (e Expr) atoms(visit func(*atom)) {
	if e.op == isAtom {
		visit(e.atom)
	}
	for _, a := range e.args {
		a.atoms(visit)
	}
}

// MarshalJSON writes {"and": […]}, {"or": […]}, {"not": …}, true or false, and
// for tests {"operator": …, "key": …, "values": […]} or {"fact": "…"}.
func (e Expr) MarshalJSON() ([]byte, error) {
	switch e.op {
	case isTrue, isFalse:
		return json.Marshal(e.op == isTrue)
	case isAnd:
		return json.Marshal(map[string]any{"and": e.args})
	case isOr:
		return json.Marshal(map[string]any{"or": e.args})
	case isNot:
		return json.Marshal(map[string]any{"not": e.args[0]})
	}
	if c := e.atom.cond; c != nil {
		values := []string{}
		for _, v := range c.Values {
			values = append(values, v.Text)
		}
		return json.Marshal(struct {
			Operator string   `json:"operator"`
			Key      string   `json:"key"`
			Values   []string `json:"values"`
		}{c.Operator.Written, c.Key, values})
	}
	return json.Marshal(map[string]any{"fact": e.atom.what})
}

// String writes the expression for people.
func (e Expr) String() string { return e.print(false) }

func (e Expr) print(inner bool) string {
	list := func(word string) string {
		parts := make([]string, len(e.args))
		for i, a := range e.args {
			parts[i] = a.print(true)
		}
		text := strings.Join(parts, " "+word+" ")
		if inner {
			return "(" + text + ")"
		}
		return text
	}
	switch e.op {
	case isTrue:
		return "always"
	case isFalse:
		return "never"
	case isAnd:
		return list("and")
	case isOr:
		return list("or")
	case isNot:
		return "not (" + e.args[0].print(false) + ")"
	}
	c := e.atom.cond
	if c == nil {
		return e.atom.what
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = v.Text
	}
	return c.Key + " " + c.Operator.Written + " " + strings.Join(values, " | ")
}
