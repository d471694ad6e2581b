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

// eachImplementation runs a test that is written against the interface on all
// that implement it: on the reference in float64, on the families in float32.
func eachImplementation(t *testing.T, reference func(t *testing.T, f Operations[float64]), family func(t *testing.T, f Operations[float32])) {
	t.Run("reference", func(t *testing.T) { reference(t, Reference{}) })
	eachFamily(t, func(t *testing.T, f Family) { family(t, f) })
}

func normals(r *rand.Rand, n int, sd float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * sd)
	}
	return x
}

// numbers are normals in either precision, the same in both.
func numbers[T float32 | float64](r *rand.Rand, n int, sd float64) []T {
	x := make([]T, n)
	for i, v := range normals(r, n, sd) {
		x[i] = T(v)
	}
	return x
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// near compares with a naive float64 value; scale is the size of what was
// summed, so that cancellation is not held against the sum.
func near[T float32 | float64](t *testing.T, what string, i int, got T, want, scale float64) {
	t.Helper()
	if math.IsNaN(float64(got)) || math.Abs(float64(got)-want) > rounding[T]()*(scale+1e-30) {
		t.Fatalf("%s[%d] = %v, want %v", what, i, got, want)
	}
}

// rounding is what a result may be off by, of the size of what was summed.
func rounding[T float32 | float64]() float64 {
	if T(1)+1e-9 == 1 {
		return 3e-6
	}
	return 1e-13
}

// oddLengths cover rows shorter than a vector, whole vectors and remainders.
var oddLengths = []int{1, 2, 3, 7, 15, 16, 17, 31, 32, 48, 63, 64, 65, 80, 128, 200, 257, 1024}

// mulReference is C (+)= op(A)·B in float64.
func mulReference[T float32 | float64](m, n, k int, a []T, lda int, transA bool, b []T, c []T, ldc int, acc bool) (want, scale []float64) {
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
