package control

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// program is a control with its compiled expressions.
type program struct {
	*Control
	set  *Set
	once func() error

	source []source // lets, when, assert: checked
	built
}

// source is one checked expression of a control.
type source struct {
	role    string // "let x", "when", "assert"
	let     string // name of the let
	checked *ast.AST
	typ     *types.Type
}

// built is what compiling the sources gave.
type built struct {
	when, assert expr
	lets         []letExpr
	slots        int
}

type letExpr struct {
	expr
	at int
}

// prepare checks and compiles the control.
func (p *program) prepare() error {
	if err := p.check(); err != nil {
		return err
	}
	b, err := p.build(nil)
	if err != nil {
		return err
	}
	p.built = b
	return nil
}

// check parses and type-checks all expressions of the control.
func (p *program) check() error {
	if p.Assert == "" {
		return p.errorf("assert is missing")
	}
	texts := []string{p.When, p.Assert}
	for _, l := range p.Let {
		texts = append(texts, l.Expr)
	}
	env, err := p.set.provider.env(p.Type, texts)
	if err != nil {
		return p.errorf("%w", err)
	}
	add := func(role, let, text string) error {
		checked, iss := env.Compile(text)
		if err := iss.Err(); err != nil && strings.Contains(err.Error(), "undefined field") {
			return p.errorf("%s: %w\n`haetae content properties %s` lists what there is", role, err, p.Type)
		} else if err != nil {
			return p.errorf("%s: %w", role, err)
		}
		typ := checked.OutputType()
		if let == "" && !typ.IsExactType(types.BoolType) && !typ.IsExactType(types.DynType) {
			return p.errorf("%s: gives %s, not bool", role, typ)
		}
		p.source = append(p.source, source{role, let, checked.NativeRep(), typ})
		return nil
	}
	for _, l := range p.Let {
		if err := add("let "+l.Name, l.Name, l.Expr); err != nil {
			return err
		}
		if env, err = env.Extend(cel.Variable(l.Name, p.source[len(p.source)-1].typ)); err != nil {
			return p.errorf("let %s: %w", l.Name, err)
		}
	}
	if p.When != "" {
		if err := add("when", "", p.When); err != nil {
			return err
		}
	}
	return add("assert", "", p.Assert)
}

// build compiles the checked expressions, with one mutation if m is not nil.
func (p *program) build(m *mutation) (built, error) {
	c := &compiler{
		provider: p.set.provider, scope: map[string]slot{"r": {at: 0, path: true}}, slots: 1,
	}
	var b built
	for i, s := range p.source {
		c.checked, c.mutant = s.checked, nil
		if m != nil && m.source == i {
			c.mutant = m
		}
		x, err := c.compile(s.checked.Expr())
		if err != nil {
			return built{}, p.errorf("%s: %w", s.role, err)
		}
		switch s.role {
		case "when":
			b.when = x
		case "assert":
			b.assert = x
		default:
			at := c.slots
			c.slots++
			b.lets = append(b.lets, letExpr{x, at})
			c.scope[s.let] = slot{at: at, path: x.path != nil}
		}
	}
	b.slots = c.slots
	return b, nil
}
