package iam

import (
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// organization reads the tree of accounts and the policies attached to it, and
// gives each account its own.
func (w *World) organization(all []*haetae.Resource) {
	o := orgTree{parents: map[string]string{}, policies: map[string][]orgPolicy{}}
	for _, r := range all {
		switch r.Type {
		case "Haetae::Organization":
			if o.id != "" {
				continue // another call told of it, without saying which it is
			}
			o.id, _ = r.Observed["Id"].(string)
			o.management, _ = r.Observed["MasterAccountId"].(string)
			o.types, o.typesKnown = enabledTypes(r.Observed["EnabledPolicyTypes"])
			o.at = r
		case "AWS::Organizations::Account":
			o.parents[r.ID] = first(r.Props["ParentIds"])
			w.members[r.ID] = true
		case "AWS::Organizations::OrganizationalUnit":
			o.parents[r.ID], _ = r.Props["ParentId"].(string)
		case "AWS::Organizations::Policy":
			o.attach(r)
		}
	}
	w.org = o.at
	for id, a := range w.accounts {
		a.OrgID, a.Management = o.id, id == o.management
		// Without its description it is not known which account the policies
		// do not bind, nor what the organization is called.
		if chain := o.chain(id); o.id != "" && len(chain) > 0 {
			a.OrgPath = []string{o.path(chain)}
			a.SCP = o.levels(chain, "SERVICE_CONTROL_POLICY", policy.SCP)
			a.RCP = o.levels(chain, "RESOURCE_CONTROL_POLICY", policy.RCP)
			if o.unread != nil && !a.Management {
				a.Unread = o.unread
			}
			continue
		}
		w.observed(a, &o)
	}
}

// orgTree is the organization as its management account sees it.
type orgTree struct {
	id, management string
	at             *haetae.Resource
	types          []string
	typesKnown     bool
	parents        map[string]string // of accounts and units
	policies       map[string][]orgPolicy
	unread         *haetae.Unknown
}

type orgPolicy struct {
	typ string
	doc *policy.Document
}

func (o *orgTree) attach(r *haetae.Resource) {
	typ, _ := r.Props["Type"].(string)
	kind := policy.SCP
	switch typ {
	case "SERVICE_CONTROL_POLICY":
	case "RESOURCE_CONTROL_POLICY":
		kind = policy.RCP
	default:
		return
	}
	d := policy.FromTree(r.Props["Content"], kind, r.ID+" ("+text(r.Props["Name"])+")")
	if d == nil {
		d = policy.Unreadable(kind, r.ID, unread(nil, "the policy's content was not read", "organizations:DescribePolicy"))
	}
	for _, t := range elements(r.Props["TargetIds"]) {
		if id, ok := t.(string); ok {
			o.policies[id] = append(o.policies[id], orgPolicy{typ, d})
		} else {
			o.unread = unread(t, "the targets of a policy were not read", "organizations:ListTargetsForPolicy")
		}
	}
	if r.Props["TargetIds"] == nil {
		o.unread = unread(nil, "the targets of "+r.ID+" were not read", "organizations:ListTargetsForPolicy")
	}
}

// chain is the root, the units and the account, root first; nil when the parents
// are not known.
func (o *orgTree) chain(account string) []string {
	var out []string
	for id := account; id != ""; {
		if slices.Contains(out, id) {
			return nil
		}
		out = append(out, id)
		parent, ok := o.parents[id]
		if !ok || parent == "" {
			if len(id) > 2 && id[:2] == "r-" {
				break
			}
			return nil
		}
		id = parent
	}
	slices.Reverse(out)
	return out
}

// path is the value of aws:PrincipalOrgPaths: the organization, the root and the
// units
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html#access_policies_last-accessed-viewing-orgs-entity-path).
func (o *orgTree) path(chain []string) string {
	out := o.id + "/"
	for _, id := range chain[:len(chain)-1] {
		out += id + "/"
	}
	return out
}

// unitPath is [orgTree.path] of the root and the units that an account is in;
// false when one of them is not known.
func unitPath(org string, units []any) (string, bool) {
	out := org + "/"
	for _, u := range units {
		id, ok := u.(string)
		if !ok {
			return "", false
		}
		out += id + "/"
	}
	return out, len(units) > 0
}

// knowsOrganization tells whether it is known which organization the account is
// in, or that it is in none. One with policies above it is in one.
func (a *Account) knowsOrganization() bool {
	return a.OrgPath != nil || a.Unread == nil && len(a.SCP) == 0
}

// levels are the policies of one type along a chain. A type that is not enabled
// limits nothing.
func (o *orgTree) levels(chain []string, typ string, kind policy.Type) []Level {
	if o.typesKnown && !slices.Contains(o.types, typ) {
		return nil
	}
	any := false
	var out []Level
	for _, id := range chain {
		l := Level{Target: id}
		for _, p := range o.policies[id] {
			if p.typ == typ {
				l.Policies = append(l.Policies, p.doc)
				any = true
			}
		}
		out = append(out, l)
	}
	if !any && !o.typesKnown {
		return nil
	}
	if !any && kind == policy.SCP {
		// Policies are enabled and none was seen at all, not even the one that
		// is attached everywhere: the targets were not read.
		o.unread = unread(nil, "no attached service control policy was read", "organizations:ListTargetsForPolicy")
		return nil
	}
	return out
}

// observed takes what a member account knows of the policies above it.
func (w *World) observed(a *Account, o *orgTree) {
	self := w.singleton(a)
	read := false
	if self != nil {
		if units, ok := self.Observed["OrganizationalUnitPath"].([]any); ok && o.id != "" {
			if path, whole := unitPath(o.id, units); whole {
				a.OrgPath = []string{path}
			}
		}
		for _, from := range []struct {
			name string
			kind policy.Type
			into *[]Level
		}{{"ServiceControlPolicies", policy.SCP, &a.SCP}, {"ResourceControlPolicies", policy.RCP, &a.RCP}} {
			list, ok := self.Observed[from.name].([]any)
			if !ok {
				continue
			}
			read = read || from.kind == policy.SCP
			for _, v := range list {
				p, _ := v.(map[string]any)
				d := policy.FromTree(p["Content"], from.kind, text(p["Id"])+" ("+text(p["Name"])+")")
				if d == nil {
					d = policy.Unreadable(from.kind, text(p["Id"]), unread(nil, "the policy's content was not read", "organizations:DescribePolicy"))
				}
				*from.into = append(*from.into, Level{Target: text(p["TargetId"]), Policies: []*policy.Document{d}})
			}
		}
	}
	if read || a.Management || a.any == nil {
		return
	}
	if o.at == nil {
		if list, why := w.graph.All(a.any, "Haetae::Organization"); why == nil && len(list) == 0 {
			return // in no organization: nothing is above it
		}
	}
	a.Unread = &haetae.Unknown{Reason: haetae.NotAsked, Detail: "service control policies that apply to account " + a.ID + " were not read",
		Actions: []string{"organizations:ListPolicies", "organizations:ListTargetsForPolicy"}}
	// Where the management account was asked, it is one of its refusals that
	// leaves open where in the organization the account is.
	if o.at == nil {
		return
	}
	for _, typ := range []string{"Haetae::Organization", "AWS::Organizations::Account", "AWS::Organizations::OrganizationalUnit", "AWS::Organizations::Policy"} {
		if _, why := w.graph.All(o.at, typ); why != nil {
			u := *why
			u.Detail = a.Unread.Detail + ": " + why.Detail
			a.Unread = &u
			return
		}
	}
}

func (w *World) singleton(a *Account) *haetae.Resource {
	if a.any == nil {
		return nil
	}
	list, _ := w.graph.All(a.any, "Haetae::Account")
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func enabledTypes(v any) (types []string, known bool) {
	list, ok := v.([]any)
	for _, t := range list {
		if s, is := t.(string); is {
			types = append(types, s)
		}
	}
	return types, ok
}

func first(v any) string {
	for _, e := range elements(v) {
		if s, ok := e.(string); ok {
			return s
		}
	}
	s, _ := v.(string)
	return s
}
