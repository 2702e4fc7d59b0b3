package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// Access is one answer about a principal that may do something.
type Access struct {
	Principal Principal
	// Identity is that of the principal, nil when the snapshot does not have it.
	Identity *Identity
	Decision *Decision
}

// WhoCan lists who may do the action on the resource: the identities of the
// world, strangers and services that the resource's policy names, and anybody at
// all. Those who may not are left out; of those for whom it depends, the
// decision says on what.
func (w *World) WhoCan(action, resource string) ([]Access, error) {
	var out []Access
	ask := func(p Principal, i *Identity) error {
		d, err := w.Decide(request(p, action, resource))
		if err == nil && (d.Verdict == Allowed || d.Verdict == DependsOn) {
			out = append(out, Access{p, i, d})
		}
		return err
	}
	if err := ask(Principal{Anonymous: true}, nil); err != nil {
		return nil, err
	}
	for _, i := range w.principals {
		if err := ask(Principal{ARN: i.ARN}, i); err != nil {
			return nil, err
		}
	}
	var d *policy.Document
	if r, ok := w.Resource(resource); ok {
		d = w.Policy(r)
	}
	for _, p := range w.strangers(d) {
		dec, err := w.decideStranger(request(p, action, resource))
		if err != nil {
			return nil, err
		}
		if dec.Verdict == Allowed || dec.Verdict == DependsOn {
			out = append(out, Access{p, nil, dec})
		}
	}
	return out, nil
}

// request is one for a resource, or for some resource of a pattern.
func request(p Principal, action, resource string) Request {
	return Request{Principal: p, Action: action, Resources: []string{resource}, Any: resource != "*" && strings.ContainsAny(resource, "*?")}
}

// strangers are the principals that a policy names and the world does not have:
// other accounts, services, identity providers.
func (w *World) strangers(d *policy.Document) []Principal {
	var out []Principal
	add := func(p Principal) {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	if d == nil {
		return nil
	}
	for _, s := range d.Statements {
		if s.Effect != policy.Allow || s.Principals == nil {
			continue
		}
		for _, p := range s.Principals.List {
			switch p.Kind {
			case "Service":
				add(Principal{Service: p.Text})
			case "Federated":
				add(Principal{Federated: p.Text})
			case "AWS":
				name := p.Text
				if isAccountID(name) {
					name = "arn:" + w.partition() + ":iam::" + name + ":root"
				}
				if a, err := arn.Parse(name); err == nil && !w.knows(a.Account) && isAccountID(a.Account) {
					add(Principal{ARN: name})
				}
			}
		}
	}
	return out
}

// knows tells whether the account is read, so that its identities are asked
// themselves.
func (w *World) knows(account string) bool {
	a := w.accounts[account]
	return a != nil && a.any != nil
}

func isAccountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// decideStranger decides for a principal of an account that is not read: what
// its own side allows is in its owner's hand, so it is taken to allow all.
func (w *World) decideStranger(r Request) (*Decision, error) {
	q, notes, err := w.askStranger(r)
	if err != nil {
		return nil, err
	}
	d, err := w.engine.Decide(q)
	if err != nil {
		return nil, err
	}
	d.Problems = append(notes, d.Problems...)
	return d, nil
}

func (w *World) askStranger(r Request) (*Question, []string, error) {
	q, notes, err := w.Ask(r)
	if err == nil && r.Principal.ARN != "" {
		q.Policies.Identity = []*policy.Document{everything()}
		notes = nil // that the account is not read is the point
	}
	return q, notes, err
}

// everything is a policy that allows all.
func everything() *policy.Document {
	d, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, policy.Identity)
	if err != nil {
		return &policy.Document{Type: policy.Identity}
	}
	d.Name = "the other account's own policies, taken to allow all"
	return d
}

// Permission is an action that a principal may use.
type Permission struct {
	Action *permission.Action
	// Resource is the pattern of what it was asked for, or the resource whose
	// own policy grants it.
	Resource string
	Decision *Decision
}

