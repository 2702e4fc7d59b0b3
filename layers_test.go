package haetae_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/haetae/haetae"

// layers says what a package is and may import; ARCHITECTURE.md says why.
var layers = map[string]int{
	"": 0, "arn": 0, "cidr": 0, "permission": 0, "policy": 0, "schema": 0, "secret": 0, "wildcard": 0,
	"projection": 0,
	"graph":      1, "control": 1, "standard": 1, "iam": 1, "network": 1, "sigma": 1, "baseline": 1, "sequence": 1, "vuln": 1,
	"classify": 1, "waf": 1, "exposure": 1, "address": 1, "actor": 1, "report": 1, "inventory": 1, "exception": 1, "trail": 1,
	"content": 2, "snapshot": 2, "aws": 2, "collect": 2, "template": 2, "terraform": 2, "ingest": 2, "image": 2, "sensor": 2,
	"source": 2, "gateway": 2, "feed": 2, "store": 2, "lake": 2, "action": 2, "notify": 2,
	"posture": 3, "detect": 3, "scan": 3, "hub": 3, "investigate": 3, "respond": 3,
	"auth": 4, "awsapi": 4, "api": 4, "web": 4, "sample": 4, "sample/logs": 4,
	"cmd/haetae": 5,
	// Test support that nothing but tests may import.
	"network/oracle": 1,
}

// sideways are imports within a layer that the architecture allows.
var sideways = map[string][]string{
	"schema":  {""},
	"graph":   {},
	"control": {"graph", "iam", "network"}, "standard": {"graph", "control"}, "iam": {"graph"}, "network": {"graph"}, "inventory": {},
	"exposure":  {"graph", "control", "standard", "iam", "network", "sigma", "baseline", "vuln", "classify", "waf"},
	"exception": {"graph", "control"},
	"report":    {"graph", "standard"},
	"actor":     {"address", "graph"},
}

// thirdParty are the modules outside the standard library that a package below
// layer 2 may use.
var thirdParty = map[string][]string{
	"address":  {"github.com/oschwald/maxminddb-golang/v2", "golang.org/x/net/publicsuffix"},
	"schema":   {"go.yaml.in/yaml/v4"},
	"sigma":    {"go.yaml.in/yaml/v4"},
	"control":  {"cel.dev/cel-go"},
	"exposure": {"cel.dev/cel-go"},
	"iam":      {"github.com/RoaringBitmap/roaring"},
	"network":  {"github.com/RoaringBitmap/roaring"},
}

// pureForbidden are standard packages through which an engine would touch the
// outside world.
var pureForbidden = []string{"net/http", "os/exec", "database/sql", "net/smtp", "net/rpc", "os/signal"}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.ImportPath, module+"/scripts/") {
			all = append(all, p)
		}
	}
	return all
}

func TestTheOracleJudgesAndIsNotLinked(t *testing.T) {
	for _, p := range packages(t) {
		if slices.Contains(p.Imports, module+"/network/oracle") {
			t.Errorf("%s imports network/oracle, which is for tests only", short(p.ImportPath))
		}
		if short(p.ImportPath) != "network/oracle" {
			continue
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, module+"/") {
				t.Errorf("network/oracle imports %s: it shares no code with what it judges", short(imp))
			}
		}
	}
}

func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func TestImportsPointDownTheLayers(t *testing.T) {
	for _, p := range packages(t) {
		name := short(p.ImportPath)
		layer, ok := layers[name]
		if !ok {
			t.Errorf("package %q is in no layer: add it to ARCHITECTURE.md and to layers", name)
			continue
		}
		for _, imp := range p.Imports {
			switch {
			case imp == module || strings.HasPrefix(imp, module+"/"):
				checkOwn(t, name, layer, short(imp))
			case strings.Contains(strings.Split(imp, "/")[0], "."):
				checkThirdParty(t, name, layer, imp)
			case layer <= 1 && slices.Contains(pureForbidden, imp):
				t.Errorf("%s imports %s: an engine is pure, the edges do I/O", name, imp)
			}
		}
	}
}

func checkOwn(t *testing.T, name string, layer int, imp string) {
	to, ok := layers[imp]
	switch {
	case !ok:
		t.Errorf("%s imports %s, which is in no layer", name, imp)
	case to < layer && (layer != 3 && layer != 4 || to != 2 || imp == "content"):
		return
	case to == layer && (layer == 0 || slices.Contains(sideways[name], imp)):
		return
	case layer == 2 && (imp == "aws" || imp == "content"):
		return
	case layer == 5:
		return
	default:
		t.Errorf("%s (layer %d) imports %s (layer %d): arrows point down, edges do not import each other, services and faces reach edges through interfaces", name, layer, imp, to)
	}
}

func checkThirdParty(t *testing.T, name string, layer int, imp string) {
	if layer >= 2 {
		return
	}
	for _, ok := range thirdParty[name] {
		if imp == ok || strings.HasPrefix(imp, ok+"/") {
			return
		}
	}
	t.Errorf("%s imports %s: nouns and engines use the standard library (allowed here: %v)", name, imp, thirdParty[name])
}

// source walks all Go files that are not tests or generated.
func source(t *testing.T, visit func(path string, file *ast.File, text string, fset *token.FileSet)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, data, parser.ParseComments)
		if err != nil {
			return err
		}
		visit(path, f, string(data), fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	source(t, func(path string, f *ast.File, _ string, _ *token.FileSet) {
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || f.Doc != nil
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package in %s has no package comment", dir)
		}
	}
}

func TestFilesAreShortAndWithoutInit(t *testing.T) {
	source(t, func(path string, f *ast.File, text string, _ *token.FileSet) {
		if n := strings.Count(text, "\n"); n > 700 {
			t.Errorf("%s has %d lines: it is more than one thing", path, n)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
				t.Errorf("%s has an init function", path)
			}
		}
	})
}

func TestExportedNamesAreExplained(t *testing.T) {
	source(t, func(path string, f *ast.File, _ string, fset *token.FileSet) {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && receiverExported(d) {
					t.Errorf("%s: %s has no comment", fset.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
						t.Errorf("%s: %s has no comment", fset.Position(ts.Pos()), ts.Name.Name)
					}
				}
			}
		}
	})
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return !ok || id.IsExported()
}
