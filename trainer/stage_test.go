package trainer_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/trainer"
)

// A world is a folder with everything that a training takes.
type world struct {
	t    testing.TB
	dir  string
	rows int
	made map[string]pipeline.Input
	ids  []string
}

func newWorld(t testing.TB, dir string, rows int) *world {
	t.Helper()
	w := &world{t: t, dir: dir, rows: rows, made: map[string]pipeline.Input{}}
	for i := range rows {
		w.ids = append(w.ids, fmt.Sprintf("%032x", i+1))
	}
	w.tokens(w.tokenizer())
	w.labels()
	w.view()
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(port string, kind pipeline.Kind) {
	uri := filepath.Join(w.dir, port)
	d, err := dataset.Open(context.Background(), uri)
	w.check(err)
	w.made[port] = pipeline.Input{Port: port, Name: port, URI: uri, Kind: kind, Key: d.Manifest.Key}
}

func (w *world) spec(kind pipeline.Kind, config any) dataset.Spec {
	key, err := pipeline.TaskKey("make "+string(kind), 1, config, nil)
	w.check(err)
	return dataset.Spec{Kind: kind, Stage: "make", StageVersion: 1, Config: config, Key: key}
}

func (w *world) tokenizer() *contract.Contract {
	w.t.Helper()
	ctx := context.Background()
	tok, err := tokenizer.Train(ctx, slices.Values([]string{"all tests pass", "a test fails"}),
		tokenizer.TrainOptions{VocabSize: 300, Words: []string{"YES", "NO"}})
	w.check(err)
	a, err := dataset.CreateArtifact(ctx, filepath.Join(w.dir, "tokenizer"), w.spec(pipeline.KindTokenizer, "tokenizer"))
	w.check(err)
	w.check(os.WriteFile(filepath.Join(a.Dir(), contract.TokenizerFile), tok.JSON(), 0o644))
	_, err = a.Close(ctx, pipeline.Counts{})
	w.check(err)
	w.add("tokenizer", pipeline.KindTokenizer)
	c, err := contract.New(tok, contract.Options{MaxTokens: 1024})
	w.check(err)
	return c
}

func create[T dataset.Row](w *world, port string, s dataset.Spec, rows []T) {
	w.t.Helper()
	ctx := context.Background()
	out, err := dataset.Create[T](ctx, filepath.Join(w.dir, port), s)
	w.check(err)
	for i := range rows {
		w.check(out.Add(&rows[i], dataset.Cursor{Row: int64(i)}))
	}
	_, err = out.Close(ctx)
	w.check(err)
	w.add(port, s.Kind)
}

func (w *world) tokens(c *contract.Contract) {
	rng := rand.New(rand.NewPCG(1, 9))
	var rows []pipeline.TokenRow
	for i, id := range w.ids {
		ids := make([]int32, 8+rng.IntN(16))
		for k := range ids {
			ids[k] = 'a' + rng.Int32N(20)
		}
		if i%2 == 0 {
			ids[rng.IntN(len(ids)-1)] = '!'
		}
		rows = append(rows, pipeline.TokenRow{TrajectoryID: id, TaskID: task(i), IDs: ids, TokensFull: int32(len(ids))})
	}
	create(w, "tokens", w.spec(pipeline.KindTokens, map[string]any{"contract": c}), rows[:len(rows)-1])
}

func task(i int) string { return fmt.Sprint("task-", i/4) }

func verdict(i int) pipeline.Verdict {
	switch {
	case i == 1:
		return pipeline.VerdictInfra
	case i%2 == 0:
		return pipeline.VerdictResolved
	}
	return pipeline.VerdictUnresolved
}

func (w *world) labels() {
	var rows []pipeline.Label
	for i, id := range w.ids {
		if i != 3 {
			rows = append(rows, pipeline.Label{TrajectoryID: id, Verdict: verdict(i), Rules: "swebench"})
		}
	}
	create(w, "labels", w.spec(pipeline.KindLabels, "labels"), rows)
}

func (w *world) view() {
	var rows []pipeline.Selection
	for i, id := range w.ids {
		split := []string{"train", "train", "train", "dev", "test"}[i/4%5]
		rows = append(rows, pipeline.Selection{TrajectoryID: id, Part: strings.Repeat("0", 32), Row: int64(i), Count: 1,
			Split: split, TaskID: task(i), Source: "s", Policy: "p", Scaffold: "x", Verdict: pipeline.VerdictUnknown})
	}
	create(w, "view", w.spec(pipeline.KindView, "view"), rows)
}

func debugConfig() *trainer.Config {
	c := trainer.DefaultConfig()
	c.Model = trainer.Model{Layers: 1, Hidden: 32, Heads: 2, KVHeads: 1, HeadDim: 16, Experts: 4, TopK: 2,
		MoEIntermediate: 32, RopeTheta: 1e4, InitRange: 0.05}
	c.Optimizer.LR = 3e-3
	c.Batch = trainer.Batch{Sequences: 8, MaxTokensPerMicro: 100, Window: 4}
	c.Eval.Every = 5
	c.Steps = 10
	c.CheckpointEvery = 4
	return c
}

func (w *world) task(out string, cfg *trainer.Config, ports ...string) *pipeline.Task {
	w.t.Helper()
	t := &pipeline.Task{Stage: trainer.Stage(), Config: cfg, Out: filepath.Join(w.dir, out), Workers: 2}
	var keys []pipeline.InputKey
	for _, p := range ports {
		in := w.made[p]
		if in.Kind == pipeline.KindCheckpoint {
			in.Port = "init"
		}
		t.Inputs = append(t.Inputs, in)
		keys = append(keys, pipeline.InputKey{Port: in.Port, Key: in.Key})
	}
	var err error
	t.Key, err = pipeline.TaskKey("train", t.Stage.Version, cfg, keys)
	w.check(err)
	return t
}

var allPorts = []string{"tokens", "tokenizer", "view", "labels"}

func (w *world) train(out string, cfg *trainer.Config, ports ...string) trainer.Summary {
	w.t.Helper()
	t := w.task(out, cfg, ports...)
	w.check(t.Stage.Run(context.Background(), t))
	return t.Result.(trainer.Summary)
}

func TestStage(t *testing.T) {
	w := newWorld(t, t.TempDir(), 100)
	s := w.train("ckpt", debugConfig(), allPorts...)
	want := pipeline.Counts{In: 100, Out: 78, Dropped: map[pipeline.DropReason]int64{
		pipeline.DropNoVerdict: 1, pipeline.DropNoLabel: 1, pipeline.DropOtherSplit: 20}}
	if d := cmp.Diff(want, s.Counts); d != "" {
		t.Error(d)
	}
	if s.Steps != 10 || s.Loss == nil || s.Dev == nil || s.Dev.AUC == nil || s.Dev.Sequences != 20 || s.TokensPerSecond <= 0 {
		t.Errorf("summary %+v", s)
	}
	dir := filepath.Join(w.dir, "ckpt")
	if _, err := dataset.Verify(context.Background(), dir); err != nil {
		t.Error(err)
	}
	c, err := contract.LoadCheckpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.TrainedOn["train"]) != 15 || len(c.TrainedOn["dev"]) != 5 || !slices.Contains(c.TrainedOn["train"], contract.TaskHash("task-0")) ||
		c.Head != "two_way" || c.Step != 10 || c.Metrics["dev_auc"] != *s.Dev.AUC || c.Lineage["labels"] != string(w.made["labels"].Key) {
		t.Errorf("card %+v", c)
	}
	if _, err := contract.Load(dir); err != nil { // binds to the tokenizer beside it
		t.Error(err)
	}
	if _, err := moe.Load(dir); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	w.check(err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "work" {
			t.Errorf("%s was published", e.Name())
		}
	}
	again := w.task("ckpt", debugConfig(), allPorts...)
	if err := again.Stage.Run(context.Background(), again); !errors.Is(err, dataset.ErrExists) {
		t.Errorf("a second run: %v", err)
	}
}

