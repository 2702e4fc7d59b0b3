package standard

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

func both(s string) haetae.Text { return haetae.Text{EN: s, KO: s} }

var (
	encrypted = &haetae.Rule{ID: "db-encrypted", Type: "AWS::RDS::DBInstance"}
	private   = &haetae.Rule{ID: "db-private", Type: "AWS::RDS::DBInstance"}
	rules     = []*haetae.Rule{encrypted, private}
	now       = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
)

// small is a standard of one requirement with two controls and a manual one.
func small() *Standard {
	return &Standard{
		ID: "s-1", Version: "1", Publisher: "us", Title: both("S"), Notice: both("ours"),
		Sections: []Section{{ID: "1", Title: both("All"), Requirements: []Requirement{
			{ID: "1.1", Level: 1, Title: both("Databases"), Controls: []string{"db-encrypted", "db-private"}},
			{ID: "1.2", Level: 2, Title: both("People"), Manual: &Manual{How: both("ask"), Evidence: both("a note")}},
		}}},
	}
}

func found(r *haetae.Rule, account, id string, s haetae.Status) haetae.Finding {
	return haetae.Finding{Rule: r, Status: s, Resource: &haetae.Resource{Type: r.Type, ID: id, Account: account}}
}

func except(f haetae.Finding) haetae.Finding {
	f.Suppressed = &haetae.Exception{By: "ann"}
	return f
}

func listed(account string) haetae.Coverage {
	return haetae.Coverage{Account: account, Type: "*", Status: haetae.Complete}
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func answer(account string, v Verdict, date, expires string) Answer {
	return Answer{Standard: "s-1", Requirement: "1.2", Account: account, Verdict: v, Author: "ann", Date: day(date), Expires: day(expires), Evidence: "T-1"}
}

func TestARequirementIsWhatAllItsControlsSayOfAllResources(t *testing.T) {
	ok := []haetae.Finding{found(encrypted, "a", "x", haetae.Pass), found(private, "a", "x", haetae.Pass)}
	for _, c := range []struct {
		name     string
		findings []haetae.Finding
		coverage []haetae.Coverage
		rules    []*haetae.Rule
		want     Status
	}{
		{"all pass", ok, []haetae.Coverage{listed("a")}, rules, Pass},
		{"one resource fails one control", append(slices.Clone(ok), found(private, "a", "y", haetae.Fail)), []haetae.Coverage{listed("a")}, rules, Fail},
		{"one resource could not be judged", append(slices.Clone(ok), found(private, "a", "y", haetae.Undecided)), []haetae.Coverage{listed("a")}, rules, Unknown},
		{"a failure counts more than what is not known", append(slices.Clone(ok), found(private, "a", "y", haetae.Undecided), found(private, "a", "z", haetae.Fail)), []haetae.Coverage{listed("a")}, rules, Fail},
		{"an accepted failure is neither passed nor failed", append(slices.Clone(ok), except(found(private, "a", "y", haetae.Fail))), []haetae.Coverage{listed("a")}, rules, Excepted},
		{"an accepted failure does not cover another", []haetae.Finding{except(found(private, "a", "y", haetae.Fail)), found(private, "a", "z", haetae.Fail)}, []haetae.Coverage{listed("a")}, rules, Fail},
		{"nothing of the kind is there", nil, []haetae.Coverage{listed("a")}, rules, NotApplicable},
		{"nothing of the kind was asked for", nil, []haetae.Coverage{{Account: "a", Type: "AWS::S3::Bucket", Status: haetae.Complete}}, rules, Unknown},
		{"the kind could not be listed", nil, []haetae.Coverage{listed("a"), {Account: "a", Region: "r", Type: "AWS::RDS::DBInstance", Status: haetae.Missing}}, rules, Unknown},
		{"the kind was listed where the rest was not", nil, []haetae.Coverage{{Account: "a", Type: "*", Status: haetae.Missing}, {Account: "a", Type: "AWS::RDS::DBInstance", Status: haetae.Complete}}, rules, NotApplicable},
		{"one of its controls was not run", ok, []haetae.Coverage{listed("a")}, rules[:1], Unknown},
		{"none applies to what is there", []haetae.Finding{found(encrypted, "a", "x", haetae.NotApplicable), found(private, "a", "x", haetae.NotApplicable)}, []haetae.Coverage{listed("a")}, rules, NotApplicable},
		{"an empty snapshot says nothing", nil, nil, rules, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := Assess(small(), Scan{Findings: c.findings, Coverage: c.coverage, Rules: c.rules, Time: now})
			if got := res.Total.Outcomes[0].Status; got != c.want {
				t.Errorf("1.1 is %s, want %s", got, c.want)
			}
			if res.Accounts[0].Outcomes[0].Status != c.want {
				t.Errorf("1.1 of the account is %s, want %s", res.Accounts[0].Outcomes[0].Status, c.want)
			}
		})
	}
}

