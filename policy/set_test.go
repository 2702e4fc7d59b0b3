package policy

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestSetsAreWhatMatchAndByFieldTake(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func(letters string, most int) string {
		var b strings.Builder
		for range r.IntN(most) {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	yes, byField := 0, 0
	for range 30_000 {
		pattern := "arn:" + text("aa:::**?", 14)
		if r.IntN(3) == 0 {
			pattern = strings.Replace(pattern, "a", "${aws:username}", 1)
		}
		typ := []Type{Identity, Resource}[r.IntN(2)]
		f, ok, unknown := newResource(pattern, typ, true).Fill(func(string) Value { return Value{Text: "a*", Found: true} })
		if !ok || unknown != nil {
			t.Fatalf("%q is not filled", pattern)
		}
		// Texts that resemble the pattern fit it more often.
		value := "arn:" + text("aa:::b", 14)
		if r.IntN(2) == 0 {
			value = strings.NewReplacer("*", text("a:", 3), "?", text("ab:", 2), "${aws:username}", "a*").Replace(pattern)
		}
		if got, want := f.Set().Match(value), f.Match(value); got != want {
			t.Fatalf("%q as a resource of %s on %q: the set has it %v, Match says %v", pattern, typ, value, got, want)
		} else if want {
			yes++
		}
		if got, want := f.FieldSet().Match(value), f.ByField(value); got != want {
			t.Fatalf("%q on %q: the set has it %v, ByField says %v", pattern, value, got, want)
		} else if want {
			byField++
		}
	}
	if yes < 500 || byField < 500 {
		t.Errorf("only %d and %d of the texts fit", yes, byField)
	}
}
