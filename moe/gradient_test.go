package moe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/moe/kernel"
)

// tinyConfig has no length that is a whole vector, panel or strip.
func tinyConfig() Config {
	return Config{
		VocabSize: 37, HiddenSize: 20, NumHiddenLayers: 2, NumAttentionHeads: 6, NumKeyValueHeads: 2, HeadDim: 6,
		NumExperts: 5, NumExpertsPerTok: 2, MoeIntermediateSize: 11, NormTopKProb: true, RopeTheta: 1e4,
		RMSNormEps: 1e-6, MaxPositionEmbeddings: 1 << 14, InitializerRange: 0.3, IntermediateSize: 1,
	}
}

// variants are the switches that change the mathematics.
func variants() map[string]Config {
	raw, tied, all, even := tinyConfig(), tinyConfig(), tinyConfig(), tinyConfig()
	raw.NormTopKProb = false
	tied.TieWordEmbeddings = true
	all.NumExpertsPerTok = all.NumExperts
	all.NumKeyValueHeads = all.NumAttentionHeads
	even.HiddenSize, even.HeadDim, even.MoeIntermediateSize, even.VocabSize = 32, 32, 32, 700
	bias, some, step, dense, yarn := tinyConfig(), tinyConfig(), tinyConfig(), tinyConfig(), tinyConfig()
	bias.AttentionBias = true
	some.NumHiddenLayers, some.MLPOnlyLayers, some.IntermediateSize = 3, []int{1}, 17
	step.NumHiddenLayers, step.DecoderSparseStep, step.IntermediateSize = 3, 2, 9
	dense.Dense, dense.IntermediateSize, dense.AttentionBias = true, 23, true
	dense.NumExperts, dense.NumExpertsPerTok, dense.MoeIntermediateSize, dense.NormTopKProb = 0, 0, 0, false
	yarn.Yarn, yarn.HeadDim = &Yarn{Factor: 4, Original: 64}, 14
	return map[string]Config{"norm_topk": tinyConfig(), "raw_topk": raw, "tied": tied, "all_experts": all, "even": even,
		"attention_bias": bias, "dense_layers": some, "sparse_step": step, "dense": dense, "yarn": yarn}
}

// randomBatch draws sequences of the given lengths.
func randomBatch(r *rand.Rand, vocab int, lengths ...int) Batch {
	b := Batch{Offsets: []int32{0}}
	for _, n := range lengths {
		for range n {
			b.IDs = append(b.IDs, int32(r.IntN(vocab)))
		}
		b.Offsets = append(b.Offsets, int32(len(b.IDs)))
	}
	return b
}

func (b Batch) sequence(i int) []int32 { return b.IDs[b.Offsets[i]:b.Offsets[i+1]] }

