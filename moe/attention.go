package moe

import "github.com/swerm/swerm/moe/kernel"

// attention keeps the keys and values of a chunk and computes o and lse for
// some of its queries.
func (p *PassOf[Num]) attention(a *acts[Num], c *chunk, queries []kernel.Queries) {
	if c.n == 0 { // a rank without sequences
		return
	}
	p.kern.Attend(&kernel.AttentionOf[Num]{
		H: p.H, G: p.G, C: p.C,
		K: p.kr, LDK: p.GC, V: a.qkv[p.HC+p.GC:], LDV: p.W,
		Keep: c.parts, Share: p.sharedPages(c),
		Cache: kernel.CacheOf[Num]{Data: p.cache, Pages: p.pages.table, First: p.pages.first},
		Q:     p.qr, Queries: queries, O: a.o, LSE: a.lse,
		Scratch: p.attnScratch(),
	}, p.byWorker)
}

// attentionBackward takes dx through attention into dqkv, some sequences after
// others: what they go back from needs the memory of the largest part.
func (p *PassOf[Num]) attentionBackward(l int) {
	first := 0
	for _, rows := range p.parts {
		lo, hi := first, first+rows
		p.eachStripe(rows, func(_ *worker[Num], from, to int) { p.queriesBackward(l, lo, lo+from, lo+to) })
		p.attendBackward(l, lo, hi)
		first = hi
	}
}

// attendBackward takes the gradients of the outputs of rows lo to hi, which are
// whole sequences, through attention.
func (p *PassOf[Num]) attendBackward(l, lo, hi int) {
	a := p.acts(l)
	k, v := p.HC, p.HC+p.GC
	d := p.dqkv[lo*p.ldW:]
	p.kern.AttendBackward(&kernel.AttentionGradOf[Num]{
		H: p.H, G: p.G, C: p.C,
		Q: p.qr, K: p.kr, LDK: p.GC, V: a.qkv[lo*p.W+v:], LDV: p.W,
		O: a.o[lo*p.HC:], DO: p.do, LSE: a.lse[lo*p.H:], Spans: p.spansByLength(lo, hi),
		DQ: d, DK: d[k:], DV: d[v:], LDD: p.ldW,
		Work: p.attnBack, Scratch: p.attnScratch(),
	}, p.byWorker)
}

// attnScratch is the memory of the attention of all workers.
func (p *PassOf[Num]) attnScratch() []Num {
	return grow(&p.attn, p.threads*p.kern.AttentionScratch(p.C))
}

// byWorker is [kernel.Each] on the goroutines of the pass.
func (p *PassOf[Num]) byWorker(n int, do func(worker, i int)) { p.crew.run(p.threads, n, do) }

// planAttention sizes the backward pass of attention.
func (p *PassOf[Num]) planAttention() {
	lengths := growInts(&p.lengths, len(p.spans))
	for i, s := range p.spans {
		lengths[i] = s.n
	}
	p.parts, p.attnWork = attentionParts(p.parts[:0], p.kern, &p.dims, lengths, p.threads)
}

// attentionParts cuts sequences into two parts that go back through attention one
// after the other, where either keeps all goroutines busy: it appends their rows, and
// returns what attention works in.
func attentionParts[Num Float](parts []int, kern kernels[Num], d *dims, lengths []int, threads int) ([]int, int) {
	const unitsOfEach = 4
	total, at, rows := 0, 0, 0
	for _, n := range lengths {
		total += n
	}
	for at < len(lengths) && 2*rows < total {
		rows += lengths[at]
		at++
	}
	if min(at, len(lengths)-at)*d.H < unitsOfEach*threads {
		at, rows = len(lengths), total
	}
	work := func(lengths []int) int { return kern.AttentionGradWork(d.H, d.G, d.C, lengths) }
	for _, n := range []int{rows, total - rows} {
		if n > 0 {
			parts = append(parts, n)
		}
	}
	return parts, max(work(lengths[:at]), work(lengths[at:]))
}

// spansByLength lists the sequences in rows lo to hi, the longest first, and counts
// rows from lo on.
func (p *PassOf[Num]) spansByLength(lo, hi int) []kernel.Span {
	list := p.order[:0]
	for _, s := range p.spans {
		if s.lo < lo || s.lo >= hi {
			continue
		}
		list = append(list, kernel.Span{Row: s.lo - lo, N: s.n})
		for j := len(list) - 1; j > 0 && list[j].N > list[j-1].N; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	p.order = list
	return list
}
