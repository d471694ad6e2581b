package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// The layout of a search, and what the package says of it.
const (
	searchPage     = 0
	searchLiterals = 8
	searchSeqs     = 16
	searchCount    = 24
	searchFound    = 32
	searchAt       = 40
	searchLast     = 56
	searchEnd      = 64
	searchRep0     = 72
	searchRep1     = 80
	searchOrigin   = 88
	searchStop     = 96
	searchAhead    = 104

	minMatch   = 4
	lazyPlaces = 3
	firstBytes = 32
	backBytes  = 8
	byteScore  = 4
	noScore    = -1000

	// hasPlaces are looked at together: as many are in a word that begins at
	// any bit of its first byte.
	hasPlaces = 57
)

// A parser is what parse keeps in registers. Places are addresses.
type parser struct {
	*generator
	s          reg.GPVirtual // the search
	at, last   reg.GPVirtual
	rep0, rep1 reg.GPVirtual
	name       string // of the loop
}

// parse is func parseAVX2(s *search). Where the next match is, which of four it
// is and how it is written cannot be foreseen; it is all computed instead, and
// the only branches are for what is rare. Each of these steps waits for the one
// before, and in the meantime places ahead are looked up.
func (g *generator) parse() {
	s := g.Func("parseAVX2", "(s *byte)", "s")[0]
	p := parser{g, s, g.GP64(), g.GP64(), g.GP64(), g.GP64(), ""}
	h := g.hasher(s)
	page := Mem{Base: p.s, Disp: searchPage}
	g.MOVQ(Mem{Base: p.s, Disp: searchAt}, p.at)
	g.MOVQ(Mem{Base: p.s, Disp: searchLast}, p.last)
	g.MOVQ(Mem{Base: p.s, Disp: searchRep0}, p.rep0)
	g.MOVQ(Mem{Base: p.s, Disp: searchRep1}, p.rep1)
	g.ADDQ(page, p.at)
	g.ADDQ(page, p.last)
	// As long as there are places to look up, and then without.
	p.loop("ahead", func(k int) {
		if h.group(k); k == unitPlaces/groupPlaces-1 {
			h.forward()
		}
	})
	p.loop("alone", func(int) {})
	g.Label("stop")
	g.MOVQ(Mem{Base: s, Disp: searchStop}, p.at)
	g.Label("done")
	g.SUBQ(page, p.at)
	g.SUBQ(page, p.last)
	g.MOVQ(p.at, Mem{Base: p.s, Disp: searchAt})
	g.MOVQ(p.last, Mem{Base: p.s, Disp: searchLast})
	g.MOVQ(p.rep0, Mem{Base: p.s, Disp: searchRep0})
	g.MOVQ(p.rep1, Mem{Base: p.s, Disp: searchRep1})
	g.VZEROUPPER()
	g.RET()
}

// loop takes match after match. Between the steps of each of them, which wait for
// one another, it does the groups of a unit.
func (p parser) loop(name string, group func(k int)) {
	p.name = name
	p.Label(p.label("next"))
	if name == "ahead" {
		from := p.GP64()
		p.MOVQ(Mem{Base: p.s, Disp: aheadFrom}, from)
		p.CMPQ(from, Mem{Base: p.s, Disp: aheadLimit})
		p.JAE(LabelRef("alone_next"))
	}
	place := p.place()
	p.take(place, p.best(place, group))
}

func (p parser) to(of string) LabelRef { return LabelRef(p.label(of)) }

func (p parser) label(of string) string { return p.name + "_" + of }

// place returns the next place where something was found.
func (p parser) place() reg.GPVirtual {
	i, has, shift, place := p.GP64(), p.GP64(), p.GP64(), p.GP64()
	p.MOVQ(p.at, i)
	p.SUBQ(Mem{Base: p.s, Disp: searchOrigin}, i)
	p.MOVQ(i, shift)
	p.SHRQ(Imm(3), i)
	p.ANDQ(Imm(7), shift)
	p.MOVQ(Mem{Base: p.s, Index: i, Scale: 1, Disp: aheadHas}, has)
	p.SHRXQ(shift, has, has)
	p.TZCNTQ(has, place)
	p.JCS(p.to("nothing"))
	p.ADDQ(p.at, place)
	p.CMPQ(place, Mem{Base: p.s, Disp: searchStop})
	p.JAE(LabelRef("stop"))
	return place
}

// A match is the best so far, or one that may be better.
type match struct {
	score    reg.GPVirtual
	d, end   reg.GPVirtual
	measured reg.GPVirtual // how much of it is known behind its place, and in all
}

