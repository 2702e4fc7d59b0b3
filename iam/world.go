package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/policy"
)

// World is who and what there is in a snapshot, ready to be asked about: users,
// roles and root users with their policies, the organization above them, and
// the resources with theirs. Documents are read once. It may be used by many
// goroutines at once.
type World struct {
	engine *Engine
	graph  *graph.Graph
	// assumeNoOrg takes organization policies that were not read to be none.
	assumeNoOrg bool

	accounts   map[string]*Account
	members    map[string]bool // accounts that the organization lists
	principals []*Identity
	byARN      map[string]*Identity
	resources  map[string]*haetae.Resource // by ARN
	buckets    map[string]*haetae.Resource // by name: their ARN has no account
	managed    map[managedKey]*policy.Document
	policies   map[*haetae.Resource]*policy.Document // of resources

	org       *haetae.Resource // the organization, nil when none was read
	names     map[string]bool  // principals that policies of resources name
	asksARN   []*policy.Condition
	asksNames bool // a policy for many asks for names otherwise
}

type managedKey struct{ account, arn string }

// Account is an account with what the organization says of it.
type Account struct {
	ID         string
	Management bool
	OrgID      string   // "" when it is in none, or that is not known
	OrgPath    []string // of the form o-…/r-…/ou-…/; nil when it is not known
	SCP, RCP   []Level  // root first
	// Unread says why SCP and RCP may be more than is here; nil when they are all.
	Unread *haetae.Unknown

	groups map[string]*haetae.Resource
	block  PublicAccessBlock // S3's, of the account
	// blockUnread says why block may have more flags on.
	blockUnread *haetae.Unknown
	any         *haetae.Resource // some resource, for questions about coverage
}

// Identity is a user, a role or the root user of an account.
type Identity struct {
	ARN      string
	Account  *Account
	Resource *haetae.Resource // nil for root
	Policies []*policy.Document
	Boundary []*policy.Document // nil is none
	Trust    *policy.Document   // of a role; nil for others
	Tags     map[string]string
	// TagsUnknown says why there may be other tags.
	TagsUnknown *haetae.Unknown
	// UniqueID is the AIDA… or AROA… id, "" when it is not known.
	UniqueID string
}

// Name is the last part of the ARN.
func (i *Identity) Name() string { return i.ARN[strings.LastIndexAny(i.ARN, "/:")+1:] }

// IsRole tells whether the identity is a role.
func (i *Identity) IsRole() bool { return i.Trust != nil }

// ServiceLinked tells whether it is a role that only a service can use and
// change.
func (i *Identity) ServiceLinked() bool { return strings.Contains(i.ARN, ":role/aws-service-role/") }

// Options of a world.
type Options struct {
	// AssumeNoOrganization takes service and resource control policies that were
	// not read to be none. Without it what hangs on them depends on them.
	AssumeNoOrganization bool
}

// NewWorld reads the identities of a graph.
func NewWorld(e *Engine, g *graph.Graph, o Options) *World {
	w := &World{
		engine: e, graph: g, assumeNoOrg: o.AssumeNoOrganization,
		accounts: map[string]*Account{}, members: map[string]bool{}, byARN: map[string]*Identity{},
		resources: map[string]*haetae.Resource{}, buckets: map[string]*haetae.Resource{}, managed: map[managedKey]*policy.Document{},
		policies: map[*haetae.Resource]*policy.Document{},
	}
	all := g.Resources()
	for _, r := range all {
		w.remember(r)
	}
	w.organization(all)
	for _, r := range all {
		if r.Account != "" && !r.Declared() && (r.Type == "AWS::IAM::User" || r.Type == "AWS::IAM::Role") && r.ARN != "" {
			w.add(w.identity(r))
		}
	}
	for _, id := range w.accountIDs() {
		w.add(&Identity{ARN: "arn:" + w.partition() + ":iam::" + id + ":root", Account: w.accounts[id]})
	}
	w.askers()
	slices.SortFunc(w.principals, func(a, b *Identity) int { return strings.Compare(a.ARN, b.ARN) })
	return w
}

func (w *World) add(i *Identity) {
	if w.byARN[i.ARN] == nil {
		w.byARN[i.ARN] = i
		w.principals = append(w.principals, i)
	}
}

// Engine is the evaluator of the world.
func (w *World) Engine() *Engine { return w.engine }

// Graph is what the world was read from.
func (w *World) Graph() *graph.Graph { return w.graph }

// Identities are the users, roles and root users, by ARN.
func (w *World) Identities() []*Identity { return w.principals }

// Identity is the one of that ARN. That of a session is its role.
func (w *World) Identity(name string) (*Identity, bool) {
	if i, ok := w.byARN[name]; ok {
		return i, true
	}
	a, err := arn.Parse(name)
	if err != nil || a.Service != "sts" {
		return nil, false
	}
	rest, ok := strings.CutPrefix(a.Resource, "assumed-role/")
	if !ok {
		return nil, false
	}
	role, _, _ := strings.Cut(rest, "/")
	for _, i := range w.principals { // the session's ARN lacks the role's path
		if i.IsRole() && i.Account.ID == a.Account && i.Name() == role {
			return i, true
		}
	}
	return nil, false
}

// Account returns what is known of an account, nil when it is not of the world.
func (w *World) Account(id string) *Account { return w.accounts[id] }

func (w *World) account(id string) *Account {
	a := w.accounts[id]
	if a == nil {
		a = &Account{ID: id, groups: map[string]*haetae.Resource{}, blockUnread: blockNotRead()}
		w.accounts[id] = a
	}
	return a
}

