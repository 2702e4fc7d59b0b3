package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// maxTrials bounds the search for a value of the unknown that lets a request
// through. A question that needs more is answered DependsOn, with a note.
const maxTrials = 50_000

// resolve turns what the layers say into the answer.
func (o *outcome) resolve(s *scope) *Decision {
	d := &Decision{}
	t := &trial{budget: maxTrials}
	if s.q.Request.Any {
		d.Verdict = t.some(s, o)
	} else {
		d.Verdict = t.each(s, o.allow, o.deny)
	}
	o.explain(d)
	if d.Verdict == DependsOn {
		d.Depends = o.depends(s, t)
	}
	return d
}

// trial is a search over the values of the unknown.
type trial struct {
	budget  int
	cut     bool
	allowed *scope // under which the request is allowed
}

// each answers for all values of the unknown.
func (t *trial) each(s *scope, allow, deny Expr) Verdict {
	var seen seen
	t.walk(s, allow, deny, &seen)
	switch {
	case seen.cut:
		t.cut = true
		return DependsOn
	case seen.allowed && !seen.implicit && !seen.explicit:
		return Allowed
	case seen.allowed:
		return DependsOn
	case seen.explicit && !seen.implicit:
		return ExplicitlyDenied
	}
	return ImplicitlyDenied
}

// seen are the outcomes that were met.
type seen struct{ allowed, implicit, explicit, cut bool }

// done tells whether more outcomes can change nothing.
func (n *seen) done() bool {
	return n.cut || n.allowed && (n.implicit || n.explicit)
}

func (t *trial) walk(s *scope, allow, deny Expr, seen *seen) {
	if seen.done() {
		return
	}
	switch {
	case deny.True():
		seen.explicit = true
		return
	case allow.False() && (deny.False() || seen.implicit):
		seen.implicit = true
		return
	case allow.True() && deny.False():
		if !seen.allowed {
			t.allowed = s
		}
		seen.allowed = true
		return
	}
	if t.budget--; t.budget < 0 {
		seen.cut = true
		return
	}
	name := pick(s, allow, deny)
	for _, b := range s.candidates(name, allow, deny) {
		next := s.with(name, b)
		t.walk(next, allow.under(next), deny.under(next), seen)
	}
}

// pick chooses the next variable: the first that the allow hangs on, a condition
// key before a name, since names are tested against values of keys.
func pick(s *scope, exprs ...Expr) string {
	var key, other string
	for _, e := range exprs {
		e.atoms(func(a *atom) {
			for _, v := range a.vars {
				switch {
				case s.assigned(v):
				case !strings.HasPrefix(v, "@") && key == "":
					key = v
				case strings.HasPrefix(v, "@") && other == "":
					other = v
				}
			}
		})
		if key != "" {
			return key
		}
	}
	return other
}

// some answers whether a resource of the pattern is allowed: allowed when one is
// whatever the unknown, explicitly denied when a Deny hits all that an Allow
// reaches.
func (t *trial) some(s *scope, o *outcome) Verdict {
	best := ImplicitlyDenied
	reached, explicit := 0, 0
	for _, b := range s.candidates(varResource, o.allow, o.deny) {
		next := s.with(varResource, b)
		allow, deny := o.allow.under(next), o.deny.under(next)
		if allow.False() {
			continue
		}
		sub := &trial{budget: maxTrials}
		v := sub.each(next, allow, deny)
		if v == ImplicitlyDenied && sub.allowed == nil && sub.never(next, allow) {
			continue // no Allow reaches it
		}
		reached++
		switch v {
		case Allowed:
			t.allowed = sub.allowed
			return Allowed
		case DependsOn:
			if best != DependsOn {
				best, t.allowed, t.cut = DependsOn, sub.allowed, sub.cut
			}
		case ExplicitlyDenied:
			explicit++
		}
	}
	if best == ImplicitlyDenied && reached > 0 && reached == explicit {
		return ExplicitlyDenied
	}
	return best
}

// never tells whether the allow holds under no value of the unknown.
func (t *trial) never(s *scope, allow Expr) bool {
	u := &trial{budget: maxTrials}
	return u.each(s, allow, no()) == ImplicitlyDenied
}

// explain fills in the layers and the statements that decided.
func (o *outcome) explain(d *Decision) {
	add := func(l Layer) {
		if !slices.Contains(d.Layers, l) {
			d.Layers = append(d.Layers, l)
		}
	}
	use := func(effect policy.Effect, which func(Expr) bool, layers ...Layer) {
		for _, u := range o.used {
			if u.Statement.Effect == effect && which(u.holds) && (layers == nil || slices.Contains(layers, u.Layer)) {
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
		for _, g := range o.grants {
			if g.open.True() {
				add(g.layer)
			}
		}
		for _, g := range o.gates {
			// Across accounts every side is a gate that grants.
			if (g.layer == LayerIdentity || g.layer == LayerResource || g.layer == LayerRoot || g.layer == LayerAccessPoint) && len(o.grants) == 0 && g.open.True() {
				add(g.layer)
			}
		}
		if d.Layers == nil {
			// Statements that allow only together, each under a condition.
			for _, g := range slices.Concat(o.grants, o.gates) {
				if (g.layer == LayerIdentity || g.layer == LayerResource) && !g.open.False() {
					add(g.layer)
				}
			}
		}
		use(policy.Allow, notFalse, d.Layers...)
	case ImplicitlyDenied:
		for _, g := range o.gates {
			if !g.open.True() {
				add(g.layer)
			}
		}
		if !slices.ContainsFunc(o.grants, func(g gate) bool { return g.open.True() }) {
			for _, g := range o.grants {
				add(g.layer)
			}
		}
	case DependsOn:
		open := func(e Expr) bool { return e.Open() }
		for _, u := range o.used {
			if u.holds.Open() {
				add(u.Layer)
			}
		}
		use(policy.Allow, open)
		use(policy.Deny, open)
	}
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
	if t.cut {
		d.Missing = append(d.Missing, "the search for a request was cut short: too many values to try")
		d.Unread = append(d.Unread, &haetae.Unknown{Reason: haetae.Unresolved, Detail: "the search for a request was cut short"})
	}
	if t.allowed == nil {
		return d
	}
	r := s.q.Request
	r.Context = map[string]Values{}
	for k, v := range s.q.Request.Context {
		if !t.allowed.assigned(strings.ToLower(k)) {
			r.Context[k] = v
		}
	}
	for name, b := range t.allowed.given {
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
	slices.Sort(d.Assumed)
	d.Example = &r
	return d
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
