package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/report"
	"github.com/haetae/haetae/standard"
)

// standardFlags say by which standards a scan judges.
type standardFlags struct {
	ids         []string
	answers     string
	allControls bool
}

// frameworks is what a scan needs to assess standards: those asked for, and
// what people answered.
type frameworks struct {
	standards []*standard.Standard
	answers   []standard.Answer
}

// standards are the built-in standards and those of --content.
func (a *app) standards() ([]*standard.Standard, error) {
	trees, err := contentTrees(a.content)
	if err != nil {
		return nil, err
	}
	return content.Standards(trees...)
}

// frameworks reads what the flags name. It is empty when they name nothing.
func (a *app) frameworks(f *standardFlags) (frameworks, error) {
	var out frameworks
	if len(f.ids) == 0 {
		if f.answers != "" || f.allControls {
			return out, usagef("--answers and --all-controls need --standard")
		}
		return out, nil
	}
	all, err := a.standards()
	if err != nil {
		return out, err
	}
	for _, id := range f.ids {
		s := findStandard(all, id)
		if s == nil {
			return out, usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("--standard %s is no standard", id), Hint: "There are " + strings.Join(standardIDs(all), ", ") + "."}}
		}
		if !slices.Contains(out.standards, s) {
			out.standards = append(out.standards, s)
		}
	}
	if f.answers == "" {
		return out, nil
	}
	data, err := os.ReadFile(f.answers)
	if err != nil {
		return out, usage{&haetae.Error{Code: haetae.NotFound, Op: "--answers", Err: err, Hint: "docs/add-a-standard.md describes the file."}}
	}
	if out.answers, err = content.ParseAnswers(data, f.answers, all); err != nil {
		return out, usage{err}
	}
	return out, nil
}

func findStandard(all []*standard.Standard, id string) *standard.Standard {
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func standardIDs(all []*standard.Standard) []string {
	var ids []string
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
}

// controls picks those that the standards name.
func (f frameworks) controls(all []*control.Control) ([]*control.Control, error) {
	has := func(id string) bool {
		return slices.ContainsFunc(all, func(c *control.Control) bool { return c.ID == id })
	}
	if errs := content.MissingControls(f.standards, has); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	named := map[string]bool{}
	for _, s := range f.standards {
		for _, id := range s.Controls() {
			named[id] = true
		}
	}
	var out []*control.Control
	for _, c := range all {
		if named[c.ID] {
			out = append(out, c)
		}
	}
	return out, nil
}

// assess adds the standards to a report.
func (f frameworks) assess(rep *report.Report, ran []*control.Control) {
	rules := make([]*haetae.Rule, len(ran))
	for i, c := range ran {
		rules[i] = &c.Rule
	}
	for _, s := range f.standards {
		rep.Standards = append(rep.Standards, standard.Assess(s, standard.Scan{
			Findings: rep.Findings, Coverage: rep.Coverage, Rules: rules, Answers: f.answers, Time: rep.Time,
		}))
	}
}

// explainStandard prints a framework, or one requirement of it: "cis-5.0" or
// "cis-5.0/2.2.1". It is false when the id is neither.
func (a *app) explainStandard(id string) (bool, error) {
	all, err := a.standards()
	if err != nil {
		return false, err
	}
	name, number, one := strings.Cut(id, "/")
	s := findStandard(all, name)
	if s == nil {
		return false, nil
	}
	if !one {
		_, err := fmt.Fprint(a.out, a.standardText(s))
		return true, err
	}
	r := s.Find(number)
	if r == nil {
		return true, usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s has no requirement %s", s.ID, number), Hint: "haetae explain " + s.ID + " lists all requirements."}}
	}
	text, err := a.requirementText(s, r)
	if err == nil {
		_, err = fmt.Fprint(a.out, text)
	}
	return true, err
}

func (a *app) standardText(s *standard.Standard) string {
	var b strings.Builder
	manual := 0
	for _, r := range s.All() {
		if r.Manual != nil {
			manual++
		}
	}
	fmt.Fprintf(&b, "%s  (%s, %s)\n%s\n\n", s.ID, s.Publisher, s.Version, s.Title.In(a.lang))
	fmt.Fprintf(&b, "%s\n\n", s.Notice.In(a.lang))
	fmt.Fprintf(&b, a.say("%d requirements: %d decided by %d controls, %d by people's answers (haetae scan --answers FILE)\n", "요구 사항 %d개: %d개는 점검 %d개로 판정하고, %d개는 사람이 답한다(haetae scan --answers FILE)\n"),
		len(s.All()), len(s.All())-manual, len(s.Controls()), manual)
	for _, sec := range s.Sections {
		fmt.Fprintf(&b, "\n%s %s\n", sec.ID, sec.Title.In(a.lang))
		for _, r := range sec.Requirements {
			by := strings.Join(r.Controls, " ")
			if r.Manual != nil {
				by = a.say("answered by people", "사람이 답함")
			}
			fmt.Fprintf(&b, "  %-7s L%d  %s\n               %s\n", r.ID, r.Level, r.Title.In(a.lang), by)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", a.say("References", "참고 자료"))
	for _, r := range s.References {
		fmt.Fprintf(&b, "  %s\n", r)
	}
	return b.String()
}

func (a *app) requirementText(s *standard.Standard, r *standard.Requirement) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s  (%s, %s)\n%s\n\n", s.ID, r.ID, s.Title.In(a.lang), fmt.Sprintf(a.say("level %d", "레벨 %d"), r.Level), r.Title.In(a.lang))
	if m := r.Manual; m != nil {
		fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("How people check it", "사람이 확인하는 방법"), m.How.In(a.lang))
		fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("Evidence to attach", "첨부할 증거"), m.Evidence.In(a.lang))
		fmt.Fprintf(&b, "%s\n%s\n", a.say("The answer, for haetae scan --answers FILE", "답(haetae scan --answers FILE에 쓴다)"),
			indent(fmt.Sprintf("- standard: %s\n  requirement: %q\n  account: \"111122223333\"   # %s\n  answer: pass              # pass, fail, not_applicable\n  author: minji@example.com\n  date: 2026-01-10\n  expires: 2027-01-09\n  evidence: SEC-123", s.ID, r.ID, a.say("leave out for all accounts", "모든 계정이면 생략"))))
		return b.String(), nil
	}
	controls, err := a.controls()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%s\n", a.say("It passes when all of these controls pass for all resources", "아래 점검이 모든 리소스에서 통과해야 통과다"))
	for _, id := range r.Controls {
		for _, c := range controls {
			if c.ID == id {
				fmt.Fprintf(&b, "  %s  (%s, %s)\n    %s\n    haetae explain %s\n", c.ID, strings.ToLower(c.Severity.String()), c.Type, c.Title.In(a.lang), c.ID)
			}
		}
	}
	return b.String(), nil
}

// say picks a text by the language of the command.
func (a *app) say(en, ko string) string {
	if a.lang == "ko" {
		return ko
	}
	return en
}
