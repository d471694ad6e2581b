package moe

import (
	"fmt"

	"github.com/swerm/swerm/moe/kernel"
)

// backward takes p.dx, the gradient of the last layer's output, down to the
// embedding, or to the lowest tensor that trains, and adds every weight gradient
// on the way.
func (p *PassOf[Num]) backward(auxCoef []Num) error {
	if !p.m.reaches(p.L-1, flightExperts) {
		p.debtFree()
		return nil
	}
	p.sizeBackward()
	for l := p.L - 1; l >= 0 && p.m.reaches(l, flightExperts); l-- {
		lp := &p.m.layers[l]
		if err := p.recompute(l); err != nil {
			return fmt.Errorf("layer %d again: %w", l, err)
		}
		p.packBackward(l)
		p.settleBack(l)
		if err := p.expertsBackward(l); err != nil {
			return fmt.Errorf("layer %d backward: %w", l, err)
		}
		p.eachStripe(p.T, func(w *worker[Num], lo, hi int) { p.attnOutputBackward(l, w, lo, hi, auxCoef) })
		p.outputJobs(l)
		p.giveBack(p.live.back(l, backOutputJobs))
		p.addPartials(lp.norm2, 0, p.D)
		p.addPartials(lp.oBias, p.D+2*p.C, p.D)
		p.runJobs()
		if !p.m.reaches(l, flightInput) {
			break
		}
		p.attentionBackward(l)
		p.eachStripe(p.T, func(w *worker[Num], lo, hi int) { p.attnInputBackward(l, w, lo, hi) })
		p.inputJob(l)
		p.giveBack(p.live.back(l, backInputJob))
		p.addPartials(lp.norm1, 0, p.D)
		p.addPartials(lp.qNorm, p.D, p.C)
		p.addPartials(lp.kNorm, p.D+p.C, p.C)
		p.addBiasPartials(lp)
		p.runJobs()
	}
	if p.m.embed.Grad != nil {
		p.jobs = p.jobs[:0]
		p.giveBack(p.live.over())
		p.embedBackward()
	}
	p.debtFree()
	return nil
}

func (p *PassOf[Num]) sizeBackward() {
	T := p.T
	grow(&p.dlogits, T*max(1, p.E))
	p.sizeLowBackward()
	grow(&p.partial, stripes(T)*p.partialLen())
	f := p.kern
	// Layers that are computed again pack what they did forward.
	grow(&p.packQKV, max(len(p.packQKV), f.PanelLen(p.W, p.D)))
	grow(&p.packO, max(f.PanelLen(p.HC, p.D), f.PanelLen(p.D, p.HC)))
	grow(&p.packOAgain, f.PanelLen(p.HC, p.D))
	grow(&p.packR, max(p.whole.PanelLen(p.D, max(1, p.E)), p.whole.PanelLen(max(1, p.E), p.D)))
	for i := range p.work {
		w := &p.work[i]
		grow(&w.h, max(len(w.h), stripe*max(p.D, p.wide.F, p.C)))
		grow(&w.left, kernel.ScratchLen)
	}
}

// packBackward packs the dense matrices of a layer for dX = dY·W.
func (p *PassOf[Num]) packBackward(l int) {
	lp := &p.m.layers[l]
	jobs := []packJob[Num]{
		{dst: p.packQKV, src: p.m.joined(lp.q, lp.k, lp.v), k: p.W, n: p.D},
		{dst: p.packO, src: p.m.joined(lp.o), k: p.D, n: p.HC},
	}
	if p.live.outputAgain(l) {
		jobs = append(jobs, packJob[Num]{dst: p.packOAgain, src: p.m.joined(lp.o), k: p.HC, n: p.D, transpose: true})
	}
	if lp.router != nil {
		jobs = append(jobs, packJob[Num]{dst: p.packR, src: p.m.joined(lp.router), k: p.E, n: p.D, whole: true})
	}
	jobs = append(jobs, lp.qkvLow.packBackward(p, p.packLow.in)...)
	jobs = append(jobs, lp.oLow.packBackward(p, p.packLow.out)...)
	p.packJobs(jobs...)
}

// partialLen is the floats of a stripe's row of sums.
func (p *PassOf[Num]) partialLen() int {
	n := p.D + 2*p.C
	if p.m.cfg.AttentionBias {
		n += max(p.D, p.W)
	}
	return n
}

// partialRow is where a stripe that starts at row lo sums gradients that are
// no products: D floats for a norm of the stream, then C each for those of q and
// k, then those of biases. Stripes are added up in their order afterwards,
// whatever goroutine made them.
func (p *PassOf[Num]) partialRow(lo int) []Num {
	n := p.partialLen()
	row := p.partial[lo/stripe*n : (lo/stripe+1)*n]
	clear(row)
	return row
}

// addPartials adds n floats at offset at of every stripe's row to the gradient
// of a tensor, if it is there and trains.
func (p *PassOf[Num]) addPartials(to *ParamOf[Num], at, n int) {
	if to == nil || to.Grad == nil {
		return
	}
	width := p.partialLen()
	for i := range stripes(p.T) {
		p.kern.AddScaled(to.Grad, 1, p.partial[i*width+at:i*width+at+n])
	}
}

