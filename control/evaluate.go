package control

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/schema"
)

// Set is a number of controls, ready to judge. Controls are compiled when the
// first resource of their type is met. It may be used by many goroutines.
type Set struct {
	schema   *schema.Schema
	provider *provider
	controls []*Control
	byType   map[string][]*program
	// permissions are the actions that iam functions go by.
	permissions func() (*permission.Catalogue, error)
}

// NewSet prepares controls; it does not compile them yet. Their IDs must be
// distinct.
func NewSet(s *schema.Schema, controls []*Control) (*Set, error) {
	p, err := newProvider(s)
	if err != nil {
		return nil, err
	}
	set := &Set{schema: s, provider: p, byType: map[string][]*program{}, permissions: permission.Embedded}
	seen := map[string]*Control{}
	for _, c := range controls {
		if other, ok := seen[c.ID]; ok {
			return nil, c.errorf("the id is already that of %s", other.File)
		}
		seen[c.ID] = c
		if _, ok := s.Type(c.Type); !ok {
			return nil, c.errorf("resource type %q is not in the schema", c.Type)
		}
		prog := &program{Control: c, set: set}
		prog.once = sync.OnceValue(prog.prepare)
		set.byType[c.Type] = append(set.byType[c.Type], prog)
		set.controls = append(set.controls, c)
	}
	return set, nil
}

// Permissions makes iam functions go by another catalogue of actions than the
// built-in one; open is called when a control asks. Call it before the set is
// used.
func (s *Set) Permissions(open func() (*permission.Catalogue, error)) { s.permissions = open }

// Controls returns the controls of the set.
func (s *Set) Controls() []*Control { return s.controls }

