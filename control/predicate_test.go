package control

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

func TestAPredicateHoldsOrNotOrIsNotKnown(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewSet(sch, nil)
	if err != nil {
		t.Fatal(err)
	}
	denied := &haetae.Unknown{Reason: haetae.Denied, Detail: "no", Actions: []string{"s3:GetBucketTagging"}}
	key := &haetae.Resource{Type: "AWS::KMS::Key", ID: "k", Account: "111122223333", Props: map[string]any{"EnableKeyRotation": true}}
	bucket := func(tags map[string]any, unread *haetae.Unknown) *haetae.Resource {
		return &haetae.Resource{Type: "AWS::S3::Bucket", ID: "b", Account: "111122223333", Region: "eu-west-1", Tags: tags, TagsUnknown: unread, Props: map[string]any{"BucketName": "b"}}
	}
	for _, c := range []struct {
		name, expr string
		r          *haetae.Resource
		holds      bool
		why        string
	}{
		{"it holds", `r.tags["a"] == "b"`, bucket(map[string]any{"a": "b"}, nil), true, ""},
		{"it does not hold", `r.tags["a"] == "b"`, bucket(map[string]any{"a": "c"}, nil), false, ""},
		{"it is not known", `r.tags["a"] == "b"`, bucket(nil, denied), false, "no (needs s3:GetBucketTagging)"},
		{"it holds whatever is not known", `r.id == "b" || r.tags["a"] == "b"`, bucket(nil, denied), true, ""},
		{"it looks at other resources", `all("AWS::KMS::Key").exists(k, k.EnableKeyRotation)`, bucket(nil, nil), true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := set.Predicate("x", "e.yaml:1", "AWS::S3::Bucket", c.expr)
			if err != nil {
				t.Fatal(err)
			}
			g := graph.New(sch, &haetae.Snapshot{Resources: []*haetae.Resource{c.r, key}, Coverage: []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}}})
			j := set.Judge(g)
			for range 2 { // the judge's memory is used again
				if holds, why := j.Holds(p, c.r); holds != c.holds || why != c.why {
					t.Errorf("it says %t (%s), want %t (%s)", holds, why, c.holds, c.why)
				}
			}
		})
	}
	for expr, want := range map[string]string{`r.Nothing`: "undefined field", `r.id`: "not bool", ``: "missing", `r.id ==`: "Syntax error"} {
		if _, err := set.Predicate("x", "e.yaml:1", "AWS::S3::Bucket", expr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", expr, err, want)
		}
	}
}

func TestAGlobMatchesOrNotOrIsNotKnown(t *testing.T) {
	half := &haetae.Unknown{Reason: haetae.Unresolved, Detail: "parameter Name", Parts: []string{"web-", ""}}
	for _, c := range []struct {
		pattern string
		text    any
		matches bool
		known   bool
	}{
		{"web-*", "web-1", true, true}, {"web-?", "web-10", false, true}, {"*", half, true, true}, {"web-*", half, true, true},
		{"db-*", half, false, true}, {"web-1", half, false, false}, {"*", &haetae.Unknown{Reason: haetae.Denied}, true, true}, {"a", &haetae.Unknown{Reason: haetae.Denied}, false, false},
	} {
		matches, why := Glob(c.pattern, c.text)
		if matches != c.matches || (why == "") != c.known {
			t.Errorf("%s, %v: %t (%s)", c.pattern, c.text, matches, why)
		}
	}
}
