package kernel

import "unsafe"

// Tiles is a family whose products of rounded operands are those of tiles,
// AMX-BF16: a tile is 16 rows of 64 bytes, and one instruction adds to 16×16
// float32 the product of 16×32 and 32×16 numbers of bfloat16. Attention is those
// products with a softmax of its own between them; everything else is the family's.
//
// It rounds as [Rounded] does, but for numbers below the normal ones (2⁻¹²⁶),
// which count as zero, as do sums that small. An element of C is a chain of sums
// of 32 products, of which those at even and at odd depths are added up apart. The
// chain starts at what C holds, so that it does not matter at which multiples of
// 32 the depth is cut. Two parts enter it at each 32 of depth as hi·lo, hi·hi
// and lo·hi.
//
// A tile that is not whole, at an edge of C, is a smaller one: nothing outside is
// read or written. The depth is padded with zeros.
type Tiles struct {
	Family
	parts Parts
	model bool // machine code as Go has it
}

const (
	tileSide  = 16 // rows of a tile, and its float32 in a row
	tileStep  = 32 // numbers of depth that two tiles multiply
	tileBytes = 1 << 10
	tilePanel = 2 * tileSide // columns of a panel
	tileStrip = 2 * tileSide // rows that one pass over panels takes
)

// tileRun bounds the multiplications in one call of machine code, to 0.1 ms of a
// slow machine: whatever wants to stop the process waits for the call.
const tileRun = 1 << 24

// Align is what stripes of rows are best a multiple of.
func (t Tiles) Align() int { return tileStrip }

// PanelWidth is the number of columns in a panel.
func (t Tiles) PanelWidth() int { return tilePanel }

// PanelLen returns the floats whose memory panels of depth k for n columns take.
func (t Tiles) PanelLen(k, n int) int {
	return (n + tilePanel - 1) / tilePanel * steps(k) * t.stepFloats()
}

// steps is how often a product of depth k meets 32 numbers more.
func steps(k int) int { return (k + tileStep - 1) / tileStep }

// stepFloats is what a step of one panel takes.
func (t Tiles) stepFloats() int { return int(t.parts) * 2 * tileBytes / 4 }

// Pack packs the k×n matrix B as [Family.Pack] does, rounded.
func (t Tiles) Pack(dst, b []float32, ldb, k, n int) {
	for j := 0; j < n && k > 0; j += tilePanel {
		cols := min(tilePanel, n-j)
		_ = b[(k-1)*ldb+j+cols-1]
		t.panel(&b[j], ldb, t.panelAt(dst, k, j), cols, k)
	}
}

// PackT packs the transpose of the n×k matrix W as [Family.PackT] does, rounded.
func (t Tiles) PackT(dst, w []float32, ldw, k, n int) {
	for j := 0; j < n && k > 0; j += tilePanel {
		_ = w[(min(n, j+tilePanel)-1)*ldw+k-1]
		to := t.panelAt(dst, k, j)
		for half := range 2 {
			cols := max(0, min(tileSide, n-j-half*tileSide))
			from := min(j+half*tileSide, n-1) // none where there are no columns
			t.panelT(&w[from*ldw], ldw, unsafe.Add(to, half*tileBytes), cols, k)
		}
	}
}

// PackGather packs rows by index as [Family.PackGather] does, rounded.
func (t Tiles) PackGather(dst, b []float32, ldb int, rows []int32, n int) {
	for _, r := range rows {
		_ = b[int(r)*ldb : int(r)*ldb+n]
	}
	for j := 0; j < n && len(rows) > 0; j += tilePanel {
		t.gather(&b[j], ldb, t.panelAt(dst, len(rows), j), min(tilePanel, n-j), rows)
	}
}

// panelAt is where the panel of column j lies, which is as long as it must be.
func (t Tiles) panelAt(panels []float32, k, j int) unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(panels[t.PanelLen(k, j):t.PanelLen(k, j+tilePanel)]))
}

// Mul computes C (+)= A·B as [Family.Mul] does, of rounded operands.
func (t Tiles) Mul(m, n, k int, a []float32, lda int, panels, c []float32, ldc int, acc bool) {
	t.MulPart(m, n, 0, k, a, lda, panels, k, c, ldc, acc)
}

