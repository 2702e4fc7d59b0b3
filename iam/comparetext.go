package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// demand is a value that is wanted to fit one of the templates, or none of them.
type demand struct {
	templates []*policy.Template
	test      policy.Test // "" for a Resource element
	inside    bool
}

// among are the values that come into question.
type among struct{ all, none []*wildcard.Pattern }

// fill gives the value of a policy variable.
type fill func(key string) policy.Value

// findLimit is how many states wildcard.Find may look at, and findTries how
// often it may be asked for one value.
const (
	findLimit = 20_000
	findTries = 2_000
)

// arnShape is what arn.Parse takes for an ARN.
func arnShape() *wildcard.Pattern { return wildcard.CompileARN("arn:?*:?*:*:*:?*") }

// someText looks for a text that fits all demands. Variables are replaced by with,
// which knows them all.
func someText(demands []demand, in among, with fill) (string, chance) {
	return byShape(demands, in, func(c demand) []*wildcard.Pattern { return setsOf(c, with) })
}

// setsOf are the sets of the texts that fit the templates of a demand.
func setsOf(c demand, with fill) []*wildcard.Pattern {
	var out []*wildcard.Pattern
	for _, t := range c.templates {
		if f, ok, _ := t.Fill(with); ok {
			out = append(out, setOf(f, c.test))
		}
	}
	return out
}

// setOf is the set of texts that fit a template by a test; for ArnLike the texts
// must be ARNs as well, if it is not everything.
func setOf(f policy.Filled, test policy.Test) *wildcard.Pattern {
	switch test {
	case policy.ArnLike:
		if f.Pattern.Any() {
			return f.Pattern
		}
		return f.FieldSet()
	case policy.StringEqualsFold:
		if want, ok := f.Exact(); ok {
			return wildcard.Join(true, wildcard.Part{Text: want, Literal: true})
		}
	}
	return f.Set()
}

// possibleText tells whether some text may fit all demands when some variables
// are not known: it is never only if that is so whatever they stand for.
func possibleText(demands []demand, in among, known fill) chance {
	open := func(t *policy.Template) bool {
		_, _, unknown := t.Fill(known)
		return unknown != nil
	}
	// First with any text for each variable, and without what must not fit and
	// has variables.
	_, loose := byShape(demands, in, func(c demand) []*wildcard.Pattern {
		var out []*wildcard.Pattern
		for _, t := range c.templates {
			switch f, ok, _ := t.Fill(known); {
			case open(t) && c.inside:
				out = append(out, t.Loose())
			case ok && !open(t):
				out = append(out, setOf(f, c.test))
			}
		}
		return out
	})
	if loose == never {
		return never
	}
	exact := !slices.ContainsFunc(demands, func(c demand) bool { return slices.ContainsFunc(c.templates, open) })
	if exact {
		return loose
	}
	// Then each demand with variables alone, with a symbol for the text of each
	// variable. If every text with symbols that fits the demand fits one that it
	// must not fit, then so does every text with the symbols replaced.
	for _, one := range demands {
		if one.inside && slices.ContainsFunc(one.templates, open) && symbolic(one, demands, known, open) == never {
			return never
		}
	}
	return maybe
}

// symbolic looks for a text that fits one demand, and none of those that it must
// not fit, with a character of its own for each variable. A wildcard that must
// not fit, but could take the symbol and not every value of the variable, would
// spoil the proof: "?" takes one character, and those that stay in a field of a
// Resource take no colon. Templates with such are left out, which can only make
// more possible.
func symbolic(one demand, demands []demand, known fill, open func(*policy.Template) bool) chance {
	symbols := map[string]rune{}
	filler := func(test policy.Test, absent bool) fill {
		return func(key string) policy.Value {
			v := known(key)
			if !v.Unknown || absent {
				return policy.Value{Text: v.Text, Found: v.Found && !v.Unknown}
			}
			// What is compared without case has symbols of its own: "A" for the
			// variable fits its "a", and must not pass for the "A" of another.
			name := string(test) + " " + strings.ToLower(key)
			if test != policy.StringEqualsFold {
				name = strings.ToLower(key)
			}
			if symbols[name] == 0 {
				symbols[name] = rune(0xF0000 + len(symbols))
			}
			return policy.Value{Text: string(symbols[name]), Found: true}
		}
	}
	safe := true
	kept := []demand{one}
	for _, c := range demands {
		if !c.inside {
			kept = append(kept, c)
		}
	}
	_, answer := byShape(kept, among{}, func(c demand) []*wildcard.Pattern {
		var out []*wildcard.Pattern
		for _, t := range c.templates {
			if !c.inside && strings.Contains(t.Text, "?") {
				continue
			}
			safe = safe && (!open(t) || fieldsStay(t, c.test))
			if f, ok, _ := t.Fill(filler(c.test, false)); ok {
				if set := setOf(f, c.test); c.inside || c.test != "" || set == f.Pattern {
					out = append(out, set)
				}
			}
			if f, ok, _ := t.Fill(filler(c.test, true)); ok && c.inside {
				out = append(out, setOf(f, c.test)) // by the variable's default
			}
		}
		return out
	})
	if !safe {
		return maybe
	}
	return answer
}

