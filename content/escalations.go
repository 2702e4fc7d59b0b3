package content

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
)

// Escalation is a primitive with the worlds that prove it.
type Escalation struct {
	iam.Primitive
	Examples []EscalationExample
}

// EscalationExample is a small world and whether the primitive works in it.
type EscalationExample struct {
	Name  string
	By    string      // ID of the principal that tries
	To    string      // ID of the principal that is reached, "" when it is none of the world's
	Works iam.Verdict // Allowed, ImplicitlyDenied for blocked, DependsOn for unknown
	World *haetae.Snapshot
}

// Escalations returns the catalogue of escalation primitives and those of
// further trees of the same form, sorted by id. It reports every fault of every
// file at once.
func Escalations(more ...fs.FS) ([]*Escalation, error) {
	var out []*Escalation
	var errs []error
	for _, tree := range append([]fs.FS{files}, more...) {
		names, err := fs.Glob(tree, "escalations/*.yaml")
		if err != nil {
			return nil, fmt.Errorf("list escalations: %w", err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(tree, name)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			e, err := ParseEscalation(data, name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if i := slices.IndexFunc(out, func(o *Escalation) bool { return o.ID == e.ID }); i >= 0 {
				errs = append(errs, escalationError(name, fmt.Errorf("the id is already that of %s", out[i].File)))
				continue
			}
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b *Escalation) int { return strings.Compare(a.ID, b.ID) })
	return out, errors.Join(errs...)
}

// escalationFile is a primitive as it is written.
type escalationFile struct {
	iam.Primitive `yaml:",inline"`
	Severity      string             `yaml:"severity"`
	Examples      escalationExamples `yaml:"examples"`
}

// escalationExamples are changes of one world: its resources, and those that an
// example replaces, adds or is without.
type escalationExamples struct {
	By        string       `yaml:"by"`
	To        string       `yaml:"to"`
	Resources yaml.Node    `yaml:"resources"`
	Escalates []changeFile `yaml:"escalates"`
	Blocked   []changeFile `yaml:"blocked"`
	Unknown   []changeFile `yaml:"unknown"`
}

type changeFile struct {
	Name      string        `yaml:"name"`
	Coverage  []coverageRow `yaml:"coverage"`
	Without   []string      `yaml:"without"`
	Resources yaml.Node     `yaml:"resources"`
}

// ParseEscalation decodes one primitive; file names it in messages.
func ParseEscalation(data []byte, file string) (*Escalation, error) {
	var f escalationFile
	if err := yaml.Load(data, &f, yaml.WithKnownFields()); err != nil {
		return nil, escalationError(file, err)
	}
	e := &Escalation{Primitive: f.Primitive}
	e.File = file
	sev, err := haetae.ParseSeverity(f.Severity)
	if err != nil {
		return nil, escalationError(file, err)
	}
	e.Severity = sev
	err = e.Check()
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); e.ID != want {
		err = errors.Join(err, fmt.Errorf("id %q is not the file's name %q", e.ID, want))
	}
	if err != nil {
		return nil, escalationError(file, err)
	}
	x := &f.Examples
	if len(x.Blocked) == 0 || len(x.Escalates)+len(x.Unknown) == 0 {
		return nil, escalationError(file, errors.New("examples: one that works, or is unknown, and one that is blocked are needed"))
	}
	for _, kind := range []struct {
		list  []changeFile
		works iam.Verdict
	}{{x.Escalates, iam.Allowed}, {x.Blocked, iam.ImplicitlyDenied}, {x.Unknown, iam.DependsOn}} {
		for i := range kind.list {
			c := &kind.list[i]
			world, err := x.world(c, file)
			if err != nil {
				return nil, escalationError(file, fmt.Errorf("example %q: %w", c.Name, err))
			}
			e.Examples = append(e.Examples, EscalationExample{c.Name, x.By, x.To, kind.works, world})
		}
	}
	return e, nil
}

// world is the common world with the changes of an example.
func (x *escalationExamples) world(c *changeFile, file string) (*haetae.Snapshot, error) {
	ids := func(n *yaml.Node) (out []string) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			out = append(out, n.Content[i].Value)
		}
		return out
	}
	if c.Name == "" {
		return nil, errors.New("it has no name")
	}
	all, own := ids(&x.Resources), ids(&c.Resources)
	for _, id := range c.Without {
		if !slices.Contains(all, id) {
			return nil, fmt.Errorf("without names %s, which is not there", id)
		}
	}
	w := worldFile{Name: c.Name, Coverage: c.Coverage}
	w.Resources.Kind, w.Resources.Tag = yaml.MappingNode, "!!map"
	for i := 0; i+1 < len(x.Resources.Content); i += 2 {
		if id := x.Resources.Content[i].Value; !slices.Contains(c.Without, id) && !slices.Contains(own, id) {
			w.Resources.Content = append(w.Resources.Content, x.Resources.Content[i], x.Resources.Content[i+1])
		}
	}
	w.Resources.Content = append(w.Resources.Content, c.Resources.Content...)
	for _, id := range []string{x.By, x.To} {
		if id != "" && !slices.Contains(ids(&w.Resources), id) {
			return nil, fmt.Errorf("%s is not in it", id)
		}
	}
	return w.snapshot(file, exampleDefaults)
}

func escalationError(file string, err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: file, Err: err, Hint: "docs/escalations.md describes the form of a primitive."}
}