func TestAnswersDecideManualRequirements(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []Answer
		a, b    Status // of the accounts a and b
		expired bool   // in account a
	}{
		{"nobody answered", nil, Unanswered, Unanswered, false},
		{"one answer for all accounts", []Answer{answer("", Yes, "2026-01-01", "2026-12-31")}, Pass, Pass, false},
		{"an account's own answer counts before it", []Answer{answer("a", No, "2025-12-01", "2026-12-31"), answer("", Yes, "2026-01-01", "2026-12-31")}, Fail, Pass, false},
		{"an answer may be that nothing is needed", []Answer{answer("a", NotNeeded, "2026-01-01", "2026-12-31")}, NotApplicable, Unanswered, false},
		{"an answer counts on its last day", []Answer{answer("a", Yes, "2026-01-01", "2026-03-03")}, Pass, Unanswered, false},
		{"an expired answer is none", []Answer{answer("a", Yes, "2026-01-01", "2026-03-02")}, Unanswered, Unanswered, true},
		{"the latest answer counts, wherever it stands", []Answer{answer("a", No, "2026-02-01", "2026-12-31"), answer("a", Yes, "2026-01-01", "2026-12-31")}, Fail, Unanswered, false},
		{"an older answer does not come back when the latest expires", []Answer{answer("a", Yes, "2025-01-01", "2030-12-31"), answer("a", Yes, "2026-02-01", "2026-03-01")}, Unanswered, Unanswered, true},
		{"answers to another standard are not looked at", []Answer{{Standard: "s-2", Requirement: "1.2", Verdict: Yes, Date: day("2026-01-01"), Expires: day("2026-12-31")}}, Unanswered, Unanswered, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := Assess(small(), Scan{Coverage: []haetae.Coverage{listed("a"), listed("b")}, Rules: rules, Answers: c.answers, Time: now})
			a, b := res.Accounts[0].Outcomes[1], res.Accounts[1].Outcomes[1]
			if a.Status != c.a || b.Status != c.b {
				t.Errorf("a is %s and b is %s, want %s and %s", a.Status, b.Status, c.a, c.b)
			}
			if (a.Expired != nil) != c.expired {
				t.Errorf("expired is %v", a.Expired)
			}
		})
	}
}

func TestAllAccountsTogetherAreTheWorstOfThem(t *testing.T) {
	res := Assess(small(), Scan{
		Findings: []haetae.Finding{found(encrypted, "a", "x", haetae.Pass), found(private, "a", "x", haetae.Pass), found(encrypted, "b", "y", haetae.Fail)},
		Coverage: []haetae.Coverage{listed("a"), listed("b"), listed("c")}, Rules: rules, Time: now,
	})
	if got := []Status{res.Accounts[0].Outcomes[0].Status, res.Accounts[1].Outcomes[0].Status, res.Accounts[2].Outcomes[0].Status}; !slices.Equal(got, []Status{Pass, Fail, NotApplicable}) {
		t.Errorf("accounts are %v", got)
	}
	if o := res.Total.Outcomes[0]; o.Status != Fail || o.Counts.Passed != 2 || o.Counts.Failed != 1 {
		t.Errorf("together they are %+v", o)
	}
}

