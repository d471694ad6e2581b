package moe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

// ParamOf is one tensor of the model under its name on disk.
type ParamOf[Num Float] struct {
	Name  string
	Shape []int // [out, in] for matrices, as on disk
	// Data and Grad are row-major views into two flat buffers. Grad is nil
	// until [Model.EnableGrad], and stays nil where the tensor is frozen. Data is
	// nil where the numbers stay in a file: see [Open].
	Data, Grad []Num
	// Decay says that AdamW decays this tensor: every matrix, no norm.
	Decay bool

	// Expert says that the tensor belongs to one expert: ranks of an
	// expert-parallel group hold different ones.
	Expert bool

	// Frozen says that the tensor does not train.
	Frozen bool

	turn   int  // among those that train
	offset int  // of Grad and moments in their flat buffers, and of narrow
	home   int  // of Data in the flat buffer
	stream int  // of random numbers: its place among the tensors of the whole model
	joined bool // lies right behind the tensor before it

	away   bool                // the numbers are not in Data
	narrow []uint16            // but here, in bfloat16, where those of vectors are too
	stored *safetensors.Tensor // or in a file
	view   []Num               // and can be read in place, unless nil
}

// layerParams are the tensors of one layer.
type layerParams[Num Float] struct {
	norm1, norm2, qNorm, kNorm *ParamOf[Num]
	q, k, v, o                 *ParamOf[Num]
	qBias, kBias, vBias, oBias *ParamOf[Num]       // nil without
	router                     *ParamOf[Num]       // nil in a dense layer
	qkvLow, oLow               *lowRank[Num]       // nil without adapters
	experts                    []expertParams[Num] // one in a dense layer
}

// expertParams are the three matrices of one expert, and their adapters.
type expertParams[Num Float] struct {
	gate, up, down *ParamOf[Num]
	guLow, downLow *lowRank[Num] // nil without adapters
}

// ModelOf holds the numbers of a network and, once asked to, their gradients.
// Reading it from several goroutines is safe; a step of the optimizer needs it
// alone.
type ModelOf[Num Float] struct {
	cfg     Config
	params  []*ParamOf[Num] // of the checkpoint
	low     []*ParamOf[Num] // adapters
	trained []*ParamOf[Num] // those of both that train
	embed   *ParamOf[Num]
	head    *ParamOf[Num] // the embedding itself when tied
	norm    *ParamOf[Num]
	layers  []layerParams[Num]
	flat    []Num
	halves  bool     // the weights are in bfloat16:
	narrow  []uint16 // here
	grad    []Num
	summed  bool             // grad may hold sums
	lentTo  *PassOf[Num]     // or, in part, arrays of a pass that is to go back; nil: none
	files   *safetensors.Set // that numbers are read from; nil where all are in flat
	closed  bool
	kern    kernels[Num]
	rope    rotation

	shard    Shard
	size     int // of all that is in memory, as offset counts it
	trainLen int // of it: what trains, which lies first
	denseLen int // of that: what lies before the experts
	reach    int // how far down a backward pass goes; see depthOf
}

// alignFloats keeps every group of tensors on a cache line.
const alignFloats = 16

// A Shard is the part of the experts that a model holds: those of one rank of
// an expert-parallel group. The zero value is all of them.
type Shard struct{ Rank, Of int }

// Experts returns the experts of the shard among n: lo to hi−1. Counts differ
// by at most one.
func (s Shard) Experts(n int) (lo, hi int) {
	if s.Of <= 1 {
		return 0, n
	}
	return n * s.Rank / s.Of, n * (s.Rank + 1) / s.Of
}

func (s Shard) validate(experts int) error {
	if s.Of < 0 || s.Of > max(1, experts) || s.Rank < 0 || s.Rank >= max(1, s.Of) {
		return fmt.Errorf("moe: shard %d of %d over %d experts", s.Rank, s.Of, experts)
	}
	return nil
}

// check panics where a pass is given other peers than its model needs.
func (s Shard) check(peers Peers) {
	switch {
	case peers == nil && s.Of > 1:
		panic(fmt.Sprintf("moe: shard %d of %d needs peers", s.Rank, s.Of))
	case peers != nil && (peers.Size() != max(1, s.Of) || peers.Rank() != s.Rank):
		panic(fmt.Sprintf("moe: shard %d of %d with rank %d of %d peers", s.Rank, s.Of, peers.Rank(), peers.Size()))
	}
}

