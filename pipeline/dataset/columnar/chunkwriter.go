package columnar

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/swerm/swerm/internal/zstdfast"
)

const (
	// maxDictBytes and maxDictEntries end a dictionary that does not pay: what
	// follows in the chunk is written plain.
	maxDictBytes   = 1 << 20
	maxDictEntries = 1 << 16
)

// A chunkWriter encodes one column of one row group. Values are appended row by
// row; a page is closed, encoded and compressed as soon as it is full.
type chunkWriter struct {
	n       *node
	path    []string // as the footer spells it
	cmp     *compressor
	limit   int // raw bytes that close a page
	useDict bool

	// The open page.
	reps, defs []byte
	plain      []byte  // PLAIN values
	index      []int32 // dictionary indexes instead
	bits       int     // values in plain, for bool
	dictRaw    int     // value bytes that index stands for
	nulls      int
	rows       int
	rowStart   int // raw size when the open row began
	bound      bounds

	body    *body         // its pieces that are being compressed, nil before there are any
	largest *atomic.Int64 // page of values of this column so far, of all row groups

	// The finished chunk.
	pages   []pageMeta
	dict    map[string]int32
	dictBuf []byte   // PLAIN dictionary values
	dictOut *encoded // the dictionary page, once the chunk is closed
	closed  bool
	raw     int64 // value bytes of finished pages
	meta    chunkTotals
}

// A pageMeta is what the indexes and the footer need of a finished page.
type pageMeta struct {
	*encoded
	offset   int64 // in the file, once it is there
	size     int   // its header included
	firstRow int64
	rows     int
	nulls    int
	allNull  bool
	dict     bool
	bound    bounds
}

type chunkTotals struct {
	values, rows, nulls int64
	rawSize             int64 // uncompressed pages and their headers
}

// reset empties c and keeps its memory.
func (c *chunkWriter) reset() {
	c.clearPage()
	clear(c.pages)
	c.pages, c.raw, c.meta = c.pages[:0], 0, chunkTotals{}
	c.dictBuf, c.dictOut, c.closed = c.dictBuf[:0], nil, false
	clear(c.dict)
}

func (c *chunkWriter) clearPage() {
	c.reps, c.defs, c.plain, c.index = c.reps[:0], c.defs[:0], c.plain[:0], c.index[:0]
	c.bits, c.dictRaw, c.nulls, c.rows, c.rowStart = 0, 0, 0, 0, 0
	c.bound = bounds{}
}

// pageBytes is the raw size of the open page.
func (c *chunkWriter) pageBytes() int {
	return len(c.reps) + len(c.defs) + len(c.plain) + c.dictRaw
}

// rawBytes is the raw size of everything appended so far.
func (c *chunkWriter) rawBytes() int64 { return c.raw + int64(c.pageBytes()) }

// close ends the chunk: nothing may be appended to it any more.
func (c *chunkWriter) close() error {
	if c.closed {
		return nil
	}
	if err := c.flush(); err != nil {
		return err
	}
	c.closed = true
	if len(c.dict) > 0 {
		head := format.PageHeader{
			Type:                 format.DictionaryPage,
			UncompressedPageSize: int32(len(c.dictBuf)),
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(c.dict)), Encoding: format.Plain}),
		}
		c.dictOut = c.cmp.encode(head, nil, c.dictBuf, nil)
	}
	return nil
}

// room makes room for n more bytes of values. Pieces of the page that are being
// compressed keep the memory they were given.
func (c *chunkWriter) room(n int) {
	if n <= cap(c.plain)-len(c.plain) {
		return
	}
	was := c.plain
	c.plain = c.cmp.buffers.grow(was, len(was)+n, int(c.largest.Load()))
	switch {
	case unsafe.SliceData(was) == unsafe.SliceData(c.plain): // grown where it lies
	case c.body == nil:
		c.cmp.buffers.put(was)
	default:
		c.body.outgrown = append(c.body.outgrown, was)
	}
}

// null appends an empty slot: a null, an empty list, or the absence of a parent.
func (c *chunkWriter) null(rep, def uint8) {
	c.level(rep, def)
	c.nulls++
}

func (c *chunkWriter) level(rep, def uint8) {
	if c.n.rep > 0 {
		c.reps = append(c.reps, rep)
	}
	c.defs = append(c.defs, def) // kept where all are zero too: its length counts the slots
}

// text appends a string or binary value, which may lie in Arrow memory: nothing
// keeps v.
func (c *chunkWriter) text(rep uint8, v string) {
	c.level(rep, c.n.def)
	c.bound.addText(v)
	if c.dictOpen() {
		c.index = append(c.index, c.lookup(v))
		c.dictRaw += 4 + len(v)
		return
	}
	c.room(4 + len(v))
	c.plain = binary.LittleEndian.AppendUint32(c.plain, uint32(len(v)))
	c.plain = append(c.plain, v...)
}

func (c *chunkWriter) u32(rep uint8, v uint32) {
	c.level(rep, c.n.def)
	c.room(4)
	c.plain = binary.LittleEndian.AppendUint32(c.plain, v)
}

