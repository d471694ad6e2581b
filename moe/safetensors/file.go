package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"sort"
)

// Limits of a header. The format's own reader stops at 100 MB as well; a name, a
// rank or a count of tensors beyond these is a broken or hostile file. The largest
// published models have less than 100,000 tensors in all their files, and a reader
// keeps some hundred bytes of each.
const (
	maxHeaderBytes = 100 << 20
	maxNameBytes   = 1 << 12
	maxRank        = 16
	maxTensors     = 1 << 18
	metadataKey    = "__metadata__"
)

// ErrFormat is wrapped by every error about the content of a file, as opposed
// to the failure to read it.
var ErrFormat = errors.New("not a valid safetensors file")

// Tensor describes one tensor of a file.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	raw   []byte
}

// Readable says that the type is one that can be read as numbers.
func (t *Tensor) Readable() bool { return t.DType.decodes() }

// Read widens len(dst) numbers of the tensor from number at on into dst, exactly,
// or rounds those of F64 to the nearest float32. The tensor must be readable. The
// numbers of an open file are read where they lie: see [Set.Guard].
func Read[Num float32 | float64](t *Tensor, dst []Num, at int) {
	size := int(t.DType.size())
	if raw := t.raw[at*size : (at+len(dst))*size]; !decode(dst, raw, t.DType) {
		panic("safetensors: tensor " + t.Name + " of type " + string(t.DType) + " cannot be read as numbers")
	}
}

// View returns the tensor's numbers where they lie, not to be written, if they are
// of type Num and aligned. They may be those of an open file: see [Set.Guard].
func View[Num float32 | float64](t *Tensor) ([]Num, bool) { return view[Num](t.raw, t.DType) }

// Len returns the count of numbers.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// File is an open safetensors file.
type File struct {
	path    string
	mapped  *mapping
	tensors []Tensor // by name
	byName  map[string]int
	meta    map[string]string
}

// Open maps a file and checks its whole header.
func Open(path string) (*File, error) {
	m, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f := &File{path: path, mapped: m, byName: map[string]int{}}
	lost := guard([]*File{f}, func() { err = f.parse() })
	if err != nil {
		err = fmt.Errorf("safetensors: %s: %w: %w", path, ErrFormat, err)
	}
	if err = cmp.Or(lost, err); err != nil {
		_ = m.close()
		return nil, err
	}
	return f, nil
}

// Close unmaps the file; views taken from it are invalid afterwards.
func (f *File) Close() error {
	f.tensors, f.byName = nil, nil
	return f.mapped.close()
}

// Tensors lists what the file holds, sorted by name.
func (f *File) Tensors() []Tensor { return f.tensors }

// Metadata returns the free-form strings of the header.
func (f *File) Metadata() map[string]string { return f.meta }

// Lookup finds a tensor by name.
func (f *File) Lookup(name string) (*Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return nil, false
	}
	return &f.tensors[i], true
}

// ReadFloat32 widens the tensor into dst, which must hold exactly its numbers.
func (f *File) ReadFloat32(name string, dst []float32) error { return readAs(f, name, dst, "float32") }

// ReadFloat64 is ReadFloat32 into float64.
func (f *File) ReadFloat64(name string, dst []float64) error { return readAs(f, name, dst, "float64") }

func readAs[Num float32 | float64](f *File, name string, dst []Num, as string) error {
	t, err := f.holding(name, len(dst))
	if err != nil {
		return err
	}
	known := false
	if err := guard([]*File{f}, func() { known = decode(dst, t.raw, t.DType) }); err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("safetensors: %s: tensor %q has type %s, which cannot be read as %s", f.path, name, t.DType, as)
	}
	return nil
}

// ReadBytes copies the tensor, which must be of type U8, into dst, which must hold
// exactly its bytes.
func (f *File) ReadBytes(name string, dst []byte) error {
	t, err := f.holding(name, len(dst))
	if err != nil {
		return err
	}
	if t.DType != U8 {
		return fmt.Errorf("safetensors: %s: tensor %q has type %s, want %s", f.path, name, t.DType, U8)
	}
	return guard([]*File{f}, func() { copy(dst, t.raw) })
}

// holding finds a tensor of n numbers.
func (f *File) holding(name string, n int) (*Tensor, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("safetensors: %s: no tensor %q", f.path, name)
	}
	if n != t.Len() {
		return nil, fmt.Errorf("safetensors: %s: tensor %q has %d numbers, want %d", f.path, name, t.Len(), n)
	}
	return t, nil
}

// Float32 returns the tensor's numbers: a view into the mapped file, not to be
// written, if it is float32 and aligned, else a widened copy.
func (f *File) Float32(name string) ([]float32, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("safetensors: %s: no tensor %q", f.path, name)
	}
	if v, ok := View[float32](t); ok {
		return v, nil
	}
	dst := make([]float32, t.Len())
	return dst, f.ReadFloat32(name, dst)
}

