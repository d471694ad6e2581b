package trainer

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden loss curve")

const (
	testVocab  = 40
	testMarker = 7
)

// testConfig is small enough that a step takes milliseconds.
func testConfig() *Config {
	c := DefaultConfig()
	c.Model = Model{Layers: 2, Hidden: 32, Heads: 2, KVHeads: 1, HeadDim: 16, Experts: 4, TopK: 2,
		MoEIntermediate: 32, RopeTheta: 1e4, Context: 64, InitRange: 0.05}
	c.Optimizer.LR = 3e-3
	c.Schedule = Schedule{Kind: ScheduleCosine, WarmupSteps: 3, MinRatio: 0.1}
	c.Batch = Batch{Sequences: 8, MaxTokensPerMicro: 64, Window: 4}
	c.Steps = 12
	c.CheckpointEvery = 5
	c.Seed = 11
	return c
}

// markerCorpus plants a task: a trajectory is resolved exactly when the marker
// is among its tokens.
func markerCorpus(t testing.TB, train, dev int) *corpus {
	t.Helper()
	tokens, err := createTokenFile(filepath.Join(t.TempDir(), "tokens"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.close() })
	rng := rand.New(rand.NewPCG(5, 5))
	c := &corpus{tokens: tokens}
	for i := range train + dev {
		ids := make([]int32, 6+rng.IntN(20))
		for k := range ids {
			ids[k] = 10 + rng.Int32N(testVocab-10)
		}
		s := sample{id: fmt.Sprint(i), task: int32(i / 3), target: float64(i % 2), count: 1, length: int32(len(ids))}
		if s.target == 1 {
			ids[rng.IntN(len(ids)-1)] = testMarker
		}
		ids[len(ids)-1] = 1
		if s.offset, err = tokens.append(ids); err != nil {
			t.Fatal(err)
		}
		for int(s.task) >= len(c.tasks) {
			c.tasks = append(c.tasks, fmt.Sprint("task-", s.task))
		}
		if i < train {
			c.train = append(c.train, s)
		} else {
			c.dev = append(c.dev, s)
		}
	}
	if err := tokens.finish(); err != nil {
		t.Fatal(err)
	}
	return c
}

func testSetup(t testing.TB, cfg *Config, data *corpus, dir string) setup {
	t.Helper()
	return testSetupVocab(t, cfg, data, dir, testVocab)
}

func testSetupVocab(t testing.TB, cfg *Config, data *corpus, dir string, vocab int) setup {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return setup{cfg: cfg, data: data, dir: dir, threads: 2, head: moe.Head{Yes: 2, No: 3},
		log: slog.New(slog.DiscardHandler), progress: pipeline.NoProgress{},
		from: origin{shape: cfg.Model.shape(vocab, 64), seed: cfg.Seed}}
}

// modelOf is the network of a training in fp32.
func modelOf(tr *training) *moe.Model { return tr.net.engine.(*engineOf[float32]).model }

