package columnar

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
)

// A columnReader turns the pages of one leaf into Arrow buffers, a batch at a
// time. A batch need not end where a page ends.
type columnReader struct {
	*pageReader
	started bool // the open row has begun: its first level has been taken

	// The batch under construction. Levels are kept for the lists and structs
	// above this leaf.
	reps, defs []byte
	keepLevels bool
	slots      int
	nulls      int
	valid      buffer
	offsets    buffer // int32
	data       buffer
	last       int32 // end of the last string
	hint       int   // bytes of data in the batch before
}

// A buffer is an Arrow buffer that grows.
type buffer struct {
	*memory.Buffer
	n int
	b *budget
}

func newBuffer(b *budget, hint int) (buffer, error) {
	out := buffer{Buffer: memory.NewResizableBuffer(b.mem), b: b}
	return out, out.reserve(hint)
}

// reserve makes room for n more bytes.
func (b *buffer) reserve(n int) error {
	need := b.n + n
	if need <= b.Cap() {
		return nil
	}
	grow := max(need, 2*b.Cap())
	if err := b.b.check(grow - b.Cap()); err != nil {
		if err = b.b.check(need - b.Cap()); err != nil {
			return err
		}
		grow = need
	}
	before := b.Cap()
	b.Reserve(grow)
	b.b.used.Add(int64(b.Cap() - before))
	return nil
}

// extend returns n new bytes at the end of b, which reserve has made room for.
func (b *buffer) extend(n int) []byte {
	at := b.n
	b.n += n
	b.ResizeNoShrink(b.n)
	return b.Buf()[at:b.n]
}

// drop releases b, which is no longer counted: its reader has the batch now, or
// nobody has.
func (b *buffer) drop() {
	if b.Buffer != nil {
		b.b.used.Add(-int64(b.Cap()))
		b.Release()
	}
	*b = buffer{}
}

func (c *columnReader) isText() bool   { return c.n.phys == format.ByteArray }
func (c *columnReader) hasNulls() bool { return c.n.def > c.n.slotDef }

// begin opens a batch of about rows rows.
func (c *columnReader) begin(rows int) (err error) {
	c.reps, c.defs = c.reps[:0], c.defs[:0]
	c.slots, c.nulls, c.last = 0, 0, 0
	if c.data, err = newBuffer(c.budget, c.hint); err != nil {
		return err
	}
	if c.hasNulls() {
		if c.valid, err = newBuffer(c.budget, (rows+7)/8); err != nil {
			return err
		}
	}
	if c.isText() {
		if c.offsets, err = newBuffer(c.budget, 4*(rows+1)); err != nil {
			return err
		}
		clear(c.offsets.extend(4))
	}
	return nil
}

// abandon releases the batch under construction.
func (c *columnReader) abandon() {
	c.data.drop()
	c.valid.drop()
	c.offsets.drop()
}

// read appends exactly rows rows to the batch.
func (c *columnReader) read(rows int) error {
	for {
		if c.page.next == c.page.n {
			err := c.advance()
			if err == io.EOF && rows == 0 {
				return nil
			}
			if err == io.EOF {
				return corrupt("chunk ends %d rows early", rows)
			}
			if err != nil {
				return err
			}
		}
		end, begun := c.span(rows)
		if err := c.take(end); err != nil {
			return err
		}
		rows -= begun
		if rows == 0 && (end < c.page.n || c.page.reps == nil) {
			return nil
		}
	}
}

// span finds where in the open page the next rows end, at most: the index
// behind their last level, and how many rows begin before it. A row of a column
// without lists is one level. With lists it ends where the next one begins,
// which may be in a later page.
func (c *columnReader) span(rows int) (end, begun int) {
	p := &c.page
	if p.reps == nil {
		begun = min(rows, p.n-p.next)
		return p.next + begun, begun
	}
	for end = p.next; end < p.n; end++ {
		if p.reps[end] == 0 {
			if begun == rows {
				break
			}
			begun++
		}
	}
	return end, begun
}

