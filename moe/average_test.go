package moe

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The average of every tensor follows its definition in float64, for any number
// of threads, and exchanging it twice changes nothing.
func TestAverage(t *testing.T) {
	t.Run("float32", func(t *testing.T) { average[float32](t, 1e-6) })
	t.Run("float64", func(t *testing.T) { average[float64](t, 1e-14) })
}

func average[Num Float](t *testing.T, bound float64) {
	const decay = 0.9
	c := tinyConfig()
	c.VocabSize = 7000 // more than one chunk of numbers
	var first [][]Num
	for _, threads := range []int{1, 3} {
		m, err := NewShard[Num](c, 7, Shard{})
		if err != nil {
			t.Fatal(err)
		}
		a := m.NewAverage()
		want := map[string][]float64{}
		for _, p := range m.Params() {
			want[p.Name] = addNumbers(nil, p.Data)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 4 {
			for _, p := range m.Params() {
				for i := range p.Data {
					p.Data[i] += Num(r.NormFloat64())
					want[p.Name][i] = decay*want[p.Name][i] + (1-decay)*float64(p.Data[i])
				}
			}
			m.Average(a, decay, threads)
		}
		var all [][]Num
		for _, p := range m.Params() {
			all = append(all, slices.Clone(a.Of(p)))
			for i, v := range a.Of(p) {
				if math.Abs(float64(v)-want[p.Name][i]) > bound*(1+math.Abs(want[p.Name][i])) {
					t.Fatalf("%s[%d] is %v, want %v", p.Name, i, v, want[p.Name][i])
				}
			}
		}
		if first == nil {
			first = all
		}
		before := slices.Clone(m.flat)
		m.Swap(a, threads)
		for i, p := range m.Params() {
			if !slices.Equal(all[i], first[i]) || !slices.Equal(p.Data, all[i]) {
				t.Errorf("%s: another average with %d threads, or not exchanged", p.Name, threads)
			}
		}
		m.Swap(a, threads)
		if !slices.Equal(m.flat, before) {
			t.Error("exchanged twice, the weights are others")
		}
	}
}

// An average of weights that stand still stays where they are.
func TestAverageOfConstant(t *testing.T) {
	m, err := New(tinyConfig(), 7)
	if err != nil {
		t.Fatal(err)
	}
	a := m.NewAverage()
	for range 1000 {
		m.Average(a, 0.9999, 0)
	}
	if !slices.Equal(a.w, m.flat) {
		t.Error("it drifted")
	}
}
