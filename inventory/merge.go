package inventory

import (
	"reflect"
	"slices"

	"github.com/haetae/haetae"
)

// merge puts src over dst and returns dst. Objects merge member by member. A
// list replaces the other one unless join is set: then it is added to it.
func merge(dst, src map[string]any, join bool) map[string]any {
	if dst == nil {
		return src
	}
	for k, v := range src {
		if v = mergeValue(dst[k], v, join); v != nil {
			dst[k] = v
		} else {
			delete(dst, k)
		}
	}
	return dst
}

func mergeValue(old, v any, join bool) any {
	// What is not known loses to what is, and even to null: "there is none".
	if _, unknown := old.(*haetae.Unknown); unknown {
		return v
	}
	if _, unknown := v.(*haetae.Unknown); (unknown || v == nil) && old != nil {
		return old
	}
	switch v := v.(type) {
	case map[string]any:
		if o, ok := old.(map[string]any); ok && !isDocument(o) {
			return merge(o, v, join)
		}
	case []any:
		if o, ok := old.([]any); ok && join {
			return joinLists(o, v)
		}
	}
	return v
}

// isDocument tells whether an object is a policy, which is replaced as a whole.
func isDocument(m map[string]any) bool { return m["Statement"] != nil }

// joinLists adds the items that are not there yet. Items of the same name are
// one: one answer gives the name of a policy and another its document.
func joinLists(old, more []any) []any {
	for _, v := range more {
		i := slices.IndexFunc(old, func(o any) bool { return sameItem(o, v) || reflect.DeepEqual(o, v) })
		if i < 0 {
			old = append(old, v)
		} else {
			old[i] = mergeValue(old[i], v, false)
		}
	}
	return old
}

// sameItem tells whether two items have the same name, under one of the names
// of names that lists of this package have.
func sameItem(a, b any) bool {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	for _, name := range []string{"PolicyName", "DeviceName", "AccessKeyId", "AccountId"} {
		if n, ok := x[name].(string); ok && n == y[name] {
			return true
		}
	}
	// A credential report knows an access key by its date alone.
	if x != nil && y != nil && (x["AccessKeyId"] == nil) != (y["AccessKeyId"] == nil) {
		return sameSecond(x["CreateDate"], y["CreateDate"])
	}
	return false
}

// sameSecond compares two times that may be written with different zones of UTC.
func sameSecond(a, b any) bool {
	x, _ := a.(string)
	y, _ := b.(string)
	return len(x) >= 19 && len(y) >= 19 && x[:19] == y[:19]
}
