package kernel

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// TestWriteMomentsInterop takes updates over moments in eight bits and writes what
// went in and came out for interop/moments_check.py, which takes them with
// bitsandbytes.
func TestWriteMomentsInterop(t *testing.T) {
	path := os.Getenv("SWERM_INTEROP_MOMENTS")
	if path == "" {
		t.Skip("writes updates for interop/moments_check.py: set SWERM_INTEROP_MOMENTS")
	}
	const n, steps = 4096 + 1000, 30
	signed, unsigned := SignedLevels(), UnsignedLevels()
	out := struct {
		Signed, Unsigned                   []float32
		LR, Beta1, Beta2, Eps, WeightDecay float64
		Start, End                         []float32
		Gradients                          [][]float32
		M, V                               []int // after the first update
		ScalesM, ScalesV                   []float32
	}{Signed: signed[:], Unsigned: unsigned[:], LR: 1e-3, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1}
	rng := rand.New(rand.NewPCG(1, 2))
	p, m, v := make([]float32, n), MakeDynamic(n), MakeDynamic(n)
	for i := range p {
		p[i] = float32(rng.NormFloat64())
	}
	out.Start = slices.Clone(p)
	for step := 1; step <= steps; step++ {
		g := make([]float32, n)
		for i := range g { // of sizes that differ from number to number
			g[i] = float32(1e-3 * rng.NormFloat64() * math.Exp(-float64(i%17)/4))
		}
		c := AdamWCoef{Beta1: float32(out.Beta1), OneMinusBeta1: float32(1 - out.Beta1), Beta2: float32(out.Beta2), OneMinusBeta2: float32(1 - out.Beta2),
			Rate: float32(out.LR / (1 - math.Pow(out.Beta1, float64(step)))), VCorrection: float32(1 / (1 - math.Pow(out.Beta2, float64(step)))),
			Eps: float32(out.Eps), Keep: float32(1 - out.LR*out.WeightDecay), GradScale: 1}
		Detect().AdamW8(p, g, m, v, &c)
		out.Gradients = append(out.Gradients, g)
		if step > 1 {
			continue
		}
		out.ScalesM, out.ScalesV = slices.Clone(m.Scales), slices.Clone(v.Scales)
		for i := range p {
			out.M, out.V = append(out.M, int(m.Codes[i])), append(out.V, int(v.Codes[i]))
		}
	}
	out.End = p
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}
