// Package content holds what haetae knows as data: the YAML files below it,
// embedded, and their decoding to structs. Adding one never touches Go.
//
//	controls/<service>/<id>.yaml   checks over one resource type
//	detections/<area>/<id>.yaml    rules about events: Sigma with correlations
//	standards/<id>.yaml            frameworks: requirements and what proves them
//	sequences/<id>.yaml            attacks that several weak signals make
//	escalations/<id>.yaml          ways in which a principal gains what it was not given
//
// Unknown keys are errors, so that a misspelt one cannot be ignored.
package content

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/control"
)

//go:embed all:controls all:detections all:standards all:escalations all:sequences guardduty.yaml
var files embed.FS

// Controls returns the built-in controls and those of further trees of the
// same form, sorted by id. It reports every fault of every file at once.
func Controls(more ...fs.FS) ([]*control.Control, error) {
	var out []*control.Control
	var errs []error
	for i, tree := range append([]fs.FS{files}, more...) {
		list, err := controlsIn(tree)
		if err != nil {
			errs = append(errs, err)
		}
		if i > 0 && len(list) == 0 && err == nil && !holdsOther(tree) {
			errs = append(errs, &haetae.Error{Code: haetae.NotFound, Err: errors.New("none of controls/<service>/<id>.yaml, detections/<area>/<id>.yaml, standards/<id>.yaml, escalations/<id>.yaml, sequences/<id>.yaml and exceptions/*.yaml in the content folder"),
				Hint: "docs/add-a-control.md describes the form of a control."})
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b *control.Control) int { return strings.Compare(a.ID, b.ID) })
	return out, errors.Join(errs...)
}

// holdsOther tells whether a tree has content other than controls.
func holdsOther(tree fs.FS) bool {
	for _, pattern := range []string{"detections/*/*.yaml", "standards/*.yaml", "escalations/*.yaml", "sequences/*.yaml"} {
		if names, err := fs.Glob(tree, pattern); err == nil && len(names) > 0 {
			return true
		}
	}
	info, missing := fs.Stat(tree, "exceptions")
	return missing == nil && info.IsDir()
}

func controlsIn(tree fs.FS) ([]*control.Control, error) {
	var out []*control.Control
	var errs []error
	err := fs.WalkDir(tree, "controls", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || path.Ext(name) != ".yaml" {
			return nil
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		c, err := ParseControl(data, name)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		out = append(out, c)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, fmt.Errorf("walk controls: %w", err))
	}
	return out, errors.Join(errs...)
}

// controlFile is a control as it is written.
type controlFile struct {
	ID         string           `yaml:"id"`
	Title      haetae.Text      `yaml:"title"`
	Problem    haetae.Text      `yaml:"problem"`
	Why        haetae.Text      `yaml:"why"`
	Severity   string           `yaml:"severity"`
	Resource   string           `yaml:"resource"`
	When       string           `yaml:"when"`
	Let        yaml.Node        `yaml:"let"`
	Assert     string           `yaml:"assert"`
	Fix        haetae.Fix       `yaml:"fix"`
	References []string         `yaml:"references"`
	Aliases    haetae.Aliases   `yaml:"aliases"`
	Examples   exampleFile      `yaml:"examples"`
	Waive      []control.Waiver `yaml:"waive"`
}

type exampleFile struct {
	Pass          []worldFile `yaml:"pass"`
	Fail          []worldFile `yaml:"fail"`
	Unknown       []worldFile `yaml:"unknown"`
	NotApplicable []worldFile `yaml:"not_applicable"`
}

var controlID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// ParseControl decodes one control; file names it in messages and gives its
// service by the folder.
func ParseControl(data []byte, file string) (*control.Control, error) {
	var f controlFile
	if err := yaml.Load(data, &f, yaml.WithKnownFields()); err != nil {
		return nil, fileError(file, err)
	}
	sev, err := haetae.ParseSeverity(f.Severity)
	if err != nil {
		return nil, fileError(file, err)
	}
	c := &control.Control{
		Rule: haetae.Rule{ID: f.ID, Title: f.Title, Why: f.Why, Problem: f.Problem, Severity: sev, Type: f.Resource,
			Fix: f.Fix, References: f.References, Aliases: f.Aliases},
		Service: path.Base(path.Dir(file)), File: file,
		When: f.When, Assert: f.Assert, Waived: f.Waive,
	}
	if err := complete(c, file); err != nil {
		return nil, fileError(file, err)
	}
	if c.Let, err = lets(&f.Let); err != nil {
		return nil, fileError(file, err)
	}
	for _, kind := range []struct {
		from []worldFile
		to   *[]control.Example
	}{
		{f.Examples.Pass, &c.Examples.Pass}, {f.Examples.Fail, &c.Examples.Fail},
		{f.Examples.Unknown, &c.Examples.Unknown}, {f.Examples.NotApplicable, &c.Examples.NotApplicable},
	} {
		for _, w := range kind.from {
			snap, err := w.snapshot(file, exampleDefaults)
			if err != nil {
				return nil, fileError(file, fmt.Errorf("example %q: %w", w.Name, err))
			}
			*kind.to = append(*kind.to, control.Example{Name: w.Name, World: snap, Line: w.Resources.Line})
		}
	}
	return c, nil
}

func fileError(file string, err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: file, Err: err, Hint: "docs/add-a-control.md describes the form of a control."}
}

// complete makes sure that people get all that a control must tell them. Without
// a Korean text the English one is shown; built-in controls have both, which a
// test holds.
func complete(c *control.Control, file string) error {
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); c.ID != want {
		return fmt.Errorf("id %q is not the file's name %q", c.ID, want)
	}
	if !controlID.MatchString(c.ID) {
		return fmt.Errorf("id %q: use lower-case words joined by -", c.ID)
	}
	for _, t := range []struct {
		name string
		text haetae.Text
	}{{"title", c.Title}, {"problem", c.Problem}, {"why", c.Why}, {"fix.console", c.Fix.Console}} {
		if t.text.EN == "" {
			return fmt.Errorf("%s is missing in English", t.name)
		}
	}
	if c.Fix.CLI == "" && c.Fix.CloudFormation == "" {
		return errors.New("fix needs cli or cloudformation beside console")
	}
	if len(c.References) == 0 {
		return errors.New("references is empty: name the AWS page that the control rests on")
	}
	return nil
}

// lets reads the let mapping in the order in which it is written.
func lets(n *yaml.Node) ([]control.Let, error) {
	if n.Kind == 0 {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: let must be a mapping of names to expressions", n.Line)
	}
	var out []control.Let
	for i := 0; i < len(n.Content); i += 2 {
		out = append(out, control.Let{Name: n.Content[i].Value, Expr: n.Content[i+1].Value})
	}
	return out, nil
}

// File returns the text of a content file, looked for in the further trees
// first.
func File(name string, more ...fs.FS) ([]byte, error) {
	for _, tree := range append(more[:len(more):len(more)], files) {
		if data, err := fs.ReadFile(tree, name); err == nil {
			return data, nil
		}
	}
	return nil, &haetae.Error{Code: haetae.NotFound, Op: name, Err: fs.ErrNotExist}
}
