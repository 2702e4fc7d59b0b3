package wildcard

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestPatternsMatchAsPoliciesSayTheyDo(t *testing.T) {
	for _, c := range []struct {
		name, pattern, text string
		want                bool
	}{
		{"the empty pattern is the empty text", "", "", true},
		{"the empty pattern is no other text", "", "a", false},
		{"a star is the empty text", "*", "", true},
		{"a star is any text", "*", "arn:aws:s3:::b/k", true},
		{"a question mark is one character", "?", "a", true},
		{"a question mark is not the empty text", "?", "", false},
		{"a question mark is one character of several bytes", "?", "é", true},
		{"two question marks are not one character of two bytes", "??", "é", false},
		{"a star between texts may be empty", "a*b", "ab", true},
		{"head and tail do not share characters", "aba*ba", "aba", false},
		{"head and tail meet", "aba*ba", "ababa", true},
		{"the middle is found between head and tail", "a*x*b", "a--x--b", true},
		{"the middle does not reach into the tail", "a*xb*xb", "axb", false},
		{"middles keep their order", "*x*y*", "yx", false},
		{"case counts", "s3:Get*", "S3:getObject", false},
		{"a question mark in the middle", "*a?c*", "xxabcx", true},
		{"a question mark in the tail counts characters, not bytes", "x*?b", "xéb", true},
		{"a star before a question mark is at least one character", "a*?", "a", false},
		{"a byte that is not UTF-8 is one character", "a?b", "a\xffb", true},
		{"a byte that is not UTF-8 is no replacement character", "a\uFFFD?", "a\xffb", false},
		{"a byte that is not UTF-8 is no replacement character in plain text", "a\uFFFD", "a\xff", false},
		{"characters of several bytes are found", "*é*ü", "aébü", true},
	} {
		if got := Compile(c.pattern).Match(c.text); got != c.want {
			t.Errorf("%s: %q on %q is %v", c.name, c.pattern, c.text, got)
		}
	}
}

func TestFoldedPatternsTakeWhatEqualFoldTakes(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"s3:get*", "S3:GetObject", true},
		{"S3:*OBJECT", "s3:getobject", true},
		{"s3:*eto?ject*", "S3:GetObjectAcl", true},
		{"*GET*put*", "xgetxPUTx", true},
		{"*GET*put*", "xputxGETx", false},
		{"É", "é", true},
		{"kms", "\u212aMS", true},
		{"\u212a*", "kms", true},
		{"É", "e", false},
		{"s3:getobject", "s3:getobjecu", false},
	} {
		if got := CompileFold(c.pattern).Match(c.text); got != c.want {
			t.Errorf("%q on %q is %v", c.pattern, c.text, got)
		}
	}
}