func mustRun(t testing.TB, s setup) *training {
	t.Helper()
	tr, err := open(s)
	if err == nil {
		err = tr.run(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func linesOf(t testing.TB, dir string) []Line {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, metricsName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := readLines(f)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestLearnsAPlantedMarker(t *testing.T) {
	names := []string{"two_way", "full", "pairwise"}
	if testing.Short() { // under the race detector
		names = names[:1]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig()
			cfg.Objective.Name = name
			cfg.Steps, cfg.CheckpointEvery, cfg.Batch.Sequences = 60, 0, 16
			cfg.Batch.GroupTasks = name == "pairwise"
			dir := t.TempDir()
			mustRun(t, testSetup(t, cfg, markerCorpus(t, 240, 60), dir))
			lines := linesOf(t, dir)
			if len(lines) != 60 {
				t.Fatalf("%d lines", len(lines))
			}
			first, last := *lines[0].Loss, *lines[59].Loss
			if last > first/4 {
				t.Errorf("loss went from %v to %v", first, last)
			}
			if dev := lines[59].Dev; dev == nil || dev.AUC == nil || *dev.AUC < 0.97 {
				t.Errorf("dev %+v", dev)
			}
		})
	}
}

func TestLearnsText(t *testing.T) {
	cfg := testConfig()
	cfg.Objective.Name = ObjectiveNextToken
	cfg.Steps, cfg.CheckpointEvery = 40, 0
	data := markerCorpus(t, 60, 20)
	for i := range data.train { // one text over and over
		data.train[i].offset, data.train[i].length = data.train[0].offset, data.train[0].length
	}
	dir := t.TempDir()
	mustRun(t, testSetup(t, cfg, data, dir))
	lines := linesOf(t, dir)
	first, last := *lines[0].Loss, *lines[39].Loss
	if math.Abs(first-math.Log(testVocab)) > 0.3 || last > first/3 {
		t.Errorf("loss went from %v (uniform is %v) to %v", first, math.Log(testVocab), last)
	}
	dev := lines[39].Dev
	if dev == nil || dev.Loss == nil || dev.AUC != nil {
		t.Fatalf("dev %+v", dev)
	}
	var tokens int64
	for _, s := range data.dev {
		tokens += int64(s.length)
	}
	if len(dev.ExpertLoad) != cfg.Model.Layers {
		t.Fatalf("load of %d layers", len(dev.ExpertLoad))
	}
	for l, load := range dev.ExpertLoad { // of all batches, each token at top_k experts
		var sum int64
		for _, n := range load {
			sum += n
		}
		if sum != tokens*int64(cfg.Model.TopK) {
			t.Errorf("layer %d sent %d tokens, want %d times %d", l, sum, tokens, cfg.Model.TopK)
		}
	}
}

// files reads everything that a training would publish.
func files(t *testing.T, tr *training) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{tr.chosen(), tr.dir} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if path != root && d.Name() == workDir {
					return fs.SkipDir
				}
				return nil
			}
			b, err := os.ReadFile(path)
			rel, _ := filepath.Rel(root, path)
			all[rel] = string(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func sameFiles(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s differs", what, name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d files, want %d", what, len(got), len(want))
	}
}

// killer stands in for kill -9: the process goes away at a step's end without
// another write.
type killer struct {
	at   int64
	stop func()
}

type killed struct{}

func (k *killer) Total(int64, string) {}
func (k *killer) Add(n int64) {
	if k.at -= n; k.at <= 0 {
		k.stop()
	}
}

func runUntil(ctx context.Context, s setup, p pipeline.Progress) (tr *training, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(killed); !ok {
				panic(r)
			}
			err = errors.New("killed")
		}
	}()
	s.progress = p
	if tr, err = open(s); err != nil {
		return nil, err
	}
	return tr, tr.run(ctx)
}

// However a run is stopped, and wherever, what it ends with is the same bytes.
func TestResumeIsBitForBit(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	config := func() *Config {
		cfg := testConfig()
		cfg.Eval = Eval{Every: 4, Keep: KeepBest, By: ByLoss}
		return cfg
	}
	whole := mustRun(t, testSetup(t, config(), data, t.TempDir()))
	want := files(t, whole)
	if !strings.Contains(want[metricsName], `"step":12,`) || want["model.safetensors"] == "" || want["state/optimizer.safetensors"] == "" {
		t.Fatalf("files %v", len(want))
	}
	kills := []int64{1, 4, 5, 6, 9, 11}
	if testing.Short() {
		kills = kills[3:4]
	}
	for _, at := range kills {
		dir := t.TempDir()
		s := testSetup(t, config(), data, dir)
		if _, err := runUntil(context.Background(), s, &killer{at, func() { panic(killed{}) }}); err == nil {
			t.Fatal("not killed")
		}
		sameFiles(t, fmt.Sprint("killed at ", at), files(t, mustRun(t, s)), want)
	}
	for _, at := range []int64{3, 8} {
		dir := t.TempDir()
		s := testSetup(t, config(), data, dir)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		tr, err := runUntil(ctx, s, &killer{at, cancel})
		if !errors.Is(err, context.Canceled) || tr.st.Step != at {
			t.Fatalf("cancelled at %d: step %d, error %v", at, tr.st.Step, err)
		}
		s.threads = 1
		again := mustRun(t, s)
		if got := linesOf(t, dir); int64(len(got)) != 12 {
			t.Errorf("%d lines", len(got))
		}
		sameFiles(t, fmt.Sprint("cancelled at ", at), files(t, again), want)
	}
}

