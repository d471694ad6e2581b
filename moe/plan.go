package moe

import (
	"unsafe"

	"github.com/swerm/swerm/moe/kernel"
)

// A Plan is a training that does not exist yet: its memory and its work follow
// from the shape, and nothing is allocated to say so.
type Plan struct {
	Config
	Shard     Shard // experts of this rank; Of > 1 means that they are exchanged
	Lengths   []int // of the sequences of a micro-batch
	Recompute bool
	Head      Head
	NextToken bool // the language-model loss instead of a verdict
	Threads   int
	Precision Precision
}

// PlanMemory predicts what [Model.Memory], [OptState.Memory] and [Pass.Memory] say
// after a step, on the kernels that this machine has. With a shard it takes
// every expert to be asked equally often.
func PlanMemory[Num Float](p Plan) (Memory, error) {
	s, err := newSizes[Num](p)
	if err != nil {
		return Memory{}, err
	}
	flat := int64(describe[Num](p.Config, p.Shard, &tuning{}).size) * s.num
	return Memory{Weights: flat, Gradients: flat, Moments: 2 * flat,
		Activations: s.activations(), Buffers: s.buffers(), Exchange: s.exchange()}, nil
}

// sizes counts what a pass in training grows to. It follows sizeInput,
// sizeRows, sizeForward, sizeBackward and the places beside them.
type sizes[Num Float] struct {
	Plan
	dims
	kern       kernels[Num] // of the trunk's products
	whole      kernels[Num] // of the router's and the head's
	num        int64        // bytes of a number
	T, longest int
}

func newSizes[Num Float](p Plan) (*sizes[Num], error) {
	if err := p.Config.Validate(); err != nil {
		return nil, err
	}
	if err := p.Shard.validate(p.NumExperts); err != nil {
		return nil, err
	}
	kern, err := kernelsOf[Num]()
	if err != nil {
		return nil, err
	}
	s := &sizes[Num]{Plan: p, dims: dimsOf(&p.Config), kern: rounded(kern, p.Precision), whole: kern, num: int64(unsafe.Sizeof(Num(0)))}
	for _, n := range p.Lengths {
		s.T, s.longest = s.T+n, max(s.longest, n)
	}
	return s, nil
}

// slots is how many tokens go through experts of a layer, each counted for
// every choice.
func (s *sizes[Num]) slots(l int) int {
	if l == s.dims.L-1 && !s.NextToken {
		return len(s.Lengths) * s.mlp[l].K
	}
	return s.T * s.mlp[l].K
}

func (s *sizes[Num]) apart(l int) bool { return s.Shard.Of > 1 && s.mlp[l].routed }

func (s *sizes[Num]) activations() int64 {
	kept, passing, most := int64(0), int64(0), int64(0)
	for l, m := range s.mlp {
		kept += s.num*int64(s.T*(s.D+m.E+m.K+1)) + 4*int64(s.T*m.K)
		n, slots := s.T*(1+s.ldW+s.H+s.G+s.HC+s.H+s.D+1), s.slots(l)
		n += slots * (1 + m.ldF)
		ints := slots + s.T*m.K
		if s.apart(l) {
			n += slots * (s.D + 2)
			ints += slots
		}
		bytes := s.num*int64(n) + 4*int64(ints) + 8*int64(m.E+1)
		passing, most = passing+bytes, max(most, bytes)
	}
	if s.Recompute {
		passing = most
	}
	return kept + passing
}

func (s *sizes[Num]) buffers() int64 {
	T, slots, hidden := s.T, 0, 0
	for l, m := range s.mlp {
		slots = max(slots, s.slots(l)*s.D)
		hidden = max(hidden, s.slots(l)*m.F)
	}
	n := T*(2*s.HC+s.GC+2*s.D+max(1, s.E)) + slots + max(slots, T*s.ldW) + s.slots(0)
	forward, backward := s.panels()
	n += max(forward, backward, hidden)
	n += s.packs() + stripes(T)*(s.D+2*s.C) + len(s.Lengths)*s.E
	n += max(1, s.Threads) * s.scratch()
	n += s.longest*s.C + s.head()
	return s.num*int64(n) + 3*4*int64(T)
}

// panels is what attention keeps forward and works in backward.
func (s *sizes[Num]) panels() (forward, backward int) {
	for _, n := range s.Lengths {
		forward += s.G * s.kern.PageLen(s.C, n)
	}
	return forward, s.kern.AttentionGradWork(s.H, s.G, s.C, s.Lengths)
}

// packs is the dense matrices of a layer.
func (s *sizes[Num]) packs() int {
	f := s.kern
	return f.PanelLen(s.D, s.HC) + f.PanelLen(s.D, 2*s.GC) + f.PanelLen(s.HC, s.D) + s.whole.PanelLen(s.D, max(1, s.E))
}

