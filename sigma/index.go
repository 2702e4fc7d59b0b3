package sigma

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/haetae/haetae/projection"
)

// Index matches many rules at once. Each rule waits for a value without which
// it cannot match: one of some names at a field, or a text inside one. An event
// is looked at field by field, only the rules whose value is there are
// evaluated, and a question that several rules ask is answered once. An Index
// is immutable; each goroutine takes a Scan of its own.
type Index struct {
	rules   []indexed
	table   table
	fields  []string
	plain   []bool // by field: a projection can search for it
	byField map[string]int
	// columns are, for each predicate, the number of its field and of the
	// field that it refers to, or -1.
	columns [][2]int
	guards  []guardField
	always  []int // rules without a guard
}

type indexed struct {
	rule *Rule
	expr expr
}

// guardField is what waits at one field.
type guardField struct {
	field  int
	exact  map[string][]int // folded text → rules
	inside *automaton       // texts inside values; its patterns are numbered as in rules
	rules  [][]int
}

// Stats say how well an index can tell rules apart.
type Stats struct {
	Rules      int
	Predicates int      // different questions that all rules ask
	Fields     int      // different fields
	Exact      int      // rules that wait for a whole value
	Inside     int      // rules that wait for a text inside a value
	Always     []string // keys of the rules that every event is asked for
}

// NewIndex compiles rules into an index. Rules that are refused are left out
// and named in the error, which joins one Error for each fault.
func NewIndex(rules []*Rule, opt Options) (*Index, error) {
	x := &Index{byField: map[string]int{}}
	var errs []error
	for _, r := range rules {
		if r.Pattern != nil {
			x.rules = append(x.rules, indexed{rule: r})
			continue
		}
		e, err := compile(r, opt, &x.table)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		x.rules = append(x.rules, indexed{rule: r, expr: e})
	}
	for _, p := range x.table.list {
		c := [2]int{-1, -1}
		if !p.keyword {
			c[0] = x.field(p.field)
		}
		if p.kind == testFieldRef {
			c[1] = x.field(p.other)
		}
		x.columns = append(x.columns, c)
	}
	b := guardBuilder{index: x, at: map[int]*guardTexts{}}
	for i := range x.rules {
		b.add(i)
	}
	b.finish()
	wanted := projection.New(x.fields)
	for _, f := range x.fields {
		_, ok := wanted.Number(f)
		x.plain = append(x.plain, ok)
	}
	return x, errors.Join(errs...)
}

func (x *Index) field(name string) int {
	i, ok := x.byField[name]
	if !ok {
		i = len(x.fields)
		x.byField[name] = i
		x.fields = append(x.fields, name)
	}
	return i
}

// Fields are the fields that some rule asks for: what a lazy decoder must read.
// Rules with keywords, event patterns and correlations need more.
func (x *Index) Fields() []string { return slices.Clone(x.fields) }

// Rules are the rules that were accepted, in the order in which Scan numbers them.
func (x *Index) Rules() []*Rule {
	out := make([]*Rule, len(x.rules))
	for i, r := range x.rules {
		out[i] = r.rule
	}
	return out
}

// Stats counts what the index is made of.
func (x *Index) Stats() Stats {
	s := Stats{Rules: len(x.rules), Predicates: len(x.table.list), Fields: len(x.fields)}
	exact, inside := map[int]bool{}, map[int]bool{}
	for _, g := range x.guards {
		for _, rules := range g.exact {
			for _, r := range rules {
				exact[r] = true
			}
		}
		for _, rules := range g.rules {
			for _, r := range rules {
				inside[r] = true
			}
		}
	}
	s.Exact, s.Inside = len(exact), len(inside)
	for _, r := range x.always {
		s.Always = append(s.Always, x.rules[r].rule.Key())
	}
	return s
}

// guard is a text that a field of an event must have.
type guard struct {
	field  string
	inside bool // inside a value; else as the whole value
	text   string
}

// cost ranks guards: lower is more selective. Most rules about API calls name
// the call; the service is the weaker of the two.
func cost(gs []guard) int {
	worst := 0
	for _, g := range gs {
		c := 10
		switch {
		case g.inside && len(g.text) < 3:
			c = 60
		case g.inside:
			c = 30
		case strings.HasSuffix(g.field, "eventSource"), g.text == "true", g.text == "false":
			c = 20
		case strings.HasSuffix(g.field, "eventName"):
			c = 5
		}
		worst = max(worst, c)
	}
	return worst
}

// maxGuards is how many texts one rule may wait for.
const maxGuards = 2000