func TestScoresAreRoundedAgainstTheAccount(t *testing.T) {
	for _, c := range []struct {
		name                        string
		score                       Score
		percent, unassessed, proven int
		ok                          bool
	}{
		{"nothing is known", Score{Manual: 2}, 0, 100, 0, false},
		{"nothing applies", Score{NotApplicable: 3}, 0, 0, 0, false},
		{"one in a thousand fails", Score{Passed: 999, Failed: 1}, 99, 0, 99, true},
		{"one in a thousand is unknown", Score{Passed: 999, Unknown: 1}, 100, 1, 99, true},
		{"an exception is not passed", Score{Passed: 1, Excepted: 1}, 100, 0, 50, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, ok := c.score.Percent()
			if p != c.percent || ok != c.ok || c.score.Unassessed() != c.unassessed || c.score.Proven() != c.proven {
				t.Errorf("percent %d %v, unassessed %d, proven %d", p, ok, c.score.Unassessed(), c.score.Proven())
			}
		})
	}
}

// many makes a standard of n requirements over as many controls.
func many(n int) (*Standard, []*haetae.Rule) {
	s := &Standard{ID: "s-1", Sections: []Section{{ID: "1"}}}
	var rs []*haetae.Rule
	for i := range n {
		rs = append(rs, &haetae.Rule{ID: fmt.Sprintf("c-%d", i), Type: "AWS::S3::Bucket"})
	}
	for i := range n {
		r := Requirement{ID: fmt.Sprintf("1.%d", i), Controls: []string{rs[i].ID, rs[(i+1)%n].ID}}
		if i%7 == 6 {
			r.Controls, r.Manual = nil, &Manual{}
		}
		s.Sections[0].Requirements = append(s.Sections[0].Requirements, r)
	}
	return s, rs
}

func TestKnowingLessNeverLooksBetter(t *testing.T) {
	states := []haetae.Status{haetae.Pass, haetae.Pass, haetae.Pass, haetae.Fail, haetae.NotApplicable, haetae.Undecided}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		s, rs := many(1 + rnd.IntN(9))
		var fs []haetae.Finding
		for i := range 1 + rnd.IntN(25) {
			f := found(rs[rnd.IntN(len(rs))], string(rune('a'+rnd.IntN(3))), fmt.Sprint(i), states[rnd.IntN(len(states))])
			if rnd.IntN(5) == 0 {
				f = except(f)
			}
			fs = append(fs, f)
		}
		scan := Scan{Findings: fs, Coverage: []haetae.Coverage{listed("a"), listed("b"), listed("c")}, Rules: rs, Time: now}
		before := Assess(s, scan)
		bounded(t, before)
		i := rnd.IntN(len(fs))
		less := slices.Clone(fs)
		less[i].Status = haetae.Undecided
		scan.Findings = less
		after := Assess(s, scan)
		bounded(t, after)
		for j := range before.Accounts {
			notBetter(t, before.Accounts[j].Score, after.Accounts[j].Score)
		}
		notBetter(t, before.Total.Score, after.Total.Score)
	}
}

func bounded(t *testing.T, res *Result) {
	t.Helper()
	for _, sc := range append(res.Accounts, res.Total) {
		p, _ := sc.Score.Percent()
		for _, n := range []int{p, sc.Score.Unassessed(), sc.Score.Proven()} {
			if n < 0 || n > 100 {
				t.Fatalf("%+v gives %d%%", sc.Score, n)
			}
		}
		if p < sc.Score.Proven() {
			t.Fatalf("%+v: proven is more than the score", sc.Score)
		}
		if n := sc.Score.Applicable() + sc.Score.NotApplicable; n != len(sc.Outcomes) {
			t.Fatalf("%+v counts %d of %d requirements", sc.Score, n, len(sc.Outcomes))
		}
	}
}