func (w *World) accountIDs() []string {
	var ids []string
	for id, a := range w.accounts {
		if a.any != nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// partition is that of the resources, "aws" when none says.
func (w *World) partition() string {
	for name := range w.byARN {
		if a, err := arn.Parse(name); err == nil {
			return a.Partition
		}
	}
	return "aws"
}

// document reads a property that is a policy; one that could not be read is a
// document of which nothing is known. nil is no policy.
func (w *World) document(r *haetae.Resource, path string, typ policy.Type, name string) *policy.Document {
	return policy.FromTree(property(r, path), typ, name)
}

// property walks a dotted path of properties, or of observed facts when it
// starts with "Observed.".
func property(r *haetae.Resource, path string) any {
	tree := r.Props
	if rest, ok := strings.CutPrefix(path, "Observed."); ok {
		tree, path = r.Observed, rest
	}
	var v any = tree
	for _, name := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		default:
			return v // unknown, or nothing
		}
	}
	return v
}

// identity reads a user or a role.
func (w *World) identity(r *haetae.Resource) *Identity {
	a := w.account(r.Account)
	i := &Identity{ARN: r.ARN, Account: a, Resource: r, Tags: map[string]string{}, TagsUnknown: r.TagsUnknown}
	for k, v := range r.Tags {
		switch x := v.(type) {
		case string:
			i.Tags[k] = x
		case *haetae.Unknown:
			i.TagsUnknown = x
		}
	}
	i.UniqueID, _ = property(r, "Observed."+r.Type[len("AWS::IAM::"):]+"Id").(string)
	i.Policies = w.attached(r, i.ARN)
	if r.Type == "AWS::IAM::User" {
		for _, g := range elements(r.Props["Groups"]) {
			name, ok := g.(string)
			group := a.groups[name]
			switch {
			case ok && group != nil:
				i.Policies = append(i.Policies, w.attached(group, group.ARN)...)
			default:
				i.Policies = append(i.Policies, policy.Unreadable(policy.Identity, "policies of group "+text(g), unread(g, "the group is not in the snapshot", "iam:GetAccountAuthorizationDetails")))
			}
		}
	} else {
		i.Trust = w.document(r, "AssumeRolePolicyDocument", policy.Trust, "trust policy of "+i.ARN)
		if i.Trust == nil {
			i.Trust = policy.Unreadable(policy.Trust, "trust policy of "+i.ARN, unread(nil, "the trust policy was not read", "iam:GetRole"))
		}
	}
	if b := r.Props["PermissionsBoundary"]; b != nil {
		i.Boundary = []*policy.Document{w.managedPolicy(r.Account, b, policy.Boundary)}
	}
	return i
}

// attached are the documents of a user, a group or a role.
func (w *World) attached(r *haetae.Resource, name string) []*policy.Document {
	out := []*policy.Document{}
	for _, v := range elements(r.Props["Policies"]) {
		p, ok := v.(map[string]any)
		if !ok {
			out = append(out, policy.Unreadable(policy.Identity, "an inline policy of "+name, unread(v, "an inline policy was not read", "iam:GetAccountAuthorizationDetails")))
			continue
		}
		if d := policy.FromTree(p["PolicyDocument"], policy.Identity, name+" "+text(p["PolicyName"])); d != nil {
			out = append(out, d)
		}
	}
	for _, v := range elements(r.Props["ManagedPolicyArns"]) {
		out = append(out, w.managedPolicy(r.Account, v, policy.Identity))
	}
	return out
}

// managedPolicy is the document in force of a managed policy.
func (w *World) managedPolicy(account string, v any, typ policy.Type) *policy.Document {
	name, ok := v.(string)
	if d := w.managed[managedKey{account, name}]; ok && d != nil {
		return d
	}
	return policy.Unreadable(typ, text(v), unread(v, "the document of "+text(v)+" is not in the snapshot", "iam:GetAccountAuthorizationDetails"))
}

// elements are the entries of a list. A list that is not all known has one
// entry more, which says why.
func elements(v any) []any {
	switch x := v.(type) {
	case []any:
		return x
	case *haetae.OpenList:
		return append(slices.Clone(x.Items), x.Why)
	case *haetae.Unknown:
		return []any{x}
	}
	return nil
}

func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case *haetae.Unknown:
		return x.Pattern()
	}
	return "?"
}

// unread is why something is not known: the unknown itself, or that nobody read
// it and the action that would have.
func unread(v any, detail string, actions ...string) *haetae.Unknown {
	if u, ok := v.(*haetae.Unknown); ok {
		return u
	}
	return &haetae.Unknown{Reason: haetae.NotAsked, Detail: detail, Actions: actions}
}

func blockOf(v any) PublicAccessBlock {
	m, _ := v.(map[string]any)
	on := func(name string) bool { return m[name] == true }
	return PublicAccessBlock{on("BlockPublicAcls"), on("IgnorePublicAcls"), on("BlockPublicPolicy"), on("RestrictPublicBuckets")}
}

// blockUnread says why a block may have more flags on than [blockOf] gives.
func blockUnread(v any) *haetae.Unknown {
	if u, ok := v.(*haetae.Unknown); ok {
		return u
	}
	m, _ := v.(map[string]any)
	for _, name := range []string{"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"} {
		if u, ok := m[name].(*haetae.Unknown); ok {
			return u
		}
	}
	return nil
}

func blockNotRead() *haetae.Unknown {
	return unread(nil, "the account's block of public access was not read", "s3:GetAccountPublicAccessBlock")
}
