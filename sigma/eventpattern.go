package sigma

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// Pattern is an EventBridge event pattern:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
type Pattern struct {
	root   patternNode
	source string // as it was written
}

// patternNode is an object of a pattern: all fields and all groups must match.
type patternNode struct {
	fields []patternField
	ors    [][]patternNode // each $or: one of its objects must match
}

// patternField is one name of an object, with an object below it or the values
// of which one must match.
type patternField struct {
	name   string
	object *patternNode
	values []patternTest
}

// patternKind is how a value is compared.
type patternKind uint8

const (
	patternEquals     patternKind = iota // text of the same kind, as it is written
	patternPrefix                        // of a text
	patternSuffix                        // of a text
	patternFold                          // equals-ignore-case
	patternPrefixFold                    // prefix with equals-ignore-case
	patternSuffixFold                    // suffix with equals-ignore-case
	patternWildcard                      // only * is special
	patternNumeric                       // a range
	patternCIDR                          // an address in a network
	patternExists                        // a leaf is there, or is not
	patternBut                           // anything but what is in not
)

type patternTest struct {
	kind   patternKind
	equals Value
	text   string
	glob   glob
	bounds []bound
	prefix netip.Prefix
	want   bool
	not    []patternTest
}

type bound struct {
	op    string
	value float64
}

// numericLimit is the magnitude up to which EventBridge compares numbers:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#filtering-numeric-matching
const numericLimit = 5e9

// pobject is a JSON object whose names keep their order.
type pobject []pentry

type pentry struct {
	name  string
	value any
}

// ParsePattern reads an event pattern from JSON. What EventBridge refuses is an
// error, and so is a name that stands twice in an object, of which JSON would
// silently keep one.
func ParsePattern(data []byte) (*Pattern, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := decodeOrdered(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("event pattern: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("event pattern: text after the object")
	}
	o, ok := v.(pobject)
	if !ok {
		return nil, fmt.Errorf("event pattern: not an object")
	}
	root, err := patternObject(o, "")
	if err != nil {
		return nil, fmt.Errorf("event pattern: %w", err)
	}
	return &Pattern{root, string(data)}, nil
}

func decodeOrdered(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		var out pobject
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name := k.(string) // a name, or Token had failed
			if slices.ContainsFunc(out, func(e pentry) bool { return e.name == name }) {
				return nil, fmt.Errorf("%q stands twice", name)
			}
			v, err := decodeOrdered(dec, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, pentry{name, v})
		}
		_, err := dec.Token()
		return out, err
	case json.Delim('['):
		out := []any{}
		for dec.More() {
			v, err := decodeOrdered(dec, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := dec.Token()
		return out, err
	}
	return t, nil
}

// operators are the names that stand in an object of a value. An $or over
// objects with such names is a field of that name, as it was before $or was
// an operator.
var operators = []string{"prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr", "exists"}

func patternObject(o pobject, at string) (patternNode, error) {
	var n patternNode
	if len(o) == 0 {
		return n, fmt.Errorf("%s is an empty object", strings.TrimPrefix(at, "."))
	}
	for _, e := range o {
		path := at + "." + e.name
		if e.name == "$or" {
			if group, ok := orGroup(e.value); ok {
				var nodes []patternNode
				for _, g := range group {
					node, err := patternObject(g, at)
					if err != nil {
						return n, err
					}
					nodes = append(nodes, node)
				}
				n.ors = append(n.ors, nodes)
				continue
			}
		}
		f := patternField{name: e.name}
		switch v := e.value.(type) {
		case pobject:
			node, err := patternObject(v, path)
			if err != nil {
				return n, err
			}
			f.object = &node
		case []any:
			if len(v) == 0 {
				return n, fmt.Errorf("%s is an empty list", path[1:])
			}
			for _, x := range v {
				t, err := patternValue(x)
				if err != nil {
					return n, fmt.Errorf("%s: %w", path[1:], err)
				}
				f.values = append(f.values, t)
			}
		default:
			return n, fmt.Errorf("%s must be a list or an object", path[1:])
		}
		n.fields = append(n.fields, f)
	}
	return n, nil
}

// orGroup returns the objects of an $or that is an operator: two or more, none
// with an operator's name for a field.
func orGroup(v any) ([]pobject, bool) {
	list, ok := v.([]any)
	if !ok || len(list) < 2 {
		return nil, false
	}
	var out []pobject
	for _, x := range list {
		o, ok := x.(pobject)
		if !ok || slices.ContainsFunc(o, func(e pentry) bool { return slices.Contains(operators, e.name) }) {
			return nil, false
		}
		out = append(out, o)
	}
	return out, true
}

func patternValue(x any) (patternTest, error) {
	o, ok := x.(pobject)
	if !ok {
		if _, list := x.([]any); list {
			return patternTest{}, fmt.Errorf("a list inside a list")
		}
		return patternTest{equals: value(x)}, nil
	}
	if len(o) != 1 {
		return patternTest{}, fmt.Errorf("an operator must stand alone in its object")
	}
	name, v := o[0].name, o[0].value
	switch name {
	case "prefix", "suffix":
		return affix(name, v)
	case "equals-ignore-case":
		s, ok := v.(string)
		if !ok {
			return patternTest{}, fmt.Errorf("%s needs a text", name)
		}
		return patternTest{kind: patternFold, text: fold(s)}, nil
	case "wildcard":
		s, ok := v.(string)
		if !ok {
			return patternTest{}, fmt.Errorf("wildcard needs a text")
		}
		g, err := wildcardGlob(s)
		return patternTest{kind: patternWildcard, glob: g}, err
	case "anything-but":
		return anythingBut(v)
	case "numeric":
		return numeric(v)
	case "cidr":
		s, _ := v.(string)
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return patternTest{}, fmt.Errorf("cidr %q is not a network", s)
		}
		return patternTest{kind: patternCIDR, prefix: p.Masked()}, nil
	case "exists":
		b, ok := v.(bool)
		if !ok {
			return patternTest{}, fmt.Errorf("exists needs true or false")
		}
		return patternTest{kind: patternExists, want: b}, nil
	}
	return patternTest{}, fmt.Errorf("operator %q is not known", name)
}

