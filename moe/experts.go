package moe

import "github.com/swerm/swerm/moe/kernel"

// expertRows bounds the slots of one unit of expert work, so that one popular
// expert does not keep the other goroutines waiting. Each unit packs the
// expert's matrices, which this many rows make cheap.
const expertRows = 960

// expertUnit is a run of slots of one expert.
type expertUnit struct{ e, lo, hi int }

// expertUnits cuts the work of a layer into units, in expert order.
func (p *PassOf[Num]) expertUnits(a *acts[Num]) []expertUnit {
	units := p.units[:0]
	for e := range len(a.work.off) - 1 {
		lo, hi := a.work.off[e], a.work.off[e+1]
		n := (hi - lo + expertRows - 1) / expertRows
		for i := range n {
			// Even parts at multiples of a stripe.
			part := stripes((hi-lo+n-1)/n) * stripe
			if at := lo + i*part; at < hi {
				units = append(units, expertUnit{e, at, min(at+part, hi)})
			}
		}
	}
	p.units = units
	return units
}

// experts computes y[s] = slotW[s]·down(silu(gate h)·up h) for every slot of
// the batch.
func (p *PassOf[Num]) experts(l int) error {
	a := p.acts(l)
	if !p.elsewhere(a) {
		p.ownWork(a)
		p.compute(l, p.y)
		return nil
	}
	if err := p.dispatchRows(a); err != nil {
		return err
	}
	results := p.growSlots(&p.results, a.work.slots()*p.D)
	p.compute(l, results)
	return p.combineRows(a, p.D, p.y, func(row []Num, s int) { copy(row, results[s*p.D:(s+1)*p.D]) })
}

// elsewhere reports whether the layer has experts on other ranks.
func (p *PassOf[Num]) elsewhere(a *acts[Num]) bool { return p.o.Peers != nil && a.routed }

// compute runs the experts of this model over their work; the answer to slot s
// is row s of y. Without y it leaves the gate and up products and no answer.
func (p *PassOf[Num]) compute(l int, y []Num) {
	a := p.acts(l)
	if p.o.Train && p.elsewhere(a) {
		a.gu = p.growSlots(&a.guApart, a.work.slots()*a.ldF)
	}
	p.sizeLowExperts(l, &a.low)
	units := p.expertUnits(a)
	p.each(len(units), func(w *worker[Num], i int) { p.expertForward(l, w, units[i], y) })
}

func (p *PassOf[Num]) expertForward(l int, w *worker[Num], u expertUnit, y []Num) {
	a, ep, f := p.acts(l), &p.m.layers[l].experts[u.e], p.kern
	in := packJob[Num]{dst: w.pack, src: p.m.joined(ep.gate, ep.up), k: p.D, n: 2 * a.F, transpose: true}
	out := packJob[Num]{dst: w.pack2, src: p.m.joined(ep.down), k: a.F, n: p.D, transpose: true}
	direct := p.direct != nil && u.hi-u.lo <= kernel.DirectRows && in.src.inPlace() && out.src.inPlace()
	if !direct {
		p.packAll(w, in)
		if y != nil {
			p.packAll(w, out)
		}
	}
	p.packHere(w, ep.guLow.packForward(p, w.packLow.in))
	p.packHere(w, ep.downLow.packForward(p, w.packLow.out))
	for lo := u.lo; lo < u.hi; lo += stripe {
		hi := min(lo+stripe, u.hi)
		x := w.h
		for s := lo; s < hi; s++ {
			at := int(a.work.row[s]) * a.work.ld
			copy(x[(s-lo)*p.D:(s-lo+1)*p.D], a.work.src[at:at+p.D])
		}
		gu := w.h2
		if p.o.Train {
			gu = a.gu[lo*a.ldF:]
		}
		p.multiply(w, &in, direct, hi-lo, x, gu, a.ldF)
		ep.guLow.forward(f, w.packLow.in, hi-lo, x, p.D, a.low.gu, lo, gu, a.ldF)
		if y == nil {
			continue
		}
		h := w.h
		for s := range hi - lo {
			row := gu[s*a.ldF : s*a.ldF+2*a.F]
			f.SwiGLU(h[s*a.F:(s+1)*a.F], row[:a.F], row[a.F:], a.work.weight[lo+s])
		}
		p.multiply(w, &out, direct, hi-lo, h, y[lo*p.D:], p.D)
		ep.downLow.forward(f, w.packLow.out, hi-lo, h, a.F, a.low.down, lo, y[lo*p.D:], p.D)
	}
}

