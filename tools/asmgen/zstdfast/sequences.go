package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// The layout of sequences, of codes and of a stream, and what the package says of
// them.
const (
	maxBlock     = 128 << 10
	maxSequences = maxBlock/minMatch + 8

	sequenceMatches = 4 * maxSequences
	sequenceOffsets = 8 * maxSequences

	alphabetBytes   = 1928
	alphabetSymbols = 256
	alphabetNext    = alphabetSymbols + 8*64
	codesLiterals   = 0
	codesMatches    = alphabetBytes
	codesOffsets    = 2 * alphabetBytes
	codesExtra      = 3 * alphabetBytes
	codesKinds      = codesExtra + 8*maxSequences

	streamOut      = 0
	streamAt       = 24
	streamLeft     = 32
	streamBits     = 40
	streamCount    = 48
	streamLiterals = 56
	streamMatches  = 60
	streamOffsets  = 64
)

// A class of numbers is those that begin with the same bits, and as many more of
// which nothing is known: first and what a number is without the bits behind make
// the code. Which class of a number below 64 is in a table by its eighth part.
func classOf(bits, first int) uint32 { return uint32(bits | first<<8) }

var (
	literalsClasses = [...]uint32{
		classOf(0, 0), classOf(0, 0), classOf(1, 8), classOf(2, 14), classOf(3, 18), classOf(3, 18), classOf(4, 21), classOf(4, 21),
	}
	matchClasses = [...]uint32{
		classOf(0, 0), classOf(0, 0), classOf(0, 0), classOf(0, 0), classOf(1, 16), classOf(2, 26), classOf(3, 32), classOf(3, 32),
		classOf(4, 36), classOf(4, 36), classOf(4, 36), classOf(4, 36), classOf(5, 39), classOf(5, 39), classOf(5, 39), classOf(5, 39),
	}
)

// A numbers is eight numbers by their classes.
type numbers struct {
	code  reg.VecVirtual
	bits  reg.VecVirtual // how many are behind the code
	extra reg.VecVirtual // these
}

// classify is func classifyAVX2(c *codes, s *sequences, n int), eight sequences at
// a time.
func (g *generator) classify() {
	param := g.Func("classifyAVX2", "(c, s *byte, n int)", "c", "s", "n")
	c, s, n := param[0], param[1], param[2]
	i := g.GP64()
	g.XORQ(i, i)
	g.Label("sequences")
	v := g.YMM()
	g.VMOVDQU(Mem{Base: s, Index: i, Scale: 4}, v)
	literals := g.numbers(v, literalsClasses[:], 18)
	v = g.YMM()
	g.VMOVDQU(Mem{Base: s, Index: i, Scale: 4, Disp: sequenceMatches}, v)
	g.VPSUBD(g.word(3), v, v)
	matches := g.numbers(v, matchClasses[:], 35)
	v = g.YMM()
	g.VMOVDQU(Mem{Base: s, Index: i, Scale: 4, Disp: sequenceOffsets}, v)
	offsets := g.powers(v)

	// Codes and the number of bits, a byte each.
	both, all, kinds := g.YMM(), g.YMM(), g.YMM()
	g.VPADDD(literals.bits, matches.bits, both)
	g.VPADDD(both, offsets.bits, all)
	g.VPSLLD(Imm(8), matches.code, matches.code)
	g.VPOR(literals.code, matches.code, kinds)
	g.VPSLLD(Imm(16), offsets.code, offsets.code)
	g.VPOR(offsets.code, kinds, kinds)
	g.VPSLLD(Imm(24), all, all)
	g.VPOR(all, kinds, kinds)
	g.VMOVDQU(kinds, Mem{Base: c, Index: i, Scale: 4, Disp: codesKinds})

	// The bits, side by side. Those of lengths fit in a word.
	g.VPSLLVD(literals.bits, matches.extra, matches.extra)
	g.VPOR(literals.extra, matches.extra, matches.extra)
	zero := g.YMM()
	g.VPXOR(zero, zero, zero)
	var halves [2]reg.VecVirtual
	for k, unpack := range []func(ops ...Op){g.VPUNPCKLDQ, g.VPUNPCKHDQ} {
		half, t := g.YMM(), g.YMM()
		unpack(zero, offsets.extra, half)
		unpack(zero, both, t)
		g.VPSLLVQ(t, half, half)
		unpack(zero, matches.extra, t)
		g.VPOR(t, half, half)
		halves[k] = half
	}
	for k, quarters := range []uint64{0x20, 0x31} {
		v := g.YMM()
		g.VPERM2I128(Imm(quarters), halves[1], halves[0], v)
		g.VMOVDQU(v, Mem{Base: c, Index: i, Scale: 8, Disp: codesExtra + 32*k})
	}
	g.ADDQ(Imm(8), i)
	g.CMPQ(i, n)
	g.JL(LabelRef("sequences"))
	g.VZEROUPPER()
	g.RET()
}

