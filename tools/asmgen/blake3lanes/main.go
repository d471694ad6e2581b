// Command blake3lanes writes the machine code of internal/blake3lanes: sixteen
// chunks or parents of BLAKE3 at once, one in each 32-bit lane of the wide
// vectors. Run it by go generate there. What it writes is committed; a test
// compares the two.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
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

func main() {
	out := flag.String("dir", "../../internal/blake3lanes", "folder of the package")
	flag.Parse()
	text, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*out, asm), text, 0o644); err != nil {
		log.Fatal(err)
	}
}

func generate() ([]byte, error) {
	g := &generator{Context: build.NewContext()}
	g.ConstraintExpr("amd64")
	g.blocks()
	g.StaticGlobal("initial")
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, v := range initial {
		g.AppendDatum(U32(v))
	}
	file, err := g.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	return printer.NewGoAsm(printer.Config{Name: "blake3lanes", Pkg: "blake3lanes"}).Print(file)
}

type generator struct {
	*build.Context
	m [16]reg.VecVirtual // a block, one word of every lane each
	v [16]reg.VecVirtual
}

// blocks is func blocks(values *[8][16]uint32, text *byte, stride, n int,
// counter *[2][16]uint32, flags *[3]uint32): it makes the chaining value of
// every lane from n blocks, those of lane i from text+i*stride on. The flags
// are of the first block, of those between and of the last; where there is one
// block only it gets the last's.
func (g *generator) blocks() {
	g.Function("blocks")
	g.Attributes(attr.NOSPLIT)
	g.SignatureExpr("func(values *[8][16]uint32, text *byte, stride, n int, counter *[2][16]uint32, flags *[3]uint32)")
	values := g.Load(g.Param("values"), g.GP64()).(reg.GPVirtual)
	text := g.Load(g.Param("text"), g.GP64()).(reg.GPVirtual)
	stride := g.Load(g.Param("stride"), g.GP64()).(reg.GPVirtual)
	n := g.Load(g.Param("n"), g.GP64()).(reg.GPVirtual)
	counter := g.Load(g.Param("counter"), g.GP64()).(reg.GPVirtual)
	flags := g.Load(g.Param("flags"), g.GP64()).(reg.GPVirtual)
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
	g.transpose()
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

// transpose turns a block of each lane into a word of all lanes.
func (g *generator) transpose() {
	for i := 0; i < 16; i += 2 { // pairs of words within quarters
		lo, hi := g.ZMM(), g.m[i+1]
		g.VPUNPCKLDQ(g.m[i+1], g.m[i], lo)
		g.VPUNPCKHDQ(g.m[i+1], g.m[i], hi)
		g.m[i], g.m[i+1] = lo, hi
	}
	for i := 0; i < 16; i += 4 { // fours
		a, b, c, d := g.m[i], g.m[i+1], g.m[i+2], g.m[i+3]
		x, y := g.ZMM(), g.ZMM()
		g.VPUNPCKLQDQ(c, a, x)
		g.VPUNPCKHQDQ(c, a, c)
		g.VPUNPCKLQDQ(d, b, y)
		g.VPUNPCKHQDQ(d, b, d)
		g.m[i], g.m[i+1], g.m[i+2], g.m[i+3] = x, c, y, d
	}
	// Now m[4q+j] holds word 4k+j of lanes 4q to 4q+3 in its quarter k.
	for j := range 4 {
		a, b, c, d := g.m[j], g.m[4+j], g.m[8+j], g.m[12+j]
		ab, cd := g.ZMM(), g.ZMM()
		g.VSHUFI32X4(Imm(0x44), b, a, ab) // quarters a0 a1 b0 b1
		g.VSHUFI32X4(Imm(0xee), b, a, b)  // a2 a3 b2 b3
		g.VSHUFI32X4(Imm(0x44), d, c, cd)
		g.VSHUFI32X4(Imm(0xee), d, c, d)
		g.VSHUFI32X4(Imm(0x88), cd, ab, a) // a0 b0 c0 d0
		g.VSHUFI32X4(Imm(0xdd), cd, ab, cd)
		g.VSHUFI32X4(Imm(0x88), d, b, c)
		g.VSHUFI32X4(Imm(0xdd), d, b, d)
		g.m[j], g.m[4+j], g.m[8+j], g.m[12+j] = a, cd, c, d
	}
}
