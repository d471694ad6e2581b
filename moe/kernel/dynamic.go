package kernel

import "math"

// DynamicBlock is how many numbers in eight bits share a scale.
const DynamicBlock = 256

// Dynamic is a run of numbers in eight bits, by dynamic block-wise quantization
// (Dettmers et al., "8-bit Optimizers via Block-wise Quantization", ICLR 2022,
// sections 2.1 and 2.2): number i is what code i stands for, times the scale of
// its block, which is the greatest magnitude of the 256 numbers. What codes stand
// for are the levels of [SignedLevels] or [UnsignedLevels]. A scale of 0 is that of
// zeros; one that is not finite makes its whole block so.
type Dynamic struct {
	Codes  []byte
	Scales []float32
}

// MakeDynamic returns n zeros as signed or unsigned codes have them.
func MakeDynamic(n int) Dynamic {
	return Dynamic{Make[byte](n), Make[float32](DynamicBlocks(n))}
}

// DynamicBlocks is how many blocks n numbers are.
func DynamicBlocks(n int) int { return (n + DynamicBlock - 1) / DynamicBlock }

// SignedLevels returns what the codes stand for whose scale is 1, as published:
// the dynamic tree without a bit for the sign (Dettmers, "8-bit Approximations for
// Parallelism in Deep Learning", ICLR 2016, section 3.1; the construction is that
// of create_dynamic_map in bitsandbytes). For i from 0 to 6 the range from 0.1 to 1
// is cut into 2^i equal parts, whose middles, times 10^(i−6), are levels, with both
// signs; 0 and 1 make up the 256. Codes are their places in ascending order: 127 is
// 0 and 255 is 1.
func SignedLevels() [256]float32 { return dynamicMaps[0].levels() }

// UnsignedLevels are those of what is never negative: twice as many parts, no signs.
// Code 0 is 0, 255 is 1.
func UnsignedLevels() [256]float32 { return dynamicMaps[1].levels() }

// dynamicMap is one of the two sets of levels, as machine code looks them up: lists
// of eight, twice. Magnitudes are counted by sizes: those of a decade are n to 2n−1,
// so that the exponent of a size as a number says which decade it is in.
type dynamicMap struct {
	base, step   [16]float32 // a level is base + step·size, by the low bits of the exponent of size
	above        [16]float32 // of each decade: what is nearer to the next
	scale, start [16]float32 // a size is scale·level + start, cut to an integer
	last         [16]float32 // but at most this
	floor        [16]float32 // what smaller magnitudes are taken for
	guess        [16]byte    // the decade, or the one below it, by half the exponent of a level
	signed       bool
}

// dynamicMaps are the signed and the unsigned one.
var dynamicMaps = [2]dynamicMap{newDynamicMap(true), newDynamicMap(false)}

const dynamicDecades = 7

func newDynamicMap(signed bool) (m dynamicMap) {
	m.signed = signed
	more, least := 1, 1.0 // unsigned: twice the parts; size 1 is zero
	if signed {
		more, least = 0, 0.5 // sizes below 1 are taken for 0.5
	}
	put := func(list *[16]float32, i int, v float64) { list[i], list[i+8] = float32(v), float32(v) }
	level := func(decade int, part float64) float64 {
		return math.Pow(10, float64(decade+1-dynamicDecades)) * (0.1 + 0.9*part)
	}
	middle := 0.0 // of the last part of the decade before
	for i := range dynamicDecades {
		n := float64(int(1) << (i + more))
		slot := (dynamicDecades + i + more) % 8
		width := level(i, 1/n) - level(i, 0)
		first := level(i, 0.5/n)
		put(&m.step, slot, width)
		put(&m.base, slot, first-n*width)
		put(&m.scale, i, 1/width)
		put(&m.start, i, n-level(i, 0)/width)
		put(&m.last, i, 2*n-1)
		if i > 0 {
			put(&m.above, i-1, (middle+first)/2)
		}
		middle = level(i, 1-0.5/n)
	}
	// The level 1 has a size, a slot and a decade of its own; the slot is that of
	// zero, too.
	size := float64(int(1) << (dynamicDecades + more))
	slot := (dynamicDecades - 1 + more) % 8
	put(&m.step, slot, 1/(size-least))
	put(&m.base, slot, -least/(size-least))
	put(&m.above, dynamicDecades-1, (middle+1)/2)
	put(&m.above, dynamicDecades, math.Inf(1))
	put(&m.scale, dynamicDecades, 0)
	put(&m.start, dynamicDecades, size)
	put(&m.last, dynamicDecades, size)
	m.nearZero()
	for i := range m.guess {
		low := float32(math.Ldexp(1, 2*(48+i)-127))
		for m.above[m.guess[i]] <= low {
			m.guess[i]++
		}
	}
	return m
}

