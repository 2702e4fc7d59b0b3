package arn

import (
	"regexp"
	"strings"
	"testing"
)

func TestNamesAreTakenApart(t *testing.T) {
	for _, c := range []struct {
		name, text, typ, id string
	}{
		{"a type and an id joined by a slash", "arn:aws:iam::111122223333:role/app/web", "role", "app/web"},
		{"a type and an id joined by a colon", "arn:aws:lambda:us-east-1:111122223333:function:resize", "function", "resize"},
		{"an id alone", "arn:aws:s3:::exports", "", "exports"},
		{"another partition", "arn:aws-cn:sqs:cn-north-1:111122223333:orders", "", "orders"},
		{"colons in the resource", "arn:aws:logs:us-east-1:111122223333:log-group:/aws/x:*", "log-group", "/aws/x:*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if a.String() != c.text || a.Type() != c.typ || a.ID() != c.id {
				t.Errorf("%s is %+v: type %q, id %q", c.text, a, a.Type(), a.ID())
			}
		})
	}
}

func TestWhatIsNoNameIsAnError(t *testing.T) {
	for _, text := range []string{"", "arn", "arn:aws:s3", "urn:aws:s3:::b", "arn::s3:::b", "arn:aws::::b", "arn:aws:s3:::"} {
		if a, err := Parse(text); err == nil {
			t.Errorf("%q was read as %+v", text, a)
		} else if text != "" && !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not name %q", err, text)
		}
	}
}

func TestPatternsMatchWithinParts(t *testing.T) {
	for _, c := range []struct {
		name, pattern, text string
		want                bool
	}{
		{"a star alone is everything", "*", "arn:aws:s3:::b", true},
		{"a star in the resource goes over slashes and colons", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a:b/c", true},
		{"the bucket is not its objects", "arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
		{"a star in the account stays there", "arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x", true},
		{"a star in a part does not take colons", "arn:aws:*:role/x", "arn:aws:iam::111122223333:role/x", false},
		{"a question mark is one character", "arn:aws:s3:::b?", "arn:aws:s3:::b1", true},
		{"a question mark is not none", "arn:aws:s3:::b?", "arn:aws:s3:::b", false},
		{"upper case counts", "arn:aws:s3:::B", "arn:aws:s3:::b", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Match(c.pattern, c.text); got != c.want {
				t.Errorf("%s fits %s: %v", c.text, c.pattern, got)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:iam::111122223333:role/app/web")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		if err != nil {
			return
		}
		if a.String() != s {
			t.Errorf("%q came back as %q", s, a)
		}
		if !Match(s, s) && !strings.ContainsAny(s, "*?") {
			t.Errorf("%q does not fit itself", s)
		}
	})
}

func FuzzWildAgreesWithRegexp(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 30 || len(text) > 60 || strings.ContainsFunc(pattern+text, func(r rune) bool { return r > 126 || r < 32 }) {
			return
		}
		re := regexp.QuoteMeta(pattern)
		re = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(re)
		if want := regexp.MustCompile("(?s)^" + re + "$").MatchString(text); wild(pattern, text) != want {
			t.Errorf("wild(%q, %q) is not %v", pattern, text, want)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if !Match("arn:aws:s3:::*/logs/*", "arn:aws:s3:::exports/2026/logs/a") {
			b.Fatal("no match")
		}
	}
}
