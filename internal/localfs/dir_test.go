package localfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// openDir opens a folder that holds a file, a folder with a file, and links to
// both and to what is outside.
func openDir(t *testing.T) *Dir {
	t.Helper()
	top := filepath.Join(t.TempDir(), "top")
	must(t, os.MkdirAll(filepath.Join(top, "sub"), 0o777))
	must(t, os.WriteFile(filepath.Join(top, "file"), []byte("words"), 0o666))
	must(t, os.WriteFile(filepath.Join(top, "sub", "below"), []byte("more"), 0o666))
	for name, to := range map[string]string{"link": "file", "linked": "sub", "out": "../.."} {
		if err := os.Symlink(to, filepath.Join(top, name)); err != nil {
			t.Skipf("no links on this system: %v", err)
		}
	}
	root, err := os.OpenRoot(top)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	d, err := OpenDir(root)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDirShowsWhatItHolds(t *testing.T) {
	d := openDir(t)
	entries, err := d.List()
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	if want := []string{"file", "link", "linked", "out", "sub"}; !slices.Equal(names, want) {
		t.Errorf("List: %v, want %v", names, want)
	}
	size, err := d.Size("file")
	if must(t, err); size != 5 {
		t.Errorf("Size: %d, want 5", size)
	}
	if _, err := d.Size("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Size of what is not there: %v", err)
	}
}

func TestFilesAreReadByNameFromTheirFolder(t *testing.T) {
	d := openDir(t)
	sub, err := d.Sub("sub")
	must(t, err)
	f, err := sub.Open("below")
	must(t, err)
	defer f.Close()
	must(t, sub.Close())
	if text, err := io.ReadAll(f); err != nil || string(text) != "more" {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := d.Open("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of what is not there: %v", err)
	}
	if _, err := d.Sub("file"); err == nil {
		t.Error("a file was opened as a folder")
	}
	if _, err := sub.Open("below"); err == nil {
		t.Error("a closed folder opened a file")
	}
}

func TestOpenReadsWhatOsOpenDoes(t *testing.T) {
	p := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(p, []byte("words"), 0o666))
	f, err := Open(p)
	must(t, err)
	defer f.Close()
	b := make([]byte, 4)
	if n, err := f.ReadAt(b, 3); n != 2 || err != io.EOF {
		t.Errorf("ReadAt: %d bytes, %v", n, err)
	}
	_, err = Open(p + ".absent")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of what is not there: %v", err)
	}
	if _, same := os.Open(p + ".absent"); err.Error() != same.Error() {
		t.Errorf("Open says %q, package os %q", err, same)
	}
}

func TestStatFollowsLinks(t *testing.T) {
	d := openDir(t)
	for name, want := range map[string]Info{"file": {Size: 5, Regular: true}, "link": {Size: 5, Regular: true}, "sub": {}, "linked": {}, "out": {}} {
		got, err := d.Stat(name)
		must(t, err)
		if got.Regular != want.Regular || got.Regular && got.Size != want.Size || got.ModTime.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := d.Stat("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of what is not there: %v", err)
	}
}

func TestALinkThatLeadsNowhereIsDescribedItself(t *testing.T) {
	top := t.TempDir()
	if err := os.Symlink("nowhere", filepath.Join(top, "link")); err != nil {
		t.Skipf("no links on this system: %v", err)
	}
	d, err := OpenPath(top)
	must(t, err)
	defer d.Close()
	if got, err := d.Stat("link"); err != nil || got.Regular {
		t.Errorf("%+v, %v", got, err)
	}
}
