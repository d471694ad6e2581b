package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/moe/kernel"
)

// fileOf builds a file from a header and the numbers behind it.
func fileOf(t testing.TB, header string, data []byte) string {
	t.Helper()
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(header)))
	path := filepath.Join(t.TempDir(), SingleName)
	if err := os.WriteFile(path, append(append(n[:], header...), data...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRefuses(t *testing.T) {
	const a = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, c := range []struct {
		name, header string
		bytes        int
		want         string
	}{
		{"no object", `[]`, 0, "not a JSON object"},
		{"cut header", `{"a":{"dtype":"F32"`, 0, "a"},
		{"trailing", `{} {}`, 0, "after the object"},
		{"twice", `{` + a + `,` + a + `}`, 8, `"a" is listed twice`},
		{"overlap", `{` + a + `,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12, `"b" overlaps`},
		{"hole", `{` + a + `,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16, `hole of 4 bytes before tensor "b"`},
		{"tail", `{` + a + `}`, 12, "4 bytes after the last tensor"},
		{"short", `{` + a + `}`, 4, `tensor "a": offsets 0 to 8`},
		{"falling", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8, "offsets 8 to 0"},
		{"size", `{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8, "span 8 bytes"},
		{"overflow", `{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0, "overflows"},
		{"overflow to zero", `{"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}}`, 0, "overflows"},
		{"negative", `{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8, `tensor "a"`},
		{"fraction", `{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}`, 8, `tensor "a"`},
		{"type", `{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}`, 8, `"Q4" is not known`},
		{"rank", `{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, 4, "rank 17"},
		{"missing", `{"a":{"dtype":"F32","shape":[2]}}`, 8, "want dtype"},
		{"extra", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}`, 8, "unknown field"},
		{"metadata", `{"__metadata__":{"a":1}}`, 0, metadataKey},
		{"name", `{"` + strings.Repeat("n", maxNameBytes+1) + `":{}}`, 0, "at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := fileOf(t, c.header, make([]byte, c.bytes))
			_, err := Open(path)
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with %q and the path", err, c.want)
			}
		})
	}
}

func TestOpenHeaderLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	for _, c := range []struct {
		raw  []byte
		want string
	}{
		{nil, "no header length"},
		{[]byte{1, 2, 3}, "no header length"},
		{[]byte{255, 255, 255, 255, 255, 255, 255, 255}, "at most"},
		{[]byte{1, 0, 64, 6, 0, 0, 0, 0}, "at most"}, // one past 100 MiB
		{[]byte{3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, "past the end"},
	} {
		if err := os.WriteFile(path, c.raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.raw, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(path, "absent")); err == nil {
		t.Error("a path through a file opened")
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a directory opened")
	}
}

func TestTypes(t *testing.T) {
	data := []byte{0x00, 0x3c, 0x01, 0x00, 0x00, 0x7c, 0x00, 0xc0, 0x80, 0x3f, 0x80, 0xff}
	header := `{"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]}}`
	for _, pad := range []string{"", " ", "  ", "   "} { // numbers at every alignment
		f, err := Open(fileOf(t, header+pad, data))
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.Float32("h")
		if err != nil {
			t.Fatal(err)
		}
		want := []float32{1, 1.0 / (1 << 24), float32(math.Inf(1)), -2}
		if diff := cmp.Diff(want, h); diff != "" {
			t.Error(diff)
		}
		b, err := f.Float32("b")
		if err != nil || b[0] != 1 || !math.IsInf(float64(b[1]), -1) {
			t.Error(b, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(fileOf(t, `{"i":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}`, []byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Float32("i"); err == nil || !strings.Contains(err.Error(), `"i" has type I8`) {
		t.Error(err)
	}
	if _, err := f.Float32("j"); err == nil {
		t.Error("an absent tensor was read")
	}
}

func TestBF16Rounding(t *testing.T) {
	for _, c := range []struct {
		in   uint32
		want uint16
	}{
		{0x3f800000, 0x3f80},
		{0x3f808000, 0x3f80}, // a tie goes to even
		{0x3f818000, 0x3f82},
		{0x3f808001, 0x3f81},
		{0x7f7fffff, 0x7f80}, // rounds to infinity
		{0x7f800001, 0x7fc0}, // a NaN stays one
		{0x80000000, 0x8000},
	} {
		if got := kernel.BF16(math.Float32frombits(c.in)); got != c.want {
			t.Errorf("%#x: got %#x, want %#x", c.in, got, c.want)
		}
	}
}

// TestHalf: every float16 comes back, and what lies between two goes to the
// nearer one, ties to even.
func TestHalf(t *testing.T) {
	for h := range uint16(0x7c00) { // all finite ones
		v := kernel.FromF16(h)
		if got := toHalf(v); got != h {
			t.Fatalf("%#x: %v comes back as %#x", h, v, got)
		}
		next := kernel.FromF16(h + 1)
		if h == 0x7bff {
			next = 65536 // where infinity begins, as rounding sees it
		}
		half := v + (next-v)/2
		for in, want := range map[float32]uint16{
			half: h + h&1, math.Nextafter32(half, 0): h, math.Nextafter32(half, 1e6): h + 1,
		} {
			if got := toHalf(in); got != want {
				t.Fatalf("%v, between %#x and the next, becomes %#x", in, h, got)
			}
			if got := toHalf(-in); got != want|0x8000 {
				t.Fatalf("%v becomes %#x", -in, got)
			}
		}
	}
	inf := float32(math.Inf(1))
	if toHalf(inf) != 0x7c00 || toHalf(-inf) != 0xfc00 || toHalf(float32(math.NaN()))&0x7e00 != 0x7e00 {
		t.Error("infinities or NaN are lost")
	}
}

// TestHalfRange: a number that float16 has no room for is an error that names
// its tensor, not an infinity.
func TestHalfRange(t *testing.T) {
	dir := t.TempDir()
	for v, fits := range map[float32]bool{65519: true, -65519: true, 65520: false, -1e30: false, float32(math.Inf(1)): true} {
		err := WriteDir(dir, []Item{{Name: "w", Shape: []int{1}, Data: []float32{v}}}, WriteOptions{DType: F16})
		if fits != (err == nil) || err != nil && !strings.Contains(err.Error(), `tensor "w"`) {
			t.Errorf("%v: %v", v, err)
		}
	}
}

// TestFill: items that are made when they are written give the bytes of items
// that lie in memory, and their errors name them.
func TestFill(t *testing.T) {
	want, got, lazy := t.TempDir(), t.TempDir(), items()
	for i := range lazy {
		data := lazy[i].Data
		lazy[i].Data, lazy[i].Fill = nil, func(dst []float32) error { copy(dst, data); return nil }
	}
	for dir, list := range map[string][]Item{want: items(), got: lazy} {
		if err := WriteDir(dir, list, WriteOptions{ShardBytes: 24}); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		a, errA := os.ReadFile(filepath.Join(want, f.Name()))
		b, errB := os.ReadFile(filepath.Join(got, f.Name()))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs (%v, %v)", f.Name(), errA, errB)
		}
	}
	broken := errors.New("the disk is gone")
	wide := []Item{{Name: "w", Shape: []int{3}, FillWide: func(dst []float64) error {
		if len(dst) != 3 {
			t.Errorf("%d numbers to fill", len(dst))
		}
		return broken
	}}}
	if err := WriteDir(t.TempDir(), wide, WriteOptions{DType: F64}); !errors.Is(err, broken) || !strings.Contains(err.Error(), `"w"`) {
		t.Errorf("error %v", err)
	}
	if err := WriteDir(t.TempDir(), wide, WriteOptions{}); err == nil {
		t.Error("float64 was written as float32")
	}
}

func TestOpenFiles(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for path, list := range map[string][]Item{one: items()[:2], two: items()[2:]} {
		if err := Write(path, list, F32); err != nil {
			t.Fatal(err)
		}
	}
	set, err := OpenFiles(one, two)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	whole := t.TempDir()
	if err := WriteDir(whole, items(), WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	all, err := OpenDir(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	a, errA := set.Digest()
	b, errB := all.Digest()
	if a != b || errA != nil || errB != nil {
		t.Error("the digest depends on files", errA, errB)
	}
	if _, err := OpenFiles(one, two, one); err == nil || !strings.Contains(err.Error(), `"a" lies in`) {
		t.Errorf("a tensor in two files: %v", err)
	}
	if _, err := OpenFiles(one, filepath.Join(dir, "absent")); err == nil {
		t.Error("an absent file was opened")
	}
}

func items() []Item {
	return []Item{
		{Name: "a", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}},
		{Name: "b", Shape: []int{0}, Data: nil},
		{Name: "c", Shape: []int{5}, Data: []float32{-1, 0.5, 0.25, 8, -16}},
		{Name: "d", Shape: nil, Data: []float32{7}},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, o := range []WriteOptions{{}, {DType: BF16}, {DType: F16}, {ShardBytes: 1}, {ShardBytes: 24}, {DType: BF16, ShardBytes: 12}} {
		dir := t.TempDir()
		// An earlier, differently sharded checkpoint must not be mixed in.
		if err := WriteDir(dir, items()[:3], WriteOptions{ShardBytes: 1}); err != nil {
			t.Fatal(err)
		}
		beside := filepath.Join(dir, "model-adapter.safetensors")
		if err := os.WriteFile(beside, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := WriteDir(dir, items(), o); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(beside); err != nil {
			t.Errorf("a file of someone else is gone: %v", err)
		}
		set, err := OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a", "b", "c", "d"}, set.Names()); diff != "" {
			t.Error(diff)
		}
		for _, it := range items() {
			got := make([]float32, len(it.Data))
			if err := set.ReadFloat32(it.Name, got); err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if got[i] != it.Data[i] {
					t.Errorf("%+v: %s: got %v, want %v", o, it.Name, got, it.Data)
				}
			}
		}
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		left, _ := filepath.Glob(filepath.Join(dir, "*tmp*"))
		if len(left) > 0 {
			t.Errorf("temporary files left: %v", left)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		items []Item
		o     WriteOptions
	}{
		{nil, WriteOptions{}},
		{items(), WriteOptions{DType: "F8_E4M3"}},
		{[]Item{{Name: "a", Shape: []int{2}, Data: []float32{1}}}, WriteOptions{}},
		{append(items(), items()...), WriteOptions{}},
	} {
		if err := WriteDir(dir, c.items, c.o); err == nil {
			t.Errorf("%+v was written", c)
		}
	}
	if err := WriteDir(filepath.Join(dir, "absent"), items(), WriteOptions{}); err == nil {
		t.Error("wrote into an absent directory")
	}
}

func TestIndexRefuses(t *testing.T) {
	for _, c := range []struct{ index, want string }{
		{`{`, IndexName},
		{`{}`, "weight_map"},
		{`{"weight_map":{"a":"../x.safetensors"}}`, "not a file name"},
		{`{"weight_map":{"a":"absent.safetensors"}}`, "absent.safetensors"},
		{`{"weight_map":{"a":"model.safetensors","z":"model.safetensors"}}`, `"b" lies in`},
		{`{"weight_map":{"a":"model.safetensors","b":"model.safetensors","c":"model.safetensors","d":"model.safetensors","z":"model.safetensors"}}`, `"z" is not in`},
	} {
		dir := t.TempDir()
		if err := WriteDir(dir, items(), WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, IndexName), []byte(c.index), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenDir(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.index, err, c.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`), []byte("12345678"))
	f.Add([]byte(`{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}} `), []byte("ab"))
	f.Add([]byte(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`), []byte(nil))
	f.Fuzz(func(t *testing.T, header, data []byte) {
		file, err := Open(fileOf(t, string(header), data))
		if err != nil {
			return
		}
		defer file.Close()
		total := 0
		for _, x := range file.Tensors() {
			total += len(x.raw)
			if x.DType == F32 || x.DType == F16 || x.DType == BF16 {
				if v, err := file.Float32(x.Name); err != nil || len(v) != x.Len() {
					t.Fatalf("%s: %d numbers, %v", x.Name, len(v), err)
				}
			}
		}
		if total != len(data) {
			t.Fatalf("tensors cover %d of %d bytes", total, len(data))
		}
	})
}

// FuzzIndex opens a directory of two shards, one of them any file, by any index.
// What opens has every tensor of the shards once.
func FuzzIndex(f *testing.F) {
	const header = `{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	f.Add([]byte(`{"metadata":{"total_size":16},"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}`), []byte(header), []byte("12345678"))
	f.Add([]byte(`{"weight_map":{"a":"model-1.safetensors"}}`), []byte(header), []byte("12345678"))
	f.Add([]byte(`{"weight_map":{"a":"../model-1.safetensors","b":"."}}`), []byte(`{}`), []byte(nil))
	f.Add([]byte(`{"weight_map":{"a":"model.safetensors.index.json","b":7}}`), []byte(`{}`), []byte(nil))
	f.Fuzz(func(t *testing.T, index, header, data []byte) {
		second := fileOf(t, string(header), data)
		dir := filepath.Dir(second)
		rename := func(from, to string) {
			if err := os.Rename(from, filepath.Join(dir, to)); err != nil {
				t.Fatal(err)
			}
		}
		rename(second, "model-2.safetensors")
		rename(fileOf(t, `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, make([]byte, 8)), "model-1.safetensors")
		if err := os.WriteFile(filepath.Join(dir, IndexName), index, 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := OpenDir(dir)
		if err != nil {
			if !strings.Contains(err.Error(), dir) {
				t.Fatalf("the error does not say where: %v", err)
			}
			return
		}
		defer set.Close()
		held := 0
		for _, file := range set.files {
			held += len(file.Tensors())
		}
		if names := set.Names(); len(names) != held {
			t.Fatalf("%d names of %d tensors", len(names), held)
		}
		if _, err := set.Digest(); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkOpenReadBF16(b *testing.B) {
	dir := b.TempDir()
	it := Item{Name: "w", Shape: []int{1024, 1024}, Data: make([]float32, 1<<20)}
	if err := WriteDir(dir, []Item{it}, WriteOptions{DType: BF16}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(2 << 20)
	for b.Loop() {
		set, err := OpenDir(dir)
		if err != nil {
			b.Fatal(err)
		}
		if err := set.ReadFloat32("w", it.Data); err != nil {
			b.Fatal(err)
		}
		_ = set.Close()
	}
}

// TestBytes: bytes lie beside numbers of any type and are read as bytes alone.
func TestBytes(t *testing.T) {
	for _, d := range []DType{F32, BF16} {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		codes := []byte{0, 127, 255}
		items := []Item{{Name: "codes", Shape: []int{3}, Bytes: codes}, {Name: "scale", Shape: []int{1}, Data: []float32{0.5}}}
		if err := Write(path, items, d); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, scale := make([]byte, 3), make([]float32, 1)
		if err := f.ReadBytes("codes", got); err != nil || !bytes.Equal(got, codes) {
			t.Errorf("%v, %v", got, err)
		}
		if err := f.ReadFloat32("scale", scale); err != nil || scale[0] != 0.5 {
			t.Errorf("%v, %v", scale, err)
		}
		if err := f.ReadFloat32("codes", make([]float32, 3)); err == nil || !strings.Contains(err.Error(), "U8") {
			t.Errorf("bytes are read as numbers: %v", err)
		}
		if err := f.ReadBytes("scale", make([]byte, 1)); err == nil || !strings.Contains(err.Error(), string(d)) {
			t.Errorf("numbers are read as bytes: %v", err)
		}
		if err := f.ReadBytes("codes", make([]byte, 2)); err == nil {
			t.Error("two bytes of three are read")
		}
	}
}
