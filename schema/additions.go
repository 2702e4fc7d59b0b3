package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// addition is what additions.yaml says of one type.
type addition struct {
	Singleton   string               `yaml:"singleton"`
	PrimaryID   []string             `yaml:"primaryID"`
	ARN         string               `yaml:"arn"`
	TagProperty string               `yaml:"tagProperty"`
	Props       map[string]yaml.Node `yaml:"props"`
	Observed    map[string]yaml.Node `yaml:"observed"`
	Volatile    map[string]yaml.Node `yaml:"volatile"`
}

func parseAdditions(text []byte) (map[string]addition, error) {
	var m map[string]addition
	if err := yaml.Load(text, &m, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	for name, a := range m {
		switch a.Singleton {
		case "", "account", "region", "organization":
		default:
			return nil, fmt.Errorf("%s: unknown singleton %q", name, a.Singleton)
		}
	}
	return m, nil
}

func (s *Schema) add(t *Type) error {
	a, ok := s.additions[t.Name]
	if !ok {
		return nil
	}
	if !t.Added && (a.Singleton != "" || a.PrimaryID != nil || a.ARN != "" || a.TagProperty != "") {
		return errors.New("a type of the published schema can only gain properties")
	}
	if t.Added {
		t.Singleton, t.PrimaryID, t.ARN, t.TagProperty = a.Singleton, a.PrimaryID, a.ARN, a.TagProperty
	}
	e := t.edit()
	for _, section := range []struct {
		name   string
		object *Object
		fields map[string]yaml.Node
	}{{"props", t.Props, a.Props}, {"observed", t.Observed, a.Observed}, {"volatile", t.Volatile, a.Volatile}} {
		// Sorted, so that A is there before A.B is added to it.
		for _, path := range slices.Sorted(maps.Keys(section.fields)) {
			node := section.fields[path]
			steps := split(path)
			if _, there := t.find(steps); there {
				return fmt.Errorf("%s: %s is there already", section.name, path)
			}
			f := &Field{Name: steps[len(steps)-1], Added: true}
			if err := s.notation(f, &node); err != nil {
				return fmt.Errorf("%s: %s: line %d: %w", section.name, path, node.Line, err)
			}
			if err := e.insert(section.object, steps, f); err != nil {
				return fmt.Errorf("%s: %s: %w", section.name, path, err)
			}
		}
	}
	return nil
}

// notation reads a type: a name, a list of one type, or an object.
func (s *Schema) notation(f *Field, n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		return s.word(f, n.Value)
	case yaml.SequenceNode:
		if len(n.Content) != 1 {
			return errors.New("a list has one type of element")
		}
		f.Kind, f.Elem = List, &Field{Added: true}
		return s.notation(f.Elem, n.Content[0])
	case yaml.MappingNode:
		f.Kind, f.Object = KindObject, &Object{Name: f.Name, Fields: map[string]*Field{}}
		for i := 0; i+1 < len(n.Content); i += 2 {
			g := &Field{Name: n.Content[i].Value, Added: true}
			if err := s.notation(g, n.Content[i+1]); err != nil {
				return fmt.Errorf("%s: %w", g.Name, err)
			}
			f.Object.Fields[g.Name] = g
		}
		return nil
	}
	return errors.New("neither a type, a list nor an object")
}

func (s *Schema) word(f *Field, w string) error {
	if w, ok := strings.CutPrefix(w, "[]"); ok {
		f.Kind, f.Elem = List, &Field{Added: true}
		return s.word(f.Elem, w)
	}
	if w, ok := strings.CutPrefix(w, "map["); ok {
		w, ok := strings.CutSuffix(w, "]")
		if !ok {
			return errors.New("map[ without ]")
		}
		f.Kind, f.Elem = Map, &Field{Added: true}
		return s.word(f.Elem, w)
	}
	if w, ok := strings.CutPrefix(w, "like "); ok {
		return s.like(f, w)
	}
	for k := Bool; k <= JSON; k++ {
		if w == k.String() {
			f.Kind = k
			return nil
		}
	}
	return fmt.Errorf("unknown type %q", w)
}

// like takes the shape of a published type, or of one of its properties, with
// the defaults that it has there. A child leaves out the reference to its
// parent.
func (s *Schema) like(f *Field, w string) error {
	w, without, _ := strings.Cut(w, " without ")
	name, path, _ := strings.Cut(w, ".")
	text, ok := s.spec[name]
	if !ok {
		return fmt.Errorf("like %s: no such published type", name)
	}
	t, err := decode(name, text)
	if err != nil {
		return err
	}
	if err := s.applyDefaults(t); err != nil {
		return err
	}
	if path == "" {
		if _, ok := t.Props.Field(without); without != "" && !ok {
			return fmt.Errorf("%s has no %s to leave out", name, without)
		}
		delete(t.Props.Fields, without)
		f.Kind, f.Object = KindObject, &Object{Name: name[strings.LastIndexByte(name, ':')+1:], Fields: t.Props.Fields}
		return nil
	}
	g, err := t.Lookup(path)
	if err != nil {
		return err
	}
	f.Kind, f.Object, f.Elem, f.Refs = g.Kind, g.Object, g.Elem, g.Refs
	return nil
}
