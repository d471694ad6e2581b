package zstdfast

import (
	"encoding/binary"
	"math"

	"github.com/klauspost/compress/huff0"
)

const (
	maxBlock  = 128 << 10
	maxWindow = 8 << 20
	// apart are pages in the table, so that no window reaches another's.
	apart = maxWindow + 1
)

// The types of blocks.
const (
	blockRaw        = 0
	blockCompressed = 2
)

// An Encoder compresses pages, one at a time. The zero value is ready; it has
// about 1 MiB of memory after its first page.
type Encoder struct {
	table    table
	base     uint    // of the page in the table
	next     uint    // what the next page's may be
	rep      [2]uint // the last two offsets, 0 before there were any
	seqs     []sequence
	literals []byte
	codes    codes
	huffman  huff0.Scratch
	block    []byte
}

// AppendFrame compresses page and appends the frame to dst.
func (e *Encoder) AppendFrame(dst, page []byte) []byte {
	if e.base = e.next; e.base == 0 || e.base > math.MaxUint32-uint(len(page)) {
		clear(e.table[:])
		e.base = apart
	}
	e.next = e.base + uint(len(page)) + apart
	e.rep = [2]uint{}
	dst = appendFrameHeader(dst, len(page))
	for start := 0; ; start += maxBlock {
		end := min(start+maxBlock, len(page))
		dst = e.appendBlock(dst, page, start, end)
		if end == len(page) {
			return dst
		}
	}
}

func appendFrameHeader(dst []byte, size int) []byte {
	const single, size2, size4 = 1 << 5, 1 << 6, 2 << 6
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd)
	switch {
	case size > maxWindow:
		const log2 = 23 // of maxWindow
		return binary.LittleEndian.AppendUint32(append(dst, size4, (log2-10)<<3), uint32(size))
	case size < 256:
		return append(dst, single, byte(size))
	case size < 256+1<<16:
		return binary.LittleEndian.AppendUint16(append(dst, single|size2), uint16(size-256))
	}
	return binary.LittleEndian.AppendUint32(append(dst, single|size4), uint32(size))
}

// appendBlock compresses page[start:end], or copies it where that is no longer.
func (e *Encoder) appendBlock(dst, page []byte, start, end int) []byte {
	rep := e.rep
	kind, body := blockCompressed, e.compress(page, start, end)
	if body == nil || len(body) >= end-start {
		kind, body = blockRaw, page[start:end]
		e.rep = rep // a decoder learns no offsets from a block that is copied
	}
	head := len(body)<<3 | kind<<1
	if end == len(page) {
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
		e.seqs = make([]sequence, 0, maxBlock/minMatch+1)
	}
	n := e.match(page, start, end)
	body := e.appendLiterals(e.block[:0], e.literals[:n])
	if len(body) >= end-start {
		return nil
	}
	return e.appendSequences(body)
}
