package kernel

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// This file is the machine code for tiles, in Go: the same functions with the
// same instructions in the same order, for machines that have none. Packing, the
// loops and the layouts of [Tiles] are tested with it everywhere, and it says
// what the machine code has to do.

// tileFile is the state of tiles: eight of at most 16 rows of 64 bytes.
type tileFile struct {
	config tileConfig
	data   [8][tileSide][64]byte
}

// size is how large a tile is; one that has no size cannot be used.
func (f *tileFile) size(tile int) (rows, bytes int) {
	rows, bytes = int(f.config.rows[tile]), int(f.config.rowBytes[tile])
	if rows == 0 || bytes == 0 || rows > tileSide || bytes > 64 || f.config.palette != 1 {
		panic("kernel: an instruction uses a tile that is not there")
	}
	return rows, bytes
}

// load is tileloadd.
func (f *tileFile) load(tile int, from unsafe.Pointer, stride int) {
	rows, bytes := f.size(tile)
	f.data[tile] = [tileSide][64]byte{}
	for r := range rows {
		copy(f.data[tile][r][:], unsafe.Slice((*byte)(unsafe.Add(from, r*stride)), bytes))
	}
}

// store is tilestored.
func (f *tileFile) store(tile int, to unsafe.Pointer, stride int) {
	rows, bytes := f.size(tile)
	for r := range rows {
		copy(unsafe.Slice((*byte)(unsafe.Add(to, r*stride)), bytes), f.data[tile][r][:])
	}
}

// zero is tilezero.
func (f *tileFile) zero(tile int) {
	f.size(tile)
	f.data[tile] = [tileSide][64]byte{}
}

// dot is tdpbf16ps: tile c += a·b. Products, which are exact, at even and at odd
// depths are added up apart, and numbers below the normal ones are zero
// everywhere. (A product beyond float32 is infinite here, which the instruction
// may yet bring back.)
func (f *tileFile) dot(c, a, b int) {
	rows, bytes := f.size(c)
	rowsA, bytesA := f.size(a)
	rowsB, bytesB := f.size(b)
	if rowsA != rows || bytesB != bytes || rowsB != bytesA/4 {
		panic("kernel: tiles do not fit each other")
	}
	wideA, wideB := f.widen(a, rowsA), f.widen(b, rowsB)
	for m := range rows {
		even, odd := [tileSide]float32{}, [tileSide]float32{}
		for k := range bytesA / 4 {
			x, y, row := wideA[m][2*k], wideA[m][2*k+1], &wideB[k]
			for n := range bytes / 4 {
				even[n] = flush(even[n] + x*row[2*n])
				odd[n] = flush(odd[n] + y*row[2*n+1])
			}
		}
		for n := range bytes / 4 {
			at := f.data[c][m][4*n:]
			old := flush(math.Float32frombits(binary.LittleEndian.Uint32(at)))
			binary.LittleEndian.PutUint32(at, math.Float32bits(flush(old+flush(even[n]+odd[n]))))
		}
	}
}

// widen returns the numbers of bfloat16 of so many rows of a tile.
func (f *tileFile) widen(tile, rows int) (w [tileSide][tileStep]float32) {
	for r := range rows {
		for i := range w[r] {
			w[r][i] = flush(FromBF16(binary.LittleEndian.Uint16(f.data[tile][r][2*i:])))
		}
	}
	return w
}

// flush makes zero of what is below the normal numbers.
func flush(v float32) float32 {
	if b := math.Float32bits(v); b&0x7f800000 == 0 {
		return math.Float32frombits(b &^ 0x7fffff)
	}
	return v
}

