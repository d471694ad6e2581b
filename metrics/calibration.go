package metrics

import (
	"fmt"
	"math"
	"slices"
)

// LogitClip keeps probabilities from 0 and 1 before their logit is taken, where
// a fit is made on probabilities because the margin itself was not kept.
const LogitClip = 1e-6

// Logit is ln(p/(1-p)) with p kept inside [LogitClip, 1-LogitClip].
func Logit(p float64) float64 {
	p = min(max(p, LogitClip), 1-LogitClip)
	return math.Log(p) - math.Log1p(-p)
}

// Sigmoid is 1/(1+e^-z), without overflow.
func Sigmoid(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

// softplus is ln(1+e^z).
func softplus(z float64) float64 {
	return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

// Temperature maps a margin to sigmoid(margin/T). It keeps the order of scores
// and the point 0.5.
type Temperature struct {
	T       float64 `json:"temperature"`
	NLL     float64 `json:"nll"`      // mean over the rows of the fit
	AtBound bool    `json:"at_bound"` // the best T lies outside [1/50, 1000]
}

// Apply returns the calibrated probability of a margin.
func (t Temperature) Apply(margin float64) float64 { return Sigmoid(margin / t.T) }

// The slopes 1/T between which FitTemperature looks.
const (
	leastSlope = 1e-3
	mostSlope  = 50
)

// FitTemperature finds the T that makes the outcomes likeliest (Guo et al.
// 2017). The loss is convex in 1/T: Newton steps, kept inside a bracket.
func FitTemperature(margin []float64, resolved []bool) (Temperature, error) {
	if err := checkFit(margin, resolved); err != nil {
		return Temperature{}, err
	}
	slope := func(b float64) (d1, d2 float64) {
		for i, z := range margin {
			p := Sigmoid(b * z)
			d1 += z * (p - float64(bit(resolved[i])))
			d2 += z * z * p * (1 - p)
		}
		return d1, d2
	}
	low, high := float64(leastSlope), float64(mostSlope)
	b, bound := 1.0, true
	if d, _ := slope(low); d >= 0 {
		b = low
	} else if d, _ := slope(high); d <= 0 {
		b = high
	} else {
		bound = false
		b = findRoot(slope, b, low, high)
	}
	return Temperature{T: 1 / b, NLL: meanNLL(margin, resolved, b, 0), AtBound: bound}, nil
}

// findRoot returns the zero of a rising function inside (low, high), taking
// Newton's step where it stays inside and halving otherwise.
func findRoot(f func(float64) (v, slope float64), x, low, high float64) float64 {
	for range 200 { // halving alone reaches neighbouring floats in 64
		v, slope := f(x)
		if v > 0 {
			high = x
		} else {
			low = x
		}
		next := x - v/slope
		if !(next > low && next < high) {
			next = low + (high-low)/2
		}
		if math.Abs(next-x) <= 1e-14*math.Abs(x) {
			return next
		}
		x = next
	}
	return x
}

func meanNLL(margin []float64, resolved []bool, a, b float64) float64 {
	var sum float64
	for i, m := range margin {
		z := a*m + b
		sum += softplus(z) - z*float64(bit(resolved[i]))
	}
	return sum / float64(len(margin))
}

func checkFit(margin []float64, resolved []bool) error {
	if err := checkLengths(len(margin), len(resolved)); err != nil {
		return err
	}
	if err := checkFinite(margin); err != nil {
		return err
	}
	if !slices.Contains(resolved, true) || !slices.Contains(resolved, false) {
		return ErrOneClass
	}
	return nil
}

// Platt maps a margin to sigmoid(A*margin + B).
type Platt struct {
	A   float64 `json:"a"`
	B   float64 `json:"b"`
	NLL float64 `json:"nll"`
}

// Apply returns the calibrated probability of a margin.
func (p Platt) Apply(margin float64) float64 { return Sigmoid(p.A*margin + p.B) }

// FitPlatt is logistic regression of the outcome on the margin: plain maximum
// likelihood, no penalty and no smoothed targets. Newton with step halving.
func FitPlatt(margin []float64, resolved []bool) (Platt, error) {
	if err := checkFit(margin, resolved); err != nil {
		return Platt{}, err
	}
	if separable(margin, resolved) {
		return Platt{}, ErrSeparable
	}
	var a, b float64
	loss := meanNLL(margin, resolved, a, b)
	for range 100 {
		da, db := newtonStep(margin, resolved, a, b)
		step := 1.0
		next := meanNLL(margin, resolved, a-da, b-db)
		for next > loss && step > 1e-12 {
			step /= 2
			next = meanNLL(margin, resolved, a-step*da, b-step*db)
		}
		if next > loss {
			break // no step goes down any more: this is the bottom in floats
		}
		a, b, loss = a-step*da, b-step*db, next
		if math.Abs(da) <= 1e-13*(1+math.Abs(a)) && math.Abs(db) <= 1e-13*(1+math.Abs(b)) {
			break
		}
	}
	return Platt{a, b, loss}, nil
}

// separable reports whether some threshold puts each class on its own side,
// touching at most. A constant margin is not: its best slope is 0.
func separable(margin []float64, resolved []bool) bool {
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for i, m := range margin {
		y := bit(resolved[i])
		low[y], high[y] = min(low[y], m), max(high[y], m)
	}
	if low[0] == high[1] && high[0] == low[1] {
		return false
	}
	return high[0] <= low[1] || high[1] <= low[0]
}

func newtonStep(margin []float64, resolved []bool, a, b float64) (da, db float64) {
	var ga, gb, haa, hab, hbb float64
	for i, m := range margin {
		p := Sigmoid(a*m + b)
		r, w := p-float64(bit(resolved[i])), p*(1-p)
		ga += r * m
		gb += r
		haa += w * m * m
		hab += w * m
		hbb += w
	}
	det := haa*hbb - hab*hab
	if det <= 1e-12*haa*hbb {
		return 0, gb / hbb // margins as good as constant: only B can move
	}
	return (hbb*ga - hab*gb) / det, (haa*gb - hab*ga) / det
}

// Isotonic maps a score to a probability by a rising step-and-ramp: linear
// between the points (X, Y), constant outside.
type Isotonic struct {
	X []float64 `json:"x"`
	Y []float64 `json:"y"`
}

// Apply returns the calibrated probability of a score.
func (c Isotonic) Apply(score float64) float64 {
	i, _ := slices.BinarySearch(c.X, score)
	switch {
	case i == 0:
		return c.Y[0]
	case i == len(c.X):
		return c.Y[len(c.Y)-1]
	}
	x0, x1, y0, y1 := c.X[i-1], c.X[i], c.Y[i-1], c.Y[i]
	return y0 + (score-x0)/(x1-x0)*(y1-y0)
}

// FitIsotonic is the rising function of the score nearest to the outcomes in
// squares (pool adjacent violators). Equal scores are pooled first, and of a
// level stretch only the two ends are kept.
func FitIsotonic(score []float64, resolved []bool) (Isotonic, error) {
	if err := checkLengths(len(score), len(resolved)); err != nil {
		return Isotonic{}, err
	}
	if err := checkFinite(score); err != nil {
		return Isotonic{}, err
	}
	if len(score) == 0 {
		return Isotonic{}, fmt.Errorf("metrics: isotonic fit of no rows")
	}
	type block struct {
		first, last float64 // scores it spans
		n, y        float64
	}
	var blocks []block
	order := ascending(score)
	for i, e := range order {
		s, y := score[e.row], float64(bit(resolved[e.row]))
		if i > 0 && e.key == order[i-1].key {
			top := &blocks[len(blocks)-1]
			top.n, top.y = top.n+1, top.y+y
		} else {
			blocks = append(blocks, block{s, s, 1, y})
		}
		if i+1 < len(order) && order[i+1].key == e.key {
			continue // the run of equal scores goes on: it is pooled as one
		}
		for k := len(blocks) - 1; k > 0 && blocks[k-1].y*blocks[k].n >= blocks[k].y*blocks[k-1].n; k-- {
			a, b := blocks[k-1], blocks[k]
			blocks[k-1] = block{a.first, b.last, a.n + b.n, a.y + b.y}
			blocks = blocks[:k]
		}
	}
	var c Isotonic
	for _, b := range blocks {
		c.X, c.Y = append(c.X, b.first), append(c.Y, b.y/b.n)
		if b.last != b.first {
			c.X, c.Y = append(c.X, b.last), append(c.Y, b.y/b.n)
		}
	}
	return c, nil
}
