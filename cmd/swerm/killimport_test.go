package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestKilledImportEndsTheSame kills the verb that reads its files once, when some parts
// are whole, and again while it goes on: with other workers it ends with the bytes of an
// import that nobody disturbed, and does not make again what was whole.
func TestKilledImportEndsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("imports some megabytes several times")
	}
	raw := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	for file := range 8 {
		var rows strings.Builder
		for row := range 200 {
			text := make([]byte, 8<<10)
			for i := range text {
				text[i] = "abcdefghijklmnop"[rng.IntN(16)]
			}
			fmt.Fprintf(&rows, `{"messages":[{"role":"user","content":"task %d of %d"},{"role":"assistant","content":%q}]}`+"\n", row, file, text)
		}
		name := filepath.Join(raw, fmt.Sprintf("rows-%d.jsonl", file))
		hourAgo := time.Now().Add(-time.Hour)
		if err := os.WriteFile(name, []byte(rows.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, hourAgo, hourAgo); err != nil {
			t.Fatal(err)
		}
	}
	importIn := func(dir string, workers int) *killedImport {
		return &killedImport{t: t, dir: dir, args: []string{"import", raw, "-o", "out", "-q", "-j", fmt.Sprint(workers), "part_bytes=500000"}}
	}
	whole := t.TempDir()
	importIn(whole, 2).through()
	want := contents(t, whole)

	dir := t.TempDir()
	first := importIn(dir, 1).killAfter(3)
	again := importIn(dir, 4).killAfter(len(first) + 3)
	importIn(dir, 2).through()
	if d := cmp.Diff(want, contents(t, dir)); d != "" {
		t.Error(d)
	}
	for name, was := range again {
		now, err := os.Stat(filepath.Join(dir, "out", "data", name))
		if err != nil || !os.SameFile(was, now) {
			t.Errorf("%s was made again (%v)", name, err)
		}
		if old, ok := first[name]; ok && !os.SameFile(old, was) {
			t.Errorf("%s was made again after the first kill", name)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".out.*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

type killedImport struct {
	t    *testing.T
	dir  string
	args []string
}

func (k *killedImport) through() {
	k.t.Helper()
	if out, err := swermIn(k.dir, k.args...).CombinedOutput(); err != nil {
		k.t.Fatalf("%v: %s", err, out)
	}
}

// killAfter starts an import, kills it when n parts have their names, and returns those
// that it can count on: all but the last, which the journal may not have.
func (k *killedImport) killAfter(n int) map[string]os.FileInfo {
	k.t.Helper()
	cmd := swermIn(k.dir, k.args...)
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	var parts []string
	for deadline := time.Now().Add(time.Minute); len(parts) < n; time.Sleep(time.Millisecond) {
		parts, _ = filepath.Glob(filepath.Join(k.dir, ".out.staging-*", "tree", "data", "part-*"))
		if time.Now().After(deadline) {
			break
		}
	}
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); err == nil || len(parts) < n {
		k.t.Fatalf("the import ended with %v after %d parts: the kill proves nothing", err, len(parts))
	}
	durable := map[string]os.FileInfo{}
	for _, p := range parts[:n-1] {
		info, err := os.Stat(p)
		if err != nil {
			k.t.Fatal(err)
		}
		durable[filepath.Base(p)] = info
	}
	return durable
}
