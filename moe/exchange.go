package moe

import (
	"fmt"
	"unsafe"
)

// Peers are the ranks that hold the other experts of a sharded model: rank r
// holds [Shard]{r, Size()}. All of them run the same passes at the same time,
// each over its own batch, which may be empty; a rank whose batch has experts
// elsewhere sends their tokens there and gets the answers back.
type Peers interface {
	Rank() int
	Size() int
	// AllToAllV sends send[r] to rank r and fills recv[r] with what rank r sends
	// here.
	AllToAllV(send, recv [][]byte) error
}

// work is what the experts of this model compute in one layer: their slots,
// grouped by expert. Without peers these are the slots of the batch. With
// peers they are the slots that the ranks of the group sent here, within one
// expert in the order of ranks, and their inputs are kept for the backward
// pass, since no rank can compute them again from its own tokens.
type work[Num Float] struct {
	off    []int   // [experts here + 1] first slot of each expert
	row    []int32 // [slots] row of src
	weight []Num   // [slots] routing weight
	src    []Num   // rows of inputs, by ld
	ld     int

	sent, came []int // [ranks] slots to and from each rank
}

// slots counts the slots of the work.
func (w *work[Num]) slots() int { return w.off[len(w.off)-1] }

// exchanging is the memory of dispatch and combine.
type exchanging[Num Float] struct {
	out, in    []Num // rows on their way
	counts     []int64
	heard      []int64
	send, recv [][]byte
	results    []Num // [slots here, D] what experts computed, by slot

	wireOut, wireIn []uint16 // rows on their way in bfloat16
}

// ownWork points the work of a layer at the batch's own slots.
func (p *PassOf[Num]) ownWork(a *acts[Num]) {
	a.work.off, a.work.row, a.work.weight = a.off, a.slotR, a.slotW
	a.work.src, a.work.ld = p.h2, p.D
}

// dispatchRows sends every slot's input with its weight to where its expert
// is, and takes what others send.
func (p *PassOf[Num]) dispatchRows(a *acts[Num]) error {
	if err := p.tellCounts(a); err != nil {
		return err
	}
	w, ld := &a.work, p.D+1
	out := p.growSlots(&p.out, a.off[p.E]*ld)
	for s, r := range a.slotR[:a.off[p.E]] {
		copy(out[s*ld:], p.h2[int(r)*p.D:(int(r)+1)*p.D])
		out[s*ld+p.D] = a.slotW[s]
	}
	n := w.slots()
	w.src, w.ld = p.growSlots(&w.src, n*ld), ld
	if err := p.move(out, w.sent, w.src, w.came, ld); err != nil {
		return err
	}
	p.growSlots(&w.weight, n)
	for s, r := range w.row {
		w.weight[s] = w.src[int(r)*ld+p.D]
	}
	return nil
}

// tellCounts exchanges how many slots each rank has for each expert, and lays
// out the work.
func (p *PassOf[Num]) tellCounts(a *acts[Num]) error {
	w, n := &a.work, p.o.Peers.Size()
	counts := growInts(&p.counts, p.E)
	for e := range counts {
		counts[e] = int64(a.off[e+1] - a.off[e])
	}
	from, to := p.m.shard.Experts(p.E)
	here := to - from
	heard := growInts(&p.heard, n*here)
	send, recv := p.messages()
	for r := range n {
		lo, hi := Shard{r, n}.Experts(p.E)
		send[r], recv[r] = bytesOf(counts[lo:hi]), bytesOf(heard[r*here:(r+1)*here])
		growInts(&w.sent, n)[r] = a.off[hi] - a.off[lo]
	}
	if err := p.o.Peers.AllToAllV(send, recv); err != nil {
		return fmt.Errorf("expert counts: %w", err)
	}
	return w.layOut(heard, n, here)
}

