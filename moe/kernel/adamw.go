package kernel

import "math"

// AdamWCoef holds the constants of one AdamW step. Its layout is read by
// machine code.
type AdamWCoef struct {
	Beta1, OneMinusBeta1 float32
	Beta2, OneMinusBeta2 float32
	Rate                 float32 // learning rate over (1 − β1^t)
	VCorrection          float32 // 1 over (1 − β2^t)
	Eps                  float32
	Keep                 float32 // 1 − rate·decay
	GradScale            float32
}

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
