package moe

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/moe/kernel"
)

var roundings = []Precision{BF16, BF16x3}

func TestParsePrecision(t *testing.T) {
	for _, p := range []Precision{FP32, BF16, BF16x3} {
		if got, err := ParsePrecision(p.String()); err != nil || got != p {
			t.Errorf("%s: %v, %v", p, got, err)
		}
	}
	if _, err := ParsePrecision("fp8"); err == nil || !strings.Contains(err.Error(), "fp32, bf16, bf16x3") {
		t.Error(err)
	}
}

// trainOnce runs a verdict forward and backward, in training with forced
// choices where there are some. It returns the pass, its answers as numbers and
// the gradient of every tensor.
func trainOnce[Num Float](t rapid.TB, m *ModelOf[Num], b Batch, o Options, forced [][]int32) (p *PassOf[Num], answers []float64, grads map[string][]float64) {
	t.Helper()
	o.Train = true
	m.EnableGrad()
	m.ZeroGrad()
	p = m.NewPass(o)
	p.forced = forced
	logits, err := p.Verdict(b, verdictHeads[1])
	if err != nil {
		t.Fatal(err)
	}
	d, aux := testGradient[Num](0, b.Len())
	for i, l := range logits {
		answers = append(answers, float64(l.Yes), float64(l.No), float64(l.Rest), p.Aux()[i])
	}
	if err := p.BackwardVerdict(d, aux); err != nil {
		t.Fatal(err)
	}
	grads = map[string][]float64{}
	for _, q := range m.Trained() {
		grads[q.Name] = addNumbers(nil, q.Grad)
	}
	return p, answers, grads
}

// choices are what the routers of a training pass chose.
func choices[Num Float](p *PassOf[Num]) [][]int32 {
	all := make([][]int32, p.L)
	for l := range all {
		all[l] = slices.Clone(p.acts(l).topI)
	}
	return all
}

// compareNumbers returns the cosine of two vectors and their distance as a share
// of the second's norm.
func compareNumbers(got, want []float64) (cosine, off float64) {
	dot, g, w, d := 0.0, 0.0, 0.0, 0.0
	for i, x := range want {
		dot, g, w = dot+got[i]*x, g+got[i]*got[i], w+x*x
		d += (got[i] - x) * (got[i] - x)
	}
	if w == 0 && g == 0 {
		return 1, 0
	}
	return dot / math.Sqrt(g*w), math.Sqrt(d / w)
}

// TestRoundedGradients holds answers and gradients of rounded products to those
// of whole ones, every router being made to choose alike.
func TestRoundedGradients(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			c.InitializerRange = 0.15
			m := newTiny(t, c, kernel.Detect())
			b := randomBatch(rand.New(rand.NewPCG(8, 8)), c.VocabSize, 3, 40, 130)
			p, answers, want := trainOnce(t, m, b, Options{}, nil)
			forced := choices(p)
			for _, k := range []struct {
				precision     Precision
				cosine, bound float64
			}{{BF16, 0.998, 6e-2}, {BF16x3, 1 - 1e-7, 3e-4}} {
				_, got, grads := trainOnce(t, m, b, Options{Precision: k.precision, Threads: 2}, forced)
				if _, off := compareNumbers(got, answers); !(off > 0 && off <= k.bound) {
					t.Errorf("%s: answers are off by %.2g", k.precision, off)
				}
				for q, w := range want {
					if cosine, off := compareNumbers(grads[q], w); !(cosine >= k.cosine && off <= k.bound) {
						t.Errorf("%s %s: cosine %v, off by %.2g", k.precision, q, cosine, off)
					}
				}
			}
		})
	}
}

// TestRoundedAgainstReference: a pass rounds what the float64 pass on plain
// kernels does, and nothing else. Some batches have an operand that float32 brings
// to the other side of a rounding, which is thousandths, as a product more or less
// that rounds would be in every one; so the closest of a few is held to little.
func TestRoundedAgainstReference(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		t.Run(name+"/"+f.String(), func(t *testing.T) {
			m := newTiny(t, c, f)
			wide := widened(t, m)
			for precision, bound := range map[Precision]float64{BF16: 1e-5, BF16x3: 2e-4} {
				closest := math.Inf(1)
				for seed := range uint64(6) {
					b := randomBatch(rand.New(rand.NewPCG(8, seed)), c.VocabSize, 2, 9)
					closest = min(closest, referenceDistance(t, m, wide, b, Options{Precision: precision}))
				}
				if !(closest <= bound) {
					t.Errorf("%s: off by %.2g", precision, closest)
				}
			}
		})
	})
}

