package moe

import (
	"time"

	"github.com/swerm/swerm/moe/kernel"
)

// MeasureRate returns how many floating-point operations of products this
// machine does in a second on so many threads, in a precision and in the shapes that
// layers have; products that round count as one, however many parts they multiply.
// It takes a tenth of a second. Only float32 has precisions.
func MeasureRate[Num Float](threads int, p Precision) (float64, error) {
	const m, n, k = stripe, 512, 256
	whole, err := kernelsOf[Num]()
	if err != nil {
		return 0, err
	}
	kern := rounded(whole, p)
	counts := make([]int, threads)
	start := time.Now()
	parallel(threads, threads, func(_, i int) {
		a, b, c := kernel.Make[Num](m*k), kernel.Make[Num](kern.PanelLen(k, n)), kernel.Make[Num](m*n)
		for counts[i] == 0 || time.Since(start) < 100*time.Millisecond {
			kern.Mul(m, n, k, a, k, b, c, n, false)
			counts[i]++
		}
	})
	seconds, products := time.Since(start).Seconds(), 0
	for _, c := range counts {
		products += c
	}
	return 2 * m * n * k * float64(products) / seconds, nil
}

// AttentionShare is what attention in layers of such heads reaches of the rate that
// [MeasureRate] gives in a precision ([kernel.Family.AttentionShare]).
func AttentionShare(p Precision, headDim int) float64 {
	return kernel.FromEnvOrFastest().AttentionShare(p.parts(), headDim)
}
