package columnar

import (
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

// A pageReader decodes the pages of one column chunk, in order, and the next one
// ahead where it may.
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

	seen  int64       // levels of the pages so far
	found *pageHeader // of the next page, whose body is next in win
	page  page        // the open one

	turns chan struct{}  // of goroutines that decode ahead; nil: nobody does
	ahead chan aheadPage // the next page, nil where it is not under way

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
	if a, ok := r.takeAhead(); ok {
		a.page.free(r.budget)
	}
	r.page.free(r.budget)
	r.budget.free(r.winBuf)
	r.budget.free(r.dict)
	r.winBuf, r.win, r.dict = nil, nil, nil
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
	r.win = buf[:kept]
	if err := readFull(r.src, buf[kept:], r.off); err != nil {
		return fmt.Errorf("reading %d bytes at %d: %w", want-kept, r.off, err)
	}
	r.off += int64(want - kept)
	r.win = buf
	return nil
}

// drop moves n bytes on, and gives the window back behind the last.
func (r *pageReader) drop(n int) {
	k := min(n, len(r.win))
	r.win, r.off = r.win[k:], r.off+int64(n-k)
	if len(r.win) == 0 && r.off == r.end {
		r.budget.free(r.winBuf)
		r.winBuf, r.win = nil, nil
	}
}

// left is how many bytes the chunk has from the beginning of win on.
func (r *pageReader) left() int64 { return int64(len(r.win)) + r.end - r.off }

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
			if int64(h.size) > r.left() {
				return h, corrupt("page of %d bytes where the chunk has %d left", h.size, r.left())
			}
			return h, h.check()
		}
		if !c.short || r.off == r.end || len(r.win) >= maxHeaderBytes {
			return h, corrupt("page header: %v", c.err)
		}
	}
}

// body returns the h.size bytes behind a header, checked against its CRC. They
// are valid until the next fill, and dropped by the caller.
func (r *pageReader) body(h *pageHeader) ([]byte, error) {
	if err := r.fill(int(h.size)); err != nil {
		return nil, err
	}
	b := r.win[:h.size]
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

// find goes to the next data page and leaves its header in found. On the way it
// reads the dictionary. It returns io.EOF behind the last page, and may be tried
// again after an error for want of memory.
func (r *pageReader) find() error {
	for {
		if r.found == nil {
			if err := r.findHeader(); err != nil {
				return err
			}
		}
		switch r.found.kind {
		case format.DataPage, format.DataPageV2:
			return nil
		case format.DictionaryPage:
			if err := r.readDict(r.found); err != nil {
				return err
			}
		}
		r.dropPage()
	}
}

func (r *pageReader) findHeader() error {
	h, err := r.header()
	if err == io.EOF && r.seen != r.meta.values {
		return corrupt("chunk holds %d values, the footer says %d", r.seen, r.meta.values)
	}
	if err != nil {
		return err
	}
	if h.kind == format.DataPage || h.kind == format.DataPageV2 {
		if h.isV2 != (h.kind == format.DataPageV2) {
			return corrupt("page of type %s has the other version's header", h.kind)
		}
		if r.seen += int64(h.values); r.seen > r.meta.values {
			return corrupt("chunk holds more than the %d values that the footer says", r.meta.values)
		}
	}
	r.found = &h
	return nil
}

// dropPage moves on behind the page that was found.
func (r *pageReader) dropPage() {
	r.drop(int(r.found.size))
	r.found = nil
}

// open decodes the page that find has found. After an error for want of memory
// it may be tried again.
func (r *pageReader) open() (p page, err error) {
	whole := false
	defer func() {
		if !whole {
			p.free(r.budget)
		}
	}()
	b, err := r.body(r.found)
	if err != nil {
		return p, err
	}
	if err := r.readData(&p, r.found, b); err != nil {
		return p, err
	}
	r.dropPage()
	whole = true
	return p, nil
}

// advance makes the next data page the open one. It returns io.EOF behind the
// last one.
func (r *pageReader) advance() error {
	for {
		r.page.free(r.budget)
		a, ok := r.takeAhead()
		if !ok || errors.Is(a.err, errBudget) {
			a = aheadPage{}
			if a.err = r.find(); a.err == nil {
				a.page, a.err = r.open()
			}
		}
		if a.err != nil {
			return a.err
		}
		r.page = a.page
		r.lookAhead()
		if r.page.n > 0 {
			return nil
		}
	}
}

// pass goes by data pages without decoding them, while they have no more than
// rows rows and say so, and returns how many these have. It stands at the
// beginning of a row or of a page behind one.
func (r *pageReader) pass(rows int) (passed int, err error) {
	for {
		if err := r.find(); err != nil {
			return passed, err
		}
		h := r.found
		if !h.isV2 || int(h.rows) > rows-passed {
			return passed, nil
		}
		passed += int(h.rows)
		r.dropPage()
	}
}

// expand decompresses b to raw bytes, which are *dst's to free.
func (r *pageReader) expand(dst *[]byte, codec format.CompressionCodec, raw int, b []byte) (err error) {
	if *dst, err = r.budget.get(raw); err != nil {
		return err
	}
	switch err := decompress(codec, *dst, b); {
	case errors.Is(err, errCodec):
		return err
	case err != nil:
		return corrupt("%s page: %v", codec, err)
	}
	return nil
}

func (r *pageReader) readDict(h *pageHeader) error {
	if r.hasDict {
		return corrupt("chunk has a second dictionary")
	}
	if h.enc != format.Plain && h.enc != plainDictionary {
		return corrupt("dictionary is encoded as %s", h.enc)
	}
	b, err := r.body(h)
	if err != nil {
		return err
	}
	if err := r.expand(&r.dict, r.meta.codec, int(h.raw), b); err != nil {
		return err
	}
	r.hasDict = true
	data, n := r.dict, int(h.values)
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
