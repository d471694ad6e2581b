package trainer

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/trainer/comm"
)

// A shape of ranks: dp groups of ep ranks each.
type ranksShape struct{ dp, ep int }

var layouts = []ranksShape{{1, 1}, {2, 1}, {1, 2}, {2, 2}, {1, 4}}

// worldOf is a comm for every rank of a test.
type worldOf func(t testing.TB, n int) []comm.Comm

func localWorld(_ testing.TB, n int) []comm.Comm { return comm.Local(n, comm.Limits{}) }

func unixWorld(t testing.TB, n int) []comm.Comm {
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

	blind bool // routers are zero, so that all tokens choose the first experts
}

// open opens a rank's training of the case.
func (c caseOf) open(s setup) (*training, error) {
	tr, err := open(s)
	if err != nil || !c.blind {
		return tr, err
	}
	for _, p := range tr.net.engine.(*engineOf[float64]).model.Params() {
		if strings.HasSuffix(p.Name, "mlp.gate.weight") {
			clear(p.Data)
		}
	}
	return tr, nil
}

func layoutCase(change func(c *Config)) caseOf {
	c := testConfig()
	c.Precision = PrecisionFP64
	c.Steps, c.CheckpointEvery = 20, 0
	c.Eval.Every = 10
	if change != nil {
		change(c)
	}
	return caseOf{cfg: c, train: 40, dev: 9}
}

func blindCase() caseOf {
	c := layoutCase(func(c *Config) { c.Model.TopK, c.Aux.Coefficient = 1, 0 })
	c.blind = true
	return c
}