// guardsOf returns texts of which at least one must be there for the condition
// to hold.
func guardsOf(e *expr, t *table) ([]guard, bool) {
	switch e.op {
	case opTerm:
		return t.list[e.term].guards()
	case opAnd:
		var best []guard
		for i := range e.args {
			if gs, ok := guardsOf(&e.args[i], t); ok && (best == nil || cost(gs) < cost(best)) {
				best = gs
			}
		}
		return best, best != nil
	case opOr:
		var all []guard
		for i := range e.args {
			gs, ok := guardsOf(&e.args[i], t)
			if !ok || len(all)+len(gs) > maxGuards {
				return nil, false
			}
			all = append(all, gs...)
		}
		return all, len(all) > 0
	}
	return nil, false // what must not be there is nothing to wait for
}

func (p *predicate) guards() ([]guard, bool) {
	if p.keyword {
		return nil, false
	}
	var out []guard
	switch p.kind {
	case testSet:
		for _, s := range keys(p.texts) {
			out = append(out, guard{field: p.field, text: fold(s)})
		}
		for _, s := range keys(p.numbers) {
			out = append(out, guard{field: p.field, text: s})
		}
	case testGlob:
		// Where a cased text is cut inside a character, its folded form may
		// be found elsewhere than the text itself.
		if s := fold(p.glob.longest()); s != "" && (!p.cased || utf8.ValidString(s)) {
			out = append(out, guard{field: p.field, inside: true, text: s})
		}
	case testRegexp:
		for _, s := range p.needs {
			if s == "" {
				return nil, false
			}
			out = append(out, guard{field: p.field, inside: true, text: s})
		}
	}
	return out, len(out) > 0
}

// guardsOfPattern does the same for an event pattern.
func guardsOfPattern(n *patternNode, path string) ([]guard, bool) {
	var best []guard
	take := func(gs []guard, ok bool) {
		if ok && len(gs) > 0 && (best == nil || cost(gs) < cost(best)) {
			best = gs
		}
	}
	for i := range n.fields {
		f := &n.fields[i]
		name := path + f.name
		if f.object != nil {
			take(guardsOfPattern(f.object, name+"."))
			continue
		}
		var gs []guard
		ok := true
		for _, t := range f.values {
			switch t.kind {
			case patternEquals:
				ok = ok && t.equals.Kind != Null
				gs = append(gs, guard{field: name, text: fold(t.equals.Text)})
			case patternFold:
				gs = append(gs, guard{field: name, text: t.text})
			case patternPrefix, patternSuffix, patternPrefixFold, patternSuffixFold:
				ok = ok && t.text != ""
				gs = append(gs, guard{field: name, inside: true, text: fold(t.text)})
			case patternWildcard:
				s := fold(t.glob.longest())
				ok = ok && s != ""
				gs = append(gs, guard{field: name, inside: true, text: s})
			default:
				ok = false
			}
		}
		take(gs, ok && len(gs) <= maxGuards)
	}
	for _, group := range n.ors {
		var gs []guard
		ok := true
		for i := range group {
			sub, has := guardsOfPattern(&group[i], path)
			ok = ok && has && len(gs)+len(sub) <= maxGuards
			gs = append(gs, sub...)
		}
		take(gs, ok)
	}
	return best, best != nil
}

type guardTexts struct {
	exact, inside map[string][]int
}

type guardBuilder struct {
	index *Index
	at    map[int]*guardTexts
}

func (b *guardBuilder) add(rule int) {
	r := &b.index.rules[rule]
	var gs []guard
	var ok bool
	if r.rule.Pattern != nil {
		gs, ok = guardsOfPattern(&r.rule.Pattern.root, "")
	} else {
		gs, ok = guardsOf(&r.expr, &b.index.table)
	}
	if !ok {
		b.index.always = append(b.index.always, rule)
		return
	}
	for _, g := range gs {
		f := b.index.field(g.field)
		t := b.at[f]
		if t == nil {
			t = &guardTexts{map[string][]int{}, map[string][]int{}}
			b.at[f] = t
		}
		m := t.exact
		if g.inside {
			m = t.inside
		}
		if !slices.Contains(m[g.text], rule) {
			m[g.text] = append(m[g.text], rule)
		}
	}
}

func (b *guardBuilder) finish() {
	for f := range b.index.fields {
		t := b.at[f]
		if t == nil {
			continue
		}
		g := guardField{field: f, exact: t.exact}
		if len(t.inside) > 0 {
			var texts []string
			for s := range t.inside {
				texts = append(texts, s)
			}
			slices.Sort(texts)
			for _, s := range texts {
				g.rules = append(g.rules, t.inside[s])
			}
			g.inside = newAutomaton(texts)
		}
		b.index.guards = append(b.index.guards, g)
	}
}
