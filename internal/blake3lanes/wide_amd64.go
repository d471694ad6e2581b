package blake3lanes

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

const lanes = 16

// blocks makes the chaining value of every lane from n blocks, those of lane i
// from text+i*stride on. The flags are of the first block, of those between and
// of the last; where there is one block only it gets the last's.
//
//go:noescape
func blocks(values *[8][lanes]uint32, text *byte, stride, n int, counter *[2][lanes]uint32, flags *[3]uint32)

func wide() bool { return cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ }

var (
	chunkFlags  = [3]uint32{chunkStart, 0, chunkEnd}
	parentFlags = [3]uint32{parent, parent, parent}
	noCounter   [2][lanes]uint32
)

// hashChunks makes the values of as many chunks as there are lanes.
func hashChunks(out []value, text []byte, counter uint64) {
	var at [2][lanes]uint32
	for i := range lanes {
		at[0][i], at[1][i] = uint32(counter+uint64(i)), uint32((counter+uint64(i))>>32)
	}
	var v [8][lanes]uint32
	blocks(&v, unsafe.SliceData(text), chunkBytes, chunkBytes/blockBytes, &at, &chunkFlags)
	turn(out, &v)
}

// hashParents makes the values of as many pairs as there are lanes. Out may be
// the beginning of the pairs: all are read before any is written.
func hashParents(out, pairs []value) {
	var v [8][lanes]uint32
	blocks(&v, (*byte)(unsafe.Pointer(unsafe.SliceData(pairs))), blockBytes, 1, &noCounter, &parentFlags)
	turn(out, &v)
}

func turn(out []value, v *[8][lanes]uint32) {
	out = out[:lanes]
	for i := range out {
		for w := range v {
			out[i][w] = v[w][i]
		}
	}
}
