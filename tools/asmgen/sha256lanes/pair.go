package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// A stream is one of the two messages of pair: its state as the instructions
// want it (the words a, b, e, f and c, d, g, h, the first highest) and sixteen
// words of its schedule.
type stream struct {
	abef, cdgh reg.VecPhysical
	w          [4]reg.VecPhysical
	saved      Mem
	p          reg.GPVirtual
}

var (
	pairRounds = reg.X0 // the instructions take words and constants from here
	pairTemp   = reg.X13
	pairSwap   = reg.X15
)

// pair is func pair(state *[8][16]uint32, at *[16]*byte, n int): n blocks of the
// first two lanes. A round waits for the one before; while one stream does, the
// other works.
func (g *generator) pair() {
	param := g.Func("pair", "(state *[8][16]uint32, at *[16]*byte, n int)", "state", "at", "n")
	state, at, n := param[0], param[1], param[2]
	k := g.GP64()
	local := g.AllocLocal(64)
	streams := [2]stream{
		{abef: reg.X1, cdgh: reg.X2, w: [4]reg.VecPhysical{reg.X3, reg.X4, reg.X5, reg.X6}, saved: local},
		{abef: reg.X7, cdgh: reg.X8, w: [4]reg.VecPhysical{reg.X9, reg.X10, reg.X11, reg.X12}, saved: local.Offset(32)},
	}
	for i := range streams {
		s := &streams[i]
		s.p = g.GP64()
		g.MOVQ(Mem{Base: at, Disp: 8 * i}, s.p)
		g.eachWord(s, state, i, func(m Mem, word uint64, x reg.VecPhysical) { g.PINSRD(Imm(word), m, x) })
	}
	g.LEAQ(NewDataAddr(Symbol{Name: "rounds", Static: true}, 0), k)
	g.MOVOU(NewDataAddr(Symbol{Name: "swap", Static: true}, 0), pairSwap)
	g.Label("both")
	for i := range streams {
		g.load(&streams[i])
	}
	for quad := range 16 {
		for i := range streams {
			g.quad(&streams[i], quad, k)
		}
	}
	for i := range streams {
		s := &streams[i]
		for j, x := range []reg.VecPhysical{s.abef, s.cdgh} {
			g.MOVOU(s.saved.Offset(16*j), pairTemp)
			g.PADDD(pairTemp, x)
		}
	}
	g.DECQ(n)
	g.JNZ(LabelRef("both"))
	for i := range streams {
		g.eachWord(&streams[i], state, i, func(m Mem, word uint64, x reg.VecPhysical) { g.PEXTRD(Imm(word), x, m) })
	}
	g.RET()
}

// eachWord goes through the words of a stream's state.
func (g *generator) eachWord(s *stream, state reg.GPVirtual, lane int, do func(m Mem, word uint64, x reg.VecPhysical)) {
	for i, x := range []reg.VecPhysical{s.abef, s.cdgh} {
		for j, w := range [2][4]int{{5, 4, 1, 0}, {7, 6, 3, 2}}[i] {
			do(Mem{Base: state, Disp: 64*w + 4*lane}, uint64(j), x)
		}
	}
}

// load begins a block.
func (g *generator) load(s *stream) {
	g.MOVOU(s.abef, s.saved)
	g.MOVOU(s.cdgh, s.saved.Offset(16))
	for i, w := range s.w {
		g.MOVOU(Mem{Base: s.p, Disp: 16 * i}, w)
		g.PSHUFB(pairSwap, w)
	}
	g.ADDQ(Imm(64), s.p)
}

// quad does four rounds.
func (g *generator) quad(s *stream, t int, k reg.GPVirtual) {
	w := func(i int) reg.VecPhysical { return s.w[(t+4-i)%4] }
	if t >= 4 { // the next four words, in place of those of sixteen before
		g.SHA256MSG1(w(3), w(0))
		g.MOVOA(w(1), pairTemp)
		g.PALIGNR(Imm(4), w(2), pairTemp)
		g.PADDD(pairTemp, w(0))
		g.SHA256MSG2(w(1), w(0))
	}
	g.MOVOU(Mem{Base: k, Disp: 16 * t}, pairRounds)
	g.PADDD(w(0), pairRounds)
	g.SHA256RNDS2(pairRounds, s.abef, s.cdgh)
	g.PSHUFD(Imm(0x0e), pairRounds, pairRounds)
	g.SHA256RNDS2(pairRounds, s.cdgh, s.abef)
}
