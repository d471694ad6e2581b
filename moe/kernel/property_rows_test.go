package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/internal/proptest"
)

// rowLaw draws the length of rows, and rows that begin anywhere in memory and are
// followed by numbers that nothing may touch.
type rowLaw struct {
	t    *rapid.T
	r    *rand.Rand
	n    int
	rows []grid[float32]
	was  []grid[float32]
}

func newRowLaw(t *rapid.T) *rowLaw {
	return &rowLaw{t: t, n: proptest.Length(260).Draw(t, "length"), r: source(t)}
}

func (l *rowLaw) row(name string, n int, from []drawer) []float32 {
	g := newGrid(l.t, l.r, name, kindOf(l.t, "numbers of "+name, from), 1, n)
	l.rows, l.was = append(l.rows, g), append(l.was, g.clone())
	return g.view()
}

// untouched fails where an operation wrote beside its rows.
func (l *rowLaw) untouched() {
	l.t.Helper()
	for i, g := range l.rows {
		g.sameBut(l.t, fmt.Sprint("row ", i), l.was[i], true)
	}
}

// within compares a row with what it is in float64, by bounds of its own.
func (l *rowLaw) within(what string, got []float32, want, bound []float64) {
	l.t.Helper()
	for i, v := range got {
		closeTo(l.t, what, i, v, want[i], bound[i], math.Abs(want[i]))
	}
}

// number draws one number that is not large.
func number(t *rapid.T, name string) float32 {
	return rapid.SampledFrom([]float32{1, 0, -1, 0.3, -1.5, 1e-3, 700}).Draw(t, name)
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// TestSumLaw: a sum of n products is off by γ of n, in float64 by as many of its
// own units; the largest of a row is exact.
func TestSumLaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		x, y := l.row("x", l.n, kinds), l.row("y", l.n, kinds)
		dot, size, squares, top := 0.0, 0.0, 0.0, math.Inf(-1)
		for i, v := range wide(x) {
			p := v * float64(y[i])
			dot, size, squares, top = dot+p, size+math.Abs(p), squares+v*v, max(top, v)
		}
		closeTo(t, "dot", l.n, f.Dot(x, y), dot, gamma(l.n)*size+float64(l.n)*denormal, size)
		if got := f.SumSquares(x); math.Abs(got-squares) > float64(l.n)*0x1p-52*squares {
			t.Fatalf("sum of squares is %v, want %v", got, squares)
		}
		if got := f.Max(x); float64(got) != top {
			t.Fatalf("the largest is %v, want %v", got, top)
		}
		l.untouched()
	})
}

// TestScaleLaw: a product rounds once, a product and a sum twice; a rotation is
// two products, one of which has a sign, and a sum.
func TestScaleLaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		x, y, a := l.row("x", l.n, kinds), l.row("y", l.n, kinds), number(t, "a")
		added, scaled := slices.Clone(y), slices.Clone(x)
		f.AddScaled(added, a, x)
		if !rapid.Bool().Draw(t, "in place") {
			scaled = make([]float32, l.n)
			f.Scale(scaled, a, x)
		} else {
			f.Scale(scaled, a, scaled)
		}
		for i, v := range wide(x) {
			p, w := float64(a)*v, float64(y[i])
			size := math.Abs(p) + math.Abs(w)
			closeTo(t, "y+ax", i, added[i], w+p, gamma(2)*size+2*denormal, size)
			closeTo(t, "ax", i, scaled[i], p, unit*math.Abs(p)+denormal, math.Abs(p))
		}
		l.untouched()
	})
}

