package moe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// Limits of a config. They bound what a hostile config.json can make the
// loader allocate; the largest published models of this family stay an order
// of magnitude below each.
const (
	maxVocab   = 1 << 21
	maxWidth   = 1 << 16
	maxLayers  = 1 << 10
	maxHeads   = 1 << 10
	maxHeadDim = 1 << 10
	maxExperts = 1 << 12
	maxContext = 1 << 24
)

// Config is the shape of a Qwen3 network, a mixture of experts or dense. The
// names are those of its config.json; that file comes in two generations of key
// names and [ParseConfig] reads both.
type Config struct {
	// Dense says that no layer has experts: the model is Qwen3, not Qwen3-MoE,
	// and has none of the fields about experts.
	Dense bool

	VocabSize             int
	HiddenSize            int
	NumHiddenLayers       int
	NumAttentionHeads     int
	NumKeyValueHeads      int
	HeadDim               int
	NumExperts            int
	NumExpertsPerTok      int
	MoeIntermediateSize   int
	NormTopKProb          bool
	RopeTheta             float64
	RMSNormEps            float64
	MaxPositionEmbeddings int
	TieWordEmbeddings     bool

	// InitializerRange is the standard deviation of freshly drawn matrices.
	InitializerRange float64
	// RouterAuxLossCoef is carried for the trainer; the network itself only
	// reports the loss and takes the coefficient with each backward pass.
	RouterAuxLossCoef float64
	// IntermediateSize is the width of dense layers.
	IntermediateSize int
	// DecoderSparseStep and MLPOnlyLayers say which layers are dense: those
	// listed, and those whose number, counted from 1, the step does not divide.
	// A step of 0 means 1.
	DecoderSparseStep int
	MLPOnlyLayers     []int
	// AttentionBias gives the four projections of attention a bias.
	AttentionBias bool
	// Yarn stretches positions; nil leaves them.
	Yarn *Yarn
	// BOS, EOS and Pad are token ids, or -1 for none; the network does not read
	// them, but transformers reads what a checkpoint says.
	BOS, EOS, Pad int
}