// modelMul is tileMul of so many rows and columns of tiles.
func modelMul(call *tileCall, parts, rows, cols int) {
	f := &tileFile{config: *call.config}
	each := func(do func(tile, row, col int)) {
		for r := range rows {
			for c := range cols {
				do(2*r+c, r, c)
			}
		}
	}
	left := call.left
	for strip := range call.strips {
		right := unsafe.Pointer(call.right)
		for panel := range call.panels {
			c := unsafe.Add(unsafe.Pointer(call.c), strip*tileStrip*call.ldc+panel*tilePanel*4)
			at := func(row, col int) unsafe.Pointer { return unsafe.Add(c, row*tileSide*call.ldc+col*tileSide*4) }
			each(func(tile, row, col int) {
				if call.acc != 0 {
					f.load(tile, at(row, col), call.ldc)
				} else {
					f.zero(tile)
				}
			})
			for step := range call.depth {
				a, b := unsafe.Add(left, step*parts*tileBytes), unsafe.Add(right, step*parts*2*tileBytes)
				loadA := func(part int) {
					for r := range rows {
						f.load(4+r, unsafe.Add(a, r*call.half+part*tileBytes), 64)
					}
				}
				loadB := func(part int) {
					for c := range cols {
						f.load(6+c, unsafe.Add(b, part*2*tileBytes+c*tileBytes), 64)
					}
				}
				dot := func() { each(func(tile, row, col int) { f.dot(tile, 4+row, 6+col) }) }
				loadA(0)
				if parts == 2 {
					loadB(1)
					dot()
				}
				loadB(0)
				dot()
				if parts == 2 {
					loadA(1)
					dot()
				}
			}
			each(func(tile, row, col int) { f.store(tile, at(row, col), call.ldc) })
			if panel < call.panels-1 {
				right = unsafe.Add(right, call.depth*parts*2*tileBytes+call.skip)
			}
		}
		if strip < call.strips-1 {
			left = unsafe.Add(left, 2*call.half)
		}
	}
}

// tilePart rounds v to bfloat16, or what that leaves of it.
func tilePart(v float32, part int) uint16 {
	if part == 1 {
		v -= FromBF16(BF16(flush(v)))
	}
	return BF16(flush(v))
}

// putHalf writes number i of row r of a tile.
func putHalf(tile unsafe.Pointer, r, i int, v uint16) {
	*(*uint16)(unsafe.Add(tile, r*64+2*i)) = v
}

// modelRows is tileRows.
func modelRows(src *float32, ld int, dst unsafe.Pointer, rows, n, parts int) {
	a := unsafe.Slice(src, (rows-1)*ld+n)
	for r := range rows {
		for k := range steps(n) * tileStep {
			v := float32(0)
			if k < n {
				v = a[r*ld+k]
			}
			for part := range parts {
				putHalf(unsafe.Add(dst, (k/tileStep*parts+part)*tileBytes), r, k%tileStep, tilePart(v, part))
			}
		}
	}
}

// modelCols is tileCols.
func modelCols(src *float32, ld int, dst unsafe.Pointer, cols, n, parts int) {
	a := unsafe.Slice(src, (n-1)*ld+cols)
	for k := range steps(n) * tileStep {
		for r := range tileSide {
			v := float32(0)
			if k < n && r < cols {
				v = a[k*ld+r]
			}
			for part := range parts {
				putHalf(unsafe.Add(dst, (k/tileStep*parts+part)*tileBytes), r, k%tileStep, tilePart(v, part))
			}
		}
	}
}

// modelPanel is tilePanel, and tileGather with an index.
func modelPanel(src *float32, ld int, dst unsafe.Pointer, cols, n int, index []int32, parts int) {
	for k := range steps(n) * tileStep {
		row := []float32(nil)
		if at := k; k < n {
			if index != nil {
				at = int(index[k])
			}
			row = unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(src), 4*at*ld)), cols)
		}
		for j := range tilePanel {
			v := float32(0)
			if j < len(row) {
				v = row[j]
			}
			putRight(dst, k, j/tileSide, j%tileSide, v, parts)
		}
	}
}

// modelPanelT is tilePanelT.
func modelPanelT(src *float32, ld int, dst unsafe.Pointer, cols, n, parts int) {
	for j := range tileSide {
		row := []float32(nil)
		if j < cols {
			row = unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(src), 4*j*ld)), n)
		}
		for k := range steps(n) * tileStep {
			v := float32(0)
			if k < len(row) {
				v = row[k]
			}
			putRight(dst, k, 0, j, v, parts)
		}
	}
}

// putRight writes a number of a right operand at depth k, in column j of one of
// the two tiles of a step.
func putRight(dst unsafe.Pointer, k, tile, j int, v float32, parts int) {
	for part := range parts {
		to := unsafe.Add(dst, (k/tileStep*parts*2+part*2+tile)*tileBytes)
		putHalf(to, k%tileStep/2, 2*j+k%2, tilePart(v, part))
	}
}
