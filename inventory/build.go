package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Options say what the answers themselves do not.
type Options struct {
	// Account is the account of resources that nothing else places.
	Account string
	// Region is the region of answers whose place does not say it.
	Region string
	// Time is the time of the snapshot in Unix seconds.
	Time int64
	// Source is written into each resource's origin; "cli" when empty.
	Source string
	// Redact returns what stands for a value that may be a secret. When nil,
	// only the kind and the length are kept.
	Redact func(kind, value string) any
}

// Builder makes a snapshot of answers. The order in which answers are added
// matters only where two of them contradict each other: the later one wins.
type Builder struct {
	opts    Options
	kinds   []Kind
	byOp    map[string][]ref
	entries map[haetae.Key]*entry
	later   []partial
	lists   map[spot]*outcome
	shown   map[parentSpot]*outcome
	places  map[[2]string]bool // account and region that were seen; region "" for the account
	gone    []haetae.Problem
}

// ref is one call of one kind.
type ref struct {
	kind *Kind
	call *Call
}

// spot is one call in one place.
type spot struct {
	call            *Call
	account, region string
}

// parentSpot is one call that lists a type for one parent.
type parentSpot struct {
	spot
	parent string
}

// outcome is how a call went: how many answers it gave, how many of those said
// that there is more, and why it failed if it did.
type outcome struct {
	answers, open int
	fail          *haetae.Unknown
}

func (o *outcome) answered() bool { return o != nil && o.answers > 0 }

// unfinished tells whether every page says that there is more: the last one is
// not among them.
func (o *outcome) unfinished() bool { return o.answered() && o.open >= o.answers }

func (o *outcome) add(a *Answer, absent bool, c *Call) {
	switch {
	case a.Code == "" || absent:
		o.answers++
		if more(a.Body) {
			o.open++
		}
	case o.fail == nil || o.fail.Reason != haetae.Denied:
		o.fail = failure(c, a.Code, a.Message)
	}
}

// entry is one resource in the making.
type entry struct {
	*haetae.Resource
	kind  *Kind
	calls map[*Call]*outcome
}

func (e *entry) outcome(c *Call) *outcome {
	o := e.calls[c]
	if o == nil {
		o = &outcome{}
		e.calls[c] = o
	}
	return o
}

// partial is what a call about a parent said; it waits until all lists are in,
// since its parent may be named by something else than the ID.
type partial struct {
	ref
	answer *Answer
	res    *haetae.Resource
	absent bool
}

// NewBuilder returns an empty Builder.
func NewBuilder(o Options) *Builder {
	b := &Builder{
		opts: o, kinds: All, byOp: map[string][]ref{},
		entries: map[haetae.Key]*entry{}, lists: map[spot]*outcome{},
		shown: map[parentSpot]*outcome{}, places: map[[2]string]bool{},
	}
	b.opts.Source = cmp.Or(o.Source, "cli")
	for i := range b.kinds {
		k := &b.kinds[i]
		for j := range k.Calls {
			b.byOp[k.Calls[j].Op] = append(b.byOp[k.Calls[j].Op], ref{k, &k.Calls[j]})
		}
	}
	return b
}

// See records that an account, and a region unless it is "", is part of the
// snapshot, so that what nobody listed there is reported as missing.
func (b *Builder) See(account, region string) {
	b.places[[2]string{account, ""}] = true
	b.places[[2]string{account, region}] = true
}

// Add adds one answer, or one failure.
func (b *Builder) Add(a *Answer) {
	a.redact = b.opts.Redact
	a.Account = cmp.Or(a.Account, b.opts.Account)
	b.See(a.Account, a.Region)
	nameless := false
	for _, r := range b.byOp[a.Op] {
		if a.Code == "" && !r.fits(a.Body) {
			continue
		}
		nameless = b.take(r, a) || nameless
	}
	if nameless {
		b.gone = append(b.gone, haetae.Problem{
			Place: a.Place, Error: "does not say what it is about",
			Hint: "name the file COMMAND.PARENT.json, or add the parent as a member at the top of the answer",
		})
	}
}

// fits tells whether an answer of the call's operation is for the call. One
// operation answers several calls, each with its own member.
func (r ref) fits(body map[string]any) bool {
	member, _, _ := strings.Cut(r.call.Member, "[].")
	return member == "" || has(body, member) || len(without(body, r.call.Param, "NextToken", "nextToken", "Marker", "IsTruncated")) == 0
}

