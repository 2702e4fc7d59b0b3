package schema

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// defaultSet is what defaults.yaml says of one type.
type defaultSet struct {
	Doc     string              `yaml:"doc"`
	Date    string              `yaml:"date"`
	Values  map[string]any      `yaml:"values"`
	Absent  []string            `yaml:"absent"`
	Account []string            `yaml:"account"`
	Unless  map[string][]string `yaml:"unless"`
	Docs    map[string]string   `yaml:"docs"`
}

func parseDefaults(text []byte) (map[string]defaultSet, error) {
	var m map[string]defaultSet
	if err := yaml.Load(text, &m, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	for name, d := range m {
		if !strings.HasPrefix(d.Doc, "https://") || d.Date == "" {
			return nil, fmt.Errorf("%s: needs the page and the date", name)
		}
		seen := map[string]bool{}
		for _, path := range slices.Concat(slices.Collect(maps.Keys(d.Values)), d.Absent, d.Account) {
			if seen[path] {
				return nil, fmt.Errorf("%s: %s stands there twice", name, path)
			}
			seen[path] = true
		}
		for path := range d.Unless {
			if path != "*" && !seen[path] {
				return nil, fmt.Errorf("%s: unless: %s has no default", name, path)
			}
		}
	}
	return m, nil
}

// source returns the page for a path: that of the path itself or of the
// nearest object around it that has one, else that of the type.
func (d defaultSet) source(path string) string {
	page := d.Doc
	for p := path; p != ""; {
		if u, ok := d.Docs[p]; ok {
			page = u
			break
		}
		i := strings.LastIndexAny(p, ".[")
		if i < 0 {
			break
		}
		p = p[:i]
	}
	return page + ", " + d.Date
}

// unless returns the conditions under which the default of the path does not
// hold.
func (d defaultSet) unless(path string) []Condition {
	list, ok := d.Unless[path]
	if !ok {
		list = d.Unless["*"]
	}
	var out []Condition
	for _, c := range list {
		p, v, _ := strings.Cut(c, "=")
		out = append(out, Condition{Path: p, Value: v})
	}
	return out
}

func (s *Schema) applyDefaults(t *Type) error {
	d, ok := s.defaults[t.Name]
	if !ok {
		return nil
	}
	e := t.edit()
	set := func(path string, change func(*Field) error) error {
		err := e.change(t.Props, split(path), func(f *Field) error {
			f.Default, f.HasDefault, f.Absent, f.AccountDependent = nil, false, false, false
			f.DefaultDoc, f.Unless = d.source(path), d.unless(path)
			return change(f)
		})
		if errors.Is(err, errNoField) {
			return t.missing(path, split(path))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	for path, v := range d.Values {
		err := set(path, func(f *Field) (err error) {
			f.Default, err = f.value(v)
			f.HasDefault = true
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, path := range d.Absent {
		if err := set(path, func(f *Field) error { f.Absent = true; return nil }); err != nil {
			return err
		}
	}
	for _, path := range d.Account {
		if err := set(path, func(f *Field) error { f.AccountDependent = true; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// value brings v to the types that property trees are made of and checks that
// it fits the field.
func (f *Field) value(v any) (any, error) {
	wrong := func() error { return fmt.Errorf("%s: %v (%T) is not a %s", f.Name, v, v, f.Kind) }
	switch f.Kind {
	case JSON:
		return plain(v), nil
	case List:
		in, ok := v.([]any)
		if !ok {
			return nil, wrong()
		}
		out := make([]any, len(in))
		for i, e := range in {
			var err error
			if out[i], err = f.Elem.value(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	case Map, KindObject:
		in, ok := v.(map[string]any)
		if !ok {
			return nil, wrong()
		}
		out := make(map[string]any, len(in))
		for k, e := range in {
			g := f.Elem
			if f.Kind == KindObject {
				if g, ok = f.Object.Field(k); !ok {
					return nil, fmt.Errorf("%s: no field %q", f.Name, k)
				}
			}
			var err error
			if out[k], err = g.value(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	v = plain(v)
	switch x := v.(type) {
	case bool:
		if f.Kind == Bool {
			return x, nil
		}
	case string:
		if f.Kind == String || f.Kind == Time {
			return x, nil
		}
	case int64:
		if f.Kind == Double {
			return float64(x), nil
		}
		if f.Kind == Int {
			return x, nil
		}
	case float64:
		if f.Kind == Double {
			return x, nil
		}
		if f.Kind == Int && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int64(x), nil
		}
	}
	return nil, wrong()
}

// plain brings decoded numbers to int64 and float64. JSON has floats only; the
// whole ones among them are integers.
func plain(v any) any {
	switch x := v.(type) {
	case int:
		return int64(x)
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = plain(e)
		}
		return out
	}
	return v
}
