package moe

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/moe/kernel"
)

// steps trains some steps in every way that gradients are lent for, and in between
// those in which they are not: two micro-batches, a forward pass that nothing goes
// back from, an evaluation in the same memory. It returns all answers, gradients and
// weights.
func steps[Num Float](m *ModelOf[Num], b, larger Batch, o Options, poison bool) (out []Num, err error) {
	m.EnableGrad()
	o.Train = true
	p := m.NewPass(o)
	p.poison = poison
	scorer := o
	scorer.Train = false
	s := m.NewPassIn(p, scorer)
	s.poison = poison
	opt := m.NewOptState()
	head := Head{Yes: 1, No: 2}
	verdict := func(p *PassOf[Num], b Batch) {
		logits, failed := p.Verdict(b, head)
		err = errors.Join(err, failed)
		for _, l := range logits {
			out = append(out, l.Yes, l.No, l.Rest)
		}
	}
	back := func(b Batch) {
		d, coef := make([]LogitsOf[Num], b.Len()), make([]Num, b.Len())
		for i := range d {
			d[i], coef[i] = LogitsOf[Num]{0.5, -0.25, 0.125}, 0.7
		}
		err = errors.Join(err, p.BackwardVerdict(d, coef))
	}
	update := func(n int) {
		squares, more := m.GradSquares()
		out = append(append(out, Num(squares), Num(more)), m.grad...)
		m.AdamWStep(AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, ClearGrad: true, Threads: 1}, opt, n, 1)
	}
	verdict(p, b)
	back(b)
	verdict(s, b) // gradients hold sums
	update(1)
	verdict(s, larger)
	verdict(p, larger) // and back from it never
	head.Full = true
	for _, micro := range []Batch{larger, b} {
		verdict(p, micro)
		back(micro)
	}
	update(2)
	weight := make([]Num, b.Len())
	for i := range weight {
		weight[i] = Num(i + 1)
	}
	sums, failed := p.NextToken(b, weight, nil)
	for _, x := range sums {
		out = append(out, Num(x))
	}
	err = errors.Join(err, failed, p.Route(larger)) // gradients hold sums here as well
	update(3)
	err = errors.Join(err, p.Route(larger))
	verdict(p, b) // in less of the gradients than what went before
	back(b)
	update(4)
	err = errors.Join(err, p.Route(larger))
	m.ZeroGrad()
	verdict(p, b)
	back(b)
	update(5)
	return append(out, m.flat...), err
}

// checkLoan compares steps in borrowed memory, of which what is dead is filled with
// NaN, with steps in memory of their own.
func checkLoan[Num Float](build func() (*ModelOf[Num], error), b, larger Batch, o Options) error {
	run := func(borrow bool) ([]Num, error) {
		m, err := build()
		if err != nil {
			return nil, err
		}
		o.BorrowGrads = borrow
		return steps(m, b, larger, o, borrow)
	}
	want, err := run(false)
	if err != nil {
		return err
	}
	got, err := run(true)
	if err != nil {
		return fmt.Errorf("borrowed: %w", err)
	}
	same := func(a, b Num) bool { return a == b || a != a && b != b }
	if !slices.EqualFunc(got, want, same) {
		return fmt.Errorf("other bits in borrowed memory")
	}
	return nil
}

// drawTuning draws what of a network trains.
func drawTuning(t *rapid.T, c Config) Tuning {
	switch rapid.IntRange(0, 3).Draw(t, "what trains") {
	case 0:
		return Tuning{LoRA: LoRA{Rank: rapid.IntRange(1, 4).Draw(t, "rank"), Alpha: 2, Targets: rapid.SampledFrom([][]string{{"attention"}, {"attention", "experts"}, {"q_proj", "down_proj"}}).Draw(t, "targets")}}
	case 1:
		return Tuning{Freeze: rapid.SampledFrom([][]string{{"embeddings"}, {"embeddings", "layers 0"}, {"attention"}, {"k_proj"}, {"up_proj"}, {"norms"}}).Draw(t, "frozen")}
	}
	return Tuning{}
}

