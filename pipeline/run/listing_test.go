package run

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/swerm/swerm/internal/blake3lanes"
	"github.com/swerm/swerm/pipeline"
)

// listedDir makes a folder of files that nobody has written lately, by their paths and
// texts, and lists it.
func listedDir(t *testing.T, files ...string) (string, *listing) {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		write(t, filepath.Join(dir, files[i]), files[i+1])
		age(t, filepath.Join(dir, files[i]), time.Hour)
	}
	return dir, listOf(t, dir)
}

func age(t *testing.T, file string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

func listOf(t *testing.T, uri string) *listing {
	t.Helper()
	l, err := list(t.Context(), uri, "n")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tell(l *listing, p, text string) {
	l.Tell(p, int64(len(text)), blake3lanes.Sum256([]byte(text)))
}

// summed is the key of a listing of which only what has not been told is read.
func summed(t *testing.T, l *listing) pipeline.Key {
	t.Helper()
	if err := l.complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, err := NewKeyer("").sumUp(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSumsThatAreToldMakeTheKey(t *testing.T) {
	dir, l := listedDir(t, "0", "x", "a-b/c", "y", "a/b", "z")
	tell(l, "a-b/c", "y")
	tell(l, "a/b", "z")
	if got, want := summed(t, l), keyOf(t, NewKeyer(""), dir, "n"); got != want {
		t.Errorf("key %s, want %s", got, want)
	}
	told, at := "other than what lies there", listOf(t, dir)
	tell(at, "0", told)
	write(t, filepath.Join(dir, "0"), told)
	if got, want := summed(t, at), keyOf(t, NewKeyer(""), dir, "n"); got != want {
		t.Errorf("what was read is not what the key is of: %s, want %s", got, want)
	}
}

func TestSumsOfAFileThatIsTheInput(t *testing.T) {
	dir, _ := listedDir(t, "a.jsonl", "x")
	l := listOf(t, filepath.Join(dir, "a.jsonl"))
	tell(l, "a.jsonl", "x")
	if l.files[0].state != isSummed || summed(t, l) != keyOf(t, NewKeyer(""), filepath.Join(dir, "a.jsonl"), "n") {
		t.Errorf("%+v", l.files)
	}
}

// TestFilesThatComeWhileOthersAreRead are part of what was read, those that have gone
// again too.
func TestFilesThatComeWhileOthersAreRead(t *testing.T) {
	dir, l := listedDir(t, "b", "x")
	write(t, filepath.Join(dir, "a/new"), "y")
	write(t, filepath.Join(dir, "c"), "nobody reads it, but it is there")
	tell(l, "a/new", "y")
	tell(l, "gone", "z")
	key := summed(t, l)
	write(t, filepath.Join(dir, "gone"), "z")
	if want := keyOf(t, NewKeyer(""), dir, "n"); key != want {
		t.Errorf("key %s, want %s", key, want)
	}
	if !slices.IsSortedFunc(l.files, func(a, b listed) int { return byPath(a, b.path) }) {
		t.Errorf("not in order: %+v", l.files)
	}
}

func TestProvisionalKeys(t *testing.T) {
	dir, l := listedDir(t, "a", "x", "b", "y")
	at := time.Unix(0, l.files[0].mtime)
	if listOf(t, dir).key() != l.key() {
		t.Error("the same listing has two keys")
	}
	for name, change := range map[string]func(p string){
		"a size": func(p string) { write(t, p, "xx"); _ = os.Chtimes(p, at, at) },
		"a time": func(p string) { _ = os.Chtimes(p, at.Add(time.Second), at.Add(time.Second)) },
		"a name": func(p string) { _ = os.Rename(p, p+"a") },
		"a link": func(p string) { _ = os.Remove(p); _ = os.Symlink("nowhere", p) },
	} {
		dir, _ := listedDir(t, "a", "x", "b", "y")
		p := filepath.Join(dir, "a")
		_ = os.Chtimes(p, at, at)
		_ = os.Chtimes(filepath.Join(dir, "b"), at, at)
		before := listOf(t, dir).key()
		change(p)
		if listOf(t, dir).key() == before {
			t.Errorf("%s changes nothing", name)
		}
	}
	if l.racy() {
		t.Error("files of an hour ago may change unseen")
	}
	age(t, filepath.Join(dir, "b"), 0)
	if !listOf(t, dir).racy() {
		t.Error("a file that was written just now may not")
	}
	age(t, filepath.Join(dir, "b"), -time.Hour)
	if !listOf(t, dir).racy() {
		t.Error("a file of the future may not")
	}
}

// TestToldSumsAreRemembered for files that are as they were listed.
func TestToldSumsAreRemembered(t *testing.T) {
	dir, l := listedDir(t, "a", "x", "b", "y")
	k := NewKeyer(filepath.Join(t.TempDir(), "raw.json"))
	if l.known(k) {
		t.Error("known before")
	}
	tell(l, "a", "x")
	tell(l, "b", "yy") // it grew after it was listed
	if _, err := k.sumUp(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if err := k.Save(); err != nil {
		t.Fatal(err)
	}
	again := listOf(t, dir)
	if again.known(NewKeyer(k.file)) {
		t.Error("the sum of a file that was another when it was read is remembered")
	}
	if f := again.files[0]; !NewKeyer(k.file).recall(remember(dir, again.root)("a"), &f) || f.sum != l.files[0].sum {
		t.Error("a sum that was told is not remembered")
	}
}

// TestSumsNextToALockedFolder: it is listed where its files would be, behind names that
// are longer than its own.
func TestSumsNextToALockedFolder(t *testing.T) {
	l := &listing{files: []listed{{path: "a-b/x"}, {path: "a", state: isOther}, {path: "b"}}}
	l.sort()
	for _, p := range []string{"a-b/x", "b"} {
		tell(l, p, "")
	}
	if len(l.strangers) > 0 {
		t.Errorf("%+v are not found in %+v", l.strangers, l.files)
	}
}
