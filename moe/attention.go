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

// attnPlan says where the packed operands of each sequence and key head lie
// and lists the units of work.
type attnPlan struct {
	kt, v []int // per sequence·G + g: offsets into panels
	k     []int
	size  int
	items []attnItem // longest first
}

// attnItem is a stripe of queries of one head.
type attnItem struct{ seq, head, q0, n int }

// planAttention lays out panels for the batch. Forward needs K transposed and
// V; backward needs K, K transposed and V transposed, in the same places.
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
			at += max(f.PanelLen(s.n, p.C), f.PanelLen(p.C, s.n))
			k[i*p.G+g] = at
			if p.o.Train {
				at += f.PanelLen(s.n, p.C)
			}
		}
	}
	pl.size = at
	pl.items = pl.items[:0]
	longest := 0
	for _, s := range p.spans {
		longest = max(longest, s.n)
	}
	// Queries late in their sequence cost most and come first.
	for q0 := (longest - 1) / stripe * stripe; q0 >= 0; q0 -= stripe {
		for i, s := range p.spans {
			if q0 >= s.n {
				continue
			}
			for h := range p.H {
				pl.items = append(pl.items, attnItem{i, h, q0, min(stripe, s.n-q0)})
			}
		}
	}
}

// attention computes o and lse for all rows, or with onlyLast for the last row
// of each sequence, stored in sequence order.
func (p *PassOf[Num]) attention(a *acts[Num], onlyLast bool) {
	panels := grow(&p.panels, p.attn.size)
	for i := range p.work {
		grow(&p.work[i].s, max(maxStrip*(keyBlock+scorePad), stripe*(keyBlockBack+scorePad)))
	}
	p.each(len(p.spans)*p.G, func(_ *worker[Num], i int) {
		s, g := p.spans[i/p.G], i%p.G
		p.kern.PackT(panels[p.attn.kt[i]:], p.kr[s.lo*p.GC+g*p.C:], p.GC, p.C, s.n)
		p.kern.Pack(panels[p.attn.v[i]:], a.qkv[s.lo*p.ldW+p.HC+p.GC+g*p.C:], p.ldW, s.n, p.C)
	})
	if onlyLast {
		p.each(len(p.spans)*p.H, func(w *worker[Num], i int) {
			n := p.spans[i/p.H].n
			p.attend(a, w, attnItem{i / p.H, i % p.H, n - 1, 1}, i/p.H)
		})
		return
	}
	p.each(len(p.attn.items), func(w *worker[Num], i int) {
		it := p.attn.items[i]
		p.attend(a, w, it, p.spans[it.seq].lo+it.q0)
	})
}

// attend computes one item into rows out, out+1, … of o.
func (p *PassOf[Num]) attend(a *acts[Num], w *worker[Num], it attnItem, out int) {
	step := p.kern.Align()
	for at := 0; at < it.n; at += step {
		strip := it
		strip.q0, strip.n = it.q0+at, min(step, it.n-at)
		p.attendStrip(a, w, strip, out+at)
	}
}

// attendStrip is the forward pass of flash attention over a strip of at most
// maxStrip queries.
func (p *PassOf[Num]) attendStrip(a *acts[Num], w *worker[Num], it attnItem, out int) {
	f, s := p.kern, p.spans[it.seq]
	pi := it.seq*p.G + it.head*p.G/p.H
	kt, v := p.panels[p.attn.kt[pi]:], p.panels[p.attn.v[pi]:]
	q := p.qr[(s.lo+it.q0)*p.HC+it.head*p.C:]
	o := a.o[out*p.HC+it.head*p.C:]
	scale := Num(1 / math.Sqrt(float64(p.C)))
	const ld = keyBlock + scorePad
	end := it.q0 + it.n // keys that the last query of the strip sees
	for k0 := 0; k0 < end; k0 += keyBlock {
		n := min(keyBlock, end-k0)
		f.Mul(it.n, n, p.C, q, p.HC, kt[k0*p.C:], w.s, ld, false)
		for i := range it.n {
			row := w.s[i*ld : (i+1)*ld]
			valid := min(n, it.q0+i+1-k0)
			if valid <= 0 { // the strip reaches into this block, this query does not
				clear(row[:n])
				continue
			}
			m := maskTail(row, valid, n)
			top := f.Max(row[:m]) * scale
			if k0 > 0 {
				if old := w.rowMax[i]; top > old {
					shrink := Num(math.Exp(float64(old - top)))
					w.rowSum[i] *= shrink
					orow := o[i*p.HC : i*p.HC+p.C]
					f.Scale(orow, shrink, orow)
				} else {
					top = old
				}
			} else {
				w.rowSum[i] = 0
			}
			w.rowMax[i] = top
			w.rowSum[i] += f.ExpSum(row[:m], row[:m], scale, top)
		}
		f.MulPart(it.n, p.C, k0, k0+n, w.s, ld, v, s.n, o, p.HC, k0 > 0)
	}
	for i := range it.n {
		orow := o[i*p.HC : i*p.HC+p.C]
		f.Scale(orow, 1/w.rowSum[i], orow)
		a.lse[(out+i)*p.H+it.head] = w.rowMax[i] + Num(math.Log(float64(w.rowSum[i])))
	}
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
