// Command jsonscan writes the machine code of sources/jsonscan: what a scanner
// does with long texts, 64 bytes at a time. Run it by go generate there. What
// it writes is committed; a test compares the two.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"

	"github.com/swerm/swerm/tools/asmgen/assembly"
)

const asm = "wide_amd64.s"

func main() { assembly.Main("../../sources/jsonscan", generate) }

func generate() (map[string][]byte, error) {
	g := &generator{assembly.New("jsonscan", "jsonscan")}
	g.closingQuote()
	g.plainEscapes()
	g.closingBracket()
	g.tables()
	text, err := g.Text()
	return map[string][]byte{asm: text}, err
}

const width = 64 // bytes of a vector

type generator struct{ *assembly.File }

// fill returns a vector of one byte.
func (g *generator) fill(b byte) reg.VecVirtual {
	r, v := g.GP32(), g.ZMM()
	g.MOVL(U32(b), r)
	g.VPBROADCASTB(r, v)
	return v
}

// load reads what is left of a text, up to a vector; what is beyond is zero.
func (g *generator) load(text, at, n reg.GPVirtual, v reg.VecVirtual, name string) {
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

// equal returns a bit for every byte of v that is one of b.
func (g *generator) equal(v, b reg.VecVirtual) reg.GPVirtual {
	k, m := g.K(), g.GP64()
	g.VPCMPEQB(b, v, k)
	g.KMOVQ(k, m)
	return m
}

// closingQuote is func closingQuote(text *byte, n int) int: the place of the
// first quote with an even number of backslashes right before it, -1 without.
func (g *generator) closingQuote() {
	param := g.Func("closingQuote", "(text *byte, n int) int", "text", "n")
	text, n := param[0], param[1]
	quote, v := g.fill('"'), g.ZMM()
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

// plainEscapes is func plainEscapes(dst, text *byte, n int) (read, wrote int,
// high bool): it copies a text and resolves escapes of two bytes, up to one that
// is longer or unknown. high says that a byte that is not ASCII was seen. It
// writes nothing beyond dst[n].
func (g *generator) plainEscapes() {
	param := g.Func("plainEscapes", "(dst, text *byte, n int) (read, wrote int, high bool)", "dst", "text", "n")
	dst, text, n := param[0], param[1], param[2]
	slash, v, all := g.fill('\\'), g.ZMM(), g.ZMM()
	table, read, wrote, rest, m, c := g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()
	some, found := g.K(), g.K()
	g.VPXORD(all, all, all)
	g.LEAQ(NewDataAddr(Symbol{Name: "escapes", Static: true}, 0), table)
	g.XORQ(read, read)
	g.XORQ(wrote, wrote)
	g.Label("text_next")
	g.MOVQ(n, rest)
	g.SUBQ(read, rest)
	g.CMPQ(rest, Imm(width))
	g.JB(LabelRef("text_part"))
	g.VMOVDQU8(Mem{Base: text, Index: read, Scale: 1}, v)
	g.VMOVDQU8(v, Mem{Base: dst, Index: wrote, Scale: 1})
	g.VPORD(v, all, all)
	g.VPCMPEQB(slash, v, found)
	g.KMOVQ(found, m)
	g.TESTQ(m, m)
	g.JNZ(LabelRef("text_escape"))
	g.ADDQ(Imm(width), read)
	g.ADDQ(Imm(width), wrote)
	g.JMP(LabelRef("text_next"))
	g.Label("text_part")
	g.TESTQ(rest, rest)
	g.JZ(LabelRef("text_end"))
	g.MOVQ(I32(-1), m)
	g.BZHIQ(rest, m, m)
	g.KMOVQ(m, some)
	g.VMOVDQU8_Z(Mem{Base: text, Index: read, Scale: 1}, some, v)
	g.VMOVDQU8(v, some, Mem{Base: dst, Index: wrote, Scale: 1})
	g.VPORD(v, all, all)
	g.VPCMPEQB(slash, v, found)
	g.KMOVQ(found, m)
	g.TESTQ(m, m)
	g.JNZ(LabelRef("text_escape"))
	g.ADDQ(rest, read)
	g.ADDQ(rest, wrote)
	g.JMP(LabelRef("text_end"))
	g.Label("text_escape")
	g.TZCNTQ(m, m)
	g.ADDQ(m, read)
	g.ADDQ(m, wrote)
	g.LEAQ(Mem{Base: read, Disp: 1}, c)
	g.CMPQ(c, n)
	g.JGE(LabelRef("text_end"))
	g.MOVBQZX(Mem{Base: text, Index: read, Scale: 1, Disp: 1}, c)
	g.MOVBQZX(Mem{Base: table, Index: c, Scale: 1}, c)
	g.TESTQ(c, c)
	g.JZ(LabelRef("text_end"))
	g.MOVB(c.As8(), Mem{Base: dst, Index: wrote, Scale: 1})
	g.ADDQ(Imm(2), read)
	g.INCQ(wrote)
	g.JMP(LabelRef("text_next"))
	g.Label("text_end")
	g.Store(read, g.Return("read"))
	g.Store(wrote, g.Return("wrote"))
	high, is := g.K(), g.GP8()
	g.VPMOVB2M(all, high)
	g.KORTESTQ(high, high)
	g.SETNE(is)
	g.Store(is, g.Return("high"))
	g.VZEROUPPER()
	g.RET()
}

// closingBracket is func closingBracket(text *byte, n int, open uint64, depth,
// room int) int: the place behind the bracket that closes the outermost of depth
// open ones, whose kinds are the low bits of open, the innermost lowest, 1 for
// '{'. It is -1 where brackets do not match, are deeper than room (below 64), a
// backslash is outside a string or the text ends.
func (g *generator) closingBracket() {
	param := g.Func("closingBracket", "(text *byte, n int, open uint64, depth, room int) int", "text", "n", "open", "depth", "room")
	text, n, open, depth, room := param[0], param[1], param[2], param[3], param[4]
	quote, slash, lower, left, right := g.fill('"'), g.fill('\\'), g.fill(0x20), g.fill('{'), g.fill('}')
	v, w, ones, product := g.ZMM(), g.ZMM(), g.XMM(), g.XMM()
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
	g.VPORD(lower, v, w)
	kl, kr, brackets := g.K(), g.K(), g.GP64()
	g.VPCMPEQB(left, w, kl)
	g.VPCMPEQB(right, w, kr)
	g.KORQ(kl, kr, kl)
	g.KMOVQ(kl, brackets)
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

func (g *generator) tables() {
	g.StaticGlobal("escapes")
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	known := map[int]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', '"': '"', '\\': '\\', '/': '/'}
	for c := range 256 {
		g.AppendDatum(U8(known[c]))
	}
}
