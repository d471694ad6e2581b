package moe

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// longConfig is small enough that sequences of several key blocks are cheap.
func longConfig() Config {
	c := tinyConfig()
	c.VocabSize, c.HiddenSize, c.NumAttentionHeads, c.NumKeyValueHeads, c.HeadDim = 24, 12, 2, 1, 4
	c.NumHiddenLayers, c.MoeIntermediateSize, c.NumExperts = 1, 4, 4
	return c
}

// TestLongSequences crosses the blocks of keys at every alignment that strips
// can have with them.
func TestLongSequences(t *testing.T) {
	c := longConfig()
	for f := kernel.Generic; f <= kernel.Detect(); f++ {
		m := newTiny(t, c, f)
		ref := newReference(m)
		for _, n := range []int{512, 519, 1030} {
			b := randomBatch(rand.New(rand.NewPCG(1, uint64(n))), c.VocabSize, n)
			got, err := m.NewPass(Options{Threads: 2}).NextToken(b, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, _, _ := ref.nextToken(b.IDs)
			if !(math.Abs(got[0]-want) <= 1e-4*want) {
				t.Errorf("%s, %d tokens: loss %v, reference %v", f, n, got[0], want)
			}
		}
	}
}

func TestLongGradients(t *testing.T) {
	c := longConfig()
	checkGradients(t, c, nextTokenObjective(randomBatch(rand.New(rand.NewPCG(2, 5)), c.VocabSize, 270)))
}

// mixedBatch has sequences around the sizes of strips, stripes and blocks.
func mixedBatch(vocab int) Batch {
	return randomBatch(rand.New(rand.NewPCG(4, 4)), vocab, 1, 12, 97, 200, 13, 530)
}

// eachKernel runs do for every family on one shape and for every shape on the
// fastest family.
func eachKernel(do func(name string, c Config, f kernel.Family)) {
	for f := kernel.Generic; f < kernel.Detect(); f++ {
		do("plain", tinyConfig(), f)
	}
	for name, c := range variants() {
		do(name, c, kernel.Detect())
	}
}

// run does a verdict step and a next-token step and returns every output and
// every gradient.
func run(t *testing.T, m *Model, threads int) (out []float64) {
	t.Helper()
	b := randomBatch(rand.New(rand.NewPCG(4, 4)), m.cfg.VocabSize, 1, 12, 97, 130, 13, 270)
	m.ZeroGrad()
	p := m.NewPass(Options{Train: true, Threads: threads})
	logits, err := p.Verdict(b, Head{Yes: 1, No: 2, Full: true})
	if err != nil {
		t.Fatal(err)
	}
	d, coef := make([]Logits, b.Len()), make([]float32, b.Len())
	for i, l := range logits {
		out = append(out, float64(l.Yes), float64(l.No), float64(l.Rest), p.Aux()[i])
		d[i], coef[i] = Logits{0.5, -0.25, 0.125}, 0.7
	}
	if err := p.BackwardVerdict(d, coef); err != nil {
		t.Fatal(err)
	}
	weight := []float32{1, 1, 0.5, 1, 1, 0.1}
	sums, err := p.NextToken(b, weight, coef)
	if err != nil {
		t.Fatal(err)
	}
	out = append(append(out, sums...), m.GradNorm())
	for _, q := range m.Trained() {
		for _, g := range q.Grad {
			out = append(out, float64(g))
		}
	}
	return out
}

func TestThreadsChangeNothing(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		m := newTiny(t, c, f)
		want := run(t, m, 1)
		for _, threads := range []int{2, 3} {
			if got := run(t, m, threads); !slices.Equal(got, want) {
				t.Errorf("%s %s: %d threads give other bits than one", name, f, threads)
			}
		}
	})
}

// TestCompanyChangesNothing holds the promise that a sequence's answer does
// not depend on its batch, nor on whether the pass trains.
func TestCompanyChangesNothing(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		m := newTiny(t, c, f)
		b, h := mixedBatch(c.VocabSize), Head{Yes: 1, No: 2, Full: true}
		together, err := m.NewPass(Options{Train: true}).Verdict(b, h)
		if err != nil {
			t.Fatal(err)
		}
		scored, err := m.NewPass(Options{}).Verdict(b, h)
		if err != nil {
			t.Fatal(err)
		}
		p := m.NewPass(Options{})
		for i := range together {
			ids := b.sequence(i)
			alone, err := p.Verdict(Batch{IDs: ids, Offsets: []int32{0, int32(len(ids))}}, h)
			if err != nil {
				t.Fatal(err)
			}
			if alone[0] != together[i] || scored[i] != together[i] {
				t.Errorf("%s %s sequence %d: alone %+v, in company %+v, training %+v", name, f, i, alone[0], scored[i], together[i])
			}
		}
	})
}

