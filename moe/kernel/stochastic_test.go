package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPhilox compares with the known answers of the authors' library.
func TestPhilox(t *testing.T) {
	for _, c := range []struct {
		counter [4]uint32
		key     uint64
		want    [4]uint32
	}{
		{[4]uint32{}, 0, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32}, math.MaxUint64, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		var got [4]uint32
		if got[0], got[1], got[2], got[3] = philox(c.counter[0], c.counter[1], c.counter[2], c.counter[3], c.key); got != c.want {
			t.Errorf("%x under %x gives %x, want %x", c.counter, c.key, got, c.want)
		}
	}
}

// TestRoundingIsUnbiased: each number goes to one of its two neighbours, to each as
// often as it should within five standard deviations, whatever its sign and size.
func TestRoundingIsUnbiased(t *testing.T) {
	const draws = 1 << 16
	r := rand.New(rand.NewPCG(1, 1))
	values := []float32{1, -1, 1.0000001, 1.00390625, 1 - 1e-7, 3e-39, -math.MaxFloat32 / 3, 0.1, 1.998}
	for range 20 {
		values = append(values, float32(r.NormFloat64()*math.Exp2(float64(r.IntN(60)-30))))
	}
	src, dst := make([]float32, draws), make([]uint16, draws)
	for i, v := range values {
		for k := range src {
			src[k] = v
		}
		Noise{Seed: 7, Stream: uint64(i), Step: 3}.RoundBF16(dst, src, 5)
		low := FromBF16(uint16(math.Float32bits(v) >> 16))
		high := FromBF16(uint16(math.Float32bits(v)>>16) + 1)
		up := 0
		for _, h := range dst {
			switch FromBF16(h) {
			case high:
				up++
			case low:
			default:
				t.Fatalf("%v became %v, which is neither %v nor %v", v, FromBF16(h), low, high)
			}
		}
		p := (float64(v) - float64(low)) / (float64(high) - float64(low))
		if dev := math.Sqrt(p * (1 - p) * draws); math.Abs(float64(up)-p*draws) > 5*dev {
			t.Errorf("%v went to %v %d times of %d, expected %.0f ± %.0f", v, high, up, draws, p*draws, dev)
		}
	}
}

// TestNoiseIsOfItsPlace: a number's rounding depends on its place alone, not on the
// pieces in which a tensor is rounded; seeds, streams, steps and places differ.
func TestNoiseIsOfItsPlace(t *testing.T) {
	src := make([]float32, 1000)
	for i := range src {
		src[i] = 1.002
	}
	round := func(n Noise, at int) []uint16 {
		dst := make([]uint16, len(src))
		n.RoundBF16(dst, src, at)
		return dst
	}
	n := Noise{Seed: 1, Stream: 2, Step: 3}
	want := round(n, 0)
	for lo := 0; lo < len(src); {
		hi := min(lo+1+lo%37, len(src))
		got := make([]uint16, hi-lo)
		n.RoundBF16(got, src[lo:hi], lo)
		if !slices.Equal(got, want[lo:hi]) {
			t.Errorf("numbers %d to %d are rounded otherwise alone", lo, hi)
		}
		lo = hi
	}
	for what, got := range map[string][]uint16{"seed": round(Noise{2, 2, 3}, 0), "stream": round(Noise{1, 3, 3}, 0), "step": round(Noise{1, 2, 4}, 0), "place": round(n, len(src))} {
		if same := countSame(got, want); same > len(src)*7/10 { // half of 0.51 go up
			t.Errorf("another %s: %d of %d numbers alike", what, same, len(src))
		}
	}
}

func countSame(a, b []uint16) (n int) {
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

// TestRoundingKeepsWhatIsNoNumber: infinities and NaNs stay what they are, and what
// bfloat16 has stays as it is.
func TestRoundingKeepsWhatIsNoNumber(t *testing.T) {
	inf := float32(math.Inf(1))
	nan := math.Float32frombits(0x7f800001) // whose payload lies in what is cut
	src := []float32{inf, -inf, nan, 0, float32(math.Copysign(0, -1)), 1.5, -0.25}
	dst := make([]uint16, len(src))
	for step := range uint64(50) {
		Noise{Step: step}.RoundBF16(dst, src, 0)
		for i, v := range src {
			if got := FromBF16(dst[i]); math.Float32bits(got) != math.Float32bits(v) && v == v || v != v && got == got {
				t.Fatalf("%v became %v", v, got)
			}
		}
	}
}

func BenchmarkRoundBF16(b *testing.B) {
	src, dst := make([]float32, 1<<16), make([]uint16, 1<<16)
	for i := range src {
		src[i] = float32(i) * 0.37
	}
	b.SetBytes(int64(4 * len(src)))
	for b.Loop() {
		Noise{Seed: 1}.RoundBF16(dst, src, 0)
	}
}
