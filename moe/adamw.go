package moe

import (
	"math"
	"runtime"

	"github.com/swerm/swerm/moe/kernel"
)

// AdamW is Adam with decoupled weight decay: p ← p·(1 − LR·WeightDecay), then
// p ← p − LR·m̂/(√v̂ + Eps) with bias-corrected moments. Matrices decay, norms
// do not ([Param.Decay]).
type AdamW struct {
	LR, Beta1, Beta2, Eps, WeightDecay float64
	// ClearGrad zeroes the gradients in the same sweep, which is cheaper than
	// [Model.ZeroGrad] afterwards.
	ClearGrad bool
	// Seed is that of the rounding of weights in bfloat16.
	Seed uint64
	// Threads bounds the goroutines of the step; 0 means GOMAXPROCS. The
	// result does not depend on it.
	Threads int
}

// adamChunk is how many numbers one goroutine takes at a time.
const adamChunk = 1 << 16

// AdamWStep applies one update; step counts from 1 and corrects the bias of
// the moments. Each gradient is multiplied by gradScale first, which is how a
// caller clips. With the state of a slice it updates those numbers only, to the
// bits that the whole update gives them, and clears no other gradient.
func (m *ModelOf[Num]) AdamWStep(o AdamW, s *OptStateOf[Num], step int, gradScale float64) {
	m.reclaim()
	if o.ClearGrad && s.whole(m) {
		defer func() { m.summed = false }()
	}
	c := kernel.AdamWCoefOf[Num]{
		Beta1: Num(o.Beta1), Beta2: Num(o.Beta2),
		OneMinusBeta1: Num(1 - o.Beta1), OneMinusBeta2: Num(1 - o.Beta2),
		Rate:        Num(o.LR / (1 - math.Pow(o.Beta1, float64(step)))),
		VCorrection: Num(1 / (1 - math.Pow(o.Beta2, float64(step)))),
		Eps:         Num(o.Eps), GradScale: Num(gradScale),
	}
	decay := Num(1 - o.LR*o.WeightDecay)
	if m.halves || s.tensors != nil {
		m.tensorStep(o, s, step, c, decay)
		return
	}
	type chunk struct {
		lo, hi int
		keep   Num
	}
	var chunks []chunk
	for _, p := range m.trained {
		keep := Num(1)
		if p.Decay {
			keep = decay
		}
		lo, hi := p.offset, p.offset+p.len()
		if n := len(chunks); n > 0 && chunks[n-1].keep == keep && chunks[n-1].hi == lo && hi-chunks[n-1].lo <= adamChunk {
			chunks[n-1].hi = hi
			continue
		}
		for ; lo < hi; lo += adamChunk {
			chunks = append(chunks, chunk{lo, min(lo+adamChunk, hi), keep})
		}
	}
	parallel(threadsOr(o.Threads), len(chunks), func(_, i int) {
		c := c
		c.Keep = chunks[i].keep
		m.adamSlice(s, Slice{chunks[i].lo, chunks[i].hi}, m.flat[chunks[i].lo:chunks[i].hi], &c, o.ClearGrad)
	})
}

// tensorStep is the update where no chunk may hold numbers of two tensors: of a
// model in bfloat16, or of moments in eight bits. Chunks are counted from the
// beginning of a tensor, so that no rank's share of the experts moves their bounds.
func (m *ModelOf[Num]) tensorStep(o AdamW, s *OptStateOf[Num], step int, c kernel.AdamWCoefOf[Num], decay Num) {
	type chunk struct {
		p      *ParamOf[Num]
		lo, hi int // in the tensor
	}
	var chunks []chunk
	for _, p := range m.trained {
		for lo := 0; lo < p.len(); lo += adamChunk {
			chunks = append(chunks, chunk{p, lo, min(lo+adamChunk, p.len())})
		}
	}
	threads := threadsOr(o.Threads)
	scratch := make([][]Num, threads)
	parallel(threads, len(chunks), func(worker, i int) {
		u, c := chunks[i], c
		c.Keep = 1
		if u.p.Decay {
			c.Keep = decay
		}
		part := Slice{u.lo, u.hi}
		held := s.held(u.p).meet(part)
		switch {
		case held.len() == 0:
			return
		case !m.halves:
			m.tensorSlice(s, u.p, part, u.p.Data[u.lo:u.hi], &c, o.ClearGrad)
			return
		}
		noise := kernel.Noise{Seed: o.Seed, Stream: uint64(u.p.stream), Step: uint64(step)}
		w := grow(&scratch[worker], part.len())
		numbers := w[held.Lo-part.Lo : held.Hi-part.Lo]
		u.p.widen(numbers, held.Lo)
		m.tensorSlice(s, u.p, part, w, &c, o.ClearGrad)
		u.p.round(numbers, held.Lo, &noise)
	})
}

// tensorSlice updates the numbers of a chunk of a tensor, weights, that the state
// holds.
func (m *ModelOf[Num]) tensorSlice(s *OptStateOf[Num], p *ParamOf[Num], chunk Slice, weights []Num, c *kernel.AdamWCoefOf[Num], clearGrad bool) {
	if s.tensors != nil {
		s.tensors[p.turn].update(m, chunk, weights, c, clearGrad)
		return
	}
	m.adamSlice(s, Slice{p.offset + chunk.Lo, p.offset + chunk.Hi}, weights, c, clearGrad)
}

// ZeroGrad clears every gradient.
func (m *ModelOf[Num]) ZeroGrad() {
	m.summed, m.lentTo = false, nil
	n := (len(m.grad) + adamChunk - 1) / adamChunk
	parallel(threadsOr(0), n, func(_, i int) {
		if g := m.grad[i*adamChunk : min((i+1)*adamChunk, len(m.grad))]; !zero(g) {
			clear(g)
		}
	})
}

// GradNorm returns the L2 norm of all gradients of this model.
func (m *ModelOf[Num]) GradNorm() float64 {
	dense, experts := m.GradSquares()
	return math.Sqrt(dense + experts)
}

// GradSquares returns the sums of squares of the gradients, of the tensors
// that every rank holds and of the experts of this one. They are taken in
// float64 over fixed blocks and do not depend on threads.
func (m *ModelOf[Num]) GradSquares() (dense, experts float64) {
	m.reclaim()
	d, e := m.Grads()
	return m.squares(d), m.squares(e)
}

func (m *ModelOf[Num]) squares(x []Num) float64 {
	n := (len(x) + adamChunk - 1) / adamChunk
	partial := make([]float64, n)
	parallel(threadsOr(0), n, func(_, i int) {
		partial[i] = m.kern.SumSquares(x[i*adamChunk : min((i+1)*adamChunk, len(x))])
	})
	sum := 0.0
	for _, p := range partial {
		sum += p
	}
	return sum
}

func threadsOr(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}
