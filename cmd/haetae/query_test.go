package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheDocumentedQueriesWork runs every query of docs/query.md on a store that
// holds the sample organisation.
func TestTheDocumentedQueriesWork(t *testing.T) {
	data := filepath.Join(t.TempDir(), "state")
	haetae := func(args ...string) (string, string, int) {
		var out, errw bytes.Buffer
		code := run(context.Background(), append(args, "--data", data), strings.NewReader(""), &out, &errw)
		return out.String(), errw.String(), code
	}
	if _, errw, code := haetae("scan", "--from", "sample", "--store", "--fail-on", "none", "--quiet"); code != 0 {
		t.Fatal(errw)
	}
	doc, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(doc), "```")
	n := 0
	for i := 1; i < len(parts); i += 2 {
		q, ok := strings.CutPrefix(parts[i], "sql\n")
		if !ok {
			continue
		}
		n++
		out, errw, code := haetae("query", q, "--output", "csv")
		if code != 0 {
			t.Errorf("%s\n%s", q, errw)
			continue
		}
		// Nothing of the sample is fixed or triaged yet.
		if lines := strings.Count(out, "\n"); lines < 2 && !strings.Contains(q, "closed IS NOT NULL") && !strings.Contains(q, "count > 1") && !strings.Contains(q, "FROM history") && !strings.Contains(q, "<> 'complete'") {
			t.Errorf("no rows:\n%s", q)
		}
	}
	if n != 10 {
		t.Errorf("%d queries, want 10", n)
	}
	for _, view := range []string{"resources", "properties", "edges", "findings", "counts", "coverage", "history", "scans"} {
		out, errw, code := haetae("query", "SELECT * FROM "+view+" LIMIT 1", "--output", "csv")
		if code != 0 {
			t.Errorf("%s: %s", view, errw)
			continue
		}
		header, _, _ := strings.Cut(out, "\r\n")
		for _, column := range strings.Split(header, ",") {
			if !strings.Contains(line(string(doc), "| `"+view+"` |"), "`"+column+"`") {
				t.Errorf("docs/query.md does not tell of column %s of %s", column, view)
			}
		}
	}
}

// line is the line of a text that begins with a prefix.
func line(text, prefix string) string {
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, prefix) {
			return l
		}
	}
	return ""
}