func (p parser) match() match { return match{p.GP32(), p.GP64(), p.GP64(), p.GP32()} }

// best returns the best match at a place.
func (p parser) best(place reg.GPVirtual, group func(k int)) match {
	var best match
	for j := range 1 + lazyPlaces {
		if j < unitPlaces/groupPlaces {
			group(j)
		}
		other := p.candidate(place, j)
		if j == 0 {
			best = other
			continue
		}
		p.CMPL(other.score, best.score)
		p.CMOVLGT(other.score, best.score)
		p.CMOVQGT(other.end, best.end)
		p.CMOVQGT(other.d, best.d)
		p.CMOVLGT(other.measured, best.measured)
	}
	return best
}

// length measures a match up to 32 bytes, and notes its end.
func (p parser) length(place, d reg.GPVirtual, j int, m match) reg.GPVirtual {
	v, n := p.YMM(), p.GP32()
	p.MOVQ(place, m.end)
	p.SUBQ(d, m.end)
	p.VMOVDQU(Mem{Base: place, Disp: j}, v)
	p.VPCMPEQB(Mem{Base: m.end, Disp: j}, v, v)
	p.VPMOVMSKB(v, n)
	p.NOTL(n)
	p.TZCNTL(n, n)
	p.LEAQ(Mem{Base: place, Index: n.As64(), Scale: 1, Disp: j}, m.end)
	return n
}

// candidate returns the match that was looked up for j behind a place.
func (p parser) candidate(place reg.GPVirtual, j int) match {
	m := p.match()
	i := p.GP64()
	p.MOVQ(place, i)
	p.SUBQ(Mem{Base: p.s, Disp: searchOrigin}, i)
	p.MOVL(Mem{Base: p.s, Index: i, Scale: 4, Disp: aheadDistance + 4*j}, m.d.As32())

	// To the front.
	back, most := p.GP64(), p.GP64()
	p.MOVQ(place, most)
	p.SUBQ(m.d, most)
	p.MOVQ(Mem{Base: place, Disp: j - backBytes}, back)
	p.XORQ(Mem{Base: most, Disp: j - backBytes}, back)
	p.LZCNTQ(back, back)
	p.SHRL(Imm(3), back.As32())
	p.MOVQ(place, most)
	p.SUBQ(p.last, most)
	if j > 0 {
		p.ADDQ(Imm(uint64(j)), most)
	}
	p.CMPQ(most, back)
	p.CMOVQCS(most, back)
	p.LZCNTL(m.d.As32(), m.score)
	p.LEAL(Mem{Base: m.score, Index: back, Scale: byteScore}, m.score)
	p.SHLL(Imm(8), back.As32())
	if j > 0 { // there may be none
		never := p.GP32()
		p.MOVL(I32(noScore), never)
		p.TESTL(m.d.As32(), m.d.As32())
		p.CMOVLEQ(never, m.score)
	}

	n := p.length(place, m.d, j, m)
	p.LEAL(Mem{Base: m.score, Index: n.As64(), Scale: byteScore}, m.score)
	p.IMUL3L(U32(1+1<<8), n, m.measured)
	p.ADDL(back.As32(), m.measured)
	return m
}

