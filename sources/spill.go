package sources

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/sources/format"
)

// maxNeighborBytes bounds a file that is read beside a document.
const maxNeighborBytes = 16 << 20

// reach tells a file which others its format may ask for.
func (w *walker) reach(f *file) {
	m := f.member
	if m.Sequential {
		f.neighbor = func(name string) []byte { return nil }
		f.siblings = func(pattern string) []string { return nil }
		return
	}
	f.neighbor = func(name string) []byte {
		if !w.r.reachable(name) {
			return nil
		}
		r, err := m.OpenBeside(name)
		if err != nil {
			return nil
		}
		defer r.Close()
		return readNeighbor(r)
	}
	f.siblings = func(pattern string) []string {
		return slices.DeleteFunc(m.GlobBeside(pattern), func(name string) bool { return !w.r.reachable(name) })
	}
}

// reachable reports whether a format asks for such files, by a path relative to
// a document's folder or to one above it.
func (r *Reader) reachable(rel string) bool {
	rel = belowAll(rel)
	return slices.ContainsFunc(r.beside, func(pattern string) bool {
		ok, err := path.Match(pattern, rel)
		return ok && err == nil
	})
}

// belowAll takes the way up off a path: what is left lies below the folder that
// it leads to.
func belowAll(rel string) string {
	for strings.HasPrefix(rel, "../") {
		rel = rel[len("../"):]
	}
	return rel
}

// neighborPatterns are all that formats ask for, without the way up.
func neighborPatterns(formats []format.Format) []string {
	var all []string
	for _, f := range formats {
		if n, ok := f.(format.Reach); ok {
			for _, pattern := range n.Neighbors() {
				all = append(all, belowAll(pattern))
			}
		}
	}
	return all
}

func readNeighbor(f io.Reader) []byte {
	b, err := io.ReadAll(io.LimitReader(f, maxNeighborBytes+1))
	if err != nil || len(b) > maxNeighborBytes {
		return nil
	}
	return b
}

// A spill keeps what a stream shows only once: files that others are read with,
// and the documents that wait for them until its end. It is one file on disk,
// nameless from the start, that goes when nothing refers to it any more.
type spill struct {
	of      string // the archive
	file    *os.File
	size    int64
	kept    map[string]extent
	folders map[string][]string
	waiting []waiting
}

type extent struct{ at, size int64 }

type waiting struct {
	*file
	extent
}

func newSpill(of string) *spill {
	return &spill{of: of, kept: map[string]extent{}, folders: map[string][]string{}}
}

// keeps reports whether some document of a stream may be read with a member.
func (r *Reader) keeps(m *archive.Member) bool {
	segs := strings.Split(m.Path, "/")
	for i := range segs {
		if r.reachable(strings.Join(segs[i:], "/")) {
			return m.Size <= maxNeighborBytes
		}
	}
	return false
}

func (s *spill) write(b []byte) (extent, error) {
	if s.file == nil {
		f, err := os.CreateTemp("", "swerm-import-*")
		if err != nil {
			return extent{}, fmt.Errorf("scratch space: %w", err)
		}
		_ = os.Remove(f.Name()) // where that works, nothing is left behind by a crash
		s.file = f
	}
	e := extent{s.size, int64(len(b))}
	if _, err := s.file.WriteAt(b, e.at); err != nil {
		return extent{}, fmt.Errorf("scratch space: %w", err)
	}
	s.size += e.size
	return e, nil
}

// keep copies a member that some document may be read with, and returns what
// reads it again.
func (s *spill) keep(r *Reader, m *archive.Member, in io.ReadCloser) (io.ReadCloser, error) {
	if !r.keeps(m) {
		return in, nil
	}
	b := readNeighbor(in)
	if int64(len(b)) < m.Size {
		return nil, io.ErrUnexpectedEOF
	}
	e, err := s.write(b)
	if err != nil {
		return nil, err
	}
	if _, again := s.kept[m.Path]; !again {
		s.folders[path.Dir(m.Path)] = append(s.folders[path.Dir(m.Path)], path.Base(m.Path))
	}
	s.kept[m.Path] = e
	return io.NopCloser(bytes.NewReader(b)), nil
}

// defers reports whether a document's format reads files beside it.
func (s *spill) defers(r *Reader, j *job) bool {
	f, err := r.detect(j, *j.data)
	if err != nil || f == nil {
		return false
	}
	_, reaches := f.(format.Reach)
	return reaches
}

// put keeps a document until the archive has ended.
func (s *spill) put(j *job) error {
	e, err := s.write(*j.data)
	if err != nil {
		return err
	}
	s.waiting = append(s.waiting, waiting{j.file, e})
	return nil
}

func (s *spill) read(e extent, b []byte) ([]byte, error) {
	b = slices.Grow(b[:0], int(e.size))[:e.size]
	_, err := s.file.ReadAt(b, e.at)
	return b, err
}

// neighbor reads a file of a folder of the archive.
func (s *spill) neighbor(dir, name string) []byte {
	e, ok := s.kept[path.Join(dir, name)]
	if !ok {
		return nil
	}
	b, err := s.read(e, nil)
	if err != nil {
		return nil
	}
	return b
}

func (s *spill) siblings(dir, pattern string) []string {
	sub, last := path.Split(pattern)
	var found []string
	for _, name := range s.folders[path.Join(dir, sub)] {
		if ok, err := path.Match(last, name); ok && err == nil {
			found = append(found, sub+name)
		}
	}
	slices.Sort(found)
	return found
}

// endArchive submits the documents that waited for the end of a stream, in the
// order in which they stood there.
func (w *walker) endArchive(whole bool) error {
	s := w.archive
	w.archive = nil
	if s == nil || !whole {
		return nil
	}
	for _, d := range s.waiting {
		dir := path.Dir(d.member.Path)
		d.neighbor = func(name string) []byte { return s.neighbor(dir, name) }
		d.siblings = func(pattern string) []string { return s.siblings(dir, pattern) }
		j := &job{file: d.file, data: w.r.buffers.get(minBuffer)}
		if err := w.hold(j, d.size); err != nil {
			return err
		}
		b, err := s.read(d.extent, *j.data)
		if err != nil {
			return fmt.Errorf("scratch space: %w", err)
		}
		*j.data = b
		if err := w.submit(j); err != nil {
			return err
		}
	}
	return nil
}
