package haetae

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Members by which values that are not plain JSON are marked. A real member of
// that form gets one more "$" in front.
const (
	markUnknown = "$unknown"
	markOpen    = "$open"
	markSecret  = "$secret"
	markFloat   = "$float" // a float without a fraction would come back as an integer
)

// EncodeTree writes a property tree as JSON from which [DecodeTree] makes the
// same tree again: what is unknown, open or secret becomes an object with one
// member whose name starts with "$". Equal trees give equal bytes.
func EncodeTree(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(mark(v)); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// DecodeTree is the inverse of [EncodeTree].
func DecodeTree(raw []byte) (any, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return unmark(v)
}

// DecodeObject is [DecodeTree] for a tree that is an object.
func DecodeObject(raw []byte) (map[string]any, error) {
	v, err := DecodeTree(raw)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("properties are not an object")
	}
	return m, nil
}

// mark makes a property tree plain JSON.
func mark(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			if strings.HasPrefix(k, "$") {
				k = "$" + k
			}
			out[k] = mark(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = mark(e)
		}
		return out
	case float64:
		if x == float64(int64(x)) {
			return map[string]any{markFloat: x}
		}
	case *Unknown:
		return map[string]any{markUnknown: x}
	case *OpenList:
		return map[string]any{markOpen: map[string]any{"items": mark(x.Items), "why": x.Why}}
	case *Secret:
		return map[string]any{markSecret: x}
	}
	return v
}

// unmark is the inverse of mark.
func unmark(v any) (any, error) {
	switch x := v.(type) {
	case json.Number:
		return Normalize(x), nil
	case []any:
		for i, e := range x {
			u, err := unmark(e)
			if err != nil {
				return nil, err
			}
			x[i] = u
		}
	case map[string]any:
		if len(x) == 1 {
			for k, e := range x {
				if k == markUnknown || k == markOpen || k == markSecret || k == markFloat {
					return special(k, e)
				}
			}
		}
		out := make(map[string]any, len(x))
		for k, e := range x {
			u, err := unmark(e)
			if err != nil {
				return nil, err
			}
			if strings.HasPrefix(k, "$$") {
				k = k[1:]
			}
			out[k] = u
		}
		return out, nil
	}
	return v, nil
}

func special(k string, v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k, err)
	}
	switch k {
	case markFloat:
		var f float64
		err = json.Unmarshal(raw, &f)
		return f, err
	case markUnknown:
		u := &Unknown{}
		err = json.Unmarshal(raw, u)
		return u, err
	case markSecret:
		s := &Secret{}
		err = json.Unmarshal(raw, s)
		return s, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is not an object", k)
	}
	items, err := unmark(m["items"])
	if err != nil {
		return nil, err
	}
	list, ok := items.([]any)
	if !ok {
		return nil, fmt.Errorf("%s has no items", k)
	}
	u := &Unknown{}
	if raw, err = json.Marshal(m["why"]); err == nil {
		err = json.Unmarshal(raw, u)
	}
	return &OpenList{Items: list, Why: u}, err
}
