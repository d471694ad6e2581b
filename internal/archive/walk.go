package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/swerm/swerm/internal/localfs"
)

// Walk yields every file under root: a directory, a pattern (`*`, `?`, `[…]`
// and `**` for any folders), an archive or a file. Errors are [MemberError]s
// and end only their member; any other error ends the walk. A Sequential
// member must be read before the next one is asked for.
func Walk(ctx context.Context, root string, lim Limits, opts ...Option) iter.Seq2[Member, error] {
	return func(yield func(Member, error) bool) {
		w := newWalker(ctx, lim, yield, opts)
		if err := w.root(root); err != nil && !errors.Is(err, errStop) {
			yield(Member{}, err)
		}
	}
}

// errStop unwinds a walk that the consumer ended.
var errStop = errors.New("stop")

type walker struct {
	ctx   context.Context
	lim   Limits
	yield func(Member, error) bool
	seen  func(p string, f File) File // of Seen; nil for none
}

func newWalker(ctx context.Context, lim Limits, yield func(Member, error) bool, opts []Option) *walker {
	w := &walker{ctx: ctx, lim: lim.withDefaults(), yield: yield}
	for _, o := range opts {
		o(w)
	}
	return w
}

// An Option changes how a tree is walked.
type Option func(*walker)

// Seen gives f every packed file and archive of the tree as it is opened, and reads
// what f returns in its place. Of other files it may be given some that are looked at.
func Seen(f func(p string, file File) File) Option { return func(w *walker) { w.seen = f } }

func (w *walker) emit(m Member) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if !w.yield(m, nil) {
		return errStop
	}
	return nil
}

func (w *walker) fail(p string, fatal bool, err error) error {
	if cause := w.ctx.Err(); cause != nil {
		return cause
	}
	if !w.yield(Member{Path: p}, &MemberError{Path: p, Fatal: fatal, Err: err}) {
		return errStop
	}
	return nil
}

func (w *walker) root(root string) error {
	st, err := os.Stat(root)
	switch {
	case err == nil && st.IsDir():
		return w.dir(root, "**")
	case err == nil && st.Mode().IsRegular():
		return w.alone(root)
	case err == nil:
		return fmt.Errorf("%s: neither a file nor a directory", root)
	case hasMeta(root):
		base, pattern := splitPattern(root)
		return w.dir(base, pattern)
	}
	return err
}

// alone walks a root that is one file.
func (w *walker) alone(p string) error {
	folder, err := os.OpenRoot(filepath.Dir(p))
	if err != nil { // a folder may be closed while its files are not
		return w.file(func() (File, error) { return openLocal(p) }, filepath.Base(p), "", nil)
	}
	return w.file(func() (File, error) { return openLocal(p) }, filepath.Base(p), "", &localTree{root: folder})
}

// dir walks a directory in sorted order.
func (w *walker) dir(dir, pattern string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	top, err := localfs.OpenDir(root)
	if err != nil {
		return w.fail(".", false, err)
	}
	l := localWalk{walker: w, dir: dir, pattern: pattern, tree: &localTree{root: root}}
	return l.folder(&folder{dir: top}, "")
}

// file handles one file that may be packed. Members of an archive get prefix
// before their own path.
func (w *walker) file(open func() (File, error), p, prefix string, t tree) error {
	see := func() (File, error) {
		f, err := open()
		if err == nil && w.seen != nil {
			f = w.seen(p, f)
		}
		return f, err
	}
	f, err := see()
	if err != nil {
		return w.fail(p, true, err)
	}
	s, err := unpack(f, w.lim)
	if err != nil {
		return w.fail(p, true, err)
	}
	if s.zipped {
		return w.zip(f, p, prefix) // members are opened later: the file is closed with the last of them
	}
	defer s.Close()
	head, err := s.Peek(headBytes)
	if err != nil && err != io.EOF {
		return w.fail(p, true, err)
	}
	if isTar(head) {
		return w.tar(s, p, prefix)
	}
	m := Member{Path: p, Size: -1, tree: t}
	again := see
	if !s.packed {
		m.Size, m.Plain, again = s.size, true, open
	}
	m.open = func() (io.ReadCloser, error) {
		f, err := again()
		if err != nil {
			return nil, err
		}
		return unpack(f, w.lim)
	}
	return w.emit(m)
}

