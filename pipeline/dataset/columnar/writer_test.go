package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// The bytes of a file do not depend on how many goroutines made it, nor on how
// rows were cut into batches, nor on row groups being recycled, nor on who
// compresses pieces of it.
func TestSameBytesForAnyWorkers(t *testing.T) {
	for seed := range 6 {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		sc := randomSchema(r)
		opt := randomOptions(r, sc)
		opt.KeyValue = map[string]string{"b": "2", "a": "1"}
		var groups []arrow.RecordBatch
		for range 20 {
			groups = append(groups, randomBatch(r, memory.DefaultAllocator, sc, 1+r.IntN(80)))
		}
		want := writeWith(t, sc, opt, groups, 1, 1000, false)
		for _, workers := range []int{1, 2, 5} {
			for _, cut := range []int{1, 7, 1000} {
				for _, aside := range []bool{false, true} {
					if got := writeWith(t, sc, opt, groups, workers, cut, aside); !bytes.Equal(got, want) {
						t.Fatalf("seed %d: %d workers, batches of %d, aside %v: other bytes", seed, workers, cut, aside)
					}
				}
			}
		}
	}
}

// A file in the memory of another has the bytes of one in its own, also where
// columns are ended one by one and another file lies between.
func TestNextFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	sc := randomSchema(r)
	opt := randomOptions(r, sc)
	var first, second, third, alone bytes.Buffer
	w, err := NewWriter(&first, sc, opt)
	if err != nil {
		t.Fatal(err)
	}
	next, err := w.Next(&second)
	if err != nil {
		t.Fatal(err)
	}
	beside, err := w.Beside(&third, sc, opt)
	if err != nil {
		t.Fatal(err)
	}
	single, err := NewWriter(&alone, sc, opt)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b := randomBatch(r, memory.DefaultAllocator, sc, 50)
		for _, w := range []*Writer{w, next, beside, single} {
			g := w.NewRowGroup()
			errs := []error{g.Write(b)}
			for i := len(w.leaves) - 1; i >= 0 && w == beside; i -= 2 {
				errs = append(errs, g.Finish(i))
			}
			if err := errors.Join(append(errs, w.Commit(g))...); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), next.Close(), beside.Close(), single.Close()); err != nil {
		t.Fatal(err)
	}
	w.Release()
	for _, file := range []bytes.Buffer{first, second, third} {
		if !bytes.Equal(file.Bytes(), alone.Bytes()) {
			t.Error("other bytes")
		}
	}
}

// writeWith builds a row group of each batch on workers goroutines, and compresses
// aside, on others, where that is set.
func writeWith(t *testing.T, sc *arrow.Schema, o WriterOptions, groups []arrow.RecordBatch, workers, cut int, aside bool) []byte {
	t.Helper()
	var buf bytes.Buffer
	if aside {
		o.Submit = func(work func()) { go work() }
	}
	w, err := NewWriter(&buf, sc, o)
	if err != nil {
		t.Fatal(err)
	}
	for start := 0; start < len(groups); start += workers {
		part := groups[start:min(start+workers, len(groups))]
		built := make([]*RowGroup, len(part))
		var wg sync.WaitGroup
		for i, b := range part {
			built[i] = w.NewRowGroup()
			wg.Go(func() {
				for at := int64(0); at < b.NumRows(); at += int64(cut) {
					s := b.NewSlice(at, min(at+int64(cut), b.NumRows()))
					if err := built[i].Write(s); err != nil {
						t.Error(err)
					}
					s.Release()
				}
			})
		}
		wg.Wait()
		for _, g := range built {
			if err := w.Commit(g); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestWriterRefuses(t *testing.T) {
	text := arrow.Field{Name: "s", Type: arrow.BinaryTypes.String}
	for _, tc := range []struct {
		name   string
		fields []arrow.Field
		opt    WriterOptions
		want   []string // all in one error
	}{
		{"no columns", nil, WriterOptions{}, []string{"no columns"}},
		{"types", []arrow.Field{
			{Name: "m", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String)},
			{Name: "d", Type: arrow.FixedWidthTypes.Date32},
			{Name: "e", Type: arrow.StructOf()},
		}, WriterOptions{}, []string{"m has type", "d has type", "e has no fields"}},
		{"twice", []arrow.Field{text, text}, WriterOptions{}, []string{`"s" twice`}},
		{"options", []arrow.Field{text}, WriterOptions{Codec: "lzw", Level: "11", PageBytes: -1, Dictionary: []string{"x"}},
			[]string{`codec "lzw"`, `level "11"`, "page size -1", `"x" is no string column`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := NewWriter(&bytes.Buffer{}, arrow.NewSchema(tc.fields, nil), tc.opt)
			for _, want := range tc.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not say %q", err, want)
				}
			}
		})
	}
}

