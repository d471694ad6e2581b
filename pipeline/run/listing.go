package run

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/swerm/swerm/internal/blake3lanes"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

// listLayout names what the provisional key of a listing is made of.
const listLayout = "swerm-listed-1"

// A listing is what a raw input holds, before it is read: the names, sizes and
// times of its files. Whoever reads them tells their sums (it is a [pipeline.Sums]).
type listing struct {
	uri, name string
	st        store.Store
	root      string       // of the input in st
	files     []listed     // by path
	content   pipeline.Key // where a plan has summed it up

	mu        sync.Mutex
	strangers []listed // files that were read and are not listed
}

// A listed is one file of a listing. There may be millions.
type listed struct {
	path  string // below the root; "" where the root is the file
	size  int64
	mtime int64 // nanoseconds since 1970
	state state
	sum   [blake3lanes.Size]byte
}

type state uint8

const (
	isListed     state = iota // nobody has read it
	isSummed                  // sum is its BLAKE3
	isUnreadable              // it may not be read
	isOther                   // no file
)

// text is what a key has of a file.
func (f *listed) text() string {
	switch f.state {
	case isSummed:
		return hex.EncodeToString(f.sum[:])
	case isUnreadable:
		return "unreadable"
	case isOther:
		return "other"
	}
	panic("run: the key of a file that nobody has read")
}

// list lists an input, which must hold something.
func list(ctx context.Context, uri, name string) (*listing, error) {
	st, root, err := store.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	l := &listing{uri: uri, name: name, st: st, root: root}
	for e, err := range st.List(ctx, root) {
		if locked, ok := lockedFolder(uri, root, err); ok {
			e, err = locked, nil
		}
		if err != nil {
			return nil, err
		}
		if len(l.files) == maxRawFiles {
			return nil, fmt.Errorf("%s: more than %d files", uri, maxRawFiles)
		}
		f := listed{path: relative(root, e.Path), size: e.Size, mtime: e.ModTime.UnixNano()}
		if e.Other {
			f.state = isOther
		}
		l.files = append(l.files, f)
	}
	if len(l.files) == 0 {
		return nil, absent(uri)
	}
	l.sort()
	return l, nil
}

// sort puts files in order, which they are unless a folder that may not be read stands
// where what is in it would.
func (l *listing) sort() {
	slices.SortStableFunc(l.files, func(a, b listed) int { return byPath(a, b.path) })
}

// bytes is the size of all files.
func (l *listing) bytes() (n int64) {
	for i := range l.files {
		n += l.files[i].size
	}
	return n
}

// lockedFolder stands for a folder inside a local input that may not be read.
// Whoever reads the input meets it again and says what is lost; once it may be
// read, the key is another one.
func lockedFolder(uri, root string, err error) (store.Entry, bool) {
	var bad *fs.PathError
	local, notLocal := store.LocalPath(uri)
	if notLocal != nil || !errors.Is(err, fs.ErrPermission) || !errors.As(err, &bad) {
		return store.Entry{}, false
	}
	rel, err := filepath.Rel(local, bad.Path)
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return store.Entry{}, false
	}
	return store.Entry{Path: path.Join(root, filepath.ToSlash(rel)), Other: true}, true
}

// absent tells a path that is not there from an empty directory.
func absent(uri string) error {
	if local, err := store.LocalPath(uri); err == nil {
		if _, err := os.Stat(local); err != nil {
			return err
		}
		return fmt.Errorf("%s: holds no files", uri)
	}
	return fmt.Errorf("%s: %w, or holds no objects", uri, fs.ErrNotExist)
}

func relative(root, p string) string {
	switch root {
	case p:
		return ""
	case ".", "":
		return p
	}
	return strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
}

// at is the path in the store of a file of the listing.
func (l *listing) at(rel string) string {
	if rel == "" {
		return l.root
	}
	return path.Join(l.root, rel)
}

// key is the provisional key of the input: equal where nothing has changed that a
// listing shows.
func (l *listing) key() pipeline.Key {
	h := sha256.New()
	put(h, listLayout, l.name)
	for i := range l.files {
		f := &l.files[i]
		put(h, f.path, strconv.FormatInt(f.size, 10), strconv.FormatInt(f.mtime, 10), strconv.FormatBool(f.state == isOther))
	}
	return shortKey(h.Sum(nil))
}

// racy reports whether some file may change without a listing showing it.
func (l *listing) racy() bool {
	return slices.ContainsFunc(l.files, func(f listed) bool { return f.state != isOther && racy(f.mtime) })
}

// known reports whether the sums of all files are remembered.
func (l *listing) known(k *Keyer) bool {
	id := remember(l.uri, l.root)
	for i := range l.files {
		if f := l.files[i]; f.state != isOther && !k.recall(id(f.path), &f) {
			return false
		}
	}
	return true
}

// find returns a file by its path, nil where it is not listed.
func (l *listing) find(p string) *listed {
	i, ok := slices.BinarySearchFunc(l.files, p, byPath)
	if !ok {
		return nil
	}
	return &l.files[i]
}

// Tell takes the sum of a file that was read whole.
func (l *listing) Tell(p string, size int64, sum [blake3lanes.Size]byte) {
	if len(l.files) == 1 && l.files[0].path == "" && p == path.Base(l.root) {
		p = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	told := listed{path: p, size: size, mtime: time.Now().UnixNano(), state: isSummed, sum: sum}
	switch f := l.find(p); {
	case f == nil || f.state == isOther:
		l.strangers = append(l.strangers, told)
	case f.size != size: // it has grown since, and its time is another one
		*f = told
	default:
		f.state, f.sum = isSummed, sum
	}
}

// complete lists the input again where a file was read that had not been listed: it
// came while others were read. What has been read stays part of the input.
func (l *listing) complete(ctx context.Context) error {
	if len(l.strangers) == 0 {
		return nil
	}
	now, err := list(ctx, l.uri, l.name)
	if err != nil {
		return err
	}
	for _, f := range slices.Concat(l.files, l.strangers) {
		if f.state != isSummed {
			continue
		}
		if at := now.find(f.path); at != nil {
			*at = f
		} else {
			i, _ := slices.BinarySearchFunc(now.files, f.path, byPath)
			now.files = slices.Insert(now.files, i, f)
		}
	}
	l.files, l.strangers = now.files, nil
	return nil
}

func byPath(f listed, p string) int { return cmp.Compare(f.path, p) }