// TestRotateLaw is that of rotary embeddings, at any angle, forward and back.
func TestRotateLaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		half := (l.n + 1) / 2
		x, cos, sin := l.row("x", 2*half, kinds), make([]float32, half), make([]float32, half)
		for i := range cos {
			s, c := math.Sincos(l.r.Float64() * 1000)
			cos[i], sin[i] = float32(c), float32(s)
		}
		sign := rapid.SampledFrom([]float32{1, -1}).Draw(t, "sign")
		was, want := slices.Clone(x), wide(x)
		Reference{}.Rotate(want, wide(cos), wide(sin), float64(sign))
		f.Rotate(x, cos, sin, sign)
		for i, v := range x {
			j := i % half
			size := math.Abs(float64(was[j])) + math.Abs(float64(was[j+half]))
			closeTo(t, "x", i, v, want[i], gamma(3)*size+3*denormal, size)
		}
		l.untouched()
	})
}

// exponents draws scores, what they are scaled by and a shift with which no
// exponential leaves float32. Some scores are masked, and one is not.
func exponents(l *rowLaw) (x []float32, scale, shift float32) {
	x, scale = l.row("x", l.n, kinds[:4]), rapid.SampledFrom([]float32{1, 0.125, 0.3, 9}).Draw(l.t, "scale")
	seen := l.r.IntN(l.n)
	for i := range x {
		if i != seen && l.r.IntN(5) == 0 {
			x[i] = Masked
		}
	}
	return x, scale, slices.Max(x)*scale + rapid.SampledFrom([]float32{0, -3, 40, 100}).Draw(l.t, "beyond the largest")
}

// exponent is exp(x·scale − shift) and what it may be off by: the argument rounds
// twice.
func exponent(x, scale, shift float32) (e, bound float64) {
	p := float64(x) * float64(scale)
	arg := p - float64(shift)
	e = math.Exp(arg)
	if e == 0 {
		return 0, 0
	}
	return e, e*off(unit*(math.Abs(p)+math.Abs(arg))) + expFloor
}

// TestExponentialLaw: each is off by what its argument is and by what the
// exponential is, and their sum by γ of their number besides.
func TestExponentialLaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		x, scale, shift := exponents(l)
		y := x
		was := slices.Clone(x)
		if !rapid.Bool().Draw(t, "in place") {
			y = l.row("y", l.n, kinds[:1])
		}
		got := f.ExpSum(y, x, scale, shift)
		sum, off := 0.0, 0.0
		for i, v := range was {
			e, bound := exponent(v, scale, shift)
			closeTo(t, "exp", i, y[i], e, bound, e)
			sum, off = sum+e, off+bound
		}
		closeTo(t, "sum", l.n, got, sum, off+gamma(l.n)*(sum+off), sum)
		l.untouched()
	})
}

// TestSoftmaxBackwardLaw: the gradient of a score is p·scale·(dp − delta), which
// is off by what p is, and by four roundings.
func TestSoftmaxBackwardLaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		s, scale, shift := exponents(l)
		dp, delta := l.row("dp", l.n, tame), number(t, "delta")
		scores, grads := slices.Clone(s), slices.Clone(dp)
		f.SoftmaxBackward(s, dp, scale, shift, delta)
		for i, v := range scores {
			p, bound := exponent(v, scale, shift)
			closeTo(t, "p", i, s[i], p, bound, p)
			size := float64(scale) * (math.Abs(float64(grads[i])) + math.Abs(float64(delta)))
			want := p * float64(scale) * (float64(grads[i]) - float64(delta))
			closeTo(t, "dscore", i, dp[i], want, (bound+gamma(4)*(p+bound))*size+4*denormal, p*size)
		}
		l.untouched()
	})
}

// TestSwiGLULaw: a logistic is one over a sum with an exponential, which is off by
// what that is and by two roundings; SwiGLU multiplies it by three numbers. Below
// what float32 has as an exponential, it is a floor.
func TestSwiGLULaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		g, u, dh, w := l.row("g", l.n, tame), l.row("u", l.n, tame), l.row("dh", l.n, tame), number(t, "w")
		for i := range g {
			if l.r.IntN(9) == 0 {
				g[i] = float32(l.r.IntN(401) - 200)
			}
		}
		h := l.row("h", l.n, kinds[:1])
		f.SwiGLU(h, g, u, w)
		dg, du, again := slices.Clone(g), slices.Clone(u), slices.Clone(dh)
		dw := f.SwiGLUBackward(dg, du, again, w)
		checkSwiGLU(t, l, g, u, dh, w, h, dg, du, again, dw)
		l.untouched()
	})
}

