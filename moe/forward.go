package moe

import "fmt"

// wanted says which positions of the last layer a head reads.
type wanted uint8

const (
	lastOnly wanted = iota
	allRows
)

// forward runs the trunk. It leaves in the last layer's activations and in y
// what hidden needs.
func (p *PassOf[Num]) forward(want wanted) error {
	p.sizeForward()
	for l := range p.L {
		a := p.acts(l)
		final := l == p.L-1 && want == lastOnly
		// Scoring needs one query per sequence from the last layer; training
		// needs its router everywhere but its experts at the last position.
		onlyLast := final && !p.o.Train
		R := p.T
		if onlyLast {
			R = len(p.spans)
		}
		tokens := R
		if final {
			tokens = len(p.spans)
		}
		p.sizeInput(a)
		p.sizeLowInput(l, R)
		p.packForward(l)
		p.eachStripe(p.T, func(w *worker[Num], lo, hi int) { p.attnInput(l, w, lo, hi) })
		p.sizeRows(l, R, tokens)
		p.attention(a, onlyLast)
		p.eachStripe(R, func(w *worker[Num], lo, hi int) { p.attnOutput(l, w, lo, hi, onlyLast) })
		p.countLoad(l, R)
		p.dispatch(a, R, final && !onlyLast)
		if err := p.experts(l); err != nil {
			return fmt.Errorf("layer %d: %w", l, err)
		}
	}
	p.auxLoss()
	return nil
}

// sizeForward prepares the buffers that every layer uses.
func (p *PassOf[Num]) sizeForward() {
	f := p.kern
	grow(&p.qr, p.T*p.HC)
	grow(&p.kr, p.T*p.GC)
	grow(&p.h2, p.T*p.D)
	grow(&p.y, p.T*p.wide.K*p.D)
	grow(&p.packQKV, f.PanelLen(p.D, p.W))
	grow(&p.packO, f.PanelLen(p.HC, p.D))
	grow(&p.packR, f.PanelLen(p.D, max(1, p.E)))
	for i := range p.work {
		w := &p.work[i]
		grow(&w.h, stripe*max(p.D, p.wide.F))
		grow(&w.h2, stripe*max(p.D, p.wide.ldF))
		grow(&w.pack, max(f.PanelLen(p.D, 2*p.wide.F), f.PanelLen(2*p.wide.F, p.D), f.PanelLen(gradDepth, gradTileN)))
		grow(&w.pack2, max(f.PanelLen(p.wide.F, p.D), f.PanelLen(p.D, p.wide.F)))
	}
}

// packForward packs the dense matrices of a layer for Y = X·Wᵀ.
func (p *PassOf[Num]) packForward(l int) {
	lp := &p.m.layers[l]
	jobs := []packJob[Num]{
		{dst: p.packQKV, src: p.flat(lp.q, p.W*p.D), k: p.D, n: p.W, transpose: true},
		{dst: p.packO, src: lp.o.Data, k: p.HC, n: p.D, transpose: true},
	}
	if lp.router != nil {
		jobs = append(jobs, packJob[Num]{dst: p.packR, src: lp.router.Data, k: p.D, n: p.E, transpose: true})
	}
	jobs = append(jobs, lp.qkvLow.packForward(p, p.packLow.in)...)
	jobs = append(jobs, lp.oLow.packForward(p, p.packLow.out)...)
	p.packJobs(jobs...)
}

// flat returns n numbers that start with a tensor and run on into those that
// lie behind it: q, k, v of a layer, or gate and up of an expert.
func (p *PassOf[Num]) flat(first *ParamOf[Num], n int) []Num {
	return p.m.flat[first.offset : first.offset+n]
}

// packJob is one weight matrix to turn into panels: k deep, n columns.
type packJob[Num Float] struct {
	dst, src  []Num
	k, n      int
	transpose bool // src is [n,k], as weights are on disk; else [k,n]
}

// packJobs packs several matrices, a few panels per unit.
func (p *PassOf[Num]) packJobs(jobs ...packJob[Num]) {
	step := 4 * p.kern.PanelWidth()
	units := 0
	for _, j := range jobs {
		units += (j.n + step - 1) / step
	}
	p.each(units, func(_ *worker[Num], i int) {
		for _, j := range jobs {
			n := (j.n + step - 1) / step
			if i >= n {
				i -= n
				continue
			}
			at := i * step
			cols := min(step, j.n-at)
			if j.transpose {
				p.kern.PackT(j.dst[at*j.k:], j.src[at*j.k:], j.k, j.k, cols)
			} else {
				p.kern.Pack(j.dst[at*j.k:], j.src[at:], j.n, j.k, cols)
			}
			return
		}
	})
}

