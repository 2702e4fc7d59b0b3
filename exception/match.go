package exception

import (
	"fmt"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
)

// Matcher matches the exceptions of a set against the resources of a graph, as
// of a time, and counts. It belongs to one goroutine.
type Matcher struct {
	set   *Set
	now   int64
	graph *graph.Graph
	judge *control.Judge
	rules map[string][]*entry // by control
	units map[string]unitPath // by account
	usage map[*entry]*Usage

	organization *organization // nil until an exception asks for a unit
}

// Usage says what one exception did.
type Usage struct {
	Exception *Exception
	Controls  int  // controls that it names, of all that there are
	Asked     bool // one of them judged: see Matcher.Asked
	Covers    int  // findings in its scope, also when another exception spoke first
	Undecided int  // findings of which it is not known whether they are in its scope
	Why       string
}

// On returns a matcher over the resources of a graph. now is the instant, Unix
// seconds, at which exceptions count or have ended.
func (s *Set) On(g *graph.Graph, now int64) *Matcher {
	m := &Matcher{set: s, now: now, graph: g, judge: s.controls.Judge(g), rules: map[string][]*entry{}, units: map[string]unitPath{}, usage: map[*entry]*Usage{}}
	for _, e := range s.entries {
		m.usage[e] = &Usage{Exception: e.Exception, Controls: e.rules}
	}
	return m
}

// Ended tells whether the exception has ended at an instant, Unix seconds.
func (x *Exception) Ended(now int64) bool { return x.Until <= now }

// Cover returns the exceptions that cover what a rule says of a resource, the
// one that lasts longest first, and counts them. Those that have ended, and
// those of which it is not known whether they cover it, do not.
func (m *Matcher) Cover(rule *haetae.Rule, r *haetae.Resource) []*Exception {
	var out []*Exception
	for _, e := range m.about(rule) {
		u := m.usage[e]
		if e.Ended(m.now) {
			continue
		}
		switch scope, why := m.scope(e, r); scope {
		case Undecided:
			u.Undecided++
			if u.Why == "" {
				u.Why = why
			}
		case Inside:
			u.Covers++
			if len(out) > 0 && e.Until > out[0].Until {
				out = append([]*Exception{e.Exception}, out...)
			} else {
				out = append(out, e.Exception)
			}
		}
	}
	return out
}

// Apply sets the exception of every finding that fails or is undecided and that
// one covers. Where none does, what the template's own mark says stays.
func (m *Matcher) Apply(findings []haetae.Finding) {
	for i := range findings {
		f := &findings[i]
		if !f.Status.Open() {
			continue
		}
		if xs := m.Cover(f.Rule, f.Resource); len(xs) > 0 {
			f.Suppressed = xs[0].Accepts()
		}
	}
}

// Asked notes that a control judged, whether or not there was something to judge.
func (m *Matcher) Asked(rule *haetae.Rule) {
	for _, e := range m.about(rule) {
		m.usage[e].Asked = true
	}
}

// Usage returns what each exception did so far, in their order.
func (m *Matcher) Usage() []Usage {
	out := make([]Usage, len(m.set.entries))
	for i, e := range m.set.entries {
		out[i] = *m.usage[e]
	}
	return out
}

// about are the exceptions that name a rule.
func (m *Matcher) about(rule *haetae.Rule) []*entry {
	list, ok := m.rules[rule.ID]
	if !ok {
		for _, e := range m.set.entries {
			if names(e.Controls, rule) {
				list = append(list, e)
			}
		}
		m.rules[rule.ID] = list
	}
	return list
}

// scope tells whether a resource is in the scope of an exception, but for the
// controls. What is decidedly outside by one part is outside, whatever is not
// known of the others.
func (m *Matcher) scope(e *entry, r *haetae.Resource) (Scope, string) {
	result, why := Inside, ""
	for _, part := range parts() {
		s, w := part(m, e, r)
		if s == Outside {
			return Outside, ""
		}
		if s == Undecided && result == Inside {
			result, why = s, w
		}
	}
	return result, why
}

