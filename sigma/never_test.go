package sigma

import (
	"fmt"
	"slices"
	"testing"
)

func TestARuleThatAsksForWhatNoEventHasNeverMatches(t *testing.T) {
	for name, c := range map[string]struct {
		detection string
		want      bool
	}{
		"a field that is there":                     {"{s: {there: x}, condition: s}", false},
		"a field that is nowhere":                   {"{s: {gone: x}, condition: s}", true},
		"one of two that must hold is nowhere":      {"{s: {there: x, gone: x}, condition: s}", true},
		"one of two of which one must hold":         {"{s: [{there: x}, {gone: x}], condition: s}", false},
		"both of two of which one must hold":        {"{s: [{gone: x}, {also.gone: x}], condition: s}", true},
		"an exception for what is nowhere":          {"{s: {there: x}, f: {gone: x}, condition: s and not f}", false},
		"only an exception":                         {"{f: {gone: x}, condition: not f}", false},
		"all but what is always so":                 {"{f: {gone: null}, condition: not f}", true},
		"a field that must be absent":               {"{s: {gone: null, there: x}, condition: s}", false},
		"a field that must not exist":               {"{s: {gone|exists: false}, condition: s}", false},
		"a field that must exist":                   {"{s: {gone|exists: true}, condition: s}", true},
		"another value than one of what is nowhere": {"{s: {gone|neq: x}, condition: s}", true},
		"a reference to what is nowhere":            {"{s: {there|fieldref: gone}, condition: s}", true},
		"a text in what is nowhere":                 {"{s: {gone|contains: [a, b]}, condition: s}", true},
		"an expression on what is nowhere":          {"{s: {gone|re: 'a+'}, condition: s}", true},
		"a network of what is nowhere":              {"{s: {gone|cidr: 10.0.0.0/8}, condition: s}", true},
		"a number in what is nowhere":               {"{s: {gone|gt: 5}, condition: s}", true},
		"words anywhere":                            {"{k: [gone], condition: k}", false},
		"words anywhere, and a field nowhere":       {"{k: [x], s: {gone: x}, condition: k and s}", true},
		"one of some searches":                      {"{s1: {gone: x}, s2: {there: x}, condition: 1 of s*}", false},
		"all of some searches":                      {"{s1: {gone: x}, s2: {there: x}, condition: all of s*}", true},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := Parse("r.yaml", fmt.Appendf(nil, "title: T\nlogsource: {product: aws}\ndetection: %s\n", c.detection))
			if err != nil {
				t.Fatal(err)
			}
			m, err := Compile(rules.Rules[0], Options{})
			if err != nil {
				t.Fatal(err)
			}
			gone := func(f string) bool { return slices.Contains([]string{"gone", "also.gone"}, f) }
			if got := m.Never(gone); got != c.want {
				t.Errorf("never: %v, want %v", got, c.want)
			}
			// What is said to match nothing must not match: of all combinations of values.
			for _, v := range []string{`"x"`, `"a"`, `"10.1.1.1"`, `7`, `null`, `""`} {
				e, err := DecodeJSON(fmt.Appendf(nil, `{"there": %s, "other": "gone"}`, v))
				if err != nil {
					t.Fatal(err)
				}
				if c.want && m.Match(e) {
					t.Errorf("it matches %v", e.Tree())
				}
			}
		})
	}
}
