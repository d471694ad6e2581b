package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// packs writes the two ways a right operand becomes panels.
func (f *family) packs() {
	f.packRows()
	f.packStrips()
	if f.wide() {
		f.transpose16()
	} else {
		f.transpose8()
	}
}

// packRows: dst[k·2W .. +2W] = src[k·ld .. +2W] for k < n; ld in bytes.
func (f *family) packRows() {
	f.text("packRows", "(n int, src *float32, ld int, dst *float32)", "")
	n := f.Load(f.Param("n"), f.GP64())
	src := f.Load(f.Param("src"), f.GP64())
	ld := f.Load(f.Param("ld"), f.GP64())
	dst := f.Load(f.Param("dst"), f.GP64())
	x, y := f.vec(), f.vec()
	f.Label("loop")
	f.VMOVUPS(Mem{Base: src}, x)
	f.VMOVUPS(Mem{Base: src, Disp: 4 * f.W}, y)
	f.PREFETCHT0(Mem{Base: src, Index: ld, Scale: 8})
	if f.wide() {
		f.PREFETCHT0(Mem{Base: src, Index: ld, Scale: 8, Disp: 64})
	}
	f.VMOVUPS(x, Mem{Base: dst})
	f.VMOVUPS(y, Mem{Base: dst, Disp: 4 * f.W})
	f.ADDQ(ld, src)
	f.ADDQ(U32(uint32(8*f.W)), dst)
	f.DECQ(n)
	f.JNZ(LabelRef("loop"))
	f.end()
}

// packStrips: dst[s·k·MR + kk·MR + i] = src[kk·ld + s·MR + i] for s < strips and
// i < MR; ld in bytes. It reads and writes exactly what there is.
func (f *family) packStrips() {
	f.text("packStrips", "(k int, src *float32, ld int, dst *float32, strips int)", "")
	k := f.Load(f.Param("k"), f.GP64())
	src := f.Load(f.Param("src"), f.GP64())
	ld := f.Load(f.Param("ld"), f.GP64())
	dst := f.Load(f.Param("dst"), f.GP64())
	strips := f.Load(f.Param("strips"), f.GP64())
	step := f.GP64() // bytes of a strip
	f.IMUL3Q(U32(uint32(4*f.MR)), k, step)
	mask := f.K()
	if f.wide() {
		bits := f.GP32()
		f.MOVL(U32(1<<f.MR-1), bits)
		f.KMOVW(bits, mask)
	}
	f.Label("row")
	from, to, n := f.GP64(), f.GP64(), f.GP64()
	f.MOVQ(src, from)
	f.MOVQ(dst, to)
	f.MOVQ(strips, n)
	f.Label("strip")
	if f.wide() {
		x := f.ZMM()
		f.VMOVUPS_Z(Mem{Base: from}, mask, x)
		f.VMOVUPS(x, mask, Mem{Base: to})
	} else {
		x, y := f.XMM(), f.XMM()
		f.VMOVUPS(Mem{Base: from}, x)
		f.VMOVSD(Mem{Base: from, Disp: 16}, y)
		f.VMOVUPS(x, Mem{Base: to})
		f.VMOVSD(y, Mem{Base: to, Disp: 16})
	}
	f.ADDQ(Imm(uint64(4*f.MR)), from)
	f.ADDQ(step, to)
	f.DECQ(n)
	f.JNZ(LabelRef("strip"))
	f.ADDQ(ld, src)
	f.ADDQ(Imm(uint64(4*f.MR)), dst)
	f.DECQ(k)
	f.JNZ(LabelRef("row"))
	f.end()
}

const transposeSig = "(n int, src *float32, lds int, dst *float32, ldd int)"

