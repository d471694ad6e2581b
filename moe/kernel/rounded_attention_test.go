package kernel

import (
	"fmt"
	"math"
	"sync"
	"testing"
)

// TestRoundedAttention: attention of rounded operands passes the suite, near the
// reference as far as they go, and nearer to the one that rounds too.
func TestRoundedAttention(t *testing.T) {
	for _, parts := range []Parts{OnePart, TwoParts} {
		for _, c := range attentionCases {
			references := sync.OnceValues(func() (whole, rounded map[string][]float64) {
				a, b := newAttentionBatch(Reference{}, c), newAttentionBatch(Reference{}.Rounded(parts), c)
				a.run(inOrder)
				b.run(inOrder)
				return a.results(), b.results()
			})
			for name, ops := range roundings(parts) {
				t.Run(fmt.Sprint(name, "/", int(parts), " ", c), func(t *testing.T) {
					b := newAttentionBatch[float32](ops, c)
					b.run(inOrder)
					whole, rounded := references()
					nearReferences(t, b, parts, whole, rounded)
					roundedAttentionSuite(t, b, c)
				})
			}
		}
	}
}

// nearReferences bounds the distance from the reference, and from the one that
// rounds, as shares of the norm.
func nearReferences(t *testing.T, b *attentionBatch[float32], parts Parts, whole, rounded map[string][]float64) {
	t.Helper()
	bounds := map[Parts][2]float64{OnePart: {4e-2, 5e-4}, TwoParts: {1e-4, 3e-5}}[parts]
	for name, got := range b.results() {
		if far, near := distance(got, whole[name]), distance(got, rounded[name]); !(far <= bounds[0] && near <= bounds[1]) {
			t.Errorf("%s is off by %.2g, and by %.2g where the reference rounds too", name, far, near)
		}
	}
}

func roundedAttentionSuite(t *testing.T, b *attentionBatch[float32], c attentionCase) {
	t.Run("units", func(t *testing.T) {
		again := newAttentionBatch(b.ops, c)
		again.run(inDisorder)
		sameResults(t, again.results(), b.results())
	})
	t.Run("alone", func(t *testing.T) { attentionAlone(t, b) })
	t.Run("parts", func(t *testing.T) { attentionParts(t, b, c) })
	t.Run("shared", func(t *testing.T) { attentionShared(t, b, c) })
	t.Run("NaN", func(t *testing.T) { attentionNaN(t, b.ops, c) })
}

func distance(got []float32, want []float64) float64 {
	d, n := 0.0, 0.0
	for i, w := range want {
		n += w * w
		d += (float64(got[i]) - w) * (float64(got[i]) - w)
	}
	return math.Sqrt(d / (n + 1e-30))
}
