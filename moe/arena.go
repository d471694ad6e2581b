package moe

import (
	"math"
	"slices"

	"github.com/swerm/swerm/moe/kernel"
)

// dims are the lengths that the inner loops need, under the shape letters of
// the package comment.
type dims struct {
	D, H, G, C, E, K, V, L int // E and K of the layers that have experts
	HC, GC                 int // widths of all query heads and of all key heads
	W                      int // width of a row of q, k and v: HC + 2·GC
	// ldW is the floats between rows of the gradients of q, k, v. These are left
	// operands of products over tokens, which read a few columns down many rows:
	// rows a multiple of 2 KiB apart would all fall into the same sets of the
	// first cache.
	ldW int
	eps float64

	mlp    []mlp // of every layer
	wide   mlp   // the most of each
	sparse int   // layers that have experts
}

// mlp are the lengths of a layer behind its attention. A dense layer is one
// expert that every token goes to with weight one, without a router.
type mlp struct {
	E, K, F int
	ldF     int // floats between rows of gate, up; see ldW
	routed  bool
}

// spread is a row stride for rows of n floats.
func spread(n int) int {
	const far, line = 512, 16
	if n%far == 0 {
		return n + line
	}
	return n
}

func dimsOf(c *Config) dims {
	d := dims{
		D: c.HiddenSize, H: c.NumAttentionHeads, G: c.NumKeyValueHeads, C: c.HeadDim, E: c.NumExperts,
		K: c.NumExpertsPerTok, V: c.VocabSize, L: c.NumHiddenLayers, eps: c.RMSNormEps,
	}
	d.HC, d.GC = d.H*d.C, d.G*d.C
	d.W = d.HC + 2*d.GC
	d.ldW = spread(d.W)
	for l := range d.L {
		m := mlp{E: 1, K: 1, F: c.IntermediateSize}
		if c.Sparse(l) {
			m = mlp{E: c.NumExperts, K: c.NumExpertsPerTok, F: c.MoeIntermediateSize, routed: true}
			d.sparse++
		}
		m.ldF = spread(2 * m.F)
		d.mlp = append(d.mlp, m)
		d.wide = mlp{E: max(d.wide.E, m.E), K: max(d.wide.K, m.K), F: max(d.wide.F, m.F), ldF: max(d.wide.ldF, m.ldF)}
	}
	return d
}

// grow makes *s at least n long, keeping the memory of a larger batch. What it
// holds is undefined.
func grow[Num Float](s *[]Num, n int) []Num {
	if cap(*s) < n {
		*s = kernel.Make[Num](n)
	}
	*s = (*s)[:n]
	return *s
}

// growSlots is grow for what follows from the choices of routers of other ranks,
// which are others in every step: with an eighth to spare, so that it seldom grows
// again. What is spare is not touched, and so costs nothing.
func (p *PassOf[Num]) growSlots(s *[]Num, n int) []Num {
	if p.o.Peers != nil && cap(*s) < n {
		grow(s, n+n/8)
	}
	return grow(s, n)
}

func growInts[T int | int32 | int64 | uint16 | float64](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	*s = (*s)[:n]
	return *s
}

// acts are the activations of one layer. In training every layer has its own
// for all rows; with Options.Recompute, and below where a backward pass ends, only
// one at a time has what passes. In scoring all layers share one, for the rows of a
// chunk.
type acts[Num Float] struct {
	planned[Num]

	mlp           // of the layer whose activations these are
	probs []Num   // [R,E] of the router
	z     []Num   // [R] log-sum-exp of its logits
	topW  []Num   // [R,K] weights of the chosen experts
	topI  []int32 // [R,K] which they are

	passing[Num]
}

// planned are the large activations of a layer, in the places of the plan.
type planned[Num Float] struct {
	x   []Num // [T,D] input
	qkv []Num // [T,W] projections before norm and rotation
	o   []Num // [R,HC] attention output
	xm  []Num // [R,D] after attention
	gu  []Num // [slots of work,2F] by ldF, gate and up products, replaced by their gradients
}

// passing is what else can be computed again from a layer's input.
type passing[Num Float] struct {
	r1  []Num // [T] of the first norm
	rq  []Num // [T,H] of the query norms
	rk  []Num // [T,G] of the key norms
	lse []Num // [R,H] log-sum-exp of the scores
	r2  []Num // [R] of the second norm

	off   []int   // [E+1] first slot of each expert
	slotR []int32 // [S] row of a slot
	slotW []Num
	rowS  []int32 // [R,K] slot of a row's j-th expert, −1 if not computed
	work  work[Num]

	guApart []Num // gu of a layer that has experts on other ranks

	low lowActs[Num]
}

// views are arrays that all layers use in turn, each in the place that the plan of
// the pass gives the layer at hand.
type views[Num Float] struct {
	stream   []Num // [T,D] of a scoring pass, the input of the layer it is in
	qr, kr   []Num // [T,HC], [T,GC] normed and rotated
	cache    []Num // keys and values, packed
	h2       []Num // [R,D] second norm
	y        []Num // [S,D] expert outputs; backward their input gradients
	dx       []Num // [T,D] gradient of the stream
	h1       []Num // [T,D] first norm, for weight gradients
	do       []Num // [T,HC]
	dqkv     []Num // [T,W] by ldW
	dyp      []Num // [S,D] output gradients in slot order
	hw       []Num // [S,F] weighted expert activations
	attnBack []Num // what attention works in backward
}

