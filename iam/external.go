package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// Outside is access to a resource from outside the zone of trust: the
// organization, or the account when it is in none.
type Outside struct {
	Resource *haetae.Resource
	// Who is "anybody", "any AWS account", an ARN, a service or a provider.
	Who       string
	Principal Principal
	Actions   []string // those that are allowed, or depend on the same
	Decision  *Decision
	// May is what the decision says when a caller chooses what a caller can.
	May May
	// Risks name what makes it worse than a share: see the constants.
	Risks []Risk
	// Unsure says what must be known to tell whether the risks are there.
	Unsure []*haetae.Unknown
}

// Risk is a known way in which access from outside goes wrong.
type Risk string

// The risks.
const (
	// RiskPublic: everybody, with or without an AWS account.
	RiskPublic Risk = "public"
	// RiskNoExternalID: a role for another company's account whose trust asks for
	// no external id
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html).
	RiskNoExternalID Risk = "no-external-id"
	// RiskConfusedDeputy: a service may act for somebody else's account
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
	RiskConfusedDeputy Risk = "confused-deputy"
	// RiskNoSubject: a role for an identity provider whose trust asks for no
	// subject, so that whoever has an account there may take it
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html).
	RiskNoSubject Risk = "no-subject"
)

// An account and an organization that are nobody's, to ask for a stranger.
const (
	strangerAccount = "000000000000"
	strangerOrg     = "o-0000000000"
)

