package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swerm/swerm/pipeline"
)

// key hashes an input.
func (k *Keyer) key(ctx context.Context, uri, name string) (pipeline.Key, error) {
	l, err := list(ctx, uri, name)
	if err != nil {
		return "", err
	}
	return k.sumUp(ctx, l)
}

func keyOf(t *testing.T, k *Keyer, uri, name string) pipeline.Key {
	t.Helper()
	key, err := k.key(context.Background(), uri, name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestUnchangedFilesAreNotReadAgain(t *testing.T) {
	dir := t.TempDir()
	file, memory := filepath.Join(dir, "raw", "a"), filepath.Join(dir, "memory", "raw.json")
	old := time.Now().Add(-time.Hour)
	put := func(text string, at time.Time) {
		write(t, file, text)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	put("one", old)
	k := NewKeyer(memory)
	first := keyOf(t, k, filepath.Dir(file), "raw")
	if err := k.Save(); err != nil {
		t.Fatal(err)
	}
	// The same size and time: only a reader would see that the content is
	// another, so an equal key shows that nobody read it.
	put("two", old)
	if keyOf(t, NewKeyer(memory), filepath.Dir(file), "raw") != first {
		t.Error("an unchanged file was read again")
	}
	if keyOf(t, NewKeyer(""), filepath.Dir(file), "raw") == first {
		t.Error("without memory the other content has the same key")
	}
	put("two", old.Add(time.Second))
	if keyOf(t, NewKeyer(memory), filepath.Dir(file), "raw") == first {
		t.Error("a file of another time was not read")
	}
}

func TestFreshFilesAreNotRemembered(t *testing.T) {
	dir := t.TempDir()
	file, memory := filepath.Join(dir, "a"), filepath.Join(dir, "raw.json")
	write(t, file, "one")
	k := NewKeyer(memory)
	keyOf(t, k, file, "a")
	if err := k.Save(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(memory); err == nil {
		t.Error("a file written just now was remembered: it could change within the clock's grain")
	}
}

func TestKeysOfTrees(t *testing.T) {
	tree := func(files ...string) pipeline.Key {
		dir := t.TempDir()
		for i := 0; i < len(files); i += 2 {
			write(t, filepath.Join(dir, files[i]), files[i+1])
		}
		return keyOf(t, NewKeyer(""), dir, "n")
	}
	seen := map[pipeline.Key]int{}
	for i, k := range []pipeline.Key{
		tree("a", "x", "b", "y"), tree("a", "y", "b", "x"), tree("a", "xb", "c", "y"), tree("a/b", "x"),
		tree("ab", "x"), tree("a", "x"), tree(".a", "x"), tree("a", ""), tree("a", "x", "b", ""),
	} {
		if j, ok := seen[k]; ok {
			t.Errorf("trees %d and %d have one key", i, j)
		}
		seen[k] = i
	}
	if tree("b", "y", "a", "x") != tree("a", "x", "b", "y") {
		t.Error("the order of writing is in the key")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "x")
	if keyOf(t, NewKeyer(""), dir, "n") == keyOf(t, NewKeyer(""), dir, "m") {
		t.Error("the name that origins carry is not in the key")
	}
	t.Chdir(dir)
	if keyOf(t, NewKeyer(""), ".", "n") != keyOf(t, NewKeyer(""), dir, "n") {
		t.Error("the key depends on how the place is written")
	}
}

func TestAbsentAndEmptyInputs(t *testing.T) {
	dir := t.TempDir()
	for _, uri := range []string{filepath.Join(dir, "absent"), dir} {
		if _, err := NewKeyer("").key(context.Background(), uri, "n"); err == nil {
			t.Errorf("%s has a key", uri)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	dir := b.TempDir()
	const size = 32 << 20
	if err := os.WriteFile(filepath.Join(dir, "a"), make([]byte, size), 0o666); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	for b.Loop() {
		if _, err := NewKeyer("").key(context.Background(), dir, "n"); err != nil {
			b.Fatal(err)
		}
	}
}

// A memory of an earlier layout has no hash for a file that it lists: the file
// is read again, and its key is not that of a file without content.
func TestMemoryOfAnotherLayoutIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	file, memory := filepath.Join(dir, "a"), filepath.Join(dir, "raw.json")
	write(t, file, "one")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, memory, fmt.Sprintf(`{%q:{"size":3,"mtime":%d,"sha256":"00"}}`, file, info.ModTime().UnixNano()))
	if keyOf(t, NewKeyer(memory), file, "a") != keyOf(t, NewKeyer(""), file, "a") {
		t.Error("a hash of another layout was taken")
	}
}

// A file or a folder that may not be read is part of what an input is. The
// input itself must be readable.
func TestUnreadableFilesDoNotEndAKey(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything: run this test as another user")
	}
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "sub/c"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[pipeline.Key]string{}
	for _, step := range []struct {
		name string
		mode os.FileMode
	}{{"b", 0}, {"b", 0o600}, {"sub", 0}} {
		if err := os.Chmod(filepath.Join(dir, step.name), step.mode); err != nil {
			t.Fatal(err)
		}
		key, err := NewKeyer("").key(t.Context(), dir, "x")
		if err != nil {
			t.Fatalf("%v: %v", step, err)
		}
		if before, met := seen[key]; met {
			t.Errorf("%v has the key of %s", step, before)
		}
		seen[key] = step.name
	}
	if err := os.Chmod(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "a"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := NewKeyer("").key(t.Context(), filepath.Join(dir, "a"), "x"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("an input that may not be read: %v", err)
	}
}
