package sigma

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// testKind is how a predicate looks at values.
type testKind uint8

const (
	testSet      testKind = iota // equal to one of some texts
	testGlob                     // wildcards
	testRegexp                   // regular expression
	testCIDR                     // address in a network
	testCompare                  // number against number
	testExists                   // the field is there, or is not
	testHasValue                 // the field has a value that is not null
	testNull                     // the field has no value
	testFieldRef                 // equal to another field
)

// predicate is one question about one field, or about all texts of the event.
// Rules that ask the same share it.
type predicate struct {
	kind    testKind
	field   string
	keyword bool // about all texts of the event
	cased   bool

	texts         map[string]bool // testSet; folded unless cased
	numbers       map[string]bool // testSet; canonical
	glob          glob
	re            *regexp.Regexp
	needs         []string // testRegexp: folded texts, one of which a match must contain
	prefix        netip.Prefix
	compare, part string
	number        float64
	want          bool
	other         string
	before, after bool
}

func (p *predicate) addText(s string) {
	if p.texts == nil {
		p.texts = map[string]bool{}
	}
	p.texts[s] = true
}

func (p *predicate) addNumber(s string) {
	if p.numbers == nil {
		p.numbers = map[string]bool{}
	}
	p.numbers[s] = true
}

// key is equal for predicates that ask the same.
func (p *predicate) key() string {
	re := ""
	if p.re != nil {
		re = p.re.String()
	}
	return fmt.Sprintf("%d %q %v %v %q %q %v %q %v %s %s %v %v %q %v %v", p.kind, p.field, p.keyword, p.cased,
		keys(p.texts), keys(p.numbers), p.glob, re, p.prefix, p.compare, p.part, p.number, p.want, p.other, p.before, p.after)
}

func keys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// table is a set of predicates without repetition.
type table struct {
	list  []*predicate
	byKey map[string]int
}

func (t *table) add(p *predicate) expr {
	if t.byKey == nil {
		t.byKey = map[string]int{}
	}
	k := p.key()
	i, ok := t.byKey[k]
	if !ok {
		i = len(t.list)
		t.byKey[k] = i
		t.list = append(t.list, p)
	}
	return expr{term: i}
}

// cell is one value of a field, with its folded text once somebody asked.
type cell struct {
	Value
	folded string
	isFold bool
	arena  *[]byte // where the folded text may be put; it is valid until that is emptied
}

func (c *cell) fold() string {
	if c.isFold {
		return c.folded
	}
	c.isFold = true
	if c.arena == nil {
		c.folded = fold(c.Text)
		return c.folded
	}
	from := len(*c.arena)
	*c.arena = appendFold(*c.arena, c.Text)
	b := (*c.arena)[from:]
	c.folded = unsafe.String(unsafe.SliceData(b), len(b))
	return c.folded
}

// column is what an event has at a field.
type column struct {
	cells  []cell
	exists bool
}

// view is how predicates see an event.
type view interface {
	column(field string) *column
	words() *column // all names and values
}

// holds answers the predicate.
func (p *predicate) holds(v view) bool {
	var c *column
	if p.keyword {
		c = v.words()
	} else {
		c = v.column(p.field)
	}
	switch p.kind {
	case testExists:
		return c.exists == p.want
	case testHasValue:
		return slices.ContainsFunc(c.cells, func(x cell) bool { return x.Kind != Null })
	case testNull:
		return len(c.cells) == 0 || slices.ContainsFunc(c.cells, func(x cell) bool { return x.Kind == Null })
	case testFieldRef:
		other := v.column(p.other)
		for i := range c.cells {
			for j := range other.cells {
				if p.refers(&c.cells[i], &other.cells[j]) {
					return true
				}
			}
		}
		return false
	}
	for i := range c.cells {
		if c.cells[i].Kind != Null && p.test(&c.cells[i]) {
			return true
		}
	}
	return false
}

// test answers the predicate for one value that is not null.
func (p *predicate) test(c *cell) bool {
	text := c.Text
	if !p.cased && (p.kind == testSet || p.kind == testGlob) {
		text = c.fold()
	}
	switch p.kind {
	case testSet:
		return p.texts[text] || c.Kind == Number && p.numbers != nil && p.numbers[canonical(text)]
	case testGlob:
		return p.glob.match(text)
	case testRegexp:
		if len(p.needs) > 0 && !slices.ContainsFunc(p.needs, func(s string) bool { return strings.Contains(c.fold(), s) }) {
			return false
		}
		return p.re.MatchString(text)
	case testCIDR:
		a, err := netip.ParseAddr(text)
		return err == nil && p.prefix.Contains(a.Unmap().WithZone(""))
	default:
		n, ok := measure(c, p.part)
		if !ok {
			return false
		}
		switch p.compare {
		case "lt":
			return n < p.number
		case "lte":
			return n <= p.number
		case "gt":
			return n > p.number
		case "gte":
			return n >= p.number
		}
		return n == p.number
	}
}