func TestWildcardsInLiteralPartsArePlainCharacters(t *testing.T) {
	p := Join(false, Part{Text: "home/"}, Part{Text: "a*?", Literal: true}, Part{Text: "/*"})
	for text, want := range map[string]bool{"home/a*?/x": true, "home/abc/x": false, "home/a*?/": true, "home/a*?": false} {
		if p.Match(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if got := p.String(); got != "home/a${*}${?}/*" {
		t.Errorf("printed as %q", got)
	}
	if text, ok := Literal("a*").Exact(); !ok || text != "a*" {
		t.Errorf("the exact text is %q, %v", text, ok)
	}
	for _, q := range []*Pattern{Compile("a*"), Compile("a?"), CompileFold("a"), Compile("*a")} {
		if text, ok := q.Exact(); ok {
			t.Errorf("%s is not the one text %q", q, text)
		}
	}
}

func TestRunsOfWildcardsThatMeanTheSamePrintTheSame(t *testing.T) {
	for _, same := range [][]string{{"?*", "*?", "**?", "*?*"}, {"a??*b", "a*??b", "a?*?b", "a*?*?*b"}, {"*", "**"}} {
		for _, text := range same {
			if a, b := Compile(same[0]).String(), Compile(text).String(); a != b {
				t.Errorf("%q prints as %q, %q as %q", same[0], a, text, b)
			}
		}
	}
}

func TestSetsOfStringsAreCompared(t *testing.T) {
	for _, c := range []struct {
		name, p, q   string
		covers, meet bool
	}{
		{"a bucket and its objects", "arn:aws:s3:::b/*", "arn:aws:s3:::b/k*", true, true},
		{"a longer prefix does not cover a shorter one", "arn:aws:s3:::b/k*", "arn:aws:s3:::b/*", false, true},
		{"other buckets do not meet", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*", false, false},
		{"prefix and suffix meet though neither covers", "a*", "*z", false, true},
		{"the same set in other words", "a*?", "a?*", true, true},
		{"a reason that no alignment of the texts shows", "*a?*", "*a*b*", true, true},
		{"one character more than none", "?*", "*a*", true, true},
		{"one character is not two", "??", "?", false, false},
	} {
		p, q := Compile(c.p), Compile(c.q)
		if got, err := Covers(p, q, 0); err != nil || got != c.covers {
			t.Errorf("%s: %s covers %s: %v, %v", c.name, c.p, c.q, got, err)
		}
		if got := Meets(p, q); got != c.meet {
			t.Errorf("%s: %s meets %s: %v", c.name, c.p, c.q, got)
		}
	}
}

func TestOneCaseIsWithinBothButNotTheOtherWayRound(t *testing.T) {
	fold, plain := CompileFold("s3:get*"), Compile("s3:get*")
	if ok, err := Covers(fold, plain, 0); !ok || err != nil {
		t.Error("a folded pattern covers the plain one", err)
	}
	if ok, err := Covers(plain, fold, 0); ok || err != nil {
		t.Error("a plain pattern does not cover the folded one", err)
	}
	text, ok, err := Find([]*Pattern{fold}, []*Pattern{plain}, 0)
	if !ok || err != nil || !fold.Match(text) || plain.Match(text) {
		t.Errorf("witness %q, %v, %v", text, ok, err)
	}
	if !Meets(Compile("S3:x"), CompileFold("s3:X")) {
		t.Error("a folded pattern meets another case")
	}
}

func TestAUnionCoversWhatNoMemberCovers(t *testing.T) {
	union := []*Pattern{Compile(""), Compile("a*"), Compile("?"), Compile("??*b"), Compile("*c?*"), Compile("??*")}
	if ok, err := CoveredBy(Compile("*"), union, 0); !ok || err != nil {
		t.Error("no character, one, or more", err)
	}
	if ok, err := CoveredBy(Compile("*"), union[:5], 0); ok || err != nil {
		t.Error("xx is in none", err)
	}
}

func TestPatternsLongerThanAMachineWordAreFollowed(t *testing.T) {
	for _, length := range []int{62, 63, 64, 65, 130, 300} {
		long := strings.Repeat("a", length)
		if ok, err := CoveredBy(Literal(long+"b"), []*Pattern{Compile("x*"), Compile(long + "?"), Compile("*y")}, 0); !ok || err != nil {
			t.Errorf("%d characters and one: %v, %v", length, ok, err)
		}
		if ok, err := CoveredBy(Compile(long+"*b"), []*Pattern{Compile("x?"), Compile(long + "?*"), Compile("*y")}, 0); !ok || err != nil {
			t.Errorf("%d characters and more: %v, %v", length, ok, err)
		}
		all, none := []*Pattern{Compile("*a*"), Compile(long + "*c*")}, []*Pattern{Compile(long + "c*"), Compile("?" + long + "*")}
		text, ok, err := Find(all, none, 0)
		if !ok || err != nil || len(text) != length+2 {
			t.Errorf("%q, %v, %v", text, ok, err)
		}
		if ok, err := CoveredBy(Compile("*"+long), []*Pattern{Compile("*a?*" + long[1:]), Compile("?*" + long)}, 0); ok || err != nil {
			t.Errorf("the text itself is in none of the two: %v, %v", ok, err)
		}
	}
}

func TestWitnessesAreShortAndReadable(t *testing.T) {
	for _, c := range []struct {
		name      string
		all, none []string
		want      string
	}{
		{"nothing asked", nil, nil, ""},
		{"not empty", nil, []string{""}, "x"},
		{"an object outside of a prefix", []string{"arn:aws:s3:::b/*"}, []string{"arn:aws:s3:::b/"}, "arn:aws:s3:::b/x"},
		{"an object outside of two prefixes", []string{"b/*"}, []string{"b/", "b/x*", "b/y*"}, "b/z"},
		{"two infixes overlap", []string{"*abc*", "*bcd*"}, nil, "abcd"},
		{"prefix and suffix overlap", []string{"arn:*:b", "*:b"}, nil, "arn::b"},
		{"the pattern's own characters", []string{"*-prod-*"}, []string{"-*"}, "x-prod-"},
	} {
		got, ok, err := Find(compileAll(c.all), compileAll(c.none), 0)
		if !ok || err != nil || got != c.want {
			t.Errorf("%s: %q, %v, %v; want %q", c.name, got, ok, err, c.want)
		}
	}
}

func compileAll(texts []string) []*Pattern {
	var all []*Pattern
	for _, text := range texts {
		all = append(all, Compile(text))
	}
	return all
}

func TestAQuestionTooLargeIsNotAnsweredNo(t *testing.T) {
	all, none := entangled(12)
	text, ok, err := Find(all, none, 10)
	if !errors.Is(err, ErrTooLarge) || ok || text != "" {
		t.Errorf("%q, %v, %v", text, ok, err)
	}
	if ok, err := CoveredBy(all[0], none, 10); !errors.Is(err, ErrTooLarge) || ok {
		t.Errorf("covered: %v, %v", ok, err)
	}
}

// entangled asks whether a text with k times "a" and "b" has an "a" that is k
// places before the end, or something else there: it always has, but a proof must
// remember where all of them are.
func entangled(k int) (all, none []*Pattern) {
	all = []*Pattern{Compile(strings.Repeat("*a*b", k) + "*")}
	tail := strings.Repeat("?", k-1)
	return all, []*Pattern{Compile("*a" + tail), Compile("*b" + tail + "*c"), Compile("*a*a*b*" + tail)}
}

// fits is Match by the definition, without any cleverness.
func fits(parts []Part, fold bool, text []rune) bool {
	if len(parts) == 0 {
		return len(text) == 0
	}
	first, rest := parts[0], parts[1:]
	may := len(text) > 0 && (text[0] != ':' || !first.Field)
	switch {
	case first.Text == "*" && !first.Literal:
		return fits(rest, fold, text) || may && fits(parts, fold, text[1:])
	case len(text) == 0:
		return false
	case first.Text == "?" && !first.Literal:
		return may && fits(rest, fold, text[1:])
	case first.Text == string(text[0]), fold && strings.EqualFold(first.Text, string(text[0])):
		return fits(rest, fold, text[1:])
	}
	return false
}

// example is a random pattern with the definition of what fits it.
type example struct {
	*Pattern
	fits func(text string) bool
}

func randomExample(r *rand.Rand, letters string, most int) example {
	fold := r.IntN(4) == 0
	var parts []Part
	for range r.IntN(most + 1) {
		c := string(letters[r.IntN(len(letters))])
		parts = append(parts, Part{
			Text:    c,
			Literal: c == "*" && r.IntN(8) == 0,
			Field:   strings.Contains(letters, ":") && r.IntN(3) == 0,
		})
	}
	return example{Join(fold, parts...), func(text string) bool { return fits(parts, fold, []rune(text)) }}
}

// words are all strings of the letters up to a length.
func words(letters string, length int) []string {
	all := []string{""}
	last := all
	for range length {
		var next []string
		for _, w := range last {
			for _, c := range letters {
				next = append(next, w+string(c))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

func TestMatchIsTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := words("aAé*", 5)
	for range 600 {
		e := randomExample(r, "aA**??", 7)
		for _, w := range all {
			if e.Match(w) != e.fits(w) {
				t.Fatalf("%s (fold %v) on %q: %v", e, e.fold, w, e.Match(w))
			}
		}
	}
}

func TestAnswersAboutSetsAgreeWithAllShortStrings(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	// The letter c is in no pattern: it stands for all other characters.
	all := words("abAc*", 5)
	found, none := 0, 0
	for range 4000 {
		p, q := randomExample(r, "abA***??", 5), randomExample(r, "abA***??", 5)
		meet, covers := false, true
		for _, w := range all {
			meet = meet || p.fits(w) && q.fits(w)
			covers = covers && (!q.fits(w) || p.fits(w))
		}
		if meet && !Meets(p.Pattern, q.Pattern) {
			t.Fatalf("%s meets %s", p, q)
		}
		// Meets is settled by short strings unless the patterns are long.
		if !meet && Meets(p.Pattern, q.Pattern) && len(p.symbols)+len(q.symbols) <= 5 {
			t.Fatalf("%s does not meet %s", p, q)
		}
		if got, err := Covers(p.Pattern, q.Pattern, 0); err != nil || got && !covers {
			t.Fatalf("%s covers %s: %v, %v", p, q, got, err)
		}
		if embeds(p.Pattern, q.Pattern) && !covers {
			t.Fatalf("%s does not embed %s", p, q)
		}
		var yes, no []example
		for range r.IntN(3) {
			yes = append(yes, randomExample(r, "abA****??", 6))
		}
		for range r.IntN(5) {
			no = append(no, randomExample(r, "abA****??", 4))
		}
		shortest := -1
		for _, w := range all {
			if among(w, yes, no) && (shortest < 0 || len(w) < shortest) {
				shortest = len(w)
			}
		}
		text, ok, err := Find(patterns(yes), patterns(no), 0)
		switch {
		case err != nil:
			t.Fatalf("%v minus %v: %v", patterns(yes), patterns(no), err)
		case ok && !among(text, yes, no):
			t.Fatalf("%v minus %v: %q is not in it", patterns(yes), patterns(no), text)
		case ok && shortest >= 0 && len([]rune(text)) > shortest:
			t.Fatalf("%v minus %v: %q is longer than %d", patterns(yes), patterns(no), text, shortest)
		case ok && shortest < 0 && len([]rune(text)) <= 5 && !strings.ContainsFunc(text, outside):
			t.Fatalf("%v minus %v: the definition has no %q", patterns(yes), patterns(no), text)
		case !ok && shortest >= 0:
			t.Fatalf("%v minus %v: there is one of length %d", patterns(yes), patterns(no), shortest)
		}
		if ok {
			found++
		} else {
			none++
		}
	}
	if found < 500 || none < 500 {
		t.Errorf("the examples are lopsided: %d with a string, %d without", found, none)
	}
}

func outside(r rune) bool { return !strings.ContainsRune("abAc*", r) }

func among(w string, yes, no []example) bool {
	return !slices.ContainsFunc(yes, func(e example) bool { return !e.fits(w) }) &&
		!slices.ContainsFunc(no, func(e example) bool { return e.fits(w) })
}

func patterns(examples []example) []*Pattern {
	var all []*Pattern
	for _, e := range examples {
		all = append(all, e.Pattern)
	}
	return all
}

func TestPrintedPatternsWithoutEscapesAreReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		e := randomExample(r, "ab*?", 8)
		text := e.String()
		if strings.Contains(text, "$") {
			continue
		}
		if again := Compile(text); again.String() != text {
			t.Fatalf("%q is read as %q", text, again)
		}
	}
}

// FuzzFind: patterns of any text never make the search wrong: a string that it
// finds fits, and when it finds none then the text of the fuzzer is none.
func FuzzFind(f *testing.F) {
	f.Add("a*b", "*c*", "a?b", "axb", false)
	f.Add("arn:aws:s3:::*", "*", "arn:aws:s3:::b/*", "arn:aws:s3:::c", true)
	f.Add("*a?*", "", "*a*b*", "\xff", true)
	f.Fuzz(func(t *testing.T, p, q, n, text string, fold bool) {
		if len(p)+len(q)+len(n) > 60 {
			return
		}
		one, two, not := Join(fold, Part{Text: p}), Compile(q), Join(!fold, Part{Text: n})
		inside := func(w string) bool { return one.Match(w) && two.Match(w) && !not.Match(w) }
		witness, ok, err := Find([]*Pattern{one, two}, []*Pattern{not}, 2000)
		if errors.Is(err, ErrTooLarge) {
			return
		}
		if ok && !inside(witness) {
			t.Fatalf("%q is not in %s and %s minus %s", witness, one, two, not)
		}
		if !ok && inside(text) {
			t.Fatalf("%q is in %s and %s minus %s", text, one, two, not)
		}
		if !Meets(one, two) && one.Match(text) && two.Match(text) {
			t.Fatalf("%s meets %s", one, two)
		}
	})
}