// A trunk warmed up on text alone goes on as a reward model; what it has seen
// stays known.
func TestWarmUpThenFineTune(t *testing.T) {
	w := newWorld(t, t.TempDir(), 60)
	text := debugConfig()
	text.Objective.Name = trainer.ObjectiveNextToken
	text.Batch.ChunkTokens = 10
	s := w.train("trunk", text, "tokens", "tokenizer")
	if s.Counts.Out != 59 || s.Dev != nil {
		t.Errorf("summary %+v", s)
	}
	w.add("trunk", pipeline.KindCheckpoint)
	cfg := debugConfig()
	cfg.Model.Layers = 7 // not read
	w.train("ckpt", cfg, append(slices.Clone(allPorts), "trunk")...)
	c, err := contract.LoadCheckpoint(filepath.Join(w.dir, "ckpt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.TrainedOn["train"]) != 15 || c.Lineage["init"] == "" {
		t.Errorf("card %+v", c)
	}
	m, err := moe.Load(filepath.Join(w.dir, "ckpt"))
	if err != nil || m.Config().NumHiddenLayers != 1 {
		t.Errorf("error %v", err)
	}
}

// A checkpoint of another program is a directory without manifest or card.
func TestStartsFromForeignCheckpoint(t *testing.T) {
	w := newWorld(t, t.TempDir(), 40)
	dir := filepath.Join(w.dir, "foreign")
	w.check(os.Mkdir(dir, 0o755))
	tok, err := tokenizer.Load(filepath.Join(w.dir, "tokenizer", contract.TokenizerFile))
	w.check(err)
	m, err := moe.New(moe.Config{VocabSize: tok.VocabSize() + 5, HiddenSize: 32, NumHiddenLayers: 1, NumAttentionHeads: 2,
		NumKeyValueHeads: 1, HeadDim: 16, NumExperts: 4, NumExpertsPerTok: 2, MoeIntermediateSize: 32, IntermediateSize: 32,
		RopeTheta: 1e4, RMSNormEps: 1e-6, MaxPositionEmbeddings: 64, InitializerRange: 0.02, BOS: -1, EOS: -1, Pad: -1}, 1)
	w.check(err)
	w.check(m.Save(dir, moe.SaveOptions{}))
	w.made["foreign"] = pipeline.Input{URI: dir, Kind: pipeline.KindCheckpoint, Key: "00"}
	cfg := debugConfig()
	cfg.Steps = 2
	s := w.train("ckpt", cfg, append(slices.Clone(allPorts), "foreign")...)
	if got := m.Config(); s.Parameters != got.NumParams() {
		t.Errorf("%d parameters", s.Parameters)
	}
}

// Published weights may be rounded; those that training goes on from are not.
func TestSaveDType(t *testing.T) {
	w := newWorld(t, t.TempDir(), 60)
	cfg := debugConfig()
	w.train("fp32", cfg, allPorts...)
	want, err := moe.Load(filepath.Join(w.dir, "fp32"))
	w.check(err)
	for dtype, c := range map[string]struct {
		torch string
		bound float32
	}{trainer.SaveBF16: {"bfloat16", 1.0 / 256}, trainer.SaveFP16: {"float16", 1.0 / 2048}} {
		cfg := debugConfig()
		cfg.SaveDType = dtype
		w.train(dtype, cfg, allPorts...)
		dir := filepath.Join(w.dir, dtype)
		got, err := moe.Load(dir)
		w.check(err)
		raw, err := os.ReadFile(filepath.Join(dir, "config.json"))
		w.check(err)
		if !strings.Contains(string(raw), fmt.Sprintf("%q", c.torch)) {
			t.Errorf("%s: %s", dtype, raw)
		}
		rounded := false
		for i, p := range got.Params() {
			for j, v := range p.Data {
				x := want.Params()[i].Data[j]
				rounded = rounded || v != x
				if d := max(v-x, x-v); d > c.bound*max(x, -x)+1e-7 {
					t.Fatalf("%s: %s[%d] is %v, in fp32 %v", dtype, p.Name, j, v, x)
				}
			}
		}
		if !rounded {
			t.Errorf("%s: nothing is rounded", dtype)
		}
	}
}

// Adapters over a checkpoint give a plain checkpoint, with the adapters beside it
// and their base on record, and the same bytes after an interruption.
func TestStageOfAdapters(t *testing.T) {
	w := newWorld(t, t.TempDir(), 60)
	w.train("trunk", debugConfig(), allPorts...)
	w.add("trunk", pipeline.KindCheckpoint)
	ports := append(slices.Clone(allPorts), "trunk")
	cfg := debugConfig()
	cfg.LoRA = trainer.LoRA{Rank: 3, Alpha: 6, Targets: []string{moe.KindAttention, moe.KindExperts}}
	w.train("ckpt", cfg, ports...)
	dir := filepath.Join(w.dir, "ckpt")
	if _, err := dataset.Verify(context.Background(), dir); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"model.safetensors", "config.json", "adapter/adapter_config.json", "adapter/adapter_model.safetensors", "state/adapter.safetensors"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	base, err := moe.Base{Dir: filepath.Join(w.dir, "trunk")}.Digest()
	w.check(err)
	c, err := contract.LoadCheckpoint(dir)
	w.check(err)
	if c.Lineage["base"] != base {
		t.Errorf("lineage %v, the base is %s", c.Lineage, base)
	}
	before, err := moe.Load(filepath.Join(w.dir, "trunk"))
	w.check(err)
	after, err := moe.Load(dir)
	w.check(err)
	for i, p := range after.Params() {
		adapted := strings.Contains(p.Name, "_proj")
		if changed := !slices.Equal(p.Data, before.Params()[i].Data); changed != adapted {
			t.Errorf("%s: adapted %v, changed %v", p.Name, adapted, changed)
		}
	}

	task := w.task("again", cfg, ports...)
	ctx, cancel := context.WithCancel(context.Background())
	task.Progress = &canceller{left: 6, cancel: cancel}
	if err := task.Stage.Run(ctx, task); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	task.Progress = nil
	w.check(task.Stage.Run(context.Background(), task))
	if manifest(t, task.Out) != manifest(t, dir) {
		t.Error("an interruption changes what is published")
	}
}

func TestStageRefuses(t *testing.T) {
	w := newWorld(t, t.TempDir(), 40)
	for name, c := range map[string]struct {
		spoil func(*trainer.Config)
		ports []string
		want  error
	}{
		"no targets":   {func(*trainer.Config) {}, []string{"tokens", "tokenizer"}, trainer.ErrMismatch},
		"no tokenizer": {func(*trainer.Config) {}, []string{"tokens", "labels"}, trainer.ErrMismatch},
		"no rows":      {func(c *trainer.Config) { c.Data.TrainSplit = "nope" }, allPorts, trainer.ErrNoSamples},
		"no verdicts":  {func(*trainer.Config) {}, []string{"tokens", "tokenizer", "view"}, trainer.ErrNoSamples},
	} {
		cfg := debugConfig()
		c.spoil(cfg)
		task := w.task("bad "+name, cfg, c.ports...)
		if err := task.Stage.Run(context.Background(), task); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v", name, err)
		}
		if _, err := os.Stat(task.Out); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was published", name)
		}
	}
}

