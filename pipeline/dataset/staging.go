package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/store"
)

// staging is where a dataset grows until it is published:
//
//	PARENT/.NAME.staging-<key10>/lock       held while a process writes
//	PARENT/.NAME.staging-<key10>/journal    what is durable, one line a part
//	PARENT/.NAME.staging-<key10>/tree/…     what becomes the dataset, by one rename
//
// For an object store the same lies in the user's cache directory; finished
// parts are uploaded as they come and the manifest last.
type staging struct {
	target *Dataset // place of the dataset to be
	dir    string   // the staging directory
	lock   *os.File
	remote bool
	resume bool // the directory was there before

	behind errgroup.Group // what has to be done before the dataset is published
}

const (
	treeName    = "tree"
	journalName = "journal"
	lockName    = "lock"
)

// openStaging decides whether a dataset may be written at uri and opens its
// staging directory, locked.
func openStaging(ctx context.Context, uri string, key pipeline.Key) (*staging, error) {
	target, err := place(ctx, uri)
	if err != nil {
		return nil, err
	}
	s := &staging{target: target, remote: target.dir == ""}
	if s.dir, err = stagingDir(target, uri, key); err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.tree("")); err == nil {
		s.resume = true
	}
	if err := s.mayWrite(ctx, key); err != nil {
		if errors.Is(err, ErrExists) {
			s.sweep()
		}
		return nil, err
	}
	if err := os.MkdirAll(s.tree(""), 0o777); err != nil {
		return nil, err
	}
	if err := s.takeLock(); err != nil {
		return nil, fmt.Errorf("%s: %w", uri, err)
	}
	// Another process may have published between the question and the lock.
	if err := s.mayWrite(ctx, key); err != nil {
		s.unlock()
		return nil, err
	}
	return s, nil
}

func stagingDir(target *Dataset, uri string, key pipeline.Key) (string, error) {
	if target.dir != "" {
		abs, err := filepath.Abs(target.dir)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf(".%s.staging-%s", filepath.Base(abs), key.Short())
		return filepath.Join(filepath.Dir(abs), name), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%s: parts are staged in the cache directory, and there is none: %w", uri, err)
	}
	place := pipeline.HashKey([]byte(uri))
	return filepath.Join(cache, "swerm", "staging", fmt.Sprintf("%s-%s", place.Short(), key.Short())), nil
}

// Unfinished returns the short keys of what writers that were killed have left at
// uri, or others are writing.
func Unfinished(ctx context.Context, uri string) ([]string, error) {
	target, err := place(ctx, uri)
	if err != nil {
		return nil, err
	}
	dir, err := stagingDir(target, uri, "")
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var keys []string
	for _, e := range entries {
		key, ok := strings.CutPrefix(e.Name(), filepath.Base(dir))
		if !ok {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(dir), e.Name(), treeName)); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// mayWrite refuses a place that holds anything.
func (s *staging) mayWrite(ctx context.Context, key pipeline.Key) error {
	target := s.target
	d, err := Open(ctx, target.URI)
	switch {
	case err == nil && d.Manifest.Key == key:
		return fmt.Errorf("%s: %w", target.URI, ErrExists)
	case err == nil:
		return fmt.Errorf("%s: %w: made by stage %s with key %s, not %s; choose another place or remove it",
			target.URI, ErrOther, d.Manifest.Stage, d.Manifest.Key.Short(), key.Short())
	case !errors.Is(err, ErrNone):
		return err
	}
	for e, err := range target.st.List(ctx, target.root) {
		if err != nil {
			return fmt.Errorf("%s: %w", target.URI, err)
		}
		if s.remote && (s.resume || isOurs(target.root, e.Path)) {
			continue // what an interrupted upload left; replaced or removed at publish
		}
		return fmt.Errorf("%s: %w: it holds %s and no %s; choose another place or remove it",
			target.URI, ErrOther, e.Path, manifestName)
	}
	return nil
}

// isOurs reports whether a path has the form of a part of ours.
func isOurs(root, p string) bool {
	for _, dir := range []string{dataDir, indexDir, path.Dir(rejectsName)} {
		if ok, _ := path.Match(path.Join(root, dir, "part-*"), p); ok {
			return true
		}
	}
	return false
}

func (s *staging) takeLock() error {
	f, err := os.OpenFile(filepath.Join(s.dir, lockName), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	if err := lockFile(f); err != nil {
		_ = f.Close()
		return err
	}
	s.lock = f
	return nil
}

func (s *staging) unlock() {
	if s.lock != nil {
		_ = s.behind.Wait() // it works in the staging directory
		_ = s.lock.Close()
		s.lock = nil
	}
}

// tree returns the staged path of a file.
func (s *staging) tree(name string) string {
	return filepath.Join(s.dir, treeName, filepath.FromSlash(name))
}

// sweep removes what a kill between publishing and cleaning up left behind.
func (s *staging) sweep() { _ = os.RemoveAll(s.dir) }

// clear removes every staged file that is not in keep: the open part of a
// killed process, temporary files, the last stage's manifest.
func (s *staging) clear(keep map[string]bool) error {
	root := s.tree("")
	return filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil || keep[filepath.ToSlash(name)] {
			return err
		}
		return os.Remove(file)
	})
}

// openPattern names files of ours that are not whole.
const openPattern = ".open-*"

