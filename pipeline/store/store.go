package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// ErrExists is returned by an exclusive upload's Commit when the path already
// holds a blob.
var ErrExists = errors.New("already exists")

// Store is where bytes live. Methods are safe from any goroutine. A path that
// holds nothing gives an error that wraps fs.ErrNotExist.
type Store interface {
	// Open opens a blob for reading. The caller closes it.
	Open(ctx context.Context, path string) (Blob, error)
	// Create starts a blob, which appears at Commit and replaces what was there.
	Create(ctx context.Context, path string) (Upload, error)
	// List yields every blob at or below a folder, sorted by the bytes of the
	// path. A folder that does not exist is an empty list.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]
}

// Remover is a Store that can remove a blob. A blob that is not there is no error.
type Remover interface {
	Remove(ctx context.Context, path string) error
}

// Exclusive is a Store that can create a blob only where none is: Commit of
// the upload returns an error wrapping ErrExists otherwise.
type Exclusive interface {
	CreateExclusive(ctx context.Context, path string) (Upload, error)
}

// A Blob is open for reading at any offset, from any goroutine.
type Blob interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// An Upload is a blob being written, from one goroutine. Either Commit or
// Abort ends it; Abort after Commit does nothing, so it may be deferred.
type Upload interface {
	io.Writer
	Commit() error
	Abort()
}

// An Entry is one blob of a listing.
type Entry struct {
	Path    string
	Size    int64
	ModTime time.Time

	// Other says that the entry is no file: a link to a folder, a dangling
	// link, a socket. It is listed so that it is not overlooked, and cannot be
	// opened.
	Other bool
}

// Open returns the store that holds a URI and the path inside that store.
func Open(ctx context.Context, uri string) (st Store, path string, err error) {
	switch scheme, rest, ok := strings.Cut(uri, "://"); {
	case uri == "":
		return nil, "", errors.New("store: empty URI")
	case ok && scheme == "s3":
		bucket, prefix, _ := strings.Cut(rest, "/")
		st, err := openS3(ctx, bucket)
		if err != nil {
			return nil, "", fmt.Errorf("store: %s: %w", uri, err)
		}
		return st, strings.Trim(prefix, "/"), nil
	}
	file, err := LocalPath(uri)
	if err != nil {
		return nil, "", err
	}
	file = filepath.ToSlash(file)
	if strings.HasPrefix(file, "/") {
		return Local{Root: "/"}, strings.TrimPrefix(file, "/"), nil
	}
	return Local{Root: "."}, file, nil
}

// IsLocal reports whether a URI names a local path.
func IsLocal(uri string) bool {
	_, err := LocalPath(uri)
	return err == nil
}

// LocalPath returns the file path of a local URI, and an error for any other.
func LocalPath(uri string) (string, error) {
	scheme, _, ok := strings.Cut(uri, "://")
	if !ok {
		if uri == "" {
			return "", errors.New("store: empty URI")
		}
		return filepath.Clean(uri), nil
	}
	if scheme != "file" {
		return "", fmt.Errorf("store: %s: scheme %q is not local (file:// or a path are)", uri, scheme)
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	if u.Host != "" && u.Host != "localhost" {
		return "", fmt.Errorf("store: %s: a file URI has three slashes (file:///%s%s)", uri, u.Host, u.Path)
	}
	if u.Path == "" {
		return "", fmt.Errorf("store: %s: no path", uri)
	}
	return filepath.Clean(filepath.FromSlash(u.Path)), nil
}

// Join appends slash-separated elements to a URI of any scheme.
func Join(uri string, elem ...string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return filepath.Join(append([]string{uri}, elem...)...)
	}
	rest = strings.TrimRight(rest, "/")
	for _, e := range elem {
		rest += "/" + strings.Trim(e, "/")
	}
	return scheme + "://" + rest
}