// word returns eight times one word that is kept in memory.
func (g *generator) word(w uint32) Mem {
	return g.table(fmt.Sprintf("all%d", w), func(int) uint32 { return w })
}

// logarithms returns those of the exponents of floating point of eight numbers,
// which are more by 127. That there are no more than 24 ones keeps them from being
// rounded up.
func (g *generator) logarithms(v reg.VecVirtual) reg.VecVirtual {
	t := g.YMM()
	g.VPSRLD(Imm(8), v, t)
	g.VPANDN(v, t, t)
	g.VCVTDQ2PS(t, t)
	g.VPSRLD(Imm(23), t, t)
	return t
}

// powers returns numbers of which each power of two begins a class.
func (g *generator) powers(v reg.VecVirtual) numbers {
	b, top := g.logarithms(v), g.YMM()
	g.VPSUBD(g.word(127), b, b)
	g.VMOVDQU(g.word(1), top)
	g.VPSLLVD(b, top, top)
	g.VPXOR(top, v, v)
	code := g.YMM()
	g.VMOVDQA(b, code)
	return numbers{code, b, v}
}

// numbers returns numbers of which small ones have the given classes, and each
// power of two above begins one.
func (g *generator) numbers(v reg.VecVirtual, small []uint32, first int) numbers {
	i, class, t := g.YMM(), g.YMM(), g.YMM()
	g.VPSRLD(Imm(3), v, i)
	for k := 0; k < len(small); k += 8 {
		eight := g.table(fmt.Sprintf("classes%d_%d", first, k), func(i int) uint32 { return small[k+i] })
		if k == 0 {
			g.VPERMD(eight, i, class)
			continue
		}
		above := g.YMM()
		g.VPERMD(eight, i, above)
		g.VPCMPGTD(g.word(uint32(8*k-1)), v, t)
		g.VPBLENDVB(t, above, class, class)
	}
	large := g.logarithms(v)
	g.VPSLLD(Imm(8), large, t)
	g.VPADDD(t, large, large)
	g.VPADDD(g.word(classOf(0, first)-classOf(127, 127)), large, large)
	g.VPCMPGTD(g.word(uint32(8*len(small)-1)), v, t)
	g.VPBLENDVB(t, large, class, class)

	bits, code := g.YMM(), g.YMM()
	g.VPAND(g.word(0xff), class, bits)
	g.VPSRLD(Imm(8), class, class)
	g.VPSRLVD(bits, v, t)
	g.VPADDD(class, t, code)
	g.VPSLLVD(bits, t, t)
	g.VPSUBD(t, v, v)
	return numbers{code, bits, v}
}

// A coder is what the coding of sequences keeps in registers.
type coder struct {
	*generator
	c, i    reg.GPVirtual // the codes, and the sequence
	bits, n reg.GPVirtual // that are not written yet
	to      reg.GPVirtual // where they go
	v, all  reg.GPVirtual // the bits of states, and how many these are

	s, k, t reg.GPVirtual // a symbol, how many bits it takes, and these
}

