package graph

import (
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// folder puts children into their parents.
type folder struct {
	schema  *schema.Schema
	parents map[name][]*haetae.Resource
	kept    []*haetae.Resource
	stubs   map[haetae.Key]*haetae.Resource
	alone   map[*haetae.Resource]bool // stubs of children that name no parent: there is no more to know
}

// fold puts every child type into its parent and returns what is left. It is
// the one place that does, for every source: rules never see a separate child.
func fold(s *schema.Schema, in []*haetae.Resource) []*haetae.Resource {
	byChild := map[string][]schema.Fold{}
	for _, f := range s.Folds() {
		byChild[f.Child] = append(byChild[f.Child], f)
	}
	f := &folder{schema: s, parents: map[name][]*haetae.Resource{}, stubs: map[haetae.Key]*haetae.Resource{}, alone: map[*haetae.Resource]bool{}}
	var children []*haetae.Resource
	for _, r := range in {
		folds := byChild[r.Type]
		if len(folds) > 0 {
			children = append(children, r)
		}
		if len(folds) == 0 || folds[0].Keep {
			f.kept = append(f.kept, r)
		}
		for _, n := range namesOf(r) {
			f.parents[n] = append(f.parents[n], r)
		}
	}
	// Children in the order of their files, so that lists come out the same.
	slices.SortStableFunc(children, (*haetae.Resource).Compare)
	for _, c := range children {
		rules := byChild[c.Type]
		folded := false
		for _, rule := range rules {
			folded = f.child(c, rule, oneParent(rules, rule.By)) || folded
		}
		switch {
		case folded || rules[0].Keep:
		case namesNone(c, rules):
			// A snippet: it is judged as if it were attached to something.
			p := f.stub(c, rules[0], nil)
			f.alone[p] = true
			f.into(p, c, rules[0])
		default:
			f.kept = append(f.kept, c) // it belongs to nothing that we know
		}
	}
	return f.kept
}

// namesNone tells whether a child does not say at all what it belongs to.
func namesNone(c *haetae.Resource, rules []schema.Fold) bool {
	named := false
	for _, r := range rules {
		parsePath(r.By).walk(c.Props, "", func(string, any) { named = true })
	}
	return !named
}

// oneParent tells whether the reference can only be to one type.
func oneParent(rules []schema.Fold, by string) bool {
	n := 0
	for _, r := range rules {
		if r.By == by {
			n++
		}
	}
	return n == 1
}

// child folds one child by one rule, into each parent that it names. When a
// parent is not there and could only be of one type, a stub takes its place.
func (f *folder) child(c *haetae.Resource, rule schema.Fold, stubs bool) (folded bool) {
	parsePath(rule.By).walk(c.Props, "", func(_ string, v any) {
		parents := f.parentsOf(c, rule, v)
		if len(parents) == 0 && stubs && v != nil {
			parents = []*haetae.Resource{f.stub(c, rule, v)}
		}
		for _, p := range parents {
			f.into(p, c, rule)
			folded = true
		}
	})
	return folded
}

func (f *folder) parentsOf(c *haetae.Resource, rule schema.Fold, v any) []*haetae.Resource {
	if n, ok := refName(c, rule.Parent, v); ok {
		var found []*haetae.Resource
		for _, p := range f.parents[n] {
			if p.Account == c.Account && p.Stack == c.Stack {
				found = append(found, p)
			}
		}
		return found
	}
	return nil
}

// stub makes a parent of which only the child is known. Children that name
// the same parent share it.
func (f *folder) stub(c *haetae.Resource, rule schema.Fold, v any) *haetae.Resource {
	id, detail := c.ID, "the "+rule.Parent+" that "+c.ID+" belongs to is not in the template"
	switch x := v.(type) {
	case string:
		id, detail = x, rule.Parent+" "+x+" is not in "+where(c)
	case *haetae.Unknown:
		if x.Detail != "" {
			detail = x.Detail
		}
		if x.Ref != "" {
			id = x.Ref
		}
	}
	p := &haetae.Resource{Type: rule.Parent, ID: id, Account: c.Account, Region: c.Region, Stack: c.Stack,
		Props: map[string]any{}, Origin: haetae.Origin{Source: c.Origin.Source, Place: c.Origin.Place, LogicalID: c.Origin.LogicalID}}
	p.Stub = &haetae.Unknown{Reason: haetae.Unresolved, Detail: detail}
	if strings.HasPrefix(id, "arn:") {
		p.ARN = id
	}
	if old, ok := f.stubs[p.Key()]; ok {
		return old
	}
	f.stubs[p.Key()] = p
	f.kept = append(f.kept, p)
	return p
}

func where(c *haetae.Resource) string {
	if c.Declared() {
		return "the template"
	}
	return "the snapshot"
}

// into puts child c into parent p.
func (f *folder) into(p, c *haetae.Resource, rule schema.Fold) {
	v, from := taken(c, rule)
	if v == nil {
		return
	}
	place := c.Origin.Place
	place.Child = c.Origin.LogicalID
	if place.Child == "" {
		place.Child = c.ID
	}
	p.Origin.Children = append(p.Origin.Children, place)
	for _, s := range c.Origin.Suppressions {
		s.Place.Child = place.Child // it covers what comes of this child only
		p.Origin.Suppressions = append(p.Origin.Suppressions, s)
	}
	if rule.Into == "" {
		for k, e := range v.(map[string]any) {
			p.Props[k] = e
		}
		inherit(p, c, "", from, place)
		return
	}
	holder, last := holderOf(p, rule.Into)
	if holder[last] == nil && p.Stub != nil && rule.As == "list" && !f.alone[p] {
		holder[last] = p.Stub // what else is in the list is not known
	}
	at := rule.Into
	switch rule.As {
	case "set":
		if t, ok := f.schema.Type(rule.Parent); ok {
			if field, err := t.Lookup(rule.Into); err == nil && field.Kind == schema.List {
				v = []any{v}
			}
		}
		holder[last] = v
	case "object":
		merged, ok := holder[last].(map[string]any)
		if !ok {
			merged = map[string]any{}
		}
		if m, ok := v.(map[string]any); ok {
			for k, e := range m {
				merged[k] = e
			}
		}
		holder[last] = merged
	case "statement":
		holder[last] = joinDocuments(holder[last], map[string]any{"Version": "2012-10-17", "Statement": []any{v}})
	case "doc":
		holder[last] = joinDocuments(holder[last], v)
	default:
		n := 0
		holder[last], n = appendTo(holder[last], v)
		at += "[" + strconv.Itoa(n) + "]"
	}
	inherit(p, c, at, from, place)
}

// taken is what of the child goes into the parent, and the child's path of it.
func taken(c *haetae.Resource, rule schema.Fold) (any, string) {
	switch rule.Take {
	case "$ref":
		if c.ARN != "" {
			return c.ARN, ""
		}
		return &haetae.Unknown{Reason: haetae.Unresolved, Detail: "Ref to " + c.ID, Set: true, Plain: true, Parts: []string{"arn:", ""}, Ref: c.ID}, ""
	case "":
		whole := make(map[string]any, len(c.Props))
		by := parsePath(rule.By)
		for k, v := range c.Props {
			if k == by[0] || strings.HasPrefix(k, "$") {
				continue
			}
			if to, ok := rule.Rename[k]; ok {
				if to == "" {
					continue
				}
				k = to
			}
			whole[k] = clone(v)
		}
		return whole, ""
	}
	return clone(c.Props[rule.Take]), rule.Take
}

// holderOf finds the object that holds the property, making those on the way.
func holderOf(p *haetae.Resource, into string) (map[string]any, string) {
	steps := parsePath(into)
	if p.Props == nil {
		p.Props = map[string]any{}
	}
	m := p.Props
	for _, s := range steps[:len(steps)-1] {
		next, ok := m[s].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[s] = next
		}
		m = next
	}
	return m, steps[len(steps)-1]
}

