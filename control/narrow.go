package control

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// narrowMost is the longest list that is searched for the elements that decide.
const narrowMost = 200

// narrow replaces a list in the evidence of a failure by those elements that
// make the control fail by themselves: the one rule of forty that opens the
// port. A list that fails when it is empty fails for what it lacks, and stays.
func (e *evaluator) narrow(p *program, r *haetae.Resource, evidence []haetae.Evidence) []haetae.Evidence {
	var out []haetae.Evidence
	for _, ev := range evidence {
		path, list := ev.Path, ev.Value
		if doc, ok := list.(map[string]any); ok && doc["Statement"] != nil {
			path, list = path+".Statement", doc["Statement"]
		}
		elems, ok := list.([]any)
		if !ok || len(elems) == 0 || len(elems) > narrowMost || e.failsWith(p, r, path, []any{}) {
			out = append(out, ev)
			continue
		}
		n := len(out)
		for i, x := range elems {
			if e.failsWith(p, r, path, []any{x}) {
				at := path + "[" + strconv.Itoa(i) + "]"
				one := haetae.Evidence{Path: at, Value: x, Place: r.Origin.At(at), From: ev.From}
				if one.Place.Child != "" {
					one.From = "child"
				}
				out = append(out, one)
			}
		}
		if len(out) == n {
			out = append(out, ev) // they fail only together
		}
	}
	return out
}

// failsWith judges a copy of the resource with one value replaced.
func (e *evaluator) failsWith(p *program, r *haetae.Resource, path string, v any) bool {
	props, ok := replaced(r.Props, steps(path), v).(map[string]any)
	if !ok {
		return false
	}
	c := *r
	c.Props = props
	when, assert := e.verdict(p, &c, nil)
	return when == true && assert == false
}

// steps takes apart a concrete path: "Policies[0].PolicyDocument".
func steps(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

// replaced is the tree with the value at the path replaced; what is not on the
// path is shared. It is nil when the path is not there.
func replaced(tree any, path []string, v any) any {
	if len(path) == 0 {
		return v
	}
	switch x := tree.(type) {
	case map[string]any:
		inner, ok := x[path[0]]
		if !ok {
			return nil
		}
		c := maps.Clone(x)
		if c[path[0]] = replaced(inner, path[1:], v); c[path[0]] == nil {
			return nil
		}
		return c
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(x) {
			return nil
		}
		c := slices.Clone(x)
		if c[i] = replaced(x[i], path[1:], v); c[i] == nil {
			return nil
		}
		return c
	}
	return nil
}
