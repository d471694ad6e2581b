package zstdfast

import (
	"encoding/binary"
	"slices"

	"github.com/klauspost/compress/huff0"
)

const (
	maxBlock = 128 << 10
	// maxWindow is how far back matches may be: a quarter of what the decoders
	// that set bounds to it allow.
	maxWindow = 1 << windowBits
	// mostlyShorter is how much shorter pages mostly become, at least: there is room
	// for that, so that what is written is seldom moved.
	mostlyShorter = 3
)

// The types of blocks.
const (
	blockRaw        = 0
	blockCompressed = 2
)

// An Encoder compresses pages, one at a time, or pieces of several. The zero value
// is ready; it has about 1.8 MiB of memory after its first page.
type Encoder struct {
	search   search
	far      []Far // the matches that are still ahead
	seqs     *sequences
	codes    *codes
	literals []byte
	huffman  huff0.Scratch
	block    []byte

	window Window // of AppendFrame
	found  []Far
}

// AppendFrame compresses page and appends the frame to dst.
func (e *Encoder) AppendFrame(dst, page []byte) []byte {
	e.window.Reset()
	dst = AppendHeader(dst, len(page))
	for start := 0; ; start += PieceBytes {
		end := min(start+PieceBytes, len(page))
		e.found = e.window.Next(e.found[:0], page, start, end)
		dst = e.AppendPiece(dst, page[:end], start, e.found, end == len(page))
		if end == len(page) {
			return dst
		}
	}
}

// AppendHeader appends what stands before the pieces of a page of size bytes.
func AppendHeader(dst []byte, size int) []byte {
	const single, size2, size4 = 1 << 5, 1 << 6, 2 << 6
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd)
	switch {
	case size > maxWindow:
		const log2 = windowBits
		return binary.LittleEndian.AppendUint32(append(dst, size4, (log2-10)<<3), uint32(size))
	case size < 256:
		return append(dst, single, byte(size))
	case size < 256+1<<16:
		return binary.LittleEndian.AppendUint16(append(dst, single|size2), uint16(size-256))
	}
	return binary.LittleEndian.AppendUint32(append(dst, single|size4), uint32(size))
}

// AppendPiece compresses page[start:], the piece of a page that begins at start
// and for which a Window found the matches far. Of the page before, it reads what
// these refer to. last says that the page ends with the piece.
func (e *Encoder) AppendPiece(dst, page []byte, start int, far []Far, last bool) []byte {
	dst = slices.Grow(dst, (len(page)-start)/mostlyShorter)
	e.search.ahead.begin(uint(start), uint(len(page)))
	e.search.rep0, e.search.rep1, e.far = 0, 0, far
	for ; ; start += maxBlock {
		end := min(start+maxBlock, len(page))
		dst = e.appendBlock(dst, page, start, end, last && end == len(page))
		if end == len(page) {
			return dst
		}
	}
}

// appendBlock compresses page[start:end], or copies it where that is no longer.
func (e *Encoder) appendBlock(dst, page []byte, start, end int, last bool) []byte {
	rep0, rep1 := e.search.rep0, e.search.rep1
	kind, body := blockCompressed, e.compress(page, start, end)
	if body == nil || len(body) >= end-start {
		kind, body = blockRaw, page[start:end]
		e.search.rep0, e.search.rep1 = rep0, rep1 // a decoder learns no offsets from a block that is copied
	}
	head := len(body)<<3 | kind<<1
	if last {
		head |= 1
	}
	dst = append(dst, byte(head), byte(head>>8), byte(head>>16))
	return append(dst, body...)
}

// compress returns the body of a block, nil where it is not shorter than what it
// stands for.
func (e *Encoder) compress(page []byte, start, end int) []byte {
	if e.block == nil {
		e.block = make([]byte, maxBlock+1024)
		e.literals = make([]byte, maxBlock+2*copyBytes)
		e.seqs, e.codes = new(sequences), new(codes)
	}
	n := e.match(page, start, end)
	body := e.appendLiterals(e.block[:0], e.literals[:n])
	if len(body) >= end-start {
		return nil
	}
	return e.appendSequences(body)
}