// External lists who outside may do what with the resources of the world. An
// account that the organization lists is inside even if it was not read.
func (w *World) External() ([]Outside, error) {
	var out []Outside
	for _, r := range w.graph.Resources() {
		if r.Declared() || r.ARN == "" || !HasPolicy(r.Type) {
			continue
		}
		d := w.Policy(r)
		if d == nil {
			continue
		}
		list, err := w.externalTo(r, d)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// ExternalTo is [World.External] for one resource.
func (w *World) ExternalTo(r *haetae.Resource) ([]Outside, error) {
	d := w.Policy(r)
	if r.Declared() || r.ARN == "" || d == nil {
		return nil, nil
	}
	return w.externalTo(r, d)
}

// unreadAllow says why a policy may let in others than those whom it names.
func unreadAllow(d *policy.Document) *haetae.Unknown {
	if d.More != nil {
		return d.More
	}
	for _, s := range d.Statements {
		switch {
		case s.Unknown != nil:
			return s.Unknown
		case s.Effect != policy.Allow:
		case s.Principals != nil && s.Principals.More != nil:
			return s.Principals.More
		case s.Actions != nil && s.Actions.More != nil:
			return s.Actions.More
		}
	}
	return nil
}

// externalTo asks for each stranger that the policy may let in.
func (w *World) externalTo(r *haetae.Resource, d *policy.Document) ([]Outside, error) {
	var out []Outside
	if u := unreadAllow(d); u != nil {
		unread := []*haetae.Unknown{u}
		out = append(out, Outside{Resource: r, Who: "not known", May: May{Unread: unread}, Decision: &Decision{Verdict: DependsOn,
			Depends: &Dependence{Request: yes(), Missing: []string{"policy of " + r.ID + ": " + u.String()}, Unread: unread}}})
	}
	unsure := w.trustUnread(r)
	public := map[string]bool{} // actions open to everybody, who needs not be named twice
	for _, s := range w.outsiders(r, d) {
		var groups []Outside
		for a := range w.engine.actionsOf(d, r.ARN) {
			dec, may, err := w.decideOutsider(s, a.String(), resourceName(r, a), nil)
			if err != nil {
				return nil, err
			}
			if dec.Verdict != Allowed && dec.Verdict != DependsOn || public[a.String()] {
				continue
			}
			if s.principal.Anonymous {
				if !unsigned(a) {
					continue
				}
				public[a.String()] = true
			}
			if a, err := arn.Parse(s.principal.ARN); err == nil && a.Account != strangerAccount && may.Is && unsure != nil {
				may = May{Unread: []*haetae.Unknown{unsure}}
			}
			k := slices.IndexFunc(groups, func(g Outside) bool { return sameAnswer(g.Decision, dec) })
			if k < 0 {
				groups = append(groups, Outside{Resource: r, Who: s.who, Principal: s.principal, Decision: dec, May: may})
				k = len(groups) - 1
			}
			groups[k].Actions = append(groups[k].Actions, a.String())
		}
		for i := range groups {
			if err := w.risks(s, &groups[i]); err != nil {
				return nil, err
			}
		}
		out = append(out, groups...)
	}
	return out, nil
}

// sameAnswer tells whether two answers hang on the same.
func sameAnswer(a, b *Decision) bool {
	if a.Verdict != b.Verdict || len(a.Statements) != len(b.Statements) {
		return false
	}
	for i := range a.Statements {
		if a.Statements[i].Statement != b.Statements[i].Statement {
			return false
		}
	}
	return a.Depends == nil || a.Depends.Request.String() == b.Depends.Request.String()
}

// unsigned tells whether a service takes requests for the action that nobody
// signed. Others refuse them before any policy is looked at
// (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html,
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-overview-of-managing-access.html,
// https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html).
func unsigned(a *permission.Action) bool {
	switch a.Service {
	case "s3", "sqs", "execute-api", "es", "elasticfilesystem", "mediastore":
		return true
	case "lambda":
		return a.Name == "InvokeFunctionUrl"
	}
	return false
}

// outsider is a stranger to ask for.
type outsider struct {
	who       string
	principal Principal
}

// outsiders are the strangers that a policy names, and everybody when an Allow
// is for everybody.
func (w *World) outsiders(r *haetae.Resource, d *policy.Document) []outsider {
	var out []outsider
	for _, p := range w.strangers(d) {
		if a, err := arn.Parse(p.ARN); p.ARN != "" && (err != nil || w.inside(a.Account, r.Account)) {
			continue
		}
		who := p.ARN + p.Service + p.Federated
		if strings.HasSuffix(p.ARN, ":root") {
			who = "account " + strings.Split(p.ARN, ":")[4]
		}
		out = append(out, outsider{who, p})
	}
	// Accounts of the world that are not of the resource's organization are
	// outsiders too.
	for _, i := range w.principals {
		if i.Resource == nil && !w.inside(i.Account.ID, r.Account) && namesAccount(d, i.Account.ID) {
			out = append(out, outsider{"account " + i.Account.ID, Principal{ARN: i.ARN}})
		}
	}
	open := slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool {
		return s.Effect == policy.Allow && s.Principals != nil && (s.Principals.Not || slices.ContainsFunc(s.Principals.List, func(p policy.Principal) bool { return p.Kind == "*" }))
	})
	if open {
		out = append(out, w.anybody()...)
	}
	return out
}

// anybody is nobody in particular, without and with an account.
func (w *World) anybody() []outsider {
	return []outsider{{"anybody", Principal{Anonymous: true}},
		{"any AWS account", Principal{ARN: "arn:" + w.partition() + ":iam::" + strangerAccount + ":root"}}}
}

func namesAccount(d *policy.Document, account string) bool {
	return slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool {
		return s.Principals != nil && slices.ContainsFunc(s.Principals.List, func(p policy.Principal) bool { return strings.Contains(p.Text, account) })
	})
}

// inside tells whether an account is in the resource's zone of trust.
func (w *World) inside(account, of string) bool {
	if account == of {
		return true
	}
	a, o := w.accounts[account], w.accounts[of]
	if o == nil || o.OrgID == "" {
		return false
	}
	if a != nil {
		return a.OrgID == o.OrgID
	}
	_, listed := w.members[account]
	return listed
}

// trustUnread says why an account that seems to be outside of the resource's
// zone of trust may be inside: it is not known which accounts the organization
// has. nil when that is known.
func (w *World) trustUnread(r *haetae.Resource) *haetae.Unknown {
	if w.accounts[r.Account] == nil {
		return nil
	}
	if w.org == nil || w.accounts[r.Account].OrgID == "" {
		// The organization stands in its management account, whichever that is;
		// where its description was refused, what other calls told of it remains.
		for _, id := range w.accountIDs() {
			if _, why := w.graph.All(w.accounts[id].any, "Haetae::Organization"); why != nil {
				return why
			}
		}
	}
	if w.org == nil {
		return nil
	}
	if u, ok := w.org.Observed["Id"].(*haetae.Unknown); ok {
		return u
	}
	_, why := w.graph.All(w.org, "AWS::Organizations::Account")
	return why
}

