package zstdfast

import (
	"errors"

	"github.com/klauspost/compress/huff0"
)

// The types of a section of literals.
const (
	literalsRaw     = 0
	literalsRLE     = 1
	literalsHuffman = 2
)

const (
	// packLiterals are worth a table, manyLiterals four streams.
	packLiterals = 64
	manyLiterals = 1024
)

// appendLiterals appends the first section of a block.
func (e *Encoder) appendLiterals(dst, literals []byte) []byte {
	n := len(literals)
	if n < packLiterals {
		return append(appendCount(dst, literalsRaw, n), literals...)
	}
	pack, format, width := huff0.Compress4X, 2, 14
	switch {
	case n < manyLiterals:
		pack, format, width = huff0.Compress1X, 0, 10
	case n >= 1<<14:
		format, width = 3, 18
	}
	e.huffman.Reuse = huff0.ReusePolicyNone
	e.huffman.WantLogLess = 5
	packed, _, err := pack(literals, &e.huffman)
	switch {
	case errors.Is(err, huff0.ErrUseRLE):
		return append(appendCount(dst, literalsRLE, n), literals[0])
	case err != nil: // they do not get shorter
		return append(appendCount(dst, literalsRaw, n), literals...)
	}
	head := uint64(literalsHuffman) | uint64(format)<<2 | uint64(n)<<4 | uint64(len(packed))<<(4+width)
	for range (4 + 2*width + 7) / 8 {
		dst = append(dst, byte(head))
		head >>= 8
	}
	return append(dst, packed...)
}

// appendCount appends the head of literals that are not packed.
func appendCount(dst []byte, kind, n int) []byte {
	switch {
	case n < 1<<5:
		return append(dst, byte(kind|n<<3))
	case n < 1<<12:
		return append(dst, byte(kind|1<<2|n<<4), byte(n>>4))
	}
	return append(dst, byte(kind|3<<2|n<<4), byte(n>>4), byte(n>>12))
}
