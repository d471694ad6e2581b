package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// constant returns a memory operand that holds v in every lane.
func (f *family) constant(v float32) Mem {
	off, ok := f.consts[v]
	if !ok {
		off = 4 * len(f.table)
		f.consts[v] = off
		for range f.W {
			f.table = append(f.table, v)
		}
	}
	return NewDataAddr(Symbol{Name: "consts" + f.name, Static: true}, off)
}

// held loads a constant into a register.
func (f *family) held(v float32) reg.VecVirtual {
	r := f.vec()
	f.VMOVUPS(f.constant(v), r)
	return r
}

func (f *family) writeTable() {
	f.StaticGlobal("consts" + f.name)
	f.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, v := range f.table {
		f.AppendDatum(U32(math.Float32bits(v)))
	}
}

// expConsts are the operands of exp: in registers where there are enough.
type expConsts struct {
	lo, hi                     reg.VecVirtual
	log2e, nln2hi, nln2lo, one Op
	c                          [5]Op // of r² to r⁶
}

// expLow is where exp becomes zero: with wide vectors where the result
// rounds to zero, else at the end of the normal numbers.
func (f *family) expLow() float32 {
	if f.wide() {
		return -104
	}
	return -87
}

func (f *family) newExp() expConsts {
	op := func(v float32) Op {
		if f.wide() {
			return f.held(v)
		}
		return f.constant(v)
	}
	e := expConsts{
		lo: f.held(f.expLow()), hi: f.held(88.7),
		log2e: op(1.44269504), nln2hi: op(-0.693359375), nln2lo: op(2.12194440e-4), one: op(1),
		c: [5]Op{op(4.9999994040e-1), op(1.6666521132e-1), op(4.1668388993e-2), op(8.3687258884e-3), op(1.3814581325e-3)},
	}
	return e
}

// exp returns e^x, to two units in the last place, and clobbers x. The
// argument is clamped (below, by what is kept of the result where there are masks
// of lanes alone), a masked score of −1e30 gives exactly zero, and a NaN stays one:
// the clamps keep their second operand on NaN.
//
// The polynomial 1 + r + c₀r² + … + c₄r⁶ is summed in pairs: a processor looks few
// vectors ahead, so that a chain of all its terms would be waited for.
func (f *family) exp(e expConsts, x reg.VecVirtual) reg.VecVirtual {
	n := f.vec()
	var keep reg.VecVirtual
	if !f.wide() {
		keep = f.vec()
		f.VCMPPS(Imm(1), e.lo, x, keep) // x < lo, false for NaN
	}
	if f.wide() {
		f.VMAXPS(x, e.lo, x)
	}
	f.VMINPS(x, e.hi, x)
	f.VMULPS(e.log2e, x, n)
	if f.wide() {
		f.VRNDSCALEPS(Imm(8), n, n)
	} else {
		f.VROUNDPS(Imm(8), n, n)
	}
	f.VFMADD231PS(e.nln2hi, n, x)
	f.VFMADD231PS(e.nln2lo, n, x)
	sq, y, b, a := f.vec(), f.vec(), f.vec(), f.vec()
	f.VMULPS(x, x, sq)
	f.VMOVUPS(e.c[4], y)
	f.VMOVUPS(e.c[3], b)
	f.VMOVUPS(e.c[1], a)
	f.VFMADD213PS(e.c[2], x, b) // c₂ + c₃r
	f.VFMADD213PS(e.c[0], x, a) // c₀ + c₁r
	f.VADDPS(e.one, x, x)
	f.VFMADD213PS(b, sq, y)
	f.VFMADD213PS(a, sq, y)
	f.VFMADD213PS(x, sq, y)
	if f.wide() {
		f.VSCALEFPS(n, y, y)
		return y
	}
	// 2^n by adding n to the exponent; a NaN n converts to a huge integer
	// whose low bits shift out, and y is NaN already.
	f.VCVTPS2DQ(n, n)
	f.VPSLLD(Imm(23), n, n)
	f.VPADDD(n, y, y)
	f.VANDNPS(y, keep, y)
	return y
}

// reduceAdd sums the lanes of v into the low lane of the returned register.
func (f *family) reduceAdd(v reg.VecVirtual) reg.VecVirtual {
	return f.reduce(v, func(a, b, dst Op) { f.VADDPS(a, b, dst) })
}

// reduceMax is the largest lane of v.
func (f *family) reduceMax(v reg.VecVirtual) reg.VecVirtual {
	return f.reduce(v, func(a, b, dst Op) { f.VMAXPS(a, b, dst) })
}

func (f *family) reduce(v reg.VecVirtual, do func(a, b, dst Op)) reg.VecVirtual {
	y := f.YMM()
	if f.wide() {
		hi := f.YMM()
		f.VEXTRACTF64X4(Imm(1), v, hi)
		do(hi, v.AsY(), y)
	} else {
		f.VMOVAPS(v, y)
	}
	x, t := f.XMM(), f.XMM()
	f.VEXTRACTF128(Imm(1), y, x)
	do(y.AsX(), x, x)
	f.VPSHUFD(Imm(0x4e), x, t)
	do(t, x, x)
	f.VPSHUFD(Imm(0xb1), x, t)
	do(t, x, x)
	return x
}
