package graph

import (
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// path is a property path taken apart. A step "[]" goes into the elements of a
// list and "*" into the values of a map.
type path []string

// parsePath takes apart "VpcConfig.SubnetIds[]".
func parsePath(s string) path {
	var p path
	for part := range strings.SplitSeq(s, ".") {
		name := strings.TrimRight(part, "[]{}")
		if name != "" {
			p = append(p, name)
		}
		for rest := part[len(name):]; rest != ""; rest = rest[2:] {
			if rest[0] == '{' {
				p = append(p, "*")
			} else {
				p = append(p, "[]")
			}
		}
	}
	return p
}

// walk calls visit with every value at the path below v, with the concrete
// path of each. What is unknown on the way is visited in place of what it
// hides.
func (p path) walk(v any, at string, visit func(at string, v any)) {
	if len(p) == 0 {
		visit(at, v)
		return
	}
	switch x := v.(type) {
	case nil:
		return
	case *haetae.Unknown:
		visit(at, x)
		return
	}
	switch p[0] {
	case "[]":
		list, why := elements(v)
		for i, e := range list {
			p[1:].walk(e, at+"["+strconv.Itoa(i)+"]", visit)
		}
		if why != nil {
			visit(at, why)
		}
	case "*":
		if m, ok := v.(map[string]any); ok {
			for k, e := range m {
				p[1:].walk(e, joinPath(at, k), visit)
			}
		}
	default:
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		if e, ok := m[p[0]]; ok {
			p[1:].walk(e, joinPath(at, p[0]), visit)
		}
	}
}

// elements views a value as a list and says why there may be more. A single
// value stands for a list of one: people write it and AWS accepts it.
func elements(v any) ([]any, *haetae.Unknown) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case []any:
		return x, nil
	case *haetae.OpenList:
		return x.Items, x.Why
	}
	return []any{v}, nil
}

func joinPath(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
