package content

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/exception"
)

// exceptionFile is an exception as it is written.
type exceptionFile struct {
	ID        string        `yaml:"id"`
	Owner     string        `yaml:"owner"`
	Reason    string        `yaml:"reason"`
	Expires   string        `yaml:"expires"`
	Controls  []string      `yaml:"controls"`
	Accounts  []string      `yaml:"accounts"`
	Units     []string      `yaml:"organizational_units"`
	Regions   []string      `yaml:"regions"`
	Resources resourceScope `yaml:"resources"`
	Tags      yaml.Node     `yaml:"tags"`
	When      string        `yaml:"when"`
	Examples  struct {
		Match   []worldFile `yaml:"match"`
		NoMatch []worldFile `yaml:"no_match"`
		Unknown []worldFile `yaml:"unknown"`
	} `yaml:"examples"`
}

type resourceScope struct {
	Types []string `yaml:"types"`
	IDs   []string `yaml:"ids"`
	ARNs  []string `yaml:"arns"`
}

// ParseExceptions decodes a list of exceptions; file names it in messages. It
// reports every fault of every exception at once. What they say of controls is
// for [exception.NewSet].
func ParseExceptions(data []byte, file string) ([]*exception.Exception, error) {
	var nodes []yaml.Node
	if err := yaml.Load(data, &nodes); err != nil {
		return nil, exceptionError(file, 0, err)
	}
	var out []*exception.Exception
	var errs []error
	for i := range nodes {
		x, err := parseException(&nodes[i], file)
		if err != nil {
			errs = append(errs, exceptionError(file, nodes[i].Line, err))
			continue
		}
		out = append(out, x)
	}
	return out, errors.Join(errs...)
}

func parseException(n *yaml.Node, file string) (*exception.Exception, error) {
	var f exceptionFile
	if err := n.Load(&f, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	x := &exception.Exception{ID: f.ID, Owner: f.Owner, Reason: f.Reason, Expires: f.Expires, Controls: f.Controls, Accounts: f.Accounts, Units: f.Units, Regions: f.Regions,
		Types: f.Resources.Types, IDs: f.Resources.IDs, ARNs: f.Resources.ARNs, When: f.When, Place: haetae.Place{File: file, Line: n.Line}}
	var err error
	if x.Tags, err = tagScope(&f.Tags); err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		from []worldFile
		want exception.Scope
	}{{f.Examples.Match, exception.Inside}, {f.Examples.NoMatch, exception.Outside}, {f.Examples.Unknown, exception.Undecided}} {
		for _, w := range kind.from {
			snap, err := w.snapshot(file, exampleDefaults)
			if err != nil {
				return nil, fmt.Errorf("example %q: %w", w.Name, err)
			}
			x.Examples = append(x.Examples, exception.Example{Name: w.Name, Want: kind.want, World: snap, Line: w.Resources.Line})
		}
	}
	return x, x.Check()
}

// tagScope reads a mapping of tags to patterns, in its order.
func tagScope(n *yaml.Node) ([]exception.Tag, error) {
	if n.Kind == 0 {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: tags must be a mapping of keys to values", n.Line)
	}
	var out []exception.Tag
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := n.Content[i+1]
		if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			return nil, fmt.Errorf("line %d: the tag %s needs a text: \"*\" for any value", v.Line, n.Content[i].Value)
		}
		out = append(out, exception.Tag{Key: n.Content[i].Value, Value: v.Value})
	}
	return out, nil
}

// Exceptions returns those of all YAML files of a folder; name gives a file of
// it its name for messages.
func Exceptions(tree fs.FS, name func(string) string) ([]*exception.Exception, error) {
	var out []*exception.Exception
	var errs []error
	err := fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(file); d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return nil
		}
		data, err := fs.ReadFile(tree, file)
		if err != nil {
			return fmt.Errorf("read %s: %w", name(file), err)
		}
		list, err := ParseExceptions(data, name(file))
		out = append(out, list...)
		errs = append(errs, err)
		return nil
	})
	return out, errors.Join(append(errs, err)...)
}

func exceptionError(file string, line int, err error) error {
	if line > 0 {
		file = fmt.Sprintf("%s:%d", file, line)
	}
	return &haetae.Error{Code: haetae.Invalid, Op: file, Err: err, Hint: "docs/exceptions.md describes the form of an exception."}
}