// affix reads what follows prefix or suffix: a text, or an object that says to
// ignore case.
func affix(name string, v any) (patternTest, error) {
	kind, folded := patternPrefix, patternPrefixFold
	if name == "suffix" {
		kind, folded = patternSuffix, patternSuffixFold
	}
	switch v := v.(type) {
	case string:
		return patternTest{kind: kind, text: v}, nil
	case pobject:
		if len(v) == 1 && v[0].name == "equals-ignore-case" {
			if s, ok := v[0].value.(string); ok {
				return patternTest{kind: folded, text: fold(s)}, nil
			}
		}
	}
	return patternTest{}, fmt.Errorf("%s needs a text or equals-ignore-case", name)
}

// anythingBut reads a value, a list of texts or of numbers, or an operator over
// one or more texts.
func anythingBut(v any) (patternTest, error) {
	t := patternTest{kind: patternBut}
	if o, ok := v.(pobject); ok {
		if len(o) != 1 {
			return t, fmt.Errorf("anything-but needs one operator")
		}
		name := o[0].name
		if !slices.Contains([]string{"prefix", "suffix", "equals-ignore-case", "wildcard"}, name) {
			return t, fmt.Errorf("anything-but does not go with %q", name)
		}
		list, ok := o[0].value.([]any)
		if !ok {
			list = []any{o[0].value}
		}
		for _, x := range list {
			not, err := patternValue(pobject{{name, x}})
			if err != nil {
				return t, fmt.Errorf("anything-but: %w", err)
			}
			t.not = append(t.not, not)
		}
	} else {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, x := range list {
			val := value(x)
			if _, isObject := x.(pobject); isObject || val.Kind != Text && val.Kind != Number || val.Kind != value(list[0]).Kind {
				return t, fmt.Errorf("anything-but needs texts only or numbers only")
			}
			t.not = append(t.not, patternTest{equals: val})
		}
	}
	if len(t.not) == 0 {
		return t, fmt.Errorf("anything-but has an empty list")
	}
	return t, nil
}

// numeric reads pairs of a comparison and a number: an equality, or one bound
// on either side.
func numeric(v any) (patternTest, error) {
	t := patternTest{kind: patternNumeric}
	list, _ := v.([]any)
	if len(list) != 2 && len(list) != 4 {
		return t, fmt.Errorf("numeric needs one or two comparisons")
	}
	for i := 0; i < len(list); i += 2 {
		op, _ := list[i].(string)
		n, ok := list[i+1].(json.Number)
		if !ok || !slices.Contains([]string{"=", "<", "<=", ">", ">="}, op) {
			return t, fmt.Errorf("numeric needs a comparison and a number")
		}
		f, err := n.Float64()
		if err != nil || f < -numericLimit || f > numericLimit {
			return t, fmt.Errorf("numeric: %s is beyond ±5e9", n)
		}
		t.bounds = append(t.bounds, bound{op, f})
	}
	if len(t.bounds) == 2 {
		low, high := t.bounds[0], t.bounds[1]
		if low.op[0] == '<' {
			low, high = high, low
		}
		if low.op[0] != '>' || high.op[0] != '<' || low.value >= high.value {
			return t, fmt.Errorf("numeric: two comparisons must be a range with a lower and a higher bound")
		}
	}
	return t, nil
}

