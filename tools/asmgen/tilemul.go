package main

import "fmt"

// products writes the product of tiles for each count of tiles that a strip of
// 32 rows and a panel of 32 columns may have, and of parts that operands have.
func (t *tiles) products() {
	for _, parts := range []int{1, 2} {
		for _, rows := range []int{1, 2} {
			for _, cols := range []int{1, 2} {
				t.product(parts, rows, cols)
			}
		}
	}
}

// Where the fields of tileCall lie.
const (
	callLeft = 8 * iota
	callHalf
	callRight
	callSkip
	callC
	callLDC
	callDepth
	callStrips
	callPanels
	callAcc
	callConfig
)

// product writes C (+)= A·B for strips of 32 rows and panels of 32 columns, of
// which rows and cols tiles of 16 exist. Tiles 0 to 3 are of C, two rows of two, 4
// and 5 of A, 6 and 7 of B. Tile state lives between the first instruction and
// the last one.
func (t *tiles) product(parts, rows, cols int) {
	t.function(fmt.Sprintf("tileMul%d%d%s", rows, cols, suffix(parts)), "call *tileCall")
	each := func(do func(tile, row, col int)) {
		for r := range rows {
			for c := range cols {
				do(2*r+c, r, c)
			}
		}
	}
	cRow := []string{"DX", "R14"} // of the rows of tiles
	aRow := []string{"CX", "BX"}
	t.do("MOVQ %d(SI), BX", callConfig)
	t.configure("BX")
	t.do("MOVQ SI, AX;MOVQ %d(AX), SI;MOVQ %d(AX), R10;MOVQ %d(AX), R9", callLeft, callHalf, callLDC)
	t.do("MOVQ %d(AX), R13;MOVQ %d(AX), R11;MOVQ $64, R8", callC, callStrips)
	t.label("strip")
	t.do("MOVQ %d(AX), DI;MOVQ R13, DX;MOVQ %d(AX), R15", callRight, callPanels)
	t.label("panel")
	t.do("MOVQ %d(AX), R12;MOVQ SI, CX;LEAQ (SI)(R10*1), BX", callDepth)
	t.do("MOVQ R9, R14;SHLQ $4, R14;ADDQ DX, R14")
	t.do("CMPQ %d(AX), $0", callAcc)
	t.jump("JEQ", "zero")
	each(func(tile, r, c int) { t.load(tile, cRow[r], 64*c, "R9") })
	t.jump("JMP", "depth")
	t.label("zero")
	each(func(tile, _, _ int) { t.zero(tile) })
	t.label("depth")
	left := func(part int) {
		for r := range rows {
			t.load(4+r, aRow[r], 1024*part, "R8")
		}
	}
	right := func(part int) {
		for c := range cols {
			t.load(6+c, "DI", 2048*part+1024*c, "R8")
		}
	}
	dot := func() { each(func(tile, r, c int) { t.dot(tile, 4+r, 6+c) }) }
	left(0)
	if parts == 2 { // hi·lo, hi·hi, lo·hi
		right(1)
		dot()
	}
	right(0)
	dot()
	if parts == 2 {
		left(1)
		dot()
	}
	t.do("ADDQ $%d, CX;ADDQ $%d, BX;ADDQ $%d, DI;DECQ R12", 1024*parts, 1024*parts, 2048*parts)
	t.jump("JNZ", "depth")
	each(func(tile, r, c int) { t.store(tile, cRow[r], 64*c, "R9") })
	t.do("ADDQ $128, DX;ADDQ %d(AX), DI;DECQ R15", callSkip)
	t.jump("JNZ", "panel")
	t.do("MOVQ R9, R14;SHLQ $5, R14;ADDQ R14, R13;LEAQ (SI)(R10*2), SI;DECQ R11")
	t.jump("JNZ", "strip")
	t.release()
	t.do("RET")
}

func suffix(parts int) string { return []string{"", "One", "Two"}[parts] }