// A run stopped inside a dev evaluation writes the step's line once, later.
func TestInterruptedEvaluation(t *testing.T) {
	data := markerCorpus(t, 50, 12)
	cfg := testConfig()
	cfg.Eval.Every = 4
	want := files(t, mustRun(t, testSetup(t, cfg, data, t.TempDir())))

	s := testSetup(t, cfg, data, t.TempDir())
	tr, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range 4 {
		line, err := tr.step()
		if err != nil {
			t.Fatal(err)
		}
		if line.Step == 4 {
			cancel()
		}
		if err := tr.finish(ctx, line); (err != nil) != (line.Step == 4) {
			t.Fatalf("step %d: error %v", line.Step, err)
		}
	}
	tr.journal.close()
	if n := len(linesOf(t, s.dir)); n != 3 {
		t.Fatalf("%d lines before the evaluation", n)
	}
	sameFiles(t, "after", files(t, mustRun(t, s)), want)
}

func TestThreadsChangeNoBit(t *testing.T) {
	data := markerCorpus(t, 40, 8)
	var want map[string]string
	for _, threads := range []int{1, 2, 5} {
		s := testSetup(t, testConfig(), data, t.TempDir())
		s.threads = threads
		got := files(t, mustRun(t, s))
		if want == nil {
			want = got
		}
		sameFiles(t, fmt.Sprint(threads, " threads"), got, want)
	}
}

