package trainer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/safetensors"
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
	narrow         []uint16 // the weights where they are in bfloat16
	own            moe.Slice
}

// holdings are the dense tensors, over the world, and this rank's experts, over
// their replicas.
func (e *engineOf[Num]) holdings() [2]holding[Num] {
	dense, experts := e.model.Weights()
	narrowDense, narrowExperts := e.model.NarrowWeights()
	denseGrads, expertGrads := e.model.Grads()
	hold := func(c comm.Comm, weights, grads []Num, narrow []uint16) holding[Num] {
		h := holding[Num]{ranks: c, weights: weights, grads: grads, narrow: narrow}
		h.own.Lo, h.own.Hi = comm.Part(len(grads), c.Size(), c.Rank())
		return h
	}
	return [2]holding[Num]{hold(e.world, dense, denseGrads, narrowDense), hold(e.replicas, experts, expertGrads, narrowExperts)}
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
			lo, hi := max(b.Lo, later.Lo), min(b.Hi, later.Hi)
			return moe.Slice{Lo: lo, Hi: max(lo, hi)}
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

// pieceMark stands in the name of a tensor's piece before the place of its
// first number.
const pieceMark = "@"

// momentItems are the moments that this rank holds and, unless it holds a
// slice, writes.
func (e *engineOf[Num]) momentItems() (items []safetensors.Item) {
	for _, p := range e.model.Trained() {
		part, first, second := e.opt.Of(p)
		if len(first) == 0 || !e.sliced && !e.model.Owns(p) {
			continue
		}
		for suffix, data := range [...][]Num{first, second} {
			item := p.Item(p.Name+momentSuffixes[suffix], data)
			if len(data) < len(p.Grad) {
				item.Name += pieceMark + strconv.Itoa(part.Lo)
				item.Shape = []int{len(data)}
			}
			items = append(items, item)
		}
	}
	return items
}

var momentSuffixes = [...]string{".m", ".v"}

// momentsFile names the file of this rank's moments.
func (e *engineOf[Num]) momentsFile() string {
	rank, of, kind := e.shard().Rank, e.shard().Of, ""
	if e.sliced {
		rank, of, kind = e.world.Rank(), e.world.Size(), "-slice"
	}
	if of <= 1 {
		return momentsPrefix + ".safetensors"
	}
	return fmt.Sprintf("%s%s-%05d-of-%05d.safetensors", momentsPrefix, kind, rank+1, of)
}

// A piece is consecutive numbers of one moment in a file.
type piece struct {
	name string // in the file
	lo   int
	n    int
}

// moments finds tensors by name, in one piece or several, in whichever files
// hold them: the checkpoint may be of another layout.
type moments struct {
	*safetensors.Set
	pieces map[string][]piece
}

func openMoments(dir string) (*moments, error) {
	set, err := openState(dir, momentsPrefix)
	if err != nil {
		return nil, fmt.Errorf("moments: %w", err)
	}
	m := &moments{set, map[string][]piece{}}
	for _, full := range set.Names() {
		name, at, cut := strings.Cut(full, pieceMark)
		lo, err := strconv.Atoi(at)
		t, ok := set.Lookup(full)
		if !ok || cut && (err != nil || lo < 0) {
			set.Close()
			return nil, fmt.Errorf("moments: %s: the name %q", dir, full)
		}
		m.pieces[name] = append(m.pieces[name], piece{full, lo, t.Len()})
	}
	return m, nil
}

// copyWritten is copy into zeros: what stays zero is not written, so that moments
// that nothing ever reached are no memory after a restart either.
func copyWritten[Num moe.Float](to, from []Num) int {
	const block = 1 << 14
	n := min(len(to), len(from))
	for at := 0; at < n; at += block {
		if part := from[at:min(at+block, n)]; slices.ContainsFunc(part, func(x Num) bool { return x != 0 }) {
			copy(to[at:], part)
		}
	}
	return n
}

// readMoments fills into, which is zero, with a tensor's numbers from lo on.
func readMoments[Num moe.Float](m *moments, name string, lo int, into []Num) error {
	for at := lo; at < lo+len(into); {
		list := m.pieces[name]
		i := slices.IndexFunc(list, func(p piece) bool { return p.lo <= at && at < p.lo+p.n })
		if i < 0 {
			return fmt.Errorf("moments: number %d of tensor %q is in no file", at, name)
		}
		p := list[i]
		data := make([]Num, p.n)
		if err := readNumbers(m.Set, p.name, data); err != nil {
			return fmt.Errorf("moments: %w", err)
		}
		at += copyWritten(into[at-lo:], data[at-p.lo:])
	}
	return nil
}
