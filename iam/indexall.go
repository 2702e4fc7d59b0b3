package iam

import (
	"iter"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/permission"
)

// Accessors are who may do one action on one resource of a world.
type Accessors struct {
	Resource *haetae.Resource
	// Inside tells that the action is for what is in the resource, such as the
	// objects of a bucket: on some of it.
	Inside bool
	Action *permission.Action
	// Allowed may whatever the conditions, Depends under conditions, or perhaps:
	// something was not read. Nobody may change the slices.
	Allowed, Depends []*Identity
}

// Name is the resource as a policy names it.
func (a Accessors) Name() string { return item{a.Resource, a.Inside}.name() }

// All gives, resource by resource in the order of ARNs, each action that somebody
// may do on it, for the actions that are asked for. The identities of equal
// answers share a slice.
func (x *Index) All(asked func(*haetae.Resource, *permission.Action) bool) iter.Seq[Accessors] {
	return func(yield func(Accessors) bool) {
		byItem := map[int32][]int32{}
		for c := range x.cells {
			byItem[c.item] = append(byItem[c.item], c.principal)
		}
		items := make([]item, 0, len(x.items.of))
		for it := range x.items.of {
			items = append(items, it)
		}
		slices.SortFunc(items, func(a, b item) int {
			switch m, n := a.name(), b.name(); {
			case m < n:
				return -1
			case m > n:
				return 1
			}
			return 0
		})
		known := map[int32][]Accessors{} // of a class, without its resource
		for _, it := range items {
			class := x.items.of[it]
			list, ok := known[class]
			if !ok {
				list = x.accessOf(class, byItem[class])
				known[class] = list
			}
			for _, a := range list {
				a.Resource, a.Inside = it.resource, it.inside
				if asked(a.Resource, a.Action) && !yield(a) {
					return
				}
			}
		}
	}
}

// accessOf is who may do what on the items of a class.
func (x *Index) accessOf(class int32, principals []int32) []Accessors {
	slices.Sort(principals)
	it := x.items.first(class)
	actions := x.w.engine.actionsFor(it)
	if len(actions) == 0 || len(principals) == 0 {
		return nil
	}
	theirs := x.groups.item(x, it, actions)
	out := make([]Accessors, len(actions))
	for _, p := range principals {
		mine := x.groups.principal(x, x.principals.first(p), it, actions)
		answers := x.cells[cell{p, class}]
		for k := range actions {
			for _, a := range answers {
				if a.principal != mine[k] || a.item != theirs[k] {
					continue
				}
				if a.verdict == compactAllowed {
					out[k].Allowed = append(out[k].Allowed, x.principals.members[p]...)
				} else {
					out[k].Depends = append(out[k].Depends, x.principals.members[p]...)
				}
			}
		}
	}
	for k := range out {
		out[k].Action = actions[k]
	}
	return slices.DeleteFunc(out, func(a Accessors) bool { return a.Allowed == nil && a.Depends == nil })
}
