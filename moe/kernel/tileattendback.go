package kernel

import "math"

// The way back on tiles computes scores with keys as rows, Sᵀ = K·Qᵀ, and their
// gradients likewise. So P and dS are left operands of the gradients of values and
// keys as they come, dS paired by keys is a right operand of dQᵀ = Kᵀ·dS, and the
// log-sum-exp is a vector. Blocks of queries go by in the outer loop: dQᵀ of one
// block stays in the cache. The keys of a sequence and head are rounded once.

// tileBlock is the queries, and the keys, of a block: a multiple of 32, so that
// in blocks on the diagonal it goes through the corners of tiles.
const tileBlock = 128

// gradLD is the floats from a row of a block to the next one.
const gradLD = tileBlock + scorePad

// AttentionGradWork is Σ do·o of each query, the gradients of keys and values of
// each head but the first of those that share them, and keys and values rounded.
func (t Tiles) AttentionGradWork(h, g, c int, lengths []int) int {
	n := 0
	for _, length := range lengths {
		n += t.gradWork(h, g, c, length)
	}
	return n
}

func (t Tiles) gradWork(h, g, c, n int) int {
	return gradWork(h, g, c, n) + g*t.keyFloats(c, n)
}

// keyFloats is one key head of a sequence: rows of keys, rows of values, and keys
// transposed, which are rows of Kᵀ.
func (t Tiles) keyFloats(c, n int) int {
	rows, turned := t.keyParts(c, n)
	return 2*rows + turned
}

func (t Tiles) keyParts(c, n int) (rows, turned int) {
	return t.leftFloats(steps(n)*tileStep, c), t.leftFloats(c, n)
}

// gradParts are the lengths of what a [tileAttendingSpan] has in scratch.
func (t Tiles) gradParts(c int) [12]int {
	side := t.leftFloats(tileBlock, tileBlock)
	return [12]int{t.PanelLen(c, tileBlock), t.PanelLen(c, tileBlock), t.PanelLen(tileBlock, c), t.PanelLen(tileBlock, c),
		tileBlock * gradLD, tileBlock * gradLD, side, side, t.PanelLen(tileBlock, tileBlock),
		sides(c) * tileSide * gradLD, tileBlock, tileBlock}
}

// AttendBackward computes the gradients of attention, of rounded operands.
func (t Tiles) AttendBackward(a *AttentionGrad, each Each) {
	b := &tileAttendingBack{attendingBack[float32]{AttentionGradOf: a, f: blocked[float32]{t}}, t}
	b.layOut(t.gradWork)
	each(len(a.Spans)*a.G, func(_, i int) { b.keep(i/a.G, i%a.G) })
	b.eachHead(each, t.AttentionScratch(a.C), b.span)
}

// tileAttendingBack is a way back with its memory laid out.
type tileAttendingBack struct {
	attendingBack[float32]
	t Tiles
}

// keys is where a key head of a span lies rounded.
func (b *tileAttendingBack) keys(span, g int) (k, v, kt []float32) {
	n := b.Spans[span].N
	size := b.t.keyFloats(b.C, n)
	rows, turned := b.t.keyParts(b.C, n)
	var parts [3][]float32
	cut(parts[:], b.Work[b.first[span]+gradWork(b.H, b.G, b.C, n)+g*size:], rows, rows, turned)
	return parts[0], parts[1], parts[2]
}

// keep rounds a key head of a span.
func (b *tileAttendingBack) keep(span, g int) {
	s := b.Spans[span]
	if s.N == 0 {
		return
	}
	k, v, kt := b.keys(span, g)
	keys, values := b.K[s.Row*b.LDK+g*b.C:], b.V[s.Row*b.LDV+g*b.C:]
	b.t.tileRows(k, keys, b.LDK, s.N, b.C)
	b.t.tileRows(v, values, b.LDV, s.N, b.C)
	b.t.tileCols(kt, keys, b.LDK, b.C, s.N)
}

// tileAttendingSpan is one unit of the way back: a head of a sequence.
type tileAttendingSpan struct {
	*tileAttendingBack
	s              Span
	head           int
	k, v, kt       []float32 // left operands of all keys
	q0, n          int       // the block of queries
	qt, dot, q, do []float32 // right operands of it: Qᵀ, dOᵀ, Q and dO
	scores, dp     []float32 // of keys with queries
	p, ds          []float32 // left operands of the gradients of values and keys
	right          []float32 // right operand of dQᵀ
	dqt            []float32
	lse, delta     []float32 // of each query; lse as an exponent of 2
	dk, dv         []float32
	ld             int // of dk and dv
}

func (b *tileAttendingBack) span(scratch []float32, span, head int) {
	u := &tileAttendingSpan{tileAttendingBack: b, s: b.Spans[span], head: head}
	lengths := b.t.gradParts(b.C)
	var parts [len(lengths)][]float32
	cut(parts[:], scratch, lengths[:]...)
	u.qt, u.dot, u.q, u.do, u.scores, u.dp = parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
	u.p, u.ds, u.right, u.dqt, u.lse, u.delta = parts[6], parts[7], parts[8], parts[9], parts[10], parts[11]
	g, _ := b.group(head)
	u.k, u.v, u.kt = b.keys(span, g)
	u.dk, u.dv, u.ld = b.grads(span, head)
	for u.q0 = 0; u.q0 < u.s.N; u.q0 += tileBlock {
		u.n = min(tileBlock, u.s.N-u.q0)
		u.queries()
		for k0 := 0; k0 < u.q0; k0 += tileBlock {
			u.below(k0)
		}
		u.diagonal()
		u.turn()
	}
}

