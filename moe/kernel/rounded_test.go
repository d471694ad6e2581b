package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

var nan = float32(math.NaN())

// roundings are the implementations of rounded products: of every family, and
// that of tiles whose machine code is modelled.
func roundings(parts Parts) map[string]Operations[float32] {
	all := map[string]Operations[float32]{"model of tiles": Tiles{Family: Detect().Whole(), parts: parts, model: true}}
	for _, f := range families() {
		all[f.String()] = f.Rounded(parts)
	}
	return all
}

// eachRounded runs do for every implementation, rounded both ways.
func eachRounded(t *testing.T, do func(t *testing.T, r Operations[float32], parts Parts)) {
	for _, parts := range []Parts{OnePart, TwoParts} {
		for name, r := range roundings(parts) {
			t.Run(fmt.Sprint(name, "/", int(parts)), func(t *testing.T) { do(t, r, parts) })
		}
	}
}

// operands are those of one product, in arrays wider than they are.
type operands struct {
	m, n, k       int
	transA        bool
	a, b, c       []float32
	lda, ldb, ldc int
}

func newOperands(m, n, k int, transA bool) *operands {
	r, rows, cols := newRand(), m, k
	if transA {
		rows, cols = k, m
	}
	o := &operands{m: m, n: n, k: k, transA: transA, lda: cols + 3, ldb: n + 2, ldc: n + 5}
	o.a, o.b, o.c = normals(r, rows*o.lda, 1), normals(r, k*o.ldb, 1), normals(r, m*o.ldc, 1)
	for i := range rows {
		for j := cols; j < o.lda; j++ {
			o.a[i*o.lda+j] = nan
		}
	}
	for i := range k {
		for j := n; j < o.ldb; j++ {
			o.b[i*o.ldb+j] = nan
		}
	}
	return o
}

func (o *operands) leftAt(i, k int) int {
	if o.transA {
		return k*o.lda + i
	}
	return i*o.lda + k
}

func (o *operands) left(i, k int) *float32 { return &o.a[o.leftAt(i, k)] }

// panels packs the right operand in one of three ways.
func (o *operands) panels(r Products[float32], how string) []float32 {
	p := make([]float32, r.PanelLen(o.k, o.n))
	for i := range p {
		p[i] = nan
	}
	switch how {
	case "Pack":
		r.Pack(p, o.b, o.ldb, o.k, o.n)
	case "PackT":
		bt := make([]float32, o.n*o.k)
		for i := range o.k {
			for j := range o.n {
				bt[j*o.k+i] = o.b[i*o.ldb+j]
			}
		}
		r.PackT(p, bt, o.k, o.k, o.n)
	case "PackGather": // from a copy with its rows in another order
		rows, mixed := make([]int32, o.k), make([]float32, len(o.b))
		for i := range rows {
			at := o.k - 1 - i
			rows[i] = int32(at)
			copy(mixed[at*o.ldb:(at+1)*o.ldb], o.b[i*o.ldb:])
		}
		r.PackGather(p, mixed, o.ldb, rows, o.n)
	}
	return p
}

func (o *operands) mul(r Products[float32], panels []float32, acc bool, scratch int) []float32 {
	c := slices.Clone(o.c)
	if o.transA {
		r.MulT(o.m, o.n, o.k, o.a, o.lda, panels, c, o.ldc, acc, make([]float32, scratch))
	} else {
		r.Mul(o.m, o.n, o.k, o.a, o.lda, panels, c, o.ldc, acc)
	}
	return c
}

// want is the product of rounded operands in float64, and the size of what was
// summed.
func (o *operands) want(parts Parts, acc bool) (want, scale []float64) {
	ref := Reference{}.Rounded(parts)
	split := func(x []float32) (hi, lo []float64) {
		hi, lo = make([]float64, len(x)), make([]float64, len(x))
		for i, v := range x {
			hi[i], lo[i] = ref.split(float64(v))
		}
		return hi, lo
	}
	aHi, aLo := split(o.a)
	bHi, bLo := split(o.b)
	want, scale = make([]float64, o.m*o.n), make([]float64, o.m*o.n)
	for i := range o.m {
		for j := range o.n {
			at := i*o.n + j
			if acc {
				want[at] = float64(o.c[i*o.ldc+j])
				scale[at] = math.Abs(want[at])
			}
			for k := range o.k {
				x, y := o.leftAt(i, k), k*o.ldb+j
				p := aHi[x]*bHi[y] + aHi[x]*bLo[y] + aLo[x]*bHi[y]
				want[at] += p
				scale[at] += math.Abs(p)
			}
		}
	}
	return want, scale
}

