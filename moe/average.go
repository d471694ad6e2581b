package moe

import "github.com/swerm/swerm/moe/kernel"

// AverageOf is a moving average of what trains of one model, flat.
type AverageOf[Num Float] struct{ w []Num }

// NewAverage returns an average that equals the weights as they are now. It is not
// for weights in bfloat16.
func (m *ModelOf[Num]) NewAverage() *AverageOf[Num] {
	if m.halves {
		panic("moe: weights in bfloat16 cannot be exchanged for their average and come back")
	}
	a := &AverageOf[Num]{kernel.Make[Num](m.trainLen)}
	copy(a.w, m.flat[:m.trainLen])
	return a
}

// Of returns the average of one trained tensor of the model; writing to it restores an
// average.
func (a *AverageOf[Num]) Of(p *ParamOf[Num]) []Num {
	end := p.offset + p.len()
	return a.w[p.offset:end:end]
}

// Average moves the average towards the weights: a ← a + (1 − decay)·(w − a). In
// this form an average of weights that stand still is these weights, where a sum
// of two products would drift by its rounding. Threads is as in [AdamW].
func (m *ModelOf[Num]) Average(a *AverageOf[Num], decay float64, threads int) {
	share := Num(1 - decay)
	m.eachChunk(threads, func(lo, hi int) {
		w := m.flat[lo:hi]
		for i, v := range a.w[lo:hi] {
			a.w[lo+i] = v + Num(share*(w[i]-v))
		}
	})
}

// Swap exchanges the weights and their average, so that passes run on the other
// until it is called again.
func (m *ModelOf[Num]) Swap(a *AverageOf[Num], threads int) {
	m.eachChunk(threads, func(lo, hi int) {
		w, other := m.flat[lo:hi], a.w[lo:hi]
		for i := range w {
			w[i], other[i] = other[i], w[i]
		}
	})
}

// eachChunk runs do over the numbers that train.
func (m *ModelOf[Num]) eachChunk(threads int, do func(lo, hi int)) {
	n := (m.trainLen + adamChunk - 1) / adamChunk
	parallel(threadsOr(threads), n, func(_, i int) { do(i*adamChunk, min((i+1)*adamChunk, m.trainLen)) })
}
