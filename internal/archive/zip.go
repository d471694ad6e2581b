package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"strings"
)

// maxZipMembers bounds the directory of a zip archive, which is held in memory.
const maxZipMembers = 2_000_000

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// zip yields the members of an archive in the order of its directory. They can
// be opened at any time, and the file stays open for that.
func (w *walker) zip(f File, name, prefix string) error {
	z, err := zip.NewReader(f, f.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return w.fail(name, true, fmt.Errorf("zip: %w", err))
	}
	if len(z.File) > maxZipMembers {
		return w.fail(name, true, fmt.Errorf("zip: %d members: %w of %d", len(z.File), ErrTooLarge, maxZipMembers))
	}
	t := &zipTree{lim: w.lim, prefix: prefix, files: map[string]*zip.File{}, folders: map[string][]string{}}
	for _, m := range z.File {
		if err := w.zipMember(t, m, true); err != nil {
			return err
		}
	}
	for _, m := range z.File {
		if err := w.zipMember(t, m, false); err != nil {
			return err
		}
	}
	return nil
}

// zipMember enters a member into the tree, or yields it.
func (w *walker) zipMember(t *zipTree, m *zip.File, enter bool) error {
	if strings.HasSuffix(m.Name, "/") {
		return nil
	}
	p, err := cleanPath(m.Name)
	switch {
	case err != nil && enter:
		return nil
	case err != nil:
		return w.fail(t.prefix+strings.ToValidUTF8(m.Name[:min(len(m.Name), MaxPathBytes)], "\uFFFD"), false, err)
	case !m.Mode().IsRegular():
		if enter {
			return nil
		}
		return w.emit(Member{Path: t.prefix + p, Irregular: true})
	case enter:
		t.enter(t.prefix+p, m)
		return nil
	case t.files[t.prefix+p] != m:
		return w.fail(t.prefix+p, false, errors.New("a member of this name stands in the archive before"))
	case m.UncompressedSize64 > uint64(w.lim.StreamBytes):
		return w.fail(t.prefix+p, false, fmt.Errorf("%d bytes: %w", m.UncompressedSize64, ErrTooLarge))
	}
	return w.emit(Member{Path: t.prefix + p, Size: int64(m.UncompressedSize64), tree: t})
}

// zipTree finds the members of a zip archive.
type zipTree struct {
	lim     Limits
	prefix  string
	files   map[string]*zip.File
	folders map[string][]string
}

func (t *zipTree) enter(p string, m *zip.File) {
	if t.files[p] == nil {
		t.files[p] = m
		t.folders[path.Dir(p)] = append(t.folders[path.Dir(p)], p)
	}
}

func (t *zipTree) open(p string) (io.ReadCloser, error) {
	m := t.files[p]
	if m == nil {
		return nil, fs.ErrNotExist
	}
	r, err := m.Open()
	if err != nil {
		return nil, err
	}
	packed := int64(min(m.CompressedSize64, math.MaxInt64))
	return struct {
		io.Reader
		io.Closer
	}{&guard{r: r, lim: t.lim, packed: func() int64 { return packed }}, r}, nil
}

func (t *zipTree) list(folder string) ([]string, error) { return t.folders[folder], nil }
