package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
)

// asker answers the questions of controls about permissions, over the whole
// graph. What it found is kept for the next control that asks.
type asker struct {
	world     *iam.World
	catalogue *permission.Catalogue
	admins    *iam.Admins
	outside   map[*haetae.Resource]any
	holders   map[[2]string]any
}

// asker is made when the first control asks. The other result says why there
// is none: a template has no accounts, so that only a live one can tell.
func (f *frame) asker() (*asker, any) {
	if f.self.Declared() {
		return nil, unknowns{{Path: "iam", Reason: haetae.LiveOnly, Detail: liveOnly}}
	}
	if f.run.asked != nil {
		return f.run.asked, nil
	}
	c, err := f.run.permissions()
	if err != nil {
		return nil, faulty(err.Error())
	}
	w := iam.NewWorld(iam.New(c), f.graph, iam.Options{})
	f.run.asked = &asker{world: w, catalogue: c, admins: w.Admins(), outside: map[*haetae.Resource]any{}, holders: map[[2]string]any{}}
	return f.run.asked, nil
}

// resource is the resource that a value means: itself, or by its ARN.
func (a *asker) resource(v any) (*haetae.Resource, any) {
	switch x := v.(type) {
	case *haetae.Resource:
		if x.ARN == "" {
			return nil, noARN(x)
		}
		return x, nil
	case string:
		if r, ok := a.world.Resource(x); ok {
			return r, nil
		}
		return nil, unknowns{{Reason: haetae.NotAsked, Detail: x + " is not in the snapshot"}}
	}
	return nil, undecided(v)
}

// noARN says why a resource has no ARN: what could not be read of it, such as the
// attributes that have the ARN of a queue.
func noARN(r *haetae.Resource) any {
	for _, tree := range []map[string]any{r.Observed, r.Props} {
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			if u, ok := tree[name].(*haetae.Unknown); ok && len(u.Actions) > 0 {
				return unknowns{u}
			}
		}
	}
	return unknowns{{Reason: haetae.NotAsked, Detail: "the ARN of " + r.Type + " " + r.ID + " was not read"}}
}

// name is the ARN that a value means.
func (a *asker) name(v any) (string, any) {
	switch x := v.(type) {
	case *haetae.Resource:
		if x.ARN == "" {
			return "", noARN(x)
		}
		return x.ARN, nil
	case string:
		return x, nil
	}
	return "", undecided(v)
}

// action is one that there is: a misspelt one must not pass for one that nobody
// may use.
func (a *asker) action(v any) (string, any) {
	s, ok := v.(string)
	if !ok {
		return "", undecided(v)
	}
	service, name, _ := strings.Cut(s, ":")
	if _, known := a.catalogue.Action(service, name); !known {
		return "", faulty(s + " is no action of " + a.catalogue.Version().String())
	}
	return s, nil
}

// answer is what a decision means to an expression.
func answer(m iam.May, err error) any {
	switch {
	case err != nil:
		return faulty(err.Error())
	case m.Is:
		return true
	case len(m.Unread) > 0:
		return unknowns(m.Unread)
	}
	return false
}

// iamPublic is iam.public(resource).
func iamPublic(f *frame, args []any) any {
	a, why := f.asker()
	if why != nil {
		return why
	}
	r, why := a.resource(args[0])
	if why != nil {
		return why
	}
	return answer(a.world.Public(r))
}

// iamOutside is iam.outside(resource).
func iamOutside(f *frame, args []any) any {
	a, why := f.asker()
	if why != nil {
		return why
	}
	r, why := a.resource(args[0])
	if why != nil {
		return why
	}
	if v, ok := a.outside[r]; ok {
		return v
	}
	list, err := a.world.ExternalTo(r)
	if err != nil {
		return faulty(err.Error())
	}
	out, open := []any{}, unknowns{}
	for i := range list {
		o := &list[i]
		if !o.May.Is {
			open = append(open, o.May.Unread...)
			continue
		}
		risks := []any{}
		for _, k := range o.Risks {
			risks = append(risks, string(k))
		}
		entry := map[string]any{"who": o.Who, "kind": kindOf(o.Principal, nil), "conditional": o.May.Conditional, "actions": texts(o.Actions), "risks": risks}
		if len(o.Unsure) > 0 {
			entry["risks"] = listWith([]any{}, o.Unsure)
		}
		out = append(out, entry)
	}
	a.outside[r] = listWith(out, open)
	return a.outside[r]
}