// layOut groups the rows that come, one rank after the other and within a rank
// by expert, by expert first.
func (w *work[Num]) layOut(heard []int64, ranks, here int) error {
	growInts(&w.came, ranks)
	total := 0
	for r := range ranks {
		w.came[r] = 0
		for _, n := range heard[r*here : (r+1)*here] {
			if n < 0 || n > maxBatchTokens {
				return fmt.Errorf("moe: rank %d announces %d tokens for one expert, at most %d", r, n, maxBatchTokens)
			}
			w.came[r] += int(n)
		}
		total += w.came[r]
	}
	growInts(&w.off, here+1)
	growInts(&w.row, total)
	s := 0
	for e := range here {
		w.off[e] = s
		first := 0 // row of rank r's first slot of expert e
		for r := range ranks {
			at := first
			for _, n := range heard[r*here : r*here+e] {
				at += int(n)
			}
			for range heard[r*here+e] {
				w.row[s] = int32(at)
				s, at = s+1, at+1
			}
			first += w.came[r]
		}
	}
	w.off[here] = s
	return nil
}

// combineRows sends what the experts here computed back, width numbers a slot,
// into the slots of the batch. put writes a slot's row.
func (p *PassOf[Num]) combineRows(a *acts[Num], width int, into []Num, put func(row []Num, slot int)) error {
	w := &a.work
	out := p.growSlots(&p.out, w.slots()*width)
	for s, r := range w.row {
		put(out[int(r)*width:(int(r)+1)*width], s)
	}
	return p.move(out, w.came, into, w.sent, width)
}

// dispatchGradients sends every slot's output gradient to its expert.
func (p *PassOf[Num]) dispatchGradients(a *acts[Num]) ([]Num, error) {
	out := p.growSlots(&p.out, a.off[p.E]*p.D)
	for s, r := range a.slotR[:a.off[p.E]] {
		copy(out[s*p.D:(s+1)*p.D], p.dx[int(r)*p.D:])
	}
	in := p.growSlots(&p.in, a.work.slots()*p.D)
	return in, p.move(out, a.work.sent, in, a.work.came, p.D)
}

// combineGradients brings the input gradients and those of the routing weights
// home, into y and dtw.
func (p *PassOf[Num]) combineGradients(a *acts[Num]) error {
	width, n := p.D+1, a.off[p.E]
	in := p.growSlots(&p.in, n*width)
	err := p.combineRows(a, width, in, func(row []Num, s int) {
		copy(row, p.results[s*p.D:(s+1)*p.D])
		row[p.D] = p.dtw[s]
	})
	if err != nil {
		return err
	}
	grow(&p.dtw, n)
	for s := range n {
		copy(p.y[s*p.D:(s+1)*p.D], in[s*width:])
		p.dtw[s] = in[s*width+p.D]
	}
	return nil
}

// move exchanges rows of width numbers that lie in the order of ranks: D of
// them, and maybe one more, which is a routing weight or its gradient.
func (p *PassOf[Num]) move(out []Num, sent []int, in []Num, came []int, width int) error {
	send, recv := p.messages()
	if p.o.BF16Wire {
		return p.moveBF16(out, sent, in, came, width)
	}
	from, to := 0, 0
	for r := range send {
		send[r], from = bytesOf(out[from*width:(from+sent[r])*width]), from+sent[r]
		recv[r], to = bytesOf(in[to*width:(to+came[r])*width]), to+came[r]
	}
	if err := p.o.Peers.AllToAllV(send, recv); err != nil {
		return fmt.Errorf("expert tokens: %w", err)
	}
	return nil
}

func (p *PassOf[Num]) messages() (send, recv [][]byte) {
	n := p.o.Peers.Size()
	if p.send == nil {
		p.send, p.recv = make([][]byte, n), make([][]byte, n)
	}
	return p.send, p.recv
}

// bytesOf is the memory of numbers; ranks of one run are machines of one kind.
func bytesOf[N Float | int64 | uint16](x []N) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(N(0))))
}
