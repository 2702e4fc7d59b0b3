package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guide is what the first part of docs/add-a-control.md tells a newcomer to do,
// in its order: files to write, and commands.
type guide struct {
	write map[string]string
	run   []string
}

func readGuide(t *testing.T) guide {
	t.Helper()
	data, err := os.ReadFile("../../docs/add-a-control.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "## In ten minutes\n")
	text, _, _ = strings.Cut(text, "\n## ")
	g := guide{write: map[string]string{}}
	blocks := regexp.MustCompile("(?s)(?:Write `([^`]+)`[^\n]*\n\n)?```(yaml|sh)\n(.*?)```\n")
	for _, m := range blocks.FindAllStringSubmatch(text, -1) {
		if m[2] == "sh" {
			g.run = append(g.run, strings.Split(strings.TrimSpace(m[3]), "\n")...)
			continue
		}
		if m[1] == "" {
			t.Fatalf("where is this to be written?\n%s", m[3])
		}
		g.write[m[1]] = m[3]
		g.run = append(g.run, "write "+m[1])
	}
	return g
}

// TestANewcomerCanAddAControlByTheGuide does what the guide says, word for word,
// in an empty folder.
func TestANewcomerCanAddAControlByTheGuide(t *testing.T) {
	g := readGuide(t)
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	said := map[string]string{}
	haetae := func(args ...string) string {
		var out, errs bytes.Buffer
		if code := run(context.Background(), args, strings.NewReader(""), &out, &errs); code != exitOK {
			t.Fatalf("haetae %s: exit code %d\n%s%s", strings.Join(args, " "), code, &out, &errs)
		}
		return out.String()
	}
	for _, line := range g.run {
		words := strings.Fields(line)
		switch words[0] {
		case "mkdir":
			if err := os.MkdirAll(words[len(words)-1], 0o755); err != nil {
				t.Fatal(err)
			}
		case "write":
			if _, err := os.Stat(filepath.Dir(words[1])); err != nil {
				t.Fatalf("the folder of %s is not there: %v", words[1], err)
			}
			if err := os.WriteFile(words[1], []byte(g.write[words[1]]), 0o644); err != nil {
				t.Fatal(err)
			}
		case "haetae":
			said[line] = haetae(words[1:]...)
		default:
			t.Fatalf("what is a newcomer to do with %q?", line)
		}
	}
	var found []string
	for line, out := range said {
		for what, want := range map[string]string{"content test": " 0 faults", "explain": "loses messages before anybody looks", "scan": "team-queue-keeps-messages"} {
			if strings.Contains(line, what) {
				found = append(found, what)
				if !strings.Contains(out, want) {
					t.Errorf("%s does not say %q:\n%s", line, want, out)
				}
			}
		}
	}
	if len(found) < 4 {
		t.Errorf("the guide has only the commands %v", found)
	}
	t.Run("and a fault is found as it says", func(t *testing.T) {
		const file = "my-content/controls/sqs/team-queue-keeps-messages.yaml"
		text := g.write[file]
		cut := strings.Index(text, "  pass:\n")
		end := strings.Index(text, "  fail:\n")
		if cut < 0 || end < cut {
			t.Fatal("the guide's control has no examples")
		}
		if err := os.WriteFile(file, []byte(text[:cut]+text[end:]), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run(context.Background(), []string{"content", "test", "--content", "my-content"}, strings.NewReader(""), &out, &errs); code != exitFound || !strings.Contains(out.String(), "needs examples that pass") {
			t.Errorf("exit code %d\n%s%s", code, &out, &errs)
		}
	})
}
