package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// fact is whether a precondition holds: Allowed for yes, ImplicitlyDenied for
// no, DependsOn for unknown with the reason.
type finding struct {
	verdict Verdict
	why     string
}

func holds(b bool) finding {
	if b {
		return finding{verdict: Allowed}
	}
	return finding{verdict: ImplicitlyDenied}
}

func untold(format string, args ...any) finding {
	return finding{DependsOn, fmt.Sprintf(format, args...)}
}

// holds tells whether a precondition holds for a standing and a cast.
func (x *escalator) holds(p *Precondition, s *standing, c *cast) finding {
	switch {
	case p.Trusts != "":
		return x.trustsService(c.target, p.Trusts)
	case p.TrustsProvider != "":
		return x.trustsProvider(c.target, p.TrustsProvider, arnOf(c.provider))
	case p.TrustsMissingProvider != "":
		return x.trustsMissing(c, p.TrustsMissingProvider)
	case p.TrustsFederated != "":
		return x.trustsFederated(c.target, p.TrustsFederated)
	case p.AccessKeys != "":
		return accessKeys(c.target.resource, p.AccessKeys)
	case p.Password != "":
		return password(c.target.resource, p.Password)
	case p.MFADevice != "":
		r := s.resource
		if c.target != nil {
			r = c.target.resource
		}
		return mfaDevice(r, p.MFADevice)
	case p.Boundary == "self":
		return holds(s.boundary != nil && !s.unbound)
	case p.Boundary == "target":
		return holds(c.target.boundary != nil)
	case p.Versions != "":
		return versions(s, c, p.Versions)
	case p.Denies != "":
		return x.someDeny(s, c, p.Denies)
	case p.Tags == "principal":
		return x.looksAtTags(s)
	case p.Tags == "target":
		return x.looksAtTags(&standing{subject: c.target})
	case p.Agent != "":
		return x.agentOnline(c.through)
	case p.Profile != "":
		v := c.through.Props["IamInstanceProfile"]
		if u, is := v.(*haetae.Unknown); is && !u.Set {
			return untold("the instance profile of %s: %s", c.through.ID, u)
		}
		return holds((v != nil) == (p.Profile == "some"))
	case p.ProfileOf != "":
		return x.profileOf(c.target)
	case p.Exists != "":
		list, why := x.graph.All(s.resource, p.Exists)
		if len(list) == 0 && why != nil {
			return untold("whether there is a %s: %s", p.Exists, why)
		}
		return holds(len(list) > 0)
	case p.Property != nil:
		return hasProperty(c.through, p.Property)
	case p.PropertySet != "":
		v := valuesAt(c.through, p.PropertySet)
		if len(v) == 1 {
			if u, is := v[0].(*haetae.Unknown); is && !u.Set {
				return untold("%s of %s: %s", p.PropertySet, c.through.ID, u)
			}
		}
		return holds(len(v) > 0)
	case p.PermissionSet != "":
		return holds(s.reserved && strings.Contains(s.arn, "/AWSReservedSSO_"))
	case p.Management != nil:
		return x.management(s.account, *p.Management)
	}
	return untold("%s", p.Untold.EN)
}

// management tells whether the account manages the organization. A member can be
// a delegated administrator, which for what an organization decides is as good
// (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html).
func (x *escalator) management(a *Account, want bool) finding {
	is, known := a.Management, a.OrgID != ""
	if self := x.world.singleton(a); self != nil {
		if b, ok := self.Observed["IsManagementAccount"].(bool); ok {
			is, known = b, true
		}
	}
	switch {
	case !known:
		return untold("whether %s is the management account of an organization", a.ID)
	case is == want:
		return holds(true)
	case want && a.any != nil:
		return x.delegated(a)
	}
	return holds(false)
}

// delegated tells whether an account acts for the management account. Which
// services it acts for is told, which calls are not.
func (x *escalator) delegated(a *Account) finding {
	if x.delegates[a.ID] || x.delegates[""] {
		return untold("whether %s is the delegated administrator for this", a.ID)
	}
	return holds(false)
}

// trusted asks the trust policy of a role about somebody outside of accounts.
func (x *escalator) trusted(t *subject, who Principal, action string, context map[string]Values, chosen func(key string) bool) finding {
	key := trustKey{t, who}
	f, done := x.trust[key]
	if !done {
		f = x.askTrust(t, who, action, context, chosen)
		x.trust[key] = f
	}
	return f
}

