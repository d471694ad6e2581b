package metrics

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

func benchRows(n int) ([]float64, []bool) {
	rng := rand.New(rand.NewPCG(1, 1))
	s, y := make([]float64, n), make([]bool, n)
	for i := range s {
		y[i] = rng.IntN(3) > 0
		s[i] = Sigmoid(rng.NormFloat64() + float64(bit(y[i])))
	}
	return s, y
}

func BenchmarkAUC(b *testing.B) {
	for _, n := range []int{16_384, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, y := benchRows(n)
			b.SetBytes(int64(9 * n))
			for b.Loop() {
				if _, err := AUC(s, y); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRanker(b *testing.B) {
	const tasks, attempts = 500, 26
	s, y := benchRows(tasks * attempts)
	c := Candidates{Score: s, Resolved: y, Group: make([]int32, len(s))}
	var ks []int
	for i := range c.Group {
		c.Group[i] = int32(i % tasks)
	}
	for k := range attempts {
		ks = append(ks, k+1)
	}
	b.SetBytes(int64(13 * len(s)))
	for b.Loop() {
		r, err := NewRanker(c, attempts)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Ranking(ks); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBootstrapAUC(b *testing.B) {
	s, y := benchRows(16_384)
	cluster := make([]int32, len(s))
	for i := range cluster {
		cluster[i] = int32(i / 16)
	}
	r, err := NewRanked(s, y)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(1000 * 9 * len(s)))
	for b.Loop() {
		if _, err := Bootstrap(context.Background(), len(s)/16, []Statistic{r.Resampled(cluster)}, BootstrapOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkECE(b *testing.B) {
	s, y := benchRows(16_384)
	f, err := NewForecast(s, y)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(9 * len(s)))
	for b.Loop() {
		if _, _, err := f.ECE(DefaultBins); err != nil {
			b.Fatal(err)
		}
	}
}
