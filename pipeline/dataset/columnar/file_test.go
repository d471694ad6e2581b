package columnar

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Every buffer that reading takes goes back: after whole reads, after reads that
// stop early, and after reads that fail.
func TestEveryBufferIsReleased(t *testing.T) {
	for seed := range 40 {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		sc := randomSchema(r)
		batch := randomBatch(r, memory.DefaultAllocator, sc, 150)
		data := writeFile(t, sc, randomOptions(r, sc), []arrow.RecordBatch{batch}, []arrow.RecordBatch{batch})
		for _, tc := range []struct {
			name string
			stop int
			data []byte
			sel  Select
		}{
			{"all", 1 << 30, data, Select{}},
			{"two batches", 2, data, Select{}},
			{"two batches, ahead", 2, data, Select{Workers: 3}},
			{"broken", 1 << 30, breakPage(data), Select{}},
			{"broken, ahead", 1 << 30, breakPage(data), Select{Workers: 3}},
			{"some rows", 1 << 30, data, Select{RowGroups: []int{1}, Rows: []int64{3, 4, 90}}},
		} {
			tc.sel.BatchRows = 13
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			var pool Pool
			for _, alloc := range []memory.Allocator{mem, &pool} {
				f, err := OpenFile(bytes.NewReader(tc.data), int64(len(tc.data)), OpenOptions{Allocator: alloc})
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				var failed error
				for _, err := range f.Batches(context.Background(), tc.sel) {
					if n++; n == tc.stop {
						break
					}
					failed = err
				}
				if (failed != nil) != strings.HasPrefix(tc.name, "broken") {
					t.Fatalf("seed %d, %s: %v", seed, tc.name, failed)
				}
			}
			mem.AssertSize(t, 0)
			if pool.Held() != 0 {
				t.Errorf("seed %d, %s: %d bytes of the pool are still out", seed, tc.name, pool.Held())
			}
		}
	}
}

// breakPage damages the middle of the file's data.
func breakPage(data []byte) []byte {
	ft, err := readFooter(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic(err)
	}
	m := ft.groups[1].chunks[0]
	out := bytes.Clone(data)
	out[m.offset+m.size-1] ^= 0x55
	return out
}

// A batch that is retained outlives the iteration, and its memory comes back
// when it is released.
func TestRetain(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 6)
	data := writeFile(t, batch.Schema(), textOptions(Fastest), []arrow.RecordBatch{batch})
	var pool Pool
	got, err := readBatches(data, OpenOptions{Allocator: &pool}, Select{BatchRows: 2})
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, "retained", []arrow.RecordBatch{batch}, got)
	if pool.Held() < Size(batch) {
		t.Errorf("pool holds %d bytes for batches of %d", pool.Held(), Size(batch))
	}
	release(got)
	if pool.Held() != 0 {
		t.Errorf("%d bytes leaked", pool.Held())
	}
}

func TestSelect(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 12)
	data := writeFile(t, batch.Schema(), textOptions(Fastest),
		[]arrow.RecordBatch{batch.NewSlice(0, 5)}, []arrow.RecordBatch{batch.NewSlice(5, 9)}, []arrow.RecordBatch{batch.NewSlice(9, 12)})
	f, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{Name: "x.parquet"})
	if err != nil {
		t.Fatal(err)
	}
	if f.NumRows() != 12 || f.NumRowGroups() != 3 || f.RowGroupRows(1) != 4 || f.CreatedBy() != DefaultCreatedBy {
		t.Errorf("%d rows, %d groups, %d in the second, by %s", f.NumRows(), f.NumRowGroups(), f.RowGroupRows(1), f.CreatedBy())
	}
	for _, tc := range []struct {
		sel  Select
		want string
	}{
		{Select{Columns: []string{"row"}, RowGroups: []int{2, 0}, BatchRows: 3}, "row:int64 [9, 10, 11,] [0, 1, 2,] [3, 4,]"},
		{Select{Columns: []string{"row", "policy"}, RowGroups: []int{1}}, `policy:utf8 row:int64 ["gamma",5, "alpha",6, "beta",7, "gamma",8,]`},
		{Select{Columns: []string{"row"}, RowGroups: []int{}}, ""},
		{Select{Columns: []string{"nope"}}, `error: columnar: x.parquet: no column "nope"; there are id, policy, row, messages`},
		{Select{RowGroups: []int{3}}, "error: columnar: x.parquet: no row group 3; there are 3"},
		{Select{Columns: []string{}}, "error: columnar: x.parquet: no columns are selected; nil means all"},
		{Select{BatchRows: -1}, "error: columnar: x.parquet: batches of -1 rows"},
		{Select{Columns: []string{"row"}, RowGroups: []int{0}, Rows: []int64{0, 3, 4}, BatchRows: 2}, "row:int64 [0, 3,] [4,]"},
		{Select{Columns: []string{"row"}, RowGroups: []int{0}, Rows: []int64{}}, ""},
		{Select{RowGroups: []int{1}, Rows: []int64{4}}, "error: columnar: x.parquet: row group 1: no row 4; there are 4"},
		{Select{RowGroups: []int{1}, Rows: []int64{2, 2}}, "error: columnar: x.parquet: row group 1: row 2 is selected behind row 2"},
		{Select{Rows: []int64{2}}, "error: columnar: x.parquet: rows of 3 row groups are selected"},
	} {
		if got := describe(f, tc.sel); got != tc.want {
			t.Errorf("%+v\nwant %s\n got %s", tc.sel, tc.want, got)
		}
	}
	nested := describe(f, Select{Columns: []string{"messages.tool_calls.name", "messages.role"}, RowGroups: []int{2}})
	if want := "messages:list<item: struct<role: utf8, tool_calls: list<item: struct<name: utf8>> nullable>>"; !strings.HasPrefix(nested, want) {
		t.Errorf("nested selection is %.200s", nested)
	}
	if want := `[{"assistant",[{"bash",},],},{"tool",null,},`; !strings.Contains(nested, want) {
		t.Errorf("nested selection is %.400s", nested)
	}
}

