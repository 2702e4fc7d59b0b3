package content

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/standard"
)

// Standards returns the built-in standards and those of further trees of the
// same form, sorted by id. It reports every fault of every file at once.
// Whether their controls exist is for [MissingControls].
func Standards(more ...fs.FS) ([]*standard.Standard, error) {
	var out []*standard.Standard
	var errs []error
	for _, tree := range append([]fs.FS{files}, more...) {
		names, err := fs.Glob(tree, "standards/*.yaml")
		if err != nil {
			return nil, fmt.Errorf("list standards: %w", err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(tree, name)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			s, err := ParseStandard(data, name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if i := slices.IndexFunc(out, func(o *standard.Standard) bool { return o.ID == s.ID }); i >= 0 {
				errs = append(errs, standardError(name, fmt.Errorf("the id is already that of %s", out[i].File)))
				continue
			}
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *standard.Standard) int { return strings.Compare(a.ID, b.ID) })
	return out, errors.Join(errs...)
}

// ParseStandard decodes one standard; file names it in messages.
func ParseStandard(data []byte, file string) (*standard.Standard, error) {
	var s standard.Standard
	if err := yaml.Load(data, &s, yaml.WithKnownFields()); err != nil {
		return nil, standardError(file, err)
	}
	s.File = file
	err := s.Check()
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); s.ID != want {
		err = errors.Join(err, fmt.Errorf("id %q is not the file's name %q", s.ID, want))
	}
	if err != nil {
		return nil, standardError(file, err)
	}
	return &s, nil
}

func standardError(file string, err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: file, Err: err, Hint: "docs/add-a-standard.md describes the form of a standard."}
}

// MissingControls returns, for each control that a standard names and nobody
// has, an error with the standard's file. has tells whether a control is there.
func MissingControls(standards []*standard.Standard, has func(id string) bool) []error {
	var errs []error
	for _, s := range standards {
		for _, r := range s.All() {
			for _, id := range r.Controls {
				if !has(id) {
					errs = append(errs, standardError(s.File, fmt.Errorf("requirement %s names the control %s, which does not exist", r.ID, id)))
				}
			}
		}
	}
	return errs
}

// answerFile is an answer as it is written. Dates are texts, so that a time of
// day is refused rather than dropped.
type answerFile struct {
	Standard    string `yaml:"standard"`
	Requirement string `yaml:"requirement"`
	Account     string `yaml:"account"`
	Answer      string `yaml:"answer"`
	Author      string `yaml:"author"`
	Date        string `yaml:"date"`
	Expires     string `yaml:"expires"`
	Evidence    string `yaml:"evidence"`
	Note        string `yaml:"note"`
}

// ParseAnswers decodes a list of answers to manual requirements; file names it
// in messages. It reports every fault of every answer at once, also of those
// that fit none of the standards.
func ParseAnswers(data []byte, file string, standards []*standard.Standard) ([]standard.Answer, error) {
	var nodes []yaml.Node
	if err := yaml.Load(data, &nodes); err != nil {
		return nil, answerError(file, 0, err)
	}
	var out []standard.Answer
	var errs []error
	for i := range nodes {
		a, err := parseAnswer(&nodes[i])
		a.File, a.Line = file, nodes[i].Line
		if err == nil {
			err = fits(&a, standards)
		}
		if err != nil {
			errs = append(errs, answerError(file, a.Line, err))
			continue
		}
		out = append(out, a)
	}
	return out, errors.Join(errs...)
}

func parseAnswer(n *yaml.Node) (standard.Answer, error) {
	var f answerFile
	if err := n.Load(&f, yaml.WithKnownFields()); err != nil {
		return standard.Answer{}, err
	}
	a := standard.Answer{Standard: f.Standard, Requirement: f.Requirement, Account: f.Account, Verdict: standard.Verdict(f.Answer),
		Author: f.Author, Evidence: f.Evidence, Note: f.Note}
	for _, d := range []struct {
		name, text string
		to         *time.Time
	}{{"date", f.Date, &a.Date}, {"expires", f.Expires, &a.Expires}} {
		if d.text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, d.text)
		if err != nil {
			return a, fmt.Errorf("%s %q is not a day such as 2026-03-31", d.name, d.text)
		}
		*d.to = day
	}
	return a, a.Check()
}

func fits(a *standard.Answer, standards []*standard.Standard) error {
	for _, s := range standards {
		if s.ID == a.Standard {
			return a.Fits(s)
		}
	}
	return fmt.Errorf("there is no standard %s", a.Standard)
}

func answerError(file string, line int, err error) error {
	op := file
	if line > 0 {
		op = fmt.Sprintf("%s:%d", file, line)
	}
	return &haetae.Error{Code: haetae.Invalid, Op: op, Err: err, Hint: "docs/add-a-standard.md describes the form of answers."}
}