func notBetter(t *testing.T, before, after Score) {
	t.Helper()
	if after.Proven() > before.Proven() {
		t.Fatalf("proven rises from %+v to %+v", before, after)
	}
	b, _ := before.Percent()
	a, _ := after.Percent()
	if a > b && after.Unassessed() <= before.Unassessed() {
		t.Fatalf("the score rises from %+v to %+v, and the share that is not assessed does not", before, after)
	}
}

func TestAFaultyStandardIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Standard)
		want  string
	}{
		{"a number stands twice", func(s *Standard) { s.Sections[0].Requirements[1].ID = "1.1" }, "1.1"},
		{"a title is in one language only", func(s *Standard) { s.Sections[0].Requirements[0].Title.KO = "" }, "title of 1.1"},
		{"a requirement has controls and is manual", func(s *Standard) { s.Sections[0].Requirements[1].Controls = []string{"x"} }, "either controls or manual"},
		{"a requirement has neither", func(s *Standard) { s.Sections[0].Requirements[0].Controls = nil }, "either controls or manual"},
		{"a requirement stands in another section", func(s *Standard) { s.Sections[0].Requirements[0].ID = "2.1" }, "stands in section 1"},
		{"a level is none of the two", func(s *Standard) { s.Sections[0].Requirements[0].Level = 3 }, "level 3"},
		{"a control stands twice", func(s *Standard) { s.Sections[0].Requirements[0].Controls = []string{"x", "x"} }, "names x twice"},
		{"the evidence is missing", func(s *Standard) { s.Sections[0].Requirements[1].Manual.Evidence = haetae.Text{} }, "manual.evidence of 1.2"},
		{"nothing is in it", func(s *Standard) { s.Sections = nil }, "no sections"},
		{"nobody published it", func(s *Standard) { s.Publisher = "" }, "publisher"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := small()
			c.spoil(s)
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
	if err := small().Check(); err != nil {
		t.Errorf("a whole standard is refused: %v", err)
	}
}

func TestAFaultyAnswerIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Answer)
		want  string
	}{
		{"another word", func(a *Answer) { a.Verdict = "yes" }, "not one of"},
		{"nobody signs", func(a *Answer) { a.Author = "" }, "author"},
		{"it never expires", func(a *Answer) { a.Expires = time.Time{} }, "expires"},
		{"it expires before it is given", func(a *Answer) { a.Expires = day("2025-01-01") }, "before its date"},
		{"it passes without evidence", func(a *Answer) { a.Evidence = "" }, "evidence"},
		{"controls decide", func(a *Answer) { a.Requirement = "1.1" }, "decided by controls"},
		{"there is no such requirement", func(a *Answer) { a.Requirement = "9.9" }, "no requirement 9.9"},
		{"it answers nothing", func(a *Answer) { a.Requirement = "" }, "needed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := answer("", Yes, "2026-01-01", "2026-12-31")
			c.spoil(&a)
			err := a.Check()
			if err == nil {
				err = a.Fits(small())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func BenchmarkAssess(b *testing.B) {
	s, rs := many(64)
	var fs []haetae.Finding
	var cov []haetae.Coverage
	for i := range 100_000 {
		fs = append(fs, found(rs[i%len(rs)], fmt.Sprintf("%012d", i%500), fmt.Sprint(i), haetae.Pass))
	}
	for i := range 500 {
		cov = append(cov, listed(fmt.Sprintf("%012d", i)))
	}
	scan := Scan{Findings: fs, Coverage: cov, Rules: rs, Time: now}
	b.ReportAllocs()
	for b.Loop() {
		Assess(s, scan)
	}
}
