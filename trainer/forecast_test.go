package trainer

import (
	"math"
	"testing"

	"github.com/swerm/swerm/moe"
)

// forecastConfig trains long enough sequences that activations count.
func forecastConfig(recompute string) *Config {
	c := testConfig()
	c.Model = Model{Layers: 3, Hidden: 128, Heads: 4, KVHeads: 2, HeadDim: 32, Experts: 8, TopK: 2, MoEIntermediate: 96,
		RopeTheta: 1e6, Context: 512, InitRange: 0.05}
	c.Batch = Batch{Sequences: 8, MaxTokensPerMicro: 2048, Window: 16}
	c.Memory.Recompute = recompute
	c.Steps = 1
	return c
}

// evenCorpus has sequences of one length.
func evenCorpus(t *testing.T, vocab int, length int32, train, dev int) *corpus {
	t.Helper()
	tokens, err := createTokenFile(t.TempDir() + "/tokens")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.close() })
	data := &corpus{tokens: tokens}
	for i := range train + dev {
		ids := make([]int32, length)
		for k := range ids {
			ids[k] = int32((i*31 + k*k*7) % vocab)
		}
		s := sample{id: string(rune('a' + i)), target: float64(i % 2), count: 1, length: length}
		if s.offset, err = tokens.append(ids); err != nil {
			t.Fatal(err)
		}
		if i < train {
			data.train = append(data.train, s)
		} else {
			data.dev = append(data.dev, s)
		}
	}
	if err := tokens.finish(); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestForecastHolds trains a step, evaluates, and compares what the network
// then keeps with what was predicted.
func TestForecastHolds(t *testing.T) {
	const vocab = 256
	for _, recompute := range []string{RecomputeNone, RecomputeLayer} {
		cfg := forecastConfig(recompute)
		s := testSetupVocab(t, cfg, evenCorpus(t, vocab, 512, 8, 4), t.TempDir(), vocab)
		tr := mustRun(t, s)
		got := tr.net.engine.memory()
		f, err := NewForecast(cfg, Setting{Shape: tr.net.config(), Ranks: 1, EP: 1, Threads: s.threads, Length: 512, Rate: 1e9, Bandwidth: 1e9})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []struct {
			kind      string
			got, want int64
		}{
			{"weights", got.Weights, f.Memory.Weights}, {"gradients", got.Gradients, f.Memory.Gradients},
			{"moments", got.Moments, f.Memory.Moments}, {"average", got.Average, f.Memory.Average},
			{"activations", got.Activations, f.Memory.Activations}, {"buffers", got.Buffers, f.Memory.Buffers},
			{"packs", got.Packs, f.Memory.Packs}, {"all", got.Total(), f.Memory.Total()},
		} {
			if off := math.Abs(float64(k.want)/float64(k.got) - 1); k.got > 0 && !(off <= 0.05) {
				t.Errorf("recompute %s, %s: %d bytes, predicted %d", recompute, k.kind, k.got, k.want)
			}
		}
	}
}

// TestForecastOfLayouts: ranks divide experts and sequences, not the rest.
func TestForecastOfLayouts(t *testing.T) {
	cfg := forecastConfig(RecomputeNone)
	shape := cfg.NewShape(256)
	of := func(ranks, ep int) *Forecast {
		f, err := NewForecast(cfg, Setting{Shape: shape, Ranks: ranks, EP: ep, Threads: 1, Rate: 1e9, Bandwidth: 1e9})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	one, dp, ep := of(1, 1), of(4, 1), of(4, 4)
	if one.Parameters != shape.NumParams() || one.SentBytes != 0 {
		t.Errorf("one rank: %d parameters, %v bytes sent", one.Parameters, one.SentBytes)
	}
	if dp.Memory.Weights != one.Memory.Weights || dp.Memory.Exchange != 0 || dp.Seconds.Exchange != 0 {
		t.Errorf("data parallel: %+v, one rank %+v", dp.Memory, one.Memory)
	}
	experts := 4 * shape.NumExpertParams()
	if got := one.Memory.Weights - ep.Memory.Weights; got < experts*3/4 || got > experts*3/4+1<<12 || ep.Memory.Exchange == 0 {
		t.Errorf("expert parallel: %d bytes of weights less, experts have %d", got, experts)
	}
	if !(dp.Seconds.Products < one.Seconds.Products/3) || !(ep.Seconds.Reduce < dp.Seconds.Reduce) {
		t.Errorf("times: one %+v, dp %+v, ep %+v", one.Seconds, dp.Seconds, ep.Seconds)
	}
	for _, bad := range [][2]int{{0, 1}, {3, 2}, {16, 16}} {
		if _, err := NewForecast(cfg, Setting{Shape: shape, Ranks: bad[0], EP: bad[1], Rate: 1, Bandwidth: 1}); err == nil {
			t.Errorf("%d ranks, ep %d: no error", bad[0], bad[1])
		}
	}
}

// TestForecastOfAttention: attention takes its share of the rate, in each precision.
func TestForecastOfAttention(t *testing.T) {
	for _, precision := range []string{PrecisionFP32, PrecisionBF16, PrecisionBF16x3} {
		cfg := forecastConfig(RecomputeNone)
		cfg.Precision = precision
		const rate = 1e9
		f, err := NewForecast(cfg, Setting{Shape: cfg.NewShape(256), Ranks: 1, EP: 1, Threads: 1, Rate: rate, Bandwidth: 1e9})
		if err != nil {
			t.Fatal(err)
		}
		share := moe.AttentionShare(cfg.products(), cfg.Model.HeadDim)
		if got := rate * (productShare*f.Seconds.Products + share*f.Seconds.Attention); !(math.Abs(got/f.Operations-1) < 1e-12) {
			t.Errorf("%s: %v operations in the predicted time, %v in all", precision, got, f.Operations)
		}
	}
}

// TestMeasureRate: every precision has a rate, of its own kernels; no rate is made
// up where there are none.
func TestMeasureRate(t *testing.T) {
	for _, precision := range []string{PrecisionFP32, PrecisionBF16, PrecisionBF16x3, PrecisionFP64} {
		c := DefaultConfig()
		c.Precision = precision
		if rate, err := c.MeasureRate(2); err != nil || !(rate > 0) {
			t.Errorf("%s: %v, %v", precision, rate, err)
		}
	}
	c := DefaultConfig()
	c.Precision = "fp8"
	if rate, err := c.MeasureRate(1); err == nil {
		t.Errorf("fp8: %v", rate)
	}
	t.Setenv("SWERM_KERNEL", "abacus")
	if rate, err := DefaultConfig().MeasureRate(1); err == nil {
		t.Errorf("unknown kernels: %v", rate)
	}
}
