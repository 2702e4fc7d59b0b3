package template

import (
	"context"
	"os"
	"testing"
)

// TestEveryTemplateOfAFolderIsRead reads the folder that HAETAE_TEMPLATES
// names, when it is set, and prints what could not be read.
func TestEveryTemplateOfAFolderIsRead(t *testing.T) {
	dir := os.Getenv("HAETAE_TEMPLATES")
	if dir == "" {
		t.Skip("HAETAE_TEMPLATES is not set")
	}
	snap, err := Load(context.Background(), os.DirFS(dir), ".", dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	partial := 0
	for _, c := range snap.Coverage {
		if c.Detail != "" {
			partial++
			t.Logf("%s: %s: %s", c.Stack, c.Status, c.Detail)
		}
	}
	for _, p := range snap.Problems {
		if p.Fatal {
			t.Errorf("%s:%d: %s (%s)", p.Place.File, p.Place.Line, p.Error, p.Hint)
			continue
		}
		t.Logf("%s:%d: %s", p.Place.File, p.Place.Line, p.Error)
	}
	paths := 0
	for _, r := range snap.Resources {
		paths += len(r.Origin.Paths)
	}
	t.Logf("%d resources, %d paths, %d stacks (%d partial), %d problems", len(snap.Resources), paths, len(snap.Coverage), partial, len(snap.Problems))
}
