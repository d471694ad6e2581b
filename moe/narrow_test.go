package moe

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

var narrowTuning = Tuning{BF16: true}

// newNarrow draws a model in bfloat16.
func newNarrow(t testing.TB, c Config, tune Tuning, shard Shard) *Model {
	t.Helper()
	tune.BF16 = true
	m, err := NewTuned[float32](c, 7, shard, tune)
	if err != nil {
		t.Fatal(err)
	}
	m.EnableGrad()
	return m
}

// numbersOf is all weights, as products see them.
func numbersOf(m *Model) map[string][]float32 {
	all := map[string][]float32{}
	for _, p := range m.Params() {
		all[p.Name] = make([]float32, p.len())
		p.read(all[p.Name], 0)
	}
	return all
}

// TestNarrowAnswers: a model in bfloat16 gives the answers and the gradients of one
// in float32 that has the same numbers, from a checkpoint of any type, on any
// kernels.
func TestNarrowAnswers(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		b := randomBatch(rand.New(rand.NewPCG(4, 4)), c.VocabSize, 1, 12, 30)
		source := newTiny(t, c, f)
		for _, p := range source.Params() {
			for i, v := range p.Data {
				p.Data[i] = kernel.FromBF16(kernel.BF16(v))
			}
		}
		for _, dtype := range []string{"F32", "BF16"} {
			dir := t.TempDir()
			if err := source.Save(dir, SaveOptions{DType: dtype}); err != nil {
				t.Fatal(err)
			}
			for _, tune := range []Tuning{{}, {Freeze: []string{"q_proj", "layers 0"}}} {
				full, err := LoadTuned[float32](dir, 7, Shard{}, tune)
				if err != nil {
					t.Fatal(err)
				}
				tune.BF16 = true
				narrow, err := LoadTuned[float32](dir, 7, Shard{}, tune)
				if err != nil {
					t.Fatal(err)
				}
				full.kern, narrow.kern = f, f
				full.EnableGrad()
				narrow.EnableGrad()
				for _, o := range []Options{{Threads: 1}, {Threads: 3, Recompute: true}} {
					full.ZeroGrad()
					narrow.ZeroGrad()
					want, err := gradientsOf(full, Options{}, b)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := gradientsOf(narrow, o, b); err != nil || !slices.Equal(got, want) {
						t.Errorf("%s %s, %s, %+v: other numbers than in float32 (%v)", name, f, dtype, tune, err)
					}
				}
			}
		}
	})
}

// setGradients gives every tensor gradients that depend on its name alone.
func setGradients(m *Model) {
	for _, p := range m.Trained() {
		seed := uint64(0)
		for _, b := range []byte(p.Name) {
			seed = seed*31 + uint64(b)
		}
		r := rand.New(rand.NewPCG(seed, 2))
		for i := range p.Grad {
			p.Grad[i] = float32(r.NormFloat64())
		}
	}
}

var narrowAdam = AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.5, Seed: 5}

// TestNarrowUpdate: an update is that of float32, rounded to a neighbour, and some go
// up and some down.
func TestNarrowUpdate(t *testing.T) {
	narrow := newNarrow(t, tinyConfig(), Tuning{}, Shard{})
	full := newTiny(t, tinyConfig(), kernel.Detect())
	full.EnableGrad()
	before := numbersOf(narrow)
	for _, p := range full.Params() {
		copy(p.Data, before[p.Name])
	}
	setGradients(narrow)
	setGradients(full)
	narrow.AdamWStep(narrowAdam, narrow.NewOptState(), 1, 1)
	full.AdamWStep(narrowAdam, full.NewOptState(), 1, 1)
	after, up, down := numbersOf(narrow), 0, 0
	for _, p := range full.Params() {
		for i, v := range p.Data {
			got := after[p.Name][i]
			ulp := math.Ldexp(1, math.Ilogb(float64(v))-7)
			if off := math.Abs(float64(got - v)); !(off < ulp*1.001) {
				t.Fatalf("%s[%d]: %v became %v, in float32 %v", p.Name, i, before[p.Name][i], got, v)
			}
			if got > v {
				up++
			} else if got < v {
				down++
			}
		}
	}
	if n := up + down; up < n/3 || down < n/3 {
		t.Errorf("%d numbers were rounded up, %d down", up, down)
	}
}