func TestRowGroupRefuses(t *testing.T) {
	sc := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil)
	loose := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	batch := func(fill func(*array.StringBuilder)) arrow.RecordBatch {
		b := array.NewRecordBuilder(memory.DefaultAllocator, loose)
		fill(b.Field(0).(*array.StringBuilder))
		return b.NewRecordBatch()
	}
	other := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.PrimitiveTypes.Int32}}, nil))
	for _, tc := range []struct {
		name  string
		batch arrow.RecordBatch
		want  string
	}{
		{"null", batch(func(b *array.StringBuilder) { b.Append("x"); b.AppendNull() }), "row 1 of the row group: column s is null"},
		{"latin-1", batch(func(b *array.StringBuilder) { b.Append("x"); b.Append("caf\xe9") }), "column s, value 1 of the batch: not valid UTF-8"},
		{"half characters", batch(func(b *array.StringBuilder) { b.Append("\xc3"); b.Append("\xa9") }), "column s, value 0 of the batch: not valid UTF-8"},
		{"schema", other.NewRecordBatch(), "column 0 of the batch is s int32, of the file s utf8"},
		{"size", hugeBatch(loose, MaxColumnBytes+1), "column s: 1073741825 bytes in one batch, the limit is 1073741824"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, err := NewWriter(&bytes.Buffer{}, sc, WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			g := w.NewRowGroup()
			if err = g.Write(tc.batch); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			if again := w.Commit(g); again != err {
				t.Errorf("Commit of a broken row group: %v", again)
			}
			if (tc.name == "latin-1") != errors.Is(err, ErrNotUTF8) && tc.name != "half characters" {
				t.Errorf("%v is ErrNotUTF8: %v", err, errors.Is(err, ErrNotUTF8))
			}
		})
	}
}

// hugeBatch is one value of n bytes that are never touched, and so never there.
func hugeBatch(sc *arrow.Schema, n int) arrow.RecordBatch {
	offs := arrow.Int32Traits.CastToBytes([]int32{0, int32(n)})
	d := array.NewData(arrow.BinaryTypes.String, 1, []*memory.Buffer{nil, memory.NewBufferBytes(offs), memory.NewBufferBytes(make([]byte, n))}, nil, 0, 0)
	return array.NewRecordBatch(sc, []arrow.Array{array.NewStringData(d)}, 1)
}

// A slice of a batch writes its own rows only and is not blamed for its neighbours.
func TestWriteSlices(t *testing.T) {
	sc := arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.ListOf(arrow.BinaryTypes.String)}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, sc)
	list := b.Field(0).(*array.ListBuilder)
	for _, v := range []string{"a", "\xff", "b"} {
		list.Append(true)
		list.ValueBuilder().(*array.StringBuilder).Append(v)
	}
	batch := b.NewRecordBatch()
	data := writeFile(t, sc, WriterOptions{}, []arrow.RecordBatch{batch.NewSlice(0, 1), batch.NewSlice(2, 3)})
	got, err := readBatches(data, OpenOptions{}, Select{})
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(rowsOf(got)); s != `[["a",], ["b",],]` {
		t.Errorf("read %s", s)
	}
	if n := Size(batch.NewSlice(1, 3)); n != 2*4+2 {
		t.Errorf("Size of two rows is %d", n)
	}
}

func TestRowLimit(t *testing.T) {
	c := &chunkWriter{n: &node{path: "content"}, cmp: &compressor{}, largest: new(atomic.Int64), limit: DefaultPageBytes}
	c.dictRaw = MaxRowBytes + 1
	if err := c.endRow(); err == nil || !strings.Contains(err.Error(), "content holds 536870913 bytes") {
		t.Errorf("a row past the limit: %v", err)
	}
	c = &chunkWriter{n: &node{path: "content"}, cmp: &compressor{}, largest: new(atomic.Int64), limit: 2 * MaxRowBytes}
	c.dictRaw = MaxRowBytes
	if err := c.endRow(); err != nil {
		t.Errorf("a row at the limit: %v", err)
	}
}

// A dictionary that grows too large ends, and the rest of the chunk is plain.
func TestDictionaryGivesUp(t *testing.T) {
	sc := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, sc)
	for i := range maxDictEntries + 5000 {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprint("key ", i))
	}
	batch := b.NewRecordBatch()
	data := writeFile(t, sc, WriterOptions{Dictionary: []string{"s"}}, []arrow.RecordBatch{batch})
	got, err := readBatches(data, OpenOptions{}, Select{})
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, "dictionary", []arrow.RecordBatch{batch}, got)
	sameRows(t, "arrow-go", []arrow.RecordBatch{batch}, readOracle(t, data))
}

// A failing disk is reported by whatever call meets it, and by every later one.
func TestWriteErrors(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 1)
	whole := len(writeFile(t, batch.Schema(), WriterOptions{}, []arrow.RecordBatch{batch}))
	for _, room := range []int{0, 3, 4, 100, whole - 200, whole - 1} {
		err := writeInto(&smallDisk{room: room}, batch)
		if !errors.Is(err, errDiskFull) {
			t.Errorf("disk of %d of %d bytes: %v", room, whole, err)
		}
	}
	if err := writeInto(&smallDisk{room: whole}, batch); err != nil {
		t.Error(err)
	}
}

func writeInto(d *smallDisk, batch arrow.RecordBatch) error {
	w, err := NewWriter(d, batch.Schema(), WriterOptions{})
	if err != nil {
		return err
	}
	g := w.NewRowGroup()
	if err := g.Write(batch); err != nil {
		return err
	}
	if err := w.Commit(g); err != nil {
		if again := w.Close(); again == nil {
			return errors.New("Close forgot that Commit had failed")
		}
		return err
	}
	return w.Close()
}

var errDiskFull = errors.New("disk full")

type smallDisk struct{ room int }

func (d *smallDisk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	d.room -= n
	if n < len(b) {
		return n, errDiskFull
	}
	return n, nil
}
