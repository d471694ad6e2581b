package archive

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/swerm/swerm/internal/localfs"
)

// A folder is one that the walk is in. It is held open until the walk leaves it,
// and the files in it are opened from there.
type folder struct {
	mu  sync.Mutex
	dir *localfs.Dir // nil once the walk has left
}

// open opens a file by its name. It returns os.ErrClosed once the walk has left.
func (f *folder) open(name string) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dir == nil {
		return nil, os.ErrClosed
	}
	return f.dir.Open(name)
}

func (f *folder) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dir.Close()
	f.dir = nil
}

// A localWalk goes through the folders of a local directory.
type localWalk struct {
	*walker
	dir, pattern string
	tree         *localTree
}

// folder walks one folder, whose path is "" at the top.
func (l *localWalk) folder(f *folder, p string) error {
	defer f.leave()
	entries, err := f.dir.List()
	if err != nil { // what was listed before it is walked
		if err := l.fail(cmp.Or(p, "."), false, err); err != nil {
			return err
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		at := path.Join(p, e.Name())
		if e.IsDir() {
			err = l.enter(f, e.Name(), at)
		} else if match(l.pattern, at) {
			err = l.entry(f, e, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enter walks a folder of a folder.
func (l *localWalk) enter(f *folder, name, p string) error {
	sub, err := f.dir.Sub(name)
	if err != nil {
		return l.fail(p, false, err)
	}
	return l.folder(&folder{dir: sub}, p)
}

// entry yields what is no folder.
func (l *localWalk) entry(f *folder, e fs.DirEntry, p string) error {
	if !e.Type().IsRegular() {
		return l.emit(Member{Path: p, Irregular: true})
	}
	if packedName(p) {
		return l.file(func() (File, error) { return openLocal(filepath.Join(l.dir, filepath.FromSlash(p))) }, p, p+"/", l.tree)
	}
	size, err := f.dir.Size(e.Name())
	if err != nil {
		size = -1
	}
	return l.emit(Member{Path: p, Size: size, Plain: true, folder: f, tree: l.tree})
}
