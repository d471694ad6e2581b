package moe

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const flatConfig = `{
 "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "vocab_size": 100, "hidden_size": 32,
 "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "num_experts": 6,
 "num_experts_per_tok": 2, "moe_intermediate_size": 16, "intermediate_size": 64, "norm_topk_prob": true,
 "rope_theta": 1000000.0, "rope_scaling": null, "rms_norm_eps": 1e-06, "max_position_embeddings": 512,
 "tie_word_embeddings": false, "initializer_range": 0.02, "hidden_act": "silu", "attention_bias": false,
 "attention_dropout": 0.0, "decoder_sparse_step": 1, "mlp_only_layers": [], "use_sliding_window": false,
 "sliding_window": null, "max_window_layers": 2, "torch_dtype": "bfloat16", "transformers_version": "4.51.0",
 "bos_token_id": 1, "eos_token_id": [2, 3], "router_aux_loss_coef": 0.001, "use_cache": true}`

// edit changes keys of flatConfig: a nil value removes a key.
func edit(t *testing.T, changes map[string]any) []byte {
	t.Helper()
	var keys map[string]any
	if err := json.Unmarshal([]byte(flatConfig), &keys); err != nil {
		t.Fatal(err)
	}
	for k, v := range changes {
		if v == nil {
			delete(keys, k)
		} else {
			keys[k] = v
		}
	}
	data, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseConfigGenerations(t *testing.T) {
	flat, err := ParseConfig([]byte(flatConfig))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		VocabSize: 100, HiddenSize: 32, NumHiddenLayers: 2, NumAttentionHeads: 4, NumKeyValueHeads: 2, HeadDim: 8,
		NumExperts: 6, NumExpertsPerTok: 2, MoeIntermediateSize: 16, NormTopKProb: true, RopeTheta: 1e6, RMSNormEps: 1e-6,
		MaxPositionEmbeddings: 512, InitializerRange: 0.02, RouterAuxLossCoef: 0.001, IntermediateSize: 64, BOS: 1, EOS: 2, Pad: -1,
	}
	if diff := cmp.Diff(want, flat); diff != "" {
		t.Error(diff)
	}
	nested, err := ParseConfig(edit(t, map[string]any{
		"num_experts": nil, "num_local_experts": 6, "rope_theta": nil, "rope_scaling": nil, "torch_dtype": nil, "dtype": "float32",
		"rope_parameters": map[string]any{"rope_theta": 1e6, "rope_type": "default"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flat, nested); diff != "" {
		t.Errorf("the two generations differ: %s", diff)
	}
	// What is written reads back, also inside another document.
	data, err := json.Marshal(flat)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Model Config }
	if err := json.Unmarshal([]byte(`{"model":`+string(data)+`}`), &doc); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flat, &doc.Model); diff != "" {
		t.Error(diff)
	}
}

func TestParseConfigOfDenseAndStretchedModels(t *testing.T) {
	dense, err := ParseConfig(edit(t, map[string]any{
		"architectures": []string{"Qwen3ForCausalLM"}, "model_type": "qwen3", "num_experts": nil, "num_experts_per_tok": nil,
		"moe_intermediate_size": nil, "norm_topk_prob": nil, "decoder_sparse_step": nil, "mlp_only_layers": nil, "router_aux_loss_coef": nil,
		"rope_scaling": map[string]any{"type": "yarn", "factor": 4, "original_max_position_embeddings": 128, "mscale": 1, "mscale_all_dim": 0.5, "truncate": false},
	}))
	if err != nil {
		t.Fatal(err)
	}
	y := dense.Yarn
	if !dense.Dense || dense.Sparse(0) || dense.IntermediateSize != 64 || y.Factor != 4 || y.Original != 128 || !y.Exact ||
		y.AttentionFactor != (0.1*math.Log(4)+1)/(0.05*math.Log(4)+1) {
		t.Errorf("%+v %+v", dense, y)
	}
	some, err := ParseConfig(edit(t, map[string]any{"num_hidden_layers": 5, "decoder_sparse_step": 2, "mlp_only_layers": []int{3}, "attention_bias": true}))
	if err != nil || !some.AttentionBias {
		t.Fatal(err)
	}
	for l, sparse := range []bool{false, true, false, false, false} {
		if some.Sparse(l) != sparse {
			t.Errorf("layer %d is sparse: %v", l, some.Sparse(l))
		}
	}
	text, err := json.Marshal(dense)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseConfig(text); err != nil || !cmp.Equal(dense, again) {
		t.Errorf("%v: %s", err, cmp.Diff(dense, again))
	}
}

// TestHeadDimByDefault: what transformers assumes differs between the models.
func TestHeadDimByDefault(t *testing.T) {
	mixed, err := ParseConfig(edit(t, map[string]any{"head_dim": nil}))
	if err != nil || mixed.HeadDim != 32/4 {
		t.Errorf("%+v, %v", mixed, err)
	}
	dense, err := ParseConfig(edit(t, map[string]any{
		"architectures": nil, "model_type": "qwen3", "head_dim": nil, "num_experts": nil, "num_experts_per_tok": nil, "moe_intermediate_size": nil,
		"norm_topk_prob": nil, "decoder_sparse_step": nil, "mlp_only_layers": nil, "router_aux_loss_coef": nil,
	}))
	if err != nil || dense.HeadDim != 128 {
		t.Errorf("%+v, %v", dense, err)
	}
}

func TestParseConfigRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"unknown key":       {map[string]any{"shared_expert_size": 3}, "shared_expert_size is not known"},
		"missing":           {map[string]any{"hidden_size": nil}, "hidden_size is missing"},
		"architecture":      {map[string]any{"architectures": []string{"LlamaForCausalLM"}}, "architectures"},
		"model type":        {map[string]any{"model_type": "qwen2_moe"}, "model_type"},
		"activation":        {map[string]any{"hidden_act": "gelu"}, "hidden_act"},
		"dropout":           {map[string]any{"attention_dropout": 0.1}, "attention_dropout"},
		"window":            {map[string]any{"use_sliding_window": true}, "use_sliding_window"},
		"new scaling":       {map[string]any{"rope_parameters": map[string]any{"rope_type": "linear", "rope_theta": 1e6}}, "rope_type"},
		"window scaling":    {map[string]any{"rope_scaling": map[string]any{"rope_type": "dynamic", "factor": 4}}, "rope_scaling.rope_type"},
		"yarn unknown":      {map[string]any{"rope_scaling": map[string]any{"rope_type": "yarn", "factor": 4, "new": 1}}, "rope_scaling.new is not known"},
		"yarn no factor":    {map[string]any{"rope_scaling": map[string]any{"rope_type": "yarn"}}, "rope_scaling.factor is missing"},
		"yarn shrinks":      {map[string]any{"rope_scaling": map[string]any{"rope_type": "yarn", "factor": 0.5}}, "factor is 0.5"},
		"yarn flattens":     {map[string]any{"rope_scaling": map[string]any{"rope_type": "yarn", "factor": 4, "attention_factor": 0}}, "attention_factor is 0"},
		"longrope":          {map[string]any{"rope_scaling": map[string]any{"type": "longrope", "factor": 4}}, `rope_type "longrope"`},
		"llama3":            {map[string]any{"rope_scaling": map[string]any{"rope_type": "llama3", "factor": 4}}, `rope_type "llama3"`},
		"rope of layers":    {map[string]any{"rope_parameters": map[string]any{"full_attention": map[string]any{"rope_theta": 1e6}}}, "rope_parameters.full_attention is not known"},
		"part is turned":    {map[string]any{"partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5"},
		"part, new key":     {map[string]any{"rope_parameters": map[string]any{"rope_theta": 1e6, "partial_rotary_factor": 0.5}}, "rope_parameters.partial_rotary_factor"},
		"router noise":      {map[string]any{"router_jitter_noise": 0.1}, "router_jitter_noise is not known"},
		"no expert":         {map[string]any{"num_experts": 0}, "num_experts is 0"},
		"step of zero":      {map[string]any{"decoder_sparse_step": 0}, "decoder_sparse_step is 0"},
		"original outside":  {map[string]any{"original_max_position_embeddings": 128}, "original_max_position_embeddings is not known"},
		"pruned":            {map[string]any{"pruned_heads": map[string]any{"0": []int{1}}}, "pruned_heads"},
		"negative step":     {map[string]any{"decoder_sparse_step": -1}, "decoder_sparse_step"},
		"experts in dense":  {map[string]any{"architectures": nil, "model_type": "qwen3"}, "num_experts is not known"},
		"scaling factor":    {map[string]any{"rope_parameters": map[string]any{"rope_theta": 1e6, "factor": 2}}, "rope_parameters.factor"},
		"two thetas":        {map[string]any{"rope_parameters": map[string]any{"rope_theta": 5}}, "rope_theta is"},
		"two expert counts": {map[string]any{"num_local_experts": 7}, "num_local_experts is 7"},
		"quantised":         {map[string]any{"quantization_config": map[string]any{"bits": 4}}, "quantization_config"},
		"layer types":       {map[string]any{"layer_types": []string{"full_attention", "sliding_attention"}}, "layer_types[1]"},
		"type":              {map[string]any{"hidden_size": "32"}, "hidden_size"},
		"negative":          {map[string]any{"vocab_size": -1}, "vocab_size is -1"},
		"huge":              {map[string]any{"hidden_size": 1 << 30}, "hidden_size is 1073741824"},
		"odd head":          {map[string]any{"head_dim": 7}, "head_dim is 7"},
		"groups":            {map[string]any{"num_key_value_heads": 3}, "not a multiple"},
		"top k":             {map[string]any{"num_experts_per_tok": 9}, "exceeds"},
		"eps":               {map[string]any{"rms_norm_eps": 0}, "rms_norm_eps"},
	} {
		if _, err := ParseConfig(edit(t, c.changes)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	// All faults at once.
	_, err := ParseConfig(edit(t, map[string]any{"hidden_act": "gelu", "use_sliding_window": true, "nonsense": 1}))
	for _, want := range []string{"hidden_act", "use_sliding_window", "nonsense"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported: %v", want, err)
		}
	}
	for _, raw := range []string{"", "[]", "null", `{"a"`, `{}`} {
		if _, err := ParseConfig([]byte(raw)); err == nil {
			t.Errorf("%q was accepted", raw)
		}
	}
}

func TestNumParams(t *testing.T) {
	for name, c := range variants() {
		m, err := New(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for _, p := range m.Params() {
			n += int64(len(p.Data))
		}
		if n != c.NumParams() {
			t.Errorf("%s: %d numbers, NumParams says %d", name, n, c.NumParams())
		}
		if n := int64(len(m.Params())); n != c.numTensors() {
			t.Errorf("%s: %d tensors, numTensors says %d", name, n, c.numTensors())
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(flatConfig))
	f.Add([]byte(`{"rope_parameters":{"rope_theta":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseConfig(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, back); diff != "" {
			t.Fatal(diff)
		}
	})
}
