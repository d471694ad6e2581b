package moe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// checkPlan trains a step, and scores where the plan does, and compares what it
// took with what was predicted: all of it within 4 %, and each kind that is more
// than a hundredth within 5 %; with peers, whose routers do not ask every expert
// equally, within a tenth, and what is exchanged within a quarter.
func checkPlan[Num Float](plan Plan, peers Peers) error {
	want, err := PlanMemory[Num](plan)
	if err != nil {
		return err
	}
	m, err := NewTuned[Num](plan.Config, 7, plan.Shard, plan.Tuning)
	if err != nil {
		return err
	}
	m.EnableGrad()
	st, o := m.NewOptState(), Options{Train: true, Threads: plan.Threads, Recompute: plan.Recompute, Peers: peers, BF16Wire: plan.BF16Wire, Precision: plan.Precision, BorrowGrads: plan.BorrowGrads}
	p := m.NewPass(o)
	b := randomBatch(rand.New(rand.NewPCG(1, 2)), plan.VocabSize, plan.Lengths...)
	if plan.NextToken {
		if _, err := p.NextToken(b, make([]Num, b.Len()), nil); err != nil {
			return err
		}
	} else {
		if _, err := p.Verdict(b, plan.Head); err != nil {
			return err
		}
		if err := p.BackwardVerdict(make([]LogitsOf[Num], b.Len()), nil); err != nil {
			return err
		}
	}
	if plan.Scores {
		o.Train = false
		if _, err := m.NewPassIn(p, o).Verdict(b, plan.Head); err != nil {
			return err
		}
	}
	got := p.Memory()
	got.Weights, got.Gradients, got.Moments = m.Memory().Weights, m.Memory().Gradients, st.Memory().Moments
	for _, k := range []struct {
		kind      string
		got, want int64
	}{
		{"weights", got.Weights, want.Weights}, {"gradients", got.Gradients, want.Gradients}, {"moments", got.Moments, want.Moments},
		{"activations", got.Activations, want.Activations}, {"buffers", got.Buffers, want.Buffers}, {"packs", got.Packs, want.Packs},
		{"exchange", got.Exchange, want.Exchange}, {"all", got.Total(), want.Total()},
	} {
		bound := 0.05
		if peers != nil {
			bound = 0.1
		}
		switch {
		case k.kind == "exchange":
			bound = 0.25
		case k.kind == "all":
			bound = 0.04
		case k.got < got.Total()/100:
			continue
		}
		if off := math.Abs(float64(k.want)/float64(k.got) - 1); k.got > 0 && !(off <= bound) {
			return fmt.Errorf("%s: %d bytes, predicted %d", k.kind, k.got, k.want)
		}
	}
	return nil
}

// planConfig is small, and wide enough that what a few rows take is not all.
func planConfig() Config {
	c := benchConfig()
	c.VocabSize, c.HiddenSize, c.NumHiddenLayers, c.NumExperts, c.MoeIntermediateSize = 512, 128, 3, 8, 96
	return c
}