// TestNarrowUpdateIsOfItsPlace: threads, slices of the moments, shards of the experts
// and a checkpoint between two updates change no bit.
func TestNarrowUpdateIsOfItsPlace(t *testing.T) {
	c := tinyConfig()
	c.HiddenSize, c.VocabSize = 96, 800 // the embedding takes more than one chunk
	whole := newNarrow(t, c, Tuning{}, Shard{})
	st := whole.NewOptState()
	two := func(m *Model, st []*OptState, o AdamW) {
		for step := 1; step <= 2; step++ {
			for _, s := range st {
				setGradients(m)
				m.AdamWStep(o, s, step, 0.5)
			}
		}
	}
	o := narrowAdam
	o.Threads = 1
	two(whole, []*OptState{st}, o)
	want := numbersOf(whole)
	same := func(what string, m *Model) {
		t.Helper()
		all := numbersOf(m)
		for name, got := range all {
			if !slices.Equal(got, want[name]) {
				t.Errorf("%s: %s differs", what, name)
			}
		}
		for _, p := range m.Params() {
			if p.Data != nil && !slices.Equal(p.Data, all[p.Name]) {
				t.Errorf("%s: %s is another vector in float32", what, p.Name)
			}
		}
	}

	threads := newNarrow(t, c, Tuning{}, Shard{})
	o.Threads = 3
	two(threads, []*OptState{threads.NewOptState()}, o)
	same("threads", threads)

	sliced := newNarrow(t, c, Tuning{}, Shard{})
	var parts []*OptState
	dense, experts := sliced.NarrowWeights()
	for r := range 3 {
		cut := func(n int) Slice { return Slice{n * r / 3, n * (r + 1) / 3} }
		parts = append(parts, sliced.NewOptSlice(cut(len(dense)), cut(len(experts))))
	}
	two(sliced, parts, o)
	same("slices", sliced)

	for rank := range 3 {
		shard := newNarrow(t, c, Tuning{}, Shard{rank, 3})
		two(shard, []*OptState{shard.NewOptState()}, o)
		same("a shard", shard)
	}

	again := newNarrow(t, c, Tuning{}, Shard{})
	kept := again.NewOptState()
	setGradients(again)
	again.AdamWStep(o, kept, 1, 0.5)
	dir := t.TempDir()
	if err := again.Save(dir, SaveOptions{DType: "BF16"}); err != nil {
		t.Fatal(err)
	}
	back, err := LoadTuned[float32](dir, 7, Shard{}, narrowTuning)
	if err != nil {
		t.Fatal(err)
	}
	back.EnableGrad()
	setGradients(back)
	back.AdamWStep(o, kept, 2, 0.5)
	same("a checkpoint", back)

	o.Seed++
	other := newNarrow(t, c, Tuning{}, Shard{})
	two(other, []*OptState{other.NewOptState()}, o)
	if slices.Equal(numbersOf(other)["model.embed_tokens.weight"], want["model.embed_tokens.weight"]) {
		t.Error("another seed rounds alike")
	}
}

