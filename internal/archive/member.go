package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// A Member is one file of a tree. Path is relative to the root, slash
// separated and clean; the id of a record is built from it, so it does not
// depend on where the root lies or on how it is called.
type Member struct {
	Path string
	Size int64 // -1 where only reading tells, as in a compressed file

	// Irregular marks links, devices and the like: they are named so that
	// they can be counted, and never opened.
	Irregular bool

	// Sequential members belong to a stream: their content must be read
	// before the walk goes on. Others may be opened later and from any
	// goroutine.
	Sequential bool

	// Plain members are files of the tree, neither packed nor in an archive: what is
	// read of one is what lies there under its path.
	Plain bool

	// Archive is the path of the stream that a sequential member stands in.
	Archive string

	open   func() (io.ReadCloser, error) // nil: folder or tree open it
	folder *folder                       // on disk, where the walk was when it met the member; nil elsewhere
	tree   tree                          // nil in a stream
}

// Open returns the member's content, unpacked.
func (m *Member) Open() (io.ReadCloser, error) {
	if m.Irregular {
		return nil, fmt.Errorf("%s: not a regular file", m.Path)
	}
	if m.open != nil {
		return m.open()
	}
	if m.folder != nil {
		switch f, err := m.folder.open(path.Base(m.Path)); {
		case err == nil:
			return f, nil
		case !errors.Is(err, os.ErrClosed):
			return nil, err
		}
	}
	return m.tree.open(m.Path)
}

// Read appends the whole content to dst. A member larger than limit gives
// ErrTooLarge after limit+1 bytes at most, and dst up to there.
func (m *Member) Read(dst []byte, limit int64) ([]byte, error) {
	if m.Size > limit {
		return dst, fmt.Errorf("%d bytes: %w of %d", m.Size, ErrTooLarge, limit)
	}
	r, err := m.Open()
	if err != nil {
		return dst, err
	}
	defer r.Close()
	if m.Size > 0 && cap(dst)-len(dst) < int(m.Size)+1 {
		grown := make([]byte, len(dst), len(dst)+int(m.Size)+1)
		copy(grown, dst)
		dst = grown
	}
	start := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if int64(len(dst)-start) > limit {
			return dst, fmt.Errorf("%w of %d bytes", ErrTooLarge, limit)
		}
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// A MemberError is a member that could not be listed. The walk goes on after
// it unless Fatal is set: then what follows in the archive is lost with it.
type MemberError struct {
	Path  string
	Fatal bool
	Err   error
}

// Error names the member and the cause.
func (e *MemberError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *MemberError) Unwrap() error { return e.Err }

// cleanPath checks a member's path as an archive gives it.
func cleanPath(p string) (string, error) {
	if len(p) > MaxPathBytes || strings.Count(p, "/") > MaxPathDepth {
		return "", fmt.Errorf("%w: longer or deeper than allowed", ErrPath)
	}
	if p == "" || strings.ContainsRune(p, 0) || strings.HasPrefix(p, "/") || strings.Contains(p, `\`) && strings.Contains(p, ":") {
		return "", fmt.Errorf("%w: %q", ErrPath, p)
	}
	for seg := range strings.SplitSeq(p, "/") {
		if seg == ".." {
			return "", fmt.Errorf("%w: %q", ErrPath, p)
		}
	}
	p = path.Clean(p)
	if p == "." {
		return "", fmt.Errorf("%w: %q", ErrPath, p)
	}
	return p, nil
}

// TrimSuffix takes the suffix of a compression off a path: what is left is the
// name that the content had.
func TrimSuffix(p string) string {
	for _, s := range []string{".gz", ".zst", ".xz"} {
		if t, ok := strings.CutSuffix(p, s); ok {
			return t
		}
	}
	return p
}

// RootName is the name of a root without what says that it is packed: an
// archive and the folder that it was packed from have one name.
func RootName(name string) string {
	for _, s := range []string{".tgz", ".txz", ".tzst", ".zip"} {
		if t, ok := strings.CutSuffix(name, s); ok {
			return t
		}
	}
	return strings.TrimSuffix(TrimSuffix(name), ".tar")
}
