package moe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// freezes are selections that leave something to train in every variant that
// has what they name. What is below the last layer's experts, and so on down, is
// frozen in turn.
var freezes = map[string][]string{
	"embeddings":      {KindEmbeddings},
	"norms":           {KindNorms},
	"attention":       {KindAttention},
	"router":          {KindRouter},
	"experts":         {KindExperts},
	"mlp":             {KindMLP},
	"layers":          {"layers 0", KindEmbeddings},
	"one of a group":  {"q_proj", "up_proj"},
	"two of a group":  {"k_proj", "v_proj", "gate_proj"},
	"all but input":   {KindEmbeddings, "layers 0", KindRouter, "o_proj", "down_proj", "gate_proj", "up_proj", "model.layers.*.post_attention_layernorm.weight"},
	"all but output":  {KindEmbeddings, "layers 0", "q_proj", "k_proj", "v_proj", "model.layers.*.input_layernorm.weight", "model.layers.*.self_attn.*_norm.weight", "model.layers.*.self_attn.*.bias"},
	"all but experts": {KindEmbeddings, "layers 0", KindAttention, KindNorms, KindRouter},
	"all but norm1":   {KindEmbeddings, KindAttention, KindExperts, KindRouter, "model.layers.*.self_attn.*", "model.layers.*.post*", KindHead},
	"all but head":    {KindEmbeddings, KindAttention, KindNorms, "model.layers.*.mlp.*"},
	"head":            {KindHead},
	"an expert":       {"model.layers.*.mlp.experts.3.*"},
	"but an expert":   {KindEmbeddings, KindAttention, KindNorms, KindRouter, KindHead, "layers 0", "model.layers.*.experts.[0124].*"},
}

// adapters are choices of targets.
var adapters = map[string]Tuning{
	"attention": {LoRA: LoRA{Rank: 3, Alpha: 8, Targets: []string{KindAttention}}},
	"q and v":   {LoRA: LoRA{Rank: 4, Alpha: 8, Targets: []string{"q_proj", "v_proj"}, RSLoRA: true}},
	"experts":   {LoRA: LoRA{Rank: 2, Alpha: 6, Targets: []string{KindExperts}}},
	"mlp":       {LoRA: LoRA{Rank: 2, Alpha: 6, Targets: []string{KindMLP}}},
	"all":       {LoRA: LoRA{Rank: 5, Alpha: 2, Targets: []string{KindAttention, "gate_proj", "up_proj", "down_proj"}}},
	"upper":     {LoRA: LoRA{Rank: 2, Alpha: 4, Targets: []string{"layers 0-9"}}, Freeze: []string{"layers 0"}},
	"some":      {LoRA: LoRA{Rank: 2, Alpha: 4, Targets: []string{"down_proj", "model.layers.*.3.up_proj.weight", "model.layers.*.1.gate_proj.weight", "k_proj"}}},
}

// newTinyTuned is newTiny for a model that trains in part; B is not zero. It is
// nil where the tuning does not fit the shape.
func newTinyTuned[Num Float](t testing.TB, c Config, tune Tuning) *ModelOf[Num] {
	t.Helper()
	m, err := NewTuned[Num](c, 7, Shard{}, tune)
	if err != nil && (strings.Contains(err.Error(), "matches no") || strings.Contains(err.Error(), "nothing to train")) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	m.EnableGrad()
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range m.Params() {
		if !p.Decay {
			for i := range p.Data {
				p.Data[i] += Num(r.NormFloat64() * 0.2)
			}
		}
	}
	drawB(m)
	return m
}

