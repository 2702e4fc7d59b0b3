package iam

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// The values that the solver tries for a variable stand for all there are: each
// test on the variable divides its values into those that meet it and those that
// do not, and one value of each class is tried.

// maxClasses bounds the classes of one variable.
const maxClasses = 400

// searchStates bounds one question to package wildcard.
const searchStates = 20_000

// candidates are the values to try for a variable.
func (s *scope) candidates(name string, exprs ...Expr) []binding {
	var list []*atom
	for _, e := range exprs {
		e.atoms(func(a *atom) {
			if slices.Contains(a.vars, name) && !slices.Contains(list, a) {
				list = append(list, a)
			}
		})
	}
	switch {
	case strings.HasPrefix(name, varMissing):
		return []binding{{holds: false}, {holds: true}}
	case name == SessionName:
		return texts(classes(wildcard.Compile("?*"), func(yield func(*wildcard.Pattern)) {
			for _, a := range list {
				yield(wildcard.Literal(a.literal))
			}
		}))
	case name == varResource:
		return texts(classes(wildcard.Compile(s.q.Request.Resources[0]), func(yield func(*wildcard.Pattern)) {
			for _, a := range list {
				// A variable that is not known may be anything.
				if f, ok, unknown := a.template.Fill(s.variable); ok && unknown == nil {
					yield(f.Pattern)
				} else if ok {
					yield(a.template.Loose())
				}
			}
		}))
	}
	var out []binding
	if _, st := s.key(name); st == allUnknown {
		out = append(out, binding{absent: true})
	}
	elements := s.elements(name, list)
	if s.multi(name) {
		for _, set := range subsets(elements) {
			out = append(out, binding{values: Many(set...)})
		}
		return out
	}
	for _, e := range elements {
		out = append(out, binding{values: One(e)})
	}
	return out
}

func texts(list []string) []binding {
	out := make([]binding, len(list))
	for i, text := range list {
		out[i].text = text
	}
	return out
}

// classes gives one text for each class into which patterns divide the texts of
// a base.
func classes(base *wildcard.Pattern, patterns func(yield func(*wildcard.Pattern))) []string {
	type class struct {
		all, none []*wildcard.Pattern
		text      string
	}
	first, found, err := wildcard.Find([]*wildcard.Pattern{base}, nil, searchStates)
	if err != nil || !found {
		return nil
	}
	list := []class{{all: []*wildcard.Pattern{base}, text: first}}
	done := map[string]bool{}
	patterns(func(p *wildcard.Pattern) {
		if done[p.String()] {
			return
		}
		done[p.String()] = true
		for i := range list[:len(list):len(list)] {
			if len(list) >= maxClasses {
				return
			}
			c := &list[i]
			in, out := slices.Concat(c.all, []*wildcard.Pattern{p}), slices.Concat(c.none, []*wildcard.Pattern{p})
			if p.Match(c.text) {
				if text, found, err := wildcard.Find(c.all, out, searchStates); err == nil && found {
					list = append(list, class{c.all, out, text})
				}
				c.all = in
			} else {
				if text, found, err := wildcard.Find(in, c.none, searchStates); err == nil && found {
					list = append(list, class{in, c.none, text})
				}
				c.none = out
			}
		}
	})
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.text
	}
	return out
}

// elements are the single values to try for a condition key.
func (s *scope) elements(name string, list []*atom) []string {
	var out []string
	add := func(values ...string) {
		for _, v := range values {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	var patterns []*wildcard.Pattern
	var numbers []*big.Rat
	var dates []time.Time
	var ranges []netip.Prefix
	plain := true
	for _, a := range list {
		if a.cond == nil || a.cond.Lower != name {
			// The key is a variable of another test.
			add(s.captures(name, a)...)
			continue
		}
		for _, v := range a.cond.Values {
			switch test := a.cond.Operator.Test; test {
			case policy.NumericEquals, policy.NumericLess, policy.NumericLessEquals, policy.NumericMore, policy.NumericMoreEquals:
				plain = false
				if n, ok := number(v.Text); ok {
					numbers = append(numbers, n)
				}
			case policy.DateEquals, policy.DateLess, policy.DateLessEquals, policy.DateMore, policy.DateMoreEquals:
				plain = false
				if t, ok := Instant(v.Text); ok {
					dates = append(dates, t)
				}
			case policy.IPAddress:
				plain = false
				if p, ok := prefix(v.Text); ok {
					ranges = append(ranges, p)
				}
			case policy.BoolTest:
				plain = false
				add("true", "false")
			case policy.BinaryEquals:
				add(v.Text, base64.StdEncoding.EncodeToString([]byte("another")))
			case policy.NullTest:
			default:
				f, ok, unknown := v.Fill(s.variable)
				switch {
				case !ok:
				case unknown != nil:
					patterns = append(patterns, v.Loose())
				case test == policy.StringEqualsFold:
					if text, exact := f.Exact(); exact {
						patterns = append(patterns, wildcard.Join(true, wildcard.Part{Text: text, Literal: true}))
					}
				default:
					patterns = append(patterns, f.Pattern)
				}
			}
		}
	}
	if plain || patterns != nil {
		base := wildcard.Compile("?*")
		if s.isARN(name) {
			base = wildcard.Compile("arn:aws:?*:*:*:?*")
		}
		add(classes(base, func(yield func(*wildcard.Pattern)) {
			for _, p := range patterns {
				yield(p)
			}
		})...)
	}
	add(around(numbers)...)
	add(aroundDates(dates)...)
	add(addresses(ranges)...)
	return out
}

func (s *scope) isARN(name string) bool {
	key, found := s.catalogue.Key(name)
	return found && key.Kind.String() == "ARN"
}

// captures are the texts that a variable must have for another test to hold.
func (s *scope) captures(name string, a *atom) []string {
	templates := []*policy.Template{a.template}
	var targets []string
	if a.template != nil {
		targets = []string{s.resource}
	} else if a.cond != nil {
		templates = a.cond.Values
		if v, st := s.key(a.cond.Lower); st == present {
			targets = v.List
		}
	}
	out := []string{"x"}
	for _, t := range templates {
		for _, target := range targets {
			out = append(out, t.Captures(name, target)...)
		}
	}
	return out
}

// subsets are the sets of values to try for a key that has several.
func subsets(list []string) [][]string {
	out := [][]string{}
	for _, e := range list {
		out = append(out, []string{e})
	}
	out = append(out, []string{})
	if len(list) <= 5 {
		for mask := 1; mask < 1<<len(list); mask++ {
			var set []string
			for i, e := range list {
				if mask&(1<<i) != 0 {
					set = append(set, e)
				}
			}
			if len(set) > 1 {
				out = append(out, set)
			}
		}
		return out
	}
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			out = append(out, []string{list[i], list[j]})
		}
	}
	return append(out, list)
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
		texts[i] = strings.TrimSuffix(strings.TrimRight(n.FloatString(6), "0"), ".")
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
