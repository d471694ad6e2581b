package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// Byte offsets of the fields of kernel's strip struct.
const (
	stripA = 8 * iota
	stripLDA
	stripB
	stripLDB
	stripPanelB
	stripC
	stripLDC
	stripDepth
	stripPanels
	stripAcc
	stripTail
	stripAhead
)

// strips writes the product kernels: C[mr × panels·2W] (+)= A·B for a strip of
// mr rows held in registers panel by panel.
//
//	Rows: A(i,k) = a[i·lda + k], a row-major left operand.
//	Cols: A(i,k) = a[k·lda + i], a left operand stored depth-major.
//
// B rows are 2W wide, ldb bytes apart; panels are panelB bytes apart. The sum
// over the depth starts from zero in registers and is added to C at the end,
// so an element does not depend on mr, on its column or on its neighbours.
func (f *family) strips() {
	for mr := 1; mr <= f.MR; mr++ {
		f.strip(mr, true)
		f.strip(mr, false)
	}
}

func (f *family) strip(mr int, rows bool) {
	name := fmt.Sprintf("stripCols%d", mr)
	if rows {
		name = fmt.Sprintf("stripRows%d", mr)
	}
	f.text(name, "(s *byte)", "(s *strip)")
	s := f.Load(f.Param("s"), f.GP64())
	field := func(off int) reg.GPVirtual {
		r := f.GP64()
		f.MOVQ(Mem{Base: s, Disp: off}, r)
		return r
	}
	lda, ldb, ldc := field(stripLDA), field(stripLDB), field(stripLDC)
	bPanel, c, panels, ahead := field(stripB), field(stripC), field(stripPanels), field(stripAhead)
	var lo, hi reg.OpmaskVirtual
	if f.wide() {
		lo, hi = f.K(), f.K()
		f.KXNORW(lo, lo, lo)
		f.KXNORW(hi, hi, hi)
	}

	f.Label("panel")
	if f.wide() {
		f.CMPQ(panels, Imm(1))
		f.JNE(LabelRef("full"))
		tail := field(stripTail)
		f.KMOVW(tail.As32(), lo)
		f.SHRQ(Imm(16), tail)
		f.KMOVW(tail.As32(), hi)
		f.Label("full")
	}
	acc := make([][2]reg.VecVirtual, mr)
	for i := range acc {
		acc[i] = [2]reg.VecVirtual{f.vec(), f.vec()}
		f.VXORPS(acc[i][0], acc[i][0], acc[i][0])
		f.VXORPS(acc[i][1], acc[i][1], acc[i][1])
	}
	k := &stripLoop{family: f, mr: mr, rows: rows, lda: lda, ldb: ldb, ahead: ahead, acc: acc, lo: lo, hi: hi}
	k.b = f.GP64()
	f.MOVQ(bPanel, k.b)
	k.start(s)
	k.run(s)

	f.CMPQ(Mem{Base: s, Disp: stripAcc}, Imm(0))
	f.JE(LabelRef("store"))
	at := f.GP64()
	f.MOVQ(c, at)
	for i := range acc {
		f.addTo(at, acc[i], lo, hi)
		if i < mr-1 {
			f.ADDQ(ldc, at)
		}
	}
	f.Label("store")
	at = f.GP64()
	f.MOVQ(c, at)
	for i := range acc {
		f.store(at, acc[i], lo, hi)
		if i < mr-1 {
			f.ADDQ(ldc, at)
		}
	}
	f.ADDQ(Mem{Base: s, Disp: stripPanelB}, bPanel)
	f.ADDQ(U32(uint32(2*f.W*4)), c)
	f.DECQ(panels)
	f.JNZ(LabelRef("panel"))
	f.end()
}

// addTo adds the row of C at at to the two accumulators.
func (f *family) addTo(at reg.Register, acc [2]reg.VecVirtual, lo, hi reg.OpmaskVirtual) {
	second := Mem{Base: at, Disp: 4 * f.W}
	if f.wide() {
		f.VADDPS(Mem{Base: at}, acc[0], lo, acc[0])
		f.VADDPS(second, acc[1], hi, acc[1])
		return
	}
	f.VADDPS(Mem{Base: at}, acc[0], acc[0])
	f.VADDPS(second, acc[1], acc[1])
}