func TestPlan(t *testing.T) {
	w := newWorld(t, t.TempDir(), 100)
	cfg := debugConfig()
	cfg.Steps, cfg.Epochs = 0, 2
	task := w.task("ckpt", cfg, allPorts...)
	e, err := trainer.Plan(context.Background(), task)
	if err != nil {
		t.Fatal(err)
	}
	if e.Steps != 15 || e.Epochs != 2 || e.TrainSequences != 58 || e.DevSequences != 20 || e.VisitsPerEpoch != 58 ||
		e.ParameterBytes != 16*e.Parameters || e.FirstMicros < 2 || e.Counts.Out != 78 {
		t.Errorf("%+v", e)
	}
	cfg.Weights = trainer.WeightsBF16
	if e, err = trainer.Plan(context.Background(), task); err != nil || e.ParameterBytes != 14*e.Parameters {
		t.Errorf("weights in bfloat16: %+v (%v)", e, err)
	}
	if _, err := os.Stat(task.Out); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a plan wrote something")
	}
}

// manifest is equal exactly when all files of two artifacts are.
func manifest(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCancelAndGoOn(t *testing.T) {
	w := newWorld(t, t.TempDir(), 60)
	w.train("whole/ckpt", debugConfig(), allPorts...)
	task := w.task("cut/ckpt", debugConfig(), allPorts...)
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		task.Progress = &canceller{left: 4, cancel: cancel}
		err := task.Stage.Run(ctx, task)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(manifest(t, filepath.Join(w.dir, "whole/ckpt")), manifest(t, filepath.Join(w.dir, "cut/ckpt"))); d != "" {
		t.Error(d)
	}
}

type canceller struct {
	left   int64
	cancel func()
	began  bool
}

func (c *canceller) Total(int64, string) {}
func (c *canceller) Add(n int64) {
	if !c.began { // where the run goes on from
		c.began = true
		return
	}
	if c.left -= n; c.left <= 0 {
		c.cancel()
	}
}

// TestKill trains in a child process that is killed at random instants until
// one gets through.
func TestKill(t *testing.T) {
	if dir := os.Getenv("SWERM_TRAIN_CHILD"); dir != "" {
		w := openWorld(t, dir)
		w.train("cut/ckpt", killConfig(), allPorts...)
		return
	}
	testpath.Soak(t)
	w := newWorld(t, t.TempDir(), 60)
	w.train("whole/ckpt", killConfig(), allPorts...)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	kills := 0
	for {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "SWERM_TRAIN_CHILD="+w.dir)
		w.check(cmd.Start())
		timer := time.AfterFunc(time.Duration(rng.IntN(300))*time.Millisecond, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		if kills++; kills > 500 {
			t.Fatal("no child gets through")
		}
	}
	t.Logf("%d kills", kills)
	if d := cmp.Diff(manifest(t, filepath.Join(w.dir, "whole/ckpt")), manifest(t, filepath.Join(w.dir, "cut/ckpt"))); d != "" {
		t.Error(d)
	}
}

func killConfig() *trainer.Config {
	c := debugConfig()
	c.Steps, c.CheckpointEvery, c.Eval.Every = 400, 10, 30
	c.Eval.Keep, c.Eval.By = trainer.KeepBest, trainer.ByLoss
	return c
}

func openWorld(t testing.TB, dir string) *world {
	w := &world{t: t, dir: dir, made: map[string]pipeline.Input{}}
	for port, kind := range map[string]pipeline.Kind{"tokens": pipeline.KindTokens, "tokenizer": pipeline.KindTokenizer,
		"view": pipeline.KindView, "labels": pipeline.KindLabels} {
		w.add(port, kind)
	}
	return w
}
