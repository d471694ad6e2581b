package moe

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/swerm/swerm/internal/proptest"
	"github.com/swerm/swerm/moe/kernel"
)

// drawNetwork draws a small network of any shape and a batch of sequences of
// unequal lengths for it.
func drawNetwork(t *rapid.T) (c Config, b Batch, r *rand.Rand) {
	c = tinyConfig()
	c.HiddenSize, c.HeadDim = 1+proptest.Length(40).Draw(t, "hidden size less one"), 2*proptest.Length(10).Draw(t, "half of head_dim")
	c.NumKeyValueHeads = rapid.IntRange(1, 3).Draw(t, "key heads")
	c.NumAttentionHeads = c.NumKeyValueHeads * rapid.IntRange(1, 3).Draw(t, "heads of each")
	c.NumExperts = rapid.IntRange(1, 9).Draw(t, "experts")
	c.NumExpertsPerTok = rapid.IntRange(1, c.NumExperts).Draw(t, "experts of a token")
	c.MoeIntermediateSize = proptest.Length(40).Draw(t, "width of an expert")
	c.VocabSize = 37 + rapid.IntRange(0, 70).Draw(t, "more vocabulary")
	c.NormTopKProb, c.TieWordEmbeddings, c.AttentionBias = rapid.Bool().Draw(t, "weights add up"), rapid.Bool().Draw(t, "tied"), rapid.Bool().Draw(t, "bias")
	if rapid.Bool().Draw(t, "yarn") {
		c.Yarn = &Yarn{Factor: 4, Original: 16}
	}
	if rapid.Bool().Draw(t, "a dense layer") {
		c.NumHiddenLayers, c.MLPOnlyLayers, c.IntermediateSize = 3, []int{1}, proptest.Length(40).Draw(t, "width of it")
	}
	var lengths []int
	for range rapid.IntRange(1, 4).Draw(t, "sequences") {
		lengths = append(lengths, proptest.Length(40).Draw(t, "length"))
	}
	r = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "numbers"), 0))
	return c, randomBatch(r, c.VocabSize, lengths...), r
}

// drawRouting draws which experts tokens go to: what their routers choose (nil),
// the same ones for all, which leaves the others without a token, or any.
func drawRouting(t *rapid.T, c Config, r *rand.Rand, tokens int) (forced [][]int32) {
	how := rapid.SampledFrom([]string{"by choice", "all to the same", "at random"}).Draw(t, "tokens go to experts")
	if how == "by choice" {
		return nil
	}
	for l := range c.NumHiddenLayers {
		if !c.Sparse(l) { // one expert, whatever the config says of the others
			forced = append(forced, make([]int32, tokens))
			continue
		}
		var chosen []int32
		order := r.Perm(c.NumExperts)
		for range tokens {
			if how == "at random" {
				order = r.Perm(c.NumExperts)
			}
			for _, e := range order[:c.NumExpertsPerTok] {
				chosen = append(chosen, int32(e))
			}
		}
		forced = append(forced, chosen)
	}
	return forced
}

// widened is a model with the same numbers in float64, on the reference.
func widened(t rapid.TB, m *Model) *ModelOf[float64] {
	wide, err := NewShard[float64](m.Config(), 7, Shard{})
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range wide.Params() {
		for j, v := range m.Params()[i].Data {
			q.Data[j] = float64(v)
		}
	}
	return wide
}

// networkBounds is what answers and gradients may be off by in a precision, as a
// share of their norm; of a tensor whose gradient is small by itself, of a tenth of
// the whole gradient's.
// A network may be worse than that by nature, as a norm of two small numbers is.
// So as much is added as its answers and gradients change, times sensitivity, when
// every number of it changes by a unit in the last place of that precision, or four of
// float32.
var networkBounds = map[Precision]struct{ share, nudge float64 }{FP32: {3e-5, 0x1p-21}, BF16: {5e-3, 0x1p-8}, BF16x3: {1e-4, 0x1p-15}}

const sensitivity = 8

// nudged changes every number by up to such a share of it.
func nudged(t rapid.TB, m *Model, r *rand.Rand, share float64) *ModelOf[float64] {
	wide := widened(t, m)
	for _, q := range wide.Params() {
		for i := range q.Data {
			q.Data[i] *= 1 + (2*r.Float64()-1)*share
		}
	}
	return wide
}

