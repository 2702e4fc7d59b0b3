package main

import (
	"os"
	"strings"
	"testing"

	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/sample"
	"github.com/haetae/haetae/schema"
)

// TestTheIntentsOfTheDocumentationSayWhatTheyDo holds the sample organisation
// against the intents that docs/network.md shows, and those of the sample.
func TestTheIntentsOfTheDocumentationSayWhatTheyDo(t *testing.T) {
	doc, err := os.ReadFile("../../docs/network.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(doc), "```yaml\n- id: ")
	text, _, end := strings.Cut(text, "```")
	if !ok || !end {
		t.Fatal("docs/network.md shows no intents")
	}
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sample.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	w := network.Build(graph.New(sch, graph.Assemble(sch, raw, graph.Options{HashKey: []byte("test")})))
	want := map[string]network.Standing{
		"shop-is-open": network.Undecided, "databases-not-public": network.Holds, "old-shop-through-load-balancer": network.Broken, "data-behind-load-balancers": network.Broken,
		"data-for-apps-only": network.Broken, "apps-leave-by-nat": network.Holds, "apps-reach-orders": network.Holds, "batch-apart": network.Holds,
	}
	for _, data := range [][]byte{[]byte("- id: " + text), sample.Intents()} {
		list, err := content.ParseIntents(data, "intents.yaml")
		if err != nil {
			t.Fatal(err)
		}
		out, err := w.Keep(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out {
			if o.Verdict != want[o.ID] {
				t.Errorf("%s: %s, want %s\n%+v", o.ID, o.Verdict, want[o.ID], o.DependsOn)
			}
		}
	}
}
