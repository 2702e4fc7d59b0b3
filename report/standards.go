package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/standard"
)

// standard writes one assessment: each requirement on a line, then the accounts,
// then the score.
func (t *table) standard(res *standard.Result) {
	s := res.Standard
	t.line(t.paint(bold, OneLine(s.Title.In(t.o.Lang))) + "  " + OneLine(s.ID))
	wide := 0
	for _, r := range s.All() {
		wide = max(wide, columns(OneLine(r.ID)))
	}
	i := 0
	for _, sec := range s.Sections {
		t.wrapped("  ", "    ", sec.ID+" "+sec.Title.In(t.o.Lang))
		for range sec.Requirements {
			t.requirement(res, i, wide)
			i++
		}
	}
	if len(res.Accounts) > 1 {
		t.line("  " + t.say(msgStdAccounts))
		for _, a := range res.Accounts {
			t.wrapped("    ", "      ", t.scopeName(a.Account)+"  "+t.standardScore(a.Score))
		}
	}
	t.wrapped("  ", "    ", t.standardScore(res.Total.Score))
	t.line("")
}

func (t *table) requirement(res *standard.Result, i, wide int) {
	o := &res.Total.Outcomes[i]
	left := 4 + 14 + 2 + wide + 2
	row := "    " + t.paint(statusColor(o.Status), pad(string(o.Status), 14)) + "  " + pad(OneLine(o.Requirement.ID), wide) + "  "
	lines := wrap(OneLine(o.Requirement.Title.In(t.o.Lang)+"  "+t.outcomeText(o)), t.o.Width-left)
	for j, l := range lines {
		if j > 0 {
			row = strings.Repeat(" ", left)
		}
		t.line(row + l)
	}
	space := strings.Repeat(" ", left)
	for _, e := range expired(res, i) {
		text := t.say(msgStdExpired, e.answer.Author, e.answer.Date.Format(time.DateOnly), e.answer.Expires.Format(time.DateOnly))
		if len(res.Accounts) > 1 {
			names := make([]string, len(e.accounts))
			for i, a := range e.accounts {
				names[i] = t.scopeName(a)
			}
			text = t.say(msgStdExpiredIn, text, strings.Join(names, ", "))
		}
		t.wrapped(space, space, text)
	}
}

type expiredAnswer struct {
	answer   *standard.Answer
	accounts []string
}

// expired lists the answers to a requirement that count no longer, each once.
func expired(res *standard.Result, i int) []expiredAnswer {
	var out []expiredAnswer
	for _, a := range res.Accounts {
		e := a.Outcomes[i].Expired
		if e == nil {
			continue
		}
		at := slices.IndexFunc(out, func(x expiredAnswer) bool { return x.answer == e })
		if at < 0 {
			at = len(out)
			out = append(out, expiredAnswer{answer: e})
		}
		out[at].accounts = append(out[at].accounts, a.Account)
	}
	return out
}