// TestNetworkLaw: a network of any shape whose tokens go to experts in any way has
// the answers, the auxiliary loss and the gradients that it has in float64, and
// they are the same bits on any number of threads, computed once or twice. Experts
// without a token have no gradient.
func TestNetworkLaw(t *testing.T) {
	for _, f := range kernelFamilies() {
		t.Run(f.String(), func(t *testing.T) {
			proptest.Check(t, 3, func(t *rapid.T) { networkLaw(t, f, FP32) })
		})
	}
}

// TestRoundedNetworkLaw: so has one whose products round, as far as they do.
func TestRoundedNetworkLaw(t *testing.T) {
	for _, f := range kernelFamilies() {
		t.Run(f.String(), func(t *testing.T) {
			proptest.Check(t, 6, func(t *rapid.T) { networkLaw(t, f, rapid.SampledFrom(roundings).Draw(t, "precision")) })
		})
	}
}

func networkLaw(t *rapid.T, f kernel.Family, precision Precision) {
	c, b, r := drawNetwork(t)
	m, bound := newTiny(t, c, f), networkBounds[precision]
	p, want, wantGrads := trainOnce(t, widened(t, m), b, Options{Precision: precision}, drawRouting(t, c, r, len(b.IDs)))
	forced := choices(p)
	_, near, nearGrads := trainOnce(t, nudged(t, m, r, bound.nudge), b, Options{Precision: precision}, forced)
	_, got, grads := trainOnce(t, m, b, Options{Threads: 1, Precision: precision}, forced)
	if off, change := distanceOf(got, want), distanceOf(near, want); !(off <= bound.share*normOf(want)+sensitivity*change) {
		t.Fatalf("answers %v, want %v", got, want)
	}
	compareGradients(t, grads, wantGrads, nearGrads, bound.share)
	o := Options{Threads: rapid.IntRange(2, 5).Draw(t, "threads"), Recompute: rapid.Bool().Draw(t, "computed twice"), Precision: precision}
	_, again, againGrads := trainOnce(t, m, b, o, forced)
	if !slices.Equal(again, got) {
		t.Fatalf("other answers on %d threads", o.Threads)
	}
	for name, g := range againGrads {
		if !slices.Equal(g, grads[name]) {
			t.Fatalf("%s: another gradient on %d threads", name, o.Threads)
		}
	}
}

// compareGradients holds gradients to what they are in float64, and to what they are
// near it.
func compareGradients(t *rapid.T, got, want, near map[string][]float64, share float64) {
	t.Helper()
	all := 0.0
	for _, w := range want {
		all = math.Hypot(all, normOf(w))
	}
	for name, w := range want {
		n, off := normOf(w), distanceOf(got[name], w)
		if !(off <= share*(n+0.1*all)+sensitivity*distanceOf(near[name], w)) {
			t.Fatalf("the gradient of %s is off by %.2g, its norm is %.2g, that of all %.2g", name, off, n, all)
		}
		if strings.Contains(name, ".experts.") && n == 0 && off != 0 {
			t.Fatalf("%s has no token and has a gradient of %.2g", name, off)
		}
	}
}

func normOf(x []float64) float64 { return distanceOf(x, make([]float64, len(x))) }

func distanceOf(x, y []float64) float64 {
	s := 0.0
	for i := range x {
		s = math.Hypot(s, x[i]-y[i])
	}
	return s
}

// TestNonFiniteLaw: one number of a network that is infinite or none is an error
// that names its tensor, or nothing has read it, and then every answer is that of
// the network without it.
func TestNonFiniteLaw(t *testing.T) {
	proptest.Check(t, 1, func(t *rapid.T) {
		c, b, _ := drawNetwork(t)
		f := rapid.SampledFrom(kernelFamilies()).Draw(t, "family")
		m := newTiny(t, c, f)
		o := Options{Threads: 2, Precision: rapid.SampledFrom([]Precision{FP32, BF16, BF16x3}).Draw(t, "precision"), Train: rapid.Bool().Draw(t, "in training")}
		way := rapid.SampledFrom([]string{"verdict", "whole verdict", "next token"}).Draw(t, "way")
		clean, err := answersOf(m, o, way, b)
		if err != nil {
			t.Fatal(err)
		}
		q := rapid.SampledFrom(m.Params()).Draw(t, "tensor")
		at := rapid.IntRange(0, len(q.Data)-1).Draw(t, "number")
		bad := rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(t, "is")
		q.Data[at] = float32(bad)
		answers, err := answersOf(m, o, way, b)
		var found *NotFiniteError
		switch {
		case err == nil && slices.Equal(answers, clean):
		case err == nil:
			t.Fatalf("%v in %s gave the answers %v, without it %v", bad, q.Name, answers, clean)
		case !errors.As(err, &found) || found.What != q.Name:
			t.Fatalf("%v in %s: %v", bad, q.Name, err)
		}
	})
}