func TestPlannedMemory(t *testing.T) {
	dense, mixed := planConfig(), planConfig()
	dense.Dense, dense.IntermediateSize = true, 256
	dense.NumExperts, dense.NumExpertsPerTok, dense.MoeIntermediateSize, dense.NormTopKProb = 0, 0, 0, false
	mixed.MLPOnlyLayers, mixed.IntermediateSize = []int{1}, 384
	two := Head{Yes: 3, No: 5}
	adapters := Tuning{LoRA: LoRA{Rank: 8, Alpha: 16, Targets: []string{"attention", "experts"}}}
	for name, plan := range map[string]Plan{
		"two-way":    {Config: planConfig(), Lengths: []int{512, 512, 300}, Head: two},
		"one":        {Config: planConfig(), Lengths: []int{1500}, Head: two, Threads: 2},
		"recompute":  {Config: planConfig(), Lengths: []int{512, 512, 300}, Head: two, Recompute: true},
		"full":       {Config: planConfig(), Lengths: []int{700, 10}, Head: Head{Yes: 3, No: 5, Full: true}},
		"next token": {Config: planConfig(), Lengths: []int{512, 90}, NextToken: true, Threads: 3},
		"dense":      {Config: dense, Lengths: []int{512, 512}, Head: two},
		"bf16":       {Config: planConfig(), Lengths: []int{512, 512, 300}, Head: two, Precision: BF16},
		"bf16x3":     {Config: planConfig(), Lengths: []int{512, 90}, NextToken: true, Precision: BF16x3},
		"mixed":      {Config: mixed, Lengths: []int{512, 512}, Head: two, Recompute: true},
		"scored":     {Config: planConfig(), Lengths: []int{512, 512}, Head: two, Scores: true},
		"scored too": {Config: planConfig(), Lengths: []int{700, 10}, Head: two, Scores: true, Recompute: true},
		"adapters":   {Config: planConfig(), Lengths: []int{512, 512}, Head: two, Tuning: adapters},
		"upper half": {Config: planConfig(), Lengths: []int{512, 512}, Head: two, Scores: true, Tuning: Tuning{Freeze: []string{"embeddings", "layers 0-1"}}},
		"the head":   {Config: planConfig(), Lengths: []int{512, 512}, Head: two, Scores: true, Tuning: Tuning{Freeze: []string{"embeddings", "layers 0-2"}}},
		"borrowed":   {Config: planConfig(), Lengths: []int{512, 512, 300}, Head: two, Scores: true, BorrowGrads: true},
		"and twice":  {Config: mixed, Lengths: []int{1200}, NextToken: true, Recompute: true, BorrowGrads: true, Tuning: Tuning{Freeze: []string{"embeddings"}}},
		"attention":  {Config: planConfig(), Lengths: []int{512, 512}, Head: two, Recompute: true, Tuning: Tuning{Freeze: []string{"experts"}}},
	} {
		plan.Threads = max(1, plan.Threads)
		if err := checkPlan[float32](plan, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkPlan[float64](Plan{Config: planConfig(), Lengths: []int{64, 30}, Head: two, Threads: 1}, nil); err != nil {
		t.Errorf("float64: %v", err)
	}
}

// TestPlannedMemoryWithPeers: each rank within a tenth, tokens being random.
func TestPlannedMemoryWithPeers(t *testing.T) {
	for _, again := range []bool{false, true} {
		eachPeer(t, 2, func(peers Peers, rank int) error {
			return checkPlan[float32](Plan{Config: planConfig(), Shard: Shard{rank, 2}, Lengths: []int{600, 200},
				Head: Head{Yes: 3, No: 5}, Recompute: again, Scores: true, BF16Wire: again, Threads: 1}, peers)
		})
	}
}

// TestPlannedWork counts by hand for one layer.
func TestPlannedWork(t *testing.T) {
	c := planConfig()
	c.NumHiddenLayers = 1
	w := mustWork(t, Plan{Config: c, Lengths: []int{10, 20}, NextToken: true})
	perToken := 128*(4*64+2*2*64+4*64+8) + 2*3*128*96
	if want := 2 * 3 * 30.0 * float64(perToken); w.Products != want+2*4*30*128*512 {
		t.Errorf("%v operations of products, want %v and the head", w.Products, want)
	}
	if want := 2 * 7 * (55.0 + 210) * 256; w.Attention != want {
		t.Errorf("%v operations of attention, want %v", w.Attention, want)
	}
}

// TestPlannedWorkOfParts: what is frozen costs its products forward, and above
// where the backward pass ends those of its input.
func TestPlannedWorkOfParts(t *testing.T) {
	c := planConfig()
	of := func(freeze ...string) Work {
		return mustWork(t, Plan{Config: c, Lengths: []int{64}, Head: Head{Yes: 1, No: 2}, Tuning: Tuning{Freeze: freeze}})
	}
	all, experts := of(), of("experts")
	// Three matrices of 128 x 96 for two tokens' choices in two layers, and of the last position in the third.
	if got, want := all.Products-experts.Products, 2*3*128*96*(2*64.0*2+2); got != want {
		t.Errorf("experts frozen: %v operations less, want %v", got, want)
	}
	if upper := of("embeddings", "layers 0-1"); upper.Attention != all.Attention*(2+2+7)/21 {
		t.Errorf("two of three layers frozen: attention %v, of all %v", upper.Attention, all.Attention)
	}
	forward := of("embeddings", "layers 0-2")
	if low := mustWork(t, Plan{Config: c, Lengths: []int{64}, Head: Head{Yes: 1, No: 2},
		Tuning: Tuning{LoRA: LoRA{Rank: 4, Alpha: 8, Targets: []string{"layers 2"}}}}); !(low.Products > forward.Products && low.Products < all.Products/2) {
		t.Errorf("adapters above: %v operations, forward alone %v, all %v", low.Products, forward.Products, all.Products)
	}
	if _, err := (Plan{Config: c, Lengths: []int{64}, Tuning: Tuning{Freeze: []string{"nothing"}}}).Work(); err == nil {
		t.Error("a selector that matches nothing: no error")
	}
}

func mustWork(t *testing.T, p Plan) Work {
	t.Helper()
	w, err := p.Work()
	if err != nil {
		t.Fatal(err)
	}
	return w
}