// multiply computes c = x·Wᵀ for n rows of x, with panels of the weights or directly.
func (p *PassOf[Num]) multiply(w *worker[Num], j *packJob[Num], direct bool, n int, x, c []Num, ldc int) {
	if !direct {
		p.kern.Mul(n, j.n, j.k, x, j.k, j.dst, c, ldc, false)
		return
	}
	p.reading(j.src.away, func() {
		for _, part := range j.src.parts {
			if part == nil {
				break
			}
			p.direct(n, part.Shape[0], j.k, x, j.k, part.inPlace(), j.k, c, ldc, w.pack)
			c = c[part.Shape[0]:]
		}
	})
}

// expertsBackward takes dx, the gradient of the layer's output, through the
// experts. For the slots of the batch it leaves y (the input gradient) and dtw
// (the gradient of the routing weight), where the pass goes further down, and for
// the work of this model's experts dyp (the output gradient), hw (the weighted
// activation) and gu (gradients of gate and up).
func (p *PassOf[Num]) expertsBackward(l int) error {
	a := p.acts(l)
	if !p.elsewhere(a) {
		p.computeBackward(l, p.dx, p.y)
		return nil
	}
	dy, err := p.dispatchGradients(a)
	if err != nil {
		return err
	}
	p.computeBackward(l, dy, p.growSlots(&p.results, a.work.slots()*p.D))
	if !p.m.reaches(l, flightOutput) {
		return nil
	}
	return p.combineGradients(a)
}

// computeBackward takes the output gradient of a slot from the slot's row of dy
// and leaves its input gradient in dx, by slot.
func (p *PassOf[Num]) computeBackward(l int, dy, dx []Num) {
	a := p.acts(l)
	S := a.work.slots()
	if p.elsewhere(a) {
		p.dyp, p.hw = p.growSlots(&p.dypApart, S*p.D), p.growSlots(&p.hwApart, S*a.F)
	}
	p.growSlots(&p.dtw, S)
	p.sizeLowExperts(l, &p.dlow)
	units := p.expertUnits(a)
	p.each(len(units), func(w *worker[Num], i int) { p.expertBackward(l, w, units[i], dy, dx) })
}

func (p *PassOf[Num]) expertBackward(l int, w *worker[Num], u expertUnit, dy, dx []Num) {
	a, ep, f := p.acts(l), &p.m.layers[l].experts[u.e], p.kern
	below := p.m.reaches(l, flightOutput)
	p.packAll(w, packJob[Num]{dst: w.pack, src: p.m.joined(ep.gate, ep.up), k: 2 * a.F, n: p.D})
	p.packAll(w, packJob[Num]{dst: w.pack2, src: p.m.joined(ep.down), k: p.D, n: a.F})
	p.packHere(w, ep.guLow.packBackward(p, w.packLow.in))
	p.packHere(w, ep.downLow.packBackward(p, w.packLow.out))
	for lo := u.lo; lo < u.hi; lo += stripe {
		hi := min(lo+stripe, u.hi)
		for s := lo; s < hi; s++ {
			copy(p.dyp[s*p.D:(s+1)*p.D], dy[int(a.work.row[s])*p.D:])
		}
		f.Mul(hi-lo, a.F, p.D, p.dyp[lo*p.D:], p.D, w.pack2, p.hw[lo*a.F:], a.F, false)
		ep.downLow.backward(f, w.packLow.out, hi-lo, p.dyp[lo*p.D:], p.D, p.dlow.down, lo)
		ep.downLow.input(f, w.packLow.out, hi-lo, p.dlow.down, lo, p.hw[lo*a.F:], a.F)
		for s := lo; s < hi; s++ {
			row := a.gu[s*a.ldF : s*a.ldF+2*a.F]
			p.dtw[s] = f.SwiGLUBackward(row[:a.F], row[a.F:], p.hw[s*a.F:(s+1)*a.F], a.work.weight[s])
		}
		ep.guLow.backward(f, w.packLow.in, hi-lo, a.gu[lo*a.ldF:], a.ldF, p.dlow.gu, lo)
		if below {
			f.Mul(hi-lo, p.D, 2*a.F, a.gu[lo*a.ldF:], a.ldF, w.pack, dx[lo*p.D:], p.D, false)
			ep.guLow.input(f, w.packLow.in, hi-lo, p.dlow.gu, lo, dx[lo*p.D:], p.D)
		}
	}
}
