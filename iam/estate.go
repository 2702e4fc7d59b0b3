package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/policy"
)

// estate is what escalations need to know of a snapshot: its principals with
// their policies read once, and its accounts. It does not change after it was
// made.
type estate struct {
	graph    *graph.Graph
	subjects []*subject
	byARN    map[string]*subject
	accounts map[string]*account
	sources  map[*policy.Document]Source
	everyone *policy.Document // allows everything
}

// Source is where a policy is written.
type Source struct {
	Resource *haetae.Resource
	Path     string // of the property that holds it, "Policies[0].PolicyDocument"
	Name     string // of the policy
}

// account is an account with what limits it.
type account struct {
	id         string
	scp, rcp   []Level
	management *bool // nil when it is not known
	orgID      string
	delegated  *bool // is a delegated administrator of something; nil when it is not known
	subjects   []*subject
}

// subject is a user or a role.
type subject struct {
	resource *haetae.Resource
	arn      string
	role     bool
	account  *account
	inline   []*policy.Document
	attached []*policy.Document
	policies []*haetae.Resource // the managed policies that are attached, nil where the snapshot lacks one
	groups   []*haetae.Resource
	boundary []*policy.Document // nil when there is none
	bounding *haetae.Resource   // the policy that is the boundary
	limit    string             // ARN of the boundary, "" when there is none
	trust    *policy.Document
	tags     map[string]string
	tagless  bool // the tags are not known
	linked   bool // a service-linked role
	reserved bool // a role that Identity Center made
}

// newEstate reads the principals of a snapshot.
func newEstate(g *graph.Graph) *estate {
	e := &estate{
		graph: g, byARN: map[string]*subject{}, accounts: map[string]*account{}, sources: map[*policy.Document]Source{},
		everyone: policy.FromTree(map[string]any{"Version": policy.Version2012, "Statement": map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}},
			policy.Identity, "a policy that allows everything"),
	}
	orgs := map[string]*haetae.Resource{}
	resources := g.Resources()
	for _, r := range resources {
		switch r.Type {
		case "Haetae::Account":
			e.accountOf(r).read(e, r)
		case "Haetae::Organization":
			orgs[r.Account] = r
		}
	}
	for _, r := range resources {
		if (r.Type == "AWS::IAM::User" || r.Type == "AWS::IAM::Role") && r.Stub == nil {
			e.add(r)
		}
	}
	for _, org := range orgs {
		e.organization(org)
	}
	return e
}

// accountOf is the account of a resource; templates are worlds of their own.
func (e *estate) accountOf(r *haetae.Resource) *account {
	key := r.Account
	if r.Declared() {
		key = r.Stack
	}
	a := e.accounts[key]
	if a == nil {
		a = &account{id: r.Account}
		e.accounts[key] = a
	}
	return a
}

// read takes what limits the account from its resource.
func (a *account) read(e *estate, r *haetae.Resource) {
	if b, ok := r.Observed["IsManagementAccount"].(bool); ok {
		a.management = &b
	}
	a.scp = e.levels(r, "ServiceControlPolicies", policy.SCP)
	a.rcp = e.levels(r, "ResourceControlPolicies", policy.RCP)
}

// levels are the organization's policies by what they are attached to.
func (e *estate) levels(r *haetae.Resource, member string, typ policy.Type) (out []Level) {
	var list []any
	switch v := r.Observed[member].(type) {
	case nil:
		return nil
	case []any:
		list = v
	case *haetae.Unknown:
		return []Level{{Target: r.Account, Policies: []*policy.Document{policy.Unreadable(typ, member, v)}}}
	case *haetae.OpenList:
		list = v.Items
		out = append(out, Level{Target: "?", Policies: []*policy.Document{policy.Unreadable(typ, member, v.Why)}})
	}
	for i, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			continue
		}
		target, _ := m["TargetId"].(string)
		name, _ := m["Name"].(string)
		path := fmt.Sprintf("observed.%s[%d].Content", member, i)
		d := e.document(m["Content"], typ, Source{r, path, name})
		if d == nil {
			continue
		}
		j := slices.IndexFunc(out, func(l Level) bool { return l.Target == target })
		if j < 0 {
			out, j = append(out, Level{Target: target}), len(out)
		}
		out[j].Policies = append(out[j].Policies, d)
	}
	return out
}