// referenceDistance is the worst that the answers or the gradient of any tensor
// are off by.
func referenceDistance(t *testing.T, m *Model, wide *ModelOf[float64], b Batch, o Options) float64 {
	t.Helper()
	p, answers, want := trainOnce(t, wide, b, o, nil)
	_, got, grads := trainOnce(t, m, b, o, choices(p))
	_, worst := compareNumbers(got, answers)
	for q, w := range want {
		_, off := compareNumbers(grads[q], w)
		worst = max(worst, off)
	}
	return worst
}

// TestRoundedAdapters: adapters' products round too.
func TestRoundedAdapters(t *testing.T) {
	b := randomBatch(rand.New(rand.NewPCG(8, 8)), tinyConfig().VocabSize, 3, 40, 130)
	for name, tune := range adapters {
		m := newTinyTuned[float32](t, tinyConfig(), tune)
		if m == nil {
			continue
		}
		p, _, want := trainOnce(t, m, b, Options{}, nil)
		forced := choices(p)
		for precision, bound := range map[Precision]float64{BF16: 2e-2, BF16x3: 1e-4} {
			_, _, grads := trainOnce(t, m, b, Options{Precision: precision}, forced)
			var all, allWant []float64
			for q, w := range want {
				if slices.Equal(grads[q], w) && slices.Max(w) > 0 {
					t.Errorf("%s %s %s: nothing was rounded", name, precision, q)
				}
				all, allWant = append(all, grads[q]...), append(allWant, w...)
			}
			if _, off := compareNumbers(all, allWant); !(off <= bound) {
				t.Errorf("%s %s: off by %.2g", name, precision, off)
			}
		}
	}
}

// TestRoundedNotFinite: what is not finite, and what only rounding makes so, is
// named.
func TestRoundedNotFinite(t *testing.T) {
	for f := kernel.Generic; f <= kernel.Detect(); f++ {
		for _, precision := range roundings {
			t.Run(fmt.Sprint(f, "/", precision), func(t *testing.T) { roundedNotFinite(t, f, precision) })
		}
	}
}

func roundedNotFinite(t *testing.T, f kernel.Family, precision Precision) {
	const v, gate, up = "model.layers.0.self_attn.v_proj.weight", "model.layers.1.mlp.gate.weight", "model.layers.0.mlp.experts.0.up_proj.weight"
	for _, k := range []struct {
		tensor string
		value  float32
		want   NotFiniteError
	}{
		{v, float32(math.NaN()), NotFiniteError{-1, -1, -1, v}},
		{up, float32(math.Inf(1)), NotFiniteError{-1, -1, -1, up}},
		{gate, float32(math.Inf(-1)), NotFiniteError{-1, -1, -1, gate}},
		{v, math.MaxFloat32, NotFiniteError{0, 0, 0, "keys and values"}},
	} {
		m := newTiny(t, tinyConfig(), f)
		for _, q := range m.Params() {
			if q.Name == k.tensor {
				q.Data[1] = k.value
			}
		}
		for _, train := range []bool{false, true} {
			_, err := m.NewPass(Options{Precision: precision, Train: train}).NextToken(mixedBatch(m.cfg.VocabSize), nil, nil)
			var at *NotFiniteError
			if !errors.As(err, &at) || *at != k.want {
				t.Errorf("%s = %v: %v, want %v", k.tensor, k.value, err, &k.want)
			}
		}
	}
}

