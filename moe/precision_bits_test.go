package moe

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// TestRoundedBits: within a family rounded products give the same bits for any
// number of threads, alone or in company, to train or to score, in chunks, and
// with recomputing.
func TestRoundedBits(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		if f == kernel.Detect() && name != "norm_topk" && name != "even" && name != "dense_layers" {
			return
		}
		for _, precision := range roundings {
			t.Run(fmt.Sprint(name, "/", f, "/", precision), func(t *testing.T) {
				c.NumHiddenLayers = max(3, c.NumHiddenLayers)
				m, o := newTiny(t, c, f), Options{Precision: precision, Threads: 1}
				t.Run("trained", func(t *testing.T) { checkRoundedBits(t, m, o) })
				t.Run("computed twice", func(t *testing.T) {
					if err := checkRecompute(m, roundedBatch(m), o); err != nil {
						t.Error(err)
					}
				})
				t.Run("scored", func(t *testing.T) { checkRoundedScores(t, m, o) })
			})
		}
	})
}

func roundedBatch(m *Model) Batch {
	return randomBatch(rand.New(rand.NewPCG(4, 4)), m.cfg.VocabSize, 1, 12, 97, 40, 270)
}

func checkRoundedBits(t *testing.T, m *Model, o Options) {
	t.Helper()
	b := roundedBatch(m)
	o.Train = true
	want, _, err := trainBits(m, b, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Threads = 3
	if got, _, err := trainBits(m, b, o); err != nil || !slices.Equal(got, want) {
		t.Errorf("three threads give other bits than one (%v)", err)
	}
	o.Precision = FP32
	if got, _, err := trainBits(m, b, o); err != nil || slices.Equal(got, want) {
		t.Errorf("nothing was rounded (%v)", err)
	}
}

func checkRoundedScores(t *testing.T, m *Model, o Options) {
	t.Helper()
	h := Head{Yes: 1, No: 2, Full: true}
	b := branchedBatch(rand.New(rand.NewPCG(11, 2)), m.cfg.VocabSize, 9, 600)
	trained := o
	trained.Train = true
	want, err := m.NewPass(trained).Verdict(b, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range chunkLimits {
		p := m.NewPass(o)
		p.limit = limit
		if got, err := p.Verdict(b, h); err != nil || !slices.Equal(got, want) {
			t.Errorf("scored in chunks of %d: %v, in training %v (%v)", limit, got, want, err)
		}
	}
	p := m.NewPass(o)
	for i := range b.Len() {
		ids := b.sequence(i)
		if got, err := p.Verdict(Batch{IDs: ids, Offsets: []int32{0, int32(len(ids))}}, h); err != nil || got[0] != want[i] {
			t.Errorf("sequence %d: alone %v, in company %v (%v)", i, got, want[i], err)
		}
	}
}

// TestRoundedShards: experts on other ranks give the bits of the whole model.
func TestRoundedShards(t *testing.T) {
	for _, precision := range roundings {
		for _, s := range shardings {
			compareShards(t, s, Options{Precision: precision, Threads: 2})
		}
	}
}

func compareShards(t *testing.T, s sharding, o Options) {
	t.Helper()
	c := tinyConfig()
	m, err := New(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	whole := randomBatch(rand.New(rand.NewPCG(8, 8)), c.VocabSize, slices.Concat(s.parts...)...)
	_, want, grads := trainOnce(t, m, whole, o, nil)
	got, sums := make([][]float64, s.ranks), make([]map[string][]float64, s.ranks)
	eachPeer(t, s.ranks, func(peers Peers, rank int) error {
		part, err := NewShard[float32](c, 7, Shard{rank, s.ranks})
		if err != nil {
			return err
		}
		o := o
		o.Peers = peers
		b, first := partOf(whole, s, rank)
		got[rank], sums[rank], err = shardOnce(part, b, first, o)
		return err
	})
	if !slices.Equal(slices.Concat(got...), want) {
		t.Errorf("%s %v: %v, the whole model %v", o.Precision, s.parts, got, want)
	}
	for name, w := range grads {
		var sum []float64
		for _, part := range sums {
			if g, ok := part[name]; ok {
				sum = addNumbers(sum, g)
			}
		}
		if _, off := compareNumbers(sum, w); !(off <= 2e-6) {
			t.Errorf("%s %v %s: gradients are off by %.2g", o.Precision, s.parts, name, off)
		}
	}
}

// shardOnce is trainOnce for a rank, whose sequences are numbered from first.
func shardOnce(m *Model, b Batch, first int, o Options) (answers []float64, grads map[string][]float64, err error) {
	o.Train = true
	m.EnableGrad()
	p := m.NewPass(o)
	logits, err := p.Verdict(b, verdictHeads[1])
	if err != nil {
		return nil, nil, err
	}
	for i, l := range logits {
		answers = append(answers, float64(l.Yes), float64(l.No), float64(l.Rest), p.Aux()[i])
	}
	d, aux := testGradient[float32](first, b.Len())
	if err := p.BackwardVerdict(d, aux); err != nil {
		return nil, nil, err
	}
	grads = map[string][]float64{}
	for _, q := range m.Trained() {
		grads[q.Name] = addNumbers(nil, q.Grad)
	}
	return answers, grads, nil
}
