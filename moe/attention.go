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
		K: p.kr, LDK: p.GC, V: a.qkv[p.HC+p.GC:], LDV: p.ldW,
		Keep: c.parts, Share: p.sharedPages(c),
		Cache: kernel.CacheOf[Num]{Data: p.cache, Pages: p.pages.table, First: p.pages.first},
		Q:     p.qr, Queries: queries, O: a.o, LSE: a.lse,
		Scratch: p.attnScratch(),
	}, p.byWorker)
}

// attentionBackward takes do through attention into dqkv.
func (p *PassOf[Num]) attentionBackward(l int) {
	a := p.acts(l)
	if p.T == 0 {
		return
	}
	k, v := p.HC, p.HC+p.GC
	p.kern.AttendBackward(&kernel.AttentionGradOf[Num]{
		H: p.H, G: p.G, C: p.C,
		Q: p.qr, K: p.kr, LDK: p.GC, V: a.qkv[v:], LDV: p.ldW,
		O: a.o, DO: p.do, LSE: a.lse, Spans: p.spansByLength(),
		DQ: p.dqkv, DK: p.dqkv[k:], DV: p.dqkv[v:], LDD: p.ldW,
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
	p.attnWork = p.kern.AttentionGradWork(p.H, p.G, p.C, lengths)
}

// spansByLength lists the rows of the sequences, the longest first.
func (p *PassOf[Num]) spansByLength() []kernel.Span {
	list := p.order[:0]
	for _, s := range p.spans {
		list = append(list, kernel.Span{Row: s.lo, N: s.n})
		for j := len(list) - 1; j > 0 && list[j].N > list[j-1].N; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	p.order = list
	return list
}
