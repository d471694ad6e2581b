package kernel

import "math"

// BF16 rounds to bfloat16, to nearest and ties to even. A NaN stays one.
func BF16(v float32) uint16 {
	b := math.Float32bits(v)
	if v != v {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// FromBF16 is exact.
func FromBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// PackBF16 rounds src into dst, which is as long.
func PackBF16[T float32 | float64](dst []uint16, src []T) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = BF16(float32(v))
	}
}

// UnpackBF16 is exact.
func UnpackBF16[T float32 | float64](dst []T, src []uint16) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = T(FromBF16(src[i]))
	}
}
