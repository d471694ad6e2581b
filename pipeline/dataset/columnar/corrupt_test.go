package columnar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// smallFile is a file of a few kilobytes with dictionaries, lists, nulls and
// several pages a column.
func smallFile(t testing.TB, codec Codec) ([]byte, []arrow.RecordBatch) {
	t.Helper()
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, textSchema(), strings.NewReader(`[
		{"id": "a1", "policy": "alpha", "row": 0, "messages": [{"role": "user", "content": "fix it"}, {"role": "assistant", "content": "x := 1", "return_code": 3, "tool_calls": [{"name": "bash", "arguments": "{}"}]}]},
		{"id": "a2", "policy": null, "row": 1, "messages": []},
		{"id": "a3", "policy": "alpha", "row": 2, "messages": [{"role": "user", "content": null, "tool_calls": []}]},
		{"id": "a4", "policy": "beta", "row": -5, "messages": [{"role": "tool", "content": "", "return_code": 0}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	opt := textOptions(Default)
	opt.Codec, opt.PageBytes = codec, 40
	return writeFile(t, batch.Schema(), opt, []arrow.RecordBatch{batch}, []arrow.RecordBatch{batch}), []arrow.RecordBatch{batch, batch}
}

// bodySize is the offset of the page indexes: what lies before is pages.
func bodySize(t testing.TB, data []byte) int {
	t.Helper()
	ft, err := readFooter(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	last := ft.groups[len(ft.groups)-1].chunks
	return int(last[len(last)-1].offset + last[len(last)-1].size)
}

// No byte of a page can change without an error, or without effect: there are
// bits in a page header that mean nothing.
func TestFlippedBytes(t *testing.T) {
	for _, codec := range []Codec{Zstd, Uncompressed} {
		data, batches := smallFile(t, codec)
		want := rowsOf(batches)
		body := bodySize(t, data)
		var caught, harmless int
		for at := range data {
			flips := []byte{0x01, 0x80, 0xff}
			if at >= body {
				flips = flips[at%3 : at%3+1]
			}
			for _, flip := range flips {
				bad := bytes.Clone(data)
				bad[at] ^= flip
				got, err := readBatches(bad, OpenOptions{}, Select{})
				switch {
				case err != nil:
					caught++
				case slices.Equal(rowsOf(got), want):
					harmless++
				case at < body:
					t.Errorf("%s: byte %d ^ %02x of the pages: other rows and no error", codec, at, flip)
				}
				release(got)
			}
		}
		t.Logf("%s: %d bytes, %d of pages: %d flips caught, %d without effect", codec, len(data), body, caught, harmless)
		if caught < 3*body*8/10 {
			t.Errorf("%s: only %d of %d flips in pages caught", codec, caught, 3*body)
		}
	}
}

func TestTruncated(t *testing.T) {
	data, _ := smallFile(t, Zstd)
	for n := range data {
		if got, err := readBatches(data[:n], OpenOptions{}, Select{}); err == nil {
			release(got)
			t.Fatalf("the first %d of %d bytes read without error", n, len(data))
		}
	}
}

// Random damage anywhere never panics and never costs much memory.
func TestDamage(t *testing.T) {
	data, _ := smallFile(t, Zstd)
	seeds := 1500
	if os.Getenv("SWERM_SOAK") == "1" {
		seeds = 100_000
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 5))
		bad := bytes.Clone(data)
		switch r.IntN(3) {
		case 0: // footer
			for range 1 + r.IntN(3) {
				bad[len(bad)-1-r.IntN(1500)] = byte(r.Uint32())
			}
		case 1: // footer length
			binary.LittleEndian.PutUint32(bad[len(bad)-8:], r.Uint32()>>r.IntN(32))
		case 2: // a piece moved
			at, to, n := r.IntN(len(bad)), r.IntN(len(bad)), r.IntN(40)
			copy(bad[to:], data[at:min(at+n, len(data))])
		}
		cheap(t, fmt.Sprint(seed), func() {
			got, _ := readBatches(bad, OpenOptions{Name: "d.parquet", Allocator: onHeap}, Select{Workers: seed % 3})
			release(got)
		})
		cheap(t, fmt.Sprint(seed, ", some rows"), func() {
			got, _ := readBatches(bad, OpenOptions{Allocator: onHeap}, Select{RowGroups: []int{0}, Rows: []int64{2}})
			release(got)
		})
	}
}

// onHeap is where cheap sees what is allocated.
var onHeap = memory.DefaultAllocator

// cheap fails the test if f allocates what no small file can be worth.
func cheap(t *testing.T, what string, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%s: allocated %d MB", what, n>>20)
	}
}

func TestTailIsCheckedFirst(t *testing.T) {
	data, _ := smallFile(t, Zstd)
	size := len(data)
	lying := func(n uint32) []byte {
		b := bytes.Clone(data)
		binary.LittleEndian.PutUint32(b[size-8:], n)
		return b
	}
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "0 bytes are too few"},
		{"magic only", []byte("PAR1PAR1"), "8 bytes are too few"},
		{"text", []byte(strings.Repeat("not parquet ", 4)), "does not begin and end with PAR1"},
		{"footer of 4 GB", lying(1<<32 - 1), "footer of 4294967295 bytes"},
		{"footer one byte too long", lying(uint32(size - 11)), "footer of"},
		{"no footer", lying(0), "footer: malformed thrift"},
	} {
		cheap(t, tc.name, func() {
			_, err := OpenFile(bytes.NewReader(tc.data), int64(len(tc.data)), OpenOptions{Name: "t.parquet"})
			if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "t.parquet") {
				t.Errorf("%s: %v", tc.name, err)
			}
		})
	}
}

// craft makes a file of one column chunk out of a page header and a body.
func craft(t testing.TB, column format.SchemaElement, codec format.CompressionCodec, rows int64, head format.PageHeader, body []byte) []byte {
	t.Helper()
	h := marshal(t, &head)
	out := append(append([]byte(magic), h...), body...)
	return withFooter(out, marshal(t, &format.FileMetaData{
		Version: 2, NumRows: rows,
		Schema: []format.SchemaElement{{Name: "schema", NumChildren: thrift.New(int32(1))}, column},
		RowGroups: []format.RowGroup{{NumRows: rows, Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
			Type: column.Type.V, Codec: codec, NumValues: rows, DataPageOffset: 4,
			TotalCompressedSize: int64(len(h) + len(body)), PathInSchema: []string{column.Name},
		}}}}},
	}))
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := thrift.Marshal(new(thrift.CompactProtocol), v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func withFooter(body, footer []byte) []byte {
	body = append(body, footer...)
	body = binary.LittleEndian.AppendUint32(body, uint32(len(footer)))
	return append(body, magic...)
}

// Sizes that only a header claims cost nothing.
func TestDeclaredSizes(t *testing.T) {
	text := format.SchemaElement{Name: "s", Type: thrift.New(format.ByteArray), RepetitionType: thrift.New(format.Optional)}
	number := format.SchemaElement{Name: "n", Type: thrift.New(format.Int64), RepetitionType: thrift.New(format.Required)}
	v1 := func(n int32, enc format.Encoding) thrift.Null[format.DataPageHeader] {
		return thrift.New(format.DataPageHeader{NumValues: n, Encoding: enc, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})
	}
	nulls := []byte{6, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0} // one run of 2^31-1 levels of 0
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"page of 2 GB", craft(t, number, format.Zstd, 1, format.PageHeader{UncompressedPageSize: 1<<31 - 1, CompressedPageSize: 4, DataPageHeader: v1(1, format.Plain)}, []byte("zstd")), "the limit is"},
		{"page of 1 GB", craft(t, number, format.Zstd, 1, format.PageHeader{UncompressedPageSize: 1 << 30, CompressedPageSize: 4, DataPageHeader: v1(1, format.Plain)}, []byte("zstd")), "needs more than"},
		{"compressed page of 1 GB", craft(t, number, format.Zstd, 1, format.PageHeader{UncompressedPageSize: 8, CompressedPageSize: 1 << 30, DataPageHeader: v1(1, format.Plain)}, []byte("zstd")), "where the chunk has 4 left"},
		{"2 billion nulls", craft(t, text, format.Uncompressed, 1<<31-1, format.PageHeader{UncompressedPageSize: 10, CompressedPageSize: 10, DataPageHeader: v1(1<<31-1, format.Plain)}, nulls), "page of 2147483647 values, the limit is"},
		{"64 million numbers", craft(t, number, format.Uncompressed, maxPageValues, format.PageHeader{UncompressedPageSize: 8, CompressedPageSize: 8, DataPageHeader: v1(maxPageValues, format.Plain)}, make([]byte, 8)), "page of 67108864 values has 8 bytes"},
		{"64 million strings", craft(t, text, format.Uncompressed, 1<<31-1, format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: 8, CompressedPageSize: 8, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: maxPageValues})}, make([]byte, 8)), "dictionary of 67108864 strings has 8 bytes"},
		{"negative size", craft(t, number, format.Uncompressed, 1, format.PageHeader{UncompressedPageSize: -1, CompressedPageSize: 8, DataPageHeader: v1(1, format.Plain)}, make([]byte, 8)), "negative"},
		{"string longer than its page", craft(t, format.SchemaElement{Name: "s", Type: thrift.New(format.ByteArray)}, format.Uncompressed, 1, format.PageHeader{UncompressedPageSize: 8, CompressedPageSize: 8, DataPageHeader: v1(1, format.Plain)}, []byte{255, 255, 255, 127, 0, 0, 0, 0}), "ends inside a string"},
		{"index without dictionary", craft(t, number, format.Uncompressed, 1, format.PageHeader{UncompressedPageSize: 2, CompressedPageSize: 2, DataPageHeader: v1(1, format.RLEDictionary)}, []byte{1, 2}), "without a dictionary"},
		{"list of 2 billion row groups", withFooter([]byte(magic), []byte{0x15, 4, 0x39, 0xfc, 0xff, 0xff, 0xff, 0xff, 7}), "ends early"},
		{"nested structs", withFooter([]byte(magic), bytes.Repeat([]byte{0x1c}, 5000)), "nests deeper"},
	} {
		cheap(t, tc.name, func() {
			for _, workers := range []int{0, 2} {
				got, err := readBatches(tc.data, OpenOptions{Allocator: onHeap}, Select{Workers: workers})
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
				}
				release(got)
			}
		})
	}
}

// A compressed page that unfolds to more than it declares stops at that.
func TestBomb(t *testing.T) {
	cmp := compressor{codec: Zstd, level: Default}
	k, err := cmp.packer()
	if err != nil {
		t.Fatal(err)
	}
	bomb := cmp.pack(k, nil, make([]byte, 100<<20), 0, true)
	number := format.SchemaElement{Name: "n", Type: thrift.New(format.Int64), RepetitionType: thrift.New(format.Required)}
	data := craft(t, number, format.Zstd, 1, format.PageHeader{
		UncompressedPageSize: 8, CompressedPageSize: int32(len(bomb)),
		DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 1}),
	}, bomb)
	cheap(t, "bomb", func() {
		if _, err := readBatches(data, OpenOptions{Allocator: onHeap}, Select{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("got %v", err)
		}
	})
}

func TestMemoryLimit(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 20)
	data := writeFile(t, batch.Schema(), textOptions(Fastest), []arrow.RecordBatch{batch})
	for _, workers := range []int{0, 4} {
		o := OpenOptions{Name: "m.parquet", MemoryLimit: 24 << 20}
		if _, err := readBatches(data, o, Select{Workers: workers}); err != nil {
			t.Errorf("4 MB of text in 24: %v", err)
		}
		o.MemoryLimit = 3 << 20
		_, err := readBatches(data, o, Select{Workers: workers})
		if err == nil || !strings.Contains(err.Error(), "m.parquet: row group 0: column messages.content: needs more than 3145728 bytes") {
			t.Errorf("4 MB of text in 3: %v", err)
		}
	}
}

// A panic on the way to a batch is an error that names file and place.
func TestPanicBecomesError(t *testing.T) {
	data, _ := smallFile(t, Zstd)
	f, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{Name: "p.parquet"})
	if err != nil {
		t.Fatal(err)
	}
	f.r = panicReader{}
	for _, sel := range []Select{{}, {Workers: 2}, {RowGroups: []int{0}, Rows: []int64{1}}} {
		for _, err := range f.Batches(t.Context(), sel) {
			if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "p.parquet") || !strings.Contains(err.Error(), "boom") {
				t.Errorf("got %v", err)
			}
		}
	}
}

type panicReader struct{}

func (panicReader) ReadAt([]byte, int64) (int, error) { panic("boom") }

// FuzzRead holds the reader to its word on any bytes: no panic, no more rows
// than the file declares, every buffer given back.
func FuzzRead(f *testing.F) {
	for _, codec := range []Codec{Zstd, Snappy, Uncompressed} {
		data, _ := smallFile(f, codec)
		f.Add(data)
	}
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var pool Pool
		file, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{Allocator: &pool, MemoryLimit: 16 << 20})
		if err != nil {
			return
		}
		for _, sel := range []Select{{BatchRows: 3}, {BatchRows: 3, Workers: 3}, {RowGroups: []int{0}, Rows: []int64{1, 4}}} {
			var rows int64
			for b, err := range file.Batches(t.Context(), sel) {
				if err != nil {
					break
				}
				rows += b.NumRows()
				rowsOf([]arrow.RecordBatch{b}) // every cell can be looked at
			}
			if rows > file.NumRows() {
				t.Errorf("%d rows of %d", rows, file.NumRows())
			}
		}
		if pool.Held() != 0 {
			t.Errorf("%d bytes leaked", pool.Held())
		}
	})
}
