package moe

import (
	"time"

	"github.com/swerm/swerm/moe/kernel"
)

// MeasureRate returns how many floating-point operations of products this
// machine does in a second on so many threads, in the shapes that layers have.
// It takes a tenth of a second.
func MeasureRate(threads int) (float64, error) {
	const m, n, k = stripe, 512, 256
	f, err := kernel.FromEnv()
	if err != nil {
		return 0, err
	}
	counts := make([]int, threads)
	start := time.Now()
	parallel(threads, threads, func(_, i int) {
		a, b, c := kernel.Floats(m*k), kernel.Floats(f.PanelLen(k, n)), kernel.Floats(m*n)
		for counts[i] == 0 || time.Since(start) < 100*time.Millisecond {
			f.Mul(m, n, k, a, k, b, c, n, false)
			counts[i]++
		}
	})
	seconds, products := time.Since(start).Seconds(), 0
	for _, c := range counts {
		products += c
	}
	return 2 * m * n * k * float64(products) / seconds, nil
}
