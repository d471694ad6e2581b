package safetensors

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// Names that loaders of this format look for in a checkpoint directory.
const (
	SingleName = "model.safetensors"
	IndexName  = "model.safetensors.index.json"

	maxIndexBytes = 64 << 20 // 18,000 tensors take 2 MB
)

// Set is a checkpoint: one file, or the shards that an index names.
type Set struct {
	dir    string
	files  []*File
	byName map[string]*File
}

// OpenDir opens the checkpoint in a directory. An index, where there is one,
// says which shard holds which tensor, and the shards must hold exactly that.
func OpenDir(dir string) (*Set, error) {
	index, err := readBounded(filepath.Join(dir, IndexName), maxIndexBytes)
	switch {
	case err == nil:
		return openIndexed(dir, index)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := Open(filepath.Join(dir, SingleName))
	if err != nil {
		return nil, err
	}
	s := &Set{dir: dir, files: []*File{f}, byName: map[string]*File{}}
	for _, t := range f.Tensors() {
		s.byName[t.Name] = f
	}
	return s, nil
}

// OpenFiles opens files that hold the tensors of one set between them, each
// tensor in one file.
func OpenFiles(paths ...string) (*Set, error) {
	s := &Set{byName: map[string]*File{}}
	for _, path := range paths {
		if err := s.add(path); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Set) add(path string) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	s.dir, s.files = filepath.Dir(path), append(s.files, f)
	for _, t := range f.Tensors() {
		if other := s.byName[t.Name]; other != nil {
			return fmt.Errorf("safetensors: tensor %q lies in %s and in %s", t.Name, other.path, path)
		}
		s.byName[t.Name] = f
	}
	return nil
}

// Digest is the SHA-256 of all tensors: names, types, shapes and numbers, in the
// order of names. How they lie in files does not enter.
func (s *Set) Digest() ([sha256.Size]byte, error) {
	h := sha256.New()
	err := s.Guard(func() {
		for _, name := range s.Names() {
			t, _ := s.Lookup(name)
			fmt.Fprintf(h, "%q %s %v\n", name, t.DType, t.Shape)
			h.Write(t.raw)
		}
	})
	if err != nil { // and h is in no state to be asked
		return [sha256.Size]byte{}, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

func openIndexed(dir string, index []byte) (*Set, error) {
	path := filepath.Join(dir, IndexName)
	weightMap, err := parseIndex(index)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	s := &Set{dir: dir, byName: map[string]*File{}}
	if err := s.openShards(path, weightMap); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// parseIndex reads which file holds which tensor.
func parseIndex(index []byte) (map[string]string, error) {
	var doc struct {
		WeightMap json.RawMessage `json:"weight_map"`
	}
	if err := json.Unmarshal(index, &doc); err != nil {
		return nil, err
	}
	weightMap := map[string]string{}
	if len(doc.WeightMap) > 0 && string(doc.WeightMap) != "null" {
		err := eachKey(doc.WeightMap, func(name string, raw json.RawMessage) error {
			var shard string
			if err := json.Unmarshal(raw, &shard); err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
			weightMap[name] = shard
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("weight_map: %w", err)
		}
	}
	if len(weightMap) == 0 {
		return nil, errors.New("weight_map is absent or empty")
	}
	return weightMap, nil
}

func (s *Set) openShards(path string, weightMap map[string]string) error {
	shards := map[string]*File{}
	for _, shard := range weightMap {
		shards[shard] = nil
	}
	names := make([]string, 0, len(shards))
	for shard := range shards {
		names = append(names, shard)
	}
	sort.Strings(names)
	for _, shard := range names {
		if shard != filepath.Base(shard) || !filepath.IsLocal(shard) {
			return fmt.Errorf("safetensors: %s: shard name %q is not a file name", path, shard)
		}
		f, err := Open(filepath.Join(s.dir, shard))
		if err != nil {
			return err
		}
		shards[shard] = f
		s.files = append(s.files, f)
		for _, t := range f.Tensors() {
			if weightMap[t.Name] != shard {
				return fmt.Errorf("safetensors: %s: tensor %q lies in %s, the index says %q", path, t.Name, shard, weightMap[t.Name])
			}
		}
	}
	tensors := make([]string, 0, len(weightMap))
	for name := range weightMap {
		tensors = append(tensors, name)
	}
	sort.Strings(tensors)
	for _, name := range tensors {
		f := shards[weightMap[name]]
		if _, ok := f.Lookup(name); !ok {
			return fmt.Errorf("safetensors: %s: tensor %q is not in %s", path, name, weightMap[name])
		}
		s.byName[name] = f
	}
	return nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, at most %d", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}

// Close closes every file.
func (s *Set) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	s.files, s.byName = nil, nil
	return errors.Join(errs...)
}

// Names lists every tensor, sorted.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.byName))
	for name := range s.byName {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Lookup finds a tensor by name.
func (s *Set) Lookup(name string) (*Tensor, bool) {
	f, ok := s.byName[name]
	if !ok {
		return nil, false
	}
	return f.Lookup(name)
}

// ReadFloat32 widens the tensor into dst, which must hold exactly its numbers.
func (s *Set) ReadFloat32(name string, dst []float32) error {
	return s.in(name, func(f *File) error { return f.ReadFloat32(name, dst) })
}

// ReadFloat64 is ReadFloat32 into float64.
func (s *Set) ReadFloat64(name string, dst []float64) error {
	return s.in(name, func(f *File) error { return f.ReadFloat64(name, dst) })
}

// ReadBytes is [File.ReadBytes].
func (s *Set) ReadBytes(name string, dst []byte) error {
	return s.in(name, func(f *File) error { return f.ReadBytes(name, dst) })
}

// in hands over the file that holds a tensor.
func (s *Set) in(name string, read func(f *File) error) error {
	f, ok := s.byName[name]
	if !ok {
		return fmt.Errorf("safetensors: %s: no tensor %q", s.dir, name)
	}
	return read(f)
}
