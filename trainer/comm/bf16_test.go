package comm

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Sums in bfloat16 on the wire are near the exact ones, and the same bits on
// every rank.
func TestSumsInBF16(t *testing.T) {
	for size := 1; size <= 4; size++ {
		for _, n := range []int{0, 1, 3, 1000, size*bf16Step + 17} {
			if n > 1000 && size != 3 {
				continue
			}
			all, scattered := make([][]float32, size), make([][]float32, size)
			exact, magnitude := make([]float64, n), make([]float64, n)
			for r := range size {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(r)))
				x := make([]float32, n)
				for i := range x {
					x[i] = float32(rng.NormFloat64())
					exact[i] += float64(x[i])
					magnitude[i] += math.Abs(float64(x[i]))
				}
				all[r], scattered[r] = x, slices.Clone(x)
			}
			errs := together(Local(size, Limits{}), func(c Comm) error {
				return errors.Join(AllReduceBF16(c, all[c.Rank()]), ReduceScatterBF16(c, scattered[c.Rank()]))
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			for r := range size {
				if !slices.Equal(all[r], all[0]) {
					t.Fatalf("%d ranks: rank %d has other bits", size, r)
				}
				lo, hi := Part(n, size, r)
				for i := lo; i < hi; i++ {
					if err := within(float64(scattered[r][i]), exact[i], magnitude[i], 1.0/256); err != nil {
						t.Fatalf("%d ranks: scattered %d: %v", size, i, err)
					}
				}
			}
			for i := range exact {
				if err := within(float64(all[0][i]), exact[i], magnitude[i], 1.0/128); err != nil {
					t.Fatalf("%d ranks: sum %d: %v", size, i, err)
				}
			}
		}
	}
}

func within(got, want, magnitude, bound float64) error {
	if far := math.Abs(got - want); !(far <= bound*magnitude) {
		return fmt.Errorf("%v, want %v within %v", got, want, bound*magnitude)
	}
	return nil
}
