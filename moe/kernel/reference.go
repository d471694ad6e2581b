package kernel

import "math"

// Reference is every operation of this package in float64 and in its plainest
// form. It is slow. Each element of a result is a sum in order, so results
// depend on what is summed and on nothing else.
//
// A panel of the reference is one column of the right operand.
type Reference struct{}

// Align is 1: any number of rows is as good as another.
func (Reference) Align() int { return 1 }

// PanelWidth is 1.
func (Reference) PanelWidth() int { return 1 }

// PanelLen returns the floats that panels of depth k for n columns take.
func (Reference) PanelLen(k, n int) int { return k * n }

// Pack packs the k×n matrix B: B[kk][j] = b[kk·ldb + j].
func (Reference) Pack(dst, b []float64, ldb, k, n int) {
	for kk := range k {
		for j := range n {
			dst[j*k+kk] = b[kk*ldb+j]
		}
	}
}

// PackT packs the transpose of the n×k matrix W: B[kk][j] = w[j·ldw + kk].
func (Reference) PackT(dst, w []float64, ldw, k, n int) {
	for j := range n {
		copy(dst[j*k:(j+1)*k], w[j*ldw:])
	}
}

// PackGather packs rows of a matrix by index: B[kk][j] = b[rows[kk]·ldb + j].
func (Reference) PackGather(dst, b []float64, ldb int, rows []int32, n int) {
	for kk, r := range rows {
		for j := range n {
			dst[j*len(rows)+kk] = b[int(r)*ldb+j]
		}
	}
}

// Mul computes C = A·B, or C += A·B with acc, as [Family.Mul] does.
func (f Reference) Mul(m, n, k int, a []float64, lda int, panels, c []float64, ldc int, acc bool) {
	f.MulPart(m, n, 0, k, a, lda, panels, k, c, ldc, acc)
}

// MulPart is Mul over depth from..to of panels packed for a greater depth.
func (f Reference) MulPart(m, n, from, to int, a []float64, lda int, panels []float64, depth int, c []float64, ldc int, acc bool) {
	for i := range m {
		for j := range n {
			sum := f.Dot(a[i*lda:i*lda+to-from], panels[j*depth+from:])
			if acc {
				sum += c[i*ldc+j]
			}
			c[i*ldc+j] = sum
		}
	}
}

// MulT computes C (+)= Aᵀ·B, where A is k×m; it needs no scratch.
func (Reference) MulT(m, n, k int, a []float64, lda int, panels, c []float64, ldc int, acc bool, _ []float64) {
	for i := range m {
		for j := range n {
			sum := 0.0
			for kk := range k {
				sum += a[kk*lda+i] * panels[j*k+kk]
			}
			if acc {
				sum += c[i*ldc+j]
			}
			c[i*ldc+j] = sum
		}
	}
}

// Dot returns Σ x·y.
func (Reference) Dot(x, y []float64) float64 {
	y, s := y[:len(x)], 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// SumSquares returns Σ x².
func (f Reference) SumSquares(x []float64) float64 { return f.Dot(x, x) }

// AddScaled adds a·x to y.
func (Reference) AddScaled(y []float64, a float64, x []float64) {
	x = x[:len(y)]
	for i := range y {
		y[i] += a * x[i]
	}
}

// Scale sets y to a·x.
func (Reference) Scale(y []float64, a float64, x []float64) {
	x = x[:len(y)]
	for i := range y {
		y[i] = a * x[i]
	}
}

// Rotate turns the pairs (x[i], x[i+len/2]) as [Family.Rotate] does.
func (Reference) Rotate(x, cos, sin []float64, s float64) {
	half := len(x) / 2
	for i := range half {
		a, b := x[i], x[i+half]
		x[i], x[i+half] = a*cos[i]-b*s*sin[i], b*cos[i]+a*s*sin[i]
	}
}

// Max returns the largest entry of a row that is not empty.
func (Reference) Max(x []float64) float64 {
	m := x[0]
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

// ExpSum sets y = exp(x·scale − shift) and returns Σ y.
func (Reference) ExpSum(y, x []float64, scale, shift float64) float64 {
	s := 0.0
	for i, v := range x {
		y[i] = math.Exp(v*scale - shift)
		s += y[i]
	}
	return s
}

// SoftmaxBackward turns scores and their gradients as [Family.SoftmaxBackward]
// does.
func (Reference) SoftmaxBackward(s, dp []float64, scale, shift, delta float64) {
	for i := range s {
		s[i] = math.Exp(s[i]*scale - shift)
		dp[i] = s[i] * scale * (dp[i] - delta)
	}
}

// SwiGLU sets h = w·silu(g)·u.
func (Reference) SwiGLU(h, g, u []float64, w float64) {
	for i := range h {
		h[i] = w * g[i] * logistic(g[i]) * u[i]
	}
}

// SwiGLUBackward works in place as [Family.SwiGLUBackward] does.
func (Reference) SwiGLUBackward(g, u, dh []float64, w float64) float64 {
	dw := 0.0
	for i := range dh {
		s := logistic(g[i])
		silu, d := g[i]*s, dh[i]*w
		dw += dh[i] * silu * u[i]
		dh[i] = w * silu * u[i]
		g[i], u[i] = d*u[i]*(s+silu-s*silu), d*silu
	}
	return dw
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// RMSNorm sets y = x·r·w with r = 1/√(mean x² + eps) and returns r: NaN for a
// row whose squares float64 does not hold.
func (f Reference) RMSNorm(y, x, w []float64, eps float64) float64 {
	r := 1 / math.Sqrt(f.Dot(x, x)/float64(len(x))+eps)
	if r == 0 {
		r = math.NaN()
	}
	f.NormApply(y, x, w, r)
	return r
}

// NormApply sets y = x·r·w.
func (Reference) NormApply(y, x, w []float64, r float64) {
	for i, v := range x {
		y[i] = v * r * w[i]
	}
}

// RMSNormBackward adds the gradients of an RMSNorm to dx and dw.
func (Reference) RMSNormBackward(dx, dw, dy, x, w []float64, r float64) {
	s := 0.0
	for i := range x {
		s += dy[i] * w[i] * x[i]
	}
	c := s * r * r * r / float64(len(x))
	for i := range x {
		dw[i] += dy[i] * r * x[i]
		dx[i] += dy[i]*r*w[i] - x[i]*c
	}
}

// AdamW updates p, m and v in place as [Family.AdamW] does.
func (Reference) AdamW(p, g, m, v []float64, c *AdamWCoefOf[float64]) {
	for i := range p {
		gi := g[i] * c.GradScale
		m[i] = c.Beta1*m[i] + c.OneMinusBeta1*gi
		v[i] = c.Beta2*v[i] + c.OneMinusBeta2*gi*gi
		p[i] = p[i]*c.Keep - c.Rate*m[i]/(math.Sqrt(v[i]*c.VCorrection)+c.Eps)
	}
}
