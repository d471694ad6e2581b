package kernel

// Operations is all that the network asks of a machine: what a device would
// implement to run it. [Family] is the fast implementation, in float32, and
// [Reference] the naive one in float64; both pass the tests of this package,
// which are written against this interface. What each operation computes is said
// at [Family].
//
// Slices are memory of the caller, who says where results go and lends scratch.
// The network runs units of rows and of experts side by side, so operations keep
// no state; those that cut their work themselves are given an [Each].
type Operations[T float32 | float64] interface {
	Products[T]
	Rows[T]
	Attender[T]
}

// Products multiply matrices, the right one packed as panels. Align and
// PanelWidth say what rows and columns are best cut at.
type Products[T float32 | float64] interface {
	Align() int
	PanelWidth() int
	PanelLen(k, n int) int
	Pack(dst, b []T, ldb, k, n int)
	PackT(dst, w []T, ldw, k, n int)
	PackGather(dst, b []T, ldb int, rows []int32, n int)
	Mul(m, n, k int, a []T, lda int, panels, c []T, ldc int, acc bool)
	MulT(m, n, k int, a []T, lda int, panels, c []T, ldc int, acc bool, scratch []T)
	MulPart(m, n, from, to int, a []T, lda int, panels []T, depth int, c []T, ldc int, acc bool)
}

// Rows work on rows of numbers, of which some are fused: a norm, SwiGLU, a row
// of a softmax, AdamW.
type Rows[T float32 | float64] interface {
	Dot(x, y []T) T
	SumSquares(x []T) float64
	AddScaled(y []T, a T, x []T)
	Scale(y []T, a T, x []T)
	Rotate(x, cos, sin []T, s T)
	Max(x []T) T
	ExpSum(y, x []T, scale, shift T) T
	SoftmaxBackward(s, dp []T, scale, shift, delta T)
	SwiGLU(h, g, u []T, w T)
	SwiGLUBackward(g, u, dh []T, w T) T
	RMSNorm(y, x, w []T, eps float64) T
	NormApply(y, x, w []T, r T)
	RMSNormBackward(dx, dw, dy, x, w []T, r T)
	AdamW(p, g, m, v []T, c *AdamWCoefOf[T])
}