func (x *escalator) askTrust(t *subject, who Principal, action string, context map[string]Values, chosen func(key string) bool) finding {
	q, _, err := x.world.Ask(Request{Principal: who, Action: action, Resources: []string{t.arn}, Context: context})
	if err != nil {
		return untold("the trust policy of %s: %v", t.arn, err)
	}
	q.Policies.Resource = x.without([]*policy.Document{t.trust}, action)[0]
	d, err := x.engine.Decide(q)
	if err != nil {
		return untold("the trust policy of %s: %v", t.arn, err)
	}
	switch d.Verdict {
	case Allowed:
		return holds(true)
	case DependsOn:
		free := len(d.Depends.Missing) == 0 && d.Depends.Example != nil
		d.Depends.Request.atoms(func(a *atom) {
			for _, v := range a.vars {
				free = free && chosen(v)
			}
		})
		if free {
			return holds(true)
		}
		return untold("the trust policy of %s: %s", t.arn, strings.Join(append(hangs(d.Depends.Request), d.Depends.Missing...), "; "))
	}
	return holds(false)
}

// trustsService tells whether a role lets a service of its account in. The
// service names the resource that the caller made, which is of the caller's
// choice, and the account, which is not
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
func (x *escalator) trustsService(t *subject, service string) finding {
	return x.trusted(t, Principal{Service: service}, "sts:AssumeRole", map[string]Values{"aws:SourceAccount": One(t.account.ID)},
		func(string) bool { return false })
}

// trustsProvider tells whether a role lets in whom a provider vouches for. Who
// holds the provider's key says what it likes about the user.
func (x *escalator) trustsProvider(t *subject, kind, provider string) finding {
	if kind == "saml" {
		return x.trusted(t, Principal{Federated: provider}, "sts:AssumeRoleWithSAML", map[string]Values{},
			func(key string) bool {
				return strings.HasPrefix(key, "saml:") || strings.HasPrefix(key, "sts:rolesessionname")
			})
	}
	_, issuer, _ := strings.Cut(provider, ":oidc-provider/")
	return x.trusted(t, Principal{Federated: provider}, "sts:AssumeRoleWithWebIdentity", map[string]Values{},
		func(key string) bool { return strings.HasPrefix(key, strings.ToLower(issuer)+":") })
}

// trustsMissing tells whether a role trusts a provider of its account that is
// not there, and binds it.
func (x *escalator) trustsMissing(c *cast, kind string) finding {
	typ, mark := "AWS::IAM::SAMLProvider", ":saml-provider/"
	if kind == "oidc" {
		typ, mark = "AWS::IAM::OIDCProvider", ":oidc-provider/"
	}
	t := c.target
	list, why := x.graph.All(t.resource, typ)
	for _, st := range t.trust.Statements {
		if st.Effect != policy.Allow || st.Principals == nil || st.Principals.Not {
			continue
		}
		for _, e := range st.Principals.List {
			a, err := arn.Parse(e.Text)
			if e.Kind != "Federated" || err != nil || a.Account != t.account.ID || !strings.Contains(e.Text, mark) {
				continue
			}
			if slices.ContainsFunc(list, func(r *haetae.Resource) bool { return arnOf(r) == e.Text }) {
				continue
			}
			_, c.missing, _ = strings.Cut(e.Text, mark)
			f := x.trustsProvider(t, kind, e.Text)
			if f.verdict == Allowed && why != nil {
				return untold("whether there is the provider %s: %s", e.Text, why)
			}
			return f
		}
	}
	if t.trust.More != nil {
		return untold("the trust policy of %s: %s", t.arn, t.trust.More)
	}
	return holds(false)
}

// trustsFederated tells whether a role lets in anybody whom a public provider
// vouches for. An identity pool that the caller makes has an id that no policy
// names yet
// (https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html).
func (x *escalator) trustsFederated(t *subject, provider string) finding {
	return x.trusted(t, Principal{Federated: provider}, "sts:AssumeRoleWithWebIdentity",
		map[string]Values{provider + ":aud": One("us-east-1:" + newID), provider + ":amr": Many("unauthenticated")}, func(string) bool { return false })
}

// observedList is a list that only a live account has.
func observedList(r *haetae.Resource, member string) ([]any, finding) {
	switch v := r.Observed[member].(type) {
	case []any:
		return v, holds(true)
	case *haetae.Unknown:
		return nil, untold("%s of %s: %s", member, r.ID, v)
	}
	return nil, untold("%s of %s was not read", member, r.ID)
}

func accessKeys(r *haetae.Resource, want string) finding {
	list, known := observedList(r, "AccessKeys")
	if known.verdict != Allowed {
		return known
	}
	switch want {
	case "<2":
		return holds(len(list) < 2)
	case "2":
		return holds(len(list) >= 2)
	}
	return holds(slices.ContainsFunc(list, func(v any) bool { m, _ := v.(map[string]any); return m["Status"] == "Inactive" }))
}