// Compile compiles all controls and returns every fault found.
func (s *Set) Compile() []error {
	var errs []error
	for _, progs := range s.byType {
		for _, p := range progs {
			if err := p.once(); err != nil {
				errs = append(errs, err)
			}
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// run is what the evaluations of one call share; it belongs to one goroutine.
type run struct {
	graph *graph.Graph
	now   int64
	self  *haetae.Resource
	trace *trace
	lists map[listing]any

	rulesKey *any // the list that rules were read from
	rules    []reach

	permissions func() (*permission.Catalogue, error)
	asked       *asker     // nil until a control asks for permissions
	travels     *traveller // nil until a control asks about the network
}

// Evaluate judges every resource of the graph by every control of its type.
// Findings come in the order of resources and controls; those that pass or do
// not apply carry no evidence. A control that does not compile ends it with
// its error.
func (s *Set) Evaluate(g *graph.Graph) iter.Seq2[haetae.Finding, error] {
	return func(yield func(haetae.Finding, error) bool) {
		e := s.newEvaluator(g)
		for _, r := range g.Resources() {
			for _, p := range s.byType[r.Type] {
				if err := p.once(); err != nil {
					yield(haetae.Finding{}, err)
					return
				}
				if !yield(e.judge(p, r), nil) {
					return
				}
			}
		}
		for _, f := range s.unlisted(g) {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// unlisted gives one UNKNOWN for each control and place whose resources could
// not be listed, all or some of them.
func (s *Set) unlisted(g *graph.Graph) []haetae.Finding {
	var out []haetae.Finding
	for typ, progs := range s.byType {
		for _, gap := range g.Gaps(typ) {
			u := &haetae.Unknown{Reason: gap.Reason, Detail: gap.Detail, Actions: gap.Actions}
			if u.Detail == "" {
				u.Detail = typ + " could not be listed"
			}
			r := &haetae.Resource{Type: typ, ID: "*", Account: gap.Account, Region: gap.Region, Stack: gap.Stack, Stub: u}
			for _, p := range progs {
				out = append(out, haetae.Finding{
					Rule: &p.Rule, Status: haetae.Undecided, Resource: r, Reason: u.String(),
					Missing: gap.Actions, Unknowns: []*haetae.Unknown{u},
				})
			}
		}
	}
	slices.SortFunc(out, func(a, b haetae.Finding) int {
		return cmp.Or(a.Resource.Compare(b.Resource), strings.Compare(a.Rule.ID, b.Rule.ID))
	})
	return out
}

// evaluator judges resources one after the other, reusing its memory.
type evaluator struct {
	run   run
	vars  []any
	paths []string
	f     frame
}

func (s *Set) newEvaluator(g *graph.Graph) *evaluator {
	return &evaluator{run: run{graph: g, now: g.Time(), lists: map[listing]any{}, permissions: s.permissions}}
}

func (e *evaluator) frame(p *program, r *haetae.Resource, t *trace) *frame {
	if len(e.vars) < p.slots {
		e.vars = make([]any, p.slots)
		e.paths = make([]string, p.slots)
	}
	e.run.self, e.run.trace = r, t
	e.vars[0], e.paths[0] = r, ""
	e.f = frame{run: &e.run, vars: e.vars, paths: e.paths}
	return &e.f
}

// verdict evaluates when and assert.
func (e *evaluator) verdict(p *program, r *haetae.Resource, t *trace) (when, assert any) {
	f := e.frame(p, r, t)
	for _, l := range p.lets {
		f.vars[l.at] = l.eval(f)
		if t != nil && l.path != nil {
			f.paths[l.at] = l.path(f)
		}
	}
	when = true
	if p.when.eval != nil {
		if when = p.when.eval(f); when == false {
			return when, nil
		}
	}
	return when, p.assert.eval(f)
}

func (e *evaluator) judge(p *program, r *haetae.Resource) haetae.Finding {
	out := haetae.Finding{Rule: &p.Rule, Resource: r}
	when, assert := e.verdict(p, r, nil)
	switch {
	case when == false:
		out.Status, out.Reason = haetae.NotApplicable, "the control does not apply to it"
		return out
	case when == true && assert == true:
		out.Status = haetae.Pass
		return out
	case when == true && assert == false:
		out.Status = haetae.Fail
	default:
		out.Status = haetae.Undecided
	}
	t := &trace{}
	e.verdict(p, r, t)
	out.Evidence = t.evidence(r)
	for range e.run.graph.In(r) {
		out.Blast++
	}
	if out.Status == haetae.Fail {
		out.Evidence = e.narrow(p, r, out.Evidence)
		out.Reason = because(out.Evidence)
		out.Suppressed = Suppressed(&p.Rule, r, out.Evidence)
		return out
	}
	us := causes(merge(asUnknown(when), asUnknown(assert)))
	if r.Stub != nil && r.Declared() && !slices.ContainsFunc(us, func(u *haetae.Unknown) bool { return u != r.Stub }) {
		// Only a child of it is here: whoever declares it will be told.
		return haetae.Finding{Rule: &p.Rule, Resource: r, Status: haetae.NotApplicable, Reason: r.Stub.Detail}
	}
	if slices.ContainsFunc(us, func(u *haetae.Unknown) bool { return u.Reason == haetae.LiveOnly }) {
		return haetae.Finding{Rule: &p.Rule, Resource: r, Status: haetae.NotApplicable, Reason: liveOnly}
	}
	out.Unknowns = us
	out.Suppressed = Suppressed(&p.Rule, r, out.Evidence)
	out.Reason = us.String()
	out.Missing = us.actions()
	return out
}

// Suppressed returns the exception that the template itself makes for a rule,
// under its own id or another tool's, or nil. One that a folded child makes
// covers only what rests on that child.
func Suppressed(rule *haetae.Rule, r *haetae.Resource, evidence []haetae.Evidence) *haetae.Exception {
	for _, s := range r.Origin.Suppressions {
		if s.ID != rule.ID && !slices.Contains(rule.Aliases.All(), s.ID) {
			continue
		}
		elsewhere := func(e haetae.Evidence) bool { return e.Place.Child != s.Place.Child }
		if s.Place.Child != "" && r.Stub == nil && slices.ContainsFunc(evidence, elsewhere) {
			continue
		}
		return &haetae.Exception{By: s.Tool, Reason: s.Reason, Place: s.Place}
	}
	return nil
}

// because says in one sentence which facts decided.
func because(evidence []haetae.Evidence) string {
	var parts []string
	for _, e := range evidence {
		s := e.Path + " is " + Show(e.Value)
		if e.From == "default" && e.Value != nil {
			s += " (AWS default)"
		}
		parts = append(parts, s)
		if len(parts) == 4 && len(evidence) > 4 {
			parts = append(parts, fmt.Sprintf("and %d more facts", len(evidence)-4))
			break
		}
	}
	return strings.Join(parts, "; ")
}

// String joins the causes, each once.
func (us unknowns) String() string {
	var parts []string
	for _, u := range us {
		if s := u.String(); !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}

func (us unknowns) actions() []string {
	var out []string
	for _, u := range us {
		out = append(out, u.Actions...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
