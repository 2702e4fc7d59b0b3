package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePicturesOfTheDocumentationAreThoseOfTheCommand makes each picture anew by
// the command that `make gen` has for it.
func TestThePicturesOfTheDocumentationAreThoseOfTheCommand(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for line := range strings.Lines(string(makefile)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "$(GO) run ./cmd/haetae net ")
		if !ok {
			continue
		}
		command, file, _ := strings.Cut(command, "docs/images/")
		args := strings.Fields(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(command), "svg="), "-o"))
		args = append([]string{"net"}, args...)
		if args[1] != "map" {
			args = append(args, "--output", "svg")
		}
		var out, log bytes.Buffer
		t.Setenv("HOME", t.TempDir())
		if code := run(t.Context(), args, strings.NewReader(""), &out, &log); code != 0 {
			t.Fatalf("haetae %s: exit code %d\n%s", strings.Join(args, " "), code, log.String())
		}
		file = strings.TrimSpace(file)
		want, err := os.ReadFile("../../docs/images/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("docs/images/%s is not what haetae %s draws: make gen, and look at it", file, strings.Join(args, " "))
		}
		made[file] = true
	}
	files, err := filepath.Glob("../../docs/images/*.svg")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	for _, f := range files {
		if !made[filepath.Base(f)] {
			t.Errorf("%s is made by no line of the Makefile", f)
		}
	}
}
