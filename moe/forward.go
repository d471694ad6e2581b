package moe

import "fmt"

// wanted says which positions of the last layer a head reads.
type wanted uint8

const (
	lastOnly wanted = iota
	allRows
)

// forward runs the trunk. It leaves in the last layer's activations and in y
// what hidden needs, or in stream where a scoring pass wants all rows.
func (p *PassOf[Num]) forward(want wanted) error {
	p.want = want
	p.plan()
	p.sizeForward()
	for l := range p.L {
		p.hold(l)
		p.settle(l, false)
		p.sizeLowPacks(l)
		p.packForward(l)
		if err := p.layer(l, l == p.L-1 && want == lastOnly); err != nil {
			return fmt.Errorf("layer %d: %w", l, err)
		}
	}
	p.auxLoss()
	return nil
}

// layer takes the rows through one layer, chunk by chunk. Of the last layer
// scoring needs one query per sequence, with what follows it; training needs
// its router everywhere but its experts at the last position.
func (p *PassOf[Num]) layer(l int, final bool) error {
	a, ends := p.acts(l), len(p.spans)
	if !p.elsewhere(a) { // of the layer before: views of what this one writes
		a.work = work[Num]{}
	}
	a.mlp = p.mlp[l]
	clear(p.loads[l])
	onlyLast := final && !p.o.Train
	if onlyLast {
		p.sizeRows(a, ends, ends)
	}
	for i := range p.chunks {
		c := &p.chunks[i]
		p.sizeInput(l, c)
		p.sizeLowInput(l, c.n)
		p.eachStripe(c.n, func(w *worker[Num], lo, hi int) { p.attnInput(l, w, c, lo, hi, onlyLast) })
		p.lookBefore(l, c, onlyLast)
		if onlyLast {
			p.attention(a, c, c.lasts)
			continue
		}
		tokens := c.n
		if final {
			tokens = ends
		}
		p.sizeRows(a, c.n, tokens)
		p.attention(a, c, c.items)
		if err := p.behindAttention(l, c.n, final, false); err != nil {
			return err
		}
		p.lookBehind(l, c.n, c.row)
		p.handOver(l, c)
	}
	if !onlyLast {
		return nil
	}
	a.x = p.stream
	grow(&a.low.out, ends*p.m.layers[l].lowWidths().o)
	err := p.behindAttention(l, ends, false, true)
	p.lookBehind(l, ends, func(r int) int { return int(p.last[r]) })
	return err
}

// handOver leaves a chunk's answers where the next layer reads its input.
func (p *PassOf[Num]) handOver(l int, c *chunk) {
	a, x := p.acts(l), p.acts(l).x
	if p.o.Train {
		if l == p.L-1 {
			return // the head takes the rows that it needs
		}
		x = p.acts(l + 1).x
	}
	p.eachStripe(c.n, func(_ *worker[Num], lo, hi int) {
		for r := lo; r < hi; r++ {
			p.combine(x[r*p.D:(r+1)*p.D], a, r)
		}
	})
}

// behindAttention takes R rows from attention to the answers of the experts,
// which with lastRows are asked for the last row of each sequence alone. With
// onlyLast there are no other rows.
func (p *PassOf[Num]) behindAttention(l, R int, lastRows, onlyLast bool) error {
	a := p.acts(l)
	p.eachStripe(R, func(w *worker[Num], lo, hi int) { p.attnOutput(l, w, lo, hi, onlyLast) })
	p.countLoad(l, R)
	p.dispatch(a, R, lastRows)
	return p.experts(l)
}

// sizeForward prepares the buffers that every layer uses.
func (p *PassOf[Num]) sizeForward() {
	f := p.kern
	grow(&p.packQKV, f.PanelLen(p.D, p.HC)+f.PanelLen(p.D, 2*p.GC))
	grow(&p.packO, f.PanelLen(p.HC, p.D))
	grow(&p.packR, p.whole.PanelLen(p.D, max(1, p.E)))
	for i := range p.work {
		w := &p.work[i]
		grow(&w.h, stripe*max(p.D, p.wide.F))
		grow(&w.h2, stripe*max(p.D, p.wide.ldF))
		grow(&w.pack, max(f.PanelLen(p.D, 2*p.wide.F), f.PanelLen(2*p.wide.F, p.D), f.PanelLen(gradDepth, gradTileN), p.whole.PanelLen(gradDepth, gradTileN)))
		grow(&w.pack2, max(f.PanelLen(p.wide.F, p.D), f.PanelLen(p.D, p.wide.F)))
	}
}