// fieldsStay tells whether the values of a template's variables cannot move the
// fields of an ARN: they stand in its last field, or are accounts, or fields do
// not matter.
func fieldsStay(t *policy.Template, test policy.Test) bool {
	if test != "" && test != policy.ArnLike {
		return true
	}
	i := strings.Index(t.Text, "${")
	if i < 0 || strings.Count(t.Text[:i], ":") >= 5 {
		return true
	}
	return !slices.ContainsFunc(t.Variables(), func(key string) bool {
		return !strings.HasSuffix(strings.ToLower(key), "account")
	})
}

// byShape looks for a text that fits all demands, of which sets gives the
// patterns. The tests of ARNs hold of nothing but ARNs, so texts that are ARNs
// and those that are not are looked at apart.
func byShape(demands []demand, in among, sets func(demand) []*wildcard.Pattern) (string, chance) {
	arns := slices.ContainsFunc(demands, func(c demand) bool { return c.test == policy.ArnLike })
	var must [][]*wildcard.Pattern
	not := slices.Clone(in.none)
	var outsideMust [][]*wildcard.Pattern
	outsideNot := slices.Clone(in.none)
	for _, c := range demands {
		list := sets(c)
		beyond := list
		if c.test == policy.ArnLike {
			beyond = slices.DeleteFunc(slices.Clone(list), func(p *wildcard.Pattern) bool { return !p.Any() })
		}
		if c.inside {
			must, outsideMust = append(must, list), append(outsideMust, beyond)
		} else {
			not, outsideNot = append(not, list...), append(outsideNot, beyond...)
		}
	}
	if !arns {
		return oneOfEach(must, in.all, not)
	}
	value, answer := oneOfEach(must, append(slices.Clone(in.all), arnShape()), not)
	if answer == found {
		return value, answer
	}
	other, second := oneOfEach(outsideMust, in.all, append(outsideNot, arnShape()))
	if second == found {
		return other, found
	}
	return "", max(answer, second)
}

// oneOfEach looks for a text that fits one pattern of each list of must, all of
// all and none of none.
func oneOfEach(must [][]*wildcard.Pattern, all, none []*wildcard.Pattern) (string, chance) {
	must = slices.Clone(must)
	slices.SortStableFunc(must, func(a, b []*wildcard.Pattern) int { return len(a) - len(b) })
	tries, worst := 0, never
	var pick func(i int, chosen []*wildcard.Pattern) (string, bool)
	pick = func(i int, chosen []*wildcard.Pattern) (string, bool) {
		if i == len(must) {
			if tries++; tries > findTries {
				worst = maybe
				return "", false
			}
			value, ok, err := wildcard.Find(chosen, none, findLimit)
			if err != nil {
				worst = maybe
			}
			return value, ok
		}
		for _, p := range must[i] {
			if slices.ContainsFunc(chosen, func(q *wildcard.Pattern) bool { return !wildcard.Meets(p, q) }) {
				continue
			}
			if value, ok := pick(i+1, append(slices.Clone(chosen), p)); ok || tries > findTries {
				return value, ok
			}
		}
		return "", false
	}
	if value, ok := pick(0, all); ok {
		return value, found
	}
	return "", worst
}
