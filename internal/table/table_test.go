package table_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/table"
	"github.com/swerm/swerm/pipeline/dataset/columnar"
)

// rows are what batch holds; JSON has no form for the third.
var rows = []string{
	`{"id":"a","turns":3,"score":0.5,"calls":[{"name":"ls"},{"name":null}]}`,
	`{"id":null,"turns":-1,"score":null,"calls":[]}`,
	"",
	`{"id":"d","turns":9007199254740993,"score":2,"calls":null}`,
}

// batch is a table with text, numbers and a list of structs.
func batch() arrow.RecordBatch {
	call := arrow.StructOf(arrow.Field{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true})
	sc := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "turns", Type: arrow.PrimitiveTypes.Int64},
		{Name: "score", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "calls", Type: arrow.ListOf(call), Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, sc)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"a", "", "c", "d"}, []bool{true, false, true, true})
	b.Field(1).(*array.Int64Builder).AppendValues([]int64{3, -1, 0, 1<<53 + 1}, nil)
	b.Field(2).(*array.Float64Builder).AppendValues([]float64{0.5, 0, math.NaN(), 2}, []bool{true, false, true, true})
	calls := b.Field(3).(*array.ListBuilder)
	structs := calls.ValueBuilder().(*array.StructBuilder)
	names := structs.FieldBuilder(0).(*array.StringBuilder)
	calls.Append(true)
	structs.Append(true)
	names.Append("ls")
	structs.Append(true)
	names.AppendNull()
	calls.Append(true)
	calls.Append(true)
	calls.AppendNull()
	return b.NewRecordBatch()
}

// files are the same rows in every kind of table.
func files(t testing.TB) map[table.Kind][]byte {
	t.Helper()
	b := batch()
	defer b.Release()
	var stream, file, parquet bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(b.Schema()))
	f, err := ipc.NewFileWriter(&file, ipc.WithSchema(b.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := columnar.NewWriter(&parquet, b.Schema(), columnar.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g := p.NewRowGroup()
	if err := errors.Join(w.Write(b), w.Close(), f.Write(b), f.Close(), g.Write(b), p.Commit(g), p.Close()); err != nil {
		t.Fatal(err)
	}
	return map[table.Kind][]byte{table.ArrowStream: stream.Bytes(), table.ArrowFile: file.Bytes(), table.Parquet: parquet.Bytes()}
}

// read returns the rows of a table, "" for one that cannot be had, and what
// ended it.
func read(data []byte) (got []string, err error) {
	open, err := table.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	open.RowBytes = 1 << 20
	for row, err := range open.Rows(context.Background()) {
		var bad *table.RowError
		if err != nil && !errors.As(err, &bad) {
			return got, err
		}
		got = append(got, string(row))
	}
	return got, nil
}

func TestRows(t *testing.T) {
	for kind, data := range files(t) {
		if got := table.KindOf(data); got != kind {
			t.Errorf("kind %v is taken for %v", kind, got)
		}
		got, err := read(data)
		if diff := cmp.Diff(rows, got); err != nil || diff != "" {
			t.Errorf("kind %v: %v %s", kind, err, diff)
		}
	}
}

// A consumer may leave, and so may the reader's context.
func TestRowsEnd(t *testing.T) {
	for kind, data := range files(t) {
		open, err := table.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		seen := 0
		for _, err := range open.Rows(ctx) {
			if seen++; seen == 1 {
				cancel()
			} else if !errors.Is(err, context.Canceled) {
				t.Errorf("kind %v: row %d after the end: %v", kind, seen, err)
			}
		}
		if seen != 2 {
			t.Errorf("kind %v: %d rows", kind, seen)
		}
	}
	for kind, data := range files(t) {
		open, err := table.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range open.Rows(context.Background()) {
			if err != nil || string(row) != rows[0] {
				t.Errorf("kind %v: %s %v", kind, row, err)
			}
			break
		}
	}
}

// A file that is cut short gives the rows before the cut and an error, or is
// refused; it never gives other rows, and never all.
func TestCutShort(t *testing.T) {
	for kind, data := range files(t) {
		for n := range data {
			got, err := read(data[:n])
			whole := kind == table.ArrowStream && len(got) == len(rows) // the mark of its end may be missing
			if err == nil && len(got) > 0 && !whole {
				t.Fatalf("kind %v cut at %d of %d: %d rows and no error", kind, n, len(data), len(got))
			}
			if len(got) > 0 && cmp.Diff(rows[:len(got)], got) != "" {
				t.Fatalf("kind %v cut at %d: %q", kind, n, got)
			}
		}
	}
}

func TestNoTable(t *testing.T) {
	for _, data := range []string{"", "PAR1", "ARROW1\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\x7f", `{"id":"a"}` + "\n"} {
		if got, err := read([]byte(data)); err == nil {
			t.Errorf("%q is a table of %d rows", data, len(got))
		}
	}
	_, err := table.Open(strings.NewReader("PAR1"), 100)
	if err == nil {
		t.Error("a reader shorter than its size was opened")
	}
}

// streamOf writes a batch of one column as an Arrow stream, which spoil may
// change.
func streamOf(t *testing.T, column arrow.ArrayData, spoil func([]byte) []byte, opts ...ipc.Option) []byte {
	t.Helper()
	sc := arrow.NewSchema([]arrow.Field{{Name: "x", Type: column.DataType(), Nullable: true}}, nil)
	b := array.NewRecordBatch(sc, []arrow.Array{array.MakeFromData(column)}, int64(column.Len()))
	var out bytes.Buffer
	w := ipc.NewWriter(&out, append(opts, ipc.WithSchema(sc))...)
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	if spoil == nil {
		return out.Bytes()
	}
	return spoil(out.Bytes())
}

// nulls is a column of nulls, which takes no bytes.
func nulls(n int) arrow.ArrayData { return array.NewNull(n).Data() }

// lists is a column of n lists that all hold the whole of items.
func lists(n int, items arrow.ArrayData) arrow.ArrayData {
	offsets := make([]int32, 2*n)
	sizes := offsets[n:]
	for i := range sizes {
		sizes[i] = int32(items.Len())
	}
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets[:n])), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(sizes))}
	return array.NewData(arrow.ListViewOf(items.DataType()), n, buffers, []arrow.ArrayData{items}, 0, 0)
}

