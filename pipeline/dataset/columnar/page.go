package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

const (
	// readWindow is how much of a column chunk is read at once. Chunks of text
	// row groups mostly fit, and take one request to an object store.
	readWindow = 4 << 20

	// maxHeaderBytes bounds a page header. Headers carry the statistics of the
	// page, which some writers do not truncate.
	maxHeaderBytes = 16 << 20

	// maxPageBytes bounds a decompressed page: the largest row that is written,
	// a full page before it, and what length prefixes and levels add.
	maxPageBytes = MaxRowBytes + 512<<20
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
}

// A pageReader decodes the pages of one column chunk, in order.
type pageReader struct {
	n       *node
	meta    *chunkMeta
	src     io.ReaderAt
	budget  *budget
	mustCRC bool

	win    []byte // bytes read and not yet decoded
	winBuf []byte
	off    int64 // file offset behind win
	end    int64 // file offset behind the chunk

	seen int64 // levels handed out
	page page
	raw  []byte // decompressed page, from budget
	lev  []byte // levels of the page
	ints []int32

	dict     []byte // PLAIN dictionary
	dictOffs []uint32
	hasDict  bool
}

func newPageReader(n *node, meta *chunkMeta, f *File, b *budget) *pageReader {
	return &pageReader{
		n: n, meta: meta, src: f.r, budget: b, mustCRC: f.mustCRC,
		off: meta.offset, end: meta.offset + meta.size,
	}
}

// close gives back what the reader holds.
func (r *pageReader) close() {
	r.budget.free(r.raw)
	r.budget.free(r.lev)
	r.budget.free(r.winBuf)
	r.budget.free(r.dict)
	r.raw, r.lev, r.winBuf, r.win, r.dict = nil, nil, nil, nil, nil
	r.page = page{}
}

// fill makes at least n bytes of the chunk contiguous in win, or as many as
// the chunk still has.
func (r *pageReader) fill(n int) error {
	if n <= len(r.win) || r.off == r.end {
		return nil
	}
	want := int(min(int64(max(n, readWindow)), int64(len(r.win))+r.end-r.off))
	buf := r.winBuf
	if cap(buf) < want {
		var err error
		if buf, err = r.budget.get(want); err != nil {
			return err
		}
	}
	buf = buf[:want]
	kept := copy(buf, r.win)
	if cap(r.winBuf) < want {
		r.budget.free(r.winBuf)
		r.winBuf = buf
	}
	if err := readFull(r.src, buf[kept:], r.off); err != nil {
		return fmt.Errorf("reading %d bytes at %d: %w", want-kept, r.off, err)
	}
	r.off += int64(want - kept)
	r.win = buf
	return nil
}

// header decodes the header of the next page; io.EOF when there is none.
func (r *pageReader) header() (h pageHeader, err error) {
	for n := 1 << 10; ; n *= 8 {
		if err := r.fill(min(n, maxHeaderBytes)); err != nil {
			return h, err
		}
		if len(r.win) == 0 {
			return h, io.EOF
		}
		c := compact{b: r.win}
		h = pageHeader{}
		h.decode(&c)
		if c.err == nil {
			r.win = r.win[c.pos:]
			return h, h.check()
		}
		if !c.short || r.off == r.end || len(r.win) >= maxHeaderBytes {
			return h, corrupt("page header: %v", c.err)
		}
	}
}

// body returns the h.size bytes behind a header, checked against its CRC. They
// are valid until the next fill.
func (r *pageReader) body(h *pageHeader) ([]byte, error) {
	if int64(h.size) > int64(len(r.win))+r.end-r.off {
		return nil, corrupt("page of %d bytes where the chunk has %d left", h.size, int64(len(r.win))+r.end-r.off)
	}
	if err := r.fill(int(h.size)); err != nil {
		return nil, err
	}
	b := r.win[:h.size]
	r.win = r.win[h.size:]
	switch {
	case h.hasCRC:
		if sum := crc32.ChecksumIEEE(b); sum != h.crc {
			return nil, corrupt("page has CRC %08x, its header says %08x", sum, h.crc)
		}
	case r.mustCRC && crc32.ChecksumIEEE(b) != 0: // the zero CRC is the one that goes unwritten
		return nil, corrupt("page lost its CRC")
	}
	return b, nil
}

