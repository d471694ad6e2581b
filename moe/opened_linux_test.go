package moe

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/internal/testproc"
)

// TestOpenedSpeed prints what scoring costs in processor time over a checkpoint
// that stays in its file and over a copy, in turn, the best of several.
func TestOpenedSpeed(t *testing.T) {
	testpath.Soak(t)
	source, err := New(benchConfig(), 1)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	batches := map[string]Batch{
		"8 of 300 to 4,000": randomBatch(r, 8192, 300, 520, 780, 1040, 1400, 1900, 2600, 4000),
		"1 of 300":          randomBatch(r, 8192, 300),
	}
	for _, dtype := range []string{"F32", "BF16", "F16"} {
		dir := t.TempDir()
		if err := source.Save(dir, SaveOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		copied, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		passes := []*Pass{copied.NewPass(Options{}), opened[float32](t, dir, Shard{}).NewPass(Options{})}
		for name, b := range batches {
			least := [2]time.Duration{time.Hour, time.Hour}
			var said [2][]Logits
			for range 5 {
				for i, p := range passes {
					before := processorTime(t)
					if said[i], err = p.Verdict(b, Head{Yes: 3, No: 5}); err != nil {
						t.Fatal(err)
					}
					least[i] = min(least[i], processorTime(t)-before)
				}
			}
			if !slices.Equal(said[0], said[1]) {
				t.Errorf("%s: other logits from the file", dtype)
			}
			t.Logf("%s, %s: copied %v, opened %v of processor time: %.3f", dtype, name, least[0], least[1], float64(least[1])/float64(least[0]))
		}
	}
}

// TestOpenedMemory prints the time to open a checkpoint of 1.5 GB in bfloat16, and
// resident memory at its peak behind that and behind an answer, from the file and
// from a copy.
func TestOpenedMemory(t *testing.T) {
	testpath.Soak(t)
	c := benchConfig()
	c.VocabSize, c.HiddenSize, c.NumHiddenLayers, c.NumExperts, c.MoeIntermediateSize = 1<<15, 512, 12, 64, 640
	dir := t.TempDir()
	if err := Merge[float32](Base{Config: c, Seed: 1}, Tuning{}, nil, dir, SaveOptions{DType: "BF16"}); err != nil {
		t.Fatal(err)
	}
	var said [2][]Logits
	var resident [2]int64
	for i, load := range []func(string) (*Model, error){Open, Load} {
		testproc.ForgetPeak(t)
		before, start := testproc.ResidentPeak(t), time.Now()
		m, err := load(dir)
		if err != nil {
			t.Fatal(err)
		}
		took, open := time.Since(start), testproc.ResidentPeak(t)-before
		t.Logf("%s: %v, %d MiB resident", [...]string{"opened", "copied"}[i], took.Round(time.Microsecond), open>>20)
		for _, n := range []int{4, 100} { // which come to a few of the experts, and to most
			b := randomBatch(rand.New(rand.NewPCG(1, 2)), c.VocabSize, n)
			if said[i], err = m.NewPass(Options{}).Verdict(b, Head{Yes: 3, No: 5}); err != nil {
				t.Fatal(err)
			}
			resident[i] = testproc.ResidentPeak(t) - before
			t.Logf("behind an answer to %d tokens: %d MiB resident", n, resident[i]>>20)
		}
		if i == 0 && open > 64<<20 {
			t.Errorf("to open %d parameters made %d bytes resident", c.NumParams(), open)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(said[0], said[1]) {
		t.Error("other logits from the file")
	}
	if resident[0] > resident[1]/2 {
		t.Errorf("%d bytes resident from the file, %d from a copy", resident[0], resident[1])
	}
}

// TestMappedSpeed prints what a training step of adapters costs in processor time
// over a base that stays in its file and over a copy, in turn, the best of several.
func TestMappedSpeed(t *testing.T) {
	testpath.Soak(t)
	source, err := New(benchConfig(), 1)
	if err != nil {
		t.Fatal(err)
	}
	tune := Tuning{LoRA: LoRA{Rank: 16, Alpha: 32, Targets: []string{KindAttention, KindExperts}}}
	b := randomBatch(rand.New(rand.NewPCG(1, 2)), 8192, 512, 512, 512, 512)
	for _, dtype := range []string{"F32", "BF16", "F16"} {
		dir := t.TempDir()
		if err := source.Save(dir, SaveOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		var passes [2]*Pass
		for i, mapped := range []bool{false, true} {
			passes[i] = loadTuned[float32](t, dir, Shard{}, tune, mapped).NewPass(Options{Train: true})
		}
		least := [2]time.Duration{time.Hour, time.Hour}
		for range 5 {
			for i, p := range passes {
				before := processorTime(t)
				if _, err := p.Verdict(b, Head{Yes: 3, No: 5}); err != nil {
					t.Fatal(err)
				}
				if err := p.BackwardVerdict(make([]Logits, b.Len()), nil); err != nil {
					t.Fatal(err)
				}
				least[i] = min(least[i], processorTime(t)-before)
			}
		}
		t.Logf("%s: copied %v, mapped %v of processor time: %.3f", dtype, least[0], least[1], float64(least[1])/float64(least[0]))
	}
}

// TestNarrowSpeed prints what an update costs in processor time with weights in
// bfloat16 and in float32, in turn, the best of several.
func TestNarrowSpeed(t *testing.T) {
	testpath.Soak(t)
	var states [2]*OptState
	var models [2]*Model
	for i := range models {
		m, err := NewTuned[float32](benchConfig(), 1, Shard{}, Tuning{BF16: i == 1})
		if err != nil {
			t.Fatal(err)
		}
		m.EnableGrad()
		models[i], states[i] = m, m.NewOptState()
	}
	least := [2]time.Duration{time.Hour, time.Hour}
	for step := 1; step <= 8; step++ {
		for i, m := range models {
			setGradients(m)
			before := processorTime(t)
			m.AdamWStep(narrowAdam, states[i], step, 1)
			least[i] = min(least[i], processorTime(t)-before)
		}
	}
	t.Logf("update: fp32 %v, bf16 %v of processor time", least[0], least[1])
}
