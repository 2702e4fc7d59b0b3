package iam

import (
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// Index has the answers to who-can for a whole world. Principals that no policy
// can tell apart are one class, and so are resources; a pair of classes is
// decided once, by the evaluator, for each group of actions that its policies do
// not tell apart. classes.go says what makes a class.
//
// An Index may be asked by many goroutines at once; [Index.With] needs it alone.
type Index struct {
	w *World

	patterns map[string]*pattern // by text: all entries of Resource elements
	order    []*pattern
	keys     usedKeys // what conditions and variables ask of principals and resources

	principals classSet[*Identity]
	items      classSet[item]
	groups     groupings
	cells      map[cell]answers
	stats      IndexStats
	prints     sync.Map // of documents to their fingerprints
	classes    classMemo
	searches   searchMemo
}

// print is the fingerprint of a document, which is made once.
func (x *Index) print(d *policy.Document) string {
	if v, ok := x.prints.Load(d); ok {
		return v.(string)
	}
	text := fingerprint(d)
	x.prints.Store(d, text)
	return text
}

// IndexStats tells how much an index did.
type IndexStats struct {
	Principals, PrincipalClasses int
	Resources, ResourceClasses   int
	Documents                    int
	Patterns                     int
	Pairs                        int // of classes that were looked at
	Decisions                    int // by the evaluator
}

// item is something that actions are evaluated against: a resource, or what is
// in it, such as the objects of a bucket.
type item struct {
	resource *haetae.Resource
	inside   bool
}

func (i item) name() string {
	if i.inside {
		return i.resource.ARN + "/*"
	}
	return i.resource.ARN
}

// cell is a pair of classes.
type cell struct{ principal, item int32 }

// answers are the verdicts of a pair: for each group of actions one. A pair
// without answers is denied throughout.
type answers []answer1

// answer1 is the verdict for the actions of one group of the principal's policies
// and one of the resource's.
type answer1 struct {
	principal, item uint16
	verdict         compact
}

type compact uint8

const (
	compactAllowed compact = iota + 1
	compactDepends
)

// NewIndex builds the index on all processors.
func NewIndex(w *World) *Index {
	x := &Index{w: w, patterns: map[string]*pattern{}, cells: map[cell]answers{}}
	x.groups = groupings{by: map[groupKey][]uint16{}}
	x.keys = w.usedKeys()
	docs := map[string]bool{}
	for _, i := range w.principals {
		for _, d := range slices.Concat(i.Policies, i.Boundary) {
			docs[x.print(d)] = true
			x.learn(d)
		}
	}
	x.stats.Documents = len(docs)
	for _, a := range w.accounts {
		for _, l := range slices.Concat(a.SCP, a.RCP) {
			for _, d := range l.Policies {
				x.learn(d)
			}
		}
	}
	for _, i := range w.principals {
		x.principals.put(i, x.principalSignature(i))
	}
	for _, i := range x.allItems() {
		x.items.put(i, x.itemSignature(i))
	}
	x.fill(x.principals.all(), x.items.all())
	return x
}

// Stats tells what the index is made of.
func (x *Index) Stats() IndexStats {
	s := x.stats
	s.Principals, s.PrincipalClasses = len(x.principals.of), len(x.principals.members)
	s.Resources, s.ResourceClasses = len(x.items.of), len(x.items.members)
	s.Patterns = len(x.order)
	return s
}

// learn adds the resource patterns of a document and returns those that are new.
func (x *Index) learn(d *policy.Document) []*pattern {
	var fresh []*pattern
	for _, s := range d.Statements {
		if s.Resources == nil {
			continue
		}
		for _, t := range s.Resources.List {
			if x.patterns[t.Text] == nil {
				p := newPattern(t, len(x.order))
				x.patterns[t.Text] = p
				x.order = append(x.order, p)
				fresh = append(fresh, p)
			}
		}
	}
	return fresh
}

// allItems are the resources of the world that policies can name.
func (x *Index) allItems() []item {
	var out []item
	for _, r := range x.w.graph.Resources() {
		out = append(out, itemsOf(r)...)
	}
	return out
}

func itemsOf(r *haetae.Resource) []item {
	if r.ARN == "" || r.Declared() || r.Account == "" {
		return nil
	}
	if r.Type == "AWS::S3::Bucket" {
		return []item{{r, false}, {r, true}}
	}
	return []item{{r, false}}
}

// fill decides the pairs of classes.
func (x *Index) fill(principals, items []int32) {
	type job struct{ p, i int32 }
	byAccount := map[string][]int32{}
	var foreign []int32 // items that strangers may be let in to
	for _, i := range items {
		it := x.items.first(i)
		byAccount[it.resource.Account] = append(byAccount[it.resource.Account], i)
		if x.w.Policy(it.resource) != nil || x.grantsBeside(it) {
			foreign = append(foreign, i)
		}
	}
	jobs := make(chan []job, 64)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for list := range jobs {
				found := map[cell]answers{}
				n := 0
				for _, j := range list {
					a, k := x.decide(j.p, j.i)
					n += k
					if a != nil {
						found[cell{j.p, j.i}] = a
					}
				}
				mu.Lock()
				for c, a := range found {
					x.cells[c] = a
				}
				x.stats.Pairs += len(list)
				x.stats.Decisions += n
				mu.Unlock()
			}
		})
	}
	for _, p := range principals {
		account := x.principals.first(p).Account.ID
		list := make([]job, 0, len(byAccount[account])+len(foreign))
		for _, i := range byAccount[account] {
			list = append(list, job{p, i})
		}
		for _, i := range foreign {
			if it := x.items.first(i); it.resource.Account != account && x.letsIn(it, x.principals.first(p)) {
				list = append(list, job{p, i})
			}
		}
		jobs <- list
	}
	close(jobs)
	wg.Wait()
}

