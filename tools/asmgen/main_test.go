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
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", "moe", "kernel", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate in moe/kernel", name)
		}
	}
}
