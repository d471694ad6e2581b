package moe

import "errors"

// Options of a pass; the zero value scores with all processors.
type Options struct {
	// Threads bounds the goroutines of a call; 0 means GOMAXPROCS. It changes
	// speed and memory, never a bit of a result.
	Threads int
	// Train keeps what a backward pass needs and computes the router of the
	// last layer at every position, as the auxiliary loss wants it. Without it
	// the last layer is computed for the last position of each sequence only,
	// [Pass.Aux] is nil and [Pass.ExpertLoad] counts only what was computed.
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

// Pass runs a model forward and backward. It owns the arena that holds the
// activations. One goroutine may use it at a time; several passes may share a
// model as long as their backward calls do not overlap.
type Pass struct {
	m *Model
	o Options
}

// NewPass returns a pass over m. It allocates nothing until the first batch.
func (m *Model) NewPass(o Options) *Pass { return &Pass{m: m, o: o} }

var errUnbuilt = errors.New("moe: the pass is not built yet")

// Verdict runs the batch forward and returns the logits of each sequence's
// last position. The slice belongs to the caller.
func (p *Pass) Verdict(b Batch, h Head) ([]Logits, error) { return nil, errUnbuilt }

// Aux returns the load-balancing loss of each sequence of the last forward,
// the rows of all layers pooled before the product as transformers does it;
// it is not multiplied by any coefficient. A perfectly balanced router gives K.
func (p *Pass) Aux() []float64 { return nil }

// BackwardVerdict adds to every Param.Grad the gradient of
// Σ_i d[i]·logits[i] + auxCoef[i]·aux[i], where d[i] holds dLoss/dYes, dLoss/dNo
// and dLoss/dRest of sequence i. It consumes the activations of the last
// Verdict: a second backward needs a second forward. A nil auxCoef is zero.
func (p *Pass) BackwardVerdict(d []Logits, auxCoef []float32) error { return errUnbuilt }

// NextToken runs the batch forward with the language-model loss and returns,
// per sequence, the sum of −log p(next token) over its T−1 predictions. With a
// weight per sequence it also runs backward and adds to every Param.Grad the
// gradient of Σ_i weight[i]·lossSum[i] + auxCoef[i]·aux[i].
func (p *Pass) NextToken(b Batch, weight, auxCoef []float32) (lossSum []float64, err error) {
	return nil, errUnbuilt
}

// ExpertLoad returns, per layer and expert, how many tokens the last forward
// assigned to it.
func (p *Pass) ExpertLoad() [][]int64 { return nil }
