package network_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/schema"
)

// questions are answered Reachable or Blocked by the whole folder.
var folderQuestions = []string{
	`{"src": "internet", "dst": "i-01", "proto": "tcp", "port": 443}`,
	`{"src": "i-01", "dst": "i-02", "proto": "tcp", "port": 5432}`,
	`{"src": "i-02", "dst": "internet", "proto": "tcp", "port": 443}`,
	`{"src": "i-01", "dst": "i-03", "proto": "tcp", "port": 22}`,
	`{"src": "i-03", "dst": "i-01", "proto": "tcp", "port": 443}`,
	`{"src": "tag:Name=web", "dst": {"address": "10.1.0.30"}, "proto": "tcp", "port": "22"}`,
	`{"src": {"address": "10.1.0.0/24"}, "dst": "i-01", "proto": "tcp", "port": 443, "quantifier": "all"}`,
	`{"src": "subnet-0a", "dst": "subnet-0c", "proto": "tcp", "port": 1}`,
	`{"src": "i-01", "dst": {"address": "8.8.8.8"}, "proto": "udp", "port": 53}`,
	`{"src": {"address": "8.8.8.8"}, "dst": "i-01", "proto": "tcp", "port": 443}`,
	`{"src": "i-01", "dst": "eni-02", "proto": "icmp"}`,
	`{"src": "i-02", "dst": "i-01", "proto": "tcp", "port": 80}`,
}

func folderWorld(t *testing.T, files fstest.MapFS) *network.World {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Load(t.Context(), files, "folder", inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return network.Build(graph.New(sch, graph.Assemble(sch, s, graph.Options{HashKey: []byte("test")})))
}

// TestAMissingFileNeverTurnsAnAnswerRound takes away each file of a folder of AWS
// CLI output: an answer stays what it was, or depends, or its ends are not known.
func TestAMissingFileNeverTurnsAnAnswerRound(t *testing.T) {
	a, err := txtar.ParseFile("testdata/folder.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range a.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	whole := folderWorld(t, files)
	if list := whole.Missing(); list != nil {
		t.Errorf("of the whole folder is said to be missing: %v", list)
	}
	want := map[string]network.Verdict{}
	for _, q := range folderQuestions {
		want[q] = ask(t, whole, q).Verdict
		if want[q] == network.DependsOn {
			t.Errorf("%s: DependsOn though nothing is missing", q)
		}
	}
	depends := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fewer := maps.Clone(files)
		delete(fewer, name)
		w := folderWorld(t, fewer)
		switch path.Base(name) {
		case "describe-vpcs.json", "describe-subnets.json", "describe-network-interfaces.json", "describe-route-tables.json", "describe-security-groups.json":
			if w.Missing() == nil {
				t.Errorf("without %s nothing is said to be missing", name)
			}
		}
		for _, text := range folderQuestions {
			q, err := network.ParseQuestion([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Reach(q)
			switch {
			case err != nil: // an end that is no longer known
			case got.Verdict == network.DependsOn:
				depends++
				if len(got.DependsOn.Missing) == 0 {
					t.Errorf("without %s, %s: DependsOn, but nothing is said to be missing", name, text)
				}
				for _, why := range got.DependsOn.Missing {
					if !strings.Contains(why, "(needs ") {
						t.Errorf("without %s, %s: %q names no IAM action", name, text, why)
					}
				}
			case got.Verdict != want[text]:
				t.Errorf("without %s, %s: %s, was %s\n%s", name, text, got.Verdict, want[text], show(got))
			}
		}
	}
	if depends < 20 {
		t.Errorf("%d answers depend: the files decide less than they should", depends)
	}
}