// decideOutsider decides for a stranger. A stranger whose account is not named
// may be in another organization or in none, which lets those in of whom a
// condition with IfExists asks for an organization; the wider answer counts.
func (w *World) decideOutsider(s outsider, action, resource string, change func(*Question)) (*Decision, May, error) {
	d, may, err := w.decideMember(s, action, resource, strangerOrg, change)
	if err != nil || d.Verdict == Allowed || s.principal.ARN == "" {
		return d, may, err
	}
	lone, alone, err := w.decideMember(s, action, resource, "", change)
	if err != nil || lone.Verdict == Allowed || d.Verdict != DependsOn && lone.Verdict == DependsOn {
		return lone, alone, err
	}
	return d, may, nil
}

// decideMember decides for a stranger in an organization, "" is none.
func (w *World) decideMember(s outsider, action, resource, org string, change func(*Question)) (*Decision, May, error) {
	q, _, err := w.Ask(request(s.principal, action, resource))
	if err != nil {
		return nil, May{}, err
	}
	if s.principal.ARN != "" {
		q.Policies.Identity = []*policy.Document{everything()}
		q.Policies.SCP = nil
		q.Facts.Principal.anybody = true
		if q.Facts.Principal.OrgID = org; org != "" {
			q.Facts.Principal.OrgPath = []string{org + "/r-0000/"}
		}
		q.Known = append(q.Known, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
		if strings.Contains(s.principal.ARN, "::"+strangerAccount+":") {
			q.Known = append(q.Known, "aws:userid", "aws:PrincipalTag/*")
			q.Facts.Principal.Root = true
		}
	}
	if change != nil {
		change(q)
	}
	return w.engine.decideMay(q)
}

// risks asks anew with the one thing that would make the access safe.
func (w *World) risks(s outsider, o *Outside) error {
	name := o.Resource.ARN
	if strings.HasPrefix(o.Actions[0], "s3:") && strings.Contains(o.Actions[0], "Object") {
		name += "/*"
	}
	// still notes the risk when the stranger may come in all the same.
	still := func(risk Risk, change func(*Question)) error {
		d, may, err := w.decideOutsider(s, o.Actions[0], name, change)
		if err != nil || d.Verdict != Allowed && d.Verdict != DependsOn {
			return err
		}
		// A value that must name the resource's own account is one that a
		// stranger cannot bring, such as the log group in an encryption context.
		if p := d.Depends; p != nil && p.Example != nil {
			for k, v := range p.Example.Context {
				if _, given := lookup(map[string]Values{"aws:ResourceAccount": {}}, k); !given && slices.ContainsFunc(v.List, func(t string) bool { return strings.Contains(t, o.Resource.Account) }) {
					return nil
				}
			}
		}
		o.Risks, o.Unsure = append(o.Risks, risk), may.Unread
		return nil
	}
	switch {
	case s.principal.Anonymous || strings.Contains(s.principal.ARN, strangerAccount):
		if o.Decision.Verdict == Allowed {
			o.Risks = append(o.Risks, RiskPublic)
		}
	case s.principal.ARN != "" && o.Resource.Type == "AWS::IAM::Role":
		return still(RiskNoExternalID, func(q *Question) { q.Known = append(q.Known, "sts:ExternalId") })
	case s.principal.Service != "" && o.Resource.Type != "AWS::IAM::Role":
		return still(RiskConfusedDeputy, func(q *Question) {
			q.set("aws:SourceAccount", One(strangerAccount))
			q.set("aws:SourceArn", One("arn:aws:"+serviceOf(s.principal.Service)+":us-east-1:"+strangerAccount+":stranger"))
			q.set("aws:SourceOrgID", One(strangerOrg))
			q.set("aws:SourceOrgPaths", Many(strangerOrg+"/r-0000/"))
		})
	case s.principal.Federated != "" && !strings.Contains(s.principal.Federated, ":saml-provider/"):
		issuer := s.principal.Federated
		if _, rest, ok := strings.Cut(issuer, ":oidc-provider/"); ok {
			issuer = rest
		}
		return still(RiskNoSubject, func(q *Question) { q.set(issuer+":sub", One("somebody-else")) })
	}
	return nil
}

func serviceOf(principal string) string {
	name, _, _ := strings.Cut(principal, ".")
	return name
}
