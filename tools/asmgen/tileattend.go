package main

import (
	"fmt"
	"math"
)

// attention writes what stands between the products of attention on tiles: rows
// of a softmax, and their gradients, from float32 to operands of bfloat16.
func (t *tiles) attention() {
	t.asm.WriteString("\n// exp2 is the coefficients of 2^f for f in [0, 1), the highest last.\n")
	for i, c := range exp2Coefs {
		fmt.Fprintf(&t.asm, "DATA exp2<>+%d(SB)/4, $0x%08x\n", 4*i, math.Float32bits(c))
	}
	fmt.Fprintf(&t.asm, "GLOBL exp2<>(SB), RODATA|NOPTR, $%d\n", 4*len(exp2Coefs))
	t.inTurn("pairs takes words of two registers in turn, of their low and of their high halves.", "pairs", 64)
	for _, parts := range []int{1, 2} {
		t.softmax(parts)
		t.softmaxBackward(parts)
	}
}

// exp2Coefs are within 2e-7 of 2^f, rounding included; 2^0 is exact.
var exp2Coefs = []float32{1, 0.6931513, 0.24016444, 0.055799913, 0.009017031, 0.0018671298}

// exp2First is the register of the first coefficient.
const exp2First = 20

func (t *tiles) loadExp2() {
	for i := range exp2Coefs {
		t.do("VBROADCASTSS exp2<>+%d(SB), Z%d", 4*i, exp2First+i)
	}
}

// exp2 makes Z[y] = 2^Z[x] and clobbers Z[f]. What is not finite comes out as it
// should, and so does what is too small.
func (t *tiles) exp2(x, f, y int) {
	last := len(exp2Coefs) - 1
	t.do("VREDUCEPS $9, Z%d, Z%d;VMOVAPS Z%d, Z%d", x, f, exp2First+last, y)
	for i := last - 1; i >= 0; i-- {
		t.do("VFMADD213PS Z%d, Z%d, Z%d", exp2First+i, f, y)
	}
	t.do("VSCALEFPS Z%d, Z%d, Z%d", x, y, y)
}

// reduce leaves op over the lanes of Z[z] in its lowest, and clobbers Z[u].
func (t *tiles) reduce(op string, z, u int) {
	t.do("VEXTRACTF64X4 $1, Z%d, Y%d;%s Y%d, Y%d, Y%d", z, u, op, u, z, z)
	t.do("VEXTRACTF128 $1, Y%d, X%d;%s X%d, X%d, X%d", z, u, op, u, z, z)
	for _, order := range []string{"0x4e", "0xb1"} {
		t.do("VPSHUFD $%s, X%d, X%d;%s X%d, X%d, X%d", order, z, u, op, u, z, z)
	}
}

// Where the fields of softmaxCall lie.
const (
	softScores = 8 * iota
	softLD
	softOut
	softHalf
	softSteps
	softRows
	softSeen
	softMax
	softSum
	softShrink
	softScale
)

