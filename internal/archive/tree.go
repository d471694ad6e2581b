package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A tree is where the members of one root can be opened at any time. Its
// methods are called from many goroutines, with paths relative to the root.
type tree interface {
	open(p string) (io.ReadCloser, error)

	// list returns the paths of the files of a folder, in any order.
	list(folder string) ([]string, error)
}

// OpenBeside opens a file by its path relative to the member's folder. Members
// of a stream have none: it cannot be asked for what it does not show yet.
func (m *Member) OpenBeside(rel string) (io.ReadCloser, error) {
	p, ok := m.beside(rel)
	if !ok {
		return nil, fs.ErrNotExist
	}
	return m.tree.open(p)
}

// GlobBeside returns the paths, relative to the member's folder, of the files
// that a pattern of path.Match matches, sorted. Only the last element of the
// pattern may have wildcards.
func (m *Member) GlobBeside(pattern string) []string {
	dir, last := path.Split(pattern)
	p, ok := m.beside(path.Join(dir, "x"))
	if !ok {
		return nil
	}
	all, err := m.tree.list(path.Dir(p))
	if err != nil {
		return nil
	}
	var found []string
	for _, f := range all {
		if ok, err := path.Match(last, path.Base(f)); ok && err == nil {
			found = append(found, dir+path.Base(f))
		}
	}
	slices.Sort(found)
	return found
}

// beside resolves a path relative to the member's folder. It may lead to a folder
// above ("../result.json"), but not out of the root.
func (m *Member) beside(rel string) (string, bool) {
	if m.tree == nil || path.IsAbs(rel) {
		return "", false
	}
	p, err := cleanPath(path.Join(path.Dir(m.Path), rel))
	return p, err == nil
}

// recentFolders is how many folders of a local tree are held open: files are
// opened folder by folder, and resolving a path from the root costs a call for
// every element of it.
const recentFolders = 8

// localTree is a folder on disk. It reads through os.Root, so that a link
// planted during the walk cannot lead out either.
type localTree struct {
	root *os.Root // closed when nobody holds it any more: members outlive the walk

	mu     sync.Mutex
	recent []openFolder // oldest first
}

type openFolder struct {
	dir  string
	root *os.Root
}

func (t *localTree) open(p string) (io.ReadCloser, error) {
	dir, base := path.Split(p)
	folder, err := t.folder(strings.TrimSuffix(dir, "/"))
	if err != nil {
		return nil, err
	}
	f, err := folder.Open(base)
	if err != nil && errors.Is(err, os.ErrClosed) { // another goroutine opened many folders at once
		f, err = t.root.Open(filepath.FromSlash(p))
	}
	return f, err
}

func (t *localTree) folder(dir string) (*os.Root, error) {
	if dir == "" {
		return t.root, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.recent) - 1; i >= 0; i-- {
		if t.recent[i].dir == dir {
			return t.recent[i].root, nil
		}
	}
	r, err := t.root.OpenRoot(filepath.FromSlash(dir))
	if err != nil {
		return nil, err
	}
	if len(t.recent) == recentFolders {
		t.recent[0].root.Close()
		t.recent = slices.Delete(t.recent, 0, 1)
	}
	t.recent = append(t.recent, openFolder{dir, r})
	return r, nil
}

func (t *localTree) list(folder string) ([]string, error) {
	entries, err := fs.ReadDir(t.root.FS(), path.Clean(folder))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			all = append(all, path.Join(folder, e.Name()))
		}
	}
	return all, nil
}

// placeTree is a prefix of a Place.
type placeTree struct {
	ctx   context.Context
	place Place
	root  string
}

func (t placeTree) open(p string) (io.ReadCloser, error) {
	return sequential(t.place.Open(t.ctx, path.Join(t.root, p)))
}

func (t placeTree) list(folder string) ([]string, error) {
	at := path.Join(t.root, folder)
	var all []string
	for e, err := range t.place.List(t.ctx, at) {
		if err != nil {
			return nil, err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(e.Path, at), "/")
		if !e.Irregular && rel != "" && !strings.Contains(rel, "/") {
			all = append(all, path.Join(folder, rel))
		}
	}
	return all, nil
}
