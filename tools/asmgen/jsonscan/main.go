// Command jsonscan writes the machine code of sources/jsonscan: what a scanner
// does with long texts, 64 bytes at a time, once for AVX-512 and once for AVX2.
// Run it by go generate there. What it writes is committed; a test compares the
// two.
package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"

	"github.com/swerm/swerm/tools/asmgen/assembly"
)

const asm = "wide_amd64.s"

func main() { assembly.Main("../../sources/jsonscan", generate) }

func generate() (map[string][]byte, error) {
	g := &generator{File: assembly.New("jsonscan", "jsonscan"), family: "AVX512"}
	g.closingQuote()
	g.closingBracket()
	g.family = "AVX2"
	g.closingQuote()
	g.closingBracket()
	g.plainText()
	text, err := g.Text()
	return map[string][]byte{asm: text}, err
}

const width = 64 // bytes looked at together

type generator struct {
	*assembly.File
	family string // "AVX512", or "AVX2"
}

func (g *generator) half() bool { return g.family == "AVX2" }

// A block is 64 bytes of a text: one vector, or two.
type block struct {
	v    []reg.VecVirtual
	drop reg.GPVirtual // of two vectors: how many bytes lie before the text's place
}

func (g *generator) block() block {
	if g.half() {
		return block{v: []reg.VecVirtual{g.YMM(), g.YMM()}, drop: g.GP64()}
	}
	return block{v: []reg.VecVirtual{g.ZMM()}}
}

// fill returns a vector of one byte.
func (g *generator) fill(b byte) reg.VecVirtual {
	r := g.GP32()
	g.MOVL(U32(b), r)
	if g.half() {
		x, v := g.XMM(), g.YMM()
		g.VMOVD(r, x)
		g.VPBROADCASTB(x, v)
		return v
	}
	v := g.ZMM()
	g.VPBROADCASTB(r, v)
	return v
}

// load reads what is left of a text, up to a block. What is beyond is zero; with
// two vectors, which have no masks, the last block is the 64 bytes that end the
// text, which has as many at least.
func (g *generator) load(text, at, n reg.GPVirtual, b block, name string) {
	if g.half() {
		g.loadHalves(text, at, n, b, name)
		return
	}
	v := b.v[0]
	rest, some := g.GP64(), g.K()
	g.MOVQ(n, rest)
	g.SUBQ(at, rest)
	g.CMPQ(rest, Imm(width))
	g.JB(LabelRef(name + "_part"))
	g.VMOVDQU8(Mem{Base: text, Index: at, Scale: 1}, v)
	g.JMP(LabelRef(name + "_loaded"))
	g.Label(name + "_part")
	mask := g.GP64()
	g.MOVQ(I32(-1), mask)
	g.BZHIQ(rest, mask, mask)
	g.KMOVQ(mask, some)
	g.VMOVDQU8_Z(Mem{Base: text, Index: at, Scale: 1}, some, v)
	g.Label(name + "_loaded")
}

func (g *generator) loadHalves(text, at, n reg.GPVirtual, b block, name string) {
	rest, p := g.GP64(), g.GP64()
	g.LEAQ(Mem{Base: text, Index: at, Scale: 1}, p)
	g.XORQ(b.drop, b.drop)
	g.MOVQ(n, rest)
	g.SUBQ(at, rest)
	g.CMPQ(rest, Imm(width))
	g.JAE(LabelRef(name + "_whole"))
	g.MOVQ(U32(width), b.drop)
	g.SUBQ(rest, b.drop)
	g.SUBQ(b.drop, p)
	g.Label(name + "_whole")
	g.VMOVDQU(Mem{Base: p}, b.v[0])
	g.VMOVDQU(Mem{Base: p, Disp: width / 2}, b.v[1])
}

// equal returns a bit for every byte of a block that is one of these.
func (g *generator) equal(b block, these reg.VecVirtual) reg.GPVirtual {
	if g.half() {
		return g.bits(b, func(v, out reg.VecVirtual) { g.VPCMPEQB(these, v, out) })
	}
	k, m := g.K(), g.GP64()
	g.VPCMPEQB(these, b.v[0], k)
	g.KMOVQ(k, m)
	return m
}