// transposeHead loads the arguments of a transpose of n blocks of W×W:
// dst[j·ldd + i] = src[i·lds + j]; strides in bytes.
func (f *family) transposeHead() (n, src, lds, dst, ldd reg.Register) {
	f.text("transpose", transposeSig, "")
	n = f.Load(f.Param("n"), f.GP64())
	src = f.Load(f.Param("src"), f.GP64())
	lds = f.Load(f.Param("lds"), f.GP64())
	dst = f.Load(f.Param("dst"), f.GP64())
	ldd = f.Load(f.Param("ldd"), f.GP64())
	return n, src, lds, dst, ldd
}

func (f *family) loadRows(count int, src, lds reg.Register) []reg.VecVirtual {
	p := f.GP64()
	f.MOVQ(src, p)
	r := make([]reg.VecVirtual, count)
	for i := range r {
		r[i] = f.vec()
		f.VMOVUPS(Mem{Base: p}, r[i])
		if i < count-1 {
			f.ADDQ(lds, p)
		}
	}
	return r
}

func (f *family) storeRows(r []reg.VecVirtual, dst, ldd reg.Register) {
	for j := range r {
		f.VMOVUPS(r[j], Mem{Base: dst})
		f.ADDQ(ldd, dst)
	}
}

func (f *family) transpose16() {
	n, src, lds, dst, ldd := f.transposeHead()
	f.Label("loop")
	r := f.loadRows(16, src, lds)
	t := make([]reg.VecVirtual, 16)
	for i := range t {
		t[i] = f.ZMM()
	}
	for i := 0; i < 16; i += 2 {
		f.VUNPCKLPS(r[i+1], r[i], t[i])
		f.VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 16; i += 4 {
		f.VUNPCKLPD(t[i+2], t[i], r[i])
		f.VUNPCKHPD(t[i+2], t[i], r[i+1])
		f.VUNPCKLPD(t[i+3], t[i+1], r[i+2])
		f.VUNPCKHPD(t[i+3], t[i+1], r[i+3])
	}
	// r[4g+q] now holds, in its 128-bit lane l, column 4l+q of rows 4g to 4g+3.
	for q := range 4 {
		f.VSHUFF32X4(Imm(0x88), r[4+q], r[q], t[q])
		f.VSHUFF32X4(Imm(0xdd), r[4+q], r[q], t[4+q])
		f.VSHUFF32X4(Imm(0x88), r[12+q], r[8+q], t[8+q])
		f.VSHUFF32X4(Imm(0xdd), r[12+q], r[8+q], t[12+q])
	}
	for q := range 4 {
		f.VSHUFF32X4(Imm(0x88), t[8+q], t[q], r[q])
		f.VSHUFF32X4(Imm(0xdd), t[8+q], t[q], r[8+q])
		f.VSHUFF32X4(Imm(0x88), t[12+q], t[4+q], r[4+q])
		f.VSHUFF32X4(Imm(0xdd), t[12+q], t[4+q], r[12+q])
	}
	f.storeRows(r, dst, ldd)
	f.ADDQ(Imm(64), src)
	f.DECQ(n)
	f.JNZ(LabelRef("loop"))
	f.end()
}

func (f *family) transpose8() {
	n, src, lds, dst, ldd := f.transposeHead()
	f.Label("loop")
	r := f.loadRows(8, src, lds)
	t := make([]reg.VecVirtual, 8)
	for i := range t {
		t[i] = f.YMM()
	}
	for i := 0; i < 8; i += 2 {
		f.VUNPCKLPS(r[i+1], r[i], t[i])
		f.VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		f.VUNPCKLPD(t[i+2], t[i], r[i])
		f.VUNPCKHPD(t[i+2], t[i], r[i+1])
		f.VUNPCKLPD(t[i+3], t[i+1], r[i+2])
		f.VUNPCKHPD(t[i+3], t[i+1], r[i+3])
	}
	for q := range 4 {
		f.VPERM2F128(Imm(0x20), r[4+q], r[q], t[q])
		f.VPERM2F128(Imm(0x31), r[4+q], r[q], t[4+q])
	}
	f.storeRows(t, dst, ldd)
	f.ADDQ(Imm(32), src)
	f.DECQ(n)
	f.JNZ(LabelRef("loop"))
	f.end()
}
