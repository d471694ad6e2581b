package trainer

import (
	"fmt"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
)

// Where several ranks hold the same tensors, each can keep the moments of a
// slice, update it, and give the others its new weights (ZeRO, stage 1:
// Rajbhandari et al., 2020). Gradients are then summed by a ReduceScatter and
// weights spread by an AllGather, which together move what an AllReduce moves,
// in the same order of sums: the numbers that come out are the same.

// A holding is one of the two stretches of the model with the ranks that hold
// it and the part of this one.
type holding[Num moe.Float] struct {
	ranks          comm.Comm
	weights, grads []Num
	narrow         []uint16                  // the weights where they are in bfloat16
	own            moe.Slice                 // the part that collectives sum and spread
	whole          func(moe.Slice) moe.Slice // what a rank with that part updates; nil: the part
}

// holdings are the dense tensors, over the world, and this rank's experts, over
// their replicas.
func (e *engineOf[Num]) holdings() [2]holding[Num] {
	dense, experts := e.model.Weights()
	narrowDense, narrowExperts := e.model.NarrowWeights()
	denseGrads, expertGrads := e.model.Grads()
	h := [2]holding[Num]{
		{ranks: e.world, weights: dense, grads: denseGrads, narrow: narrowDense},
		{ranks: e.replicas, weights: experts, grads: expertGrads, narrow: narrowExperts},
	}
	for i := range h {
		h[i].own = h[i].part(h[i].ranks.Rank())
	}
	if e.eight {
		h[0].whole = func(part moe.Slice) moe.Slice { s, _ := e.model.WholeBlocks(part, moe.Slice{}); return s }
		h[1].whole = func(part moe.Slice) moe.Slice { _, s := e.model.WholeBlocks(moe.Slice{}, part); return s }
	}
	return h
}

// newMoments are zero moments of what this rank updates.
func (e *engineOf[Num]) newMoments() (*moe.OptStateOf[Num], error) {
	parts := e.holdings()
	switch {
	case e.sliced && e.eight:
		return e.model.NewOptSlice8(e.model.WholeBlocks(parts[0].own, parts[1].own))
	case e.sliced:
		return e.model.NewOptSlice(parts[0].own, parts[1].own), nil
	case e.eight:
		return e.model.NewOptState8()
	}
	return e.model.NewOptState(), nil
}

// part is a rank's part of the stretch, as collectives have it.
func (h *holding[Num]) part(rank int) (s moe.Slice) {
	s.Lo, s.Hi = comm.Part(len(h.grads), h.ranks.Size(), rank)
	return s
}

// sum adds up the gradients of a stretch, in the precision that the config has
// for the wire.
func (e *engineOf[Num]) sum(h holding[Num], whole func(comm.Comm, []Num) error, halves func(comm.Comm, []float32) error) error {
	if narrow, ok := any(h.grads).([]float32); ok && e.halves && h.ranks.Size() > 1 {
		return halves(h.ranks, narrow)
	}
	return whole(h.ranks, h.grads)
}

// reduceSlices sums this rank's slices of the gradients over all ranks, and
// returns the norm of the whole: the bits that it has where every rank sums all.
func (e *engineOf[Num]) reduceSlices() (squares [2]float64, err error) {
	for i, h := range e.holdings() {
		if err := e.sum(h, comm.ReduceScatter[Num], comm.ReduceScatterBF16); err != nil {
			return squares, fmt.Errorf("gradients: %w", err)
		}
		if squares[i], err = e.squares(h); err != nil {
			return squares, fmt.Errorf("gradient norm: %w", err)
		}
		if err := h.tradeGradients(); err != nil {
			return squares, fmt.Errorf("gradients: %w", err)
		}
	}
	return squares, nil
}

