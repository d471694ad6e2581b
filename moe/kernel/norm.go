package kernel

import "math"

// smallNorm is the r below which powers of r leave float32 in the backward: that
// of rows whose numbers are 2³² and more.
const smallNorm = 1.0 / (1 << 32)

// RMSNorm sets y = x·r·w with r = 1/√(mean x² + eps) and returns r. Any finite
// row has its norm, also one whose squares float32 does not hold; a row with a
// number that is not finite gives NaN.
func (f Family) RMSNorm(y, x, w []float32, eps float64) float32 {
	s := float64(f.Dot(x, x))
	if s > math.MaxFloat32 { // an infinity here would make r zero, and the row too
		s = f.SumSquares(x)
	}
	r := float32(1 / math.Sqrt(s/float64(len(x))+eps))
	f.NormApply(y, x, w, r)
	return r
}

// NormApply sets y = x·r·w: an RMSNorm whose r is already known.
func (f Family) NormApply(y, x, w []float32, r float32) {
	n := f.whole(len(x))
	y, w = y[:len(x)], w[:len(x)]
	if n > 0 {
		normApplyVec(f, &x[0], &w[0], &y[0], n, r)
	}
	for i := n; i < len(x); i++ {
		y[i] = x[i] * r * w[i]
	}
}

// RMSNormBackward adds to dx the gradient of an RMSNorm with respect to x and
// to dw that with respect to w, given dy and the r that the forward returned.
func (f Family) RMSNormBackward(dx, dw, dy, x, w []float32, r float32) {
	n := f.whole(len(x))
	dx, dw, dy, w = dx[:len(x)], dw[:len(x)], dy[:len(x)], w[:len(x)]
	if r < smallNorm {
		largeNormBackward(dx, dw, dy, x, w, float64(r))
		return
	}
	var s float32
	if n > 0 {
		s = normDotVec(f, &dy[0], &w[0], &x[0], n)
	}
	for i := n; i < len(x); i++ {
		s += dy[i] * w[i] * x[i]
	}
	c := s * r * r * r / float32(len(x))
	if n > 0 {
		normBackwardVec(f, &dy[0], &w[0], &x[0], &dx[0], &dw[0], n, r, c)
	}
	for i := n; i < len(x); i++ {
		d := dy[i] * r
		dw[i] += d * x[i]
		dx[i] += d*w[i] - x[i]*c
	}
}

// largeNormBackward is RMSNormBackward of a row of very large numbers: in
// float64, which holds r³ and the sum of what x and dy give.
func largeNormBackward(dx, dw, dy, x, w []float32, r float64) {
	s := 0.0
	for i, v := range x {
		s += float64(dy[i]) * float64(w[i]) * (float64(v) * r)
	}
	s /= float64(len(x))
	for i, v := range x {
		n, d := float64(v)*r, float64(dy[i])
		dw[i] += float32(d * n)
		dx[i] += float32((d*float64(w[i]) - n*s) * r)
	}
}
