package control

import (
	"fmt"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
)

// Fault is something wrong with a control that its test found.
type Fault struct {
	Control, File string
	Line          int
	Text          string
}

// String is the fault as people read it.
func (f Fault) String() string {
	if f.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
	}
	return f.File + ": " + f.Text
}

// Tested counts what a test of controls did.
type Tested struct {
	Controls, Examples, Mutants, Waived int
	Faults                              []Fault
}

// Test compiles every control, runs its examples, and makes each mistake that
// could have been made in its expressions: one that no example notices is a
// fault, unless it is waived with a reason.
func (s *Set) Test() Tested {
	var t Tested
	for _, c := range s.controls {
		t.Controls++
		for _, p := range s.byType[c.Type] {
			if p.Control == c {
				t.control(p)
			}
		}
	}
	return t
}

// expectation is an example with the verdict it must have.
type expectation struct {
	Example
	status haetae.Status
	graph  *graph.Graph
}

func (t *Tested) control(p *program) {
	fault := func(line int, format string, args ...any) {
		t.Faults = append(t.Faults, Fault{p.ID, p.File, line, fmt.Sprintf(format, args...)})
	}
	if err := p.once(); err != nil {
		fault(0, "%v", err)
		return
	}
	if len(p.Examples.Pass) == 0 || len(p.Examples.Fail) == 0 || len(p.Examples.Unknown) == 0 {
		fault(0, "needs examples that pass, fail and stay unknown")
	}
	examples := p.expectations()
	sound := true
	for _, x := range examples {
		t.Examples++
		judged := 0
		for _, f := range p.judgeAll(x.graph) {
			judged++
			if f.Status != x.status {
				sound = false
				fault(x.Line, "example %q: %s is %s, not %s: %s", x.Name, f.Resource.ID, f.Status, x.status, f.Reason)
			}
		}
		if judged == 0 {
			sound = false
			fault(x.Line, "example %q: holds no %s", x.Name, p.Type)
		}
	}
	if sound {
		t.mutants(p, examples, fault)
	}
}

func (p *program) expectations() []expectation {
	var out []expectation
	for _, kind := range []struct {
		list   []Example
		status haetae.Status
	}{
		{p.Examples.Pass, haetae.Pass}, {p.Examples.Fail, haetae.Fail},
		{p.Examples.Unknown, haetae.Undecided}, {p.Examples.NotApplicable, haetae.NotApplicable},
	} {
		for _, x := range kind.list {
			out = append(out, expectation{x, kind.status, p.set.graphOf(x.World)})
		}
	}
	return out
}

// graphOf assembles an example, which may be used again.
func (s *Set) graphOf(world *haetae.Snapshot) *graph.Graph {
	return graph.New(s.schema, graph.Assemble(s.schema, graph.Clone(world), graph.Options{}))
}

// judgeAll judges all resources of the control's type, and what was not listed.
func (p *program) judgeAll(g *graph.Graph) []haetae.Finding {
	e := p.set.newEvaluator(g)
	var out []haetae.Finding
	for _, r := range g.Resources() {
		if r.Type == p.Type {
			out = append(out, e.judge(p, r))
		}
	}
	for _, f := range p.set.unlisted(g) {
		if f.Rule == &p.Rule {
			out = append(out, f)
		}
	}
	return out
}

func (t *Tested) mutants(p *program, examples []expectation, fault func(int, string, ...any)) {
	waived := map[string]bool{}
	for _, m := range p.mutations() {
		t.Mutants++
		b, err := p.build(&m)
		if err != nil {
			continue // a mutant that does not compile is noticed
		}
		mutant := &program{Control: p.Control, set: p.set, built: b}
		if killed(mutant, examples) {
			continue
		}
		i := slices.IndexFunc(p.Waived, func(w Waiver) bool { return w.Mutant == m.text })
		if i >= 0 && p.Waived[i].Reason != "" {
			waived[m.text] = true
			t.Waived++
			continue
		}
		fault(0, "no example notices the mutant %q: add one that does, or waive it with a reason", m.text)
	}
	for _, w := range p.Waived {
		if !waived[w.Mutant] {
			fault(0, "waives the mutant %q, which examples notice or which is none", w.Mutant)
		}
	}
}

func killed(p *program, examples []expectation) bool {
	for _, x := range examples {
		for _, f := range p.judgeAll(x.graph) {
			if f.Status != x.status {
				return true
			}
		}
	}
	return false
}