// bits returns the bits of what a comparison makes of both vectors of a block.
func (g *generator) bits(b block, compare func(v, out reg.VecVirtual)) reg.GPVirtual {
	low, high := g.GP64(), g.GP64()
	for i, m := range []reg.GPVirtual{low, high} {
		out := g.YMM()
		compare(b.v[i], out)
		g.VPMOVMSKB(out, m.As32())
	}
	g.SHLQ(Imm(width/2), high)
	g.ORQ(high, low)
	g.SHRXQ(b.drop, low, low)
	return low
}

// brackets returns a bit for every byte of a block that is a bracket: with the
// bit of 0x20 those of lists become those of objects.
func (g *generator) brackets(b block, lower, left, right reg.VecVirtual) reg.GPVirtual {
	if g.half() {
		return g.bits(b, func(v, out reg.VecVirtual) {
			w := g.YMM()
			g.VPOR(lower, v, w)
			g.VPCMPEQB(left, w, out)
			g.VPCMPEQB(right, w, w)
			g.VPOR(w, out, out)
		})
	}
	w, kl, kr, m := g.ZMM(), g.K(), g.K(), g.GP64()
	g.VPORD(lower, b.v[0], w)
	g.VPCMPEQB(left, w, kl)
	g.VPCMPEQB(right, w, kr)
	g.KORQ(kl, kr, kl)
	g.KMOVQ(kl, m)
	return m
}

