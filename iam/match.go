package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// missing is a fact that nobody gave: it may be so or not. u says why, nil when
// there is no more to say.
func (s *scope) missing(what string, u *haetae.Unknown) Expr {
	name := varMissing + what
	if b, ok := s.given[name]; ok {
		return is(b.holds)
	}
	return Expr{op: isAtom, atom: &atom{
		of: s, vars: []string{name},
		again:  func(t *scope) Expr { return t.missing(what, u) },
		what:   what,
		unread: u,
	}}
}

func where(st *policy.Statement) string {
	return st.Document.Name + ", " + st.Named()
}

// matches tells whether a statement speaks of the action and the resource under
// its conditions. Who asks is not looked at.
func (s *scope) matches(st *policy.Statement) Expr {
	if st.Unknown != nil {
		return s.missing(where(st)+": "+st.Unknown.String(), st.Unknown)
	}
	out := s.onAction(st)
	if out.False() {
		return out
	}
	out = and(out, s.onResource(st))
	for _, c := range st.Conditions {
		if out.False() {
			break
		}
		out = and(out, s.condition(c))
	}
	return out
}

func (s *scope) onAction(st *policy.Statement) Expr {
	e := st.Actions
	if e == nil {
		return no()
	}
	if m := e.MatchLower(s.service, s.lower); e.More == nil || m != e.Not {
		return is(m)
	}
	return s.missing("actions of "+where(st)+": "+e.More.String(), e.More)
}

// onResource tells whether the statement speaks of the resource.
func (s *scope) onResource(st *policy.Statement) Expr {
	e := st.Resources
	if e == nil {
		// A trust policy, and those of some services, speak of what they are
		// attached to.
		typ := st.Document.Type
		return is(typ == policy.Resource || typ == policy.Trust)
	}
	if e.Any {
		return is(!e.Not)
	}
	out := no()
	for _, t := range e.List {
		if out = or(out, s.onOne(t)); out.True() {
			break
		}
	}
	if e.More != nil && !out.True() {
		out = or(out, s.missing("resources of "+where(st)+": "+e.More.String(), e.More))
	}
	if e.Not {
		return not(out)
	}
	return out
}

func (s *scope) onOne(t *policy.Template) Expr {
	if s.resource == "*" && !s.pattern() {
		// No particular resource: only a star speaks of it
		// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html),
		// and the one that S3 documents for listing the buckets
		// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/walkthrough1.html).
		buckets := s.service == "s3" && strings.EqualFold(s.name, "ListAllMyBuckets") && strings.HasPrefix(t.Text, "arn:") && strings.HasSuffix(t.Text, ":s3:::*")
		return is(buckets || t.Text != "" && strings.Trim(t.Text, "*") == "")
	}
	f, ok, unknown := t.Fill(s.variable)
	var vars []string
	for _, name := range unknown {
		vars = append(vars, strings.ToLower(name))
	}
	if !ok {
		return no()
	}
	if s.bucketUnknown && unknown == nil {
		if f.Pattern.Any() {
			return yes()
		}
		return s.missing("the bucket behind the access point is meant by "+t.Text, nil)
	}
	if s.pattern() {
		if unknown == nil {
			// What speaks of all the resources of the pattern, or of none, is
			// settled before one is chosen.
			if f.Pattern.Any() {
				return yes()
			}
			if !wildcard.Meets(f.Set(), s.among) {
				return no()
			}
			if all, err := wildcard.Covers(f.Set(), s.among, searchStates); err == nil && all {
				return yes()
			}
		}
		vars = append(vars, varResource)
	}
	if vars != nil {
		return Expr{op: isAtom, atom: &atom{
			of: s, vars: vars,
			again: func(u *scope) Expr { return u.onOne(t) },
			what:  "the resource is " + t.Text, template: t,
		}}
	}
	return is(f.Match(s.resource))
}

// pattern tells whether the resource is one of a pattern, not yet chosen.
func (s *scope) pattern() bool {
	return s.any && !s.assigned(varResource)
}

