package iam

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// The values that the solver tries for a variable stand for all there are: each
// test on the variable divides its values into those that meet it and those that
// do not, and one value of each class is tried. Where that cannot be kept, the
// candidates are not whole, and the solver proves nothing by them.

// maxClasses bounds the classes of one variable, maxSets the sets of values of
// one key.
const (
	maxClasses = 400
	maxSets    = 1024
)

// searchStates bounds one question to package wildcard.
const searchStates = 20_000

// candidates are the values to try for a variable. whole tells that they stand
// for all there are.
func (s *scope) candidates(name string, exprs ...Expr) (list []binding, whole bool) {
	about := atomsOn(name, exprs)
	switch {
	case strings.HasPrefix(name, varMissing):
		return []binding{{holds: false}, {holds: true}}, true
	case name == SessionName:
		var patterns []*wildcard.Pattern
		for _, a := range about {
			patterns = append(patterns, wildcard.Literal(a.literal))
		}
		texts, whole := s.memo.classes(wildcard.Compile("??*"), patterns) // a session's name has two characters or more
		return bind(texts), whole
	case name == varResource:
		texts, whole := s.resources(about)
		return bind(texts), whole
	}
	_, st := s.key(name)
	elements, whole := s.elements(name, about, exprs)
	key, known := s.catalogue.Key(name)
	sets := slices.ContainsFunc(about, func(a *atom) bool { return a.cond != nil && a.cond.Lower == name && a.cond.Operator.Set != "" })
	if !known || !key.Multivalued {
		for _, e := range elements {
			list = append(list, binding{values: One(e)})
		}
	}
	if known && key.Multivalued || !known && sets {
		subsets, all := subsets(elements, len(about))
		whole = whole && all
		for _, set := range subsets {
			list = append(list, binding{values: Many(set...)})
		}
	}
	if v, ok := s.derived(name); ok {
		// What follows from the ARNs is tried first: it is what the example would
		// have if it did not say otherwise.
		list = append([]binding{{values: v}}, list...)
		if st == allUnknown {
			list = append(list, binding{absent: true})
		}
	} else if st == allUnknown {
		list = append([]binding{{absent: true}}, list...)
	}
	return list, whole
}

// atomsOn are the tests that hang on a variable.
func atomsOn(name string, exprs []Expr) []*atom {
	var list []*atom
	for _, e := range exprs {
		e.atoms(func(a *atom) {
			if slices.Contains(a.vars, name) && !slices.Contains(list, a) {
				list = append(list, a)
			}
		})
	}
	return list
}

func bind(texts []string) []binding {
	out := make([]binding, len(texts))
	for i, text := range texts {
		out[i].text = text
	}
	return out
}

// resources are the resources of the pattern to try. The keys of the request are
// known by then.
func (s *scope) resources(about []*atom) ([]string, bool) {
	var patterns []*wildcard.Pattern
	for _, a := range about {
		if a.template == nil {
			continue
		}
		if f, ok, unknown := a.template.Fill(s.variable); ok && unknown == nil {
			patterns = append(patterns, f.Set())
		}
	}
	return s.memo.classes(s.among, patterns)
}

// namedBy are the resources that a pattern of them stands for: what is behind the
// last slash or colon is a name, and no name is empty.
func namedBy(resource string) *wildcard.Pattern {
	if head, ok := strings.CutSuffix(resource, "*"); ok && (strings.HasSuffix(head, "/") || strings.HasSuffix(head, ":")) {
		return wildcard.Compile(head + "?*")
	}
	return wildcard.Compile(resource)
}

// classes gives one text for each class into which patterns divide the texts of
// a base. whole is false when there are more classes than are looked for.
func classes(base *wildcard.Pattern, patterns []*wildcard.Pattern) (texts []string, whole bool) {
	type class struct {
		all, none []*wildcard.Pattern
		text      string
	}
	first, found, err := wildcard.Find([]*wildcard.Pattern{base}, nil, searchStates)
	if err != nil || !found {
		return nil, err == nil
	}
	list := []class{{all: []*wildcard.Pattern{base}, text: first}}
	whole = true
	// find looks for a text of a class that is split off.
	find := func(all, none []*wildcard.Pattern) {
		if len(list) >= maxClasses {
			whole = false
			return
		}
		text, found, err := wildcard.Find(all, none, searchStates)
		whole = whole && err == nil
		if err == nil && found {
			list = append(list, class{all, none, text})
		}
	}
	for i, p := range patterns {
		if slices.ContainsFunc(patterns[:i], func(o *wildcard.Pattern) bool { return o == p }) {
			continue
		}
		for i := range len(list) {
			in, out := slices.Concat(list[i].all, []*wildcard.Pattern{p}), slices.Concat(list[i].none, []*wildcard.Pattern{p})
			if p.Match(list[i].text) {
				find(list[i].all, out)
				list[i].all = in
			} else {
				find(in, list[i].none)
				list[i].none = out
			}
		}
	}
	for _, c := range list {
		texts = append(texts, c.text)
	}
	return texts, whole
}