// WhatCan lists the actions that a principal may use on some resource of the
// pattern. Actions that the resource itself must grant, such as those on roles
// and keys, are asked for each resource of the world.
func (w *World) WhatCan(p Principal, actions func(*permission.Action) bool, resource string) ([]Permission, error) {
	var out []Permission
	q, _, err := w.Ask(Request{Principal: p, Action: "sts:GetCallerIdentity", Resources: []string{"*"}, Any: true})
	if err != nil {
		return nil, err
	}
	for id := range w.engine.catalogue.Len() {
		a, ok := w.engine.catalogue.ByID(id)
		if !ok || !actions(a) || !mayAllow(q.Policies.Identity, a) && q.Policies.Identity != nil {
			continue
		}
		if a.Service == "kms" && !a.WildcardOnly() || a.Service == "sts" && strings.HasPrefix(a.Name, "AssumeRole") {
			continue // asked below
		}
		one := *q
		one.Request.Action = a.String()
		one.Request.Resources = []string{resource}
		d, err := w.engine.Decide(&one)
		if err != nil {
			return nil, err
		}
		if d.Verdict == Allowed || d.Verdict == DependsOn {
			out = append(out, Permission{a, resource, d})
		}
	}
	granted, err := w.grantedTo(p, actions, resource)
	return append(out, granted...), err
}

// mayAllow tells whether some statement allows the action at all.
func mayAllow(docs []*policy.Document, a *permission.Action) bool {
	for _, d := range docs {
		if d.More != nil {
			return true
		}
		for _, s := range d.Statements {
			if s.Unknown != nil || s.Effect == policy.Allow && s.Actions != nil && (s.Actions.More != nil || s.Actions.Match(a.Service, a.Name)) {
				return true
			}
		}
	}
	return false
}

// grantedTo asks for the resources that have policies of their own.
func (w *World) grantedTo(p Principal, actions func(*permission.Action) bool, pattern string) ([]Permission, error) {
	var out []Permission
	matches := wildcard.Compile(pattern)
	for _, r := range w.graph.Resources() {
		if !HasPolicy(r.Type) || r.ARN == "" || r.Declared() {
			continue
		}
		d := w.Policy(r)
		if d == nil {
			continue
		}
		for a := range w.engine.actionsOf(d, r.ARN) {
			name := resourceName(r, a)
			if !actions(a) || !matches.Match(name) && !matches.Match(r.ARN) {
				continue
			}
			dec, err := w.Decide(request(p, a.String(), name))
			if err != nil {
				return nil, err
			}
			if dec.Verdict == Allowed || dec.Verdict == DependsOn {
				out = append(out, Permission{a, name, dec})
			}
		}
	}
	return out, nil
}

// actionsOf are the actions that a policy's Allow statements name and that are
// for such a resource, or for what is in it. Those of which the catalogue does
// not say for which resources are among them.
func (e *Engine) actionsOf(d *policy.Document, name string) func(yield func(*permission.Action) bool) {
	types := slices.Concat(e.catalogue.ARNTypes(name), e.catalogue.ARNTypes(name+"/x"))
	return func(yield func(*permission.Action) bool) {
		seen := map[int]bool{}
		for _, s := range d.Statements {
			if s.Effect != policy.Allow || s.Actions == nil {
				continue
			}
			patterns := []string{"*"} // of a NotAction
			if !s.Actions.Not {
				patterns = nil
				for i := range s.Actions.List {
					patterns = append(patterns, s.Actions.List[i].Text)
				}
			}
			for _, pattern := range patterns {
				for a := range e.catalogue.Match(pattern) {
					if seen[a.ID] || !s.Actions.Match(a.Service, a.Name) || !slices.ContainsFunc(a.Resources, func(r permission.Resource) bool { return slices.Contains(types, r.Type) }) {
						continue
					}
					seen[a.ID] = true
					if !yield(a) {
						return
					}
				}
			}
		}
	}
}

// resourceName is the name by which an action on the resource is asked: an
// object's stands for all objects of a bucket.
func resourceName(r *haetae.Resource, a *permission.Action) string {
	if r.Type == "AWS::S3::Bucket" && slices.ContainsFunc(a.Resources, func(n permission.Resource) bool { return n.Type != nil && n.Type.Name == "object" }) {
		return r.ARN + "/*"
	}
	return r.ARN
}
