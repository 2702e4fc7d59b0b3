package inventory

import (
	"encoding/json"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// resource returns a partial resource.
func resource(id string, props map[string]any) *haetae.Resource {
	return &haetae.Resource{ID: id, Props: props}
}

// take copies the named members that are there and not null. "New=Old" copies
// Old under another name; either may be a dotted path.
func take(src map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, n := range names {
		to, from, ok := strings.Cut(n, "=")
		if !ok {
			from = to
		}
		if v := get(src, from); v != nil {
			set(out, to, v)
		}
	}
	return out
}

// without copies all members but the named ones and nulls.
func without(src map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for k, v := range src {
		if v != nil && !slices.Contains(names, k) {
			out[k] = v
		}
	}
	return out
}

// get returns the value at a dotted path, or nil.
func get(src map[string]any, path string) any {
	for {
		head, rest, more := strings.Cut(path, ".")
		v := src[head]
		if !more {
			return v
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		src, path = m, rest
	}
}

// has tells whether there is a member at a dotted path, null or not; with
// "path=value", whether it is that string.
func has(src map[string]any, path string) bool {
	if p, v, ok := strings.Cut(path, "="); ok {
		return str(src, p) == v
	}
	if dir, last, ok := cutLast(path); ok {
		src, _ = get(src, dir).(map[string]any)
		path = last
	}
	_, ok := src[path]
	return ok
}

// set puts a value at a dotted path, making the maps on the way.
func set(dst map[string]any, path string, v any) {
	for {
		head, rest, more := strings.Cut(path, ".")
		if !more {
			dst[head] = v
			return
		}
		m, ok := dst[head].(map[string]any)
		if !ok {
			m = map[string]any{}
			dst[head] = m
		}
		dst, path = m, rest
	}
}

func cutLast(path string) (dir, last string, ok bool) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:], true
	}
	return "", path, false
}

// str returns the string at a dotted path, or "".
func str(src map[string]any, path string) string {
	s, _ := get(src, path).(string)
	return s
}

// object returns the object at a dotted path; nil when there is none.
func object(src map[string]any, path string) map[string]any {
	m, _ := get(src, path).(map[string]any)
	return m
}

// objects yields the objects of a list.
func objects(list any) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		items, _ := list.([]any)
		for _, it := range items {
			if m, ok := it.(map[string]any); ok && !yield(m) {
				return
			}
		}
	}
}

// pluck returns one member of each object of a list: the ids of {Id: …}.
func pluck(list any, member string) []any {
	out := []any{}
	for m := range objects(list) {
		if v := get(m, member); v != nil {
			out = append(out, v)
		}
	}
	return out
}

// texts yields the strings of a list.
func texts(list any) iter.Seq[string] {
	return func(yield func(string) bool) {
		items, _ := list.([]any)
		for _, it := range items {
			if s, ok := it.(string); ok && !yield(s) {
				return
			}
		}
	}
}

// tagList turns a map of tags into CloudFormation's list, sorted by key.
func tagList(tags map[string]any) []any {
	out := []any{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{"Key": k, "Value": tags[k]})
	}
	return out
}

// last returns what follows the last "/" or ":" of an ARN, and any other name
// as it is.
func last(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name[strings.LastIndexAny(name, "/:")+1:]
	}
	return name
}

// policy parses a policy document that may be an object, JSON text, or
// URL-encoded JSON text as IAM sends it. What does not parse is unknown.
func policy(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	if strings.HasPrefix(s, "%7B") || strings.HasPrefix(s, "%7b") {
		if u, err := url.PathUnescape(s); err == nil {
			s = u
		}
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil || doc == nil || d.More() {
		return &haetae.Unknown{Reason: haetae.Unreadable, Detail: "the policy document does not parse", Set: true}
	}
	return haetae.Normalize(doc)
}

// truth turns the strings "true" and "false" into booleans; other values are
// returned as they are.
func truth(v any) any {
	switch v {
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	return v
}

// before returns what stands before "=".
func before(s string) string {
	b, _, _ := strings.Cut(s, "=")
	return b
}
