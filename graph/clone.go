package graph

import (
	"maps"
	"slices"

	"github.com/haetae/haetae"
)

// Clone copies a snapshot deeply enough for [Assemble] to change the copy.
func Clone(s *haetae.Snapshot) *haetae.Snapshot {
	out := *s
	out.Coverage = slices.Clone(s.Coverage)
	out.Problems = slices.Clone(s.Problems)
	out.Resources = make([]*haetae.Resource, len(s.Resources))
	for i, r := range s.Resources {
		c := *r
		c.Tags = cloneMap(r.Tags)
		c.Props, c.Observed, c.Volatile = cloneMap(r.Props), cloneMap(r.Observed), cloneMap(r.Volatile)
		c.Origin.Paths = maps.Clone(r.Origin.Paths)
		c.Origin.Children = slices.Clone(r.Origin.Children)
		out.Resources[i] = &c
	}
	return &out
}

func cloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	return clone(m).(map[string]any)
}
