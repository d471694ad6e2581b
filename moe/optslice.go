package moe

import "github.com/swerm/swerm/moe/kernel"

// A Slice is the part of the optimizer's work that one rank does where several
// hold the same tensors: numbers Lo to Hi−1 of a stretch that [ModelOf.Grads]
// returns.
type Slice struct{ Lo, Hi int }

// OptStateOf holds the moments of AdamW for what trains of one model, or for a
// slice of each of its two stretches, flat.
type OptStateOf[Num Float] struct {
	dense, experts Slice                // experts counted from the first number of the model
	m, v           []Num                // of dense, then of experts
	tensors        []tensorMoments[Num] // instead, in eight bits: of each tensor that trains
}

// NewOptState returns zero moments of all that trains.
func (m *ModelOf[Num]) NewOptState() *OptStateOf[Num] {
	return m.NewOptSlice(Slice{0, m.denseLen}, Slice{0, m.trainLen - m.denseLen})
}

// NewOptSlice returns zero moments of a slice of the tensors that every rank
// holds and of one of this rank's experts.
func (m *ModelOf[Num]) NewOptSlice(dense, experts Slice) *OptStateOf[Num] {
	experts = Slice{experts.Lo + m.denseLen, experts.Hi + m.denseLen}
	n := dense.len() + experts.len()
	return &OptStateOf[Num]{dense: dense, experts: experts, m: kernel.Make[Num](n), v: kernel.Make[Num](n)}
}

func (s Slice) len() int { return s.Hi - s.Lo }

// meet is what two slices share; empty where they share nothing.
func (s Slice) meet(o Slice) Slice {
	lo := max(s.Lo, o.Lo)
	return Slice{lo, max(lo, min(s.Hi, o.Hi))}
}

// at is the place of a number of the model in m and v.
func (s *OptStateOf[Num]) at(i int) int {
	if i >= s.experts.Lo && s.experts.len() > 0 {
		return s.dense.len() + i - s.experts.Lo
	}
	return i - s.dense.Lo
}

// Of returns the moments of those numbers of a trained tensor, counted in it,
// that the state holds: all of them unless it is a slice, and none where they are in
// eight bits ([OptState.Of8]). Writing to them restores a state.
func (s *OptStateOf[Num]) Of(p *ParamOf[Num]) (part Slice, first, second []Num) {
	if s.tensors != nil {
		t := &s.tensors[p.turn]
		return t.part, t.m, t.v
	}
	part = s.held(p)
	if part.len() == 0 {
		return Slice{}, nil, nil
	}
	lo := s.at(p.offset + part.Lo)
	hi := lo + part.len()
	return part, s.m[lo:hi:hi], s.v[lo:hi:hi]
}

// held is the numbers of a tensor, counted in it, that the state holds.
func (s *OptStateOf[Num]) held(p *ParamOf[Num]) Slice {
	held := s.dense
	if p.Expert {
		held = s.experts
	}
	part := Slice{p.offset, p.offset + p.len()}.meet(held)
	if part.len() == 0 {
		return Slice{}
	}
	return Slice{part.Lo - p.offset, part.Hi - p.offset}
}

// whole reports whether the state is of all that trains of its model.
func (s *OptStateOf[Num]) whole(m *ModelOf[Num]) bool {
	if s.tensors == nil {
		return s.dense.len() == m.denseLen && s.experts.len() == m.trainLen-m.denseLen
	}
	for i := range s.tensors {
		if t := &s.tensors[i]; t.part.len() != t.p.len() {
			return false
		}
	}
	return true
}

// Bytes is the memory of the moments.
func (s *OptStateOf[Num]) Bytes() int64 { return s.Memory().Moments }

// Weights returns all numbers that train as two stretches, as [ModelOf.Grads]
// returns their gradients; nil of a model that keeps them in bfloat16.
func (m *ModelOf[Num]) Weights() (dense, experts []Num) {
	if m.halves {
		return nil, nil
	}
	return m.flat[:m.denseLen], m.flat[m.denseLen:m.trainLen]
}

// adamLanes is what every family divides a stretch by: whole groups of so many
// numbers go through vectors, the rest does not, and the two round
// differently.
const adamLanes = 16

