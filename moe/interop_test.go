package moe

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteInterop saves small models in every form that Save has for
// interop/checkpoint_check.py, which opens them in transformers.
func TestWriteInterop(t *testing.T) {
	dir := os.Getenv("SWERM_INTEROP_OUT")
	if dir == "" {
		t.Skip("writes checkpoints for interop/checkpoint_check.py: set SWERM_INTEROP_OUT")
	}
	base := Config{
		VocabSize: 300, HiddenSize: 48, NumHiddenLayers: 3, NumAttentionHeads: 4, NumKeyValueHeads: 2, HeadDim: 16,
		NumExperts: 6, NumExpertsPerTok: 2, MoeIntermediateSize: 40, NormTopKProb: true, RopeTheta: 1e6,
		RMSNormEps: 1e-6, MaxPositionEmbeddings: 4096, InitializerRange: 0.2, IntermediateSize: 128,
	}
	tied, many := base, base
	tied.TieWordEmbeddings, tied.NormTopKProb, tied.RopeTheta = true, false, 1e4
	many.NumExperts, many.NumExpertsPerTok, many.NumKeyValueHeads, many.HeadDim = 16, 8, 1, 32
	bias, some, step, dense, yarn, wide := base, base, base, base, base, base
	bias.AttentionBias = true
	some.MLPOnlyLayers = []int{1}
	step.DecoderSparseStep, step.TieWordEmbeddings = 2, true
	dense.Dense, dense.NumExperts, dense.NumExpertsPerTok, dense.MoeIntermediateSize, dense.NormTopKProb = true, 0, 0, 0, false
	yarn.Yarn, yarn.MaxPositionEmbeddings = &Yarn{Factor: 4, Original: 256}, 1024
	wide.HeadDim, wide.NumExpertsPerTok, wide.NumKeyValueHeads = 20, 6, 4
	for name, c := range map[string]struct {
		cfg  Config
		save SaveOptions
	}{
		"f32":            {base, SaveOptions{}},
		"f32-shards":     {many, SaveOptions{ShardBytes: 100 << 10}},
		"bf16-tied":      {tied, SaveOptions{DType: "BF16"}},
		"attention-bias": {bias, SaveOptions{}},
		"dense-layers":   {some, SaveOptions{}},
		"sparse-step":    {step, SaveOptions{}},
		"dense":          {dense, SaveOptions{}},
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