func (c *chunkWriter) u64(rep uint8, v uint64) {
	c.level(rep, c.n.def)
	c.room(8)
	c.plain = binary.LittleEndian.AppendUint64(c.plain, v)
}

func (c *chunkWriter) bool(rep uint8, v bool) {
	c.level(rep, c.n.def)
	if c.bits%8 == 0 {
		c.room(1)
		c.plain = append(c.plain, 0)
	}
	if v {
		c.plain[c.bits/8] |= 1 << (c.bits % 8)
		c.bound.addInt(1)
	} else {
		c.bound.addInt(0)
	}
	c.bits++
}

// dictOpen reports whether the open page is a dictionary page. It changes only
// between pages.
func (c *chunkWriter) dictOpen() bool {
	return c.useDict && (len(c.index) > 0 || len(c.plain) == 0 && len(c.dictBuf) < maxDictBytes && len(c.dict) < maxDictEntries)
}

func (c *chunkWriter) lookup(v string) int32 {
	if i, ok := c.dict[v]; ok {
		return i
	}
	if c.dict == nil {
		c.dict = map[string]int32{}
	}
	i := int32(len(c.dict))
	c.dict[strings.Clone(v)] = i
	c.dictBuf = binary.LittleEndian.AppendUint32(c.dictBuf, uint32(len(v)))
	c.dictBuf = append(c.dictBuf, v...)
	return i
}

// endRow says that the values appended since the last call make a row.
func (c *chunkWriter) endRow() error {
	c.rows++
	size := c.pageBytes()
	if size-c.rowStart > MaxRowBytes {
		return fmt.Errorf("column %s holds %d bytes, the limit is %d", c.n.path, size-c.rowStart, MaxRowBytes)
	}
	c.rowStart = size
	full := size >= c.limit
	if len(c.index) > 0 && (len(c.dictBuf) >= maxDictBytes || len(c.dict) >= maxDictEntries) {
		full = true // the dictionary is; what follows is plain
	}
	if full {
		return c.flush()
	}
	if c.cmp.pieces() {
		c.sendPieces()
	}
	return nil
}

// sendPieces has what is full of the open page compressed, but for its last piece.
func (c *chunkWriter) sendPieces() {
	if len(c.plain) <= zstdfast.PieceBytes {
		return
	}
	if c.body == nil {
		c.body = c.cmp.newBody()
	}
	for len(c.plain)-c.body.to > zstdfast.PieceBytes {
		c.body.send(c.plain[:c.body.to+zstdfast.PieceBytes], false)
	}
}

// flush closes the open page, if it has rows.
func (c *chunkWriter) flush() error {
	if c.rows == 0 {
		return nil
	}
	levels, err := c.encodeLevels()
	if err != nil {
		return err
	}
	values, enc := c.plain, format.Plain
	if len(c.index) > 0 {
		enc = format.RLEDictionary
		if values, err = (&rle.DictionaryEncoding{}).EncodeInt32(nil, c.index); err != nil {
			return fmt.Errorf("columnar: %s: dictionary indexes: %w", c.n.path, err)
		}
	}
	head := format.PageHeader{
		Type:                 format.DataPageV2,
		UncompressedPageSize: int32(len(levels.buf) + len(values)),
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues: int32(len(c.defs)), NumNulls: int32(c.nulls), NumRows: int32(c.rows), Encoding: enc,
			DefinitionLevelsByteLength: int32(levels.defs), RepetitionLevelsByteLength: int32(levels.reps),
			// Readers differ in what they make of nothing, compressed.
			IsCompressed: thrift.New(c.cmp.codec != Uncompressed && len(values) > 0),
			Statistics:   format.Statistics{NullCount: int64(c.nulls)},
		}),
	}
	c.pages = append(c.pages, pageMeta{
		firstRow: c.meta.rows, rows: c.rows, nulls: c.nulls,
		allNull: c.nulls == len(c.defs), dict: enc == format.RLEDictionary, bound: c.pageBounds(),
		encoded: c.cmp.encode(head, levels.buf, values, c.body),
	})
	c.meta.rows += int64(c.rows)
	c.meta.values += int64(len(c.defs))
	c.meta.nulls += int64(c.nulls)
	c.raw += int64(c.pageBytes())
	c.largest.Store(min(max(c.largest.Load(), int64(len(c.plain))), regionBytes))
	c.plain, c.body = nil, nil // they are the page's now
	c.clearPage()
	return nil
}

type encodedLevels struct {
	buf        []byte
	reps, defs int
}

func (c *chunkWriter) encodeLevels() (encodedLevels, error) {
	var out encodedLevels
	for _, l := range []struct {
		levels []byte
		top    uint8
		size   *int
	}{{c.reps, c.n.rep, &out.reps}, {c.defs, c.n.def, &out.defs}} {
		if l.top == 0 {
			continue
		}
		enc := rle.Encoding{BitWidth: bits.Len8(l.top)}
		b, err := enc.EncodeLevels(nil, l.levels)
		if err != nil {
			return out, fmt.Errorf("columnar: %s: levels: %w", c.n.path, err)
		}
		*l.size = len(b)
		out.buf = append(out.buf, b...)
	}
	return out, nil
}

