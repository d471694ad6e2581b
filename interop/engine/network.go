package main

import (
	"cmp"
	"math"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/moe"
)

// model opens the checkpoint, or draws a new network of its shape.
func (s *spec) model() (*moe.Model, error) {
	if !s.Fresh {
		return moe.Load(s.Checkpoint)
	}
	raw, err := os.ReadFile(filepath.Join(s.Checkpoint, "config.json"))
	if err != nil {
		return nil, err
	}
	cfg, err := moe.ParseConfig(raw)
	if err != nil {
		return nil, err
	}
	return moe.New(*cfg, 1)
}

func (s *spec) batch() moe.Batch {
	b := moe.Batch{Offsets: []int32{0}}
	for _, ids := range s.Sequences {
		b.IDs = append(b.IDs, ids...)
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	return b
}

// pass opens the model and a pass over it.
func (s *spec) pass(train bool) (*moe.Model, *moe.Pass, error) {
	precision, err := moe.ParsePrecision(cmp.Or(s.Precision, moe.FP32.String()))
	if err != nil {
		return nil, nil, err
	}
	m, err := s.model()
	if err != nil {
		return nil, nil, err
	}
	if train {
		m.EnableGrad()
	}
	return m, m.NewPass(moe.Options{Threads: s.Threads, Train: train, Precision: precision, Recompute: s.Recompute, BorrowGrads: true}), nil
}

// scoring answers all sequences, which are unpadded.
func (s *spec) scoring() (func(*answer) error, error) {
	_, p, err := s.pass(false)
	if err != nil {
		return nil, err
	}
	b := s.batch()
	return func(a *answer) error {
		logits, err := p.Verdict(b, moe.Head{Yes: yesID, No: noID})
		for _, l := range logits {
			a.Logits = append(a.Logits, float64(l.Yes), float64(l.No))
		}
		return err
	}, nil
}

// training takes a step of AdamW on the mean two-way loss and the load-balancing
// loss of the whole batch, as transformers computes it.
func (s *spec) training() (func(*answer) error, error) {
	m, p, err := s.pass(true)
	if err != nil {
		return nil, err
	}
	b, state := s.batch(), m.NewOptState()
	adam := moe.AdamW{LR: 1e-4, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, ClearGrad: true, Threads: s.Threads}
	step := 0
	return func(a *answer) error {
		step++
		logits, err := p.Verdict(b, moe.Head{Yes: yesID, No: noID})
		if err != nil {
			return err
		}
		ce, d := twoWay(logits, s.Labels)
		aux, probs := balance(p)
		a.Loss = ce + auxCoef*aux
		if err := p.SetRouterLoss(moe.RouterLossOf[float32]{Probs: probs}); err != nil {
			return err
		}
		if err := p.BackwardVerdict(d, nil); err != nil {
			return err
		}
		m.AdamWStep(adam, state, step, 1)
		return nil
	}, nil
}

// twoWay is the mean cross-entropy of the two verdict logits, and its gradient.
func twoWay(logits []moe.Logits, labels []int) (loss float64, d []moe.Logits) {
	n := float64(len(logits))
	for i, l := range logits {
		yes := 1 / (1 + math.Exp(float64(l.No-l.Yes)))
		target := float64(labels[i])
		loss -= math.Log(target*yes+(1-target)*(1-yes)) / n
		g := float32((yes - target) / n)
		d = append(d, moe.Logits{Yes: g, No: -g})
	}
	return loss, d
}

// balance is the load-balancing loss over all rows of all layers, and the
// derivative of its share of the loss by each probability.
func balance(p *moe.Pass) (loss float64, probs []float32) {
	sums, chosen, rows := p.ProbSums(), []float64(nil), 0
	for _, layer := range p.ExpertLoad() {
		if len(layer) == 0 {
			continue
		}
		rows += p.Rows()
		chosen = append(chosen, make([]float64, len(layer)-len(chosen))...)
		for e, n := range layer {
			chosen[e] += float64(n)
		}
	}
	n, experts := float64(rows), float64(len(chosen))
	for e, c := range chosen {
		loss += experts * (c / n) * (sums[e] / n)
		probs = append(probs, float32(auxCoef*experts*(c/n)/n))
	}
	return loss, probs
}
