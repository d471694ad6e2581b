package moe

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkPrecision is a step, forward and backward, of 4 × 512 tokens on one
// thread in each precision.
func BenchmarkPrecision(b *testing.B) {
	m, err := New(benchConfig(), 1)
	if err != nil {
		b.Fatal(err)
	}
	m.EnableGrad()
	batch := randomBatch(rand.New(rand.NewPCG(1, 2)), m.cfg.VocabSize, repeat(512, 4)...)
	for _, precision := range []Precision{FP32, BF16, BF16x3} {
		p := m.NewPass(Options{Train: true, Threads: 1, Precision: precision})
		b.Run(precision.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Verdict(batch, Head{Yes: 3, No: 5}); err != nil {
					b.Fatal(err)
				}
				if err := p.BackwardVerdict(make([]Logits, batch.Len()), nil); err != nil {
					b.Fatal(err)
				}
			}
			reportTokens(b, len(batch.IDs))
		})
	}
}