// tests are what conditions compare a key with, sorted by how they compare.
type tests struct {
	patterns []*wildcard.Pattern
	numbers  []*big.Rat
	dates    []time.Time
	ranges   []netip.Prefix
	texts    []string // values to try as they are
	other    bool     // there are values that are no text: of numbers, dates, addresses, Booleans
	partial  bool
}

// elements are the single values to try for a condition key.
func (s *scope) elements(name string, about []*atom, exprs []Expr) (list []string, whole bool) {
	var t tests
	for _, a := range about {
		if a.cond != nil && a.cond.Lower == name {
			s.compared(&t, a.cond)
		} else {
			s.captured(&t, name, a, exprs)
		}
	}
	add := func(values ...string) {
		for _, v := range values {
			if !slices.Contains(list, v) {
				list = append(list, v)
			}
		}
	}
	whole = !t.partial
	if !t.other || t.patterns != nil {
		for _, text := range t.texts {
			t.patterns = append(t.patterns, wildcard.Literal(text))
		}
		texts, all := s.memo.classes(s.base(name, t.patterns), t.patterns)
		whole = whole && all
		add(texts...)
	}
	kinds := 0
	for _, n := range []int{len(t.numbers), len(t.dates), len(t.ranges), len(t.patterns)} {
		kinds += min(n, 1)
	}
	whole = whole && kinds <= 1 // what is compared in two ways has classes that are not looked for
	add(t.texts...)
	add(around(t.numbers)...)
	add(aroundDates(t.dates)...)
	add(addresses(t.ranges)...)
	if list == nil {
		add("x") // nothing that it is compared with has a value
	}
	return list, whole
}

// base is the pattern that all values of a key have.
func (s *scope) base(name string, patterns []*wildcard.Pattern) *wildcard.Pattern {
	key, found := s.catalogue.Key(name)
	if !found || key.Kind != permission.ARN {
		return wildcard.Compile("?*")
	}
	usual := wildcard.Compile("arn:aws:?*:*:*:?*")
	if slices.ContainsFunc(patterns, func(p *wildcard.Pattern) bool { return !wildcard.Meets(p, usual) }) {
		return wildcard.Compile("arn:?*:?*:*:*:?*") // of another partition
	}
	return usual
}

// compared adds what a condition compares its key with.
func (s *scope) compared(t *tests, c *policy.Condition) {
	for _, v := range c.Values {
		switch test := c.Operator.Test; test {
		case policy.NumericEquals, policy.NumericLess, policy.NumericLessEquals, policy.NumericMore, policy.NumericMoreEquals:
			t.other = true
			if n, ok := number(v.Text); ok {
				t.numbers = append(t.numbers, n)
			}
		case policy.DateEquals, policy.DateLess, policy.DateLessEquals, policy.DateMore, policy.DateMoreEquals:
			t.other = true
			if d, ok := Instant(v.Text); ok {
				t.dates = append(t.dates, d)
			}
		case policy.IPAddress:
			t.other = true
			if p, ok := prefix(v.Text); ok {
				t.ranges = append(t.ranges, p)
			}
		case policy.BoolTest:
			t.other = true
			t.texts = append(t.texts, "true", "false")
		case policy.BinaryEquals:
			t.other = true
			t.texts = append(t.texts, v.Text, base64.StdEncoding.EncodeToString([]byte("another")))
		case policy.NullTest:
		default:
			f, ok, unknown := v.Fill(s.variable)
			switch {
			case !ok:
			case unknown != nil:
				// Variables are chosen before what is compared with them, save
				// where two keys are compared with each other.
				t.patterns = append(t.patterns, v.Loose())
			case test == policy.StringEqualsFold:
				if text, exact := f.Exact(); exact {
					t.patterns = append(t.patterns, wildcard.Join(true, wildcard.Part{Text: text, Literal: true}))
				}
			case test == policy.ArnLike && !f.Pattern.Any():
				t.patterns = append(t.patterns, f.FieldSet())
			default:
				t.patterns = append(t.patterns, f.Pattern)
			}
		}
	}
}

// captured adds the values of a key that make a test fit in which the key is a
// variable.
func (s *scope) captured(t *tests, name string, a *atom, exprs []Expr) {
	templates := []*policy.Template{a.template}
	var targets []string
	open := false // the target is not known either
	switch {
	case a.template != nil && s.pattern():
		open = true
		texts, _ := s.memo.classes(s.among, nil)
		targets = texts
	case a.template != nil:
		targets = []string{a.of.resource}
	case a.cond != nil:
		templates = a.cond.Values
		if v, st := s.key(a.cond.Lower); st == present {
			targets = v.List
		} else {
			open = true
		}
	}
	for _, template := range templates {
		if !slices.ContainsFunc(template.Variables(), func(v string) bool { return strings.EqualFold(v, name) }) {
			continue
		}
		if open && a.cond != nil {
			s.shared(t, name, template, a.cond.Lower, exprs)
			continue
		}
		for _, target := range targets {
			values, all := s.fitting(template, name, target)
			t.texts = append(t.texts, values...)
			t.partial = t.partial || !all
		}
	}
	// A pattern of resources has more texts than the one that was looked at.
	t.partial = t.partial || open && a.template != nil && t.patterns != nil
}

