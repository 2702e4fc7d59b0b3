package standard

import (
	"fmt"
	"time"
)

// Verdict is what a person answers to a manual requirement.
type Verdict string

// The three answers.
const (
	Yes       Verdict = "pass"
	No        Verdict = "fail"
	NotNeeded Verdict = "not_applicable"
)

// Answer is what a person found of a manual requirement. It counts until its
// last day is over, and then somebody must look again.
type Answer struct {
	Standard    string // id
	Requirement string // number
	Account     string // empty: all accounts that have no answer of their own
	Verdict     Verdict
	Author      string
	Date        time.Time // the day of the answer, UTC
	Expires     time.Time // the last day on which it counts, UTC
	Evidence    string    // where the evidence lies: a ticket, a link, a file
	Note        string
	File        string // where it is written, for messages
	Line        int
}

// Valid tells whether the answer still counts at a time.
func (a *Answer) Valid(at time.Time) bool {
	return at.Before(a.Expires.AddDate(0, 0, 1))
}

// Check returns what is wrong with the answer by itself.
func (a *Answer) Check() error {
	switch {
	case a.Standard == "" || a.Requirement == "":
		return fmt.Errorf("standard and requirement are needed")
	case a.Verdict != Yes && a.Verdict != No && a.Verdict != NotNeeded:
		return fmt.Errorf("answer %q is not one of pass, fail, not_applicable", a.Verdict)
	case a.Author == "":
		return fmt.Errorf("author is missing: somebody must answer for it")
	case a.Date.IsZero() || a.Expires.IsZero():
		return fmt.Errorf("date and expires are needed")
	case a.Expires.Before(a.Date):
		return fmt.Errorf("it expires on %s, before its date", a.Expires.Format(time.DateOnly))
	case a.Verdict == Yes && a.Evidence == "":
		return fmt.Errorf("evidence is missing: say where an auditor finds it")
	}
	return nil
}

// Fits returns what is wrong with the answer as one to the standard: a
// requirement that is not there, or that controls decide.
func (a *Answer) Fits(s *Standard) error {
	r := s.Find(a.Requirement)
	switch {
	case r == nil:
		return fmt.Errorf("%s has no requirement %s", s.ID, a.Requirement)
	case r.Manual == nil:
		return fmt.Errorf("%s/%s is decided by controls, not by answers", s.ID, r.ID)
	}
	return nil
}

// answers finds the answer to a requirement in an account: its own before that
// for all accounts, the latest before older ones. When that one has expired,
// nothing counts, since it says what was known last.
type answers map[[2]string]*Answer

func answersTo(s *Standard, all []Answer) answers {
	out := answers{}
	for i := range all {
		a := &all[i]
		if a.Standard != s.ID {
			continue
		}
		key := [2]string{a.Requirement, a.Account}
		if old := out[key]; old == nil || !a.Date.Before(old.Date) {
			out[key] = a
		}
	}
	return out
}

func (as answers) find(requirement, account string) *Answer {
	if a := as[[2]string{requirement, account}]; a != nil {
		return a
	}
	return as[[2]string{requirement, ""}]
}