// addBiasPartials adds to the gradients of the biases of q, k and v, whose
// sums lie back to back.
func (p *PassOf[Num]) addBiasPartials(lp *layerParams[Num]) {
	at := p.D + 2*p.C
	p.addPartials(lp.qBias, at, p.HC)
	p.addPartials(lp.kBias, at+p.HC, p.GC)
	p.addPartials(lp.vBias, at+p.HC+p.GC, p.GC)
}

// attnOutputBackward takes rows lo..hi from the experts' input gradients and
// the router down to the attention output: dx becomes the gradient after
// attention. It computes again what the forward pass did not keep for the weight
// gradients, h2.
func (p *PassOf[Num]) attnOutputBackward(l int, w *worker[Num], lo, hi int, auxCoef []Num) {
	a, lp, f := p.acts(l), &p.m.layers[l], p.kern
	n := hi - lo
	if l == 0 && !p.live.again(l) {
		p.embed(a.x[lo*p.D:], p.ids[lo:hi])
	}
	xm := w.h2[:n*p.D]
	if p.live.outputAgain(l) {
		p.afterAttention(l, xm, p.packOAgain, lo, hi, false)
	} else {
		xm = a.xm[lo*p.D : hi*p.D]
	}
	dh := w.h[:n*p.D]
	for r := range n {
		f.NormApply(p.h2[(lo+r)*p.D:(lo+r+1)*p.D], xm[r*p.D:(r+1)*p.D], lp.norm2.Data, a.r2[lo+r])
	}
	if !p.m.reaches(l, flightOutput) { // the experts alone, which read h2
		return
	}
	for r := lo; r < hi; r++ {
		aux := Num(0)
		if auxCoef != nil {
			aux = auxCoef[p.seq[r]]
		}
		if a.routed {
			p.routerBackward(a, r, aux)
		}
	}
	if a.routed {
		p.whole.Mul(n, p.D, p.E, p.dlogits[lo*p.E:], p.E, p.packR, dh, p.D, false)
	} else {
		clear(dh)
	}
	part := p.partialRow(lo)
	dw := part[:p.D]
	for r := lo; r < hi; r++ {
		row := dh[(r-lo)*p.D : (r-lo+1)*p.D]
		for _, s := range a.rowS[r*a.K : (r+1)*a.K] {
			if s >= 0 {
				f.AddScaled(row, 1, p.y[int(s)*p.D:(int(s)+1)*p.D])
			}
		}
		f.RMSNormBackward(p.dx[r*p.D:(r+1)*p.D], dw, row, xm[(r-lo)*p.D:(r-lo+1)*p.D], lp.norm2.Data, a.r2[r])
		if lp.oBias != nil {
			f.AddScaled(part[p.D+2*p.C:p.D+2*p.C+p.D], 1, p.dx[r*p.D:(r+1)*p.D])
		}
	}
	lp.oLow.backward(f, p.packLow.out, n, p.dx[lo*p.D:], p.D, p.dlow.out, lo)
}

// queriesBackward computes for rows lo..hi what attention's backward starts from:
// do from the gradient after attention, and the rotated queries and keys again. They
// lie from row first on.
func (p *PassOf[Num]) queriesBackward(l, first, lo, hi int) {
	a, lp, f, n := p.acts(l), &p.m.layers[l], p.kern, hi-lo
	do := p.do[(lo-first)*p.HC:]
	f.Mul(n, p.HC, p.D, p.dx[lo*p.D:], p.D, p.packO, do, p.HC, false)
	lp.oLow.input(f, p.packLow.out, n, p.dlow.out, lo, do, p.HC)
	for r := lo; r < hi; r++ {
		at, raw := r-first, a.qkv[r*p.W:(r+1)*p.W]
		p.rotatedAgain(p.qr[at*p.HC:(at+1)*p.HC], raw, lp.qNorm.Data, a.rq[r*p.H:(r+1)*p.H], r)
		p.rotatedAgain(p.kr[at*p.GC:(at+1)*p.GC], raw[p.HC:], lp.kNorm.Data, a.rk[r*p.G:(r+1)*p.G], r)
	}
}

// rotatedAgain computes what rotated did, from the norms it stored.
func (p *PassOf[Num]) rotatedAgain(dst, src, weight, r []Num, t int) {
	half := p.C / 2
	at := int(p.pos[t]) * half
	for h := range r {
		y := dst[h*p.C : (h+1)*p.C]
		p.kern.NormApply(y, src[h*p.C:(h+1)*p.C], weight, r[h])
		p.kern.Rotate(y, p.cos[at:at+half], p.sin[at:at+half], 1)
	}
}

