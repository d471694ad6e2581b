package columnar

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// randomSchema draws a schema of every type, nullability and nesting.
func randomSchema(r *rand.Rand) *arrow.Schema {
	n := 1 + r.IntN(5)
	fields := make([]arrow.Field, n)
	for i := range fields {
		fields[i] = randomField(r, fmt.Sprintf("c%d", i), 0)
	}
	return arrow.NewSchema(fields, nil)
}

func randomField(r *rand.Rand, name string, depth int) arrow.Field {
	f := arrow.Field{Name: name, Nullable: r.IntN(2) == 0}
	pick := r.IntN(11)
	if depth > 3 {
		pick = r.IntN(7)
	}
	switch pick {
	case 0, 1:
		f.Type = arrow.BinaryTypes.String
	case 2:
		f.Type = arrow.PrimitiveTypes.Int32
	case 3:
		f.Type = arrow.PrimitiveTypes.Int64
	case 4:
		f.Type = arrow.PrimitiveTypes.Float64
	case 5:
		f.Type = arrow.FixedWidthTypes.Boolean
	case 6:
		f.Type = []arrow.DataType{arrow.PrimitiveTypes.Float32, arrow.BinaryTypes.Binary}[r.IntN(2)]
	case 7, 8:
		elem := randomField(r, "item", depth+1)
		f.Type = arrow.ListOfField(elem)
	default:
		var kids []arrow.Field
		for i := range 1 + r.IntN(3) {
			kids = append(kids, randomField(r, fmt.Sprintf("k%d", i), depth+1))
		}
		f.Type = arrow.StructOf(kids...)
	}
	return f
}

// randomBatch fills a batch of rows rows.
func randomBatch(r *rand.Rand, mem memory.Allocator, sc *arrow.Schema, rows int) arrow.RecordBatch {
	b := array.NewRecordBuilder(mem, sc)
	defer b.Release()
	for i, f := range sc.Fields() {
		nullRate := r.IntN(3) // none, some, many
		for range rows {
			appendRandom(r, b.Field(i), f, nullRate)
		}
	}
	return b.NewRecordBatch()
}

func appendRandom(r *rand.Rand, b array.Builder, f arrow.Field, nullRate int) {
	if f.Nullable && nullRate > 0 && r.IntN(5-2*nullRate) == 0 {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(randomText(r))
	case *array.BinaryBuilder:
		b.Append([]byte{byte(r.Uint32()), 0xff, 0})
	case *array.Int32Builder:
		b.Append(int32(r.Uint32()) >> r.IntN(31))
	case *array.Int64Builder:
		b.Append(int64(r.Uint64()) >> r.IntN(63))
	case *array.Float32Builder:
		b.Append(float32(r.NormFloat64()))
	case *array.Float64Builder:
		b.Append([]float64{0, math.Copysign(0, -1), math.Inf(1), r.NormFloat64()}[r.IntN(4)])
	case *array.BooleanBuilder:
		b.Append(r.IntN(2) == 0)
	case *array.ListBuilder:
		b.Append(true)
		elem := f.Type.(*arrow.ListType).ElemField()
		for range []int{0, 0, 1, 2, 7}[r.IntN(5)] {
			appendRandom(r, b.ValueBuilder(), elem, nullRate)
		}
	case *array.StructBuilder:
		b.Append(true)
		for i, k := range f.Type.(*arrow.StructType).Fields() {
			appendRandom(r, b.FieldBuilder(i), k, nullRate)
		}
	default:
		panic(fmt.Sprintf("%T", b))
	}
}

func randomText(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return ""
	case 1:
		return []string{"user", "assistant", "tool", "żółw"}[r.IntN(4)]
	case 2:
		return strings.Repeat("func main() { fmt.Println(x) }\n", r.IntN(40))
	}
	return fmt.Sprintf("%x", r.Uint64())
}

// writeFile writes batches, one row group per inner slice.
func writeFile(t testing.TB, sc *arrow.Schema, o WriterOptions, groups ...[]arrow.RecordBatch) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, sc, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, batches := range groups {
		g := w.NewRowGroup()
		for _, b := range batches {
			if err := g.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(g); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// readBatches reads everything that sel selects; the batches must be released.
func readBatches(data []byte, o OpenOptions, sel Select) ([]arrow.RecordBatch, error) {
	f, err := OpenFile(bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		return nil, err
	}
	var out []arrow.RecordBatch
	for b, err := range f.Batches(context.Background(), sel) {
		if err != nil {
			release(out)
			return nil, err
		}
		b.Retain()
		out = append(out, b)
	}
	return out, nil
}

func release(bs []arrow.RecordBatch) {
	for _, b := range bs {
		b.Release()
	}
}

// sameRows compares two runs of batches, which may be cut differently, cell by
// cell. What lies below a null is nobody's business and is not looked at.
func sameRows(t testing.TB, what string, want, got []arrow.RecordBatch) {
	t.Helper()
	w, g := rowsOf(want), rowsOf(got)
	if len(w) != len(g) {
		t.Fatalf("%s: %d rows, want %d", what, len(g), len(w))
	}
	for i := range w {
		if w[i] != g[i] {
			t.Fatalf("%s: row %d of schema %v\nwant %s\n got %s", what, i, want[0].Schema(), w[i], g[i])
		}
	}
}

// rowsOf renders every row so that rows that print alike are alike.
func rowsOf(bs []arrow.RecordBatch) []string {
	var out []string
	for _, b := range bs {
		for i := range int(b.NumRows()) {
			var row []byte
			for j := range int(b.NumCols()) {
				row = appendCell(row, b.Column(j), i)
			}
			out = append(out, string(row))
		}
	}
	return out
}

func appendCell(dst []byte, a arrow.Array, i int) []byte {
	if a.IsNull(i) {
		return append(dst, "null,"...)
	}
	switch a := a.(type) {
	case *array.List:
		lo, hi := a.ValueOffsets(i)
		dst = append(dst, '[')
		for j := lo; j < hi; j++ {
			dst = appendCell(dst, a.ListValues(), int(j))
		}
		return append(dst, ']', ',')
	case *array.Struct:
		dst = append(dst, '{')
		for j := range a.NumField() {
			dst = appendCell(dst, a.Field(j), i)
		}
		return append(dst, '}', ',')
	case *array.Float64:
		return fmt.Appendf(dst, "%x,", math.Float64bits(a.Value(i)))
	case *array.Float32:
		return fmt.Appendf(dst, "%x,", math.Float32bits(a.Value(i)))
	case *array.String:
		return fmt.Appendf(dst, "%q,", a.Value(i))
	case *array.Binary:
		return fmt.Appendf(dst, "%x,", a.Value(i))
	}
	return append(append(dst, a.ValueStr(i)...), ',')
}
