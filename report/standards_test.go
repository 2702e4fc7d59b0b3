package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/standard"
)

// assessed is the fixture with an assessment of it: every status is in it.
func assessed() *Report {
	r := fixture()
	for i := range r.Findings {
		if s := r.Findings[i].Suppressed; s != nil {
			s.Expires = "2026-06-30"
		}
	}
	req := func(id string, level int, en, ko string, controls ...string) standard.Requirement {
		return standard.Requirement{ID: id, Level: level, Title: text(en, ko), Controls: controls}
	}
	manual := func(id, en, ko string) standard.Requirement {
		return standard.Requirement{ID: id, Level: 1, Title: text(en, ko), Manual: &standard.Manual{How: text("Ask the owner.", "담당자에게 묻는다."), Evidence: text("A ticket.", "티켓.")}}
	}
	s := &standard.Standard{
		ID: "house-1", Title: text("House rules 1", "사내 규칙 1"), Version: "1.0", Publisher: "ACME & Sons", Notice: text("Ours.", "우리 것."),
		Sections: []standard.Section{
			{ID: "1", Title: text("People", "사람"), Requirements: []standard.Requirement{
				req("1.1", 1, "Users have MFA", "사용자는 MFA를 쓴다", "iam-user-mfa"),
				req("1.2", 2, "Root has no key", "루트에 키가 없다", "iam-root-access-key"),
				manual("1.3", "Contacts are right", "연락처가 맞다"),
				manual("1.4", "Leavers are gone", "퇴사자 계정이 없다"),
				manual("1.5", "Visitors are met", "방문자를 맞이한다"),
			}},
			{ID: "2", Title: text("Logs", "로그")},
			{ID: "2.1", Title: text("Trails", "트레일"), Requirements: []standard.Requirement{
				req("2.1.1", 1, "A trail records", "트레일이 기록한다", "cloudtrail-multi-region"),
				req("2.1.2", 1, "Nobody ran this", "실행하지 않은 것", "no-such-run"),
				req("2.1.3", 1, "Buckets are named well", "버킷 이름이 좋다", "s3-names"),
			}},
		},
	}
	rules := append(fixtureRules(), &haetae.Rule{ID: "s3-names", Type: "AWS::S3::Bucket"})
	at := func(day string) time.Time { d, _ := time.Parse(time.DateOnly, day); return d }
	answers := []standard.Answer{
		{Standard: s.ID, Requirement: "1.3", Verdict: standard.Yes, Author: "minji", Date: at("2026-01-10"), Expires: at("2027-01-09"), Evidence: "SEC-1", Note: "called both", File: "answers.yaml", Line: 1},
		{Standard: s.ID, Requirement: "1.4", Verdict: standard.Yes, Author: "jisoo", Date: at("2025-01-10"), Expires: at("2026-01-09"), Evidence: "SEC-2", File: "answers.yaml", Line: 9},
		{Standard: s.ID, Requirement: "1.5", Account: "111122223333", Verdict: standard.No, Author: "minji", Date: at("2026-01-10"), Expires: at("2027-01-09"), File: "answers.yaml", Line: 17},
		{Standard: s.ID, Requirement: "1.5", Account: "444455556666", Verdict: standard.NotNeeded, Author: "minji", Date: at("2026-01-10"), Expires: at("2027-01-09"), File: "answers.yaml", Line: 25},
	}
	r.Standards = []*standard.Result{standard.Assess(s, standard.Scan{Findings: r.Findings, Coverage: r.Coverage, Rules: rules, Answers: answers, Time: r.Time})}
	return r
}

func TestAssessmentsMatchTheirGoldenFiles(t *testing.T) {
	for _, f := range []struct {
		name, format string
		o            Options
	}{
		{"standard.table", "table", Options{}},
		{"standard.ko.table", "table", Options{Lang: "ko"}},
		{"standard.json", "json", Options{}},
		{"standard.ndjson", "ndjson", Options{}},
		{"standard.html", "html", Options{}},
		{"standard.ko.html", "html", Options{Lang: "ko"}},
	} {
		t.Run(f.name, func(t *testing.T) {
			got := render(t, f.format, assessed(), f.o)
			path := filepath.Join("testdata", f.name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s has changed (go test ./report -update writes it anew)", f.name)
			}
		})
	}
}

