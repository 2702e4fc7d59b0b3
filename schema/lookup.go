package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PathError says which part of a path does not exist.
type PathError struct {
	Type, Path string
	At         string // the part that is there, "" if none
	Name       string // the part that is not
	Nearest    string // the most similar name that would be, or ""
}

// Error says what is wrong and, where possible, what was meant.
func (e *PathError) Error() string {
	s := fmt.Sprintf("%s has no %q", e.Type, e.Path)
	if e.At != "" {
		s += fmt.Sprintf(": %q ends there, at %q", e.At, e.Name)
	}
	if e.Nearest != "" {
		s += fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return s
}

// Lookup resolves a dotted path in Props, Observed or Volatile. "[]" after a
// name goes into the elements of a list: "SecurityGroupIngress[].CidrIp". "*"
// in place of a name, or "{}" after one, goes into the values of a map.
func (t *Type) Lookup(path string) (*Field, error) {
	steps := split(path)
	f, ok := t.find(steps)
	if !ok {
		return nil, t.missing(path, steps)
	}
	return f, nil
}

func (t *Type) find(steps []string) (*Field, bool) {
	for _, section := range []*Object{t.Props, t.Observed, t.Volatile} {
		if f, n := section.find(steps); n == len(steps) {
			return f, true
		}
	}
	return nil, false
}

// missing makes the error for a path that does not exist.
func (t *Type) missing(path string, steps []string) *PathError {
	// Of the three sections the one in which the path goes deepest tells most.
	var last *Field
	depth := 0
	for _, section := range []*Object{t.Props, t.Observed, t.Volatile} {
		if f, n := section.find(steps); n > depth {
			last, depth = f, n
		}
	}
	e := &PathError{Type: t.Name, Path: path, At: join(steps[:depth]), Name: steps[depth]}
	switch {
	case depth == 0:
		e.Nearest = nearest(steps[0], t.Props, t.Observed, t.Volatile)
	case last.Kind == KindObject:
		if n := nearest(steps[depth], last.Object); n != "" {
			e.Nearest = e.At + "." + n
		}
	case last.Kind == List && steps[depth] != "{}":
		e.Nearest = e.At + "[]." + steps[depth]
	}
	return e
}

// split cuts a path into names and "[]" and "{}" steps.
func split(path string) []string {
	var steps []string
	for part := range strings.SplitSeq(path, ".") {
		var inner []string
		for {
			if p, ok := strings.CutSuffix(part, "[]"); ok {
				part, inner = p, append(inner, "[]")
			} else if p, ok := strings.CutSuffix(part, "{}"); ok {
				part, inner = p, append(inner, "{}")
			} else {
				break
			}
		}
		if part == "*" {
			part = "{}"
		}
		steps = append(steps, part)
		slices.Reverse(inner)
		steps = append(steps, inner...)
	}
	return steps
}

func join(steps []string) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 && s != "[]" && s != "{}" {
			b.WriteByte('.')
		}
		b.WriteString(s)
	}
	return b.String()
}

// find follows the steps as far as they go and returns the last field and the
// number of steps taken.
func (o *Object) find(steps []string) (*Field, int) {
	f, ok := o.Field(steps[0])
	if !ok {
		return nil, 0
	}
	for i, step := range steps[1:] {
		switch {
		case step == "[]" && f.Kind == List, step == "{}" && f.Kind == Map:
			f = f.Elem
			continue
		case f.Kind == KindObject:
			if next, ok := f.Object.Field(step); ok {
				f = next
				continue
			}
		}
		return f, i + 1
	}
	return f, len(steps)
}

// editor changes the fields of one type. Definitions are shared between paths
// and may be recursive, so an object is copied before it is first changed; the
// copies are those that it owns, and only one path leads to each.
type editor struct {
	owned map[*Object]bool
}

func (t *Type) edit() *editor {
	return &editor{owned: map[*Object]bool{t.Props: true, t.Observed: true, t.Volatile: true}}
}

var errNoField = errors.New("no such field")

// own returns the object itself if it may be changed and else a copy.
func (e *editor) own(o *Object) *Object {
	if e.owned[o] {
		return o
	}
	c := &Object{Name: o.Name, Fields: maps.Clone(o.Fields)}
	e.owned[c] = true
	return c
}

// change changes the field at the path in an object that it owns.
func (e *editor) change(o *Object, steps []string, change func(*Field) error) error {
	f, ok := o.Field(steps[0])
	if !ok {
		return errNoField
	}
	f, err := e.field(f, steps[1:], change)
	if err != nil {
		return err
	}
	o.Fields[steps[0]] = f
	return nil
}

func (e *editor) field(f *Field, steps []string, change func(*Field) error) (*Field, error) {
	c := *f
	if len(steps) == 0 {
		return &c, change(&c)
	}
	var err error
	switch {
	case f.Kind == KindObject:
		c.Object = e.own(f.Object)
		err = e.change(c.Object, steps, change)
	case steps[0] == "[]" && f.Kind == List, steps[0] == "{}" && f.Kind == Map:
		c.Elem, err = e.field(f.Elem, steps[1:], change)
	default:
		err = fmt.Errorf("%q is a %s, which has no %q", f.Name, f.Kind, steps[0])
	}
	return &c, err
}

// insert puts a field at the path in an object that it owns.
func (e *editor) insert(o *Object, steps []string, f *Field) error {
	if len(steps) > 1 {
		return e.change(o, steps[:len(steps)-1], func(parent *Field) error {
			if parent.Kind != KindObject {
				return fmt.Errorf("%s is a %s, not an object", join(steps[:len(steps)-1]), parent.Kind)
			}
			parent.Object = e.own(parent.Object)
			return e.insert(parent.Object, steps[len(steps)-1:], f)
		})
	}
	if o.Fields == nil {
		o.Fields = map[string]*Field{}
	}
	o.Fields[f.Name] = f
	return nil
}

// nearest returns the name in the objects that is most like the given one, if
// any is like it.
func nearest(name string, objects ...*Object) string {
	best, least := "", 1+len(name)/3
	for _, o := range objects {
		for _, n := range o.Names() {
			if d := distance(strings.ToLower(name), strings.ToLower(n), least); d < least || d == least && best == "" {
				best, least = n, d
			}
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements between two
// names. Above the limit any number above it will do.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
