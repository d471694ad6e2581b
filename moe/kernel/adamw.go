package kernel

import "math"

// AdamWCoefOf holds the constants of one AdamW step. Its layout in float32 is
// read by machine code.
type AdamWCoefOf[T float32 | float64] struct {
	Beta1, OneMinusBeta1 T
	Beta2, OneMinusBeta2 T
	Rate                 T // learning rate over (1 − β1^t)
	VCorrection          T // 1 over (1 − β2^t)
	Eps                  T
	Keep                 T // 1 − rate·decay
	GradScale            T
}

// AdamWCoef is what the families take.
type AdamWCoef = AdamWCoefOf[float32]

// AdamW updates p, m and v in place from the gradient g:
// m ← β1·m + (1−β1)·g', v ← β2·v + (1−β2)·g'², p ← p·Keep − Rate·m/(√(v·VCorrection) + Eps),
// where g' = g·GradScale.
func (f Family) AdamW(p, g, m, v []float32, c *AdamWCoef) {
	n := f.whole(len(p))
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	if n > 0 {
		adamwVec(f, &p[0], &g[0], &m[0], &v[0], n, c)
	}
	for i := n; i < len(p); i++ {
		gi := g[i] * c.GradScale
		m[i] = c.Beta1*m[i] + c.OneMinusBeta1*gi
		v[i] = c.Beta2*v[i] + c.OneMinusBeta2*(gi*gi)
		p[i] = p[i]*c.Keep - c.Rate*m[i]/(float32(math.Sqrt(float64(v[i]*c.VCorrection)))+c.Eps)
	}
}
