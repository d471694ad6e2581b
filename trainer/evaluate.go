package trainer

import (
	"context"
	"errors"
	"math"

	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
	"github.com/swerm/swerm/trainer/objective"
)

// evalBlock is how many sequences of the dev split are given to an objective
// at once. Pairs are compared inside a block only; it is the largest that
// pairwise objectives take, and tasks stay together, so few pairs are cut.
const evalBlock = objective.MaxPairSequences

// Dev is one evaluation of the dev split. A number that does not exist (the
// AUC of one class, a loss that is not finite) is absent.
type Dev struct {
	Loss      *float64 `json:"loss,omitempty"`
	AUC       *float64 `json:"auc,omitempty"`
	ECE       *float64 `json:"ece,omitempty"` // of p(YES) against NO, in [metrics.DefaultBins] bins
	Sequences int      `json:"sequences"`

	// ExpertLoad counts, per layer and expert, the tokens that were sent there.
	// Objectives of a verdict compute the last layer at the last position of
	// each sequence alone, so that layer counts those.
	ExpertLoad [][]int64 `json:"expert_load,omitempty"`
}

// evaluate runs the dev split forward, with the weights that would be
// published. It returns ctx's error as soon as the context ends. Weights that
// give no finite logit give no number.
func (n *network) evaluate(ctx context.Context, dev []sample) (*Dev, error) {
	if n.cfg.EMA.published() {
		n.engine.swap()
		defer n.engine.swap()
	}
	run := n.evaluateVerdicts
	if n.cfg.Objective.Name == ObjectiveNextToken {
		run = n.evaluateText
	}
	load := newExpertLoad(n.config())
	d, err := run(ctx, dev, load)
	if err != nil {
		return nil, err
	}
	if err := load.pool(n.layout); err != nil {
		return nil, err
	}
	if d.Loss != nil && n.config().NumExperts > 0 { // a dense model has none
		d.ExpertLoad = load
	}
	return d, nil
}

func (n *network) evaluateVerdicts(ctx context.Context, dev []sample, load expertLoad) (*Dev, error) {
	logits := make([]objective.Logits, len(dev))
	err := n.eachMicro(ctx, dev, func(lo, hi int) error {
		part, err := n.forward(dev[lo:hi], false)
		if err != nil {
			return err
		}
		copy(logits[lo:hi], part)
		load.add(n.load(false))
		return nil
	})
	if err == nil {
		err = n.layout.pool(logits)
	}
	if err != nil {
		return nil, err
	}
	loss, err := n.devLoss(logits, n.rows(dev))
	if err != nil {
		return nil, err
	}
	margins, resolved := margins(logits, dev)
	return &Dev{Loss: present(loss), AUC: auc(margins, resolved), ECE: ece(margins, resolved), Sequences: len(dev)}, nil
}

// devLoss is NaN when nothing weighed.
func (n *network) devLoss(logits []objective.Logits, rows []objective.Row) (float64, error) {
	total, silent, scratch := 0.0, true, make([]objective.Logits, min(evalBlock, len(rows)))
	for _, t := range n.terms {
		var sum, weights float64
		for lo := 0; lo < len(rows); lo += evalBlock {
			hi := min(lo+evalBlock, len(rows))
			s, err := t.loss.Sum(logits[lo:hi], rows[lo:hi], 1, scratch[:hi-lo])
			if err != nil {
				return 0, err
			}
			sum += s
			weights += t.loss.WeightSum(rows[lo:hi])
		}
		if weights > 0 {
			total += t.coefficient * sum / weights
			silent = false
		}
	}
	if silent {
		return math.NaN(), nil
	}
	return total, nil
}

func (n *network) evaluateText(ctx context.Context, dev []sample, load expertLoad) (*Dev, error) {
	total := []float64{0, 0} // loss, predictions
	err := n.eachMicro(ctx, dev, func(lo, hi int) error {
		b, err := n.read(dev[lo:hi])
		if err != nil {
			return err
		}
		sums, err := n.nextToken(b, 0, 0)
		if errors.Is(err, moe.ErrNotFinite) {
			sums, err = []float64{math.NaN()}, nil
		}
		if err != nil {
			return err
		}
		for i, s := range sums {
			total[0] += s
			total[1] += float64(dev[lo+i].length - 1)
		}
		load.add(n.load(false))
		return nil
	})
	if err == nil {
		err = comm.AllReduce(n.layout.world, total)
	}
	if err != nil {
		return nil, err
	}
	return &Dev{Loss: present(total[0] / total[1]), Sequences: len(dev)}, nil
}

// margins are what sequences are ranked by, and whether each is resolved.
func margins(logits []objective.Logits, list []sample) (margins []float64, resolved []bool) {
	margins, resolved = make([]float64, len(list)), make([]bool, len(list))
	for i, l := range logits {
		margins[i], resolved[i] = l.Yes-l.No, list[i].target > 0.5
	}
	return margins, resolved
}

// auc ranks by the margin; it is absent where one is not finite or only one
// class is there.
func auc(margins []float64, resolved []bool) *float64 {
	ranked, err := metrics.NewRanked(margins, resolved)
	if err != nil {
		return nil
	}
	return metrics.Optional(ranked.AUC())
}

// ece compares probabilities with outcomes; it is absent where a margin is not
// finite or nothing is there.
func ece(margins []float64, resolved []bool) *float64 {
	p := make([]float64, len(margins))
	for i, m := range margins {
		if !finite(m) { // an infinite one would give a probability
			return nil
		}
		p[i] = metrics.Sigmoid(m)
	}
	forecast, err := metrics.NewForecast(p, resolved)
	if err != nil {
		return nil
	}
	v, ok, err := forecast.ECE(metrics.DefaultBins)
	return metrics.Optional(v, ok && err == nil)
}

func present(x float64) *float64 {
	if !finite(x) {
		return nil
	}
	return &x
}

// better reports whether an evaluation beats the best so far. One without the
// number that is compared beats nothing.
func (d *Dev) better(by string, best *float64) (value float64, ok bool) {
	v, lower := d.AUC, by != ByAUC
	switch by {
	case ByLoss:
		v = d.Loss
	case ByECE:
		v = d.ECE
	}
	switch {
	case v == nil:
		return 0, false
	case best == nil:
		return *v, true
	case lower:
		return *v, *v < *best
	}
	return *v, *v > *best
}
