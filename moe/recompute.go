package moe

// hold gives layer l what passes, and with it the memory of the layer that had
// it before.
func (p *PassOf[Num]) hold(l int) {
	if !p.o.Recompute || !p.o.Train || p.holder == l {
		return
	}
	from := &p.layers[p.holder]
	if !p.elsewhere(from) {
		from.work = work[Num]{} // views, not memory for what comes from peers
	}
	p.layers[l].passing, from.passing = from.passing, passing[Num]{}
	p.holder = l
}

// recompute brings back what a backward pass needs of layer l and another
// layer has taken the memory of: all but the answers of the experts. Ranks do
// so for every layer in the same order, so that what they exchange again meets.
func (p *PassOf[Num]) recompute(l int) error {
	if !p.o.Recompute || p.holder == l {
		return nil
	}
	p.hold(l)
	p.sizeLowPacks(l)
	p.packForward(l)
	a, c := p.acts(l), &p.chunks[0]
	p.sizeInput(a, c)
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
		p.compute(l, grow(&p.y, a.work.slots()*p.D))
		return nil
	}
	p.compute(l, nil)
	return nil
}
