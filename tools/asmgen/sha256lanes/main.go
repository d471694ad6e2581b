// Command sha256lanes writes the machine code of internal/sha256lanes: SHA-256
// of sixteen messages at once, one in each 32-bit lane of the wide vectors. Run
// it by go generate there. What it writes is committed; a test compares the two.
package main

import (
	"bytes"
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
	words = 16 // of a block
	asm   = "blocks_amd64.s"
)

func main() {
	out := flag.String("dir", "../../internal/sha256lanes", "folder of the package")
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
	g.tables()
	file, err := g.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	text, err := printer.NewGoAsm(printer.Config{Name: "sha256lanes", Pkg: "sha256lanes"}).Print(file)
	return bytes.TrimLeft(text, "\n"), err
}

// The immediates of VPTERNLOGD are truth tables: bit 4a+2b+c is f(a, b, c).
const (
	xor3     = 0x96
	choose   = 0xca // a ? b : c
	majority = 0xe8
)

type generator struct {
	*build.Context
	w [words]reg.VecVirtual // the message schedule, one word of every lane each
}

// blocks is func blocks(state *[8][16]uint32, at *[16]*byte, n int): n blocks
// of every lane, which lie one behind the other from at[lane] on. The bytes must
// not move: at is read once and the stack does not grow.
func (g *generator) blocks() {
	g.Function("blocks")
	g.Attributes(attr.NOSPLIT)
	g.SignatureExpr("func(state *[8][16]uint32, at *[16]*byte, n int)")
	state := g.Load(g.Param("state"), g.GP64())
	at := g.Load(g.Param("at"), g.GP64())
	n := g.Load(g.Param("n"), g.GP64())
	offset, p, k := g.GP64(), g.GP64(), g.GP64()
	var s [8]reg.VecVirtual
	for i := range s {
		s[i] = g.ZMM()
		g.VMOVDQU32(Mem{Base: state, Disp: 64 * i}, s[i])
	}
	g.LEAQ(NewDataAddr(Symbol{Name: "rounds", Static: true}, 0), k)
	g.XORQ(offset, offset)
	g.Label("block")
	for lane := range lanes {
		g.w[lane] = g.ZMM()
		g.MOVQ(Mem{Base: at, Disp: 8 * lane}, p)
		g.VMOVDQU32(Mem{Base: p, Index: offset, Scale: 1}, g.w[lane])
	}
	g.transpose()
	r := s
	for t := range 64 {
		r = g.round(r, t, k)
	}
	for i := range s {
		g.VPADDD(Mem{Base: state, Disp: 64 * i}, r[i], s[i])
		g.VMOVDQU32(s[i], Mem{Base: state, Disp: 64 * i})
	}
	g.ADDQ(Imm(64), offset)
	g.DECQ(n)
	g.JNZ(LabelRef("block"))
	g.VZEROUPPER()
	g.RET()
}

// transpose turns a block of each lane into a word of all lanes, in the byte
// order of the processor.
func (g *generator) transpose() {
	swap := NewDataAddr(Symbol{Name: "swap", Static: true}, 0)
	for i := range g.w {
		g.VPSHUFB(swap, g.w[i], g.w[i])
	}
	for i := 0; i < 16; i += 2 { // pairs of words within quarters
		lo, hi := g.ZMM(), g.w[i+1]
		g.VPUNPCKLDQ(g.w[i+1], g.w[i], lo)
		g.VPUNPCKHDQ(g.w[i+1], g.w[i], hi)
		g.w[i], g.w[i+1] = lo, hi
	}
	for i := 0; i < 16; i += 4 { // fours
		a, b, c, d := g.w[i], g.w[i+1], g.w[i+2], g.w[i+3]
		x, y := g.ZMM(), g.ZMM()
		g.VPUNPCKLQDQ(c, a, x)
		g.VPUNPCKHQDQ(c, a, c)
		g.VPUNPCKLQDQ(d, b, y)
		g.VPUNPCKHQDQ(d, b, d)
		g.w[i], g.w[i+1], g.w[i+2], g.w[i+3] = x, c, y, d
	}
	// Now w[4q+j] holds word 4k+j of lanes 4q to 4q+3 in its quarter k.
	for j := range 4 {
		a, b, c, d := g.w[j], g.w[4+j], g.w[8+j], g.w[12+j]
		ab, cd := g.ZMM(), g.ZMM()
		g.VSHUFI32X4(Imm(0x44), b, a, ab) // quarters a0 a1 b0 b1
		g.VSHUFI32X4(Imm(0xee), b, a, b)  // a2 a3 b2 b3
		g.VSHUFI32X4(Imm(0x44), d, c, cd)
		g.VSHUFI32X4(Imm(0xee), d, c, d)
		w0, w2 := a, c
		g.VSHUFI32X4(Imm(0x88), cd, ab, w0) // a0 b0 c0 d0
		g.VSHUFI32X4(Imm(0xdd), cd, ab, cd) // a1 b1 c1 d1
		g.VSHUFI32X4(Imm(0x88), d, b, w2)
		g.VSHUFI32X4(Imm(0xdd), d, b, d)
		g.w[j], g.w[4+j], g.w[8+j], g.w[12+j] = w0, cd, w2, d
	}
}

