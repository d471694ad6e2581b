package archive

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path"
	"strings"
)

// A File is opened for reading, at any offset and from several goroutines.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// A Place is where a tree lies when it is no local directory, such as an
// object store.
type Place interface {
	// Open is called from many goroutines. The caller closes the file.
	Open(ctx context.Context, path string) (File, error)

	// List yields every file at or below a folder, sorted by path. An error
	// ends it.
	List(ctx context.Context, folder string) iter.Seq2[Listed, error]
}

// A Listed is one file of a Place.
type Listed struct {
	Path      string
	Size      int64
	Irregular bool
}

// localFile is a file on disk.
type localFile struct {
	*os.File
	size int64
}

func (f localFile) Size() int64 { return f.size }

func openLocal(p string) (File, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return localFile{f, st.Size()}, nil
}

// WalkPlace yields every file at or below root in a place, as Walk does for the
// local disk. Patterns are for local paths.
func WalkPlace(ctx context.Context, p Place, root string, lim Limits, opts ...Option) iter.Seq2[Member, error] {
	return func(yield func(Member, error) bool) {
		w := newWalker(ctx, lim, yield, opts)
		if err := w.place(p, strings.Trim(root, "/")); err != nil && !errors.Is(err, errStop) {
			yield(Member{}, err)
		}
	}
}

func (w *walker) place(p Place, root string) error {
	t := placeTree{ctx: w.ctx, place: p, root: root}
	for e, err := range p.List(w.ctx, root) {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(e.Path, root), "/")
		alone := rel == "" // the root is this file
		if alone {
			rel = path.Base(e.Path)
		}
		clean, err := cleanPath(rel)
		open := func(name string) (File, error) { return p.Open(w.ctx, name) }
		switch {
		case err != nil:
			err = w.fail(rel, false, err)
		case e.Irregular:
			err = w.emit(Member{Path: clean, Irregular: true})
		case alone:
			err = w.file(func() (File, error) { return open(e.Path) }, clean, "", placeTree{ctx: w.ctx, place: p, root: path.Dir(e.Path)})
		case packedName(clean):
			err = w.file(func() (File, error) { return open(e.Path) }, clean, clean+"/", t)
		default:
			err = w.emit(Member{Path: clean, Size: e.Size, Plain: true, tree: t})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sequential reads a file from its beginning.
func sequential(f File, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, 0, f.Size()), f}, nil
}
