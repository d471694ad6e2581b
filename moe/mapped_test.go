package moe

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swerm/swerm/moe/kernel"
	"github.com/swerm/swerm/moe/safetensors"
)

// loadTuned loads a model that trains in part, its frozen matrices copied or in
// their files until the test ends. B is not zero.
func loadTuned[Num Float](t testing.TB, dir string, shard Shard, tune Tuning, mapped bool) *ModelOf[Num] {
	t.Helper()
	tune.Mapped = mapped
	m, err := LoadTuned[Num](dir, 7, shard, tune)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	m.EnableGrad()
	drawB(m)
	return m
}

// gradientsOf runs a step of both objectives without its update and returns
// answers and gradients.
func gradientsOf[Num Float](m *ModelOf[Num], o Options, b Batch) (out []float64, err error) {
	o.Train = true
	p := m.NewPass(o)
	logits, err := p.Verdict(b, Head{Yes: 1, No: 2, Full: true})
	if err != nil {
		return nil, err
	}
	for _, l := range logits {
		out = append(out, float64(l.Yes), float64(l.No), float64(l.Rest))
	}
	d, aux := testGradient[Num](0, b.Len())
	if err := p.BackwardVerdict(d, aux); err != nil {
		return nil, err
	}
	sums, err := p.NextToken(b, aux, aux)
	if err != nil {
		return nil, err
	}
	out = append(out, sums...)
	for _, q := range m.Trained() {
		out = appendWide(out, q.Grad)
	}
	return out, nil
}

// trains is gradientsOf with the weights after an update.
func trains[Num Float](m *ModelOf[Num], o Options, b Batch) ([]float64, error) {
	out, err := gradientsOf(m, o, b)
	if err != nil {
		return nil, err
	}
	m.AdamWStep(AdamW{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.5}, m.NewOptState(), 1, 1)
	for _, q := range m.Trained() {
		out = appendWide(out, q.Data)
	}
	return out, nil
}

func appendWide[Num Float](out []float64, x []Num) []float64 {
	for _, v := range x {
		out = append(out, float64(v))
	}
	return out
}

// mappedTunings train adapters over all matrices and over some, or a part of the
// model, where frozen and trained matrices are one to the products.
var mappedTunings = map[string]Tuning{
	"adapters":         adapters["all"],
	"some adapters":    adapters["some"],
	"upper adapters":   adapters["upper"],
	"one of a group":   {Freeze: freezes["one of a group"]},
	"all but experts":  {Freeze: freezes["all but experts"]},
	"frozen attention": {Freeze: []string{KindAttention, KindEmbeddings, KindHead}},
}

// TestMappedTrains: a model whose frozen matrices stay in their files trains to the
// bits of a copy, from any type and layout of the files, on any kernels, with and
// without recomputation, for any number of threads.
func TestMappedTrains(t *testing.T) {
	eachKernel(func(name string, c Config, f kernel.Family) {
		b := randomBatch(rand.New(rand.NewPCG(4, 4)), c.VocabSize, 1, 12, 30)
		source := newTiny(t, c, f)
		for _, layout := range []string{"float32", "float32 unaligned", "bfloat16 in shards", "float16"} {
			on := layoutsOnDisk[layout]
			dir := t.TempDir()
			if err := source.Save(dir, on.o); err != nil {
				t.Fatal(err)
			}
			if on.shift > 0 {
				shiftNumbers(t, dir, on.shift)
			}
			for what, tune := range mappedTunings {
				if newTinyTuned[float32](t, c, tune) == nil {
					continue
				}
				for _, o := range []Options{{Threads: 1}, {Threads: 3, Recompute: true, Precision: BF16x3}} {
					copied, there := loadTuned[float32](t, dir, Shard{}, tune, false), loadTuned[float32](t, dir, Shard{}, tune, true)
					copied.kern, there.kern = f, f
					want, err := trains(copied, Options{Threads: 2, Precision: o.Precision}, b)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := trains(there, o, b); err != nil || !slices.Equal(got, want) {
						t.Errorf("%s %s, %s, %s, %+v: other numbers than those of a copy (%v)", name, f, layout, what, o, err)
					}
				}
			}
		}
	})
}