// round does one round and returns the registers in their new roles.
func (g *generator) round(s [8]reg.VecVirtual, t int, k reg.GPVirtual) [8]reg.VecVirtual {
	a, b, c, d, e, f, gg, h := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	if t >= words {
		g.extend(t)
	}
	sum, pick := g.ZMM(), g.ZMM()
	next := g.ZMM() // h is the state's own in the first round
	g.VPADDD_BCST(Mem{Base: k, Disp: 4 * t}, h, next)
	g.VPADDD(g.w[t%words], next, next)
	g.sigma(e, 6, 11, 25, sum)
	g.VMOVDQA32(e, pick)
	g.VPTERNLOGD(Imm(choose), gg, f, pick)
	g.VPADDD(sum, next, next)
	g.VPADDD(pick, next, next)
	g.VPADDD(next, d, d)
	g.sigma(a, 2, 13, 22, sum)
	g.VMOVDQA32(a, pick)
	g.VPTERNLOGD(Imm(majority), c, b, pick)
	g.VPADDD(sum, next, next)
	g.VPADDD(pick, next, next)
	return [8]reg.VecVirtual{next, a, b, c, d, e, f, gg}
}

// sigma is the exclusive or of x rotated right three times.
func (g *generator) sigma(x reg.VecVirtual, i, j, k uint64, to reg.VecVirtual) {
	y, z := g.ZMM(), g.ZMM()
	g.VPRORD(Imm(i), x, to)
	g.VPRORD(Imm(j), x, y)
	g.VPRORD(Imm(k), x, z)
	g.VPTERNLOGD(Imm(xor3), z, y, to)
}

// extend makes word t of the schedule in place of word t-16.
func (g *generator) extend(t int) {
	w := func(i int) reg.VecVirtual { return g.w[(t+words-i)%words] }
	to := w(16)
	sum := g.ZMM()
	g.small(w(15), 7, 18, 3, sum)
	g.VPADDD(w(7), to, to)
	g.VPADDD(sum, to, to)
	g.small(w(2), 17, 19, 10, sum)
	g.VPADDD(sum, to, to)
}

func (g *generator) small(x reg.VecVirtual, i, j, shift uint64, to reg.VecVirtual) {
	y, z := g.ZMM(), g.ZMM()
	g.VPRORD(Imm(i), x, to)
	g.VPRORD(Imm(j), x, y)
	g.VPSRLD(Imm(shift), x, z)
	g.VPTERNLOGD(Imm(xor3), z, y, to)
}

func (g *generator) tables() {
	g.StaticGlobal("rounds")
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, k := range constants() {
		g.AppendDatum(U32(k))
	}
	g.StaticGlobal("swap")
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for range 4 {
		for _, v := range []uint32{0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f} {
			g.AppendDatum(U32(v))
		}
	}
}

// constants are the first 32 bits of the fractions of the cube roots of the
// first 64 primes.
func constants() []uint32 {
	var ks []uint32
	for p := uint64(2); len(ks) < 64; p++ {
		prime := true
		for d := uint64(2); d*d <= p; d++ {
			prime = prime && p%d != 0
		}
		if prime {
			ks = append(ks, uint32(cubeRoot(p)))
		}
	}
	return ks
}
