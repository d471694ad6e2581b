package kernel

import "math"

// The fast attention walks keys in blocks with a running maximum, so scores
// exist only for a strip of queries against one block (FlashAttention, Dao et
// al., arXiv 2205.14135). A page holds the keys of a head transposed and packed
// for queries to multiply, and the values packed for probabilities to multiply.

const (
	gradKeyBlock = 256 // keys per block backward
	scorePad     = 16  // floats between rows of scores beyond the block
)

// PageLen is the numbers of one key head in a page.
func (f Family) PageLen(c, depth int) int { return blocked[float32]{f}.PageLen(c, depth) }

// AttentionScratch is the scratch of one worker.
func (f Family) AttentionScratch(c int) int { return blocked[float32]{f}.AttentionScratch(c) }

// AttentionGradWork is what a way back works in.
func (f Family) AttentionGradWork(h, g, c int, lengths []int) int {
	return blocked[float32]{f}.AttentionGradWork(h, g, c, lengths)
}

// Attend computes attention. Nothing of it has a side of sequence by sequence.
func (f Family) Attend(a *Attention, each Each) { blocked[float32]{f}.Attend(a, each) }

// AttendBackward computes the gradients of attention, in blocks too.
func (f Family) AttendBackward(a *AttentionGrad, each Each) {
	blocked[float32]{f}.AttendBackward(a, each)
}

// blocked is attention in blocks on some products and rows. In panels of depth
// k column j is at PanelLen(k, j), and row i of one panel at PanelLen(i, width).
type blocked[T float32 | float64] struct{ blocks[T] }

// blocks is what it is made of.
type blocks[T float32 | float64] interface {
	Products[T]
	Rows[T]
}

func (f blocked[T]) PageLen(c, depth int) int { return f.PanelLen(c, depth) + f.PanelLen(depth, c) }

func (f blocked[T]) AttentionScratch(c int) int {
	parts := f.gradParts(c)
	return lines(max(f.scores()+2*QueryBlock, sum(parts[:]...)))
}

// scores is those of a strip of queries against a page of keys.
func (f blocked[T]) scores() int { return f.Align() * (KeyBlock + scorePad) }

func (f blocked[T]) Attend(a *AttentionOf[T], each Each) {
	f.fill(a, each)
	n := f.AttentionScratch(a.C)
	each(len(a.Queries), func(worker, i int) { f.attend(a, a.Scratch[worker*n:(worker+1)*n], &a.Queries[i]) })
}

// fill keeps the keys and values of a call in the cache.
func (f blocked[T]) fill(a *AttentionOf[T], each Each) {
	each(len(a.Keep)*a.G, func(_, i int) { f.keep(a, a.Keep[i/a.G], i%a.G) })
	if len(a.Share) > 0 {
		each(a.G, func(_, g int) { // in order: a page may be copied on
			for _, s := range a.Share {
				f.share(a, s, g)
			}
		})
	}
}

// page returns the keys and values of key head g in a page.
func (f blocked[T]) page(a *AttentionOf[T], p Page, g int) (keys, values []T) {
	all := a.Cache.head(p, g, f.PageLen(a.C, p.Depth))
	split := f.PanelLen(a.C, p.Depth)
	return all[:split], all[split:]
}

// keep packs keys and values of key head g.
func (f blocked[T]) keep(a *AttentionOf[T], r KeyRows, g int) {
	w, pages := f.PanelWidth(), a.Cache.pages(r.Seq)
	for done := 0; done < r.N; {
		at, p := (r.Pos+done)%KeyBlock, pages[(r.Pos+done)/KeyBlock]
		n, row := min(KeyBlock-at, r.N-done), r.Row+done
		keys, values := f.page(a, p, g)
		f.PackT(keys[f.PanelLen(a.C, at):], a.K[row*a.LDK+g*a.C:], a.LDK, a.C, n)
		v := a.V[row*a.LDV+g*a.C:]
		for j := 0; j < a.C; j += w {
			f.Pack(values[f.PanelLen(p.Depth, j)+f.PanelLen(at, w):], v[j:], a.LDV, n, min(w, a.C-j))
		}
		done += n
	}
}

