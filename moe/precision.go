package moe

import (
	"github.com/swerm/swerm/moe/kernel"
)

// Float is the type that a network computes in: float32 on the fast kernels,
// float64 on the plain ones of [kernel.Reference], which are slow and exist so
// that two ways to train one model can be compared without rounding in the way.
type Float interface{ float32 | float64 }

// The network in float32, which is what all but comparisons use.
type (
	Model    = ModelOf[float32]
	Pass     = PassOf[float32]
	Param    = ParamOf[float32]
	OptState = OptStateOf[float32]
	Logits   = LogitsOf[float32]
)

// kernels are the inner loops that the network is made of. [kernel.Family] and
// [kernel.Reference] implement them and say what each computes.
type kernels[Num Float] interface {
	Align() int
	PanelWidth() int
	PanelLen(k, n int) int
	Pack(dst, b []Num, ldb, k, n int)
	PackT(dst, w []Num, ldw, k, n int)
	PackGather(dst, b []Num, ldb int, rows []int32, n int)
	Mul(m, n, k int, a []Num, lda int, panels, c []Num, ldc int, acc bool)
	MulT(m, n, k int, a []Num, lda int, panels, c []Num, ldc int, acc bool, scratch []Num)
	MulPart(m, n, from, to int, a []Num, lda int, panels []Num, depth int, c []Num, ldc int, acc bool)

	Dot(x, y []Num) Num
	SumSquares(x []Num) float64
	AddScaled(y []Num, a Num, x []Num)
	Scale(y []Num, a Num, x []Num)
	Rotate(x, cos, sin []Num, s Num)
	Max(x []Num) Num
	ExpSum(y, x []Num, scale, shift Num) Num
	SoftmaxBackward(s, dp []Num, scale, shift, delta Num)
	SwiGLU(h, g, u []Num, w Num)
	SwiGLUBackward(g, u, dh []Num, w Num) Num
	RMSNorm(y, x, w []Num, eps float64) Num
	NormApply(y, x, w []Num, r Num)
	RMSNormBackward(dx, dw, dy, x, w []Num, r Num)
	AdamW(p, g, m, v []Num, c *kernel.AdamWCoefOf[Num])
}

// kernelsOf picks the kernels of a type.
func kernelsOf[Num Float]() (kernels[Num], error) {
	if k, ok := any(kernel.Reference{}).(kernels[Num]); ok {
		return k, nil
	}
	f, err := kernel.FromEnv()
	if err != nil {
		return nil, err
	}
	return any(f).(kernels[Num]), nil
}
