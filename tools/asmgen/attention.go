package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
)

// attention writes the softmax rows.
func (f *family) attention() {
	f.text("maxRow", "(x *float32, n int) float32", "")
	p := f.Params("x", "n")
	m := f.vec()
	f.VMOVUPS(Mem{Base: p[0]}, m)
	f.Label("loop")
	f.VMAXPS(Mem{Base: p[0]}, m, m)
	f.next("loop", p[1], 1, p[0])
	f.Store(f.reduceMax(m), f.ReturnIndex(0))
	f.end()

	// y = exp(x·scale − shift); returns Σ y.
	f.text("expSum", "(x *float32, y *float32, n int, scale float32, shift float32) float32", "")
	p = f.Params("x", "y", "n")
	scale, shift := f.lanes("scale"), f.lanes("shift")
	e := f.newExp()
	acc := f.zero()
	f.Label("loop")
	v := f.vec()
	f.VMOVUPS(Mem{Base: p[0]}, v)
	f.VFMSUB213PS(shift, scale, v)
	y := f.exp(e, v)
	f.VADDPS(y, acc, acc)
	f.VMOVUPS(y, Mem{Base: p[1]})
	f.next("loop", p[2], 1, p[:2]...)
	f.Store(f.reduceAdd(acc), f.ReturnIndex(0))
	f.end()

	// s ← p = exp(s·scale − shift); dp ← p·(dp − delta)·scale.
	f.text("softmaxBackward", "(s *float32, dp *float32, n int, scale float32, shift float32, delta float32)", "")
	p = f.Params("s", "dp", "n")
	scale, shift = f.lanes("scale"), f.lanes("shift")
	delta := f.lanes("delta")
	e = f.newExp()
	f.Label("loop")
	v = f.vec()
	f.VMOVUPS(Mem{Base: p[0]}, v)
	f.VFMSUB213PS(shift, scale, v)
	y = f.exp(e, v)
	f.VMOVUPS(y, Mem{Base: p[0]})
	f.VMULPS(scale, y, y)
	d := f.vec()
	f.VMOVUPS(Mem{Base: p[1]}, d)
	f.VSUBPS(delta, d, d)
	f.VMULPS(d, y, y)
	f.VMOVUPS(y, Mem{Base: p[1]})
	f.next("loop", p[2], 1, p[:2]...)
	f.end()
}
