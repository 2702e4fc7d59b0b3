package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// makeRule writes a random rule over a few fields and values, so that random
// events often match.
func makeRule(r *rand.Rand, n int) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	fields := []string{"eventName", "eventSource", "user.name", "user.tags", "ip", "size", "agent"}
	value := func() string {
		return pick("GetObject", "getobject", "PutObject", "s3.amazonaws.com", "iam.amazonaws.com", "Root", "'a*t'", "'?oot'", "kali", "'5'", "5", "50", "true", "null", "''", "'*'", "Straße", "'K'")
	}
	item := func() string {
		f := pick(fields...)
		switch r.IntN(13) {
		case 0:
			return fmt.Sprintf("%s|contains: %s", f, pick("oo", "OBJ", "kali", "a?i", "amazon", "ſ"))
		case 1:
			return fmt.Sprintf("%s|startswith: %s", f, pick("get", "Put", "s3", "R"))
		case 2:
			return fmt.Sprintf("%s|endswith: %s", f, pick("object", ".com", "oot"))
		case 3:
			return fmt.Sprintf("%s|re: '%s'", f, pick("(Get|Put)Object", "^R.ot$", "ka+li", "[0-9]+", "", "x?oo"))
		case 4:
			return fmt.Sprintf("%s|re|i: '%s'", f, pick("(get|put)object", "kali|root", "straSSe|s3"))
		case 5:
			return fmt.Sprintf("ip|cidr: %s", pick("10.0.0.0/8", "192.168.0.0/16"))
		case 6:
			return fmt.Sprintf("size|%s: %d", pick("lt", "lte", "gt", "gte"), r.IntN(60))
		case 7:
			return fmt.Sprintf("%s|exists: %s", f, pick("true", "false"))
		case 8:
			return fmt.Sprintf("%s|cased: %s", f, value2(r))
		case 9:
			return fmt.Sprintf("%s|contains|all: [%s, %s]", f, pick("oo", "get"), pick("ob", "ro"))
		case 10:
			return fmt.Sprintf("user.name|fieldref: %s", pick("agent", "user.tags"))
		case 11:
			return fmt.Sprintf("%s|neq: %s", f, value2(r))
		}
		if r.IntN(3) == 0 {
			return fmt.Sprintf("%s: [%s, %s]", f, value(), value())
		}
		return fmt.Sprintf("%s: %s", f, value())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "title: rule %d\nlogsource: {product: %s}\ndetection:\n", n, pick("aws", "aws", "aws", "other"))
	for i := range 3 {
		if r.IntN(12) == 0 {
			fmt.Fprintf(&b, "  sel%d: [%s, %s]\n", i, pick("kali", "root"), pick("5", "'b*t'"))
			continue
		}
		fmt.Fprintf(&b, "  sel%d:\n", i)
		seen := map[string]bool{}
		for range 1 + r.IntN(2) {
			it := item()
			if k, _, _ := strings.Cut(it, ":"); !seen[k] {
				seen[k] = true
				fmt.Fprintf(&b, "    %s\n", it)
			}
		}
	}
	fmt.Fprintf(&b, "  condition: %s\n", pick("sel0", "sel0 and sel1", "sel0 or sel1", "sel0 and not sel1", "1 of sel*", "all of them", "not sel0", "(sel0 or sel1) and sel2", "sel0 and not (sel1 or sel2)", "not (sel0 and sel1)"))
	return b.String()
}

func value2(r *rand.Rand) string {
	return []string{"Root", "GetObject", "kali", "5"}[r.IntN(4)]
}

func makeEvent(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	text := func() string {
		return pick(`"GetObject"`, `"PUTOBJECT"`, `"s3.amazonaws.com"`, `"iam.amazonaws.com"`, `"root"`, `"Root"`, `"kali linux"`, `"aXt"`, `"5"`, `5`, `5.0`, `50`, `true`, `null`, `""`, `[]`, `["Root",5,null]`, `"STRASSE"`, `"straße"`, `"\u212a"`, `{"k":"root"}`, `"booo objects"`)
	}
	var parts []string
	for _, f := range []string{"eventName", "eventSource", "agent"} {
		if r.IntN(5) > 0 {
			parts = append(parts, fmt.Sprintf("%q:%s", f, text()))
		}
	}
	if r.IntN(4) > 0 {
		parts = append(parts, fmt.Sprintf(`"user":{"name":%s,"tags":[%s,%s]}`, text(), text(), text()))
	}
	parts = append(parts, fmt.Sprintf(`"ip":%q`, pick("10.1.2.3", "192.168.1.1", "8.8.8.8", "AWS Internal")))
	parts = append(parts, fmt.Sprintf(`"size":%s`, pick("5", "17", "50.0", `"44"`, "null", "-1")))
	return "{" + strings.Join(parts, ",") + "}"
}

