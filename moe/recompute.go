package moe

// hold gives layer l what passes, with the memory of the layer that had it
// before, where that layer wants it no more: it computes it again, or no backward
// pass comes to it.
func (p *PassOf[Num]) hold(l int) {
	switch {
	case !p.o.Train || p.holder == l:
	case l == 0:
		p.giveDown()
	case p.o.Recompute || !p.keeps(p.holder):
		p.handPassing(&p.layers[p.holder], &p.layers[l])
		p.holder = l
	}
}

// recompute brings back what a backward pass needs of layer l and another
// layer has taken the memory of: all but the answers of the experts. Ranks do
// so for every layer in the same order, so that what they exchange again meets.
func (p *PassOf[Num]) recompute(l int) error {
	if !p.o.Recompute || p.holder == l {
		return nil
	}
	p.hold(l)
	p.settle(l, true)
	p.sizeLowPacks(l)
	p.packForward(l)
	a, c := p.acts(l), &p.chunks[0]
	p.sizeInput(l, c)
	p.sizeLowInput(l, c.n)
	p.eachStripe(c.n, func(w *worker[Num], lo, hi int) { p.attnInput(l, w, c, lo, hi, false) })
	p.sizeRows(a, c.n, c.n)
	p.attention(a, c, c.items)
	p.eachStripe(c.n, func(w *worker[Num], lo, hi int) { p.attnOutput(l, w, lo, hi, false) })
	p.dispatch(a, c.n, false)
	if p.elsewhere(a) {
		if err := p.dispatchRows(a); err != nil {
			return err
		}
	} else {
		p.ownWork(a)
	}
	if p.m.layers[l].lowWidths().down > 0 { // adapters of down want what they read
		y := p.y
		if p.elsewhere(a) {
			y = p.growSlots(&p.results, a.work.slots()*p.D)
		}
		p.compute(l, y)
		return nil
	}
	p.compute(l, nil)
	return nil
}
