package assembly

import (
	. "github.com/mmcloughlin/avo/operand" //nolint:revive // operands read as assembly
	"github.com/mmcloughlin/avo/reg"
)

// Transpose turns 16 words of each of 16 lanes, a vector a lane, into a vector
// of all lanes a word.
func (f *File) Transpose(m *[16]reg.VecVirtual) {
	for i := 0; i < 16; i += 2 { // pairs of words within quarters
		lo, hi := f.ZMM(), m[i+1]
		f.VPUNPCKLDQ(m[i+1], m[i], lo)
		f.VPUNPCKHDQ(m[i+1], m[i], hi)
		m[i], m[i+1] = lo, hi
	}
	for i := 0; i < 16; i += 4 { // fours
		a, b, c, d := m[i], m[i+1], m[i+2], m[i+3]
		x, y := f.ZMM(), f.ZMM()
		f.VPUNPCKLQDQ(c, a, x)
		f.VPUNPCKHQDQ(c, a, c)
		f.VPUNPCKLQDQ(d, b, y)
		f.VPUNPCKHQDQ(d, b, d)
		m[i], m[i+1], m[i+2], m[i+3] = x, c, y, d
	}
	// Now m[4q+j] holds word 4k+j of lanes 4q to 4q+3 in its quarter k.
	for j := range 4 {
		a, b, c, d := m[j], m[4+j], m[8+j], m[12+j]
		ab, cd := f.ZMM(), f.ZMM()
		f.VSHUFI32X4(Imm(0x44), b, a, ab) // quarters a0 a1 b0 b1
		f.VSHUFI32X4(Imm(0xee), b, a, b)  // a2 a3 b2 b3
		f.VSHUFI32X4(Imm(0x44), d, c, cd)
		f.VSHUFI32X4(Imm(0xee), d, c, d)
		f.VSHUFI32X4(Imm(0x88), cd, ab, a)  // a0 b0 c0 d0
		f.VSHUFI32X4(Imm(0xdd), cd, ab, cd) // a1 b1 c1 d1
		f.VSHUFI32X4(Imm(0x88), d, b, c)
		f.VSHUFI32X4(Imm(0xdd), d, b, d)
		m[j], m[4+j], m[8+j], m[12+j] = a, cd, c, d
	}
}
