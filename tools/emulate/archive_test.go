package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestArchive lists and extracts with the archiver of the system.
func TestArchive(t *testing.T) {
	cpio, err := exec.LookPath("cpio")
	if err != nil {
		t.Skip("cpio is absent")
	}
	var out bytes.Buffer
	a := newArchive(&out)
	a.file("/deep/er/one", 0o644, []byte("1"))
	a.file("/deep/two", 0o755, bytes.Repeat([]byte("2"), 4097))
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(cpio, "-idv", "--quiet")
	cmd.Dir, cmd.Stdin = dir, &out
	listed, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, listed)
	}
	if got, want := strings.Fields(string(listed)), []string{"deep", "deep/er", "deep/er/one", "deep/two"}; strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("lists %q, want %q", got, want)
	}
	two, err := os.ReadFile(filepath.Join(dir, "deep", "two"))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("2", 4097); string(two) != want {
		t.Errorf("a file of %d bytes came out with %d, or changed", len(want), len(two))
	}
	info, err := os.Stat(filepath.Join(dir, "deep", "two"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm()&0o100 == 0 {
		t.Errorf("mode %v", info.Mode())
	}
}