func describe(f *File, sel Select) string {
	var out []string
	for b, err := range f.Batches(context.Background(), sel) {
		if err != nil {
			return "error: " + err.Error()
		}
		if out == nil {
			for _, c := range b.Schema().Fields() {
				out = append(out, c.Name+":"+c.Type.String())
			}
		}
		out = append(out, "["+strings.Join(rowsOf([]arrow.RecordBatch{b}), " ")+"]")
	}
	return strings.Join(out, " ")
}

func TestConcurrentReaders(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 24)
	var groups [][]arrow.RecordBatch
	for i := range int64(8) {
		groups = append(groups, []arrow.RecordBatch{batch.NewSlice(3*i, 3*i+3)})
	}
	data := writeFile(t, batch.Schema(), textOptions(Fastest), groups...)
	f, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts := make([][]arrow.RecordBatch, 8)
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			for b, err := range f.Batches(context.Background(), Select{RowGroups: []int{i}}) {
				if err != nil {
					t.Error(err)
					return
				}
				b.Retain()
				parts[i] = append(parts[i], b)
			}
		})
	}
	wg.Wait()
	all := slices.Concat(parts...)
	defer release(all)
	sameRows(t, "8 readers", []arrow.RecordBatch{batch}, all)
}

func TestCancelled(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 4)
	data := writeFile(t, batch.Schema(), textOptions(Fastest), []arrow.RecordBatch{batch})
	f, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{Name: "x.parquet"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	for _, err := range f.Batches(ctx, Select{BatchRows: 1}) {
		if n++; n == 2 {
			cancel()
		}
		if n == 3 && !errors.Is(err, context.Canceled) {
			t.Errorf("after cancelling: %v", err)
		}
	}
	if n != 3 {
		t.Errorf("%d steps, want two batches and an error", n)
	}
}

// The automatic batch size goes by bytes.
func TestAutoBatchRows(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 170) // some 34 MB
	data := writeFile(t, batch.Schema(), WriterOptions{Codec: Snappy}, []arrow.RecordBatch{batch})
	got, err := readBatches(data, OpenOptions{}, Select{})
	if err != nil {
		t.Fatal(err)
	}
	defer release(got)
	if len(got) != 3 || Size(got[0]) > 20<<20 {
		t.Errorf("%d batches, the first of %d bytes", len(got), Size(got[0]))
	}
	narrow, err := readBatches(data, OpenOptions{}, Select{Columns: []string{"row"}})
	if err != nil || len(narrow) != 1 {
		t.Errorf("%d batches of one narrow column: %v", len(narrow), err)
	}
	release(narrow)
}

// TestColumnsArePickedConcurrently holds that choosing columns writes to
// nothing that another reader of the file looks at; the race detector sees it.
func TestColumnsArePickedConcurrently(t *testing.T) {
	elem := arrow.StructOf(arrow.Field{Name: "role", Type: arrow.BinaryTypes.String}, arrow.Field{Name: "text", Type: arrow.BinaryTypes.String})
	tops, err := treeOf(arrow.NewSchema([]arrow.Field{
		{Name: "usage", Type: arrow.StructOf(arrow.Field{Name: "turns", Type: arrow.PrimitiveTypes.Int32})},
		{Name: "messages", Type: arrow.ListOf(elem), Nullable: true},
	}, nil))
	if err != nil {
		t.Fatal(err)
	}
	l := &layout{tops: tops}
	var wg sync.WaitGroup
	for _, columns := range [][]string{{"usage"}, {"usage", "messages.role"}, {"messages"}, {"messages.text", "usage.turns"}} {
		wg.Go(func() {
			for range 100 {
				picked, err := l.pick(columns)
				if err != nil {
					t.Error(err)
					return
				}
				if schemaOf(picked).NumFields() == 0 {
					t.Error("nothing was picked")
				}
			}
		})
	}
	wg.Wait()
}
