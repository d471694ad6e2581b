package trainer

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A plan is the sequence of global batches of a training run. It is a
// function of the seed, the batch size and the visits of one epoch, and of
// nothing else: not of micro-batches, threads or the step a run resumed at.
//
// The visits of all epochs form one endless line, each epoch in its own random
// order, and batch k is the k-th stretch of that line; a batch may reach from
// one epoch into the next, so no visit is lost at the seam. Any batch is found
// without walking through those before it: an epoch's order is drawn at once
// from (seed, epoch), which takes milliseconds for a million visits.
type plan struct {
	visits    []int32 // one epoch: an index into the samples for each visit
	groups    []int32 // the group of each sample; nil: visits are shuffled one by one
	seed      uint64
	batchSize int
	total     int64 // visits of the whole run; the last batch may be short

	epoch int64 // whose order is in order; -1 before the first
	order []int32
}

// newPlan repeats each sample by its count. total is the number of visits of
// the whole run.
func newPlan(counts, groups []int32, seed uint64, batchSize int) *plan {
	p := &plan{groups: groups, seed: seed, batchSize: batchSize, epoch: -1}
	for i, n := range counts {
		for range n {
			p.visits = append(p.visits, int32(i))
		}
	}
	p.order = make([]int32, len(p.visits))
	return p
}

// limit bounds the run by steps, or by epochs where steps is 0, and returns
// the number of steps.
func (p *plan) limit(steps int64, epochs float64) int64 {
	b := int64(p.batchSize)
	if steps > 0 {
		p.total = steps * b
		return steps
	}
	p.total = max(1, int64(epochs*float64(len(p.visits))+0.5))
	return (p.total + b - 1) / b
}

// batch returns the samples of a step, counted from 0, in dst.
func (p *plan) batch(dst []int32, step int64) []int32 {
	dst = dst[:0]
	n := int64(len(p.visits))
	lo := step * int64(p.batchSize)
	hi := min(lo+int64(p.batchSize), p.total)
	for at := lo; at < hi; at++ {
		p.shuffle(at / n)
		dst = append(dst, p.order[at%n])
	}
	return dst
}

// epochs is how far into the data a number of finished steps has come.
func (p *plan) epochs(steps int64) float64 {
	return float64(min(steps*int64(p.batchSize), p.total)) / float64(len(p.visits))
}

// shuffle draws the order of an epoch. With groups it shuffles the groups and
// the visits inside each, so that the visits of a group stay neighbours.
func (p *plan) shuffle(epoch int64) {
	if p.epoch == epoch {
		return
	}
	p.epoch = epoch
	copy(p.order, p.visits)
	rng := rand.New(rand.NewPCG(p.seed, uint64(epoch)))
	permute(rng, p.order)
	if p.groups == nil {
		return
	}
	// The place of a group is that of its first visit in the random order.
	place := map[int32]int{}
	for i, s := range p.order {
		if _, ok := place[p.groups[s]]; !ok {
			place[p.groups[s]] = i
		}
	}
	slices.SortStableFunc(p.order, func(a, b int32) int { return place[p.groups[a]] - place[p.groups[b]] })
}

// permute is Fisher and Yates' shuffle. It is written out because the order
// that rand.Shuffle gives is not promised across releases of Go; the bias of
// the multiplication is below n/2^64.
func permute(rng *rand.Rand, s []int32) {
	for i := len(s) - 1; i > 0; i-- {
		hi, _ := bits.Mul64(rng.Uint64(), uint64(i+1))
		s[i], s[hi] = s[hi], s[i]
	}
}

// pack divides the sequences of a batch, whose lengths are given, into
// micro-batches of at most maxTokens tokens and returns places in the batch; a
// sequence that is longer has one of its own. The next micro-batch starts with
// the first sequence that waits and takes, in order, what still fits among the
// window sequences behind it. Nothing is ever sorted by length, so micro-batches
// are random pieces of the batch but for that window.
func pack(lengths []int32, maxTokens, window int) [][]int32 {
	waiting := make([]int32, len(lengths))
	for i := range waiting {
		waiting[i] = int32(i)
	}
	var micros [][]int32
	for len(waiting) > 0 {
		micro := []int32{waiting[0]}
		room := maxTokens - int(lengths[waiting[0]])
		waiting = waiting[1:]
		for i := 0; i < min(window, len(waiting)); {
			n := int(lengths[waiting[i]])
			if n > room {
				i++
				continue
			}
			micro = append(micro, waiting[i])
			room -= n
			waiting = slices.Delete(waiting, i, i+1)
		}
		micros = append(micros, micro)
	}
	return micros
}
