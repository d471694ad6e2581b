package kernel

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"testing"
	"unsafe"
)

// eachTiles runs do for the model of tiles, and for tiles where there are some.
func eachTiles(t *testing.T, do func(t *testing.T, f Tiles)) {
	for _, parts := range []Parts{OnePart, TwoParts} {
		for _, model := range []bool{true, false} {
			f := Tiles{Family: Detect().Whole(), parts: parts, model: model}
			if !model && tilesError() != nil {
				continue
			}
			t.Run(fmt.Sprintf("%d parts, model %v", parts, model), func(t *testing.T) { do(t, f) })
		}
	}
}

// TestTilesAreExact multiplies numbers whose products and sums have no rounding:
// every count of rows and columns of tiles, whole and not, several steps of depth
// and a part of one, packed in all ways.
func TestTilesAreExact(t *testing.T) {
	eachTiles(t, func(t *testing.T, f Tiles) {
		for _, s := range [][3]int{{1, 1, 1}, {2, 3, 5}, {15, 16, 31}, {16, 17, 32}, {17, 15, 33}, {31, 33, 2}, {32, 32, 64}, {33, 48, 34}, {64, 64, 32}, {50, 49, 65}, {5, 97, 7}, {97, 5, 7}} {
			for _, transA := range []bool{false, true} {
				o := exactOperands(s[0], s[1], s[2], transA, f.parts)
				for i, how := range []string{"Pack", "PackT", "PackGather"} {
					acc := i == s[2]%3
					checkExact(t, fmt.Sprint(s, how, " transA ", transA, " acc ", acc), o, o.mul(f, o.panels(f, how), acc, 0), acc)
				}
			}
		}
	})
}

// exactOperands are whole numbers: of seven bits, or on one side of thirteen,
// which take two parts.
func exactOperands(m, n, k int, transA bool, parts Parts) *operands {
	o := newOperands(m, n, k, transA)
	whole := func(x []float32, most int) {
		for i, v := range x {
			if v == v {
				x[i] = float32((i*i*7919+i*31)%(2*most+1) - most)
			}
		}
	}
	wide := [2]int{60, 60}
	if parts == TwoParts {
		wide[(m+n)%2] = 5000
	}
	whole(o.a, wide[0])
	whole(o.b, wide[1])
	whole(o.c, 100)
	return o
}

func checkExact(t *testing.T, what string, o *operands, got []float32, acc bool) {
	t.Helper()
	for i := range o.m {
		for j := range o.ldc {
			want := o.c[i*o.ldc+j]
			if j < o.n {
				if !acc {
					want = 0
				}
				for k := range o.k {
					want += *o.left(i, k) * o.b[k*o.ldb+j]
				}
			}
			if got[i*o.ldc+j] != want {
				t.Fatalf("%s: row %d column %d is %v, want %v", what, i, j, got[i*o.ldc+j], want)
			}
		}
	}
}

// TestTilesAreTheirModel: machine code gives the bits of the model, also of what is
// rounded, subnormal or not finite, in panels as in products.
func TestTilesAreTheirModel(t *testing.T) {
	if err := tilesError(); err != nil {
		t.Skip(err)
	}
	odd := []float32{0, float32(math.Copysign(0, -1)), 0x1p-126, -0x1.8p-127, 0x1p-149, 0x1.01p0, 0x1.03p0, 0x1.008p0, math.MaxFloat32, float32(math.Inf(-1)), nan, 0x1p-70, 0x1.7p63}
	for _, parts := range []Parts{OnePart, TwoParts} {
		for _, transA := range []bool{false, true} {
			o := newOperands(19, 37, 71, transA)
			for i, v := range odd {
				*o.left(i, 3*i) = v
				o.b[(70-i)*o.ldb+2*i] = v
			}
			code, model := Tiles{Family: AVX512, parts: parts}, Tiles{Family: AVX512, parts: parts, model: true}
			for _, how := range []string{"Pack", "PackT", "PackGather"} {
				packed, want := o.panels(code, how), o.panels(model, how)
				sameBits(t, how, packed, want)
				sameBits(t, fmt.Sprint("product, transA ", transA), o.mul(code, packed, true, 0), o.mul(model, want, true, 0))
			}
		}
	}
}

// sameBits compares numbers, of which all that are none are alike.
func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if math.Float32bits(got[i]) != math.Float32bits(w) && (got[i] == got[i] || w == w) {
			t.Errorf("%s: number %d is %v, want %v", what, i, got[i], w)
			return
		}
	}
}

// TestTilesFlush: numbers below the normal ones count as zero, which is where
// tiles and what rounds in float32 differ beyond the order of sums.
func TestTilesFlush(t *testing.T) {
	eachTiles(t, func(t *testing.T, f Tiles) {
		const small = 0x1p-127
		for _, c := range []struct{ a, b, c, want float32 }{
			{small, 0x1p100, 0, 0}, {0x1p100, small, 0, 0}, {0x1p-70, 0x1p-70, 0, 0}, {0, 0, small, 0}, {1, 1, small, 1}, {0x1p-60, 0x1p-60, 0, 0x1p-120},
		} {
			panel, out := make([]float32, f.PanelLen(1, 1)), []float32{c.c}
			f.Pack(panel, []float32{c.b}, 1, 1, 1)
			f.Mul(1, 1, 1, []float32{c.a}, 1, panel, out, 1, true)
			if out[0] != c.want {
				t.Errorf("%g·%g + %g is %g, want %g", c.a, c.b, c.c, out[0], c.want)
			}
		}
	})
}

