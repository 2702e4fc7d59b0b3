package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// kind is the kind of a principal.
type kind uint8

const (
	user kind = iota + 1
	role
	session       // of a role, with a name
	federatedUser // GetFederationToken
	root
	service
	federated // a user of an identity provider that has no AWS identity yet
	anonymous
)

// who is a principal taken apart.
type who struct {
	kind    kind
	arn     string // aws:PrincipalArn: of a session that of its role
	session string // ARN of the session
	account string
	name    string // of the user, role, service or provider
	// serviceLinked is set for service-linked roles.
	serviceLinked bool
	// nameless is set when the name of the session is not known.
	nameless bool
}

// newWho reads a principal.
func newWho(q *Question) (who, error) {
	p, f := q.Request.Principal, q.Facts.Principal
	switch {
	case p.Anonymous:
		return who{kind: anonymous}, nil
	case p.Service != "":
		return who{kind: service, name: p.Service}, nil
	case p.Federated != "":
		return who{kind: federated, name: p.Federated}, nil
	case p.ARN == "":
		return who{}, fmt.Errorf("the request has no principal")
	}
	a, err := arn.Parse(p.ARN)
	if err != nil {
		return who{}, fmt.Errorf("the principal: %w", err)
	}
	w := who{arn: p.ARN, account: a.Account, serviceLinked: f.ServiceLinked}
	typ, rest, _ := strings.Cut(a.Resource, "/")
	last := rest[strings.LastIndexByte(rest, '/')+1:]
	switch {
	case f.Root || a.Service == "iam" && a.Resource == "root":
		w.kind, w.name = root, "root"
	case a.Service == "iam" && typ == "user" && last != "":
		w.kind, w.name = user, last
	case a.Service == "iam" && typ == "role" && last != "":
		w.kind, w.name, w.nameless = role, last, true
		w.serviceLinked = w.serviceLinked || strings.HasPrefix(rest, "aws-service-role/")
	case a.Service == "sts" && typ == "assumed-role" && strings.Contains(rest, "/"):
		w.kind, w.session = session, p.ARN
		w.name, _, _ = strings.Cut(rest, "/")
		w.arn = "arn:" + a.Partition + ":iam::" + a.Account + ":role/" + w.name
		w.nameless = (slices.Contains(q.Unknown, SessionName) || slices.Contains(q.UnknownValue, SessionName)) && !slices.Contains(q.Known, SessionName)
	case a.Service == "sts" && typ == "federated-user" && rest != "":
		w.kind, w.session, w.name = federatedUser, p.ARN, rest
	default:
		return who{}, fmt.Errorf("the principal %s is neither a user, a role, a session, a federated user nor root", p.ARN)
	}
	if given, ok := lookup(q.Request.Context, "aws:PrincipalArn"); ok && len(given.List) == 1 && w.kind == session {
		w.arn = given.List[0] // it has the role's path, which the session's ARN lacks
		w.serviceLinked = w.serviceLinked || strings.Contains(w.arn, ":role/aws-service-role/")
	}
	return w, nil
}

func lookup(context map[string]Values, key string) (Values, bool) {
	for k, v := range context {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return Values{}, false
}

// inAccount tells whether the principal belongs to an account.
func (w *who) inAccount() bool { return w.kind <= root }

// principalType is the value of aws:PrincipalType, "" for those that have none
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable).
func (w *who) principalType() string {
	switch w.kind {
	case user:
		return "User"
	case role, session:
		return "AssumedRole"
	case federatedUser:
		return "FederatedUser"
	case root:
		return "Account"
	case anonymous:
		return "Anonymous"
	}
	return ""
}

// reach is how a Principal element reaches a principal: as itself, as the role
// of a session, or as its account. The three differ in what can limit them.
type reach struct {
	direct, role, account Expr
}

func (r reach) any() Expr { return or(r.direct, r.role, r.account) }

func (r reach) and(e Expr) reach {
	return reach{and(r.direct, e), and(r.role, e), and(r.account, e)}
}

func (r reach) or(o reach) reach {
	return reach{or(r.direct, o.direct), or(r.role, o.role), or(r.account, o.account)}
}

