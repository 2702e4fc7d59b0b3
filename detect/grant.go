package detect

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/sigma"
)

// grants are what the parameters of a call give to whom: the policies in them,
// wherever they stand, and the accounts with which something is shared.
type grants struct {
	any      bool // something is given
	public   bool // to everybody, with no condition that holds it to fixed values
	admin    bool // every action on every resource
	accounts []string
	external []string // of the accounts, those that are none of the organisation's
	actions  []string // as the policies write them
}

func (g *grants) field(name string, dst []sigma.Value) ([]sigma.Value, bool) {
	if !g.any {
		return dst, false
	}
	switch name {
	case "public":
		return boolean(dst, g.public)
	case "admin":
		return boolean(dst, g.admin)
	case "accounts":
		return texts(dst, g.accounts)
	case "external":
		return texts(dst, g.external)
	case "actions":
		return texts(dst, g.actions)
	}
	return dst, false
}

// grantsOf reads the parameters of a call of CloudTrail. ours tells the
// organisation's accounts.
func grantsOf(e *haetae.Event, ours func(string) bool) *grants {
	g := &grants{}
	if e.Log != haetae.CloudTrail {
		return g
	}
	var record struct {
		RequestParameters any `json:"requestParameters"`
	}
	if json.Unmarshal(e.Raw, &record) != nil {
		return g
	}
	g.walk("", record.RequestParameters)
	slices.Sort(g.accounts)
	g.accounts = slices.Compact(g.accounts)
	slices.Sort(g.actions)
	g.actions = slices.Compact(g.actions)
	for _, a := range g.accounts {
		if a != e.Account && a != e.Actor.Account && (ours == nil || !ours(a)) {
			g.external = append(g.external, a)
		}
	}
	return g
}

// receivers are the parameters that name with whom something is shared, in lower case:
// of images, snapshots, functions, layers, queues, topics, documents, buses, keys and
// endpoint services.
func receiver(name string) bool {
	switch strings.ToLower(name) {
	case "userid", "group", "valuestoadd", "accountidstoadd", "principal", "principals", "awsaccountids", "addallowedprincipals",
		"accountwithrestoreaccess", "granteeprincipal", "attributevaluestoadd", "useridstoadd", "usergroups", "organizationarn":
		return true
	}
	return false
}

// taken are the parameters whose content is taken away, not given.
func taken(name string) bool {
	switch strings.ToLower(name) {
	case "remove", "valuestoremove", "accountidstoremove", "removeallowedprincipals", "operationtype":
		return true
	}
	return false
}

// walk looks for policies and receivers in a value of the parameters.
func (g *grants) walk(name string, v any) {
	switch v := v.(type) {
	case string:
		if t := strings.TrimSpace(v); strings.HasPrefix(t, "{") && strings.Contains(t, `"Statement"`) {
			if d, err := policy.Parse(t, policy.Resource); err == nil {
				g.policy(d)
			}
			return
		}
		if receiver(name) {
			g.to(v)
		}
	case []any:
		for _, x := range v {
			g.walk(name, x)
		}
	case map[string]any:
		if _, ok := v["Statement"]; ok {
			g.policy(policy.FromTree(v, policy.Resource, name))
			return
		}
		for n, x := range v {
			if taken(n) {
				continue
			}
			if n == "items" || n == "item" { // EC2's way to write lists
				n = name
			}
			g.walk(n, x)
		}
	}
}

// to gives something to whom a text names: "all", "*", an account, or an ARN.
func (g *grants) to(who string) {
	switch {
	case who == "all" || who == "*":
		g.any, g.public = true, true
	case account(who) != "":
		g.any, g.accounts = true, append(g.accounts, account(who))
	}
}

// account is the account that a principal is, or is in.
func account(who string) string {
	if parts := strings.SplitN(who, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		who = parts[4]
	}
	if len(who) == 12 && strings.Trim(who, "0123456789") == "" {
		return who
	}
	return ""
}

// policy takes what the Allow statements of a policy give.
func (g *grants) policy(d *policy.Document) {
	g.any = true
	g.public = g.public || iam.PublicPolicy(d).Public
	for _, s := range d.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		all := false
		if s.Actions != nil && !s.Actions.Not {
			for _, a := range s.Actions.List {
				g.actions = append(g.actions, a.Text)
				all = all || a.Text == "*" || a.Text == "*:*"
			}
		}
		if all && s.Resources != nil && !s.Resources.Not && s.Resources.Any && s.Principals == nil && len(s.Conditions) == 0 {
			g.admin = true
		}
		if s.Principals != nil && !s.Principals.Not {
			for _, p := range s.Principals.List {
				if p.Kind == "AWS" {
					if a := account(p.Text); a != "" {
						g.accounts = append(g.accounts, a)
					}
				}
			}
		}
	}
}