func (f *family) store(at reg.Register, acc [2]reg.VecVirtual, lo, hi reg.OpmaskVirtual) {
	second := Mem{Base: at, Disp: 4 * f.W}
	if f.wide() {
		f.VMOVUPS(acc[0], lo, Mem{Base: at})
		f.VMOVUPS(acc[1], hi, second)
		return
	}
	f.VMOVUPS(acc[0], Mem{Base: at})
	f.VMOVUPS(acc[1], second)
}

// stripLoop is the loop over the depth, two steps at a time: at one step per
// turn the pointer arithmetic alone would fill the decoder.
type stripLoop struct {
	*family
	mr       int
	rows     bool
	lda, ldb reg.GPVirtual
	b, ahead reg.GPVirtual
	a        []reg.GPVirtual // rows: one pointer per three rows; cols: one
	acc      [][2]reg.VecVirtual
	lo, hi   reg.OpmaskVirtual
}

func (l *stripLoop) start(s reg.Register) {
	p := l.GP64()
	l.MOVQ(Mem{Base: s, Disp: stripA}, p)
	l.a = []reg.GPVirtual{p}
	for i := 3; l.rows && i < l.mr; i += 3 {
		q := l.GP64()
		l.LEAQ(Mem{Base: p, Index: l.lda, Scale: 2}, q)
		l.ADDQ(l.lda, q)
		l.a = append(l.a, q)
		p = q
	}
}

func (l *stripLoop) run(s reg.Register) {
	n := l.GP64()
	l.MOVQ(Mem{Base: s, Disp: stripDepth}, n)
	l.SUBQ(Imm(2), n)
	l.JL(LabelRef("odd"))
	l.Label("depth")
	l.step(0)
	l.step(1)
	l.advance(2)
	l.SUBQ(Imm(2), n)
	l.JGE(LabelRef("depth"))
	l.Label("odd")
	l.ADDQ(Imm(2), n)
	l.JZ(LabelRef("done"))
	l.step(0)
	l.Label("done")
}

// step multiplies depth k+at; B rows are read under the mask of the last panel
// so that an unpacked right operand is never read past its edge.
func (l *stripLoop) step(at int) {
	row := Mem{Base: l.b}
	if at == 1 {
		row.Index, row.Scale = l.ldb, 1
	}
	second := row
	second.Disp = 4 * l.W
	b0, b1 := l.vec(), l.vec()
	if l.wide() {
		l.VMOVUPS_Z(row, l.lo, b0)
		l.VMOVUPS_Z(second, l.hi, b1)
	} else {
		l.VMOVUPS(row, b0)
		l.VMOVUPS(second, b1)
	}
	x := [2]reg.VecVirtual{l.vec(), l.vec()}
	for i := range l.acc {
		v := x[i&1]
		l.VBROADCASTSS(l.left(i, at), v)
		l.VFMADD231PS(v, b0, l.acc[i][0])
		l.VFMADD231PS(v, b1, l.acc[i][1])
	}
}

// left is the address of A(i, k+at).
func (l *stripLoop) left(i, at int) Mem {
	if !l.rows {
		m := Mem{Base: l.a[0], Disp: 4 * i}
		if at == 1 {
			m.Index, m.Scale = l.lda, 1
		}
		return m
	}
	m := Mem{Base: l.a[i/3], Disp: 4 * at}
	if i%3 != 0 {
		m.Index, m.Scale = l.lda, uint8(i%3)
	}
	return m
}

func (l *stripLoop) advance(steps int) {
	for _, p := range l.a {
		if l.rows {
			l.ADDQ(Imm(uint64(4*steps)), p)
		} else {
			l.LEAQ(Mem{Base: p, Index: l.lda, Scale: uint8(steps)}, p)
		}
	}
	l.LEAQ(Mem{Base: l.b, Index: l.ldb, Scale: 2}, l.b)
	for line := range steps * 8 * l.W / 64 {
		l.PREFETCHT0(Mem{Base: l.b, Index: l.ahead, Scale: 1, Disp: 64 * line})
	}
}
