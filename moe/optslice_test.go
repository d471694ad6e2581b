package moe

import (
	"math"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// TestUntouchedNumbersDecay: numbers that no gradient reached move as the
// kernel of the update would move them, bit for bit, and their moments stay zero.
func TestUntouchedNumbersDecay(t *testing.T) {
	for f := kernel.Generic; f <= kernel.Detect(); f++ {
		for _, keep := range []float64{0, 0.3} { // weight decay
			m := newTiny(t, tinyConfig(), f)
			w := m.head.Data
			tiny := float32(math.SmallestNonzeroFloat32)
			copy(w, []float32{0, float32(math.Copysign(0, -1)), tiny, -tiny, 1e-38, math.MaxFloat32, -1, 3})
			m.head.Grad[len(w)-1] = 0.5 // the last number alone, of the last chunk
			o := AdamW{LR: 1e-2, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: keep, ClearGrad: true}
			c := kernel.AdamWCoef{Beta1: 0.9, Beta2: 0.95, OneMinusBeta1: float32(1 - 0.9), OneMinusBeta2: float32(1 - 0.95),
				Rate: float32(o.LR / (1 - o.Beta1)), VCorrection: float32(1 / (1 - o.Beta2)), Eps: 1e-8, GradScale: 1, Keep: float32(1 - o.LR*keep)}
			n := len(m.embed.Data)
			want := append([]float32(nil), m.embed.Data...)
			f.AdamW(want, make([]float32, n), make([]float32, n), make([]float32, n), &c)
			st := m.NewOptState()
			copy(m.embed.Data, w[:8])
			copy(want, w[:8])
			f.AdamW(want[:8], make([]float32, 8), make([]float32, 8), make([]float32, 8), &c)
			m.AdamWStep(o, st, 1, 1)
			for i, v := range m.embed.Data {
				if math.Float32bits(v) != math.Float32bits(want[i]) {
					t.Fatalf("%v, weight decay %v: number %d is %v, the kernel gives %v", f, keep, i, v, want[i])
				}
			}
			_, first, second := st.Of(m.head)
			if !zero(first[:len(first)-adamLanes]) || zero(first) || zero(second) {
				t.Errorf("%v: moments of the head: first %v", f, first[len(first)-1])
			}
		}
	}
}
