package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/swerm/swerm/internal/localfs"
)

// Local is the file system below Root.
type Local struct{ Root string }

// File returns the file path of a path in the store.
func (l Local) File(p string) string { return filepath.Join(l.Root, filepath.FromSlash(p)) }

// Open opens a file. Only regular files are opened: a pipe or a device would
// block a reader for ever.
func (l Local) Open(ctx context.Context, p string) (Blob, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := os.Stat(l.File(p))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: not a regular file (%s)", l.File(p), info.Mode().Type())
	}
	f, err := localfs.Open(l.File(p))
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return &localBlob{File: f, size: info.Size()}, nil
}

type localBlob struct {
	*os.File
	size int64
}

func (b *localBlob) Size() int64 { return b.size }

// Create starts a file under a temporary name beside the target.
func (l Local) Create(ctx context.Context, p string) (Upload, error) {
	return l.create(ctx, p, os.Rename)
}

// CreateExclusive starts a file whose Commit fails where the path is taken.
func (l Local) CreateExclusive(ctx context.Context, p string) (Upload, error) {
	return l.create(ctx, p, linkExclusive)
}

// linkExclusive gives a file its second name only where none is: link(2)
// refuses a name that is taken, and rename(2) would replace it.
func linkExclusive(tmp, target string) error {
	if err := os.Link(tmp, target); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s: %w", target, ErrExists)
		}
		return err
	}
	return os.Remove(tmp)
}

func (l Local) create(ctx context.Context, p string, publish func(tmp, target string) error) (Upload, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	target := l.File(p)
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".tmp-*")
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o644); err != nil { // CreateTemp makes it private to the owner
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	return &localUpload{File: f, ctx: ctx, target: target, publish: publish}, nil
}

type localUpload struct {
	*os.File
	ctx     context.Context
	target  string
	publish func(tmp, target string) error
	done    bool
}

func (u *localUpload) Commit() (err error) {
	if u.done {
		return fmt.Errorf("commit %s: already ended", u.target)
	}
	defer u.Abort()
	if err := u.ctx.Err(); err != nil {
		return err
	}
	if err := u.Sync(); err != nil {
		return err
	}
	if err := u.Close(); err != nil {
		return err
	}
	if err := u.publish(u.Name(), u.target); err != nil {
		return err
	}
	u.done = true
	return SyncDir(filepath.Dir(u.target))
}

func (u *localUpload) Abort() {
	if u.done {
		return
	}
	u.done = true
	_ = u.Close()
	_ = os.Remove(u.Name())
}

// SyncDir makes renames and new names in a folder survive a power cut.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// Remove removes a file.
func (l Local) Remove(ctx context.Context, p string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Remove(l.File(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// List walks a folder. In memory it holds the names of one folder per level, and of
// a few that come next.
func (l Local) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		info, err := os.Stat(l.File(prefix))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return
		case err != nil:
			yield(Entry{}, err)
		case info.IsDir():
			dir := path.Clean(strings.Trim(prefix, "/"))
			if dir == "." {
				dir = ""
			}
			l.walk(ctx, readFolder(func() (*localfs.Dir, error) { return localfs.OpenPath(l.File(dir)) }), dir, yield)
		default:
			yield(entryOf(prefix, localfs.Info{Size: info.Size(), ModTime: info.ModTime(), Regular: info.Mode().IsRegular()}), nil)
		}
	}
}

// at gives an error of a name its whole path.
func (l Local) at(p string, err error) error {
	var bad *fs.PathError
	if errors.As(err, &bad) {
		bad.Path = l.File(p)
	}
	return err
}

func entryOf(p string, info localfs.Info) Entry {
	e := Entry{Path: p, ModTime: info.ModTime, Other: !info.Regular}
	if info.Regular {
		e.Size = info.Size
	}
	return e
}
