package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestFresh: the committed machine code is what this generator writes.
func TestFresh(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "internal", "blake3lanes", asm))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("stale: run go generate in internal/blake3lanes")
	}
}