// advance decodes the next data page into r.page. It returns io.EOF behind the
// last one.
func (r *pageReader) advance() error {
	for {
		h, err := r.header()
		if err == io.EOF && r.seen != r.meta.values {
			return corrupt("chunk holds %d values, the footer says %d", r.seen, r.meta.values)
		}
		if err != nil {
			return err
		}
		b, err := r.body(&h)
		if err != nil {
			return err
		}
		switch h.kind {
		case format.DictionaryPage:
			if err := r.readDict(&h, b); err != nil {
				return err
			}
		case format.DataPage, format.DataPageV2:
			if h.isV2 != (h.kind == format.DataPageV2) {
				return corrupt("page of type %s has the other version's header", h.kind)
			}
			if r.seen += int64(h.values); r.seen > r.meta.values {
				return corrupt("chunk holds more than the %d values that the footer says", r.meta.values)
			}
			if err := r.readData(&h, b); err != nil {
				return err
			}
			if r.page.n > 0 {
				return nil
			}
		}
	}
}

// expand decompresses b to raw bytes in a buffer that replaces *buf.
func (r *pageReader) expand(buf *[]byte, codec format.CompressionCodec, raw int, b []byte) ([]byte, error) {
	out, err := r.budget.resize(buf, raw)
	if err != nil {
		return nil, err
	}
	switch err := decompress(codec, out, b); {
	case errors.Is(err, errCodec):
		return nil, err
	case err != nil:
		return nil, corrupt("%s page: %v", codec, err)
	}
	return out, nil
}

func (r *pageReader) readDict(h *pageHeader, b []byte) error {
	if r.hasDict {
		return corrupt("chunk has a second dictionary")
	}
	if h.enc != format.Plain && h.enc != plainDictionary {
		return corrupt("dictionary is encoded as %s", h.enc)
	}
	data, err := r.expand(&r.dict, r.meta.codec, int(h.raw), b)
	if err != nil {
		return err
	}
	r.hasDict = true
	n := int(h.values)
	if w := width(r.n.phys); w > 0 {
		if len(data) != n*w {
			return corrupt("dictionary of %d values has %d bytes", n, len(data))
		}
		return nil
	}
	if r.n.phys != format.ByteArray {
		return corrupt("dictionary of %s", r.n.phys)
	}
	if n > len(data)/4 {
		return corrupt("dictionary of %d strings has %d bytes", n, len(data))
	}
	r.dictOffs = make([]uint32, 0, n)
	pos := 0
	for len(r.dictOffs) < n {
		k, ok := plainLength(data, pos)
		if !ok {
			return corrupt("dictionary ends inside a string")
		}
		r.dictOffs = append(r.dictOffs, uint32(pos))
		pos += 4 + k
	}
	if pos != len(data) {
		return corrupt("dictionary of %d strings has %d bytes too many", n, len(data)-pos)
	}
	return nil
}

// plainLength is the length of the PLAIN string at pos, if data holds all of it.
func plainLength(data []byte, pos int) (int, bool) {
	if pos+4 > len(data) {
		return 0, false
	}
	k := int(binary.LittleEndian.Uint32(data[pos:]))
	return k, k <= len(data)-pos-4
}

// readData splits a data page into levels and values and decodes the levels.
func (r *pageReader) readData(h *pageHeader, b []byte) error {
	p := page{n: int(h.values)}
	var reps, defs []byte
	var err error
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
		if p.data, err = r.expand(&r.raw, codec, raw, b); err != nil {
			return err
		}
	} else {
		if p.data, err = r.expand(&r.raw, r.meta.codec, int(h.raw), b); err != nil {
			return err
		}
		if reps, defs, p.data, err = r.splitV1(h, p.data); err != nil {
			return err
		}
	}
	if err := r.levels(&p, reps, defs); err != nil {
		return err
	}
	if rows := p.rowStarts(); h.isV2 && rows != int(h.rows) {
		return corrupt("page has %d rows, its header says %d", rows, h.rows)
	}
	return r.values(h, &p)
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
	buf, err := r.budget.resize(&r.lev, need)
	if err != nil {
		return err
	}
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
	r.page = *p
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
	if cap(r.ints) < k {
		r.ints = make([]int32, k)
	}
	p.index = r.ints[:k]
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
