package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// BootstrapOptions say how to resample. The zero value draws 1,000 resamples
// with seed 0 on all cores.
type BootstrapOptions struct {
	Resamples int
	Seed      uint64
	Workers   int // never changes a number
}

// DefaultResamples gives percentile ends that move by about 3 % of the
// interval's width from seed to seed.
const DefaultResamples = 1000

// maxResamples bounds memory: 8 bytes per resample and statistic.
const maxResamples = 1_000_000

// Draws is what each statistic came to on each resample. All statistics saw
// the same resamples, so differences of two are paired.
type Draws struct {
	whole  []*float64  // on the data as it is
	values [][]float64 // [statistic][resample], NaN where undefined; never shown
}

// Bootstrap draws as many clusters as there are, with replacement, again and
// again, and computes every statistic on each resample. Cluster is the unit:
// use tasks, since attempts at one task are not independent. Resample i depends
// on the seed and i alone, so workers do not matter.
func Bootstrap(ctx context.Context, clusters int, stats []Statistic, o BootstrapOptions) (*Draws, error) {
	if o.Resamples == 0 {
		o.Resamples = DefaultResamples
	}
	if o.Resamples < 1 || o.Resamples > maxResamples {
		return nil, fmt.Errorf("metrics: %d resamples, want 1 to %d", o.Resamples, maxResamples)
	}
	if clusters < 1 || clusters > maxRows {
		return nil, errors.New("metrics: bootstrap needs at least one cluster")
	}
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	d := &Draws{values: make([][]float64, len(stats))}
	times := make([]int32, clusters)
	for c := range times {
		times[c] = 1
	}
	for s, stat := range stats {
		d.values[s] = make([]float64, o.Resamples)
		d.whole = append(d.whole, Optional(stat(times)))
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(o.Workers, o.Resamples) {
		wg.Go(func() {
			times := make([]int32, clusters)
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= o.Resamples {
					return
				}
				draw(times, o.Seed, uint64(i))
				for s, stat := range stats {
					v, ok := stat(times)
					if !ok {
						v = math.NaN()
					}
					d.values[s][i] = v
				}
			}
		})
	}
	wg.Wait()
	return d, ctx.Err()
}

// draw fills times with one resample. The generator is SplitMix64, whose whole
// state is a counter, so a resample needs nothing but its number.
func draw(times []int32, seed, resample uint64) {
	clear(times)
	state := mix64(seed^0x9e3779b97f4a7c15) + mix64(resample+0x632be59bd9b4e019)
	n := uint64(len(times))
	unfair := -n % n // Lemire: a remainder below this would favour small numbers
	for range times {
		for {
			state += 0x9e3779b97f4a7c15
			hi, lo := bits.Mul64(mix64(state), n)
			if lo >= unfair {
				times[hi]++
				break
			}
		}
	}
}

func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// An Interval is a percentile interval of one statistic. Low and High are nil
// when no resample defined it.
type Interval struct {
	Value     *float64 `json:"value"` // on the data as it is
	Low       *float64 `json:"low"`
	High      *float64 `json:"high"`
	Level     float64  `json:"level"`
	Resamples int      `json:"resamples"`
	Undefined int      `json:"undefined"` // resamples that did not define it, left out
}

// Interval returns the percentile interval of a statistic at a level such as
// 0.95.
func (d *Draws) Interval(stat int, level float64) (Interval, error) {
	return interval(d.whole[stat], d.values[stat], level)
}

// A Difference is one statistic minus another on the same resamples.
type Difference struct {
	Interval
	// Above is the share of resamples where the difference is positive, ties
	// half: near 1 or 0 it is not luck of the draw of tasks.
	Above *float64 `json:"above"`
}

// Difference returns a minus b, resample by resample. It is much tighter than
// two intervals side by side when both systems saw the same tasks.
func (d *Draws) Difference(a, b int, level float64) (Difference, error) {
	values := make([]float64, len(d.values[a]))
	var above float64
	defined := 0
	for i := range values {
		values[i] = d.values[a][i] - d.values[b][i]
		switch v := values[i]; {
		case isNaN(v):
			continue
		case v > 0:
			above++
		case v == 0:
			above += 0.5
		}
		defined++
	}
	var whole *float64
	if d.whole[a] != nil && d.whole[b] != nil {
		whole = Optional(*d.whole[a]-*d.whole[b], true)
	}
	iv, err := interval(whole, values, level)
	return Difference{iv, Optional(above/float64(defined), defined > 0)}, err
}

func interval(whole *float64, values []float64, level float64) (Interval, error) {
	if !(level > 0 && level < 1) {
		return Interval{}, fmt.Errorf("metrics: level %v, want between 0 and 1", level)
	}
	s := sortedValues(values)
	iv := Interval{Value: whole, Level: level, Resamples: len(values), Undefined: len(values) - len(s)}
	if len(s) > 0 {
		iv.Low = Optional(quantile(s, (1-level)/2), true)
		iv.High = Optional(quantile(s, (1+level)/2), true)
	}
	return iv, nil
}
