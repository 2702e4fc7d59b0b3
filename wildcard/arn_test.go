package wildcard

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestEachFieldOfAnARNIsComparedSeparately(t *testing.T) {
	for _, c := range []struct {
		name, pattern, text string
		want                bool
	}{
		{"a star stays in its field", "arn:aws:sqs:*:111122223333:q", "arn:aws:sqs:us-east-1:111122223333:q", true},
		{"a star does not pass a colon", "arn:aws:*:111122223333:q:x", "arn:aws:sqs:us-east-1:111122223333:q:x", false},
		{"a star takes an empty field", "arn:aws:s3:*:*:b", "arn:aws:s3:::b", true},
		{"the resource has colons", "arn:aws:logs:*:*:*", "arn:aws:logs:eu-west-1:111122223333:log-group:g:*", true},
		{"a question mark takes no colon in a field", "arn:aws:s3:?::b", "arn:aws:s3:::::b", false},
		{"what has no six fields is no ARN", "*:*:*:*:*:*", "111122223333", false},
	} {
		p := CompileARN(c.pattern)
		if p.Match(c.text) != c.want {
			t.Errorf("%s: %q on %q is %v", c.name, c.pattern, c.text, !c.want)
		}
	}
	if CompileARN("arn:aws:s3*").Match("arn:aws:s3:::b") {
		t.Error("a pattern of three fields is no pattern for ARNs")
	}
	p := Join(false, Part{Text: "arn:aws:iam::", Field: true}, Part{Text: "*", Literal: true, Field: true}, Part{Text: ":role/*"})
	if p.Match("arn:aws:iam::1:role/x") || !p.Match("arn:aws:iam::*:role/x") {
		t.Error("a literal star in a field is a character")
	}
	long := CompileARN("arn:*:" + strings.Repeat("x", 600) + ":::*")
	if !long.Match("arn:aws:"+strings.Repeat("x", 600)+":::b") || long.Match("arn:aws:x:::b") {
		t.Error("a long pattern is matched too")
	}
}

func TestFieldsAndPlainPatternsAreComparedWithEachOther(t *testing.T) {
	roles := CompileARN("arn:aws:iam::*:role/*")
	plain := Compile("arn:aws:iam::*:role/*")
	if ok, err := Covers(plain, roles, 0); !ok || err != nil {
		t.Error("what passes no colon passes everything", err)
	}
	text, ok, err := Find([]*Pattern{plain}, []*Pattern{roles}, 0)
	if !ok || err != nil || text != "arn:aws:iam:::::role/" && text != "arn:aws:iam::::role/" {
		t.Errorf("a plain star passes colons: %q, %v, %v", text, ok, err)
	}
	if ok, err := Covers(roles, Compile("arn:aws:iam::111122223333:role/app-*"), 0); !ok || err != nil {
		t.Error("roles of one account", err)
	}
}

func TestAColonIsAWayOutOfAField(t *testing.T) {
	field := Join(false, Part{Text: "*", Field: true})
	text, ok, err := Find([]*Pattern{Compile("a*b")}, []*Pattern{field}, 0)
	if !ok || err != nil || text != "a:b" {
		t.Errorf("%q, %v, %v", text, ok, err)
	}
	if ok, err := CoveredBy(Compile("*"), []*Pattern{field, Compile("*:*")}, 0); !ok || err != nil {
		t.Error("with a colon or without", err)
	}
}

func randomARN(r *rand.Rand) example {
	if r.IntN(3) == 0 {
		return randomExample(r, "a:::**?", 8)
	}
	var fields []example
	var text []string
	for range ARNFields {
		f := randomExample(r, "a**?", 2)
		for f.fold || strings.Contains(f.String(), "$") {
			f = randomExample(r, "a**?", 2)
		}
		fields, text = append(fields, f), append(text, f.String())
	}
	return example{CompileARN(strings.Join(text, ":")), func(w string) bool {
		parts := strings.SplitN(w, ":", ARNFields)
		for i, f := range fields {
			if i >= len(parts) || !f.fits(parts[i]) {
				return false
			}
		}
		return true
	}}
}

func TestAnswersAboutARNsAgreeWithAllShortARNs(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	all := words("a:", 6)
	for _, a := range words("ac", 1) {
		for _, b := range words("a", 1) {
			for _, c := range words("ac", 1) {
				for _, resource := range words("a:c", 2) {
					all = append(all, a+":"+b+"::"+c+":a:"+resource, ":"+a+":"+c+"::"+b+":"+resource)
				}
			}
		}
	}
	found, none := 0, 0
	for range 3000 {
		var yes, no []example
		for range 1 + r.IntN(2) {
			yes = append(yes, randomARN(r))
		}
		for range r.IntN(4) {
			no = append(no, randomARN(r))
		}
		text, ok, err := Find(patterns(yes), patterns(no), 0)
		if err != nil {
			t.Fatal(err)
		}
		if ok && !among(text, yes, no) {
			t.Fatalf("%v minus %v: %q is not in it", patterns(yes), patterns(no), text)
		}
		if i := slices.IndexFunc(all, func(w string) bool { return among(w, yes, no) }); !ok && i >= 0 {
			t.Fatalf("%v minus %v: %q is in it", patterns(yes), patterns(no), all[i])
		}
		for _, w := range all {
			if yes[0].Match(w) != yes[0].fits(w) {
				t.Fatalf("%s on %q: %v", yes[0], w, yes[0].Match(w))
			}
			if len(yes) > 1 && yes[0].fits(w) && yes[1].fits(w) && !Meets(yes[0].Pattern, yes[1].Pattern) {
				t.Fatalf("%s meets %s in %q", yes[0], yes[1], w)
			}
			if len(no) > 0 && embeds(no[0].Pattern, yes[0].Pattern) && yes[0].fits(w) && !no[0].fits(w) {
				t.Fatalf("%s does not embed %s", no[0], yes[0])
			}
		}
		if ok {
			found++
		} else {
			none++
		}
	}
	if found < 300 || none < 300 {
		t.Errorf("the examples are lopsided: %d with a string, %d without", found, none)
	}
}
