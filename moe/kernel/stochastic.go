package kernel

import "math"

// Noise is a stream of random numbers that are a function of their place: whoever
// asks, in whatever order, number i of the stream is the same. It is Philox 4×32
// of ten rounds (Salmon et al., 2011).
type Noise struct {
	Seed         uint64
	Stream, Step uint64 // of Stream the low 32 bits count
}

const (
	philoxRounds = 10
	philoxMulA   = 0xD2511F53
	philoxMulB   = 0xCD9E8D57
	philoxWeylA  = 0x9E3779B9
	philoxWeylB  = 0xBB67AE85
)

// philox mixes a counter of 128 bits under a key of 64.
func philox(c0, c1, c2, c3 uint32, key uint64) (r0, r1, r2, r3 uint32) {
	a, b := uint32(key), uint32(key>>32)
	for range philoxRounds {
		x, y := uint64(philoxMulA)*uint64(c0), uint64(philoxMulB)*uint64(c2)
		c0, c1, c2, c3 = uint32(y>>32)^c1^a, uint32(y), uint32(x>>32)^c3^b, uint32(x)
		a, b = a+philoxWeylA, b+philoxWeylB
	}
	return c0, c1, c2, c3
}

// noiseBlock is how many numbers of 16 bits one counter gives.
const noiseBlock = 8

// block is numbers 8i to 8i+7, in pairs.
func (n Noise) block(i int) (a, b, c, d uint32) {
	return philox(uint32(i), uint32(n.Stream), uint32(n.Step), uint32(n.Step>>32), n.Seed)
}

// RoundBF16 rounds src, which are numbers at, at+1 and so on of the stream, to one
// of the two bfloat16 numbers around each, at random: to the farther from zero
// with the probability that makes the expected value the number itself. What
// bfloat16 has is kept, infinities and NaNs too.
func (n Noise) RoundBF16(dst []uint16, src []float32, at int) {
	dst = dst[:len(src)]
	for i := 0; i < len(src); {
		lane := (at + i) % noiseBlock
		a, b, c, d := n.block((at + i) / noiseBlock)
		if lane > 0 || i+noiseBlock > len(src) {
			r := [...]uint32{a, b, c, d}
			for ; lane < noiseBlock && i < len(src); i, lane = i+1, lane+1 {
				dst[i] = roundBF16(src[i], r[lane/2]>>(lane%2*16)&0xffff)
			}
			continue
		}
		v, h := (*[noiseBlock]float32)(src[i:]), (*[noiseBlock]uint16)(dst[i:])
		h[0], h[1] = roundBF16(v[0], a&0xffff), roundBF16(v[1], a>>16)
		h[2], h[3] = roundBF16(v[2], b&0xffff), roundBF16(v[3], b>>16)
		h[4], h[5] = roundBF16(v[4], c&0xffff), roundBF16(v[5], c>>16)
		h[6], h[7] = roundBF16(v[6], d&0xffff), roundBF16(v[7], d>>16)
		i += noiseBlock
	}
}

// roundBF16 adds 16 random bits below the last place that stays, and cuts there.
func roundBF16(v float32, random uint32) uint16 {
	b := math.Float32bits(v)
	if b&0x7f800000 == 0x7f800000 {
		return BF16(v)
	}
	return uint16((b + random) >> 16)
}
