package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// security checks what allows more than anybody wants.
func (v *validator) security(at place, s *policy.Statement) {
	if s.Effect == policy.Allow {
		v.broad(at, s, "PassRole", "PASS_ROLE", typeSecurity, "iam:passedtoservice", "iam:PassRole lets the caller hand any of these roles to a service; name the roles, or hold iam:PassedToService.")
		v.broad(at, s, "CreateServiceLinkedRole", "CREATE_SLR", typeWarning, "iam:awsservicename", "iam:CreateServiceLinkedRole makes roles for any service; name them, or hold iam:AWSServiceName.")
		if n := at.node.Get("NotPrincipal"); n != nil && v.typ.Granting() {
			v.add(typeSecurity, "ALLOW_WITH_NOT_PRINCIPAL", at.value("NotPrincipal", n), "An Allow with NotPrincipal is for everybody else, strangers without an account too.")
		}
		v.servicePrincipals(at, s)
		v.webIdentity(at, s)
	}
	if n := at.node.Get("NotPrincipal"); n != nil && s.Effect == policy.Deny && v.typ == policy.Resource {
		v.add(typeWarning, "HAETAE_NOT_PRINCIPAL_WITH_BOUNDARY", at.value("NotPrincipal", n), "A Deny with NotPrincipal hits everybody who has a permissions boundary, whomever it lists; use ArnNotEquals on aws:PrincipalArn.")
	}
	v.tagKeys(at, s)
	v.foreignKeys(at, s)
}

// held tells whether a condition is on the key.
func held(s *policy.Statement, keys ...string) bool {
	return slices.ContainsFunc(s.Conditions, func(c *policy.Condition) bool { return slices.Contains(keys, c.Lower) })
}

// broad reports an Allow of an action of IAM on every resource.
func (v *validator) broad(at place, s *policy.Statement, action, code, typ, key, why string) {
	if s.Actions == nil || s.Resources == nil || v.typ.Granting() || v.typ == policy.SCP || !s.Actions.Match("iam", action) || held(s, key) {
		return
	}
	exact := slices.ContainsFunc(s.Actions.List, func(a policy.Action) bool { return strings.EqualFold(a.Text, "iam:"+action) })
	star := s.Resources.Any || slices.ContainsFunc(s.Resources.List, func(t *policy.Template) bool {
		return strings.HasPrefix(t.Text, "arn:") && strings.HasSuffix(t.Text, ":role/*")
	})
	suffix := ""
	switch {
	case s.Resources.Not && s.Actions.Not:
		suffix = "_WITH_NOT_ACTION_AND_NOT_RESOURCE"
	case s.Resources.Not && !exact:
		suffix = "_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE"
	case s.Resources.Not:
		suffix = "_WITH_NOT_RESOURCE"
	case !star:
		return
	case s.Actions.Not:
		suffix = "_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"
	case !exact:
		suffix = "_WITH_STAR_IN_ACTION_AND_RESOURCE"
	default:
		suffix = "_WITH_STAR_IN_RESOURCE"
	}
	where, _, ok := either(at, "Resource", "NotResource")
	if !ok {
		where = at
	}
	v.add(typ, code+suffix, where, "%s", why)
}

// servicePrincipals reports services that may act for anybody's account.
func (v *validator) servicePrincipals(at place, s *policy.Statement) {
	if v.typ != policy.Resource || s.Principals == nil || s.Principals.Not {
		return
	}
	if held(s, "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner") {
		return
	}
	for _, p := range s.Principals.List {
		if p.Kind == "Service" {
			where, _, _ := either(at, "Principal", "NotPrincipal")
			v.add(typeSecurity, "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", where, "%s may act for anybody's account: hold aws:SourceArn, aws:SourceAccount or aws:SourceOrgID.", p.Text)
			return
		}
	}
}

