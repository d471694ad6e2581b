package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// The layout of a window.
const (
	windowTable     = 0
	windowTableBits = 24
	windowPlaces    = 32
	windowAnchors   = 48
	windowCount     = windowAnchors + 8
	windowHashes    = 72
	windowSeen      = 96

	windowBits = 25
)

// These mix 32 bytes, eight and eight, and what comes of them.
var farFactors = [5]uint64{0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x9E3779B97F4A7C15}

// lookUp is func lookUpBMI2(w *Window, page *byte, base uint).
func (g *generator) lookUp() {
	param := g.Func("lookUpBMI2", "(w, page *byte, base uint)", "w", "page", "base")
	w, text, base := param[0], param[1], param[2]
	// The arrays are counted from their ends.
	count, i := Mem{Base: w, Disp: windowCount}, g.GP64()
	behind := func(array int) reg.GPVirtual {
		r, n := g.GP64(), g.GP64()
		g.MOVQ(Mem{Base: w, Disp: array}, r)
		g.MOVQ(count, n)
		g.LEAQ(Mem{Base: r, Index: n, Scale: 4}, r)
		return r
	}
	each := func(label string, do func()) {
		g.MOVQ(count, i)
		g.NEGQ(i)
		g.Label(label)
		do()
		g.INCQ(i)
		g.JNZ(LabelRef(label))
	}
	anchors, hashes, seen := behind(windowAnchors), behind(windowHashes), behind(windowSeen)
	table, shift := g.GP64(), g.GP64()
	g.MOVQ(Mem{Base: w, Disp: windowTable}, table)
	g.MOVL(U32(32), shift.As32())
	g.SUBQ(Mem{Base: w, Disp: windowTableBits}, shift)
	g.ADDQ(base, text)
	g.CMPQ(count, Imm(0))
	g.JEQ(LabelRef("none"))

	at, h, back, none, t := g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()
	g.XORL(none.As32(), none.As32())
	each("hash", func() {
		g.MOVL(Mem{Base: anchors, Index: i, Scale: 4}, at.As32())
		g.ADDQ(text, at)
		g.farHash(at, h)
		g.MOVL(h.As32(), Mem{Base: hashes, Index: i, Scale: 4})
		g.SHRXQ(shift, h, h)
		g.PREFETCHT0(Mem{Base: table, Index: h, Scale: 4})
	})
	each("seen", func() {
		was := g.GP64()
		g.MOVL(Mem{Base: hashes, Index: i, Scale: 4}, h.As32())
		g.MOVL(Mem{Base: anchors, Index: i, Scale: 4}, at.As32())
		g.SHRXQ(shift, h, was)
		g.MOVL(Mem{Base: table, Index: was, Scale: 4}, was.As32())
		g.LEAQ(Mem{Base: base, Index: at, Scale: 1}, t)
		g.MOVL(t.As32(), back.As32())
		g.SUBL(was.As32(), back.As32())
		g.ANDL(Mem{Base: w, Disp: windowPlaces}, back.As32())
		g.SHRL(Imm(windowBits), was.As32())
		g.XORL(was.As32(), h.As32())
		g.TESTL(U32(1<<(32-windowBits)-1), h.As32())
		g.CMOVLNE(none.As32(), back.As32())
		g.CMPQ(back, t)
		g.CMOVQHI(none, back)
		g.MOVL(back.As32(), Mem{Base: seen, Index: i, Scale: 4})
		g.ADDQ(text, at)
		g.SUBQ(back, at)
		g.PREFETCHT0(Mem{Base: at})
	})
	each("same", func() {
		g.MOVL(Mem{Base: anchors, Index: i, Scale: 4}, at.As32())
		g.MOVL(Mem{Base: seen, Index: i, Scale: 4}, back.As32())
		g.ADDQ(text, at)
		g.MOVQ(at, t)
		g.SUBQ(back, t)
		g.MOVQ(Mem{Base: t}, t)
		g.CMPQ(t, Mem{Base: at})
		g.CMOVLNE(none.As32(), back.As32())
		g.MOVL(back.As32(), Mem{Base: seen, Index: i, Scale: 4})
	})
	g.Label("none")
	g.RET()
}

// farHash mixes the 32 bytes at a place.
func (g *generator) farHash(at, h reg.GPVirtual) {
	var half [2]reg.GPVirtual
	for k, turn := range []uint64{31, 17} {
		half[k] = g.GP64()
		t := g.GP64()
		g.MOVQ(Mem{Base: at, Disp: 16 * k}, half[k])
		g.IMULQ(g.factor(2*k), half[k])
		g.MOVQ(Mem{Base: at, Disp: 16*k + 8}, t)
		g.IMULQ(g.factor(2*k+1), t)
		g.ROLQ(Imm(turn), t)
		g.XORQ(t, half[k])
	}
	g.ADDQ(half[1], half[0])
	g.MOVQ(half[0], h)
	g.SHRQ(Imm(29), h)
	g.XORQ(half[0], h)
	g.IMULQ(g.factor(4), h)
	g.SHRQ(Imm(32), h)
}

// factor is the one of farFactors, in memory.
func (g *generator) factor(k int) Mem {
	return g.ConstData(fmt.Sprintf("farFactor%d", k), U64(farFactors[k]))
}