// ParseConfig reads a config.json. A key it does not know is an error unless
// it is listed as having no effect on the result, and a key whose value asks
// for something this package does not compute is an error that says so. All
// faults are reported at once.
func ParseConfig(data []byte) (*Config, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, fmt.Errorf("moe config: %w", err)
	}
	p := &configParser{keys: keys, read: map[string]bool{}}
	c := p.config()
	p.refuse()
	p.unknown()
	if err := errors.Join(p.faults...); err != nil {
		return nil, fmt.Errorf("moe config: %w", err)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// Sparse reports whether a layer, counted from 0, has experts.
func (c *Config) Sparse(layer int) bool {
	return !c.Dense && !slices.Contains(c.MLPOnlyLayers, layer) && (layer+1)%max(1, c.DecoderSparseStep) == 0
}

// denseLayers counts the layers without experts.
func (c *Config) denseLayers() int {
	n := 0
	for l := range c.NumHiddenLayers {
		if !c.Sparse(l) {
			n++
		}
	}
	return n
}

// UnmarshalJSON makes a Config usable inside larger JSON documents.
func (c *Config) UnmarshalJSON(data []byte) error {
	parsed, err := ParseConfig(data)
	if err != nil {
		return err
	}
	*c = *parsed
	return nil
}

// Validate reports every fault of the shape at once.
func (c *Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	size := func(key string, v, limit int) {
		if v < 1 || v > limit {
			fault("%s is %d, want 1 to %d", key, v, limit)
		}
	}
	size("vocab_size", c.VocabSize, maxVocab)
	size("hidden_size", c.HiddenSize, maxWidth)
	size("num_hidden_layers", c.NumHiddenLayers, maxLayers)
	size("num_attention_heads", c.NumAttentionHeads, maxHeads)
	size("num_key_value_heads", c.NumKeyValueHeads, maxHeads)
	size("head_dim", c.HeadDim, maxHeadDim)
	size("max_position_embeddings", c.MaxPositionEmbeddings, maxContext)
	c.validateLayers(size, fault)
	if c.HeadDim%2 != 0 {
		fault("head_dim is %d, rotary embeddings need an even one", c.HeadDim)
	}
	if c.NumKeyValueHeads > 0 && c.NumAttentionHeads%c.NumKeyValueHeads != 0 {
		fault("num_attention_heads %d is not a multiple of num_key_value_heads %d", c.NumAttentionHeads, c.NumKeyValueHeads)
	}
	positive := func(key string, v float64) {
		if !(v > 0) || math.IsInf(v, 0) {
			fault("%s is %v, want a positive number", key, v)
		}
	}
	positive("rope_theta", c.RopeTheta)
	positive("rms_norm_eps", c.RMSNormEps)
	if !(c.InitializerRange >= 0) || math.IsInf(c.InitializerRange, 0) {
		fault("initializer_range is %v, want zero or a positive number", c.InitializerRange)
	}
	if c.Yarn != nil {
		c.Yarn.validate(fault)
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("moe config: %w", err)
	}
	return nil
}

// validateLayers checks what stands behind attention.
func (c *Config) validateLayers(size func(string, int, int), fault func(string, ...any)) {
	if c.Dense {
		size("intermediate_size", c.IntermediateSize, maxWidth)
		if c.NumExperts != 0 || c.NumExpertsPerTok != 0 || c.MoeIntermediateSize != 0 || c.DecoderSparseStep > 1 || len(c.MLPOnlyLayers) > 0 {
			fault("a dense model has fields about experts")
		}
		return
	}
	size("num_experts", c.NumExperts, maxExperts)
	size("num_experts_per_tok", c.NumExpertsPerTok, maxExperts)
	size("moe_intermediate_size", c.MoeIntermediateSize, maxWidth)
	if c.NumExpertsPerTok > c.NumExperts {
		fault("num_experts_per_tok %d exceeds num_experts %d", c.NumExpertsPerTok, c.NumExperts)
	}
	if c.DecoderSparseStep < 0 || c.DecoderSparseStep > maxLayers {
		fault("decoder_sparse_step is %d, want 1 to %d", c.DecoderSparseStep, maxLayers)
		return
	}
	if len(c.MLPOnlyLayers) > maxLayers {
		fault("mlp_only_layers lists %d layers, at most %d", len(c.MLPOnlyLayers), maxLayers)
		return
	}
	if c.NumHiddenLayers > 0 && c.NumHiddenLayers <= maxLayers && c.denseLayers() > 0 {
		size("intermediate_size", c.IntermediateSize, maxWidth)
	}
}

// NumParams counts the numbers of the model. Layers and experts are
// multiplied in 64 bits; [Config.Validate] bounds the factors.
func (c *Config) NumParams() int64 {
	d, hd := int64(c.HiddenSize), int64(c.HeadDim)
	attn := d*hd*int64(2*c.NumAttentionHeads+2*c.NumKeyValueHeads) + 2*hd
	if c.AttentionBias {
		attn += hd*int64(c.NumAttentionHeads+2*c.NumKeyValueHeads) + d
	}
	experts := int64(c.NumExperts) * (d + 3*d*int64(c.MoeIntermediateSize))
	dense := int64(c.denseLayers())
	n := int64(c.NumHiddenLayers)*(attn+2*d) + (int64(c.NumHiddenLayers)-dense)*experts + dense*3*d*int64(c.IntermediateSize) +
		d + int64(c.VocabSize)*d
	if !c.TieWordEmbeddings {
		n += int64(c.VocabSize) * d
	}
	return n
}

// numTensors counts the tensors of the model.
func (c *Config) numTensors() int64 {
	layer, dense := int64(8), int64(c.denseLayers())
	if c.AttentionBias {
		layer += 4
	}
	n := int64(c.NumHiddenLayers)*layer + dense*3 + (int64(c.NumHiddenLayers)-dense)*(1+3*int64(c.NumExperts)) + 2
	if !c.TieWordEmbeddings {
		n++
	}
	return n
}

// MarshalJSON writes the config.json that transformers opens, in the flat
// generation of key names that published checkpoints use and every release
// reads.
func (c *Config) MarshalJSON() ([]byte, error) {
	id := func(v int) any {
		if v < 0 {
			return nil
		}
		return v
	}
	keys := map[string]any{
		"architectures": []string{architecture}, "model_type": modelType, "hidden_act": "silu",
		"attention_bias": c.AttentionBias, "attention_dropout": real(0),
		"bos_token_id": id(c.BOS), "eos_token_id": id(c.EOS), "pad_token_id": id(c.Pad),
		"head_dim": c.HeadDim, "hidden_size": c.HiddenSize, "intermediate_size": c.IntermediateSize,
		"num_attention_heads": c.NumAttentionHeads, "num_key_value_heads": c.NumKeyValueHeads, "num_hidden_layers": c.NumHiddenLayers,
		"max_position_embeddings": c.MaxPositionEmbeddings, "rope_theta": real(c.RopeTheta), "rope_scaling": c.Yarn,
		"rms_norm_eps": real(c.RMSNormEps), "initializer_range": real(c.InitializerRange),
		"sliding_window": nil, "use_sliding_window": false, "use_cache": true,
		"tie_word_embeddings": c.TieWordEmbeddings, "vocab_size": c.VocabSize,
	}
	if c.Dense {
		keys["architectures"], keys["model_type"] = []string{denseArchitecture}, denseType
		return json.Marshal(keys)
	}
	keys["decoder_sparse_step"], keys["mlp_only_layers"] = max(1, c.DecoderSparseStep), append([]int{}, c.MLPOnlyLayers...)
	keys["moe_intermediate_size"], keys["norm_topk_prob"] = c.MoeIntermediateSize, c.NormTopKProb
	keys["num_experts"], keys["num_experts_per_tok"] = c.NumExperts, c.NumExpertsPerTok
	keys["output_router_logits"], keys["router_aux_loss_coef"] = false, real(c.RouterAuxLossCoef)
	return json.Marshal(keys)
}

// real is written with a fraction or an exponent: transformers tells 0.0 from
// 0 and refuses the latter where it wants a float.
type real float64

func (v real) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(float64(v))
	if err == nil && !bytes.ContainsAny(text, ".e") {
		text = append(text, ".0"...)
	}
	return text, err
}

