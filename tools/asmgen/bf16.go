package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// halves writes what rounds operands to bfloat16. Both families use it: eight
// lanes keep up with the second-level cache.
func (f *family) halves() {
	f.roundHalf()
	f.splitRows()
	f.splitPairs()
}

// rounder rounds words to bfloat16, to nearest and ties to even, and keeps
// NaNs.
type rounder struct {
	*family
	one, below, top, quiet reg.VecVirtual
}

func (f *family) rounder() *rounder {
	word := func(w uint32) reg.VecVirtual {
		x, v := f.GP32(), f.YMM()
		f.MOVL(U32(w), x)
		f.VMOVD(x, v.AsX())
		f.VPBROADCASTD(v.AsX(), v)
		return v
	}
	return &rounder{family: f, one: word(1), below: word(0x7fff), top: word(0xffff0000), quiet: word(0x400000)}
}

// round returns x rounded.
func (r *rounder) round(x reg.VecVirtual) reg.VecVirtual {
	y, nan, kept := r.YMM(), r.YMM(), r.YMM()
	r.VPSRLD(Imm(16), x, y)
	r.VPAND(r.one, y, y)
	r.VPADDD(r.below, y, y)
	r.VPADDD(x, y, y)
	r.VCMPPS(Imm(3), x, x, nan) // unordered
	r.VPOR(r.quiet, x, kept)
	r.VBLENDVPS(nan, kept, y, y)
	r.VPAND(r.top, y, y)
	return y
}

// split returns the two parts of x.
func (r *rounder) split(x reg.VecVirtual) (hi, lo reg.VecVirtual) {
	hi = r.round(x)
	rest := r.YMM()
	r.VSUBPS(hi, x, rest)
	return hi, r.round(rest)
}

// roundHalf: dst[i] = src[i] rounded for i < n, a multiple of 8; the two may be
// the same.
func (f *family) roundHalf() {
	f.text("roundHalf", "(n int, src, dst *float32)", "")
	n, src, dst := f.Load(f.Param("n"), f.GP64()), f.Load(f.Param("src"), f.GP64()), f.Load(f.Param("dst"), f.GP64())
	r := f.rounder()
	f.Label("loop")
	x := f.YMM()
	f.VMOVUPS(Mem{Base: src}, x)
	f.VMOVUPS(r.round(x), Mem{Base: dst})
	f.ADDQ(Imm(32), src)
	f.ADDQ(Imm(32), dst)
	f.SUBQ(Imm(8), n)
	f.JG(LabelRef("loop"))
	f.end()
}

// splitRows: hi[i] and lo[i] are the parts of src[i] for i < n, a multiple of
// 8; src and lo may be the same.
func (f *family) splitRows() {
	f.text("splitRows", "(n int, src, hi, lo *float32)", "")
	n, src := f.Load(f.Param("n"), f.GP64()), f.Load(f.Param("src"), f.GP64())
	hi, lo := f.Load(f.Param("hi"), f.GP64()), f.Load(f.Param("lo"), f.GP64())
	r := f.rounder()
	f.Label("loop")
	x := f.YMM()
	f.VMOVUPS(Mem{Base: src}, x)
	h, l := r.split(x)
	f.VMOVUPS(h, Mem{Base: hi})
	f.VMOVUPS(l, Mem{Base: lo})
	for _, p := range []reg.Register{src, hi, lo} {
		f.ADDQ(Imm(32), p)
	}
	f.SUBQ(Imm(8), n)
	f.JG(LabelRef("loop"))
	f.end()
}

// splitPairs: dst[2i] is the sum of the parts of src[i] and dst[2i+1] the
// first of them, for i < n, a multiple of 8.
func (f *family) splitPairs() {
	f.text("splitPairs", "(n int, src, dst *float32)", "")
	n, src, dst := f.Load(f.Param("n"), f.GP64()), f.Load(f.Param("src"), f.GP64()), f.Load(f.Param("dst"), f.GP64())
	r := f.rounder()
	f.Label("loop")
	x, both, a, b, out := f.YMM(), f.YMM(), f.YMM(), f.YMM(), f.YMM()
	f.VMOVUPS(Mem{Base: src}, x)
	h, l := r.split(x)
	f.VADDPS(h, l, both)
	f.VUNPCKLPS(h, both, a)
	f.VUNPCKHPS(h, both, b)
	f.VPERM2F128(Imm(0x20), b, a, out)
	f.VMOVUPS(out, Mem{Base: dst})
	f.VPERM2F128(Imm(0x31), b, a, out)
	f.VMOVUPS(out, Mem{Base: dst, Disp: 32})
	f.ADDQ(Imm(32), src)
	f.ADDQ(Imm(64), dst)
	f.SUBQ(Imm(8), n)
	f.JG(LabelRef("loop"))
	f.end()
}
