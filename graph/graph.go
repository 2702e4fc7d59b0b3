package graph

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/schema"
)

// Graph is an index over the resources of a snapshot. It may be read by many
// goroutines; [Graph.With] needs it alone.
type Graph struct {
	schema   *schema.Schema
	time     int64
	byKey    map[haetae.Key]*haetae.Resource
	byType   map[world]map[string][]*haetae.Resource // by world and type, in order
	byName   map[name][]*haetae.Resource
	wants    map[name][]want
	vague    map[place][]*haetae.Resource // resources whose reference at a path is unknown
	coverage coverage
	rels     map[string][]relation
}

// world is what a rule can see at once: an account, or a stack.
type world struct{ stack, account string }

// place is a relation within a world.
type place struct {
	world
	typ, path string
}

// name is a text by which resources of a type are referred to.
type name struct{ typ, text string }

// want is a reference, whether or not what it refers to is there.
type want struct {
	from *haetae.Resource
	rel  *relation
}

type relation struct {
	schema.Relation
	path path
}

// walk visits what the relation names in the resource: a property or, where
// only a live account knows it (the volume of a snapshot), an observed one.
func (rel *relation) walk(r *haetae.Resource, visit func(v any)) {
	props := r.Props
	if _, ok := props[rel.path[0]]; !ok {
		props = r.Observed
	}
	rel.path.walk(props, "", func(_ string, v any) { visit(v) })
}

// New indexes a snapshot that [Assemble] made.
func New(s *schema.Schema, snap *haetae.Snapshot) *Graph {
	g := &Graph{
		schema: s, time: snap.Time,
		byKey:  make(map[haetae.Key]*haetae.Resource, len(snap.Resources)),
		byType: map[world]map[string][]*haetae.Resource{},
		byName: make(map[name][]*haetae.Resource, 2*len(snap.Resources)),
		wants:  map[name][]want{},
		vague:  map[place][]*haetae.Resource{},
		rels:   map[string][]relation{},
	}
	g.coverage = newCoverage(snap.Coverage)
	for _, r := range snap.Resources {
		g.add(r)
	}
	return g
}

// Time is the snapshot's time in Unix seconds, 0 when it has none.
func (g *Graph) Time() int64 { return g.time }

// Len is the number of resources.
func (g *Graph) Len() int { return len(g.byKey) }

// Resources returns all resources in the order of a snapshot.
func (g *Graph) Resources() []*haetae.Resource {
	out := make([]*haetae.Resource, 0, len(g.byKey))
	for _, types := range g.byType {
		for _, list := range types {
			out = append(out, list...)
		}
	}
	slices.SortFunc(out, (*haetae.Resource).Compare)
	return out
}

// Get returns the resource with the key, or nil.
func (g *Graph) Get(k haetae.Key) *haetae.Resource { return g.byKey[k] }

func worldOf(r *haetae.Resource) world { return world{r.Stack, r.Account} }

// relations returns the compiled relations of a type.
func (g *Graph) relations(typ string) []relation {
	rels, ok := g.rels[typ]
	if !ok {
		for _, r := range g.schema.Edges(typ) {
			rels = append(rels, relation{r, parsePath(r.Path)})
		}
		g.rels[typ] = rels
	}
	return rels
}

func (g *Graph) add(r *haetae.Resource) {
	g.byKey[r.Key()] = r
	w := worldOf(r)
	types := g.byType[w]
	if types == nil {
		types = map[string][]*haetae.Resource{}
		g.byType[w] = types
	}
	list := types[r.Type]
	if n := len(list); n == 0 || list[n-1].Compare(r) < 0 {
		types[r.Type] = append(list, r)
	} else {
		i, _ := slices.BinarySearchFunc(list, r, (*haetae.Resource).Compare)
		types[r.Type] = slices.Insert(list, i, r)
	}
	for _, n := range namesOf(r) {
		g.byName[n] = append(g.byName[n], r)
	}
	rels := g.relations(r.Type)
	for i := range rels {
		rel := &rels[i]
		rel.walk(r, func(v any) {
			if n, ok := refName(r, rel.Target, v); ok {
				g.wants[n] = append(g.wants[n], want{r, rel})
			} else if _, unknown := v.(*haetae.Unknown); unknown {
				p := place{w, r.Type, rel.Path}
				g.vague[p] = append(g.vague[p], r)
			}
		})
	}
}