// parts of a scope, cheap ones first.
func parts() []func(*Matcher, *entry, *haetae.Resource) (Scope, string) {
	return []func(*Matcher, *entry, *haetae.Resource) (Scope, string){
		func(_ *Matcher, e *entry, r *haetae.Resource) (Scope, string) { return among(e.Types, r.Type) },
		func(_ *Matcher, e *entry, r *haetae.Resource) (Scope, string) {
			return among(e.Accounts, orUnknown(r, r.Account, "", "the account is not known before it is deployed"))
		},
		func(_ *Matcher, e *entry, r *haetae.Resource) (Scope, string) {
			return among(e.Regions, orUnknown(r, r.Region, "global", "the region is not known before it is deployed"))
		},
		func(_ *Matcher, e *entry, r *haetae.Resource) (Scope, string) { return among(e.IDs, idOf(r)) },
		func(_ *Matcher, e *entry, r *haetae.Resource) (Scope, string) { return among(e.ARNs, arnOf(r)) },
		(*Matcher).inUnit,
		func(_ *Matcher, e *entry, r *haetae.Resource) (Scope, string) { return tagged(e.Tags, r) },
		(*Matcher).when,
	}
}

// among tells whether a text, or an unknown, matches one of the patterns.
func among(patterns []string, text any) (Scope, string) {
	if len(patterns) == 0 {
		return Inside, ""
	}
	result, why := Outside, ""
	for _, p := range patterns {
		yes, w := control.Glob(p, text)
		switch {
		case yes:
			return Inside, ""
		case w != "":
			result, why = Undecided, w
		}
	}
	return result, why
}

func orUnknown(r *haetae.Resource, text, none, why string) any {
	switch {
	case text != "":
		return text
	case r.Declared():
		return &haetae.Unknown{Reason: haetae.Unresolved, Detail: why, Set: true, Plain: true}
	}
	return none
}

// unlisted tells whether the resource stands for those that nobody could list.
func unlisted(r *haetae.Resource) bool { return r.ID == "*" && r.Stub != nil }

func idOf(r *haetae.Resource) any {
	if unlisted(r) {
		return r.Stub
	}
	return r.ID
}

func arnOf(r *haetae.Resource) any {
	switch {
	case r.ARN != "":
		return r.ARN
	case unlisted(r):
		return r.Stub
	case r.Declared():
		return &haetae.Unknown{Reason: haetae.Unresolved, Detail: "the ARN is not known before it is deployed", Set: true, Plain: true, Parts: []string{"arn:", ""}}
	}
	return "" // the type has none
}

// tagged tells whether a resource has all the tags.
func tagged(tags []Tag, r *haetae.Resource) (Scope, string) {
	result, why := Inside, ""
	for _, t := range tags {
		s, w := tagOf(t, r)
		if s == Outside {
			return Outside, ""
		}
		if s == Undecided && result == Inside {
			result, why = s, w
		}
	}
	return result, why
}

func tagOf(t Tag, r *haetae.Resource) (Scope, string) {
	v, ok := r.Tags[t.Key]
	switch {
	case ok:
		return among([]string{t.Value}, v)
	case r.TagsUnknown != nil:
		return Undecided, fmt.Sprintf("the tag %s: %s", t.Key, r.TagsUnknown)
	case r.Stub != nil:
		return Undecided, fmt.Sprintf("the tag %s: %s", t.Key, r.Stub)
	}
	return Outside, ""
}

// when evaluates the expression.
func (m *Matcher) when(e *entry, r *haetae.Resource) (Scope, string) {
	if e.When == "" {
		return Inside, ""
	}
	p := e.types[r.Type]
	switch {
	case p == nil:
		return Undecided, "there is no control that judges " + r.Type
	case unlisted(r):
		return Undecided, r.Stub.String()
	}
	yes, why := m.judge.Holds(p, r)
	switch {
	case yes:
		return Inside, ""
	case why != "":
		return Undecided, why
	}
	return Outside, ""
}

// MayBeIn tells whether one of the accounts can be in the scope, as far as it
// names accounts. Without accounts, as in a template, nothing is ruled out.
func (x *Exception) MayBeIn(accounts []string) bool {
	return len(x.Accounts) == 0 || len(accounts) == 0 || slices.ContainsFunc(accounts, func(a string) bool { return one(x.Accounts, a) })
}