// arena is the memory of a pass that is not planned: packed weights, scratch, what
// is small, and what other ranks decide on.
type arena[Num Float] struct {
	attn       []Num // scratch of attention, of all workers
	packQKV    []Num
	packO      []Num
	packOAgain []Num // forward, on the way back
	packR      []Num
	packLow    lowPacks[Num]

	hwApart   []Num // hw and dyp of layers that have experts on other ranks
	dypApart  []Num
	dtw       []Num // [S] of the routing weights
	dlogits   []Num // [T,E]
	dlow      lowActs[Num]
	partial   []Num // norm gradients of each stripe
	auxGrad   []Num // [sequences,E]
	tiles     []gradTile
	jobs      []gradJob[Num]
	slotsFill []int
	units     []expertUnit
	order     []kernel.Span
	lengths   []int
	parts     []int // rows that go back through attention together
	attnWork  int   // numbers that attention works in then
}

// worker is the scratch memory of one goroutine.
type worker[Num Float] struct {
	h       []Num // stripe × widest row
	h2      []Num
	pack    []Num
	pack2   []Num
	packLow lowPacks[Num] // of one expert
	rows    []Num         // of weights that are read from files
	left    []Num         // repacked left operands of weight gradients
}

// stripe is how many rows one unit of row-wise work takes: a multiple of every
// family's strip height, small enough that a stripe of activations stays in
// the second-level cache. It fixes the order of sums, so it must not change
// with the machine.
const stripe = 96

func stripes(n int) int { return (n + stripe - 1) / stripe }

// eachStripe runs do over stripes of n rows.
func (p *PassOf[Num]) eachStripe(n int, do func(w *worker[Num], lo, hi int)) {
	p.crew.run(p.threads, stripes(n), func(worker, i int) {
		do(&p.work[worker], i*stripe, min((i+1)*stripe, n))
	})
}

// each runs do over n units with the scratch of whichever worker takes one.
func (p *PassOf[Num]) each(n int, do func(w *worker[Num], i int)) {
	p.crew.run(p.threads, n, func(worker, i int) { do(&p.work[worker], i) })
}

// rope grows the tables of cosines and sines to cover positions below n. They
// are computed in float64 and rounded once.
func (p *PassOf[Num]) rope(n int) {
	half := p.C / 2
	have := 0
	if half > 0 {
		have = len(p.cos) / half
	}
	if more := (n - have) * half; more > 0 {
		p.cos, p.sin = slices.Grow(p.cos, more), slices.Grow(p.sin, more)
	}
	for pos := have; pos < n; pos++ {
		for i := range half {
			sin, cos := math.Sincos(float64(pos) * p.m.rope.frequency[i])
			p.cos = append(p.cos, Num(cos*p.m.rope.scale))
			p.sin = append(p.sin, Num(sin*p.m.rope.scale))
		}
	}
}

// span is one sequence of n tokens. Its rows start at lo and hold the positions
// behind the first from, which are those of an earlier sequence, its parent.
type span struct{ lo, n, from, parent int }

// load copies the batch and sizes the arena for it. With share, what sequences
// start with in common is computed once.
func (p *PassOf[Num]) load(b Batch, share bool) error {
	if p.m.closed {
		return ErrClosed
	}
	p.lost.clear()
	p.take()
	if b.Len() > 0 || len(b.IDs) > 0 || p.o.Peers == nil {
		if err := b.validate(p.V); err != nil {
			return err
		}
	}
	if err := p.place(b, share && b.Len() > 1); err != nil {
		return err
	}
	p.planPages()
	if p.o.Train {
		p.planChunks(p.T)
		p.planAttention()
		return nil
	}
	p.planChunks(p.limit)
	if p.o.Peers != nil {
		return p.agreeChunks()
	}
	return nil
}

// place gives the tokens of the batch their rows.
func (p *PassOf[Num]) place(b Batch, share bool) error {
	p.ids, p.pos, p.seq = p.ids[:0], p.pos[:0], p.seq[:0]
	p.spans, p.last, p.shared = p.spans[:0], p.last[:0], false
	if share {
		p.prefixes.Reset()
	}
	longest := 0
	for i := range b.Len() {
		ids := b.IDs[b.Offsets[i]:b.Offsets[i+1]]
		s := span{lo: len(p.ids), n: len(ids)}
		if share {
			s.from, s.parent = p.prefixes.Add(ids)
			p.shared = p.shared || s.from > 0
		}
		for pos := s.from; pos < s.n; pos++ {
			p.ids, p.pos, p.seq = append(p.ids, ids[pos]), append(p.pos, int32(pos)), append(p.seq, int32(i))
		}
		p.spans, p.last = append(p.spans, s), append(p.last, int32(len(p.ids)-1))
		longest = max(longest, s.n)
	}
	if longest > p.m.cfg.MaxPositionEmbeddings {
		return tooLong(longest, p.m.cfg.MaxPositionEmbeddings)
	}
	p.T = len(p.ids)
	p.rope(longest)
	return nil
}

// sizeInput prepares what is small of a layer up to attention for the rows of a
// chunk.
func (p *PassOf[Num]) sizeInput(l int, c *chunk) {
	a := p.acts(l)
	if !p.o.Train {
		a.x = p.stream[c.lo*p.D : (c.lo+c.n)*p.D]
	}
	grow(&a.r1, c.n)
	grow(&a.rq, c.n*p.H)
	grow(&a.rk, c.n*p.G)
}

// sizeRows prepares what is small from attention on for R rows, of which so many
// tokens go through the layer's experts.
func (p *PassOf[Num]) sizeRows(a *acts[Num], R, tokens int) {
	S := tokens * a.K
	grow(&a.lse, R*p.H)
	grow(&a.r2, R)
	grow(&a.probs, R*a.E)
	grow(&a.z, R)
	grow(&a.topW, R*a.K)
	growInts(&a.topI, R*a.K)
	growInts(&a.off, a.E+1)
	growInts(&a.slotR, S)
	grow(&a.slotW, S)
	growInts(&a.rowS, R*a.K)
}