// packForward packs the dense matrices of a layer for Y = X·Wᵀ.
func (p *PassOf[Num]) packForward(l int) {
	lp := &p.m.layers[l]
	jobs := []packJob[Num]{
		{dst: p.packQKV, src: p.m.joined(lp.q), k: p.D, n: p.HC, transpose: true},
		{dst: p.packQKV[p.kern.PanelLen(p.D, p.HC):], src: p.m.joined(lp.k, lp.v), k: p.D, n: 2 * p.GC, transpose: true},
		{dst: p.packO, src: p.m.joined(lp.o), k: p.HC, n: p.D, transpose: true},
	}
	if lp.router != nil {
		jobs = append(jobs, packJob[Num]{dst: p.packR, src: p.m.joined(lp.router), k: p.D, n: p.E, transpose: true, whole: true})
	}
	jobs = append(jobs, lp.qkvLow.packForward(p, p.packLow.in)...)
	jobs = append(jobs, lp.oLow.packForward(p, p.packLow.out)...)
	p.packJobs(jobs...)
}

// packJob is one weight matrix to turn into panels: k deep, n columns.
type packJob[Num Float] struct {
	dst       []Num
	src       matrix[Num]
	k, n      int
	transpose bool // src is [n,k], as weights are on disk; else [k,n]
	whole     bool // for a product that is never rounded
}

// products are the kernels for a product that is never rounded, or for another.
func (p *PassOf[Num]) products(whole bool) kernels[Num] {
	if whole {
		return p.whole
	}
	return p.kern
}

// packJobs packs several matrices, a few panels per unit.
func (p *PassOf[Num]) packJobs(jobs ...packJob[Num]) {
	step := packPanels * p.kern.PanelWidth()
	units := 0
	for _, j := range jobs {
		units += (j.n + step - 1) / step
	}
	p.each(units, func(w *worker[Num], i int) {
		for j := range jobs {
			n := (jobs[j].n + step - 1) / step
			if i >= n {
				i -= n
				continue
			}
			p.pack(w, &jobs[j], i*step, min(step, jobs[j].n-i*step))
			return
		}
	})
}

// attnInput computes rows lo..hi of a chunk up to attention: the layer's input,
// its norm, q, k and v, their norms and rotation. With onlyLast there are
// queries for the last position of each sequence alone.
func (p *PassOf[Num]) attnInput(l int, w *worker[Num], c *chunk, lo, hi int, onlyLast bool) {
	a, lp, f := p.acts(l), &p.m.layers[l], p.kern
	h := w.h[:(hi-lo)*p.D]
	if l == 0 {
		p.embed(a.x[lo*p.D:], p.ids[c.lo+lo:c.lo+hi])
	}
	for r := lo; r < hi; r++ {
		x := a.x[r*p.D : (r+1)*p.D]
		a.r1[r] = f.RMSNorm(h[(r-lo)*p.D:(r-lo+1)*p.D], x, lp.norm1.Data, p.eps)
	}
	// What adapters add lies side by side for queries, keys and values.
	all := !onlyLast || lp.qkvLow != nil
	f.Mul(hi-lo, 2*p.GC, p.D, h, p.D, p.packQKV[f.PanelLen(p.D, p.HC):], a.qkv[lo*p.W+p.HC:], p.W, false)
	if all {
		f.Mul(hi-lo, p.HC, p.D, h, p.D, p.packQKV, a.qkv[lo*p.W:], p.W, false)
	}
	lp.qkvLow.forward(f, p.packLow.in, hi-lo, h, p.D, a.low.in, lo, a.qkv[lo*p.W:], p.W)
	for r := lo; r < hi; r++ {
		t, row := c.lo+r, a.qkv[r*p.W:(r+1)*p.W]
		if lp.kBias != nil {
			f.AddScaled(row[p.HC:], 1, p.m.joined(lp.kBias, lp.vBias).data)
		}
		p.rotated(p.kr[r*p.GC:(r+1)*p.GC], row[p.HC:p.HC+p.GC], lp.kNorm.Data, a.rk[r*p.G:(r+1)*p.G], t)
		if onlyLast {
			if t != int(p.last[p.seq[t]]) {
				continue
			}
			if !all {
				f.Mul(1, p.HC, p.D, h[(r-lo)*p.D:], p.D, p.packQKV, row, p.W, false)
			}
		}
		if lp.qBias != nil {
			f.AddScaled(row[:p.HC], 1, lp.qBias.Data)
		}
		p.rotated(p.qr[r*p.HC:(r+1)*p.HC], row[:p.HC], lp.qNorm.Data, a.rq[r*p.H:(r+1)*p.H], t)
	}
}

