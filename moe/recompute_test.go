package moe

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// trainBits runs a verdict step and a next-token step and returns every output
// and gradient.
func trainBits[Num Float](m *ModelOf[Num], b Batch, o Options) ([]Num, Memory, error) {
	m.EnableGrad()
	m.ZeroGrad()
	p := m.NewPass(o)
	var out []Num
	for range 2 { // the second in memory that the first has used
		logits, err := p.Verdict(b, Head{Yes: 1, No: 2, Full: true})
		if err != nil {
			return nil, Memory{}, err
		}
		d, coef, weight := make([]LogitsOf[Num], b.Len()), make([]Num, b.Len()), make([]Num, b.Len())
		for i, l := range logits {
			out = append(out, l.Yes, l.No, l.Rest, Num(p.Aux()[i]))
			d[i], coef[i], weight[i] = LogitsOf[Num]{0.5, -0.25, 0.125}, 0.7, Num(i+1)
		}
		if err := p.BackwardVerdict(d, coef); err != nil {
			return nil, Memory{}, err
		}
		sums, err := p.NextToken(b, weight, coef)
		if err != nil {
			return nil, Memory{}, err
		}
		for _, s := range sums {
			out = append(out, Num(s))
		}
	}
	return append(out, m.grad...), p.Memory(), nil
}

func checkRecompute[Num Float](m *ModelOf[Num], b Batch, o Options) error {
	o.Train = true
	want, kept, err := trainBits(m, b, o)
	if err != nil {
		return err
	}
	o.Recompute = true
	got, less, err := trainBits(m, b, o)
	if err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("other bits with recompute than without")
	}
	if m.cfg.NumHiddenLayers > 2 && b.Len() > 0 && less.Activations >= kept.Activations {
		return fmt.Errorf("recompute keeps %d bytes of activations, %d without", less.Activations, kept.Activations)
	}
	return nil
}

func TestRecomputeChangesNothing(t *testing.T) {
	lengths := []int{1, 12, 97, 40, 270}
	eachKernel(func(name string, c Config, f kernel.Family) {
		c.NumHiddenLayers = 3
		m := newTiny(t, c, f)
		b := randomBatch(rand.New(rand.NewPCG(4, 4)), c.VocabSize, lengths...)
		for _, threads := range []int{1, 3} {
			if err := checkRecompute(m, b, Options{Threads: threads}); err != nil {
				t.Errorf("%s %s, %d threads: %v", name, f, threads, err)
			}
		}
	})
	m, err := NewShard[float64](tinyConfig(), 7, Shard{})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkRecompute(m, randomBatch(rand.New(rand.NewPCG(4, 4)), m.cfg.VocabSize, lengths...), Options{}); err != nil {
		t.Error(err)
	}
}

// TestRecomputeWithPeers: ranks that compute layers again exchange the same
// tokens again, empty ranks too.
func TestRecomputeWithPeers(t *testing.T) {
	for _, s := range shardings {
		for name, c := range variants() {
			if name != "norm_topk" && name != "dense_layers" {
				continue
			}
			t.Run(fmt.Sprintf("%s/%v", name, s.parts), func(t *testing.T) {
				c.NumHiddenLayers = 3
				eachPeer(t, s.ranks, func(peers Peers, rank int) error {
					m, err := NewShard[float32](c, 7, Shard{rank, s.ranks})
					if err != nil {
						return err
					}
					b := randomBatch(rand.New(rand.NewPCG(4, uint64(rank))), c.VocabSize, s.parts[rank]...)
					return checkRecompute(m, b, Options{Threads: 1, Peers: peers})
				})
			})
		}
	}
}
