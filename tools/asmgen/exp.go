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
	lo, hi                         reg.VecVirtual
	log2e, nln2hi, nln2lo, one, c0 Op
	c                              [5]Op
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
		log2e: op(1.44269504), nln2hi: op(-0.693359375), nln2lo: op(2.12194440e-4), one: op(1), c0: op(1.9875691500e-4),
		c: [5]Op{op(1.3981999507e-3), op(8.3334519073e-3), op(4.1665795894e-2), op(1.6666665459e-1), op(5.0000001201e-1)},
	}
	return e
}

// exp returns e^x, to two units in the last place, and clobbers x. The
// argument is clamped, a masked score of −1e30 gives exactly zero, and a NaN
// stays one: the clamps keep their second operand on NaN.
func (f *family) exp(e expConsts, x reg.VecVirtual) reg.VecVirtual {
	n, y := f.vec(), f.vec()
	var keep reg.VecVirtual
	if !f.wide() {
		keep = f.vec()
		f.VCMPPS(Imm(1), e.lo, x, keep) // x < lo, false for NaN
	}
	f.VMAXPS(x, e.lo, x)
	f.VMINPS(x, e.hi, x)
	f.VMULPS(e.log2e, x, n)
	if f.wide() {
		f.VRNDSCALEPS(Imm(8), n, n)
	} else {
		f.VROUNDPS(Imm(8), n, n)
	}
	f.VFMADD231PS(e.nln2hi, n, x)
	f.VFMADD231PS(e.nln2lo, n, x)
	f.VMOVUPS(e.c0, y)
	for i := range e.c {
		f.VFMADD213PS(e.c[i], x, y)
	}
	sq := f.vec()
	f.VMULPS(x, x, sq)
	f.VFMADD213PS(x, sq, y)
	f.VADDPS(e.one, y, y)
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