// drawB gives every B numbers that depend on its name alone.
func drawB[Num Float](m *ModelOf[Num]) {
	for _, p := range m.Adapters() {
		if !strings.Contains(p.Name, ".lora_B.") {
			continue
		}
		seed := uint64(0)
		for _, b := range []byte(p.Name) {
			seed = seed*31 + uint64(b)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range p.Data {
			p.Data[i] = Num(r.NormFloat64() * 0.2)
		}
	}
}

// eachTuning runs do for every variant with every tuning that fits it.
func eachTuning(t *testing.T, tunings map[string]Tuning, do func(t *testing.T, c Config, tune Tuning)) {
	t.Helper()
	ran := map[string]bool{}
	for name, c := range variants() {
		for what, tune := range tunings {
			if newTinyTuned[float32](t, c, tune) == nil {
				continue
			}
			ran[what] = true
			t.Run(name+"/"+what, func(t *testing.T) { do(t, c, tune) })
		}
	}
	for what := range tunings {
		if !ran[what] {
			t.Errorf("%s fits no variant", what)
		}
	}
}

func freezeTunings() map[string]Tuning {
	all := map[string]Tuning{}
	for name, f := range freezes {
		all[name] = Tuning{Freeze: f}
	}
	return all
}

// step runs a training step of one objective.
func stepOn[Num Float](t *testing.T, m *ModelOf[Num], full bool) {
	t.Helper()
	b := randomBatch(rand.New(rand.NewPCG(4, 4)), m.cfg.VocabSize, 1, 12, 97, 30)
	p := m.NewPass(Options{Train: true, Threads: 2})
	if _, err := p.Verdict(b, Head{Yes: 1, No: 2, Full: full}); err != nil {
		t.Fatal(err)
	}
	if err := p.BackwardVerdict(testGradient[Num](0, b.Len())); err != nil {
		t.Fatal(err)
	}
	d, aux := testGradient[Num](1, b.Len())
	for i := range d {
		aux[i] += d[i].Yes
	}
	if _, err := p.NextToken(b, aux, aux); err != nil {
		t.Fatal(err)
	}
}

// TestFrozen holds what trains to the same bits as if all trained, and the rest
// to no gradient, no moments and no update.
func TestFrozen(t *testing.T) {
	eachTuning(t, freezeTunings(), func(t *testing.T, c Config, tune Tuning) {
		whole, m := newTinyTuned[float32](t, c, Tuning{}), newTinyTuned[float32](t, c, tune)
		stepOn(t, whole, true)
		stepOn(t, m, true)
		squares, trained, frozen := 0.0, 0, map[string]bool{}
		state := m.NewOptState()
		m.AdamWStep(AdamW{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.5}, state, 1, 1)
		for i, p := range m.Params() {
			w := whole.Params()[i]
			if p.Frozen {
				frozen[p.Name] = true
				if p.Grad != nil || !slices.Equal(p.Data, w.Data) {
					t.Errorf("%s is frozen and has a gradient or moved", p.Name)
				}
				continue
			}
			trained += len(p.Grad)
			if !slices.Equal(p.Grad, w.Grad) {
				t.Errorf("%s: other gradient than when all train", p.Name)
			}
			for _, g := range p.Grad {
				squares += float64(g) * float64(g)
			}
			if slices.Equal(p.Data, w.Data) {
				t.Errorf("%s did not move", p.Name)
			}
		}
		if len(frozen) == 0 {
			t.Error("nothing is frozen")
		}
		if got := m.GradNorm(); math.Abs(got-math.Sqrt(squares)) > 1e-5*got {
			t.Errorf("norm %v, of what trains %v", got, math.Sqrt(squares))
		}
		// Padding and the frozen members of groups are all that gradients hold beside.
		if room := len(m.grad); room < trained || room > len(whole.grad) {
			t.Errorf("gradients have room for %d, %d train of %d", room, trained, len(whole.grad))
		}
	})
}

// TestFrozenMemory counts numbers of gradients and moments.
func TestFrozenMemory(t *testing.T) {
	c := tinyConfig()
	for _, test := range []struct {
		tune Tuning
		kept func(name string) bool // that has a gradient
	}{
		{Tuning{Freeze: []string{KindExperts}}, func(n string) bool { return kindOf(n) != KindExperts }},
		{Tuning{Freeze: []string{"layers 0-1"}}, func(n string) bool { return !strings.Contains(n, "layers") }},
		{adapters["experts"], func(string) bool { return false }},
	} {
		m := newTinyTuned[float32](t, c, test.tune)
		want := 0
		for _, p := range m.Params() {
			if test.kept(p.Name) {
				want += aligned(p.len())
			}
		}
		for _, p := range m.Adapters() {
			want += aligned(p.len())
		}
		s := m.NewOptState()
		if len(m.grad) > want || len(s.m) > want || len(s.v) > want {
			t.Errorf("%+v: %d gradients, %d and %d moments for %d numbers that train", test.tune, len(m.grad), len(s.m), len(s.v), want)
		}
	}
}

// TestAdapterGradients compares the gradients of adapters with finite
// differences of the reference, and outputs with it.
func TestAdapterGradients(t *testing.T) {
	eachTuning(t, adapters, func(t *testing.T, c Config, tune Tuning) {
		m := newTinyTuned[float64](t, c, tune)
		ref := newReference(m)
		ref.scale = tune.LoRA.scale()
		b := randomBatch(rand.New(rand.NewPCG(8, 8)), c.VocabSize, 3, 1, 14)
		h := verdictHeads[1]
		p := m.NewPass(Options{Train: true, Threads: 2})
		trained, err := p.Verdict(b, h)
		if err != nil {
			t.Fatal(err)
		}
		scored, err := m.NewPass(Options{}).Verdict(b, h)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(trained, scored) {
			t.Errorf("training gives %v, scoring %v", trained, scored)
		}
		for i, l := range trained {
			y, n, rest, _, _ := ref.verdict(b.sequence(i), h)
			for _, v := range [][2]float64{{l.Yes, y}, {l.No, n}, {l.Rest, rest}} {
				if !(math.Abs(v[0]-v[1]) <= 1e-12*(1+math.Abs(v[1]))) {
					t.Errorf("sequence %d: got %v, reference %v", i, v[0], v[1])
				}
			}
		}
		o := verdictObjective(b, h)
		if err := p.BackwardVerdict(o.wide()); err != nil {
			t.Fatal(err)
		}
		checkDerivatives(t, ref, o, m, 1e-7)
		for _, p := range m.Params() {
			if p.Grad != nil {
				t.Errorf("%s has a gradient", p.Name)
			}
		}
	})
}

// TestAdaptersStartAtNothing: B is zero, so a model with fresh adapters is the
// model.
func TestAdaptersStartAtNothing(t *testing.T) {
	c := tinyConfig()
	b, h := mixedBatch(c.VocabSize), verdictHeads[1]
	plain, err := New(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewTuned[float32](c, 7, Shard{}, adapters["all"])
	if err != nil {
		t.Fatal(err)
	}
	want, err := plain.NewPass(Options{}).Verdict(b, h)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.NewPass(Options{}).Verdict(b, h)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("logits %v, without adapters %v", got, want)
	}
	for _, p := range m.Adapters() {
		in := p.Shape[1]
		top := 0.0
		for _, v := range p.Data {
			top = max(top, math.Abs(float64(v)))
		}
		if isA := strings.Contains(p.Name, ".lora_A."); isA != (top > 0) || top > 1/math.Sqrt(float64(in)) {
			t.Errorf("%s begins with %v at most", p.Name, top)
		}
	}
}

// TestAdapterOfAnIdleExpert: an expert without a token gives its adapters a
// gradient of zero, and one with tokens does not.
func TestAdapterOfAnIdleExpert(t *testing.T) {
	c := tinyConfig()
	c.NumExpertsPerTok = 1
	m := newTinyTuned[float32](t, c, adapters["experts"])
	for _, l := range m.layers {
		clear(l.router.Data) // all equal: the first expert is chosen
	}
	for _, p := range m.Trained() {
		for i := range p.Grad {
			p.Grad[i] = 0
		}
	}
	stepOn(t, m, false)
	for _, p := range m.Trained() {
		idle := !slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 })
		if chosen := strings.Contains(p.Name, ".experts.0."); chosen == idle {
			t.Errorf("%s: chosen %v, gradient zero %v", p.Name, chosen, idle)
		}
	}
}

