package graph

import (
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// coerceObject gives the values of m the kinds of the schema. CloudFormation
// takes "true" for true and "443" for 443, so rules would otherwise see both.
func coerceObject(m map[string]any, o *schema.Object) {
	for k, v := range m {
		if f, ok := o.Field(k); ok {
			m[k] = coerce(v, f)
		}
	}
}

func coerce(v any, f *schema.Field) any {
	switch f.Kind {
	case schema.Bool:
		if s, ok := v.(string); ok {
			switch strings.ToLower(s) {
			case "true":
				return true
			case "false":
				return false
			}
		}
	case schema.Int:
		switch x := v.(type) {
		case string:
			if n, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64); err == nil {
				return n
			}
		case float64:
			if x == float64(int64(x)) {
				return int64(x)
			}
		}
	case schema.Double:
		switch x := v.(type) {
		case string:
			if n, err := strconv.ParseFloat(strings.TrimSpace(x), 64); err == nil {
				return n
			}
		case int64:
			return float64(x)
		}
	case schema.String, schema.Time:
		switch x := v.(type) {
		case bool:
			return strconv.FormatBool(x)
		case int64:
			return strconv.FormatInt(x, 10)
		case float64:
			return strconv.FormatFloat(x, 'f', -1, 64)
		}
	case schema.List:
		return coerceList(v, f.Elem)
	case schema.Map:
		if m, ok := v.(map[string]any); ok && f.Elem != nil {
			for k, e := range m {
				m[k] = coerce(e, f.Elem)
			}
		}
	case schema.KindObject:
		if m, ok := v.(map[string]any); ok {
			coerceObject(m, f.Object)
		}
	}
	return v
}

func coerceList(v any, elem *schema.Field) any {
	list, why := elements(v)
	if _, unknown := v.(*haetae.Unknown); unknown || v == nil {
		return v
	}
	for i, e := range list {
		if elem != nil {
			list[i] = coerce(e, elem)
		}
	}
	if why != nil {
		return &haetae.OpenList{Items: list, Why: why}
	}
	return list
}

// filler puts in the defaults of one resource.
type filler struct {
	props map[string]any // of the whole resource, for the conditions
}

// object puts in the defaults of what is not set.
func (x filler) object(m map[string]any, o *schema.Object) {
	for name, f := range o.Fields {
		v, ok := m[name]
		switch {
		case ok:
			x.value(v, f)
		case !f.HasDefault && !f.Absent:
		case len(f.Unless) > 0 && x.any(f.Unless) != "":
			m[name] = &haetae.Unknown{Path: name, Reason: haetae.NoDefault, Detail: name + " is not set and depends on what " + x.any(f.Unless) + " says"}
		case f.HasDefault:
			d := clone(f.Default)
			x.value(d, f)
			m[name] = d
		}
	}
}

// any returns the property by which one of the conditions holds, or "".
func (x filler) any(conditions []schema.Condition) string {
	for _, c := range conditions {
		holds := false
		parsePath(c.Path).walk(x.props, "", func(_ string, v any) {
			holds = holds || v != nil && (c.Value == "" || v == c.Value)
			if _, unknown := v.(*haetae.Unknown); unknown {
				holds = true
			}
		})
		if holds {
			return c.Path
		}
	}
	return ""
}

// value completes a value that is there.
func (x filler) value(v any, f *schema.Field) {
	switch f.Kind {
	case schema.KindObject:
		if m, ok := v.(map[string]any); ok {
			x.object(m, f.Object)
		}
	case schema.List:
		if f.Elem == nil || f.Elem.Kind != schema.KindObject && f.Elem.Kind != schema.List {
			return
		}
		list, _ := elements(v)
		for _, e := range list {
			x.value(e, f.Elem)
		}
	case schema.Map:
		if m, ok := v.(map[string]any); ok && f.Elem != nil && f.Elem.Kind == schema.KindObject {
			for _, e := range m {
				x.value(e, f.Elem)
			}
		}
	}
}

// clone copies a tree so that one resource's properties are never another's.
func clone(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = clone(e)
		}
		return out
	case *haetae.OpenList:
		return &haetae.OpenList{Items: clone(x.Items).([]any), Why: x.Why}
	}
	return v
}
