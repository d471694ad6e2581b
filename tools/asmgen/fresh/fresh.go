// Package fresh holds committed machine code to the generator that wrote it.
package fresh

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Check compares what a generator writes with the files of a folder of the
// repository, whose root is up from the test's own folder.
func Check(t *testing.T, up, folder string, generate func() (map[string][]byte, error)) {
	t.Helper()
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("the generator writes nothing")
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(up, folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate in %s", name, folder)
		}
	}
}
