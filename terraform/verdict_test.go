package terraform_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/template"
	"github.com/haetae/haetae/terraform"
)

// verdicts judges a snapshot and returns the sorted verdicts of each control,
// those that decide or could not: "PASS AWS::S3::Bucket".
func verdicts(t *testing.T, set *control.Set, sch *schema.Schema, snap *haetae.Snapshot) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	g := graph.New(sch, graph.Assemble(sch, snap, graph.Options{}))
	for f, err := range set.Evaluate(g) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Status == haetae.NotApplicable || f.Resource == nil {
			continue
		}
		out[f.Rule.ID] = append(out[f.Rule.ID], fmt.Sprintf("%s %s", f.Status, f.Resource.Type))
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

func builtIn(t *testing.T) (*schema.Schema, *control.Set) {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	all, err := content.Controls()
	if err != nil {
		t.Fatal(err)
	}
	set, err := control.NewSet(sch, all)
	if err != nil {
		t.Fatal(err)
	}
	return sch, set
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAPlanAndATemplateOfTheSameInfrastructureGetTheSameVerdicts judges
// infrastructure written twice: plan.json was made from the main.tf beside it by
// Terraform 1.11 with version 5.100 of the AWS provider.
func TestAPlanAndATemplateOfTheSameInfrastructureGetTheSameVerdicts(t *testing.T) {
	sch, set := builtIn(t)
	decided := map[string]bool{}
	for _, world := range []string{"sound", "flawed"} {
		t.Run(world, func(t *testing.T) {
			dir := "testdata/" + world + "/"
			stack, err := template.Parse(readFile(t, dir+"template.yaml"), "template.yaml", template.Options{Region: "eu-central-1"})
			if err != nil {
				t.Fatal(err)
			}
			plan, err := terraform.Parse(readFile(t, dir+"plan.json"), "plan.json", terraform.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range append(stack.Problems, plan.Problems...) {
				t.Errorf("%s: %s", p.Place.File, p.Error)
			}
			want, got := verdicts(t, set, sch, stack), verdicts(t, set, sch, plan)
			ids := maps.Clone(want)
			maps.Copy(ids, got)
			for _, id := range slices.Sorted(maps.Keys(ids)) {
				if w, g := strings.Join(want[id], ", "), strings.Join(got[id], ", "); w != g {
					t.Errorf("%s:\n\ttemplate %s\n\tplan     %s", id, w, g)
				} else if strings.Contains(g, string(haetae.Pass)) || strings.Contains(g, string(haetae.Fail)) {
					decided[id] = true
				}
			}
		})
	}
	t.Run("flawed, live", func(t *testing.T) { live(t, set, sch) })
	t.Logf("%d controls decide and agree", len(decided))
	if len(decided) < 80 {
		t.Errorf("only %d controls decide", len(decided))
	}
}

// live judges what AWS would answer of some of the flawed infrastructure. Where
// that decides, the plan is decided in the same way.
func live(t *testing.T, set *control.Set, sch *schema.Schema) {
	account, err := inventory.Load(t.Context(), os.DirFS("testdata/flawed/live"), "live", inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := terraform.Parse(readFile(t, "testdata/flawed/plan.json"), "plan.json", terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	answered, planned := verdicts(t, set, sch, account), verdicts(t, set, sch, plan)
	n := 0
	for _, id := range slices.Sorted(maps.Keys(answered)) {
		if len(answered[id]) != 1 || len(planned[id]) != 1 || strings.Contains(answered[id][0]+planned[id][0], string(haetae.Undecided)) {
			continue
		}
		if n++; answered[id][0] != planned[id][0] {
			t.Errorf("%s:\n\tlive %s\n\tplan %s", id, answered[id][0], planned[id][0])
		}
	}
	t.Logf("%d controls decide of a live account too", n)
	if n < 30 {
		t.Errorf("only %d controls decide of a live account", n)
	}
}
