// Command blake3lanes writes the machine code of internal/blake3lanes: sixteen
// chunks or parents of BLAKE3 at once, one in each 32-bit lane of the wide
// vectors. Run it by go generate there. What it writes is committed; a test
// compares the two.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"

	"github.com/swerm/swerm/tools/asmgen/assembly"
)

const (
	lanes = 16
	asm   = "blocks_amd64.s"
)

// order is how the words of a block are permuted from round to round.
var order = [16]int{2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8}

// quarters are the words of the state that each of a round's eight mixings
// takes: columns, then diagonals.
var quarters = [8][4]int{{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15}, {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14}}

var initial = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

func main() { assembly.Main("../../internal/blake3lanes", generate) }

func generate() (map[string][]byte, error) {
	g := &generator{File: assembly.New("blake3lanes", "blake3lanes")}
	g.blocks()
	g.StaticGlobal("initial")
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, v := range initial {
		g.AppendDatum(U32(v))
	}
	text, err := g.Text()
	return map[string][]byte{asm: text}, err
}

type generator struct {
	*assembly.File
	m [16]reg.VecVirtual // a block, one word of every lane each
	v [16]reg.VecVirtual
}

// blocks is func blocks(values *[8][16]uint32, text *byte, stride, n int,
// counter *[2][16]uint32, flags *[3]uint32): it makes the chaining value of
// every lane from n blocks, those of lane i from text+i*stride on. The flags
// are of the first block, of those between and of the last; where there is one
// block only it gets the last's.
func (g *generator) blocks() {
	param := g.Func("blocks", "(values *[8][16]uint32, text *byte, stride, n int, counter *[2][16]uint32, flags *[3]uint32)", "values", "text", "stride", "n", "counter", "flags")
	values, text, stride, n, counter, flags := param[0], param[1], param[2], param[3], param[4], param[5]
	key, flag, p, last := g.GP64(), g.GP64(), g.GP64(), g.GP64()
	g.LEAQ(NewDataAddr(Symbol{Name: "initial", Static: true}, 0), key)
	for i := range 8 {
		v := g.ZMM()
		g.VPBROADCASTD(Mem{Base: key, Disp: 4 * i}, v)
		g.VMOVDQU32(v, Mem{Base: values, Disp: 64 * i})
	}
	g.MOVQ(flags, flag)
	g.LEAQ(Mem{Base: flags, Disp: 8}, last)
	g.Label("block")
	g.CMPQ(n, Imm(1))
	g.CMOVQEQ(last, flag)
	g.MOVQ(text, p)
	for i := range lanes {
		g.m[i] = g.ZMM()
		g.VMOVDQU32(Mem{Base: p}, g.m[i])
		if i+1 < lanes {
			g.ADDQ(stride, p)
		}
	}
	g.Transpose(&g.m)
	for i := range g.v {
		g.v[i] = g.ZMM()
		switch {
		case i < 8:
			g.VMOVDQU32(Mem{Base: values, Disp: 64 * i}, g.v[i])
		case i < 12:
			g.VPBROADCASTD(Mem{Base: key, Disp: 4 * (i - 8)}, g.v[i])
		case i < 14:
			g.VMOVDQU32(Mem{Base: counter, Disp: 64 * (i - 12)}, g.v[i])
		case i == 14:
			length := g.GP32()
			g.MOVL(U32(64), length)
			g.VPBROADCASTD(length, g.v[i])
		default:
			g.VPBROADCASTD(Mem{Base: flag}, g.v[i])
		}
	}
	for range 7 {
		g.round()
	}
	for i := range 8 {
		g.VPXORD(g.v[i+8], g.v[i], g.v[i])
		g.VMOVDQU32(g.v[i], Mem{Base: values, Disp: 64 * i})
	}
	g.LEAQ(Mem{Base: flags, Disp: 4}, flag)
	g.ADDQ(Imm(64), text)
	g.DECQ(n)
	g.JNZ(LabelRef("block"))
	g.VZEROUPPER()
	g.RET()
}

// round mixes eight times and permutes the words for the next round.
func (g *generator) round() {
	for half := range 2 {
		q := quarters[4*half : 4*half+4]
		step := func(f func(a, b, c, d reg.VecVirtual, k int)) {
			for k, w := range q { // four at a time, which do not wait for each other
				f(g.v[w[0]], g.v[w[1]], g.v[w[2]], g.v[w[3]], 8*half+2*k)
			}
		}
		for i, turn := range [2][2]uint64{{16, 12}, {8, 7}} {
			step(func(a, _, _, _ reg.VecVirtual, k int) { g.VPADDD(g.m[k+i], a, a) })
			step(func(a, b, _, _ reg.VecVirtual, _ int) { g.VPADDD(b, a, a) })
			step(func(a, _, _, d reg.VecVirtual, _ int) { g.VPXORD(a, d, d) })
			step(func(_, _, _, d reg.VecVirtual, _ int) { g.VPRORD(Imm(turn[0]), d, d) })
			step(func(_, _, c, d reg.VecVirtual, _ int) { g.VPADDD(d, c, c) })
			step(func(_, b, c, _ reg.VecVirtual, _ int) { g.VPXORD(c, b, b) })
			step(func(_, b, _, _ reg.VecVirtual, _ int) { g.VPRORD(Imm(turn[1]), b, b) })
		}
	}
	m := g.m
	for i, from := range order {
		g.m[i] = m[from]
	}
}