func checkSwiGLU(t *rapid.T, l *rowLaw, g, u, dh []float32, w float32, h, dg, du, again []float32, dw float32) {
	const logistics, floor = (expUnits + 3) * unit, 0x1p-125
	wantG, wantU, wantH := wide(g), wide(u), wide(dh)
	wantW := Reference{}.SwiGLUBackward(wantG, wantU, wantH, float64(w))
	sum, size := 0.0, 0.0
	for i := range g {
		gi, ui, di := math.Abs(float64(g[i])), math.Abs(float64(u[i])), math.Abs(float64(dh[i]))
		s, wi := logistic(float64(g[i])), math.Abs(float64(w))
		off := s*logistics + floor                                       // of the logistic
		lost := 8 * denormal * (1 + gi) * (1 + ui) * (1 + di) * (1 + wi) // of products below the normal numbers
		bound := wi*ui*gi*(off+gamma(4)*s) + lost
		closeTo(t, "h", i, h[i], wantH[i], bound, wi*ui*gi)
		closeTo(t, "h again", i, again[i], wantH[i], bound, wi*ui*gi)
		closeTo(t, "du", i, du[i], wantU[i], di*wi*gi*(off+gamma(4)*s)+lost, di*wi*gi)
		// s + g·s − g·s²: of three numbers, each off by what its logistics are.
		part := s + gi*s + gi*s*s
		closeTo(t, "dg", i, dg[i], wantG[i], di*wi*ui*((1+3*gi)*off+gamma(7)*part)+lost, di*wi*ui*(1+2*gi))
		term := di * gi * ui
		sum, size = sum+term*(off+gamma(4)*s)+lost, size+term*s
	}
	closeTo(t, "dw", l.n, dw, wantW, sum+gamma(l.n)*(size+sum), size)
}

// TestNormLaw: the mean of squares is off by γ of their number, its root by half of
// that; three factors follow. Backward, the sum over the row enters every gradient.
func TestNormLaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		x, w, y := l.row("x", l.n, kinds), l.row("w", l.n, tame), l.row("y", l.n, kinds[:1])
		eps := rapid.SampledFrom([]float64{1e-6, 1e-5}).Draw(t, "eps")
		want := make([]float64, l.n)
		r := Reference{}.RMSNorm(want, wide(x), wide(w), eps)
		got := f.RMSNorm(y, x, w, eps)
		share := gamma(l.n)/2 + 2*unit
		// What is lost of squares below the normal numbers is nothing beside eps.
		lost := r * float64(l.n) * denormal / eps
		closeTo(t, "r", l.n, got, r, r*share+lost+denormal, r)
		bound := make([]float64, l.n)
		for i, v := range want {
			bound[i] = math.Abs(v)*(share+gamma(2)) + (lost+denormal)*math.Abs(float64(x[i])*float64(w[i])) + 2*denormal*(1+math.Abs(float64(w[i])))
		}
		l.within("y", y, want, bound)
		again := make([]float32, l.n)
		f.NormApply(again, x, w, got)
		if !slices.Equal(again, y) {
			t.Fatal("a norm whose r is known has other bits")
		}
		checkNormBackward(t, l, f, x, w, got)
		l.untouched()
	})
}

