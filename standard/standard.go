// Package standard judges accounts by frameworks: a framework has requirements,
// a requirement names the controls that prove it or says how people check it,
// and findings and answers add up to a score that says what it does not cover.
//
// It is pure: [Assess] depends on nothing but what it is given.
package standard

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Standard is one version of a framework. It must not be changed once it is in
// use: results point into it.
type Standard struct {
	ID         string      `yaml:"id"` // "cis-5.0"
	Title      haetae.Text `yaml:"title"`
	Version    string      `yaml:"version"` // as the publisher writes it: "5.0.0"
	Publisher  string      `yaml:"publisher"`
	Notice     haetae.Text `yaml:"notice"` // whose text it is; shown in every report
	References []string    `yaml:"references"`
	Sections   []Section   `yaml:"sections"`
	File       string      `yaml:"-"` // where it is defined, for messages
}

// Section is a heading of a framework with the requirements right below it.
type Section struct {
	ID           string        `yaml:"id"`
	Title        haetae.Text   `yaml:"title"`
	Requirements []Requirement `yaml:"requirements"`
}

// Requirement is one thing that a framework asks for. It has controls or is
// manual, never both.
type Requirement struct {
	ID       string      `yaml:"id"`
	Level    int         `yaml:"level"` // of the framework's profiles: 1 or 2
	Title    haetae.Text `yaml:"title"`
	Controls []string    `yaml:"controls"` // ids; all of them must pass
	Manual   *Manual     `yaml:"manual"`
}

// Manual says how people check what no control can.
type Manual struct {
	How      haetae.Text `yaml:"how"`
	Evidence haetae.Text `yaml:"evidence"` // what to attach to the answer
}

// All returns the requirements in the order of the framework.
func (s *Standard) All() []*Requirement {
	var out []*Requirement
	for i := range s.Sections {
		for j := range s.Sections[i].Requirements {
			out = append(out, &s.Sections[i].Requirements[j])
		}
	}
	return out
}

// Find returns the requirement with the number, or nil.
func (s *Standard) Find(id string) *Requirement {
	for _, r := range s.All() {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Controls returns the ids of all controls that the standard names, sorted.
func (s *Standard) Controls() []string {
	var out []string
	for _, r := range s.All() {
		out = append(out, r.Controls...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Check returns every fault of the standard itself: what is missing, in one of
// the languages too, and numbers that stand twice. Whether the controls exist
// is for the caller to know.
func (s *Standard) Check() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	both := func(what string, t haetae.Text) {
		if t.EN == "" || t.KO == "" {
			fault("%s is missing in English or Korean", what)
		}
	}
	if s.ID == "" || s.Version == "" || s.Publisher == "" {
		fault("id, version and publisher are needed")
	}
	both("title", s.Title)
	both("notice", s.Notice)
	seen := map[string]bool{}
	once := func(kind, id string) {
		if id == "" || seen[kind+id] {
			fault("%s %q has no id of its own", kind, id)
		}
		seen[kind+id] = true
	}
	for _, sec := range s.Sections {
		once("section", sec.ID)
		both("title of section "+sec.ID, sec.Title)
		for _, r := range sec.Requirements {
			once("requirement", r.ID)
			if !strings.HasPrefix(r.ID, sec.ID+".") {
				fault("requirement %s stands in section %s", r.ID, sec.ID)
			}
			if r.Level != 1 && r.Level != 2 {
				fault("requirement %s has level %d: levels are 1 and 2", r.ID, r.Level)
			}
			both("title of "+r.ID, r.Title)
			switch {
			case (r.Manual == nil) == (len(r.Controls) == 0):
				fault("requirement %s needs either controls or manual", r.ID)
			case r.Manual != nil:
				both("manual.how of "+r.ID, r.Manual.How)
				both("manual.evidence of "+r.ID, r.Manual.Evidence)
			}
			for i, c := range r.Controls {
				if slices.Contains(r.Controls[:i], c) {
					fault("requirement %s names %s twice", r.ID, c)
				}
			}
		}
	}
	if len(seen) == 0 {
		fault("there are no sections")
	}
	return errors.Join(errs...)
}