func kernelFamilies() (all []kernel.Family) {
	for f := kernel.Generic; f <= kernel.Detect(); f++ {
		all = append(all, f)
	}
	return all
}

// answersOf are the numbers that a batch gets in one of three ways.
func answersOf(m *Model, o Options, way string, b Batch) (all []float64, err error) {
	if way == "next token" {
		return m.NewPass(o).NextToken(b, nil, nil)
	}
	logits, err := m.NewPass(o).Verdict(b, Head{Yes: 1, No: 2, Full: way == "whole verdict"})
	for _, l := range logits {
		all = append(all, float64(l.Yes), float64(l.No), float64(l.Rest))
	}
	return all, err
}

// TestNonFiniteGradientLaw: what goes backward from a gradient that is infinite or
// none is none, and the norm of all gradients says so.
func TestNonFiniteGradientLaw(t *testing.T) {
	proptest.Check(t, 2, func(t *rapid.T) {
		c, b, _ := drawNetwork(t)
		m := newTiny(t, c, rapid.SampledFrom(kernelFamilies()).Draw(t, "family"))
		p := m.NewPass(Options{Train: true, Threads: 2, Recompute: rapid.Bool().Draw(t, "computed twice")})
		if _, err := p.Verdict(b, verdictHeads[1]); err != nil {
			t.Fatal(err)
		}
		d, aux := testGradient[float32](0, b.Len())
		bad := float32(rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(t, "is"))
		l := &d[rapid.IntRange(0, len(d)-1).Draw(t, "sequence")]
		*[]*float32{&l.Yes, &l.No, &l.Rest}[rapid.IntRange(0, 2).Draw(t, "yes, no or rest")] = bad
		if err := p.BackwardVerdict(d, aux); err != nil {
			return // named at once
		}
		if n := m.GradNorm(); finite(n) {
			t.Fatalf("a gradient of %v gives gradients of norm %v", bad, n)
		}
	})
}

// TestDerivativeLaw: a network of any shape has the answers of the plain reference,
// which shares no code with it, and of any one of its tensors the gradient that
// finite differences of the reference have along a random direction.
func TestDerivativeLaw(t *testing.T) {
	proptest.Check(t, 2, func(t *rapid.T) {
		c, b, r := drawNetwork(t)
		m := newTiny(t, c, kernel.Generic)
		wide, ref, h := widened(t, m), newReference(m), verdictHeads[1]
		p := wide.NewPass(Options{Train: true, Threads: 2})
		answers, err := p.Verdict(b, h)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range answers {
			yes, no, rest, aux, margin := ref.verdict(b.sequence(i), h)
			if margin < 1e-5 {
				t.Skip("differences would cross a choice of experts")
			}
			got, want := []float64{l.Yes, l.No, l.Rest, p.Aux()[i]}, []float64{yes, no, rest, aux}
			if off := distanceOf(got, want); !(off <= 1e-11*(1+normOf(want))) {
				t.Fatalf("sequence %d: %v, the reference has %v", i, got, want)
			}
		}
		o := verdictObjective(b, h)
		wide.EnableGrad()
		if err := p.BackwardVerdict(o.wide()); err != nil {
			t.Fatal(err)
		}
		q := wide.Trained()[rapid.IntRange(0, len(wide.Trained())-1).Draw(t, "tensor")]
		dir := make([]float64, len(q.Grad))
		for i := range dir {
			dir[i] = r.NormFloat64() / math.Sqrt(float64(len(dir)))
		}
		want, got := directional(ref, o, q.Name, dir), kernel.Reference{}.Dot(q.Grad, dir)
		if !(math.Abs(got-want) <= 1e-5*(1e-2+normOf(q.Grad))) {
			t.Fatalf("%s: derivative %v, finite differences %v", q.Name, got, want)
		}
	})
}
