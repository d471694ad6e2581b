package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// Places of the lists of kernel's dynamicMap, each of sixteen numbers, and of the
// bytes behind them.
const (
	dynamicBase = 64 * iota
	dynamicStep
	dynamicAbove
	dynamicScale
	dynamicStart
	dynamicLast
	dynamicFloor
	dynamicGuess
	dynamicSize = dynamicGuess + 16 + 4 // behind the bytes lies a flag
)

// A dynamicCode says how the codes of a kind of map are integers.
type dynamicCode struct {
	signed bool
	shift  int32 // from a code to the integer whose size is looked up
}

var (
	signedCode   = dynamicCode{true, -127}
	unsignedCode = dynamicCode{false, 1}
)

// dynamic writes the AdamW update over moments of eight bits, and what makes eight
// bits of numbers. Lists of eight are looked up by a permutation, which takes the
// low bits of an index; those of wide vectors are there twice.
func (f *family) dynamic() {
	f.adamw8()
	f.quantize8("quantizeSigned", signedCode)
	f.quantize8("quantizeUnsigned", unsignedCode)
}

// integers is an integer in every lane.
func (f *family) integers(v int32) Mem { return f.constant(math.Float32frombits(uint32(v))) }

const (
	magnitude = 0x7fffffff // all but the sign
	atLeast   = 13         // what VCMPPS asks
)

// level replaces codes, as integers, by what they stand for.
func (f *family) level(x reg.VecVirtual, lists reg.Register, at int, c dynamicCode) {
	i, a := f.vec(), f.vec()
	f.VPADDD(f.integers(c.shift), x, x)
	f.VCVTDQ2PS(x, x)
	size := x
	if c.signed {
		size = f.vec()
		f.VANDPS(f.integers(magnitude), x, size)
		f.VXORPS(size, x, x) // the sign
		f.VMAXPS(f.constant(0.5), size, size)
	}
	f.VPSRLD(Imm(23), size, i)
	f.VPERMPS(Mem{Base: lists, Disp: at + dynamicBase}, i, a)
	f.VPERMPS(Mem{Base: lists, Disp: at + dynamicStep}, i, i)
	f.VFMADD231PS(size, i, a)
	if c.signed {
		f.VXORPS(a, x, x)
	} else {
		f.VMOVAPS(a, x)
	}
}

// adamw8 takes the codes of m and v, updates p, and leaves the new moments in
// full, with the bits of the greatest magnitude of each. keptM and keptV are what a
// level times the decay of its moment is multiplied by.
func (f *family) adamw8() {
	const sig = "(p *float32, ga *float32, m *float32, v *float32, n int, c *%s, mc *byte, vc *byte, maps *%s, keptM float32, keptV float32) (maxM uint32, maxV uint32)"
	f.text("adamw8", fmt.Sprintf(sig, "byte", "byte"), fmt.Sprintf(sig, "AdamWCoef", "[2]dynamicMap"))
	r := f.Params("p", "ga", "m", "v", "n", "c", "mc", "vc", "maps")
	keptM, keptV := f.lanes("keptM"), f.lanes("keptV")
	c := f.adamCoefs(r[5], adamOneMinusBeta1, adamOneMinusBeta2, adamRate, adamVCorrection, adamEps, adamKeep, adamGradScale)
	maxM, maxV := f.zero(), f.zero()
	f.Label("loop")
	g, m := f.vec(), f.vec()
	f.VMULPS(Mem{Base: r[1]}, c[adamGradScale], g)
	f.VPMOVZXBD(Mem{Base: r[6]}, m)
	f.level(m, r[8], 0, signedCode)
	f.VMULPS(keptM, m, m)
	f.VFMADD231PS(g, c[adamOneMinusBeta1], m)
	f.VMOVUPS(m, Mem{Base: r[2]})
	f.greatest(m, maxM)
	f.VMULPS(g, g, g)
	v := f.vec()
	f.VPMOVZXBD(Mem{Base: r[7]}, v)
	f.level(v, r[8], dynamicSize, unsignedCode)
	f.VMULPS(keptV, v, v)
	f.VFMADD231PS(g, c[adamOneMinusBeta2], v)
	f.VMOVUPS(v, Mem{Base: r[3]})
	f.greatest(v, maxV)
	f.adamMove(r[0], m, v, g, &c)
	f.ADDQ(U32(uint32(f.W)), r[6])
	f.ADDQ(U32(uint32(f.W)), r[7])
	f.next("loop", r[4], 1, r[:4]...)
	for i, v := range []reg.VecVirtual{maxM, maxV} {
		low := f.GP32()
		f.VMOVD(f.reduce(v, func(a, b, dst Op) { f.VPMAXSD(a, b, dst) }), low)
		f.Store(low, f.ReturnIndex(i))
	}
	f.end()
}

