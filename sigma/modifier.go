package sigma

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf16"
)

// Options are what rules are compiled with.
type Options struct {
	// Placeholders are the values that %name% stands for in values with the
	// modifier expand, without the percent signs. A rule that names another
	// one is refused.
	Placeholders map[string][]string
}

const (
	maxVariants  = 4096    // of one value by windash before an encoding, or by placeholders
	maxRegexp    = 10_000  // bytes of a regular expression
	maxValueSize = 100_000 // bytes of a value
)

// shape is what the modifiers of a field say besides changing its values.
type shape struct {
	all, cased, exists, re, cidr, fieldref, neq bool
	expand                                      bool
	before, after                               bool   // of fieldref: any text around the other field's value
	flags                                       string // of re
	compare                                     string // lt, lte, gt, gte
	part                                        string // minute, hour, day, week, month, year
}

// variant is one text that a value stands for.
type variant struct {
	raw  string
	text glob
}

// compiler turns items into predicates.
type compiler struct {
	opt   Options
	table *table
}

// item returns the condition over predicates that an item stands for.
func (c *compiler) item(it item) (expr, error) {
	var s shape
	steps, err := s.read(it)
	if err != nil {
		return expr{}, err
	}
	if it.field == "" {
		if s.exists || s.fieldref || s.cidr || s.compare != "" || s.part != "" || s.neq {
			return expr{}, fmt.Errorf("this modifier needs a field")
		}
	}
	var perValue []expr
	set := &predicate{kind: testSet, field: it.field, cased: s.cased}
	for _, v := range it.values {
		e, err := c.value(it, &s, steps, v, set)
		if err != nil {
			return expr{}, err
		}
		if len(e) > 0 {
			perValue = append(perValue, anyOf(e))
		}
	}
	if len(set.texts) > 0 {
		perValue = append(perValue, c.table.add(set))
	}
	if s.neq {
		// Different is a statement about a value: a field that is absent,
		// like in lt and gt, is not different from anything.
		has := c.table.add(&predicate{kind: testHasValue, field: it.field})
		args := []expr{has, {op: opNot, args: []expr{anyOf(perValue)}}}
		if s.fieldref {
			for _, v := range it.values {
				args = append(args, c.table.add(&predicate{kind: testHasValue, field: v.text}))
			}
		}
		return expr{op: opAnd, args: args}, nil
	}
	if s.all && len(perValue) > 1 {
		return expr{op: opAnd, args: perValue}, nil
	}
	return anyOf(perValue), nil
}

func anyOf(args []expr) expr {
	if len(args) == 1 {
		return args[0]
	}
	return expr{op: opOr, args: args}
}

// read checks the modifiers and returns those that change values, in order.
func (s *shape) read(it item) ([]string, error) {
	var steps []string
	for i, m := range it.modifiers {
		if slices.Contains(it.modifiers[:i], m) {
			return nil, fmt.Errorf("modifier %q stands twice", m)
		}
		switch m {
		case "all":
			s.all = true
		case "cased":
			s.cased = true
		case "neq":
			s.neq = true
		case "exists":
			s.exists = true
		case "re":
			s.re = true
		case "i", "m", "s":
			if !s.re {
				return nil, fmt.Errorf("modifier %q must follow re", m)
			}
			s.flags += m
		case "cidr":
			s.cidr = true
		case "fieldref":
			s.fieldref = true
		case "expand":
			s.expand = true
		case "lt", "lte", "gt", "gte":
			if s.compare != "" {
				return nil, fmt.Errorf("modifiers %q and %q exclude each other", s.compare, m)
			}
			s.compare = m
		case "minute", "hour", "day", "week", "month", "year":
			if s.part != "" {
				return nil, fmt.Errorf("modifiers %q and %q exclude each other", s.part, m)
			}
			s.part = m
		case "contains", "startswith", "endswith", "windash", "base64", "base64offset",
			"utf16le", "utf16be", "utf16", "wide":
			steps = append(steps, m)
		default:
			return nil, fmt.Errorf("modifier %q is not known", m)
		}
	}
	return steps, s.check(steps)
}

