package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestFresh: the committed machine code is what this generator writes.
func TestFresh(t *testing.T) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "internal", "knownsum", asm))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, files[asm]) {
		t.Error("stale: run go generate in internal/knownsum")
	}
}
