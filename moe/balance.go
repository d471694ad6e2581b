package moe

import (
	"cmp"
	"fmt"
)

// RouterLossOf is what a backward pass adds to the loss for its routers, beside
// each sequence's own auxiliary loss. The zero value is nothing.
type RouterLossOf[Num Float] struct {
	// Probs holds, by expert, the derivative of the loss by every probability
	// that a router of any layer gave it; nil is zero. With E·f_e·coefficient/n,
	// f_e the share of all n rows of a step that chose expert e, it is the
	// load-balancing loss of the whole step, over however many passes and ranks.
	Probs []Num
	// Z is the coefficient of [PassOf.ZSum].
	Z Num
}

// SetRouterLoss sets what backward calls add from now on.
func (p *PassOf[Num]) SetRouterLoss(r RouterLossOf[Num]) error {
	if r.Probs != nil && len(r.Probs) != p.E {
		return fmt.Errorf("moe: a router loss over %d experts, the model has %d", len(r.Probs), p.E)
	}
	p.routerLoss = RouterLossOf[Num]{Probs: append([]Num(nil), r.Probs...), Z: r.Z}
	return nil
}

// SetBias adds a number for each expert of each layer to its probability when
// forward calls choose experts from now on, and nowhere else: a token's weights
// are those that its choice has without it. An empty list, for a layer or for
// all of them, adds nothing.
func (p *PassOf[Num]) SetBias(bias [][]float64) error {
	if len(bias) == 0 {
		p.bias = nil
		return nil
	}
	if len(bias) != p.L {
		return fmt.Errorf("moe: biases of %d layers, the model has %d", len(bias), p.L)
	}
	own := make([][]Num, p.L)
	for l, layer := range bias {
		if len(layer) > 0 && (!p.mlp[l].routed || len(layer) != p.E) {
			return fmt.Errorf("moe: biases of %d experts in layer %d", len(layer), l)
		}
		for _, b := range layer {
			own[l] = append(own[l], Num(b))
		}
	}
	p.bias = own
	return nil
}

// biasOf is the bias of a layer; empty is none.
func (p *PassOf[Num]) biasOf(l int) []Num {
	if p.bias == nil {
		return nil
	}
	return p.bias[l]
}

// Route runs the batch forward for [PassOf.ExpertLoad] and no further than
// these need. Nothing can go backward from it.
func (p *PassOf[Num]) Route(b Batch) error {
	p.state = stateEmpty
	if err := p.load(b, false); err != nil {
		return err
	}
	return cmp.Or(p.forward(lastOnly), p.sound())
}

// ProbSums returns, by expert, the sum of the probabilities that the routers of
// all layers gave it at every position of the last forward. It is nil unless
// Options.Train.
func (p *PassOf[Num]) ProbSums() []float64 {
	if !p.o.Train {
		return nil
	}
	parts := make([]float64, p.L*p.E)
	p.each(p.L, func(_ *worker[Num], l int) {
		if !p.mlp[l].routed {
			return
		}
		sum := parts[l*p.E : (l+1)*p.E]
		for r := range p.T {
			for e, v := range p.acts(l).probs[r*p.E : (r+1)*p.E] {
				sum[e] += float64(v)
			}
		}
	})
	sums := make([]float64, p.E)
	for i, v := range parts {
		sums[i%p.E] += v
	}
	return sums
}

// ZSum returns the sum over all layers and positions of the last forward of
// (log Σ_e exp logit_e)² of the router, which keeps its logits from growing
// (ST-MoE's z-loss, before any mean). It is 0 unless Options.Train.
func (p *PassOf[Num]) ZSum() float64 {
	sum := 0.0
	for l := range p.L {
		if !p.o.Train || !p.mlp[l].routed {
			continue
		}
		for _, z := range p.acts(l).z[:p.T] {
			sum += float64(z) * float64(z)
		}
	}
	return sum
}