// TestTwoWayHead: the verdict rows do not depend on whether the rest is asked for.
func TestTwoWayHead(t *testing.T) {
	m := newTiny(t, tinyConfig(), kernel.Detect())
	p := m.NewPass(Options{})
	b := mixedBatch(m.cfg.VocabSize)
	full, err := p.Verdict(b, Head{Yes: 5, No: 6, Full: true})
	if err != nil {
		t.Fatal(err)
	}
	two, err := p.Verdict(b, Head{Yes: 5, No: 6})
	if err != nil {
		t.Fatal(err)
	}
	for i := range two {
		if two[i].Yes != full[i].Yes || two[i].No != full[i].No || two[i].Rest != 0 {
			t.Errorf("sequence %d: two-way %+v, full %+v", i, two[i], full[i])
		}
	}
}

// TestBackwardAdds: two backward passes leave the sum of both.
func TestBackwardAdds(t *testing.T) {
	m := newTiny(t, tinyConfig(), kernel.Detect())
	p := m.NewPass(Options{Train: true})
	b := mixedBatch(m.cfg.VocabSize)
	weight := []float32{1, 1, 1, 1, 1, 1}
	step := func() {
		if _, err := p.NextToken(b, weight, nil); err != nil {
			t.Fatal(err)
		}
	}
	step()
	once := m.GradNorm()
	step()
	if twice := m.GradNorm(); math.Abs(twice-2*once) > 1e-5*once {
		t.Errorf("norm %v after one, %v after two", once, twice)
	}
	m.ZeroGrad()
	if n := m.GradNorm(); n != 0 {
		t.Errorf("norm %v after ZeroGrad", n)
	}
}

func TestSteadyStateAllocatesLittle(t *testing.T) {
	for _, precision := range []Precision{FP32, BF16} {
		t.Run(precision.String(), func(t *testing.T) { steadyState(t, precision) })
	}
}

func steadyState(t *testing.T, precision Precision) {
	m := newTiny(t, tinyConfig(), kernel.Detect())
	big, small := mixedBatch(m.cfg.VocabSize), randomBatch(rand.New(rand.NewPCG(6, 6)), m.cfg.VocabSize, 40, 7)
	p := m.NewPass(Options{Train: true, Threads: 2, Precision: precision})
	step := func(b Batch) {
		d := make([]Logits, b.Len())
		if _, err := p.Verdict(b, Head{Yes: 1, No: 2}); err != nil {
			t.Fatal(err)
		}
		if err := p.BackwardVerdict(d, nil); err != nil {
			t.Fatal(err)
		}
	}
	step(big)
	// A few closures and goroutines per phase and layer; never a buffer.
	const bound = 70 * 2
	if n := testing.AllocsPerRun(5, func() { step(big); step(small) }); n > 2*bound {
		t.Errorf("%v allocations for two steps of two layers, want at most %d", n, 2*bound)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		step(big)
	}
	runtime.ReadMemStats(&after)
	if per := (after.TotalAlloc - before.TotalAlloc) / 10; per > 64<<10 {
		t.Errorf("%d bytes allocated per step", per)
	}
}

func TestErrors(t *testing.T) {
	m := newTiny(t, tinyConfig(), kernel.Detect())
	p := m.NewPass(Options{Train: true})
	ok, h := Batch{IDs: []int32{1, 2}, Offsets: []int32{0, 2}}, Head{Yes: 1, No: 2}
	for name, b := range map[string]Batch{
		"empty":            {},
		"no offsets":       {IDs: []int32{1}},
		"empty sequence":   {IDs: []int32{1}, Offsets: []int32{0, 0, 1}},
		"falling":          {IDs: []int32{1, 2}, Offsets: []int32{0, 3, 2}},
		"short":            {IDs: []int32{1, 2}, Offsets: []int32{0, 1}},
		"start":            {IDs: []int32{1, 2}, Offsets: []int32{1, 2}},
		"id too large":     {IDs: []int32{37}, Offsets: []int32{0, 1}},
		"negative id":      {IDs: []int32{-1}, Offsets: []int32{0, 1}},
		"negative offset":  {IDs: []int32{1, 2}, Offsets: []int32{0, -1, 2}},
		"beyond the model": {IDs: make([]int32, 1<<14+1), Offsets: []int32{0, 1<<14 + 1}},
	} {
		if _, err := p.Verdict(b, h); err == nil {
			t.Errorf("%s: a broken batch was accepted", name)
		}
	}
	for _, h := range []Head{{Yes: 1, No: 1}, {Yes: -1, No: 1}, {Yes: 1, No: 37}} {
		if _, err := p.Verdict(ok, h); err == nil {
			t.Errorf("%+v was accepted", h)
		}
	}
	if err := p.BackwardVerdict(make([]Logits, 1), nil); !errors.Is(err, ErrNoForward) {
		t.Errorf("backward without forward: %v", err)
	}
	if _, err := p.Verdict(ok, h); err != nil {
		t.Fatal(err)
	}
	if err := p.BackwardVerdict(make([]Logits, 2), nil); err == nil {
		t.Error("two gradients for one sequence were accepted")
	}
	if err := p.BackwardVerdict(make([]Logits, 1), make([]float32, 3)); err == nil {
		t.Error("three coefficients for one sequence were accepted")
	}
	if err := p.BackwardVerdict(make([]Logits, 1), nil); err != nil {
		t.Error(err)
	}
	if err := p.BackwardVerdict(make([]Logits, 1), nil); !errors.Is(err, ErrNoForward) {
		t.Errorf("second backward: %v", err)
	}
	score := m.NewPass(Options{})
	if _, err := score.NextToken(ok, []float32{1}, nil); !errors.Is(err, ErrNoForward) {
		t.Errorf("gradient of a scoring pass: %v", err)
	}
	if _, err := score.Verdict(ok, h); err != nil || score.Aux() != nil {
		t.Error("a scoring pass reports an auxiliary loss", err)
	}
	if err := score.BackwardVerdict(make([]Logits, 1), nil); !errors.Is(err, ErrNoForward) {
		t.Errorf("backward of a scoring pass: %v", err)
	}
}

