package iam

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// With carries a delta into the world, and into its graph, and returns it; the
// world must not be in use meanwhile. It costs what the delta touches, save that
// a change of the organization reads all identities anew.
func (w *World) With(d haetae.Delta) *World {
	w.change(d)
	return w
}

// change carries a delta and tells which identities and resources it touched.
// all tells that the organization changed, so that everybody is touched.
func (w *World) change(d haetae.Delta) (identities []*Identity, resources []*haetae.Resource, all bool) {
	w.graph.With(d)
	after := slices.Clone(d.Added)
	before := slices.Clone(d.Removed)
	for _, c := range d.Changed {
		before, after = append(before, c.Before), append(after, c.After)
	}
	for _, r := range slices.Concat(before, after) {
		switch r.Type {
		case "Haetae::Organization", "Haetae::Account", "AWS::Organizations::Account", "AWS::Organizations::OrganizationalUnit", "AWS::Organizations::Policy":
			*w = *NewWorld(w.engine, w.graph, Options{AssumeNoOrganization: w.assumeNoOrg})
			return w.principals, w.graph.Resources(), true
		}
	}
	policies := map[managedKey]bool{}
	groups := map[string]bool{} // accounts of which a group changed
	touched := map[string]*haetae.Resource{}
	for _, r := range before {
		w.forget(r)
	}
	for _, r := range after {
		w.remember(r)
	}
	for _, r := range slices.Concat(before, after) {
		switch r.Type {
		case "AWS::IAM::ManagedPolicy":
			policies[managedKey{r.Account, cmp.Or(r.ARN, r.ID)}] = true
		case "AWS::IAM::Group":
			groups[r.Account] = true
		case "AWS::IAM::User", "AWS::IAM::Role":
			touched[r.ARN] = w.resources[r.ARN] // nil when it was removed
		}
	}
	for _, i := range w.principals {
		if i.Resource == nil {
			continue
		}
		if r := w.resources[i.ARN]; r != nil && (groups[i.Account.ID] && !i.IsRole() || uses(r, policies)) {
			touched[i.ARN] = r
		}
	}
	for _, name := range slices.Sorted(maps.Keys(touched)) {
		identities = append(identities, w.reread(name, touched[name]))
	}
	w.askers()
	return identities, slices.Concat(before, after), false
}

// uses tells whether an identity has one of the managed policies attached.
func uses(r *haetae.Resource, policies map[managedKey]bool) bool {
	if len(policies) == 0 {
		return false
	}
	has := func(v any) bool {
		name, _ := v.(string)
		return policies[managedKey{r.Account, name}]
	}
	return has(r.Props["PermissionsBoundary"]) || slices.ContainsFunc(elements(r.Props["ManagedPolicyArns"]), has) ||
		r.Type == "AWS::IAM::User" && len(elements(r.Props["Groups"])) > 0 // its groups may have it
}

// reread puts what is now read of an identity in the place of what was; nil
// removes it.
func (w *World) reread(name string, r *haetae.Resource) *Identity {
	old := w.byARN[name]
	switch {
	case r == nil:
		delete(w.byARN, name)
		w.principals = slices.DeleteFunc(w.principals, func(i *Identity) bool { return i.ARN == name })
		old.Resource = nil
		return old
	case old == nil:
		i := w.identity(r)
		w.byARN[name] = i
		at, _ := slices.BinarySearchFunc(w.principals, name, func(i *Identity, n string) int { return strings.Compare(i.ARN, n) })
		w.principals = slices.Insert(w.principals, at, i)
		return i
	}
	*old = *w.identity(r)
	return old
}

func (w *World) forget(r *haetae.Resource) {
	delete(w.resources, r.ARN)
	delete(w.policies, r)
	switch r.Type {
	case "AWS::IAM::Group":
		delete(w.account(r.Account).groups, r.ID)
	case "AWS::IAM::ManagedPolicy":
		delete(w.managed, managedKey{r.Account, cmp.Or(r.ARN, r.ID)})
	case "AWS::S3::Bucket":
		delete(w.buckets, r.ID)
	}
}