// softmax turns rows of scores into probabilities, as rows of tiles. Z4 is what
// the row's earlier answers shrink to, Z30 the scale, Z31 the maximum.
func (t *tiles) softmax(parts int) {
	t.function("tileSoftmax"+suffix(parts), "call *softmaxCall")
	t.do("MOVQ SI, R15;MOVQ %d(R15), SI;MOVQ %d(R15), R8;MOVQ %d(R15), DI", softScores, softLD, softOut)
	t.do("MOVQ %d(R15), R10;MOVQ %d(R15), R11;MOVQ %d(R15), DX", softSteps, softRows, softSeen)
	t.do("MOVQ %d(R15), R12;MOVQ %d(R15), R13;MOVQ %d(R15), R14", softMax, softSum, softShrink)
	t.loadExp2()
	t.do("VBROADCASTSS %d(R15), Z30;MOVL $0xff800000, AX;VMOVD AX, X29;VBROADCASTSS X29, Z29", softScale)
	t.do("VPXORQ Z28, Z28, Z28;XORQ BX, BX")
	t.label("row")
	t.do("TESTQ DX, DX")
	t.jump("JLE", "blind")
	// R9 whole vectors of 32 keys, and K1 and K2 of those that the row sees last.
	t.do("MOVQ R10, R9;SHLQ $5, R9;CMPQ DX, R9;CMOVQLT DX, R9;DECQ R9;MOVQ R9, CX;ANDQ $31, CX")
	t.do("MOVL $2, AX;SHLQ CX, AX;DECQ AX;KMOVW AX, K1;SHRQ $16, AX;KMOVW AX, K2;SHRQ $5, R9")
	t.do("MOVQ SI, AX;MOVQ R9, CX")
	for i := range 4 { // as many as hide the latency of a maximum
		t.do("VMOVAPS Z29, Z%d", i)
	}
	t.label("max")
	t.do("SUBQ $2, CX")
	t.jump("JLT", "lessmax")
	for i := range 4 {
		t.do("VMAXPS %d(AX), Z%d, Z%d", 64*i, i, i)
	}
	t.do("ADDQ $256, AX")
	t.jump("JMP", "max")
	t.label("lessmax")
	t.do("TESTQ $1, CX")
	t.jump("JEQ", "lastmax")
	t.do("VMAXPS (AX), Z0, Z0;VMAXPS 64(AX), Z1, Z1;ADDQ $128, AX")
	t.label("lastmax")
	t.do("VMAXPS (AX), Z0, K1, Z0;VMAXPS 64(AX), Z1, K2, Z1")
	t.do("VMAXPS Z2, Z0, Z0;VMAXPS Z3, Z1, Z1;VMAXPS Z1, Z0, Z0")
	t.reduce("VMAXPS", 0, 1)
	t.do("VMULSS X30, X0, X0;VMOVSS (R12), X1;VMAXSS X1, X0, X0;VMOVSS X0, (R12)")
	t.do("VSUBSS X0, X1, X1;VBROADCASTSS X0, Z31;VBROADCASTSS X1, Z1")
	t.exp2(1, 2, 4)
	t.do("VMOVSS X4, (R14);VPXORQ Z8, Z8, Z8;VPXORQ Z9, Z9, Z9;MOVQ SI, AX;MOVQ DI, CX;TESTQ R9, R9")
	exps := func() {
		t.do("VMOVUPS (AX), Z0;VMOVUPS 64(AX), Z1;VFMSUB213PS Z31, Z30, Z0;VFMSUB213PS Z31, Z30, Z1")
		t.exp2(0, 2, 3)
		t.exp2(1, 5, 6)
	}
	sums := func() {
		t.do("VADDPS Z3, Z8, Z8;VADDPS Z6, Z9, Z9")
		for part := range parts {
			t.part(part, 7, 6, 3, 10)
			t.do("VMOVUPS Z7, %d(CX)", 1024*part)
		}
		t.do("ADDQ $%d, CX", 1024*parts)
	}
	t.jump("JEQ", "last")
	t.label("keys")
	exps()
	sums()
	t.do("ADDQ $128, AX;DECQ R9")
	t.jump("JNZ", "keys")
	t.label("last")
	exps()
	t.do("VMOVAPS.Z Z3, K1, Z3;VMOVAPS.Z Z6, K2, Z6")
	sums()
	t.do("VADDPS Z9, Z8, Z8")
	t.reduce("VADDPS", 8, 9)
	t.do("VFMADD231SS (R13), X4, X8;VMOVSS X8, (R13)")
	t.label("rest") // nothing from CX to the end of the row
	t.do("MOVQ R10, R9;IMULQ $%d, R9;ADDQ DI, R9", 1024*parts)
	t.label("unseen")
	t.do("CMPQ CX, R9")
	t.jump("JGE", "next")
	for part := range parts {
		t.do("VMOVUPS Z28, %d(CX)", 1024*part)
	}
	t.do("ADDQ $%d, CX", 1024*parts)
	t.jump("JMP", "unseen")
	t.label("blind")
	t.do("VMOVSS X%d, (R14);MOVQ DI, CX", exp2First)
	t.jump("JMP", "rest")
	t.label("next")
	t.do("ADDQ $4, R12;ADDQ $4, R13;ADDQ $4, R14;ADDQ R8, SI;ADDQ $64, DI;INCQ DX;INCQ BX;CMPQ BX, $16")
	t.jump("JNE", "same")
	t.do("ADDQ %d(R15), DI;SUBQ $1024, DI", softHalf)
	t.label("same")
	t.do("DECQ R11")
	t.jump("JNZ", "row")
	t.end()
}

// Where the fields of softmaxBackCall lie.
const (
	backScores = 8 * iota
	backDP
	backLD
	backP
	backDS
	backHalf
	backRight
	backPanel
	backLSE
	backDelta
	backPanels
	backDiagonal
	backLogScale
	backScale = backLogScale + 4
)