var layoutCases = map[string]caseOf{
	// Several micro-batches of other lengths on each rank, and clipping.
	"ragged": layoutCase(func(c *Config) { c.Optimizer.ClipNorm = 0.5 }),
	// Fewer sequences than ranks: some have none, in some steps all but one.
	"few": layoutCase(func(c *Config) { c.Batch.Sequences = 3; c.Batch.MaxTokensPerMicro = 1 }),
	// Few tokens at each expert, and none at most.
	"many experts": layoutCase(func(c *Config) { c.Model.Experts, c.Model.TopK, c.Batch.Sequences = 16, 1, 2 }),
	// One expert of each layer has all tokens: with a single choice and no loss of
	// their own, nothing moves the routers.
	"one expert": blindCase(),
	// Adapters everywhere; and in some experts only, of the upper layer.
	"adapters": layoutCase(func(c *Config) {
		c.LoRA = LoRA{Rank: 3, Alpha: 6, Targets: []string{moe.KindAttention, moe.KindExperts}}
		c.Optimizer.ClipNorm = 0.05
	}),
	"adapters of an expert": layoutCase(func(c *Config) {
		c.LoRA = LoRA{Rank: 2, Alpha: 2, RSLoRA: true, Targets: []string{"model.layers.*.experts.[13].*"}}
		c.Freeze = []string{"layers 0"}
	}),
	"frozen": layoutCase(func(c *Config) { c.Freeze = []string{moe.KindEmbeddings, moe.KindRouter, "q_proj", "layers 0"} }),
	"frozen experts": layoutCase(func(c *Config) {
		c.Freeze = []string{moe.KindEmbeddings, moe.KindAttention, moe.KindRouter, "model.layers.*.experts.[023].*"}
	}),
	"text":    layoutCase(func(c *Config) { c.Objective.Name = ObjectiveNextToken }),
	"balance": balanceCaseOf(nil),
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

// runEach trains a case on every rank of a world, from dir's newest checkpoint,
// and returns where and how each ended. before may spoil a rank's training, and
// gives its context.
func runEach(t *testing.T, c caseOf, world []comm.Comm, ep int, dir string, before func(r int, tr *training) context.Context) ([]*training, []error) {
	t.Helper()
	trainings, errs := make([]*training, len(world)), make([]error, len(world))
	corpora := make([]*corpus, len(world)) // each rank reads its own file
	for r := range world {
		corpora[r] = markerCorpus(t, c.train, c.dev)
	}
	_ = eachRank(len(world), func(r int) error {
		s := testSetup(t, c.cfg, corpora[r], dir)
		s.ranks, s.threads = Ranks{World: world[r], EP: ep}, 1
		tr, err := c.open(s)
		if err == nil {
			err = tr.run(before(r, tr))
		}
		s.ranks.giveUp(err)
		trainings[r], errs[r] = tr, err
		return nil
	})
	return trainings, errs
}

func undisturbed(int, *training) context.Context { return context.Background() }

// trainOn trains a case to its end.
func trainOn(t *testing.T, c caseOf, world []comm.Comm, ep int, dir string) outcome {
	t.Helper()
	trainings, errs := runEach(t, c, world, ep, dir, undisturbed)
	if err := errors.Join(errs...); err != nil {
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
	o := outcome{linesOf(t, lead.dir), map[string][]float64{}}
	if lead.cfg.adapts() {
		o.weights = adaptersOf(t, lead.chosen())
		return o
	}
	m, err := moe.LoadShard[float64](lead.chosen(), moe.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() {
		o.weights[p.Name] = p.Data
	}
	return o
}

// adaptersOf are all that a checkpoint of adapters holds of weights.
func adaptersOf(t *testing.T, checkpoint string) map[string][]float64 {
	t.Helper()
	set, err := openState(checkpoint, adapterPrefix)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	all := map[string][]float64{}
	for _, name := range set.Names() {
		tensor, _ := set.Lookup(name)
		all[name] = make([]float64, tensor.Len())
		if err := set.ReadFloat64(name, all[name]); err != nil {
			t.Fatal(err)
		}
	}
	return all
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
	if len(o.weights) != len(other.weights) {
		t.Errorf("%d tensors and %d", len(o.weights), len(other.weights))
	}
	for name, w := range o.weights {
		for i, v := range w {
			far = max(far, math.Abs(v-other.weights[name][i]))
		}
	}
	return far
}

// notUnderRace skips what the race detector would take minutes for; smaller
// tests of the same code remain.
func notUnderRace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("short")
	}
}

// layoutBound is how far two layouts may be apart in fp64.
const layoutBound = 1e-9

// TestLayoutsAgree trains every case on every layout and expects one outcome.
func TestLayoutsAgree(t *testing.T) {
	for name, c := range layoutCases {
		t.Run(name, func(t *testing.T) {
			if name != "few" {
				notUnderRace(t)
			}
			want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
			for _, l := range layouts[1:] {
				for kind, world := range map[string]worldOf{"local": localWorld, "unix": unixWorld} {
					if testing.Short() && l != (ranksShape{1, 2}) {
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

// The case of one expert is one: in every step the busiest has all tokens.
func TestOneExpertHasAllTokens(t *testing.T) {
	c := blindCase()
	c.cfg.Steps = 3
	for i, line := range trainOn(t, c, localWorld(t, 2), 2, t.TempDir()).lines {
		for _, peak := range line.Balance.Peak {
			if peak != float64(c.cfg.Model.Experts) {
				t.Errorf("step %d: %+v", i+1, line.Balance)
			}
		}
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
	c.tamper(x, t)
	return c.Comm.AllReduce(x, t)
}

func (c tampered) ReduceScatter(x []byte, t comm.Type) error {
	c.tamper(x, t)
	return c.Comm.ReduceScatter(x, t)
}

func (c tampered) tamper(x []byte, t comm.Type) {
	if t == comm.Float64 && len(x) > gradientBytes {
		y := make([]float64, len(x)/8)
		copy(comm.Bytes(y), x)
		for i := range y {
			y[i] *= c.factor
		}
		copy(x, comm.Bytes(y))
	}
}

func (c tampered) Group(ranks []int) (comm.Comm, error) {
	g, err := c.Comm.Group(ranks)
	return tampered{g, c.factor}, err
}

// The comparison above must see it when one rank's gradients are missing, or
// count twice.
func TestLayoutsAgreeSeesALostRank(t *testing.T) {
	notUnderRace(t)
	for _, name := range []string{"ragged", "adapters"} {
		c := layoutCases[name]
		want := trainOn(t, c, localWorld(t, 1), 1, t.TempDir())
		for _, l := range []ranksShape{{2, 1}, {1, 2}, {2, 2}} {
			for _, factor := range []float64{0, 2} {
				world := localWorld(t, l.dp*l.ep)
				last := len(world) - 1
				world[last] = tampered{world[last], factor}
				got := trainOn(t, c, world, l.ep, t.TempDir())
				if far := got.distance(t, want); far <= 1000*layoutBound {
					t.Errorf("%s, dp %d ep %d: a rank that counts %v times is off by %v only", name, l.dp, l.ep, factor, far)
				}
			}
		}
	}
}

// In fp32 layouts differ by rounding.
func TestLayoutsAgreeInFP32(t *testing.T) {
	notUnderRace(t)
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
	// In slices no rank has the whole sum.
	c := layoutCase(func(c *Config) { c.Precision, c.Ranks.ShardOptimizer = PrecisionFP32, ShardOff })
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
