package columnar

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// sameSome holds that some rows of every row group, and all of them decoded ahead,
// are what a plain read says.
func sameSome(t *testing.T, r *rand.Rand, data []byte) {
	t.Helper()
	f, err := OpenFile(bytes.NewReader(data), int64(len(data)), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	read := func(sel Select) []string {
		got, err := readBatches(data, OpenOptions{}, sel)
		if err != nil {
			t.Fatalf("%+v: %v", sel, err)
		}
		defer release(got)
		return rowsOf(got)
	}
	for g := range f.NumRowGroups() {
		all := read(Select{RowGroups: []int{g}})
		if ahead := read(Select{RowGroups: []int{g}, Workers: 3, BatchRows: 7}); !slices.Equal(all, ahead) {
			t.Errorf("row group %d is another one when decoded ahead", g)
		}
		for range 4 {
			rows, want := []int64{}, []string(nil)
			share := []int{1, 2, 30}[r.IntN(3)]
			for i, row := range all {
				if r.IntN(share) == 0 {
					rows, want = append(rows, int64(i)), append(want, row)
				}
			}
			if got := read(Select{RowGroups: []int{g}, Rows: rows, Workers: r.IntN(3), BatchRows: r.IntN(9)}); !slices.Equal(want, got) {
				t.Errorf("row group %d, rows %d: got %d others", g, rows, len(got))
			}
		}
	}
}

// TestSomeRows reads rows of files with many pages of our own.
func TestSomeRows(t *testing.T) {
	for seed := range 40 {
		r := rand.New(rand.NewPCG(uint64(seed), 6))
		sc := randomSchema(r)
		opt := randomOptions(r, sc)
		opt.PageBytes = 1 + r.IntN(300)
		var groups [][]arrow.RecordBatch
		for range 1 + r.IntN(3) {
			groups = append(groups, []arrow.RecordBatch{randomBatch(r, memory.DefaultAllocator, sc, 1+r.IntN(120))})
		}
		sameSome(t, r, writeFile(t, sc, opt, groups...))
	}
}

// TestOtherPagesStayClosed damages a page and reads the rows of others.
func TestOtherPagesStayClosed(t *testing.T) {
	batch := textBatch(memory.DefaultAllocator, 30)
	opt := textOptions(Fastest)
	opt.PageBytes = 200 << 10 // a few rows
	data := writeFile(t, batch.Schema(), opt, []arrow.RecordBatch{batch})
	foot, err := readFooter(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	text := &foot.groups[0].chunks[0]
	for i := range foot.groups[0].chunks {
		if c := &foot.groups[0].chunks[i]; c.size > text.size {
			text = c
		}
	}
	data[text.offset+text.size/2] ^= 1
	broken := 0
	for row := range int64(30) {
		got, err := readBatches(data, OpenOptions{}, Select{Rows: []int64{row}})
		switch {
		case err == nil:
			sameRows(t, fmt.Sprint(row), []arrow.RecordBatch{batch.NewSlice(row, row+1)}, got)
			release(got)
		case strings.Contains(err.Error(), "CRC"):
			broken++
		default:
			t.Errorf("row %d: %v", row, err)
		}
	}
	if broken == 0 || broken > 4 {
		t.Errorf("%d of 30 rows cannot be read", broken)
	}
	if _, err := readBatches(data, OpenOptions{}, Select{}); err == nil {
		t.Error("the damage is not seen by who reads all rows")
	}
}
