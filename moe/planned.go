package moe

import (
	"runtime/debug"

	"github.com/swerm/swerm/moe/kernel"
)

// A pass plans its memory before it goes forward: what lives when follows from the
// batch, and so does where it lies.

// layoutOf is where the arrays of a pass lie.
type layoutOf struct {
	at   []int // by lease, in the gradients where they are lent, behind them in the block
	size []int
	base int // numbers of gradients that may be lent; 0: none
}

func leaseIndex(t tenant, l int, back bool) int {
	i := 2 * l
	if back {
		i++
	}
	return i*int(tenants) + int(t)
}

// plan gives the arrays of a pass their places.
func (p *PassOf[Num]) plan() {
	v := &p.live
	v.T, v.ends, v.pages, v.work, v.part, v.everywhere = p.T, len(p.spans), p.pages.size, p.attnWork, most(p.parts), p.want == allRows
	var lent []stretch
	p.places.base = 0
	if p.borrows() {
		if p.m.lentTo != p {
			p.m.reclaim()
		}
		lent, p.places.base = v.lendable(), len(p.m.grad)
	}
	if p.o.Train {
		v.train()
	} else {
		rows := 0
		for i := range p.chunks {
			rows = max(rows, p.chunks[i].n)
		}
		v.score(rows)
	}
	need := v.place(lent, p.places.base)
	p.borrow(lent)
	p.forget()
	p.reserve(need)
	p.spoil(p.block)
	for _, s := range p.debts {
		p.spoil(p.m.grad[s.lo:s.hi])
	}
	p.index()
	if !p.o.Train {
		p.stream = p.leased(tenantX, 0, false)
		return
	}
	for l := range p.L {
		p.layers[l].x = p.leased(tenantX, l, false)
	}
}

// most is the largest of numbers, 0 where there are none.
func most(list []int) int {
	n := 0
	for _, x := range list {
		n = max(n, x)
	}
	return n
}

// place places all leases and returns what they need beside the gradients.
func (v *liveness[Num]) place(lent []stretch, base int) (need int) {
	v.list = v.list[:0]
	for _, a := range v.leases {
		v.list = append(v.list, a.tenancy)
	}
	need = v.placing.place(v.list, lent, base)
	for i, t := range v.list {
		v.leases[i].tenancy = t
	}
	return need
}

// forget drops all views of arrays in their places, which would keep a block that is
// replaced.
func (p *PassOf[Num]) forget() {
	p.views = views[Num]{}
	clear(p.jobs[:cap(p.jobs)])
	for i := range p.layers {
		a := &p.layers[i]
		a.planned = planned[Num]{}
		if !p.elsewhere(a) {
			a.work = work[Num]{}
		}
	}
}

// reserve makes the block that arrays lie in at least n numbers. What it holds is
// undefined.
func (p *PassOf[Num]) reserve(n int) {
	if cap(p.block) >= n {
		p.block = p.block[:max(n, len(p.block))]
		return
	}
	spare := 0
	if p.block != nil { // batches grow: what is spare is not touched, and so costs nothing
		spare = n / 8
		p.block = nil
		debug.FreeOSMemory() // or both would be resident
	}
	p.block = kernel.Make[Num](n + spare)[:n]
}

// index notes where each array lies.
func (p *PassOf[Num]) index() {
	n := 2 * p.L * int(tenants)
	growInts(&p.places.at, n)
	growInts(&p.places.size, n)
	clear(p.places.size)
	for _, a := range p.live.leases {
		i := leaseIndex(a.tenant, a.layer, a.back)
		p.places.at[i], p.places.size[i] = a.at, a.size
	}
}

// leased is an array in its place; empty where there is none.
func (p *PassOf[Num]) leased(t tenant, l int, back bool) []Num {
	i := leaseIndex(t, l, back)
	at, n := p.places.at[i], p.places.size[i]
	switch {
	case n == 0:
		return nil
	case at < p.places.base:
		return p.m.grad[at : at+n : at+n]
	}
	at -= p.places.base
	return p.block[at : at+n : at+n]
}

// settle points a layer at its arrays, forward or when it is computed again.
func (p *PassOf[Num]) settle(l int, back bool) {
	a, from := p.acts(l), l
	if !p.o.Train {
		from = 0
	}
	of := func(t tenant) []Num { return p.leased(t, from, back) }
	if back && l == 0 {
		a.x = of(tenantX)
	}
	a.qkv, a.o, a.xm, a.gu = of(tenantQKV), of(tenantO), of(tenantXM), of(tenantGU)
	p.qr, p.kr, p.cache, p.h2, p.y = of(tenantQR), of(tenantKR), of(tenantPages), of(tenantH2), of(tenantY)
}

// settleBack points a layer at the arrays of its way back.
func (p *PassOf[Num]) settleBack(l int) {
	of := func(t tenant) []Num { return p.leased(t, l, true) }
	p.y, p.hw, p.dyp, p.h2 = of(tenantDY), of(tenantHW), of(tenantDYP), of(tenantH2Again)
	p.qr, p.kr, p.do, p.attnBack = of(tenantQRAgain), of(tenantKRAgain), of(tenantDO), of(tenantWork)
	p.dqkv, p.h1 = of(tenantDQKV), of(tenantH1)
	a := p.acts(l)
	if l == 0 {
		a.x = of(tenantX)
	}
	if !p.elsewhere(a) {
		p.ownWork(a)
	}
}