// remember takes a resource into the maps of the world.
func (w *World) remember(r *haetae.Resource) {
	if r.Account == "" || r.Declared() {
		return
	}
	a := w.account(r.Account)
	if a.any == nil {
		a.any = r
	}
	switch r.Type {
	case "AWS::IAM::Group":
		a.groups[r.ID] = r
	case "AWS::IAM::ManagedPolicy":
		name := cmp.Or(r.ARN, r.ID)
		w.managed[managedKey{r.Account, name}] = w.document(r, "PolicyDocument", policy.Identity, name)
	case "AWS::S3::Bucket":
		w.buckets[r.ID] = r
	case "Haetae::Account":
		v, read := r.Observed["S3PublicAccessBlock"]
		a.block, a.blockUnread = blockOf(v), blockUnread(v)
		if !read && !r.Answered() {
			a.blockUnread = blockNotRead()
		}
	}
	if r.ARN != "" {
		w.resources[r.ARN] = r
	}
	if d := w.readPolicy(r); d != nil {
		w.policies[r] = d
	}
}

// With carries a delta into the index, and into its world, and returns it; the
// index must not be in use meanwhile. Pairs of classes that the delta does not
// touch are not decided again.
func (x *Index) With(d haetae.Delta) *Index {
	names, asks, keys := x.w.names, len(x.w.asksARN), x.w.asksNames
	identities, resources, all := x.w.change(d)
	if all || keys != x.w.asksNames || !reflect.DeepEqual(x.keys, x.w.usedKeys()) {
		return x.anew()
	}
	// New entries of Resource elements split classes of items; for principals
	// that do not have them the answers stay.
	var fresh []*pattern
	for _, i := range identities {
		for _, doc := range slices.Concat(i.Policies, i.Boundary) {
			fresh = append(fresh, x.learn(doc)...)
		}
	}
	x.split(fresh)
	// Whom a policy of a resource names, or no longer names, is another class.
	for _, i := range x.w.principals {
		if asks != len(x.w.asksARN) || names[i.ARN] != x.w.names[i.ARN] {
			identities = append(identities, i)
		}
	}
	var changedP, changedI []int32
	for _, i := range identities {
		if x.w.byARN[i.ARN] != i {
			x.principals.drop(i)
			continue
		}
		if class, fresh := x.principals.put(i, x.principalSignature(i)); fresh {
			changedP = append(changedP, class)
		}
	}
	for _, r := range resources {
		for _, it := range itemsOf(r) {
			if x.w.resources[r.ARN] != r {
				x.items.drop(it)
				continue
			}
			if class, fresh := x.items.put(it, x.itemSignature(it)); fresh {
				changedI = append(changedI, class)
			}
		}
	}
	x.fill(changedP, x.items.all())
	if len(changedI) > 0 {
		x.fill(x.principals.all(), changedI)
	}
	x.prune()
	return x
}

// anew puts an index made from nothing in the place of this one.
func (x *Index) anew() *Index {
	y := NewIndex(x.w)
	x.patterns, x.order, x.keys, x.principals, x.items, x.cells, x.stats = y.patterns, y.order, y.keys, y.principals, y.items, y.cells, y.stats
	x.groups.by = y.groups.by
	return x
}

// split gives the items that new patterns match new classes, with the answers of
// the old ones.
func (x *Index) split(fresh []*pattern) {
	if len(fresh) == 0 {
		return
	}
	moved := map[int32]int32{} // new class from old
	for it, old := range maps.Clone(x.items.of) {
		if !slices.ContainsFunc(fresh, func(p *pattern) bool { return p.matches(it) }) {
			continue
		}
		if class, isNew := x.items.put(it, x.itemSignature(it)); isNew {
			moved[class] = old
		}
	}
	byItem := map[int32][]cell{}
	for c := range x.cells {
		byItem[c.item] = append(byItem[c.item], c)
	}
	for class, old := range moved {
		for _, c := range byItem[old] {
			x.cells[cell{c.principal, class}] = x.cells[c]
		}
	}
}

// prune forgets the answers of classes without members.
func (x *Index) prune() {
	for c := range x.cells {
		if x.principals.members[c.principal] == nil || x.items.members[c.item] == nil {
			delete(x.cells, c)
		}
	}
}