// side is what a layer says: it allows, it denies, and the statements that say
// so.
type side struct {
	allow, deny Expr
	used        []usedExpr
}

// denials is what the side denies, without what it allows.
func (s side) denials() side {
	return side{deny: s.deny, used: slices.DeleteFunc(s.used, func(u usedExpr) bool { return u.Statement.Effect == policy.Allow })}
}

type usedExpr struct {
	Used
	holds Expr
}

// says evaluates documents whose statements are for whoever they are attached
// to.
func (s *scope) says(layer Layer, docs []*policy.Document) side {
	var out side
	for _, d := range docs {
		if d.More != nil {
			out.allow = or(out.allow, s.missing("statements of "+d.Name+": "+d.More.String(), d.More))
			out.deny = or(out.deny, s.missing("a Deny in "+d.Name+": "+d.More.String(), d.More))
		}
		for _, st := range d.Statements {
			if st.Concerns(s.bit) || st.Unknown != nil {
				s.hear(&out, layer, st, s.matches(st))
			}
		}
	}
	return out
}

// hear adds what a statement says.
func (s *scope) hear(out *side, layer Layer, st *policy.Statement, holds Expr) {
	if holds.False() {
		return
	}
	if st.Unknown != nil {
		// It may be an Allow or a Deny, but not both.
		deny := s.missing(where(st)+" is a Deny", st.Unknown)
		out.allow = or(out.allow, and(holds, not(deny)))
		out.deny = or(out.deny, and(holds, deny))
		return
	}
	switch st.Effect {
	case policy.Allow:
		out.allow = or(out.allow, holds)
	case policy.Deny:
		out.deny = or(out.deny, holds)
	default:
		return
	}
	out.used = append(out.used, usedExpr{Used{layer, st.Document, st}, holds})
}

// grants evaluates a policy that names principals: the result tells allows
// apart by how they reach the principal.
func (s *scope) grants(layer Layer, d *policy.Document, ignore func(*policy.Statement) bool) (reach, side) {
	var r reach
	var out side
	if d == nil {
		return r, out
	}
	if d.More != nil {
		r.direct = s.missing("statements of "+d.Name+": "+d.More.String(), d.More)
		out.deny = s.missing("a Deny in "+d.Name+": "+d.More.String(), d.More)
	}
	for _, st := range d.Statements {
		if !st.Concerns(s.bit) && st.Unknown == nil || ignore != nil && ignore(st) {
			continue
		}
		if st.Unknown != nil {
			var said side
			s.hear(&said, layer, st, s.matches(st))
			// Whom it lets in is not known either.
			r.direct = or(r.direct, said.allow)
			out.allow, out.deny = or(out.allow, said.allow), or(out.deny, said.deny)
			continue
		}
		if s.onAction(st).False() {
			continue
		}
		to := s.reached(st)
		if to.any().False() {
			continue
		}
		m := s.matches(st)
		if st.Effect == policy.Allow {
			r = r.or(to.and(m))
		}
		s.hear(&out, layer, st, and(to.any(), m))
	}
	return r, out
}

// levels evaluates the policies of an organization: every level must allow. A
// target that is given twice is one level.
func (s *scope) levels(levels []Level) (gate Expr, out side) {
	gate = yes()
	var order []string
	byTarget := map[string][]*policy.Document{}
	for _, l := range levels {
		if !slices.Contains(order, l.Target) {
			order = append(order, l.Target)
		}
		byTarget[l.Target] = append(byTarget[l.Target], l.Policies...)
	}
	for _, target := range order {
		one := s.says(LayerSCP, byTarget[target])
		gate = and(gate, one.allow)
		out.deny = or(out.deny, one.deny)
		out.used = append(out.used, one.used...)
	}
	return gate, out
}

// String says who a principal is, for messages.
func (p Principal) String() string {
	switch {
	case p.Anonymous:
		return "anybody without credentials"
	case p.Service != "":
		return "the service " + p.Service
	case p.Federated != "":
		return fmt.Sprintf("a user of %s", p.Federated)
	}
	return p.ARN
}
