package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// families lists what this machine can run, Generic first.
func families() []Family {
	var all []Family
	for f := Generic; f <= Detect(); f++ {
		all = append(all, f)
	}
	return all
}

func eachFamily(t *testing.T, do func(t *testing.T, f Family)) {
	for _, f := range families() {
		t.Run(f.String(), func(t *testing.T) { do(t, f) })
	}
}

func normals(r *rand.Rand, n int, sd float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * sd)
	}
	return x
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// near compares with a naive float64 value; scale is the size of what was
// summed, so that cancellation is not held against the sum.
func near(t *testing.T, what string, i int, got float32, want, scale float64) {
	t.Helper()
	if math.IsNaN(float64(got)) || math.Abs(float64(got)-want) > 3e-6*(scale+1e-30) {
		t.Fatalf("%s[%d] = %v, want %v", what, i, got, want)
	}
}

// oddLengths cover rows shorter than a vector, whole vectors and remainders.
var oddLengths = []int{1, 2, 3, 7, 15, 16, 17, 31, 32, 48, 63, 64, 65, 80, 128, 200, 257, 1024}

// mulReference is C (+)= op(A)·B in float64.
func mulReference(m, n, k int, a []float32, lda int, transA bool, b []float32, c []float32, ldc int, acc bool) (want, scale []float64) {
	want, scale = make([]float64, m*n), make([]float64, m*n)
	for i := range m {
		for j := range n {
			if acc {
				want[i*n+j] = float64(c[i*ldc+j])
				scale[i*n+j] = math.Abs(want[i*n+j])
			}
			for kk := range k {
				at := i*lda + kk
				if transA {
					at = kk*lda + i
				}
				p := float64(a[at]) * float64(b[kk*n+j])
				want[i*n+j] += p
				scale[i*n+j] += math.Abs(p)
			}
		}
	}
	return want, scale
}
