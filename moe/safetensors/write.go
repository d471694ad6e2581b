package safetensors

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// Item is a tensor to write.
type Item struct {
	Name  string
	Shape []int
	Data  []float32
	Wide  []float64 // instead of Data; needs type F64

	// Narrow, instead of Data, is numbers that are bfloat16 already; needs type BF16.
	Narrow []uint16

	// Bytes, instead of Data, are of type U8 whatever the type of the file.
	Bytes []byte

	// Fill or FillWide, instead of Data or Wide, makes the numbers when they are
	// written, so that a checkpoint never lies in memory as a whole. The slice is
	// undefined at first and used again for the next item.
	Fill     func(dst []float32) error
	FillWide func(dst []float64) error
}

func (it *Item) len() int {
	if it.Fill == nil && it.FillWide == nil {
		return len(it.Data) + len(it.Wide) + len(it.Narrow) + len(it.Bytes)
	}
	n := 1
	for _, d := range it.Shape {
		n *= d
	}
	return n
}

// in is the type of the item in a file of a type.
func (it *Item) in(d DType) DType {
	if it.Bytes != nil {
		return U8
	}
	return d
}

// WriteOptions say how a checkpoint is written; the zero value writes float32
// into one file.
type WriteOptions struct {
	DType DType // F32 (default), BF16, F16 or F64
	// ShardBytes closes a shard before it grows past this many bytes of
	// numbers; 0 writes one file and no index.
	ShardBytes int64
}

// WriteDir writes the items, in the order given, into dir: model.safetensors,
// or shards and their index. Files appear by rename after they are on disk,
// the index last. Files of an earlier checkpoint in dir that the new one does
// not name are removed afterwards, so that no reader mixes the two; a writer
// that must survive a crash writes into a fresh directory.
func WriteDir(dir string, items []Item, o WriteOptions) error {
	if o.DType == "" {
		o.DType = F32
	}
	if o.DType != F32 && o.DType != BF16 && o.DType != F16 && o.DType != F64 {
		return fmt.Errorf("safetensors: cannot write type %q, only F32, BF16, F16 and F64", o.DType)
	}
	shards, err := split(items, o)
	if err != nil {
		return err
	}
	old, err := weightFiles(dir)
	if err != nil {
		return err
	}
	written := map[string]bool{}
	weightMap, total := map[string]string{}, uint64(0)
	for i, shard := range shards {
		name := SingleName
		if len(shards) > 1 {
			name = fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		}
		if err := Write(filepath.Join(dir, name), shard, o.DType); err != nil {
			return err
		}
		written[filepath.Join(dir, name)] = true
		for _, it := range shard {
			weightMap[it.Name] = name
			total += uint64(it.len()) * it.in(o.DType).size()
		}
	}
	if len(shards) > 1 {
		path := filepath.Join(dir, IndexName)
		if err := writeIndex(path, weightMap, total); err != nil {
			return err
		}
		written[path] = true
	}
	for _, path := range old {
		if !written[path] {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("safetensors: remove stale shard: %w", err)
			}
		}
	}
	return nil
}

// weightName matches the files that this package writes and no others, such as
// adapters that someone keeps beside a checkpoint.
var weightName = regexp.MustCompile(`^model(-\d{5,}-of-\d{5,})?\.safetensors(\.index\.json)?$`)

// weightFiles lists the weights and the index that lie in dir.
func weightFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if weightName.MatchString(e.Name()) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// split cuts the items into shards of at most o.ShardBytes, each at least one
// tensor long.
func split(items []Item, o WriteOptions) ([][]Item, error) {
	seen := map[string]bool{}
	var shards [][]Item
	var size int64
	for _, it := range items {
		n := 1
		for _, d := range it.Shape {
			n *= d
		}
		if n != it.len() {
			return nil, fmt.Errorf("safetensors: tensor %q: shape %v, but %d numbers", it.Name, it.Shape, it.len())
		}
		if seen[it.Name] || it.Name == metadataKey {
			return nil, fmt.Errorf("safetensors: tensor %q: name given twice or reserved", it.Name)
		}
		seen[it.Name] = true
		bytes := int64(n) * int64(it.in(o.DType).size())
		if len(shards) == 0 || o.ShardBytes > 0 && size > 0 && size+bytes > o.ShardBytes {
			shards, size = append(shards, nil), 0
		}
		shards[len(shards)-1] = append(shards[len(shards)-1], it)
		size += bytes
	}
	if len(shards) == 0 {
		return nil, errors.New("safetensors: nothing to write")
	}
	return shards, nil
}

// WriteIndex names the shards of a checkpoint that were written one by one, and
// the tensors of each; of an item name and shape are read.
func WriteIndex(dir string, shards map[string][]Item, d DType) error {
	weightMap, total := map[string]string{}, uint64(0)
	for file, items := range shards {
		for _, it := range items {
			n := uint64(1)
			for _, size := range it.Shape {
				n *= uint64(size)
			}
			weightMap[it.Name] = file
			total += n * d.size()
		}
	}
	return writeIndex(filepath.Join(dir, IndexName), weightMap, total)
}

