// Command sha256lanes writes the machine code of internal/sha256lanes: SHA-256
// of sixteen messages at once, one in each 32-bit lane of the wide vectors, and of
// two side by side where the processor has instructions for it. Run
// it by go generate there. What it writes is committed; a test compares the two.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"

	"github.com/swerm/swerm/tools/asmgen/assembly"
)

const (
	lanes = 16
	words = 16 // of a block
	asm   = "blocks_amd64.s"
)

func main() { assembly.Main("../../internal/sha256lanes", generate) }

func generate() (map[string][]byte, error) {
	g := &generator{File: assembly.New("sha256lanes", "sha256lanes")}
	g.blocks()
	g.pair()
	g.tables()
	text, err := g.Text()
	return map[string][]byte{asm: text}, err
}

// The immediates of VPTERNLOGD are truth tables: bit 4a+2b+c is f(a, b, c).
const (
	xor3     = 0x96
	choose   = 0xca // a ? b : c
	majority = 0xe8
)

type generator struct {
	*assembly.File
	w [words]reg.VecVirtual // the message schedule, one word of every lane each
}

// blocks is func blocks(state *[8][16]uint32, at *[16]*byte, n int): n blocks
// of every lane, which lie one behind the other from at[lane] on. The bytes must
// not move: at is read once and the stack does not grow.
func (g *generator) blocks() {
	param := g.Func("blocks", "(state *[8][16]uint32, at *[16]*byte, n int)", "state", "at", "n")
	state, at, n := param[0], param[1], param[2]
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
	g.Transpose(&g.w)
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