func (e *estate) organization(org *haetae.Resource) {
	id, _ := org.Observed["Id"].(string)
	admins, listed := org.Observed["DelegatedAdministrators"].([]any)
	for _, a := range e.accounts {
		if a.scp == nil && a.management == nil {
			continue // nothing says that it belongs to the organization
		}
		a.orgID = id
		if listed {
			is := slices.ContainsFunc(admins, func(v any) bool { m, _ := v.(map[string]any); return m["AccountId"] == a.id })
			a.delegated = &is
		}
	}
}

// document reads a policy and remembers where it is written.
func (e *estate) document(tree any, typ policy.Type, s Source) *policy.Document {
	d := policy.FromTree(tree, typ, s.Name)
	if d != nil {
		e.sources[d] = s
	}
	return d
}

// add reads a user or a role.
func (e *estate) add(r *haetae.Resource) {
	s := &subject{resource: r, arn: r.ARN, role: r.Type == "AWS::IAM::Role", account: e.accountOf(r)}
	if s.arn == "" {
		s.arn = madeARN(r)
	}
	s.inline = e.inline(r)
	s.attached, s.policies = e.managed(r)
	if !s.role {
		e.joinGroups(s)
	}
	if v := r.Props["PermissionsBoundary"]; v != nil {
		d, p := e.managedOne(r, v, policy.Boundary, "PermissionsBoundary")
		s.boundary, s.bounding = []*policy.Document{d}, p
		s.limit, _ = v.(string)
		if p != nil && p.ARN != "" {
			s.limit = p.ARN
		}
	}
	if s.role {
		s.trust = e.document(r.Props["AssumeRolePolicyDocument"], policy.Trust, Source{r, "AssumeRolePolicyDocument", "trust policy"})
		s.linked = strings.Contains(s.arn, ":role/aws-service-role/")
		s.reserved = strings.Contains(s.arn, ":role/aws-reserved/")
	}
	s.tags, s.tagless = plainTags(r)
	e.subjects = append(e.subjects, s)
	s.account.subjects = append(s.account.subjects, s)
	e.byARN[s.arn] = s
}

// madeARN is the ARN of a principal of a template, whose account is not known
// yet: the account is the one of AWS's examples.
func madeARN(r *haetae.Resource) string {
	kind, name := "user", "UserName"
	if r.Type == "AWS::IAM::Role" {
		kind, name = "role", "RoleName"
	}
	id, ok := r.Props[name].(string)
	if !ok {
		id = r.ID
	}
	account := r.Account
	if account == "" {
		account = "111122223333"
	}
	return "arn:aws:iam::" + account + ":" + kind + "/" + id
}

func plainTags(r *haetae.Resource) (map[string]string, bool) {
	out, vague := map[string]string{}, r.TagsUnknown != nil
	for k, v := range r.Tags {
		if text, ok := v.(string); ok {
			out[k] = text
		} else {
			vague = true
		}
	}
	return out, vague
}

func (e *estate) inline(r *haetae.Resource) (out []*policy.Document) {
	switch v := r.Props["Policies"].(type) {
	case []any:
		for i, p := range v {
			out = e.inlineOne(r, p, i, out)
		}
	case *haetae.OpenList:
		for i, p := range v.Items {
			out = e.inlineOne(r, p, i, out)
		}
		out = append(out, policy.Unreadable(policy.Identity, "further inline policies of "+r.ID, v.Why))
	case *haetae.Unknown:
		out = append(out, policy.Unreadable(policy.Identity, "inline policies of "+r.ID, v))
	}
	return out
}