func writeIndex(path string, weightMap map[string]string, total uint64) error {
	doc, err := json.MarshalIndent(map[string]any{
		"metadata":   map[string]any{"total_size": total},
		"weight_map": weightMap,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return WriteFile(path, append(doc, '\n'))
}

// Write writes one file. The same items give the same bytes.
func Write(path string, items []Item, d DType) error {
	header, err := buildHeader(items, d)
	if err != nil {
		return fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return replaceFile(path, func(w *bufio.Writer) error {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(header)))
		if _, err := w.Write(n[:]); err != nil {
			return err
		}
		if _, err := w.Write(header); err != nil {
			return err
		}
		var made madeNumbers
		var block []byte // of all tensors: garbage of a checkpoint would be as large as it is
		for _, it := range items {
			if err := made.fill(&it); err != nil {
				return fmt.Errorf("tensor %q: %w", it.Name, err)
			}
			if err := errors.Join(writeNumbers(w, it.Data, d, &block), writeNumbers(w, it.Wide, d, &block), writeHalves(w, it.Narrow), writeBytes(w, it.Bytes)); err != nil {
				return fmt.Errorf("tensor %q: %w", it.Name, err)
			}
		}
		return nil
	})
}

// madeNumbers is the memory of items that are made when they are written.
type madeNumbers struct {
	narrow []float32
	wide   []float64
}

// fill makes the numbers of an item, where it has none yet.
func (m *madeNumbers) fill(it *Item) error {
	switch n := it.len(); {
	case it.Fill != nil:
		m.narrow = slices.Grow(m.narrow[:0], n)[:n]
		it.Data = m.narrow
		return it.Fill(it.Data)
	case it.FillWide != nil:
		m.wide = slices.Grow(m.wide[:0], n)[:n]
		it.Wide = m.wide
		return it.FillWide(it.Wide)
	}
	return nil
}

// writeNumbers converts a block at a time, in the memory of buf.
func writeNumbers[Num float32 | float64](w *bufio.Writer, data []Num, d DType, buf *[]byte) error {
	const block = 1 << 16
	for len(data) > 0 {
		part := data[:min(block, len(data))]
		data = data[len(part):]
		if v, found := tooWide(part, d); found {
			return fmt.Errorf("%v is beyond the range of %s", v, d)
		}
		*buf = encode((*buf)[:0], part, d)
		if _, err := w.Write(*buf); err != nil {
			return err
		}
	}
	return nil
}

// writeHalves writes bfloat16 numbers as they are.
func writeHalves(w *bufio.Writer, data []uint16) error {
	var b [2]byte
	for _, h := range data {
		binary.LittleEndian.PutUint16(b[:], h)
		if _, err := w.Write(b[:]); err != nil {
			return err
		}
	}
	return nil
}

func writeBytes(w *bufio.Writer, data []byte) error {
	_, err := w.Write(data)
	return err
}

// buildHeader lists the tensors in data order and pads to 8 bytes, which keeps
// the numbers aligned for readers that map the file.
func buildHeader(items []Item, d DType) ([]byte, error) {
	type entry struct {
		DType   DType     `json:"dtype"`
		Shape   []int     `json:"shape"`
		Offsets [2]uint64 `json:"data_offsets"`
	}
	header := []byte(`{"` + metadataKey + `":{"format":"pt"}`)
	at := uint64(0)
	for _, it := range items {
		name, err := json.Marshal(it.Name)
		if err != nil {
			return nil, err
		}
		if (len(it.Wide) > 0 || it.FillWide != nil) && d != F64 {
			return nil, fmt.Errorf("tensor %q is float64, the file %s", it.Name, d)
		}
		if len(it.Narrow) > 0 && d != BF16 {
			return nil, fmt.Errorf("tensor %q is bfloat16, the file %s", it.Name, d)
		}
		size := uint64(it.len()) * it.in(d).size()
		shape := it.Shape
		if shape == nil {
			shape = []int{}
		}
		e, err := json.Marshal(entry{it.in(d), shape, [2]uint64{at, at + size}})
		if err != nil {
			return nil, err
		}
		header = append(append(append(append(header, ','), name...), ':'), e...)
		at += size
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	return header, nil
}

// replaceFile writes a file under a temporary name, syncs it and renames it.
func replaceFile(path string, fill func(*bufio.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-*")
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("safetensors: %s: %w", path, err)
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// WriteFile writes a small file beside the weights with the same care: under
// its name only once it is whole and on disk.
func WriteFile(path string, data []byte) error {
	return replaceFile(path, func(w *bufio.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
