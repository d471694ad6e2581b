package run

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/swerm/swerm/internal/knownsum"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

const (
	// racyWindow is how old a file must be for its hash to be remembered: a file
	// written again within the clock's grain would keep size and time.
	racyWindow = 2 * time.Second
	// hashBuffer is the read size of hashing: what is read stays in a core's
	// cache until it is hashed.
	hashBuffer = 256 << 10
	// maxRawFiles bounds one raw input.
	maxRawFiles = 5_000_000
	// rawLayout names what a key is made of, and is part of it: name, then path
	// and BLAKE3 of every file, each with its length.
	rawLayout = "swerm-raw-2"
)

// A Keyer gives raw inputs their keys: a file by its content, a directory by
// its sorted tree of paths and contents. Hashes are remembered by path, size
// and modification time, so unchanged files are not read again.
type Keyer struct {
	Progress pipeline.Progress // bytes hashed; nil for none

	sums *knownsum.Memo // of the files that were read

	mu    sync.Mutex
	file  string // where hashes are remembered; "" nowhere
	known map[string]remembered
	dirty bool
}

type remembered struct {
	Size  int64  `json:"size"`
	MTime int64  `json:"mtime"` // nanoseconds since 1970
	Sum   string `json:"blake3"`
}

// A hasher reads and hashes one file at a time. Hashes are BLAKE3: every raw
// byte passes through here, and SHA-256 without help from the processor takes
// longer than the import.
type hasher struct {
	sum knownsum.Hasher
	buf []byte
}

// NewKeyer returns a Keyer that remembers in file, which need not exist. A
// file that cannot be read is as good as an empty one.
func NewKeyer(file string) *Keyer {
	k := &Keyer{file: file, known: map[string]remembered{}, sums: knownsum.New()}
	if file != "" {
		if text, err := os.ReadFile(file); err == nil {
			_ = json.Unmarshal(text, &k.known)
		}
	}
	return k
}

// Save writes what was learnt.
func (k *Keyer) Save() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file == "" || !k.dirty {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(k.file), 0o777); err != nil {
		return err
	}
	text, err := json.Marshal(k.known)
	if err != nil {
		return err
	}
	k.dirty = false
	return writeFile(k.file, text)
}

// Raw is what a Keyer found.
type Raw struct {
	Key   pipeline.Key
	Files int
	Bytes int64
	Sums  *knownsum.Memo // of the files that were read for it, for whoever reads them next
}

// Key hashes a file, a directory or a prefix of an object store. The name
// under which origins will know it is part of the key, since it is part of
// what an importer writes.
func (k *Keyer) Key(ctx context.Context, uri, name string) (Raw, error) {
	st, root, err := store.Open(ctx, uri)
	if err != nil {
		return Raw{}, err
	}
	files, err := k.hashAll(ctx, st, uri, root)
	if err != nil {
		return Raw{}, err
	}
	if len(files) == 0 {
		return Raw{}, absent(uri)
	}
	raw := Raw{Files: len(files), Sums: k.sums}
	h := sha256.New()
	put(h, rawLayout, name)
	for _, f := range files {
		raw.Bytes += f.Size
		put(h, relative(root, f.Path), f.sum)
	}
	raw.Key = pipeline.Key(hex.EncodeToString(h.Sum(nil)[:16]))
	return raw, nil
}

// A rawFile is one file of an input.
type rawFile struct {
	store.Entry
	sum string
}

// hashAll lists an input and hashes what it holds: the first files while others
// are still being listed.
func (k *Keyer) hashAll(ctx context.Context, st store.Store, uri, root string) ([]*rawFile, error) {
	var files waiting
	id := remember(uri, root)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer files.end()
		return k.list(ctx, st, uri, root, &files)
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			h := &hasher{buf: make([]byte, hashBuffer)}
			for {
				f := files.take()
				if f == nil {
					return nil
				}
				var err error
				if f.sum, err = k.sum(ctx, h, st, uri, root, id(f.Path), f.Entry); err != nil {
					return err
				}
			}
		})
	}
	err := g.Wait()
	return files.all, err
}