func TestThreadsChangeNoAdapter(t *testing.T) {
	for name, tune := range adapters {
		for f := kernel.Generic; f <= kernel.Detect(); f++ {
			m := newTinyTuned[float32](t, tinyConfig(), tune)
			if m == nil {
				continue
			}
			m.kern = f
			want := run(t, m, 1)
			for _, threads := range []int{2, 3} {
				if got := run(t, m, threads); !slices.Equal(got, want) {
					t.Errorf("%s %s: %d threads give other bits than one", name, f, threads)
				}
			}
		}
	}
}

// TestShardedTunings is [TestShardedExperts] for models that train in part.
func TestShardedTunings(t *testing.T) {
	tunings := freezeTunings()
	for name, tune := range adapters {
		tunings["adapters of "+name] = tune
	}
	for what, tune := range tunings {
		if newTinyTuned[float64](t, tinyConfig(), tune) == nil {
			continue
		}
		for _, s := range []sharding{{2, [][]int{{}, {9, 4}}}, {5, [][]int{{6}, {11}, {}, {2, 20}, {1, 1, 1}}}} {
			t.Run(fmt.Sprintf("%s/%v", what, s.parts), func(t *testing.T) {
				compareSharded(t, tinyConfig(), s, 1e-12, tune, drawB[float64])
			})
		}
	}
}

func TestTuningFaults(t *testing.T) {
	c := tinyConfig()
	for want, tune := range map[string]Tuning{
		"is no kind":              {Freeze: []string{"expert"}},
		"want layers N":           {Freeze: []string{"layers 3-1"}},
		"syntax error":            {Freeze: []string{"model.[a"}},
		"matches no tensor":       {Freeze: []string{"layers 2"}},
		"\"mlp\" matches no":      {Freeze: []string{KindExperts, KindMLP}},
		"nothing to train":        {Freeze: []string{"layers 0-1", KindEmbeddings, KindHead, KindNorms}},
		"lora.rank -1":            {LoRA: LoRA{Rank: -1, Alpha: 1, Targets: []string{"q_proj"}}},
		"lora.alpha 0":            {LoRA: LoRA{Rank: 1, Targets: []string{"q_proj"}}},
		"targets is empty":        {LoRA: LoRA{Rank: 1, Alpha: 1}},
		"can have an adapter":     {LoRA: LoRA{Rank: 1, Alpha: 1, Targets: []string{KindNorms}}},
		"freeze leaves nothing":   {LoRA: LoRA{Rank: 1, Alpha: 1, Targets: []string{"q_proj"}}, Freeze: []string{KindAttention}},
		"lora.targets: \"q_prj\"": {LoRA: LoRA{Rank: 1, Alpha: 1, Targets: []string{"q_prj"}}},
	} {
		_, err := NewTuned[float32](c, 1, Shard{}, tune)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", tune, err, want)
		}
	}
	// A rank without the expert that trains takes the pattern all the same.
	only := Tuning{Freeze: freezes["but an expert"]}
	for rank := range 5 {
		m, err := NewTuned[float32](c, 1, Shard{rank, 5}, only)
		if err != nil {
			t.Fatal(err)
		}
		if trains := len(m.Trained()) > 0; trains != (rank == 3) {
			t.Errorf("rank %d trains %v", rank, trains)
		}
	}
}
