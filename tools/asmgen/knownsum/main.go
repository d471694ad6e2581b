// Command knownsum writes the machine code of internal/knownsum: carry-less
// products of a text and a key, 16 bytes at a time. Run it by go generate there.
// What it writes is committed; a test compares the two.
package main

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"

	"github.com/swerm/swerm/tools/asmgen/assembly"
)

const (
	asm        = "multiply_amd64.s"
	chunkBytes = 1024
	// sums are kept apart, so that products do not wait for each other.
	sums = 4
)

func main() { assembly.Main("../../internal/knownsum", generate) }

func generate() (map[string][]byte, error) {
	g := assembly.New("knownsum", "knownsum")
	multiply(g)
	text, err := g.Text()
	return map[string][]byte{asm: text}, err
}

// multiply is func multiply(values, text *byte, n int, key *byte).
func multiply(g *assembly.File) {
	param := g.Func("multiply", "(values, text *byte, n int, key *byte)", "values", "text", "n", "key")
	values, text, n, key := param[0], param[1], param[2], param[3]
	at := g.GP64()
	var sum [sums]reg.VecVirtual
	for i := range sum {
		sum[i] = g.XMM()
	}
	g.Label("chunk")
	for _, s := range sum {
		g.VPXOR(s, s, s)
	}
	g.XORQ(at, at)
	g.Label("pairs")
	for i, s := range sum {
		v := g.XMM()
		g.VMOVDQU(Mem{Base: text, Index: at, Scale: 1, Disp: 16 * i}, v)
		g.VPXOR(Mem{Base: key, Index: at, Scale: 1, Disp: 16 * i}, v, v)
		g.VPCLMULQDQ(Imm(0x10), v, v, v) // its low word times its high word
		g.VPXOR(v, s, s)
	}
	g.ADDQ(Imm(16*sums), at)
	g.CMPQ(at, U32(chunkBytes))
	g.JNE(LabelRef("pairs"))
	for _, s := range sum[1:] {
		g.VPXOR(s, sum[0], sum[0])
	}
	g.VMOVDQU(sum[0], Mem{Base: values})
	g.ADDQ(Imm(16), values)
	g.ADDQ(U32(chunkBytes), text)
	g.DECQ(n)
	g.JNZ(LabelRef("chunk"))
	g.RET()
}
