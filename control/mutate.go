package control

import (
	"fmt"
	"strconv"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// mutation is one deliberate mistake in a control. An example must notice it,
// or else the examples do not pin down what the control means.
type mutation struct {
	source int   // index of the expression
	id     int64 // of the node in it
	kind   mutationKind
	text   string // for people: "assert: == becomes !="
}

type mutationKind int

const (
	swapOperator  mutationKind = iota // == for !=, && for ||, exists for all …
	dropNot                           // !a becomes a
	keepLeft                          // a && b becomes a
	keepRight                         // a && b becomes b
	changeLiteral                     // 22 becomes 23, "x" another text, true false
)

var swaps = map[string]string{
	operators.Equals: operators.NotEquals, operators.NotEquals: operators.Equals,
	operators.LogicalAnd: operators.LogicalOr, operators.LogicalOr: operators.LogicalAnd,
	operators.Less: operators.LessEquals, operators.LessEquals: operators.Less,
	operators.Greater: operators.GreaterEquals, operators.GreaterEquals: operators.Greater,
}

// functionName is the name of the call, or the wrong one in a mutant.
func (c *compiler) functionName(e ast.Expr) string {
	fn := e.AsCall().FunctionName()
	if c.mutant != nil && c.mutant.id == e.ID() && c.mutant.kind == swapOperator {
		return swaps[fn]
	}
	return fn
}

// mutate compiles a node wrongly; done is false for mutations that are made
// elsewhere.
func (c *compiler) mutate(e ast.Expr) (x expr, done bool, err error) {
	switch c.mutant.kind {
	case keepLeft:
		x, err = c.compile(e.AsCall().Args()[0])
	case keepRight:
		x, err = c.compile(e.AsCall().Args()[1])
	case dropNot:
		x, err = c.compile(e.AsCall().Args()[0])
	case changeLiteral:
		v, bad := constant(e.AsLiteral())
		if bad != nil {
			return expr{}, true, bad
		}
		wrong := otherLiteral(v)
		return expr{eval: func(*frame) any { return wrong }}, true, nil
	default:
		return expr{}, false, nil
	}
	return x, true, err
}

func otherLiteral(v any) any {
	switch x := v.(type) {
	case bool:
		return !x
	case int64:
		return x + 1
	case float64:
		return x + 1
	case string:
		return x + " (mutant)"
	}
	return v
}

// mutations lists the mistakes that can be made in a program.
func (p *program) mutations() []mutation {
	var out []mutation
	for i, s := range p.source {
		m := mutator{source: i, role: s.role}
		m.visit(s.checked.Expr(), false)
		out = append(out, m.out...)
	}
	return out
}

type mutator struct {
	source int
	role   string
	out    []mutation
	seen   map[string]int
}

func (m *mutator) add(e ast.Expr, kind mutationKind, format string, args ...any) {
	text := m.role + ": " + fmt.Sprintf(format, args...)
	if m.seen == nil {
		m.seen = map[string]int{}
	}
	if m.seen[text]++; m.seen[text] > 1 {
		text += " #" + strconv.Itoa(m.seen[text])
	}
	m.out = append(m.out, mutation{m.source, e.ID(), kind, text})
}

// visit collects mutations below e. quiet is set inside what or() wrote out:
// its default and tests repeat what the schema says.
func (m *mutator) visit(e ast.Expr, quiet bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		if v, err := constant(e.AsLiteral()); err == nil && v != nil && !quiet {
			m.add(e, changeLiteral, "%s becomes %s", show(v), show(otherLiteral(v)))
		}
	case ast.SelectKind:
		m.visit(e.AsSelect().Operand(), quiet)
	case ast.CallKind:
		m.call(e, quiet)
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			m.visit(x, quiet)
		}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			m.visit(x.AsMapEntry().Value(), quiet)
		}
	case ast.ComprehensionKind:
		m.comprehension(e.AsComprehension())
	}
}

func (m *mutator) call(e ast.Expr, quiet bool) {
	call := e.AsCall()
	fn := call.FunctionName()
	name, _ := operators.FindReverse(fn)
	if fn == operators.Conditional && isOr(call) {
		m.visit(call.Args()[1], true)
		m.visit(call.Args()[2], true)
		return
	}
	if to, ok := swaps[fn]; ok && !quiet {
		wrong, _ := operators.FindReverse(to)
		m.add(e, swapOperator, "%s becomes %s", name, wrong)
	}
	switch fn {
	case operators.LogicalAnd, operators.LogicalOr:
		if !quiet {
			m.add(e, keepLeft, "only the left of %s", name)
			m.add(e, keepRight, "only the right of %s", name)
		}
	case operators.LogicalNot:
		m.add(e, dropNot, "! is dropped")
	}
	if call.IsMemberFunction() {
		m.visit(call.Target(), quiet)
	}
	if fn == "matches" {
		return // the pattern is compiled with the control
	}
	for _, x := range call.Args() {
		m.visit(x, quiet)
	}
}

// isOr tells whether a conditional is what the or() macro wrote out.
func isOr(call ast.CallExpr) bool {
	cond := call.Args()[0]
	for cond.Kind() == ast.CallKind && cond.AsCall().FunctionName() == operators.LogicalAnd {
		left := cond.AsCall().Args()[0]
		if left.Kind() != ast.SelectKind || !left.AsSelect().IsTestOnly() {
			return false
		}
		cond = cond.AsCall().Args()[1]
	}
	return cond.Kind() == ast.SelectKind && cond.AsSelect().IsTestOnly() && call.Args()[1].Kind() == ast.SelectKind
}

func (m *mutator) comprehension(fold ast.ComprehensionExpr) {
	m.visit(fold.IterRange(), false)
	step := fold.LoopStep()
	call := step.AsCall()
	switch call.FunctionName() {
	case operators.LogicalOr:
		m.add(step, swapOperator, "exists becomes all")
		m.visit(call.Args()[1], false)
	case operators.LogicalAnd:
		m.add(step, swapOperator, "all becomes exists")
		m.visit(call.Args()[1], false)
	case operators.Conditional:
		m.visit(call.Args()[0], false)
		if fold.AccuInit().Kind() == ast.ListKind {
			m.visit(call.Args()[1].AsCall().Args()[1], false)
		}
	case operators.Add:
		m.visit(call.Args()[1], false)
	}
}
