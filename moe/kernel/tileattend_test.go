package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"
)

// TestTileAttentionIsItsModel: machine code gives the bits of the model forward
// and back.
func TestTileAttentionIsItsModel(t *testing.T) {
	if err := tilesError(); err != nil {
		t.Skip(err)
	}
	for _, parts := range []Parts{OnePart, TwoParts} {
		for _, c := range []attentionCase{{2, 1, 20, []int{150, 1, 33}}, {1, 1, 64, []int{70}}} {
			t.Run(fmt.Sprint(c, "/", int(parts)), func(t *testing.T) {
				code := newAttentionBatch[float32](Tiles{Family: AVX512, parts: parts}, c)
				model := newAttentionBatch[float32](Tiles{Family: AVX512, parts: parts, model: true}, c)
				code.run(inOrder)
				model.run(inOrder)
				got := code.results()
				for name, want := range model.results() {
					sameBits(t, name, got[name], want)
				}
			})
		}
	}
}

// softmaxBatch is one strip of scores, of which some are not finite, and what
// becomes of them.
type softmaxBatch struct {
	call             softmaxCall
	back             softmaxBackCall
	out, right       []float32
	max, sum, shrink []float32
}

func newSoftmaxBatch(steps, rows, seen, parts int) *softmaxBatch {
	const ld = KeyBlock + scorePad
	b := &softmaxBatch{}
	scores, dp := Floats(tileStrip*ld), Floats(tileStrip*ld)
	r := newRand()
	copy(scores, normals(r, len(scores), 9))
	copy(dp, normals(r, len(dp), 1))
	odd := []float32{float32(math.Inf(-1)), nan, 0x1p-149, -0x1p-130, math.MaxFloat32, -math.MaxFloat32, -3000, float32(math.Inf(1))}
	for i, v := range odd { // each in a row of its own, at the edge of what is seen or beyond it
		scores[(i+1)*ld+max(0, min(seen+i, steps*tileStep-1))] = v
		scores[(i+12)*ld+steps*tileStep-1] = v
	}
	tile := parts * tileBytes / 4
	b.out, b.right = Floats(4*steps*tile), Floats(2*steps*tile)
	b.max, b.sum, b.shrink = normals(r, tileStrip, 20), normals(r, tileStrip, 1), make([]float32, tileStrip)
	b.max[3] = float32(math.Inf(-1))
	half := 4 * steps * tile
	b.call = softmaxCall{scores: &scores[0], ld: 4 * ld, out: unsafe.Pointer(&b.out[0]), half: half, steps: steps, rows: rows, seen: seen,
		max: &b.max[0], sum: &b.sum[0], shrink: &b.shrink[0], scale: 0.18}
	b.back = softmaxBackCall{scores: &scores[0], dp: &dp[0], ld: 4 * ld, p: unsafe.Pointer(&b.out[0]), ds: unsafe.Pointer(&b.out[2*steps*tile]), half: half,
		right: unsafe.Pointer(&b.right[0]), panel: 8 * tile, lse: &dp[1], delta: &scores[1], panels: steps, diagonal: seen & 1, logScale: 0.18, scale: 0.125}
	return b
}

// TestSoftmaxIsItsModel: as many rows, keys and unseen keys as there may be.
func TestSoftmaxIsItsModel(t *testing.T) {
	if err := tilesError(); err != nil {
		t.Skip(err)
	}
	for _, parts := range []Parts{OnePart, TwoParts} {
		code, model := Tiles{Family: AVX512, parts: parts}, Tiles{Family: AVX512, parts: parts, model: true}
		for _, s := range [][3]int{{1, 1, 1}, {1, 32, 1}, {2, 32, -5}, {3, 17, 33}, {2, 16, 48}, {4, 32, 96}, {5, 31, 200}, {16, 32, 481}} {
			run := func(f Tiles) *softmaxBatch {
				b := newSoftmaxBatch(s[0], s[1], s[2], int(parts))
				f.softmax(&b.call)
				return b
			}
			back := func(f Tiles) *softmaxBatch {
				b := newSoftmaxBatch(s[0], s[1], s[2], int(parts))
				f.softmaxBackward(&b.back)
				return b
			}
			sameSoftmax(t, fmt.Sprint("forward ", s, " parts ", parts), run(code), run(model))
			sameSoftmax(t, fmt.Sprint("backward ", s, " parts ", parts), back(code), back(model))
		}
	}
}