func TestAnAuditorSeesWhatPassedAndWhoAcceptedWhat(t *testing.T) {
	page := render(t, "html", assessed(), Options{})
	for _, want := range []string{
		"minji", "SEC-1; called both", "2027-01-09", // an answer that counts
		"jisoo", "2026-01-09", // one that has expired
		"platform-team", "expires 2026-06-30", // an exception
		"Passed: 1",        // what passed, though the report is of failures
		"not run:",         // what nobody asked
		"ACME &amp; Sons",  // whose standard it is
		"id=\"house-1/1.1", // where the table leads
		"haetae 0.1.0", "2026-03-03 12:00 UTC", "111122223333, 444455556666",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestAnAssessmentIsOneMemberOfTheObject(t *testing.T) {
	var doc struct {
		Standards []struct {
			ID           string
			Score        struct{ Percent, UnassessedPercent, ProvenPercent, Passed, Failed, Unknown, Manual, Excepted int }
			Requirements []struct{ Requirement, Status, Section string }
			Accounts     []struct{ Account string }
		}
		Findings []json.RawMessage
	}
	if err := json.Unmarshal([]byte(render(t, "json", assessed(), Options{})), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Standards) != 1 || len(doc.Standards[0].Requirements) != 8 || len(doc.Standards[0].Accounts) != 3 || len(doc.Findings) == 0 {
		t.Errorf("standards are %+v", doc.Standards)
	}
	if strings.Contains(render(t, "json", fixture(), Options{}), `"standards"`) {
		t.Error("a scan without a standard has the member too")
	}
	for line := range strings.Lines(render(t, "ndjson", assessed(), Options{})) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

func TestNothingHostileBecomesMarkupOfAnAssessment(t *testing.T) {
	want := ""
	for i, s := range append([]string{"harmless"}, hostiles()...) {
		if strings.TrimSpace(s) == "" {
			continue
		}
		r := poisoned(s)
		std := &standard.Standard{ID: s, Title: text(s, s+"."), Version: s, Publisher: s, Notice: text(s, s+"."), Sections: []standard.Section{{ID: s, Title: text(s, s+"."), Requirements: []standard.Requirement{
			{ID: s, Title: text(s, s+"."), Controls: []string{s, s + "2"}},
			{ID: s + "3", Title: text(s, s+"."), Manual: &standard.Manual{How: text(s, s+"."), Evidence: text(s, s+".")}},
		}}}}
		a := standard.Answer{Standard: s, Requirement: s + "3", Verdict: standard.Yes, Author: s, Evidence: s, Note: s, Date: fixtureTime, Expires: fixtureTime, File: s}
		r.Standards = []*standard.Result{standard.Assess(std, standard.Scan{Findings: r.Findings, Coverage: r.Coverage, Answers: []standard.Answer{a}, Time: r.Time})}
		page := render(t, "html", r, Options{})
		if strings.Count(page, "<script") != 1 || strings.Count(page, "<style") != 1 {
			t.Fatalf("%q got into the script or the style", s)
		}
		page = strings.Replace(strings.Replace(page, pageJS, "", 1), pageCSS, "", 1)
		if at := strings.IndexFunc(page, hidden); at >= 0 {
			t.Fatalf("%q left a hidden character: %q", s, page[max(0, at-20):min(len(page), at+20)])
		}
		tagsOf := map[string]bool{}
		for l := range strings.Lines(skeleton(page)) {
			tagsOf[strings.TrimSpace(l)] = true
		}
		if i == 0 {
			want = strings.Join(strings.Split(skeleton(page), "\n"), "\n")
			continue
		}
		for l := range tagsOf {
			if !strings.Contains(want, l) {
				t.Fatalf("%q made the tag %s", s, l)
			}
		}
		for line := range strings.Lines(render(t, "table", r, Options{})) {
			if at := strings.IndexFunc(line, hidden); at >= 0 {
				t.Fatalf("%q got into the table: %q", s, line)
			}
		}
	}
}
