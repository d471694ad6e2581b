//go:build !unix

package localfs

import (
	"io/fs"
	"os"
	"path/filepath"
)

// A Dir is an open folder. Its methods may be called from several goroutines.
type Dir struct{ root *os.Root }

// Open opens a file for reading.
func Open(p string) (*os.File, error) { return os.Open(p) }

// OpenDir opens the folder of a root.
func OpenDir(root *os.Root) (*Dir, error) {
	r, err := root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	return &Dir{r}, nil
}

// OpenPath opens a folder by its path, whose last element may be a link.
func OpenPath(p string) (*Dir, error) {
	r, err := os.OpenRoot(p)
	if err != nil {
		return nil, err
	}
	return &Dir{r}, nil
}

// Sub opens a folder of the folder.
func (d *Dir) Sub(name string) (*Dir, error) {
	r, err := d.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Dir{r}, nil
}

// Open opens a file of the folder for reading.
func (d *Dir) Open(name string) (*os.File, error) { return d.root.Open(name) }

// Size returns the size of a file of the folder.
func (d *Dir) Size(name string) (int64, error) {
	info, err := d.root.Lstat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Stat describes what a name in the folder leads to, links followed wherever they
// lead; a link that leads nowhere is described itself.
func (d *Dir) Stat(name string) (Info, error) {
	p := filepath.Join(d.root.Name(), name)
	info, err := os.Stat(p)
	if err != nil {
		info, err = os.Lstat(p)
	}
	if err != nil {
		return Info{}, err
	}
	return Info{Size: info.Size(), ModTime: info.ModTime(), Regular: info.Mode().IsRegular()}, nil
}

// List returns what is in the folder, in any order, and with an error what was
// read before it.
func (d *Dir) List() ([]fs.DirEntry, error) { return fs.ReadDir(d.root.FS(), ".") }

// Close closes the folder. Files that were opened from it stay open.
func (d *Dir) Close() error { return d.root.Close() }
