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
	scoreBits  = 2
	byteScore  = 1 << scoreBits
	noScore    = 1<<32 - 1000 // less than any

	// hasPlaces are looked at together: as many are in a word that begins at
	// any bit of its first byte.
	hasPlaces = 57
)

// A parser is what parse keeps in registers. Places are addresses.
type parser struct {
	*generator
	s        reg.GPVirtual // the search
	at, last reg.GPVirtual
	name     string // of the loop
}

// parse is func parseAVX2(s *search). Where the next match is, which of four it
// is and how it is written cannot be foreseen; it is all computed instead, and
// the only branches are for what is rare. Each of these steps waits for the one
// before, and in the meantime places ahead are looked up.
func (g *generator) parse() {
	s := g.Func("parseAVX2", "(s *byte)", "s")[0]
	p := parser{g, s, g.GP64(), g.GP64(), ""}
	h := g.hasher(s)
	page := Mem{Base: p.s, Disp: searchPage}
	g.MOVQ(Mem{Base: p.s, Disp: searchAt}, p.at)
	g.MOVQ(Mem{Base: p.s, Disp: searchLast}, p.last)
	g.ADDQ(page, p.at)
	g.ADDQ(page, p.last)
	// As long as there are places to look up, and then without.
	p.loop("ahead", h.unit)
	p.loop("alone", func() {})
	g.Label("stop")
	g.MOVQ(Mem{Base: s, Disp: searchStop}, p.at)
	g.Label("done")
	g.SUBQ(page, p.at)
	g.SUBQ(page, p.last)
	g.MOVQ(p.at, Mem{Base: p.s, Disp: searchAt})
	g.MOVQ(p.last, Mem{Base: p.s, Disp: searchLast})
	g.VZEROUPPER()
	g.RET()
}

// loop takes match after match. While the best is waited for, it looks up a unit.
func (p parser) loop(name string, unit func()) {
	p.name = name
	p.Label(p.label("next"))
	if name == "ahead" {
		from := p.GP64()
		p.MOVQ(Mem{Base: p.s, Disp: aheadFrom}, from)
		p.CMPQ(from, Mem{Base: p.s, Disp: aheadLimit})
		p.JAE(LabelRef("alone_next"))
	}
	place, i := p.place()
	best := p.best(place, i)
	unit()
	p.take(place, best)
}

func (p parser) to(of string) LabelRef { return LabelRef(p.label(of)) }

func (p parser) label(of string) string { return p.name + "_" + of }

// place returns the next place where something was found, and how far that is
// behind the base.
func (p parser) place() (place, i reg.GPVirtual) {
	has, shift := p.GP64(), p.GP64()
	place, i = p.GP64(), p.GP64()
	p.MOVQ(p.at, i)
	p.SUBQ(Mem{Base: p.s, Disp: searchOrigin}, i)
	p.MOVQ(i, has)
	p.MOVQ(i, shift)
	p.SHRQ(Imm(3), has)
	p.ANDQ(Imm(7), shift)
	p.MOVQ(Mem{Base: p.s, Index: has, Scale: 1, Disp: aheadHas}, has)
	p.SHRXQ(shift, has, has)
	p.TZCNTQ(has, place)
	p.JCS(p.to("nothing"))
	p.ADDQ(place, i)
	p.ADDQ(p.at, place)
	p.CMPQ(place, Mem{Base: p.s, Disp: searchStop})
	p.JAE(LabelRef("stop"))
	return place, i
}

// A match is the best so far, or one that may be better. It has a length, which
// is of that before its place, too, by its score alone.
type match struct {
	score  reg.GPVirtual
	d, end reg.GPVirtual
	n      reg.GPVirtual // what is known of it behind its place
}

func (p parser) match() match { return match{p.GP32(), p.GP64(), p.GP64(), p.GP32()} }

