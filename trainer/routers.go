package trainer

import (
	"fmt"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
)

// Scopes of the load-balancing loss.
const (
	// AuxScopeSequence computes it for each sequence on its own, so that it does
	// not depend on what else is in a step.
	AuxScopeSequence = "sequence"
	// AuxScopeGlobal computes it once over all tokens of a step, on all ranks.
	AuxScopeGlobal = "global"
)

// Aux is what keeps the router in balance.
type Aux struct {
	Coefficient float64 `json:"coefficient" yaml:"coefficient"` // of the load-balancing loss
	Scope       string  `json:"scope" yaml:"scope"`             // sequence or global
	ZLoss       float64 `json:"z_loss" yaml:"z_loss"`           // coefficient of the mean of (log-sum-exp of router logits)²
	BiasRate    float64 `json:"bias_rate" yaml:"bias_rate"`     // what a step adds to or takes from an expert's bias; 0: no biases

	BiasDecayRatio float64 `json:"bias_decay_ratio" yaml:"bias_decay_ratio"` // share of all steps over which the biases fall to 0 in the end
}

func (a *Aux) validate(v *faults) {
	v.within("aux.coefficient", a.Coefficient, 0, 1e3)
	v.oneOf("aux.scope", a.Scope, AuxScopeSequence, AuxScopeGlobal)
	v.within("aux.z_loss", a.ZLoss, 0, 1e3)
	v.within("aux.bias_rate", a.BiasRate, 0, 1)
	v.within("aux.bias_decay_ratio", a.BiasDecayRatio, 0, 1)
}

// pooled reports whether the load-balancing loss is over the whole step.
func (n *network) pooled() bool {
	return n.cfg.Aux.Scope == AuxScopeGlobal && sparseLayers(n.config()) > 0
}

func sparseLayers(c moe.Config) (n int) {
	for l := range c.NumHiddenLayers {
		if c.Sparse(l) {
			n++
		}
	}
	return n
}

// A routing is what the router losses of one step need: how many rows its
// routers see, and the share of them that chose each expert.
type routing struct {
	rows   float64   // tokens of the step times layers with experts
	shares []float64 // by expert; nil unless the loss is over the whole step
}

// beginRouters sets the losses of a step of so many tokens that need no pass
// over it.
func (n *network) beginRouters(tokens int64) error {
	n.routing = routing{rows: float64(sparseLayers(n.config())) * float64(tokens)}
	if n.cfg.Aux.ZLoss == 0 || n.routing.rows == 0 {
		return nil
	}
	return n.engine.routers(nil, n.cfg.Aux.ZLoss/n.routing.rows)
}

// poolRouting sets the load-balancing loss of a step from what this rank's
// tokens chose in it. It is collective. The loss is E·Σ_e f_e·P_e with the share f_e
// of the step's rows that chose expert e and their mean probability P_e of it;
// f_e carries no gradient.
func (n *network) poolRouting(chosen expertLoad) error {
	experts := n.config().NumExperts
	counts := make([]int64, experts)
	for _, layer := range chosen {
		for e, c := range layer {
			counts[e] += c
		}
	}
	if err := comm.AllReduce(n.layout.world, counts); err != nil {
		return fmt.Errorf("expert load: %w", err)
	}
	slopes := make([]float64, experts)
	n.routing.shares = make([]float64, experts)
	for e, c := range counts {
		n.routing.shares[e] = float64(c) / n.routing.rows
		slopes[e] = n.cfg.Aux.Coefficient * float64(experts) * n.routing.shares[e] / n.routing.rows
	}
	return n.engine.routers(slopes, n.cfg.Aux.ZLoss/n.routing.rows)
}

// route finds what this rank's tokens choose, by a sweep of its own.
func (n *network) route(list []sample, micros [][]int32) error {
	chosen := newExpertLoad(n.config())
	for _, micro := range micros {
		b, err := n.read(take(list, micro))
		if err != nil {
			return err
		}
		if err := n.engine.route(b); err != nil {
			return err
		}
		chosen.add(n.load(true))
	}
	return n.poolRouting(chosen)
}

// addRouters adds the last training forward's share of the means over a step of
// so many sequences.
func (n *network) addRouters(w *work, sequences int) {
	w.load.add(n.load(true))
	if n.cfg.Aux.ZLoss > 0 && n.routing.rows > 0 {
		w.z += n.engine.zSum() / n.routing.rows
	}
	if !n.pooled() {
		for _, a := range n.engine.aux() {
			w.aux += a / float64(sequences)
		}
		return
	}
	for e, p := range n.engine.probSums() {
		w.aux += float64(len(n.routing.shares)) * n.routing.shares[e] * p / n.routing.rows
	}
}

// auxShare is the coefficient of one sequence's own loss.
func (n *network) auxShare(sequences int) float64 {
	if n.pooled() {
		return 0
	}
	return n.cfg.Aux.Coefficient / float64(sequences)
}

// Biases of experts keep their load even without a loss (DeepSeek-V3): after
// each step an expert's rises where it got less than its share and falls where
// it got more, and they are added to the router's probabilities when experts are
// chosen, and nowhere else. They are a state of the training and no part of the
// model: a plain Qwen3-MoE has no place for them. So they are frozen and fall in a
// line to 0 over the last steps, of which the very last trains the model as it
// will be used; and evaluations never see them.

// biasFactor is what the biases are multiplied by in a step counted from 0, of
// total.
func (a *Aux) biasFactor(step, total int64) float64 {
	fall := min(total, max(1, int64(a.BiasDecayRatio*float64(total)+0.5)))
	return min(1, float64(total-1-step)/float64(fall))
}

// biased returns the biases of a step.
func (st *State) biased(factor float64) [][]float64 {
	if factor == 0 {
		return nil
	}
	all := make([][]float64, len(st.RouterBias))
	for l, layer := range st.RouterBias {
		for _, b := range layer {
			all[l] = append(all[l], factor*b)
		}
	}
	return all
}

// moveBias moves the biases after a step with such loads.
func (st *State) moveBias(load expertLoad, rate float64) {
	if st.RouterBias == nil {
		for _, layer := range load {
			st.RouterBias = append(st.RouterBias, make([]float64, len(layer)))
		}
	}
	for l, layer := range load {
		var total int64
		for _, n := range layer {
			total += n
		}
		for e, n := range layer {
			switch even := n * int64(len(layer)); {
			case even < total:
				st.RouterBias[l][e] += rate
			case even > total:
				st.RouterBias[l][e] -= rate
			}
		}
	}
}
