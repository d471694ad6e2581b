package kernel_test

import (
	"math"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// Every bfloat16 is kept, and everything between two neighbours goes to the
// nearer one, from the middle to the even one.
func TestBF16(t *testing.T) {
	for h := range 1 << 16 {
		v := kernel.FromBF16(uint16(h))
		if v != v {
			if back := kernel.FromBF16(kernel.BF16(v)); back == back {
				t.Fatalf("%04x, a NaN, becomes %v", h, back)
			}
			continue
		}
		if back := kernel.BF16(v); back != uint16(h) {
			t.Fatalf("%04x becomes %04x", h, back)
		}
		if h&0x7fff >= 0x7f7f {
			continue // the largest, and infinity
		}
		even := uint16(h + h&1)
		for _, c := range []struct {
			low  uint32
			want uint16
		}{{0x7fff, uint16(h)}, {0x8000, even}, {0x8001, uint16(h + 1)}} {
			if got := kernel.BF16(math.Float32frombits(uint32(h)<<16 | c.low)); got != c.want {
				t.Fatalf("%04x%04x becomes %04x, want %04x", h, c.low, got, c.want)
			}
		}
	}
}
