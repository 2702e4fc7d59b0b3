package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// scopes makes a question ready, one scope for each resource.
func (e *Engine) scopes(q *Question, keys keyLists) (out []*scope, problems []string, err error) {
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
	base := scope{q: q, catalogue: e.catalogue, publicACLs: e.publicACLs, who: w, service: service, name: name, lower: strings.ToLower(name), bit: policy.ServiceBit(service)}
	if a, found := e.catalogue.Action(service, base.lower); found {
		base.action = a
	} else {
		note("the action %s is unknown to %s", r.Action, e.catalogue.Version())
	}
	if len(r.Context) > 0 {
		base.context = make(map[string]Values, len(r.Context))
	}
	for k, v := range r.Context {
		base.context[strings.ToLower(k)] = base.single(strings.ToLower(k), v)
	}
	base.keyLists = keys
	for _, resource := range r.Resources {
		s := base
		s.resource, s.any = resource, r.Any
		if base.action != nil && base.action.WildcardOnly() && (resource != "*" || r.Any) {
			if resource != "*" {
				note("%s is not for a resource of its own: it is evaluated for \"*\"", r.Action)
			}
			s.resource, s.any = "*", false
		}
		if s.any {
			s.among = namedBy(resource)
		}
		s.account = s.owner(note)
		if f := q.Facts.S3; service == "s3" && f != nil && f.AccessPoint != nil {
			s.through(f.AccessPoint)
		}
		out = append(out, &s)
	}
	q.each(func(d *policy.Document) {
		for _, p := range d.Problems {
			note("%s, %s: %s", d.Name, p.Path, p.What)
		}
	})
	return out, problems, nil
}

// single makes a list of one a plain value where AWS documents that the key has
// one value: who writes questions may not know.
func (s *scope) single(lower string, v Values) Values {
	if key, found := s.catalogue.Key(lower); v.Multi && len(v.List) == 1 && found && !key.Multivalued {
		v.Multi = false
	}
	return v
}

// documents are all policies of the question.
func (q *Question) documents() []*policy.Document {
	var out []*policy.Document
	q.each(func(d *policy.Document) { out = append(out, d) })
	return out
}

// each visits all policies of the question.
func (q *Question) each(visit func(*policy.Document)) {
	p := &q.Policies
	all := func(list []*policy.Document) {
		for _, d := range list {
			if d != nil {
				visit(d)
			}
		}
	}
	all(p.Identity)
	all(p.Boundary)
	all(p.Session)
	for _, l := range p.SCP {
		all(l.Policies)
	}
	for _, l := range p.RCP {
		all(l.Policies)
	}
	if p.Resource != nil {
		visit(p.Resource)
	}
	all(p.Endpoint)
	if s3 := q.Facts.S3; s3 != nil && s3.AccessPoint != nil && s3.AccessPoint.Policy != nil {
		visit(s3.AccessPoint.Policy)
	}
}

// conditions are all conditions of the question's policies.
func (q *Question) conditions() []*policy.Condition {
	var out []*policy.Condition
	for _, d := range q.documents() {
		for _, st := range d.Statements {
			out = append(out, st.Conditions...)
		}
	}
	return out
}

// owner is the account that the resource belongs to: what the facts about S3
// say, what its ARN says, what the request says, and if nobody does, the
// principal's.
func (s *scope) owner(note func(string, ...any)) string {
	r := &s.q.Request
	a, err := arn.Parse(s.resource)
	if f := s.q.Facts.S3; s.service == "s3" && f != nil && err == nil && a.Service == "s3" && a.Account == "" {
		if s.ofObjectOwner() {
			return f.ObjectOwner
		}
		if f.BucketOwner != "" {
			return f.BucketOwner
		}
	}
	if err == nil && a.Account != "" && !strings.ContainsAny(a.Account, "*?") {
		return a.Account
	}
	if r.Account != "" {
		return r.Account
	}
	if given, ok := s.context["aws:resourceaccount"]; ok && len(given.List) == 1 {
		return given.List[0]
	}
	if s.resource != "*" && s.service == "s3" && s.who.inAccount() {
		note("nobody said who owns %s: taken to be the principal's account", s.resource)
	}
	return s.who.account
}
