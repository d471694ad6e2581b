package kernel

import (
	"math"
	"unsafe"
)

// Between the products of attention on tiles stand two pieces of machine code for
// AVX-512, which turn float32 that products left into operands of the next ones.
// Here are what they are asked and, as in the model of tiles, what they do.

// softmaxCall is one strip of rows of scores that become probabilities, as rows
// of tiles. Its layout is read by machine code; distances are in bytes.
type softmaxCall struct {
	scores   *float32
	ld       int
	out      unsafe.Pointer
	half     int // from a row of tiles to the next one
	steps    int // of 32 keys, of which there are scores
	rows     int
	seen     int      // keys that the first row sees; each row behind it sees one more
	max, sum *float32 // of each row so far, scores being exponents of 2
	shrink   *float32 // what earlier answers of each row have to be multiplied by
	scale    float32
}

// softmaxBackCall is the scores S of 32 keys with 32 queries for each panel, and
// the gradients dP of their probabilities. They become P and dS, as rows of tiles,
// and dS as a right operand too.
type softmaxBackCall struct {
	scores, dp      *float32
	ld              int
	p, ds           unsafe.Pointer
	half            int // from a row of tiles to the next one
	right           unsafe.Pointer
	panel           int      // from a panel to the next one
	lse, delta      *float32 // of each query, the log-sum-exp as an exponent of 2
	panels          int
	diagonal        int // 1: keys of the first panel see queries from their own on
	logScale, scale float32
}

// lanes are one vector.
type lanes [16]float32

// exp2Coefs are those of 2^f for f in [0, 1).
var exp2Coefs = [...]float32{1, 0.6931513, 0.24016444, 0.055799913, 0.009017031, 0.0018671298}

// exp2 is the machine code's: a polynomial of the fraction, and the exponent.
func exp2(x float32) float32 {
	whole, f := math.Floor(float64(x)), fraction(x)
	y := exp2Coefs[len(exp2Coefs)-1]
	for i := len(exp2Coefs) - 2; i >= 0; i-- {
		y = fma(y, f, exp2Coefs[i])
	}
	if x != x {
		return x
	}
	return float32(math.Ldexp(float64(y), int(max(-1000, min(1000, whole)))))
}

// fraction is x less the whole number below, which is rounded down; that of
// infinity is zero.
func fraction(x float32) float32 {
	whole := math.Floor(float64(x))
	if math.IsInf(whole, 0) {
		return 0
	}
	d := float64(x) - whole
	f := float32(d)
	if float64(f) > d || float64(f) == d && float64(x) < d+whole {
		f = math.Nextafter32(f, -1)
	}
	return f
}

// fma is x·y + z, rounded once: the sum in float64 is rounded to odd, so that
// rounding it again does no harm.
func fma(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z)
	s := p + c
	b := s - p
	if off := (p - (s - b)) + (c - b); off != 0 && math.Float64bits(s)&1 == 0 && s-s == 0 {
		s = math.Nextafter(s, s+math.Copysign(math.Inf(1), off))
	}
	return float32(s)
}

// reduce is op over the lanes of v in the machine code's order.
func (v lanes) reduce(op func(a, b float32) float32) float32 {
	for n := len(v) / 2; n > 0; n /= 2 {
		for i := range n {
			v[i] = op(v[i], v[i+n])
		}
	}
	return v[0]
}

func add(a, b float32) float32 { return a + b }

// greater is maxps, which takes b where the two cannot be told apart.
func greater(a, b float32) float32 {
	if a > b {
		return a
	}
	return b
}

// at is number i behind p.
func at(p *float32, i int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*i)) }

// modelSoftmax is tileSoftmax.
func modelSoftmax(c *softmaxCall, parts int) {
	for r := range c.rows {
		out := unsafe.Add(c.out, r/tileSide*c.half+r%tileSide*64)
		seen := min(c.seen+r, c.steps*tileStep)
		*at(c.shrink, r) = 1
		if seen > 0 {
			modelSoftmaxRow(c, r, seen, out, parts)
		}
		for k := steps(max(seen, 0)) * tileStep; k < c.steps*tileStep; k++ {
			for part := range parts {
				putHalf(unsafe.Add(out, (k/tileStep*parts+part)*tileBytes), 0, k%tileStep, 0)
			}
		}
	}
}

func modelSoftmaxRow(c *softmaxCall, r, seen int, out unsafe.Pointer, parts int) {
	row := unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(c.scores), r*c.ld)), seen)
	old := *at(c.max, r)
	now := greater(greatest(row)*c.scale, old)
	shrink := exp2(old - now)
	var sum [2]lanes // of the two vectors of a step
	for k := range steps(seen) * tileStep {
		p := float32(0)
		if k < seen {
			p = exp2(fma(c.scale, row[k], -now))
		}
		sum[k/tileSide%2][k%tileSide] += p
		for part := range parts {
			putHalf(unsafe.Add(out, (k/tileStep*parts+part)*tileBytes), 0, k%tileStep, tilePart(p, part))
		}
	}
	for i, v := range sum[1] {
		sum[0][i] += v
	}
	*at(c.max, r), *at(c.shrink, r) = now, shrink
	*at(c.sum, r) = fma(shrink, *at(c.sum, r), sum[0].reduce(add))
}

// greatest is the greatest of a row: of pairs of steps in four vectors, of a step
// that is left over, or is not whole, in the first two.
func greatest(row []float32) float32 {
	var top [4]lanes
	for i := range top {
		for j := range top[i] {
			top[i][j] = float32(math.Inf(-1))
		}
	}
	pairs := (len(row) - 1) / (2 * tileStep) * 2 * tileStep
	for k, s := range row {
		vector := k / tileSide % 4
		if k >= pairs {
			vector %= 2
		}
		top[vector][k%tileSide] = greater(top[vector][k%tileSide], s)
	}
	for _, join := range [][2]int{{0, 2}, {1, 3}, {0, 1}} {
		for i, v := range top[join[1]] {
			top[join[0]][i] = greater(top[join[0]][i], v)
		}
	}
	return top[0].reduce(greater)
}

// modelSoftmaxBackward is tileSoftmaxBackward.
func modelSoftmaxBackward(c *softmaxBackCall, parts int) {
	for q := range c.panels * tilePanel {
		panel, column := q/tilePanel, q%tilePanel
		lse, delta := *at(c.lse, q), *at(c.delta, q)*c.scale
		for k := range tilePanel {
			p, ds := float32(0), float32(0)
			if c.diagonal == 0 || panel > 0 || column >= k {
				p = exp2(fma(c.logScale, *at(c.scores, k*c.ld/4+q), -lse))
				ds = fma(c.scale, *at(c.dp, k*c.ld/4+q), -delta) * p
			}
			for part := range parts {
				left := k/tileSide*c.half + (panel*parts+part)*tileBytes
				putHalf(unsafe.Add(c.p, left), k%tileSide, column, tilePart(p, part))
				putHalf(unsafe.Add(c.ds, left), k%tileSide, column, tilePart(ds, part))
			}
			putRight(unsafe.Add(c.right, panel*c.panel), k, column/tileSide, column%tileSide, ds, parts)
		}
	}
}
