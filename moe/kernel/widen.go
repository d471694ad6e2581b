package kernel

import (
	"encoding/binary"
	"math"
)

// WidenBF16 makes float32 of bfloat16 numbers as they lie in files, little-endian
// and at any address. It is exact.
func (f Family) WidenBF16(dst []float32, src []byte) {
	n := f.whole(len(dst))
	src = src[:2*len(dst)]
	if n > 0 {
		widenBF16Vec(f, &dst[0], &src[0], n)
	}
	for i := n; i < len(dst); i++ {
		dst[i] = FromBF16(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

// WidenF16 is WidenBF16 for IEEE binary16, subnormal numbers, infinities and NaNs
// included.
func (f Family) WidenF16(dst []float32, src []byte) {
	n := f.whole(len(dst))
	src = src[:2*len(dst)]
	if n > 0 {
		widenF16Vec(f, &dst[0], &src[0], n)
	}
	for i := n; i < len(dst); i++ {
		dst[i] = FromF16(binary.LittleEndian.Uint16(src[2*i:]))
	}
}

// FromF16 is exact. It shifts exponent and fraction to their places and scales by
// what the biases of the two exponents differ, which is right for subnormal
// numbers too; infinities and NaNs get the greatest exponent instead.
func FromF16(h uint16) float32 {
	b := math.Float32bits(math.Float32frombits(uint32(h&0x7fff)<<13) * 0x1p112)
	if h&0x7c00 == 0x7c00 {
		b |= 0x7f800000
	}
	return math.Float32frombits(b | uint32(h&0x8000)<<16)
}