// wildcardGlob reads a wildcard: * is special, a backslash escapes * and itself
// and nothing else, and two * may not follow each other.
func wildcardGlob(s string) (glob, error) {
	var g glob
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			g = append(g, piece{pieceText, text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
			if i == len(s) || s[i] != '*' && s[i] != '\\' {
				return nil, fmt.Errorf(`wildcard %q: a backslash must stand before * or \`, s)
			}
			text.WriteByte(s[i])
		case s[i] == '*':
			flush()
			if len(g) > 0 && g[len(g)-1].kind == pieceAny {
				return nil, fmt.Errorf("wildcard %q: two * follow each other", s)
			}
			g = append(g, piece{kind: pieceAny})
		default:
			text.WriteByte(s[i])
		}
	}
	flush()
	return g, nil
}

// Match reports whether decoded JSON (numbers as json.Number) matches. Where an
// event has a list of objects, one of them must match all that the pattern
// asks below that name.
func (p *Pattern) Match(root any) bool {
	return p.root.match(root, root, nil)
}

// match is asked of a node of the event, which may be nil when it is absent.
func (n *patternNode) match(at, root any, path []string) bool {
	if list, ok := at.([]any); ok && len(list) > 0 {
		return slices.ContainsFunc(list, func(e any) bool { return n.match(e, root, path) })
	}
	object, _ := at.(map[string]any)
	for i := range n.fields {
		f := &n.fields[i]
		below, there := object[f.name]
		sub := append(path[:len(path):len(path)], f.name)
		if f.object != nil {
			if !f.object.match(below, root, sub) {
				return false
			}
			continue
		}
		if !slices.ContainsFunc(f.values, func(t patternTest) bool { return t.matchField(below, there, root, sub) }) {
			return false
		}
	}
	for _, group := range n.ors {
		if !slices.ContainsFunc(group, func(g patternNode) bool { return g.match(at, root, path) }) {
			return false
		}
	}
	return true
}

func (t *patternTest) matchField(v any, there bool, root any, path []string) bool {
	if t.kind == patternExists {
		// A field is absent when no leaf of that name is anywhere in the event.
		return hasLeaf(root, path) == t.want
	}
	if !there {
		return false
	}
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, func(e any) bool { return t.matchField(e, true, root, path) })
	}
	if _, ok := v.(map[string]any); ok {
		return false
	}
	return t.matchLeaf(value(v))
}

// names gathers the paths of all fields of the pattern.
func (n *patternNode) names(path string, seen map[string]bool) {
	for i := range n.fields {
		f := &n.fields[i]
		if f.object != nil {
			f.object.names(path+f.name+".", seen)
		} else {
			seen[path+f.name] = true
		}
	}
	for _, group := range n.ors {
		for i := range group {
			group[i].names(path, seen)
		}
	}
}

// hasLeaf reports whether a value that is no object stands at the path.
func hasLeaf(v any, path []string) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return hasLeaf(e, path) })
	case map[string]any:
		if len(path) == 0 {
			return false
		}
		below, ok := v[path[0]]
		return ok && hasLeaf(below, path[1:])
	}
	return len(path) == 0
}

func (t *patternTest) matchLeaf(v Value) bool {
	isText := v.Kind == Text
	switch t.kind {
	case patternEquals:
		// Numbers are compared as they are written: 300 is not 3.0e2.
		// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
		return v == t.equals
	case patternPrefix:
		return isText && strings.HasPrefix(v.Text, t.text)
	case patternSuffix:
		return isText && strings.HasSuffix(v.Text, t.text)
	case patternFold:
		return isText && fold(v.Text) == t.text
	case patternPrefixFold:
		return isText && strings.HasPrefix(fold(v.Text), t.text)
	case patternSuffixFold:
		return isText && strings.HasSuffix(fold(v.Text), t.text)
	case patternWildcard:
		return isText && t.glob.match(v.Text)
	case patternCIDR:
		a, err := netip.ParseAddr(v.Text)
		return isText && err == nil && t.prefix.Contains(a.WithZone(""))
	case patternBut:
		return !slices.ContainsFunc(t.not, func(n patternTest) bool { return n.matchLeaf(v) })
	}
	if v.Kind != Number {
		return false
	}
	f := toFloat(v.Text)
	if f < -numericLimit || f > numericLimit {
		return false
	}
	for _, b := range t.bounds {
		var ok bool
		switch b.op {
		case "=":
			ok = f == b.value
		case "<":
			ok = f < b.value
		case "<=":
			ok = f <= b.value
		case ">":
			ok = f > b.value
		default:
			ok = f >= b.value
		}
		if !ok {
			return false
		}
	}
	return true
}