// grantsBeside tells whether a resource may let in whom its policy does not name:
// by an ACL, or by a grant of a key.
func (x *Index) grantsBeside(it item) bool {
	switch r := it.resource; r.Type {
	case "AWS::S3::Bucket":
		f := x.w.bucketFacts(r)
		return len(f.ACL) > 0 && f.Ownership != enforced
	case "AWS::KMS::Key":
		list, read := r.Observed["Grants"].([]any)
		return len(list) > 0 || !read && r.Observed["Grants"] != nil
	}
	return false
}

// letsIn tells whether a resource may be for a principal of another account.
func (x *Index) letsIn(it item, i *Identity) bool {
	if x.grantsBeside(it) {
		return true
	}
	d := x.w.Policy(it.resource)
	if d == nil {
		return false
	}
	if d.More != nil {
		return true
	}
	return slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool {
		if s.Unknown != nil {
			return true
		}
		if s.Effect != policy.Allow {
			return false
		}
		if s.Principals != nil && (s.Principals.Not || s.Principals.More != nil) {
			return true
		}
		return s.Principals != nil && slices.ContainsFunc(s.Principals.List, func(p policy.Principal) bool {
			return p.Kind == "*" || p.Kind == "CanonicalUser" || strings.Contains(p.Text, i.Account.ID)
		})
	})
}

// decide decides one pair of classes for each group of actions.
func (x *Index) decide(p, i int32) (answers, int) {
	id, it := x.principals.first(p), x.items.first(i)
	actions := x.w.engine.actionsFor(it)
	if len(actions) == 0 || !x.touches(id, it, i) {
		return nil, 0
	}
	mine, theirs := x.groups.principal(x, id, it, actions), x.groups.item(x, it, actions)
	type pair struct{ a, b uint16 }
	service := ""
	done := map[pair]bool{}
	var out answers
	var q *Question
	var keys keyLists
	n := 0
	for k, a := range actions {
		g := pair{mine[k], theirs[k]}
		if !grants(g.a) && !grants(g.b) || done[g] { // no policy allows the action at all
			continue
		}
		done[g] = true
		if q == nil || service != a.Service {
			var err error
			if q, _, err = x.w.Ask(request(Principal{ARN: id.ARN}, a.String(), it.name())); err != nil {
				continue
			}
			service, keys = a.Service, q.keyLists()
		}
		q.Request.Action = a.String()
		verdict, err := x.w.engine.verdict(q, keys, &x.classes, &x.searches)
		n++
		if err != nil {
			continue // such a principal or action cannot be asked for, so nobody asks
		}
		switch verdict {
		case Allowed:
			out = append(out, answer1{g.a, g.b, compactAllowed})
		case DependsOn:
			out = append(out, answer1{g.a, g.b, compactDepends})
		}
	}
	return out, n
}

// touches tells whether anything may allow the principal something on the item.
func (x *Index) touches(id *Identity, it item, class int32) bool {
	if id.Resource == nil || x.w.Policy(it.resource) != nil || it.resource.Type == "AWS::KMS::Key" {
		return true // root, or the resource itself may let in
	}
	for _, d := range id.Policies {
		if d.More != nil {
			return true
		}
		for _, s := range d.Statements {
			if s.Unknown != nil {
				return true
			}
			if s.Effect != policy.Allow || s.Resources == nil {
				continue
			}
			if s.Resources.Not || s.Resources.More != nil || slices.ContainsFunc(s.Resources.List, func(t *policy.Template) bool {
				return x.patterns[t.Text].matches(it)
			}) {
				return true
			}
		}
	}
	return false
}

