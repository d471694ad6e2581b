package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestDotAndSums(t *testing.T) {
	eachImplementation(t, testDotAndSums[float64], testDotAndSums[float32])
}

func testDotAndSums[T float32 | float64](t *testing.T, f Operations[T]) {
	r := newRand()
	for _, n := range oddLengths {
		x, y := numbers[T](r, n, 1), numbers[T](r, n, 1)
		var dot, abs, sq float64
		for i := range x {
			dot += float64(x[i]) * float64(y[i])
			abs += math.Abs(float64(x[i]) * float64(y[i]))
			sq += float64(x[i]) * float64(x[i])
		}
		near(t, "dot", n, f.Dot(x, y), dot, abs)
		if got := f.SumSquares(x); math.Abs(got-sq) > 1e-12*sq {
			t.Fatalf("sum of %d squares is %v, want %v", n, got, sq)
		}
	}
}

func TestScaleAndAdd(t *testing.T) {
	eachImplementation(t, testScaleAndAdd[float64], testScaleAndAdd[float32])
}

func testScaleAndAdd[T float32 | float64](t *testing.T, f Operations[T]) {
	r := newRand()
	for _, n := range oddLengths {
		x, y := numbers[T](r, n, 1), numbers[T](r, n, 1)
		z := append([]T(nil), y...)
		f.AddScaled(z, -1.5, x)
		s := make([]T, n)
		f.Scale(s, 0.3, x)
		for i := range x {
			near(t, "y+ax", i, z[i], float64(y[i])-1.5*float64(x[i]), 4)
			near(t, "ax", i, s[i], float64(T(0.3))*float64(x[i]), 1)
		}
	}
}

func TestRotate(t *testing.T) { eachImplementation(t, testRotate[float64], testRotate[float32]) }

func testRotate[T float32 | float64](t *testing.T, f Operations[T]) {
	r := newRand()
	for _, half := range oddLengths {
		x, c, s := numbers[T](r, 2*half, 1), make([]T, half), make([]T, half)
		for i := range c {
			sin, cos := math.Sincos(r.Float64() * 7)
			c[i], s[i] = T(cos), T(sin)
		}
		y := append([]T(nil), x...)
		f.Rotate(y, c, s, 1)
		for i := range half {
			a, b, cos, sin := float64(x[i]), float64(x[i+half]), float64(c[i]), float64(s[i])
			near(t, "first", i, y[i], a*cos-b*sin, 3)
			near(t, "second", i, y[i+half], b*cos+a*sin, 3)
		}
		f.Rotate(y, c, s, -1)
		for i := range x {
			near(t, "back", i, y[i], float64(x[i]), 3)
		}
	}
}

func TestRMSNorm(t *testing.T) { eachImplementation(t, testRMSNorm[float64], testRMSNorm[float32]) }

func testRMSNorm[T float32 | float64](t *testing.T, f Operations[T]) {
	const eps = 1e-6
	rnd := newRand()
	for _, n := range oddLengths {
		x, w, dy := numbers[T](rnd, n, 1), numbers[T](rnd, n, 1), numbers[T](rnd, n, 1)
		dx, dw := numbers[T](rnd, n, 1), numbers[T](rnd, n, 1)
		dx0, dw0 := append([]T(nil), dx...), append([]T(nil), dw...)
		y := make([]T, n)
		rr := f.RMSNorm(y, x, w, eps)
		ss, s := 0.0, 0.0
		for i := range x {
			ss += float64(x[i]) * float64(x[i])
			s += float64(dy[i]) * float64(w[i]) * float64(x[i])
		}
		r := 1 / math.Sqrt(ss/float64(n)+eps)
		f.RMSNormBackward(dx, dw, dy, x, w, rr)
		scale := 30 * (1 + r)
		for i := range x {
			xi, wi, di := float64(x[i]), float64(w[i]), float64(dy[i])
			near(t, "y", i, y[i], xi*r*wi, scale)
			near(t, "dx", i, dx[i], float64(dx0[i])+di*wi*r-xi*s*r*r*r/float64(n), scale)
			near(t, "dw", i, dw[i], float64(dw0[i])+di*xi*r, scale)
		}
	}
}

// TestRMSNormOfLargeRows: rows whose squares, and whose powers of r, float32
// does not hold have the norm and the gradients that they have in float64.
func TestRMSNormOfLargeRows(t *testing.T) {
	eachFamily(t, func(t *testing.T, f Family) {
		rnd := newRand()
		for _, n := range oddLengths {
			for _, size := range []float64{1e5, 1e12, 1e20, 1e30, 6e37} {
				testRMSNormOfSize(t, f, rnd, n, size)
			}
		}
	})
}