// iamWhoMay is iam.who_may(resource, action).
func iamWhoMay(f *frame, args []any) any {
	a, why := f.asker()
	if why != nil {
		return why
	}
	name, why := a.name(args[0])
	if why != nil {
		return why
	}
	action, why := a.action(args[1])
	if why != nil {
		return why
	}
	key := [2]string{name, action}
	if v, ok := a.holders[key]; ok {
		return v
	}
	list, unread, err := a.world.WhoMay(action, name)
	if err != nil {
		return faulty(err.Error())
	}
	out, open := []any{}, unknowns(unread)
	for _, h := range list {
		if !h.May.Is {
			open = append(open, h.May.Unread...)
			continue
		}
		who := h.Principal.ARN + h.Principal.Service + h.Principal.Federated
		if h.Principal.Anonymous {
			who = "anybody"
		}
		out = append(out, map[string]any{"who": who, "kind": kindOf(h.Principal, h.Identity), "inside": h.Identity != nil, "conditional": h.May.Conditional})
	}
	a.holders[key] = listWith(out, open)
	return a.holders[key]
}

// iamSomeoneMay is iam.someone_may(resource, action).
func iamSomeoneMay(f *frame, args []any) any {
	who := iamWhoMay(f, args)
	list, more, ok := items(who)
	switch {
	case !ok:
		return who
	case len(list) > 0:
		return true
	case more != nil:
		return opaque(more)
	}
	return false
}

// iamMay is iam.may(principal, action, resource).
func iamMay(f *frame, args []any) any {
	a, why := f.asker()
	if why != nil {
		return why
	}
	who, why := a.name(args[0])
	if why != nil {
		return why
	}
	action, why := a.action(args[1])
	if why != nil {
		return why
	}
	resource, why := a.name(args[2])
	if why != nil {
		return why
	}
	p := iam.Principal{ARN: who}
	if !strings.HasPrefix(who, "arn:") {
		p = iam.Principal{Service: who}
	}
	return answer(a.world.May(iam.Request{Principal: p, Action: action, Resources: []string{resource}, Any: resource != "*" && strings.ContainsAny(resource, "*?")}))
}

// iamAdmin is iam.admin(principal).
func iamAdmin(f *frame, args []any) any {
	a, why := f.asker()
	if why != nil {
		return why
	}
	name, why := a.name(args[0])
	if why != nil {
		return why
	}
	i, ok := a.world.Identity(name)
	if !ok {
		return unknowns{{Reason: haetae.NotAsked, Detail: name + " is not in the snapshot", Actions: []string{"iam:GetAccountAuthorizationDetails"}}}
	}
	return answer(a.admins.Is(i), nil)
}

// kindOf says in one word what a principal is.
func kindOf(p iam.Principal, i *iam.Identity) string {
	switch {
	case p.Anonymous:
		return "anybody"
	case p.Service != "":
		return "service"
	case p.Federated != "":
		return "federated"
	case i != nil && i.Resource == nil:
		return "root"
	case i != nil && i.ServiceLinked():
		return "service-linked"
	case i != nil && i.IsRole():
		return "role"
	case i != nil:
		return "user"
	}
	if n, err := arn.Parse(p.ARN); err == nil && n.Account == strangerAccount {
		return "anybody"
	}
	return "account"
}

// strangerAccount is that of "any AWS account" among those outside.
const strangerAccount = "000000000000"

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return slices.Clip(out)
}

// proven notes the answer of a function over the whole graph as evidence.
func (f *frame) proven(name string, v any) {
	if f.trace == nil || isUnknown(v) {
		return
	}
	list, more, ok := items(v)
	if !ok {
		f.trace.read(name, v, false)
		return
	}
	said := []any{}
	for _, e := range list {
		if entry, ok := e.(map[string]any); ok {
			e = accessText(entry)
		}
		said = append(said, e)
	}
	f.trace.read(name, openList(said, more), false)
}

// accessText is an entry of iam.outside or iam.who_may for people.
func accessText(entry map[string]any) string {
	out, _ := entry["who"].(string)
	actions, _, _ := items(entry["actions"])
	for i, a := range actions {
		if i == 2 && len(actions) > 3 {
			return out + fmt.Sprintf(" and %d more actions", len(actions)-i)
		}
		s, _ := a.(string)
		if i == 0 {
			out += ": "
		} else {
			out += ", "
		}
		out += s
	}
	return out
}

// listWith is a list to which more may belong; each cause is named once.
func listWith(list []any, open unknowns) any {
	if len(open) == 0 {
		return list
	}
	return openList(list, merge(open))
}
