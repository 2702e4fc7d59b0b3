package content

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/haetae/haetae"
)

const whole = `id: team-thing
title: {en: a, ko: 가}
problem: {en: a, ko: 가}
why: {en: a, ko: 가}
severity: low
resource: AWS::S3::Bucket
let:
  second: size(first)
  first: r.Tags
assert: second == 0
fix: {console: {en: a, ko: 가}, cli: aws}
references: [https://docs.aws.amazon.com/]
examples:
  pass:
    - name: one
      resources:
        b:
          Type: AWS::S3::Bucket
          Properties: {A: !Unknown {reason: denied, actions: [s3:GetX]}, B: !Open {items: [1], reason: throttled}, C: !Secret {kind: password, length: 3}, D: !Unknown, Date: 2012-10-17, E: 1.5}
`

func TestAControlIsReadWithItsOrderAndItsUnknowns(t *testing.T) {
	c, err := ParseControl([]byte(whole), "controls/team/team-thing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Service != "team" || c.Severity != haetae.Low || c.Let[0].Name != "second" || c.Let[1].Name != "first" {
		t.Errorf("control is %+v", c)
	}
	r := c.Examples.Pass[0].World.Resources[0]
	if u, ok := r.Props["A"].(*haetae.Unknown); !ok || u.Reason != haetae.Denied || u.Set || len(u.Actions) != 1 {
		t.Errorf("A is %#v", r.Props["A"])
	}
	if l, ok := r.Props["B"].(*haetae.OpenList); !ok || len(l.Items) != 1 || l.Items[0] != int64(1) || l.Why.Reason != haetae.Throttled {
		t.Errorf("B is %#v", r.Props["B"])
	}
	if s, ok := r.Props["C"].(*haetae.Secret); !ok || s.Kind != "password" || s.Length != 3 {
		t.Errorf("C is %#v", r.Props["C"])
	}
	if u, ok := r.Props["D"].(*haetae.Unknown); !ok || !u.Set {
		t.Errorf("D is %#v", r.Props["D"])
	}
	if r.Props["Date"] != "2012-10-17" || r.Props["E"] != 1.5 {
		t.Errorf("Date is %#v, E is %#v", r.Props["Date"], r.Props["E"])
	}
	if p := r.Origin.Paths["E"]; p.Line == 0 {
		t.Error("E has no line")
	}
}

func TestFaultsOfAControlAreNamed(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a misspelt key", "assert:", "asert:", "asert"},
		{"a severity that is none", "severity: low", "severity: bad", "severity"},
		{"English that is missing", "title: {en: a, ko: 가}", "title: {ko: 가}", "title"},
		{"no reference", "references: [https://docs.aws.amazon.com/]", "references: []", "references"},
		{"no fix to copy", ", cli: aws", "", "fix"},
		{"an id that is not the file's name", "id: team-thing", "id: team-other", "not the file's name"},
		{"an unknown member of a marker", "reason: denied, ", "why: denied, ", "Unknown"},
		{"a property given twice", "E: 1.5", "E: 1.5, E: 2", "E"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(whole, c.from, c.to, 1)
			_, err := ParseControl([]byte(text), "controls/team/team-thing.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "team-thing.yaml") {
				t.Errorf("error is %v, want one with %q and the file", err, c.want)
			}
			if haetae.HintOf(err) == "" {
				t.Error("no next step")
			}
		})
	}
}

func TestAControlOfOnesOwnMayBeInEnglishOnly(t *testing.T) {
	c, err := ParseControl([]byte(strings.Replace(whole, "title: {en: a, ko: 가}", "title: {en: a}", 1)), "controls/team/team-thing.yaml")
	if err != nil || c.Title.In("ko") != "a" {
		t.Errorf("the title in Korean is %q: %v", c.Title.In("ko"), err)
	}
}

func TestEveryFaultOfATreeIsReportedAtOnce(t *testing.T) {
	_, err := Controls(fstest.MapFS{
		"controls/a/a-one.yaml": {Data: []byte("id: x")},
		"controls/a/a-two.yaml": {Data: []byte(": :")},
	})
	if err == nil || !strings.Contains(err.Error(), "a-one.yaml") || !strings.Contains(err.Error(), "a-two.yaml") {
		t.Errorf("error is %v", err)
	}
}

func TestAFolderWithoutControlsIsAMistake(t *testing.T) {
	if _, err := Controls(fstest.MapFS{"rules/x.yaml": {Data: []byte("id: x")}}); err == nil {
		t.Error("an empty content folder was taken")
	}
}

func TestEveryBuiltInControlSpeaksBothLanguages(t *testing.T) {
	controls, err := Controls()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range controls {
		for _, text := range []haetae.Text{c.Title, c.Problem, c.Why, c.Fix.Console} {
			if strings.ContainsAny(text.EN, "가나다라마바사아자차카타파하") {
				t.Errorf("%s: English text in Korean: %s", c.ID, text.EN)
			}
			if !strings.ContainsFunc(text.KO, func(r rune) bool { return r >= 0xac00 && r <= 0xd7a3 }) {
				t.Errorf("%s: Korean text without Hangul: %s", c.ID, text.KO)
			}
		}
		if strings.HasSuffix(c.Title.EN, ".") {
			t.Errorf("%s: the title ends in a full stop", c.ID)
		}
	}
}

func FuzzWorld(f *testing.F) {
	f.Add([]byte("resources: {a: {Type: T, Properties: {A: !Open {items: [1], reason: denied}, B: !Unknown {reason: denied}}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = Resources(data, "fuzz.yaml")
	})
}