// closingQuote is func closingQuote(text *byte, n int) int: the place of the
// first quote with an even number of backslashes right before it, -1 without.
func (g *generator) closingQuote() {
	param := g.Func("closingQuote"+g.family, "(text *byte, n int) int", "text", "n")
	text, n := param[0], param[1]
	quote, v := g.fill('"'), g.block()
	at, p, q, found := g.GP64(), g.GP64(), g.GP64(), g.GP64()
	g.XORQ(at, at)
	g.Label("quote_next")
	g.CMPQ(at, n)
	g.JGE(LabelRef("quote_none"))
	g.load(text, at, n, v, "quote")
	m := g.equal(v, quote)
	g.Label("quote_bits")
	g.TESTQ(m, m)
	g.JZ(LabelRef("quote_ahead"))
	g.TZCNTQ(m, p)
	g.BLSRQ(m, m)
	g.ADDQ(at, p)
	g.MOVQ(p, q)
	g.Label("quote_back") // q goes back over backslashes
	g.TESTQ(q, q)
	g.JZ(LabelRef("quote_count"))
	g.CMPB(Mem{Base: text, Index: q, Scale: 1, Disp: -1}, Imm('\\'))
	g.JNE(LabelRef("quote_count"))
	g.DECQ(q)
	g.JMP(LabelRef("quote_back"))
	g.Label("quote_count")
	g.MOVQ(p, found)
	g.SUBQ(q, found)
	g.TESTQ(U32(1), found)
	g.JNZ(LabelRef("quote_bits"))
	g.Store(p, g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
	g.Label("quote_ahead")
	g.ADDQ(Imm(width), at)
	g.JMP(LabelRef("quote_next"))
	g.Label("quote_none")
	g.MOVQ(I32(-1), p)
	g.Store(p, g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
}

// closingBracket is func closingBracket(text *byte, n int, open uint64, depth,
// room int) int: the place behind the bracket that closes the outermost of depth
// open ones, whose kinds are the low bits of open, the innermost lowest, 1 for
// '{'. It is -1 where brackets do not match, are deeper than room (below 64), a
// backslash is outside a string or the text ends.
func (g *generator) closingBracket() {
	param := g.Func("closingBracket"+g.family, "(text *byte, n int, open uint64, depth, room int) int", "text", "n", "open", "depth", "room")
	text, n, open, depth, room := param[0], param[1], param[2], param[3], param[4]
	quote, slash, lower, left, right := g.fill('"'), g.fill('\\'), g.fill(0x20), g.fill('{'), g.fill('}')
	v, ones, product := g.block(), g.XMM(), g.XMM()
	at, carry, inside := g.GP64(), g.GP64(), g.GP64()
	g.VPCMPEQD(ones, ones, ones)
	g.XORQ(at, at)
	g.XORQ(carry, carry)   // 1: the first byte is escaped
	g.XORQ(inside, inside) // all ones: the first byte is within a string
	g.Label("bracket_next")
	g.CMPQ(at, n)
	g.JGE(LabelRef("bracket_none"))
	g.load(text, at, n, v, "bracket")
	quotes, slashes := g.equal(v, quote), g.equal(v, slash)
	g.ANDNQ(quotes, g.escaped(slashes, carry), quotes)
	// The bits between quotes are the products' prefix of exclusive ors.
	g.VMOVQ(quotes, product)
	g.VPCLMULQDQ(Imm(0), ones, product, product)
	within := g.GP64()
	g.VMOVQ(product, within)
	g.XORQ(inside, within)
	g.MOVQ(within, inside)
	g.SARQ(Imm(63), inside)
	g.ANDNQ(slashes, within, slashes)
	g.JNZ(LabelRef("bracket_none")) // outside strings: whoever looks byte by byte does not take it for an escape
	brackets := g.brackets(v, lower, left, right)
	g.ANDNQ(brackets, within, brackets)
	p, c, kind := g.GP64(), g.GP64(), g.GP64()
	g.Label("bracket_bits")
	g.TESTQ(brackets, brackets)
	g.JZ(LabelRef("bracket_ahead"))
	g.TZCNTQ(brackets, p)
	g.BLSRQ(brackets, brackets)
	g.ADDQ(at, p)
	g.MOVBQZX(Mem{Base: text, Index: p, Scale: 1}, c)
	g.MOVQ(c, kind)
	g.SHRQ(Imm(5), kind)
	g.ANDQ(Imm(1), kind)
	g.TESTQ(U32(2), c)
	g.JZ(LabelRef("bracket_close"))
	g.SHLQ(Imm(1), open)
	g.ORQ(kind, open)
	g.INCQ(depth)
	g.CMPQ(depth, room)
	g.JLE(LabelRef("bracket_bits"))
	g.JMP(LabelRef("bracket_none"))
	g.Label("bracket_close")
	g.XORQ(open, kind)
	g.TESTQ(U32(1), kind)
	g.JNZ(LabelRef("bracket_none"))
	g.SHRQ(Imm(1), open)
	g.DECQ(depth)
	g.JNZ(LabelRef("bracket_bits"))
	g.INCQ(p)
	g.Store(p, g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
	g.Label("bracket_ahead")
	g.ADDQ(Imm(width), at)
	g.JMP(LabelRef("bracket_next"))
	g.Label("bracket_none")
	none := g.GP64()
	g.MOVQ(I32(-1), none)
	g.Store(none, g.ReturnIndex(0))
	g.VZEROUPPER()
	g.RET()
}

// escaped returns the bits of escaped bytes from those of backslashes: in a run
// of them every second byte is, counted from its start. carry is 1 where the
// first byte is escaped, and becomes so for the next vector.
func (g *generator) escaped(slashes, carry reg.GPVirtual) reg.GPVirtual {
	const odd = 0xaaaaaaaaaaaaaaaa
	starts, code, odds, out := g.GP64(), g.GP64(), g.GP64(), g.GP64()
	g.ANDNQ(slashes, carry, starts)
	g.MOVQ(U64(odd), odds)
	g.LEAQ(Mem{Base: starts, Index: starts, Scale: 1}, code)
	g.ORQ(odds, code)
	g.SUBQ(starts, code) // borrows run through each run of backslashes
	g.XORQ(odds, code)   // backslashes that escape, and what ends odd runs
	g.MOVQ(slashes, out)
	g.ORQ(carry, out)
	g.XORQ(code, out)
	g.ANDQ(slashes, code)
	g.SHRQ(Imm(63), code)
	g.MOVQ(code, carry)
	return out
}
