package control

import (
	"cel.dev/cel-go/common/types"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// accessor reads one member of a value, knowing what the schema says of it.
type accessor struct {
	name  string
	field *schema.Field // nil for what has no schema: documents, maps
	// missing is what reading gives when the member is not there: nil for a
	// decided "not set", else an unknown.
	missing any
	// noDefault is set when missing is that what AWS then takes is not on record.
	noDefault bool
	whole     bool // r.observed, r.volatile, r.id …: a member of the resource itself
}

func (c *compiler) accessor(typ *types.Type, name string) *accessor {
	a := &accessor{name: name}
	if root := c.provider.root(typ); root != nil {
		if f, ok := root.Props.Field(name); ok {
			a.field = f
		} else {
			a.whole = true
		}
		a.missing = missingValue(a.field, name, root.Name)
		us, _ := a.missing.(unknowns)
		a.noDefault = len(us) == 1 && us[0].Reason == haetae.NoDefault
		return a
	}
	if typ != nil && typ.Kind() == types.StructKind {
		c.provider.mu.Lock()
		object := c.provider.objects[typ.TypeName()]
		c.provider.mu.Unlock()
		a.field, _ = object.Field(name)
		a.missing = missingValue(a.field, name, typ.TypeName())
	}
	return a
}

// missingValue is what a property that is not there stands for.
func missingValue(f *schema.Field, name, owner string) any {
	switch {
	case f == nil:
		return nil
	case f.HasDefault:
		return f.Default
	case f.AccountDependent:
		return unknowns{{Path: name, Reason: haetae.ByAccount, Detail: name + " is not set and its default depends on the account"}}
	case f.Absent, f.Kind == schema.List, f.Kind == schema.Map:
		return nil
	}
	return unknowns{{Path: name, Reason: haetae.NoDefault, Detail: name + " is not set and what AWS then takes is not on record"}}
}

// get reads the member.
func (a *accessor) get(v any) any {
	switch x := v.(type) {
	case *haetae.Resource:
		return a.ofResource(x)
	case map[string]any:
		if m, ok := x[a.name]; ok {
			return m
		}
		return a.missing
	case *group:
		if m, ok := x.facts[a.name]; ok {
			return m
		}
		return x.missing(a)
	case nil:
		return nil // not set has no members, which are not set either
	case *haetae.Unknown, unknowns:
		return opaque(v)
	}
	return faulty("a value without members stands where " + a.name + " is read")
}

// liveOnly is said of a declared resource whose verdict needs such a fact.
const liveOnly = "needs facts that only a live account has"

// group is r.observed or r.volatile.
type group struct {
	facts map[string]any
	of    *haetae.Resource
}

// missing is a fact that the source did not give: nobody asked for it, unless
// the schema says that not being there means something.
func (g *group) missing(a *accessor) any {
	if g.of.Stub != nil && !g.of.Declared() {
		return opaque(g.of.Stub)
	}
	if g.of.Declared() {
		return unknowns{{Path: a.name, Reason: haetae.LiveOnly, Detail: liveOnly}}
	}
	if a.field != nil && (a.field.HasDefault || a.field.Absent) {
		return a.missing
	}
	if g.of.Answered() {
		return nil // what a call that failed would have told is there, as unknown
	}
	return unknowns{{Path: a.name, Reason: haetae.NotAsked, Detail: a.name + " was not read"}}
}

func (a *accessor) ofResource(r *haetae.Resource) any {
	if !a.whole {
		if m, ok := r.Props[a.name]; ok {
			return m
		}
		if r.Stub != nil {
			return opaque(r.Stub)
		}
		if a.noDefault && r.Answered() {
			return nil // what AWS answered without it has not got it
		}
		return a.missing
	}
	switch a.name {
	case memberObserved:
		return &group{r.Observed, r}
	case memberVolatile:
		return &group{r.Volatile, r}
	case "id":
		return r.ID
	case "arn":
		if r.ARN == "" {
			return &haetae.Unknown{Path: "arn", Reason: haetae.Unresolved, Detail: "the ARN is not known before it is deployed", Set: true, Plain: true, Parts: []string{"arn:", ""}, Ref: r.ID, Attr: "Arn"}
		}
		return r.ARN
	case "account":
		return knownOr(r.Account, haetae.AccountOfStack, "the account is not known before it is deployed", r)
	case "region":
		return knownOr(r.Region, "", "the region is not known before it is deployed", r)
	case "type":
		return r.Type
	case "stack":
		return r.Stack
	case "tags":
		return tagsOf(r)
	}
	return faulty("resources have no " + a.name)
}

func knownOr(v, ref, why string, r *haetae.Resource) any {
	if v == "" && r.Declared() {
		return &haetae.Unknown{Reason: haetae.Unresolved, Detail: why, Set: true, Plain: true, Ref: ref}
	}
	return v
}

// tagsOf gives the tags as a map; when they were not all read the map is
// unknown but for the tags it is known to have.
func tagsOf(r *haetae.Resource) any {
	if r.TagsUnknown != nil && len(r.Tags) == 0 {
		return r.TagsUnknown
	}
	if r.Tags == nil {
		return map[string]any{}
	}
	if r.TagsUnknown != nil {
		return &openMap{r.Tags, r.TagsUnknown}
	}
	return r.Tags
}

// openMap is a map of which some entries were not read.
type openMap struct {
	known map[string]any
	why   *haetae.Unknown
}

// has is CEL's has(): is the member there.
func (a *accessor) has(v any) any {
	switch x := v.(type) {
	case *haetae.Resource:
		if a.whole {
			return true
		}
		m, ok := x.Props[a.name]
		if !ok && x.Stub != nil {
			return opaque(x.Stub)
		}
		return a.present(m, ok)
	case map[string]any:
		m, ok := x[a.name]
		return a.present(m, ok)
	case *openMap:
		if _, ok := x.known[a.name]; ok {
			return true
		}
		return opaque(x.why)
	case *group:
		m, ok := x.facts[a.name]
		if missing := x.missing(a); !ok && isUnknown(missing) {
			return missing
		}
		return a.present(m, ok)
	case nil:
		return false
	case *haetae.Unknown, unknowns:
		return opaque(v)
	}
	return faulty("a value without members stands in has()")
}

// present tells whether a value that was found, or not, counts as set.
func (a *accessor) present(m any, found bool) any {
	if !found {
		if a.field != nil && a.field.AccountDependent {
			return a.missing
		}
		return a.field != nil && a.field.HasDefault
	}
	switch x := m.(type) {
	case nil:
		return false
	case *haetae.Unknown:
		if !x.Set {
			return opaque(x)
		}
	}
	return true
}
