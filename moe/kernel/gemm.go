package kernel

import "unsafe"

// Products work on panels: the right operand is cut into panels of a few
// columns, each stored depth-major and padded with zeros, so that a strip of
// rows of the left operand meets one contiguous stream. A panel is packed once
// and used by every row that the caller has.
//
// An element of C is the sum over blocks of depthBlock of sums that run in
// order within a block. Nothing else enters: not the rows or columns beside
// it, not the way the caller splits them.

// depthBlock bounds the depth that registers accumulate over before C is
// touched. It also bounds the strip of A that should stay in the first cache.
const depthBlock = 512

// blockFloats bounds the panels that are walked for every strip: half of a
// second-level cache of 1 MiB.
const blockFloats = 128 << 10

// strip describes one call of a product kernel. Its layout is read by machine
// code; strides are in bytes. The pointers lie on the Go stack only while the
// kernel runs.
type strip struct {
	a      *float32
	lda    int
	b      *float32
	ldb    int
	panelB int
	c      *float32
	ldc    int
	depth  int
	panels int
	acc    int
	tail   int // mask of the last panel's columns (AVX-512)
	ahead  int // bytes from a row of b to what is fetched into the cache with it
}

// fetchAhead is how many rows of a panel are fetched before they are needed: 4 KiB
// of the narrow family. A panel that is met for the first time has hundreds of
// cycles to come, and the streamer runs late on new pages.
const fetchAhead = 64

// panelWidth is the columns of a panel, stripRows the rows of a strip.
func (f Family) panelWidth() int { return [...]int{Generic: 8, AVX2: 16, AVX512: 32}[f.Whole()] }
func (f Family) stripRows() int  { return [...]int{Generic: 4, AVX2: 6, AVX512: 12}[f.Whole()] }

// Align is what stripes of rows are best a multiple of.
func (f Family) Align() int { return f.stripRows() }

// PanelWidth is the number of columns in a panel. A caller that packs from
// several goroutines splits columns at multiples of it.
func (f Family) PanelWidth() int { return f.panelWidth() }

// PanelLen returns the floats that panels of depth k for n columns take.
func (f Family) PanelLen(k, n int) int {
	w := f.panelWidth()
	return (n + w - 1) / w * w * k
}

// Pack packs the k×n matrix B, row-major with ldb floats between rows, into
// dst: B[kk][j] = b[kk·ldb + j].
func (f Family) Pack(dst, b []float32, ldb, k, n int) {
	w := f.panelWidth()
	for j := 0; j < n; j += w {
		panel := dst[j*k : j*k+w*k]
		if cols := min(w, n-j); cols < w || f == Generic {
			for i := range k {
				row := panel[i*w : i*w+w]
				clear(row[copy(row, b[i*ldb+j:i*ldb+j+cols]):])
			}
			continue
		}
		_ = b[(k-1)*ldb+j+w-1]
		packRows(f, k, &b[j], ldb, &panel[0])
	}
}

// PackT packs the transpose of the n×k matrix W, row-major with ldw floats
// between rows: B[kk][j] = w[j·ldw + kk]. It is how weights, stored [out, in],
// become the right operand of a forward product.
func (f Family) PackT(dst, w []float32, ldw, k, n int) {
	width := f.panelWidth()
	for j := 0; j < n; j += width {
		panel := dst[j*k : j*k+width*k]
		cols, done := min(width, n-j), 0
		if lanes := width / 2; cols == width && f != Generic {
			if blocks := k / lanes; blocks > 0 {
				_ = w[(j+width-1)*ldw+blocks*lanes-1]
				transpose(f, blocks, &w[j*ldw], ldw, &panel[0], width)
				transpose(f, blocks, &w[(j+lanes)*ldw], ldw, &panel[lanes], width)
				done = blocks * lanes
			}
		}
		packScalarT(panel, w[j*ldw:], ldw, done, k, cols, width)
	}
}

