package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// rows writes the element-wise operations. All lengths are multiples of 16,
// so both families walk them without remainders.
func (f *family) rows() {
	f.dot()
	f.sumSquares()
	f.elementwise()
	f.norm()
	f.rotate()
	f.swiGLU()
}

// lanes broadcasts a float32 parameter.
func (f *family) lanes(name string) reg.VecVirtual {
	a, err := f.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	r := f.vec()
	f.VBROADCASTSS(a.Addr, r)
	return r
}

// next moves pointers on by vectors and loops while n, a count of floats, lasts.
func (f *family) next(label string, n reg.Register, vectors int, ptrs ...reg.GPVirtual) {
	for _, p := range ptrs {
		f.ADDQ(U32(uint32(4*f.W*vectors)), p)
	}
	f.SUBQ(U32(uint32(f.W*vectors)), n)
	f.JG(LabelRef(label))
}

func (f *family) zero() reg.VecVirtual {
	r := f.vec()
	f.VXORPS(r, r, r)
	return r
}

// dot: Σ x·y with four sums in flight where the length allows.
func (f *family) dot() {
	f.text("dot", "(x *float32, y *float32, n int) float32", "")
	r := f.Params("x", "y", "n")
	x, y, n := r[0], r[1], r[2]
	var acc [4]reg.VecVirtual
	for i := range acc {
		acc[i] = f.zero()
	}
	f.SUBQ(U32(uint32(4*f.W)), n)
	f.JL(LabelRef("rest"))
	f.Label("four")
	for i := range acc {
		v := f.vec()
		f.VMOVUPS(Mem{Base: x, Disp: 4 * f.W * i}, v)
		f.VFMADD231PS(Mem{Base: y, Disp: 4 * f.W * i}, v, acc[i])
	}
	f.ADDQ(U32(uint32(16*f.W)), x)
	f.ADDQ(U32(uint32(16*f.W)), y)
	f.SUBQ(U32(uint32(4*f.W)), n)
	f.JGE(LabelRef("four"))
	f.Label("rest")
	f.ADDQ(U32(uint32(4*f.W)), n)
	f.JZ(LabelRef("sum"))
	f.Label("one")
	v := f.vec()
	f.VMOVUPS(Mem{Base: x}, v)
	f.VFMADD231PS(Mem{Base: y}, v, acc[0])
	f.next("one", n, 1, x, y)
	f.Label("sum")
	f.VADDPS(acc[1], acc[0], acc[0])
	f.VADDPS(acc[3], acc[2], acc[2])
	f.VADDPS(acc[2], acc[0], acc[0])
	f.Store(f.reduceAdd(acc[0]), f.ReturnIndex(0))
	f.end()
}

// sumSquares: Σ x² in float64.
func (f *family) sumSquares() {
	f.text("sumSquares", "(x *float32, n int) float64", "")
	r := f.Params("x", "n")
	acc := [2]reg.VecVirtual{f.zero(), f.zero()}
	f.Label("loop")
	for i := range acc {
		d := f.vec()
		f.VCVTPS2PD(Mem{Base: r[0], Disp: 2 * f.W * i}, d)
		f.VFMADD231PD(d, d, acc[i])
	}
	f.next("loop", r[1], 1, r[0])
	f.VADDPD(acc[1], acc[0], acc[0])
	y := f.YMM()
	if f.wide() {
		f.VEXTRACTF64X4(Imm(1), acc[0], y)
		f.VADDPD(acc[0].AsY(), y, y)
	} else {
		f.VMOVAPD(acc[0], y)
	}
	x := f.XMM()
	f.VEXTRACTF128(Imm(1), y, x)
	f.VADDPD(y.AsX(), x, x)
	t := f.XMM()
	f.VPERMILPD(Imm(1), x, t)
	f.VADDSD(t, x, x)
	f.Store(x, f.ReturnIndex(0))
	f.end()
}

// elementwise: axpy y += a·x, add y += x, scale y = a·x, mulAdd for norms.
func (f *family) elementwise() {
	f.text("axpy", "(a float32, x *float32, y *float32, n int)", "")
	a := f.lanes("a")
	r := f.Params("x", "y", "n")
	f.Label("loop")
	v, w := f.vec(), f.vec()
	f.VMOVUPS(Mem{Base: r[0]}, v)
	f.VMOVUPS(Mem{Base: r[1]}, w)
	f.VFMADD231PS(v, a, w)
	f.VMOVUPS(w, Mem{Base: r[1]})
	f.next("loop", r[2], 1, r[0], r[1])
	f.end()

	f.text("scale", "(a float32, x *float32, y *float32, n int)", "")
	a = f.lanes("a")
	r = f.Params("x", "y", "n")
	f.Label("loop")
	v = f.vec()
	f.VMULPS(Mem{Base: r[0]}, a, v)
	f.VMOVUPS(v, Mem{Base: r[1]})
	f.next("loop", r[2], 1, r[0], r[1])
	f.end()
}

