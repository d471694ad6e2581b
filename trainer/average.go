package trainer

import (
	"fmt"
	"path/filepath"

	"github.com/swerm/swerm/moe"
)

// EMA is an exponential moving average of the weights over steps.
type EMA struct {
	Decay   float64 `json:"decay" yaml:"decay"`     // 0: none; 0.999 is the mean of about the last 1000 steps
	Publish bool    `json:"publish" yaml:"publish"` // evaluate and publish the average, not the last weights
}

// published reports whether the average is what is evaluated and published.
func (e EMA) published() bool { return e.Decay > 0 && e.Publish }

// decay is that of one update, counted from 1. The first ones decay faster, as
// TensorFlow's averages do with a count of updates: an average that still holds
// much of the weights at the start would say nothing in a short run.
func (e EMA) decay(update int64) float64 {
	n := float64(update)
	return min(e.Decay, (1+n)/(10+n))
}

// Files of a checkpoint, in its state directory, that hold what its model files
// do not: the average, or the weights to go on from where the average is what is
// published.
const (
	averagePrefix = "average"
	weightsPrefix = "weights"
)

// average moves the average after an update.
func (e *engineOf[Num]) average(decay float64) { e.model.Average(e.mean, decay, e.threads) }

// swap exchanges the weights and their average.
func (e *engineOf[Num]) swap() { e.model.Swap(e.mean, e.threads) }

// withAverage replaces the weights of a checkpoint's part by the average where
// that is what is published, and returns the part of the other one.
func (e *engineOf[Num]) withAverage(weights part) (published, other part) {
	mean := part{dtype: weights.dtype}
	for _, p := range e.changed() {
		if e.model.Owns(p) {
			data := p.Data
			if !p.Frozen {
				data = e.mean.Of(p)
			}
			mean.items = append(mean.items, p.Item(p.Name, data))
		}
	}
	if !e.ema.Publish {
		mean.path = filepath.Join(stateDir, shardFile(averagePrefix, e.shard()))
		return weights, mean
	}
	mean.path, weights.path = weights.path, filepath.Join(stateDir, shardFile(weightsPrefix, e.shard()))
	return mean, weights
}

// changed are the tensors that checkpoints hold: the model's, or the adapters
// over it.
func (e *engineOf[Num]) changed() []*moe.ParamOf[Num] {
	if e.adapts {
		return e.model.Adapters()
	}
	return e.model.Params()
}

// loadAverage reads what withAverage wrote, after the weights were loaded from
// the same checkpoint.
func (e *engineOf[Num]) loadAverage(dir string) error {
	if e.mean == nil {
		return nil
	}
	prefix, into := averagePrefix, e.mean.Of
	if e.ema.Publish { // what was loaded is the average
		e.mean = e.model.NewAverage()
		prefix, into = weightsPrefix, func(p *moe.ParamOf[Num]) []Num { return p.Data }
	}
	set, err := openState(dir, prefix)
	if err != nil {
		return fmt.Errorf("average: %w", err)
	}
	defer set.Close()
	for _, p := range e.model.Trained() {
		if err := readNumbers(set, p.Name, into(p)); err != nil {
			return fmt.Errorf("average: %w", err)
		}
	}
	return nil
}
