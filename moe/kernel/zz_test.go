package kernel

import (
	"fmt"
	"testing"
	"time"
)

func best(f func()) float64 {
	b := 1e18
	t0 := time.Now()
	for time.Since(t0) < 400*time.Millisecond {
		t := time.Now()
		f()
		b = min(b, float64(time.Since(t).Nanoseconds()))
	}
	return b
}

func TestZZ(t *testing.T) {
	f := AVX512
	sc := Floats(ScratchLen)
	// peak-ish: tiny depth loop in L1
	{
		a, p, c := Floats(12*256), Floats(32*256), Floats(12*32)
		s := strip{a: &a[0], lda: 1024, b: &p[0], ldb: 128, panelB: 0, c: &c[0], ldc: 128, depth: 256, panels: 16, tail: -1}
		s.tail = 0xffffffff
		ns := best(func() { stripRows12AVX512(&s) })
		fmt.Printf("L1 rows %.1f GF\n", float64(2*12*32*256*16)/ns)
		s.a = &Floats(12 * 256)[0]
		s.lda = 48
		ns = best(func() { stripCols12AVX512(&s) })
		fmt.Printf("L1 cols %.1f GF\n", float64(2*12*32*256*16)/ns)
	}
	for _, s := range [][3]int{{96, 512, 256}, {96, 256, 512}, {96, 256, 256}, {12, 512, 64}, {12, 64, 512}, {96, 512, 512}} {
		m, n, k := s[0], s[1], s[2]
		a, p, c := Floats(m*k), Floats(f.PanelLen(k, n)), Floats(m*n)
		ns := best(func() { f.Mul(m, n, k, a, k, p, c, n, false) })
		fmt.Printf("Mul %v %.1f GF\n", s, float64(2*m*n*k)/ns)
	}
	for _, s := range [][4]int{{256, 256, 512, 512}, {256, 256, 512, 256}, {256, 64, 96, 272}, {16, 256, 512, 16}} {
		m, n, k, lda := s[0], s[1], s[2], s[3]
		a, p, c := Floats(lda*k), Floats(f.PanelLen(k, n)), Floats(m*n)
		ns := best(func() { f.MulT(m, n, k, a, lda, p, c, n, true, sc) })
		fmt.Printf("MulT %v %.1f GF\n", s, float64(2*m*n*k)/ns)
	}
	for _, s := range [][2]int{{256, 512}, {512, 256}} {
		k, n := s[0], s[1]
		w, p := Floats(n*k), Floats(f.PanelLen(k, n))
		ns := best(func() { f.Pack(p, w, n, k, n) })
		ns2 := best(func() { f.PackT(p, w, k, k, n) })
		fmt.Printf("Pack %v %.1f us  PackT %.1f us\n", s, ns/1e3, ns2/1e3)
	}
	x, y := Floats(512), Floats(512)
	fmt.Printf("ExpSum512 %.0f ns  Max %.0f ns smb %.0f\n", best(func() { f.ExpSum(x, x, 1, 0) }), best(func() { f.Max(x) }), best(func() { f.SoftmaxBackward(x, y, 1, 0, 0) }))
}