// WhoCan lists the identities that may do an action on a resource of the world,
// and those of whom it depends.
func (x *Index) WhoCan(action *permission.Action, name string) (allowed, depends []*Identity) {
	it, ok := x.itemNamed(name)
	if !ok {
		return nil, nil
	}
	actions := x.w.engine.actionsFor(it)
	k := slices.Index(actions, action)
	if k < 0 {
		return nil, nil
	}
	class := x.items.of[it]
	theirs := x.groups.item(x, it, actions)
	for _, p := range x.principals.all() {
		list := x.cells[cell{p, class}]
		if list == nil {
			continue
		}
		mine := x.groups.principal(x, x.principals.first(p), it, actions)
		for _, a := range list {
			if a.principal != mine[k] || a.item != theirs[k] {
				continue
			}
			if a.verdict == compactAllowed {
				allowed = append(allowed, x.principals.members[p]...)
			} else {
				depends = append(depends, x.principals.members[p]...)
			}
		}
	}
	return allowed, depends
}

func (x *Index) itemNamed(name string) (item, bool) {
	base, inside := strings.CutSuffix(name, "/*")
	r, ok := x.w.resources[base]
	it := item{r, inside}
	_, known := x.items.of[it]
	return it, ok && known
}

// Verdict is the indexed answer for one identity.
func (x *Index) Verdict(i *Identity, action *permission.Action, name string) Verdict {
	it, ok := x.itemNamed(name)
	if !ok {
		return ImplicitlyDenied
	}
	actions := x.w.engine.actionsFor(it)
	k := slices.Index(actions, action)
	if k < 0 {
		return ImplicitlyDenied
	}
	p := x.principals.of[i]
	mine, theirs := x.groups.principal(x, x.principals.first(p), it, actions), x.groups.item(x, it, actions)
	for _, a := range x.cells[cell{p, x.items.of[it]}] {
		if a.principal == mine[k] && a.item == theirs[k] {
			if a.verdict == compactAllowed {
				return Allowed
			}
			return DependsOn
		}
	}
	return ImplicitlyDenied
}

// actionsFor are the actions that are evaluated against such an item, in the
// order of the catalogue. The slice is shared.
func (e *Engine) actionsFor(it item) []*permission.Action {
	name := it.resource.ARN
	if it.inside {
		name += "/x"
	}
	key := it.resource.Type
	if a, err := arn.Parse(name); err == nil {
		key += a.Service
	}
	if it.inside {
		key += "/"
	}
	if v, ok := e.byType.Load(key); ok {
		return v.([]*permission.Action)
	}
	types := e.catalogue.ARNTypes(name)
	var out []*permission.Action
	for _, t := range types {
		first, end := e.catalogue.Range(t.Service)
		for id := first; id < end; id++ {
			a, ok := e.catalogue.ByID(id)
			if ok && !slices.Contains(out, a) && slices.ContainsFunc(a.Resources, func(r permission.Resource) bool { return r.Type == t }) {
				out = append(out, a)
			}
		}
	}
	if it.resource.Type == "AWS::IAM::Role" {
		for _, n := range []string{"AssumeRole", "TagSession", "SetSourceIdentity"} {
			if a, ok := e.catalogue.Action("sts", n); ok && !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	slices.SortFunc(out, func(a, b *permission.Action) int { return a.ID - b.ID })
	e.byType.Store(key, out)
	return out
}

// pattern is an entry of a Resource element, matched against all items.
type pattern struct {
	id    int
	loose *wildcard.Pattern // variables may be anything
	vars  bool
}

func newPattern(t *policy.Template, id int) *pattern {
	return &pattern{id, t.Loose(), len(t.Variables()) > 0}
}

// matches tells whether the item, or some of what is in it, may be meant.
func (p *pattern) matches(it item) bool {
	if it.inside {
		return wildcard.Meets(p.loose, wildcard.Join(false, wildcard.Part{Text: it.resource.ARN + "/", Literal: true}, wildcard.Part{Text: "*"}))
	}
	return p.loose.Match(it.resource.ARN)
}

// ActionsOn are the actions that are evaluated against a resource. The slice is
// shared.
func (e *Engine) ActionsOn(r *haetae.Resource) []*permission.Action {
	return e.actionsFor(item{resource: r})
}
