package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// scopes makes a question ready, one scope for each resource.
func (e *Engine) scopes(q *Question) (out []*scope, problems []string, err error) {
	w, err := newWho(q)
	if err != nil {
		return nil, nil, err
	}
	r := &q.Request
	service, name := policy.SplitAction(r.Action)
	switch {
	case service == "" || name == "":
		return nil, nil, fmt.Errorf("the action %q is not of the form service:Name", r.Action)
	case strings.ContainsAny(r.Action, "*?"):
		return nil, nil, fmt.Errorf("the action %q has a wildcard; a request is for one action", r.Action)
	case len(r.Resources) == 0:
		return nil, nil, fmt.Errorf("the request has no resource; \"*\" stands for none in particular")
	case r.Any && len(r.Resources) > 1:
		return nil, nil, fmt.Errorf("a pattern of resources is for one resource, not %d", len(r.Resources))
	}
	note := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(problems, text) {
			problems = append(problems, text)
		}
	}
	base := scope{q: q, catalogue: e.catalogue, who: w, service: service, name: name, context: map[string]Values{}}
	if a, found := e.catalogue.Action(service, name); found {
		base.action = a
	} else {
		note("the action %s is unknown to %s", r.Action, e.catalogue.Version())
	}
	for k, v := range r.Context {
		base.context[strings.ToLower(k)] = v
	}
	base.unknown, base.present, base.known = newKeyPatterns(q.Unknown), newKeyPatterns(q.UnknownValue), newKeyPatterns(q.Known)
	for _, resource := range r.Resources {
		s := base
		s.resource = resource
		if base.action != nil && base.action.WildcardOnly() && resource != "*" && !r.Any {
			note("%s is not for a resource of its own: it is evaluated for \"*\"", r.Action)
			s.resource = "*"
		}
		s.account = s.owner(note)
		if f := q.Facts.S3; service == "s3" && f != nil && f.AccessPoint != nil {
			s.through(f.AccessPoint)
		}
		s.derive()
		out = append(out, &s)
	}
	for _, d := range q.documents() {
		for _, p := range d.Problems {
			note("%s, %s: %s", d.Name, p.Path, p.What)
		}
	}
	return out, problems, nil
}

// documents are all policies of the question.
func (q *Question) documents() []*policy.Document {
	p := &q.Policies
	out := slices.Concat(p.Identity, p.Boundary, p.Session)
	for _, l := range slices.Concat(p.SCP, p.RCP) {
		out = append(out, l.Policies...)
	}
	out = append(out, p.Resource)
	out = append(out, p.Endpoint...)
	if s3 := q.Facts.S3; s3 != nil && s3.AccessPoint != nil {
		out = append(out, s3.AccessPoint.Policy)
	}
	return slices.DeleteFunc(out, func(d *policy.Document) bool { return d == nil })
}

// owner is the account that the resource belongs to.
func (s *scope) owner(note func(string, ...any)) string {
	r := &s.q.Request
	if f := s.q.Facts.S3; s.service == "s3" && f != nil {
		if f.othersObject(s.resource) {
			return f.ObjectOwner
		}
		if f.BucketOwner != "" {
			return f.BucketOwner
		}
	}
	a, err := arn.Parse(s.resource)
	switch {
	case err == nil && a.Account != "" && !strings.ContainsAny(a.Account, "*?"):
		return a.Account
	case r.Account != "":
		return r.Account
	case s.resource != "*" && s.service == "s3" && s.who.inAccount():
		note("nobody said who owns %s: taken to be the principal's account", s.resource)
	}
	return s.who.account
}