// norm: y = x·r·w; and backward with the two row sums already known.
func (f *family) norm() {
	f.text("normApply", "(x *float32, w *float32, y *float32, n int, r float32)", "")
	p := f.Params("x", "w", "y", "n")
	r := f.lanes("r")
	f.Label("loop")
	v := f.vec()
	f.VMULPS(Mem{Base: p[0]}, r, v)
	f.VMULPS(Mem{Base: p[1]}, v, v)
	f.VMOVUPS(v, Mem{Base: p[2]})
	f.next("loop", p[3], 1, p[0], p[1], p[2])
	f.end()

	// Σ dy·w·x
	f.text("normDot", "(dy *float32, w *float32, x *float32, n int) float32", "")
	p = f.Params("dy", "w", "x", "n")
	acc := f.zero()
	f.Label("loop")
	v = f.vec()
	f.VMOVUPS(Mem{Base: p[0]}, v)
	f.VMULPS(Mem{Base: p[1]}, v, v)
	f.VFMADD231PS(Mem{Base: p[2]}, v, acc)
	f.next("loop", p[3], 1, p[0], p[1], p[2])
	f.Store(f.reduceAdd(acc), f.ReturnIndex(0))
	f.end()

	// dx += dy·w·r − x·c; dw += dy·x·r
	f.text("normBackward", "(dy *float32, w *float32, x *float32, dx *float32, dw *float32, n int, r float32, c float32)", "")
	p = f.Params("dy", "w", "x", "dx", "dw", "n")
	r, c := f.lanes("r"), f.lanes("c")
	f.Label("loop")
	dy, x, dx, dw := f.vec(), f.vec(), f.vec(), f.vec()
	f.VMULPS(Mem{Base: p[0]}, r, dy)
	f.VMOVUPS(Mem{Base: p[2]}, x)
	f.VMOVUPS(Mem{Base: p[4]}, dw)
	f.VFMADD231PS(dy, x, dw)
	f.VMOVUPS(dw, Mem{Base: p[4]})
	f.VMOVUPS(Mem{Base: p[3]}, dx)
	f.VFMADD231PS(Mem{Base: p[1]}, dy, dx)
	f.VFNMADD231PS(x, c, dx)
	f.VMOVUPS(dx, Mem{Base: p[3]})
	f.next("loop", p[5], 1, p[:5]...)
	f.end()
}

// rotate: (x1, x2) ← (x1·cos − x2·s·sin, x2·cos + x1·s·sin) over the two halves
// of a head; s is 1 forward and −1 backward.
func (f *family) rotate() {
	f.text("rotate", "(x1 *float32, x2 *float32, cos *float32, sin *float32, n int, s float32)", "")
	p := f.Params("x1", "x2", "cos", "sin", "n")
	s := f.lanes("s")
	f.Label("loop")
	a, b, c, d, e := f.vec(), f.vec(), f.vec(), f.vec(), f.vec()
	f.VMOVUPS(Mem{Base: p[0]}, a)
	f.VMOVUPS(Mem{Base: p[1]}, b)
	f.VMOVUPS(Mem{Base: p[2]}, c)
	f.VMULPS(Mem{Base: p[3]}, s, d)
	f.VMULPS(a, c, e)
	f.VFNMADD231PS(b, d, e)
	f.VMULPS(b, c, b)
	f.VFMADD231PS(a, d, b)
	f.VMOVUPS(e, Mem{Base: p[0]})
	f.VMOVUPS(b, Mem{Base: p[1]})
	f.next("loop", p[4], 1, p[:4]...)
	f.end()
}

// swiGLU: h = w·silu(g)·u and its gradient.
func (f *family) swiGLU() {
	f.text("swiglu", "(ga *float32, u *float32, h *float32, n int, w float32)", "")
	p := f.Params("ga", "u", "h", "n")
	w := f.lanes("w")
	e := f.newExp()
	zero := f.zero()
	f.Label("loop")
	g, d := f.vec(), f.vec()
	f.VMOVUPS(Mem{Base: p[0]}, g)
	f.VSUBPS(g, zero, d)
	d = f.exp(e, d)
	f.VADDPS(e.one, d, d)
	f.VMULPS(Mem{Base: p[1]}, g, g)
	f.VDIVPS(d, g, g)
	f.VMULPS(w, g, g)
	f.VMOVUPS(g, Mem{Base: p[2]})
	f.next("loop", p[3], 1, p[:3]...)
	f.end()

	// ga, u are replaced by their gradients, dh by w·h; returns Σ dh·h.
	f.text("swigluBackward", "(ga *float32, u *float32, dh *float32, n int, w float32) float32", "")
	p = f.Params("ga", "u", "dh", "n")
	w = f.lanes("w")
	e = f.newExp()
	acc := f.zero()
	f.Label("loop")
	g, t := f.vec(), f.vec()
	f.VMOVUPS(Mem{Base: p[0]}, g)
	f.VXORPS(t, t, t)
	f.VSUBPS(g, t, t)
	s := f.exp(e, t)
	f.VADDPS(e.one, s, s)
	one := f.vec()
	f.VMOVUPS(e.one, one)
	f.VDIVPS(s, one, s) // sigmoid
	// dsilu = s·(1 + g·(1−s)) = s + silu − s·silu
	silu, dsilu, dh, u := f.vec(), f.vec(), f.vec(), f.vec()
	f.VMULPS(s, g, silu)
	f.VADDPS(silu, s, dsilu)
	f.VFNMADD231PS(silu, s, dsilu)
	f.VMOVUPS(Mem{Base: p[2]}, dh)
	f.VMOVUPS(Mem{Base: p[1]}, u)
	h := f.vec()
	f.VMULPS(silu, u, h)
	f.VFMADD231PS(h, dh, acc)
	f.VMULPS(w, h, h)
	f.VMOVUPS(h, Mem{Base: p[2]})
	f.VMULPS(w, dh, dh)
	f.VMULPS(dh, silu, silu)
	f.VMOVUPS(silu, Mem{Base: p[1]})
	f.VMULPS(dh, u, u)
	f.VMULPS(dsilu, u, u)
	f.VMOVUPS(u, Mem{Base: p[0]})
	f.next("loop", p[3], 1, p[:3]...)
	f.Store(f.reduceAdd(acc), f.ReturnIndex(0))
	f.end()
}
