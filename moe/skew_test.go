package moe

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// TestOneInfinity: a single infinite weight of any kind is an error that names
// its tensor, whatever reads it.
func TestOneInfinity(t *testing.T) {
	for name, c := range variants() {
		for f := kernel.Generic; f <= kernel.Detect(); f++ {
			if f < kernel.Detect() && name != "norm_topk" {
				continue
			}
			m := newTiny(t, c, f)
			r := rand.New(rand.NewPCG(2, 3))
			for _, q := range m.Params() {
				if skipExpert(q.Name) {
					continue
				}
				for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
					at := r.IntN(len(q.Data))
					if q.Name == "model.embed_tokens.weight" {
						at %= c.HiddenSize // of token 0, which is in the batch
					}
					keep := q.Data[at]
					q.Data[at] = float32(v)
					b := randomBatch(rand.New(rand.NewPCG(4, 4)), c.VocabSize, 2, 9, 3)
					b.IDs[0], b.IDs[1] = 0, 0
					_, next := m.NewPass(Options{Threads: 2}).NextToken(b, nil, nil)
					_, verdict := m.NewPass(Options{Threads: 2, Train: true}).Verdict(b, Head{Yes: 0, No: 1, Full: true})
					q.Data[at] = keep
					for i, err := range []error{next, verdict} {
						if i == 1 && err == nil && strings.Contains(q.Name, ".experts.") {
							continue // its last layer reads the experts of last positions alone
						}
						var found *NotFiniteError
						if !errors.As(err, &found) || found.What != q.Name {
							t.Errorf("%s %s: %v in %s: %v", name, f, v, q.Name, err)
						}
					}
				}
			}
		}
	}
}

// TestSkewedExperts: experts without a token, and one that has all of them, have
// the outputs and the gradients of the reference.
func TestSkewedExperts(t *testing.T) {
	for k := 1; k <= 3; k++ {
		c := tinyConfig()
		c.NumExpertsPerTok, c.NormTopKProb = k, k != 1
		bias := make([][]float64, c.NumHiddenLayers)
		for l := range bias {
			bias[l] = []float64{2, 0, 0, 3, 1} // 3, then 0, then 4, whatever the probabilities
		}
		b := balanceCase{c: c, parts: []Batch{randomBatch(rand.New(rand.NewPCG(6, uint64(k))), c.VocabSize, 1, 18, 5)}, aux: 0.3, z: 0.1, bias: bias}
		for f := kernel.Generic; f <= kernel.Detect(); f++ {
			m := newTiny(t, c, f)
			backwardBalanced(t, m, b)
			checkSkewed(t, m, b, 2e-4)
		}
		wide := newTinyTuned[float64](t, c, Tuning{})
		backwardBalanced(t, wide, b)
		checkSkewed(t, wide, b, 1e-7)
	}
}

// checkSkewed holds the gradients of such a step to finite differences, and wants
// those of idle experts to be exactly zero.
func checkSkewed[Num Float](t *testing.T, m *ModelOf[Num], b balanceCase, bound float64) {
	t.Helper()
	checkDerivatives(t, newReference(m), objective{value: b.value}, m, bound)
	chosen := []string{".experts.3.", ".experts.0.", ".experts.4."}[:b.c.NumExpertsPerTok]
	for _, p := range m.Params() {
		if !p.Expert {
			continue
		}
		has := slices.ContainsFunc(p.Grad, func(g Num) bool { return g != 0 })
		if want := slices.ContainsFunc(chosen, func(e string) bool { return strings.Contains(p.Name, e) }); has != want {
			t.Errorf("%d of %d experts: %s is chosen: %v, has a gradient: %v", b.c.NumExpertsPerTok, b.c.NumExperts, p.Name, want, has)
		}
	}
}