func (e *estate) inlineOne(r *haetae.Resource, p any, i int, out []*policy.Document) []*policy.Document {
	m, ok := p.(map[string]any)
	if !ok {
		if u, is := p.(*haetae.Unknown); is {
			return append(out, policy.Unreadable(policy.Identity, "an inline policy of "+r.ID, u))
		}
		return out
	}
	name, _ := m["PolicyName"].(string)
	path := fmt.Sprintf("Policies[%d].PolicyDocument", i)
	if d := e.document(m["PolicyDocument"], policy.Identity, Source{r, path, name}); d != nil {
		out = append(out, d)
	}
	return out
}

func (e *estate) managed(r *haetae.Resource) (docs []*policy.Document, policies []*haetae.Resource) {
	list, why := items(r.Props["ManagedPolicyArns"])
	for i, v := range list {
		d, p := e.managedOne(r, v, policy.Identity, fmt.Sprintf("ManagedPolicyArns[%d]", i))
		docs, policies = append(docs, d), append(policies, p)
	}
	if why != nil {
		docs, policies = append(docs, policy.Unreadable(policy.Identity, "managed policies of "+r.ID, why)), append(policies, nil)
	}
	return docs, policies
}

// items are the items of a list and why there may be more.
func items(v any) ([]any, *haetae.Unknown) {
	switch x := v.(type) {
	case []any:
		return x, nil
	case *haetae.OpenList:
		return x.Items, x.Why
	case *haetae.Unknown:
		return nil, x
	}
	return nil, nil
}

// administratorAccess is the managed policy that allows everything, in every
// account
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html).
const administratorAccess = ":iam::aws:policy/AdministratorAccess"

// managedOne reads a managed policy as one that is attached or a boundary.
func (e *estate) managedOne(r *haetae.Resource, ref any, typ policy.Type, path string) (*policy.Document, *haetae.Resource) {
	p, why := e.graph.Find(r, "AWS::IAM::ManagedPolicy", ref)
	name := fmt.Sprint(ref)
	if p == nil {
		if text, ok := ref.(string); ok && strings.HasSuffix(text, administratorAccess) {
			return e.document(map[string]any{"Version": policy.Version2012, "Statement": map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}, typ,
				Source{r, path, "AdministratorAccess"}), nil
		}
		if why == nil {
			why = &haetae.Unknown{Reason: haetae.NotAsked, Detail: "the policy " + name + " is not in the snapshot"}
		}
		return policy.Unreadable(typ, name, why), nil
	}
	if s, ok := p.Props["ManagedPolicyName"].(string); ok {
		name = s
	}
	d := e.document(p.Props["PolicyDocument"], typ, Source{p, "PolicyDocument", name})
	if d == nil {
		d = policy.Unreadable(typ, name, &haetae.Unknown{Reason: haetae.NotAsked, Detail: "the text of " + name + " was not read"})
	}
	return d, p
}

func (e *estate) joinGroups(s *subject) {
	list, why := items(s.resource.Props["Groups"])
	for _, v := range list {
		g, missing := e.graph.Find(s.resource, "AWS::IAM::Group", v)
		if g == nil {
			if missing != nil {
				s.attached, s.policies = append(s.attached, policy.Unreadable(policy.Identity, fmt.Sprintf("group %v", v), missing)), append(s.policies, nil)
			}
			continue
		}
		s.groups = append(s.groups, g)
	}
	if why != nil {
		s.attached, s.policies = append(s.attached, policy.Unreadable(policy.Identity, "groups of "+s.resource.ID, why)), append(s.policies, nil)
	}
}

// groupPolicies are the documents of a group.
func (e *estate) groupPolicies(g *haetae.Resource) (docs []*policy.Document, policies []*haetae.Resource) {
	docs = e.inline(g)
	attached, policies := e.managed(g)
	return append(docs, attached...), policies
}

// partition of the principal.
func (s *subject) partition() string {
	if a, err := arn.Parse(s.arn); err == nil {
		return a.Partition
	}
	return "aws"
}

// accountID is the account that the ARN names.
func (s *subject) accountID() string {
	if a, err := arn.Parse(s.arn); err == nil {
		return a.Account
	}
	return s.account.id
}