// shared lets a variable have the tests of the key that is compared with it: the
// two must be the same. Where they must only be alike, nothing is proved.
func (s *scope) shared(t *tests, name string, template *policy.Template, key string, exprs []Expr) {
	for _, a := range atomsOn(key, exprs) {
		if a.cond == nil || a.cond.Lower != key {
			t.partial = true
			continue
		}
		if len(a.cond.Values) == 1 && a.cond.Values[0] == template {
			continue // the very test
		}
		if !template.Pure() {
			t.partial = t.partial || a.cond.Operator.Test != policy.NullTest
			continue
		}
		s.compared(t, a.cond)
	}
}

// maxFitting bounds the values of a variable that are tried for one template.
const maxFitting = 200

// fitting are the values of a variable with which a template fits the target,
// whatever its other variables are. A variable stands for plain text, so they
// are among the parts of the target.
func (s *scope) fitting(template *policy.Template, name, target string) (values []string, all bool) {
	first, last := 0, len(target)
	if before, plain := template.Before(name); plain {
		if !strings.HasPrefix(target, before) {
			return nil, true
		}
		first, last = len(before), len(before)
	}
	seen := map[string]bool{}
	for i := first; i <= last; i++ {
		for j := i; j <= len(target); j++ {
			text := target[i:j]
			if seen[text] || text == "" && !strings.Contains(name, "tag/") {
				continue // only tags have empty values
			}
			seen[text] = true
			if !template.LooseWith(name, text, s.variable).Match(target) {
				continue
			}
			if len(values) == maxFitting {
				return values, false
			}
			values = append(values, text)
		}
	}
	return values, true
}

// subsets are the sets of values to try for a key that has several: not the
// empty one, which is no value. A set that makes some tests hold and others not
// has a part with one witness for each test that does the same, so no set needs
// more values than there are tests.
func subsets(list []string, tests int) (sets [][]string, whole bool) {
	var grow func(set []string, from int) bool
	grow = func(set []string, from int) bool {
		for i := from; i < len(list); i++ {
			if len(sets) == maxSets {
				return false
			}
			next := append(slices.Clone(set), list[i])
			sets = append(sets, next)
			if len(next) < tests && !grow(next, i+1) {
				return false
			}
		}
		return true
	}
	whole = grow(nil, 0)
	slices.SortStableFunc(sets, func(a, b []string) int { return len(a) - len(b) })
	return sets, whole
}

// around gives the numbers, one between each two of them and one beyond each end.
func around(list []*big.Rat) []string {
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b *big.Rat) int { return a.Cmp(b) })
	one := big.NewRat(1, 1)
	out := []*big.Rat{new(big.Rat).Sub(list[0], one)}
	for i, n := range list {
		out = append(out, n)
		if i+1 < len(list) && n.Cmp(list[i+1]) != 0 {
			middle := new(big.Rat).Add(n, list[i+1])
			out = append(out, middle.Quo(middle, big.NewRat(2, 1)))
		}
	}
	out = append(out, new(big.Rat).Add(list[len(list)-1], one))
	texts := make([]string, len(out))
	for i, n := range out {
		digits, _ := n.FloatPrec() // decimal numbers and their means are exact
		texts[i] = n.FloatString(digits)
	}
	return texts
}

func aroundDates(list []time.Time) []string {
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, time.Time.Compare)
	out := []time.Time{list[0].Add(-time.Hour)}
	for i, t := range list {
		out = append(out, t)
		if i+1 < len(list) && !t.Equal(list[i+1]) {
			out = append(out, t.Add(list[i+1].Sub(t)/2))
		}
	}
	out = append(out, list[len(list)-1].Add(time.Hour))
	texts := make([]string, len(out))
	for i, t := range out {
		texts[i] = t.UTC().Format(time.RFC3339Nano)
	}
	return texts
}

// addresses gives the first address of each range and the one behind its last:
// every class of addresses starts at one of these. The rest of the world is
// there too.
func addresses(list []netip.Prefix) []string {
	if len(list) == 0 {
		return nil
	}
	var out []string
	add := func(a netip.Addr) {
		if a.IsValid() && !slices.Contains(out, a.String()) {
			out = append(out, a.String())
		}
	}
	for _, p := range list {
		add(p.Addr())
	}
	for _, p := range list {
		add(last(p).Next())
	}
	add(netip.MustParseAddr("0.0.0.0"))
	add(netip.MustParseAddr("::"))
	return out
}

// last is the last address of a range.
func last(p netip.Prefix) netip.Addr {
	raw := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(raw)
	return a
}