// webIdentity reports trust in an identity provider that asks for no subject.
func (v *validator) webIdentity(at place, s *policy.Statement) {
	if v.typ != policy.Trust || s.Principals == nil {
		return
	}
	for _, p := range s.Principals.List {
		if p.Kind != "Federated" || strings.Contains(p.Text, ":saml-provider/") {
			continue
		}
		issuer := p.Text
		if _, rest, ok := strings.Cut(issuer, ":oidc-provider/"); ok {
			issuer = rest
		}
		issuer = strings.ToLower(issuer)
		where, _, _ := either(at, "Principal", "NotPrincipal")
		var subject *policy.Condition
		any := false
		for _, c := range s.Conditions {
			any = any || strings.HasPrefix(c.Lower, issuer+":")
			if c.Lower == issuer+":sub" {
				subject = c
			}
		}
		github := issuer == "token.actions.githubusercontent.com"
		switch {
		case !any:
			v.add(typeSecurity, "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", where, "Whoever has an account at %s may take the role: hold one of its keys, best the subject.", issuer)
		case github && subject == nil:
			v.add(typeSecurity, "MISSING_GITHUB_REPO_CONDITION_KEY", where, "Every repository of GitHub may take the role: hold %s:sub.", issuer)
		case github && slices.ContainsFunc(subject.Values, func(t *policy.Template) bool { return broadSubject(t.Text) }):
			v.add(typeWarning, "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", where, "Name a repository and a branch in %s:sub.", issuer)
		}
	}
}

// broadSubject tells whether a subject of GitHub names no repository.
func broadSubject(text string) bool {
	rest, ok := strings.CutPrefix(text, "repo:")
	if !ok {
		return strings.ContainsAny(text, "*?")
	}
	owner, repo, _ := strings.Cut(rest, "/")
	name, branch, _ := strings.Cut(repo, ":")
	return strings.ContainsAny(owner, "*?") || strings.ContainsAny(name, "*?") || branch == "*" || name == ""
}

// tagKeys reports conditions on tags for services that do not have them in their
// requests: they never hold.
func (v *validator) tagKeys(at place, s *policy.Statement) {
	if s.Actions == nil || v.typ == policy.Trust {
		return
	}
	for _, c := range s.Conditions {
		name, _, ok := strings.Cut(c.Lower, "/")
		if name != "aws:tagkeys" && (!ok || name != "aws:resourcetag" && name != "aws:requesttag") {
			continue
		}
		var without []string
		for i := range s.Actions.List {
			service := s.Actions.List[i].Service()
			if service == "" || s.Actions.Not || slices.Contains(without, service) {
				continue
			}
			if svc, found := v.catalogue.Service(service); found && !hasKey(svc, name) {
				without = append(without, service)
			}
		}
		if len(without) == 0 {
			continue
		}
		where, _, _ := either(at, "Condition", "Condition")
		effect, typ := "ALLOW", typeSuggestion
		if s.Effect == policy.Deny {
			effect, typ = "DENY", typeSecurity
		}
		v.add(typ, effect+"_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", where, "Requests to %s do not carry %s: the condition never holds for them.", strings.Join(without, ", "), c.Key)
	}
}

// hasKey tells whether some request to the service can carry the key.
func hasKey(s *permission.Service, lower string) bool {
	match := func(k *permission.Key) bool {
		name := strings.ToLower(k.Name)
		return name == lower || strings.HasPrefix(name, lower+"/")
	}
	return slices.ContainsFunc(s.Keys, match) || slices.ContainsFunc(s.Types, func(t *permission.Type) bool { return slices.ContainsFunc(t.Keys, match) }) ||
		slices.ContainsFunc(s.Actions, func(a *permission.Action) bool {
			return slices.ContainsFunc(a.Keys, match) || slices.ContainsFunc(a.Resources, func(r permission.Resource) bool { return slices.ContainsFunc(r.Keys, match) })
		})
}

// foreignKeys reports keys of a service that no request for any of the
// statement's actions carries: a positive condition on one lets nobody in, a
// negative one of a Deny hits everybody.
func (v *validator) foreignKeys(at place, s *policy.Statement) {
	if s.Actions == nil || s.Actions.Not || len(s.Actions.List) == 0 {
		return
	}
	for _, c := range s.Conditions {
		service, _, ok := strings.Cut(c.Lower, ":")
		key, found := v.catalogue.Key(c.Lower)
		if !ok || !found || key.Global || c.Operator.Test == policy.NullTest || c.Operator.IfExists {
			continue
		}
		carried := false
		for i := range s.Actions.List {
			a := &s.Actions.List[i]
			if a.All() || a.Service() != service {
				carried = true // another service may act through this one
				break
			}
			for act := range v.catalogue.Match(a.Text) {
				sc := scope{catalogue: v.catalogue, action: act, service: service}
				if sc.may(c.Lower) {
					carried = true
					break
				}
			}
		}
		if !carried {
			where, _, _ := either(at, "Condition", "Condition")
			v.add(typeWarning, "HAETAE_KEY_NEVER_PRESENT", where, "No request for these actions carries %s.", c.Key)
		}
	}
}