// appendTo appends to a list that may be open, or unknown as a whole.
func appendTo(list, v any) (any, int) {
	switch x := list.(type) {
	case *haetae.OpenList:
		return &haetae.OpenList{Items: append(x.Items, v), Why: x.Why}, len(x.Items)
	case *haetae.Unknown:
		return &haetae.OpenList{Items: []any{v}, Why: x}, 0
	}
	items, _ := elements(list)
	if more, ok := v.([]any); ok { // a list of its own is joined, not nested
		return append(items[:len(items):len(items)], more...), len(items)
	}
	return append(items[:len(items):len(items)], v), len(items)
}

// joinDocuments joins the statements of two policy documents.
func joinDocuments(a, b any) any {
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if a == nil || !okX {
		return b
	}
	if !okY {
		return a
	}
	left, _ := elements(x["Statement"])
	right, _ := elements(y["Statement"])
	joined := clone(x).(map[string]any)
	joined["Statement"] = append(left[:len(left):len(left)], right...)
	return joined
}

// inherit gives the parent the places of the child's properties.
func inherit(p, c *haetae.Resource, at, from string, place haetae.Place) {
	if !p.Declared() {
		return
	}
	if p.Origin.Paths == nil {
		p.Origin.Paths = map[string]haetae.Place{}
	}
	if at != "" {
		p.Origin.Paths[at] = place
	}
	for path, where := range c.Origin.Paths {
		rest, ok := strings.CutPrefix(path, from)
		if !ok || from != "" && rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		where.Child = place.Child
		switch {
		case rest == "":
			p.Origin.Paths[at] = where
		case at == "":
			p.Origin.Paths[rest] = where
		case rest[0] == '.' || rest[0] == '[':
			p.Origin.Paths[at+rest] = where
		default:
			p.Origin.Paths[at+"."+rest] = where
		}
	}
}