func password(r *haetae.Resource, want string) finding {
	on, ok := r.Observed["PasswordEnabled"].(bool)
	if !ok {
		return untold("whether %s has a console password was not read", r.ID)
	}
	return holds(on == (want == "present"))
}

func mfaDevice(r *haetae.Resource, want string) finding {
	list, known := observedList(r, "MFADevices")
	if known.verdict != Allowed {
		return known
	}
	return holds((len(list) > 0) == (want == "some"))
}

// maxVersions is how many versions a managed policy can have
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html).
const maxVersions = 5

func versions(s *standing, c *cast, want string) finding {
	p := c.policy
	if p == nil {
		p = s.bounding
	}
	if p == nil || strings.Contains(arnOf(p), ":iam::aws:") {
		return holds(false) // AWS's own policies are nobody's to change
	}
	list, known := observedList(p, "Versions")
	if known.verdict != Allowed {
		return known
	}
	switch want {
	case "<5":
		return holds(len(list) < maxVersions)
	case "5":
		return holds(len(list) >= maxVersions)
	}
	return holds(c.version >= 0)
}

// someDeny tells whether one of the policies that would go denies something.
func (x *escalator) someDeny(s *standing, c *cast, which string) finding {
	docs := s.inline
	switch which {
	case "inline":
		if s.noInline {
			return holds(false)
		}
	case "attached":
		if docs = s.attached; s.noAttached {
			return holds(false)
		}
	case "group":
		docs, _ = x.groupPolicies(c.group)
	}
	vague := ""
	for _, d := range docs {
		if denies(d) {
			return holds(true)
		}
		if d.More != nil {
			vague = d.Name + ": " + d.More.String()
		}
	}
	if vague != "" {
		return untold("whether %s denies something", vague)
	}
	return holds(false)
}

// looksAtTags tells whether a policy of the standing looks at the tags of who
// asks.
func (x *escalator) looksAtTags(s *standing) finding {
	if s.freeTags {
		return holds(false)
	}
	vague := ""
	for _, d := range x.identity(s) {
		for _, st := range d.Statements {
			for _, c := range st.Conditions {
				if strings.HasPrefix(c.Lower, "aws:principaltag/") {
					return holds(true)
				}
			}
			if st.Resources == nil {
				continue
			}
			for _, t := range st.Resources.List {
				if slices.ContainsFunc(t.Variables(), func(v string) bool { return strings.HasPrefix(strings.ToLower(v), "aws:principaltag/") }) {
					return holds(true)
				}
			}
		}
		if d.More != nil {
			vague = d.Name + ": " + d.More.String()
		}
	}
	if vague != "" {
		return untold("whether policies look at tags: %s", vague)
	}
	return holds(false)
}

// agentOnline tells whether Systems Manager has a connection to an instance.
func (x *escalator) agentOnline(r *haetae.Resource) finding {
	list, why := x.graph.All(r, "AWS::SSM::ManagedInstance")
	for _, m := range list {
		if id, _ := m.Observed["InstanceId"].(string); id != r.ID && m.ID != r.ID {
			continue
		}
		switch v := m.Volatile["PingStatus"].(type) {
		case string:
			return holds(v == "Online")
		default:
			return untold("whether the agent on %s is connected was not read", r.ID)
		}
	}
	if why != nil || r.Declared() {
		return untold("whether Systems Manager manages %s was not read", r.ID)
	}
	return holds(false)
}

// profileOf tells whether there is an instance profile with the role.
func (x *escalator) profileOf(t *subject) finding {
	list, why := x.graph.All(t.resource, "AWS::IAM::InstanceProfile")
	for _, p := range list {
		if slices.Contains(x.rolesOf(p, []string{"Roles[]"}), t) {
			return holds(true)
		}
	}
	if why != nil {
		return untold("whether an instance profile has %s: %s", t.arn, why)
	}
	return holds(false)
}

func hasProperty(r *haetae.Resource, p *Property) finding {
	list := valuesAt(r, p.Path)
	if len(list) == 0 {
		if r.Declared() || r.Stub != nil {
			return untold("%s of %s is not given", p.Path, r.ID)
		}
		return holds(slices.Contains(p.In, any(false)))
	}
	for _, v := range list {
		if u, is := v.(*haetae.Unknown); is {
			return untold("%s of %s: %s", p.Path, r.ID, u)
		}
		if slices.Contains(p.In, v) {
			return holds(true)
		}
	}
	return holds(false)
}
