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

// Builder makes a snapshot of answers. The order in which they are added does
// not matter: where two contradict each other, the call that stands later in its
// kind wins, and of one call the later page, and of files the later name. It is
// for one goroutine at a time.
type Builder struct {
	opts    Options
	kinds   []Kind
	byOp    map[string][]ref
	heard   []heard
	refused map[[2]string]*haetae.Unknown
	places  map[[2]string]bool // account and region that were seen; region "" for the account
	gone    []haetae.Problem

	// From here on filled by Snapshot.
	entries map[haetae.Key]*entry
	ofKind  map[*Kind][]*entry // sorted
	lists   map[spot]*outcome
	shown   map[spot]map[string]*outcome // by parent
	ops     map[asked]*outcome
	tags    map[string][]any // what [TagsOp] told, by ARN
}

// ref is one call of one kind, and where it stands.
type ref struct {
	kind *Kind
	call *Call
	rank [2]int
}

// spot is one call in one place.
type spot struct {
	call            *Call
	account, region string
}

// heard is what one answer says to one call. The answer itself is not kept.
type heard struct {
	ref
	at      spot
	parents []string
	page    int
	file    string
	line    int
	how     outcome
	res     []partial
	// mute is set when the answer does not prove that there is what it is
	// about: a failure does not.
	mute bool
}

// partial is what an answer says of one resource, without what can be made
// again: there are many of them.
type partial struct {
	id, arn, account, region  string
	props, observed, volatile map[string]any
}

func partialOf(r *haetae.Resource) partial {
	return partial{r.ID, r.ARN, r.Account, r.Region, r.Props, r.Observed, r.Volatile}
}

// resource returns the partial resource itself.
func (h *heard) resource(p partial, source string) *haetae.Resource {
	return &haetae.Resource{
		Type: h.kind.Type, ID: p.id, ARN: p.arn, Account: p.account, Region: p.region,
		Props: p.props, Observed: p.observed, Volatile: p.volatile,
		Origin: haetae.Origin{Source: source, Place: haetae.Place{File: h.file, Line: h.line}},
	}
}

// compare orders what was heard so that what is merged later wins.
func (h *heard) compare(o *heard) int {
	return cmp.Or(
		cmp.Compare(h.rank[0], o.rank[0]), cmp.Compare(h.rank[1], o.rank[1]),
		strings.Compare(h.at.account, o.at.account), strings.Compare(h.at.region, o.at.region),
		slices.Compare(h.parents, o.parents), cmp.Compare(h.page, o.page),
		strings.Compare(h.file, o.file), cmp.Compare(h.line, o.line),
		slices.CompareFunc(h.res, o.res, func(a, b partial) int { return strings.Compare(a.id, b.id) }),
	)
}

// entry is one resource in the making.
type entry struct {
	*haetae.Resource
	kind  *Kind
	calls map[*Call]*outcome
}

