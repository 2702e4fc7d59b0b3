package terraform

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/secret"
)

// merger puts together what a plan says of one resource in three trees: the
// values, which of them are unknown, and which are sensitive.
type merger struct {
	*reader
	in *instance
}

// values returns the tree of an instance in the provider's shape. Leaves are
// plain values, [*hole], [*haetae.Unknown] and [*haetae.Secret].
func (r *reader) values(in *instance) map[string]any {
	m := merger{r, in}
	unknown, _ := in.unknown.(map[string]any)
	sensitive, _ := in.sensitive.(map[string]any)
	block, _ := r.block(in)
	out := map[string]any{}
	for k := range keys(in.Values, unknown) {
		var expr any
		if in.config != nil {
			expr = in.config.Expressions[k]
		}
		if in.config != nil && expr == nil && !block.dynamic[k] && unset(in.Values[k], unknown[k]) {
			continue
		}
		if v := m.merge(k, in.Values[k], unknown[k], sensitive[k], expr); v != nil {
			out[k] = v
		}
	}
	return out
}

// unset tells whether a value that the configuration does not give is one that
// the provider asks AWS for, or an empty one that stands for none.
func unset(v, unknown any) bool {
	if unknown == true {
		return true
	}
	switch x := v.(type) {
	case nil:
		_, some := unknown.(map[string]any)
		return !some
	case string:
		return x == ""
	case []any:
		list, _ := unknown.([]any)
		return len(x) == 0 && len(list) == 0
	}
	return false
}

func keys(a, b map[string]any) map[string]bool {
	out := make(map[string]bool, len(a)+len(b))
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

// merge returns one value; name is that of the attribute, expr what the
// configuration says of it, nil when it says nothing.
func (m merger) merge(name string, v, unknown, sensitive, expr any) any {
	if unknown == true {
		if sensitive == true {
			return kept(expr)
		}
		return m.hole(m.in, expr)
	}
	if sensitive == true {
		return m.hide(name, v, expr)
	}
	switch x := v.(type) {
	case map[string]any:
		return m.object(x, unknown, sensitive, expr)
	case []any:
		return m.list(name, x, unknown, sensitive, expr)
	case nil:
		if u, ok := unknown.(map[string]any); ok && len(u) > 0 {
			return m.object(nil, unknown, sensitive, expr)
		}
		return nil
	}
	return v
}

func (m merger) object(v map[string]any, unknown, sensitive, expr any) any {
	u, _ := unknown.(map[string]any)
	s, _ := sensitive.(map[string]any)
	e, _ := expr.(map[string]any)
	out := map[string]any{}
	for k := range keys(v, u) {
		inner := member(expr, k)
		if e != nil && inner == nil && unset(v[k], u[k]) {
			continue
		}
		if x := m.merge(k, v[k], u[k], s[k], inner); x != nil {
			out[k] = x
		}
	}
	return out
}

// member is the expression of one member of an object: of a block its own, of an
// attribute that of all of it.
func member(expr any, name string) any {
	e, _ := expr.(map[string]any)
	if _, ok := e["constant_value"]; ok {
		return expr
	}
	if _, ok := e["references"]; ok {
		return expr
	}
	return e[name]
}

func (m merger) list(name string, v []any, unknown, sensitive, expr any) any {
	u, _ := unknown.([]any)
	s, _ := sensitive.([]any)
	out := make([]any, 0, len(v))
	holes := 0
	for i := range max(len(v), len(u)) {
		if at(u, i) == true {
			holes++
		}
		x := m.merge(name, at(v, i), at(u, i), at(s, i), blockExpression(expr, i, len(v)))
		if x != nil {
			out = append(out, x)
		}
	}
	return spread(out, holes)
}

// spread gives each unknown element of a list its own target when the expression
// names as many.
func spread(list []any, holes int) []any {
	n := 0
	for i, e := range list {
		h, ok := e.(*hole)
		if !ok || holes < 2 || h.others || len(h.targets) != holes {
			continue
		}
		list[i] = &hole{names: h.names[:min(1, len(h.names))], targets: h.targets[n : n+1]}
		n++
	}
	return list
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// blockExpression is the expression of the i-th of n blocks. A set does not keep
// the order of the file: where that matters, an attribute keeps its references
// only when one block alone gives it some.
func blockExpression(expr any, i, n int) any {
	blocks, ok := expr.([]any)
	if !ok {
		return expr
	}
	if len(blocks) == 1 || n == 1 && len(blocks) > 0 {
		return blocks[0]
	}
	if len(blocks) != n {
		return nil
	}
	out := map[string]any{}
	for _, b := range blocks {
		m, ok := b.(map[string]any)
		if !ok {
			return at(blocks, i)
		}
		for k, e := range m {
			old, twice := out[k]
			switch {
			case !twice:
				out[k] = e
			case len(references(old)) == 0:
				out[k] = e
			case len(references(e)) > 0 && !same(old, e):
				out[k] = map[string]any{"references": []any{"local." + k}}
			}
		}
	}
	return out
}

func same(a, b any) bool {
	x, y := references(a), references(b)
	return strings.Join(x, " ") == strings.Join(y, " ")
}

// kept stands for a sensitive value that the file does not hold.
func kept(expr any) *haetae.Unknown {
	detail := "a sensitive value"
	if names := references(expr); len(names) > 0 {
		detail += " from " + strings.Join(names, ", ")
	}
	return &haetae.Unknown{Reason: haetae.SecretKept, Set: true, Detail: detail}
}

// hide replaces what is sensitive, and keeps the shape around it.
func (m merger) hide(name string, v, expr any) any {
	switch x := v.(type) {
	case nil:
		return nil
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			if h := m.hide(k, e, member(expr, k)); h != nil {
				out[k] = h
			}
		}
		return out
	case []any:
		// A set is sensitive as a whole when one of its blocks holds a secret.
		out := make([]any, 0, len(x))
		for i, e := range x {
			if h := m.hide(name, e, blockExpression(expr, i, len(x))); h != nil {
				out = append(out, h)
			}
		}
		return out
	case string:
		if x == "" {
			return nil
		}
		if _, spelt := constant(expr); !spelt {
			return kept(expr)
		}
		kind := secret.KindNamed(name, x)
		if kind == "" {
			kind = "sensitive"
		}
		return &haetae.Secret{Kind: kind, Length: len(x)}
	}
	return kept(expr)
}

// indexText is how an address writes the index of an instance.
func indexText(index any) string {
	switch x := index.(type) {
	case int64:
		return "[" + strconv.FormatInt(x, 10) + "]"
	case string:
		text, err := json.Marshal(x)
		if err != nil {
			return ""
		}
		return "[" + string(text) + "]"
	}
	return ""
}

// indexValue reads back what indexText writes.
func indexValue(text string) any {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	var s string
	if json.Unmarshal([]byte(text), &s) != nil {
		return text
	}
	return s
}
