package moe

import (
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
	// sequence only, [Pass.Aux] is nil and [Pass.ExpertLoad] counts only what
	// was computed.
	Train bool
}

// Head says which tokens are the verdict and whether the rest of the
// vocabulary is wanted.
type Head struct {
	Yes, No int32
	// Full asks for Logits.Rest, which takes the product with the whole
	// vocabulary; without it only two rows of the head are read.
	Full bool
}

// Logits is the answer to one sequence, at its last position.
type Logits struct {
	Yes, No float32
	// Rest is the log-sum-exp of every other token's logit, 0 unless Head.Full.
	Rest float32
}

// ErrNoForward is returned by a backward call that has no forward in training
// mode to go back through, or whose forward was consumed already.
var ErrNoForward = errors.New("moe: backward without a training forward before it")

// ErrNotFinite is returned when a forward pass meets a NaN or an infinity:
// the weights or their products overflowed, and no logit would mean anything.
var ErrNotFinite = errors.New("moe: the network gave a number that is not finite")

// Pass runs a model forward and backward. It owns the arena that holds the
// activations. One goroutine may use it at a time; several passes may share a
// model as long as their backward calls do not overlap.
type Pass struct {
	m       *Model
	o       Options
	kern    kernel.Family
	threads int
	dims
	arena
	vocab
	crew crew

	// The batch.
	ids   []int32
	spans []span
	T     int
	pos   []int32 // [T] position in its sequence
	seq   []int32 // [T] which sequence
	last  []int32 // [sequences] row of the last token

	layers   []acts
	work     []worker
	cos, sin []float32 // [positions, C/2]
	attn     attnPlan
	loads    [][]int64
	aux      []float64
	head     Head
	state    passState
}

// passState is what a backward call may rely on.
type passState uint8

const (
	stateEmpty   passState = iota
	stateVerdict           // a training Verdict lies in the arena
)

// NewPass returns a pass over m. It allocates little until the first batch.
func (m *Model) NewPass(o Options) *Pass {
	p := &Pass{m: m, o: o, kern: m.kern, threads: threadsOr(o.Threads), dims: dimsOf(&m.cfg)}
	p.work = make([]worker, p.threads)
	n := 1
	if o.Train {
		n = p.L
	}
	p.layers = make([]acts, n)
	p.loads = make([][]int64, p.L)
	for l := range p.loads {
		if p.mlp[l].routed {
			p.loads[l] = make([]int64, p.E)
		}
	}
	return p
}

// acts returns the activations of layer l.
func (p *Pass) acts(l int) *acts { return &p.layers[min(l, len(p.layers)-1)] }

// Verdict runs the batch forward and returns the logits of each sequence's
// last position. The slice belongs to the caller.
func (p *Pass) Verdict(b Batch, h Head) ([]Logits, error) {
	p.state = stateEmpty
	if err := p.checkHead(h); err != nil {
		return nil, err
	}
	if err := p.load(b); err != nil {
		return nil, err
	}
	p.forward(lastOnly)
	p.head = h
	out := p.verdictHead(h)
	for i, l := range out {
		if !finite(l.Yes) || !finite(l.No) || !finite(l.Rest) {
			return nil, fmt.Errorf("sequence %d: %w", i, ErrNotFinite)
		}
	}
	if p.o.Train {
		p.state = stateVerdict
	}
	return out, nil
}

func (p *Pass) checkHead(h Head) error {
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
func (p *Pass) Aux() []float64 { return slices.Clone(p.aux) }

// BackwardVerdict adds to every Param.Grad the gradient of
// Σ_i d[i]·logits[i] + auxCoef[i]·aux[i], where d[i] holds dLoss/dYes, dLoss/dNo
// and dLoss/dRest of sequence i. It consumes the activations of the last
// Verdict: a second backward needs a second forward. A nil auxCoef is zero.
func (p *Pass) BackwardVerdict(d []Logits, auxCoef []float32) error {
	if p.state != stateVerdict {
		return ErrNoForward
	}
	if err := p.checkBackward(len(d), auxCoef); err != nil {
		return err
	}
	p.state = stateEmpty
	p.verdictBackward(d)
	p.backward(auxCoef)
	return nil
}

func (p *Pass) checkBackward(n int, auxCoef []float32) error {
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
func (p *Pass) NextToken(b Batch, weight, auxCoef []float32) (lossSum []float64, err error) {
	p.state = stateEmpty
	if weight != nil && !p.o.Train {
		return nil, ErrNoForward
	}
	if err := p.load(b); err != nil {
		return nil, err
	}
	if weight != nil {
		if err := p.checkBackward(len(weight), auxCoef); err != nil {
			return nil, err
		}
	}
	p.forward(allRows)
	lossSum = p.nextTokenHead()
	for i, l := range lossSum {
		if !finite(float32(l)) {
			return nil, fmt.Errorf("sequence %d: %w", i, ErrNotFinite)
		}
	}
	if weight != nil {
		p.nextTokenBackward(weight)
		p.backward(auxCoef)
	}
	return lossSum, nil
}

// ExpertLoad returns, per layer and expert, how many tokens the last forward
// assigned to it. A dense layer has no experts and an empty list.
func (p *Pass) ExpertLoad() [][]int64 {
	out := make([][]int64, len(p.loads))
	for l := range out {
		out[l] = slices.Clone(p.loads[l])
	}
	return out
}

func finite(v float32) bool { return v-v == 0 }

func tooLong(n, limit int) error {
	return fmt.Errorf("moe batch: a sequence of %d tokens, the model reads at most %d", n, limit)
}