// greatest keeps the greatest magnitude, as integers: what is not finite is greater
// than all that is.
func (f *family) greatest(x, most reg.VecVirtual) {
	t := f.vec()
	f.VANDPS(f.integers(magnitude), x, t)
	f.VPMAXSD(t, most, most)
}

// quantize8 makes codes of x times inv, whose magnitudes are then at most 1.
func (f *family) quantize8(name string, c dynamicCode) {
	const sig = "(dst *byte, x *float32, n int, inv float32, lists *%s)"
	f.text(name, fmt.Sprintf(sig, "byte"), fmt.Sprintf(sig, "dynamicMap"))
	r := f.Params("dst", "x", "n", "lists")
	inv, guess := f.lanes("inv"), f.vec()
	if f.wide() {
		f.VBROADCASTI32X4(Mem{Base: r[3], Disp: dynamicGuess}, guess)
	} else {
		f.VBROADCASTI128(Mem{Base: r[3], Disp: dynamicGuess}, guess)
	}
	f.Label("loop")
	first := f.code(c, Mem{Base: r[1]}, r[3], inv, guess)
	if f.wide() {
		f.VPMOVDB(first, Mem{Base: r[0]})
	} else {
		f.packBytes(first, f.code(c, Mem{Base: r[1], Disp: 32}, r[3], inv, guess), Mem{Base: r[0]})
	}
	f.ADDQ(Imm(16), r[0])
	f.next("loop", r[2], 16/f.W, r[1])
	f.end()
}

// packBytes stores the integers of two vectors as sixteen bytes.
func (f *family) packBytes(a, b reg.VecVirtual, dst Mem) {
	high := f.XMM()
	f.VPACKUSDW(b, a, a)
	f.VPERMQ(Imm(0xd8), a, a)
	f.VEXTRACTI128(Imm(1), a, high)
	f.VPACKUSWB(high, a.AsX(), high)
	f.VMOVDQU(high, dst)
}

// code is the codes of a vector in memory, as integers. The exponent, halved, says
// in which decade a number lies but for one bound, which is compared with.
func (f *family) code(c dynamicCode, src Mem, lists reg.Register, inv, guess reg.VecVirtual) reg.VecVirtual {
	x, size, s, t, y := f.vec(), f.vec(), f.vec(), f.vec(), f.vec()
	list := func(at int) Mem { return Mem{Base: lists, Disp: at} }
	f.VMULPS(src, inv, x)
	if c.signed {
		f.VANDPS(f.integers(magnitude), x, size)
	} else {
		size = x
	}
	f.VMAXPS(list(dynamicFloor), size, size)
	f.VPSRLD(Imm(24), size, s)
	f.VPSHUFB(s, guess, s)
	f.VPERMPS(list(dynamicAbove), s, t)
	if f.wide() {
		above := f.K()
		f.VCMPPS(Imm(atLeast), t, size, above)
		f.VPSUBD(f.integers(-1), s, above, s)
	} else {
		f.VCMPPS(Imm(atLeast), t, size, t)
		f.VPSUBD(t, s, s)
	}
	f.VPERMPS(list(dynamicScale), s, t)
	f.VPERMPS(list(dynamicStart), s, y)
	f.VFMADD231PS(size, t, y)
	f.VPERMPS(list(dynamicLast), s, t)
	f.VMINPS(t, y, y)
	f.VCVTTPS2DQ(y, y)
	if c.signed {
		f.VPSRAD(Imm(31), x, x)
		f.VXORPS(x, y, y)
		f.VPSUBD(x, y, y)
	}
	f.VPSUBD(f.integers(c.shift), y, y)
	if c.signed { // there is no code for −1
		f.VPMAXSD(f.integers(0), y, y)
	}
	return y
}
