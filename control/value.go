package control

import (
	"slices"

	"github.com/haetae/haetae"
)

// unknowns is a runtime value of which nothing is known but what it rests on.
// A *haetae.Unknown is more: it has an identity and may be known in part, so
// what is computed from one, or read out of one, must not stay one.
type unknowns []*haetae.Unknown

// opaque is a value of which nothing is known, for the causes of another.
func opaque(v any) any { return causes(v) }

// isUnknown tells whether v is undecided.
func isUnknown(v any) bool {
	switch v.(type) {
	case *haetae.Unknown, unknowns:
		return true
	}
	return false
}

// causes lists what an undecided value rests on.
func causes(v any) unknowns {
	switch u := v.(type) {
	case *haetae.Unknown:
		return unknowns{u}
	case unknowns:
		return u
	case *haetae.OpenList:
		return unknowns{u.Why}
	}
	return nil
}

// merge joins the causes of undecided values, each once; decided ones add none.
func merge(vs ...any) any {
	var out unknowns
	for _, v := range vs {
		for _, c := range causes(v) {
			if c != nil && !containsCause(out, c) {
				out = append(out, c)
			}
		}
	}
	if len(out) == 0 {
		return unknowns{{Reason: haetae.Unresolved}}
	}
	return out
}

func containsCause(us unknowns, c *haetae.Unknown) bool {
	for _, u := range us {
		if u == c || (u.Path == c.Path && u.Reason == c.Reason && u.Detail == c.Detail) {
			return true
		}
	}
	return false
}

// faulty is what an expression gives that cannot be computed: the operands are
// known but make no sense together. It decides nothing.
func faulty(detail string) any {
	return unknowns{{Reason: haetae.Unreadable, Detail: detail}}
}

// not is three-valued negation.
func not(v any) any {
	if b, ok := v.(bool); ok {
		return !b
	}
	if isUnknown(v) {
		return v
	}
	return faulty("! of a value that is not a boolean")
}

// equal compares two values: true, false or an unknown.
func equal(a, b any) any {
	if x, ok := a.(*haetae.Unknown); ok {
		return equalUnknown(x, b)
	}
	if y, ok := b.(*haetae.Unknown); ok {
		return equalUnknown(y, a)
	}
	if isUnknown(a) || isUnknown(b) {
		return merge(a, b)
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case string:
		switch y := b.(type) {
		case string:
			return x == y
		case *haetae.Secret:
			return secretCompared(y)
		}
		return false
	case int64, float64:
		c, ok := compareNumbers(a, b)
		return ok && c == 0
	case *haetae.Secret:
		switch y := b.(type) {
		case *haetae.Secret:
			if x.Hash != "" && y.Hash != "" {
				return x.Hash == y.Hash
			}
			return secretCompared(x)
		case string:
			return secretCompared(x)
		}
		return false
	case []any:
		return equalLists(x, nil, b)
	case *haetae.OpenList:
		return equalLists(x.Items, x.Why, b)
	case map[string]any:
		return equalMaps(x, b)
	case *haetae.Resource:
		y, ok := b.(*haetae.Resource)
		return ok && x == y
	}
	return a == b
}

func secretCompared(s *haetae.Secret) any {
	return unknowns{{Reason: haetae.SecretKept, Detail: "the value was redacted (" + s.Kind + ")", Set: true}}
}

// equalUnknown compares an unknown with anything. It decides when the known
// parts of a string rule the other out, and when both are the same reference.
func equalUnknown(u *haetae.Unknown, b any) any {
	switch y := b.(type) {
	case *haetae.Unknown:
		if u == y || (u.Ref != "" && u.Ref == y.Ref && u.Attr == y.Attr && sameParts(u.Parts, y.Parts)) {
			return true
		}
		return merge(u, y)
	case string:
		if !u.MayBe(y) {
			return false
		}
	case nil:
		if u.Set {
			return false
		}
	}
	return merge(u, b)
}

func sameParts(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func equalLists(a []any, why *haetae.Unknown, b any) any {
	var items []any
	var whyB *haetae.Unknown
	switch y := b.(type) {
	case []any:
		items = y
	case *haetae.OpenList:
		items, whyB = y.Items, y.Why
	default:
		return false
	}
	if why == nil && len(items) > len(a) || whyB == nil && len(a) > len(items) {
		return false
	}
	if why != nil || whyB != nil {
		return merge(why, whyB)
	}
	var undecided []any
	for i := range a {
		switch e := equal(a[i], items[i]); {
		case e == false:
			return false
		case e != true:
			undecided = append(undecided, e)
		}
	}
	if undecided != nil {
		return merge(undecided...)
	}
	return true
}

func equalMaps(a map[string]any, b any) any {
	y, ok := b.(map[string]any)
	if !ok {
		return false
	}
	var undecided []any
	for k, v := range a {
		w, ok := y[k]
		if !ok {
			if u, is := v.(*haetae.Unknown); is && !u.Set {
				undecided = append(undecided, u)
				continue
			}
			return false
		}
		switch e := equal(v, w); {
		case e == false:
			return false
		case e != true:
			undecided = append(undecided, e)
		}
	}
	for k, w := range y {
		if _, ok := a[k]; !ok {
			if u, is := w.(*haetae.Unknown); is && !u.Set {
				undecided = append(undecided, u)
				continue
			}
			return false
		}
	}
	if undecided != nil {
		return merge(undecided...)
	}
	return true
}

// compareNumbers orders two numbers of any kind.
func compareNumbers(a, b any) (int, bool) {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			switch {
			case x < y:
				return -1, true
			case x > y:
				return 1, true
			}
			return 0, true
		case float64:
			return compareFloats(float64(x), y), true
		}
	case float64:
		switch y := b.(type) {
		case int64:
			return compareFloats(x, float64(y)), true
		case float64:
			return compareFloats(x, y), true
		}
	}
	return 0, false
}

func compareFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// items views a value as a list: its known items, and why there may be more.
// Not set is an empty list. ok is false when v is no list at all.
func items(v any) (list []any, more any, ok bool) {
	switch x := v.(type) {
	case nil:
		return nil, nil, true
	case []any:
		return x, nil, true
	case *haetae.OpenList:
		return x.Items, x.Why, true
	case map[string]any: // CEL iterates the keys of a map
		keys := make([]any, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sortStrings(keys)
		return keys, nil, true
	case *haetae.Unknown, unknowns:
		return nil, v, true
	}
	return nil, nil, false
}

func sortStrings(keys []any) {
	slices.SortFunc(keys, func(a, b any) int {
		x, _ := a.(string)
		y, _ := b.(string)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}
