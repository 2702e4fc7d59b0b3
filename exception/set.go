package exception

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/schema"
)

// Set is a number of exceptions, checked against the controls that there are.
// It may be used by many goroutines.
type Set struct {
	schema   *schema.Schema
	controls *control.Set
	entries  []*entry
}

// entry is an exception with its compiled expression for each type of resource.
type entry struct {
	*Exception
	types map[string]*control.Predicate // nil predicates: there is no expression
	rules int                           // controls that it names
}

// NewSet checks exceptions and compiles their expressions for every type of
// resource that they can cover. controls are all that there are, not only those
// that judge. It reports every fault of every exception at once.
func NewSet(sch *schema.Schema, controls []*control.Control, list []*Exception) (*Set, error) {
	cs, err := control.NewSet(sch, controls)
	if err != nil {
		return nil, err
	}
	s := &Set{schema: sch, controls: cs}
	seen := map[string]*Exception{}
	var errs []error
	for _, x := range list {
		if err := x.Check(); err != nil {
			errs = append(errs, x.fault(err))
			continue
		}
		if other, ok := seen[x.ID]; ok {
			errs = append(errs, x.fault(fmt.Errorf("the id is already that of %s", where(other.Place))))
			continue
		}
		seen[x.ID] = x
		e, err := s.entry(x)
		if err != nil {
			errs = append(errs, x.fault(err))
			continue
		}
		s.entries = append(s.entries, e)
	}
	return s, errors.Join(errs...)
}

// entry compiles the expression of an exception.
func (s *Set) entry(x *Exception) (*entry, error) {
	e := &entry{Exception: x, types: map[string]*control.Predicate{}}
	for _, t := range x.Types {
		if _, ok := s.schema.Type(t); !ok && !strings.ContainsAny(t, "*?") {
			return nil, fmt.Errorf("types: there is no resource type %s", t)
		}
	}
	for _, c := range s.controls.Controls() {
		if !names(x.Controls, &c.Rule) {
			continue
		}
		e.rules++
		if len(x.Types) > 0 && !one(x.Types, c.Type) {
			continue
		}
		if _, done := e.types[c.Type]; done {
			continue
		}
		e.types[c.Type] = nil
		if x.When == "" {
			continue
		}
		p, err := s.controls.Predicate(x.ID, where(x.Place), c.Type, x.When)
		if err != nil {
			return nil, fmt.Errorf("when, over %s: %w", c.Type, inner(err))
		}
		e.types[c.Type] = p
	}
	if x.When != "" && len(e.types) == 0 {
		// No control tells the type: that it can be read at all is all that can
		// be checked.
		if _, err := s.controls.Predicate(x.ID, where(x.Place), "Haetae::Account", x.When); err != nil && strings.Contains(err.Error(), "Syntax error") {
			return nil, fmt.Errorf("when: %w", inner(err))
		}
	}
	return e, nil
}

// inner is the error without the name that a control's error begins with.
func inner(err error) error {
	var e *haetae.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err
	}
	return err
}

// Exceptions returns the exceptions of the set, in their order.
func (s *Set) Exceptions() []*Exception {
	out := make([]*Exception, len(s.entries))
	for i, e := range s.entries {
		out[i] = e.Exception
	}
	return out
}

// fault says what is wrong with an exception, with its file and line.
func (x *Exception) fault(err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: where(x.Place), Err: fmt.Errorf("exception %q: %w", x.ID, err), Hint: "docs/exceptions.md describes the form of an exception."}
}

func where(p haetae.Place) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// names tells whether one of the patterns names the control, by its id or
// another tool's name for the same check.
func names(patterns []string, rule *haetae.Rule) bool {
	return one(patterns, rule.ID) || slices.ContainsFunc(rule.Aliases.All(), func(a string) bool { return one(patterns, a) })
}

// one tells whether a text that is known matches one of the patterns.
func one(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		yes, _ := control.Glob(p, text)
		return yes
	})
}
