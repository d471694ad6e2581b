package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/internal/proptest"
)

// A productLaw is one product with its operands. Op is Mul, MulT or MulPart, of
// which the last meets depth from..to of the right operand.
type productLaw struct {
	op, pack       string
	m, n, k        int
	from, to       int
	acc            bool
	scratch        int
	rowOf          []int32 // of PackGather: where row i of B lies
	a, b, c        grid[float32]
	rowCut, colCut int
	exact          bool
}

// depthCuts are where a product of panels in parts may begin: whole steps of tiles.
const depthCuts = 32

func drawProduct(t *rapid.T, most int) *productLaw {
	p := &productLaw{op: rapid.SampledFrom([]string{"Mul", "MulT", "MulPart"}).Draw(t, "op"), pack: rapid.SampledFrom([]string{"Pack", "PackT", "PackGather"}).Draw(t, "pack")}
	p.m, p.n, p.k = proptest.Length(most).Draw(t, "m"), proptest.Length(most).Draw(t, "n"), proptest.Length(most).Draw(t, "k")
	if rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 1}).Draw(t, "deep") == 1 { // beyond what registers add up
		p.k = depthBlock + proptest.Length(90).Draw(t, "deeper")
		p.m, p.n = min(p.m, 20), min(p.n, 40)
	}
	p.to = p.k
	if p.op == "MulPart" {
		p.from = depthCuts * rapid.IntRange(0, (p.k-1)/depthCuts).Draw(t, "from")
		p.to = rapid.IntRange(p.from+1, p.k).Draw(t, "to")
	}
	p.acc = rapid.Bool().Draw(t, "acc")
	if rapid.Bool().Draw(t, "lends scratch") {
		p.scratch = ScratchLen
	}
	r := source(t)
	rows, cols := p.m, p.to-p.from
	if p.op == "MulT" {
		rows, cols = cols, rows
	}
	p.a = newGrid(t, r, "a", kindOf(t, "numbers of a", kinds), rows, cols)
	p.b = newGrid(t, r, "b", kindOf(t, "numbers of b", kinds), p.k, p.n)
	p.c = newGrid(t, r, "c", kindOf(t, "numbers of c", kinds), p.m, p.n)
	for _, i := range r.Perm(p.k) {
		p.rowOf = append(p.rowOf, int32(i))
	}
	p.rowCut, p.colCut = rapid.IntRange(0, p.m).Draw(t, "cut of rows"), rapid.IntRange(0, p.n).Draw(t, "cut of columns")
	p.exact = p.a.whole() && p.b.whole() && p.c.whole()
	return p
}

// panelsOf returns panels of B, in memory that was NaN.
func panelsOf[T float32 | float64](ops Products[T], p *productLaw, b grid[T]) []T {
	panels := b.make(ops.PanelLen(p.k, p.n))
	for i := range panels {
		panels[i] = T(math.NaN())
	}
	switch p.pack {
	case "Pack":
		ops.Pack(panels, b.view(), b.wide, p.k, p.n)
	case "PackT":
		bt, ld := b.turned()
		ops.PackT(panels, bt, ld, p.k, p.n)
	case "PackGather": // of a copy with its rows in another order
		mixed := b.clone()
		for i, at := range p.rowOf {
			copy(mixed.row(int(at)), b.row(i))
		}
		ops.PackGather(panels, mixed.view(), mixed.wide, p.rowOf, p.n)
	}
	return panels
}

// turned is the transpose, with as much between its rows.
func (g grid[T]) turned() (x []T, ld int) {
	ld = g.rows + g.wide - g.cols
	x = g.make((g.cols-1)*ld + g.rows)
	for i := range x {
		x[i] = T(math.NaN())
	}
	for i := range g.rows {
		for j, v := range g.row(i) {
			x[j*ld+i] = v
		}
	}
	return x, ld
}