// TestTilesRun cuts a product so that no call takes long, at no change of bits.
func TestTilesRun(t *testing.T) {
	f := Tiles{Family: Detect().Whole(), parts: OnePart, model: true}
	o := exactOperands(96, 2*(tileRun/(96*512)/tilePanel*tilePanel)+40, 512, false, OnePart)
	o.a = o.a[:0:0]
	for range 96 * o.lda {
		o.a = append(o.a, 0)
	}
	for i := range o.m { // one number in a row, so that the product is rows of B
		*o.left(i, 5*i%512) = 1
	}
	got := o.mul(f, o.panels(f, "Pack"), false, 0)
	for i := range o.m {
		for j := range o.n {
			if want := o.b[5*i%512*o.ldb+j]; got[i*o.ldc+j] != want {
				t.Fatalf("row %d column %d is %v, want %v", i, j, got[i*o.ldc+j], want)
			}
		}
	}
}

// TestTileConfig: a tile that an edge leaves empty is not there.
func TestTileConfig(t *testing.T) {
	if size := unsafe.Sizeof(tileConfig{}); size != 64 {
		t.Fatalf("a configuration has %d bytes", size)
	}
	c := tileConfigOf(17, 3)
	if c.rows != [8]uint8{16, 0, 1, 0, 16, 1, 16, 0} || c.rowBytes != [8]uint16{12, 0, 12, 0, 64, 64, 12, 0} {
		t.Errorf("17 rows and 3 columns: rows %v of %v bytes", c.rows, c.rowBytes)
	}
}

// TestMulPartStartsAtSteps: a part of the depth that tiles cannot start at is refused.
func TestMulPartStartsAtSteps(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("depth 16 of a panel was accepted")
		}
	}()
	f := Tiles{Family: Generic, parts: OnePart, model: true}
	f.MulPart(1, 1, 16, 32, make([]float32, 16), 16, make([]float32, f.PanelLen(32, 1)), 32, make([]float32, 1), 1, false)
}

// TestFamilyOfVectors: code is picked by what vectors a family has, so that one
// with tiles as well computes the same bits in float32.
func TestFamilyOfVectors(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`[!=]= AVX512\b|case AVX512\b`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := names.Find(text); at != nil && filepath.Base(name) != "tiles_test.go" {
			t.Errorf("%s asks for one family, %q: ask whether it is wide", name, at)
		}
	}
}

// TestBorrowed bounds what products borrow by what is said of them.
func TestBorrowed(t *testing.T) {
	const depth, rows = 512, 256
	eachRounded(t, func(t *testing.T, r Operations[float32], _ Parts) {
		var made []*lent
		lending = sync.Pool{New: func() any { // what it had is lost, which pools allow
			made = append(made, &lent{})
			return made[len(made)-1]
		}}
		a, c := make([]float32, 1100*rows), make([]float32, rows)
		panels := make([]float32, r.PanelLen(1100, 1))
		r.Mul(rows, 1, 1100, a, 1100, panels, c, 1, false)
		r.MulT(rows, 1, depth, a, rows, panels, c, 1, false, nil)
		lending = sync.Pool{New: newLent}
		for _, l := range made {
			if len(l.floats) == 0 || len(l.floats) > Borrowed[float32](r, depth) {
				t.Errorf("%d numbers, said to be %d", len(l.floats), Borrowed[float32](r, depth))
			}
		}
	})
}

// TestForcedTiles: whoever asks for tiles gets them, or the reason why not.
func TestForcedTiles(t *testing.T) {
	t.Setenv(EnvVar, "amx")
	f, err := FromEnv()
	if why := tilesError(); !errors.Is(err, why) || err == nil && f != AMX {
		t.Errorf("%s, %v; of tiles: %v", f, err, why)
	}
	if AMX.Whole() != AVX512 || AVX2.Whole() != AVX2 {
		t.Error("what is not rounded is not computed by AVX-512")
	}
}

// TestTilesPreempted: tiles are right though collections stop what uses them at any
// instruction, more goroutines than processors use them, and threads change
// between calls.
func TestTilesPreempted(t *testing.T) {
	if err := tilesError(); err != nil {
		t.Skip(err)
	}
	f := Tiles{Family: AVX512, parts: OnePart}
	o := newOperands(70, 90, 200, false)
	panels, c := o.panels(f, "Pack"), attentionCase{2, 1, 32, []int{70}}
	product := o.mul(f, panels, true, 0)
	attention := newAttentionBatch[float32](f, c)
	attention.run(inOrder)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3*runtime.GOMAXPROCS(0) + 1 {
		wg.Go(func() {
			for range 20 {
				sameBits(t, "product", o.mul(f, panels, true, 0), product)
				b := newAttentionBatch[float32](f, c)
				b.run(inOrder)
				want := attention.results()
				for name, got := range b.results() {
					sameBits(t, name, got, want[name])
				}
				runtime.Gosched()
			}
		})
	}
	go func() {
		wg.Wait()
		close(done)
	}()
	for {
		select {
		case <-done:
			return
		default:
			runtime.GC()
		}
	}
}
