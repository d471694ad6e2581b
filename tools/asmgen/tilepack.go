package main

import "fmt"

// conversions writes what makes tiles of bfloat16 from rows of float32. Of two
// parts of an operand, hi tiles lie before lo ones, at each step of 32 of depth.
func (t *tiles) conversions() {
	t.inTurn("interleave takes words of two halves in turn.", "interleave", 32)
	for _, parts := range []int{1, 2} {
		t.leftRows(parts)
		t.leftCols(parts)
		t.rightRows(parts, false)
		t.rightRows(parts, true)
		t.rightCols(parts)
	}
}

// inTurn writes a table of so many words: numbers of the first half and of the
// second in turn.
func (t *tiles) inTurn(what, name string, words int) {
	fmt.Fprintf(&t.asm, "\n// %s\n", what)
	for i := 0; i < words; i += 4 {
		v := uint64(0)
		for j := range 4 {
			v |= uint64((i+j)/2+(i+j)%2*words/2) << (16 * j)
		}
		fmt.Fprintf(&t.asm, "DATA %s<>+%d(SB)/8, $0x%016x\n", name, 2*i, v)
	}
	fmt.Fprintf(&t.asm, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name, 2*words)
}

const (
	srcParam = "src *float32"
	dstParam = "dst unsafe.Pointer" // tiles
)

// part rounds Z[low] and Z[high] to bfloat16, or what that leaves of them, which
// clobbers both and Z[u].
func (t *tiles) part(part, dst, high, low, u int) {
	t.halve(dst, high, low)
	if part == 0 {
		return
	}
	t.do("VPMOVZXWD Y%d, Z%d;VPSLLD $16, Z%d, Z%d;VSUBPS Z%d, Z%d, Z%d", dst, u, u, u, u, low, low)
	t.do("VEXTRACTI64X4 $1, Z%d, Y%d;VPMOVZXWD Y%d, Z%d;VPSLLD $16, Z%d, Z%d;VSUBPS Z%d, Z%d, Z%d", dst, u, u, u, u, u, u, high, high)
	t.halve(dst, high, low)
}

// masks sets K1 and K2 to the lanes of the first and second vector of 16 that
// exist of count, which is less than 32; it clobbers AX and CX.
func (t *tiles) masks(count string) {
	t.do("MOVQ %s, CX;MOVL $1, AX;SHLL CX, AX;DECL AX;KMOVW AX, K1;SHRL $16, AX;KMOVW AX, K2", count)
}

// allOrSome is masks for a count of at least one, of which 32 exist at most.
func (t *tiles) allOrSome(count string) {
	t.do("MOVL $-1, AX;CMPQ %s, $32", count)
	t.jump("JGE", "whole")
	t.do("MOVQ %s, CX;MOVL $1, AX;SHLL CX, AX;DECL AX", count)
	t.label("whole")
	t.do("KMOVW AX, K1;SHRL $16, AX;KMOVW AX, K2")
}

// leftRows: at most 16 rows of n numbers, ld bytes apart, become the rows of
// tiles of 32 numbers.
func (t *tiles) leftRows(parts int) {
	t.function("tileRows"+suffix(parts), srcParam, "ld int", dstParam, "rows int", "n int")
	convert := func() {
		for part := range parts {
			t.part(part, 2, 1, 0, 3)
			t.do("VMOVUPS Z2, %d(DX)", 1024*part)
		}
	}
	t.do("MOVQ R10, R11;ANDQ $31, R11")
	t.masks("R11")
	t.label("row")
	t.do("MOVQ SI, BX;MOVQ DI, DX;MOVQ R10, R12;SHRQ $5, R12")
	t.jump("JEQ", "rest")
	t.label("step")
	t.do("VMOVUPS (BX), Z0;VMOVUPS 64(BX), Z1")
	convert()
	t.do("ADDQ $128, BX;ADDQ $%d, DX;DECQ R12", 1024*parts)
	t.jump("JNZ", "step")
	t.label("rest")
	t.do("TESTQ R11, R11")
	t.jump("JEQ", "next")
	t.do("VMOVUPS.Z (BX), K1, Z0;VMOVUPS.Z 64(BX), K2, Z1")
	convert()
	t.label("next")
	t.do("ADDQ R8, SI;ADDQ $64, DI;DECQ R9")
	t.jump("JNZ", "row")
	t.end()
}

// leftCols: at most 16 columns of n rows, ld bytes apart, become the rows of
// tiles of 32 numbers.
func (t *tiles) leftCols(parts int) {
	t.function("tileCols"+suffix(parts), srcParam, "ld int", dstParam, "cols int", "n int")
	t.masks("R9")
	t.label("step")
	for part := range parts {
		t.pairs(part)
		t.transpose()
		for i := range 16 {
			t.do("VMOVUPS Z%d, %d(DI)", i, 1024*part+64*i)
		}
	}
	t.do("MOVQ BX, SI;ADDQ $%d, DI;SUBQ $32, R10", 1024*parts)
	t.jump("JG", "step")
	t.end()
}