// code is func codeBMI2(c *codes, s *stream).
func (g *generator) code() {
	param := g.Func("codeBMI2", "(c, s *byte)", "c", "s")
	stream := param[1]
	e := coder{g, param[0], g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()}
	literals, matches, offsets, limit := g.GP64(), g.GP64(), g.GP64(), g.GP64()
	g.MOVQ(Mem{Base: stream, Disp: streamOut}, limit)
	g.MOVQ(Mem{Base: stream, Disp: streamAt}, e.to)
	g.ADDQ(limit, e.to)
	g.ADDQ(U32(maxBlock), limit)
	g.MOVQ(Mem{Base: stream, Disp: streamLeft}, e.i)
	g.MOVQ(Mem{Base: stream, Disp: streamBits}, e.bits)
	g.MOVQ(Mem{Base: stream, Disp: streamCount}, e.n)
	g.MOVL(Mem{Base: stream, Disp: streamLiterals}, literals.As32())
	g.MOVL(Mem{Base: stream, Disp: streamMatches}, matches.As32())
	g.MOVL(Mem{Base: stream, Disp: streamOffsets}, offsets.As32())
	g.JMP(LabelRef("more"))
	g.Label("sequence")
	g.DECQ(e.i)
	e.state(offsets, codesOffsets, 2)
	e.state(matches, codesMatches, 1)
	e.state(literals, codesLiterals, 0)
	e.add(e.v, e.all)
	g.MOVBLZX(Mem{Base: e.c, Index: e.i, Scale: 4, Disp: codesKinds + 3}, e.s.As32())
	g.LEAQ(Mem{Base: e.s, Index: e.n, Scale: 1}, e.t)
	g.CMPQ(e.t, Imm(64))
	g.JAE(LabelRef("many"))
	g.Label("extra")
	g.MOVQ(Mem{Base: e.c, Index: e.i, Scale: 8, Disp: codesExtra}, e.v)
	e.add(e.v, e.s)
	e.flush()
	g.Label("more")
	g.CMPQ(e.to, limit)
	g.JA(LabelRef("stop"))
	g.TESTQ(e.i, e.i)
	g.JNZ(LabelRef("sequence"))
	g.Label("stop")
	g.Load(g.Param("s"), stream)
	g.SUBQ(Mem{Base: stream, Disp: streamOut}, e.to)
	g.MOVQ(e.to, Mem{Base: stream, Disp: streamAt})
	g.MOVQ(e.i, Mem{Base: stream, Disp: streamLeft})
	g.MOVQ(e.bits, Mem{Base: stream, Disp: streamBits})
	g.MOVQ(e.n, Mem{Base: stream, Disp: streamCount})
	g.MOVL(literals.As32(), Mem{Base: stream, Disp: streamLiterals})
	g.MOVL(matches.As32(), Mem{Base: stream, Disp: streamMatches})
	g.MOVL(offsets.As32(), Mem{Base: stream, Disp: streamOffsets})
	g.RET()
	g.Label("many")
	e.flush()
	g.JMP(LabelRef("extra"))
}

// add adds n bits, and spoils them.
func (e coder) add(v, n reg.GPVirtual) {
	e.SHLXQ(e.n, v, v)
	e.ORQ(v, e.bits)
	e.ADDQ(n, e.n)
}

// state goes from a state to that of the symbol of the sequence, which is byte k
// of its kind, and adds the bits that lead back.
func (e coder) state(state reg.GPVirtual, alphabet, k int) {
	first := k == 2
	e.MOVBLZX(Mem{Base: e.c, Index: e.i, Scale: 4, Disp: codesKinds + k}, e.s.As32())
	n := e.k
	if first {
		n = e.all
	}
	e.MOVL(state.As32(), n.As32())
	e.ADDL(Mem{Base: e.c, Index: e.s, Scale: 8, Disp: alphabet + alphabetSymbols}, n.As32())
	e.SHRL(Imm(16), n.As32())
	if first {
		e.BZHIQ(n, state, e.v)
	} else {
		e.BZHIQ(n, state, e.t)
		e.SHLXQ(e.all, e.t, e.t)
		e.ORQ(e.t, e.v)
		e.ADDL(n.As32(), e.all.As32())
	}
	e.SHRXL(n.As32(), state.As32(), state.As32())
	e.ADDL(Mem{Base: e.c, Index: e.s, Scale: 8, Disp: alphabet + alphabetSymbols + 4}, state.As32())
	e.MOVWLZX(Mem{Base: e.c, Index: state, Scale: 2, Disp: alphabet + alphabetNext}, state.As32())
}

// flush writes eight bytes, of which whole ones count, and leaves less than eight
// bits.
func (e coder) flush() {
	e.MOVQ(e.bits, Mem{Base: e.to})
	e.MOVL(e.n.As32(), e.t.As32())
	e.SHRL(Imm(3), e.t.As32())
	e.ADDQ(e.t, e.to)
	e.SHLL(Imm(3), e.t.As32())
	e.SHRXQ(e.t, e.bits, e.bits)
	e.ANDL(Imm(7), e.n.As32())
}
