package kernel

import (
	"fmt"
	"math"
	"testing"
)

var oddShapes = [][3]int{
	{1, 1, 1}, {1, 32, 16}, {2, 33, 7}, {3, 8, 2}, {5, 64, 48}, {7, 31, 15}, {11, 16, 64}, {12, 32, 32}, {13, 96, 300},
	{16, 17, 3}, {23, 65, 40}, {24, 32, 17}, {25, 48, 33}, {37, 70, 33}, {37, 130, 33}, {40, 33, 513}, {14, 40, 1030}, {4, 600, 520}, {3, 5, 0},
}

func TestMul(t *testing.T) { eachImplementation(t, testMul[float64], testMul[float32]) }

func testMul[T float32 | float64](t *testing.T, f Operations[T]) {
	for _, shape := range oddShapes {
		for _, transA := range []bool{false, true} {
			for _, acc := range []bool{false, true} {
				checkMul(t, f, shape[0], shape[1], shape[2], transA, acc)
			}
		}
	}
}

// checkMul multiplies operands that sit in wider arrays whose padding is NaN,
// so that reading or writing past an edge shows.
func checkMul[T float32 | float64](t *testing.T, f Operations[T], m, n, k int, transA, acc bool) {
	t.Helper()
	r := newRand()
	rows, cols := m, k
	if transA {
		rows, cols = k, m
	}
	lda, ldc := cols+3, n+5
	a, b, c := numbers[T](r, rows*lda, 1), numbers[T](r, k*n, 1), numbers[T](r, m*ldc, 1)
	for i := range rows {
		for j := cols; j < lda; j++ {
			a[i*lda+j] = T(math.NaN())
		}
	}
	guard := append([]T(nil), c...)
	want, scale := mulReference(m, n, k, a, lda, transA, b, c, ldc, acc)
	// The same B, packed from rows and from columns.
	bt := make([]T, n*k)
	for i := range k {
		for j := range n {
			bt[j*k+i] = b[i*n+j]
		}
	}
	for _, how := range []string{"Pack", "PackT"} {
		scratch := 0 // one of the two repacks the left operand
		if how == "PackT" {
			scratch = ScratchLen
		}
		panels := make([]T, f.PanelLen(k, n))
		for i := range panels {
			panels[i] = T(math.NaN())
		}
		if k > 0 && how == "Pack" {
			f.Pack(panels, b, n, k, n)
		} else if k > 0 {
			f.PackT(panels, bt, k, k, n)
		}
		got := append([]T(nil), c...)
		if transA {
			f.MulT(m, n, k, a, lda, panels, got, ldc, acc, make([]T, scratch))
		} else {
			f.Mul(m, n, k, a, lda, panels, got, ldc, acc)
		}
		for i := range m {
			for j := range ldc {
				what := fmt.Sprintf("%s %dx%dx%d transA=%v acc=%v row %d", how, m, n, k, transA, acc, i)
				if j < n {
					near(t, what, j, got[i*ldc+j], want[i*n+j], scale[i*n+j])
				} else if got[i*ldc+j] != guard[i*ldc+j] {
					t.Fatalf("%s: column %d past the edge was written", what, j)
				}
			}
		}
	}
}

// TestMulSplit holds the promise that an element does not depend on how rows,
// columns or depth-part calls are split.
func TestMulSplit(t *testing.T) { eachImplementation(t, testMulSplit[float64], testMulSplit[float32]) }

func testMulSplit[T float32 | float64](t *testing.T, f Operations[T]) {
	const m, n, k = 53, 150, 700
	r := newRand()
	a, b := numbers[T](r, m*k, 1), numbers[T](r, k*n, 1)
	panels := make([]T, f.PanelLen(k, n))
	f.Pack(panels, b, n, k, n)
	whole := make([]T, m*n)
	f.Mul(m, n, k, a, k, panels, whole, n, false)
	w := f.PanelWidth()
	for _, rows := range []int{1, 2, 5, 12, 17} {
		got := make([]T, m*n)
		for i := 0; i < m; i += rows {
			for j := 0; j < n; j += w {
				f.Mul(min(rows, m-i), min(w, n-j), k, a[i*k:], k, panels[f.PanelLen(k, j):], got[i*n+j:], n, false)
			}
		}
		for i := range got {
			if got[i] != whole[i] {
				t.Fatalf("rows by %d: element %d is %v, whole %v", rows, i, got[i], whole[i])
			}
		}
	}
	if f == any(Reference{}) {
		return // adds up over all of the depth
	}
	parts := make([]T, m*n)
	f.MulPart(m, n, 0, depthBlock, a, k, panels, k, parts, n, false)
	f.MulPart(m, n, depthBlock, k, a[depthBlock:], k, panels, k, parts, n, true)
	for i := range parts {
		if parts[i] != whole[i] {
			t.Fatalf("depth in parts: element %d is %v, whole %v", i, parts[i], whole[i])
		}
	}
}

func TestMulRefusesShortSlices(t *testing.T) {
	eachImplementation(t, testMulRefusesShortSlices[float64], testMulRefusesShortSlices[float32])
}

func testMulRefusesShortSlices[T float32 | float64](t *testing.T, f Operations[T]) {
	for name, short := range map[string]func(a, b, c []T) (x, y, z []T){
		"a": func(a, b, c []T) (x, y, z []T) { return a[:len(a)-1], b, c },
		"b": func(a, b, c []T) (x, y, z []T) { return a, b[:len(b)-1], c },
		"c": func(a, b, c []T) (x, y, z []T) { return a, b, c[:len(c)-1] },
	} {
		a, b, c := short(make([]T, 6*8), make([]T, f.PanelLen(8, 40)), make([]T, 6*40))
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a short %s was accepted", name)
				}
			}()
			f.Mul(6, 40, 8, a[:len(a):len(a)], 8, b[:len(b):len(b)], c[:len(c):len(c)], 40, false)
		}()
	}
}
