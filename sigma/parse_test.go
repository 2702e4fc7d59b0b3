package sigma

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

const whole = `title: Access key for another user
id: 5f1c8a2e-0001-4000-8000-000000000001
name: key_for_other
status: test
description: Somebody makes an access key for a user that is not theirs.
license: Apache-2.0
author: haetae
date: 2026-01-02
modified: 2026-02-03
references:
    - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
related:
    - id: 5f1c8a2e-0001-4000-8000-000000000002
      type: derived
logsource:
    product: aws
    service: cloudtrail
    definition: management events
detection:
    call:
        eventSource: iam.amazonaws.com
        eventName: CreateAccessKey
    own:
        userIdentity.userName|fieldref: requestParameters.userName
    condition: call and not own
fields: [userIdentity.arn]
falsepositives: [Administrators who provision keys]
level: high
tags: [attack.persistence, attack.t1098.001]
scope: [account]
haetae: {guardduty: none}
`

func TestARuleKeepsAllThatIsWritten(t *testing.T) {
	got, err := Parse("key.yml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	r := got.Rules[0]
	for name, ok := range map[string]bool{
		"title": r.Title == "Access key for another user", "id": r.Key() == "5f1c8a2e-0001-4000-8000-000000000001", "name": r.Name == "key_for_other",
		"status": r.Status == "test", "license": r.License == "Apache-2.0", "author": r.Author == "haetae", "date": r.Date == "2026-01-02", "modified": r.Modified == "2026-02-03",
		"references": len(r.References) == 1, "related": slices.Equal(r.Related, []Related{{"5f1c8a2e-0001-4000-8000-000000000002", "derived"}}),
		"logsource": r.LogSource == LogSource{Product: "aws", Service: "cloudtrail", Definition: "management events"},
		"fields":    slices.Equal(r.Fields, []string{"userIdentity.arn"}), "falsepositives": len(r.FalsePositives) == 1, "level": r.Level == "high",
		"tags": slices.Equal(r.Tags, []string{"attack.persistence", "attack.t1098.001"}), "scope": slices.Equal(r.Scope, []string{"account"}),
		"custom": r.Custom["haetae"] != nil, "place": r.File == "key.yml" && r.Line == 1, "warnings": len(r.Warnings) == 0,
	} {
		if !ok {
			t.Errorf("%s is not what was written: %+v", name, r)
		}
	}
	m, err := Compile(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Match(event(t, `{"eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","userIdentity":{"userName":"kim"},"requestParameters":{"userName":"lee"}}`)) {
		t.Error("a key for another does not match")
	}
}

func TestRulesThatAreRefusedSayWhereAndWhy(t *testing.T) {
	det := func(d string) string {
		return "title: t\nlogsource: {product: aws}\ndetection:\n" + indent(d)
	}
	corr := func(body string) string { return "title: t\n" + "correlation:\n" + indent(body) }
	tests := []struct{ name, text, want string }{
		{"an unknown modifier", det("s:\n  a|near: x\ncondition: s"), `f.yml:5: rule "t": s: a|near: modifier "near" is not known`},
		{"an unknown search identifier", det("s: {a: x}\ncondition: s and x"), `f.yml:5: rule "t": condition "s and x": search identifier "x" is not defined`},
		{"a count that is not in the specification", det("s: {a: x}\ncondition: 2 of them"), `"2" of: only 1 of and all of are known`},
		{"any of", det("s: {a: x}\ncondition: any of them"), "only 1 of and all of"},
		{"a pattern that matches nothing", det("s: {a: x}\ncondition: 1 of f*"), "no search identifier matches"},
		{"a bracket that is not closed", det("s: {a: x}\ncondition: (s"), "not closed"},
		{"a condition that ends early", det("s: {a: x}\ncondition: s and"), "ends where"},
		{"two identifiers without an operator", det("s: {a: x}\ncondition: s s"), `unexpected "s"`},
		{"an aggregation of Sigma 1", det("s: {a: x}\ncondition: s | count() > 5"), "write a correlation"},
		{"timeframe of Sigma 1", det("s: {a: x}\ntimeframe: 5m\ncondition: s"), "timeframe is of Sigma 1"},
		{"no condition", det("s: {a: x}"), "no condition"},
		{"a field that stands twice", det("s:\n  a: x\n  a: y\ncondition: s"), `f.yml:6: rule "t": s names "a" twice`},
		{"an empty list of values", det("s: {a: []}\ncondition: s"), "empty list of values"},
		{"an empty map", det("s: {}\ncondition: s"), "empty map"},
		{"an empty keyword", det("s: ['']\ncondition: s"), "empty keyword"},
		{"a value that is a map", det("s: {a: {b: c}}\ncondition: s"), "a value must be"},
		{"look-around in a regular expression", det("s: {a|re: '(?=x)'}\ncondition: s"), "invalid or unsupported Perl syntax"},
		{"a flag without re", det("s: {a|i: x}\ncondition: s"), `"i" must follow re`},
		{"re with contains", det("s: {a|re|contains: x}\ncondition: s"), "does not go with"},
		{"cidr without a network", det("s: {a|cidr: 10.0.0.1}\ncondition: s"), "is not a network"},
		{"exists with a text", det("s: {a|exists: yes please}\ncondition: s"), "true or false"},
		{"lt with a text", det("s: {a|lt: five}\ncondition: s"), "needs a number"},
		{"base64 with a wildcard", det("s: {a|base64: 'x*'}\ncondition: s"), "wildcards"},
		{"base64offset of too short a text", det("s: {a|base64offset|contains: x}\ncondition: s"), "too short"},
		{"a placeholder without values", det("s: {a|expand: '%admins%'}\ncondition: s"), "no values are given for the placeholder %admins%"},
		{"a placeholder that is not closed", det("s: {a|expand: '50%'}\ncondition: s"), "is not closed"},
		{"the same modifier twice", det("s: {a|contains|contains: x}\ncondition: s"), "stands twice"},
		{"null with contains", det("s: {a|contains: null}\ncondition: s"), "null does not go"},
		{"no title", "logsource: {product: aws}\ndetection: {s: {a: x}, condition: s}\n", "title is missing"},
		{"no log source", "title: t\ndetection: {s: {a: x}, condition: s}\n", "logsource is missing"},
		{"an unknown level", "title: t\nlevel: urgent\nlogsource: {product: aws}\ndetection: {s: {a: x}, condition: s}\n", `f.yml:2: rule "t": level "urgent"`},
		{"a filter", "title: t\nfilter: {rules: any}\n", "Sigma filters are not read"},
		{"a collection of Sigma 1", "action: global\ntitle: t\n", "are of Sigma 1"},
		{"neither form", "title: t\n", "neither detection nor correlation"},
		{"broken YAML", "title: [\n", "f.yml"},
		{"a bad event pattern", "title: t\neventpattern: '{}'\n", "empty object"},
		{"an unknown type of correlation", corr("type: sum\nrules: [a]\ntimespan: 5m"), `"sum" is none of`},
		{"a timespan without a unit", corr("type: temporal\nrules: [a]\ntimespan: '5'"), "timespan"},
		{"event_count without a condition", corr("type: event_count\nrules: [a]\ntimespan: 5m"), "needs a condition"},
		{"value_count without a field", corr("type: value_count\nrules: [a]\ntimespan: 5m\ncondition: {gte: 1}"), "needs a field"},
		{"an unknown comparison", corr("type: event_count\nrules: [a]\ntimespan: 5m\ncondition: {above: 1}"), "not a part of a condition"},
		{"a percentile of a sum", corr("type: value_sum\nrules: [a]\ntimespan: 5m\ncondition: {field: x, percentile: 5, gte: 1}"), "for value_percentile"},
		{"an order with or", corr("type: temporal_ordered\nrules: [a, b]\ntimespan: 5m\ncondition: a or b"), "asks for all rules"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse("f.yml", []byte(tt.text))
			for _, r := range got.Rules {
				_, cerr := Compile(r, Options{})
				err = errors.Join(err, cerr)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestOneRefusedRuleDoesNotTakeTheOthersAlong(t *testing.T) {
	got, err := Parse("f.yml", []byte(whole+"---\ntitle: bad\n---\n"+whole))
	if err == nil || len(got.Rules) != 2 {
		t.Errorf("%d rules, %v", len(got.Rules), err)
	}
}

func TestOdditiesAreWarnings(t *testing.T) {
	got, err := Parse("f.yml", []byte("title: t\nlogsource: {product: aws}\ndetection:\n  a: {x: 1}\n  b: {x: 2}\n  condition: a\n"))
	if err != nil || len(got.Rules[0].Warnings) != 1 || !strings.Contains(got.Rules[0].Warnings[0], `"b"`) {
		t.Errorf("%v %v", got.Rules[0].Warnings, err)
	}
}

func TestAnAliasBombIsRefused(t *testing.T) {
	text := "title: t\nlogsource: {product: aws}\nx: &a {f: [k, k, k, k, k, k, k, k, k, k]}\ndetection:\n  s:\n"
	for range 40_000 {
		text += "    - *a\n"
	}
	if _, err := Parse("f.yml", []byte(text+"  condition: s\n")); err == nil || !strings.Contains(err.Error(), "more than 200000 nodes") {
		t.Error(err)
	}
}

func TestCorrelationsThatAreRefused(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a rule that is not there", correlation("k", "type: temporal\nrules: [a, z]\ntimespan: 5m"), `rule "z" is not there`},
		{"a circle", correlation("k", "type: temporal\nrules: [a, l]\ntimespan: 5m") + correlation("l", "type: temporal\nrules: [b, k]\ntimespan: 5m"), "refers to itself"},
		{"a name of two rules", correlation("a", "type: temporal\nrules: [b]\ntimespan: 5m") + correlation("k", "type: temporal\nrules: [a]\ntimespan: 5m"), "name of more than one"},
		{"an alias without a field for a rule", correlation("k", "type: temporal\nrules: [a, b]\ngroup-by: [w]\naliases: {w: {a: x}}\ntimespan: 5m"), "has no field for"},
		{"an alias of another rule", correlation("k", "type: temporal\nrules: [a]\ngroup-by: [w]\naliases: {w: {a: x, b: y}}\ntimespan: 5m"), "not among its rules"},
		{"a count beyond what is remembered", correlation("k", "type: event_count\nrules: [a]\ntimespan: 5m\ncondition: {gte: 1000000}"), "are remembered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := world(t, tt.text)
			_, err := NewCorrelator(w.Correlations, w.Rules, Limits{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestACorrelationKeepsAllThatIsWritten(t *testing.T) {
	w := world(t, "title: k\nid: id-k\nlevel: high\ntags: [attack.t1110]\ngenerate: true\ncorrelation:\n  type: value_percentile\n  rules: [a]\n  group-by: [g]\n  timespan: 36h\n  condition: {field: v, percentile: 99.5, gt: 100, lte: 200.5}\n")
	k := w.Correlations[0]
	if k.Key() != "id-k" || k.Level != "high" || !k.Generate || k.Timespan != 36*time.Hour || k.Condition.Percentile != 99.5 ||
		!slices.Equal(k.Condition.Bounds, []Bound{{"gt", 100}, {"lte", 200.5}}) || !slices.Equal(k.Condition.Fields, []string{"v"}) {
		t.Errorf("%+v", k)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	for _, k := range kinds {
		f.Add([]byte(k))
	}
	e := JSONEvent(map[string]any{"a": "x", "b": map[string]any{"c": "y"}})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Parse("fuzz.yml", data)
		var all *Error
		if err != nil && !errors.As(err, &all) {
			t.Fatalf("%T is no *Error", err)
		}
		x, _ := NewIndex(got.Rules, Options{Placeholders: map[string][]string{"a": {"x", "y*"}}})
		s := x.NewScan()
		found := s.Match(e, LogSource{Product: "aws"})
		for i, r := range x.Rules() {
			m, err := Compile(r, Options{Placeholders: map[string][]string{"a": {"x", "y*"}}})
			if err != nil {
				t.Fatalf("the index took what Compile refuses: %v", err)
			}
			if want := r.LogSource.Covers(LogSource{Product: "aws"}) && m.Match(e); want != slices.Contains(found, i) {
				t.Fatalf("index %v, alone %v", !want, want)
			}
		}
		if c, _ := NewCorrelator(got.Correlations, got.Rules, Limits{}); c != nil {
			c.Observe(Observation{Event: e, ID: "1", Time: time.Unix(1, 0), Rules: x.Rules()})
			c.Flush()
		}
	})
}

func FuzzCondition(f *testing.F) {
	for _, s := range []string{"a and b or not c", "1 of them", "all of a*", "((a))", "not not a", "1 of", "a | count"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseCondition(text, []string{"a", "b", "c", "_d"})
		if err == nil {
			e.eval(func(i int) bool { return i%2 == 0 })
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add([]byte(`{"a":[{"anything-but":{"prefix":["x"]}}],"$or":[{"b":[1]},{"c":[null,true]}]}`), []byte(`{"a":"y","b":[{"c":1}]}`))
	f.Fuzz(func(t *testing.T, pattern, data []byte) {
		p, err := ParsePattern(pattern)
		if err != nil {
			return
		}
		e, err := DecodeJSON(data)
		if err != nil {
			return
		}
		x, err := NewIndex([]*Rule{{Pattern: p}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(x.NewScan().Match(e, LogSource{})) == 1, p.Match(e.Tree()); got != want {
			t.Fatalf("index %v, alone %v", got, want)
		}
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add(`\*\\?`, `*\x`)
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 12 {
			return
		}
		for _, g := range []glob{parseGlob(pattern), parseGlob(pattern).withDashes()} {
			if got, want := g.match(text), slowMatch(g, text); got != want {
				t.Fatalf("%v on %q: %v, slowly %v", g, text, got, want)
			}
		}
	})
}

// slowMatch tries everything.
func slowMatch(g glob, s string) bool {
	if len(g) == 0 {
		return s == ""
	}
	if g[0].kind == pieceAny {
		for i := 0; ; i += width(s[i:]) {
			if slowMatch(g[1:], s[i:]) {
				return true
			}
			if i == len(s) {
				return false
			}
		}
	}
	n, ok := g[0].step(s)
	return ok && slowMatch(g[1:], s[n:])
}
