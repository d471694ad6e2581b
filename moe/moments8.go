package moe

import (
	"errors"
	"unsafe"

	"github.com/swerm/swerm/moe/kernel"
)

// Moments in eight bits are those of [kernel.Dynamic], in blocks of 256 numbers that
// are counted from the beginning of each tensor. A slice holds whole blocks, so
// neither ranks, nor shares of the experts, nor threads change a bit. Tensors that
// are small, or whose rounding is felt, keep moments in float32: see quantizes.

// leastQuantized is the numbers below which a tensor's moments are not worth
// rounding; that of bitsandbytes.
const leastQuantized = 4096

// quantizes reports whether the moments of a tensor may be in eight bits: those of
// matrices, but not of routers, which are small and whose rounding chooses other
// experts.
func (p *ParamOf[Num]) quantizes() bool {
	return p.Decay && p.len() >= leastQuantized && kindOf(p.Name) != KindRouter
}

// tensorMoments are the moments of a tensor, or of a slice of it: of one kind.
type tensorMoments[Num Float] struct {
	p      *ParamOf[Num]
	part   Slice // in the tensor; of whole blocks
	m, v   []Num
	m8, v8 kernel.Dynamic
}

// NewOptState8 is [ModelOf.NewOptState] with moments in eight bits, for models in
// float32.
func (m *ModelOf[Num]) NewOptState8() (*OptStateOf[Num], error) {
	return m.NewOptSlice8(Slice{0, m.denseLen}, Slice{0, m.trainLen - m.denseLen})
}

// NewOptSlice8 is [ModelOf.NewOptSlice] with moments in eight bits, for models in
// float32. Slices are as [ModelOf.WholeBlocks] has them.
func (m *ModelOf[Num]) NewOptSlice8(dense, experts Slice) (*OptStateOf[Num], error) {
	if _, wide := any(Num(0)).(float64); wide {
		return nil, errors.New("moe: a model in float64 does not keep its moments in eight bits")
	}
	if d, e := m.WholeBlocks(dense, experts); d != dense || e != experts {
		return nil, errors.New("moe: a slice of moments in eight bits ends within a block")
	}
	s := &OptStateOf[Num]{dense: dense, experts: Slice{experts.Lo + m.denseLen, experts.Hi + m.denseLen}}
	s.tensors = make([]tensorMoments[Num], len(m.trained))
	for i, p := range m.trained {
		t := &s.tensors[i]
		t.p, t.part = p, s.held(p)
		if n := t.part.len(); p.quantizes() {
			t.m8, t.v8 = kernel.MakeDynamic(n), kernel.MakeDynamic(n)
		} else {
			t.m, t.v = kernel.Make[Num](n), kernel.Make[Num](n)
		}
	}
	return s, nil
}

// WholeBlocks moves the ends of slices that cut a block of moments to the end of it.
func (m *ModelOf[Num]) WholeBlocks(dense, experts Slice) (wholeDense, wholeExperts Slice) {
	n := m.denseLen
	return Slice{m.blockEnd(dense.Lo), m.blockEnd(dense.Hi)}, Slice{m.blockEnd(n+experts.Lo) - n, m.blockEnd(n+experts.Hi) - n}
}

// blockEnd is the end of the block that lies on both sides of a place, or the place.
func (m *ModelOf[Num]) blockEnd(at int) int {
	for _, p := range m.trained {
		if in := at - p.offset; in > 0 && in < p.len() {
			return p.offset + min(kernel.DynamicBlocks(in)*kernel.DynamicBlock, p.len())
		}
	}
	return at
}

// Of8 is [OptState.Of] for tensors whose moments are in eight bits; ok says that they
// are.
func (s *OptStateOf[Num]) Of8(p *ParamOf[Num]) (part Slice, first, second kernel.Dynamic, ok bool) {
	if s.tensors == nil || !p.quantizes() {
		return Slice{}, kernel.Dynamic{}, kernel.Dynamic{}, false
	}
	t := &s.tensors[p.turn]
	return t.part, t.m8, t.v8, true
}

// update updates the numbers of a chunk of the tensor, weights, that are held.
// Chunks begin at blocks, so that whatever is held of one goes through the kernel as
// it does where all is.
func (t *tensorMoments[Num]) update(m *ModelOf[Num], chunk Slice, weights []Num, c *kernel.AdamWCoefOf[Num], clearGrad bool) {
	part := t.part.meet(chunk)
	if part.len() == 0 {
		return
	}
	w, g := weights[part.Lo-chunk.Lo:part.Hi-chunk.Lo], t.p.Grad[part.Lo:part.Hi]
	lo, hi := part.Lo-t.part.Lo, part.Hi-t.part.Lo
	switch {
	case t.m8.Codes != nil:
		full, grad, coef := any(w).([]float32), any(g).([]float32), any(c).(*kernel.AdamWCoef)
		anyFamily().AdamW8(full, grad, t.m8.Slice(lo, hi), t.v8.Slice(lo, hi), coef)
	case zero(g) && zero(t.m[lo:hi]) && zero(t.v[lo:hi]): // as [ModelOf.untouched]
		m.decay(w, c.Keep)
	default:
		m.kern.AdamW(w, g, t.m[lo:hi], t.v[lo:hi], c)
	}
	if clearGrad && !zero(g) {
		clear(g)
	}
}

func (t *tensorMoments[Num]) bytes() int64 { return momentBytes(t.p, t.part.len()) }

// moments8Bytes is the memory of the moments of a stretch of the model.
func (m *ModelOf[Num]) moments8Bytes(held Slice) (n int64) {
	for _, p := range m.trained {
		n += momentBytes(p, Slice{p.offset, p.offset + p.len()}.meet(held).len())
	}
	return n
}

// momentBytes is the memory of so many moments of each kind of a tensor, in eight bits
// where they may be.
func momentBytes[Num Float](p *ParamOf[Num], n int) int64 {
	if p.quantizes() {
		return 2 * (int64(n) + 4*int64(kernel.DynamicBlocks(n)))
	}
	return 2 * int64(n) * int64(unsafe.Sizeof(Num(0)))
}
