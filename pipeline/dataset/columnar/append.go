package columnar

import "math"

// The values of a row group can be given row by row, too, without Arrow between:
// for each row every column in turn gets its values of it, with their repetition
// and definition levels, and EndRow follows. A column is known by its number in
// the file. A value that is there has the highest definition level of its column.

// Null appends an empty slot: a null, an empty list, or the absence of a parent.
func (g *RowGroup) Null(column int, rep, def uint8) { g.cols[column].null(rep, def) }

// Text appends a string, which has to be UTF-8, or binary value. It is copied.
func (g *RowGroup) Text(column int, rep uint8, v string) { g.cols[column].text(rep, v) }

// Int32 appends a value.
func (g *RowGroup) Int32(column int, rep uint8, v int32) { g.cols[column].u32(rep, uint32(v)) }

// Int64 appends a value.
func (g *RowGroup) Int64(column int, rep uint8, v int64) { g.cols[column].u64(rep, uint64(v)) }

// Float64 appends a value.
func (g *RowGroup) Float64(column int, rep uint8, v float64) {
	g.cols[column].u64(rep, math.Float64bits(v))
}

// Bool appends a value.
func (g *RowGroup) Bool(column int, rep uint8, v bool) { g.cols[column].bool(rep, v) }

// EndRow says that every column has the values of the next row. After an error
// the row group is of no use.
func (g *RowGroup) EndRow() error {
	if g.err != nil {
		return g.err
	}
	for _, c := range g.cols {
		if err := c.endRow(); err != nil {
			g.err = err
			return err
		}
	}
	g.rows++
	return nil
}