// TestLoansChangeNothing: over networks, batches and tunings of any shape.
func TestLoansChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, b, r := drawNetwork(t)
		c.NumHiddenLayers = rapid.IntRange(len(c.MLPOnlyLayers)*2+1, 5).Draw(t, "layers")
		larger := randomBatch(r, c.VocabSize, rapid.IntRange(1, 60).Draw(t, "length"), 40)
		tune, o := drawTuning(t, c), Options{Threads: rapid.IntRange(1, 3).Draw(t, "threads"), Recompute: rapid.Bool().Draw(t, "computed twice")}
		if rapid.Bool().Draw(t, "in float64") {
			if err := checkLoan(func() (*ModelOf[float64], error) { return NewTuned[float64](c, 3, Shard{}, tune) }, b, larger, o); err != nil {
				t.Fatal(err)
			}
			return
		}
		o.Precision = rapid.SampledFrom([]Precision{FP32, BF16, BF16x3}).Draw(t, "precision")
		if err := checkLoan(func() (*Model, error) { return NewTuned[float32](c, 3, Shard{}, tune) }, b, larger, o); err != nil {
			t.Fatal(err)
		}
	})
}

// TestLoansAreTaken: a network in which nothing is borrowed would pass the other
// tests.
func TestLoansAreTaken(t *testing.T) {
	m, err := New(planConfig(), 1)
	if err != nil {
		t.Fatal(err)
	}
	m.EnableGrad()
	b := randomBatch(rand.New(rand.NewPCG(1, 2)), m.cfg.VocabSize, 512, 300)
	size := func(borrow bool) int64 {
		p := m.NewPass(Options{Train: true, Threads: 1, BorrowGrads: borrow})
		if _, err := p.Verdict(b, Head{Yes: 1, No: 2}); err != nil {
			t.Fatal(err)
		}
		return p.Memory().Activations
	}
	own, borrowed := size(false), size(true)
	if saved := own - borrowed; saved < m.Memory().Gradients/2 {
		t.Errorf("%d bytes of activations, %d with gradients of %d to borrow", own, borrowed, m.Memory().Gradients)
	}
	if m.GradNorm() != 0 {
		t.Error("gradients that were lent and not given back are not zero")
	}
}

// TestLoansWithPeers: every rank borrows from its own gradients.
func TestLoansWithPeers(t *testing.T) {
	c := variants()["dense_layers"]
	c.NumHiddenLayers = 4
	for _, s := range shardings {
		eachPeer(t, s.ranks, func(peers Peers, rank int) error {
			r := rand.New(rand.NewPCG(4, uint64(rank)))
			b, other := randomBatch(r, c.VocabSize, s.parts[rank]...), randomBatch(r, c.VocabSize, s.parts[(rank+1)%s.ranks]...)
			build := func() (*Model, error) { return NewShard[float32](c, 7, Shard{rank, s.ranks}) }
			return checkLoan(build, b, other, Options{Threads: 1, Peers: peers})
		})
	}
}

// TestLoanEnds: who clears gradients that activations lie in has no way back, and who
// goes back through another pass starts from zero.
func TestLoanEnds(t *testing.T) {
	m := newTiny(t, tinyConfig(), kernel.Generic)
	m.EnableGrad()
	b := randomBatch(rand.New(rand.NewPCG(5, 6)), m.cfg.VocabSize, 40)
	head, d := Head{Yes: 1, No: 2}, []Logits{{Yes: 1, No: -1}}
	forward := func(p *Pass) {
		if _, err := p.Verdict(b, head); err != nil {
			t.Fatal(err)
		}
	}
	lender, other := m.NewPass(Options{Train: true, BorrowGrads: true}), m.NewPass(Options{Train: true})
	forward(lender)
	m.ZeroGrad()
	if err := lender.BackwardVerdict(d, nil); !errors.Is(err, ErrNoForward) {
		t.Errorf("backward after its memory was cleared: %v", err)
	}
	forward(other)
	if err := other.BackwardVerdict(d, nil); err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(m.grad)
	m.ZeroGrad()
	forward(lender)
	forward(other)
	if err := other.BackwardVerdict(d, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.grad, want) {
		t.Error("gradients were added to what lay in their memory")
	}
	if norm := m.GradNorm(); math.IsNaN(norm) || norm == 0 {
		t.Errorf("norm %v", norm)
	}
}
