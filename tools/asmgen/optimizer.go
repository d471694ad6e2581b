package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// Order of the fields of kernel's AdamWCoef.
const (
	adamBeta1 = iota
	adamOneMinusBeta1
	adamBeta2
	adamOneMinusBeta2
	adamRate
	adamVCorrection
	adamEps
	adamKeep
	adamGradScale
	adamFields
)

// adamCoefs holds fields of the coefficients in registers.
func (f *family) adamCoefs(from reg.Register, fields ...int) (c [adamFields]reg.VecVirtual) {
	for _, i := range fields {
		c[i] = f.vec()
		f.VBROADCASTSS(Mem{Base: from, Disp: 4 * i}, c[i])
	}
	return c
}

// optimizer writes the fused AdamW update.
func (f *family) optimizer() {
	f.text("adamw", "(p *float32, ga *float32, m *float32, v *float32, n int, c *byte)", "(p *float32, ga *float32, m *float32, v *float32, n int, c *AdamWCoef)")
	r := f.Params("p", "ga", "m", "v", "n", "c")
	c := f.adamCoefs(r[5], adamBeta1, adamOneMinusBeta1, adamBeta2, adamOneMinusBeta2, adamRate, adamVCorrection, adamEps, adamKeep, adamGradScale)
	f.Label("loop")
	g, m, v, t := f.vec(), f.vec(), f.vec(), f.vec()
	f.VMULPS(Mem{Base: r[1]}, c[adamGradScale], g)
	f.VMULPS(Mem{Base: r[2]}, c[adamBeta1], m)
	f.VFMADD231PS(g, c[adamOneMinusBeta1], m)
	f.VMULPS(Mem{Base: r[3]}, c[adamBeta2], v)
	f.VMULPS(g, g, t)
	f.VFMADD231PS(t, c[adamOneMinusBeta2], v)
	f.VMOVUPS(m, Mem{Base: r[2]})
	f.VMOVUPS(v, Mem{Base: r[3]})
	f.adamMove(r[0], m, v, t, &c)
	f.next("loop", r[4], 1, r[:4]...)
	f.end()
}

// adamMove updates parameters from their moments, which it uses up.
func (f *family) adamMove(p reg.Register, m, v, t reg.VecVirtual, c *[adamFields]reg.VecVirtual) {
	f.VMULPS(c[adamVCorrection], v, v)
	f.VSQRTPS(v, v)
	f.VADDPS(c[adamEps], v, v)
	f.VMULPS(c[adamRate], m, m)
	f.VDIVPS(v, m, m)
	f.VMULPS(Mem{Base: p}, c[adamKeep], t)
	f.VSUBPS(m, t, t)
	f.VMOVUPS(t, Mem{Base: p})
}