// names tells how an entry of a Principal element names the principal
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
func (s *scope) names(p policy.Principal) reach {
	w := &s.who
	switch p.Kind {
	case "*":
		return reach{direct: yes()}
	case "Service":
		return reach{direct: is(w.kind == service && (p.Text == "*" || strings.EqualFold(p.Text, w.name)))}
	case "Federated":
		return reach{direct: is(w.kind == federated && (p.Text == "*" || s.provider(p.Text)))}
	case "CanonicalUser":
		// It stands for the account, in S3 alone
		// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-bucket-user-policy-specifying-principal-intro.html).
		return reach{account: is(w.inAccount() && p.Text != "" && p.Text == s.q.Facts.Principal.CanonicalID)}
	case "AWS":
	default:
		return reach{}
	}
	if !w.inAccount() {
		return reach{}
	}
	if p.Text == w.account {
		return reach{account: yes()}
	}
	a, err := arn.Parse(p.Text)
	if err != nil || a.Account != w.account || strings.ContainsAny(p.Text, "*?") {
		return reach{}
	}
	typ, rest, _ := strings.Cut(a.Resource, "/")
	switch {
	case a.Service == "iam" && a.Resource == "root":
		return reach{account: yes()}
	case a.Service == "iam" && typ == "role" && (w.kind == role || w.kind == session):
		// Names of roles are unique in an account; a session's ARN lacks the path.
		return reach{role: is(p.Text == w.arn || w.kind == session && !strings.Contains(afterRole(w.arn), "/") && rest[strings.LastIndexByte(rest, '/')+1:] == w.name)}
	case a.Service == "iam" && typ == "user" && w.kind == user:
		return reach{direct: is(p.Text == w.arn)}
	case a.Service == "sts" && typ == "federated-user" && w.kind == federatedUser:
		return reach{direct: is(p.Text == w.session)}
	case a.Service == "sts" && typ == "assumed-role" && (w.kind == role || w.kind == session):
		name, sessionName, _ := strings.Cut(rest, "/")
		if name != w.name {
			return reach{}
		}
		return reach{direct: s.sessionIs(sessionName)}
	}
	return reach{}
}

// provider tells whether an entry names the identity provider of the request. A
// role's trust policy names a provider of the role's own account by its ARN; the
// request may say the issuer of the token instead
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html).
func (s *scope) provider(text string) bool {
	if text == s.who.name {
		return true
	}
	issuer := func(text string) (string, string) {
		a, err := arn.Parse(text)
		if err != nil {
			return "", strings.TrimPrefix(text, "https://")
		}
		name, _ := strings.CutPrefix(a.Resource, "oidc-provider/")
		if name == a.Resource {
			return a.Account, "" // a SAML provider has no issuer in its ARN
		}
		return a.Account, name
	}
	account, wanted := issuer(text)
	own, name := issuer(s.who.name)
	if wanted == "" || wanted != name || account != "" && own != "" {
		return false
	}
	return account == "" && own == "" || account+own == s.account
}

func afterRole(arn string) string {
	_, rest, _ := strings.Cut(arn, ":role/")
	return rest
}

// sessionIs tells whether the session of the role has that name.
func (s *scope) sessionIs(name string) Expr {
	if !s.who.nameless {
		return is(strings.HasSuffix(s.who.session, "/"+name))
	}
	if b, ok := s.given[SessionName]; ok {
		return is(b.text == name)
	}
	return Expr{op: isAtom, atom: &atom{
		of: s, vars: []string{SessionName},
		again: func(t *scope) Expr { return t.sessionIs(name) },
		what:  "the session is named " + name, literal: name,
	}}
}

// reached tells how a Principal or NotPrincipal element reaches the principal.
func (s *scope) reached(st *policy.Statement) reach {
	p := st.Principals
	if p == nil {
		return reach{}
	}
	var r reach
	for _, e := range p.List {
		r = r.or(s.names(e))
	}
	if p.More != nil {
		r.direct = or(r.direct, s.missing("principals of "+where(st)+": "+p.More.String(), p.More))
	}
	if !p.Not {
		return r
	}
	if st.Effect == policy.Deny {
		return reach{direct: not(s.exempt(p))}
	}
	return reach{direct: not(r.any())}
}

// exempt tells whether a NotPrincipal of a Deny leaves the principal out. All
// that it is must be listed: the session, its role or the user, and the account
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html).
// A principal with a permissions boundary is never left out
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
func (s *scope) exempt(p *policy.Principals) Expr {
	var r reach
	for _, e := range p.List {
		if e.Kind == "*" {
			return yes()
		}
		r = r.or(s.names(e))
	}
	if p.More != nil {
		m := s.missing("the principals that a Deny leaves out: "+p.More.String(), p.More)
		r = r.or(reach{m, m, m})
	}
	if s.q.Policies.Boundary != nil {
		return no()
	}
	switch s.who.kind {
	case session, role:
		return and(r.direct, r.role, r.account)
	case user, federatedUser:
		return and(r.direct, r.account)
	case root:
		return r.account
	}
	return r.direct
}
