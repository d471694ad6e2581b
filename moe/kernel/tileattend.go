package kernel

import "math"

// Attention on tiles walks pages of keys as the other families do, with what
// products leave and take kept in the layouts of tiles: queries are rounded once
// for all pages, and one pass over scores leaves probabilities as a left operand.
// Scores are exponents of 2, so that one multiply-add is all that comes before the
// power. Probabilities are rounded against the greatest score of all pages so
// far, as [Rounded] does.

// PageLen is the numbers of one key head in a page.
func (t Tiles) PageLen(c, depth int) int { return blocked[float32]{t}.PageLen(c, depth) }

// AttentionScratch is the scratch of one worker.
func (t Tiles) AttentionScratch(c int) int {
	forward, back := t.attendParts(c), t.gradParts(c)
	return max(sum(forward[:]...), sum(back[:]...))
}

// attendParts are the lengths of what a [tileAttending] has in scratch.
func (t Tiles) attendParts(c int) [6]int {
	return [6]int{t.leftFloats(QueryBlock, c), tileStrip * scoreLD, t.leftFloats(tileStrip, KeyBlock), QueryBlock, QueryBlock, tileStrip}
}

// scoreLD is the floats from a row of scores to the next one.
const scoreLD = KeyBlock + scorePad

// Attend computes attention as [Family.Attend] does, of rounded operands; so are
// probabilities before they are multiplied with values.
func (t Tiles) Attend(a *Attention, each Each) {
	f, n := blocked[float32]{t}, t.AttentionScratch(a.C)
	f.fill(a, each)
	each(len(a.Queries), func(worker, i int) {
		u := &tileAttending{Attention: a, t: t, f: f, q: &a.Queries[i], g: a.group(a.Queries[i].Head)}
		u.attend(a.Scratch[worker*n : (worker+1)*n])
	})
}

// tileAttending is one unit of the way forward.
type tileAttending struct {
	*Attention
	t        Tiles
	f        blocked[float32] // it, for what pages hold
	q        *Queries
	g        int
	left     []float32 // its queries
	scores   []float32 // of a strip against a page
	p        []float32 // their probabilities
	max, sum []float32 // of each query so far
	shrink   []float32 // of a strip
}

// attend answers one unit. Pages go by in the outer loop, so that each is fetched
// once for all queries.
func (u *tileAttending) attend(scratch []float32) {
	t, a, q := u.t, u.Attention, u.q
	lengths := t.attendParts(a.C)
	var parts [len(lengths)][]float32
	cut(parts[:], scratch, lengths[:]...)
	u.left, u.scores, u.p, u.max, u.sum, u.shrink = parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]
	for i := range q.N {
		u.max[i], u.sum[i] = float32(math.Inf(-1)), 0
	}
	hc := a.H * a.C
	t.tileRows(u.left, a.Q[q.Row*hc+q.Head*a.C:], hc, q.N, a.C)
	for b, p := range a.Cache.pages(q.Seq) {
		k0 := b * KeyBlock
		for i := 0; i < q.N; i += tileStrip {
			n := min(tileStrip, q.N-i)
			if seen := min(KeyBlock, q.Pos+i+n-k0); seen > 0 {
				u.block(i, n, k0, seen, p)
			}
		}
	}
	for i := range q.N {
		o := a.O[(q.Out+i)*hc+q.Head*a.C:][:a.C]
		t.Scale(o, 1/u.sum[i], o)
		a.LSE[(q.Out+i)*a.H+q.Head] = float32(math.Ln2 * (float64(u.max[i]) + math.Log2(float64(u.sum[i]))))
	}
}

// block adds to o what a strip of n queries, the unit's i-th and those behind
// it, gets from the page of keys at k0, of which its last query sees so many.
func (u *tileAttending) block(i, n, k0, seen int, p Page) {
	t, hc := u.t, u.H*u.C
	keys, values := u.f.page(u.Attention, p, u.g)
	t.multiply(&tileProduct{rows: n, cols: steps(seen) * tileStep, depth: steps(u.C), left: u.left[t.leftFloats(i, u.C):], leftRow: t.leftRow(u.C),
		right: keys, panel: t.PanelLen(u.C, 1), c: u.scores, ldc: scoreLD})
	t.softmax(&softmaxCall{scores: &u.scores[0], ld: 4 * scoreLD, out: t.leftAt(u.p, 0, KeyBlock), half: 4 * t.leftRow(KeyBlock),
		steps: steps(seen), rows: n, seen: u.q.Pos + i + 1 - k0, max: &u.max[i], sum: &u.sum[i], shrink: &u.shrink[0], scale: logScale(u.C)})
	o := u.O[(u.q.Out+i)*hc+u.q.Head*u.C:]
	for j, s := range u.shrink[:n] {
		if k0 > 0 && s != 1 {
			row := o[j*hc:][:u.C]
			t.Scale(row, s, row)
		}
	}
	t.multiply(&tileProduct{rows: n, cols: u.C, depth: steps(seen), left: u.p, leftRow: t.leftRow(KeyBlock),
		right: values, panel: t.PanelLen(p.Depth, 1), c: o, ldc: hc, acc: k0 > 0})
}

// logScale makes exponents of 2 of scores.
func logScale(c int) float32 { return float32(math.Log2E / math.Sqrt(float64(c))) }
