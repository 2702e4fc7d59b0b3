package terraform

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

//go:embed types.yaml
var typesYAML []byte

// mapping says what a resource type of the provider is; types.yaml explains its
// members.
type mapping struct {
	Type   string              `yaml:"type"`
	Part   string              `yaml:"part"`
	By     string              `yaml:"by"`
	Root   string              `yaml:"root"`
	Shape  string              `yaml:"shape"`
	When   string              `yaml:"when"`
	Set    map[string]any      `yaml:"set"`
	Fields map[string]*renamed `yaml:"fields"`

	tree *rename
}

// renamed is where an attribute goes when its name does not say it.
type renamed struct {
	To string `yaml:"to"`
	// Values replaces texts; those that are not in it stay.
	Values map[string]any `yaml:"values"`
	Not    bool           `yaml:"not"` // a bool is turned round
}

// UnmarshalYAML reads the short form, a path, or the long one.
func (f *renamed) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		f.To = n.Value
		return nil
	}
	type plain renamed
	return n.Load((*plain)(f), yaml.WithKnownFields())
}

// rename is the fields of a mapping as a tree of the attributes' names.
type rename struct {
	*renamed
	children map[string]*rename
}

func (n *rename) child(name string) *rename {
	if n == nil {
		return nil
	}
	return n.children[name]
}

// listed is one or several mappings of a type.
type listed []*mapping

// UnmarshalYAML reads a type's name, a mapping, or a list of mappings.
func (l *listed) UnmarshalYAML(n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		*l = listed{{Type: n.Value}}
		return nil
	case yaml.SequenceNode:
		type plain []*mapping
		return n.Load((*plain)(l), yaml.WithKnownFields())
	}
	m := &mapping{}
	*l = listed{m}
	return n.Load(m, yaml.WithKnownFields())
}

// mappings reads types.yaml once; what it returns is not to be changed.
var mappings = sync.OnceValues(func() (map[string]listed, error) { return parseMappings(typesYAML) })

func parseMappings(text []byte) (map[string]listed, error) {
	var file struct {
		Types map[string]listed `yaml:"types"`
		Same  map[string]string `yaml:"same"`
	}
	if err := yaml.Load(text, &file, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	for name, list := range file.Types {
		for _, m := range list {
			if (m.Type == "") == (m.Part == "") {
				return nil, fmt.Errorf("%s: give it a type or a part", name)
			}
			if _, ok := shapes()[m.Shape]; !ok && m.Shape != "" {
				return nil, fmt.Errorf("%s: there is no shape %s", name, m.Shape)
			}
			m.tree = m.rename()
		}
	}
	for name, as := range file.Same {
		list, ok := file.Types[as]
		if _, twice := file.Types[name]; !ok || twice {
			return nil, fmt.Errorf("%s: cannot be the same as %s", name, as)
		}
		file.Types[name] = list
	}
	return file.Types, nil
}

func (m *mapping) rename() *rename {
	root := &rename{children: map[string]*rename{}}
	for path, f := range m.Fields {
		n := root
		for step := range strings.SplitSeq(path, ".") {
			next := n.children[step]
			if next == nil {
				next = &rename{children: map[string]*rename{}}
				n.children[step] = next
			}
			n = next
		}
		n.renamed = f
	}
	return root
}

// target is the CloudFormation type whose properties the mapping gives.
func (m *mapping) target() string {
	if m.Type != "" {
		return m.Type
	}
	return m.Part
}