const (
	architecture = "Qwen3MoeForCausalLM"
	modelType    = "qwen3_moe"

	denseArchitecture = "Qwen3ForCausalLM"
	denseType         = "qwen3"
	denseHeadDim      = 128
)

// noEffect lists the keys that cannot change what this package computes:
// provenance, caching, decoding defaults and choices between kernels.
var noEffect = []string{
	"_attn_implementation", "_attn_implementation_autoset", "_experts_implementation", "_name_or_path",
	"chunk_size_feed_forward", "dtype", "id2label", "is_encoder_decoder", "label2id", "max_window_layers",
	"output_attentions", "output_hidden_states", "output_router_logits", "problem_type", "return_dict",
	"sliding_window", "task_specific_params", "tokenizer_class", "torch_dtype", "transformers_version", "use_cache",
}

// configParser collects faults while it takes keys out of a config.json, so
// that a user sees all of them and not the first.
type configParser struct {
	keys   map[string]json.RawMessage
	read   map[string]bool
	faults []error
}

func (p *configParser) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

// take decodes the first of the named keys that is present and not null.
// Two present names that disagree are a fault.
func (p *configParser) take(into any, names ...string) bool {
	found := ""
	for _, name := range names {
		raw, ok := p.keys[name]
		p.read[name] = p.read[name] || ok
		if !ok || string(raw) == "null" {
			continue
		}
		if found != "" {
			if string(p.keys[found]) != string(raw) {
				p.fault("%s is %s but %s is %s", found, clip(p.keys[found]), name, clip(raw))
			}
			continue
		}
		found = name
		if err := json.Unmarshal(raw, into); err != nil {
			p.fault("%s is %s: %w", name, clip(raw), err)
		}
	}
	return found != ""
}

func (p *configParser) config() *Config {
	c := &Config{
		// Values that transformers assumes for absent keys.
		MaxPositionEmbeddings: 32768, InitializerRange: 0.02, RMSNormEps: 1e-6, RopeTheta: 10000,
		IntermediateSize: 6144, BOS: -1, EOS: -1, Pad: -1,
	}
	need := func(into any, names ...string) {
		if !p.take(into, names...) {
			p.fault("%s is missing", names[0])
		}
	}
	need(&c.VocabSize, "vocab_size")
	need(&c.HiddenSize, "hidden_size")
	need(&c.NumHiddenLayers, "num_hidden_layers")
	need(&c.NumAttentionHeads, "num_attention_heads")
	need(&c.NumKeyValueHeads, "num_key_value_heads")
	if c.Dense = p.dense(); c.Dense {
		need(&c.IntermediateSize, "intermediate_size")
	} else {
		need(&c.NumExperts, "num_experts", "num_local_experts")
		need(&c.NumExpertsPerTok, "num_experts_per_tok")
		need(&c.MoeIntermediateSize, "moe_intermediate_size")
		p.take(&c.NormTopKProb, "norm_topk_prob")
		c.RouterAuxLossCoef = 0.001
		p.take(&c.RouterAuxLossCoef, "router_aux_loss_coef")
		if p.take(&c.DecoderSparseStep, "decoder_sparse_step") && c.DecoderSparseStep == 0 {
			p.fault("decoder_sparse_step is 0, want 1 or more")
		}
		p.take(&c.MLPOnlyLayers, "mlp_only_layers")
		if c.DecoderSparseStep == 1 { // one form of what is usual
			c.DecoderSparseStep = 0
		}
		if len(c.MLPOnlyLayers) == 0 {
			c.MLPOnlyLayers = nil
		}
		p.take(&c.IntermediateSize, "intermediate_size")
	}
	p.take(&c.AttentionBias, "attention_bias")
	p.headDim(c)
	p.take(&c.RMSNormEps, "rms_norm_eps")
	p.take(&c.MaxPositionEmbeddings, "max_position_embeddings")
	p.take(&c.TieWordEmbeddings, "tie_word_embeddings")
	p.take(&c.InitializerRange, "initializer_range")
	p.take(&c.BOS, "bos_token_id")
	p.takeEOS(c)
	p.take(&c.Pad, "pad_token_id")
	p.rope(c)
	return c
}