func TestRoundedMul(t *testing.T) {
	eachRounded(t, func(t *testing.T, r Operations[float32], parts Parts) {
		for _, s := range oddShapes {
			for _, transA := range []bool{false, true} {
				o := newOperands(s[0], s[1], s[2], transA)
				for _, acc := range []bool{false, true} {
					want, scale := o.want(parts, acc)
					for _, how := range []string{"Pack", "PackT", "PackGather"} {
						checkRounded(t, r, o, how, acc, want, scale)
					}
				}
			}
		}
	})
}

func checkRounded(t *testing.T, r Products[float32], o *operands, how string, acc bool, want, scale []float64) {
	t.Helper()
	scratch := 0 // one of the three repacks the left operand
	if how == "PackT" {
		scratch = ScratchLen
	}
	got := o.mul(r, o.panels(r, how), acc, scratch)
	for i := range o.m {
		for j := range o.ldc {
			what := fmt.Sprintf("%s %dx%dx%d transA=%v acc=%v row %d", how, o.m, o.n, o.k, o.transA, acc, i)
			if j < o.n {
				near(t, what, j, got[i*o.ldc+j], want[i*o.n+j], scale[i*o.n+j])
			} else if got[i*o.ldc+j] != o.c[i*o.ldc+j] {
				t.Fatalf("%s: column %d past the edge was written", what, j)
			}
		}
	}
}

// TestRoundedIsFamilyOfRounded: with one part the product is that of the
// family, bit for bit, of operands that were rounded before.
func TestRoundedIsFamilyOfRounded(t *testing.T) {
	eachFamily(t, func(t *testing.T, f Family) {
		for _, transA := range []bool{false, true} {
			o := newOperands(101, 75, 1100, transA)
			r := Rounded{f, OnePart}
			got := o.mul(r, o.panels(r, "Pack"), true, 0)
			for _, x := range [][]float32{o.a, o.b} {
				for i, v := range x {
					x[i] = FromBF16(BF16(v))
				}
			}
			if want := o.mul(f, o.panels(f, "Pack"), true, 0); !slices.Equal(got, want) {
				t.Errorf("transA=%v: other bits", transA)
			}
		}
	})
}

// TestRoundedSplit: an element does not depend on how rows, columns or depth are
// split, and panels may be packed piece by piece, pieces of columns and of depth
// being where PanelLen says that so many columns, or so much depth, end.
func TestRoundedSplit(t *testing.T) {
	const m, n, k = 53, 150, 700
	eachRounded(t, func(t *testing.T, r Operations[float32], _ Parts) {
		o := newOperands(m, n, k, false)
		panels := o.panels(r, "Pack")
		whole := o.mul(r, panels, false, 0)
		w := r.PanelWidth()
		for _, rows := range []int{1, 5, 17} {
			got := slices.Clone(o.c)
			for i := 0; i < m; i += rows {
				for j := 0; j < n; j += w {
					r.Mul(min(rows, m-i), min(w, n-j), k, o.a[i*o.lda:], o.lda, panels[r.PanelLen(k, j):], got[i*o.ldc+j:], o.ldc, false)
				}
			}
			if !slices.Equal(got, whole) {
				t.Errorf("rows by %d: other bits", rows)
			}
		}
		pieces := make([]float32, len(panels))
		for j := 0; j < n; j += w {
			for at := 0; at < k; at += 96 {
				r.Pack(pieces[r.PanelLen(k, j)+r.PanelLen(at, w):], o.b[at*o.ldb+j:], o.ldb, min(96, k-at), min(w, n-j))
			}
		}
		if got := o.mul(r, pieces, false, 0); !slices.Equal(got, whole) {
			t.Error("packed piece by piece: other bits")
		}
		got := slices.Clone(o.c)
		r.MulPart(m, n, 0, depthBlock, o.a, o.lda, panels, k, got, o.ldc, false)
		r.MulPart(m, n, depthBlock, k, o.a[depthBlock:], o.lda, panels, k, got, o.ldc, true)
		if !slices.Equal(got, whole) {
			t.Error("depth in parts: other bits")
		}
	})
}

// TestTwoPartsAreClose: the error of two parts is that of 16 bits, of one part
// that of 8.
func TestTwoPartsAreClose(t *testing.T) {
	eachRounded(t, func(t *testing.T, r Operations[float32], parts Parts) {
		o := newOperands(64, 96, 512, false)
		exact, scale := mulReference(o.m, o.n, o.k, o.a, o.lda, false, packed(o), nil, 0, false)
		bounds := map[Parts][2]float64{OnePart: {5e-4, 8e-3}, TwoParts: {0, 5e-6}}[parts]
		got := o.mul(r, o.panels(r, "Pack"), false, 0)
		errs, norm := 0.0, 0.0
		for i := range o.m {
			for j := range o.n {
				want := exact[i*o.n+j]
				d := float64(got[i*o.ldc+j]) - want
				errs, norm = errs+d*d, norm+want*want
				if math.Abs(d) > bounds[1]*scale[i*o.n+j] {
					t.Fatalf("%v for %v", got[i*o.ldc+j], want)
				}
			}
		}
		if e := math.Sqrt(errs / norm); !(e >= bounds[0] && e <= bounds[1]) {
			t.Errorf("relative error %.2g, want %v", e, bounds)
		}
	})
}