// TestMappedTrainsWide is the same in float64.
func TestMappedTrainsWide(t *testing.T) {
	b := randomBatch(rand.New(rand.NewPCG(4, 4)), tinyConfig().VocabSize, 1, 12, 30)
	for _, dtype := range []string{"F32", "BF16", "F16"} {
		dir := t.TempDir()
		if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{DType: dtype}); err != nil {
			t.Fatal(err)
		}
		want, err := trains(loadTuned[float64](t, dir, Shard{}, adapters["all"], false), Options{Threads: 1}, b)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := trains(loadTuned[float64](t, dir, Shard{}, adapters["all"], true), Options{Threads: 2, Recompute: true}, b); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: other numbers than those of a copy (%v)", dtype, err)
		}
	}
}

// TestMappedShards: ranks that share the experts train to the bits of ranks with
// copies.
func TestMappedShards(t *testing.T) {
	dir, parts := t.TempDir(), [][]int{{40, 7}, {}, {100}}
	if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{DType: "BF16", ShardBytes: 5000}); err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		said := map[bool][][]float64{}
		for _, mapped := range []bool{false, true} {
			said[mapped] = make([][]float64, len(parts))
			models := make([]*Model, len(parts))
			for rank := range parts {
				models[rank] = loadTuned[float32](t, dir, Shard{rank, len(parts)}, adapters["all"], mapped)
			}
			eachPeer(t, len(parts), func(peers Peers, rank int) (err error) {
				b := randomBatch(rand.New(rand.NewPCG(3, uint64(rank))), tinyConfig().VocabSize, parts[rank]...)
				said[mapped][rank], err = trains(models[rank], Options{Threads: 1, Peers: peers, Recompute: again}, b)
				return err
			})
		}
		for rank, want := range said[false] {
			if !slices.Equal(said[true][rank], want) {
				t.Errorf("recompute %v, rank %d: other numbers than those of a copy", again, rank)
			}
		}
	}
}

// TestMappedCostsNothing: adapters over a base of four GiB take their own memory,
// and what one has of the base is a few vectors.
func TestMappedCostsNothing(t *testing.T) {
	c := tinyConfig()
	c.VocabSize, c.HiddenSize, c.NumExperts, c.MoeIntermediateSize = 1<<15, 1<<10, 128, 1<<11
	dir := t.TempDir()
	sparseCheckpoint(t, dir, c)
	tune := Tuning{LoRA: LoRA{Rank: 2, Alpha: 4, Targets: []string{KindAttention}}, Mapped: true}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := loadTuned[float32](t, dir, Shard{}, tune, true)
	b := Batch{IDs: []int32{1, 2, 3}, Offsets: []int32{0, 3}}
	p := m.NewPass(Options{Train: true, Threads: 1})
	if _, err := p.Verdict(b, Head{Yes: 1, No: 2}); err != nil {
		t.Fatal(err)
	}
	if err := p.BackwardVerdict([]Logits{{Yes: 1}}, nil); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 100<<20 {
		t.Errorf("a step over %d parameters took %d bytes", c.NumParams(), n)
	}
	all, trained, err := tune.Count(c)
	if err != nil {
		t.Fatal(err)
	}
	if of := m.Memory(); of.Weights > 1<<20 || of.Weights < 4*all || of.Gradients < 4*trained || all > 1<<18 {
		t.Errorf("weights %d and gradients %d bytes, counted %d numbers, %d that train", of.Weights, of.Gradients, all, trained)
	}
}

// meddler is a lonely peer that does something before an exchange.
type meddler struct {
	before func(call int)
	calls  int
}

func (m *meddler) Rank() int { return 0 }
func (m *meddler) Size() int { return 1 }
func (m *meddler) AllToAllV(send, recv [][]byte) error {
	m.calls++
	if m.before != nil {
		m.before(m.calls)
	}
	copy(recv[0], send[0])
	return nil
}

