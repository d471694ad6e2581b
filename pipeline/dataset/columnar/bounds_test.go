package columnar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquet-go, another reader, finds the bounds, the null counts and the page
// index that a file should have; long text has no bounds at all.
func TestStatistics(t *testing.T) {
	data, _ := smallFile(t, Zstd)
	long := textBatch(memory.DefaultAllocator, 3)
	text := writeFile(t, long.Schema(), textOptions(Default), []arrow.RecordBatch{long})
	for _, tc := range []struct {
		data []byte
		leaf int
		want string
	}{
		{data, 0, "id a1 to a4, 0 nulls, index true"},
		{data, 1, "policy alpha to beta, 1 nulls, index true"},
		{data, 2, "row -5 to 2, 0 nulls, index true"},
		{data, 3, "role assistant to user, 1 nulls, index true"},
		{data, 4, "content  to x := 1, 2 nulls, index true"},
		{data, 5, "return_code 0 to 3, 3 nulls, index true"},
		{text, 4, "content none, 0 nulls, index false"},
		{text, 6, "name bash to bash, 75 nulls, index true"},
	} {
		f, err := parquet.OpenFile(bytes.NewReader(tc.data), int64(len(tc.data)))
		if err != nil {
			t.Fatal(err)
		}
		chunk := f.RowGroups()[0].ColumnChunks()[tc.leaf].(*parquet.FileColumnChunk)
		path := f.Schema().Columns()[tc.leaf]
		got := path[len(path)-1]
		if lo, hi, ok := chunk.Bounds(); ok {
			got += fmt.Sprintf(" %v to %v", lo, hi)
		} else {
			got += " none"
		}
		index, err := chunk.ColumnIndex()
		got += fmt.Sprintf(", %d nulls, index %v", chunk.NullCount(), err == nil && index.NumPages() > 0)
		if got != tc.want {
			t.Errorf("want %s\n got %s", tc.want, got)
		}
	}
}

func TestBounds(t *testing.T) {
	var f bounds
	f.addFloat(0)
	f.addFloat(0)
	lo, hi := f.encode(format.Double)
	if math.Float64bits(0) != binary.LittleEndian.Uint64(hi) || math.Float64bits(math.Copysign(0, -1)) != binary.LittleEndian.Uint64(lo) {
		t.Errorf("bounds of zero are %x to %x, want -0 to +0", lo, hi)
	}
	f.addFloat(math.NaN())
	if !f.none {
		t.Error("NaN left the bounds standing")
	}

	var s bounds
	for _, v := range []string{"m", "", "z", string(make([]byte, maxBoundBytes))} {
		s.addText(v)
	}
	if s.none || s.minText != "" || s.maxText != "z" {
		t.Errorf("bounds of text: %+v", s)
	}
	s.addText(string(make([]byte, maxBoundBytes+1)))
	if !s.none {
		t.Error("a long value left the bounds standing")
	}

	a, b := bounds{some: true, minInt: -3, maxInt: 4}, bounds{some: true, minInt: 0, maxInt: 9}
	a.merge(b)
	a.merge(bounds{}) // a page of nulls changes nothing
	if a.none || a.minInt != -3 || a.maxInt != 9 {
		t.Errorf("merged to %+v", a)
	}
	if a.merge(bounds{none: true}); !a.none {
		t.Error("merging with no bounds left the bounds standing")
	}
}