// pageBounds is computed from the page where values have a fixed width, and was
// kept up while values came where they are strings or bools.
func (c *chunkWriter) pageBounds() bounds {
	b := c.bound
	switch c.n.phys {
	case format.Int32:
		for i := 0; i < len(c.plain); i += 4 {
			b.addInt(int64(int32(binary.LittleEndian.Uint32(c.plain[i:]))))
		}
	case format.Int64:
		for i := 0; i < len(c.plain); i += 8 {
			b.addInt(int64(binary.LittleEndian.Uint64(c.plain[i:])))
		}
	case format.Float:
		for i := 0; i < len(c.plain); i += 4 {
			b.addFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(c.plain[i:]))))
		}
	case format.Double:
		for i := 0; i < len(c.plain); i += 8 {
			b.addFloat(math.Float64frombits(binary.LittleEndian.Uint64(c.plain[i:])))
		}
	}
	return b
}

// write writes a closed chunk, page by page, each as soon as it is there, and gives
// its memory back. It returns the footer entry and the page index.
func (c *chunkWriter) write(w *countingWriter, codec Codec) (format.ColumnChunk, chunkIndex, error) {
	start := w.n
	c.meta.rawSize = 0
	if c.dictOut != nil {
		if err := c.writePage(w, c.dictOut); err != nil {
			return format.ColumnChunk{}, chunkIndex{}, err
		}
	}
	data := w.n
	for i := range c.pages {
		p := &c.pages[i]
		p.offset = w.n
		if err := c.writePage(w, p.encoded); err != nil {
			return format.ColumnChunk{}, chunkIndex{}, err
		}
		p.size = int(w.n - p.offset)
	}
	meta, index := c.describe(start, data, w.n, codec)
	return meta, index, nil
}

func (c *chunkWriter) writePage(w io.Writer, p *encoded) error {
	raw, err := p.seal()
	if err != nil {
		return fmt.Errorf("columnar: %s: %w", c.n.path, err)
	}
	c.meta.rawSize += int64(raw)
	for _, b := range p.bytes {
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("columnar: writing a row group: %w", err)
		}
	}
	p.free()
	return nil
}

// describe makes the footer entry and the page index of a chunk that lies in the
// file from start to end, its data pages from data on.
func (c *chunkWriter) describe(start, data, end int64, codec Codec) (format.ColumnChunk, chunkIndex) {
	id, _ := codec.format()
	dict := data > start
	m := format.ColumnMetaData{
		Type: c.n.phys, PathInSchema: c.path, Codec: id,
		NumValues: c.meta.values, TotalUncompressedSize: c.meta.rawSize,
		TotalCompressedSize: end - start, DataPageOffset: data,
		Statistics: format.Statistics{NullCount: c.meta.nulls},
	}
	if dict {
		m.DictionaryPageOffset = start
	}
	c.describeEncodings(&m, dict)
	var whole bounds
	idx := chunkIndex{columns: &format.ColumnIndex{}}
	for _, p := range c.pages {
		whole.merge(p.bound)
		idx.add(c.n.phys, p)
	}
	if whole.none {
		idx.columns = nil
	} else if whole.some {
		m.Statistics.MinValue, m.Statistics.MaxValue = whole.encode(c.n.phys)
	}
	return format.ColumnChunk{MetaData: m}, idx
}

func (c *chunkWriter) describeEncodings(m *format.ColumnMetaData, dict bool) {
	var plain, indexed int32
	for _, p := range c.pages {
		if p.dict {
			indexed++
		} else {
			plain++
		}
	}
	m.Encoding = append(m.Encoding, format.Plain, format.RLE)
	if dict {
		m.Encoding = append(m.Encoding, format.RLEDictionary)
		m.EncodingStats = append(m.EncodingStats,
			format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1},
			format.PageEncodingStats{PageType: format.DataPageV2, Encoding: format.RLEDictionary, Count: indexed})
	}
	if plain > 0 {
		m.EncodingStats = append(m.EncodingStats,
			format.PageEncodingStats{PageType: format.DataPageV2, Encoding: format.Plain, Count: plain})
	}
}

func (x *chunkIndex) add(phys format.Type, p pageMeta) {
	x.offsets.PageLocations = append(x.offsets.PageLocations, format.PageLocation{
		Offset: p.offset, CompressedPageSize: int32(p.size), FirstRowIndex: p.firstRow,
	})
	lo, hi := []byte{}, []byte{}
	if !p.allNull {
		lo, hi = p.bound.encode(phys)
	}
	x.columns.NullPages = append(x.columns.NullPages, p.allNull)
	x.columns.NullCounts = append(x.columns.NullCounts, int64(p.nulls))
	x.columns.MinValues = append(x.columns.MinValues, lo)
	x.columns.MaxValues = append(x.columns.MaxValues, hi)
}