// clearOpen removes what a killed writer of an artifact had not finished: files
// that had not got their names, and the manifest. Every other file is the
// stage's own.
func (s *staging) clearOpen() error {
	err := filepath.WalkDir(s.tree(""), func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !unfinished(e.Name()) {
			return err
		}
		return os.Remove(file)
	})
	if err != nil {
		return err
	}
	if err := os.Remove(s.tree(manifestName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// unfinished tells the name of a file that is renamed once it is whole, as
// writers here and those that stages call choose them.
func unfinished(name string) bool {
	ext := filepath.Ext(name)
	return strings.HasPrefix(name, ".") || ext == ".tmp" || strings.HasPrefix(ext, ".tmp-")
}

// A stagedFile is a file being written under a temporary name and hashed on
// the way. It gets its name when it is whole.
type stagedFile struct {
	s    *staging
	f    *os.File
	sum  hash.Hash
	size int64
	sent int64 // what the system was asked to write to the disk
}

const (
	// apartBytes are worth a goroutine that hashes them while they are written.
	apartBytes = 256 << 10
	// writebackBytes are written to the disk before the file is whole.
	writebackBytes = 1 << 20
)

func (s *staging) create(dir string) (*stagedFile, error) {
	if err := os.MkdirAll(s.tree(dir), 0o777); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(s.tree(dir), openPattern)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o644); err != nil {
		_ = f.Close()
		return nil, err
	}
	return &stagedFile{s: s, f: f, sum: sha256.New()}, nil
}

func (f *stagedFile) Write(b []byte) (int, error) {
	var hashing sync.WaitGroup
	if len(b) >= apartBytes {
		hashing.Go(func() { f.sum.Write(b) })
	} else {
		f.sum.Write(b)
	}
	n, err := f.f.Write(b) // after a failure nobody asks for the hash
	hashing.Wait()
	f.size += int64(n)
	if f.size-f.sent >= writebackBytes {
		f.beginWriteback()
	}
	return n, err
}

// beginWriteback has the disk begin with what it has not been sent yet.
func (f *stagedFile) beginWriteback() {
	beginWriteback(f.f, f.sent, f.size-f.sent)
	f.sent = f.size
}

// described is what the manifest will say of the file, which is whole.
func (f *stagedFile) described(name string) Part {
	sum := hex.EncodeToString(f.sum.Sum(nil))
	return Part{Path: name, Key: pipeline.Key(sum[:32]), Bytes: f.size, SHA256: sum}
}

// commit makes the file durable under its name.
func (f *stagedFile) commit(ctx context.Context, name string) (Part, error) {
	if err := f.settle(name); err != nil {
		return Part{}, err
	}
	if err := store.SyncDir(filepath.Dir(f.s.tree(name))); err != nil {
		return Part{}, err
	}
	return f.described(name), f.s.uploadPart(ctx, name)
}

// commitBehind is commit for a file that nothing depends on but publishing, which
// waits for it and syncs folders: the disk works while other files are made.
func (f *stagedFile) commitBehind(ctx context.Context, name string) (Part, error) {
	f.beginWriteback()
	f.s.behind.Go(func() error {
		if err := f.settle(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return f.s.uploadPart(ctx, name)
	})
	return f.described(name), nil
}

// settle syncs the file and gives it its name.
func (f *stagedFile) settle(name string) error {
	if err := f.f.Sync(); err != nil {
		return err
	}
	if err := f.f.Close(); err != nil {
		return err
	}
	return os.Rename(f.f.Name(), f.s.tree(name))
}

// drop gives an unfinished file up.
func (f *stagedFile) drop() {
	_ = f.f.Close()
	_ = os.Remove(f.f.Name())
}

// put writes a small file whole. It is durable when publishing says so.
func (s *staging) put(ctx context.Context, name string, content []byte) (Part, error) {
	f, err := s.create(path.Dir(name))
	if err != nil {
		return Part{}, err
	}
	if _, err := f.Write(content); err != nil {
		f.drop()
		return Part{}, err
	}
	p, err := f.commitBehind(ctx, name)
	p.Key = ""
	return p, err
}

// hashFile describes a staged file that was written by other means.
func (s *staging) hashFile(ctx context.Context, name string) (Part, error) {
	f, err := os.Open(s.tree(name))
	if err != nil {
		return Part{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, contextReader{ctx, f})
	return Part{Path: name, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// contextReader ends a long copy when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// publish writes the manifest last and makes the dataset appear.
func (s *staging) publish(ctx context.Context, m Manifest) (*Dataset, error) {
	defer s.unlock()
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.target.URI, err)
	}
	raw, err := m.encode()
	if err != nil {
		return nil, err
	}
	if m, err = parseManifest(raw); err != nil {
		return nil, err
	}
	if s.remote {
		err = s.publishRemote(ctx, m, raw)
	} else {
		err = s.publishLocal(ctx, raw)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: publish: %w", s.target.URI, err)
	}
	s.sweep()
	d := *s.target
	d.Manifest = m
	return &d, nil
}

func (s *staging) publishLocal(ctx context.Context, manifest []byte) error {
	if _, err := s.put(ctx, manifestName, manifest); err != nil {
		return err
	}
	if err := s.behind.Wait(); err != nil {
		return err
	}
	if err := syncTree(s.tree("")); err != nil {
		return err
	}
	target, err := filepath.Abs(s.target.dir)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// rename(2) refuses a directory that holds anything, so what appeared
	// there meanwhile is not lost.
	if err := os.Rename(s.tree(""), target); err != nil {
		if errors.Is(err, fs.ErrExist) || errors.Is(err, errNotEmpty) {
			return ErrOther
		}
		return err
	}
	return store.SyncDir(filepath.Dir(target))
}

// syncTree syncs every directory, so that the names in it are durable.
func syncTree(root string) error {
	var syncing errgroup.Group
	syncing.SetLimit(syncsAtOnce)
	walked := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			syncing.Go(func() error { return store.SyncDir(p) })
		}
		return err
	})
	return errors.Join(walked, syncing.Wait())
}

// syncsAtOnce are the folders that wait for the disk together.
const syncsAtOnce = 8
