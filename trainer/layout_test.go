package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
)

// A shape of ranks: dp groups of ep ranks each.
type ranksShape struct{ dp, ep int }

var layouts = []ranksShape{{1, 1}, {2, 1}, {1, 2}, {2, 2}, {1, 4}}

// worldOf is a comm for every rank of a test.
type worldOf func(t *testing.T, n int) []comm.Comm

func localWorld(_ *testing.T, n int) []comm.Comm { return comm.Local(n, comm.Limits{}) }

func unixWorld(t *testing.T, n int) []comm.Comm {
	t.Helper()
	dir, err := os.MkdirTemp("", "ranks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	comms := make([]comm.Comm, n)
	err = eachRank(n, func(r int) (err error) {
		comms[r], err = comm.Join(context.Background(), comm.World{Rank: r, Size: n, Network: "unix", Address: dir, Token: []byte("the token of this test")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return comms
}

func eachRank(n int, run func(r int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for r := range n {
		wg.Go(func() { errs[r] = run(r) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// A caseOf is a training to repeat on every layout.
type caseOf struct {
	cfg        *Config
	train, dev int
}

func layoutCase(change func(c *Config)) caseOf {
	c := testConfig()
	c.Precision = PrecisionFP64
	c.Steps, c.CheckpointEvery = 20, 0
	c.Eval.Every = 10
	if change != nil {
		change(c)
	}
	return caseOf{c, 40, 9}
}

var layoutCases = map[string]caseOf{
	// Several micro-batches of other lengths on each rank, and clipping.
	"ragged": layoutCase(func(c *Config) { c.Optimizer.ClipNorm = 0.5 }),
	// Fewer sequences than ranks: some have none, in some steps all but one.
	"few": layoutCase(func(c *Config) { c.Batch.Sequences = 3; c.Batch.MaxTokensPerMicro = 1 }),
	// Few tokens at each expert, and none at most.
	"many experts": layoutCase(func(c *Config) { c.Model.Experts, c.Model.TopK, c.Batch.Sequences = 16, 1, 2 }),
	"text":         layoutCase(func(c *Config) { c.Objective.Name = ObjectiveNextToken }),
	"pairs": layoutCase(func(c *Config) {
		c.Objective.Add = []ObjectiveTerm{{"pairwise", 0.5}}
		c.Batch.GroupTasks, c.Objective.LabelSmoothing, c.Objective.WeightYes = true, 0.1, 3
	}),
}

// outcome is what a training came to.
type outcome struct {
	lines   []Line
	weights map[string][]float64
}

// trainOn runs a case over the ranks of a world, from dir's newest checkpoint.
func trainOn(t *testing.T, c caseOf, world []comm.Comm, ep int, dir string) outcome {
	t.Helper()
	trainings := make([]*training, len(world))
	corpora := make([]*corpus, len(world)) // each rank reads its own file
	for r := range world {
		corpora[r] = markerCorpus(t, c.train, c.dev)
	}
	err := eachRank(len(world), func(r int) error {
		s := testSetup(t, c.cfg, corpora[r], dir)
		s.ranks, s.threads = Ranks{World: world[r], EP: ep}, 1
		var err error
		if trainings[r], err = open(s); err == nil {
			err = trainings[r].run(context.Background())
		}
		s.ranks.giveUp(err)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lead := trainings[0]
	for r, tr := range trainings {
		if tr.st.Step != lead.st.Step || tr.st.Updates != lead.st.Updates {
			t.Errorf("rank %d stands at %+v, the leading one at %+v", r, tr.st, lead.st)
		}
	}
	return outcomeOf(t, lead)
}

func outcomeOf(t *testing.T, lead *training) outcome {
	t.Helper()
	m, err := moe.LoadShard[float64](lead.chosen(), moe.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{linesOf(t, lead.dir), map[string][]float64{}}
	for _, p := range m.Params() {
		o.weights[p.Name] = p.Data
	}
	return o
}

// distance is the greatest difference of losses and norms, relative, and of
// weights, absolute.
func (o outcome) distance(t *testing.T, other outcome) float64 {
	t.Helper()
	if len(o.lines) != len(other.lines) {
		t.Fatalf("%d and %d lines", len(o.lines), len(other.lines))
	}
	far := 0.0
	differ := func(a, b *float64) {
		switch {
		case (a == nil) != (b == nil):
			far = math.Inf(1)
		case a != nil:
			far = max(far, math.Abs(*a-*b)/max(1, math.Abs(*b)))
		}
	}
	for i, l := range o.lines {
		m := other.lines[i]
		differ(l.Loss, m.Loss)
		differ(&l.Aux, &m.Aux)
		differ(l.GradNorm, m.GradNorm)
		if (l.Dev == nil) != (m.Dev == nil) || l.Tokens != m.Tokens || l.Sequences != m.Sequences {
			t.Errorf("line %d: %+v and %+v", i+1, l, m)
		} else if l.Dev != nil {
			differ(l.Dev.Loss, m.Dev.Loss)
			differ(l.Dev.AUC, m.Dev.AUC)
		}
	}
	for name, w := range o.weights {
		for i, v := range w {
			far = max(far, math.Abs(v-other.weights[name][i]))
		}
	}
	return far
}

// layoutBound is how far two layouts may be apart in fp64.
const layoutBound = 1e-9

// TestLayoutsAgree trains every case on every layout and expects one outcome.
func TestLayoutsAgree(t *testing.T) {
	for name, c := range layoutCases {
		t.Run(name, func(t *testing.T) {
			want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
			for _, l := range layouts[1:] {
				for kind, world := range map[string]worldOf{"local": localWorld, "unix": unixWorld} {
					if kind == "unix" && l != (ranksShape{2, 2}) || testing.Short() && (kind == "unix" || l.dp*l.ep > 2) {
						continue
					}
					got := trainOn(t, c, world(t, l.dp*l.ep), l.ep, t.TempDir())
					if far := got.distance(t, want); !(far <= layoutBound) {
						t.Errorf("dp %d ep %d over %s is off by %v", l.dp, l.ep, kind, far)
					}
				}
			}
		})
	}
}

// tampered is a comm whose rank adds other gradients than it has.
type tampered struct {
	comm.Comm
	factor float64
}

// gradientBytes tells gradients from the small sums beside them.
const gradientBytes = 4096

func (c tampered) AllReduce(x []byte, t comm.Type) error {
	if t == comm.Float64 && len(x) > gradientBytes {
		y := make([]float64, len(x)/8)
		copy(comm.Bytes(y), x)
		for i := range y {
			y[i] *= c.factor
		}
		copy(x, comm.Bytes(y))
	}
	return c.Comm.AllReduce(x, t)
}

func (c tampered) Group(ranks []int) (comm.Comm, error) {
	g, err := c.Comm.Group(ranks)
	return tampered{g, c.factor}, err
}

// The comparison above must see it when one rank's gradients are missing, or
// count twice.
func TestLayoutsAgreeSeesALostRank(t *testing.T) {
	c := layoutCases["ragged"]
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	for _, l := range []ranksShape{{2, 1}, {1, 2}, {2, 2}} {
		for _, factor := range []float64{0, 2} {
			world := localWorld(t, l.dp*l.ep)
			last := len(world) - 1
			world[last] = tampered{world[last], factor}
			got := trainOn(t, c, world, l.ep, t.TempDir())
			if far := got.distance(t, want); far <= 1000*layoutBound {
				t.Errorf("dp %d ep %d: a rank that counts %v times is off by %v only", l.dp, l.ep, factor, far)
			}
		}
	}
}

// In fp32 layouts differ by rounding.
func TestLayoutsAgreeInFP32(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Precision = PrecisionFP32; c.Steps = 50 })
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	for _, l := range layouts[1:] {
		got := trainOn(t, c, localWorld(t, l.dp*l.ep), l.ep, t.TempDir())
		for i, line := range got.lines {
			if d := math.Abs(*line.Loss - *want.lines[i].Loss); d > 1e-3 {
				t.Errorf("dp %d ep %d: the loss of step %d is off by %v", l.dp, l.ep, i+1, d)
			}
		}
	}
}

// TestFirstGradientsInFP32 compares each tensor's gradient of the first step.
func TestFirstGradientsInFP32(t *testing.T) {
	c := layoutCase(func(c *Config) { c.Precision = PrecisionFP32 })
	want := firstGradients(t, c, 1, 1)
	for _, l := range layouts[1:] {
		got := firstGradients(t, c, l.dp, l.ep)
		for name, w := range want {
			norm, diff := 0.0, 0.0
			for i := range w {
				norm += float64(w[i]) * float64(w[i])
				diff += math.Pow(float64(w[i])-float64(got[name][i]), 2)
			}
			if math.Sqrt(diff) > 1e-6*math.Sqrt(norm) {
				t.Errorf("dp %d ep %d: %s is off by %v of its norm", l.dp, l.ep, name, math.Sqrt(diff/norm))
			}
		}
	}
}

func firstGradients(t *testing.T, c caseOf, dp, ep int) map[string][]float32 {
	t.Helper()
	world, dir := localWorld(t, dp*ep), t.TempDir()
	corpora := make([]*corpus, len(world))
	for r := range world {
		corpora[r] = markerCorpus(t, c.train, c.dev)
	}
	var mu sync.Mutex
	all := map[string][]float32{}
	err := eachRank(len(world), func(r int) error {
		s := testSetup(t, c.cfg, corpora[r], dir)
		s.ranks = Ranks{World: world[r], EP: ep}
		tr, err := open(s)
		if err != nil {
			return err
		}
		defer tr.journal.close()
		if _, err := tr.net.gradient(corpora[r].train[:16]); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, p := range modelOf(tr).Params() {
			all[p.Name] = p.Grad
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A run may stop anywhere and go on at another layout.
func TestResumeAtAnotherLayout(t *testing.T) {
	c := layoutCase(func(c *Config) { c.CheckpointEvery = 7 })
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	dir := t.TempDir()
	stops := []struct {
		step   int64
		layout ranksShape
	}{{5, ranksShape{1, 4}}, {9, ranksShape{2, 1}}, {12, ranksShape{1, 1}}, {16, ranksShape{1, 3}}, {20, ranksShape{2, 2}}}
	for _, s := range stops {
		part := c
		cfg := *c.cfg
		part.cfg = &cfg
		interruptAt(t, part, s.layout, dir, s.step)
	}
	got := trainOn(t, c, localWorld(t, 1), 1, dir) // nothing is left to do
	if far := got.distance(t, want); !(far <= layoutBound) {
		t.Errorf("off by %v", far)
	}
}

// interruptAt trains until a step of one rank ends, when that rank is told to
// stop, and leaves a checkpoint.
func interruptAt(t *testing.T, c caseOf, l ranksShape, dir string, step int64) {
	t.Helper()
	world := localWorld(t, l.dp*l.ep)
	corpora := make([]*corpus, len(world))
	for r := range world {
		corpora[r] = markerCorpus(t, c.train, c.dev)
	}
	told := len(world) - 1
	err := eachRank(len(world), func(r int) error {
		s := testSetup(t, c.cfg, corpora[r], dir)
		s.ranks = Ranks{World: world[r], EP: l.ep}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		tr, err := open(s)
		if err != nil {
			return err
		}
		if r == told {
			tr.progress = &killer{step, cancel}
		}
		err = tr.run(ctx)
		if errors.Is(err, context.Canceled) || step >= c.cfg.Steps {
			return nil
		}
		s.ranks.giveUp(err)
		return fmt.Errorf("rank %d at step %d: %w", r, tr.st.Step, err)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A rank that fails in the middle ends the others, with its name and reason,
// and the run goes on from its last checkpoint.
func TestFailedRankEndsAll(t *testing.T) {
	c := layoutCase(func(c *Config) { c.CheckpointEvery = 4 })
	dir := t.TempDir()
	world := comm.Local(4, comm.Limits{Stall: 20 * time.Second})
	corpora := make([]*corpus, len(world))
	for r := range world {
		corpora[r] = markerCorpus(t, c.train, c.dev)
	}
	broken := errors.New("the disk is gone")
	errs := make([]error, len(world))
	_ = eachRank(len(world), func(r int) error {
		s := testSetup(t, c.cfg, corpora[r], dir)
		s.ranks = Ranks{World: world[r], EP: 2}
		tr, err := open(s)
		if err == nil && r == 2 {
			tr.progress = &killer{10, func() { world[2].Abort(broken) }}
		}
		if err == nil {
			err = tr.run(context.Background())
		}
		s.ranks.giveUp(err)
		errs[r] = err
		return nil
	})
	for r, err := range errs {
		var lost *comm.RankError
		if r == 2 {
			if !errors.Is(err, broken) {
				t.Errorf("the failed rank: %v", err)
			}
		} else if !errors.As(err, &lost) || lost.Rank != 2 {
			t.Errorf("rank %d: %v", r, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, workDir, stepPrefix+"000000008")); err != nil {
		t.Errorf("the checkpoint of step 8: %v", err)
	}
	want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
	got := trainOn(t, c, localWorld(t, 3), 3, dir)
	if far := got.distance(t, want); !(far <= layoutBound) {
		t.Errorf("off by %v", far)
	}
}

// A number that is not finite on one rank stops all, at the same step, with
// that rank's name; skipped, it leaves every rank's weights alone.
func TestNonFiniteOnOneRank(t *testing.T) {
	for _, policy := range []string{NonFiniteStop, NonFiniteSkip} {
		c := layoutCase(func(c *Config) { c.OnNonFinite, c.Precision, c.Steps = policy, PrecisionFP32, 3 })
		world, dir := localWorld(t, 4), t.TempDir()
		corpora := make([]*corpus, len(world))
		for r := range world {
			corpora[r] = markerCorpus(t, c.train, c.dev)
		}
		errs := make([]error, len(world))
		trainings := make([]*training, len(world))
		_ = eachRank(len(world), func(r int) error {
			s := testSetup(t, c.cfg, corpora[r], dir)
			s.ranks = Ranks{World: world[r], EP: 2}
			tr, err := open(s)
			if err == nil {
				if r == 3 {
					modelOf(tr).Params()[1].Data[0] = float32(math.NaN())
				}
				err = tr.run(context.Background())
			}
			s.ranks.giveUp(err)
			errs[r], trainings[r] = err, tr
			return nil
		})
		for r, err := range errs {
			var bad *NonFiniteError
			if policy == NonFiniteStop && (!errors.As(err, &bad) || bad.Step != 1 || bad.What != "loss" || bad.Rank != 3) {
				t.Errorf("rank %d: %v", r, err)
			}
			if policy == NonFiniteSkip && (err != nil || trainings[r].st.SkippedSteps != 3 || trainings[r].st.Updates != 0) {
				t.Errorf("rank %d: %v, %+v", r, err, trainings[r].st)
			}
		}
	}
}

func TestBalance(t *testing.T) {
	load := expertLoad{{5, 5, 5, 5}, {20, 0, 0, 0}, {10, 10, 0, 0}}
	b := load.balance()
	for l, want := range [][2]float64{{1, 1}, {0, 4}, {0.5, 2}} {
		if math.Abs(b.Entropy[l]-want[0]) > 1e-12 || math.Abs(b.Peak[l]-want[1]) > 1e-12 {
			t.Errorf("layer %d: entropy %v, peak %v, want %v", l, b.Entropy[l], b.Peak[l], want)
		}
	}
	if (expertLoad{{0, 0}}).balance() != nil {
		t.Error("no token has a balance")
	}
}

func TestShare(t *testing.T) {
	parts := share([]int32{5, 9, 1, 9, 3, 3}, 3)
	seen, most := map[int32]bool{}, int64(0)
	for _, part := range parts {
		var tokens int64
		for i, at := range part {
			if seen[at] || i > 0 && part[i-1] > at {
				t.Errorf("parts %v", parts)
			}
			seen[at] = true
			tokens += int64([]int32{5, 9, 1, 9, 3, 3}[at])
		}
		most = max(most, tokens)
	}
	if len(seen) != 6 || most != 11 {
		t.Errorf("parts %v, the longest has %d tokens", parts, most)
	}
}

func TestLayoutIsChecked(t *testing.T) {
	for _, c := range []struct{ n, ep, experts int }{{3, 2, 4}, {4, 4, 2}} {
		if _, err := newLayout(Ranks{World: comm.Local(c.n, comm.Limits{})[0], EP: c.ep}, c.experts); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
