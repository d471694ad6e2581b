package main

import (
	"encoding/binary"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// step is how many bytes of a text plainText looks at together.
const step = 32

// plainText is func plainText(dst, text *byte, n int) (read, wrote int, high
// bool): it copies the inside of a string and resolves its escapes of two bytes,
// up to its closing quote, to an escape that is longer, rare or unknown, or to
// where fewer than 32 bytes are left. high says that a byte that is not ASCII was
// seen there or a little behind. It writes nothing beyond dst[n].
//
// Whether there is an escape in a block, and where, cannot be foreseen, so every
// block takes the same steps. Bytes behind a backslash become what
// they stand for, and then every eight bytes are moved together, over those of
// them that are such backslashes, by a shuffle out of a table.
func (g *generator) plainText() {
	param := g.Func("plainText"+g.family, "(dst, text *byte, n int) (read, wrote int, high bool)", "dst", "text", "n")
	dst, text, n := param[0], param[1], param[2]
	t := g.textTables()
	slash, quote := g.fill('\\'), g.fill('"')
	v, all := g.YMM(), g.YMM()
	read, wrote, limit := g.GP64(), g.GP64(), g.GP64()
	g.VPXOR(all, all, all)
	g.XORQ(read, read)
	g.XORQ(wrote, wrote)
	g.LEAQ(Mem{Base: n, Disp: -step}, limit)
	g.Label("text_next")
	g.CMPQ(read, limit)
	g.JG(LabelRef("text_end"))
	g.VMOVDQU(Mem{Base: text, Index: read, Scale: 1}, v)
	g.VPOR(v, all, all)

	is, letters := g.YMM(), g.YMM()
	slashes, quotes, known := g.GP64(), g.GP64(), g.GP64()
	g.VPCMPEQB(slash, v, is)
	g.VPMOVMSKB(is, slashes.As32())
	g.VPCMPEQB(quote, v, is)
	g.VPMOVMSKB(is, quotes.As32())
	g.VPSHUFB(v, t.letters, letters) // the one letter that half of the byte leaves
	g.VPCMPEQB(letters, v, letters)
	g.VPMOVMSKB(letters, known.As32())
	g.ORQ(quotes, known)
	g.ORQ(t.behind, known) // what the block does not show is left to the next
	starts, escaped := g.starts(slashes, t.odds)
	g.ANDNQ(quotes, escaped, quotes)

	stop := g.GP64()
	g.ANDNQ(escaped, known, stop)
	g.SHRQ(Imm(1), stop)
	g.ORQ(quotes, stop)
	g.resolve(t, v, letters, escaped)
	at := g.GP64()
	g.LEAQ(Mem{Base: dst, Index: wrote, Scale: 1}, at)
	g.join(t, v, starts, at)

	// Where nothing stops, the next block is known before this one is done.
	last, kept := g.GP64(), g.GP64()
	g.MOVQ(starts, last)
	g.SHRQ(Imm(step-1), last)
	g.MOVQ(last, kept)
	g.ORQ(stop, kept)
	g.JNZ(LabelRef("text_short"))
	g.POPCNTQ(starts, kept)
	g.ADDQ(Imm(step), read)
	g.ADDQ(Imm(step), wrote)
	g.SUBQ(kept, wrote)
	g.JMP(LabelRef("text_next"))

	g.Label("text_short") // a backslash at the end is left to the next block, too
	p := g.GP64()
	g.MOVQ(U32(step), p)
	g.SUBQ(last, p)
	g.TZCNTQ(stop, kept)
	g.CMOVQCC(kept, p)
	g.ADDQ(p, read)
	g.ADDQ(p, wrote)
	g.BZHIQ(p, starts, kept)
	g.POPCNTQ(kept, kept)
	g.SUBQ(kept, wrote)
	g.TESTQ(stop, stop)
	g.JZ(LabelRef("text_next"))
	g.Label("text_end")
	g.Store(read, g.Return("read"))
	g.Store(wrote, g.Return("wrote"))
	bits, high := g.GP32(), g.GP8()
	g.VPMOVMSKB(all, bits)
	g.TESTL(bits, bits)
	g.SETNE(high)
	g.Store(high, g.Return("high"))
	g.VZEROUPPER()
	g.RET()
}

// starts returns the bits of backslashes that escape and of the bytes behind them
// from those of all backslashes of a block, before which there is none.
func (g *generator) starts(slashes, odds reg.GPVirtual) (starts, escaped reg.GPVirtual) {
	starts, escaped = g.GP64(), g.GP64()
	g.LEAQ(Mem{Base: slashes, Index: slashes, Scale: 1}, starts)
	g.ORQ(odds, starts)
	g.SUBQ(slashes, starts) // borrows run through each run of backslashes
	g.XORQ(odds, starts)
	g.MOVQ(starts, escaped)
	g.XORQ(slashes, escaped)
	g.ANDQ(slashes, starts)
	return starts, escaped
}

// resolve makes of letters that are escaped what they stand for.
func (g *generator) resolve(t textTables, v, letters reg.VecVirtual, escaped reg.GPVirtual) {
	x, which, meant := g.XMM(), g.YMM(), g.YMM()
	g.VMOVD(escaped.As32(), x)
	g.VPBROADCASTD(x, which)
	g.VPSHUFB(t.spread, which, which)
	g.VPAND(t.places, which, which)
	g.VPCMPEQB(t.places, which, which)
	g.VPAND(letters, which, which)
	g.VPSHUFB(v, t.meant, meant)
	g.VPBLENDVB(which, meant, v, v)
}

// join writes the bytes of a block but for those whose bits are set.
func (g *generator) join(t textTables, v reg.VecVirtual, drop, at reg.GPVirtual) {
	upper := g.XMM()
	g.VEXTRACTI128(Imm(1), v, upper)
	for i, part := range []reg.Register{v.AsX(), v.AsX(), upper, upper} {
		some, shuffle, out := g.GP64(), g.XMM(), g.XMM()
		from := part
		if i%2 == 1 {
			from = out
			g.VPSRLDQ(Imm(8), part, out)
		}
		g.MOVQ(drop, some)
		if i > 0 {
			g.SHRQ(Imm(uint64(8*i)), some)
		}
		g.MOVBLZX(some.As8(), some.As32())
		g.VMOVQ(Mem{Base: t.shuffles, Index: some, Scale: 8}, shuffle)
		g.VPSHUFB(shuffle, from, out)
		g.VMOVQ(out, Mem{Base: at})
		g.POPCNTL(some.As32(), some.As32())
		g.ADDQ(Imm(8), at)
		g.SUBQ(some, at)
	}
}

// textTables are what plainText holds in registers.
type textTables struct {
	letters, meant reg.VecVirtual // by half of a byte: the letter of an escape, and what that stands for
	spread, places reg.VecVirtual // make a byte of every bit
	shuffles       reg.GPVirtual  // by the bytes of eight that are left out
	odds, behind   reg.GPVirtual  // every other bit, and the one behind a block
}

func (g *generator) textTables() textTables {
	t := textTables{
		letters: g.YMM(), meant: g.YMM(), spread: g.YMM(), places: g.YMM(),
		shuffles: g.GP64(), odds: g.GP64(), behind: g.GP64(),
	}
	var letters, meant [16]byte
	for letter, is := range map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '/': '/'} {
		letters[letter%16], meant[letter%16] = letter, is
	}
	letters[0] = 0xff // which 0 does not find
	g.VBROADCASTI128(g.data("letters", letters[:]), t.letters)
	g.VBROADCASTI128(g.data("meant", meant[:]), t.meant)
	var spread, places [step]byte
	for i := range step {
		spread[i], places[i] = byte(i/8), 1<<(i%8)
	}
	g.VMOVDQU(g.data("spread", spread[:]), t.spread)
	g.VMOVDQU(g.data("places", places[:]), t.places)
	g.LEAQ(g.data("shuffles", shuffles()), t.shuffles)
	g.MOVQ(U64(0xaaaaaaaaaaaaaaaa), t.odds)
	g.MOVQ(U64(1<<step), t.behind)
	return t
}

// shuffles moves together, for every choice of eight bytes, those that are not
// chosen.
func shuffles() []byte {
	var all []byte
	for drop := range 256 {
		var one [8]byte
		n := 0
		for i := range one {
			if drop>>i&1 == 0 {
				one[n] = byte(i)
				n++
			}
		}
		all = append(all, one[:]...)
	}
	return all
}

// data puts a table into the file.
func (g *generator) data(name string, table []byte) Mem {
	at := g.StaticGlobal(name)
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for ; len(table) > 0; table = table[8:] {
		g.AppendDatum(U64(binary.LittleEndian.Uint64(table)))
	}
	return at
}
