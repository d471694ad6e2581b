package kernel

import "sync"

// Parts says what operands of products are rounded to: so many numbers of
// bfloat16 whose sum stands for one.
type Parts int

// The roundings.
const (
	OnePart  Parts = 1 // 8 bits of mantissa
	TwoParts Parts = 2 // 16 bits
)

// Rounded is a family whose products round both operands, to nearest and ties
// to even, and add up in float32. Of two parts each, hi and lo, the products are
// hi·hi + hi·lo + lo·hi. Everything else is the family's own.
//
// The values are rounded, not the storage: panels hold float32, so that the
// products are the family's. An operand that rounds to infinity, or that is not
// finite, gives results that are not.
type Rounded struct {
	Family
	parts Parts
}

// Rounded returns the family with rounded products: [Rounded], or where it has
// them [Tiles].
func (f Family) Rounded(parts Parts) Operations[float32] {
	if f == AMX {
		return Tiles{Family: f, parts: parts}
	}
	return Rounded{f, parts}
}

// A number k of a panel of two parts is two rows, hi and lo. The left operand
// has hi+lo, which float32 holds exactly, for the first and hi for the second, so
// that one product of twice the depth is the three.

// PanelLen returns the floats that panels of depth k for n columns take.
func (r Rounded) PanelLen(k, n int) int { return int(r.parts) * r.Family.PanelLen(k, n) }

// Pack packs the k×n matrix B as [Family.Pack] does, rounded.
func (r Rounded) Pack(dst, b []float32, ldb, k, n int) {
	r.eachPanel(dst, k, n, func(panel []float32, j, cols int) { r.Family.Pack(panel, b[j:], ldb, k, cols) })
}

// PackT packs the transpose of the n×k matrix W as [Family.PackT] does, rounded.
func (r Rounded) PackT(dst, w []float32, ldw, k, n int) {
	r.eachPanel(dst, k, n, func(panel []float32, j, cols int) { r.Family.PackT(panel, w[j*ldw:], ldw, k, cols) })
}

// PackGather packs rows by index as [Family.PackGather] does, rounded.
func (r Rounded) PackGather(dst, b []float32, ldb int, rows []int32, n int) {
	r.eachPanel(dst, len(rows), n, func(panel []float32, j, cols int) { r.Family.PackGather(panel, b[j:], ldb, rows, cols) })
}

// eachPanel has every panel packed and rounds it.
func (r Rounded) eachPanel(dst []float32, k, n int, pack func(panel []float32, j, cols int)) {
	w := r.panelWidth()
	for j := 0; j < n && k > 0; j += w {
		panel := dst[int(r.parts)*j*k:][:int(r.parts)*w*k]
		whole := panel[len(panel)-w*k:] // its end, which parts overtake only where they were read
		pack(whole, j, min(w, n-j))
		if r.parts == OnePart {
			r.round(whole, whole)
			continue
		}
		for i := range k {
			r.splitRow(panel[2*i*w:(2*i+1)*w], panel[(2*i+1)*w:(2*i+2)*w], whole[i*w:(i+1)*w])
		}
	}
}

// Mul computes C (+)= A·B as [Family.Mul] does, of rounded operands.
func (r Rounded) Mul(m, n, k int, a []float32, lda int, panels, c []float32, ldc int, acc bool) {
	r.MulPart(m, n, 0, k, a, lda, panels, k, c, ldc, acc)
}

// roundedRows is how many rows of a left operand are rounded at a time.
const roundedRows = 96

// MulPart is Mul over depth from..to of panels packed for a greater depth.
func (r Rounded) MulPart(m, n, from, to int, a []float32, lda int, panels []float32, depth int, c []float32, ldc int, acc bool) {
	parts := int(r.parts)
	if m <= 0 || n <= 0 || to <= from {
		r.Family.MulPart(m, n, from, to, a, lda, panels, depth, c, ldc, acc)
		return
	}
	step := min(depthBlock/parts, to-from)
	left := borrow(min(m, roundedRows) * parts * step)
	defer left.giveBack()
	for i := 0; i < m; i += roundedRows {
		rows := min(roundedRows, m-i)
		for k0 := from; k0 < to; k0 += step {
			k := min(step, to-k0)
			for j := range rows {
				at := (i+j)*lda + k0 - from
				r.leftRow(left.floats[j*parts*k:(j+1)*parts*k], a[at:at+k])
			}
			r.Family.MulPart(rows, n, parts*k0, parts*(k0+k), left.floats, parts*k, panels, parts*depth, c[i*ldc:], ldc, acc || k0 > from)
		}
	}
}

