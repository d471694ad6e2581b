package baseline

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrOneClass is returned when the training rows hold only one verdict.
var ErrOneClass = errors.New("training rows hold only one verdict")

const (
	ridge      = 1.0 // penalty 0.5·‖w‖² on standardised features, the intercept free
	maxNewton  = 100
	newtonStop = 1e-10
)

// logistic is a ridge logistic regression on standardised columns.
type logistic struct {
	mean, scale []float64
	weight      []float64 // last entry: intercept
}

// fitLogistic minimises Σ log-loss + 0.5·‖w‖² by Newton's method with a
// backtracking step. x is [rows][columns].
func fitLogistic(x [][]float64, y []float64) (*logistic, error) {
	if err := twoClasses(y); err != nil {
		return nil, err
	}
	d := len(x[0])
	m := &logistic{mean: make([]float64, d), scale: make([]float64, d), weight: make([]float64, d+1)}
	m.standardise(x)
	z := make([][]float64, len(x))
	for i, row := range x {
		z[i] = m.transform(row)
	}
	w := m.weight
	loss := penalised(z, y, w)
	for range maxNewton {
		grad, hess := derivatives(z, y, w)
		var chol mat.Cholesky
		if !chol.Factorize(hess) {
			return nil, errors.New("logistic regression: the Hessian is not positive definite")
		}
		var step mat.VecDense
		if err := chol.SolveVecTo(&step, grad); err != nil {
			return nil, fmt.Errorf("logistic regression: %w", err)
		}
		next, nextLoss := backtrack(z, y, w, step.RawVector().Data, loss)
		done := loss-nextLoss <= newtonStop*(1+math.Abs(loss))
		w, loss = next, nextLoss
		if done {
			m.weight = w
			return m, nil
		}
	}
	return nil, fmt.Errorf("logistic regression: no convergence in %d Newton steps", maxNewton)
}

func (m *logistic) score(row []float64) float64 { return sigmoid(dot(m.transform(row), m.weight)) }

func (m *logistic) standardise(x [][]float64) {
	n := float64(len(x))
	for j := range m.mean {
		var s, ss float64
		for _, row := range x {
			s += row[j]
		}
		m.mean[j] = s / n
		for _, row := range x {
			ss += (row[j] - m.mean[j]) * (row[j] - m.mean[j])
		}
		m.scale[j] = math.Sqrt(ss / n)
		if m.scale[j] == 0 {
			m.scale[j] = 1 // a constant column says nothing and stays zero
		}
	}
}

func (m *logistic) transform(row []float64) []float64 {
	out := make([]float64, len(row)+1)
	for j, v := range row {
		out[j] = (v - m.mean[j]) / m.scale[j]
	}
	out[len(row)] = 1
	return out
}

func derivatives(z [][]float64, y, w []float64) (*mat.VecDense, *mat.SymDense) {
	d := len(w)
	grad, hess := mat.NewVecDense(d, nil), mat.NewSymDense(d, nil)
	g, h := grad.RawVector().Data, hess.RawSymmetric().Data
	for i, row := range z {
		p := sigmoid(dot(row, w))
		v := p * (1 - p)
		for a, xa := range row {
			g[a] += (p - y[i]) * xa
			for b := a; b < d; b++ {
				h[a*d+b] += v * xa * row[b]
			}
		}
	}
	for a := range d - 1 {
		g[a] += ridge * w[a]
		h[a*d+a] += ridge
	}
	h[d*d-1] += 1e-12 // keeps a saturated intercept solvable
	return grad, hess
}

// backtrack halves the Newton step until the loss does not rise.
func backtrack(z [][]float64, y, w, step []float64, loss float64) ([]float64, float64) {
	next := make([]float64, len(w))
	for t := 1.0; t > 1e-8; t /= 2 {
		for j := range w {
			next[j] = w[j] - t*step[j]
		}
		if l := penalised(z, y, next); l <= loss {
			return next, l
		}
	}
	return w, loss
}

func penalised(z [][]float64, y, w []float64) float64 {
	var loss float64
	for i, row := range z {
		loss += logLoss(dot(row, w), y[i])
	}
	for _, v := range w[:len(w)-1] {
		loss += 0.5 * ridge * v * v
	}
	return loss
}

// logLoss is -log p(y) for the logit t, without overflow.
func logLoss(t, y float64) float64 {
	return math.Max(t, 0) - y*t + math.Log1p(math.Exp(-math.Abs(t)))
}

func sigmoid(t float64) float64 {
	if t >= 0 {
		return 1 / (1 + math.Exp(-t))
	}
	e := math.Exp(t)
	return e / (1 + e)
}

func dot(a, b []float64) float64 {
	var s float64
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func twoClasses(y []float64) error {
	var pos int
	for _, v := range y {
		if v > 0.5 {
			pos++
		}
	}
	if pos == 0 || pos == len(y) {
		return fmt.Errorf("%w: %d of %d rows are resolved", ErrOneClass, pos, len(y))
	}
	return nil
}
