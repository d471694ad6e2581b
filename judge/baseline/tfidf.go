package baseline

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// tfidf is a bag of words under TF-IDF weights and a ridge logistic
// regression, the classical text baseline.
type tfidf struct {
	idf       []float32
	weight    []float64
	intercept float64
}

// fitTFIDF weighs every term by log((1+n)/(1+df)) + 1, scales each row to
// length 1 and minimises Σ log-loss + 0.5·‖w‖² by L-BFGS.
func fitTFIDF(rows []Features, y []float64) (*tfidf, error) {
	if err := twoClasses(y); err != nil {
		return nil, err
	}
	m := &tfidf{idf: inverseFrequency(rows)}
	x := make([][]Term, len(rows))
	for i := range rows {
		x[i] = m.vector(rows[i].Terms)
	}
	const width = 1<<HashBits + 1 // last entry: intercept
	problem := optimize.Problem{
		Func: func(w []float64) float64 { return sparseLoss(x, y, w) },
		Grad: func(grad, w []float64) { sparseGrad(x, y, w, grad) },
	}
	settings := &optimize.Settings{
		GradientThreshold: 1e-4,
		MajorIterations:   200,
		Converger:         &optimize.FunctionConverge{Relative: 1e-7, Iterations: 3},
	}
	result, err := optimize.Minimize(problem, make([]float64, width), settings, &optimize.LBFGS{Store: 10})
	if err != nil {
		return nil, fmt.Errorf("tf-idf: %w", err)
	}
	m.weight, m.intercept = result.X[:width-1], result.X[width-1]
	return m, nil
}

func (m *tfidf) score(f *Features) float64 {
	t := m.intercept
	for _, term := range m.vector(f.Terms) {
		t += float64(term.Weight) * m.weight[term.Index]
	}
	return sigmoid(t)
}

func inverseFrequency(rows []Features) []float32 {
	df := make([]int32, 1<<HashBits)
	for i := range rows {
		for _, term := range rows[i].Terms {
			df[term.Index]++
		}
	}
	idf := make([]float32, len(df))
	for i, n := range df {
		idf[i] = float32(math.Log(float64(1+len(rows))/float64(1+n)) + 1)
	}
	return idf
}

func (m *tfidf) vector(terms []Term) []Term {
	out := make([]Term, len(terms))
	var norm float64
	for i, t := range terms {
		w := t.Weight * m.idf[t.Index]
		out[i] = Term{t.Index, w}
		norm += float64(w) * float64(w)
	}
	if norm > 0 {
		inv := float32(1 / math.Sqrt(norm))
		for i := range out {
			out[i].Weight *= inv
		}
	}
	return out
}

func sparseLoss(x [][]Term, y, w []float64) float64 {
	last := len(w) - 1
	var loss float64
	for i, row := range x {
		loss += logLoss(w[last]+sparseDot(row, w), y[i])
	}
	for _, v := range w[:last] {
		loss += 0.5 * ridge * v * v
	}
	return loss
}

func sparseGrad(x [][]Term, y, w, grad []float64) {
	last := len(w) - 1
	copy(grad, w)
	grad[last] = 0
	for i, row := range x {
		g := sigmoid(w[last]+sparseDot(row, w)) - y[i]
		for _, t := range row {
			grad[t.Index] += g * float64(t.Weight)
		}
		grad[last] += g
	}
}

func sparseDot(row []Term, w []float64) float64 {
	var s float64
	for _, t := range row {
		s += float64(t.Weight) * w[t.Index]
	}
	return s
}