func gradients(t *testing.T, cfg *Config, data *corpus) (grad []float32, w work) {
	t.Helper()
	tr, err := open(testSetup(t, cfg, data, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer tr.journal.close()
	if w, err = tr.net.gradient(data.train); err != nil {
		t.Fatal(err)
	}
	for _, p := range modelOf(tr).Params() {
		grad = append(grad, p.Grad...)
	}
	return grad, w
}

// How a step is cut changes nothing but rounding, for every objective.
func TestMicroBatchesAddUp(t *testing.T) {
	data := markerCorpus(t, 20, 0)
	for _, name := range []string{"two_way", "full", "brier", "focal", "pairwise", ObjectiveNextToken} {
		cfg := testConfig()
		cfg.Objective.Name, cfg.Objective.Gamma, cfg.Objective.WeightYes = name, 2, 3
		if name == "two_way" {
			cfg.Objective.Add = []ObjectiveTerm{{"pairwise", 0.5}}
		}
		cfg.Batch.MaxTokensPerMicro = 1 << 20
		want, one := gradients(t, cfg, data)
		if one.micros != 1 {
			t.Fatalf("%d micro-batches", one.micros)
		}
		var norm float64
		for _, g := range want {
			norm += float64(g) * float64(g)
		}
		for _, limit := range []int{1, 40, 100} {
			cfg.Batch.MaxTokensPerMicro = limit
			got, cut := gradients(t, cfg, data)
			var diff float64
			for i := range got {
				d := float64(got[i] - want[i])
				diff += d * d
			}
			if math.Sqrt(diff/norm) > 1e-5 || math.Abs(cut.loss-one.loss) > 1e-6 || math.Abs(cut.aux-one.aux) > 1e-6 {
				t.Errorf("%s in %d micro-batches: gradient off by %v, loss %v and %v, aux %v and %v",
					name, cut.micros, math.Sqrt(diff/norm), cut.loss, one.loss, cut.aux, one.aux)
			}
		}
	}
}

// openSpoiled opens a training whose weights give no finite loss.
func openSpoiled(t *testing.T, s setup) *training {
	t.Helper()
	tr, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	modelOf(tr).Params()[1].Data[0] = float32(math.NaN())
	return tr
}

func TestNonFiniteStops(t *testing.T) {
	cfg := testConfig()
	s := testSetup(t, cfg, markerCorpus(t, 20, 0), t.TempDir())
	tr := openSpoiled(t, s)
	var bad *NonFiniteError
	if err := tr.run(context.Background()); !errors.As(err, &bad) || bad.Step != 1 || bad.What != "loss" {
		t.Errorf("error %v", err)
	}
	var at *moe.NotFiniteError
	if !errors.As(bad, &at) || at.What != "model.layers.0.input_layernorm.weight" {
		t.Errorf("error %v does not name the weights", bad)
	}
	if n := len(linesOf(t, s.dir)); n != 0 {
		t.Errorf("%d lines", n)
	}
}

func TestNonFiniteSkipsAndGivesUp(t *testing.T) {
	cfg := testConfig()
	cfg.OnNonFinite = NonFiniteSkip
	s := testSetup(t, cfg, markerCorpus(t, 20, 0), t.TempDir())
	tr := openSpoiled(t, s)
	var bad *NonFiniteError
	if err := tr.run(context.Background()); !errors.As(err, &bad) || bad.Step != maxSkippedInRow+1 {
		t.Errorf("error %v", err)
	}
	lines := linesOf(t, s.dir)
	if len(lines) != maxSkippedInRow || lines[0].Loss != nil || lines[0].Skipped != "loss" {
		t.Errorf("%d lines, first %+v", len(lines), lines[0])
	}
	if tr.st.Updates != 0 || tr.st.SkippedSteps != maxSkippedInRow+1 {
		t.Errorf("state %+v", tr.st)
	}
}

// What a skipped step left in the gradient must not reach the next one.
func TestSkipClearsTheGradient(t *testing.T) {
	cfg := testConfig()
	cfg.OnNonFinite = NonFiniteSkip
	data := markerCorpus(t, 20, 0)
	tr, err := open(testSetup(t, cfg, data, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer tr.journal.close()
	if _, err := tr.net.gradient(data.train[:4]); err != nil {
		t.Fatal(err)
	}
	if modelOf(tr).GradNorm() == 0 {
		t.Fatal("no gradient")
	}
	if err := tr.skip(&Line{Step: 1}, &NonFiniteError{Step: 1, What: "gradient norm", Value: math.Inf(1)}); err != nil {
		t.Fatal(err)
	}
	if norm := modelOf(tr).GradNorm(); norm != 0 {
		t.Errorf("gradient norm %v", norm)
	}
}

// A step in which nothing is compared has no loss, and not the loss 0.
func TestStepWithoutPairs(t *testing.T) {
	cfg := testConfig()
	cfg.Objective.Name = "pairwise"
	cfg.Steps, cfg.Aux.Coefficient, cfg.Optimizer.WeightDecay = 2, 0, 0
	data := markerCorpus(t, 20, 6)
	for _, list := range [][]sample{data.train, data.dev} {
		for i := range list {
			list[i].target = 1
		}
	}
	s := testSetup(t, cfg, data, t.TempDir())
	mustRun(t, s)
	for _, l := range linesOf(t, s.dir) {
		if l.Loss != nil || l.Skipped != "" || *l.GradNorm != 0 || l.Dev != nil && (l.Dev.Loss != nil || l.Dev.AUC != nil) {
			t.Errorf("line %+v", l)
		}
	}
}

func TestEarlyStopKeepsTheBest(t *testing.T) {
	cfg := testConfig()
	cfg.Steps = 200
	cfg.Optimizer.LR = 0 // nothing improves
	cfg.Eval = Eval{Every: 2, Keep: KeepBest, By: ByLoss, Patience: 3}
	cfg.KeepCheckpoints = 1
	s := testSetup(t, cfg, markerCorpus(t, 30, 10), t.TempDir())
	// What was best, and how long ago, must survive a kill between two evaluations.
	if _, err := runUntil(context.Background(), s, &killer{5, func() { panic(killed{}) }}); err == nil {
		t.Fatal("not killed")
	}
	tr := mustRun(t, s)
	if tr.st.Step != 8 || !tr.st.StoppedEarly || tr.st.BestStep != 2 {
		t.Errorf("state %+v", tr.st)
	}
	st, err := loadState(tr.chosen())
	if err != nil || st.Step != 2 {
		t.Errorf("chosen %+v, error %v", st, err)
	}
	if again := mustRun(t, s); again.st.Step != 8 {
		t.Errorf("a stopped run went on to %d", again.st.Step)
	}
}

func TestOtherKernelFamilyIsRefused(t *testing.T) {
	cfg := testConfig()
	s := testSetup(t, cfg, markerCorpus(t, 20, 0), t.TempDir())
	tr := mustRun(t, s)
	tr.st.KernelFamily = "abacus"
	tr.st.Step++ // a newer checkpoint
	tr.saver.journal = &journal{}
	if err := tr.write(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(s); !errors.Is(err, ErrKernelFamily) {
		t.Errorf("error %v", err)
	}
}

// The debug config's loss curve; kernel families differ in the last bits only.
func TestGoldenLossCurve(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, testSetup(t, testConfig(), markerCorpus(t, 50, 12), dir))
	var curve strings.Builder
	for _, l := range linesOf(t, dir) {
		fmt.Fprintf(&curve, "%d %.4f %.3f %.3f\n", l.Step, *l.Loss, l.Aux, *l.GradNorm)
	}
	golden := filepath.Join("testdata", "loss_curve.txt")
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(golden, []byte(curve.String()), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), curve.String()); d != "" {
		t.Errorf("loss curve (-want +got), rewrite with -update:\n%s", d)
	}
}