// scratch is what one goroutine has.
func (s *sizes[Num]) scratch() int {
	f, m := s.kern, s.wide
	return stripe*(max(s.D, m.F)+max(s.D, m.ldF)) + f.AttentionScratch(s.C) + kernel.ScratchLen(gradDepth, gradTileM) +
		max(f.PanelLen(s.D, 2*m.F), f.PanelLen(gradDepth, gradTileN), s.whole.PanelLen(gradDepth, gradTileN)) + f.PanelLen(m.F, s.D)
}

// head is what the rows that the head reads take.
func (s *sizes[Num]) head() int {
	rows := len(s.Lengths)
	if s.NextToken {
		rows = s.T - len(s.Lengths)
	}
	n := rows * 3 * s.D
	if s.NextToken || s.Head.Full {
		whole := (s.V + vocabStep - 1) / vocabStep * vocabStep
		step := max(vocabStep, min(vocabFloats/max(1, rows)/vocabStep*vocabStep, whole))
		n += rows*spread(step) + 2*s.whole.PanelLen(s.D, step)
	}
	return n
}

func (s *sizes[Num]) exchange() int64 {
	slots := 0
	for l := range s.mlp {
		if s.apart(l) {
			slots = max(slots, s.slots(l))
		}
	}
	return s.num * int64(slots) * int64(2*(s.D+1)+s.D)
}

// PlanScoring predicts what a scoring pass keeps for a batch of such sequences
// that have nothing in common, beside the weights of the model.
func PlanScoring[Num Float](p Plan) (Memory, error) {
	s, err := newSizes[Num](p)
	if err != nil {
		return Memory{}, err
	}
	n, m := min(s.T, chunkRows), s.wide
	pages, _ := s.panels()
	acts := n * (3 + s.ldW + 2*s.H + s.G + s.HC + s.D + m.E + 2*m.K)
	buffers := s.T*s.D + n*(s.HC+s.GC+s.D+m.K*s.D) + pages + s.longest*s.C + s.head() + max(1, p.Threads)*s.scratch() +
		s.packs()
	mem := Memory{Activations: s.num*int64(acts) + 4*int64(3*n*m.K), Buffers: s.num*int64(buffers) + 12*int64(s.T)}
	if p.Shard.Of > 1 && s.sparse > 0 {
		mem.Exchange = s.num * int64(n*m.K*(3*s.D+2))
	}
	return mem, nil
}

// Work is what a training step computes, in floating-point operations of
// products, and what it sends between ranks.
type Work struct {
	Products  float64 // with weights
	Attention float64 // between positions
	Exchanged float64 // bytes that a rank sends to the others for their experts
}

// Work counts a micro-batch, forward and backward.
func (p Plan) Work() Work {
	d := dimsOf(&p.Config)
	tokens, pairs := 0.0, 0.0
	for _, n := range p.Lengths {
		tokens += float64(n)
		pairs += float64(n) * float64(n+1) / 2
	}
	times := 3.0 // backward has two products for each of the forward pass
	again := 0.0
	if p.Recompute {
		again = 1
	}
	w := Work{}
	for l, m := range d.mlp {
		dense, expert := tokens*float64(d.D*(d.W+d.HC)), float64(3*d.D*m.F)
		slots := tokens * float64(m.K)
		a := again
		if l == d.L-1 {
			a = 0
			if !p.NextToken {
				slots = float64(len(p.Lengths) * m.K)
			}
		}
		if m.routed {
			dense += tokens * float64(d.D*m.E)
		}
		w.Products += 2 * (dense*(times+a) + slots*expert*(times+a*2/3))
		// Backward has five products where forward has two.
		w.Attention += 2 * pairs * float64(d.HC) * (2 + 5 + 2*a)
		if of := p.Shard.Of; of > 1 && m.routed {
			w.Exchanged += 4 * slots * float64(d.D+1) * (4 + a) * float64(of-1) / float64(of)
		}
	}
	if p.NextToken || p.Head.Full {
		rows := tokens
		if !p.NextToken {
			rows = float64(len(p.Lengths))
		}
		w.Products += 2 * rows * float64(d.D*d.V) * 4
	}
	return w
}

// NumExpertParams counts the numbers of all experts: what ranks may divide.
func (c *Config) NumExpertParams() int64 {
	if c.Dense {
		return 0
	}
	return int64(c.NumHiddenLayers-c.denseLayers()) * int64(c.NumExperts) * 3 * int64(c.HiddenSize) * int64(c.MoeIntermediateSize)
}

// NumActive counts the numbers that one token meets: all of the model but the
// experts that its routers do not choose and the embeddings of other tokens.
func (c *Config) NumActive() int64 {
	n := c.NumParams() - int64(c.VocabSize-1)*int64(c.HiddenSize)
	if !c.Dense {
		n -= c.NumExpertParams() / int64(c.NumExperts) * int64(c.NumExperts-c.NumExpertsPerTok)
	}
	return n
}