func (g *Graph) remove(k haetae.Key) {
	r := g.byKey[k]
	if r == nil {
		return
	}
	delete(g.byKey, k)
	w := worldOf(r)
	types := g.byType[w]
	types[r.Type] = without(types[r.Type], func(x *haetae.Resource) bool { return x == r })
	if len(types[r.Type]) == 0 {
		delete(types, r.Type)
	}
	for _, n := range namesOf(r) {
		g.byName[n] = without(g.byName[n], func(x *haetae.Resource) bool { return x == r })
		if len(g.byName[n]) == 0 {
			delete(g.byName, n)
		}
	}
	rels := g.relations(r.Type)
	for i := range rels {
		rel := &rels[i]
		rel.walk(r, func(v any) {
			if n, ok := refName(r, rel.Target, v); ok {
				g.wants[n] = without(g.wants[n], func(x want) bool { return x.from == r && x.rel.Path == rel.Path })
				if len(g.wants[n]) == 0 {
					delete(g.wants, n)
				}
			} else if _, unknown := v.(*haetae.Unknown); unknown {
				p := place{w, r.Type, rel.Path}
				g.vague[p] = without(g.vague[p], func(x *haetae.Resource) bool { return x == r })
				if len(g.vague[p]) == 0 {
					delete(g.vague, p)
				}
			}
		})
	}
}

func without[T any](list []T, drop func(T) bool) []T {
	return slices.DeleteFunc(list, drop)
}

// With carries a delta into the graph and returns it; the graph must not be in
// use meanwhile. It costs what the delta touches, and the result equals
// indexing the changed snapshot anew.
func (g *Graph) With(d haetae.Delta) *Graph {
	for _, r := range d.Removed {
		g.remove(r.Key())
	}
	for _, c := range d.Changed {
		g.remove(c.Before.Key())
		g.add(c.After)
	}
	for _, r := range d.Added {
		g.add(r)
	}
	return g
}

// namesOf are the names by which others refer to a resource.
func namesOf(r *haetae.Resource) []name {
	out := make([]name, 0, 3)
	if r.Declared() {
		out = append(out, name{r.Type, stackName(r.Stack, r.ID)})
		switch id := literalID(r).(type) {
		case string:
			out = append(out, name{r.Type, id})
		case *haetae.Unknown:
			if text := expression(id); text != "" {
				out = append(out, name{r.Type, stackName(r.Stack, text)})
			}
		}
	} else {
		out = append(out, name{r.Type, r.ID})
	}
	if r.ARN != "" && r.ARN != r.ID {
		out = append(out, name{r.Type, trimARN(r.ARN)})
	}
	if r.Type == "AWS::KMS::Key" && strings.HasPrefix(r.ID, "arn:") {
		out = append(out, name{r.Type, r.ID[strings.LastIndexByte(r.ID, '/')+1:]})
	}
	return out
}

// literalID is the name that a template gives its resource, or nil.
func literalID(r *haetae.Resource) any {
	short := r.Type[strings.LastIndex(r.Type, ":")+1:]
	for _, p := range []string{short + "Name", "Name", short + "Identifier", short + "Id"} {
		if v, ok := r.Props[p]; ok {
			return v
		}
	}
	return nil
}

// expression identifies a text made of the same parts and parameters: a bucket
// named !Sub "${App}-logs" is what a policy means that names !Sub "${App}-logs".
func expression(u *haetae.Unknown) string {
	if len(u.Parts) < 2 || u.Ref != "" {
		return ""
	}
	return "\x00" + u.Pattern() + "\x00" + u.Detail
}

func stackName(stack, id string) string { return stack + "\x00" + id }

// refName is the name that a value refers to a resource of the type by.
func refName(from *haetae.Resource, target string, v any) (name, bool) {
	switch x := v.(type) {
	case string:
		if x == "" {
			return name{}, false
		}
		return name{target, trimARN(x)}, true
	case *haetae.Unknown:
		if from.Stack == "" {
			break
		}
		if x.Ref != "" {
			return name{target, stackName(from.Stack, x.Ref)}, true
		}
		if text := expression(x); text != "" {
			return name{target, stackName(from.Stack, text)}, true
		}
	}
	return name{}, false
}

// trimARN cuts from a reference what does not belong to the resource's name: a
// log group's ":*" and what comes after a bucket in an object's ARN.
func trimARN(s string) string {
	n, err := arn.Parse(s)
	switch {
	case err != nil:
		return s
	case n.Service == "logs":
		return strings.TrimSuffix(s, ":*")
	case n.Service == "s3" && n.Type() != "" && n.Account == "":
		n.Resource = n.Type()
		return n.String()
	}
	return s
}