// checkNormBackward goes back with the r that the way forward gave.
func checkNormBackward(t *rapid.T, l *rowLaw, f Family, x, w []float32, r float32) {
	dy, dx, dw := l.row("dy", l.n, tame[:5]), l.row("dx", l.n, tame[:5]), l.row("dw", l.n, tame[:5])
	wantX, wantW := wide(dx), wide(dw)
	Reference{}.RMSNormBackward(wantX, wantW, wide(dy), wide(x), wide(w), float64(r))
	sum, rr := 0.0, float64(r)
	for i, v := range wide(x) {
		sum += math.Abs(v * float64(w[i]) * float64(dy[i]))
	}
	pull := sum * rr * rr * rr / float64(l.n) // of every x
	wasX, wasW := wide(dx), wide(dw)
	f.RMSNormBackward(dx, dw, dy, x, w, r)
	for i, v := range wide(x) {
		d := math.Abs(float64(dy[i])) * rr
		part := math.Abs(wasX[i]) + d*math.Abs(float64(w[i])) + math.Abs(v)*pull
		lost := float64(l.n) * denormal * (1 + rr*rr*rr*math.Abs(v)) * (1 + math.Abs(v)) * (1 + math.Abs(float64(w[i])))
		closeTo(t, "dx", i, dx[i], wantX[i], gamma(4)*part+(gamma(l.n+3)+gamma(5))*math.Abs(v)*pull+lost, max(part, sum))
		part = math.Abs(wasW[i]) + d*math.Abs(v)
		closeTo(t, "dw", i, dw[i], wantW[i], gamma(4)*part+denormal*(2+math.Abs(v)), part)
	}
}

// TestAdamWLaw: moments are sums of two products; the step divides the one by the
// root of the other.
func TestAdamWLaw(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		p, g, m, v := l.row("p", l.n, tame), l.row("g", l.n, tame), l.row("m", l.n, tame), l.row("v", l.n, tame)
		for i := range v {
			v[i] *= v[i]
		}
		c, wc := coefficients(t)
		was, sizes, wantP, wantM, wantV := wide(p), wide(m), wide(p), wide(m), wide(v)
		for i := range sizes {
			sizes[i] = math.Abs(sizes[i])*wc.Beta1 + wc.OneMinusBeta1*math.Abs(float64(g[i])*wc.GradScale)
		}
		Reference{}.AdamW(wantP, wide(g), wantM, wantV, &wc)
		f.AdamW(p, g, m, v, &c)
		for i := range p {
			offM, offV := gamma(4)*sizes[i]+4*denormal, gamma(6)*wantV[i]+6*denormal
			closeTo(t, "m", i, m[i], wantM[i], offM, sizes[i])
			closeTo(t, "v", i, v[i], wantV[i], offV, wantV[i])
			// √ is off by half of what v is, and by its root where v is nearly nothing.
			root := math.Sqrt(wantV[i] * wc.VCorrection)
			div := root + wc.Eps
			offRoot := min(offV*wc.VCorrection/max(root, 0x1p-140), math.Sqrt(offV*wc.VCorrection)) + 2*unit*root
			size := wc.Rate * sizes[i] / div
			bound := wc.Rate*offM/div + size*(2*offRoot/div+gamma(4)) + gamma(3)*math.Abs(was[i]) + 4*denormal*(1+1/div)
			closeTo(t, "p", i, p[i], wantP[i], bound, size+math.Abs(was[i]))
		}
		l.untouched()
	})
}

// coefficients are those of some step, the same numbers in both precisions.
func coefficients(t *rapid.T) (c AdamWCoef, w AdamWCoefOf[float64]) {
	c = AdamWCoef{Beta1: 0.9, OneMinusBeta1: 0.1, Beta2: 0.95, OneMinusBeta2: 0.05, Eps: 1e-8, Keep: 0.999, GradScale: rapid.SampledFrom([]float32{1, 0.5, 1e-3}).Draw(t, "scale of gradients")}
	step := rapid.IntRange(1, 2000).Draw(t, "step")
	c.Rate, c.VCorrection = float32(1e-2/(1-math.Pow(0.9, float64(step)))), float32(1/(1-math.Pow(0.95, float64(step))))
	return c, AdamWCoefOf[float64]{Beta1: float64(c.Beta1), OneMinusBeta1: float64(c.OneMinusBeta1), Beta2: float64(c.Beta2), OneMinusBeta2: float64(c.OneMinusBeta2),
		Rate: float64(c.Rate), VCorrection: float64(c.VCorrection), Eps: float64(c.Eps), Keep: float64(c.Keep), GradScale: float64(c.GradScale)}
}

