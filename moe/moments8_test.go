package moe

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/swerm/swerm/moe/kernel"
)

// wideConfig has matrices of odd lengths above leastQuantized, below it, and an
// embedding of more than one chunk.
func wideConfig() Config {
	c := tinyConfig()
	c.HiddenSize, c.VocabSize, c.MoeIntermediateSize = 96, 803, 67
	return c
}

func newWide(t testing.TB, tune Tuning, shard Shard) *Model {
	t.Helper()
	m, err := NewTuned[float32](wideConfig(), 7, shard, tune)
	if err != nil {
		t.Fatal(err)
	}
	m.EnableGrad()
	return m
}

func newState8(t testing.TB, m *Model) *OptState {
	t.Helper()
	s, err := m.NewOptState8()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestMoments8AreOfTheirPlace: threads, slices of the moments, shards of the experts
// and the family of kernels change no bit of weights, and none of moments, under
// every kind of tuning.
func TestMoments8AreOfTheirPlace(t *testing.T) {
	for name, tune := range map[string]Tuning{
		"all": {}, "bfloat16": {BF16: true}, "frozen": {Freeze: []string{"layers 0", "k_proj", "up_proj"}},
		"adapters": {LoRA: LoRA{Rank: 64, Alpha: 8, Targets: []string{KindAttention, KindExperts}}},
	} {
		t.Run(name, func(t *testing.T) {
			steps := func(m *Model, threads int, states ...*OptState) {
				o := narrowAdam
				o.Threads = threads
				for step := 1; step <= 3; step++ {
					for _, s := range states {
						setGradients(m)
						m.AdamWStep(o, s, step, 0.5)
					}
				}
			}
			whole := newWide(t, tune, Shard{})
			state := newState8(t, whole)
			steps(whole, 1, state)
			want, moments := numbersOf(whole), momentsOf(whole, state)
			if len(moments) < 3 {
				t.Fatalf("moments of %d tensors are in eight bits", len(moments))
			}
			same := func(what string, m *Model, states ...*OptState) {
				t.Helper()
				for name, got := range numbersOf(m) {
					if !slices.Equal(got, want[name]) {
						t.Errorf("%s: %s differs", what, name)
					}
				}
				for name, got := range momentsOf(m, states...) {
					if got != moments[name] {
						t.Errorf("%s: moments of %s differ", what, name)
					}
				}
			}

			threads := newWide(t, tune, Shard{})
			s := newState8(t, threads)
			steps(threads, 3, s)
			same("threads", threads, s)

			for _, ranks := range []int{2, 3, 7} {
				sliced := newWide(t, tune, Shard{})
				var parts []*OptState
				dense, experts := sliced.Grads()
				for r := range ranks {
					cut := func(n int) Slice { return Slice{n * r / ranks, n * (r + 1) / ranks} }
					s, err := sliced.NewOptSlice8(sliced.WholeBlocks(cut(len(dense)), cut(len(experts))))
					if err != nil {
						t.Fatal(err)
					}
					parts = append(parts, s)
				}
				steps(sliced, 2, parts...)
				same(fmt.Sprint(ranks, " slices"), sliced, parts...)
			}
			for rank := range 3 {
				shard := newWide(t, tune, Shard{rank, 3})
				s := newState8(t, shard)
				steps(shard, 0, s)
				same("a shard", shard, s)
			}
		})
	}
}

// momentsOf are moments in eight bits by name, put together from slices.
func momentsOf(m *Model, states ...*OptState) map[string]string {
	all := map[string]string{}
	for _, p := range m.Trained() {
		for _, s := range states {
			if _, first, second, ok := s.Of8(p); ok {
				all[p.Name+" m"] += string(first.Codes)
				all[p.Name+" v"] += string(second.Codes)
				all[p.Name+" scales of m"] += string(bytesOf(first.Scales))
				all[p.Name+" scales of v"] += string(bytesOf(second.Scales))
			}
		}
	}
	return all
}

// TestMoments8Update: the first update is that of float32, for moments are rounded
// behind it; later ones are near; what nothing reaches stays zero, and what is small
// keeps moments in full.
func TestMoments8Update(t *testing.T) {
	eight, full := newWide(t, Tuning{}, Shard{}), newWide(t, Tuning{}, Shard{})
	s8, s := newState8(t, eight), full.NewOptState()
	o := AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1}
	for step := 1; step <= 12; step++ {
		for _, m := range []*Model{eight, full} {
			setGradients(m)
			clear(m.head.Grad[len(m.head.Grad)/2:])
		}
		eight.AdamWStep(o, s8, step, 1)
		full.AdamWStep(o, s, step, 1)
		for i, p := range eight.Params() {
			var worst, squares float64
			for k, v := range p.Data {
				d := float64(v - full.Params()[i].Data[k])
				worst, squares = max(worst, math.Abs(d)), squares+d*d
			}
			far := math.Sqrt(squares / float64(len(p.Data)))
			// Of gradients a thousandth of the greatest the second moment has no
			// level, and the step is smaller than it was; never greater.
			if exact := step == 1 || !p.quantizes(); exact && worst > 3e-7 || far > 0.06*o.LR*float64(step) || worst > 1.1*o.LR*float64(step) {
				t.Errorf("step %d: %s is off by %v, in the mean by %v", step, p.Name, worst, far)
			}
		}
	}
	_, first, second, ok := s8.Of8(eight.head)
	blocks := len(eight.head.Data) / 2 / kernel.DynamicBlock
	if !ok || !zero(first.Scales[blocks+1:]) || !zero(second.Scales[blocks+1:]) || zero(first.Scales[:blocks]) {
		t.Error("moments of the head, of which a half has no gradient, are", first.Scales)
	}
	if _, m, v := s8.Of(eight.norm); len(m) != 96 || len(v) != 96 {
		t.Error("the norm has no moments in full")
	}
	if got, want := s8.Memory().Moments, s.Memory().Moments; float64(got) > 0.3*float64(want) {
		t.Errorf("%d bytes in eight bits, %d in full", got, want)
	}
}

// TestMoments8Refuse: what eight bits are not for is said.
func TestMoments8Refuse(t *testing.T) {
	wide, err := NewShard[float64](wideConfig(), 7, Shard{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wide.NewOptState8(); err == nil {
		t.Error("float64 has moments in eight bits")
	}
	m := newWide(t, Tuning{}, Shard{})
	if _, err := m.NewOptSlice8(Slice{0, 1000}, Slice{}); err == nil {
		t.Error("a slice ends within a block")
	}
}
