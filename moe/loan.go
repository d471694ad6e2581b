package moe

import (
	"math"
	"slices"
)

// Gradients are zero until a backward pass comes to them. A pass with
// [Options.BorrowGrads] keeps arrays in their memory that are dead by then, and
// gives it back flight by flight: what a product covers it writes, where others add
// to it, and the rest is cleared.

// lendable lists the memory of gradients in the order of places, with the moment of
// a pass at which each stretch is to be given back. What is written before the first
// layer is reached is not lent.
func (v *liveness[Num]) lendable() (list []stretch) {
	due := map[*ParamOf[Num]]int{}
	for l := range v.m.layers {
		if !v.m.reaches(l, flightExperts) {
			continue
		}
		v.m.layers[l].eachTensor(func(p *ParamOf[Num], flight int) {
			due[p] = v.back(l, backOutputJobs)
			if flight == flightInput {
				due[p] = v.back(l, backInputJob)
			}
		})
	}
	if v.m.head != v.m.embed {
		due[v.m.embed] = v.over()
	}
	order := slices.Clone(v.m.trained)
	slices.SortFunc(order, func(a, b *ParamOf[Num]) int { return a.offset - b.offset })
	for i, p := range order {
		hi := v.m.trainLen
		if i+1 < len(order) {
			hi = order[i+1].offset
		}
		if n := len(list); n > 0 && list[n-1].due == due[p] {
			list[n-1].hi = hi
			continue
		}
		list = append(list, stretch{lo: p.offset, hi: hi, due: due[p]})
	}
	if len(list) > 0 { // room of frozen tensors that are joined to the first
		list[0].lo = 0
	}
	return list
}

// borrow notes the stretches that arrays of the plan lie in, or of one before that
// nothing went back from.
func (p *PassOf[Num]) borrow(lent []stretch) {
	held := p.debts
	p.debts = nil
	if len(lent) == 0 {
		return
	}
	if p.m.lentTo != p {
		held = nil
	}
	for _, s := range lent {
		lies := func(a lease) bool { return a.size > 0 && a.at < s.hi && s.lo < a.at+a.size }
		if slices.Contains(held, s) || slices.ContainsFunc(p.live.leases, lies) {
			p.debts = append(p.debts, s)
		}
	}
	if len(p.debts) > 0 {
		p.m.lentTo = p
	}
}

// SetBorrowGrads sets [Options.BorrowGrads] for forward calls from now on. In a step
// of several micro-batches only the first finds gradients that are zero, and what the
// others need is there for it too.
func (p *PassOf[Num]) SetBorrowGrads(on bool) { p.o.BorrowGrads = on }

// borrows reports whether the pass may lie in gradients: they are zero.
func (p *PassOf[Num]) borrows() bool {
	return p.o.BorrowGrads && p.o.Train && p.m.grad != nil && !p.m.summed
}

// evicted reports whether gradients that arrays lay in were cleared since.
func (p *PassOf[Num]) evicted() bool { return len(p.debts) > 0 && p.m.lentTo != p }

// beginSum readies gradients for sums: what they were lent for is over, unless it is
// this pass, which gives back on its way.
func (p *PassOf[Num]) beginSum() {
	if p.m.lentTo != p || len(p.debts) == 0 {
		p.m.reclaim()
	}
	p.m.summed = true
}

// reclaim clears gradients that were lent and never given back.
func (m *ModelOf[Num]) reclaim() {
	if m.lentTo != nil {
		m.ZeroGrad()
	}
}

// giveBack ends the loan of stretches that are due, before anything is added to
// gradients there. Listed jobs that lie in them write what they would add to; all
// else is cleared.
func (p *PassOf[Num]) giveBack(moment int) {
	var dirty []Slice
	for _, s := range p.debts {
		if s.due == moment {
			dirty = append(dirty, Slice{s.lo, s.hi})
		}
	}
	if len(dirty) == 0 {
		return
	}
	for _, s := range dirty {
		p.spoil(p.m.grad[s.Lo:s.Hi])
	}
	var covered []Slice
	for i := range p.jobs {
		j := &p.jobs[i]
		part := Slice{j.at, j.at + j.m*j.n}
		j.fresh = j.k > 0 && slices.ContainsFunc(dirty, func(s Slice) bool { return s.meet(part) == part })
		if j.fresh {
			covered = append(covered, part)
		}
	}
	clearing := without(dirty, covered)
	p.each(len(clearing), func(_ *worker[Num], i int) { clear(p.m.grad[clearing[i].Lo:clearing[i].Hi]) })
}

// spoil makes memory that nobody may read any more worth nothing, in tests.
func (p *PassOf[Num]) spoil(memory []Num) {
	if p.poison {
		for i := range memory {
			memory[i] = Num(math.NaN())
		}
	}
}

// debtFree notes that all is given back.
func (p *PassOf[Num]) debtFree() {
	p.debts = nil
	if p.m.lentTo == p {
		p.m.lentTo = nil
	}
}

// without cuts from slices, which do not overlap, those that are covered.
func without(all, covered []Slice) (left []Slice) {
	slices.SortFunc(covered, func(a, b Slice) int { return a.Lo - b.Lo })
	for _, s := range all {
		for _, c := range covered {
			if c = c.meet(s); c.len() == 0 {
				continue
			}
			if s.Lo < c.Lo {
				left = append(left, Slice{s.Lo, c.Lo})
			}
			s.Lo = c.Hi
		}
		for ; s.len() > 0; s.Lo += adamChunk {
			left = append(left, Slice{s.Lo, min(s.Hi, s.Lo+adamChunk)})
		}
	}
	return left
}
