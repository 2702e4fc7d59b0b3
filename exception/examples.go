package exception

import (
	"fmt"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
)

// Fault is something wrong with an exception that its test found.
type Fault struct {
	Place haetae.Place
	Text  string
}

// String is the fault as people read it.
func (f Fault) String() string { return where(f.Place) + ": " + f.Text }

// Test runs the examples of all exceptions and names those that no control has.
// It returns the number of examples.
func (s *Set) Test() (examples int, faults []Fault) {
	for _, e := range s.entries {
		fault := func(line int, format string, args ...any) {
			p := e.Place
			if line > 0 {
				p.Line = line
			}
			faults = append(faults, Fault{p, fmt.Sprintf("exception %q: ", e.ID) + fmt.Sprintf(format, args...)})
		}
		for _, p := range e.Controls {
			if !slices.ContainsFunc(s.controls.Controls(), func(c *control.Control) bool { return names([]string{p}, &c.Rule) }) {
				fault(0, "there is no control %s", p)
			}
		}
		if e.rules > 0 && len(e.types) == 0 {
			fault(0, "no control that it names judges a resource of its types")
		}
		for _, x := range e.Examples {
			examples++
			s.example(e, x, fault)
		}
	}
	return examples, faults
}

// example compares what the exception says of the resources of an example with
// what it must say.
func (s *Set) example(e *entry, x Example, fault func(int, string, ...any)) {
	g := graph.New(s.schema, graph.Assemble(s.schema, graph.Clone(x.World), graph.Options{}))
	m := s.On(g, g.Time())
	judged := 0
	for _, r := range g.Resources() {
		if !s.judges(e, r.Type) {
			continue
		}
		judged++
		if got, why := m.scope(e, r); got != x.Want {
			if why != "" {
				why = ": " + why
			}
			fault(x.Line, "example %q: %s is %s, not %s%s", x.Name, r.ID, got, x.Want, why)
		}
	}
	if judged == 0 {
		fault(x.Line, "example %q: holds no resource that a control of the exception judges", x.Name)
	}
}

// judges tells whether a control that the exception names judges a type.
func (s *Set) judges(e *entry, typ string) bool {
	return slices.ContainsFunc(s.controls.Controls(), func(c *control.Control) bool { return c.Type == typ && names(e.Controls, &c.Rule) })
}