// PackGather packs rows of a matrix by index: B[kk][j] = b[rows[kk]·ldb + j].
// Rows are taken whole, one after the other, which is how memory likes them.
func (f Family) PackGather(dst, b []float32, ldb int, rows []int32, n int) {
	w, k := f.panelWidth(), len(rows)
	for i, r := range rows {
		row := b[int(r)*ldb : int(r)*ldb+n]
		for j := 0; j < n; j += w {
			out := dst[j*k+i*w : j*k+(i+1)*w]
			switch {
			case w == 32 && n-j >= 32:
				*(*[32]float32)(out) = *(*[32]float32)(row[j:])
			case w == 16 && n-j >= 16:
				*(*[16]float32)(out) = *(*[16]float32)(row[j:])
			default:
				clear(out[copy(out, row[j:]):])
			}
		}
	}
}

func packScalarT(panel, w []float32, ldw, from, k, cols, width int) {
	for i := range cols {
		row := w[i*ldw:]
		for kk := from; kk < k; kk++ {
			panel[kk*width+i] = row[kk]
		}
	}
	for i := cols; i < width; i++ {
		for kk := from; kk < k; kk++ {
			panel[kk*width+i] = 0
		}
	}
}

// Mul computes C = A·B, or C += A·B with acc, where A is m×k row-major with lda
// floats between rows, B is packed panels of depth k for n columns and C is
// row-major with ldc floats between rows. Padding columns are not written.
func (f Family) Mul(m, n, k int, a []float32, lda int, panels, c []float32, ldc int, acc bool) {
	f.mul(product{m: m, n: n, k: k, a: a, lda: lda, b: panels, packedDepth: k, c: c, ldc: ldc, acc: acc})
}

// MulT computes C (+)= Aᵀ·B, where A is k×m row-major with lda floats between
// rows: the form of weight gradients, whose depth is tokens. scratch should
// hold [ScratchLen] floats.
func (f Family) MulT(m, n, k int, a []float32, lda int, panels, c []float32, ldc int, acc bool, scratch []float32) {
	f.mul(product{m: m, n: n, k: k, a: a, lda: lda, b: panels, packedDepth: k, c: c, ldc: ldc, acc: acc, transA: true, scratch: scratch})
}

// ScratchLen is the scratch that MulT has a use for: the highest strip of its left
// operand. Without it a product of many columns is slower.
const ScratchLen = 12 * depthBlock

// MulPart is Mul over depth from..to of panels packed for a greater depth; it
// multiplies columns from..to of A, whose rows start at a[0] = A[0][from].
func (f Family) MulPart(m, n, from, to int, a []float32, lda int, panels []float32, depth int, c []float32, ldc int, acc bool) {
	w := f.panelWidth()
	f.mul(product{m: m, n: n, k: to - from, a: a, lda: lda, b: panels[from*w:], packedDepth: depth, c: c, ldc: ldc, acc: acc})
}

// product is one call with everything that its blocks share.
type product struct {
	m, n, k     int
	a           []float32
	lda         int
	b           []float32
	packedDepth int
	c           []float32
	ldc         int
	acc, transA bool
	scratch     []float32
	stream      bool // it is a that comes from far, and b lies in the cache
}

func (f Family) mul(p product) {
	if p.m <= 0 || p.n <= 0 {
		return
	}
	if p.k <= 0 {
		p.clear()
		return
	}
	p.check()
	w := f.panelWidth()
	for k0 := 0; k0 < p.k; k0 += depthBlock {
		kc := min(depthBlock, p.k-k0)
		cols := max(1, blockFloats/(kc*w)) * w
		for j0 := 0; j0 < p.n; j0 += cols {
			f.block(&p, k0, kc, j0, min(cols, p.n-j0), p.acc || k0 > 0)
		}
	}
}

// check makes every address that machine code will touch fail in Go first.
func (p *product) check() {
	_ = p.c[(p.m-1)*p.ldc+p.n-1]
	if p.transA {
		_ = p.a[(p.k-1)*p.lda+p.m-1]
	} else {
		_ = p.a[(p.m-1)*p.lda+p.k-1]
	}
}

func (p *product) clear() {
	for i := 0; i < p.m && !p.acc; i++ {
		clear(p.c[i*p.ldc : i*p.ldc+p.n])
	}
}

