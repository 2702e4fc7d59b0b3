package control_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

// trials is how many holes are made in the examples of each control.
const trials = 16

// TestUnknownsNeverDecideDifferentlyFromTheirCompletions makes holes in the
// examples of every control and compares the verdict with the verdicts over
// ways to fill them: it may be decided only if they all agree.
func TestUnknownsNeverDecideDifferentlyFromTheirCompletions(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	controls, err := content.Controls()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range controls {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			set, err := control.NewSet(sch, []*control.Control{c})
			if err != nil {
				t.Fatal(err)
			}
			h := holes{t: t, schema: sch, set: set, rnd: rand.New(rand.NewPCG(7, uint64(len(c.ID))))}
			examples := slices.Concat(c.Examples.Pass, c.Examples.Fail, c.Examples.NotApplicable)
			for range trials {
				h.try(examples[h.rnd.IntN(len(examples))])
			}
		})
	}
}

type holes struct {
	t      *testing.T
	schema *schema.Schema
	set    *control.Set
	rnd    *rand.Rand
}

// verdicts judges a world and returns the status of each resource.
func (h *holes) verdicts(w *haetae.Snapshot) map[string]haetae.Status {
	out := map[string]haetae.Status{}
	g := graph.New(h.schema, graph.Assemble(h.schema, graph.Clone(w), graph.Options{}))
	for f, err := range h.set.Evaluate(g) {
		if err != nil {
			h.t.Fatal(err)
		}
		out[f.Resource.ID] = f.Status
	}
	return out
}

// try makes one hole and fills it in several ways.
func (h *holes) try(x control.Example) {
	w := graph.Clone(x.World)
	r := w.Resources[h.rnd.IntN(len(w.Resources))]
	parts := []map[string]any{r.Props, r.Observed, r.Volatile}
	part := parts[h.rnd.IntN(len(parts))]
	if len(part) == 0 {
		return
	}
	holder, key := h.pick(part)
	old := holder[key]
	switch old.(type) {
	case *haetae.Unknown, *haetae.OpenList:
		return // already one
	}
	hole, fillings := h.hole(old)
	holder[key] = hole
	got := h.verdicts(w)
	for _, v := range fillings {
		if _, gone := v.(absent); gone {
			delete(holder, key)
		} else {
			holder[key] = v
		}
		for id, full := range h.verdicts(w) {
			// A filling may itself be undecided: the schema may know no default.
			if s, ok := got[id]; ok && s != haetae.Undecided && full != s {
				h.t.Errorf("example %q, %s: with %s = %s the verdict is %s, but filled with %s it is %s",
					x.Name, id, key, control.Show(hole), s, control.Show(v), full)
			}
		}
	}
}

// pick chooses a place at random, at any depth.
func (h *holes) pick(m map[string]any) (map[string]any, string) {
	keys := slices.Sorted(maps.Keys(m))
	key := keys[h.rnd.IntN(len(keys))]
	switch v := m[key].(type) {
	case map[string]any:
		if len(v) > 0 && h.rnd.IntN(4) > 0 {
			return h.pick(v)
		}
	case []any:
		if len(v) > 0 && h.rnd.IntN(4) > 0 {
			if e, ok := v[h.rnd.IntN(len(v))].(map[string]any); ok && len(e) > 0 {
				return h.pick(e)
			}
		}
	}
	return m, key
}

type absent struct{}

// hole makes an unknown in place of a value, and ways to fill it.
func (h *holes) hole(old any) (hole any, fillings []any) {
	set := h.rnd.IntN(2) == 0
	u := &haetae.Unknown{Reason: haetae.Unresolved, Set: set}
	fillings = []any{old}
	if !set {
		u.Reason = haetae.Denied
		fillings = append(fillings, absent{})
	}
	switch v := old.(type) {
	case bool:
		return u, append(fillings, !v)
	case int64:
		return u, append(fillings, int64(0), v+1, int64(443), int64(100000))
	case string:
		if h.rnd.IntN(2) == 0 && len(v) > 1 {
			cut := h.rnd.IntN(len(v))
			end := cut + h.rnd.IntN(len(v)-cut)
			u.Parts, u.Set = []string{v[:cut], v[end:]}, true
			return u, []any{old, v[:cut] + "x" + v[end:], v[:cut] + "*" + v[end:], v[:cut] + v[end:], v[:cut] + "arn:aws:iam::123456789012:root" + v[end:]}
		}
		return u, append(fillings, "", "*", "x", strings.ToLower(v), "0.0.0.0/0", "true", "Allow", "Deny")
	case []any:
		if h.rnd.IntN(2) == 0 {
			n := h.rnd.IntN(len(v) + 1)
			known := slices.Clone(v[:n])
			more := slices.Clone(v)
			if n > 0 {
				more = append(more, v[0])
			}
			return &haetae.OpenList{Items: known, Why: &haetae.Unknown{Reason: haetae.Throttled}}, []any{v, slices.Clone(known), more}
		}
		return u, append(fillings, []any{})
	case map[string]any:
		return u, append(fillings, map[string]any{})
	}
	return u, fillings
}