// check refuses modifiers that say nothing together.
func (s *shape) check(steps []string) error {
	kinds := 0
	for _, b := range []bool{s.exists, s.re, s.cidr, s.fieldref, s.compare != "" || s.part != ""} {
		if b {
			kinds++
		}
	}
	if kinds > 1 {
		return fmt.Errorf("modifiers that compare in different ways exclude each other")
	}
	if s.fieldref {
		for _, m := range steps {
			switch m {
			case "contains":
				s.before, s.after = true, true
			case "startswith":
				s.after = true
			case "endswith":
				s.before = true
			default:
				return fmt.Errorf("modifier %q does not go with fieldref", m)
			}
		}
		return nil
	}
	if kinds == 1 && len(steps) > 0 {
		return fmt.Errorf("modifier %q changes texts and does not go with the others", steps[0])
	}
	if (s.exists || s.compare != "") && s.neq {
		return fmt.Errorf("modifier neq does not go with the others")
	}
	if s.exists && (s.all || s.cased || s.expand) {
		return fmt.Errorf("modifier exists stands alone")
	}
	return nil
}

// value returns the alternatives that one value stands for. Plain texts go into
// set instead, unless all values must match.
func (c *compiler) value(it item, s *shape, steps []string, v scalar, set *predicate) ([]expr, error) {
	if len(v.text) > maxValueSize {
		return nil, fmt.Errorf("a value is longer than %d bytes", maxValueSize)
	}
	one := func(p *predicate) ([]expr, error) {
		p.field = it.field
		return []expr{c.table.add(p)}, nil
	}
	if s.exists {
		if v.kind != scalarBool || len(it.values) != 1 {
			return nil, fmt.Errorf("exists needs true or false")
		}
		return one(&predicate{kind: testExists, want: v.text == "true"})
	}
	if v.kind == scalarNull {
		if it.field == "" || s.re || s.cidr || s.fieldref || s.compare != "" || s.part != "" || len(steps) > 0 {
			return nil, fmt.Errorf("null does not go with these modifiers")
		}
		return one(&predicate{kind: testNull})
	}
	if s.compare != "" || s.part != "" {
		if v.kind != scalarNumber {
			return nil, fmt.Errorf("%s%s needs a number, not %q", s.part, s.compare, v.text)
		}
		return one(&predicate{kind: testCompare, compare: s.compare, part: s.part, number: toFloat(v.text)})
	}
	raws := []string{v.text}
	if s.expand {
		var err error
		if raws, err = c.expand(v.text); err != nil {
			return nil, err
		}
	}
	var out []expr
	for _, raw := range raws {
		switch {
		case s.fieldref:
			out = append(out, c.table.add(&predicate{kind: testFieldRef, field: it.field, other: raw, cased: s.cased, before: s.before, after: s.after}))
		case s.cidr:
			prefix, err := netip.ParsePrefix(raw)
			if err != nil {
				return nil, fmt.Errorf("cidr %q is not a network", raw)
			}
			out = append(out, c.table.add(&predicate{kind: testCIDR, field: it.field, prefix: prefix.Masked()}))
		case s.re:
			p, err := regex(raw, s.flags)
			if err != nil {
				return nil, err
			}
			p.field, p.keyword = it.field, it.field == ""
			out = append(out, c.table.add(p))
		default:
			variants, err := transform(variant{raw, parseGlob(raw)}, steps)
			if err != nil {
				return nil, err
			}
			out = append(out, c.texts(it, s, v.kind == scalarNumber && len(steps) == 0, variants, set)...)
		}
	}
	return out, nil
}

// texts adds the predicates of plain and wildcard texts.
func (c *compiler) texts(it item, s *shape, number bool, variants []variant, set *predicate) []expr {
	var out []expr
	for _, x := range variants {
		g := x.text
		if !s.cased {
			g = g.mapText(fold)
		}
		if it.field == "" {
			out = append(out, c.table.add(&predicate{kind: testGlob, keyword: true, cased: s.cased, glob: g.withAny(true, true)}))
			continue
		}
		text, plain := g.literal()
		if !plain {
			out = append(out, c.table.add(&predicate{kind: testGlob, field: it.field, cased: s.cased, glob: g}))
			continue
		}
		p := set
		if s.all {
			p = &predicate{kind: testSet, field: it.field, cased: s.cased}
		}
		p.addText(text)
		if number {
			p.addNumber(canonical(x.raw))
		}
		if s.all {
			out = append(out, c.table.add(p))
		}
	}
	return out
}

// expand replaces the placeholders of a value by what they stand for.
func (c *compiler) expand(text string) ([]string, error) {
	out := []string{""}
	plain := func(s string) {
		for i := range out {
			out[i] += s
		}
	}
	for text != "" {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			plain(text)
			break
		}
		if i > 0 && text[i-1] == '\\' {
			plain(text[:i-1] + "%")
			text = text[i+1:]
			continue
		}
		plain(text[:i])
		name, rest, ok := strings.Cut(text[i+1:], "%")
		if !ok {
			return nil, fmt.Errorf("the placeholder %%%s is not closed", name)
		}
		values := c.opt.Placeholders[name]
		if len(values) == 0 {
			return nil, fmt.Errorf("no values are given for the placeholder %%%s%%", name)
		}
		if len(out)*len(values) > maxVariants {
			return nil, fmt.Errorf("placeholders stand for more than %d values", maxVariants)
		}
		var next []string
		for _, o := range out {
			for _, v := range values {
				next = append(next, o+v)
			}
		}
		out, text = next, rest
	}
	return out, nil
}

