// Command zstdfast writes the machine code of internal/zstdfast: the search for
// the places of a text where four bytes have a certain hash, 32 places at a time,
// what a window has of these places, the search for matches, which looks up places
// ahead while it waits, and the coding of sequences. Run it by go generate there.
// What it writes is committed; a test compares the two.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"

	"github.com/swerm/swerm/tools/asmgen/assembly"
)

const asm = "wide_amd64.s"

// These are constants of the package, too.
const (
	step         = 32 // places looked at together
	mostly       = 2  // anchors in a step, at most
	anchorRate   = 6
	anchorFactor = 2654435761
)

func main() { assembly.Main("../../internal/zstdfast", generate) }

func generate() (map[string][]byte, error) {
	g := &generator{assembly.New("zstdfast", "zstdfast"), map[string]Mem{}}
	g.anchors()
	g.fill()
	g.parse()
	g.classify()
	g.code()
	g.lookUp()
	text, err := g.Text()
	return map[string][]byte{asm: text}, err
}

type generator struct {
	*assembly.File
	tables map[string]Mem // by name
}

// words returns a vector of one word of 32 bits.
func (g *generator) words(w uint32) reg.VecVirtual {
	r, x, v := g.GP32(), g.XMM(), g.YMM()
	g.MOVL(U32(w), r)
	g.VMOVD(r, x)
	g.VPBROADCASTD(x, v)
	return v
}

// anchors is func anchorsAVX2(at *uint32, text *byte, n int) int. The places of
// a step are in four vectors, a word of each is four places behind the one
// before; byte k of a word of vector k then says what is true of it, and all of
// them lie in the order of the text. How many anchors a step has cannot be
// foreseen: as many as it mostly has at most are written without asking, and
// those that are none are overwritten.
func (g *generator) anchors() {
	param := g.Func("anchorsAVX2", "(at *uint32, text *byte, n int) int", "at", "text", "n")
	at, text, n := param[0], param[1], param[2]
	factor, zero := g.words(anchorFactor), g.YMM()
	g.VPXOR(zero, zero, zero)
	var only [4]reg.VecVirtual
	for k := range only {
		only[k] = g.words(0xff << (8 * k))
	}
	i, found := g.GP64(), g.GP64()
	g.XORQ(i, i)
	g.XORQ(found, found)
	g.Label("step")
	g.CMPQ(i, n)
	g.JGE(LabelRef("done"))
	var all reg.VecVirtual
	for k := range only {
		v := g.YMM()
		g.VPMULLD(Mem{Base: text, Index: i, Scale: 1, Disp: k}, factor, v)
		g.VPSRLD(Imm(32-anchorRate), v, v)
		g.VPCMPEQD(zero, v, v)
		g.VPAND(only[k], v, v)
		if k > 0 {
			g.VPOR(all, v, v)
		}
		all = v
	}
	mask, count, place := g.GP32(), g.GP64(), g.GP32()
	g.VPMOVMSKB(all, mask)
	g.POPCNTL(mask, count.As32())
	for k := range mostly {
		g.TZCNTL(mask, place)
		g.BLSRL(mask, mask)
		g.ADDL(i.As32(), place)
		g.MOVL(place, Mem{Base: at, Index: found, Scale: 4, Disp: 4 * k})
	}
	g.TESTL(mask, mask)
	g.JNZ(LabelRef("more"))
	g.Label("next")
	g.ADDQ(count, found)
	g.ADDQ(Imm(step), i)
	g.JMP(LabelRef("step"))
	g.Label("more")
	behind := g.GP64()
	g.LEAQ(Mem{Base: found, Disp: mostly}, behind)
	g.Label("bit")
	g.TZCNTL(mask, place)
	g.ADDL(i.As32(), place)
	g.MOVL(place, Mem{Base: at, Index: behind, Scale: 4})
	g.INCQ(behind)
	g.BLSRL(mask, mask)
	g.JNZ(LabelRef("bit"))
	g.JMP(LabelRef("next"))
	g.Label("done")
	g.Store(found, g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
}

// table returns eight words that are kept in memory.
func (g *generator) table(name string, word func(i int) uint32) Mem {
	if m, ok := g.tables[name]; ok {
		return m
	}
	m := g.StaticGlobal(name)
	g.tables[name] = m
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 8 {
		g.AppendDatum(U32(word(i)))
	}
	return m
}
