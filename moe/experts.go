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
	for e := range a.E {
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
	f.PackT(w.pack, p.flat(ep.gate, 2*a.F*p.D), p.D, p.D, 2*a.F)
	f.PackT(w.pack2, ep.down.Data, a.F, a.F, p.D)
	for lo := u.lo; lo < u.hi; lo += stripe {
		hi := min(lo+stripe, u.hi)
		x := w.h
		for s := lo; s < hi; s++ {
			r := int(a.slotR[s])
			copy(x[(s-lo)*p.D:(s-lo+1)*p.D], p.h2[r*p.D:(r+1)*p.D])
		}
		gu := w.h2
		if p.o.Train {
			gu = a.gu[lo*a.ldF:]
		}
		f.Mul(hi-lo, 2*a.F, p.D, x, p.D, w.pack, gu, a.ldF, false)
		h := w.h
		for s := range hi - lo {
			row := gu[s*a.ldF : s*a.ldF+2*a.F]
			f.SwiGLU(h[s*a.F:(s+1)*a.F], row[:a.F], row[a.F:], a.slotW[lo+s])
		}
		f.Mul(hi-lo, p.D, a.F, h, a.F, w.pack2, p.y[lo*p.D:], p.D, false)
	}
}

// expertsBackward takes dx, the gradient of the layer's output, through the
// experts. It leaves, per slot, dyp (the output gradient), hw (the weighted
// activation), gu (gradients of gate and up), y (the input gradient) and dtw
// (the gradient of the routing weight).
func (p *Pass) expertsBackward(l int) {
	a := p.acts(l)
	S := a.off[a.E]
	grow(&p.dyp, S*p.D)
	grow(&p.hw, S*a.F)
	grow(&p.dtw, S)
	units := p.expertUnits(a)
	p.each(len(units), func(w *worker, i int) { p.expertBackward(l, w, units[i]) })
}

func (p *Pass) expertBackward(l int, w *worker, u expertUnit) {
	a, ep, f := p.acts(l), &p.m.layers[l].experts[u.e], p.kern
	f.Pack(w.pack, p.flat(ep.gate, 2*a.F*p.D), p.D, 2*a.F, p.D)
	f.Pack(w.pack2, ep.down.Data, a.F, p.D, a.F)
	for lo := u.lo; lo < u.hi; lo += stripe {
		hi := min(lo+stripe, u.hi)
		for s := lo; s < hi; s++ {
			r := int(a.slotR[s])
			copy(p.dyp[s*p.D:(s+1)*p.D], p.dx[r*p.D:(r+1)*p.D])
		}
		f.Mul(hi-lo, a.F, p.D, p.dyp[lo*p.D:], p.D, w.pack2, p.hw[lo*a.F:], a.F, false)
		for s := lo; s < hi; s++ {
			row := a.gu[s*a.ldF : s*a.ldF+2*a.F]
			p.dtw[s] = f.SwiGLUBackward(row[:a.F], row[a.F:], p.hw[s*a.F:(s+1)*a.F], a.slotW[s])
		}
		f.Mul(hi-lo, p.D, 2*a.F, a.gu[lo*a.ldF:], a.ldF, w.pack, p.y[lo*p.D:], p.D, false)
	}
}