// multiply computes rows and columns of the product from row i and column j on,
// which is where a panel begins.
func multiply[T float32 | float64](ops Products[T], p *productLaw, a grid[T], panels []T, c grid[T], i, j, m, n int) {
	if m == 0 || n == 0 {
		return
	}
	panels = panels[ops.PanelLen(p.k, j):]
	first, into := i*a.wide, c.view()[i*c.wide+j:]
	if p.op == "MulT" {
		first = i
	}
	left := a.view()[first:]
	switch p.op {
	case "Mul":
		ops.Mul(m, n, p.k, left, a.wide, panels, into, c.wide, p.acc)
	case "MulT":
		ops.MulT(m, n, p.k, left, a.wide, panels, into, c.wide, p.acc, make([]T, p.scratch))
	case "MulPart":
		ops.MulPart(m, n, p.from, p.to, left, a.wide, panels, p.k, into, c.wide, p.acc)
	}
}

// productOf is the product of a law's operands, or of others in their places.
func productOf[T float32 | float64](ops Products[T], p *productLaw, a, b, c grid[T]) grid[T] {
	out := c.clone()
	multiply(ops, p, a, panelsOf(ops, p, b), out, 0, 0, p.m, p.n)
	return out
}

// check holds a product to the reference in float64.
//
// An element is a sum of so many products, and of what was there: it is off by
// γ of their number. Where operands are rounded, the reference rounds them in the
// same places, what is multiplied then is exact, and there are so many products for
// each. Where everything is a whole number, every sum is exact while 24 bits hold it.
func (p *productLaw) check(t *rapid.T, ops Products[float32], ref Products[float64], products int, flushes bool) grid[float32] {
	got := productOf(ops, p, p.a, p.b, p.c)
	want := productOf(ref, p, wider(p.a, asIs), wider(p.b, asIs), wider(p.c, asIs))
	size := productOf(ref, p, wider(p.a, math.Abs), wider(p.b, math.Abs), wider(p.c, math.Abs))
	terms := products*(p.to-p.from) + 3
	floor := float64(terms) * denormal
	if flushes { // operands and sums below the normal numbers count as zero
		floor = float64(terms) * 0x1p-126 * (1 + p.a.largest() + p.b.largest())
	}
	for i := range p.m {
		for j, v := range got.row(i) {
			s := size.row(i)[j] * (1 + 0x1p-6) // of two parts of a size the second may be negative
			bound := gamma(terms)*s + floor
			if p.exact && s < 1<<24 {
				bound = 0
			}
			closeTo(t, fmt.Sprintf("row %d", i), j, v, want.row(i)[j], bound, s)
		}
	}
	got.sameBut(t, "c", p.c, true)
	return got
}

func (g grid[T]) largest() float64 {
	top := 0.0
	for i := range g.rows {
		for _, v := range g.row(i) {
			top = max(top, math.Abs(float64(v)))
		}
	}
	return top
}

// checkCuts wants the same bits from four pieces of rows and columns.
func (p *productLaw) checkCuts(t *rapid.T, ops Products[float32], whole grid[float32]) {
	out, panels := p.c.clone(), panelsOf(ops, p, p.b)
	col := p.colCut / ops.PanelWidth() * ops.PanelWidth()
	for _, rows := range [][2]int{{0, p.rowCut}, {p.rowCut, p.m}} {
		for _, cols := range [][2]int{{0, col}, {col, p.n}} {
			multiply(ops, p, p.a, panels, out, rows[0], cols[0], rows[1]-rows[0], cols[1]-cols[0])
		}
	}
	out.sameBut(t, fmt.Sprintf("in pieces of %d rows and %d columns", p.rowCut, col), whole, false)
}

// checkDirect wants the same numbers from weights as they lie.
func (p *productLaw) checkDirect(t *rapid.T, f Family) {
	mul := DirectOf[float32](f)
	if mul == nil || p.op != "Mul" || p.m > DirectRows {
		return
	}
	with := *p
	with.acc = false
	want, got := productOf(f, &with, p.a, p.b, p.c), p.c.clone()
	w, ld := p.b.turned()
	mul(p.m, p.n, p.k, p.a.view(), p.a.wide, w, ld, got.view(), got.wide, make([]float32, DirectScratch))
	got.sameBut(t, "without panels", want, false)
}

