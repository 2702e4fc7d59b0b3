package control

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/haetae/haetae/schema"
)

// node computes the value of an expression.
type node func(*frame) any

// pather gives the property path of an expression below the resource, for
// evidence; it is only called when evidence is gathered.
type pather func(*frame) string

// expr is a compiled expression.
type expr struct {
	eval node
	path pather // nil when the value is not a property of r
}

// frame is the memory of one evaluation: a slot for each variable.
type frame struct {
	*run
	vars  []any
	paths []string // of the values in vars, while tracing
}

// compiler turns one checked CEL expression into closures.
type compiler struct {
	provider *provider
	checked  *ast.AST
	scope    map[string]slot
	slots    int
	mutant   *mutation // what to compile wrongly, when examples are put to the test
}

// slot is a variable: where its value is, and what it is a part of.
type slot struct {
	at   int
	path bool // the frame knows its path
}

func (c *compiler) compile(e ast.Expr) (expr, error) {
	if c.mutant != nil && c.mutant.id == e.ID() {
		if x, done, err := c.mutate(e); done {
			return x, err
		}
	}
	switch e.Kind() {
	case ast.LiteralKind:
		v, err := constant(e.AsLiteral())
		if err != nil {
			return expr{}, err
		}
		return expr{eval: func(*frame) any { return v }}, nil
	case ast.IdentKind:
		return c.ident(e)
	case ast.SelectKind:
		return c.selection(e)
	case ast.CallKind:
		return c.call(e)
	case ast.ListKind:
		return c.list(e)
	case ast.MapKind:
		return c.mapping(e)
	case ast.ComprehensionKind:
		return c.comprehension(e)
	}
	return expr{}, fmt.Errorf("this kind of expression is not supported in controls")
}

func constant(v ref.Val) (any, error) {
	switch x := v.(type) {
	case types.Bool:
		return bool(x), nil
	case types.Int:
		return int64(x), nil
	case types.Uint:
		return int64(x), nil
	case types.Double:
		return float64(x), nil
	case types.String:
		return string(x), nil
	case types.Null:
		return nil, nil
	}
	return nil, fmt.Errorf("a literal of type %s is not supported in controls", v.Type().TypeName())
}

func (c *compiler) ident(e ast.Expr) (expr, error) {
	name := e.AsIdent()
	s, ok := c.scope[name]
	if !ok {
		return expr{}, fmt.Errorf("%q is not a variable", name)
	}
	at := s.at
	x := expr{eval: func(f *frame) any { return f.vars[at] }}
	if s.path {
		x.path = func(f *frame) string { return f.paths[at] }
	}
	return x, nil
}

// selection compiles a.B and has(a.B).
func (c *compiler) selection(e ast.Expr) (expr, error) {
	sel := e.AsSelect()
	operand, err := c.compile(sel.Operand())
	if err != nil {
		return expr{}, err
	}
	name := sel.FieldName()
	typ := c.checked.GetType(sel.Operand().ID())
	acc := c.accessor(typ, name)
	var out expr
	if operand.path != nil {
		out.path = func(f *frame) string { return join(operand.path(f), name) }
	}
	if sel.IsTestOnly() {
		out.eval = func(f *frame) any { return acc.has(operand.eval(f)) }
	} else {
		out.eval = func(f *frame) any { return acc.get(operand.eval(f)) }
	}
	if acc.whole {
		return out, nil // observed, id: not facts themselves
	}
	plain := out.eval
	path := out.path
	out.eval = func(f *frame) any {
		v := plain(f)
		if f.trace != nil && path != nil {
			f.trace.read(path(f), v, sel.IsTestOnly())
		}
		return v
	}
	return out, nil
}

