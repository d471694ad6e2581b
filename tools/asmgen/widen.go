package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// widen writes what makes float32 of the halves of a checkpoint: dst[i] = src[i]
// for i < n, exactly.
func (f *family) widen() {
	f.widenHalves("widenBF16", func(x reg.VecVirtual) { f.VPSLLD(Imm(16), x, x) })
	f.widenHalves("widenF16", f.fromF16)
}

func (f *family) widenHalves(name string, widen func(x reg.VecVirtual)) {
	f.text(name, "(dst *float32, src *byte, n int)", "")
	r := f.Params("dst", "src", "n")
	f.Label("loop")
	for at := range 16 / f.W {
		x := f.vec()
		f.VPMOVZXWD(Mem{Base: r[1], Disp: 2 * f.W * at}, x)
		widen(x)
		f.VMOVUPS(x, Mem{Base: r[0], Disp: 4 * f.W * at})
	}
	f.ADDQ(Imm(32), r[1])
	f.next("loop", r[2], 16/f.W, r[0])
	f.end()
}

// fromF16 shifts exponent and fraction to their places and scales by what the
// biases of the two exponents differ, which is exact for subnormal numbers too.
// Infinities and NaNs get the greatest exponent instead.
func (f *family) fromF16(x reg.VecVirtual) {
	bits := func(b uint32) Mem { return f.constant(math.Float32frombits(b)) }
	sign, top := f.vec(), f.vec()
	f.VPSRLD(Imm(15), x, sign)
	f.VPSLLD(Imm(31), sign, sign)
	f.VPSLLD(Imm(13), x, x)
	f.VANDPS(bits(0x0fffe000), x, x)
	f.VPADDD(bits(0x00800000), x, top) // bit 28: the exponent is the greatest
	f.VPSRLD(Imm(28), top, top)
	f.VPSUBD(top, f.zero(), top)
	f.VANDPS(bits(0x7f800000), top, top)
	f.VMULPS(f.constant(0x1p112), x, x)
	f.VORPS(top, x, x)
	f.VORPS(sign, x, x)
}