// nearZero says what becomes of magnitudes below the least level. Signed, they are
// rounded to it or to zero, whichever is nearer. Unsigned they are never rounded to
// zero: a second moment of zero would make of a first one that is none a step of
// first moment over epsilon.
func (m *dynamicMap) nearZero() {
	floor := float32(0x1p-30)
	if m.signed {
		half := m.level(128) / 2
		m.scale[0], m.scale[8] = 1e6, 1e6
		m.start[0] = 1 - half*m.scale[0]
		m.start[8] = m.start[0]
	} else {
		floor = m.level(1)
	}
	for i := range m.floor {
		m.floor[i] = floor
	}
}

func (m *dynamicMap) levels() (all [256]float32) {
	for i := range all {
		all[i] = m.level(byte(i))
	}
	return all
}

// zeroCode is the code of zero.
func (m *dynamicMap) zeroCode() byte {
	if m.signed {
		return 127
	}
	return 0
}

// level is what a code stands for, to the bits of machine code.
func (m *dynamicMap) level(code byte) float32 {
	size, negative := float32(code)+1, false
	if m.signed {
		size, negative = float32(code)-127, code < 127
		size = max(float32(math.Abs(float64(size))), 0.5)
	}
	i := math.Float32bits(size) >> 23 % 8
	l := fma32(size, m.step[i], m.base[i])
	if negative {
		return -l
	}
	return l
}

// code is the nearest code of a number whose magnitude is at most 1, to the bits of
// machine code.
func (m *dynamicMap) code(x float32) byte {
	level := max(math.Float32frombits(math.Float32bits(x)&^signBit), m.floor[0])
	s := m.guess[math.Float32bits(level)>>24%16]
	if level >= m.above[s] {
		s++
	}
	size := int(min(fma32(level, m.scale[s], m.start[s]), m.last[s]))
	switch {
	case !m.signed:
		return byte(size - 1)
	case math.Signbit(float64(x)):
		return byte(max(0, 127-size))
	}
	return byte(127 + size)
}

const signBit = 1 << 31

// fma32 is x·y + z, rounded once: a double's sum of them is rounded to odd where it
// is not exact, so that rounding it again does no harm.
func fma32(x, y, z float32) float32 {
	product := float64(x) * float64(y)
	sum := product + float64(z)
	b := math.Float64bits(sum)
	if b&1 == 1 || sum-sum != 0 {
		return float32(sum)
	}
	// What the sum lost (Knuth): exact.
	back := sum - product
	lost := (product - (sum - back)) + (float64(z) - back)
	switch {
	case lost == 0:
	case lost > 0 == (sum > 0):
		b++
	default:
		b--
	}
	return float32(math.Float64frombits(b))
}

// dynamicScale is the scale of a block whose greatest magnitude has these bits, and
// its inverse. Where that is below the normal numbers, the block is zero; inverse is
// then 0, as it is where the scale is not finite.
func dynamicScale(most uint32) (scale, inverse float32) {
	switch {
	case most < 1<<23:
		return 0, 0
	case most >= 0xff<<23:
		return math.Float32frombits(most), 0
	}
	scale = math.Float32frombits(most)
	return scale, 1 / scale
}

// encode makes codes of numbers, of which the greatest magnitude has these bits, and
// returns their scale.
func (m *dynamicMap) encode(f Family, codes []byte, x []float32, most uint32) float32 {
	scale, inverse := dynamicScale(most)
	if inverse == 0 {
		code := m.zeroCode()
		if scale != 0 {
			code = 255 // what stands for 1
		}
		for i := range codes {
			codes[i] = code
		}
		return scale
	}
	n := f.whole(len(x))
	if n > 0 {
		quantizeVec(f, &codes[0], &x[0], n, inverse, m)
	}
	for i := n; i < len(x); i++ {
		codes[i] = m.code(x[i] * inverse)
	}
	return scale
}

// Slice is numbers lo to hi−1, of which lo begins a block.
func (d Dynamic) Slice(lo, hi int) Dynamic {
	if lo%DynamicBlock != 0 {
		panic("kernel: a slice of moments begins within a block")
	}
	return Dynamic{d.Codes[lo:hi], d.Scales[lo/DynamicBlock : DynamicBlocks(hi)]}
}

// Len is the bytes of codes and scales.
func (d Dynamic) Len() int { return len(d.Codes) + 4*len(d.Scales) }