// queries packs a block of them.
func (u *tileAttendingSpan) queries() {
	t, hc := u.t, u.H*u.C
	row := u.s.Row + u.q0
	q, do, o := u.Q[row*hc+u.head*u.C:], u.DO[row*hc+u.head*u.C:], u.O[row*hc+u.head*u.C:]
	t.PackT(u.qt, q, hc, u.C, u.n)
	t.PackT(u.dot, do, hc, u.C, u.n)
	t.Pack(u.q, q, hc, u.n, u.C)
	t.Pack(u.do, do, hc, u.n, u.C)
	for i := range tileBlock {
		if i >= u.n { // their probabilities are zero
			u.lse[i], u.delta[i] = -Masked, 0
			continue
		}
		u.lse[i] = float32(math.Log2E * float64(u.LSE[(row+i)*u.H+u.head]))
		u.delta[i] = t.Dot(do[i*hc:][:u.C], o[i*hc:][:u.C])
	}
}

// below takes a block of keys before all queries.
func (u *tileAttendingSpan) below(k0 int) {
	u.strip(k0, 0, tileBlock, 0, false)
	t := u.t
	t.multiply(&tileProduct{rows: u.C, cols: u.padded(), depth: tileBlock / tileStep, left: u.kt[k0/tileStep*t.tileFloats():], leftRow: t.leftRow(u.s.N),
		right: u.right, panel: t.PanelLen(tileBlock, 1), c: u.dqt, ldc: gradLD, acc: k0 > 0})
}

// diagonal takes the block of keys that are the queries', each strip of 32 of
// them with the queries from there on.
func (u *tileAttendingSpan) diagonal() {
	for i := 0; i < u.n; i += tileStrip {
		u.strip(u.q0, i, min(tileStrip, u.n-i), i, true)
	}
	t := u.t
	for j := 0; j < u.n; j += tilePanel {
		t.multiply(&tileProduct{rows: u.C, cols: tilePanel, depth: j/tileStep + 1, left: u.kt[u.q0/tileStep*t.tileFloats():], leftRow: t.leftRow(u.s.N),
			right: u.right[t.PanelLen(tileBlock, j):], panel: t.PanelLen(tileBlock, 1), c: u.dqt[j:], ldc: gradLD, acc: u.q0 > 0})
	}
}

// padded is the queries of a block with what fills their last panel.
func (u *tileAttendingSpan) padded() int { return steps(u.n) * tilePanel }

// strip takes n keys from k0+i on, with the queries of the block from one on. Rows
// of scores behind the last key hold anything: no gradient that is kept has them.
func (u *tileAttendingSpan) strip(k0, i, n, from int, diagonal bool) {
	t := u.t
	at, panel := t.leftFloats(k0+i, u.C), t.PanelLen(u.C, 1)
	scores := tileProduct{rows: steps(n) * tileStrip, cols: u.padded() - from, depth: steps(u.C), left: u.k[at:], leftRow: t.leftRow(u.C),
		right: u.qt[from/tilePanel*panel:], panel: panel, c: u.scores[i*gradLD+from:], ldc: gradLD}
	dp := scores
	dp.left, dp.right, dp.c = u.v[at:], u.dot[from/tilePanel*panel:], u.dp[i*gradLD+from:]
	t.multiply(&scores)
	t.multiply(&dp)
	for j := i; j < i+n; j += tileStrip {
		u.softmax(j, from, diagonal)
	}
	at = t.leftFloats(i, tileBlock) + from/tileStep*t.tileFloats()
	right := from / tileStep * t.stepFloats()
	dv := tileProduct{rows: n, cols: u.C, depth: steps(u.n) - from/tileStep, left: u.p[at:], leftRow: t.leftRow(tileBlock),
		right: u.do[right:], panel: t.PanelLen(u.n, 1), c: u.dv[(k0+i)*u.ld:], ldc: u.ld, acc: !diagonal}
	dk := dv
	dk.left, dk.right, dk.c = u.ds[at:], u.q[right:], u.dk[(k0+i)*u.ld:]
	t.multiply(&dv)
	t.multiply(&dk)
}

// softmax makes operands of the scores of 32 keys of the block, from the i-th on.
func (u *tileAttendingSpan) softmax(i, from int, diagonal bool) {
	t := u.t
	left := t.leftFloats(i, tileBlock) + from/tileStep*t.tileFloats()
	right := t.PanelLen(tileBlock, from) + i/tileStep*t.stepFloats()
	call := softmaxBackCall{scores: &u.scores[i*gradLD+from], dp: &u.dp[i*gradLD+from], ld: 4 * gradLD,
		p: bytesAt(u.p, left), ds: bytesAt(u.ds, left), half: 4 * t.leftRow(tileBlock), right: bytesAt(u.right, right), panel: 4 * t.PanelLen(tileBlock, 1),
		lse: &u.lse[from], delta: &u.delta[from], panels: (u.padded() - from) / tilePanel, logScale: logScale(u.C), scale: scoreScale[float32](u.C)}
	if diagonal {
		call.diagonal = 1
	}
	t.softmaxBackward(&call)
}

// turn writes dQᵀ of the block as rows of dQ.
func (u *tileAttendingSpan) turn() {
	dq := u.DQ[(u.s.Row+u.q0)*u.LDD+u.head*u.C:]
	u.t.turn(dq, u.LDD, u.dqt, gradLD, u.C, u.n)
}
