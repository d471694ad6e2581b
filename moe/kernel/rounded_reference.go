package kernel

// RoundedReference is [Reference] with products of rounded operands, as
// [Rounded] has them, in their plainest form.
type RoundedReference struct {
	Reference
	parts Parts
}

// Rounded returns the reference with rounded products.
func (f Reference) Rounded(parts Parts) RoundedReference { return RoundedReference{f, parts} }

// split returns the parts of v, of which the second may be zero.
func (r RoundedReference) split(v float64) (hi, lo float64) {
	half := func(v float64) float64 { return float64(FromBF16(BF16(float32(v)))) }
	hi = half(v)
	if r.parts == TwoParts {
		lo = half(v - hi)
	}
	return hi, lo
}

// Mul computes C (+)= A·B of rounded operands; panels hold them as they were.
func (r RoundedReference) Mul(m, n, k int, a []float64, lda int, panels, c []float64, ldc int, acc bool) {
	r.MulPart(m, n, 0, k, a, lda, panels, k, c, ldc, acc)
}

// MulPart is Mul over depth from..to of panels packed for a greater depth.
func (r RoundedReference) MulPart(m, n, from, to int, a []float64, lda int, panels []float64, depth int, c []float64, ldc int, acc bool) {
	r.mul(m, n, to-from, func(i, k int) float64 { return a[i*lda+k] }, func(k, j int) float64 { return panels[j*depth+from+k] }, c, ldc, acc)
}

// MulT computes C (+)= Aᵀ·B of rounded operands; it needs no scratch.
func (r RoundedReference) MulT(m, n, k int, a []float64, lda int, panels, c []float64, ldc int, acc bool, _ []float64) {
	r.mul(m, n, k, func(i, kk int) float64 { return a[kk*lda+i] }, func(kk, j int) float64 { return panels[j*k+kk] }, c, ldc, acc)
}

func (r RoundedReference) mul(m, n, k int, a, b func(i, j int) float64, c []float64, ldc int, acc bool) {
	rows := r.splitAll(m, k, a)
	cols := r.splitAll(n, k, func(j, kk int) float64 { return b(kk, j) })
	for i := range m {
		for j := range n {
			sum := 0.0
			for kk, x := range rows[i] {
				y := cols[j][kk]
				sum += x.hi*y.hi + x.hi*y.lo + x.lo*y.hi
			}
			if acc {
				sum += c[i*ldc+j]
			}
			c[i*ldc+j] = sum
		}
	}
}

type twoParts struct{ hi, lo float64 }

// splitAll splits m rows of k numbers.
func (r RoundedReference) splitAll(m, k int, at func(i, j int) float64) [][]twoParts {
	rows := make([][]twoParts, m)
	for i := range rows {
		rows[i] = make([]twoParts, k)
		for j := range rows[i] {
			rows[i][j].hi, rows[i][j].lo = r.split(at(i, j))
		}
	}
	return rows
}

// PageLen is the numbers of one key head in a page.
func (r RoundedReference) PageLen(c, depth int) int { return blocked[float64]{r}.PageLen(c, depth) }

// AttentionScratch is the scratch of one worker.
func (r RoundedReference) AttentionScratch(c int) int {
	return blocked[float64]{r}.AttentionScratch(c)
}

// AttentionGradWork is what a way back works in.
func (r RoundedReference) AttentionGradWork(h, g, c int, lengths []int) int {
	return blocked[float64]{r}.AttentionGradWork(h, g, c, lengths)
}

// Attend computes attention of rounded operands, in the blocks of [Family.Attend]:
// what a probability is rounded from depends on them.
func (r RoundedReference) Attend(a *AttentionOf[float64], each Each) {
	blocked[float64]{r}.Attend(a, each)
}

// AttendBackward computes the gradients of attention, of rounded operands.
func (r RoundedReference) AttendBackward(a *AttentionGradOf[float64], each Each) {
	blocked[float64]{r}.AttendBackward(a, each)
}
