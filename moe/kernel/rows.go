package kernel

// whole returns the part of a row of n that machine code walks; the rest is
// done in Go. It depends on n alone, so equal shapes give equal bits.
func (f Family) whole(n int) int {
	if f == Generic {
		return 0
	}
	return n &^ 15
}

// Dot returns Σ x·y.
func (f Family) Dot(x, y []float32) float32 {
	n := f.whole(len(x))
	y = y[:len(x)]
	var s float32
	if n > 0 {
		s = dotVec(f, &x[0], &y[0], n)
	}
	for i := n; i < len(x); i++ {
		s += x[i] * y[i]
	}
	return s
}

// SumSquares returns Σ x² in float64.
func (f Family) SumSquares(x []float32) float64 {
	n := f.whole(len(x))
	s := 0.0
	if n > 0 {
		s = sumSquaresVec(f, &x[0], n)
	}
	for _, v := range x[n:] {
		s += float64(v) * float64(v)
	}
	return s
}

// AddScaled adds a·x to y.
func (f Family) AddScaled(y []float32, a float32, x []float32) {
	n := f.whole(len(y))
	x = x[:len(y)]
	if n > 0 {
		axpyVec(f, a, &x[0], &y[0], n)
	}
	for i := n; i < len(y); i++ {
		y[i] += a * x[i]
	}
}

// Scale sets y to a·x; the two may be the same slice.
func (f Family) Scale(y []float32, a float32, x []float32) {
	n := f.whole(len(y))
	x = x[:len(y)]
	if n > 0 {
		scaleVec(f, a, &x[0], &y[0], n)
	}
	for i := n; i < len(y); i++ {
		y[i] = a * x[i]
	}
}

// Rotate turns the pairs (x[i], x[i+len/2]) by the angles whose cosines and
// sines are given, forward for s = 1 and back for s = −1: the rotate-half form
// of rotary embeddings.
func (f Family) Rotate(x, cos, sin []float32, s float32) {
	half := len(x) / 2
	x1, x2 := x[:half], x[half:2*half]
	cos, sin = cos[:half], sin[:half]
	n := f.whole(half)
	if n > 0 {
		rotateVec(f, &x1[0], &x2[0], &cos[0], &sin[0], n, s)
	}
	for i := n; i < half; i++ {
		a, b, c, d := x1[i], x2[i], cos[i], s*sin[i]
		x1[i], x2[i] = a*c-b*d, b*c+a*d
	}
}