// finish makes sure that the chunk ends with the batch that was read last.
func (c *columnReader) finish() error {
	if c.page.next < c.page.n {
		return corrupt("chunk holds more rows than its row group")
	}
	if err := c.advance(); err != io.EOF {
		if err == nil {
			err = corrupt("chunk holds more rows than its row group")
		}
		return err
	}
	return nil
}

// take appends the levels up to end, and their values, to the batch.
func (c *columnReader) take(end int) error {
	p := &c.page
	lo := p.next
	if end == lo {
		return nil
	}
	if err := c.beginsRow(); err != nil {
		return err
	}
	if c.keepLevels {
		if err := c.budget.check(2 * (len(c.defs) + end - lo)); err != nil {
			return err
		}
		if p.reps != nil {
			c.reps = append(c.reps, p.reps[lo:end]...)
		}
		if p.defs != nil {
			c.defs = append(c.defs, p.defs[lo:end]...)
		}
	}
	p.next = end
	if p.defs == nil {
		return c.dense(end - lo)
	}
	defs := p.defs[lo:end]
	if !c.hasNulls() && c.n.slotDef == 0 {
		return c.dense(len(defs))
	}
	return c.sparse(defs)
}

// beginsRow refuses values of a row whose beginning was never seen.
func (c *columnReader) beginsRow() error {
	if p := &c.page; p.reps != nil && !c.started && p.reps[p.next] != 0 {
		return corrupt("row group or page begins inside a row")
	}
	c.started = true
	return nil
}

// sparse appends what defs describe: slots without a value become nulls, and
// levels below slotDef, where a list above is empty or null, no slot at all.
func (c *columnReader) sparse(defs []byte) error {
	if err := c.reserveSlots(len(defs)); err != nil {
		return err
	}
	for i := 0; i < len(defs); {
		j := i
		switch d := defs[i]; {
		case d == c.n.def:
			for j < len(defs) && defs[j] == c.n.def {
				j++
			}
			if err := c.dense(j - i); err != nil {
				return err
			}
		case d >= c.n.slotDef:
			for j < len(defs) && defs[j] < c.n.def && defs[j] >= c.n.slotDef {
				j++
			}
			if err := c.empty(j - i); err != nil {
				return err
			}
		default:
			j++
		}
		i = j
	}
	return nil
}

func (c *columnReader) reserveSlots(n int) error {
	if c.isText() {
		if err := c.offsets.reserve(4 * n); err != nil {
			return err
		}
	}
	if c.hasNulls() {
		return c.valid.reserve(n/8 + 1)
	}
	return nil
}

// mark appends n bits to the validity bitmap.
func (c *columnReader) mark(n int, valid bool) error {
	if !c.hasNulls() {
		c.slots += n
		return nil
	}
	size := (c.slots + n + 7) / 8
	if grow := size - c.valid.n; grow > 0 {
		if err := c.valid.reserve(grow); err != nil {
			return err
		}
		clear(c.valid.extend(grow))
	}
	if valid {
		setBits(c.valid.Buf(), c.slots, n)
	} else {
		c.nulls += n
	}
	c.slots += n
	return nil
}

// setBits sets n bits of b from bit at.
func setBits(b []byte, at, n int) {
	for ; n > 0 && at%8 != 0; n-- {
		b[at/8] |= 1 << (at % 8)
		at++
	}
	for ; n >= 8; n -= 8 {
		b[at/8] = 0xff
		at += 8
	}
	for ; n > 0; n-- {
		b[at/8] |= 1 << (at % 8)
		at++
	}
}

// empty appends n null slots.
func (c *columnReader) empty(n int) error {
	switch w := width(c.n.phys); {
	case c.isText():
		if err := c.offsets.reserve(4 * n); err != nil {
			return err
		}
		out := c.offsets.extend(4 * n)
		for i := range n {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(c.last))
		}
	case w > 0:
		if err := c.data.reserve(n * w); err != nil {
			return err
		}
		clear(c.data.extend(n * w))
	default:
		if err := c.growBits(n); err != nil {
			return err
		}
	}
	return c.mark(n, false)
}

