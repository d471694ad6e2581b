package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// The layout of what is looked up ahead, and what the package says of it.
const (
	stripPlaces = 480
	unitPlaces  = 24
	keptPlaces  = 4*stripPlaces + unitPlaces
	groupPlaces = 8 // of a vector

	aheadBits     = searchAhead
	aheadBase     = aheadBits + 8
	aheadFrom     = aheadBase + 8
	aheadLimit    = aheadFrom + 8
	aheadStart    = aheadLimit + 8
	aheadHas      = aheadStart + 8
	aheadDistance = aheadHas + keptPlaces/8 + 5
	aheadEntries  = aheadDistance + 4*keptPlaces

	placeBits = 22
	hashLow   = 0x9E3779B1
	hashHigh  = 0x85EBCA77
)

// fill is func fillAVX2(s *search).
func (g *generator) fill() {
	s := g.Func("fillAVX2", "(s *byte)", "s")[0]
	h := g.hasher(s)
	g.Label("unit")
	h.unit()
	i := g.GP64()
	g.MOVQ(Mem{Base: s, Disp: aheadFrom}, i)
	g.CMPQ(i, Mem{Base: s, Disp: aheadLimit})
	g.JB(LabelRef("unit"))
	g.VZEROUPPER()
	g.RET()
}

// A hasher is what looking up keeps in registers.
type hasher struct {
	*generator
	s               reg.GPVirtual
	low, high, tags reg.VecVirtual
	toTag, toIndex  reg.VecVirtual
	first, second   reg.VecVirtual // shuffle the bytes of eight places
	zero            reg.VecVirtual
	ramps           [unitPlaces / groupPlaces]Mem // of entries without tags
}

func (g *generator) hasher(s reg.GPVirtual) hasher {
	h := hasher{
		generator: g, s: s,
		low: g.words(hashLow), high: g.words(hashHigh), tags: g.words(^uint32(2<<placeBits - 1)),
		toTag: g.XMM(), toIndex: g.XMM(), zero: g.YMM(),
		first: g.bytesOf(0), second: g.bytesOf(4),
	}
	for k := range h.ramps {
		h.ramps[k] = g.table("ramp"+string(rune('0'+k)), func(i int) uint32 { return uint32(groupPlaces*k+i) | 1<<placeBits })
	}
	g.VPXOR(h.zero, h.zero, h.zero)
	bits := g.GP64()
	g.MOVQ(Mem{Base: s, Disp: aheadBits}, bits)
	g.VMOVQ(bits, h.toTag)
	g.NEGQ(bits)
	g.ADDQ(Imm(32), bits)
	g.VMOVQ(bits, h.toIndex)
	return h
}

// bytesOf returns how to shuffle the four bytes from each of eight places on into
// a word each.
func (g *generator) bytesOf(from int) reg.VecVirtual {
	v := g.YMM()
	g.VMOVDQU(g.table("bytes"+string(rune('0'+from)), func(i int) uint32 {
		b := uint32(i + from)
		return b | (b+1)<<8 | (b+2)<<16 | (b+3)<<24
	}), v)
	return v
}

// unit looks up the places of the next unit. Eight are hashed together and looked up
// one after the other, so that each sees those before it.
func (h hasher) unit() {
	i, text, strip, first := h.GP64(), h.GP64(), h.GP64(), h.YMM()
	h.MOVQ(Mem{Base: h.s, Disp: aheadFrom}, i)
	h.MOVQ(Mem{Base: h.s, Disp: searchPage}, text)
	h.ADDQ(i, text)
	h.MOVQ(i, strip)
	h.SUBQ(Mem{Base: h.s, Disp: aheadBase}, strip)
	place := h.GP64()
	h.MOVQ(i, place)
	h.SUBQ(Mem{Base: h.s, Disp: aheadStart}, place)
	h.VMOVD(place.As32(), first.AsX())
	h.VPBROADCASTD(first.AsX(), first)
	h.ADDQ(Imm(unitPlaces), i)
	h.MOVQ(i, Mem{Base: h.s, Disp: aheadFrom})
	eighth := h.GP64()
	h.MOVQ(strip, eighth)
	h.SHRQ(Imm(3), eighth)
	for k := range h.ramps {
		index, own := h.hash(text, k, first)
		d := h.distances(h.lookUp(index, own), own)
		h.VMOVDQU(d, Mem{Base: h.s, Index: strip, Scale: 4, Disp: aheadDistance + 4*groupPlaces*k})
		none := h.GP32()
		h.VPCMPEQD(h.zero, d, d)
		h.VMOVMSKPS(d, none)
		h.NOTL(none)
		h.MOVB(none.As8(), Mem{Base: h.s, Index: eighth, Scale: 1, Disp: aheadHas + k})
	}
}

// hash returns where the table has eight places, and what it is to have of them.
func (h hasher) hash(text reg.GPVirtual, k int, first reg.VecVirtual) (index, own reg.VecVirtual) {
	v := h.YMM()
	own, index = h.YMM(), h.YMM()
	h.VBROADCASTI128(Mem{Base: text, Disp: groupPlaces * k}, v)
	h.VPSHUFB(h.first, v, own)
	h.VPSHUFB(h.second, v, v)
	h.VPMULLD(h.low, own, own)
	h.VPMULLD(h.high, v, v)
	h.VPADDD(v, own, own)
	h.VPSRLD(h.toIndex, own, index)
	h.VPSLLD(h.toTag, own, own)
	h.VPAND(h.tags, own, own)
	places := h.YMM()
	h.VPADDD(h.ramps[k], first, places)
	h.VPOR(places, own, own)
	return index, own
}

// lookUp returns what the table has at eight places, and notes every other.
func (h hasher) lookUp(index, own reg.VecVirtual) reg.VecVirtual {
	var halves [2]reg.VecVirtual
	for k := range halves {
		halves[k] = h.YMM()
		half := halves[k].AsX()
		x, o := index.AsX(), own.AsX()
		if k > 0 {
			x, o = h.XMM(), h.XMM()
			h.VEXTRACTI128(Imm(1), index, x)
			h.VEXTRACTI128(Imm(1), own, o)
		}
		for j := 0; j < 4; j += 2 {
			both, one := h.GP64(), h.GP64()
			if j == 0 {
				h.VMOVQ(x, both)
			} else {
				h.VPEXTRQ(Imm(1), x, both)
			}
			h.MOVL(both.As32(), one.As32())
			h.SHRQ(Imm(32), both)
			for i, r := range []reg.GPVirtual{one, both} {
				e := Mem{Base: h.s, Index: r, Scale: 4, Disp: aheadEntries}
				if i+j == 0 {
					h.VMOVD(e, half)
				} else {
					h.VPINSRD(Imm(uint64(i+j)), e, half, half)
				}
				if i == 0 && j == 0 {
					h.VMOVD(o, e)
				} else if i == 0 {
					h.VPEXTRD(Imm(uint64(j)), o, e)
				}
			}
		}
	}
	h.VINSERTI128(Imm(1), halves[1].AsX(), halves[0], halves[0])
	return halves[0]
}

// distances returns how far back entries are, 0 where they are of other bytes:
// then they differ in more than their places.
func (h hasher) distances(was, own reg.VecVirtual) reg.VecVirtual {
	same := h.YMM()
	h.VPSUBD(was, own, own)
	h.VPSRLD(Imm(placeBits), own, same)
	h.VPCMPEQD(h.zero, same, same)
	h.VPAND(own, same, own)
	return own
}