// share copies the beginning of a page that another sequence computed.
func (f blocked[T]) share(a *AttentionOf[T], s SharedPage, g int) {
	from, to := a.Cache.pages(s.From)[s.Block], a.Cache.pages(s.To)[s.Block]
	keys, values := f.page(a, from, g)
	myKeys, myValues := f.page(a, to, g)
	copy(myKeys[:f.PanelLen(a.C, s.N)], keys)
	w := f.PanelWidth()
	for j := 0; j < a.C; j += w {
		copy(myValues[f.PanelLen(to.Depth, j):][:f.PanelLen(s.N, w)], values[f.PanelLen(from.Depth, j):])
	}
}

// cut divides memory into parts of such lengths.
func cut[T float32 | float64](parts [][]T, all []T, lengths ...int) {
	for i, n := range lengths {
		parts[i], all = all[:n:n], all[n:]
	}
}

// sum is the length of all parts.
func sum(lengths ...int) (n int) {
	for _, l := range lengths {
		n += l
	}
	return n
}

// attending is one unit of the way forward.
type attending[T float32 | float64] struct {
	*AttentionOf[T]
	f        blocked[T]
	q        *Queries
	g        int
	scores   []T // of a strip against a block
	max, sum []T // of each query so far
}

// attend answers one unit. Blocks of keys go by in the outer loop, so that
// each is fetched once for all queries.
func (f blocked[T]) attend(a *AttentionOf[T], scratch []T, q *Queries) {
	scores := f.scores()
	u := &attending[T]{AttentionOf: a, f: f, q: q, g: a.group(q.Head),
		scores: scratch[:scores], max: scratch[scores:][:q.N], sum: scratch[scores+QueryBlock:][:q.N]}
	step := f.Align()
	for b, p := range a.Cache.pages(q.Seq) {
		k0 := b * KeyBlock
		for i := 0; i < q.N; i += step {
			n := min(step, q.N-i)
			if seen := min(KeyBlock, q.Pos+i+n-k0); seen > 0 {
				u.block(i, n, k0, seen, p)
			}
		}
	}
	hc := a.H * a.C
	for i := range q.N {
		o := a.O[(q.Out+i)*hc+q.Head*a.C:][:a.C]
		f.Scale(o, 1/u.sum[i], o)
		a.LSE[(q.Out+i)*a.H+q.Head] = u.max[i] + T(math.Log(float64(u.sum[i])))
	}
}

// block adds to o what a strip of n queries, the unit's i-th and those behind
// it, gets from the page of keys at k0, of which its last query sees so many.
// It keeps the running maximum and sum of each query.
func (u *attending[T]) block(i, n, k0, seen int, p Page) {
	const ld = KeyBlock + scorePad
	f, hc, scale := u.f, u.H*u.C, scoreScale[T](u.C)
	keys, values := f.page(u.AttentionOf, p, u.g)
	o := u.O[(u.q.Out+i)*hc+u.q.Head*u.C:]
	f.Mul(n, seen, u.C, u.Q[(u.q.Row+i)*hc+u.q.Head*u.C:], hc, keys, u.scores, ld, false)
	for j := range n {
		row, q := u.scores[j*ld:(j+1)*ld], i+j
		valid := min(seen, u.q.Pos+q+1-k0)
		if valid <= 0 { // the strip reaches into this block, this query does not
			clear(row[:seen])
			continue
		}
		m := maskTail(row, valid, seen)
		top := f.Max(row[:m]) * scale
		if k0 == 0 {
			u.sum[q] = 0
		} else if old := u.max[q]; top > old {
			shrink := T(math.Exp(float64(old - top)))
			u.sum[q] *= shrink
			orow := o[j*hc : j*hc+u.C]
			f.Scale(orow, shrink, orow)
		} else {
			top = old
		}
		u.max[q] = top
		u.sum[q] += f.ExpSum(row[:m], row[:m], scale, top)
	}
	f.MulPart(n, u.C, 0, seen, u.scores, ld, values, p.Depth, o, hc, k0 > 0)
}

// maskTail hides the scores from valid to the end of its vector and clears
// those from there to n, which no exponential will touch. It returns the
// count of scores, a multiple of 16, that the softmax must walk.
func maskTail[T float32 | float64](row []T, valid, n int) int {
	m := (valid + 15) &^ 15
	for j := valid; j < m; j++ {
		row[j] = Masked
	}
	if m < n {
		clear(row[m:n])
	}
	return m
}
