package moe

// expertRows bounds the slots of one unit of expert work, so that one popular
// expert does not keep the other goroutines waiting. Each unit packs the
// expert's matrices, which this many rows make cheap.
const expertRows = 960

// expertUnit is a run of slots of one expert.
type expertUnit struct{ e, lo, hi int }

// expertUnits cuts the slots of a layer into units, in expert order.
func (p *Pass) expertUnits(a *acts) []expertUnit {
	units := p.units[:0]
	for e := range p.E {
		lo, hi := a.off[e], a.off[e+1]
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

// experts computes y[s] = slotW[s]·down(silu(gate h)·up h) for every slot.
func (p *Pass) experts(l int) {
	a := p.acts(l)
	units := p.expertUnits(a)
	p.each(len(units), func(w *worker, i int) { p.expertForward(l, w, units[i]) })
}

func (p *Pass) expertForward(l int, w *worker, u expertUnit) {
	a, ep, f := p.acts(l), &p.m.layers[l].experts[u.e], p.kern
	f.PackT(w.pack, p.flat(ep.gate, 2*p.F*p.D), p.D, p.D, 2*p.F)
	f.PackT(w.pack2, ep.down.Data, p.F, p.F, p.D)
	for lo := u.lo; lo < u.hi; lo += stripe {
		hi := min(lo+stripe, u.hi)
		x := w.h
		for s := lo; s < hi; s++ {
			r := int(a.slotR[s])
			copy(x[(s-lo)*p.D:(s-lo+1)*p.D], p.h2[r*p.D:(r+1)*p.D])
		}
		gu := w.h2
		if p.o.Train {
			gu = a.gu[lo*p.ldF:]
		}
		f.Mul(hi-lo, 2*p.F, p.D, x, p.D, w.pack, gu, p.ldF, false)
		h := w.h
		for s := range hi - lo {
			row := gu[s*p.ldF : s*p.ldF+2*p.F]
			f.SwiGLU(h[s*p.F:(s+1)*p.F], row[:p.F], row[p.F:], a.slotW[lo+s])
		}
		f.Mul(hi-lo, p.D, p.F, h, p.F, w.pack2, p.y[lo*p.D:], p.D, false)
	}
}

// expertsBackward takes dx, the gradient of the layer's output, through the
// experts. It leaves, per slot, dyp (the output gradient), hw (the weighted
// activation), gu (gradients of gate and up), y (the input gradient) and dtw
// (the gradient of the routing weight).
func (p *Pass) expertsBackward(l int) {
	a := p.acts(l)
	S := a.off[p.E]
	grow(&p.dyp, S*p.D)
	grow(&p.hw, S*p.F)
	grow(&p.dtw, S)
	units := p.expertUnits(a)
	p.each(len(units), func(w *worker, i int) { p.expertBackward(l, w, units[i]) })
}

func (p *Pass) expertBackward(l int, w *worker, u expertUnit) {
	a, ep, f := p.acts(l), &p.m.layers[l].experts[u.e], p.kern
	f.Pack(w.pack, p.flat(ep.gate, 2*p.F*p.D), p.D, 2*p.F, p.D)
	f.Pack(w.pack2, ep.down.Data, p.F, p.D, p.F)
	for lo := u.lo; lo < u.hi; lo += stripe {
		hi := min(lo+stripe, u.hi)
		for s := lo; s < hi; s++ {
			r := int(a.slotR[s])
			copy(p.dyp[s*p.D:(s+1)*p.D], p.dx[r*p.D:(r+1)*p.D])
		}
		f.Mul(hi-lo, p.F, p.D, p.dyp[lo*p.D:], p.D, w.pack2, p.hw[lo*p.F:], p.F, false)
		for s := lo; s < hi; s++ {
			row := a.gu[s*p.ldF : s*p.ldF+2*p.F]
			p.dtw[s] = f.SwiGLUBackward(row[:p.F], row[p.F:], p.hw[s*p.F:(s+1)*p.F], a.slotW[s])
		}
		f.Mul(hi-lo, p.D, 2*p.F, a.gu[lo*p.ldF:], p.ldF, w.pack, p.y[lo*p.D:], p.D, false)
	}
}
