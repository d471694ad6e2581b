package trainer

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testPlan(groups []int32) *plan {
	return newPlan([]int32{1, 2, 1, 3, 1, 1, 2, 1, 1, 1}, groups, 7, 4)
}

func line(p *plan, steps int64) (visits []int32) {
	for step := range steps {
		visits = append(visits, p.batch(nil, step)...)
	}
	return visits
}

func TestEveryEpochVisitsEverySampleByItsCount(t *testing.T) {
	p := testPlan(nil)
	steps := p.limit(0, 3)
	if steps != 11 { // 3 epochs of 14 visits in batches of 4
		t.Fatalf("%d steps", steps)
	}
	visits := line(p, steps)
	if len(visits) != 3*14 {
		t.Fatalf("%d visits", len(visits))
	}
	var epochs [][]int32
	for epoch := range slices.Chunk(visits, 14) {
		sorted := slices.Clone(epoch)
		slices.Sort(sorted)
		if d := cmp.Diff([]int32{0, 1, 1, 2, 3, 3, 3, 4, 5, 6, 6, 7, 8, 9}, sorted); d != "" {
			t.Error(d)
		}
		epochs = append(epochs, epoch)
	}
	if slices.Equal(epochs[0], epochs[1]) {
		t.Error("two epochs have one order")
	}
	if p.epochs(steps) != 3 || p.epochs(7) != 2 {
		t.Errorf("epochs %v and %v", p.epochs(steps), p.epochs(7))
	}
}

func TestAnyBatchIsFoundAlone(t *testing.T) {
	p := testPlan(nil)
	steps := p.limit(50, 0)
	want := line(p, steps)
	q := testPlan(nil)
	q.limit(50, 0)
	for _, step := range []int64{49, 3, 20, 4, 0} {
		if d := cmp.Diff(want[step*4:step*4+4], q.batch(nil, step)); d != "" {
			t.Errorf("step %d: %s", step, d)
		}
	}
}

func TestGroupsStayTogether(t *testing.T) {
	groups := []int32{0, 1, 2, 0, 1, 2, 0, 1, 2, 3}
	p := testPlan(groups)
	p.limit(0, 2)
	for epoch := range slices.Chunk(line(p, 7), 14) {
		seen, last := map[int32]bool{}, int32(-1)
		for _, s := range epoch {
			if g := groups[s]; g != last {
				if seen[g] {
					t.Fatalf("group %d is torn: %v", g, epoch)
				}
				seen[g], last = true, g
			}
		}
	}
}

// Every place should see every sample about equally often.
func TestOrderIsUniform(t *testing.T) {
	const n, rounds = 8, 8000
	p := newPlan([]int32{1, 1, 1, 1, 1, 1, 1, 1}, nil, 3, n)
	p.limit(rounds, 0)
	var hits [n][n]float64
	for step := range int64(rounds) {
		for at, s := range p.batch(nil, step) {
			hits[at][s]++
		}
	}
	var chi2 float64
	for _, row := range hits {
		for _, h := range row {
			chi2 += (h - rounds/n) * (h - rounds/n) / (rounds / n)
		}
	}
	if chi2 > 100 { // 49 degrees of freedom: mean 49, 99.99 % below 95
		t.Errorf("chi-squared %v", chi2)
	}
}

func TestPack(t *testing.T) {
	lengths := []int32{5, 9, 2, 3, 20, 1, 4}
	got := pack(lengths, 10, 4)
	want := [][]int32{{0, 2, 3}, {1, 5}, {4}, {6}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := pack(lengths[:3], 10, 1); len(got) != 3 {
		t.Errorf("window 1: %v", got)
	}
}

func TestPackKeepsEverySampleOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + rng.IntN(40)
		lengths, batch := make([]int32, n), make([]int32, n)
		for i := range lengths {
			lengths[i], batch[i] = int32(1+rng.IntN(50)), int32(i)
		}
		var all []int32
		for _, micro := range pack(lengths, 64, 1+rng.IntN(8)) {
			tokens := int32(0)
			for _, s := range micro {
				tokens += lengths[s]
			}
			if tokens > 64 && len(micro) > 1 {
				t.Fatalf("%d tokens in %v", tokens, micro)
			}
			all = append(all, micro...)
		}
		slices.Sort(all)
		if !slices.Equal(all, batch) {
			t.Fatalf("packed %v", all)
		}
	}
}

func TestSchedule(t *testing.T) {
	cosine := Schedule{Kind: ScheduleCosine, WarmupSteps: 4, MinRatio: 0.1}
	linear := Schedule{Kind: ScheduleLinear, WarmupRatio: 0.2, MinRatio: 0}
	wsd := Schedule{Kind: ScheduleWSD, WarmupSteps: 2, DecayRatio: 0.3, MinRatio: 0.1}
	for step, want := range []float64{0.5, 1, 1, 1, 1, 1, 1, 1, 0.55, 0.1} {
		if got := wsd.factor(int64(step), 10); math.Abs(got-want) > 1e-12 {
			t.Errorf("wsd step %d: %v, want %v", step, got, want)
		}
	}
	constant := Schedule{Kind: ScheduleConstant}
	for _, c := range []struct {
		s           Schedule
		step, total int64
		want        float64
	}{
		{cosine, 0, 25, 0.25}, {cosine, 3, 25, 1}, {cosine, 4, 25, 1}, {cosine, 14, 25, 0.55}, {cosine, 24, 25, 0.1},
		{linear, 0, 10, 0.5}, {linear, 2, 10, 1}, {linear, 9, 10, 0},
		{constant, 0, 10, 1}, {constant, 9, 10, 1},
		{cosine, 4, 5, 1}, {Schedule{Kind: ScheduleCosine}, 0, 1, 1},
	} {
		if got := c.s.factor(c.step, c.total); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v step %d of %d: %v, want %v", c.s, c.step, c.total, got, c.want)
		}
	}
}

func BenchmarkPlanEpoch(b *testing.B) {
	counts := make([]int32, 400_000)
	for i := range counts {
		counts[i] = 1
	}
	p := newPlan(counts, nil, 1, 128)
	p.limit(math.MaxInt32, 0)
	b.SetBytes(int64(len(counts)) * 4)
	step := int64(0)
	for b.Loop() {
		p.batch(nil, step)
		step += 400_000 / 128
	}
}

func BenchmarkPack(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	lengths := make([]int32, 512)
	for i := range lengths {
		lengths[i] = int32(100 + rng.IntN(30000))
	}
	b.SetBytes(512 * 4)
	for b.Loop() {
		pack(lengths, 65536, 16)
	}
}