// transform applies the modifiers that change texts, in their order.
func transform(v variant, steps []string) ([]variant, error) {
	all := []variant{v}
	for i, m := range steps {
		var next []variant
		for _, v := range all {
			g := v.text
			switch m {
			case "contains":
				g = g.withAny(true, true)
			case "startswith":
				g = g.withAny(false, true)
			case "endswith":
				g = g.withAny(true, false)
			case "wide", "utf16le":
				g = g.mapText(func(s string) string { return encode16(s, false) })
			case "utf16be":
				g = g.mapText(func(s string) string { return encode16(s, true) })
			case "utf16":
				text, ok := g.literal()
				if !ok {
					return nil, fmt.Errorf("utf16 does not go with wildcards")
				}
				g = glob{{pieceText, "\xff\xfe" + encode16(text, false)}}
			case "windash":
				if encodes(steps[i+1:]) {
					texts, err := spellDashes(g)
					if err != nil {
						return nil, err
					}
					for _, t := range texts {
						next = append(next, variant{text: t})
					}
					continue
				}
				g = g.withDashes()
			case "base64", "base64offset":
				text, ok := g.literal()
				if !ok {
					return nil, fmt.Errorf("%s does not go with wildcards", m)
				}
				texts := []string{base64.StdEncoding.EncodeToString([]byte(text))}
				if m == "base64offset" {
					texts = offsets(text)
				}
				for _, t := range texts {
					if t == "" {
						return nil, fmt.Errorf("%s: %q is too short to be recognised", m, text)
					}
					next = append(next, variant{text: glob{{pieceText, t}}})
				}
				continue
			}
			next = append(next, variant{text: g})
		}
		all = next
	}
	return all, nil
}

func encodes(steps []string) bool {
	for _, m := range steps {
		if strings.HasPrefix(m, "base64") || strings.HasPrefix(m, "utf16") || m == "wide" {
			return true
		}
	}
	return false
}

// spellDashes writes out each permutation of the dashes.
func spellDashes(g glob) ([]glob, error) {
	out := []glob{nil}
	for _, p := range g.withDashes() {
		choices := []piece{p}
		if p.kind == pieceDash {
			choices = nil
			for _, r := range dashes {
				choices = append(choices, piece{pieceText, string(r)})
			}
		}
		if len(out)*len(choices) > maxVariants {
			return nil, fmt.Errorf("windash before an encoding stands for more than %d texts", maxVariants)
		}
		var next []glob
		for _, o := range out {
			for _, c := range choices {
				if n := len(o); n > 0 && c.kind == pieceText && o[n-1].kind == pieceText {
					joined := slices.Clone(o)
					joined[n-1].text += c.text
					next = append(next, joined)
					continue
				}
				next = append(next, append(slices.Clone(o), c))
			}
		}
		out = next
	}
	return out, nil
}

// encode16 is the text in UTF-16 without a byte order mark.
func encode16(s string, big bool) string {
	units := utf16.Encode([]rune(s))
	out := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return string(out)
}

// offsets are the parts of the Base64 of a longer text that the text leaves the
// same whatever stands before and after it, for each position modulo three.
func offsets(text string) []string {
	var out []string
	for before := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", before) + text))
		from := []int{0, 2, 3}[before]
		to := len(encoded) - []int{0, 3, 2}[(len(text)+before)%3]
		out = append(out, encoded[from:max(from, to)])
	}
	return out
}

// regex compiles a regular expression. The specification names a subset of PCRE
// that RE2 has; look-around and back references are not in it and are refused.
func regex(text, flags string) (*predicate, error) {
	if len(text) > maxRegexp {
		return nil, fmt.Errorf("a regular expression is longer than %d bytes", maxRegexp)
	}
	full := text
	if flags != "" {
		full = "(?" + flags + ")" + text
	}
	re, err := regexp.Compile(full)
	if err != nil {
		return nil, fmt.Errorf("re: %w (only what RE2 can match in linear time)", err)
	}
	tree, err := syntax.Parse(full, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("re: %w", err)
	}
	p := &predicate{kind: testRegexp, re: re}
	p.needs, _ = required(tree.Simplify())
	return p, nil
}
