package graph

import (
	"fmt"
	"iter"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

// All returns the resources of a type in the world that r is in, its account
// or its stack, in order. why is set when there may be more.
func (g *Graph) All(r *haetae.Resource, typ string) (list []*haetae.Resource, why *haetae.Unknown) {
	return g.byType[worldOf(r)][typ], g.coverage.gap(worldOf(r), "*", typ)
}

// Here is [Graph.All] in the region of r only.
func (g *Graph) Here(r *haetae.Resource, typ string) (list []*haetae.Resource, why *haetae.Unknown) {
	for _, x := range g.byType[worldOf(r)][typ] {
		if x.Region == r.Region {
			list = append(list, x)
		}
	}
	return list, g.coverage.gap(worldOf(r), r.Region, typ)
}

// Find returns the resource of the type that a property value of r refers to.
// When there is none, why says whether it is only unknown to us.
func (g *Graph) Find(r *haetae.Resource, typ string, v any) (found *haetae.Resource, why *haetae.Unknown) {
	if x, ok := v.(*haetae.Resource); ok {
		return x, nil
	}
	n, ok := refName(r, typ, v)
	if !ok {
		if u, is := v.(*haetae.Unknown); is {
			return nil, u
		}
		return nil, nil
	}
	if x := g.nearest(r, g.byName[n]); x != nil {
		return x, nil
	}
	if x := g.aliased(r, typ, v); x != nil {
		return x, nil
	}
	if u, is := v.(*haetae.Unknown); is {
		return nil, u
	}
	if g.ofAnotherService(typ, v) {
		return nil, nil
	}
	u := &haetae.Unknown{Reason: haetae.NotAsked, Detail: fmt.Sprintf("%s %v is not in the snapshot", typ, v), Set: true}
	if gap := g.coverage.gap(worldOf(r), "*", typ); gap != nil && len(gap.Actions) > 0 {
		u.Reason, u.Actions = gap.Reason, gap.Actions
		u.Detail += ": " + gap.Detail
	}
	return nil, u
}

// ofAnotherService tells whether a value is an ARN that no resource of the type
// can have, since it is one of another service.
func (g *Graph) ofAnotherService(typ string, v any) bool {
	text, _ := v.(string)
	n, err := arn.Parse(text)
	t, ok := g.schema.Type(typ)
	if err != nil || !ok {
		return false
	}
	parts := strings.SplitN(t.ARN, ":", 4)
	return len(parts) == 4 && !strings.Contains(parts[2], "$") && parts[2] != n.Service
}

// nearest chooses among resources of one name: those of the same stack, then
// account and region, then account, then any.
func (g *Graph) nearest(r *haetae.Resource, list []*haetae.Resource) *haetae.Resource {
	var best *haetae.Resource
	rank := -1
	for _, x := range list {
		n := 0
		if x.Stack != r.Stack {
			continue // stacks are worlds of their own
		}
		if x.Account == r.Account {
			n += 2
			if x.Region == r.Region || x.Region == "" {
				n++
			}
		}
		if n > rank {
			best, rank = x, n
		}
	}
	return best
}

// aliased finds a key by the name of its alias.
func (g *Graph) aliased(r *haetae.Resource, typ string, v any) *haetae.Resource {
	text, ok := v.(string)
	if typ != "AWS::KMS::Key" || !ok {
		return nil
	}
	alias := g.nearest(r, g.byName[name{"AWS::KMS::Alias", text}])
	if alias == nil {
		return nil
	}
	key, _ := g.Find(alias, typ, alias.Props["TargetKeyId"])
	return key
}

// Referrers returns the resources of a type whose property at the path refers
// to r, in order. why is set when there may be more.
func (g *Graph) Referrers(r *haetae.Resource, typ, path string) (list []*haetae.Resource, why *haetae.Unknown) {
	for e := range g.In(r) {
		if e.From.Type == typ && e.Path == path && worldOf(e.From) == worldOf(r) {
			list = append(list, e.From)
		}
	}
	if v := g.vague[place{worldOf(r), typ, path}]; len(v) > 0 {
		return list, &haetae.Unknown{Path: path, Reason: haetae.Unresolved, Detail: path + " of " + v[0].ID + " is not known and may refer to it"}
	}
	return list, g.coverage.gap(worldOf(r), "*", typ)
}

// Out yields the structural edges that start at r.
func (g *Graph) Out(r *haetae.Resource) iter.Seq[haetae.Edge] {
	return func(yield func(haetae.Edge) bool) {
		for _, rel := range g.rels[r.Type] {
			more := true
			rel.walk(r, func(v any) {
				if !more {
					return
				}
				if to, _ := g.Find(r, rel.Target, v); to != nil {
					more = yield(haetae.Edge{From: r, To: to, Kind: haetae.EdgeKind(rel.Kind), Path: rel.Path})
				}
			})
			if !more {
				return
			}
		}
	}
}

// In yields the structural edges that end at r.
func (g *Graph) In(r *haetae.Resource) iter.Seq[haetae.Edge] {
	return func(yield func(haetae.Edge) bool) {
		for _, n := range g.knownAs(r) {
			for _, w := range g.wants[n] {
				// A name that nobody has is one of an alias of r.
				if x := g.nearest(w.from, g.byName[n]); x != nil && x != r {
					continue
				}
				if !yield(haetae.Edge{From: w.from, To: r, Kind: haetae.EdgeKind(w.rel.Kind), Path: w.rel.Path}) {
					return
				}
			}
		}
	}
}

// knownAs are the names of a resource and of the aliases of a key.
func (g *Graph) knownAs(r *haetae.Resource) []name {
	names := namesOf(r)
	if r.Type != "AWS::KMS::Key" {
		return names
	}
	for _, n := range namesOf(r) {
		for _, w := range g.wants[n] {
			if w.from.Type == "AWS::KMS::Alias" {
				for _, a := range namesOf(w.from) {
					names = append(names, name{"AWS::KMS::Key", a.text})
				}
			}
		}
	}
	return names
}