// softmaxBackward turns scores of 32 keys, and the gradients of probabilities,
// into probabilities and gradients of scores: both as rows of tiles, the latter as
// a panel too. Z16 and Z17 are the log-sum-exp of a panel's queries, Z18 and Z19
// their delta, Z29 and Z30 the scales.
func (t *tiles) softmaxBackward(parts int) {
	t.function("tileSoftmaxBackward"+suffix(parts), "call *softmaxBackCall")
	t.do("MOVQ SI, R15;MOVQ %d(R15), SI;MOVQ %d(R15), R8;MOVQ %d(R15), R9", backScores, backDP, backLD)
	t.do("MOVQ %d(R15), DI;MOVQ %d(R15), DX;MOVQ %d(R15), R13", backP, backDS, backHalf)
	t.do("MOVQ %d(R15), R10;MOVQ %d(R15), R14;MOVQ %d(R15), CX", backRight, backLSE, backDelta)
	t.do("MOVQ %d(R15), R11", backPanels)
	t.loadExp2()
	t.do("VBROADCASTSS %d(R15), Z30;VBROADCASTSS %d(R15), Z29", backLogScale, backScale)
	t.do("VMOVDQU64 pairs<>+0(SB), Z28;VMOVDQU64 pairs<>+64(SB), Z31")
	t.do("CMPQ %d(R15), $0", backDiagonal)
	t.jump("JEQ", "panel")
	t.panelBackward(parts, true)
	t.do("DECQ R11")
	t.jump("JEQ", "done")
	t.label("panel")
	t.panelBackward(parts, false)
	t.do("DECQ R11")
	t.jump("JNZ", "panel")
	t.label("done")
	t.end()
}

// panelBackward is softmaxBackward of one panel of 32 queries. On the diagonal
// row r has to do with queries from r on.
func (t *tiles) panelBackward(parts int, diagonal bool) {
	at := func(name string) string { return fmt.Sprintf("%s%t", name, diagonal) }
	t.do("VMOVUPS (R14), Z16;VMOVUPS 64(R14), Z17;VMULPS (CX), Z29, Z18;VMULPS 64(CX), Z29, Z19")
	t.do("ADDQ $128, R14;ADDQ $128, CX;MOVQ $16, R12")
	if diagonal {
		t.do("MOVL $-1, BX")
	}
	t.label(at("pair"))
	for r := range 2 {
		t.rowBackward(parts, 8*r, diagonal)
	}
	for part := range parts {
		t.do("VMOVAPS Z%d, Z0;VPERMT2W Z%d, Z28, Z0;VMOVUPS Z0, %d(R10)", 6+part, 14+part, 2048*part)
		t.do("VPERMT2W Z%d, Z31, Z%d;VMOVUPS Z%d, %d(R10)", 14+part, 6+part, 6+part, 2048*part+1024)
	}
	t.do("ADDQ $64, R10;DECQ R12;CMPQ R12, $8")
	t.jump("JNE", at("same"))
	t.do("ADDQ R13, DI;SUBQ $1024, DI;ADDQ R13, DX;SUBQ $1024, DX")
	t.label(at("same"))
	t.do("TESTQ R12, R12")
	t.jump("JNZ", at("pair"))
	t.do("MOVQ R9, AX;SHLQ $5, AX;SUBQ $128, AX;SUBQ AX, SI;SUBQ AX, R8")
	t.do("SUBQ R13, DI;SUBQ R13, DX;ADDQ $%d, DI;ADDQ $%d, DX;ADDQ %d(R15), R10;SUBQ $1024, R10", 1024*(parts-1), 1024*(parts-1), backPanel)
}

// rowBackward is one row of a panel, in registers from Z[z] on. The gradients'
// words stay in Z[z+6], and Z[z+7] for the second part.
func (t *tiles) rowBackward(parts, z int, diagonal bool) {
	t.do("VMOVUPS (SI), Z%d;VMOVUPS 64(SI), Z%d;ADDQ R9, SI", z, z+1)
	t.do("VFMSUB213PS Z16, Z30, Z%d;VFMSUB213PS Z17, Z30, Z%d", z, z+1)
	t.exp2(z, z+2, z+3)
	t.exp2(z+1, z+4, z+5)
	t.do("VMOVUPS (R8), Z%d;VMOVUPS 64(R8), Z%d;ADDQ R9, R8", z, z+1)
	t.do("VFMSUB213PS Z18, Z29, Z%d;VFMSUB213PS Z19, Z29, Z%d", z, z+1)
	if diagonal {
		t.do("KMOVW BX, K1;MOVL BX, AX;SHRL $16, AX;KMOVW AX, K2;SHLL $1, BX")
		t.do("VMOVAPS.Z Z%d, K1, Z%d;VMOVAPS.Z Z%d, K2, Z%d", z+3, z+3, z+5, z+5)
		t.do("VMULPS.Z Z%d, Z%d, K1, Z%d;VMULPS.Z Z%d, Z%d, K2, Z%d", z+3, z, z, z+5, z+1, z+1)
	} else {
		t.do("VMULPS Z%d, Z%d, Z%d;VMULPS Z%d, Z%d, Z%d", z+3, z, z, z+5, z+1, z+1)
	}
	for part := range parts {
		t.part(part, z+2, z+5, z+3, z+4)
		t.do("VMOVUPS Z%d, %d(DI)", z+2, 1024*part)
	}
	for part := range parts {
		t.part(part, z+6+part, z+1, z, z+4)
		t.do("VMOVUPS Z%d, %d(DX)", z+6+part, 1024*part)
	}
	t.do("ADDQ $64, DI;ADDQ $64, DX")
}
