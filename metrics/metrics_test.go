package metrics

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sample draws rows with heavy ties.
func sample(rng *rand.Rand, n, levels int) ([]float64, []bool) {
	s, y := make([]float64, n), make([]bool, n)
	for i := range s {
		s[i] = float64(rng.IntN(levels)) / float64(levels)
		y[i] = rng.Float64() < 0.3+0.4*s[i]
	}
	return s, y
}

func TestAUCAgainstAllPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		s, y := sample(rng, rng.IntN(40), 1+rng.IntN(20))
		for i := range s {
			s[i] = (s[i] - 0.5) * math.Exp(20*rng.Float64()-10) // negative, large and small too
			if rng.IntN(3) == 0 && i > 0 {
				s[i] = s[i-1]
			}
		}
		var won, pairs float64
		for i := range s {
			for j := range s {
				if y[i] && !y[j] {
					pairs++
					if s[i] > s[j] {
						won++
					} else if s[i] == s[j] {
						won += 0.5
					}
				}
			}
		}
		got, err := AUC(s, y)
		if err != nil {
			t.Fatal(err)
		}
		var want *float64
		if pairs > 0 {
			want = Optional(won/pairs, true)
		}
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Fatalf("AUC of %v %v: got %v, want %v", s, y, got, want)
		}
	}
}

func TestSortIsStableAndTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	s := []float64{0, math.Copysign(0, -1), 5e-324, -5e-324, 1 - 0x1p-53, 1, math.MaxFloat64, -math.MaxFloat64}
	for range 1000 {
		s = append(s, math.Float64frombits(rng.Uint64()&^(1<<62)), float64(rng.IntN(9)))
	}
	want := make([]int, len(s))
	for i := range want {
		want[i] = i
	}
	slices.SortStableFunc(want, func(a, b int) int {
		switch {
		case s[a] < s[b]:
			return -1
		case s[a] > s[b]:
			return 1
		}
		return 0
	})
	for i, e := range ascending(s) {
		if int(e.row) != want[i] {
			t.Fatalf("place %d holds row %d, want %d", i, e.row, want[i])
		}
	}
}

// bestOf enumerates every K-subset, as the definition reads.
func bestOf(s []float64, y []bool, k int) (rm, pass float64) {
	var subsets float64
	for mask := 1; mask < 1<<len(s); mask++ {
		var pick []int
		for i := range s {
			if mask>>i&1 == 1 {
				pick = append(pick, i)
			}
		}
		if len(pick) != k {
			continue
		}
		subsets++
		best := math.Inf(-1)
		for _, i := range pick {
			best = max(best, s[i])
		}
		var top, hit, any float64
		for _, i := range pick {
			if s[i] == best {
				top++
				hit += float64(bit(y[i]))
			}
			any = max(any, float64(bit(y[i])))
		}
		rm += hit / top
		pass += any
	}
	return rm / subsets, pass / subsets
}

func TestRankerAgainstAllSubsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		var c Candidates
		groups := 1 + rng.IntN(5)
		for g := range groups {
			s, y := sample(rng, 1+rng.IntN(8), 1+rng.IntN(6))
			for i := range s {
				c.Group = append(c.Group, int32(g))
				c.Score = append(c.Score, s[i])
				c.Resolved = append(c.Resolved, y[i])
				c.Scored = append(c.Scored, rng.IntN(4) > 0)
			}
		}
		const maxK = 9
		r, err := NewRanker(c, maxK)
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k <= maxK; k++ {
			rk, err := r.Ranking([]int{k})
			if err != nil {
				t.Fatal(err)
			}
			for _, strict := range []bool{false, true} {
				var rm, pass, random float64
				n := 0
				for g := range groups {
					var s []float64
					var y []bool
					hits := 0.0
					for i, gi := range c.Group {
						if int(gi) != g || !strict && !c.Scored[i] {
							continue
						}
						v := c.Score[i]
						if !c.Scored[i] {
							v = -1
						}
						s, y = append(s, v), append(y, c.Resolved[i])
						hits += float64(bit(c.Resolved[i]))
					}
					if len(s) < k {
						continue
					}
					a, b := bestOf(s, y, k)
					rm, pass, random = rm+a, pass+b, random+hits/float64(len(s))
					n++
				}
				got := rk.Scored
				if strict {
					got = rk.Strict
				}
				at := got.At[0]
				if at.Groups != n || at.LeftOut != groups-n {
					t.Fatalf("K=%d strict=%v: %d groups and %d left out, want %d and %d", k, strict, at.Groups, at.LeftOut, n, groups-n)
				}
				f := float64(n)
				near(t, "RM", at.RM, Optional(rm/f, n > 0), 1e-12)
				near(t, "Pass", at.Pass, Optional(pass/f, n > 0), 1e-12)
				near(t, "Random", at.Random, Optional(random/f, n > 0), 1e-12)
				if at.RM != nil && *at.RM > *at.Pass+1e-12 {
					t.Fatalf("RM@%d %v above Pass %v", k, *at.RM, *at.Pass)
				}
			}
		}
	}
}

