package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/internal/proptest"
)

// Laws hold operations to [Reference] over random shapes, strides, places in
// memory and values. What a result may be off by is derived from the operation
// and never from what it gives: it is that of the arithmetic of float32, in which
// one operation is off by at most unit of its result, and by denormal where that
// is below the normal numbers (Higham, Accuracy and Stability of Numerical
// Algorithms, 2nd ed., §2.2, §3.1).
const (
	unit     = 0x1p-24
	denormal = 0x1p-149
	// expUnits is what an exponential may be off by, in units, and expFloor what it
	// may be off by near zero: it is a polynomial of float32 that the machine scales
	// by a power of two, and flushes below the normal numbers.
	expUnits = 8
	expFloor = 0x1p-125
)

// gamma is γ_n: what a sum of n numbers may be off by in any order, as a share of
// the sum of their sizes.
func gamma(n int) float64 { return float64(n) * unit / (1 - float64(n)*unit) }

// off is the size by which exp(t) changes, as a share, when t is off by δ and the
// exponential itself rounds.
func off(delta float64) float64 { return math.Expm1(delta) + expUnits*unit*math.Exp(delta) }

// A drawer draws numbers of one kind.
type drawer struct {
	kind string
	draw func(r *rand.Rand) float32
}

// kinds are simplest first, which is what a failure is brought to.
var kinds = []drawer{
	{"ones", func(*rand.Rand) float32 { return 1 }},
	{"whole", func(r *rand.Rand) float32 { return float32(r.IntN(17) - 8) }},
	{"normal", func(r *rand.Rand) float32 { return float32(r.NormFloat64()) }},
	{"zeros", func(r *rand.Rand) float32 { return float32(math.Copysign(0, r.NormFloat64())) }},
	{"sparse", func(r *rand.Rand) float32 { return float32(r.NormFloat64()) * float32(r.IntN(8)/7) }},
	{"scattered", func(r *rand.Rand) float32 { return float32(r.NormFloat64() * math.Ldexp(1, r.IntN(61)-30)) }},
	{"subnormal", func(r *rand.Rand) float32 { return float32(r.NormFloat64() * 0x1p-132) }},
	{"large", func(r *rand.Rand) float32 { return float32(r.NormFloat64() * 0x1p20) }},
	{"huge", func(r *rand.Rand) float32 { return float32(r.NormFloat64() * 0x1p100) }},
}

// tame are the kinds whose squares and cubes float32 holds.
var tame = kinds[:len(kinds)-2]

// source draws what fills the arrays of a case.
func source(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "numbers"), 0))
}

// kindOf draws a kind, by its name.
func kindOf(t *rapid.T, name string, from []drawer) drawer {
	i := rapid.IntRange(0, len(from)-1).Draw(t, name)
	t.Logf("%s are %s", name, from[i].kind)
	return from[i]
}

func (d drawer) fill(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = d.draw(r)
	}
	return x
}

// A cleaner is a test, or a case of one, that can fail and ends.
type cleaner interface {
	Fatal(args ...any)
	Cleanup(f func())
}

// A grid is a matrix somewhere in a wider array, the rest of which is NaN. Where it
// has room of its own, so have its copies and what is packed of it.
type grid[T float32 | float64] struct {
	all                  []T
	at, rows, cols, wide int
	room                 func(n int) []T
}

// newGrid draws where a matrix lies, and its numbers. At the end of memory it ends
// with the last of them.
func newGrid(t *rapid.T, r *rand.Rand, name string, d drawer, rows, cols int) grid[float32] {
	g := grid[float32]{at: rapid.IntRange(0, 17).Draw(t, name+" at"), rows: rows, cols: cols, wide: cols + rapid.IntRange(0, 5).Draw(t, name+" apart")}
	n := g.at + rows*g.wide + 9
	if rapid.Bool().Draw(t, name+" at the end of memory") {
		g.room, n = func(n int) []float32 { return atEnd[float32](t, n) }, g.at+(rows-1)*g.wide+cols
	}
	g.all = g.make(n)
	for i := range g.all {
		g.all[i] = nan
	}
	for i := range rows {
		copy(g.row(i), d.fill(r, cols))
	}
	return g
}

// view is the matrix as operations take it: it ends with its last number.
func (g grid[T]) view() []T {
	if g.rows*g.cols == 0 {
		return nil
	}
	n := g.at + (g.rows-1)*g.wide + g.cols
	return g.all[g.at:n:n]
}

func (g grid[T]) row(i int) []T { return g.all[g.at+i*g.wide:][:g.cols] }

// make returns zeros where the matrix would lie.
func (g grid[T]) make(n int) []T {
	if g.room != nil {
		return g.room(n)
	}
	return make([]T, n)
}

func (g grid[T]) clone() grid[T] {
	was := g.all
	g.all = g.make(len(was))
	copy(g.all, was)
	return g
}

// wider is the matrix in float64, each number through f.
func wider(g grid[float32], f func(float64) float64) grid[float64] {
	w := grid[float64]{at: g.at, rows: g.rows, cols: g.cols, wide: g.wide, all: make([]float64, len(g.all))}
	for i, v := range g.all {
		w.all[i] = f(float64(v))
	}
	return w
}

func asIs(v float64) float64 { return v }

// sameBut fails where an array differs outside of the matrix, or anywhere.
func (g grid[T]) sameBut(t *rapid.T, name string, was grid[T], inside bool) {
	t.Helper()
	for i, v := range g.all {
		j := i - g.at
		if within := j >= 0 && j/g.wide < g.rows && j%g.wide < g.cols; within && inside {
			continue
		}
		if v != was.all[i] && (v == v || was.all[i] == was.all[i]) {
			t.Fatalf("%s: number %d from the first of the matrix was %v and is %v", name, j, was.all[i], v)
		}
	}
}

// whole reports whether all numbers are whole.
func (g grid[T]) whole() bool {
	for i := range g.rows {
		for _, v := range g.row(i) {
			if v != T(math.Trunc(float64(v))) {
				return false
			}
		}
	}
	return true
}

// closeTo fails where a result is further from the reference than it may be. What
// is beyond float32, in size or on the way there, may be infinite or NaN.
func closeTo(t *rapid.T, what string, i int, got float32, want, bound, size float64) {
	t.Helper()
	if math.Abs(float64(got)-want) <= bound {
		return
	}
	if size*(1+0x1p-20) >= math.MaxFloat32 && got-got != 0 {
		return
	}
	t.Fatalf("%s[%d] is %v, want %v ± %.3g", what, i, got, want, bound)
}

// eachLaw holds a law, of such a cost, on every family.
func eachLaw(t *testing.T, cost int, law func(t *rapid.T, f Family)) {
	eachFamily(t, func(t *testing.T, f Family) {
		proptest.Check(t, cost, func(t *rapid.T) { law(t, f) })
	})
}
