package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// publishedLevels is the construction as it is published, in exact arithmetic.
func publishedLevels(signed bool) (all []*big.Rat) {
	parts := int64(2)
	if signed {
		parts = 1
	}
	tenth := big.NewRat(1, 10)
	decade := big.NewRat(1, 1000000)
	for range 7 {
		for j := range parts {
			// 0.1 + 0.9·(2j+1)/(2·parts)
			l := big.NewRat(9*(2*j+1), 20*parts)
			l.Add(l, tenth).Mul(l, decade)
			all = append(all, l)
			if signed {
				all = append(all, new(big.Rat).Neg(l))
			}
		}
		parts *= 2
		decade.Mul(decade, big.NewRat(10, 1))
	}
	all = append(all, new(big.Rat), big.NewRat(1, 1))
	slices.SortFunc(all, func(a, b *big.Rat) int { return a.Cmp(b) })
	return all
}

// TestDynamicLevels: levels are the published ones, to rounding; some of them by
// hand.
func TestDynamicLevels(t *testing.T) {
	for _, signed := range []bool{true, false} {
		levels := UnsignedLevels()
		if signed {
			levels = SignedLevels()
		}
		want := publishedLevels(signed)
		if len(want) != 256 {
			t.Fatal(len(want))
		}
		for i, w := range want {
			exact, _ := w.Float64()
			if d := math.Abs(float64(levels[i]) - exact); d > 1e-6*math.Abs(exact) {
				t.Errorf("signed %v: level %d is %v, want %v", signed, i, levels[i], exact)
			}
		}
	}
	s, u := SignedLevels(), UnsignedLevels()
	for _, c := range []struct{ got, want float32 }{{s[0], -0.99296875}, {s[127], 0}, {s[128], 5.5e-7}, {s[254], 0.99296875}, {s[255], 1},
		{u[0], 0}, {u[1], 3.25e-7}, {u[2], 7.75e-7}, {u[254], 0.996484375}, {u[255], 1}} {
		if math.Abs(float64(c.got-c.want)) > 1e-6*math.Abs(float64(c.want)) {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	if s[127] != 0 || u[0] != 0 || s[255] != 1 || u[255] != 1 {
		t.Error("0 and 1 are not exact:", s[127], u[0], s[255], u[255])
	}
}

// TestDynamicGuess: half an exponent leaves one bound to compare with.
func TestDynamicGuess(t *testing.T) {
	for _, m := range dynamicMaps {
		for i := 1; i < 16; i++ {
			if m.guess[i]-m.guess[i-1] > 1 {
				t.Errorf("signed %v: %v", m.signed, m.guess)
			}
		}
	}
}

// nearestCode is the nearest level of all; the unsigned map has no zero but for
// zeros.
func nearestCode(levels [256]float32, x float32, signed bool) (best byte) {
	least := math.Inf(1)
	for i, l := range levels {
		if !signed && i == 0 {
			continue
		}
		if d := math.Abs(float64(l) - float64(x)); d < least {
			best, least = byte(i), d
		}
	}
	return best
}

// TestDynamicNearest: a number gets the code of the nearest level, and a level its
// own.
func TestDynamicNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for k, m := range dynamicMaps {
		levels := m.levels()
		check := func(x float32) {
			got, want := m.code(x), nearestCode(levels, x, m.signed)
			there, best := math.Abs(float64(levels[got])-float64(x)), math.Abs(float64(levels[want])-float64(x))
			if there > best+1e-6*math.Abs(float64(x)) {
				t.Fatalf("map %d: %v has code %d (%v), want %d (%v)", k, x, got, levels[got], want, levels[want])
			}
		}
		for i, l := range levels {
			if i == 0 && !m.signed {
				continue
			}
			if got := m.code(l); int(got) != i {
				t.Errorf("map %d: level %d has code %d", k, i, got)
			}
			if i > 1 {
				check((l + levels[i-1]) / 2)
			}
		}
		for range 200000 {
			x := float32(math.Pow(10, -9*rng.Float64()))
			if check(x); m.signed {
				check(-x)
			}
		}
		check(0x1p-149)
		if m.signed {
			for _, zero := range []float32{0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-149, 2.7e-7, -2.7e-7} {
				if got := m.code(zero); got != 127 {
					t.Errorf("%v has code %d", zero, got)
				}
			}
		}
	}
}

// TestFMA32 holds a sum of a product, rounded once, to exact arithmetic.
func TestFMA32(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	number := func() float32 {
		return math.Float32frombits(rng.Uint32()&^(0xff<<23) | uint32(100+rng.IntN(50))<<23)
	}
	for range 200000 {
		x, y, z := number(), number(), number()
		if rng.IntN(2) == 0 { // near a tie
			z = float32(-float64(x) * float64(y))
		}
		exact := new(big.Float).SetPrec(300).Mul(big.NewFloat(float64(x)), big.NewFloat(float64(y)))
		exact.Add(exact, big.NewFloat(float64(z)))
		if want, _ := exact.Float32(); fma32(x, y, z) != want {
			t.Fatalf("%v·%v + %v = %v, want %v", x, y, z, fma32(x, y, z), want)
		}
	}
}

// state8 is what an update works on.
type state8 struct {
	p, g []float32
	m, v Dynamic
}

func (s state8) clone() state8 {
	d := func(x Dynamic) Dynamic { return Dynamic{slices.Clone(x.Codes), slices.Clone(x.Scales)} }
	return state8{slices.Clone(s.p), slices.Clone(s.g), d(s.m), d(s.v)}
}

// TestAdamW8Bits: every family gives the bits of plain Go, over odd lengths, all
// codes, and blocks that are zero, tiny, huge or not finite.
func TestAdamW8Bits(t *testing.T) {
	c := AdamWCoef{Beta1: 0.9, OneMinusBeta1: 0.1, Beta2: 0.95, OneMinusBeta2: 0.05, Rate: 0.01, VCorrection: 7, Eps: 1e-8, Keep: 0.999, GradScale: 0.5}
	for _, f := range families() {
		for _, n := range []int{0, 1, 15, 16, 17, 255, 256, 257, 271, 1000, 4096} {
			rng := rand.New(rand.NewPCG(uint64(n), 5))
			s := state8{make([]float32, n), make([]float32, n), MakeDynamic(n), MakeDynamic(n)}
			for i := range s.p {
				s.p[i] = float32(rng.NormFloat64())
			}
			for round := range 12 {
				for b := range s.m.Scales {
					size := math.Pow(10, 6*rng.Float64()-6)
					switch k := rng.IntN(12); {
					case k == 0:
						size = 0
					case k == 1:
						size = 1e-24 // its square is beyond the normal numbers
					case k == 2 && round == 11:
						size = math.Inf(1)
					case k == 3 && round == 11:
						size = math.NaN()
					case k == 4:
						size = 1e17
					}
					for i := b * DynamicBlock; i < min(n, (b+1)*DynamicBlock); i++ {
						s.g[i] = float32(size * rng.NormFloat64() * math.Pow(10, -5*rng.Float64()))
					}
				}
				if round == 0 { // as if read from a file
					for i := range n {
						s.m.Codes[i], s.v.Codes[i] = byte(i), byte(i*7)
					}
					for b := range s.m.Scales {
						s.m.Scales[b], s.v.Scales[b] = 1e-3, 1e-5
					}
				}
				want := s.clone()
				Generic.AdamW8(want.p, want.g, want.m, want.v, &c)
				f.AdamW8(s.p, s.g, s.m, s.v, &c)
				for what, pair := range map[string][2]any{"p": {bitsOf(s.p), bitsOf(want.p)}, "m": {s.m.Codes, want.m.Codes}, "v": {s.v.Codes, want.v.Codes},
					"scales of m": {bitsOf(s.m.Scales), bitsOf(want.m.Scales)}, "scales of v": {bitsOf(s.v.Scales), bitsOf(want.v.Scales)}} {
					if fmt.Sprint(pair[0]) != fmt.Sprint(pair[1]) {
						t.Fatalf("%v, %d numbers, round %d: %s is\n%v, want\n%v", f, n, round, what, pair[0], pair[1])
					}
				}
			}
		}
	}
}

// bitsOf are bits, of which all NaNs are one.
func bitsOf(x []float32) []uint32 {
	out := make([]uint32, len(x))
	for i, v := range x {
		if out[i] = math.Float32bits(v); v != v {
			out[i] = 0x7fc00000
		}
	}
	return out
}