// A candidate without a score is chosen last: it can only lower the strict
// figure of a model that is right about the rest.
func TestUnscoredIsChosenLast(t *testing.T) {
	c := Candidates{Group: []int32{0, 0, 0}, Score: []float64{-5, math.NaN(), -9},
		Scored: []bool{true, false, true}, Resolved: []bool{true, true, false}}
	r, err := NewRanker(c, 3)
	if err != nil {
		t.Fatal(err)
	}
	rk, err := r.Ranking([]int{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if rk.Unscored != 1 || *rk.Coverage != 2.0/3 || rk.Scored.At[2].RM != nil || rk.Scored.At[2].LeftOut != 1 {
		t.Errorf("got %+v", rk)
	}
	// Subsets of two: {0,1} and {0,2} choose 0, {1,2} chooses 2.
	if got := *rk.Strict.At[1].RM; math.Abs(got-2.0/3) > 1e-15 {
		t.Errorf("strict RM@2 = %v, want 2/3", got)
	}
	if got := *rk.Scored.At[1].RM; got != 1 {
		t.Errorf("scored RM@2 = %v, want 1", got)
	}
}

func TestBinIndexIsFirstEdgeNotBelow(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, bins := range []int{1, 2, 3, 7, 10, 15, 100, 997} {
		check := func(p float64) {
			want := 0
			for p > float64(want+1)/float64(bins) {
				want++
			}
			if got := BinIndex(p, bins); got != want {
				t.Fatalf("BinIndex(%v, %d) = %d, want %d", p, bins, got, want)
			}
		}
		for i := range bins + 1 {
			edge := float64(i) / float64(bins)
			check(edge)
			check(max(0, math.Nextafter(edge, -1)))
			check(min(1, math.Nextafter(edge, 2)))
			check(rng.Float64())
		}
	}
}

func TestAbsenceIsNeverANumber(t *testing.T) {
	for name, y := range map[string][]bool{"none": {}, "all resolved": {true, true}, "all unresolved": {false, false}} {
		s := make([]float64, len(y))
		p, err := Pool(s, s, y)
		if err != nil {
			t.Fatal(err)
		}
		if p.AUC != nil || p.KendallTauB != nil || p.Spearman != nil || p.PointBiserial != nil {
			t.Errorf("%s: rank metrics are %+v, want none", name, p)
		}
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("%s: %v", name, err) // NaN does not marshal
		}
		if !strings.Contains(string(raw), `"roc_auc":null`) {
			t.Errorf("%s: JSON %s", name, raw)
		}
		if _, err := FitTemperature(s, y); !errors.Is(err, ErrOneClass) {
			t.Errorf("%s: temperature: %v", name, err)
		}
		if _, err := FitPlatt(s, y); !errors.Is(err, ErrOneClass) {
			t.Errorf("%s: platt: %v", name, err)
		}
	}
	if _, err := FitPlatt([]float64{1, 2, 3}, []bool{false, false, true}); !errors.Is(err, ErrSeparable) {
		t.Errorf("separable: %v", err)
	}
	if p, err := FitPlatt([]float64{2, 2, 2, 2}, []bool{true, false, true, true}); err != nil || math.Abs(p.Apply(2)-0.75) > 1e-12 {
		t.Errorf("constant margin: %+v, %v", p, err)
	}
	if f, err := FitTemperature([]float64{1, -1}, []bool{true, false}); err != nil || !f.AtBound {
		t.Errorf("separable temperature: %+v, %v", f, err)
	}
}

func TestBadScoresNameTheirRow(t *testing.T) {
	y := []bool{true, false, true}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		s := []float64{0.1, 0.2, bad}
		var v *ValueError
		if _, err := NewRanked(s, y); !errors.As(err, &v) || v.Row != 2 {
			t.Errorf("ranked %v: %v", bad, err)
		}
		if _, err := NewForecast(s, y); !errors.As(err, &v) || v.Row != 2 {
			t.Errorf("forecast %v: %v", bad, err)
		}
		if _, err := NewRanker(Candidates{Group: []int32{0, 0, 0}, Score: s, Resolved: y}, 2); !errors.As(err, &v) || v.Row != 2 {
			t.Errorf("ranker %v: %v", bad, err)
		}
	}
	if _, err := NewForecast([]float64{1.0000001}, y[:1]); err == nil {
		t.Error("1.0000001 passed as a probability")
	}
	if _, err := NewRanked([]float64{1}, y); err == nil {
		t.Error("columns of unequal length passed")
	}
	if _, err := NewRanker(Candidates{Group: []int32{0, 2, 2}, Score: []float64{1, 2, 3}, Resolved: y}, 2); err == nil {
		t.Error("an empty group passed")
	}
	if _, err := NewRanker(Candidates{Group: []int32{0, 0, 0}, Score: []float64{1, 2, 3}, Resolved: y, Cluster: []int32{0, 1, 0}}, 2); err == nil {
		t.Error("a group in two clusters passed")
	}
}

// A model that only knows which policy is strong has a good pooled AUC and
// none within policies.
func TestWithinSeesThroughPolicies(t *testing.T) {
	s := []float64{2, 2, 2, 2, 1, 1, 1, 1}
	y := []bool{true, true, true, false, true, false, false, false}
	pooled, err := AUC(s, y)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWithin(s, y, []int32{0, 0, 0, 0, 1, 1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := w.AUC(); !ok || v != 0.5 || *pooled <= 0.7 {
		t.Errorf("within %v, pooled %v", v, *pooled)
	}
}

func TestIsotonicIsLeastSquares(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 50 {
		s, y := sample(rng, 1+rng.IntN(30), 1+rng.IntN(12))
		c, err := FitIsotonic(s, y)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(c.Y) || !slices.IsSorted(c.X) {
			t.Fatalf("not rising: %+v", c)
		}
		loss := func(f func(float64) float64) (l float64) {
			for i := range s {
				d := f(s[i]) - float64(bit(y[i]))
				l += d * d
			}
			return l
		}
		best := loss(c.Apply)
		for range 50 { // no rising step function does better
			at, low, high := rng.Float64(), rng.Float64(), rng.Float64()
			if low > high {
				low, high = high, low
			}
			if got := loss(func(v float64) float64 {
				if v < at {
					return low
				}
				return high
			}); got < best-1e-12 {
				t.Fatalf("a step function has loss %v below %v", got, best)
			}
		}
	}
}