func testRMSNormOfSize(t *testing.T, f Family, rnd *rand.Rand, n int, size float64) {
	x, w, dy := normals(rnd, n, 1), normals(rnd, n, 1), normals(rnd, n, 1)
	ss, s := 0.0, 0.0
	for i := range x {
		x[i] = float32(float64(x[i]) * size)
		ss += float64(x[i]) * float64(x[i])
		s += float64(dy[i]) * float64(w[i]) * float64(x[i]) / size
	}
	y, dx, dw := make([]float32, n), make([]float32, n), make([]float32, n)
	r := f.RMSNorm(y, x, w, 1e-6)
	f.RMSNormBackward(dx, dw, dy, x, w, r)
	want := 1 / math.Sqrt(ss/float64(n))
	scaled := want * size
	near(t, "r", n, float32(float64(r)*size), scaled, scaled)
	for i := range x {
		xi, wi, di := float64(x[i])/size, float64(w[i]), float64(dy[i])
		near(t, "y", i, y[i], xi*scaled*wi, 30)
		near(t, "dw", i, dw[i], di*xi*scaled, 30)
		near(t, "dx", i, float32(float64(dx[i])*size), (di*wi-xi*s*scaled*scaled/float64(n))*scaled, 30*(1+scaled))
	}
}

// TestRMSNormKeepsNonFinite: what is not finite never becomes a number.
func TestRMSNormKeepsNonFinite(t *testing.T) {
	eachImplementation(t, testRMSNormKeepsNonFinite[float64], testRMSNormKeepsNonFinite[float32])
}

func testRMSNormKeepsNonFinite[T float32 | float64](t *testing.T, f Operations[T]) {
	rnd := newRand()
	bad := []T{T(math.NaN()), T(math.Inf(1)), T(math.Inf(-1))}
	if T(1)+1e-9 != 1 {
		huge := math.MaxFloat64
		bad = append(bad, T(huge)) // there is nothing wider to square it in
	}
	for _, n := range oddLengths {
		for _, v := range bad {
			at := rnd.IntN(n)
			x, w, dy := numbers[T](rnd, n, 1), numbers[T](rnd, n, 1), numbers[T](rnd, n, 1)
			x[at] = v
			y, dx, dw := make([]T, n), make([]T, n), make([]T, n)
			r := f.RMSNorm(y, x, w, 1e-6)
			f.RMSNormBackward(dx, dw, dy, x, w, r)
			if y[at] == y[at] || dx[at] == dx[at] || dw[at] == dw[at] {
				t.Fatalf("%v at %d of %d became %v, its gradients %v and %v", v, at, n, y[at], dx[at], dw[at])
			}
		}
	}
}

func TestSwiGLU(t *testing.T) { eachImplementation(t, testSwiGLU[float64], testSwiGLU[float32]) }

func testSwiGLU[T float32 | float64](t *testing.T, f Operations[T]) {
	r := newRand()
	for _, n := range oddLengths {
		g, u, dh := numbers[T](r, n, 6), numbers[T](r, n, 1), numbers[T](r, n, 1)
		g[0] = -200
		g[n-1] = 200
		h := make([]T, n)
		const w = 0.75
		f.SwiGLU(h, g, u, w)
		dg, du, hb := append([]T(nil), g...), append([]T(nil), u...), append([]T(nil), dh...)
		dw := f.SwiGLUBackward(dg, du, hb, w)
		wantDW, abs := 0.0, 0.0
		for i := range g {
			gi, ui, di := float64(g[i]), float64(u[i]), float64(dh[i])
			s := 1 / (1 + math.Exp(-gi))
			scale := 1 + math.Abs(gi)*(1+math.Abs(ui))
			near(t, "h", i, h[i], w*gi*s*ui, scale)
			near(t, "h again", i, hb[i], w*gi*s*ui, scale)
			near(t, "du", i, du[i], w*di*gi*s, scale*2)
			near(t, "dg", i, dg[i], w*di*ui*s*(1+gi*(1-s)), scale*2)
			wantDW += di * gi * s * ui
			abs += math.Abs(di * gi * s * ui)
		}
		near(t, "dw", n, dw, wantDW, abs+1)
	}
}

func TestSoftmaxRows(t *testing.T) {
	eachImplementation(t, testSoftmaxRows[float64], testSoftmaxRows[float32])
}