// MulT computes C (+)= Aᵀ·B as [Family.MulT] does, of rounded operands.
func (r Rounded) MulT(m, n, k int, a []float32, lda int, panels, c []float32, ldc int, acc bool, scratch []float32) {
	if m <= 0 || n <= 0 || k <= 0 {
		r.Family.MulT(m, n, k, a, lda, panels, c, ldc, acc, scratch)
		return
	}
	parts := int(r.parts)
	left := borrow(parts * k * min(m, roundedRows))
	defer left.giveBack()
	for i0 := 0; i0 < m; i0 += roundedRows {
		cols := min(roundedRows, m-i0)
		for i := range k {
			row, out := a[i*lda+i0:i*lda+i0+cols], left.floats[i*parts*cols:(i+1)*parts*cols]
			if r.parts == OnePart {
				r.round(out, row)
				continue
			}
			hi, lo := out[cols:], out[:cols]
			r.splitRow(hi, lo, row)
			r.AddScaled(lo, 1, hi)
		}
		r.Family.MulT(cols, n, parts*k, left.floats, cols, panels, c[i0*ldc:], ldc, acc, scratch)
	}
}

// leftRow rounds a row of a left operand.
func (r Rounded) leftRow(dst, row []float32) {
	if r.parts == OnePart {
		r.round(dst, row)
		return
	}
	n := r.eights(len(row))
	if n > 0 {
		splitPairs(n, &row[0], &dst[0])
	}
	for i, v := range row[n:] {
		hi, lo := split(v)
		dst[2*(n+i)], dst[2*(n+i)+1] = hi+lo, hi
	}
}

// round rounds a row; the two may be the same.
func (r Rounded) round(dst, row []float32) {
	n := r.eights(len(row))
	if n > 0 {
		roundHalf(n, &row[0], &dst[0])
	}
	for i, v := range row[n:] {
		dst[n+i] = FromBF16(BF16(v))
	}
}

// splitRow splits a row in its parts; the row and lo may be the same.
func (r Rounded) splitRow(hi, lo, row []float32) {
	n := r.eights(len(row))
	if n > 0 {
		splitRows(n, &row[0], &hi[0], &lo[0])
	}
	for i, v := range row[n:] {
		hi[n+i], lo[n+i] = split(v)
	}
}

// split returns the parts of v.
func split(v float32) (hi, lo float32) {
	hi = FromBF16(BF16(v))
	return hi, FromBF16(BF16(v - hi))
}

// eights is the part of a row of n that machine code walks.
func (r Rounded) eights(n int) int {
	if r.Family == Generic {
		return 0
	}
	return n &^ 7
}

// Borrowed is how many numbers the products of ops borrow from the package while
// they run on one goroutine, where transposed ones are at most so deep: of
// [Rounded] and [Tiles] it is rows of the rounded left operand.
func Borrowed[T float32 | float64](ops Products[T], depth int) int {
	switch r := any(ops).(type) {
	case Rounded:
		return roundedRows * max(depthBlock, int(r.parts)*depth)
	case Tiles:
		return r.leftFloats(roundedRows, depthBlock)
	}
	return 0
}

// lent is memory for rounded left operands.
type lent struct{ floats []float32 }

var lending = sync.Pool{New: newLent}

func newLent() any { return &lent{} }

// borrow returns memory for n floats, on a cache line.
func borrow(n int) *lent {
	l := lending.Get().(*lent)
	if len(l.floats) < n {
		l.floats = Floats(n)
	}
	return l
}

func (l *lent) giveBack() { lending.Put(l) }

// PageLen is the numbers of one key head in a page.
func (r Rounded) PageLen(c, depth int) int { return blocked[float32]{r}.PageLen(c, depth) }

// AttentionScratch is the scratch of one worker.
func (r Rounded) AttentionScratch(c int) int { return blocked[float32]{r}.AttentionScratch(c) }

// AttentionGradWork is what a way back works in.
func (r Rounded) AttentionGradWork(h, g, c int, lengths []int) int {
	return blocked[float32]{r}.AttentionGradWork(h, g, c, lengths)
}

// Attend computes attention as [Family.Attend] does, of rounded operands; so are
// probabilities before they are multiplied with values.
func (r Rounded) Attend(a *Attention, each Each) { blocked[float32]{r}.Attend(a, each) }

// AttendBackward computes the gradients of attention, of rounded operands.
func (r Rounded) AttendBackward(a *AttentionGrad, each Each) {
	blocked[float32]{r}.AttendBackward(a, each)
}
