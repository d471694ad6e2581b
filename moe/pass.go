package moe

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/swerm/swerm/moe/kernel"
)

// Options of a pass; the zero value scores with all processors.
type Options struct {
	// Threads bounds the goroutines of a call; 0 means GOMAXPROCS. It changes
	// speed and memory, never a bit of a result.
	Threads int
	// Train keeps what a backward pass needs and computes the router of the
	// last layer at every position, as the auxiliary loss wants it. Without it
	// [Pass.Verdict] computes the last layer for the last position of each
	// sequence only, and once what sequences of the batch start with in common;
	// [Pass.Aux] is nil, and [Pass.ExpertLoad] counts only what was computed.
	Train bool
	// Recompute keeps of each layer its input and its router's choices only, and
	// computes the rest again when a backward pass comes to it: less memory, the
	// same bits, and most of another forward pass. Peers agree on it: the tokens of
	// a layer are sent once more.
	Recompute bool
	// Peers hold the experts that a sharded model lacks. They take part in
	// every call of this pass, and a rank whose batch is empty calls it too.
	Peers Peers
	// BF16Wire rounds rows of numbers to bfloat16 on their way between peers,
	// and those that stay on this rank as well, so that a result does not
	// depend on where an expert is. Routing weights and their gradients are
	// sent whole.
	BF16Wire bool
	// BorrowGrads lets a training pass keep arrays in the memory of gradients that
	// are zero when it goes forward: results are the same bits, in less memory. From
	// such a forward call to the end of its backward call Param.Grad holds nothing,
	// and no other pass over the model may go backward.
	BorrowGrads bool
	// Precision is what the operands of products are rounded to.
	Precision Precision
}

// Head says which tokens are the verdict and whether the rest of the
// vocabulary is wanted.
type Head struct {
	Yes, No int32
	// Full asks for Logits.Rest, which takes the product with the whole
	// vocabulary; without it only two rows of the head are read.
	Full bool
}

// LogitsOf is the answer to one sequence, at its last position.
type LogitsOf[Num Float] struct {
	Yes, No Num
	// Rest is the log-sum-exp of every other token's logit, 0 unless Head.Full.
	Rest Num
}

// ErrNoForward is returned by a backward call that has no forward in training
// mode to go back through, or whose forward was consumed already.
var ErrNoForward = errors.New("moe: backward without a training forward before it")

// ErrNotFinite is returned when a forward pass meets a NaN or an infinity:
// the weights or their products overflowed, and no logit would mean anything.
// The error is a [*NotFiniteError], which says where.
var ErrNotFinite = errors.New("moe: the network gave a number that is not finite")

// PassOf runs a model forward and backward. It owns the arena that holds the
// activations. One goroutine may use it at a time; several passes may share a
// model as long as their backward calls do not overlap.
type PassOf[Num Float] struct {
	m       *ModelOf[Num]
	o       Options
	kern    kernels[Num]       // products in the precision of the pass
	direct  kernel.Direct[Num] // the same of few rows; nil: there is none
	whole   kernels[Num]       // products that are never rounded: of the router and the head
	threads int
	dims
	*room[Num]
	crew crew

	// The batch.
	ids      []int32
	spans    []span
	T        int     // rows: tokens, less those that sequences share
	pos      []int32 // [T] position in its sequence
	seq      []int32 // [T] which sequence
	last     []int32 // [sequences] row of the last token
	shared   bool    // some sequence starts as an earlier one does
	limit    int     // rows of a chunk of a scoring pass
	chunks   []chunk
	pages    paging
	prefixes Prefixes

	live   liveness[Num]
	places layoutOf
	debts  []stretch // of gradients that arrays lie in
	poison bool      // of tests: memory is filled with NaN when it is lent or given back

	loads [][]int64
	aux   []float64
	head  Head
	want  wanted
	watch *watch     // nil but after a failure
	lost  firstError // of reading weights

	routerLoss RouterLossOf[Num]
	bias       [][]Num   // of each layer; nil: none
	forced     [][]int32 // [T,K] of each layer: experts that a training pass takes for the chosen; nil: it chooses

	state passState
}

// passState is what a backward call may rely on.
type passState uint8

const (
	stateEmpty   passState = iota
	stateVerdict           // a training Verdict lies in the arena
)

// NewPass returns a pass over m. It allocates little until the first batch.
func (m *ModelOf[Num]) NewPass(o Options) *PassOf[Num] { return m.newPass(o, &room[Num]{}) }

func (m *ModelOf[Num]) newPass(o Options, r *room[Num]) *PassOf[Num] {
	m.shard.check(o.Peers)
	p := &PassOf[Num]{m: m, o: o, kern: rounded(m.kern, o.Precision), whole: m.kern, threads: threadsOr(o.Threads), limit: chunkRows, dims: dimsOf(&m.cfg), room: r}
	p.direct = kernel.DirectOf[Num](p.kern)
	p.live = liveness[Num]{dims: &p.dims, m: m, recompute: o.Recompute, peers: o.Peers != nil}
	if more := p.threads - len(p.work); more > 0 {
		p.work = append(p.work, make([]worker[Num], more)...)
	}
	n := 1
	if o.Train {
		n = p.L
	}
	if more := n - len(p.layers); more > 0 {
		p.layers = append(p.layers, make([]acts[Num], more)...)
	}
	p.loads = make([][]int64, p.L)
	for l := range p.loads {
		if p.mlp[l].routed {
			p.loads[l] = make([]int64, p.E)
		}
	}
	return p
}

