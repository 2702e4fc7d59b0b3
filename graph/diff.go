package graph

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// Diff returns what changed from a to b. Volatile facts and places in files
// are no change.
func Diff(a, b *haetae.Snapshot) haetae.Delta {
	before := make(map[haetae.Key]*haetae.Resource, len(a.Resources))
	for _, r := range a.Resources {
		before[r.Key()] = r
	}
	var d haetae.Delta
	for _, r := range b.Resources {
		old, ok := before[r.Key()]
		if !ok {
			d.Added = append(d.Added, r)
			continue
		}
		delete(before, r.Key())
		if paths := changed(old, r); len(paths) > 0 {
			d.Changed = append(d.Changed, haetae.Change{Before: old, After: r, Paths: paths})
		}
	}
	for _, r := range a.Resources {
		if _, gone := before[r.Key()]; gone {
			d.Removed = append(d.Removed, r)
		}
	}
	return d
}

func changed(a, b *haetae.Resource) []string {
	var paths []string
	for _, d := range Differ(a, b) {
		paths = append(paths, d.Path)
	}
	return paths
}

// Difference is a property path at which two resources differ, with the values
// there; nil is none.
type Difference struct {
	Path          string
	Before, After any
}

// Differ returns the deepest paths at which two resources differ, sorted.
func Differ(a, b *haetae.Resource) []Difference {
	var out []Difference
	add := func(path string, x, y any) { out = append(out, Difference{path, x, y}) }
	differ(a.Props, b.Props, "", add)
	differ(a.Observed, b.Observed, "observed", add)
	differ(a.Tags, b.Tags, "tags", add)
	if a.ARN != b.ARN {
		add("arn", a.ARN, b.ARN)
	}
	slices.SortFunc(out, func(x, y Difference) int { return strings.Compare(x.Path, y.Path) })
	return out
}

// differ calls add with the deepest paths at which two trees differ.
func differ(a, b any, at string, add func(path string, x, y any)) {
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok {
			for _, k := range slices.Sorted(maps.Keys(x)) {
				differ(x[k], y[k], joinPath(at, k), add)
			}
			for _, k := range slices.Sorted(maps.Keys(y)) {
				if _, ok := x[k]; !ok {
					differ(nil, y[k], joinPath(at, k), add)
				}
			}
			return
		}
	}
	if x, ok := a.([]any); ok {
		if y, ok := b.([]any); ok && len(x) == len(y) {
			for i := range x {
				differ(x[i], y[i], at+"["+strconv.Itoa(i)+"]", add)
			}
			return
		}
	}
	if !reflect.DeepEqual(a, b) {
		add(at, a, b)
	}
}