// NewBuilder returns an empty Builder.
func NewBuilder(o Options) *Builder {
	b := &Builder{
		opts: o, kinds: All, byOp: map[string][]ref{},
		refused: map[[2]string]*haetae.Unknown{}, places: map[[2]string]bool{},
		entries: map[haetae.Key]*entry{}, ofKind: map[*Kind][]*entry{},
		lists: map[spot]*outcome{}, shown: map[spot]map[string]*outcome{},
		ops: map[asked]*outcome{}, tags: map[string][]any{},
	}
	b.opts.Source = cmp.Or(o.Source, "cli")
	for i := range b.kinds {
		k := &b.kinds[i]
		for j := range k.Calls {
			b.byOp[k.Calls[j].Op] = append(b.byOp[k.Calls[j].Op], ref{k, &k.Calls[j], [2]int{i, j}})
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

// Refuse records that a region of an account, or the whole account when the
// region is "", could not be asked, and why: every type there is missing for
// that reason.
func (b *Builder) Refuse(account, region string, u *haetae.Unknown) {
	b.See(account, region)
	b.refused[[2]string{account, region}] = u
}

// refusal returns why a place could not be asked; nil when it could.
func (b *Builder) refusal(at [2]string) *haetae.Unknown {
	if u := b.refused[[2]string{at[0], ""}]; u != nil {
		return u
	}
	return b.refused[at]
}

// Add adds one answer, or one failure.
func (b *Builder) Add(a *Answer) {
	a.redact = b.opts.Redact
	a.Account = cmp.Or(a.Account, b.opts.Account)
	b.See(a.Account, a.Region)
	if a.Op == TagsOp && a.Code == "" {
		b.hearTags(a)
	}
	nameless := false
	for _, r := range b.byOp[a.Op] {
		if a.Params != nil && !r.call.sameParams(a.Params) || a.Params == nil && a.Code == "" && !r.fits(a.Body) {
			continue
		}
		if a.Params == nil && a.Code != "" && b.aboutAnother(r.call, a) {
			continue
		}
		nameless = b.take(r, a) || nameless
	}
	if nameless {
		p := haetae.Problem{Place: a.Place, Error: "does not say what it is about"}
		if b.live() {
			p.Error = "an answer of " + a.Op + " does not say what it is about"
		} else {
			p.Hint = "name the file COMMAND.PARENT.json, or add the parent as a member at the top of the answer"
		}
		b.gone = append(b.gone, p)
	}
}

// fits tells whether an answer of the call's operation is for the call. One
// operation answers several calls, each with its own member.
func (r ref) fits(body map[string]any) bool {
	member, _, _ := strings.Cut(r.call.Member, "[].")
	return member == "" || has(body, member) ||
		len(without(body, r.call.Param, r.call.grandparam(), "NextToken", "nextToken", "Marker", "IsTruncated")) == 0
}

// take reads what one call says; it reports whether the parent is not named.
func (b *Builder) take(r ref, a *Answer) (nameless bool) {
	c := r.call
	h := heard{ref: r, at: spot{c, a.Account, a.Region}, parents: a.Parents, page: a.Page, file: a.Place.File, line: a.Place.Line}
	if r.kind.Global {
		h.at.region = ""
	}
	if h.parents == nil && c.Param != "" {
		h.parents = []string{str(a.Body, c.Param)}
	}
	absent := b.absent(c, a)
	switch {
	case a.Code == "" || absent:
		h.how.answers = 1
		if more(a.Body) {
			h.how.open = 1
		}
	default:
		h.how.fail = b.failure(c, a.Code, a.Message)
	}
	if a.Code == "" {
		for _, res := range read(r.kind, c, a) {
			if nameless = nameless || res.ID == ""; res.ID != "" {
				h.res = append(h.res, partialOf(res))
			}
		}
		b.heard = append(b.heard, h)
		if len(a.Parents) > 0 && !slices.Contains(c.Gives, "*") {
			// Of what a batch does not name there is nothing to say.
			named := h.res
			h.res = slices.DeleteFunc(namedBy(r.kind, a, h.parents), func(p partial) bool {
				return slices.ContainsFunc(named, func(n partial) bool { return n.id == p.id || n.arn != "" && n.arn == p.arn })
			})
			h.mute = true
			b.heard = append(b.heard, h)
		}
		return nameless
	}
	h.mute = !absent || a.Code == NotOffered
	if c.Param != "" && !c.Lists {
		h.res = namedBy(r.kind, a, h.parents)
		// A reader knows best what the request names, as it does of an answer
		// with nothing in it.
		rs := read(r.kind, c, a)
		if len(a.Parents) == 0 && len(rs) == 0 {
			h.mute = true // it may be about something of another kind
		}
		if len(a.Parents) == 0 && len(rs) == 1 && rs[0].ID != "" {
			h.res = []partial{{id: rs[0].ID, arn: rs[0].ARN, account: rs[0].Account, region: rs[0].Region}}
		}
	}
	b.heard = append(b.heard, h)
	return c.Param != "" && slices.Contains(h.parents, "")
}

// absent tells whether a code says that there is nothing. When the request is
// not known and might have been another one of the same operation, it proves
// nothing.
func (b *Builder) absent(c *Call, a *Answer) bool {
	if a.Code == NotOffered {
		return true
	}
	if !c.SaysAbsent(a.Code, a.Message) {
		return false
	}
	return a.Params != nil || !slices.ContainsFunc(b.byOp[a.Op], func(o ref) bool {
		return !o.call.likeCall(c) && !b.aboutAnother(o.call, a)
	})
}

// aboutAnother tells whether a failure, of which the request is not known, is
// that of another call of the operation: it names what the other one is about,
// and either not what this one is about, or that as no more than a parameter of
// the other, as the function of an alias is.
func (b *Builder) aboutAnother(c *Call, a *Answer) bool {
	return c.Param != "" && slices.ContainsFunc(b.byOp[a.Op], func(o ref) bool {
		if o.call.Param == "" || o.call.Param == c.Param || !has(a.Body, o.call.Param) {
			return false
		}
		_, parameter := o.call.Params[c.Param]
		return parameter || !has(a.Body, c.Param)
	})
}

// namedBy returns the resources that the parents of a call may be, with nothing
// said of them.
func namedBy(k *Kind, a *Answer, parents []string) (out []partial) {
	for _, p := range parents {
		if p == "" {
			continue
		}
		res := resource(last(p), nil)
		if strings.HasPrefix(p, "arn:") {
			res.ARN = p
		}
		if k.ARN == "${ID}" {
			res.ID = p
		}
		place(k, res, a)
		out = append(out, partialOf(res))
	}
	return out
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
func (b *Builder) merge(e *entry, h *heard, r *haetae.Resource) {
	entryOf(e.calls, h.call).add(h.how)
	e.ARN = cmp.Or(e.ARN, r.ARN)
	e.Region = cmp.Or(e.Region, r.Region)
	// Pages of one list about one parent add up; anything else replaces.
	join := h.call.Param != "" || h.call.Joins
	e.Props = merge(e.Props, r.Props, join)
	e.Observed = merge(e.Observed, r.Observed, join)
	e.Volatile = merge(e.Volatile, r.Volatile, join)
}

// Snapshot returns what was added. The Builder must not be used afterwards.
func (b *Builder) Snapshot() *haetae.Snapshot {
	slices.SortStableFunc(b.heard, func(x, y heard) int { return x.compare(&y) })
	for i := range b.heard {
		h := &b.heard[i]
		b.note(h)
		if h.call.Param == "" {
			entryOf(b.lists, h.at).add(h.how)
		} else if h.call.Lists || h.call.Only != "" {
			if b.shown[h.at] == nil {
				b.shown[h.at] = map[string]*outcome{}
			}
			for _, p := range h.parents {
				entryOf(b.shown[h.at], p).add(h.how)
			}
		}
		if h.call.Lists {
			for _, p := range h.res {
				r := h.resource(p, b.opts.Source)
				b.merge(b.at(h.kind, r), h, r)
			}
			h.res = nil
		}
	}
	b.singletons()
	// What is about a parent waits for the lists, since the parent may be named
	// by something else than its ID.
	find := b.finder()
	for i := range b.heard {
		h := &b.heard[i]
		for _, p := range h.res {
			r := h.resource(p, b.opts.Source)
			e := find(h.kind, r)
			if e == nil && h.mute {
				continue
			}
			if e == nil {
				e = b.at(h.kind, r)
			}
			b.merge(e, h, r)
		}
		h.res = nil
	}
	b.heard = nil
	for _, e := range b.entries {
		b.ofKind[e.kind] = append(b.ofKind[e.kind], e)
	}
	for _, list := range b.ofKind {
		slices.SortFunc(list, func(x, y *entry) int { return x.Compare(y.Resource) })
	}
	s := &haetae.Snapshot{Time: b.opts.Time, Coverage: b.coverage(find), Problems: b.gone}
	slices.SortFunc(s.Problems, func(x, y haetae.Problem) int {
		return cmp.Or(strings.Compare(x.Place.File, y.Place.File), cmp.Compare(x.Place.Line, y.Place.Line), strings.Compare(x.Error, y.Error))
	})
	for _, e := range b.entries {
		b.finish(e)
		s.Resources = append(s.Resources, e.Resource)
	}
	optedIn(s.Resources)
	s.Sort()
	return s
}

// singletons makes what is there in every place that could be asked.
func (b *Builder) singletons() {
	for at := range b.places {
		for i := range b.kinds {
			k := &b.kinds[i]
			if !k.Singleton || k.Global != (at[1] == "") || cmp.Or(at[0], at[1]) == "" || b.refusal(at) != nil {
				continue
			}
			r := &haetae.Resource{Type: k.Type, ID: at[0], Account: at[0], Region: at[1]}
			if !k.Global {
				r.ID = at[1]
			}
			r.Origin.Source = b.opts.Source
			b.at(k, r)
		}
	}
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
	failed := map[string]bool{}
	for i := range e.kind.Calls {
		c := &e.kind.Calls[i]
		if c.Tags != "" && e.calls[c] == nil && !e.kind.Global && b.bulkTold(e) {
			told[c.Gives[0]] = true
			tree, path := e.tree(c.Gives[0])
			set(tree, path, b.bulkValue(e, c))
			continue
		}
		ok, u := b.told(e, c)
		for _, p := range c.Gives {
			failed[p] = failed[p] || b.failed(e, c)
			if ok {
				told[p] = true
			} else if why[p] == nil || why[p].Reason == haetae.NotAsked && u.Reason != haetae.NotAsked {
				why[p] = u
			}
		}
	}
	for p := range told {
		// Of two calls that tell it one failed, and the other did not: that the
		// other one does not say it means nothing.
		tree, path := e.tree(p)
		if failed[p] && why[p] != nil && p != "*" && !has(tree, path) {
			delete(told, p)
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
		if has(tree, path) && get(tree, path) == nil {
			continue // known to be not set
		}
		v := *u
		v.Path = p
		switch have := get(tree, path).(type) {
		case nil:
			set(tree, path, &v)
		case []any:
			set(tree, path, &haetae.OpenList{Items: have, Why: &v})
		}
	}
	for i := range e.kind.Calls {
		c := &e.kind.Calls[i]
		if o := e.calls[c]; o.unfinished() && c.Param != "" && !c.Lists {
			for _, p := range c.Gives {
				tree, path := e.tree(p)
				if items, ok := get(tree, path).([]any); ok {
					set(tree, path, &haetae.OpenList{Items: items, Why: b.unfinished(c, o)})
				}
			}
		}
	}
	b.nameARN(e)
	if e.kind.Finish != nil {
		e.kind.Finish(e.Resource)
	}
	e.tag()
}

// nameARN gives a resource the ARN that its type's pattern makes of its ID,
// unless an answer said it.
func (b *Builder) nameARN(e *entry) {
	if e.ARN == "" && e.kind.ARN != "" && (e.Account != "" || !strings.Contains(e.kind.ARN, "${Account}")) {
		e.ARN = strings.NewReplacer(
			"${Partition}", b.partition(e.Resource), "${Region}", e.Region,
			"${Account}", e.Account, "${ID}", e.ID,
		).Replace(e.kind.ARN)
	}
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
			if tree, path := e.tree(p); told[p] && get(tree, path) == nil {
				set(tree, path, v)
			}
		}
	}
	for p := range told {
		if !strings.HasPrefix(p, "Observed.") && !strings.HasPrefix(p, "Volatile.") {
			continue
		}
		tree, path := e.tree(p)
		dir, _, nested := cutLast(path)
		if nested && get(tree, dir) != nil && object(tree, dir) == nil {
			continue // not known as a whole
		}
		if !has(tree, path) {
			set(tree, path, nil)
		}
	}
}

// failed tells whether a call failed that would have told of a resource.
func (b *Builder) failed(e *entry, c *Call) bool {
	if o := e.calls[c]; o != nil && o.fail != nil {
		return true
	}
	region := e.Region
	if e.kind.Global {
		region = ""
	}
	o := b.lists[spot{c, e.Account, region}]
	return o != nil && o.fail != nil
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
	if c.Turned {
		if o := b.ops[asked{e.Account, e.Region, c.Op}]; o != nil && o.fail != nil {
			return false, o.fail
		}
		if b.wholly(c, e.Account, e.Region, nil) {
			return true, nil
		}
	}
	if c.Param == "" {
		region := e.Region
		if e.kind.Global {
			region = ""
		}
		o := b.lists[spot{c, e.Account, region}]
		switch {
		case o.unfinished():
			return false, b.unfinished(c, o)
		case o.answered() && !slices.Contains(c.Gives, "*"):
			return true, nil
		case o != nil && o.fail != nil:
			return false, o.fail
		}
	}
	region := e.Region
	if e.kind.Global {
		region = ""
	}
	return false, b.unaskedAt(c, e.Account, region)
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