// TestForcedChoices holds the gradients below top-k experts, whatever was
// chosen, to finite differences of the float64 pass itself: a choice carries no
// gradient, and where it is forced nothing can cross it.
func TestForcedChoices(t *testing.T) {
	for _, name := range []string{"norm_topk", "raw_topk", "dense_layers"} {
		c := variants()[name]
		m, err := NewShard[float64](c, 7, Shard{})
		if err != nil {
			t.Fatal(err)
		}
		b := randomBatch(rand.New(rand.NewPCG(8, 8)), c.VocabSize, 3, 1, 9)
		r := rand.New(rand.NewPCG(5, 5))
		forced := make([][]int32, c.NumHiddenLayers)
		for l := range forced {
			for range b.IDs {
				if !c.Sparse(l) {
					forced[l] = append(forced[l], 0)
					continue
				}
				for _, e := range r.Perm(c.NumExperts)[:c.NumExpertsPerTok] {
					forced[l] = append(forced[l], int32(e))
				}
			}
		}
		_, _, grads := trainOnce(t, m, b, Options{}, forced)
		value := func() float64 {
			p := m.NewPass(Options{Train: true})
			p.forced = forced
			logits, err := p.Verdict(b, verdictHeads[1])
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			d, aux := testGradient[float64](0, b.Len())
			for i, l := range logits {
				sum += d[i].Yes*l.Yes + d[i].No*l.No + d[i].Rest*l.Rest + aux[i]*p.Aux()[i]
			}
			return sum
		}
		for _, q := range m.Trained() {
			if skipExpert(q.Name) {
				continue
			}
			checkAlong(t, name+" "+q.Name, q.Data, grads[q.Name], value, r)
		}
	}
}

// checkAlong compares a gradient with finite differences along itself and along
// a random direction.
func checkAlong(t *testing.T, what string, x, grad []float64, value func() float64, r *rand.Rand) {
	t.Helper()
	const eps = 1e-6
	keep, norm := slices.Clone(x), 0.0
	for _, g := range grad {
		norm += g * g
	}
	norm = math.Sqrt(norm)
	for _, random := range []bool{false, true} {
		dir, want := make([]float64, len(x)), 0.0
		for i := range dir {
			if dir[i] = grad[i] / max(norm, 1e-30); random {
				dir[i] = r.NormFloat64() / math.Sqrt(float64(len(x)))
			}
			want += grad[i] * dir[i]
		}
		at := func(s float64) float64 {
			for i := range x {
				x[i] = keep[i] + s*dir[i]
			}
			defer copy(x, keep)
			return value()
		}
		if got := (at(eps) - at(-eps)) / (2 * eps); !(math.Abs(got-want) <= 1e-7*norm+2e-9) {
			t.Errorf("%s: derivative %v, finite differences %v (norm %v)", what, want, got, norm)
		}
	}
}

// goldenTolerance is what rounded products may be off by: logits in absolute
// terms (they are of the order of one), losses, and gradients as shares of their
// tensor's norm and of its root mean square.
var goldenTolerance = map[Precision]struct{ logit, loss, norm, entry float64 }{
	BF16:   {0.1, 0.1, 6e-2, 0.3},
	BF16x3: {3e-4, 3e-4, 3e-4, 2e-3},
}

// TestGoldenRounded holds rounded products to transformers in float64, routers
// being made to choose as they do there.
func TestGoldenRounded(t *testing.T) {
	eachGolden(t, func(t *testing.T, g *golden, m *Model) {
		m.EnableGrad()
		whole := m.NewPass(Options{Train: true})
		goldenStep(t, g, whole)
		for precision, tol := range goldenTolerance {
			m.ZeroGrad()
			p := m.NewPass(Options{Train: true, Threads: 2, Precision: precision})
			p.forced = choices(whole)
			_, ce, aux := goldenStep(t, g, p)
			for i, s := range g.Float64.Sequences {
				logit := func(id int32) float64 {
					return float64(p.kern.Dot(p.hn[i*p.D:(i+1)*p.D], m.head.Data[int(id)*p.D:int(id+1)*p.D]))
				}
				yes, no := logit(g.YesID), logit(g.NoID)
				if !(math.Abs(yes-s.Yes) <= tol.logit && math.Abs(no-s.No) <= tol.logit && math.Abs(ce[i]-s.FullCE) <= tol.loss && math.Abs(aux[i]-s.Aux) <= tol.loss) {
					t.Errorf("%s sequence %d: %v, %v, loss %v, aux %v; reference %v, %v, %v, %v", precision, i, yes, no, ce[i], aux[i], s.Yes, s.No, s.FullCE, s.Aux)
				}
			}
			for _, q := range m.Params() {
				d := g.Float64.Gradients[q.Name]
				d.check(t, precision.String()+" "+q.Name, q.Grad, tol.entry, tol.norm)
			}
		}
	})
}