// newModel lays all tensors out in one flat buffer: those that train first, and
// of them those that every rank of a parallel training holds before the experts,
// so that each kind is one stretch to add up, and gradients and moments, which
// have the same places, end where the frozen ones begin. q, k and v lie back to
// back without padding, and so do their biases and the gate and up matrices of an
// expert: each group is one matrix to the products.
func newModel[Num Float](cfg Config, shard Shard, tune *tuning, kern kernels[Num]) (*ModelOf[Num], error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := shard.validate(cfg.NumExperts); err != nil {
		return nil, err
	}
	if err := checkNarrow[Num](tune); err != nil {
		return nil, err
	}
	m := describe[Num](cfg, shard, tune)
	whole := m
	if shard.Of > 1 { // what is left out of a backward pass must be the same on every rank
		whole = describe[Num](cfg, Shard{}, tune)
	}
	if err := tune.check(whole.names()); err != nil {
		return nil, err
	}
	m.reach = whole.depth()
	m.kern = kern
	m.allocate()
	return m, nil
}

// describe is newModel without the numbers: names, shapes and places.
func describe[Num Float](cfg Config, shard Shard, tune *tuning) *ModelOf[Num] {
	m := &ModelOf[Num]{cfg: cfg, shard: shard, rope: cfg.rotation()}
	b := &layout[Num]{}
	d := cfg.HiddenSize
	m.embed = b.dense(true, "model.embed_tokens.weight", cfg.VocabSize, d)
	m.head = m.embed
	for i := range cfg.NumHiddenLayers {
		m.layers = append(m.layers, b.layer(&cfg, shard, i))
	}
	m.norm = b.dense(true, "model.norm.weight", d)
	if !cfg.TieWordEmbeddings {
		m.head = b.dense(true, "lm_head.weight", cfg.VocabSize, d)
	}
	m.params = b.params
	m.tune(tune)
	return m
}

// tensorsPerExpert counts gate, up and down.
const tensorsPerExpert = 3

func aligned(n int) int { return (n + alignFloats - 1) / alignFloats * alignFloats }

// layout lists tensors in canonical order.
type layout[Num Float] struct {
	params []*ParamOf[Num]
	stream int // of the next tensor among those of the whole model
}

func (b *layout[Num]) dense(align bool, name string, shape ...int) *ParamOf[Num] {
	return b.add(&ParamOf[Num]{Name: name, Shape: shape, joined: !align})
}

func (b *layout[Num]) expert(align bool, name string, shape ...int) *ParamOf[Num] {
	return b.add(&ParamOf[Num]{Name: name, Shape: shape, joined: !align, Expert: true})
}

func (b *layout[Num]) add(p *ParamOf[Num]) *ParamOf[Num] {
	p.Decay, p.stream = len(p.Shape) == 2, b.stream
	b.stream++
	b.params = append(b.params, p)
	return p
}

// layer places the tensors of one layer.
func (b *layout[Num]) layer(cfg *Config, shard Shard, i int) layerParams[Num] {
	at, d, hd := layerName(i), cfg.HiddenSize, cfg.HeadDim
	l := layerParams[Num]{}
	l.norm1 = b.dense(true, at+"input_layernorm.weight", d)
	l.q = b.dense(true, at+"self_attn.q_proj.weight", cfg.NumAttentionHeads*hd, d)
	l.k = b.dense(false, at+"self_attn.k_proj.weight", cfg.NumKeyValueHeads*hd, d)
	l.v = b.dense(false, at+"self_attn.v_proj.weight", cfg.NumKeyValueHeads*hd, d)
	l.o = b.dense(true, at+"self_attn.o_proj.weight", d, cfg.NumAttentionHeads*hd)
	if cfg.AttentionBias {
		l.qBias = b.dense(true, at+"self_attn.q_proj.bias", cfg.NumAttentionHeads*hd)
		l.kBias = b.dense(false, at+"self_attn.k_proj.bias", cfg.NumKeyValueHeads*hd)
		l.vBias = b.dense(false, at+"self_attn.v_proj.bias", cfg.NumKeyValueHeads*hd)
		l.oBias = b.dense(true, at+"self_attn.o_proj.bias", d)
	}
	l.qNorm = b.dense(true, at+"self_attn.q_norm.weight", hd)
	l.kNorm = b.dense(true, at+"self_attn.k_norm.weight", hd)
	l.norm2 = b.dense(true, at+"post_attention_layernorm.weight", d)
	if !cfg.Sparse(i) {
		l.experts = append(l.experts, swiglu(b.dense, at+"mlp.", cfg.IntermediateSize, d))
		return l
	}
	l.router = b.dense(true, at+"mlp.gate.weight", cfg.NumExperts, d)
	lo, hi := shard.Experts(cfg.NumExperts)
	b.stream += tensorsPerExpert * lo
	for e := lo; e < hi; e++ {
		l.experts = append(l.experts, swiglu(b.expert, expertName(at, e), cfg.MoeIntermediateSize, d))
	}
	b.stream += tensorsPerExpert * (cfg.NumExperts - hi)
	return l
}