// newTiny returns a model with gradients whose norms are not all one.
func newTiny(t rapid.TB, c Config, f kernel.Family) *Model {
	t.Helper()
	m, err := New(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	m.kern = f
	m.EnableGrad()
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range m.Params() {
		if !p.Decay {
			for i := range p.Data {
				p.Data[i] += float32(r.NormFloat64() * 0.2)
			}
		}
	}
	return m
}

// objective is a loss with a gradient: a fixed linear form in the outputs.
type objective struct {
	value func(r *reference) (loss, margin float64)
	grad  func(t *testing.T, p *Pass)
	d     []Logits // of a verdict
	coef  []float32
}

// wide is the gradient of a verdict in float64.
func (o *objective) wide() (d []LogitsOf[float64], coef []float64) {
	for i, g := range o.d {
		d = append(d, LogitsOf[float64]{Yes: float64(g.Yes), No: float64(g.No), Rest: float64(g.Rest)})
		coef = append(coef, float64(o.coef[i]))
	}
	return d, coef
}

var verdictHeads = []Head{{Yes: 3, No: 8}, {Yes: 36, No: 0, Full: true}}

func verdictObjective(b Batch, h Head) objective {
	d := make([]Logits, b.Len())
	coef := make([]float32, b.Len())
	r := rand.New(rand.NewPCG(9, 9))
	for i := range d {
		d[i] = Logits{Yes: float32(r.NormFloat64()), No: float32(r.NormFloat64())}
		if h.Full {
			d[i].Rest = float32(r.NormFloat64())
		}
		coef[i] = float32(r.NormFloat64()) * 3
	}
	return objective{
		d: d, coef: coef,
		value: func(ref *reference) (loss, margin float64) {
			margin = math.Inf(1)
			for i := range d {
				y, n, rest, aux, m := ref.verdict(b.sequence(i), h)
				loss += float64(d[i].Yes)*y + float64(d[i].No)*n + float64(d[i].Rest)*rest + float64(coef[i])*aux
				margin = min(margin, m)
			}
			return loss, margin
		},
		grad: func(t *testing.T, p *Pass) {
			if _, err := p.Verdict(b, h); err != nil {
				t.Fatal(err)
			}
			if err := p.BackwardVerdict(d, coef); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func nextTokenObjective(b Batch) objective {
	weight, coef := make([]float32, b.Len()), make([]float32, b.Len())
	for i := range weight {
		weight[i], coef[i] = 0.3+float32(i)*0.1, 2-float32(i)
	}
	return objective{
		value: func(ref *reference) (loss, margin float64) {
			margin = math.Inf(1)
			for i := range weight {
				l, aux, m := ref.nextToken(b.sequence(i))
				loss += float64(weight[i])*l + float64(coef[i])*aux
				margin = min(margin, m)
			}
			return loss, margin
		},
		grad: func(t *testing.T, p *Pass) {
			if _, err := p.NextToken(b, weight, coef); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// TestGradients compares every kind of parameter with finite differences of
// the float64 reference, along the gradient and along a random direction.
func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for name, c := range variants() {
		b := randomBatch(r, c.VocabSize, 1, 9, 4)
		objectives := map[string]objective{"next": nextTokenObjective(b)}
		for _, h := range verdictHeads {
			objectives[fmt.Sprintf("verdict full=%v", h.Full)] = verdictObjective(b, h)
		}
		for what, o := range objectives {
			t.Run(name+"/"+what, func(t *testing.T) { checkGradients(t, c, o) })
		}
	}
}

func checkGradients(t *testing.T, c Config, o objective) {
	m := newTiny(t, c, kernel.Detect())
	o.grad(t, m.NewPass(Options{Train: true, Threads: 2}))
	ref := newReference(m)
	checkDerivatives(t, ref, o, m, 1e-4)
}

// checkDerivatives holds m.Grad to finite differences, to a share of each
// tensor's norm.
func checkDerivatives[Num Float](t *testing.T, ref *reference, o objective, m *ModelOf[Num], bound float64) {
	t.Helper()
	if _, margin := o.value(ref); margin < 1e-5 {
		t.Fatalf("router margin %v: finite differences would cross a choice; draw another batch", margin)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, p := range m.Trained() {
		if skipExpert(p.Name) {
			continue
		}
		norm := 0.0
		for _, g := range p.Grad {
			norm += float64(g) * float64(g)
		}
		norm = math.Sqrt(norm)
		random, along := make([]float64, len(p.Data)), make([]float64, len(p.Data))
		scale := 1 / math.Sqrt(float64(len(random)))
		for i := range random {
			random[i] = r.NormFloat64() * scale
			if norm > 0 {
				along[i] = float64(p.Grad[i]) / norm
			}
		}
		for _, dir := range [][]float64{along, random} {
			want := directional(ref, o, p.Name, dir)
			got := 0.0
			for i, g := range p.Grad {
				got += float64(g) * dir[i]
			}
			if diff := math.Abs(got - want); !(diff <= bound*norm+2e-2*bound) {
				t.Errorf("%s: derivative %v, finite differences %v (norm %v)", p.Name, got, want, norm)
			}
		}
	}
}

// skipExpert keeps two experts of each layer: they are all of one kind.
func skipExpert(name string) bool {
	return strings.Contains(name, ".experts.") && !strings.Contains(name, ".experts.0.") && !strings.Contains(name, ".experts.3.")
}

// directional is (f(w+εd) − f(w−εd))/2ε in float64.
func directional(ref *reference, o objective, name string, dir []float64) float64 {
	const eps = 1e-6
	w := ref.w[name]
	keep := append([]float64(nil), w...)
	at := func(s float64) float64 {
		for i := range w {
			w[i] = keep[i] + s*dir[i]
		}
		loss, _ := o.value(ref)
		copy(w, keep)
		return loss
	}
	return (at(eps) - at(-eps)) / (2 * eps)
}

// TestParity compares outputs with the reference on shapes that the fixtures
// do not have, on every family.
func TestParity(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		t.Run(name+"/"+f.String(), func(t *testing.T) {
			m := newTiny(t, c, f)
			b := randomBatch(rand.New(rand.NewPCG(8, 8)), c.VocabSize, 3, 1, 30, 130)
			h := Head{Yes: 2, No: 30, Full: true}
			p := m.NewPass(Options{Train: true, Threads: 2})
			got, err := p.Verdict(b, h)
			if err != nil {
				t.Fatal(err)
			}
			aux := p.Aux()
			sums, err := m.NewPass(Options{}).NextToken(b, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			ref := newReference(m)
			for i, l := range got {
				y, n, rest, a, _ := ref.verdict(b.sequence(i), h)
				next, _, _ := ref.nextToken(b.sequence(i))
				for _, v := range [][2]float64{{float64(l.Yes), y}, {float64(l.No), n}, {float64(l.Rest), rest}, {aux[i], a}, {sums[i], next}} {
					if !(math.Abs(v[0]-v[1]) <= 1e-4*(1+math.Abs(v[1]))) {
						t.Errorf("sequence %d: got %v, reference %v", i, v[0], v[1])
					}
				}
			}
		})
	})
}
