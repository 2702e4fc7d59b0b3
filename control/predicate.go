package control

import (
	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
)

// Predicate is a boolean expression over the resources of one type, in the
// language of controls, with three values as theirs. It may be used by many
// goroutines.
type Predicate struct{ program *program }

// Predicate compiles an expression over the resources of a type; r is the
// resource. name and place are for messages.
func (s *Set) Predicate(name, place, typ, expr string) (*Predicate, error) {
	c := &Control{Rule: haetae.Rule{ID: name, Type: typ}, File: place, Assert: expr}
	p := &program{Control: c, set: s}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	return &Predicate{p}, nil
}

// Judge evaluates predicates over one graph. It belongs to one goroutine.
type Judge struct{ e *evaluator }

// Judge returns a judge over the graph, for predicates of this set.
func (s *Set) Judge(g *graph.Graph) *Judge { return &Judge{s.newEvaluator(g)} }

// Holds tells whether the predicate is true of the resource. Where that cannot
// be decided it is false and why says what is missing.
func (j *Judge) Holds(p *Predicate, r *haetae.Resource) (holds bool, why string) {
	_, v := j.e.verdict(p.program, r, nil)
	if b, ok := v.(bool); ok {
		return b, ""
	}
	return false, causes(asUnknown(v)).String()
}

// Glob tells whether a text matches a pattern with AWS's wildcards * and ?. The
// text is a string or an unknown, of which a part may be known; where that does
// not decide it is false and why says what is missing.
func Glob(pattern string, text any) (matches bool, why string) {
	v := matchWild(pattern, text)
	if b, ok := v.(bool); ok {
		return b, ""
	}
	return false, causes(asUnknown(v)).String()
}
