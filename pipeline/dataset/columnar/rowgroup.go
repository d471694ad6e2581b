package columnar

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// ErrNotUTF8 is returned (wrapped, with column and row) when a string column
// holds bytes that are not UTF-8. Most readers refuse a file that has such a
// value, all of it, so it is not written.
var ErrNotUTF8 = errors.New("not valid UTF-8")

// A RowGroup is a part of a file under construction. One goroutine at a time
// may use it; different row groups of one Writer are independent.
type RowGroup struct {
	w    *Writer
	cols []*chunkWriter
	rows int64
	err  error
}

// Write appends the rows of b, which must have the Writer's schema. Pages that
// become full are compressed before Write returns. The batch is not kept. After
// an error the row group is of no use.
func (g *RowGroup) Write(b arrow.RecordBatch) error {
	if g.err != nil {
		return g.err
	}
	g.err = g.write(b)
	return g.err
}

func (g *RowGroup) write(b arrow.RecordBatch) error {
	if err := g.w.matches(b.Schema()); err != nil {
		return err
	}
	for i, top := range g.w.tops {
		if err := checkColumn(top, b.Column(i)); err != nil {
			return err
		}
	}
	for i, top := range g.w.tops {
		if err := g.column(top, b.Column(i)); err != nil {
			return err
		}
	}
	g.rows += b.NumRows()
	return nil
}

// Rows counts the rows written so far.
func (g *RowGroup) Rows() int64 { return g.rows }

// RawBytes is the uncompressed size of what was written so far.
func (g *RowGroup) RawBytes() int64 {
	var n int64
	for _, c := range g.cols {
		n += c.rawBytes()
	}
	return n
}

// Finish ends a column ahead of Commit: what is still open of it is given to be
// compressed, and nothing may be added to it.
func (g *RowGroup) Finish(column int) error { return g.cols[column].close() }

// closingOrder is the order in which columns are given to be compressed. The largest
// comes with those before it in the file, so that it is written early; of the others
// the large come first, so that none of them is compressed alone at the end.
func (g *RowGroup) closingOrder() []int {
	order, largest := make([]int, len(g.cols)), 0
	for i, c := range g.cols {
		if order[i] = i; c.rawBytes() > g.cols[largest].rawBytes() {
			largest = i
		}
	}
	slices.SortStableFunc(order[largest+1:], func(a, b int) int { return g.cols[b].pageBytes() - g.cols[a].pageBytes() })
	return order
}

