package moe

import (
	"math/rand/v2"
	"testing"
)

// benchConfig is the debug shape that the prototypes and the peers were timed on.
func benchConfig() Config {
	return Config{
		VocabSize: 8192, HiddenSize: 256, NumHiddenLayers: 6, NumAttentionHeads: 4, NumKeyValueHeads: 2, HeadDim: 64,
		NumExperts: 16, NumExpertsPerTok: 2, MoeIntermediateSize: 256, NormTopKProb: true, RopeTheta: 1e6,
		RMSNormEps: 1e-6, MaxPositionEmbeddings: 1 << 15, InitializerRange: 0.0625, IntermediateSize: 1,
	}
}

func repeat(n, times int) []int {
	lengths := make([]int, times)
	for i := range lengths {
		lengths[i] = n
	}
	return lengths
}

// reportTokens makes the rate readable: bytes are those of the token ids.
func reportTokens(b *testing.B, tokens int) {
	b.ReportMetric(float64(tokens)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// BenchmarkTrainStep is forward, backward and AdamW on the verdict loss.
func BenchmarkTrainStep(b *testing.B) {
	base, fine, wide := benchConfig(), benchConfig(), benchConfig()
	fine.NumExperts, fine.NumExpertsPerTok, fine.MoeIntermediateSize = 64, 8, 64
	wide.HiddenSize, wide.NumHiddenLayers, wide.NumAttentionHeads, wide.NumKeyValueHeads = 512, 4, 8, 4
	wide.NumExperts, wide.MoeIntermediateSize = 8, 384
	for _, c := range []struct {
		name    string
		cfg     Config
		lengths []int
	}{
		{"8x512", base, repeat(512, 8)},
		{"2x2048", base, repeat(2048, 2)},
		{"E64K8F64", fine, repeat(512, 8)},
		{"D512", wide, repeat(512, 8)},
	} {
		b.Run(c.name, func(b *testing.B) {
			m, err := New(c.cfg, 1)
			if err != nil {
				b.Fatal(err)
			}
			m.EnableGrad()
			p, st := m.NewPass(Options{Train: true, BorrowGrads: true}), m.NewOptState()
			batch := randomBatch(rand.New(rand.NewPCG(1, 2)), c.cfg.VocabSize, c.lengths...)
			d, coef := make([]Logits, batch.Len()), make([]float32, batch.Len())
			for i := range d {
				d[i], coef[i] = Logits{Yes: 0.1, No: -0.1}, 0.001
			}
			step := func(n int) {
				if _, err := p.Verdict(batch, Head{Yes: 3, No: 5}); err != nil {
					b.Fatal(err)
				}
				if err := p.BackwardVerdict(d, coef); err != nil {
					b.Fatal(err)
				}
				m.AdamWStep(AdamW{LR: 1e-4, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, ClearGrad: true}, st, n, 1)
			}
			step(1)
			b.SetBytes(int64(4 * len(batch.IDs)))
			for b.Loop() {
				step(2)
			}
			reportTokens(b, len(batch.IDs))
		})
	}
}

// BenchmarkScore answers eight unpadded sequences of 300 to 4,000 tokens.
func BenchmarkScore(b *testing.B) {
	m, err := New(benchConfig(), 1)
	if err != nil {
		b.Fatal(err)
	}
	p := m.NewPass(Options{})
	batch := randomBatch(rand.New(rand.NewPCG(1, 2)), 8192, 300, 520, 780, 1040, 1400, 1900, 2600, 4000)
	b.SetBytes(int64(4 * len(batch.IDs)))
	for b.Loop() {
		if _, err := p.Verdict(batch, Head{Yes: 3, No: 5}); err != nil {
			b.Fatal(err)
		}
	}
	reportTokens(b, len(batch.IDs))
}

// BenchmarkNextToken is forward and backward of the language-model loss.
func BenchmarkNextToken(b *testing.B) {
	m, err := New(benchConfig(), 1)
	if err != nil {
		b.Fatal(err)
	}
	m.EnableGrad()
	p := m.NewPass(Options{Train: true})
	batch := randomBatch(rand.New(rand.NewPCG(1, 2)), 8192, repeat(512, 4)...)
	weight := []float32{1, 1, 1, 1}
	b.SetBytes(int64(4 * len(batch.IDs)))
	for b.Loop() {
		if _, err := p.NextToken(batch, weight, nil); err != nil {
			b.Fatal(err)
		}
	}
	reportTokens(b, len(batch.IDs))
}