func (f *File) parse() error {
	file := f.mapped.data
	if len(file) < 8 {
		return fmt.Errorf("%d bytes hold no header length", len(file))
	}
	n := binary.LittleEndian.Uint64(file)
	if n > maxHeaderBytes {
		return fmt.Errorf("header of %d bytes, at most %d", n, maxHeaderBytes)
	}
	if n > uint64(len(file)-8) {
		return fmt.Errorf("header of %d bytes runs past the end of a file of %d", n, len(file))
	}
	data := file[8+n:]
	var spans []span
	err := eachKey(file[8:8+n], func(name string, raw json.RawMessage) error {
		if name == metadataKey {
			if err := json.Unmarshal(raw, &f.meta); err != nil {
				return fmt.Errorf("%s: %w", metadataKey, err)
			}
			return nil
		}
		t, s, err := parseTensor(name, raw, data)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		f.tensors, spans = append(f.tensors, t), append(spans, s)
		return nil
	})
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	sort.Slice(f.tensors, func(a, b int) bool { return f.tensors[a].Name < f.tensors[b].Name })
	for i, t := range f.tensors {
		f.byName[t.Name] = i
	}
	return checkSpans(spans, uint64(len(data)))
}

// eachKey walks an object whose keys are tensors, a header or an index, in file order. A name given twice
// is an error: readers would disagree on which one counts.
func eachKey(header []byte, do func(name string, raw json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(header))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	seen, tensors := map[string]bool{}, 0
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return fmt.Errorf("key %v is not a string", t)
		}
		if len(name) > maxNameBytes {
			return fmt.Errorf("a name of %d bytes, at most %d", len(name), maxNameBytes)
		}
		if seen[name] {
			return fmt.Errorf("tensor %q is listed twice", name)
		}
		if seen[name] = true; name != metadataKey {
			tensors++
		}
		if tensors > maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		if err := do(name, raw); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if rest := bytes.TrimRight(header[dec.InputOffset():], " \t\r\n\x00"); len(rest) > 0 {
		return fmt.Errorf("%d bytes after the object", len(rest))
	}
	return nil
}

// span is where a tensor lies in the data part.
type span struct {
	name   string
	lo, hi uint64
}

func parseTensor(name string, raw json.RawMessage, data []byte) (Tensor, span, error) {
	var h struct {
		DType   *DType    `json:"dtype"`
		Shape   *[]uint64 `json:"shape"`
		Offsets *[]uint64 `json:"data_offsets"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return Tensor{}, span{}, err
	}
	if h.DType == nil || h.Shape == nil || h.Offsets == nil || len(*h.Offsets) != 2 {
		return Tensor{}, span{}, errors.New("want dtype, shape and two data_offsets")
	}
	size := h.DType.size()
	if size == 0 {
		return Tensor{}, span{}, fmt.Errorf("type %q is not known", *h.DType)
	}
	if len(*h.Shape) > maxRank {
		return Tensor{}, span{}, fmt.Errorf("rank %d, at most %d", len(*h.Shape), maxRank)
	}
	bytesWanted, shape, err := shapeBytes(*h.Shape, size)
	if err != nil {
		return Tensor{}, span{}, err
	}
	lo, hi := (*h.Offsets)[0], (*h.Offsets)[1]
	if lo > hi || hi > uint64(len(data)) {
		return Tensor{}, span{}, fmt.Errorf("offsets %d to %d, the file holds %d bytes of numbers", lo, hi, len(data))
	}
	if hi-lo != bytesWanted {
		return Tensor{}, span{}, fmt.Errorf("offsets span %d bytes, %s %v takes %d", hi-lo, *h.DType, shape, bytesWanted)
	}
	return Tensor{Name: name, DType: *h.DType, Shape: shape, raw: data[lo:hi:hi]}, span{name, lo, hi}, nil
}

// shapeBytes multiplies with overflow checks: 2^32 × 2^32 must not wrap to a
// size that the offsets satisfy.
func shapeBytes(dims []uint64, size uint64) (uint64, []int, error) {
	total, shape := size, make([]int, len(dims))
	for i, d := range dims {
		hi, lo := bits.Mul64(total, d)
		if hi != 0 || lo > 1<<62 || d > 1<<62 {
			return 0, nil, fmt.Errorf("shape %v overflows", dims)
		}
		total, shape[i] = lo, int(d)
	}
	return total, shape, nil
}

// checkSpans demands that the tensors tile the data part: no overlap, through
// which two names would share numbers, and no hole, in which a file could
// carry what no reader sees.
func checkSpans(spans []span, size uint64) error {
	sort.Slice(spans, func(a, b int) bool {
		if spans[a].lo != spans[b].lo {
			return spans[a].lo < spans[b].lo
		}
		return spans[a].hi < spans[b].hi
	})
	at := uint64(0)
	for _, s := range spans {
		if s.lo < at {
			return fmt.Errorf("tensor %q overlaps the one before it (offset %d, want %d)", s.name, s.lo, at)
		}
		if s.lo > at {
			return fmt.Errorf("hole of %d bytes before tensor %q", s.lo-at, s.name)
		}
		at = s.hi
	}
	if at != size {
		return fmt.Errorf("%d bytes after the last tensor", size-at)
	}
	return nil
}
