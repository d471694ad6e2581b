package moe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/swerm/swerm/moe/kernel"
)

// Param is one tensor of the model under its name on disk.
type Param struct {
	Name  string
	Shape []int // [out, in] for matrices, as on disk
	// Data and Grad are row-major views into two flat buffers. Grad is nil
	// until [Model.EnableGrad].
	Data, Grad []float32
	// Decay says that AdamW decays this tensor: every matrix, no norm.
	Decay bool

	offset int // of Data in the flat buffer
}

// layerParams are the tensors of one layer.
type layerParams struct {
	norm1, norm2, qNorm, kNorm *Param
	q, k, v, o                 *Param
	qBias, kBias, vBias, oBias *Param         // nil without
	router                     *Param         // nil in a dense layer
	experts                    []expertParams // one in a dense layer
}

// expertParams are the three matrices of one expert.
type expertParams struct{ gate, up, down *Param }

// Model holds the numbers of a network and, once asked to, their gradients.
// Reading it from several goroutines is safe; a step of the optimizer needs it
// alone.
type Model struct {
	cfg    Config
	params []*Param
	embed  *Param
	head   *Param // the embedding itself when tied
	norm   *Param
	layers []layerParams
	flat   []float32
	grad   []float32
	kern   kernel.Family
	rope   rotation
}

// alignFloats keeps every group of tensors on a cache line.
const alignFloats = 16

// newModel lays all tensors out in one flat buffer. q, k and v lie back to
// back without padding, and so do their biases and the gate and up matrices of
// an expert, so that each group is one matrix to the products.
func newModel(cfg Config, kern kernel.Family) (*Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := &Model{cfg: cfg, kern: kern, rope: cfg.rotation()}
	size := 0
	add := func(align bool, name string, shape ...int) *Param {
		if align {
			size = (size + alignFloats - 1) / alignFloats * alignFloats
		}
		p := &Param{Name: name, Shape: shape, Decay: len(shape) == 2, offset: size}
		size += p.len()
		m.params = append(m.params, p)
		return p
	}
	d, hd := cfg.HiddenSize, cfg.HeadDim
	m.embed = add(true, "model.embed_tokens.weight", cfg.VocabSize, d)
	m.head = m.embed
	for i := range cfg.NumHiddenLayers {
		at := layerName(i)
		l := layerParams{}
		l.norm1 = add(true, at+"input_layernorm.weight", d)
		l.q = add(true, at+"self_attn.q_proj.weight", cfg.NumAttentionHeads*hd, d)
		l.k = add(false, at+"self_attn.k_proj.weight", cfg.NumKeyValueHeads*hd, d)
		l.v = add(false, at+"self_attn.v_proj.weight", cfg.NumKeyValueHeads*hd, d)
		l.o = add(true, at+"self_attn.o_proj.weight", d, cfg.NumAttentionHeads*hd)
		if cfg.AttentionBias {
			l.qBias = add(true, at+"self_attn.q_proj.bias", cfg.NumAttentionHeads*hd)
			l.kBias = add(false, at+"self_attn.k_proj.bias", cfg.NumKeyValueHeads*hd)
			l.vBias = add(false, at+"self_attn.v_proj.bias", cfg.NumKeyValueHeads*hd)
			l.oBias = add(true, at+"self_attn.o_proj.bias", d)
		}
		l.qNorm = add(true, at+"self_attn.q_norm.weight", hd)
		l.kNorm = add(true, at+"self_attn.k_norm.weight", hd)
		l.norm2 = add(true, at+"post_attention_layernorm.weight", d)
		swiglu := func(at string, f int) {
			l.experts = append(l.experts, expertParams{gate: add(true, at+"gate_proj.weight", f, d),
				up: add(false, at+"up_proj.weight", f, d), down: add(true, at+"down_proj.weight", d, f)})
		}
		if cfg.Sparse(i) {
			l.router = add(true, at+"mlp.gate.weight", cfg.NumExperts, d)
			for e := range cfg.NumExperts {
				swiglu(expertName(at, e), cfg.MoeIntermediateSize)
			}
		} else {
			swiglu(at+"mlp.", cfg.IntermediateSize)
		}
		m.layers = append(m.layers, l)
	}
	m.norm = add(true, "model.norm.weight", d)
	if !cfg.TieWordEmbeddings {
		m.head = add(true, "lm_head.weight", cfg.VocabSize, d)
	}
	m.flat = kernel.Floats(size)
	for _, p := range m.params {
		p.Data = m.flat[p.offset : p.offset+p.len() : p.offset+p.len()]
	}
	return m, nil
}

func layerName(l int) string { return fmt.Sprintf("model.layers.%d.", l) }

func expertName(layer string, e int) string { return fmt.Sprintf("%smlp.experts.%d.", layer, e) }

func (p *Param) len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// New draws a model: matrices from N(0, cfg.InitializerRange²), norms one,
// biases zero.
// The same config and seed give the same numbers on one architecture.
func New(cfg Config, seed uint64) (*Model, error) {
	kern, err := kernel.FromEnv()
	if err != nil {
		return nil, err
	}
	m, err := newModel(cfg, kern)
	if err != nil {
		return nil, err
	}
	parallel(threadsOr(0), len(m.params), func(_, i int) { m.params[i].draw(seed, uint64(i), cfg.InitializerRange) })
	return m, nil
}

// draw fills a fresh tensor from a stream of its own, so that tensors can be
// drawn side by side and a wider one leaves the others alone.
func (p *Param) draw(seed, stream uint64, sd float64) {
	switch {
	case strings.HasSuffix(p.Name, ".bias"):
		clear(p.Data)
		return
	case !p.Decay:
		for j := range p.Data {
			p.Data[j] = 1
		}
		return
	}
	r := rand.New(rand.NewPCG(seed, stream))
	for j := range p.Data {
		p.Data[j] = float32(normal(r) * sd)
	}
}

// normal draws by the polar method rather than by rand.NormFloat64, whose
// table method is free to change between releases of Go.
func normal(r *rand.Rand) float64 {
	for {
		u, v := 2*r.Float64()-1, 2*r.Float64()-1
		s := u*u + v*v
		if s > 0 && s < 1 {
			return u * math.Sqrt(-2*math.Log(s)/s)
		}
	}
}

// Config returns the shape of the model.
func (m *Model) Config() Config { return m.cfg }

// Params returns the tensors in canonical order: embedding, layers, final
// norm, head. A tied head is not listed twice.
func (m *Model) Params() []*Param { return m.params }

// EnableGrad allocates gradients, all zero. It does nothing the second time.
func (m *Model) EnableGrad() {
	if m.grad != nil {
		return
	}
	m.grad = kernel.Floats(len(m.flat))
	for _, p := range m.params {
		p.Grad = m.grad[p.offset : p.offset+p.len() : p.offset+p.len()]
	}
}

// KernelFamily names the machine code that [New] and [Load] will use:
// "avx512", "avx2" or "generic". Results are the same bits for any number of
// threads within a family and differ in the last bits between families. The
// environment variable SWERM_KERNEL forces one.
func KernelFamily() string {
	f, err := kernel.FromEnv()
	if err != nil {
		return kernel.Detect().String()
	}
	return f.String()
}