// TestNotFinite: a NaN is an error that names its tensor, never a logit.
func TestNotFinite(t *testing.T) {
	for f := kernel.Generic; f <= kernel.Detect(); f++ {
		for _, name := range []string{"model.layers.0.self_attn.q_norm.weight", "model.layers.1.mlp.gate.weight", "model.layers.0.mlp.experts.0.up_proj.weight", "model.norm.weight"} {
			m := newTiny(t, tinyConfig(), f)
			for _, q := range m.Params() {
				if q.Name == name {
					for i := range q.Data {
						q.Data[i] = float32(math.NaN())
					}
				}
			}
			expectNotFinite(t, m, NotFiniteError{-1, -1, -1, name})
		}
	}
}

// expectNotFinite runs a batch in all ways and wants one error of each.
func expectNotFinite(t *testing.T, m *Model, want NotFiniteError) {
	t.Helper()
	b := mixedBatch(m.cfg.VocabSize)
	check := func(how string, err error) {
		t.Helper()
		var at *NotFiniteError
		if !errors.Is(err, ErrNotFinite) || !errors.As(err, &at) || *at != want {
			t.Errorf("%s %s: %v, want %v", m.kern.(kernel.Family), how, err, &want)
		}
	}
	for _, o := range []Options{{}, {Train: true}, {Train: true, Recompute: true}} {
		_, err := m.NewPass(o).Verdict(b, Head{Yes: 1, No: 2, Full: true})
		check("verdict", err)
	}
	_, err := m.NewPass(Options{}).NextToken(b, nil, nil)
	check("next token", err)
}

// TestOverflowIsNamed: finite weights whose products overflow are found where
// they do so.
func TestOverflowIsNamed(t *testing.T) {
	const v, o, gate = "model.layers.0.self_attn.v_proj.weight", "model.layers.0.self_attn.o_proj.weight", "model.layers.1.mlp.gate.weight"
	for _, k := range []struct {
		what    string
		layer   int
		tensors []string
		value   float32
	}{
		{"keys and values", 0, []string{v}, 3e38},
		{"the residual stream behind attention", 0, []string{v, o}, 1e25},
		{"the router", 1, []string{gate}, 3e38},
		{"the experts", 1, []string{"model.layers.1.mlp.experts."}, 1e25},
	} {
		m := newTiny(t, tinyConfig(), kernel.Detect())
		for _, q := range m.Params() {
			if slices.ContainsFunc(k.tensors, func(name string) bool { return strings.HasPrefix(q.Name, name) }) {
				for i := range q.Data {
					q.Data[i] = k.value
				}
			}
		}
		_, err := m.NewPass(Options{Train: true}).NextToken(mixedBatch(m.cfg.VocabSize), nil, nil)
		want := NotFiniteError{0, 0, k.layer, k.what}
		var at *NotFiniteError
		if !errors.As(err, &at) || *at != want {
			t.Errorf("%v, want %v", err, &want)
		}
	}
}

// TestExpertLoad: every token is counted once per layer and choice.
func TestExpertLoad(t *testing.T) {
	m := newTiny(t, tinyConfig(), kernel.Detect())
	p := m.NewPass(Options{Train: true})
	b := mixedBatch(m.cfg.VocabSize)
	if _, err := p.Verdict(b, Head{Yes: 1, No: 2}); err != nil {
		t.Fatal(err)
	}
	for l, load := range p.ExpertLoad() {
		sum := int64(0)
		for _, n := range load {
			sum += n
		}
		if want := int64(len(b.IDs) * m.cfg.NumExpertsPerTok); sum != want {
			t.Errorf("layer %d: %d assignments, want %d", l, sum, want)
		}
	}
}