func nested(depth int) arrow.ArrayData {
	d := nulls(1)
	for range depth {
		d = lists(1, d)
	}
	return d
}

// Files that ask for more than they have are refused by name, in little memory.
func TestHostile(t *testing.T) {
	bomb := array.NewInt64Builder(memory.DefaultAllocator)
	bomb.AppendValues(make([]int64, 1<<16), nil)
	number := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"rows without bytes": {streamOf(t, nulls(1<<20), nil), "1048576 rows in 0 bytes"},
		"lists in lists":     {streamOf(t, nested(60), nil), "levels deep"},
		"a row without end":  {streamOf(t, lists(1, lists(4000, lists(4000, lists(4000, nulls(1000))))), nil), "too long"},
		"a buffer that unpacks to more than there is": {streamOf(t, bomb.NewArray().Data(), func(data []byte) []byte {
			return bytes.ReplaceAll(data, number(1<<19), number(1<<50))
		}, ipc.WithZstd()), "unpacks to"},
		"a list of more fields than bytes": {streamOf(t, nulls(1), func(data []byte) []byte {
			return spoilFields(t, data, 1<<31)
		}), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			open, err := table.Open(bytes.NewReader(c.data), int64(len(c.data)))
			if err == nil {
				open.RowBytes = 1 << 16
				for _, fault := range open.Rows(t.Context()) {
					err = fault
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// spoilFields changes the length of the first list that a schema's message has:
// one field, which a reference follows.
func spoilFields(t *testing.T, data []byte, n uint32) []byte {
	t.Helper()
	for at := 8; at+8 < len(data); at += 4 {
		if binary.LittleEndian.Uint32(data[at:]) == 1 && binary.LittleEndian.Uint32(data[at+4:]) > 8 {
			spoiled := bytes.Clone(data)
			binary.LittleEndian.PutUint32(spoiled[at:], n)
			if _, err := read(spoiled); err != nil && strings.Contains(err.Error(), "damaged") {
				return spoiled
			}
		}
	}
	t.Fatal("no list of fields was found")
	return nil
}

func FuzzOpen(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		got, _ := read(data)
		for _, row := range got {
			if row != "" && row[0] != '{' {
				t.Fatalf("row %q", row)
			}
		}
	})
}
