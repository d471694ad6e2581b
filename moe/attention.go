package moe

import (
	"math"

	"github.com/swerm/swerm/moe/kernel"
)

// Attention walks keys in blocks with a running maximum, so scores exist only
// for a strip of queries against one block.
const (
	keyBlock     = 512 // keys per block forward
	keyBlockBack = 256 // keys per block backward
	scorePad     = 16  // floats between rows of scores beyond the block
)

// attnPlan says where backward has the packed operands of each sequence and
// key head: K, K transposed and V transposed.
type attnPlan struct {
	kt, v, k []int // per sequence·G + g: offsets into panels
	size     int
}

// attnItem is a stripe of queries of one head: n positions of a sequence from
// q0 on, in rows of a chunk, whose answers go to rows from out on.
type attnItem struct{ seq, head, q0, n, row, out int }

// planAttention lays out the panels of the backward pass.
func (p *PassOf[Num]) planAttention() {
	pl, f := &p.attn, p.kern
	n := len(p.spans) * p.G
	kt, v, k := growInts(&pl.kt, n), growInts(&pl.v, n), growInts(&pl.k, n)
	at := 0
	for i, s := range p.spans {
		for g := range p.G {
			kt[i*p.G+g] = at
			at += f.PanelLen(p.C, s.n)
			v[i*p.G+g] = at
			at += f.PanelLen(p.C, s.n)
			k[i*p.G+g] = at
			at += f.PanelLen(s.n, p.C)
		}
	}
	pl.size = at
}

// attention packs the keys and values of a chunk and computes o and lse for
// some of its queries.
func (p *PassOf[Num]) attention(a *acts[Num], c *chunk, items []attnItem) {
	grow(&p.panels, p.pages.size)
	for i := range p.work {
		grow(&p.work[i].s, max(maxStrip*(keyBlock+scorePad), stripe*(keyBlockBack+scorePad)))
	}
	p.fillPages(a, c)
	p.each(len(items), func(w *worker[Num], i int) { p.attend(a, w, items[i]) })
}

// attend is the forward pass of flash attention over one item. Blocks of keys
// go by in the outer loop, so that each is fetched once for all queries.
func (p *PassOf[Num]) attend(a *acts[Num], w *worker[Num], it attnItem) {
	step, g := p.kern.Align(), it.head*p.G/p.H
	for k0 := 0; k0 < it.q0+it.n; k0 += keyBlock {
		keys, values, depth := p.page(it.seq, k0/keyBlock, g)
		for i := 0; i < it.n; i += step {
			n := min(step, it.n-i)
			if seen := min(keyBlock, it.q0+i+n-k0); seen > 0 {
				p.attendBlock(a, w, &it, i, n, k0, seen, keys, values, depth)
			}
		}
	}
	for i := range it.n {
		r := it.out + i
		orow := a.o[r*p.HC+it.head*p.C : r*p.HC+(it.head+1)*p.C]
		p.kern.Scale(orow, 1/w.rowSum[i], orow)
		a.lse[r*p.H+it.head] = w.rowMax[i] + Num(math.Log(float64(w.rowSum[i])))
	}
}

// attendBlock adds to o what a strip of n queries, the item's i-th and those
// behind it, gets from the block of keys at k0, of which its last query sees
// so many. It keeps the running maximum and sum of each query.
func (p *PassOf[Num]) attendBlock(a *acts[Num], w *worker[Num], it *attnItem, i, n, k0, seen int, keys, values []Num, depth int) {
	f := p.kern
	const ld = keyBlock + scorePad
	scale := Num(1 / math.Sqrt(float64(p.C)))
	o := a.o[(it.out+i)*p.HC+it.head*p.C:]
	f.Mul(n, seen, p.C, p.qr[(it.row+i)*p.HC+it.head*p.C:], p.HC, keys, w.s, ld, false)
	for j := range n {
		row, q := w.s[j*ld:(j+1)*ld], i+j
		valid := min(seen, it.q0+q+1-k0)
		if valid <= 0 { // the strip reaches into this block, this query does not
			clear(row[:seen])
			continue
		}
		m := maskTail(row, valid, seen)
		top := f.Max(row[:m]) * scale
		if k0 == 0 {
			w.rowSum[q] = 0
		} else if old := w.rowMax[q]; top > old {
			shrink := Num(math.Exp(float64(old - top)))
			w.rowSum[q] *= shrink
			orow := o[j*p.HC : j*p.HC+p.C]
			f.Scale(orow, shrink, orow)
		} else {
			top = old
		}
		w.rowMax[q] = top
		w.rowSum[q] += f.ExpSum(row[:m], row[:m], scale, top)
	}
	f.MulPart(n, p.C, 0, seen, w.s, ld, values, depth, o, p.HC, k0 > 0)
}

// maskTail hides the scores from valid to the end of its vector and clears
// those from there to n, which no exponential will touch. It returns the
// count of scores, a multiple of 16, that the softmax must walk.
func maskTail[Num Float](row []Num, valid, n int) int {
	m := (valid + 15) &^ 15
	for j := valid; j < m; j++ {
		row[j] = kernel.Masked
	}
	if m < n {
		clear(row[m:n])
	}
	return m
}

