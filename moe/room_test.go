package moe

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// TestPassesInOneRoom: a pass that scores in the memory of one that trains gives
// the answers that it gives in its own, and so does the one that trains, whatever
// of them is frozen or computed again.
func TestPassesInOneRoom(t *testing.T) {
	c := tinyConfig()
	c.NumHiddenLayers = 3
	rng := rand.New(rand.NewPCG(5, 6))
	train, score := randomBatch(rng, c.VocabSize, 20, 9), randomBatch(rng, c.VocabSize, 31, 40, 2)
	head := Head{Yes: 1, No: 2, Full: true}
	d := []Logits{{Yes: 1, No: -1, Rest: 0.5}, {Yes: -1}}
	for _, freeze := range [][]string{nil, {"embeddings", "layers 0"}, {"embeddings", "layers 0-1"}} {
		for _, again := range []bool{false, true} {
			// run trains twice, and scores before, between and after.
			run := func(shared bool) (out []Logits, grad []float32) {
				m, err := NewTuned[float32](c, 3, Shard{}, Tuning{Freeze: freeze})
				if err != nil {
					t.Fatal(err)
				}
				m.EnableGrad()
				p, s := m.NewPass(Options{Train: true, Recompute: again, Threads: 2}), m.NewPass(Options{Threads: 1})
				if shared {
					s = m.NewPassIn(p, Options{Threads: 1})
				}
				answer := func(p *Pass, b Batch) {
					l, err := p.Verdict(b, head)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, l...)
				}
				answer(s, score)
				for range 2 {
					answer(p, train)
					if err := p.BackwardVerdict(d, nil); err != nil {
						t.Fatal(err)
					}
					answer(s, score)
					answer(s, score)
				}
				return out, m.grad
			}
			want, wantGrad := run(false)
			if got, grad := run(true); !slices.Equal(got, want) || !slices.Equal(grad, wantGrad) {
				t.Errorf("freeze %v, recompute %v: other answers or gradients in one room", freeze, again)
			}
		}
	}
}

// TestRoomIsTaken: a backward pass whose forward is gone says so.
func TestRoomIsTaken(t *testing.T) {
	m := newTiny(t, tinyConfig(), kernel.Generic)
	m.EnableGrad()
	p := m.NewPass(Options{Train: true})
	s := m.NewPassIn(p, Options{})
	b := randomBatch(rand.New(rand.NewPCG(5, 6)), m.cfg.VocabSize, 4)
	for _, pass := range []*Pass{p, s} {
		if _, err := pass.Verdict(b, Head{Yes: 1, No: 2}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.BackwardVerdict(make([]Logits, 1), nil); !errors.Is(err, ErrNoForward) {
		t.Errorf("backward after another pass ran: %v", err)
	}
}