// MulPart is Mul over depth from..to of panels packed for a greater depth; from
// is a multiple of 32.
func (t Tiles) MulPart(m, n, from, to int, a []float32, lda int, panels []float32, depth int, c []float32, ldc int, acc bool) {
	if from%tileStep != 0 {
		panic("kernel: a part of the depth starts inside a step of tiles")
	}
	at := from / tileStep * t.stepFloats()
	t.mul(product{m: m, n: n, k: to - from, a: a, lda: lda, b: panels[at:], packedDepth: depth, c: c, ldc: ldc, acc: acc})
}

// MulT computes C (+)= Aᵀ·B as [Family.MulT] does, of rounded operands. It needs
// no scratch.
func (t Tiles) MulT(m, n, k int, a []float32, lda int, panels, c []float32, ldc int, acc bool, _ []float32) {
	t.mul(product{m: m, n: n, k: k, a: a, lda: lda, b: panels, packedDepth: k, c: c, ldc: ldc, acc: acc, transA: true})
}

// mul rounds a strip of the left operand at a time, for all panels.
func (t Tiles) mul(p product) {
	switch {
	case p.m <= 0 || p.n <= 0:
		return
	case p.k <= 0:
		p.clear()
		return
	}
	p.check()
	left := borrow(t.leftFloats(min(p.m, roundedRows), min(p.k, depthBlock)))
	defer left.giveBack()
	for i := 0; i < p.m; i += roundedRows {
		rows := min(roundedRows, p.m-i)
		for k0 := 0; k0 < p.k; k0 += depthBlock {
			k := min(depthBlock, p.k-k0)
			if p.transA {
				t.tileCols(left.floats, p.a[k0*p.lda+i:], p.lda, rows, k)
			} else {
				t.tileRows(left.floats, p.a[i*p.lda+k0:], p.lda, rows, k)
			}
			t.multiply(&tileProduct{rows: rows, cols: p.n, depth: steps(k), left: left.floats, leftRow: t.leftRow(k),
				right: p.b[k0/tileStep*t.stepFloats():], panel: t.stepFloats() * steps(p.packedDepth), c: p.c[i*p.ldc:], ldc: p.ldc, acc: p.acc || k0 > 0})
		}
	}
}

// A left operand is rows of tiles, each of which goes on along the depth.

// leftRow is the floats from a row of tiles to the next one, of depth k.
func (t Tiles) leftRow(k int) int { return steps(k) * t.tileFloats() }

// tileFloats is what a tile of a left operand takes, with all its parts.
func (t Tiles) tileFloats() int { return int(t.parts) * tileBytes / 4 }

// leftFloats is the memory of a left operand.
func (t Tiles) leftFloats(rows, k int) int { return sides(rows) * t.leftRow(k) }

// tileRows makes a left operand of so many rows of k numbers.
func (t Tiles) tileRows(dst, a []float32, lda, rows, k int) {
	_ = a[(rows-1)*lda+k-1]
	for i := 0; i < rows; i += tileSide {
		t.leftRows(&a[i*lda], lda, t.leftAt(dst, i, k), min(tileSide, rows-i), k)
	}
}

// tileCols makes one of so many columns of k rows, which may be a whole sequence:
// no call takes long.
func (t Tiles) tileCols(dst, a []float32, lda, cols, k int) {
	_ = a[(k-1)*lda+cols-1]
	for i := 0; i < cols; i += tileSide {
		to := t.leftAt(dst, i, k)
		for k0 := 0; k0 < k; k0 += depthBlock {
			t.leftCols(&a[k0*lda+i], lda, unsafe.Add(to, 4*t.leftRow(k0)), min(tileSide, cols-i), min(depthBlock, k-k0))
		}
	}
}

// leftAt is where the row of tiles of row i lies, which is as long as it must be.
func (t Tiles) leftAt(dst []float32, i, k int) unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(dst[t.leftFloats(i, k):t.leftFloats(i+tileSide, k)]))
}

// tileProduct is a product of operands that are tiles.
type tileProduct struct {
	rows, cols int // of C
	depth      int // steps
	left       []float32
	leftRow    int // floats from a row of tiles to the next one
	right      []float32
	panel      int // floats from a panel to the next one
	c          []float32
	ldc        int
	acc        bool
}