// routerBackward computes the gradient of a row's router logits from those of
// its routing weights, times aux of the load-balancing loss of its sequence, and
// of what [PassOf.SetRouterLoss] set.
func (p *PassOf[Num]) routerBackward(a *acts[Num], r int, aux Num) {
	probs, out := a.probs[r*p.E:(r+1)*p.E], p.dlogits[r*p.E:(r+1)*p.E]
	p.kern.Scale(out, aux, p.auxGrad[int(p.seq[r])*p.E:(int(p.seq[r])+1)*p.E])
	for e, d := range p.routerLoss.Probs {
		out[e] += d
	}
	chosen, weights, slots := a.topI[r*p.K:(r+1)*p.K], a.topW[r*p.K:(r+1)*p.K], a.rowS[r*p.K:(r+1)*p.K]
	if slots[0] >= 0 {
		// With normed weights w_j = p_j/Σp: dp_j = (dw_j − Σ dw·w)/Σp.
		shift, scale := Num(0), Num(1)
		if p.m.cfg.NormTopKProb {
			total := Num(0)
			for j, s := range slots {
				total += probs[chosen[j]]
				shift += p.dtw[s] * weights[j]
			}
			scale = 1 / total
		}
		for j, s := range slots {
			out[chosen[j]] += (p.dtw[s] - shift) * scale
		}
	}
	mean := p.kern.Dot(out, probs)
	for e, v := range probs {
		out[e] = v * (out[e] - mean)
	}
	if p.routerLoss.Z != 0 { // d lse²/d logit_e = 2·lse·p_e
		p.kern.AddScaled(out, 2*p.routerLoss.Z*a.z[r], probs)
	}
}

// attnInputBackward takes rows lo..hi from the gradients of q, k and v down to
// the layer's input; it computes h1 again for the weight gradients.
func (p *PassOf[Num]) attnInputBackward(l int, w *worker[Num], lo, hi int) {
	a, lp, f := p.acts(l), &p.m.layers[l], p.kern
	part := p.partialRow(lo)
	dw, dq, dk := part[:p.D], part[p.D:p.D+p.C], part[p.D+p.C:p.D+2*p.C]
	for t := lo; t < hi; t++ {
		row, raw := p.dqkv[t*p.ldW:t*p.ldW+p.W], a.qkv[t*p.W:(t+1)*p.W]
		p.rotatedBackward(w, row[:p.HC], raw[:p.HC], lp.qNorm.Data, dq, a.rq[t*p.H:(t+1)*p.H], t)
		p.rotatedBackward(w, row[p.HC:p.HC+p.GC], raw[p.HC:p.HC+p.GC], lp.kNorm.Data, dk, a.rk[t*p.G:(t+1)*p.G], t)
		if lp.qBias != nil {
			f.AddScaled(part[p.D+2*p.C:p.D+2*p.C+p.W], 1, row)
		}
	}
	lp.qkvLow.backward(f, p.packLow.in, hi-lo, p.dqkv[lo*p.ldW:], p.ldW, p.dlow.in, lo)
	for t := lo; t < hi; t++ {
		f.NormApply(p.h1[t*p.D:(t+1)*p.D], a.x[t*p.D:(t+1)*p.D], lp.norm1.Data, a.r1[t])
	}
	if lp.norm1.Grad == nil && !p.m.reaches(l-1, flightExperts) {
		return
	}
	dh := w.h[:(hi-lo)*p.D]
	f.Mul(hi-lo, p.D, p.W, p.dqkv[lo*p.ldW:], p.ldW, p.packQKV, dh, p.D, false)
	lp.qkvLow.input(f, p.packLow.in, hi-lo, p.dlow.in, lo, dh, p.D)
	for t := lo; t < hi; t++ {
		x := a.x[t*p.D : (t+1)*p.D]
		f.RMSNormBackward(p.dx[t*p.D:(t+1)*p.D], dw, dh[(t-lo)*p.D:(t-lo+1)*p.D], x, lp.norm1.Data, a.r1[t])
	}
}

// rotatedBackward replaces dy, the gradient of normed and rotated heads, by
// that of the raw ones.
func (p *PassOf[Num]) rotatedBackward(w *worker[Num], dy, x, weight, dw, r []Num, t int) {
	half := p.C / 2
	at := int(p.pos[t]) * half
	tmp := w.h[:p.C]
	for h := range r {
		d := dy[h*p.C : (h+1)*p.C]
		p.kern.Rotate(d, p.cos[at:at+half], p.sin[at:at+half], -1)
		clear(tmp)
		p.kern.RMSNormBackward(tmp, dw, d, x[h*p.C:(h+1)*p.C], weight, r[h])
		copy(d, tmp)
	}
}

// embedBackward adds dx to the rows of the embedding. Goroutines own columns,
// so every element is summed in the order of tokens.
func (p *PassOf[Num]) embedBackward() {
	const cols = 64
	p.each((p.D+cols-1)/cols, func(_ *worker[Num], i int) {
		lo, hi := i*cols, min((i+1)*cols, p.D)
		for t, id := range p.ids {
			row := p.m.embed.Grad[int(id)*p.D:]
			p.kern.AddScaled(row[lo:hi], 1, p.dx[t*p.D+lo:t*p.D+hi])
		}
	})
}