// TestBaseChangesInTraining: files that are cut while a model trains over them end
// the step with an error that names the file and what is gone, whenever in the step
// it is.
func TestBaseChangesInTraining(t *testing.T) {
	b := randomBatch(rand.New(rand.NewPCG(3, 3)), tinyConfig().VocabSize, 40, 7)
	calls := 0
	for at := 0; at == 0 || at <= calls; at++ {
		dir := t.TempDir()
		if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(dir, SaveOptions{DType: "BF16"}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, safetensors.SingleName)
		peer := &meddler{before: func(call int) {
			if call == at {
				if err := os.Truncate(path, 0); err != nil {
					t.Fatal(err)
				}
			}
		}}
		m := loadTuned[float32](t, dir, Shard{}, adapters["all"], true)
		_, err := trains(m, Options{Threads: 2, Peers: peer}, b)
		if at == 0 { // the exchanges of a step that nobody disturbs
			if calls = peer.calls; err != nil || calls < 8 {
				t.Fatalf("%d exchanges, %v", calls, err)
			}
			continue
		}
		if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), path) {
			t.Errorf("cut before exchange %d: %v", at, err)
		}
	}
}

// TestNothingToMap: what is drawn has no files.
func TestNothingToMap(t *testing.T) {
	tune := adapters["all"]
	tune.Mapped = true
	if _, err := NewTuned[float32](tinyConfig(), 1, Shard{}, tune); err == nil || !strings.Contains(err.Error(), "no files") {
		t.Error(err)
	}
}

// TestMergeOfAChangedBase: a base that is written to while adapters are merged with
// it ends the merge.
func TestMergeOfAChangedBase(t *testing.T) {
	from := t.TempDir()
	if err := newTiny(t, tinyConfig(), kernel.Detect()).Save(from, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(from, safetensors.SingleName)
	g, err := openMerger[float32](Base{Dir: from}, Tuning{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := g.write(t.TempDir(), SaveOptions{}); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}

// TestPlannedMapped: a plan with a tuning counts what models and optimizer then keep,
// and what decoding takes.
func TestPlannedMapped(t *testing.T) {
	c := planConfig()
	dir := t.TempDir()
	if err := Merge[float32](Base{Config: c, Seed: 1}, Tuning{}, nil, dir, SaveOptions{DType: "BF16"}); err != nil {
		t.Fatal(err)
	}
	for _, mapped := range []bool{false, true} {
		for _, next := range []bool{false, true} {
			tune := Tuning{LoRA: LoRA{Rank: 8, Alpha: 8, Targets: []string{KindAttention, KindExperts}}, Mapped: mapped}
			m := loadTuned[float32](t, dir, Shard{}, tune, mapped)
			plan := Plan{Config: c, Tuning: tune, Lengths: []int{300, 20}, NextToken: next, Threads: 1}
			want, err := PlanMemory[float32](plan)
			if err != nil {
				t.Fatal(err)
			}
			got := m.Memory()
			got.Moments = m.NewOptState().Memory().Moments
			if got.Weights != want.Weights || got.Gradients != want.Gradients || got.Moments != want.Moments {
				t.Errorf("mapped %v: %+v, planned %+v", mapped, got, want)
			}
			p, b := m.NewPass(Options{Train: true, Threads: 1}), randomBatch(rand.New(rand.NewPCG(1, 2)), c.VocabSize, plan.Lengths...)
			if next {
				_, err = p.NextToken(b, make([]float32, b.Len()), nil)
			} else if _, err = p.Verdict(b, Head{Yes: 1, No: 2}); err == nil {
				err = p.BackwardVerdict(make([]Logits, b.Len()), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			step := 0
			if next {
				step = 512
			}
			if got, want := cap(p.work[0].rows), m.rowScratch(p.kern, step, true); got > want || got < want*9/10 {
				t.Errorf("mapped %v, next %v: %d numbers of scratch, planned %d", mapped, next, got, want)
			}
		}
	}
}