// TestRowsKeepNonFinite: of a row with one number that is none or infinite what is
// computed of that number is none, or infinite, and all else is as without it.
func TestRowsKeepNonFinite(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		l := newRowLaw(t)
		bad := rapid.SampledFrom([]float32{nan, float32(math.Inf(1)), float32(math.Inf(-1))}).Draw(t, "spoilt")
		at := rapid.IntRange(0, l.n-1).Draw(t, "at")
		x := l.row("x", l.n, kinds[:5])
		ones := kinds[0].fill(l.r, l.n)
		spoilt := slices.Clone(x)
		spoilt[at] = bad
		sums := map[string]float64{"dot": float64(f.Dot(spoilt, ones)), "squares": f.SumSquares(spoilt)}
		for name, v := range sums {
			if v-v == 0 {
				t.Fatalf("%s of a row with %v is %v", name, bad, v)
			}
		}
		rows := f.rowsOf(ones)
		if bad == bad { // these make of an infinity a number, or none
			delete(rows, "exp")
			delete(rows, "h of g")
			delete(rows, "p of AdamW")
		}
		for name, of := range rows {
			got, want := of(spoilt), of(x)
			if got[at]-got[at] == 0 {
				t.Fatalf("%s of %v is %v", name, bad, got[at])
			}
			got[at] = want[at]
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %v at %d of %d changed another number", name, bad, at, l.n)
			}
		}
	})
}

// rowsOf is what operations make of a row beside a row of ones, number by number.
func (f Family) rowsOf(ones []float32) map[string]func(x []float32) []float32 {
	into := func(do func(y, x []float32)) func([]float32) []float32 {
		return func(x []float32) []float32 {
			y := slices.Clone(ones)
			do(y, x)
			return y
		}
	}
	adamw := func(p, g, m, v []float32) {
		f.AdamW(p, g, m, v, &AdamWCoef{Beta1: 0.9, OneMinusBeta1: 0.1, Beta2: 0.95, OneMinusBeta2: 0.05, Rate: 0.1, VCorrection: 20, Eps: 1e-8, Keep: 1, GradScale: 1})
	}
	another := func() []float32 { return slices.Clone(ones) }
	return map[string]func(x []float32) []float32{
		"y+ax":        into(func(y, x []float32) { f.AddScaled(y, 2, x) }),
		"ax":          into(func(y, x []float32) { f.Scale(y, 2, x) }),
		"exp":         into(func(y, x []float32) { f.ExpSum(y, x, 1, 1) }),
		"h of g":      into(func(y, x []float32) { f.SwiGLU(y, x, ones, 2) }),
		"h of u":      into(func(y, x []float32) { f.SwiGLU(y, ones, x, 2) }),
		"dg of dh":    into(func(y, x []float32) { f.SwiGLUBackward(y, another(), slices.Clone(x), 2) }),
		"du of dh":    into(func(y, x []float32) { f.SwiGLUBackward(another(), y, slices.Clone(x), 2) }),
		"y of a norm": into(func(y, x []float32) { f.NormApply(y, x, ones, 2) }),
		"dscore":      into(func(y, x []float32) { copy(y, x); f.SoftmaxBackward(another(), y, 1, 1, 0.5) }),
		"m":           into(func(y, x []float32) { adamw(another(), x, y, another()) }),
		"v":           into(func(y, x []float32) { adamw(another(), x, another(), y) }),
		"p of AdamW":  into(func(y, x []float32) { adamw(y, x, another(), another()) }),
	}
}
