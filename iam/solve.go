package iam

import (
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// maxTrials bounds the search for a value of the unknown that lets a request
// through. A question that needs more is answered DependsOn, with a note.
const maxTrials = 20_000

// resolve turns what the layers say into the answer.
func (o *outcome) resolve(s *scope) *Decision {
	d := &Decision{}
	var t *trial
	d.Verdict, t = o.search(s)
	o.explain(d, t)
	if d.Verdict == DependsOn {
		d.Depends = o.depends(s, t)
	}
	return d
}

// search looks for the outcomes that there are over the values of the unknown.
func (o *outcome) search(s *scope) (Verdict, *trial) {
	t := &trial{budget: maxTrials}
	t.walk(s, o.allow, o.deny)
	v := t.verdict()
	if v == DependsOn && o.allow.False() {
		v = ImplicitlyDenied // some outcome may be, and none allows
	}
	return v, t
}

// trial is a search over the values of the unknown, with the outcomes that it
// met.
type trial struct {
	budget   int
	implicit bool
	explicit bool
	allowed  *scope // under which the request is allowed
	partial  bool   // there are values that were not tried
}

// verdict answers for all values of the unknown.
func (t *trial) verdict() Verdict {
	switch {
	case t.partial, t.done():
		return DependsOn
	case t.allowed != nil:
		return Allowed
	case t.explicit && !t.implicit:
		return ExplicitlyDenied
	}
	return ImplicitlyDenied
}

// done tells whether more outcomes can change nothing.
func (t *trial) done() bool {
	return t.allowed != nil && (t.implicit || t.explicit)
}

func (t *trial) walk(s *scope, allow, deny Expr) {
	// Of a pattern of resources, what decides is whether an Allow reaches one.
	pattern := s.pattern()
	switch {
	case t.done():
		return
	case allow.False() && (pattern || deny.False() || t.implicit):
		t.implicit = true
		return
	case deny.True() && (!pattern || allow.True()):
		t.explicit = true
		return
	case allow.True() && deny.False():
		t.found(s)
		return
	}
	if t.budget--; t.budget < 0 {
		t.partial = true
		return
	}
	name := pick(s, allow, deny)
	if name == varResource || name == "" {
		t.some(s, allow, deny)
		return
	}
	list, whole := s.candidates(name, allow, deny)
	t.partial = t.partial || !whole
	for _, b := range list {
		next := s.with(name, b)
		t.walk(next, allow.under(next), deny.under(next))
	}
}

// found keeps the first values under which the request is allowed.
func (t *trial) found(s *scope) {
	if t.allowed == nil {
		t.allowed = s
	}
}

// some meets the outcome for a pattern of resources, when all else is known:
// allowed when some resource is, explicitly denied when a Deny hits all that an
// Allow reaches.
func (t *trial) some(s *scope, allow, deny Expr) {
	list, whole := s.candidates(varResource, allow, deny)
	reached := false
	for _, b := range list {
		next := s.with(varResource, b)
		if !allow.under(next).True() {
			continue
		}
		if !deny.under(next).True() {
			t.found(next)
			return
		}
		reached = true
	}
	t.partial = t.partial || !whole
	if reached {
		t.explicit = true
	} else {
		t.implicit = true
	}
}

// pick chooses the next variable: a condition key that another test has for a
// variable, another key, a name, and last the resource, whose tests hang on all
// the others.
func pick(s *scope, exprs ...Expr) string {
	var key, other, resource string
	for _, e := range exprs {
		variable := ""
		e.atoms(func(a *atom) {
			for _, v := range a.vars {
				switch {
				case s.assigned(v):
				case v == varResource:
					resource = v
				case strings.HasPrefix(v, "@"):
					other = firstOf(other, v)
				case a.cond == nil || v != a.cond.Lower:
					variable = firstOf(variable, v)
				default:
					key = firstOf(key, v)
				}
			}
		})
		if name := firstOf(variable, key); name != "" {
			return name
		}
	}
	return firstOf(other, resource)
}

// explain fills in the layers and the statements that decided.
func (o *outcome) explain(d *Decision, t *trial) {
	add := func(l Layer) {
		if !slices.Contains(d.Layers, l) {
			d.Layers = append(d.Layers, l)
		}
	}
	use := func(effect policy.Effect, which func(Expr) bool, layers ...Layer) {
		for _, u := range o.used {
			if u.Statement.Effect == effect && which(u.holds) && (layers == nil || slices.Contains(layers, u.Layer)) && !slices.Contains(d.Statements, u.Used) {
				d.Statements = append(d.Statements, u.Used)
			}
		}
	}
	notFalse := func(e Expr) bool { return !e.False() }
	switch d.Verdict {
	case ExplicitlyDenied:
		which := Expr.True
		if !slices.ContainsFunc(o.used, func(u usedExpr) bool { return u.Statement.Effect == policy.Deny && u.holds.True() }) {
			which = notFalse
		}
		use(policy.Deny, which)
		for _, u := range d.Statements {
			add(u.Layer)
		}
	case Allowed:
		// Of a pattern of resources, one that is allowed is told of.
		holds := notFalse
		if t.allowed != nil && t.allowed.any {
			holds = func(e Expr) bool { return e.under(t.allowed).True() }
		}
		for i := range o.parts {
			for _, l := range o.parts[i].granting(holds) {
				add(l)
			}
		}
		use(policy.Allow, holds, d.Layers...)
	case ImplicitlyDenied:
		for _, closed := range []func(Expr) bool{Expr.False, func(e Expr) bool { return !e.True() }} {
			for i := range o.parts {
				for _, l := range o.parts[i].closed(closed) {
					add(l)
				}
			}
			if d.Layers != nil {
				break // what is closed whatever the unknown is decides
			}
		}
	case DependsOn:
		for _, u := range o.used {
			if u.holds.Open() {
				add(u.Layer)
			}
		}
		use(policy.Allow, Expr.Open)
		use(policy.Deny, Expr.Open)
	}
}

// granting are the layers that let the request through to one resource: those
// that do whatever the unknown is, where there are any.
func (p *doors) granting(holds func(Expr) bool) []Layer {
	var out []Layer
	for _, group := range p.grants {
		which := holds
		if slices.ContainsFunc(group, func(g gate) bool { return g.open.True() }) {
			which = Expr.True
		}
		for _, g := range group {
			if which(g.open) {
				out = append(out, g.layer)
			}
		}
	}
	return out
}

// closed are the layers that stop the request to one resource.
func (p *doors) closed(closed func(Expr) bool) []Layer {
	var out []Layer
	for _, g := range p.gates {
		if closed(g.open) {
			out = append(out, g.layer)
		}
	}
	for _, group := range p.grants {
		if slices.ContainsFunc(group, func(g gate) bool { return !closed(g.open) }) {
			continue
		}
		for _, g := range group {
			out = append(out, g.layer)
		}
	}
	return out
}

// depends says what an open answer hangs on.
func (o *outcome) depends(s *scope, t *trial) *Dependence {
	d := &Dependence{Request: and(o.allow, not(o.deny))}
	if t.allowed != nil && t.allowed.assigned(varResource) {
		// The resource was chosen: what is left is about the request.
		d.Request = d.Request.under(s.with(varResource, t.allowed.given[varResource]))
	}
	d.Request.atoms(func(a *atom) {
		for _, v := range a.vars {
			name := v
			if what, ok := strings.CutPrefix(v, varMissing); ok {
				name = what
			} else if !fact(v) {
				continue
			} else if a.cond != nil && v == a.cond.Lower {
				name = a.cond.Key
			}
			if slices.Contains(d.Missing, name) {
				continue
			}
			d.Missing = append(d.Missing, name)
			why := a.unread
			if why == nil {
				why = &haetae.Unknown{Reason: haetae.NotAsked, Detail: name + " is not known"}
			}
			if !slices.Contains(d.Unread, why) {
				d.Unread = append(d.Unread, why)
			}
		}
	})
	// A document that was not read may hold an Allow and a Deny: that is one fact
	// to go and find.
	d.Missing = slices.DeleteFunc(d.Missing, func(m string) bool {
		rest, ok := strings.CutPrefix(m, "a Deny in ")
		return ok && slices.Contains(d.Missing, "statements of "+rest)
	})
	if t.partial && !t.done() {
		d.Missing = append(d.Missing, "not all values of the unknown were tried: there are too many")
		d.Unread = append(d.Unread, &haetae.Unknown{Reason: haetae.Unresolved, Detail: "not all values of the unknown were tried"})
	}
	if t.allowed != nil {
		o.example(s, o.smallest(s, t.allowed), d)
	}
	return d
}

// smallest takes from an allowed request what it is allowed without: keys that
// need not be there, facts that need not be so.
func (o *outcome) smallest(s *scope, allowed *scope) *scope {
	best := allowed
	for _, name := range slices.Sorted(maps.Keys(allowed.given)) {
		without := binding{absent: true}
		switch b := allowed.given[name]; {
		case strings.HasPrefix(name, varMissing):
			if !b.holds {
				continue
			}
			without = binding{}
		case strings.HasPrefix(name, "@"):
			continue
		default:
			derived, ok := s.derived(name)
			if _, st := s.key(name); !ok && (st != allUnknown || b.absent) {
				continue
			}
			if ok {
				without = binding{values: derived}
			}
		}
		if next := best.with(name, without); o.allow.under(next).True() && o.deny.under(next).False() {
			best = next
		}
	}
	return best
}

// example writes an allowed request down.
func (o *outcome) example(s, allowed *scope, d *Dependence) {
	r := s.q.Request
	r.Context = map[string]Values{}
	for k, v := range s.q.Request.Context {
		if !allowed.assigned(strings.ToLower(k)) {
			r.Context[k] = v
		}
	}
	for name, b := range allowed.given {
		switch {
		case name == varResource:
			r.Resources, r.Any = []string{b.text}, false
		case name == SessionName:
			r.Principal.ARN = sessionARN(&s.who, b.text)
		case strings.HasPrefix(name, varMissing):
			if b.holds {
				d.Assumed = append(d.Assumed, strings.TrimPrefix(name, varMissing))
			}
		case !b.absent:
			r.Context[spelling(d.Request, name)] = b.values
		}
	}
	// Keys that are there whatever their value is must be in the example.
	for _, c := range s.q.conditions() {
		if _, st := s.key(c.Lower); st == valueUnknown && !allowed.assigned(c.Lower) {
			list, _ := s.elements(c.Lower, []*atom{{vars: []string{c.Lower}, cond: c}}, nil)
			v := One(list[0])
			if s.multi(c.Lower) {
				v = Many(list[0])
			}
			r.Context[c.Key] = v
			allowed = allowed.with(c.Lower, binding{values: v})
		}
	}
	slices.Sort(d.Assumed)
	d.Example = &r
}

// spelling is a key as a policy writes it.
func spelling(e Expr, lower string) string {
	out := lower
	e.atoms(func(a *atom) {
		if a.cond != nil && a.cond.Lower == lower {
			out = a.cond.Key
		}
	})
	return out
}

func sessionARN(w *who, name string) string {
	partition := "aws"
	if parts := strings.SplitN(w.arn, ":", 3); len(parts) == 3 {
		partition = parts[1]
	}
	return "arn:" + partition + ":sts::" + w.account + ":assumed-role/" + w.name + "/" + name
}

// fact tells whether a key is a fact about the principal, the resource or the
// organization, which a caller cannot choose, rather than part of the request.
func fact(lower string) bool {
	for _, prefix := range []string{"aws:principal", "aws:resource", "aws:userid", "aws:username", "ec2:resourcetag/", "iam:resourcetag/", "s3:existingobjecttag/", "ssm:resourcetag/", "rds:db-tag/", "secretsmanager:resourcetag/"} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	return false
}
