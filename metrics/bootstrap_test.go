package metrics

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// every builds all statistics of one sample.
func every(t testing.TB, s []float64, y []bool, cluster []int32) []Statistic {
	r, err := NewRanked(s, y)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewForecast(s, y)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWithin(s, y, make([]int32, len(s)))
	if err != nil {
		t.Fatal(err)
	}
	rk, err := NewRanker(Candidates{Group: cluster, Score: s, Resolved: y}, 4)
	if err != nil {
		t.Fatal(err)
	}
	stats := []Statistic{r.Resampled(cluster), w.Resampled(cluster), r.ResampledAveragePrecision(cluster),
		f.ResampledBrier(cluster), f.ResampledLogLoss(cluster, DefaultClip), rk.ResampledPairAccuracy(Strict)}
	add := func(s Statistic, err error) {
		if err != nil {
			t.Fatal(err)
		}
		stats = append(stats, s)
	}
	add(f.ResampledECE(cluster, 15))
	add(rk.ResampledRM(ScoredOnly, 2))
	add(rk.ResampledPass(ScoredOnly, 2))
	add(rk.ResampledRandom(ScoredOnly, 2))
	add(rk.ResampledGapClosed(Strict, 2))
	return stats
}

// written computes the same figures on rows written out as often as drawn.
func written(t *testing.T, s []float64, y []bool, cluster, times []int32) []*float64 {
	var s2 []float64
	var y2 []bool
	var group []int32
	var g int32
	for c, n := range times {
		for range n {
			for i := range s {
				if cluster[i] == int32(c) {
					s2, y2, group = append(s2, s[i]), append(y2, y[i]), append(group, g)
				}
			}
			g++
		}
	}
	p, err := Pool(s2, s2, y2)
	if err != nil {
		t.Fatal(err)
	}
	rk, err := NewRanker(Candidates{Group: group, Score: s2, Resolved: y2}, 4)
	if err != nil {
		t.Fatal(err)
	}
	k, err := rk.Ranking([]int{2})
	if err != nil {
		t.Fatal(err)
	}
	at := k.Strict.At[0]
	return []*float64{p.AUC, p.AUC, p.AveragePrecision, p.Brier, p.LogLoss, k.Strict.PairAccuracyMicro, p.ECE15, at.RM, at.Pass, at.Random, at.GapClosed}
}

func TestResampleIsRowsWrittenOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for trial := range 40 {
		clusters := 1 + rng.IntN(8)
		var cluster []int32
		for c := range clusters {
			for range 1 + rng.IntN(5) {
				cluster = append(cluster, int32(c))
			}
		}
		s, y := sample(rng, len(cluster), 1+rng.IntN(10))
		times := make([]int32, clusters)
		draw(times, 5, uint64(trial))
		want := written(t, s, y, cluster, times)
		for i, stat := range every(t, s, y, cluster) {
			near(t, "statistic", Optional(stat(times)), want[i], 1e-12)
		}
	}
}

func TestBootstrapDoesNotDependOnWorkers(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	s, y := sample(rng, 200, 50)
	cluster := make([]int32, len(s))
	for i := range cluster {
		cluster[i] = int32(i / 5)
	}
	var first []Interval
	for _, workers := range []int{1, 2, 7} {
		d, err := Bootstrap(context.Background(), 40, every(t, s, y, cluster), BootstrapOptions{Resamples: 200, Seed: 3, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		var got []Interval
		for i := range d.values {
			iv, err := d.Interval(i, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, iv)
		}
		if first == nil {
			first = got
		} else if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("%d workers differ (-1 +%d):\n%s", workers, workers, diff)
		}
	}
}

// The interval of a mean of independent clusters has the width theory gives.
func TestIntervalWidth(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	const n = 2000
	p, y, cluster := make([]float64, n), make([]bool, n), make([]int32, n)
	for i := range p {
		y[i], cluster[i] = rng.IntN(2) == 0, int32(i) // Brier of p = 0 is the share resolved
	}
	f, err := NewForecast(p, y)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Bootstrap(context.Background(), n, []Statistic{f.ResampledBrier(cluster)}, BootstrapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	iv, err := d.Interval(0, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	want := 2 * 1.96 * math.Sqrt(0.25/n)
	if got := *iv.High - *iv.Low; math.Abs(got/want-1) > 0.1 {
		t.Errorf("width %v, want about %v", got, want)
	}
}

func TestDrawIsFair(t *testing.T) {
	times, sum := make([]int32, 7), make([]float64, 7)
	const draws = 20000
	for i := range draws {
		draw(times, 1, uint64(i))
		var n int32
		for c, v := range times {
			sum[c] += float64(v)
			n += v
		}
		if n != 7 {
			t.Fatalf("resample %d holds %d clusters", i, n)
		}
	}
	for c, v := range sum { // standard deviation of the mean is 0.0065
		if math.Abs(v/draws-1) > 0.03 {
			t.Errorf("cluster %d is drawn %v times a resample", c, v/draws)
		}
	}
}

func TestPairedDifference(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	const tasks = 100
	var y []bool
	var a, b []float64
	var cluster []int32
	for c := range tasks {
		hard := rng.NormFloat64() // shared by both systems
		for range 4 {
			ok := rng.IntN(2) == 0
			shared := hard + 2*float64(bit(ok)) + rng.NormFloat64()
			a = append(a, shared+0.3*rng.NormFloat64())
			b = append(b, shared+0.8*rng.NormFloat64())
			y, cluster = append(y, ok), append(cluster, int32(c))
		}
	}
	ra, err := NewRanked(a, y)
	if err != nil {
		t.Fatal(err)
	}
	rb, err := NewRanked(b, y)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Bootstrap(context.Background(), tasks, []Statistic{ra.Resampled(cluster), rb.Resampled(cluster)}, BootstrapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	diff, err := d.Difference(0, 1, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	one, err := d.Interval(0, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if *diff.Low <= 0 || *diff.Above < 0.99 {
		t.Errorf("the better system does not show: %v to %v, above %v", *diff.Low, *diff.High, *diff.Above)
	}
	if *diff.High-*diff.Low > *one.High-*one.Low {
		t.Errorf("pairing widened the interval: %v against %v", *diff.High-*diff.Low, *one.High-*one.Low)
	}
	if same, _ := d.Difference(0, 0, 0.95); *same.Low != 0 || *same.High != 0 || *same.Above != 0.5 {
		t.Errorf("a system against itself: %v to %v, above %v", *same.Low, *same.High, *same.Above)
	}
}

func TestUndefinedResamplesAreCounted(t *testing.T) {
	r, err := NewRanked([]float64{1, 2}, []bool{false, true})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Bootstrap(context.Background(), 2, []Statistic{r.Resampled([]int32{0, 1})}, BootstrapOptions{Resamples: 400})
	if err != nil {
		t.Fatal(err)
	}
	iv, err := d.Interval(0, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	if iv.Undefined < 150 || iv.Undefined > 250 || *iv.Low != 1 || *iv.High != 1 {
		t.Errorf("got %+v", iv) // half of the resamples hold one class
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Bootstrap(ctx, 2, nil, BootstrapOptions{}); err == nil {
		t.Error("a cancelled bootstrap returned no error")
	}
}