// TestRandomRoundingLearnsWhereNearestStalls trains three models on the same batch at
// a rate whose steps are less than half of a place of bfloat16: in float32, rounded
// at random, and rounded to the nearest, which hardly moves.
func TestRandomRoundingLearnsWhereNearestStalls(t *testing.T) {
	c := tinyConfig()
	b := randomBatch(rand.New(rand.NewPCG(9, 9)), c.VocabSize, 20, 11, 30, 17, 25, 8, 14, 21)
	drawn := numbersOf(newNarrow(t, c, Tuning{}, Shard{}))
	losses := func(m *Model, round bool) (first, last float64) {
		for _, p := range m.Params() {
			if p.Data != nil && !m.halves {
				copy(p.Data, drawn[p.Name])
			}
		}
		m.EnableGrad()
		o := AdamW{LR: 2e-5, Beta1: 0.9, Beta2: 0.99, Eps: 1e-10, ClearGrad: true, Seed: 5}
		st, p := m.NewOptState(), m.NewPass(Options{Train: true, Threads: 2})
		for step := 1; step <= 200; step++ {
			logits, err := p.Verdict(b, Head{Yes: 1, No: 2})
			if err != nil {
				t.Fatal(err)
			}
			loss, d := 0.0, make([]Logits, len(logits))
			for i, l := range logits {
				sign := float64(1 - 2*(i%2))
				margin := sign * float64(l.Yes-l.No)
				loss += math.Log1p(math.Exp(-margin))
				g := float32(-sign / (1 + math.Exp(margin)))
				d[i] = Logits{Yes: g, No: -g}
			}
			if step == 1 {
				first = loss
			}
			last = loss
			if err := p.BackwardVerdict(d, nil); err != nil {
				t.Fatal(err)
			}
			m.AdamWStep(o, st, step, 1)
			for _, q := range m.Params() {
				for i := range q.Data {
					if round {
						q.Data[i] = kernel.FromBF16(kernel.BF16(q.Data[i]))
					}
				}
			}
		}
		return first, last
	}
	start, full := losses(newTiny(t, c, kernel.Detect()), false)
	_, random := losses(newNarrow(t, c, Tuning{}, Shard{}), false)
	_, nearest := losses(newTiny(t, c, kernel.Detect()), true)
	t.Logf("loss from %.4f to %.4f in float32, %.4f rounded at random, %.4f to the nearest", start, full, random, nearest)
	if gain := start - full; !(start-random > 0.8*gain) || !(start-nearest < 0.1*gain) || !(gain > start/2) {
		t.Errorf("loss from %.4f to %.4f in float32, %.4f rounded at random, %.4f to the nearest", start, full, random, nearest)
	}
}

// TestNarrowMemory: two bytes a number, and four more of a vector's.
func TestNarrowMemory(t *testing.T) {
	c := planConfig()
	m := newNarrow(t, c, Tuning{Freeze: []string{"layers 0"}}, Shard{})
	vectors := int64(0)
	for _, p := range m.Params() {
		if len(p.Shape) == 1 {
			vectors += int64(p.len())
		}
	}
	want := 2*c.NumParams() + 4*vectors
	if got := m.Memory().Weights; got < want || got > want+want/50 {
		t.Errorf("%d bytes for %d numbers, want %d", got, c.NumParams(), want)
	}
	plan, err := PlanMemory[float32](Plan{Config: c, Tuning: Tuning{BF16: true, Freeze: []string{"layers 0"}}, Lengths: []int{64}, Threads: 1})
	if err != nil || plan.Weights != m.Memory().Weights || plan.Gradients != m.Memory().Gradients {
		t.Errorf("planned %+v (%v), there is %+v", plan, err, m.Memory())
	}
	got := int64(0)
	for _, p := range m.Params() {
		got += p.Bytes()
	}
	if got != want {
		t.Errorf("tensors say %d bytes, want %d", got, want)
	}
}

// TestNarrowSaves: checkpoints hold what the model has, in any type.
func TestNarrowSaves(t *testing.T) {
	c := tinyConfig()
	c.TieWordEmbeddings = true
	m := newNarrow(t, c, Tuning{}, Shard{})
	want := numbersOf(m)
	for _, dtype := range []string{"", "BF16"} {
		dir := t.TempDir()
		if err := m.Save(dir, SaveOptions{DType: dtype, ShardBytes: 3000}); err != nil {
			t.Fatal(err)
		}
		set, err := safetensors.OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for name, numbers := range want {
			tensor, _ := set.Lookup(name)
			got := make([]float32, len(numbers))
			if err := set.ReadFloat32(name, got); err != nil || !slices.Equal(got, numbers) || dtype != "" && string(tensor.DType) != dtype {
				t.Errorf("%q: %s as %s differs (%v)", dtype, name, tensor.DType, err)
			}
		}
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNarrowRefuses: each names why.
func TestNarrowRefuses(t *testing.T) {
	lora := adapters["all"]
	lora.BF16 = true
	_, wide := NewTuned[float64](tinyConfig(), 1, Shard{}, narrowTuning)
	_, low := NewTuned[float32](tinyConfig(), 1, Shard{}, lora)
	_, both := LoadTuned[float32](sourceDir(t), 1, Shard{}, Tuning{BF16: true, Mapped: true})
	for want, err := range map[string]error{"float64": wide, "adapters": low, "not both": both} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func sourceDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	return dir
}
