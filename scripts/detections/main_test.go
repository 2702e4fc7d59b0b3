package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTheListOfDetectionsIsThatOfTheContent(t *testing.T) {
	want, err := page()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: go run ./scripts/detections writes it anew", file)
	}
}