func sameSoftmax(t *testing.T, what string, got, want *softmaxBatch) {
	t.Helper()
	sameHalves(t, what+": tiles", got.out, want.out)
	sameHalves(t, what+": panels", got.right, want.right)
	sameBits(t, what+": maxima", got.max, want.max)
	sameBits(t, what+": sums", got.sum, want.sum)
	sameBits(t, what+": shrinking", got.shrink, want.shrink)
}

// sameHalves compares numbers of bfloat16.
func sameHalves(t *testing.T, what string, got, want []float32) {
	t.Helper()
	wide := func(x []float32) (w []float32) {
		for _, h := range unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(x))), 2*len(x)) {
			w = append(w, FromBF16(h))
		}
		return w
	}
	sameBits(t, what, wide(got), wide(want))
}

// TestExp2 holds the power of the model, which machine code has the bits of, to
// the true one.
func TestExp2(t *testing.T) {
	r := newRand()
	for i := range 200_000 {
		x := float32(r.NormFloat64() * []float64{0.1, 3, 60}[i%3])
		if x < -126 || x >= 128 {
			continue
		}
		want := math.Exp2(float64(x))
		if got := float64(exp2(x)); math.Abs(got/want-1) > 2e-7 {
			t.Fatalf("2^%v is %v, want %v", x, got, want)
		}
	}
	inf := float32(math.Inf(1))
	for _, c := range [][2]float32{{0, 1}, {1, 2}, {-3, 0.125}, {-1e30, 0}, {-inf, 0}, {inf, inf}, {1e30, inf}, {-149, 0x1p-149}, {-1e-30, 1}} {
		if got := exp2(c[0]); got != c[1] && !(math.Abs(float64(got/c[1]-1)) <= 2e-7) {
			t.Errorf("2^%v is %v, want %v", c[0], got, c[1])
		}
	}
	if got := exp2(nan); got == got {
		t.Errorf("2^NaN is %v", got)
	}
}

// TestExp2Coefs: the model has the numbers of machine code, which hosts without
// tiles cannot compare by running it.
func TestExp2Coefs(t *testing.T) {
	code := codeOfTiles(t)
	for i, c := range exp2Coefs {
		if line := fmt.Sprintf("DATA exp2<>+%d(SB)/4, $0x%08x\n", 4*i, math.Float32bits(c)); !strings.Contains(code, line) {
			t.Errorf("no %q", line)
		}
	}
	if line := fmt.Sprintf("GLOBL exp2<>(SB), RODATA|NOPTR, $%d\n", 4*len(exp2Coefs)); !strings.Contains(code, line) {
		t.Errorf("no %q", line)
	}
}

// TestFMA: multiply-adds of the model are rounded once.
func TestFMA(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	draw := func() float32 { // few bits, or many: so that sums lie beside the middle of two numbers
		return float32(math.Ldexp(float64(r.IntN(1<<[]int{2, 13, 24}[r.IntN(3)]))-float64(r.IntN(2)), r.IntN(60)-30))
	}
	exact := func(v float32) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(float64(v)) }
	for range 200_000 {
		x, y, z := draw(), draw(), draw()
		sum := exact(x)
		want, _ := sum.Add(sum.Mul(sum, exact(y)), exact(z)).Float32()
		if got := fma(x, y, z); got != want {
			t.Fatalf("%x·%x + %x is %x, want %x", x, y, z, got, want)
		}
	}
}