// attentionBackward takes do through attention into dqkv; the rows of k and v
// are left per query head in dkh and dvh.
func (p *PassOf[Num]) attentionBackward(l int) {
	a := p.acts(l)
	grow(&p.panels, p.attn.size)
	heads := grow(&p.y, 2*p.T*p.HC)
	p.dkh, p.dvh = heads[:p.T*p.HC], heads[p.T*p.HC:]
	p.dqkv = grow(&p.dyp, p.T*p.ldW)
	p.each(len(p.spans)*p.G, func(_ *worker[Num], i int) {
		s, g := p.spans[i/p.G], i%p.G
		k, v := p.kr[s.lo*p.GC+g*p.C:], a.qkv[s.lo*p.ldW+p.HC+p.GC+g*p.C:]
		p.kern.PackT(p.panels[p.attn.kt[i]:], k, p.GC, p.C, s.n)
		p.kern.PackT(p.panels[p.attn.v[i]:], v, p.ldW, p.C, s.n)
		p.kern.Pack(p.panels[p.attn.k[i]:], k, p.GC, s.n, p.C)
	})
	for i := range p.work {
		w := &p.work[i]
		grow(&w.dp, stripe*(keyBlockBack+scorePad))
		grow(&w.pack, max(len(w.pack), 2*p.kern.PanelLen(stripe, p.C)))
	}
	order := p.bySpanLength()
	p.each(len(order)*p.H, func(w *worker[Num], i int) { p.attendBackward(a, w, order[i/p.H], i%p.H) })
}

// bySpanLength lists the sequences, longest first.
func (p *PassOf[Num]) bySpanLength() []int {
	order := growInts(&p.order, len(p.spans))
	for i := range order {
		order[i] = i
		for j := i; j > 0 && p.spans[order[j]].n > p.spans[order[j-1]].n; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	return order
}

// attendBackward is the backward pass of flash attention for one sequence and
// head: stripes of queries, and for each the blocks of keys before it.
func (p *PassOf[Num]) attendBackward(a *acts[Num], w *worker[Num], seq, head int) {
	f, s := p.kern, p.spans[seq]
	pi := seq*p.G + head*p.G/p.H
	b := &attnBack[Num]{PassOf: p, a: a, w: w, seq: seq, head: head}
	b.kt, b.vt, b.k = p.panels[p.attn.kt[pi]:], p.panels[p.attn.v[pi]:], p.panels[p.attn.k[pi]:]
	dk, dv := p.dkh[s.lo*p.HC+head*p.C:], p.dvh[s.lo*p.HC+head*p.C:]
	for t := range s.n {
		clear(dk[t*p.HC : t*p.HC+p.C])
		clear(dv[t*p.HC : t*p.HC+p.C])
	}
	const ld = keyBlockBack + scorePad
	for q0 := 0; q0 < s.n; q0 += stripe {
		n := min(stripe, s.n-q0)
		q, do := p.qr[(s.lo+q0)*p.HC+head*p.C:], p.do[(s.lo+q0)*p.HC+head*p.C:]
		packQ, packDO := w.pack, w.pack[f.PanelLen(n, p.C):]
		f.Pack(packQ, q, p.HC, n, p.C)
		f.Pack(packDO, do, p.HC, n, p.C)
		for k0 := 0; k0 < q0+n; k0 += keyBlockBack {
			keys := min(keyBlockBack, q0+n-k0)
			b.scores(q0, n, k0, keys)
			f.MulT(keys, p.C, n, w.s, ld, packDO, dv[k0*p.HC:], p.HC, true, nil)
			f.MulT(keys, p.C, n, w.dp, ld, packQ, dk[k0*p.HC:], p.HC, true, nil)
		}
	}
}

// attnBack carries one unit of the backward pass.
type attnBack[Num Float] struct {
	*PassOf[Num]
	a         *acts[Num]
	w         *worker[Num]
	seq, head int
	kt, vt, k []Num // panels
}

// scores fills w.s with the probabilities and w.dp with the gradients of the
// scores for queries q0..q0+n and keys k0..k0+keys, and adds to dq.
func (b *attnBack[Num]) scores(q0, n, k0, keys int) {
	f, s, w := b.kern, b.spans[b.seq], b.w
	scale := Num(1 / math.Sqrt(float64(b.C)))
	const ld = keyBlockBack + scorePad
	step := f.Align()
	for i0 := 0; i0 < n; i0 += step {
		rows := min(step, n-i0)
		t := s.lo + q0 + i0
		// Keys that the last query of this strip sees.
		see := min(keys, q0+i0+rows-k0)
		sc, dp := w.s[i0*ld:], w.dp[i0*ld:]
		if see <= 0 {
			clear(sc[:(rows-1)*ld+keys])
			clear(dp[:(rows-1)*ld+keys])
			continue
		}
		f.Mul(rows, see, b.C, b.qr[t*b.HC+b.head*b.C:], b.HC, b.kt[k0*b.C:], sc, ld, false)
		f.Mul(rows, see, b.C, b.do[t*b.HC+b.head*b.C:], b.HC, b.vt[k0*b.C:], dp, ld, false)
		for i := range rows {
			valid := min(see, q0+i0+i+1-k0)
			if valid <= 0 {
				clear(sc[i*ld : i*ld+keys])
				clear(dp[i*ld : i*ld+keys])
				continue
			}
			m := maskTail(sc[i*ld:(i+1)*ld], valid, keys)
			maskTail(dp[i*ld:(i+1)*ld], valid, keys)
			at := (t+i)*b.H + b.head
			f.SoftmaxBackward(sc[i*ld:i*ld+m], dp[i*ld:i*ld+m], scale, b.a.lse[at], b.delta[at])
		}
		f.MulPart(rows, b.C, k0, k0+see, dp, ld, b.k, s.n, b.dqkv[t*b.ldW+b.head*b.C:], b.ldW, k0 > 0)
	}
}