func (p *provider) root(typ *types.Type) *schema.Type {
	if typ == nil || typ.Kind() != types.StructKind {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roots[typ.TypeName()]
}

func join(path, name string) string {
	switch path {
	case "":
		return name
	case memberObserved, memberVolatile:
		return path + "." + name
	}
	return path + "." + name
}

func (c *compiler) list(e ast.Expr) (expr, error) {
	elems, err := c.all(e.AsList().Elements())
	if err != nil {
		return expr{}, err
	}
	return expr{eval: func(f *frame) any {
		out := make([]any, len(elems))
		for i, x := range elems {
			out[i] = x.eval(f)
		}
		return out
	}}, nil
}

func (c *compiler) mapping(e ast.Expr) (expr, error) {
	var keys, values []ast.Expr
	for _, entry := range e.AsMap().Entries() {
		keys = append(keys, entry.AsMapEntry().Key())
		values = append(values, entry.AsMapEntry().Value())
	}
	ks, err := c.all(keys)
	if err != nil {
		return expr{}, err
	}
	vs, err := c.all(values)
	if err != nil {
		return expr{}, err
	}
	return expr{eval: func(f *frame) any {
		out := make(map[string]any, len(ks))
		for i := range ks {
			k, ok := ks[i].eval(f).(string)
			if !ok {
				return faulty("a map key that is not a text")
			}
			out[k] = vs[i].eval(f)
		}
		return out
	}}, nil
}

func (c *compiler) all(es []ast.Expr) ([]expr, error) {
	out := make([]expr, len(es))
	for i, e := range es {
		x, err := c.compile(e)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// call compiles operators and functions.
func (c *compiler) call(e ast.Expr) (expr, error) {
	call := e.AsCall()
	fn := c.functionName(e)
	var operands []ast.Expr
	if call.IsMemberFunction() {
		operands = append(operands, call.Target())
	}
	args, err := c.all(append(operands, call.Args()...))
	if err != nil {
		return expr{}, err
	}
	if x, ok := lazyOperator(fn, args); ok {
		if fn == operators.Conditional && isOr(call) {
			x.path = args[1].path
		}
		return x, nil
	}
	if op, ok := pairOperators[fn]; ok {
		a, b := args[0].eval, args[1].eval
		return expr{eval: func(f *frame) any { return op(a(f), b(f)) }}, nil
	}
	if op, ok := strictOperators[fn]; ok && len(args) == op.arity {
		return strict(op.eval, args), nil
	}
	if fn == overloads.Matches {
		return c.matches(e, args)
	}
	if fn == operators.Index {
		return c.index(e, args), nil
	}
	if kind, typ, path, ok := graphCall(fn); ok {
		return graphNode(kind, typ, path, args), nil
	}
	for _, f := range functions {
		if f.name == fn && len(f.args) == len(args) {
			return domain(f, args), nil
		}
	}
	return expr{}, fmt.Errorf("function %s is not available in controls", strings.Trim(fn, "_@"))
}

// matches compiles the pattern once; it must therefore be written out.
func (c *compiler) matches(e ast.Expr, args []expr) (expr, error) {
	last := e.AsCall().Args()[len(e.AsCall().Args())-1]
	if last.Kind() != ast.LiteralKind {
		return expr{}, fmt.Errorf("the pattern of matches() must be a text in quotes")
	}
	source, _ := last.AsLiteral().Value().(string)
	re, err := regexp.Compile(source)
	if err != nil {
		return expr{}, fmt.Errorf("pattern of matches(): %w", err)
	}
	text := args[0].eval
	return expr{eval: func(f *frame) any { return matches(text(f), re) }}, nil
}

// strict evaluates all arguments first.
func strict(op func(args []any) any, args []expr) expr {
	switch len(args) {
	case 1:
		a := args[0].eval
		return expr{eval: func(f *frame) any { return op([]any{a(f)}) }}
	case 2:
		a, b := args[0].eval, args[1].eval
		return expr{eval: func(f *frame) any {
			pair := [2]any{a(f), b(f)}
			return op(pair[:])
		}}
	}
	return expr{eval: func(f *frame) any {
		vs := make([]any, len(args))
		for i, x := range args {
			vs[i] = x.eval(f)
		}
		return op(vs)
	}}
}

// lazyOperator compiles the operators that need not look at all operands.
func lazyOperator(fn string, args []expr) (expr, bool) {
	switch fn {
	case operators.LogicalAnd:
		return expr{eval: connective(args[0].eval, args[1].eval, false)}, true
	case operators.LogicalOr:
		return expr{eval: connective(args[0].eval, args[1].eval, true)}, true
	case operators.Conditional:
		return expr{eval: conditional(args[0].eval, args[1].eval, args[2].eval)}, true
	}
	return expr{}, false
}

// connective is && (decided by false) or || (decided by true).
func connective(a, b node, decides bool) node {
	return func(f *frame) any {
		x := a(f)
		if x == decides {
			return decides
		}
		y := b(f)
		switch {
		case y == decides:
			return decides
		case x == !decides && y == !decides:
			return !decides
		}
		return merge(asUnknown(x), asUnknown(y))
	}
}

// asUnknown passes booleans and unknowns, and makes anything else a fault.
func asUnknown(v any) any {
	if _, ok := v.(bool); ok || isUnknown(v) {
		return v
	}
	return faulty("a value that is not a boolean stands where a boolean must")
}

func conditional(cond, yes, no node) node {
	return func(f *frame) any {
		switch c := cond(f); c {
		case true:
			return yes(f)
		case false:
			return no(f)
		default:
			y, n := yes(f), no(f)
			if equal(y, n) == true {
				return y
			}
			return merge(asUnknown(c), y, n)
		}
	}
}
