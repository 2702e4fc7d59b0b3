package content

import (
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/standard"
)

func standards(t *testing.T) []*standard.Standard {
	t.Helper()
	all, err := Standards()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The sizes are those of the published benchmarks.
func TestEveryRecommendationOfTheBenchmarksIsThere(t *testing.T) {
	want := map[string][2]int{"cis-1.4": {58, 53}, "cis-3.0": {62, 57}, "cis-4.0.1": {64, 59}, "cis-5.0": {63, 59}}
	for _, s := range standards(t) {
		mapped := 0
		for _, r := range s.All() {
			if r.Manual == nil {
				mapped++
			}
		}
		if got := [2]int{len(s.All()), mapped}; got != want[s.ID] {
			t.Errorf("%s has %d requirements, of which controls decide %d; want %v", s.ID, got[0], got[1], want[s.ID])
		}
		delete(want, s.ID)
	}
	for id := range want {
		t.Errorf("%s is missing", id)
	}
}

func TestControlsAndStandardsNameEachOther(t *testing.T) {
	controls, err := Controls()
	if err != nil {
		t.Fatal(err)
	}
	aliases := map[string][]string{}
	for _, c := range controls {
		aliases[c.ID] = c.Aliases.CIS
	}
	all := standards(t)
	for _, err := range MissingControls(all, func(id string) bool { _, ok := aliases[id]; return ok }) {
		t.Error(err)
	}
	named := map[string][]string{}
	for _, s := range all {
		version := strings.TrimPrefix(s.ID, "cis-")
		for _, r := range s.All() {
			for _, id := range r.Controls {
				named[id] = append(named[id], version+"/"+r.ID)
			}
		}
	}
	for id, cis := range aliases {
		slices.Sort(cis)
		slices.Sort(named[id])
		if !slices.Equal(cis, named[id]) {
			t.Errorf("%s has aliases.cis %v, and the standards name it for %v", id, cis, named[id])
		}
	}
}

func TestAFaultOfAStandardIsSaidWithItsFile(t *testing.T) {
	good := "id: s-1\ntitle: {en: S, ko: S}\nversion: \"1\"\npublisher: us\nnotice: {en: n, ko: n}\nsections:\n  - {id: \"1\", title: {en: a, ko: a}, requirements: [{id: \"1.1\", level: 1, title: {en: a, ko: a}, controls: [x]}]}\n"
	if _, err := ParseStandard([]byte(good), "standards/s-1.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, file, want string }{
		{"a misspelt key", good + "control: []\n", "standards/s-1.yaml", "standards/s-1.yaml"},
		{"another name than the file's", good, "standards/s-2.yaml", `not the file's name "s-2"`},
		{"no YAML", "a: [", "standards/s-1.yaml", "standards/s-1.yaml"},
		{"a faulty requirement", strings.Replace(good, "level: 1", "level: 7", 1), "standards/s-1.yaml", "level 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParseStandard([]byte(c.text), c.file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestAnswersAreReadAndEachFaultIsSaidWithItsLine(t *testing.T) {
	all := standards(t)
	good := `- {standard: cis-5.0, requirement: "1.1", answer: pass, author: minji, date: 2026-01-10, expires: 2027-01-09, evidence: SEC-1}
- {standard: cis-5.0, requirement: "5.6", account: "111122223333", answer: not_applicable, author: minji, date: "2026-01-10", expires: 2026-07-01, note: no peerings}
`
	got, err := ParseAnswers([]byte(good), "answers.yaml", all)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if a := got[1]; a.Line != 2 || a.Account != "111122223333" || a.Verdict != standard.NotNeeded || a.Expires.Format("2006-01-02") != "2026-07-01" {
		t.Errorf("the second is %+v", a)
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"an unknown standard", "cis-5.0, requirement: \"1.1\"", "cis-9, requirement: \"1.1\"", "answers.yaml:1: there is no standard cis-9"},
		{"a requirement that controls decide", `"5.6"`, `"5.7"`, "answers.yaml:2: cis-5.0/5.7 is decided by controls"},
		{"a day that is none", "2026-07-01", "soon", `answers.yaml:2: expires "soon"`},
		{"a misspelt key", "note:", "notes:", "answers.yaml:2"},
		{"nobody signs", "author: minji, date: \"", "date: \"", "answers.yaml:2: author is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseAnswers([]byte(strings.Replace(good, c.from, c.to, 1)), "answers.yaml", all)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}