// packed is the right operand without padding.
func packed(o *operands) []float32 {
	b := make([]float32, 0, o.k*o.n)
	for i := range o.k {
		b = append(b, o.b[i*o.ldb:i*o.ldb+o.n]...)
	}
	return b
}

// TestRoundedKeepsNonFinite: what is not finite, or rounds to infinity, shows in
// every result that it enters and in no other.
func TestRoundedKeepsNonFinite(t *testing.T) {
	const m, n, k = 13, 45, 70
	inf := float32(math.Inf(1))
	eachRounded(t, func(t *testing.T, r Operations[float32], _ Parts) {
		for _, bad := range []float32{nan, math.Float32frombits(0xffffffff), math.Float32frombits(0x7f800001), inf, -inf, math.MaxFloat32, -math.MaxFloat32} {
			for _, transA := range []bool{false, true} {
				clean := newOperands(m, n, k, transA)
				want := clean.mul(r, clean.panels(r, "Pack"), false, 0)
				for _, at := range [][3]int{{0, 0, 0}, {m - 1, n - 1, k - 1}, {5, 33, 64}} {
					left, right := newOperands(m, n, k, transA), newOperands(m, n, k, transA)
					*left.left(at[0], at[2]) = bad
					right.b[at[2]*right.ldb+at[1]] = bad
					for _, how := range []string{"Pack", "PackT", "PackGather"} {
						inLeft, inRight := left.mul(r, left.panels(r, how), false, 0), right.mul(r, right.panels(r, how), false, 0)
						for i := range m {
							for j := range n {
								checkSpread(t, bad, inLeft[i*left.ldc+j], want[i*left.ldc+j], i == at[0])
								checkSpread(t, bad, inRight[i*left.ldc+j], want[i*left.ldc+j], j == at[1])
							}
						}
					}
				}
			}
		}
	})
}

func checkSpread(t *testing.T, bad, got, want float32, reached bool) {
	t.Helper()
	if reached == (got-got == 0) || !reached && got != want {
		t.Fatalf("%v: %v where %v was without it, reached: %v", bad, got, want, reached)
	}
}

// TestRoundRows: rows of every length and value round as one number does.
func TestRoundRows(t *testing.T) {
	values := normals(newRand(), 3000, 1)
	for i, v := range values {
		values[i] = v * float32(math.Ldexp(1, i%280-140))
	}
	values = append(values, 0, float32(math.Copysign(0, -1)), nan, float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, 0x1p-149, 0x1.01p0, 0x1.03p0)
	same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b }
	eachFamily(t, func(t *testing.T, f Family) {
		r := Rounded{f, TwoParts}
		for lo, n := 0, 0; lo+n <= len(values); lo, n = lo+n, (n+1)%37 {
			row := values[lo : lo+n]
			one, hi, low, pairs := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, 2*n)
			r.round(one, row)
			r.splitRow(hi, low, row)
			r.leftRow(pairs, row)
			for i, v := range row {
				h, l := split(v)
				if !same(one[i], FromBF16(BF16(v))) || !same(hi[i], h) || !same(low[i], l) || !same(pairs[2*i], h+l) || !same(pairs[2*i+1], h) {
					t.Fatalf("%v of %d: %v, %v + %v, %v", v, n, one[i], hi[i], low[i], pairs[2*i:2*i+2])
				}
			}
		}
	})
}

// TestRoundedReference holds the reference to the same products.
func TestRoundedReference(t *testing.T) {
	wide := func(x []float32) []float64 {
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = float64(v)
		}
		return y
	}
	for _, parts := range []Parts{OnePart, TwoParts} {
		for _, transA := range []bool{false, true} {
			o := newOperands(7, 9, 33, transA)
			r := Reference{}.Rounded(parts)
			panels, c := make([]float64, r.PanelLen(o.k, o.n)), wide(o.c)
			r.Pack(panels, wide(o.b), o.ldb, o.k, o.n)
			if transA {
				r.MulT(o.m, o.n, o.k, wide(o.a), o.lda, panels, c, o.ldc, true, nil)
			} else {
				r.Mul(o.m, o.n, o.k, wide(o.a), o.lda, panels, c, o.ldc, true)
			}
			want, _ := o.want(parts, true)
			for i := range want {
				if math.Abs(c[i/o.n*o.ldc+i%o.n]-want[i]) > 1e-12 {
					t.Fatalf("%d parts transA=%v: element %d is %v, want %v", parts, transA, i, c[i/o.n*o.ldc+i%o.n], want[i])
				}
			}
		}
	}
}
