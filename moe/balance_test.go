package moe

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// balanceCase is a step of two passes with a load-balancing loss over both, a
// z-loss, and biased choices.
type balanceCase struct {
	c      Config
	parts  []Batch
	aux, z float64
	bias   [][]float64
	text   bool // next-token loss, not a verdict's
}

func newBalanceCase(c Config, biased, text bool) balanceCase {
	r := rand.New(rand.NewPCG(5, 6))
	b := balanceCase{c: c, aux: 0.7, z: 0.3, text: text,
		parts: []Batch{randomBatch(r, c.VocabSize, 1, 9), randomBatch(r, c.VocabSize, 4, 6)}}
	if !biased {
		return b
	}
	b.bias = make([][]float64, c.NumHiddenLayers)
	for l := range b.bias {
		if c.Sparse(l) {
			for range c.NumExperts {
				b.bias[l] = append(b.bias[l], r.NormFloat64()*0.3)
			}
		}
	}
	return b
}

// textWeight keeps the loss small beside the rounding of finite differences.
const textWeight = 1.0 / 64

// value is the loss on the concatenated batch, by definition.
func (b balanceCase) value(ref *reference) (loss, margin float64) {
	ref.reset()
	ref.bias = map[string][]float64{}
	for l, layer := range b.bias {
		ref.bias[layerName(l)] = layer
	}
	margin = math.Inf(1)
	n := 0.0
	for _, part := range b.parts {
		for i := range part.Len() {
			n++
			var m float64
			if b.text {
				var sum float64
				sum, _, m = ref.nextToken(part.sequence(i))
				loss += textWeight * n * sum
			} else {
				var yes, no float64
				yes, no, _, _, m = ref.verdict(part.sequence(i), verdictHeads[1])
				loss += n*yes - no
			}
			margin = min(margin, m)
		}
	}
	if ref.rows == 0 {
		return loss, margin
	}
	pooled := 0.0
	for e := range ref.count {
		pooled += ref.count[e] / ref.rows * ref.prob[e] / ref.rows * float64(b.c.NumExperts)
	}
	return loss + b.aux*pooled + b.z*ref.z/ref.rows, margin
}

// backward leaves the gradient of the step in the model, and returns what the
// passes say of its balance.
func backwardBalanced[Num Float](t *testing.T, m *ModelOf[Num], b balanceCase) (probs []float64, z float64) {
	t.Helper()
	p := m.NewPass(Options{Train: true, Threads: 2})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(p.SetBias(b.bias))
	rows, counts := 0.0, make([]float64, b.c.NumExperts)
	for _, part := range b.parts {
		must(p.Route(part))
		for l, layer := range p.ExpertLoad() {
			if b.c.Sparse(l) {
				rows += float64(len(part.IDs))
			}
			for e, n := range layer {
				counts[e] += float64(n)
			}
		}
		if err := p.BackwardVerdict(nil, nil); !errors.Is(err, ErrNoForward) {
			t.Errorf("backward from a Route: %v", err)
		}
	}
	if rows > 0 {
		r := RouterLossOf[Num]{Z: Num(b.z / rows)}
		for _, n := range counts {
			r.Probs = append(r.Probs, Num(b.aux*float64(b.c.NumExperts)*n/rows/rows))
		}
		must(p.SetRouterLoss(r))
	}
	probs = make([]float64, b.c.NumExperts)
	first := 0
	for _, part := range b.parts {
		weight, d := make([]Num, part.Len()), make([]LogitsOf[Num], part.Len())
		for i := range weight {
			first++
			weight[i], d[i] = Num(textWeight*float64(first)), LogitsOf[Num]{Yes: Num(first), No: -1}
		}
		if b.text {
			_, err := p.NextToken(part, weight, nil)
			must(err)
		} else {
			_, err := p.Verdict(part, verdictHeads[1])
			must(err)
			must(p.BackwardVerdict(d, nil))
		}
		for e, v := range p.ProbSums() {
			probs[e] += v
		}
		z += p.ZSum()
	}
	return probs, z
}

// TestBalanceGradients compares the router losses of a step of two passes with
// finite differences of their definition on the whole step, in both precisions.
func TestBalanceGradients(t *testing.T) {
	all := variants()
	for _, name := range []string{"norm_topk", "raw_topk", "dense_layers", "dense"} {
		c := all[name]
		for _, biased := range []bool{false, true} {
			for _, text := range []bool{false, true} {
				b := newBalanceCase(c, biased, text)
				t.Run(name, func(t *testing.T) {
					t.Run("float64", func(t *testing.T) { compareBalance[float64](t, b, 1e-7) })
					t.Run("float32", func(t *testing.T) { compareBalance[float32](t, b, 2e-4) })
				})
			}
		}
	}
}

func compareBalance[Num Float](t *testing.T, b balanceCase, bound float64) {
	m, err := NewShard[Num](b.c, 7, Shard{})
	if err != nil {
		t.Fatal(err)
	}
	m.EnableGrad()
	probs, z := backwardBalanced(t, m, b)
	ref := newReference(m)
	checkDerivatives(t, ref, objective{value: b.value}, m, bound)
	b.value(ref)
	for e, p := range probs {
		if math.Abs(p-ref.prob[e]) > bound*ref.rows {
			t.Errorf("expert %d has probabilities that add up to %v, want %v", e, p, ref.prob[e])
		}
	}
	if math.Abs(z-ref.z) > bound*(1+ref.z) {
		t.Errorf("z %v, want %v", z, ref.z)
	}
}

// A bias chooses experts and leaves the weights of a choice alone.
func TestBiasChoosesOnly(t *testing.T) {
	c := tinyConfig()
	c.NumExpertsPerTok = 1
	m, err := NewShard[float64](c, 7, Shard{})
	if err != nil {
		t.Fatal(err)
	}
	b := randomBatch(rand.New(rand.NewPCG(1, 1)), c.VocabSize, 20)
	p := m.NewPass(Options{Train: true})
	bias := make([][]float64, c.NumHiddenLayers)
	for l := range bias {
		bias[l] = []float64{-3, -3, -2, -3, -3} // below any probability
	}
	if err := p.SetBias(bias); err != nil {
		t.Fatal(err)
	}
	if err := p.Route(b); err != nil {
		t.Fatal(err)
	}
	for l, load := range p.ExpertLoad() {
		if load[2] != 20 {
			t.Errorf("layer %d has load %v", l, load)
		}
	}
	for _, w := range p.acts(0).topW[:20] {
		if w != 1 { // the only chosen one, normed
			t.Errorf("weight %v", w)
		}
	}
	if err := p.SetBias(nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Route(b); err != nil {
		t.Fatal(err)
	}
	if p.ExpertLoad()[0][2] == 20 {
		t.Error("the bias is still there")
	}
	for _, bad := range [][][]float64{{{1}}, {{1, 2}, nil}} {
		if p.SetBias(bad) == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	if p.SetRouterLoss(RouterLossOf[float64]{Probs: []float64{1}}) == nil {
		t.Error("a loss over one expert was taken")
	}
}