// refers compares a value with that of another field.
func (p *predicate) refers(c, other *cell) bool {
	if c.Kind == Null || other.Kind == Null {
		return false
	}
	a, b := c.Text, other.Text
	if !p.cased {
		a, b = c.fold(), other.fold()
	}
	switch {
	case p.before && p.after:
		return strings.Contains(a, b)
	case p.after:
		return strings.HasPrefix(a, b)
	case p.before:
		return strings.HasSuffix(a, b)
	}
	return a == b || c.Kind == Number && other.Kind == Number && canonical(a) == canonical(b)
}

// measure is the number that a comparison looks at: the value itself, or a part
// of the time that it says, in the zone in which it is written.
func measure(c *cell, part string) (float64, bool) {
	if part == "" {
		if c.Kind != Number && (c.Kind != Text || !isNumber(c.Text)) {
			return 0, false
		}
		return toFloat(c.Text), true
	}
	var t time.Time
	var err error
	date := false
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02"} {
		if t, err = time.Parse(layout, c.Text); err == nil {
			date = layout == "2006-01-02"
			break
		}
	}
	if err != nil || date && (part == "hour" || part == "minute") {
		return 0, false
	}
	switch part {
	case "minute":
		return float64(t.Minute()), true
	case "hour":
		return float64(t.Hour()), true
	case "day":
		return float64(t.Day()), true
	case "week":
		_, w := t.ISOWeek()
		return float64(w), true
	case "month":
		return float64(t.Month()), true
	}
	return float64(t.Year()), true
}

func toFloat(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0 // callers have checked with isNumber
	}
	return f
}

// canonical is one text for all ways to write a number: 5, 5.0 and 5e0.
func canonical(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '-' }) < 0 {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// Matcher answers one rule.
type Matcher struct {
	Rule  *Rule
	table table
	expr  expr
}

// Compile makes a matcher of a rule. What cannot be compiled, an unknown
// modifier or a placeholder without values, is an *Error that says where.
func Compile(r *Rule, opt Options) (*Matcher, error) {
	m := &Matcher{Rule: r}
	if r.Pattern != nil {
		return m, nil
	}
	var err error
	m.expr, err = compile(r, opt, &m.table)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func compile(r *Rule, opt Options, t *table) (expr, error) {
	if len(r.searches) == 0 {
		return expr{}, &Error{File: r.File, Line: r.Line, Rule: r.Title, Text: "detection has no search identifier"}
	}
	c := compiler{opt: opt, table: t}
	var errs []error
	terms := make([]expr, len(r.searches))
	for i, s := range r.searches {
		var alternatives []expr
		for _, a := range s.alternatives {
			var fields []expr
			for _, it := range a.items {
				e, err := c.item(it)
				if err != nil {
					name := it.field
					if len(it.modifiers) > 0 {
						name += "|" + strings.Join(it.modifiers, "|")
					}
					errs = append(errs, &Error{File: r.File, Line: it.line, Rule: r.Title, Text: fmt.Sprintf("%s: %s: %v", s.name, name, err)})
					continue
				}
				fields = append(fields, e)
			}
			if len(fields) == 1 {
				alternatives = append(alternatives, fields[0])
			} else {
				alternatives = append(alternatives, expr{op: opAnd, args: fields})
			}
		}
		terms[i] = anyOf(alternatives)
	}
	if len(errs) > 0 {
		return expr{}, errors.Join(errs...)
	}
	return r.condition.replace(terms), nil
}

// replace puts an expression in the place of each term.
func (e *expr) replace(terms []expr) expr {
	if e.op == opTerm {
		return terms[e.term]
	}
	out := expr{op: e.op, args: make([]expr, len(e.args))}
	for i := range e.args {
		out.args[i] = e.args[i].replace(terms)
	}
	return out
}

// Fields are the fields of an event that the rule looks at, sorted. A rule with
// keywords looks at all others too.
func (m *Matcher) Fields() []string {
	seen := map[string]bool{}
	if m.Rule.Pattern != nil {
		m.Rule.Pattern.root.names("", seen)
	}
	for _, p := range m.table.list {
		if !p.keyword {
			seen[p.field] = true
		}
		if p.kind == testFieldRef {
			seen[p.other] = true
		}
	}
	return keys(seen)
}

// Match reports whether the event matches. Where the event comes from is not
// asked; LogSource.Covers answers that.
func (m *Matcher) Match(e Event) bool {
	if m.Rule.Pattern != nil {
		return m.Rule.Pattern.Match(e.Tree())
	}
	v := &plainView{event: e}
	return m.expr.eval(func(i int) bool { return m.table.list[i].holds(v) })
}

// plainView looks everything up anew.
type plainView struct {
	event Event
}

func (v *plainView) column(field string) *column {
	values, ok := v.event.Lookup(field, nil)
	c := &column{exists: ok}
	for _, x := range values {
		c.cells = append(c.cells, cell{Value: x})
	}
	return c
}

func (v *plainView) words() *column {
	c := &column{exists: true}
	v.event.Texts(func(s string) bool {
		c.cells = append(c.cells, cell{Value: Value{Kind: Text, Text: s}})
		return true
	})
	return c
}
