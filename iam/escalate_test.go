package iam

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v4"
)

// catalogue reads the primitives as package content does, which may not be
// imported here.
func catalogue(tb testing.TB) []*Primitive {
	tb.Helper()
	files, err := filepath.Glob("../content/escalations/*.yaml")
	if err != nil || len(files) == 0 {
		tb.Fatal("no escalation primitives", err)
	}
	var out []*Primitive
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		var p Primitive
		if err := yaml.Unmarshal(data, &p); err != nil {
			tb.Fatal(err)
		}
		out = append(out, &p)
	}
	return out
}
