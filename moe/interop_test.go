package moe

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func interopConfig() Config {
	return Config{
		VocabSize: 300, HiddenSize: 48, NumHiddenLayers: 3, NumAttentionHeads: 4, NumKeyValueHeads: 2, HeadDim: 16,
		NumExperts: 6, NumExpertsPerTok: 2, MoeIntermediateSize: 40, NormTopKProb: true, RopeTheta: 1e6,
		RMSNormEps: 1e-6, MaxPositionEmbeddings: 4096, InitializerRange: 0.2, IntermediateSize: 128,
	}
}

func withoutExperts(c Config) Config {
	c.Dense, c.NumExperts, c.NumExpertsPerTok, c.MoeIntermediateSize, c.NormTopKProb = true, 0, 0, 0, false
	return c
}

// TestWriteInterop saves small models in every form that Save has for
// interop/checkpoint_check.py, which opens them in transformers.
func TestWriteInterop(t *testing.T) {
	dir := os.Getenv("SWERM_INTEROP_OUT")
	if dir == "" {
		t.Skip("writes checkpoints for interop/checkpoint_check.py: set SWERM_INTEROP_OUT")
	}
	base := interopConfig()
	tied, many := base, base
	tied.TieWordEmbeddings, tied.NormTopKProb, tied.RopeTheta = true, false, 1e4
	many.NumExperts, many.NumExpertsPerTok, many.NumKeyValueHeads, many.HeadDim = 16, 8, 1, 32
	bias, some, step, dense, yarn, wide := base, base, base, base, base, base
	bias.AttentionBias = true
	some.MLPOnlyLayers = []int{1}
	step.DecoderSparseStep, step.TieWordEmbeddings = 2, true
	dense = withoutExperts(dense)
	yarn.Yarn, yarn.MaxPositionEmbeddings = &Yarn{Factor: 4, Original: 256}, 1024
	wide.HeadDim, wide.NumExpertsPerTok, wide.NumKeyValueHeads = 20, 6, 4
	odd := withoutExperts(base)
	odd.HeadDim, odd.NumAttentionHeads, odd.TieWordEmbeddings, odd.RopeTheta = 14, 6, true, 5e5
	odd.Yarn, odd.MaxPositionEmbeddings = &Yarn{Factor: 8, Original: 128, BetaFast: 16, BetaSlow: 2, AttentionFactor: 1.3, Exact: true}, 1024
	for name, c := range map[string]struct {
		cfg  Config
		save SaveOptions
	}{
		"f32":            {base, SaveOptions{}},
		"f32-shards":     {many, SaveOptions{ShardBytes: 100 << 10}},
		"bf16-tied":      {tied, SaveOptions{DType: "BF16"}},
		"f16":            {many, SaveOptions{DType: "F16", ShardBytes: 100 << 10}},
		"attention-bias": {bias, SaveOptions{}},
		"dense-layers":   {some, SaveOptions{}},
		"sparse-step":    {step, SaveOptions{}},
		"dense":          {dense, SaveOptions{}},
		"dense-odd-yarn": {odd, SaveOptions{}},
		"yarn":           {yarn, SaveOptions{}},
		"all-experts":    {wide, SaveOptions{}},
		"bf16-shards":    {base, SaveOptions{DType: "BF16", ShardBytes: 50 << 10}},
	} {
		m, err := New(c.cfg, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() { // a bias of zero shows nothing
			if strings.HasSuffix(p.Name, ".bias") {
				for i := range p.Data {
					p.Data[i] = float32(i%7)/10 - 0.3
				}
			}
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(to, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := m.Save(to, c.save); err != nil {
			t.Fatal(err)
		}
		if files, _ := filepath.Glob(filepath.Join(to, "*.safetensors")); c.save.ShardBytes > 0 && len(files) < 3 {
			t.Errorf("%s: %d files", name, len(files))
		}
	}
}

// TestWriteAdapterInterop saves bases, adapters over them and merged models for
// interop/adapter_check.py, which opens them in PEFT and transformers.
func TestWriteAdapterInterop(t *testing.T) {
	dir := os.Getenv("SWERM_INTEROP_ADAPTERS")
	if dir == "" {
		t.Skip("writes adapters for interop/adapter_check.py: set SWERM_INTEROP_ADAPTERS")
	}
	mixed, dense := interopConfig(), withoutExperts(interopConfig())
	lora := func(rs bool, targets ...string) Tuning {
		return Tuning{LoRA: LoRA{Rank: 4, Alpha: 12, Targets: targets, RSLoRA: rs}}
	}
	upper := lora(false, KindAttention)
	upper.Freeze = []string{"layers 0"}
	for name, c := range map[string]struct {
		cfg  Config
		tune Tuning
	}{
		"attention":         {mixed, lora(false, KindAttention)},
		"q-and-v-rs":        {mixed, lora(true, "q_proj", "v_proj")},
		"upper-layers":      {mixed, upper},
		"experts":           {mixed, lora(false, KindExperts)},
		"attention-experts": {mixed, lora(true, KindAttention, KindExperts)},
		"dense":             {dense, lora(true, KindAttention, KindMLP)},
	} {
		m, err := NewTuned[float32](c.cfg, 7, Shard{}, c.tune)
		if err != nil {
			t.Fatal(err)
		}
		drawB(m)
		base, adapter, merged := filepath.Join(dir, name, "base"), filepath.Join(dir, name, "adapter"), filepath.Join(dir, name, "merged")
		for _, d := range []string{base, adapter, merged} {
			if err := os.MkdirAll(d, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		set := savedAdapters(t, "", m)
		err = errors.Join(m.Save(base, SaveOptions{}), ExportAdapters[float32](Base{Dir: base}, c.tune, set, adapter, SaveOptions{}),
			Merge[float32](Base{Dir: base}, c.tune, set, merged, SaveOptions{}))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestConfigWritesFloats: transformers refuses 0 and 1000000 where it wants a float.
func TestConfigWritesFloats(t *testing.T) {
	text, err := json.Marshal(&Config{RopeTheta: 1e6, RMSNormEps: 1e-6, InitializerRange: 1, RouterAuxLossCoef: 1e21})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"rope_theta":1000000.0,`, `"initializer_range":1.0,`, `"rms_norm_eps":0.000001,`,
		`"router_aux_loss_coef":1e+21,`, `"attention_dropout":0.0,`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
