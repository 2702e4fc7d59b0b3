package standard

import (
	"slices"
	"time"

	"github.com/haetae/haetae"
)

// Status is what is known of a requirement.
type Status string

// A requirement passes when all its controls pass for all resources. Where
// failures are accepted it is excepted, neither passed nor failed. Manual is a
// manual requirement without an answer that counts.
const (
	Pass          Status = "PASS"
	Fail          Status = "FAIL"
	Unknown       Status = "UNKNOWN"
	Unanswered    Status = "MANUAL"
	Excepted      Status = "EXCEPTED"
	NotApplicable Status = "NOT_APPLICABLE"
)

// Statuses lists all of them, the worst first: that of several accounts
// together is the first that one of them has.
func Statuses() []Status {
	return []Status{Fail, Unknown, Unanswered, Excepted, Pass, NotApplicable}
}

// Scan is what an assessment rests on.
type Scan struct {
	Findings []haetae.Finding
	Coverage []haetae.Coverage
	// Rules are those that were run. What a requirement names beside them
	// has not been judged.
	Rules   []*haetae.Rule
	Answers []Answer
	// Time is that of the snapshot; answers expire by it.
	Time time.Time
}

// Result is what a scan says of one standard.
type Result struct {
	Standard *Standard
	Time     time.Time
	// Total is over all accounts together, and Accounts one by one, sorted.
	Total    Scope
	Accounts []Scope
}

// Scope is an account, or all of them.
type Scope struct {
	Account  string // "" for all of them, or for templates
	Outcomes []Outcome
	Score    Score
}

// Outcome is what is known of one requirement in one scope.
type Outcome struct {
	Requirement *Requirement
	Status      Status
	Counts      Counts
	// Unrun are controls of the requirement that were not run, and Uncovered
	// those that found nothing to judge where not everything was listed.
	Unrun, Uncovered []string
	// Answer is the one that decided, and Expired one that would have. For all
	// accounts together they are empty: see the accounts.
	Answer, Expired *Answer
}

// Counts are findings, by what they say. One that an exception covers counts
// as excepted only.
type Counts struct {
	Failed, Passed, Unknown, NotApplicable, Excepted int
}

func (c *Counts) add(o Counts) {
	c.Failed += o.Failed
	c.Passed += o.Passed
	c.Unknown += o.Unknown
	c.NotApplicable += o.NotApplicable
	c.Excepted += o.Excepted
}

func (c *Counts) count(f *haetae.Finding) {
	switch {
	case f.Suppressed != nil && (f.Status == haetae.Fail || f.Status == haetae.Undecided):
		c.Excepted++
	case f.Status == haetae.Fail:
		c.Failed++
	case f.Status == haetae.Undecided:
		c.Unknown++
	case f.Status == haetae.Pass:
		c.Passed++
	default:
		c.NotApplicable++
	}
}

// cell is one control in one account.
type cell struct{ control, account string }

// Assess adds up a scan for a standard.
func Assess(s *Standard, scan Scan) *Result {
	cells := map[cell]Counts{}
	wanted := map[string]*haetae.Rule{}
	for _, id := range s.Controls() {
		wanted[id] = nil
	}
	for _, r := range scan.Rules {
		if _, ok := wanted[r.ID]; ok {
			wanted[r.ID] = r
		}
	}
	accounts := map[string]bool{}
	for i := range scan.Findings {
		f := &scan.Findings[i]
		accounts[f.Resource.Account] = true
		if _, ok := wanted[f.Rule.ID]; ok {
			at := cell{f.Rule.ID, f.Resource.Account}
			c := cells[at]
			c.count(f)
			cells[at] = c
		}
	}
	for _, c := range scan.Coverage {
		accounts[c.Account] = true
	}
	names := make([]string, 0, len(accounts))
	for a := range accounts {
		names = append(names, a)
	}
	slices.Sort(names)
	if len(names) == 0 {
		names = []string{""} // an empty snapshot: nothing is known of anything
	}

	res := &Result{Standard: s, Time: scan.Time}
	given, seen := answersTo(s, scan.Answers), newCover(scan.Coverage)
	all := s.All()
	for _, account := range names {
		sc := Scope{Account: account, Outcomes: make([]Outcome, len(all))}
		for i, r := range all {
			o := &sc.Outcomes[i]
			o.Requirement = r
			if r.Manual != nil {
				o.answered(given.find(r.ID, account), scan.Time)
				continue
			}
			for _, id := range r.Controls {
				rule, counts := wanted[id], cells[cell{id, account}]
				o.Counts.add(counts)
				switch {
				case rule == nil:
					o.Unrun = append(o.Unrun, id)
				case counts == Counts{} && !seen.whole(account, rule.Type):
					o.Uncovered = append(o.Uncovered, id)
				}
			}
			o.Status = o.judged()
		}
		sc.Score = score(sc.Outcomes)
		res.Accounts = append(res.Accounts, sc)
	}
	res.Total = together(all, res.Accounts)
	return res
}

// judged is the status of a requirement that controls decide.
func (o *Outcome) judged() Status {
	switch {
	case o.Counts.Failed > 0:
		return Fail
	case o.Counts.Unknown > 0 || len(o.Unrun)+len(o.Uncovered) > 0:
		return Unknown
	case o.Counts.Excepted > 0:
		return Excepted
	case o.Counts.Passed > 0:
		return Pass
	}
	return NotApplicable
}

// answered sets the status of a manual requirement.
func (o *Outcome) answered(a *Answer, at time.Time) {
	o.Status = Unanswered
	switch {
	case a == nil:
	case !a.Valid(at):
		o.Expired = a
	default:
		o.Answer = a
		o.Status = map[Verdict]Status{Yes: Pass, No: Fail, NotNeeded: NotApplicable}[a.Verdict]
	}
}

// together is the outcome over all accounts: the worst of any.
func together(all []*Requirement, accounts []Scope) Scope {
	sc := Scope{Outcomes: make([]Outcome, len(all))}
	for i, r := range all {
		o := &sc.Outcomes[i]
		o.Requirement = r
		worst := len(Statuses()) - 1
		for _, a := range accounts {
			part := &a.Outcomes[i]
			o.Counts.add(part.Counts)
			o.Unrun = merge(o.Unrun, part.Unrun)
			o.Uncovered = merge(o.Uncovered, part.Uncovered)
			worst = min(worst, slices.Index(Statuses(), part.Status))
		}
		o.Status = Statuses()[worst]
	}
	sc.Score = score(sc.Outcomes)
	return sc
}

func merge(to, from []string) []string {
	for _, s := range from {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// cover tells which types were listed to their end, as package graph does: a row
// for a type counts before a row for "*", and no row at all means that nobody
// asked.
type cover map[[2]string]bool // account and type

func newCover(rows []haetae.Coverage) cover {
	c := cover{}
	for _, r := range rows {
		key := [2]string{r.Account, r.Type}
		whole, said := c[key]
		c[key] = r.Status == haetae.Complete && (whole || !said)
	}
	return c
}

func (c cover) whole(account, typ string) bool {
	if whole, ok := c[[2]string{account, typ}]; ok {
		return whole
	}
	return c[[2]string{account, "*"}]
}