// outcomeText says in brackets what a status rests on.
func (v *view) outcomeText(o *standard.Outcome) string {
	var parts []string
	switch {
	case o.Requirement.Manual == nil:
	case o.Status == standard.Unanswered:
		parts = append(parts, v.say(msgStdManual))
	default:
		parts = append(parts, v.say(msgStdAnswered))
	}
	parts = append(parts, v.countsText(o.Counts)...)
	if len(o.Unrun) > 0 {
		parts = append(parts, v.say(msgStdNotRun, strings.Join(o.Unrun, " ")))
	}
	if len(o.Uncovered) > 0 {
		parts = append(parts, v.say(msgStdUncovered, strings.Join(o.Uncovered, " ")))
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func (v *view) countsText(c standard.Counts) []string {
	var parts []string
	for _, n := range []struct {
		n    int
		text haetae.Text
	}{{c.Failed, msgCountFailed}, {c.Unknown, msgCountUnknown}, {c.Excepted, msgCountSupp}, {c.Passed, msgCountPassed}} {
		if n.n > 0 {
			parts = append(parts, v.say(n.text, n.n))
		}
	}
	return parts
}

// scopeName names an account; what has none comes from templates.
func (v *view) scopeName(account string) string {
	if account == "" {
		return v.say(msgStdTemplates)
	}
	return account
}

// standardScore is a score in one sentence, with what it does not cover.
func (v *view) standardScore(s standard.Score) string {
	percent := v.say(msgStdNoScore)
	if p, ok := s.Percent(); ok {
		percent = strconv.Itoa(p) + "%"
	}
	parts := []string{v.say(msgStdScore, percent, s.Unassessed(), s.Proven())}
	for _, n := range scoreParts(s) {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", v.say(statusText(n.status)), n.count))
		}
	}
	return strings.Join(parts, "; ")
}

type scorePart struct {
	status standard.Status
	count  int
}

func scoreParts(s standard.Score) []scorePart {
	return []scorePart{{standard.Fail, s.Failed}, {standard.Unknown, s.Unknown}, {standard.Unanswered, s.Manual},
		{standard.Excepted, s.Excepted}, {standard.Pass, s.Passed}, {standard.NotApplicable, s.NotApplicable}}
}

func statusColor(s standard.Status) string {
	switch s {
	case standard.Fail:
		return red
	case standard.Unknown, standard.Unanswered:
		return yellow
	case standard.Pass:
		return green
	}
	return dim
}

// rowStandard is an assessment as programs read it.
type rowStandard struct {
	ID           string           `json:"id"`
	Title        string           `json:"title"`
	Version      string           `json:"version"`
	Publisher    string           `json:"publisher"`
	Time         string           `json:"time"`
	Score        rowScore         `json:"score"`
	Requirements []rowRequirement `json:"requirements"`
	Accounts     []rowScope       `json:"accounts"`
}

// rowScore has no percent when nothing passed or failed.
type rowScore struct {
	Percent       *int `json:"percent"`
	Unassessed    int  `json:"unassessedPercent"`
	Proven        int  `json:"provenPercent"`
	Passed        int  `json:"passed"`
	Failed        int  `json:"failed"`
	Unknown       int  `json:"unknown"`
	Manual        int  `json:"manual"`
	Excepted      int  `json:"excepted"`
	NotApplicable int  `json:"notApplicable"`
}

type rowScope struct {
	Account      string       `json:"account"`
	Score        rowScore     `json:"score"`
	Requirements []rowOutcome `json:"requirements"`
}

type rowRequirement struct {
	rowOutcome
	Section  string   `json:"section"`
	Level    int      `json:"level"`
	Title    string   `json:"title"`
	Manual   bool     `json:"manual"`
	Controls []string `json:"controls"`
}

type rowOutcome struct {
	ID            string          `json:"requirement"`
	Status        standard.Status `json:"status"`
	Failed        int             `json:"failed"`
	Passed        int             `json:"passed"`
	Unknown       int             `json:"unknown"`
	Excepted      int             `json:"excepted"`
	NotApplicable int             `json:"notApplicable"`
	NotRun        []string        `json:"notRun,omitempty"`
	NotCovered    []string        `json:"notCovered,omitempty"`
	Answer        *rowAnswer      `json:"answer,omitempty"`
	Expired       *rowAnswer      `json:"expired,omitempty"`
}

type rowAnswer struct {
	Answer   standard.Verdict `json:"answer"`
	Author   string           `json:"author"`
	Date     string           `json:"date"`
	Expires  string           `json:"expires"`
	Evidence string           `json:"evidence,omitempty"`
	Note     string           `json:"note,omitempty"`
	Origin   rowOrigin        `json:"origin"`
}

func newRowStandard(res *standard.Result, lang string) rowStandard {
	s := res.Standard
	out := rowStandard{ID: s.ID, Title: s.Title.In(lang), Version: s.Version, Publisher: s.Publisher, Time: stamp(res.Time),
		Score: newRowScore(res.Total.Score), Requirements: []rowRequirement{}, Accounts: []rowScope{}}
	i := 0
	for _, sec := range s.Sections {
		for _, r := range sec.Requirements {
			out.Requirements = append(out.Requirements, rowRequirement{rowOutcome: newRowOutcome(&res.Total.Outcomes[i]),
				Section: sec.ID, Level: r.Level, Title: r.Title.In(lang), Manual: r.Manual != nil, Controls: list(r.Controls)})
			i++
		}
	}
	for _, a := range res.Accounts {
		sc := rowScope{Account: a.Account, Score: newRowScore(a.Score), Requirements: []rowOutcome{}}
		for i := range a.Outcomes {
			sc.Requirements = append(sc.Requirements, newRowOutcome(&a.Outcomes[i]))
		}
		out.Accounts = append(out.Accounts, sc)
	}
	return out
}

func newRowScore(s standard.Score) rowScore {
	out := rowScore{nil, s.Unassessed(), s.Proven(), s.Passed, s.Failed, s.Unknown, s.Manual, s.Excepted, s.NotApplicable}
	if p, ok := s.Percent(); ok {
		out.Percent = &p
	}
	return out
}

func newRowOutcome(o *standard.Outcome) rowOutcome {
	c := o.Counts
	return rowOutcome{o.Requirement.ID, o.Status, c.Failed, c.Passed, c.Unknown, c.Excepted, c.NotApplicable,
		o.Unrun, o.Uncovered, newRowAnswer(o.Answer), newRowAnswer(o.Expired)}
}

func newRowAnswer(a *standard.Answer) *rowAnswer {
	if a == nil {
		return nil
	}
	return &rowAnswer{a.Verdict, a.Author, a.Date.Format(time.DateOnly), a.Expires.Format(time.DateOnly), a.Evidence, a.Note,
		rowOrigin{File: a.File, Line: a.Line}}
}

// lineStandard is a line of NDJSON: one requirement in an account, or a score.
type lineStandard struct {
	Standard string    `json:"standard"`
	Scope    string    `json:"scope"` // "account" or "all"
	Account  string    `json:"account"`
	Score    *rowScore `json:"score,omitempty"`
	*rowOutcome
	Title string `json:"title,omitempty"`
}

// standardLines are the outcomes of each account and of all together, each
// followed by its score.
func standardLines(res *standard.Result, lang string) []lineStandard {
	var out []lineStandard
	scope := func(kind string, sc standard.Scope) {
		for i := range sc.Outcomes {
			o := newRowOutcome(&sc.Outcomes[i])
			out = append(out, lineStandard{Standard: res.Standard.ID, Scope: kind, Account: sc.Account, rowOutcome: &o,
				Title: sc.Outcomes[i].Requirement.Title.In(lang)})
		}
		score := newRowScore(sc.Score)
		out = append(out, lineStandard{Standard: res.Standard.ID, Scope: kind, Account: sc.Account, Score: &score})
	}
	for _, a := range res.Accounts {
		scope("account", a)
	}
	scope("all", res.Total)
	return out
}
