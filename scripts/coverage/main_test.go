package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTheCoverageInTheDocumentsIsThatOfTheCalls(t *testing.T) {
	want, err := page()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: go run ./scripts/coverage writes it anew", file)
	}
}