// makePattern writes a random event pattern over the same events.
func makePattern(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	value := func() string {
		return pick(`"GetObject"`, `"Root"`, `"root"`, `5`, `"5"`, `null`, `true`, `{"prefix":"s3"}`, `{"suffix":"oot"}`, `{"prefix":{"equals-ignore-case":"put"}}`, `{"suffix":{"equals-ignore-case":"OBJECT"}}`,
			`{"equals-ignore-case":"ROOT"}`, `{"wildcard":"*oo*"}`, `{"anything-but":["root","kali linux"]}`, `{"anything-but":{"prefix":"s3"}}`, `{"numeric":[">",4,"<=",50]}`, `{"exists":true}`, `{"exists":false}`, `{"cidr":"10.0.0.0/8"}`)
	}
	leaf := func() string {
		name := pick("eventName", "eventSource", "agent", "ip", "size")
		if r.IntN(3) == 0 {
			return fmt.Sprintf(`"user":{%q:[%s]}`, pick("name", "tags"), value())
		}
		return fmt.Sprintf(`%q:[%s,%s]`, name, value(), value())
	}
	if r.IntN(3) == 0 {
		return fmt.Sprintf(`{"$or":[{%s},{%s}]}`, leaf(), leaf())
	}
	return "{" + leaf() + "}"
}

func TestTheIndexMatchesWhatEachRuleAloneMatches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	matched, asked, all := 0, 0, 0
	for round := range 40 {
		var rules []*Rule
		var matchers []*Matcher
		for n := range 60 {
			text := makeRule(r, n)
			if n%10 == 0 {
				text = fmt.Sprintf("title: pattern %d\neventpattern: '%s'\n", n, makePattern(r))
			}
			got, err := Parse("random.yml", []byte(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			m, err := Compile(got.Rules[0], Options{})
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			rules, matchers = append(rules, got.Rules[0]), append(matchers, m)
		}
		x, err := NewIndex(rules, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := x.NewScan()
		from := LogSource{Product: "aws", Service: "cloudtrail"}
		for range 60 {
			text := makeEvent(r)
			e := event(t, text)
			got := s.Match(e, from)
			asked, all = asked+s.Asked(), all+len(rules)
			var want []int
			for i, m := range matchers {
				if m.Rule.LogSource.Covers(from) && m.Match(e) {
					want = append(want, i)
				}
			}
			matched += len(want)
			if !slices.Equal(got, want) {
				t.Fatalf("round %d, %s: index %v, alone %v", round, text, got, want)
			}
		}
	}
	if matched < 1000 || asked >= all {
		t.Errorf("%d matches, %d of %d asked: the test shows nothing", matched, asked, all)
	}
}

func TestTheIndexSaysWhichRulesItMustAlwaysAsk(t *testing.T) {
	rules := []string{
		"title: named\nid: named\nlogsource: {product: aws}\ndetection:\n  s: {eventName: [A, B], eventSource: x}\n  condition: s\n",
		"title: inside\nid: inside\nlogsource: {product: aws}\ndetection:\n  s: {agent|contains: kali}\n  condition: s\n",
		"title: absent\nid: absent\nlogsource: {product: aws}\ndetection:\n  s: {agent: kali}\n  condition: not s\n",
	}
	r, err := Parse("x.yml", []byte(strings.Join(rules, "---\n")))
	if err != nil {
		t.Fatal(err)
	}
	x, err := NewIndex(r.Rules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	st := x.Stats()
	if st.Exact != 1 || st.Inside != 1 || !slices.Equal(st.Always, []string{"absent"}) {
		t.Errorf("%+v", st)
	}
	s := x.NewScan()
	s.Match(event(t, `{"eventName":"C","eventSource":"x"}`), LogSource{Product: "aws"})
	if s.Asked() != 1 {
		t.Errorf("%d rules were asked for an event that only one can match", s.Asked())
	}
}

func TestARegularExpressionNeedsWhatEveryMatchContains(t *testing.T) {
	for _, tt := range []struct {
		re, flags string
		want      []string
	}{
		{"abc", "", []string{"abc"}},
		{"ABC", "i", []string{"abc"}},
		{"x(kali)+y", "", []string{"kali"}},
		{"(kali){0,3}x", "", []string{"x"}},
		{"(kali){2,3}x", "", []string{"kali"}},
		{"(kali)?", "", nil},
		{"(kali)*x?", "", nil},
		{"(kali|parrot)-[0-9]+", "", []string{"kali", "parrot"}},
		{"(kali|[0-9]+)", "", nil},
		{"^[a-z]+$", "", nil},
		{"", "", nil},
		{"a\ufffdb", "", nil},
	} {
		p, err := regex(tt.re, tt.flags)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.needs, tt.want) {
			t.Errorf("%s: %q, want %q", tt.re, p.needs, tt.want)
		}
	}
}

func TestTheAutomatonFindsAllTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var texts []string
		for range 1 + r.IntN(8) {
			s := ""
			for range 1 + r.IntN(4) {
				s += string(rune('a' + r.IntN(3)))
			}
			if !slices.Contains(texts, s) {
				texts = append(texts, s)
			}
		}
		a := newAutomaton(texts)
		in := ""
		for range 12 {
			in += string(rune('a' + r.IntN(4)))
		}
		found := map[int]bool{}
		state := int32(0)
		for i := range len(in) {
			state = a.step(state, in[i])
			for o := a.out[state]; o != 0; o = a.more[o] {
				found[int(a.pattern[o])] = true
			}
		}
		for i, s := range texts {
			if found[i] != strings.Contains(in, s) {
				t.Fatalf("%q in %q of %q: %v", s, in, texts, found[i])
			}
		}
	}
}