// growBits makes room for n more bools, all false.
func (c *columnReader) growBits(n int) error {
	grow := (c.slots+n+7)/8 - c.data.n
	if grow <= 0 {
		return nil
	}
	if err := c.data.reserve(grow); err != nil {
		return err
	}
	clear(c.data.extend(grow))
	return nil
}

// dense appends the next n values of the page, none of them null.
func (c *columnReader) dense(n int) error {
	var err error
	switch w := width(c.n.phys); {
	case c.isText() && c.page.dict:
		err = c.textFromDict(n)
	case c.isText():
		err = c.text(n)
	case w > 0:
		err = c.fixed(n, w)
	default:
		err = c.bools(n)
	}
	if err != nil {
		return err
	}
	return c.mark(n, true)
}

// text copies n PLAIN strings: this is where most bytes of a data set pass.
func (c *columnReader) text(n int) error {
	if err := c.offsets.reserve(4 * n); err != nil {
		return err
	}
	p := &c.page
	size, pos := 0, p.pos
	for range n {
		k, ok := plainLength(p.data, pos)
		if !ok {
			return corrupt("page ends inside a string")
		}
		size += k
		pos += 4 + k
	}
	if int64(c.last)+int64(size) > math.MaxInt32 {
		return c.tooBig()
	}
	if err := c.data.reserve(size); err != nil {
		return err
	}
	dst, offs := c.data.extend(size), c.offsets.extend(4*n)
	pos = p.pos
	for i := range n {
		k := int(binary.LittleEndian.Uint32(p.data[pos:]))
		copy(dst, p.data[pos+4:pos+4+k])
		dst = dst[k:]
		pos += 4 + k
		c.last += int32(k)
		binary.LittleEndian.PutUint32(offs[4*i:], uint32(c.last))
	}
	p.pos = pos
	return nil
}

func (c *columnReader) tooBig() error {
	return fmt.Errorf("more than %d bytes of text in one batch: read fewer rows at once", math.MaxInt32)
}

func (c *columnReader) textFromDict(n int) error {
	if err := c.offsets.reserve(4 * n); err != nil {
		return err
	}
	p := &c.page
	offs := c.offsets.extend(4 * n)
	for i, x := range p.index[p.pos : p.pos+n] {
		at := int(c.dictOffs[x])
		k, _ := plainLength(c.dict, at)
		if int64(c.last)+int64(k) > math.MaxInt32 {
			return c.tooBig()
		}
		if err := c.data.reserve(k); err != nil {
			return err
		}
		copy(c.data.extend(k), c.dict[at+4:at+4+k])
		c.last += int32(k)
		binary.LittleEndian.PutUint32(offs[4*i:], uint32(c.last))
	}
	p.pos += n
	return nil
}

func (c *columnReader) fixed(n, w int) error {
	if err := c.data.reserve(n * w); err != nil {
		return err
	}
	p := &c.page
	dst := c.data.extend(n * w)
	if p.dict {
		for i, x := range p.index[p.pos : p.pos+n] {
			copy(dst[i*w:(i+1)*w], c.dict[int(x)*w:])
		}
	} else {
		copy(dst, p.data[p.pos*w:(p.pos+n)*w])
	}
	p.pos += n
	return nil
}

func (c *columnReader) bools(n int) error {
	if err := c.growBits(n); err != nil {
		return err
	}
	p := &c.page
	for i := range n {
		at := c.slots + i
		bit := p.data[(p.pos+i)/8] >> ((p.pos + i) % 8) & 1
		c.data.Buf()[at/8] |= bit << (at % 8)
	}
	p.pos += n
	return nil
}

// array makes an Arrow array of the batch. The column's buffers are its own
// afterwards; what the budget counted is given back, since the batch belongs to
// the caller now.
func (c *columnReader) array() arrow.ArrayData {
	c.hint = c.data.n + c.data.n/8
	bufs := []*memory.Buffer{nil, c.data.Buffer}
	if c.isText() {
		bufs = []*memory.Buffer{nil, c.offsets.Buffer, c.data.Buffer}
	}
	if c.nulls > 0 {
		bufs[0] = c.valid.Buffer
	}
	d := array.NewData(c.n.typ, c.slots, bufs, nil, c.nulls, 0)
	c.abandon()
	return d
}