func testSoftmaxRows[T float32 | float64](t *testing.T, f Operations[T]) {
	r := newRand()
	for _, n := range oddLengths {
		x, dp := numbers[T](r, n, 5), numbers[T](r, n, 1)
		if n > 3 {
			x[n/2] = Masked
		}
		m := f.Max(x)
		want := math.Inf(-1)
		for _, v := range x {
			want = max(want, float64(v))
		}
		near(t, "max", n, m, want, 0)
		const scale, delta = 0.25, 0.1
		y := make([]T, n)
		sum := f.ExpSum(y, x, scale, m*scale)
		p, ds := append([]T(nil), x...), append([]T(nil), dp...)
		f.SoftmaxBackward(p, ds, scale, m*scale, delta)
		total := 0.0
		for i := range x {
			e := math.Exp(float64(x[i])*scale - float64(m)*scale)
			total += e
			near(t, "exp", i, y[i], e, e+1e-7)
			near(t, "p", i, p[i], e, e+1e-7)
			near(t, "ds", i, ds[i], e*scale*(float64(dp[i])-delta), 2*e+1e-7)
			if x[i] == Masked && (y[i] != 0 || p[i] != 0 || ds[i] != 0) {
				t.Fatalf("a masked score weighs %v, %v, %v", y[i], p[i], ds[i])
			}
		}
		near(t, "sum", n, sum, total, total)
	}
}

func TestExpRange(t *testing.T) { eachImplementation(t, testExpRange[float64], testExpRange[float32]) }

func testExpRange[T float32 | float64](t *testing.T, f Operations[T]) {
	x, y := make([]T, 16), make([]T, 16)
	for v := -120.0; v < 88.5; v += 0.37 {
		x[3] = T(v)
		f.ExpSum(y, x, 1, 0)
		want := math.Exp(float64(x[3]))
		if d := math.Abs(float64(y[3]) - want); d > 3e-7*want+2e-38 {
			t.Fatalf("exp(%v) = %v, want %v", x[3], y[3], want)
		}
	}
	x[5] = T(math.NaN())
	if s := f.ExpSum(y, x, 1, 0); s == s || y[5] == y[5] {
		t.Errorf("exp(NaN) = %v, sum %v: a NaN became a number", y[5], s)
	}
	x[5] = T(math.Inf(1))
	if s := f.ExpSum(y, x, 1, 0); math.IsNaN(float64(s)) || s < 1e38 {
		t.Errorf("exp(+Inf) sums to %v", s)
	}
}

func TestAdamW(t *testing.T) { eachImplementation(t, testAdamW[float64], testAdamW[float32]) }

func testAdamW[T float32 | float64](t *testing.T, f Operations[T]) {
	r := newRand()
	for _, n := range oddLengths {
		p, g, m, v := numbers[T](r, n, 1), numbers[T](r, n, 1), numbers[T](r, n, 0.1), numbers[T](r, n, 0.1)
		for i := range v {
			v[i] *= v[i]
		}
		g[0] = 0
		c := AdamWCoefOf[T]{Beta1: 0.9, OneMinusBeta1: 0.1, Beta2: 0.95, OneMinusBeta2: 0.05, Rate: 0.01, VCorrection: 7, Eps: 1e-8, Keep: 0.999, GradScale: 0.5}
		p0, m0, v0 := append([]T(nil), p...), append([]T(nil), m...), append([]T(nil), v...)
		f.AdamW(p, g, m, v, &c)
		for i := range p {
			gi := float64(g[i]) * 0.5
			mi := float64(c.Beta1)*float64(m0[i]) + float64(c.OneMinusBeta1)*gi
			vi := float64(c.Beta2)*float64(v0[i]) + float64(c.OneMinusBeta2)*gi*gi
			near(t, "m", i, m[i], mi, 1)
			near(t, "v", i, v[i], vi, 1)
			near(t, "p", i, p[i], float64(p0[i])*float64(c.Keep)-0.01*mi/(math.Sqrt(vi*7)+1e-8), 1+math.Abs(float64(p0[i])))
		}
	}
}

func TestFromEnv(t *testing.T) {
	for _, f := range families() {
		t.Setenv(EnvVar, f.String())
		if got, err := FromEnv(); err != nil || got != f {
			t.Errorf("%s: got %v, %v", f, got, err)
		}
	}
	t.Setenv(EnvVar, "sse9")
	if _, err := FromEnv(); err == nil {
		t.Error("an unknown family was accepted")
	}
	t.Setenv(EnvVar, "")
	if got, err := FromEnv(); err != nil || got != Detect() {
		t.Error(got, err)
	}
}

func TestFloats(t *testing.T) {
	for _, n := range []int{0, 1, 17, 5 << 20} {
		s := Floats(n)
		if len(s) != n || cap(s) != n {
			t.Fatalf("%d floats: length %d, capacity %d", n, len(s), cap(s))
		}
		for i := range s {
			if s[i] != 0 {
				t.Fatal("not zero")
			}
		}
	}
}
