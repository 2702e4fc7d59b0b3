package exception

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// organization says where accounts are.
type organization struct {
	paths   map[string][]string // of accounts whose own snapshot tells: all that they are below
	parents map[string]string   // of accounts and units, as the management account lists them
}

// unitPath is all that an account is below, its root and its units, or why that
// is not known.
type unitPath struct {
	ids []string
	why string
}

// inUnit tells whether the account of a resource is below one of the units.
func (m *Matcher) inUnit(e *entry, r *haetae.Resource) (Scope, string) {
	if len(e.Units) == 0 {
		return Inside, ""
	}
	if r.Account == "" {
		return Undecided, "the account is not known before it is deployed"
	}
	if m.organization == nil {
		m.organization = organizationOf(m.graph.Resources())
	}
	at, ok := m.units[r.Account]
	if !ok {
		at = m.organization.path(r.Account)
		m.units[r.Account] = at
	}
	for _, u := range e.Units {
		if slices.Contains(at.ids, u) {
			return Inside, ""
		}
	}
	if at.why != "" {
		return Undecided, at.why
	}
	return Outside, ""
}

// path follows the parents up to the root: each has one
// (https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html).
func (o *organization) path(account string) unitPath {
	if ids, ok := o.paths[account]; ok {
		return unitPath{ids: ids}
	}
	var out unitPath
	for id := account; !strings.HasPrefix(id, "r-"); {
		up, ok := o.parents[id]
		if !ok || slices.Contains(out.ids, up) {
			out.why = "which organizational units account " + account + " is in was not read (needs organizations:ListParents)"
			return out
		}
		out.ids = append(out.ids, up)
		id = up
	}
	return out
}

func organizationOf(resources []*haetae.Resource) *organization {
	o := &organization{paths: map[string][]string{}, parents: map[string]string{}}
	for _, r := range resources {
		switch r.Type {
		case "Haetae::Account":
			if ids := texts(r.Observed["OrganizationalUnitPath"]); len(ids) > 0 {
				o.paths[r.Account] = ids
			}
		case "AWS::Organizations::Account":
			if up := texts(r.Props["ParentIds"]); len(up) == 1 {
				o.parents[r.ID] = up[0]
			}
		case "AWS::Organizations::OrganizationalUnit":
			if up, ok := r.Props["ParentId"].(string); ok {
				o.parents[r.ID] = up
			}
		}
	}
	return o
}

// texts is a list of texts that is known to its end, or nil.
func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		s, ok := x.(string)
		if !ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}