// swiglu places the matrices of an expert, or of a dense layer.
func swiglu[Num Float](add func(align bool, name string, shape ...int) *ParamOf[Num], at string, f, d int) expertParams[Num] {
	return expertParams[Num]{gate: add(true, at+"gate_proj.weight", f, d),
		up: add(false, at+"up_proj.weight", f, d), down: add(true, at+"down_proj.weight", d, f)}
}

func layerName(l int) string { return fmt.Sprintf("model.layers.%d.", l) }

func expertName(layer string, e int) string { return fmt.Sprintf("%smlp.experts.%d.", layer, e) }

func (p *ParamOf[Num]) len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// New draws a model: matrices from N(0, cfg.InitializerRange²), norms one,
// biases zero. The same config and seed give the same numbers on one architecture.
func New(cfg Config, seed uint64) (*Model, error) { return NewShard[float32](cfg, seed, Shard{}) }

// NewShard is New in a precision and for a part of the experts: each tensor has
// the numbers that it has in the whole model.
func NewShard[Num Float](cfg Config, seed uint64, shard Shard) (*ModelOf[Num], error) {
	kern, err := kernelsOf[Num]()
	if err != nil {
		return nil, err
	}
	m, err := newModel(cfg, shard, &tuning{}, kern)
	if err != nil {
		return nil, err
	}
	m.draw(seed)
	return m, nil
}

// draw fills the tensors of the checkpoint.
func (m *ModelOf[Num]) draw(seed uint64) {
	parallel(threadsOr(0), len(m.params), func(_, i int) { m.params[i].draw(seed, m.cfg.InitializerRange) })
}

// draw fills a fresh tensor from a stream of its own, so that tensors can be
// drawn side by side and a wider one leaves the others alone.
func (p *ParamOf[Num]) draw(seed uint64, sd float64) {
	number := func() Num { return 1 }
	switch {
	case strings.HasSuffix(p.Name, ".bias"):
		number = func() Num { return 0 }
	case p.Decay:
		r := rand.New(rand.NewPCG(seed, uint64(p.stream)))
		number = func() Num { return Num(normal(r) * sd) }
	}
	p.set(func(block []Num) {
		for j := range block {
			block[j] = number()
		}
	})
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
func (m *ModelOf[Num]) Config() Config { return m.cfg }

// Params returns the tensors in canonical order: embedding, layers, final
// norm, head. A tied head is not listed twice.
func (m *ModelOf[Num]) Params() []*ParamOf[Num] { return m.params }

// EnableGrad allocates gradients, all zero. It does nothing the second time.
func (m *ModelOf[Num]) EnableGrad() {
	if m.grad != nil {
		return
	}
	m.grad = kernel.Make[Num](m.trainLen)
	for _, p := range m.trained {
		p.Grad = m.grad[p.offset : p.offset+p.len() : p.offset+p.len()]
	}
}

// Shard returns which experts the model holds.
func (m *ModelOf[Num]) Shard() Shard { return m.shard }

// Owns reports whether this shard is the one that writes a tensor of its model:
// its experts, and what all shards hold if it is the first.
func (m *ModelOf[Num]) Owns(p *ParamOf[Num]) bool { return p.Expert || m.shard.Rank == 0 }

// Grads returns all gradients as two stretches: of the tensors that every rank
// of a parallel training holds, and of the experts of this one.
func (m *ModelOf[Num]) Grads() (dense, experts []Num) {
	return m.grad[:m.denseLen], m.grad[m.denseLen:]
}

// KernelFamily names the machine code that [New] and [Load] will use: "amx",
// "avx512", "avx2" or "generic". Results are the same bits for any number of
// threads within a family and differ in the last bits between families. The
// environment variable SWERM_KERNEL forces one.
func KernelFamily() string { return kernel.FromEnvOrFastest().String() }

// KernelFamilyOf is the family that a precision is computed by: of "amx", tiles
// that multiply bfloat16, [FP32] has no use and is "avx512" there.
func KernelFamilyOf(p Precision) string { return familyOf(kernel.FromEnvOrFastest(), p).String() }

// familyOf is the family whose bits a precision has where f computes.
func familyOf(f kernel.Family, p Precision) kernel.Family {
	if p == FP32 {
		return f.Whole()
	}
	return f
}
