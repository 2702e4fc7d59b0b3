package sigma

import (
	"fmt"
	"strings"
)

// op is the kind of a node of a condition.
type op uint8

const (
	opTerm op = iota // a search identifier, by its number
	opAnd
	opOr
	opNot
)

// expr is a condition over numbered terms.
type expr struct {
	op   op
	term int
	args []expr
}

// eval answers the condition, asking of the terms only what decides it.
func (e *expr) eval(term func(int) bool) bool {
	switch e.op {
	case opTerm:
		return term(e.term)
	case opNot:
		return !e.args[0].eval(term)
	case opAnd:
		for i := range e.args {
			if !e.args[i].eval(term) {
				return false
			}
		}
		return true
	default:
		for i := range e.args {
			if e.args[i].eval(term) {
				return true
			}
		}
		return false
	}
}

// terms marks the terms that the condition speaks of.
func (e *expr) terms(used []bool) {
	if e.op == opTerm {
		used[e.term] = true
	}
	for i := range e.args {
		e.args[i].terms(used)
	}
}

// negates reports whether a not stands anywhere in the condition.
func (e *expr) negates() bool {
	if e.op == opNot {
		return true
	}
	for i := range e.args {
		if e.args[i].negates() {
			return true
		}
	}
	return false
}

// maxDepth bounds how deep brackets and nots may nest.
const maxDepth = 200

// parseCondition reads a condition over the given search identifiers. Binding,
// weakest first: or, and, not, "1 of" and "all of", brackets.
func parseCondition(text string, names []string) (expr, error) {
	p := &conditionParser{names: names}
	if strings.Contains(text, "|") {
		return expr{}, fmt.Errorf("condition %q: aggregations after | are of Sigma 1; write a correlation rule", text)
	}
	p.tokens = strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
	if len(p.tokens) == 0 {
		return expr{}, fmt.Errorf("condition is empty")
	}
	e, err := p.or(0)
	if err == nil && p.at < len(p.tokens) {
		err = fmt.Errorf("unexpected %q", p.tokens[p.at])
	}
	if err != nil {
		return expr{}, fmt.Errorf("condition %q: %w", text, err)
	}
	return e, nil
}

type conditionParser struct {
	tokens []string
	at     int
	names  []string
}

// keyword reports whether the next token is the word, in any case, and takes
// it if so.
func (p *conditionParser) keyword(word string) bool {
	if p.at < len(p.tokens) && strings.EqualFold(p.tokens[p.at], word) {
		p.at++
		return true
	}
	return false
}

func (p *conditionParser) or(depth int) (expr, error) {
	return p.chain(opOr, "or", depth, p.and)
}

func (p *conditionParser) and(depth int) (expr, error) {
	return p.chain(opAnd, "and", depth, p.not)
}

func (p *conditionParser) chain(kind op, word string, depth int, next func(int) (expr, error)) (expr, error) {
	first, err := next(depth)
	if err != nil {
		return expr{}, err
	}
	args := []expr{first}
	for p.keyword(word) {
		e, err := next(depth)
		if err != nil {
			return expr{}, err
		}
		args = append(args, e)
	}
	if len(args) == 1 {
		return first, nil
	}
	return expr{op: kind, args: args}, nil
}

func (p *conditionParser) not(depth int) (expr, error) {
	if depth > maxDepth {
		return expr{}, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	if p.keyword("not") {
		e, err := p.not(depth + 1)
		return expr{op: opNot, args: []expr{e}}, err
	}
	return p.primary(depth)
}

func (p *conditionParser) primary(depth int) (expr, error) {
	if p.at == len(p.tokens) {
		return expr{}, fmt.Errorf("ends where a search identifier is expected")
	}
	token := p.tokens[p.at]
	p.at++
	if token == "(" {
		e, err := p.or(depth + 1)
		if err != nil {
			return expr{}, err
		}
		if p.at == len(p.tokens) || p.tokens[p.at] != ")" {
			return expr{}, fmt.Errorf("a bracket is not closed")
		}
		p.at++
		return e, nil
	}
	if p.at < len(p.tokens) && strings.EqualFold(p.tokens[p.at], "of") {
		p.at++
		return p.of(token)
	}
	switch strings.ToLower(token) {
	case ")", "and", "or", "of":
		return expr{}, fmt.Errorf("%q where a search identifier is expected", token)
	}
	for i, name := range p.names {
		if name == token {
			return expr{term: i}, nil
		}
	}
	return expr{}, fmt.Errorf("search identifier %q is not defined", token)
}

// of reads what follows "1 of" or "all of". The specification knows no other
// count, and neither "any" nor a list in brackets.
func (p *conditionParser) of(count string) (expr, error) {
	kind := opOr
	switch {
	case count == "1":
	case strings.EqualFold(count, "all"):
		kind = opAnd
	default:
		return expr{}, fmt.Errorf("%q of: only 1 of and all of are known", count)
	}
	if p.at == len(p.tokens) {
		return expr{}, fmt.Errorf("ends after of")
	}
	target := p.tokens[p.at]
	p.at++
	if target == "(" || target == ")" {
		return expr{}, fmt.Errorf("%s of: expected them or a pattern of search identifiers, not a bracket", count)
	}
	pattern := glob{{kind: pieceAny}}
	if !strings.EqualFold(target, "them") {
		pattern = starGlob(target)
	}
	var args []expr
	for i, name := range p.names {
		// Identifiers that start with _ are left out by convention, unless
		// the pattern asks for them.
		if strings.HasPrefix(name, "_") && !strings.HasPrefix(target, "_") {
			continue
		}
		if pattern.match(name) {
			args = append(args, expr{term: i})
		}
	}
	switch len(args) {
	case 0:
		return expr{}, fmt.Errorf("%s of %s: no search identifier matches", count, target)
	case 1:
		return args[0], nil
	}
	return expr{op: kind, args: args}, nil
}

// starGlob is a pattern in which only * is special.
func starGlob(s string) glob {
	var g glob
	for i, part := range strings.Split(s, "*") {
		if i > 0 && (len(g) == 0 || g[len(g)-1].kind != pieceAny) {
			g = append(g, piece{kind: pieceAny})
		}
		if part != "" {
			g = append(g, piece{pieceText, part})
		}
	}
	return g
}