// acts returns the activations of layer l.
func (p *PassOf[Num]) acts(l int) *acts[Num] {
	if !p.o.Train {
		l = 0
	}
	return &p.layers[l]
}

// Verdict runs the batch forward and returns the logits of each sequence's
// last position. The slice belongs to the caller. After [ErrNotFinite] a
// training pass may still go backward, which ranks with peers must: the
// gradient is worth nothing.
func (p *PassOf[Num]) Verdict(b Batch, h Head) ([]LogitsOf[Num], error) {
	p.state = stateEmpty
	if err := p.checkHead(h); err != nil {
		return nil, err
	}
	if err := p.load(b, !p.o.Train); err != nil {
		return nil, err
	}
	if err := p.forward(lastOnly); err != nil {
		return nil, err
	}
	p.head = h
	out := p.verdictHead(h)
	if p.o.Train {
		p.state = stateVerdict
	}
	if err := p.sound(); err != nil {
		return nil, err
	}
	for i, l := range out {
		if !finite(l.Yes) || !finite(l.No) || !finite(l.Rest) {
			return nil, p.notFinite(i)
		}
	}
	return out, nil
}

func (p *PassOf[Num]) checkHead(h Head) error {
	if h.Yes < 0 || int(h.Yes) >= p.V || h.No < 0 || int(h.No) >= p.V || h.Yes == h.No {
		return fmt.Errorf("moe: head: yes %d and no %d are not two ids of a vocabulary of %d", h.Yes, h.No, p.V)
	}
	if h.Full && p.V < 3 {
		return fmt.Errorf("moe: head: a vocabulary of %d has no rest", p.V)
	}
	return nil
}

// Aux returns the load-balancing loss of each sequence of the last forward,
// the rows of all layers pooled before the product as transformers does it;
// it is not multiplied by any coefficient. A perfectly balanced router gives K.
// It is nil unless Options.Train. The slice belongs to the caller.
func (p *PassOf[Num]) Aux() []float64 { return slices.Clone(p.aux) }

// BackwardVerdict adds to every Param.Grad the gradient of
// Σ_i d[i]·logits[i] + auxCoef[i]·aux[i], where d[i] holds dLoss/dYes, dLoss/dNo
// and dLoss/dRest of sequence i. It consumes the activations of the last
// Verdict: a second backward needs a second forward. A nil auxCoef is zero.
func (p *PassOf[Num]) BackwardVerdict(d []LogitsOf[Num], auxCoef []Num) error {
	if p.state != stateVerdict || p.evicted() {
		return ErrNoForward
	}
	if err := p.checkBackward(len(d), auxCoef); err != nil {
		return err
	}
	p.state = stateEmpty
	p.beginSum()
	p.verdictBackward(d)
	return cmp.Or(p.backward(auxCoef), p.sound())
}

func (p *PassOf[Num]) checkBackward(n int, auxCoef []Num) error {
	if p.m.grad == nil {
		return errors.New("moe: backward needs Model.EnableGrad first")
	}
	if n != len(p.spans) {
		return fmt.Errorf("moe: %d gradients for %d sequences", n, len(p.spans))
	}
	if auxCoef != nil && len(auxCoef) != len(p.spans) {
		return fmt.Errorf("moe: %d auxiliary coefficients for %d sequences", len(auxCoef), len(p.spans))
	}
	return nil
}

// NextToken runs the batch forward with the language-model loss and returns,
// per sequence, the sum of −log p(next token) over its T−1 predictions. With a
// weight per sequence it also runs backward and adds to every Param.Grad the
// gradient of Σ_i weight[i]·lossSum[i] + auxCoef[i]·aux[i]; that needs
// Options.Train.
func (p *PassOf[Num]) NextToken(b Batch, weight, auxCoef []Num) (lossSum []float64, err error) {
	p.state = stateEmpty
	if weight != nil && !p.o.Train {
		return nil, ErrNoForward
	}
	if err := p.load(b, false); err != nil {
		return nil, err
	}
	if weight != nil {
		if err := p.checkBackward(len(weight), auxCoef); err != nil {
			return nil, err
		}
	}
	if err := p.forward(allRows); err != nil {
		return nil, err
	}
	lossSum = p.nextTokenHead()
	err = p.checkSums(lossSum)
	if weight != nil && (err == nil || p.o.Peers != nil) { // peers wait for every rank's part
		p.beginSum()
		p.nextTokenBackward(weight)
		if lost := cmp.Or(p.backward(auxCoef), p.sound()); lost != nil {
			return nil, lost
		}
	}
	if err != nil {
		return nil, err
	}
	return lossSum, nil
}

func (p *PassOf[Num]) checkSums(sums []float64) error {
	if err := p.sound(); err != nil {
		return err
	}
	for i, l := range sums {
		if !finite(l) {
			return p.notFinite(i)
		}
	}
	return nil
}

// ExpertLoad returns, per layer and expert, how many tokens the last forward
// assigned to it. A dense layer has no experts and an empty list.
func (p *PassOf[Num]) ExpertLoad() [][]int64 {
	out := make([][]int64, len(p.loads))
	for l := range out {
		out[l] = slices.Clone(p.loads[l])
	}
	return out
}

// Rows returns how many positions the last forward computed: the tokens of its
// batch, less those that a scoring pass found in common.
func (p *PassOf[Num]) Rows() int { return p.T }

func finite[Num Float](v Num) bool { return v-v == 0 }

func tooLong(n, limit int) error {
	return fmt.Errorf("moe batch: a sequence of %d tokens, the model reads at most %d", n, limit)
}