// block multiplies depth k0..k0+kc into columns j0..j0+n, strip by strip.
func (f Family) block(p *product, k0, kc, j0, n int, acc bool) {
	w := f.panelWidth()
	s := strip{lda: 4 * p.lda, ldb: 4 * w, panelB: 4 * w * p.packedDepth, ldc: 4 * p.ldc, depth: kc, panels: (n + w - 1) / w, tail: tailMask(n, w), ahead: fetchAhead * 4 * w}
	if acc {
		s.acc = 1
	}
	at := j0*p.packedDepth + k0*w
	_ = p.b[at+(s.panels-1)*w*p.packedDepth+kc*w-1]
	s.b = &p.b[at]
	left := leftStrips{f: f, product: p, k0: k0, kc: kc, used: p.transA && s.panels > 2 && len(p.scratch) >= kc*f.stripRows()}
	for i := 0; i < p.m; {
		rows := nextStrip(p.m-i, f.stripRows())
		s.c = &p.c[i*p.ldc+j0]
		switch {
		case left.used:
			s.a, s.lda = left.strip(i), 4*f.stripRows()
		case p.transA:
			s.a = &p.a[k0*p.lda+i]
		default:
			s.a = &p.a[i*p.lda+k0]
		}
		if next := (i+rows)*p.lda + k0; p.stream && next < len(p.a) {
			s.ahead = int(uintptr(unsafe.Pointer(&p.a[next])) - uintptr(unsafe.Pointer(s.b)))
		}
		if f == Generic {
			stripGo(&s, rows, p.transA, n)
		} else {
			f.run(&s, rows, p.transA, n)
		}
		i += rows
	}
}

// leftStrips copies the k×m left operand of a transposed product into strips,
// each depth-major: read in place, it would miss the first cache once for every
// panel. As many strips are copied at a time as the first cache holds, right
// before they are multiplied. All at once they would drive the panels out of the
// second.
type leftStrips struct {
	*product
	f        Family
	k0, kc   int
	used     bool
	from, to int // rows that scratch holds
}

// strip returns the strip of rows from i on. Strips are asked for in order.
func (l *leftStrips) strip(i int) *float32 {
	full := l.f.stripRows()
	if i >= l.to {
		l.from, l.to = i, i+1
		if n := min(wholeStrips(l.m-i, full), depthBlock/l.kc); n > 0 {
			l.pack(i, n)
			l.to = i + n*full
		} else {
			l.pack(i, 1)
		}
	}
	return &l.scratch[(i-l.from)*l.kc]
}

// pack copies n whole strips, or one of fewer rows together with what lies
// behind them, which nobody reads; only there may the last row of a end early.
func (l *leftStrips) pack(i, n int) {
	full, width, done := l.f.stripRows(), n*l.f.stripRows(), 0
	a := l.a[l.k0*l.lda+i:]
	if l.f != Generic && len(a) >= width {
		done = min(l.kc, (len(a)-width)/l.lda+1)
		_ = l.scratch[n*full*l.kc-1]
		packStripsVec(l.f, done, &a[0], l.lda, &l.scratch[0], n)
	}
	for kk := done; kk < l.kc; kk++ {
		for s := range n {
			copy(l.scratch[s*full*l.kc+kk*full:][:full], a[min(kk*l.lda+s*full, len(a)):])
		}
	}
}

// wholeStrips counts the strips of full height that nextStrip begins with.
func wholeStrips(left, full int) int {
	if left%full == 0 {
		return left / full
	}
	return left/full - 1
}

// tailMask has a bit for each column of the last panel that exists.
func tailMask(n, w int) int {
	rem := n % w
	if rem == 0 {
		rem = w
	}
	return 1<<rem - 1
}

// nextStrip splits rows into strips of full height, the last two evened out:
// two of eight rows run faster than one of twelve and one of four.
func nextStrip(left, full int) int {
	if left >= 2*full || left == full {
		return full
	}
	if left > full {
		return (left + 1) / 2
	}
	return left
}