// adamSlice updates the numbers of a chunk, weights, that the state holds to the bits
// that an update of the whole chunk gives them: a group of lanes that the
// slice cuts is done in a scratch group, the numbers behind the last whole
// group one by one, as there.
func (m *ModelOf[Num]) adamSlice(s *OptStateOf[Num], chunk Slice, weights []Num, c *kernel.AdamWCoefOf[Num], clearGrad bool) {
	end := chunk.Lo + chunk.len()/adamLanes*adamLanes // of whole groups
	for _, held := range []Slice{s.dense, s.experts} {
		part := chunk.meet(held)
		if part.len() == 0 {
			continue
		}
		if m.untouched(s, part) {
			m.decay(weights[part.Lo-chunk.Lo:part.Hi-chunk.Lo], c.Keep)
			continue
		}
		vector, tail := part.meet(Slice{chunk.Lo, end}), part.meet(Slice{end, chunk.Hi})
		for vector.len() > 0 {
			skip := (vector.Lo - chunk.Lo) % adamLanes
			if n := vector.len() / adamLanes * adamLanes; skip == 0 && n > 0 {
				m.adam(s, Slice{vector.Lo, vector.Lo + n}, weights[vector.Lo-chunk.Lo:], c)
				vector.Lo += n
				continue
			}
			n := min(adamLanes-skip, vector.len())
			m.adamGroup(s, Slice{vector.Lo, vector.Lo + n}, weights[vector.Lo-chunk.Lo:], skip, c)
			vector.Lo += n
		}
		if tail.len() > 0 {
			m.adam(s, tail, weights[tail.Lo-chunk.Lo:], c)
		}
		if clearGrad {
			clear(m.grad[part.Lo:part.Hi])
		}
	}
}

// untouched reports whether no gradient has ever reached these numbers: rows of
// the head that a verdict does not read, rows of the embedding whose token is in
// no sequence. Their moments stay pages that nobody wrote, which are no memory.
func (m *ModelOf[Num]) untouched(s *OptStateOf[Num], part Slice) bool {
	lo := s.at(part.Lo)
	hi := lo + part.len()
	return zero(m.grad[part.Lo:part.Hi]) && zero(s.m[lo:hi]) && zero(s.v[lo:hi])
}

// decay does what an update without gradient and moments does, to the same bits.
func (m *ModelOf[Num]) decay(weights []Num, keep Num) {
	if keep != 1 {
		m.kern.Scale(weights, keep, weights)
	}
}

// zero reads and does not write: what was never written stays so.
func zero[Num Float](x []Num) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

func (m *ModelOf[Num]) adam(s *OptStateOf[Num], part Slice, weights []Num, c *kernel.AdamWCoefOf[Num]) {
	lo := s.at(part.Lo)
	hi := lo + part.len()
	m.kern.AdamW(weights[:part.len()], m.grad[part.Lo:part.Hi], s.m[lo:hi], s.v[lo:hi], c)
}

// adamGroup updates a part of one group of lanes, which begins at the given
// lane.
func (m *ModelOf[Num]) adamGroup(s *OptStateOf[Num], part Slice, weights []Num, lane int, c *kernel.AdamWCoefOf[Num]) {
	var p, g, first, second [adamLanes]Num
	lo := s.at(part.Lo)
	hi := lo + part.len()
	copy(p[lane:], weights[:part.len()])
	copy(g[lane:], m.grad[part.Lo:part.Hi])
	copy(first[lane:], s.m[lo:hi])
	copy(second[lane:], s.v[lo:hi])
	m.kern.AdamW(p[:], g[:], first[:], second[:], c)
	copy(weights[:part.len()], p[lane:])
	copy(s.m[lo:hi], first[lane:])
	copy(s.v[lo:hi], second[lane:])
}

// NormBlocks counts the blocks of a stretch that [ModelOf.SquareBlocks] sums apart.
func NormBlocks(n int) int { return (n + adamChunk - 1) / adamChunk }

// NormBlock is one of them.
func NormBlock(n, i int) Slice { return Slice{i * adamChunk, min((i+1)*adamChunk, n)} }

// SquareBlocks returns the sums of squares of some blocks as
// [ModelOf.GradSquares] takes them: added up in order they are its bits.
func (m *ModelOf[Num]) SquareBlocks(blocks [][]Num) []float64 {
	sums := make([]float64, len(blocks))
	parallel(threadsOr(0), len(blocks), func(_, i int) { sums[i] = m.kern.SumSquares(blocks[i]) })
	return sums
}
