package scale

import "github.com/swerm/swerm/moe"

// Bytes of a number as training keeps it.
const (
	fp32    = 4
	moments = 2 * fp32
)

// A Layout is data parallel times expert parallel ranks.
type Layout struct{ DP, EP int }

// World is the number of ranks.
func (l Layout) World() int { return l.DP * l.EP }

// A Step is what one optimizer step works on.
type Step struct {
	Sequences int // of the global batch
	Length    int // tokens of each
	Micro     int // tokens of one micro-batch of one rank
	Wire      int // bytes of a number on its way: 4, or 2 for bf16
}

// Rates are what one rank sustains, in a second.
type Rates struct {
	Flops  float64 // operations of products
	Link   float64 // bytes sent to other ranks, while as many arrive
	Memory float64 // bytes read and written by the optimizer
}

// A Prediction is of one rank.
type Prediction struct {
	Weights, Gradients, Moments, Activations float64 // bytes

	FlopsPerToken, DispatchPerToken   float64 // operations; bytes sent
	Compute, Dispatch, Reduce, Update float64 // seconds of a step
}

// Bytes is all memory.
func (p Prediction) Bytes() float64 { return p.Weights + p.Gradients + p.Moments + p.Activations }

// Seconds is the time of a step when nothing overlaps.
func (p Prediction) Seconds() float64 { return p.Compute + p.Dispatch + p.Reduce + p.Update }

// Overlapped is the time when dispatch hides behind compute, or compute behind
// dispatch.
func (p Prediction) Overlapped() float64 {
	return max(p.Compute, p.Dispatch) + p.Reduce + p.Update
}

// Predict does the arithmetic. Experts are divided evenly by EP.
func Predict(c *moe.Config, l Layout, s Step, r Rates) Prediction {
	n := Count(c)
	world, replicas := float64(l.World()), float64(l.DP)
	experts := n.Experts / float64(l.EP)
	tokens := float64(s.Sequences) * float64(s.Length) / world
	// Of what EP ranks hold, a rank sends EP-1 parts of EP elsewhere.
	away := 1 - 1/float64(l.EP)

	p := Prediction{
		Weights:          fp32 * (n.Dense + experts),
		Gradients:        fp32 * (n.Dense + experts),
		Moments:          moments * (n.Dense/world + experts/replicas),
		Activations:      float64(s.Micro) * ActivationsPerToken(c, l.EP > 1),
		FlopsPerToken:    FlopsPerToken(c, s.Length),
		DispatchPerToken: DispatchPerToken(c, s.Wire) * away,
	}
	p.Compute = tokens * p.FlopsPerToken / r.Flops
	p.Dispatch = tokens * p.DispatchPerToken / r.Link
	// A ReduceScatter of gradients and an AllGather of weights.
	spread := n.Dense*(1-1/world) + experts*(1-1/replicas)
	p.Reduce = spread * float64(s.Wire+fp32) / r.Link
	// Weight and moments are read and written, the gradient read and cleared.
	p.Update = (n.Dense/world + experts/replicas) * 8 * fp32 / r.Memory
	return p
}

// A ParameterCount is of tensors: on every rank, and in all experts.
type ParameterCount struct{ Dense, Experts float64 }

// Count counts parameters.
func Count(c *moe.Config) ParameterCount {
	sparse := 0.0
	for l := range c.NumHiddenLayers {
		if c.Sparse(l) {
			sparse++
		}
	}
	experts := sparse * float64(c.NumExperts) * expert(c)
	return ParameterCount{Dense: float64(c.NumParams()) - experts, Experts: experts}
}

// expert is the parameters of one.
func expert(c *moe.Config) float64 { return 3 * float64(c.HiddenSize) * float64(c.MoeIntermediateSize) }

// FlopsPerToken is the operations of products for one token of a sequence,
// forward and backward: two for each weight that a token meets and each of
// three products (forward, gradient of input, gradient of weight), and for
// attention the scores and sums over half the sequence on average. The experts
// of the last layer see one token of a sequence, which is left out.
func FlopsPerToken(c *moe.Config, length int) float64 {
	d, heads := float64(c.HiddenSize), float64(c.NumAttentionHeads*c.HeadDim)
	attention := 2*d*heads + 2*d*float64(c.NumKeyValueHeads*c.HeadDim)
	scores := 2 * heads * float64(length) / 2
	total := 0.0
	for l := range c.NumHiddenLayers {
		weights := attention + scores
		last := l == c.NumHiddenLayers-1
		switch {
		case c.Sparse(l) && last:
			weights += d * float64(c.NumExperts)
		case c.Sparse(l):
			weights += d*float64(c.NumExperts) + float64(c.NumExpertsPerTok)*expert(c)
		case !last:
			weights += 3 * d * float64(c.IntermediateSize)
		}
		total += 2 * 3 * weights
	}
	return total
}

// DispatchPerToken is the bytes of one token's rows to its experts and back,
// forward and backward, all ranks' experts counted: rows of D numbers, four
// times, two of them with a routing weight or its gradient in float32 beside
// them. The last layer sends one token of a sequence, which is left out.
func DispatchPerToken(c *moe.Config, wire int) float64 {
	row := 4*float64(c.HiddenSize)*float64(wire) + 2*fp32
	layers := 0.0
	for l := range c.NumHiddenLayers - 1 {
		if c.Sparse(l) {
			layers++
		}
	}
	return layers * float64(c.NumExpertsPerTok) * row
}

// ActivationsPerToken is the bytes that a training pass keeps of each token of
// a micro-batch, when nothing is computed again.
func ActivationsPerToken(c *moe.Config, sharded bool) float64 {
	d, heads, pairs := float64(c.HiddenSize), float64(c.NumAttentionHeads*c.HeadDim), float64(c.NumKeyValueHeads*c.HeadDim)
	total, widest := 0.0, 0.0
	for l := range c.NumHiddenLayers {
		k, f, e := 1.0, float64(c.IntermediateSize), 1.0
		if c.Sparse(l) {
			k, f, e = float64(c.NumExpertsPerTok), float64(c.MoeIntermediateSize), float64(c.NumExperts)
		}
		total += 2*d + heads + 2*pairs + heads + e + 2*k*f // input, projections, attention, after it, router, gate and up
		if sharded && c.Sparse(l) {
			total += k * (d + 1) // inputs of experts, which may be of other ranks' tokens
		}
		widest = max(widest, k*(2*d+f)) // outputs, their gradients, hidden of experts: one layer's at a time
	}
	return fp32 * (total + widest + 6*heads + 4*d)
}
