package trainer

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/moe"
)

// The shape and step that the network's own figures are quoted for: 24.3M
// parameters, 4096 tokens a step in sequences of 512.
func benchConfig() (*Config, int, int32) {
	c := DefaultConfig()
	c.Model = Model{Layers: 6, Hidden: 256, Heads: 4, KVHeads: 2, HeadDim: 64, Experts: 16, TopK: 2,
		MoEIntermediate: 256, RopeTheta: 1e6, Context: 512, InitRange: 0.02}
	c.Batch = Batch{Sequences: 8, MaxTokensPerMicro: 4096, Window: 16}
	c.Steps = math.MaxInt32
	return c, 8192, 512
}

// benchTunings are what may train of that model.
var benchTunings = []struct {
	name   string
	freeze []string
	lora   LoRA
}{
	{name: ""},
	{name: " router and embeddings frozen", freeze: []string{moe.KindRouter, moe.KindEmbeddings}},
	{name: " experts frozen", freeze: []string{moe.KindExperts}},
	{name: " layers 0-3 frozen", freeze: []string{moe.KindEmbeddings, "layers 0-3"}},
	{name: " adapters of attention", lora: LoRA{Rank: 16, Alpha: 32, Targets: []string{moe.KindAttention}}},
	{name: " adapters of attention and experts", lora: LoRA{Rank: 16, Alpha: 32, Targets: []string{moe.KindAttention, moe.KindExperts}}},
	{name: " adapters of layers 4-5", lora: LoRA{Rank: 16, Alpha: 32, Targets: []string{"layers 4-5"}}},
}

func benchStep(b *testing.B, cfg *Config, vocab int, length int32) {
	b.Helper()
	tokens, err := createTokenFile(filepath.Join(b.TempDir(), "tokens"))
	if err != nil {
		b.Fatal(err)
	}
	defer tokens.close()
	rng := rand.New(rand.NewPCG(1, 1))
	data := &corpus{tokens: tokens}
	for i := range 64 {
		ids := make([]int32, length)
		for k := range ids {
			ids[k] = rng.Int32N(int32(vocab))
		}
		s := sample{target: float64(i % 2), count: 1, length: length}
		if s.offset, err = tokens.append(ids); err != nil {
			b.Fatal(err)
		}
		data.train = append(data.train, s)
	}
	if err := tokens.finish(); err != nil {
		b.Fatal(err)
	}
	tr, err := open(testSetupVocab(b, cfg, data, b.TempDir(), vocab))
	if err != nil {
		b.Fatal(err)
	}
	defer tr.journal.close()
	if _, err := tr.step(); err != nil { // the arena grows once
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(4 * int64(length) * int64(cfg.Batch.Sequences))
	b.ResetTimer()
	for b.Loop() {
		if _, err := tr.step(); err != nil {
			b.Fatal(err)
		}
	}
	_, gradients, moments := tr.net.bytes()
	b.ReportMetric(float64(gradients), "gradient-bytes")
	b.ReportMetric(float64(moments), "moment-bytes")
	b.ReportMetric(float64(b.N)*float64(length)*float64(cfg.Batch.Sequences)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkStep(b *testing.B) {
	b.Run("tiny", func(b *testing.B) {
		cfg := testConfig()
		cfg.Steps = math.MaxInt32
		benchStep(b, cfg, testVocab, 32)
	})
	for _, v := range benchTunings {
		b.Run("24M"+v.name, func(b *testing.B) {
			cfg, vocab, length := benchConfig()
			cfg.Freeze, cfg.LoRA = v.freeze, v.lora
			benchStep(b, cfg, vocab, length)
		})
	}
}