// checkColumn refuses sizes and bytes that cannot be written, before anything
// of the batch is. Nulls are looked at on the way down, where it is known
// whether their parent is there.
func checkColumn(n *node, a arrow.Array) error {
	switch a := a.(type) {
	case *array.List:
		part := listPart(a)
		defer part.Release()
		return checkColumn(n.kids[0], part)
	case *array.Struct:
		for i, k := range n.kids {
			if err := checkColumn(k, a.Field(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return checkText(n, a)
}

// listPart is the part of the values that the lists of a refer to, which is not
// all of them where a is a slice.
func listPart(a *array.List) arrow.Array {
	if a.Len() == 0 {
		return array.NewSlice(a.ListValues(), 0, 0)
	}
	lo, _ := a.ValueOffsets(0)
	_, hi := a.ValueOffsets(a.Len() - 1)
	return array.NewSlice(a.ListValues(), lo, hi)
}

func checkText(n *node, a arrow.Array) error {
	size := valueBytes(a)
	if size > MaxColumnBytes {
		return fmt.Errorf("columnar: column %s: %d bytes in one batch, the limit is %d: flush smaller batches", n.path, size, MaxColumnBytes)
	}
	s, ok := a.(*array.String)
	if !ok || s.Len() == 0 || utf8.Valid(s.ValueBytes()) && splitsCleanly(s) {
		return nil
	}
	for i := range s.Len() {
		if s.IsValid(i) && !utf8.ValidString(s.Value(i)) {
			return fmt.Errorf("columnar: column %s, value %d of the batch: %w", n.path, i, ErrNotUTF8)
		}
	}
	return nil
}

// splitsCleanly reports whether no value of s, whose bytes together are valid,
// begins in the middle of a character.
func splitsCleanly(s *array.String) bool {
	for i := range s.Len() {
		if v := s.Value(i); len(v) > 0 && !utf8.RuneStart(v[0]) {
			return false
		}
	}
	return true
}

// Size is the number of bytes that the values of b take: what callers flush by.
func Size(b arrow.RecordBatch) int64 {
	var n int64
	for _, c := range b.Columns() {
		n += valueBytes(c)
	}
	return n
}

func valueBytes(a arrow.Array) int64 {
	n := int64(a.Len())
	switch a := a.(type) {
	case *array.String:
		return int64(len(a.ValueBytes()))
	case *array.Binary:
		return int64(len(a.ValueBytes()))
	case *array.List:
		part := listPart(a)
		defer part.Release()
		return 4*n + valueBytes(part)
	case *array.Struct:
		var sum int64
		for i := range a.NumField() {
			sum += valueBytes(a.Field(i))
		}
		return sum
	case *array.Int64, *array.Float64:
		return 8 * n
	case *array.Int32, *array.Float32:
		return 4 * n
	}
	return n
}

// column appends one top-level column.
func (g *RowGroup) column(top *node, a arrow.Array) error {
	for _, leaf := range top.leaves(nil) {
		e := emitter{c: g.cols[leaf.leaf], base: g.rows}
		e.open(top, leaf, a)
		for row := range a.Len() {
			if err := e.emit(0, row, 0); err != nil {
				return e.at(row, err)
			}
			if err := e.c.endRow(); err != nil {
				return e.at(row, err)
			}
		}
	}
	return nil
}

// An emitter walks from a top-level column down to one leaf and appends what it
// finds there, row by row.
type emitter struct {
	c    *chunkWriter
	path []step
	base int64
}

type step struct {
	n    *node
	arr  arrow.Array
	list *array.List
	leaf func(i int, rep uint8)
}

func (e *emitter) at(row int, err error) error {
	return fmt.Errorf("columnar: row %d of the row group: %w", e.base+int64(row), err)
}

func (e *emitter) open(n, leaf *node, a arrow.Array) {
	s := step{n: n, arr: a}
	switch a := a.(type) {
	case *array.List:
		s.list = a
		e.path = append(e.path, s)
		e.open(n.kids[0], leaf, a.ListValues())
	case *array.Struct:
		e.path = append(e.path, s)
		for i, k := range n.kids {
			if below := k.leaves(nil); leaf.leaf >= below[0].leaf && leaf.leaf <= below[len(below)-1].leaf {
				e.open(k, leaf, a.Field(i))
			}
		}
	default:
		s.leaf = e.appendTo(a)
		e.path = append(e.path, s)
	}
}

// appendTo returns what appends value i of a leaf array.
func (e *emitter) appendTo(a arrow.Array) func(i int, rep uint8) {
	c := e.c
	switch a := a.(type) {
	case *array.String:
		return func(i int, rep uint8) { c.text(rep, a.Value(i)) }
	case *array.Binary:
		return func(i int, rep uint8) { c.text(rep, a.ValueString(i)) }
	case *array.Int32:
		return func(i int, rep uint8) { c.u32(rep, uint32(a.Value(i))) }
	case *array.Int64:
		return func(i int, rep uint8) { c.u64(rep, uint64(a.Value(i))) }
	case *array.Float32:
		return func(i int, rep uint8) { c.u32(rep, math.Float32bits(a.Value(i))) }
	case *array.Float64:
		return func(i int, rep uint8) { c.u64(rep, math.Float64bits(a.Value(i))) }
	case *array.Boolean:
		return func(i int, rep uint8) { c.bool(rep, a.Value(i)) }
	}
	panic(fmt.Sprintf("columnar: %T passed the schema check", a))
}

// emit appends slot i of step d and everything below it.
func (e *emitter) emit(d, i int, rep uint8) error {
	s := &e.path[d]
	if s.arr.IsNull(i) {
		if !s.n.nullable {
			return fmt.Errorf("column %s is null where the schema allows none", s.n.path)
		}
		e.c.null(rep, s.n.def-1)
		return nil
	}
	switch s.n.kind {
	case kindLeaf:
		s.leaf(i, rep)
		return nil
	case kindStruct:
		return e.emit(d+1, i, rep)
	}
	lo, hi := s.list.ValueOffsets(i)
	if lo == hi {
		e.c.null(rep, s.n.def)
		return nil
	}
	for j := lo; j < hi; j++ {
		if err := e.emit(d+1, int(j), rep); err != nil {
			return err
		}
		rep = s.n.rep + 1
	}
	return nil
}