// headDim reads the width of a head. Where a config has none, every release of
// transformers takes 128 for Qwen3 and divides the hidden state among the heads
// for Qwen3-MoE.
func (p *configParser) headDim(c *Config) {
	switch {
	case p.take(&c.HeadDim, "head_dim"):
	case c.Dense:
		c.HeadDim = denseHeadDim
	case c.NumAttentionHeads > 0:
		c.HeadDim = c.HiddenSize / c.NumAttentionHeads
	}
}

// takeEOS accepts one id or a list, as generation configs have it; the first
// of a list stands for it.
func (p *configParser) takeEOS(c *Config) {
	raw, ok := p.keys["eos_token_id"]
	if ok && strings.HasPrefix(string(raw), "[") {
		var ids []int
		if p.take(&ids, "eos_token_id"); len(ids) > 0 {
			c.EOS = ids[0]
		}
		return
	}
	p.take(&c.EOS, "eos_token_id")
}

// dense reads which of the two models a config is of.
func (p *configParser) dense() bool {
	var archs []string
	kind := ""
	p.take(&archs, "architectures")
	p.take(&kind, "model_type")
	want := architecture
	if kind == denseType || kind == "" && slices.Contains(archs, denseArchitecture) {
		kind, want = denseType, denseArchitecture
	}
	if kind != "" && kind != denseType && kind != modelType {
		p.fault("model_type is %q, want %q or %q", kind, modelType, denseType)
	}
	if len(archs) > 0 && !slices.Contains(archs, want) {
		p.fault("architectures is %q, want %q", archs, want)
	}
	return want == denseArchitecture
}

// refuse checks the keys whose only supported value is the family's default.
func (p *configParser) refuse() {
	var (
		act               = "silu"
		sliding           bool
		dropout           float64
		layers            []string
		partial           = 1.0
		quantised, pruned json.RawMessage
	)
	if p.take(&act, "hidden_act"); act != "silu" {
		p.fault("hidden_act %q is not supported, only \"silu\"", act)
	}
	if p.take(&sliding, "use_sliding_window"); sliding {
		p.fault("use_sliding_window true is not supported")
	}
	if p.take(&dropout, "attention_dropout"); dropout != 0 {
		p.fault("attention_dropout %v is not supported, only 0", dropout)
	}
	if p.take(&partial, "partial_rotary_factor"); partial != 1 {
		p.fault("partial_rotary_factor %v is not supported, only 1", partial)
	}
	p.take(&layers, "layer_types")
	for i, l := range layers {
		if l != "full_attention" {
			p.fault("layer_types[%d] %q is not supported, only \"full_attention\"", i, l)
			break
		}
	}
	if p.take(&quantised, "quantization_config") {
		p.fault("quantization_config is not supported")
	}
	if p.take(&pruned, "pruned_heads"); len(pruned) > 0 && string(pruned) != "{}" {
		p.fault("pruned_heads %s is not supported", clip(pruned))
	}
}

func (p *configParser) unknown() {
	for _, key := range p.left(noEffect) {
		p.fault("%s is not known: if it cannot change a result it belongs on the list of keys without effect", key)
	}
}

// left returns the keys that nothing read and ignorable does not list, sorted.
func (p *configParser) left(ignorable []string) []string {
	var keys []string
	for key := range p.keys {
		if !p.read[key] && !slices.Contains(ignorable, key) {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

// clip bounds a raw value for an error message.
func clip(raw json.RawMessage) string {
	const limit = 80
	if len(raw) > limit {
		return string(raw[:limit]) + "…"
	}
	return string(raw)
}