// checkSpoilt makes one number of an operand infinite or none: its row, or its
// column, has no number then, and nothing else has changed.
func (p *productLaw) checkSpoilt(t *rapid.T, ops Products[float32], clean grid[float32]) {
	bad := rapid.SampledFrom([]float32{nan, float32(math.Inf(1)), float32(math.Inf(-1))}).Draw(t, "spoilt")
	depth, left := rapid.IntRange(p.from, p.to-1).Draw(t, "spoilt depth"), rapid.Bool().Draw(t, "spoilt left")
	a, b := p.a.clone(), p.b.clone()
	row, col := rapid.IntRange(0, p.m-1).Draw(t, "spoilt row"), rapid.IntRange(0, p.n-1).Draw(t, "spoilt column")
	switch {
	case !left:
		b.row(depth)[col] = bad
	case p.op == "MulT":
		a.row(depth)[row] = bad
	default:
		a.row(row)[depth-p.from] = bad
	}
	got := productOf(ops, p, a, b, p.c)
	for i := range p.m {
		for j, v := range got.row(i) {
			if reached := left && i == row || !left && j == col; reached {
				if v-v == 0 {
					t.Fatalf("row %d column %d is %v, with %v at depth %d", i, j, v, bad, depth)
				}
				got.row(i)[j] = clean.row(i)[j]
			}
		}
	}
	got.sameBut(t, "beside what was spoilt", clean, false)
}

// TestProductLaw: every product of every family.
func TestProductLaw(t *testing.T) {
	eachLaw(t, 2, func(t *rapid.T, f Family) {
		p := drawProduct(t, 200)
		a, b := p.a.clone(), p.b.clone()
		got := p.check(t, f, Reference{}, 1, false)
		p.checkCuts(t, f, got)
		p.checkDirect(t, f)
		p.checkSpoilt(t, f, got)
		p.a.sameBut(t, "a", a, false)
		p.b.sameBut(t, "b", b, false)
	})
}

// TestRoundedProductLaw: the same of rounded operands, and of the model of tiles.
func TestRoundedProductLaw(t *testing.T) {
	eachRounded(t, func(t *testing.T, r Operations[float32], parts Parts) {
		most, products := 120, 2*int(parts)-1 // hi·hi, and of two parts hi·lo and lo·hi
		tiles, ok := r.(Tiles)
		if tiles.model {
			most = 70
		}
		proptest.Check(t, 2, func(t *rapid.T) {
			p := drawProduct(t, most)
			got := p.check(t, r, Reference{}.Rounded(parts), products, ok)
			p.checkCuts(t, r, got)
			p.checkSpoilt(t, r, got)
		})
	})
}

// TestEmptyProducts: a product of no depth is zero, or what was there, and one of
// no rows or columns touches nothing.
func TestEmptyProducts(t *testing.T) {
	eachLaw(t, 1, func(t *rapid.T, f Family) {
		m, n := proptest.Length(40).Draw(t, "m"), proptest.Length(70).Draw(t, "n")
		acc := rapid.Bool().Draw(t, "acc")
		c := newGrid(t, source(t), "c", kindOf(t, "numbers", kinds), m, n)
		for name, ops := range map[string]Products[float32]{"whole": f, "one part": f.Rounded(OnePart), "two parts": f.Rounded(TwoParts)} {
			got := c.clone()
			ops.Mul(m, n, 0, nil, 3, nil, got.view(), c.wide, acc)
			for i := range m {
				row, want := got.row(i), c.row(i)
				if !acc {
					want = make([]float32, n)
				}
				if !slices.Equal(row, want) {
					t.Fatalf("%s: row %d is %v", name, i, row)
				}
			}
			got.sameBut(t, name, c, true)
			for _, empty := range [][2]int{{0, n}, {m, 0}} {
				got = c.clone()
				ops.Mul(empty[0], empty[1], 5, nil, 5, nil, got.view(), c.wide, acc)
				got.sameBut(t, name, c, false)
			}
		}
	})
}