// squares is the sum of squares of a reduced stretch, which lies in slices. It
// is a sum over fixed blocks, and a block that lies across slices goes to the
// rank where it begins: its other numbers come from their ranks, into the
// place where this rank's own part of the sum has been.
func (e *engineOf[Num]) squares(h holding[Num]) (float64, error) {
	n, size := len(h.grads), h.ranks.Size()
	send, recv := make([][]byte, size), make([][]byte, size)
	for r := range size {
		var theirs moe.Slice
		theirs.Lo, theirs.Hi = comm.Part(n, size, r)
		if r < h.ranks.Rank() {
			send[r] = comm.Bytes(within(h.grads, cross(n, theirs, h.own)))
		} else if r > h.ranks.Rank() {
			recv[r] = comm.Bytes(within(h.grads, cross(n, h.own, theirs)))
		}
	}
	if err := h.ranks.AllToAllV(send, recv); err != nil {
		return 0, err
	}
	sums := make([]float64, moe.NormBlocks(n))
	var mine [][]Num
	first := -1
	for i := range sums {
		if b := moe.NormBlock(n, i); b.Lo >= h.own.Lo && b.Lo < h.own.Hi {
			if mine = append(mine, within(h.grads, b)); first < 0 {
				first = i
			}
		}
	}
	if first >= 0 {
		copy(sums[first:], e.model.SquareBlocks(mine))
	}
	if err := comm.AllReduce(h.ranks, sums); err != nil {
		return 0, err
	}
	total := 0.0
	for _, s := range sums {
		total += s
	}
	return total, nil
}

// cross is what lies in a later rank's slice of the block that begins in the
// slice of an earlier one and goes beyond it.
func cross(n int, earlier, later moe.Slice) moe.Slice {
	for i := range moe.NormBlocks(n) {
		if b := moe.NormBlock(n, i); b.Lo >= earlier.Lo && b.Lo < earlier.Hi && b.Hi > earlier.Hi {
			return overlap(b, later)
		}
	}
	return moe.Slice{}
}

func within[Num moe.Float](x []Num, s moe.Slice) []Num { return x[s.Lo:s.Hi] }

// updateSlices updates this rank's slices and spreads them.
func (e *engineOf[Num]) updateSlices(o moe.AdamW, step int64, scale float64) error {
	o.ClearGrad = false // the rest of the gradients holds parts of sums
	e.model.AdamWStep(o, e.opt, int(step), scale)
	e.model.ZeroGrad()
	for _, h := range e.holdings() {
		if err := h.returnWeights(); err != nil {
			return fmt.Errorf("new weights: %w", err)
		}
		if err := h.spread(); err != nil {
			return fmt.Errorf("new weights: %w", err)
		}
	}
	e.model.Widen()
	return nil
}

// spread gives every rank the weights that each has of its slice.
func (h *holding[Num]) spread() error {
	if h.narrow != nil {
		return comm.AllGatherHalves(h.ranks, h.narrow)
	}
	return comm.AllGather(h.ranks, h.weights)
}

// A block of moments in eight bits that lies across parts is updated by the rank
// where it begins: tradeGradients gives that rank the sums that are missing there,
// at most 255 numbers from each, and returnWeights takes its new weights back.

func (h *holding[Num]) tradeGradients() error {
	if h.whole == nil {
		return nil
	}
	return h.trade(func(from, to int) []byte {
		return comm.Bytes(within(h.grads, overlap(h.part(from), h.whole(h.part(to)))))
	})
}

func (h *holding[Num]) returnWeights() error {
	if h.whole == nil {
		return nil
	}
	return h.trade(func(from, to int) []byte {
		s := overlap(h.whole(h.part(from)), h.part(to))
		if h.narrow != nil {
			return comm.Halves(h.narrow[s.Lo:s.Hi])
		}
		return comm.Bytes(within(h.weights, s))
	})
}

// trade moves to every other rank what each rank has for another.
func (h *holding[Num]) trade(between func(from, to int) []byte) error {
	me, size := h.ranks.Rank(), h.ranks.Size()
	send, recv := make([][]byte, size), make([][]byte, size)
	for r := range size {
		if r != me {
			send[r], recv[r] = between(me, r), between(r, me)
		}
	}
	return h.ranks.AllToAllV(send, recv)
}

func overlap(a, b moe.Slice) moe.Slice {
	lo := max(a.Lo, b.Lo)
	return moe.Slice{Lo: lo, Hi: max(lo, min(a.Hi, b.Hi))}
}
