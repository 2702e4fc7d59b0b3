package control

import (
	"fmt"
	"strconv"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/haetae/haetae"
)

// comprehension compiles exists, all, exists_one, filter and map, which
// cel-go's parser has written out as folds. They are recognised by the step of
// the fold and evaluated as what they are, since a fold cannot say what it
// does with elements that may be missing.
func (c *compiler) comprehension(e ast.Expr) (expr, error) {
	fold := e.AsComprehension()
	if fold.HasIterVar2() {
		return expr{}, fmt.Errorf("comprehensions with two variables are not supported in controls")
	}
	over, err := c.compile(fold.IterRange())
	if err != nil {
		return expr{}, err
	}
	at := c.slots
	c.slots++
	shadowed, was := c.scope[fold.IterVar()]
	c.scope[fold.IterVar()] = slot{at: at, path: true}
	defer func() {
		delete(c.scope, fold.IterVar())
		if was {
			c.scope[fold.IterVar()] = shadowed
		}
	}()
	loop := &loop{over: over, at: at}
	step := fold.LoopStep()
	call := step.AsCall()
	switch call.FunctionName() {
	case operators.LogicalOr, operators.LogicalAnd:
		body, err := c.compile(call.Args()[1])
		if err != nil {
			return expr{}, err
		}
		loop.body = body.eval
		decides := c.functionName(step) == operators.LogicalOr
		return expr{eval: func(f *frame) any { return loop.quantify(f, decides) }}, nil
	case operators.Add: // map without a filter
		return c.mapped(loop, nil, call.Args()[1])
	case operators.Conditional:
		cond, err := c.compile(call.Args()[0])
		if err != nil {
			return expr{}, err
		}
		grow := call.Args()[1].AsCall()
		if fold.AccuInit().Kind() == ast.LiteralKind {
			loop.body = cond.eval
			return expr{eval: loop.existsOne}, nil
		}
		elem := grow.Args()[1].AsList().Elements()[0]
		if elem.Kind() == ast.IdentKind && elem.AsIdent() == fold.IterVar() {
			loop.body = cond.eval
			return expr{eval: loop.filter}, nil
		}
		return c.mapped(loop, cond.eval, grow.Args()[1])
	}
	return expr{}, fmt.Errorf("this comprehension is not supported in controls")
}

func (c *compiler) mapped(l *loop, cond node, one ast.Expr) (expr, error) {
	elem, err := c.compile(one.AsList().Elements()[0])
	if err != nil {
		return expr{}, err
	}
	l.body = elem.eval
	return expr{eval: func(f *frame) any { return l.collect(f, cond) }}, nil
}

// loop is a comprehension over a list of which a part may be missing.
type loop struct {
	over expr
	at   int // slot of the variable
	body node
}

// each calls do with every known element, and returns why there may be more.
func (l *loop) each(f *frame, do func(element any) bool) (more any, ok bool) {
	list, more, ok := items(l.over.eval(f))
	if !ok {
		return nil, false
	}
	for i, e := range list {
		l.bind(f, e, i)
		if !do(e) {
			break
		}
	}
	return more, true
}

func (l *loop) bind(f *frame, e any, i int) {
	f.vars[l.at] = e
	if f.trace == nil {
		return
	}
	switch r := e.(type) {
	case *haetae.Resource:
		f.paths[l.at] = r.Type + "(" + r.ID + ")"
	default:
		f.paths[l.at] = nowhere
		if l.over.path != nil {
			f.paths[l.at] = l.over.path(f) + "[" + strconv.Itoa(i) + "]"
		}
	}
}

// quantify is exists (decided by true) and all (decided by false).
func (l *loop) quantify(f *frame, decides bool) any {
	var undecided []any
	decided := false
	mark := -1 // where what the elements say begins
	more, ok := l.each(f, func(e any) bool {
		elem := f.trace.mark()
		if mark < 0 {
			mark = elem
		}
		switch v := l.body(f); {
		case v == decides:
			decided = true
			f.trace.keepOnly(mark, elem) // what the other elements say does not matter
			return false
		case v != !decides:
			undecided = append(undecided, asUnknown(v))
		}
		return true
	})
	switch {
	case !ok:
		return faulty("exists() or all() of a value that is not a list")
	case decided:
		return decides
	case more != nil:
		undecided = append(undecided, more)
	}
	if undecided != nil {
		return merge(undecided...)
	}
	return !decides
}

func (l *loop) existsOne(f *frame) any {
	var undecided []any
	n := 0
	more, ok := l.each(f, func(any) bool {
		switch v := l.body(f); v {
		case true:
			n++
		case false:
		default:
			undecided = append(undecided, asUnknown(v))
		}
		return true
	})
	switch {
	case !ok:
		return faulty("exists_one() of a value that is not a list")
	case n > 1:
		return false
	case more != nil:
		undecided = append(undecided, more)
	}
	if undecided != nil {
		return merge(undecided...)
	}
	return n == 1
}

func (l *loop) filter(f *frame) any {
	out := []any{}
	var open []any
	more, ok := l.each(f, func(e any) bool {
		switch v := l.body(f); v {
		case true:
			out = append(out, e)
		case false:
		default:
			open = append(open, asUnknown(v)) // it may be in the list
		}
		return true
	})
	return gathered(out, open, more, ok)
}

func (l *loop) collect(f *frame, cond node) any {
	out := []any{}
	var open []any
	more, ok := l.each(f, func(any) bool {
		take := any(true)
		if cond != nil {
			take = cond(f)
		}
		switch take {
		case true:
			out = append(out, l.body(f))
		case false:
		default:
			open = append(open, asUnknown(take))
		}
		return true
	})
	return gathered(out, open, more, ok)
}

func gathered(out, open []any, more any, ok bool) any {
	if !ok {
		return faulty("filter() or map() of a value that is not a list")
	}
	if more != nil {
		open = append(open, more)
	}
	if open != nil {
		return openList(out, merge(open...))
	}
	return out
}
