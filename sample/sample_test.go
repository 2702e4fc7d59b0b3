package sample

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

func load(t testing.TB) (*schema.Schema, *haetae.Snapshot) {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	snap, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s, snap
}

func TestEveryPropertyOfTheSampleIsInTheSchema(t *testing.T) {
	s, snap := load(t)
	seen := map[haetae.Key]bool{}
	for _, r := range snap.Resources {
		typ, ok := s.Type(r.Type)
		if !ok {
			t.Errorf("%s: type %s is not in the schema", r.ID, r.Type)
			continue
		}
		if seen[r.Key()] {
			t.Errorf("%s %s is there twice", r.Type, r.ID)
		}
		seen[r.Key()] = true
		for part, props := range map[string]map[string]any{"Properties": r.Props, "Observed": r.Observed, "Volatile": r.Volatile} {
			object := map[string]*schema.Object{"Properties": typ.Props, "Observed": typ.Observed, "Volatile": typ.Volatile}[part]
			check(t, r.ID+" "+part, props, object)
		}
	}
	if len(snap.Resources) < 300 {
		t.Errorf("%d resources, the map says 310", len(snap.Resources))
	}
}

func check(t *testing.T, at string, props map[string]any, o *schema.Object) {
	for k, v := range props {
		f, ok := o.Field(k)
		if !ok {
			t.Errorf("%s: %s is not in the schema", at, k)
			continue
		}
		checkValue(t, at+"."+k, v, f)
	}
}

func checkValue(t *testing.T, at string, v any, f *schema.Field) {
	switch f.Kind {
	case schema.KindObject:
		if m, ok := v.(map[string]any); ok {
			check(t, at, m, f.Object)
		}
	case schema.List:
		list, _ := v.([]any)
		for i, e := range list {
			checkValue(t, fmt.Sprintf("%s[%d]", at, i), e, f.Elem)
		}
	}
}

func TestNoSecretOfTheSamplePassesTheDoor(t *testing.T) {
	s, snap := load(t)
	out := graph.Assemble(s, snap, graph.Options{})
	for _, r := range out.Resources {
		// A user's list of access key ids is no secret; a key in code is.
		for secret, text := range map[string]string{"AKIAIOSFODNN7": fmt.Sprint(r.Props), "wJalrXUtnFEMI": fmt.Sprint(r.Props, r.Observed)} {
			if strings.Contains(text, secret) {
				t.Errorf("%s %s still holds %s…", r.Type, r.ID, secret)
			}
		}
	}
}

func TestTheSampleIsTheSameEveryTime(t *testing.T) {
	s, a := load(t)
	_, b := load(t)
	if d := graph.Diff(graph.Assemble(s, a, graph.Options{}), graph.Assemble(s, b, graph.Options{})); !d.Empty() {
		t.Errorf("it differs from itself: %d changed", len(d.Changed))
	}
}