// embed copies the embeddings of some tokens into rows of x.
func (p *PassOf[Num]) embed(x []Num, ids []int32) {
	p.reading(p.m.embed.away, func() {
		for i, id := range ids {
			p.m.embed.read(x[i*p.D:(i+1)*p.D], int(id)*p.D)
		}
	})
}

// combine sets x to the output of a layer for row r: its residual stream plus
// what the experts gave, in the order of choice.
func (p *PassOf[Num]) combine(x []Num, a *acts[Num], r int) {
	copy(x, a.xm[r*p.D:(r+1)*p.D])
	for _, s := range a.rowS[r*a.K : (r+1)*a.K] {
		if s >= 0 {
			p.kern.AddScaled(x, 1, p.y[int(s)*p.D:(int(s)+1)*p.D])
		}
	}
}

// rotated norms and rotates the heads of row t of the batch.
func (p *PassOf[Num]) rotated(dst, src, weight, r []Num, t int) {
	half := p.C / 2
	at := int(p.pos[t]) * half
	for h := range r {
		y := dst[h*p.C : (h+1)*p.C]
		r[h] = p.kern.RMSNorm(y, src[h*p.C:(h+1)*p.C], weight, p.eps)
		p.kern.Rotate(y, p.cos[at:at+half], p.sin[at:at+half], 1)
	}
}

// afterAttention sets xm to the stream after attention of rows lo..hi: the layer's
// input and what attention adds to it. Panels are those of o.
func (p *PassOf[Num]) afterAttention(l int, xm, panels []Num, lo, hi int, onlyLast bool) {
	a, lp, f := p.acts(l), &p.m.layers[l], p.kern
	for r := lo; r < hi; r++ {
		t := r
		if onlyLast {
			t = int(p.last[r])
		}
		copy(xm[(r-lo)*p.D:(r-lo+1)*p.D], a.x[t*p.D:(t+1)*p.D])
	}
	f.Mul(hi-lo, p.D, p.HC, a.o[lo*p.HC:], p.HC, panels, xm, p.D, true)
	lp.oLow.forward(f, p.packLow.out, hi-lo, a.o[lo*p.HC:], p.HC, a.low.out, lo, xm, p.D)
	if lp.oBias != nil {
		for r := range hi - lo {
			f.AddScaled(xm[r*p.D:(r+1)*p.D], 1, lp.oBias.Data)
		}
	}
}

// attnOutput computes rows lo..hi from attention to the router.
func (p *PassOf[Num]) attnOutput(l int, w *worker[Num], lo, hi int, onlyLast bool) {
	a, lp, f := p.acts(l), &p.m.layers[l], p.kern
	p.afterAttention(l, a.xm[lo*p.D:], p.packO, lo, hi, onlyLast)
	for r := lo; r < hi; r++ {
		a.r2[r] = f.RMSNorm(p.h2[r*p.D:(r+1)*p.D], a.xm[r*p.D:(r+1)*p.D], lp.norm2.Data, p.eps)
	}
	if !a.routed {
		for r := lo; r < hi; r++ {
			a.topW[r], a.topI[r] = 1, 0
		}
		return
	}
	p.whole.Mul(hi-lo, p.E, p.D, p.h2[lo*p.D:], p.D, p.packR, a.probs[lo*p.E:], p.E, false)
	bias := p.biasOf(l)
	forced := p.forced != nil
	if forced {
		copy(a.topI[lo*p.K:hi*p.K], p.forced[l][lo*p.K:])
	}
	for r := lo; r < hi; r++ {
		a.z[r] = p.route(a.probs[r*p.E:(r+1)*p.E], bias, a.topW[r*p.K:(r+1)*p.K], a.topI[r*p.K:(r+1)*p.K], forced)
	}
}
