package metrics

import "fmt"

// A Statistic is a metric of a resample: times[c] says how often cluster c was
// drawn. ok is false where the resample leaves it undefined. It is called from
// several goroutines at once and must not keep or write times.
type Statistic func(times []int32) (v float64, ok bool)

// Resampled is [Ranked.AUC] over a resample; cluster[i] is the cluster of row i
// as given to NewRanked.
func (r *Ranked) Resampled(cluster []int32) Statistic {
	return func(times []int32) (float64, bool) {
		won, pairs := r.wins(cluster, times)
		return share(won, pairs)
	}
}

// ResampledAveragePrecision is [Ranked.AveragePrecision] over a resample.
func (r *Ranked) ResampledAveragePrecision(cluster []int32) Statistic {
	return func(times []int32) (float64, bool) { return r.averagePrecision(cluster, times) }
}

// ResampledBrier is [Forecast.Brier] over a resample.
func (f *Forecast) ResampledBrier(cluster []int32) Statistic {
	return f.resampledMean(cluster, brierOf)
}

// ResampledLogLoss is [Forecast.LogLoss] over a resample.
func (f *Forecast) ResampledLogLoss(cluster []int32, clip float64) Statistic {
	return f.resampledMean(cluster, logLossOf(clip))
}

func (f *Forecast) resampledMean(cluster []int32, of func(float64, bool) float64) Statistic {
	r := newRatio(cluster)
	for i, p := range f.p {
		r.add(cluster[i], of(p, f.y[i]), 1)
	}
	return r.statistic
}

// ResampledECE is [Forecast.ECE] over a resample.
func (f *Forecast) ResampledECE(cluster []int32, bins int) (Statistic, error) {
	if err := checkBins(bins); err != nil {
		return nil, err
	}
	// Rows of one cluster in one bin enter together.
	type cell struct {
		cluster, bin int32
		sum          binSum
	}
	at := map[[2]int32]int{}
	var cells []cell
	for i, p := range f.p {
		key := [2]int32{cluster[i], int32(BinIndex(p, bins))}
		j, ok := at[key]
		if !ok {
			j = len(cells)
			at[key] = j
			cells = append(cells, cell{cluster: key[0], bin: key[1]})
		}
		cells[j].sum.add(p, f.y[i], 1)
	}
	return func(times []int32) (float64, bool) {
		sums := make([]binSum, bins)
		for i := range cells {
			c := &cells[i]
			if w := float64(times[c.cluster]); w != 0 {
				s := &sums[c.bin]
				s.n += w * c.sum.n
				s.p += w * c.sum.p
				s.y += w * c.sum.y
			}
		}
		return meanGap(sums)
	}, nil
}

// Reading says which reading of the candidates a figure is of.
type Reading int

// The two readings of candidates without a score.
const (
	ScoredOnly Reading = iota // they are not there
	Strict                    // they are chosen last
)

func (r *Ranker) choice(of Reading) *choice {
	if of == Strict {
		return &r.strict
	}
	return &r.scored
}

// ResampledRM is RM@K over a resample.
func (r *Ranker) ResampledRM(of Reading, k int) (Statistic, error) {
	c := r.choice(of)
	return c.mean(k, func(g int) float64 { return c.rm[g*c.maxK+k-1] })
}

// ResampledPass is Pass@K over a resample.
func (r *Ranker) ResampledPass(of Reading, k int) (Statistic, error) {
	c := r.choice(of)
	return c.mean(k, func(g int) float64 { return c.pass[g*c.maxK+k-1] })
}

// ResampledRandom is the blind choice over a resample, over groups of at least
// K candidates.
func (r *Ranker) ResampledRandom(of Reading, k int) (Statistic, error) {
	c := r.choice(of)
	return c.mean(k, func(g int) float64 { return float64(c.resolved[g]) / float64(c.n[g]) })
}

// ResampledGapClosed is (RM@K - random)/(Pass@K - random) over a resample.
func (r *Ranker) ResampledGapClosed(of Reading, k int) (Statistic, error) {
	rm, err := r.ResampledRM(of, k)
	if err != nil {
		return nil, err
	}
	pass, _ := r.ResampledPass(of, k)
	random, _ := r.ResampledRandom(of, k)
	return func(times []int32) (float64, bool) {
		a, ok := rm(times)
		if !ok {
			return 0, false
		}
		b, _ := pass(times)
		c, _ := random(times)
		return gap(a, b, c)
	}, nil
}

// ResampledPairAccuracy is micro pair accuracy over a resample.
func (r *Ranker) ResampledPairAccuracy(of Reading) Statistic {
	c := r.choice(of)
	sums := newRatio(c.cluster)
	for g, cl := range c.cluster {
		sums.add(cl, c.won[g], c.pairs[g])
	}
	return sums.statistic
}

func (c *choice) mean(k int, of func(g int) float64) (Statistic, error) {
	if k < 1 || k > c.maxK {
		return nil, fmt.Errorf("metrics: K = %d, want 1 to %d", k, c.maxK)
	}
	r := newRatio(c.cluster)
	for g, n := range c.n {
		if int(n) >= k {
			r.add(c.cluster[g], of(g), 1)
		}
	}
	return r.statistic, nil
}

// ratio is a metric that is one sum over another, kept per cluster, so that a
// resample costs one pass over clusters and not over rows.
type ratio struct{ part, whole []float64 }

func newRatio(cluster []int32) *ratio {
	var n int32
	for _, c := range cluster {
		n = max(n, c+1)
	}
	return &ratio{make([]float64, n), make([]float64, n)}
}

func (r *ratio) add(cluster int32, part, whole float64) {
	r.part[cluster] += part
	r.whole[cluster] += whole
}

func (r *ratio) statistic(times []int32) (float64, bool) {
	var part, whole float64
	for c, w := range r.whole {
		t := float64(times[c])
		part += t * r.part[c]
		whole += t * w
	}
	if whole == 0 {
		return 0, false
	}
	return part / whole, true
}