// take merges what one call says; it reports whether the parent is not named.
func (b *Builder) take(r ref, a *Answer) (nameless bool) {
	c := r.call
	region := a.Region
	if r.kind.Global {
		region = ""
	}
	at := spot{c, a.Account, region}
	absent := slices.Contains(c.Absent, a.Code)
	parent := str(a.Body, c.Param)
	switch {
	case c.Param == "":
		entryOf(b.lists, at).add(a, absent, c)
	case c.Lists:
		entryOf(b.shown, parentSpot{at, parent}).add(a, absent, c)
	}
	var rs []*haetae.Resource
	if a.Code == "" {
		rs = read(r.kind, c, a)
	} else if c.Param != "" && !c.Lists && parent != "" {
		rs = []*haetae.Resource{resource(last(parent), nil)}
		if strings.HasPrefix(parent, "arn:") {
			rs[0].ARN = parent
		}
		if r.kind.ARN == "${ID}" {
			rs[0].ID = parent
		}
		rs[0].Type = r.kind.Type
		place(r.kind, rs[0], a)
	} else if c.Param != "" && parent == "" {
		return true
	}
	for _, res := range rs {
		if res.ID == "" {
			nameless = true
			continue
		}
		res.Origin = haetae.Origin{Source: b.opts.Source, Place: a.Place}
		if c.Lists {
			b.merge(b.at(r.kind, res), partial{r, a, res, absent})
		} else {
			b.later = append(b.later, partial{r, a, res, absent})
		}
	}
	return nameless
}

func entryOf[K comparable](m map[K]*outcome, k K) *outcome {
	if m[k] == nil {
		m[k] = &outcome{}
	}
	return m[k]
}

// key is the identity under which partial resources meet. A global type has no
// region in it, even when its resources do.
func key(k *Kind, r *haetae.Resource) haetae.Key {
	key := r.Key()
	if k.Global {
		key.Region = ""
	}
	return key
}

// at returns the entry of a resource, making one when there is none.
func (b *Builder) at(k *Kind, r *haetae.Resource) *entry {
	id := key(k, r)
	e := b.entries[id]
	if e == nil {
		e = &entry{
			Resource: &haetae.Resource{
				Type: r.Type, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region,
				Props: map[string]any{}, Origin: r.Origin,
			},
			kind: k, calls: map[*Call]*outcome{},
		}
		b.entries[id] = e
	}
	return e
}

// merge puts what one call said into a resource.
func (b *Builder) merge(e *entry, p partial) {
	e.outcome(p.call).add(p.answer, p.absent, p.call)
	e.ARN = cmp.Or(e.ARN, p.res.ARN)
	e.Region = cmp.Or(e.Region, p.res.Region)
	// Pages of one list about one parent add up; anything else replaces.
	join := p.call.Param != "" || p.call.Joins
	e.Props = merge(e.Props, p.res.Props, join)
	e.Observed = merge(e.Observed, p.res.Observed, join)
	e.Volatile = merge(e.Volatile, p.res.Volatile, join)
}

// Snapshot returns what was added. The Builder must not be used afterwards.
func (b *Builder) Snapshot() *haetae.Snapshot {
	for at := range b.places {
		for i := range b.kinds {
			k := &b.kinds[i]
			if k.Singleton && k.Global == (at[1] == "") && cmp.Or(at[0], at[1]) != "" {
				r := &haetae.Resource{Type: k.Type, ID: at[0], Account: at[0], Region: at[1]}
				if !k.Global {
					r.ID = at[1]
				}
				r.Origin.Source = b.opts.Source
				b.at(k, r)
			}
		}
	}
	find := b.finder()
	for _, p := range b.later {
		e := find(p.kind, p.res)
		if e == nil {
			if p.answer.Code != "" && !p.absent {
				continue // a failure does not prove that there is such a thing
			}
			e = b.at(p.kind, p.res)
		}
		b.merge(e, p)
	}
	s := &haetae.Snapshot{Time: b.opts.Time, Coverage: b.coverage(find), Problems: b.gone}
	for _, e := range b.entries {
		b.finish(e)
		s.Resources = append(s.Resources, e.Resource)
	}
	optedIn(s.Resources)
	s.Sort()
	return s
}

// finder returns a function that finds the listed resource that a partial one
// is about: by its key, else by anything that names it, in its own account
// first, if only one resource has that name.
func (b *Builder) finder() func(*Kind, *haetae.Resource) *entry {
	names := map[[2]string][]*entry{}
	for _, e := range b.entries {
		var name string
		if e.kind.Name != "" {
			name = str(e.Props, e.kind.Name)
		}
		for n := range maps.Keys(map[string]bool{e.ID: true, e.ARN: true, name: true}) {
			if n != "" {
				names[[2]string{e.Type, n}] = append(names[[2]string{e.Type, n}], e)
			}
		}
	}
	return func(k *Kind, r *haetae.Resource) *entry {
		if e := b.entries[key(k, r)]; e != nil {
			return e
		}
		for _, n := range []string{r.ARN, r.ID} {
			all := names[[2]string{k.Type, n}]
			for _, same := range []func(*entry) bool{
				func(e *entry) bool { return e.Account == r.Account && (k.Global || e.Region == r.Region) },
				func(e *entry) bool { return e.Account == r.Account },
				func(*entry) bool { return true },
			} {
				if i := slices.IndexFunc(all, same); i >= 0 && !slices.ContainsFunc(all[i+1:], same) {
					return all[i]
				}
			}
		}
		return nil
	}
}