func (k *Keyer) list(ctx context.Context, st store.Store, uri, root string, files *waiting) error {
	n, size := 0, int64(0)
	for e, err := range st.List(ctx, root) {
		if locked, ok := lockedFolder(uri, root, err); ok {
			e, err = locked, nil
		}
		if err != nil {
			return err
		}
		if n++; n > maxRawFiles {
			return fmt.Errorf("%s: more than %d files", uri, maxRawFiles)
		}
		size += e.Size
		files.add(&rawFile{Entry: e})
	}
	if k.Progress != nil {
		k.Progress.Total(size, "bytes")
	}
	return nil
}

// waiting is a list of files that grows while others are taken from it in order.
type waiting struct {
	mu    sync.Mutex
	more  sync.Cond // L is mu once anyone waits
	all   []*rawFile
	taken int
	whole bool
}

func (w *waiting) add(f *rawFile) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, f)
	w.more.Signal()
}

// end says that there are no more.
func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whole = true
	w.more.Broadcast()
}

// take waits for the next file, nil where there is none.
func (w *waiting) take() *rawFile {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.more.L = &w.mu
	for w.taken == len(w.all) && !w.whole {
		w.more.Wait()
	}
	if w.taken == len(w.all) {
		return nil
	}
	w.taken++
	return w.all[w.taken-1]
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

func put(w io.Writer, texts ...string) {
	var n [8]byte
	for _, s := range texts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		_, _ = w.Write(n[:])
		_, _ = io.WriteString(w, s)
	}
}

// sum returns the hash of a file, whose name in the memory is id.
func (k *Keyer) sum(ctx context.Context, h *hasher, st store.Store, uri, root, id string, e store.Entry) (string, error) {
	if e.Other {
		return "other", nil // listed so that its coming and going changes the key
	}
	mtime := e.ModTime.UnixNano()
	k.mu.Lock()
	old, ok := k.known[id]
	k.mu.Unlock()
	if ok && old.Sum != "" && old.Size == e.Size && old.MTime == mtime {
		k.add(e.Size)
		return old.Sum, nil
	}
	sum, err := k.read(ctx, h, st, e)
	if errors.Is(err, fs.ErrPermission) && relative(root, e.Path) != "" {
		return "unreadable", nil // one file of many: its reader says so and goes on
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path.Join(uri, relative(root, e.Path)), err)
	}
	if time.Since(e.ModTime) > racyWindow {
		k.mu.Lock()
		k.known[id], k.dirty = remembered{e.Size, mtime, sum}, true
		k.mu.Unlock()
	}
	return sum, nil
}

// remember returns how the files of an input are named in the memory: by absolute
// path, or by URI.
func remember(uri, root string) func(p string) string {
	local, err := store.LocalPath(uri)
	if err == nil {
		local, err = filepath.Abs(local)
	}
	if err != nil {
		return func(p string) string { return uri + "\x00" + relative(root, p) }
	}
	return func(p string) string { return filepath.Join(local, filepath.FromSlash(relative(root, p))) }
}

func (k *Keyer) add(n int64) {
	if k.Progress != nil {
		k.Progress.Add(n)
	}
}

func (k *Keyer) read(ctx context.Context, h *hasher, st store.Store, e store.Entry) (string, error) {
	b, err := st.Open(ctx, e.Path)
	if err != nil {
		return "", err
	}
	defer b.Close()
	h.sum.Reset(k.sums, b.Size())
	for at := int64(0); at < b.Size(); {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := b.ReadAt(h.buf[:min(int64(len(h.buf)), b.Size()-at)], at)
		h.sum.Write(h.buf[:n])
		k.add(int64(n))
		at += int64(n)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		if n == 0 {
			return "", errors.New("shrank while it was read")
		}
	}
	sum := h.sum.Sum()
	return hex.EncodeToString(sum[:]), nil
}