// take writes the sequence of a match and the literals before it.
func (p parser) take(place reg.GPVirtual, m match) {
	start, n := p.GP64(), p.GP32()
	p.MOVQ(m.end, start)
	p.MOVL(m.measured, n)
	p.SHRL(Imm(8), n)
	p.SUBQ(n.As64(), start)
	p.MOVBLZX(m.measured.As8(), n)
	p.CMPL(n, Imm(minMatch))
	p.JB(p.to("false"))
	p.CMPL(n, Imm(firstBytes))
	p.JEQ(p.to("long"))
	p.Label(p.label("measured"))
	literals := p.GP64()
	p.MOVQ(start, literals)
	p.SUBQ(p.last, literals)
	offset := p.offset(literals, m.d)

	seq, t := p.GP64(), p.GP64()
	p.MOVQ(Mem{Base: p.s, Disp: searchSeqs}, seq)
	p.MOVQ(Mem{Base: p.s, Disp: searchFound}, t)
	p.LEAQ(Mem{Base: seq, Index: t, Scale: 4}, seq)
	p.MOVL(literals.As32(), Mem{Base: seq})
	p.MOVQ(m.end, t)
	p.SUBQ(start, t)
	p.MOVL(t.As32(), Mem{Base: seq, Disp: sequenceMatches})
	p.MOVL(offset, Mem{Base: seq, Disp: sequenceOffsets})
	p.INCQ(Mem{Base: p.s, Disp: searchFound})

	out := p.GP64()
	p.MOVQ(Mem{Base: p.s, Disp: searchLiterals}, out)
	p.ADDQ(Mem{Base: p.s, Disp: searchCount}, out)
	p.ADDQ(literals, Mem{Base: p.s, Disp: searchCount})
	v := p.YMM()
	p.VMOVDQU(Mem{Base: p.last}, v)
	p.VMOVDQU(v, Mem{Base: out})
	p.CMPQ(literals, Imm(32))
	p.JA(p.to("literals"))
	p.Label(p.label("copied"))
	p.MOVQ(m.end, p.last)
	p.MOVQ(m.end, p.at)
	p.Label(p.label("on"))
	p.CMPQ(p.at, Mem{Base: p.s, Disp: searchStop})
	p.JB(p.to("next"))
	p.JMP(LabelRef("done"))

	p.Label(p.label("nothing"))
	p.ADDQ(Imm(hasPlaces), p.at)
	p.CMPQ(p.at, Mem{Base: p.s, Disp: searchStop})
	p.JB(p.to("next"))
	p.JMP(LabelRef("stop"))

	p.Label(p.label("false")) // a hash that is the same of other bytes
	p.LEAQ(Mem{Base: place, Disp: 1}, p.at)
	p.JMP(p.to("on"))

	p.Label(p.label("literals"))
	p.ADDQ(Imm(32), p.last)
	p.ADDQ(Imm(32), out)
	p.SUBQ(Imm(32), literals)
	p.VMOVDQU(Mem{Base: p.last}, v)
	p.VMOVDQU(v, Mem{Base: out})
	p.CMPQ(literals, Imm(32))
	p.JA(p.to("literals"))
	p.JMP(p.to("copied"))

	p.Label(p.label("long"))
	p.long(m.end, m.d)
	p.JMP(p.to("measured"))
}

// offset returns how a distance is written, and makes it the last.
func (p parser) offset(literals, d reg.GPVirtual) reg.GPVirtual {
	offset, again, last := p.GP32(), p.GP32(), p.GP64()
	p.LEAL(Mem{Base: d, Disp: 3}, offset)
	p.XORL(again, again)
	p.XORL(last.As32(), last.As32())
	p.TESTQ(literals, literals)
	p.SETNE(again.As8())
	p.CMOVQNE(p.rep0, last) // without literals, it cannot be said
	p.INCL(again)
	p.CMPQ(d, p.rep1)
	p.CMOVLEQ(again, offset)
	one := p.GP32()
	p.MOVL(U32(1), one)
	p.CMPQ(d, last)
	p.CMOVLEQ(one, offset)
	p.CMOVQNE(p.rep0, p.rep1)
	p.MOVQ(d, p.rep0)
	return offset
}

// long moves place to where a match ends whose first bytes are the same.
func (p parser) long(place, d reg.GPVirtual) {
	end, from, t := p.GP64(), p.GP64(), p.GP64()
	p.MOVQ(Mem{Base: p.s, Disp: searchPage}, end)
	p.ADDQ(Mem{Base: p.s, Disp: searchEnd}, end)
	p.MOVQ(place, from)
	p.SUBQ(d, from)
	v := p.YMM()
	p.Label(p.label("wide"))
	p.LEAQ(Mem{Base: place, Disp: 32}, t)
	p.CMPQ(t, end)
	p.JA(p.to("rest"))
	p.VMOVDQU(Mem{Base: place}, v)
	p.VPCMPEQB(Mem{Base: from}, v, v)
	p.VPMOVMSKB(v, t.As32())
	p.NOTL(t.As32())
	p.TESTL(t.As32(), t.As32())
	p.JNZ(p.to("differs"))
	p.ADDQ(Imm(32), place)
	p.ADDQ(Imm(32), from)
	p.JMP(p.to("wide"))
	p.Label(p.label("differs"))
	p.TZCNTL(t.As32(), t.As32())
	p.ADDQ(t, place)
	p.JMP(p.to("measured"))
	p.Label(p.label("rest"))
	p.CMPQ(place, end)
	p.JAE(p.to("measured"))
	p.MOVB(Mem{Base: from}, t.As8())
	p.CMPB(t.As8(), Mem{Base: place})
	p.JNE(p.to("measured"))
	p.INCQ(place)
	p.INCQ(from)
	p.JMP(p.to("rest"))
}