// finish marks what no call told, and fills what follows from the rest.
func (b *Builder) finish(e *entry) {
	told := map[string]bool{}
	why := map[string]*haetae.Unknown{}
	for i := range e.kind.Calls {
		c := &e.kind.Calls[i]
		ok, u := b.told(e, c)
		for _, p := range c.Gives {
			if ok {
				told[p] = true
			} else if why[p] == nil || why[p].Reason == haetae.NotAsked && u.Reason != haetae.NotAsked {
				why[p] = u
			}
		}
	}
	e.unset(told)
	for p, u := range why {
		if told[p] {
			continue
		}
		if p == "*" {
			e.Stub = u
			continue
		}
		tree, path := e.tree(p)
		v := *u
		v.Path = p
		switch have := get(tree, path).(type) {
		case nil:
			set(tree, path, &v)
		case []any:
			set(tree, path, &haetae.OpenList{Items: have, Why: &v})
		}
	}
	for c, o := range e.calls {
		if o.unfinished() && c.Param != "" && !c.Lists {
			for _, p := range c.Gives {
				tree, path := e.tree(p)
				if items, ok := get(tree, path).([]any); ok {
					set(tree, path, &haetae.OpenList{Items: items, Why: unfinished(c)})
				}
			}
		}
	}
	if e.ARN == "" && e.kind.ARN != "" && (e.Account != "" || !strings.Contains(e.kind.ARN, "${Account}")) {
		e.ARN = strings.NewReplacer(
			"${Partition}", b.partition(e.Resource), "${Region}", e.Region,
			"${Account}", e.Account, "${ID}", e.ID,
		).Replace(e.kind.ARN)
	}
	if e.kind.Finish != nil {
		e.kind.Finish(e.Resource)
	}
	e.tag()
}

// unset makes it known that a fact was asked for and is not there: to a rule,
// what nobody read is unknown, and a default is what a new resource gets.
func (e *entry) unset(told map[string]bool) {
	for i := range e.kind.Calls {
		c := &e.kind.Calls[i]
		if c.Unset == nil {
			continue
		}
		for p, v := range c.Unset() {
			if told[p] && get(e.Props, p) == nil {
				set(e.Props, p, v)
			}
		}
	}
	for p := range told {
		if !strings.HasPrefix(p, "Observed.") && !strings.HasPrefix(p, "Volatile.") {
			continue
		}
		tree, path := e.tree(p)
		if _, there := tree[path]; !there && !strings.Contains(path, ".") {
			tree[path] = nil
		}
	}
}

// told tells whether a call told what it can of a resource, and if not why.
func (b *Builder) told(e *entry, c *Call) (bool, *haetae.Unknown) {
	o := e.calls[c]
	if o.answered() {
		return true, nil
	}
	if o != nil && o.fail != nil {
		return false, o.fail
	}
	if c.Param == "" {
		region := e.Region
		if e.kind.Global {
			region = ""
		}
		o := b.lists[spot{c, e.Account, region}]
		switch {
		case o.unfinished():
			return false, unfinished(c)
		case o.answered() && !slices.Contains(c.Gives, "*"):
			return true, nil
		case o != nil && o.fail != nil:
			return false, o.fail
		}
	}
	return false, unasked(c)
}

// tree returns the map that a path of Gives leads into, and the rest of it.
func (e *entry) tree(path string) (map[string]any, string) {
	for prefix, m := range map[string]*map[string]any{"Observed.": &e.Observed, "Volatile.": &e.Volatile} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			if *m == nil {
				*m = map[string]any{}
			}
			return *m, rest
		}
	}
	return e.Props, path
}

// tag fills Tags from Props.Tags.
func (e *entry) tag() {
	list := e.Props["Tags"]
	switch t := list.(type) {
	case nil:
		if e.Stub != nil {
			e.TagsUnknown = e.Stub
		}
		return
	case *haetae.Unknown:
		e.TagsUnknown = t
		return
	case *haetae.OpenList:
		e.TagsUnknown, list = t.Why, t.Items
	case map[string]any:
		e.Tags = maps.Clone(t)
		return
	}
	for t := range objects(list) {
		if e.Tags == nil {
			e.Tags = map[string]any{}
		}
		e.Tags[str(t, "Key")] = str(t, "Value")
	}
}

// partition returns the partition of a resource; a global one is in that of any
// region of its account.
func (b *Builder) partition(r *haetae.Resource) string {
	if r.Region != "" {
		return haetae.Partition(r.Region)
	}
	for at := range b.places {
		if at[0] == r.Account && at[1] != "" {
			return haetae.Partition(at[1])
		}
	}
	return "aws"
}
