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
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/swerm/swerm/internal/blake3lanes"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

const (
	// racyWindow is how old a file must be for its size and time to stand for its
	// content: a file written again within the clock's grain would keep both.
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
	sum blake3lanes.Hasher
	buf []byte
}

// NewKeyer returns a Keyer that remembers in file, which need not exist. A
// file that cannot be read is as good as an empty one.
func NewKeyer(file string) *Keyer {
	k := &Keyer{file: file, known: map[string]remembered{}}
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

// sumUp hashes what of a listed input nobody has told the sum of, and makes the
// input's key. The name under which origins will know the input is part of it, since
// it is part of what an importer writes.
func (k *Keyer) sumUp(ctx context.Context, l *listing) (pipeline.Key, error) {
	if k.Progress != nil {
		k.Progress.Total(l.bytes(), "bytes")
	}
	id := remember(l.uri, l.root)
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			h := &hasher{buf: make([]byte, hashBuffer)}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(l.files) {
					return nil
				}
				if err := k.learn(ctx, h, l, id, &l.files[i]); err != nil {
					return err
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	h := sha256.New()
	put(h, rawLayout, l.name)
	for i := range l.files {
		put(h, l.files[i].path, l.files[i].text())
	}
	return shortKey(h.Sum(nil)), nil
}

func shortKey(sum []byte) pipeline.Key { return pipeline.Key(hex.EncodeToString(sum[:16])) }

func put(w io.Writer, texts ...string) {
	var n [8]byte
	for _, s := range texts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		_, _ = w.Write(n[:])
		_, _ = io.WriteString(w, s)
	}
}

// learn sees to it that a file has its sum: it was told, is remembered, or the file
// is read.
func (k *Keyer) learn(ctx context.Context, h *hasher, l *listing, id func(string) string, f *listed) error {
	switch {
	case f.state == isOther:
		return nil // listed so that its coming and going changes the key
	case f.state == isSummed:
		k.add(f.size)
	case k.recall(id(f.path), f):
		k.add(f.size)
		return nil
	default:
		sum, err := k.read(ctx, h, l.st, l.at(f.path))
		if errors.Is(err, fs.ErrPermission) && f.path != "" {
			f.state = isUnreadable // one file of many: its reader says so and goes on
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path.Join(l.uri, f.path), err)
		}
		f.state, f.sum = isSummed, sum
	}
	if !racy(f.mtime) {
		k.mu.Lock()
		k.known[id(f.path)], k.dirty = remembered{f.size, f.mtime, f.text()}, true
		k.mu.Unlock()
	}
	return nil
}

// recall gives a file the sum that is remembered of it.
func (k *Keyer) recall(id string, f *listed) bool {
	k.mu.Lock()
	old, ok := k.known[id]
	k.mu.Unlock()
	if !ok || old.Size != f.size || old.MTime != f.mtime {
		return false
	}
	sum, err := hex.DecodeString(old.Sum)
	if err != nil || len(sum) != len(f.sum) {
		return false
	}
	f.state = isSummed
	copy(f.sum[:], sum)
	return true
}

// racy reports whether a file of that modification time may still be written again
// within the grain of its clock.
func racy(mtime int64) bool { return time.Since(time.Unix(0, mtime)) <= racyWindow }

// remember returns how the files of an input are named in the memory: by absolute
// path, or by URI.
func remember(uri, root string) func(rel string) string {
	local, err := store.LocalPath(uri)
	if err == nil {
		local, err = filepath.Abs(local)
	}
	if err != nil {
		return func(rel string) string { return uri + "\x00" + rel }
	}
	return func(rel string) string { return filepath.Join(local, filepath.FromSlash(rel)) }
}

func (k *Keyer) add(n int64) {
	if k.Progress != nil {
		k.Progress.Add(n)
	}
}

func (k *Keyer) read(ctx context.Context, h *hasher, st store.Store, p string) (sum [blake3lanes.Size]byte, err error) {
	b, err := st.Open(ctx, p)
	if err != nil {
		return sum, err
	}
	defer b.Close()
	h.sum.Reset()
	for at := int64(0); at < b.Size(); {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		n, err := b.ReadAt(h.buf[:min(int64(len(h.buf)), b.Size()-at)], at)
		_, _ = h.sum.Write(h.buf[:n])
		k.add(int64(n))
		at += int64(n)
		if err != nil && !errors.Is(err, io.EOF) {
			return sum, err
		}
		if n == 0 {
			return sum, errors.New("shrank while it was read")
		}
	}
	h.sum.Sum(sum[:0])
	return sum, nil
}
