package iam

import (
	"fmt"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/policy"
)

// estate is what escalations need of a world beside its answers: which policy of
// a principal is which and where it is written, so that steps can take one away
// or tell where it stands.
type estate struct {
	world    *World
	graph    *graph.Graph
	subjects []*subject
	of       map[*Account][]*subject
	byARN    map[string]*subject
	sources  map[*policy.Document]Source
	read     map[docKey]*policy.Document // what was read already: a document is one however many have it
	everyone *policy.Document            // allows everything
}

// docKey is a property that holds a policy, and what the policy is used as.
type docKey struct {
	resource *haetae.Resource
	path     string
	typ      policy.Type
}

// Source is where a policy is written.
type Source struct {
	Resource *haetae.Resource
	Path     string // of the property that holds it, "Policies[0].PolicyDocument"
	Name     string // of the policy
}

// subject is a user or a role.
type subject struct {
	resource *haetae.Resource
	arn      string
	role     bool
	made     bool // by an escalation
	account  *Account
	inline   []*policy.Document
	attached []*policy.Document
	policies []*haetae.Resource // the managed policies that are attached, nil where the snapshot lacks one
	groups   []*haetae.Resource
	boundary []*policy.Document // nil when there is none
	bounding *haetae.Resource   // the policy that is the boundary
	limit    string             // ARN of the boundary, "" when there is none
	trust    *policy.Document   // of a role; one of which nothing is known when it was not read
	linked   bool               // a service-linked role
	reserved bool               // a role that Identity Center made
}

// newEstate reads the principals of a world.
func newEstate(w *World) *estate {
	e := &estate{
		world: w, graph: w.Graph(), of: map[*Account][]*subject{}, byARN: map[string]*subject{}, sources: map[*policy.Document]Source{},
		read: map[docKey]*policy.Document{}, everyone: policy.FromTree(allowAll(), policy.Identity, "a policy that allows everything"),
	}
	for _, i := range w.Identities() {
		if i.Resource != nil && i.Resource.Stub == nil {
			e.add(i)
		}
	}
	return e
}

func allowAll() map[string]any {
	return map[string]any{"Version": policy.Version2012, "Statement": map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}
}

// document reads a policy and remembers where it is written.
func (e *estate) document(tree any, typ policy.Type, s Source) *policy.Document {
	key := docKey{s.Resource, s.Path, typ}
	if d, done := e.read[key]; done {
		return d
	}
	d := policy.FromTree(tree, typ, s.Name)
	if d != nil {
		e.sources[d] = s
	}
	e.read[key] = d
	return d
}

// add reads a user or a role.
func (e *estate) add(i *Identity) {
	r := i.Resource
	s := &subject{resource: r, arn: i.ARN, role: i.IsRole(), account: i.Account, linked: i.ServiceLinked(),
		reserved: strings.Contains(i.ARN, ":role/aws-reserved/")}
	s.inline = e.inline(r)
	s.attached, s.policies = e.managed(r)
	if !s.role {
		e.joinGroups(s)
	}
	if v := r.Props["PermissionsBoundary"]; v != nil {
		d, p := e.managedOne(r, v, policy.Boundary, "PermissionsBoundary")
		s.boundary, s.bounding = []*policy.Document{d}, p
		s.limit, _ = v.(string)
	}
	if s.role {
		if s.trust = i.Trust; e.world.Policy(r) != nil {
			s.trust = e.world.Policy(r)
			e.sources[s.trust] = Source{r, "AssumeRolePolicyDocument", "trust policy"}
		}
	}
	e.subjects = append(e.subjects, s)
	e.of[s.account] = append(e.of[s.account], s)
	e.byARN[s.arn] = s
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
	name = name[strings.LastIndexByte(name, '/')+1:]
	if p == nil {
		if text, ok := ref.(string); ok && strings.HasSuffix(text, administratorAccess) {
			return e.document(allowAll(), typ, Source{r, path, "AdministratorAccess"}), nil
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