// attnInput computes rows lo..hi up to attention: the layer's input, its norm,
// q, k and v, their norms and rotation.
func (p *PassOf[Num]) attnInput(l int, w *worker[Num], lo, hi int) {
	a, lp, f := p.acts(l), &p.m.layers[l], p.kern
	h := w.h[:(hi-lo)*p.D]
	for t := lo; t < hi; t++ {
		x := a.x[t*p.D : (t+1)*p.D]
		if l == 0 {
			id := int(p.ids[t])
			copy(x, p.m.embed.Data[id*p.D:(id+1)*p.D])
		} else {
			p.combine(x, p.acts(l-1), t)
		}
		a.r1[t] = f.RMSNorm(h[(t-lo)*p.D:(t-lo+1)*p.D], x, lp.norm1.Data, p.eps)
	}
	f.Mul(hi-lo, p.W, p.D, h, p.D, p.packQKV, a.qkv[lo*p.ldW:], p.ldW, false)
	lp.qkvLow.forward(f, p.packLow.in, hi-lo, h, p.D, a.low.in, lo, a.qkv[lo*p.ldW:], p.ldW)
	for t := lo; t < hi; t++ {
		row := a.qkv[t*p.ldW : t*p.ldW+p.W]
		if lp.qBias != nil {
			f.AddScaled(row, 1, p.flat(lp.qBias, p.W))
		}
		p.rotated(p.qr[t*p.HC:(t+1)*p.HC], row[:p.HC], lp.qNorm.Data, a.rq[t*p.H:(t+1)*p.H], t)
		p.rotated(p.kr[t*p.GC:(t+1)*p.GC], row[p.HC:p.HC+p.GC], lp.kNorm.Data, a.rk[t*p.G:(t+1)*p.G], t)
	}
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

// rotated norms and rotates the heads of one row.
func (p *PassOf[Num]) rotated(dst, src, weight, r []Num, t int) {
	half := p.C / 2
	at := int(p.pos[t]) * half
	for h := range r {
		y := dst[h*p.C : (h+1)*p.C]
		r[h] = p.kern.RMSNorm(y, src[h*p.C:(h+1)*p.C], weight, p.eps)
		p.kern.Rotate(y, p.cos[at:at+half], p.sin[at:at+half], 1)
	}
}

// attnOutput computes rows lo..hi from attention to the router.
func (p *PassOf[Num]) attnOutput(l int, w *worker[Num], lo, hi int, onlyLast bool) {
	a, lp, f := p.acts(l), &p.m.layers[l], p.kern
	for r := lo; r < hi; r++ {
		t := r
		if onlyLast {
			t = int(p.last[r])
		}
		copy(a.xm[r*p.D:(r+1)*p.D], a.x[t*p.D:(t+1)*p.D])
	}
	f.Mul(hi-lo, p.D, p.HC, a.o[lo*p.HC:], p.HC, p.packO, a.xm[lo*p.D:], p.D, true)
	lp.oLow.forward(f, p.packLow.out, hi-lo, a.o[lo*p.HC:], p.HC, a.low.out, lo, a.xm[lo*p.D:], p.D)
	for r := lo; r < hi; r++ {
		if lp.oBias != nil {
			f.AddScaled(a.xm[r*p.D:(r+1)*p.D], 1, lp.oBias.Data)
		}
		a.r2[r] = f.RMSNorm(p.h2[r*p.D:(r+1)*p.D], a.xm[r*p.D:(r+1)*p.D], lp.norm2.Data, p.eps)
	}
	if !a.routed {
		for r := lo; r < hi; r++ {
			a.topW[r], a.topI[r] = 1, 0
		}
		return
	}
	f.Mul(hi-lo, p.E, p.D, p.h2[lo*p.D:], p.D, p.packR, a.probs[lo*p.E:], p.E, false)
	bias := p.biasOf(l)
	for r := lo; r < hi; r++ {
		a.z[r] = p.route(a.probs[r*p.E:(r+1)*p.E], bias, a.topW[r*p.K:(r+1)*p.K], a.topI[r*p.K:(r+1)*p.K])
	}
}
