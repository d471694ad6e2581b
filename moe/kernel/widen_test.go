package kernel

import (
	"encoding/binary"
	"math"
	"testing"
)

// TestWiden: every half of either kind becomes the number that it is, at any
// length and alignment.
func TestWiden(t *testing.T) {
	all := make([]byte, 0, 2<<16)
	for h := range 1 << 16 {
		all = binary.LittleEndian.AppendUint16(all, uint16(h))
	}
	eachFamily(t, func(t *testing.T, f Family) {
		for name, c := range map[string]struct {
			widen func(dst []float32, src []byte)
			value func(h uint16) float64
		}{
			"bfloat16": {f.WidenBF16, func(h uint16) float64 { return float64(math.Float32frombits(uint32(h) << 16)) }},
			"float16":  {f.WidenF16, valueOfF16},
		} {
			whole := make([]float32, 1<<16)
			c.widen(whole, all)
			for h, got := range whole {
				if want := c.value(uint16(h)); !(float64(got) == want || want != want && got != got) {
					t.Fatalf("%s %04x is %v, want %v", name, h, got, want)
				}
				if want := c.value(uint16(h)); math.Signbit(float64(got)) != math.Signbit(want) && want == want {
					t.Fatalf("%s %04x has the other sign", name, h)
				}
			}
			for _, n := range oddLengths {
				src := make([]byte, 2*n+1)
				copy(src[1:], all[2*0x3b00:])
				dst := make([]float32, n+1)
				dst[n] = 7
				c.widen(dst[:n], src[1:])
				for i, got := range dst[:n] {
					if want := c.value(uint16(0x3b00 + i)); float64(got) != want {
						t.Fatalf("%s: number %d of %d is %v, want %v", name, i, n, got, want)
					}
				}
				if dst[n] != 7 {
					t.Fatalf("%s of %d wrote beyond its end", name, n)
				}
			}
		}
	})
}

// valueOfF16 is the definition of binary16.
func valueOfF16(h uint16) float64 {
	sign, exp, frac := 1-2*float64(h>>15), int(h>>10&0x1f), float64(h&0x3ff)
	switch {
	case exp == 31 && frac == 0:
		return math.Inf(int(sign))
	case exp == 31:
		return math.NaN()
	case exp == 0:
		return math.Copysign(math.Ldexp(frac, -24), sign)
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}