func (w *walker) tar(r io.Reader, name, prefix string) error {
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return w.tail(r, name)
		}
		if err == nil && h.Size > w.lim.StreamBytes {
			err = fmt.Errorf("member %q says that it has %d bytes: %w", h.Name[:min(len(h.Name), MaxPathBytes)], h.Size, ErrTooLarge)
		}
		if err != nil {
			return w.fail(name, true, fmt.Errorf("archive is broken or cut short here: %w", err))
		}
		if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		p, err := cleanPath(h.Name)
		switch {
		case err != nil:
			err = w.fail(prefix+strings.ToValidUTF8(h.Name[:min(len(h.Name), MaxPathBytes)], "\uFFFD"), false, err)
		case h.Typeflag != tar.TypeReg:
			err = w.emit(Member{Path: prefix + p, Irregular: true})
		default:
			err = w.emit(Member{Path: prefix + p, Size: h.Size, Sequential: true, Archive: name,
				open: func() (io.ReadCloser, error) { return io.NopCloser(tr), nil }})
		}
		if err != nil {
			return err
		}
	}
}

// tail reads what follows the end mark of an archive. Only there does a
// compressed stream tell whether all before was whole, and archives put
// together end to end would otherwise lose all but the first in silence.
func (w *walker) tail(r io.Reader, name string) error {
	buf := make([]byte, 32<<10)
	for {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		switch {
		case len(bytes.TrimLeft(buf[:n], "\x00")) > 0:
			return w.fail(name, true, errors.New("data follows the end of the archive: it is damaged, or several were put together and only the first was read"))
		case err == io.EOF:
			return nil
		case err != nil:
			return w.fail(name, true, fmt.Errorf("archive is broken behind its last member: %w", err))
		}
	}
}

// packedName says by name whether a file in a directory is worth opening to
// see if it is packed: opening every file of a large tree twice is not.
func packedName(p string) bool {
	switch path.Ext(p) {
	case ".gz", ".tgz", ".zst", ".tzst", ".xz", ".txz", ".tar", ".zip",
		".eval": // of Inspect, a zip archive
		return true
	}
	return false
}

func hasMeta(p string) bool { return strings.ContainsAny(p, "*?[") }

// splitPattern cuts a pattern at its first folder with a wildcard.
func splitPattern(p string) (dir, pattern string) {
	segs := strings.Split(filepath.ToSlash(p), "/")
	i := 0
	for i < len(segs)-1 && !hasMeta(segs[i]) {
		i++
	}
	dir = strings.Join(segs[:i], "/")
	switch {
	case i == 0:
		dir = "."
	case dir == "":
		dir = "/"
	}
	return filepath.FromSlash(dir), strings.Join(segs[i:], "/")
}

// match reports whether a path matches a pattern segment by segment; a segment
// `**` stands for any number of folders, and last for everything below.
func match(pattern, p string) bool {
	return matchSegs(strings.Split(pattern, "/"), strings.Split(p, "/"))
}

func matchSegs(pat, segs []string) bool {
	for len(pat) > 0 {
		if pat[0] == "**" {
			if len(pat) == 1 {
				return true
			}
			for i := range segs {
				if matchSegs(pat[1:], segs[i:]) {
					return true
				}
			}
			return false
		}
		if len(segs) == 0 {
			return false
		}
		if ok, err := path.Match(pat[0], segs[0]); err != nil || !ok {
			return false
		}
		pat, segs = pat[1:], segs[1:]
	}
	return len(segs) == 0
}
