package columnar

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"
)

// A page is a decoded page and how far it has been consumed.
type page struct {
	n          int    // levels: values and nulls
	next       int    // levels consumed
	reps, defs []byte // nil where the column has none
	dict       bool
	data       []byte  // decompressed values
	pos        int     // PLAIN strings: bytes consumed; else: values consumed
	index      []int32 // dictionary indexes

	raw, levels []byte // its memory, from the budget
}

// free gives back the memory of a page that is consumed.
func (p *page) free(b *budget) {
	b.free(p.raw)
	b.free(p.levels)
	*p = page{}
}

// plainLength is the length of the PLAIN string at pos, if data holds all of it.
func plainLength(data []byte, pos int) (int, bool) {
	if pos+4 > len(data) {
		return 0, false
	}
	k := int(binary.LittleEndian.Uint32(data[pos:]))
	return k, k <= len(data)-pos-4
}

// readData splits the data page b into levels and values and decodes the levels.
// What p holds is its own, also after an error.
func (r *pageReader) readData(p *page, h *pageHeader, b []byte) (err error) {
	p.n = int(h.values)
	var reps, defs []byte
	if h.isV2 {
		reps, b = b[:h.repBytes], b[h.repBytes:]
		defs, b = b[:h.defBytes], b[h.defBytes:]
		codec := r.meta.codec
		if h.plainBytes {
			codec = format.Uncompressed
		}
		raw := int(h.raw) - len(reps) - len(defs)
		if raw == 0 && len(b) == 0 {
			codec = format.Uncompressed // nothing, compressed, is nothing to some writers
		}
		if err = r.expand(&p.raw, codec, raw, b); err != nil {
			return err
		}
		p.data = p.raw
	} else {
		if err = r.expand(&p.raw, r.meta.codec, int(h.raw), b); err != nil {
			return err
		}
		if reps, defs, p.data, err = r.splitV1(h, p.raw); err != nil {
			return err
		}
	}
	if err := r.levels(p, reps, defs); err != nil {
		return err
	}
	if rows := p.rowStarts(); h.isV2 && rows != int(h.rows) {
		return corrupt("page has %d rows, its header says %d", rows, h.rows)
	}
	return r.values(h, p)
}

// rowStarts counts the rows that begin in p.
func (p *page) rowStarts() int {
	if p.reps == nil {
		return p.n
	}
	k := 0
	for _, r := range p.reps {
		if r == 0 {
			k++
		}
	}
	return k
}

func (r *pageReader) splitV1(h *pageHeader, b []byte) (reps, defs, rest []byte, err error) {
	cut := func(top uint8, enc format.Encoding) []byte {
		if top == 0 || err != nil {
			return nil
		}
		if enc != format.RLE {
			err = corrupt("levels are encoded as %s", enc)
			return nil
		}
		k, ok := plainLength(b, 0)
		if !ok {
			err = corrupt("page ends inside its levels")
			return nil
		}
		out := b[4 : 4+k]
		b = b[4+k:]
		return out
	}
	reps = cut(r.n.rep, h.repEnc)
	defs = cut(r.n.def, h.defEnc)
	return reps, defs, b, err
}

// levels decodes repetition and definition levels into one buffer.
func (r *pageReader) levels(p *page, reps, defs []byte) error {
	need := 0
	if r.n.rep > 0 {
		need += p.n
	}
	if r.n.def > 0 {
		need += p.n
	}
	var err error
	if p.levels, err = r.budget.get(need); err != nil {
		return err
	}
	buf := p.levels
	if r.n.rep > 0 {
		p.reps, buf = buf[:p.n:p.n], buf[p.n:]
		if err := unpackLevels(p.reps, reps, r.n.rep); err != nil {
			return corrupt("repetition levels: %v", err)
		}
	}
	if r.n.def > 0 {
		p.defs = buf[:p.n:p.n]
		if err := unpackLevels(p.defs, defs, r.n.def); err != nil {
			return corrupt("definition levels: %v", err)
		}
	}
	return nil
}

// present counts the values among the levels of p.
func (r *pageReader) present(p *page) int {
	if p.defs == nil {
		return p.n
	}
	k := 0
	for _, d := range p.defs {
		if d == r.n.def {
			k++
		}
	}
	return k
}

// values prepares the values of p and makes sure that there are enough.
func (r *pageReader) values(h *pageHeader, p *page) error {
	k := r.present(p)
	if h.isV2 && p.n-k != int(h.nulls) {
		return corrupt("page has %d nulls, its header says %d", p.n-k, h.nulls)
	}
	switch h.enc {
	case format.Plain:
		if err := r.checkPlain(p, k); err != nil {
			return err
		}
	case format.RLEDictionary, plainDictionary:
		if err := r.indexes(p, k); err != nil {
			return err
		}
	case format.RLE:
		if err := r.bools(p, k); err != nil {
			return err
		}
	default:
		if err := r.replain(p, h.enc, k); err != nil {
			return err
		}
	}
	return nil
}

// checkPlain compares fixed-width values with their count. Strings are checked
// one by one as they are copied.
func (r *pageReader) checkPlain(p *page, k int) error {
	need := 0
	switch w := width(r.n.phys); {
	case w > 0:
		need = k * w
	case r.n.phys == format.Boolean:
		need = (k + 7) / 8
	default:
		need = 4 * k
	}
	if len(p.data) < need {
		return corrupt("page of %d values has %d bytes", k, len(p.data))
	}
	return nil
}

func (r *pageReader) indexes(p *page, k int) error {
	p.dict = true
	if k == 0 {
		return nil
	}
	if !r.hasDict || len(p.data) == 0 {
		return corrupt("page of dictionary indexes without a dictionary")
	}
	size := len(r.dictOffs)
	if w := width(r.n.phys); w > 0 {
		size = len(r.dict) / w
	}
	if err := r.budget.check(4 * k); err != nil {
		return err
	}
	p.index = make([]int32, k)
	if err := unpackInts(p.index, p.data[1:], uint(p.data[0])); err != nil {
		return corrupt("dictionary indexes: %v", err)
	}
	for _, i := range p.index {
		if uint32(i) >= uint32(size) {
			return corrupt("dictionary index %d of %d", i, size)
		}
	}
	return nil
}

// bools unpacks RLE booleans to the PLAIN form.
func (r *pageReader) bools(p *page, k int) error {
	if r.n.phys != format.Boolean {
		return corrupt("values of %s are encoded as RLE", r.n.phys)
	}
	if k == 0 {
		return nil
	}
	n, ok := plainLength(p.data, 0)
	if !ok {
		return corrupt("page ends inside its booleans")
	}
	if err := r.budget.check(2 * k); err != nil {
		return err
	}
	flat := make([]byte, k)
	if err := unpackLevels(flat, p.data[4:4+n], 1); err != nil {
		return corrupt("booleans: %v", err)
	}
	p.data = make([]byte, (k+7)/8)
	for i, b := range flat {
		p.data[i/8] |= b << (i % 8)
	}
	return nil
}
