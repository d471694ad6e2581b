package zstdfast

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C ../../tools/asmgen ./zstdfast -dir ../../internal/zstdfast

// wideStep is how many places are looked at together, and how many anchors may
// be written beyond those that are found.
const wideStep = 32

var wide = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

// anchorsAVX2 writes the places of the anchors among the first n of text, a
// multiple of wideStep, and returns how many there are. It reads wideStep bytes
// more, and writes up to as many places behind the last.
//
//go:noescape
func anchorsAVX2(at *uint32, text *byte, n int) int

// wideAnchors appends the anchors among the first places of text, n at most, and
// returns how many of them it has looked at.
func wideAnchors(dst []uint32, text []byte, n int) (found []uint32, from int) {
	n = min(n, len(text)-wideStep) &^ (wideStep - 1)
	if !wide || n <= 0 {
		return dst, 0
	}
	k := anchorsAVX2(unsafe.SliceData(dst[:1]), unsafe.SliceData(text), n)
	return dst[:k], n
}