// multiply multiplies all rows with the panels of C's columns, cut so that no
// call takes long.
func (t Tiles) multiply(p *tileProduct) {
	_ = p.left[(sides(p.rows)-1)*p.leftRow+p.depth*t.tileFloats()-1]
	_ = p.right[(p.cols-1)/tilePanel*p.panel+p.depth*t.stepFloats()-1]
	_ = p.c[(p.rows-1)*p.ldc+p.cols-1]
	products := 1
	if t.parts == TwoParts {
		products = 3
	}
	most := max(1, tileRun/(products*p.rows*p.depth*tileStep*tilePanel)) * tilePanel
	for j := 0; j < p.cols; j += most {
		cols := min(most, p.cols-j)
		t.columns(p, j, cols/tilePanel, tilePanel)
		t.columns(p, j+cols/tilePanel*tilePanel, 1, cols%tilePanel)
	}
}

// columns multiplies so many panels from column j on, of cols columns each.
func (t Tiles) columns(p *tileProduct, j, panels, cols int) {
	if panels == 0 || cols == 0 {
		return
	}
	whole := p.rows / tileStrip
	t.tiles(p, 0, whole, tileStrip, j, panels, cols)
	t.tiles(p, whole*tileStrip, 1, p.rows%tileStrip, j, panels, cols)
}

// tiles multiplies strips of so many rows from row i on.
func (t Tiles) tiles(p *tileProduct, i, strips, rows, j, panels, cols int) {
	if strips == 0 || rows == 0 {
		return
	}
	config := tileConfigOf(rows, cols)
	call := tileCall{
		left: unsafe.Pointer(&p.left[i/tileSide*p.leftRow]), half: 4 * p.leftRow,
		right: &p.right[j/tilePanel*p.panel], skip: 4 * (p.panel - p.depth*t.stepFloats()),
		c: &p.c[i*p.ldc+j], ldc: 4 * p.ldc,
		depth: p.depth, strips: strips, panels: panels, config: &config,
	}
	if p.acc {
		call.acc = 1
	}
	t.run(&call, sides(rows), sides(cols))
}

// sides is how many tiles so many rows or columns take.
func sides(n int) int { return (n + tileSide - 1) / tileSide }

// tileCall is one call of the product of tiles, for strips of 32 rows and panels
// of 32 columns, or for one that is smaller. Its layout is read by machine code;
// distances are in bytes.
type tileCall struct {
	left   unsafe.Pointer
	half   int // from a row of tiles to the next one
	right  *float32
	skip   int // from the end of the depth of a panel to the next panel
	c      *float32
	ldc    int
	depth  int // steps
	strips int
	panels int
	acc    int
	config *tileConfig
}

// tileConfig says how large tiles are: 0 to 3 of C, two rows of two, 4 and 5 of
// A, 6 and 7 of B.
type tileConfig struct {
	palette  uint8
	_        [15]uint8
	rowBytes [8]uint16
	_        [16]uint8
	rows     [8]uint8
	_        [8]uint8
}

// tileConfigOf is for at most 32 rows and columns of C.
func tileConfigOf(rows, cols int) tileConfig {
	c := tileConfig{palette: 1}
	set := func(tile, rows, bytes int) {
		c.rows[tile], c.rowBytes[tile] = uint8(rows), uint16(bytes)
	}
	for i := range 2 {
		r := max(0, min(tileSide, rows-i*tileSide))
		for j := range 2 {
			if w := max(0, min(tileSide, cols-j*tileSide)); r > 0 && w > 0 {
				set(2*i+j, r, 4*w)
				set(4+i, r, 2*tileStep)
				set(6+j, tileStep/2, 4*w)
			}
		}
	}
	return c
}

// turn writes the transpose of so many rows of n numbers.
func (t Tiles) turn(dst []float32, ldd int, src []float32, lds, rows, n int) {
	done, whole := 0, n&^15
	if t.Family != Generic && whole > 0 {
		lanes := t.panelWidth() / 2
		done = rows / lanes * lanes
		for i := 0; i < done; i += lanes {
			_, _ = src[(i+lanes-1)*lds+whole-1], dst[(whole-1)*ldd+i+lanes-1]
			transpose(t.Family, whole/lanes, &src[i*lds], lds, &dst[i], ldd)
		}
	}
	for i := range rows {
		from := whole
		if i >= done {
			from = 0
		}
		for j := from; j < n; j++ {
			dst[j*ldd+i] = src[i*lds+j]
		}
	}
}

// bytesAt is where number i of memory lies.
func bytesAt(floats []float32, i int) unsafe.Pointer { return unsafe.Pointer(&floats[i]) }
