package inventory

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordedAnswersAreRead reads real answers from a folder that is not part
// of the repository: each subfolder holds files SERVICE.Operation_N.json.
func TestRecordedAnswersAreRead(t *testing.T) {
	dir := os.Getenv("HAETAE_AWS_API")
	if dir == "" {
		t.Skip("HAETAE_AWS_API is not set")
	}
	n := newNames(All)
	files, empty := 0, 0
	ops := map[string]int{}
	missed := map[string]int{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(p) != ".json" {
			return err
		}
		files++
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		docs, err := parse(data)
		if err != nil {
			missed["parse: "+err.Error()]++
			return nil
		}
		for _, d := range docs {
			op, parent, trouble := n.identify(stem(p), d)
			if trouble != "" {
				name, _, _ := strings.Cut(stem(p), "_")
				missed[name]++
				continue
			}
			ops[op]++
			if d.code != "" {
				continue
			}
			if q := n.param(op); q != "" && parent != "" && !has(d.body, q) {
				d.body[q] = parent
			}
			if len(Read(op, &Answer{Op: op, Account: "111122223333", Region: "us-east-1", Body: d.body})) == 0 {
				empty++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	services := map[string]int{}
	for op, c := range ops {
		read += c
		s, _, _ := strings.Cut(op, ":")
		services[s] += c
	}
	t.Logf("%d files, %d read (%d with nothing in them), %d operations, services %v", files, read, empty, len(ops), services)
	t.Logf("not read: %v", missed)
	if read == 0 {
		t.Error("no file was read")
	}
	// Each recording is a folder of its own as well.
	subs, _ := os.ReadDir(dir)
	loaded := 0
	for _, s := range subs {
		if _, err := Load(context.Background(), os.DirFS(filepath.Join(dir, s.Name())), s.Name(), Options{Region: "us-east-1"}); err == nil {
			loaded++
		}
	}
	t.Logf("%d of %d folders load", loaded, len(subs))
}
