package blake3lanes

import (
	"encoding/binary"
	"math/bits"
)

// A value chains blocks, and stands for a subtree.
type value [8]uint32

var initial = value{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// The flags of a block.
const (
	chunkStart = 1
	chunkEnd   = 2
	parent     = 4
	root       = 8
)

const (
	blockBytes = 64
	chunkBytes = 1024
)

// order is how the words of a block are permuted from round to round.
var order = [16]int{2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8}

// compress chains one block of size bytes, in plain Go: the few blocks that end
// a message or join subtrees.
func compress(cv *value, m [16]uint32, counter uint64, size, flags uint32) value {
	v := [16]uint32{cv[0], cv[1], cv[2], cv[3], cv[4], cv[5], cv[6], cv[7], initial[0], initial[1], initial[2], initial[3],
		uint32(counter), uint32(counter >> 32), size, flags}
	for range 7 {
		mix(&v, 0, 4, 8, 12, m[0], m[1])
		mix(&v, 1, 5, 9, 13, m[2], m[3])
		mix(&v, 2, 6, 10, 14, m[4], m[5])
		mix(&v, 3, 7, 11, 15, m[6], m[7])
		mix(&v, 0, 5, 10, 15, m[8], m[9])
		mix(&v, 1, 6, 11, 12, m[10], m[11])
		mix(&v, 2, 7, 8, 13, m[12], m[13])
		mix(&v, 3, 4, 9, 14, m[14], m[15])
		var next [16]uint32
		for i, from := range order {
			next[i] = m[from]
		}
		m = next
	}
	var out value
	for i := range out {
		out[i] = v[i] ^ v[i+8]
	}
	return out
}

func mix(v *[16]uint32, a, b, c, d int, x, y uint32) {
	va, vb, vc, vd := v[a], v[b], v[c], v[d]
	va += vb + x
	vd = bits.RotateLeft32(vd^va, -16)
	vc += vd
	vb = bits.RotateLeft32(vb^vc, -12)
	va += vb + y
	vd = bits.RotateLeft32(vd^va, -8)
	vc += vd
	vb = bits.RotateLeft32(vb^vc, -7)
	v[a], v[b], v[c], v[d] = va, vb, vc, vd
}

// chunk is the value of a chunk, which may be short.
func chunk(text []byte, counter uint64, last uint32) value {
	cv, flags := initial, uint32(chunkStart)
	for {
		var block [blockBytes]byte
		n := copy(block[:], text)
		if text = text[n:]; len(text) == 0 {
			flags |= chunkEnd | last
		}
		var m [16]uint32
		for i := range m {
			m[i] = binary.LittleEndian.Uint32(block[4*i:])
		}
		cv = compress(&cv, m, counter, uint32(n), flags)
		if len(text) == 0 {
			return cv
		}
		flags = 0
	}
}

// join is the value of a subtree's two halves.
func join(left, right *value, last uint32) value {
	var m [16]uint32
	copy(m[:8], left[:])
	copy(m[8:], right[:])
	return compress(&initial, m, 0, blockBytes, parent|last)
}
