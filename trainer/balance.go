package trainer

import (
	"fmt"
	"math"
	"slices"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
)

// expertLoad counts, per layer and expert, the tokens that were sent there. No
// token is ever dropped, so a layer's counts add up to tokens times top_k. A
// dense layer has an empty list.
type expertLoad [][]int64

func newExpertLoad(c moe.Config) expertLoad {
	load := make(expertLoad, c.NumHiddenLayers)
	for l := range load {
		if c.Sparse(l) {
			load[l] = make([]int64, c.NumExperts)
		}
	}
	return load
}

func (e expertLoad) add(more [][]int64) {
	for l, layer := range more {
		for i, n := range layer {
			e[l][i] += n
		}
	}
}

// pool adds up the counts of all ranks, in one message.
func (e expertLoad) pool(l *layout) error {
	all := slices.Concat(e...)
	if err := comm.AllReduce(l.world, all); err != nil {
		return fmt.Errorf("expert load: %w", err)
	}
	for _, layer := range e {
		all = all[copy(layer, all):]
	}
	return nil
}

// Balance is how evenly a step's tokens fell on the experts of each layer that
// has some.
type Balance struct {
	// Entropy of the shares, relative to that of equal ones: 1 is balanced, 0
	// is all tokens at one expert.
	Entropy []float64 `json:"entropy"`
	// Peak is the load of the busiest expert over the mean. Under expert
	// parallelism a step waits for it.
	Peak []float64 `json:"peak"`
}

func (e expertLoad) balance() *Balance {
	b := &Balance{}
	for _, layer := range e {
		if len(layer) == 0 {
			continue
		}
		var total, most int64
		for _, n := range layer {
			total, most = total+n, max(most, n)
		}
		if total == 0 {
			return nil
		}
		entropy := 0.0
		for _, n := range layer {
			if share := float64(n) / float64(total); n > 0 {
				entropy -= share * math.Log(share)
			}
		}
		if len(layer) > 1 {
			entropy /= math.Log(float64(len(layer)))
		}
		b.Entropy = append(b.Entropy, entropy)
		b.Peak = append(b.Peak, float64(most)*float64(len(layer))/float64(total))
	}
	if len(b.Peak) == 0 {
		return nil
	}
	return b
}
