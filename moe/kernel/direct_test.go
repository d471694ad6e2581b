package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestDirect: a product without panels has the bits of one with them, and reads
// and writes nothing beside its operands.
func TestDirect(t *testing.T) {
	r := newRand()
	for _, f := range families()[1:] {
		mul := DirectOf[float32](f)
		for _, s := range append(oddShapes, [][3]int{{96, 100, 70}, {17, 768, 1030}, {95, 49, 513}, {16, 48, 512}, {1, 47, 1}}...) {
			m, n, k := s[0], s[1], s[2]
			if k == 0 {
				continue
			}
			lda, ldw, ldc := k+3, k+5, n+2
			a, w := guarded(numbers[float32](r, m*lda, 1), lda, k), guarded(numbers[float32](r, n*ldw, 1), ldw, k)
			c := guarded(make([]float32, m*ldc), ldc, n)
			want, panels := slices.Clone(c), make([]float32, f.PanelLen(k, n))
			f.PackT(panels, w, ldw, k, n)
			f.Mul(m, n, k, a, lda, panels, want, ldc, false)
			scratch := make([]float32, DirectScratch)
			for i := range scratch {
				scratch[i] = float32(math.NaN())
			}
			mul(m, n, k, a[:(m-1)*lda+k], lda, w[:(n-1)*ldw+k], ldw, c[:(m-1)*ldc+n], ldc, scratch)
			for i, v := range c {
				if math.Float32bits(v) != math.Float32bits(want[i]) {
					t.Fatalf("%s %s: number %d is %v, with panels %v", f, fmt.Sprint(s), i, v, want[i])
				}
			}
		}
	}
}

// TestDirectOf: what rounds operands has no product that would not.
func TestDirectOf(t *testing.T) {
	for _, f := range families() {
		for _, p := range []Parts{OnePart, TwoParts} {
			if DirectOf[float32](f.Rounded(p)) != nil {
				t.Errorf("%s rounded has a product that rounds nothing", f)
			}
		}
	}
	if DirectOf[float64](Reference{}) != nil {
		t.Error("the reference has a product without panels")
	}
}

// guarded fills what lies behind the columns of rows with NaN.
func guarded(x []float32, ld, cols int) []float32 {
	for i := range x {
		if i%ld >= cols {
			x[i] = float32(math.NaN())
		}
	}
	return x
}