// pairs loads 32 rows of 16 numbers, of which R10 exist and K1 says which
// columns, and leaves in Z[i] rows 2i and 2i+1, in turn, and behind them in BX.
func (t *tiles) pairs(part int) {
	at := func(name string, i int) string { return fmt.Sprintf("%s%d_%d", name, part, i) }
	t.do("MOVQ SI, BX;VMOVDQU64 interleave<>(SB), Z31")
	join := func(i int) {
		t.part(part, i, 17, 16, 18)
		t.do("VPERMW Z%d, Z31, Z%d", i, i)
	}
	for i := range 16 {
		t.do("CMPQ R10, $%d", 2*i+2)
		t.jump("JLT", at("odd", i))
		t.do("VMOVUPS.Z (BX), K1, Z16;VMOVUPS.Z (BX)(R8*1), K1, Z17;LEAQ (BX)(R8*2), BX")
		join(i)
	}
	t.jump("JMP", at("all", 0))
	for i := range 16 {
		t.label(at("odd", i))
		t.do("CMPQ R10, $%d", 2*i+1)
		t.jump("JLT", at("none", i))
		t.do("VMOVUPS.Z (BX), K1, Z16;VPXORQ Z17, Z17, Z17")
		join(i)
		if i < 15 {
			t.jump("JMP", at("none", i+1))
		} else {
			t.jump("JMP", at("all", 0))
		}
	}
	for i := range 16 {
		t.label(at("none", i))
		t.do("VPXORQ Z%d, Z%d, Z%d", i, i, i)
	}
	t.label(at("all", 0))
}

// rightRows: n rows of at most 32 columns become a panel: at each step of 32
// rows two tiles of 16 columns, whose rows hold two rows in turn. Rows are ld
// bytes apart, or where an index says.
func (t *tiles) rightRows(parts int, gather bool) {
	name, last := "tilePanel", []string(nil)
	if gather {
		name, last = "tileGather", []string{"index *int32"}
	}
	t.function(name+suffix(parts), append([]string{srcParam, "ld int", dstParam, "cols int", "n int"}, last...)...)
	t.allOrSome("R9")
	t.do("VMOVDQU64 interleave<>(SB), Z31")
	row := func(a, b int) {
		base := "SI"
		if gather {
			base = "BX"
			t.do("MOVLQSX (R11), BX;IMULQ R8, BX;ADDQ SI, BX;ADDQ $4, R11")
		}
		t.do("VMOVUPS.Z (%s), K1, Z%d;VMOVUPS.Z 64(%s), K2, Z%d", base, a, base, b)
		if !gather {
			t.do("ADDQ R8, SI")
		}
	}
	t.label("step")
	t.do("MOVQ $16, R12")
	t.label("pair")
	for z := range 4 {
		t.do("VPXORQ Z%d, Z%d, Z%d", z, z, z)
	}
	t.do("TESTQ R10, R10")
	t.jump("JLE", "pack")
	row(0, 2)
	t.do("CMPQ R10, $1")
	t.jump("JEQ", "pack")
	row(1, 3)
	t.label("pack")
	for part := range parts {
		for tile := range 2 {
			t.part(part, 4, 2*tile+1, 2*tile, 5)
			t.do("VPERMW Z4, Z31, Z4;VMOVUPS Z4, %d(DI)", 2048*part+1024*tile)
		}
	}
	t.do("ADDQ $64, DI;SUBQ $2, R10;DECQ R12")
	t.jump("JNZ", "pair")
	t.do("ADDQ $%d, DI;TESTQ R10, R10", 2048*parts-1024)
	t.jump("JG", "step")
	t.end()
}

// rightCols: at most 16 rows of n numbers, ld bytes apart, become the columns of
// the tiles of one half of a panel.
func (t *tiles) rightCols(parts int) {
	t.function("tilePanelT"+suffix(parts), srcParam, "ld int", dstParam, "cols int", "n int")
	t.label("step")
	t.allOrSome("R10")
	for part := range parts {
		at := func(name string, i int) string { return fmt.Sprintf("%s%d_%d", name, part, i) }
		t.do("MOVQ SI, BX")
		for i := range 16 {
			t.do("CMPQ R9, $%d", i+1)
			t.jump("JLT", at("none", i))
			t.do("VMOVUPS.Z (BX), K1, Z16;VMOVUPS.Z 64(BX), K2, Z17;ADDQ R8, BX")
			t.part(part, i, 17, 16, 18)
		}
		t.jump("JMP", at("all", 0))
		for i := range 16 {
			t.label(at("none", i))
			t.do("VPXORQ Z%d, Z%d, Z%d", i, i, i)
		}
		t.label(at("all", 0))
		t.transpose()
		for i := range 16 {
			t.do("VMOVUPS Z%d, %d(DI)", i, 2048*part+64*i)
		}
	}
	t.do("ADDQ $128, SI;ADDQ $%d, DI;SUBQ $32, R10", 2048*parts)
	t.jump("JG", "step")
	t.end()
}

// transpose turns Z0 to Z15, rows of 16 words of 32 bits, and clobbers the rest.
func (t *tiles) transpose() {
	two := func(op string, a, b, x, y int) { // of a low and a high half
		t.do("VUNPCKL%s Z%d, Z%d, Z%d;VUNPCKH%s Z%d, Z%d, Z%d", op, b, a, x, op, b, a, y)
	}
	lanes := func(a, b, x, y int) {
		t.do("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d;VSHUFF32X4 $0xdd, Z%d, Z%d, Z%d", b, a, x, b, a, y)
	}
	for i := 0; i < 16; i += 2 {
		two("PS", i, i+1, 16+i, 17+i)
	}
	for i := 0; i < 16; i += 4 {
		two("PD", 16+i, 18+i, i, i+1)
		two("PD", 17+i, 19+i, i+2, i+3)
	}
	for q := range 4 {
		lanes(q, 4+q, 16+q, 20+q)
		lanes(8+q, 12+q, 24+q, 28+q)
	}
	for q := range 4 {
		lanes(16+q, 24+q, q, 8+q)
		lanes(20+q, 28+q, 4+q, 12+q)
	}
}