// best returns the best match at a place, which is i behind the base.
func (p parser) best(place, i reg.GPVirtual) match {
	var best match
	gap := p.GP64()
	p.MOVQ(place, gap)
	p.SUBQ(p.last, gap)
	for j := range 1 + lazyPlaces {
		other := p.candidate(place, i, gap, j)
		if j == 0 {
			best = other
			continue
		}
		p.CMPL(other.score, best.score)
		p.CMOVLGT(other.score, best.score)
		p.CMOVQGT(other.end, best.end)
		p.CMOVQGT(other.d, best.d)
		p.CMOVLGT(other.n, best.n)
	}
	return best
}

// candidate returns the match that was looked up for j behind a place. gap is how
// far what comes before is behind the last match, and becomes what it is here.
func (p parser) candidate(place, i, gap reg.GPVirtual, j int) match {
	m := p.match()
	p.MOVL(Mem{Base: p.s, Index: i, Scale: 4, Disp: aheadDistance + 4*j}, m.d.As32())
	from, back := p.GP64(), p.GP64()
	p.MOVQ(place, from)
	p.SUBQ(m.d, from)

	// To the front.
	p.MOVQ(Mem{Base: place, Disp: j - backBytes}, back)
	p.XORQ(Mem{Base: from, Disp: j - backBytes}, back)
	p.LZCNTQ(back, back)
	p.SHRL(Imm(3), back.As32())
	if j > 0 {
		p.INCQ(gap)
	}
	p.CMPQ(gap, back)
	p.CMOVQCS(gap, back)
	p.LZCNTL(m.d.As32(), m.score)
	if j > 0 { // there may be none
		p.CMOVLCS(p.word(noScore), m.score)
	}
	p.LEAL(Mem{Base: m.score, Index: back, Scale: byteScore}, m.score)

	// Up to 32 bytes of it.
	v := p.YMM()
	p.VMOVDQU(Mem{Base: place, Disp: j}, v)
	p.VPCMPEQB(Mem{Base: from, Disp: j}, v, v)
	p.VPMOVMSKB(v, m.n)
	p.NOTL(m.n)
	p.TZCNTL(m.n, m.n)
	p.LEAQ(Mem{Base: place, Index: m.n.As64(), Scale: 1, Disp: j}, m.end)
	p.LEAL(Mem{Base: m.score, Index: m.n.As64(), Scale: byteScore}, m.score)
	return m
}

// take writes the sequence of a match and the literals before it.
func (p parser) take(place reg.GPVirtual, m match) {
	start, n := p.GP64(), p.GP32()
	p.LZCNTL(m.d.As32(), n)
	p.SUBL(n, m.score)
	p.SHRL(Imm(scoreBits), m.score)
	p.MOVQ(m.end, start)
	p.SUBQ(m.score.As64(), start)
	p.SUBL(Imm(minMatch), m.n)
	p.CMPL(m.n, Imm(firstBytes-minMatch))
	p.JAE(p.to("rare"))
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

	p.Label(p.label("rare"))
	p.JEQ(p.to("long"))
	// A hash that is the same of other bytes.
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
	rep0, rep1 := p.GP64(), p.GP64()
	p.MOVQ(Mem{Base: p.s, Disp: searchRep0}, rep0)
	p.MOVQ(Mem{Base: p.s, Disp: searchRep1}, rep1)
	offset, again, last := p.GP32(), p.GP32(), p.GP64()
	p.LEAL(Mem{Base: d, Disp: 3}, offset)
	p.MOVL(U32(2), again)
	p.XORL(last.As32(), last.As32())
	p.CMPQ(literals, Imm(1))
	p.CMOVQCC(rep0, last) // without literals, it cannot be said
	p.SBBL(Imm(0), again)
	p.CMPQ(d, rep1)
	p.CMOVLEQ(again, offset)
	p.CMPQ(d, last)
	p.CMOVLEQ(p.word(1), offset)
	p.CMOVQNE(rep0, rep1)
	p.MOVQ(rep1, Mem{Base: p.s, Disp: searchRep1})
	p.MOVQ(d, Mem{Base: p.s, Disp: searchRep0})
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
