package judge

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// bench is a folder with a pool of rows in every kind of dataset that judging
// reads, and a checkpoint of a tiny random network.
type bench struct {
	t    *testing.T
	dir  string
	card *contract.Checkpoint
}

const benchTasks, benchRollouts = 30, 2

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	texts := slices.Repeat([]string{"look at the code and mend it; YES or NO", "def total(xs): return sum(xs)"}, 20)
	tok, err := tokenizer.Train(context.Background(), slices.Values(texts), tokenizer.TrainOptions{VocabSize: 300})
	b.must(err)
	c, err := contract.New(tok, contract.Options{MaxTokens: 500, Overflow: contract.OverflowDrop})
	b.must(err)
	b.card = &contract.Checkpoint{Contract: *c, Objective: "two_way", Head: HeadTwoWay,
		TrainedOn: map[string][]string{"train": {contract.TaskHash("other")}}}
	b.checkpoint("ckpt")

	r := rand.New(rand.NewPCG(3, 3))
	b.write("tokens", pipeline.KindTokens, struct {
		Contract contract.Contract `json:"contract"`
	}{*c}, func(w *dataset.Writer[pipeline.TokenRow], i int) error {
		ids := make([]int32, 5+r.IntN(60))
		for j := range ids {
			ids[j] = int32(r.IntN(c.VocabSize))
		}
		if i == 7 {
			ids = make([]int32, 600) // longer than the contract allows
		}
		if i == 9 {
			return nil // a trajectory that tokenize dropped
		}
		return w.Add(&pipeline.TokenRow{TrajectoryID: rowID(i), TaskID: taskOf(i), IDs: ids, TokensFull: int32(2 * len(ids))}, at(i))
	})
	writeRows(b, "labels", pipeline.KindLabels, nil, func(w *dataset.Writer[pipeline.Label], i int) error {
		v := []pipeline.Verdict{pipeline.VerdictResolved, pipeline.VerdictUnresolved}[r.IntN(2)]
		if i == 11 {
			v = pipeline.VerdictInfra
		}
		return w.Add(&pipeline.Label{TrajectoryID: rowID(i), Verdict: v, Rules: "test"}, at(i))
	})
	writeRows(b, "view", pipeline.KindView, nil, func(w *dataset.Writer[pipeline.Selection], i int) error {
		split := pipeline.SplitTest
		if i/benchRollouts >= 20 {
			split = pipeline.SplitTrain
		}
		return w.Add(&pipeline.Selection{TrajectoryID: rowID(i), Part: "part", Row: int64(i), Count: 1, Split: split, TaskID: taskOf(i),
			Source: "s", Policy: fmt.Sprint("p", i%2), Scaffold: "x", Verdict: pipeline.VerdictUnknown}, at(i))
	})
	writeRows(b, "pool", pipeline.KindTrajectories, nil, func(w *dataset.Writer[pipeline.Trajectory], i int) error {
		text, patch := fmt.Sprintf("word%d and word%d", r.IntN(9), r.IntN(9)), strings.Repeat("+", r.IntN(90))
		return w.Add(&pipeline.Trajectory{ID: rowID(i), TaskID: taskOf(i), Source: "s", Policy: "p", Scaffold: "x", Patch: &patch,
			Messages: []pipeline.Message{{Role: pipeline.RoleAssistant, Kind: pipeline.KindAction, Content: &text}}}, at(i))
	})
	return b
}

func rowID(i int) string             { return fmt.Sprintf("%032x", i+1) }
func taskOf(i int) string            { return fmt.Sprint("task-", i/benchRollouts) }
func at(i int) dataset.Cursor        { return dataset.Cursor{Row: int64(i)} }
func (b *bench) uri(n string) string { return filepath.Join(b.dir, n) }

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) write(name string, kind pipeline.Kind, config any, add func(*dataset.Writer[pipeline.TokenRow], int) error) {
	b.t.Helper()
	writeRows(b, name, kind, config, add)
}

func writeRows[T dataset.Row](b *bench, name string, kind pipeline.Kind, config any, add func(*dataset.Writer[T], int) error) {
	b.t.Helper()
	w, err := dataset.Create[T](context.Background(), b.uri(name), dataset.Spec{Kind: kind, Stage: "test", StageVersion: 1,
		Config: config, Key: pipeline.HashKey([]byte(name))})
	b.must(err)
	for i := range benchTasks * benchRollouts {
		b.must(add(w, i))
	}
	_, err = w.Close(context.Background())
	b.must(err)
}

// checkpoint writes the card and a random network of its vocabulary.
func (b *bench) checkpoint(name string) {
	b.t.Helper()
	model, err := moe.New(moe.Config{VocabSize: b.card.Contract.VocabSize, HiddenSize: 32, NumHiddenLayers: 2,
		NumAttentionHeads: 2, NumKeyValueHeads: 1, HeadDim: 16, NumExperts: 4, NumExpertsPerTok: 2, MoeIntermediateSize: 32,
		NormTopKProb: true, RopeTheta: 1e6, RMSNormEps: 1e-6, MaxPositionEmbeddings: 1024, InitializerRange: 0.3,
		BOS: -1, EOS: -1, Pad: -1}, 1)
	b.must(err)
	a, err := dataset.CreateArtifact(context.Background(), b.uri(name), dataset.Spec{Kind: pipeline.KindCheckpoint,
		Stage: "test", StageVersion: 1, Key: pipeline.HashKey([]byte(name))})
	b.must(err)
	b.must(model.Save(a.Dir(), moe.SaveOptions{}))
	b.must(b.card.Save(a.Dir()))
	_, err = a.Close(context.Background(), pipeline.Counts{})
	b.must(err)
}

// run runs a stage on the named datasets; ports are name=uri pairs.
func (b *bench) run(stage *pipeline.Stage, out string, set func(pipeline.Config), ports ...string) (*pipeline.Task, error) {
	task := &pipeline.Task{Stage: stage, Config: stage.NewConfig(), Out: b.uri(out), Key: pipeline.HashKey([]byte(out)),
		Workers: 2, Log: slog.New(slog.DiscardHandler), Progress: pipeline.NoProgress{}}
	for _, p := range ports {
		port, name, _ := strings.Cut(p, "=")
		i := slices.IndexFunc(stage.Inputs, func(p pipeline.Port) bool { return p.Name == port })
		task.Inputs = append(task.Inputs, pipeline.Input{Port: port, URI: b.uri(name), Kind: stage.Inputs[i].Kind, Key: pipeline.HashKey([]byte(name))})
	}
	if set != nil {
		set(task.Config)
	}
	return task, stage.Run(context.Background(), task)
}

func scoresOf(b *bench, name string) map[string]pipeline.Score {
	b.t.Helper()
	d, err := dataset.Open(context.Background(), b.uri(name))
	b.must(err)
	out := map[string]pipeline.Score{}
	for row, err := range iter.Seq2[dataset.Located[pipeline.Score], error](dataset.Read[pipeline.Score](context.Background(), d, dataset.ReadOptions{})) {
		b.must(err)
		out[row.Value.TrajectoryID] = *row.Value
	}
	return out
}

func TestScoreThenEvaluate(t *testing.T) {
	b := newBench(t)
	task, err := b.run(ScoreStage(), "scores", nil, "checkpoint=ckpt", "tokens=tokens", "view=view")
	b.must(err)
	res := task.Result.(*ScoreResult)
	if res.Scored != 58 || res.Unscored["overflow"] != 1 || res.Unscored["no_tokens"] != 1 {
		t.Errorf("scored %d, unscored %v; want 58, one overflow, one without tokens", res.Scored, res.Unscored)
	}
	scores := scoresOf(b, "scores")
	if s := scores[rowID(7)]; s.Score != nil || s.LogitYes != nil || s.Reason != "overflow" {
		t.Errorf("a trajectory over the limit has %+v", s)
	}
	if s := scores[rowID(9)]; s.Score != nil || s.Reason != "no_tokens" {
		t.Errorf("a trajectory without tokens has %+v", s)
	}

	quick := func(c pipeline.Config) { c.(*EvalConfig).Resamples, c.(*EvalConfig).Ks = 100, []int{1, 2} }
	task, err = b.run(EvaluateStage(), "report", quick, "scores=scores", "labels=labels", "view=view", "dataset=pool")
	b.must(err)
	ev := task.Result.(*Evaluation)
	if ev.N != 37 || ev.Counts.Dropped[pipeline.DropOtherSplit] != 20 || ev.Counts.Dropped[pipeline.DropNoVerdict] != 1 {
		t.Errorf("n = %d, counts %v; want 37 of 40 test rows (one over the limit, one without tokens, one infra)", ev.N, ev.Counts)
	}
	if len(ev.Baselines) != 7 || *ev.TokensReadShare != 0.5 {
		t.Errorf("baselines %v, tokens read %g", ev.order, *ev.TokensReadShare)
	}
	table, err := os.ReadFile(filepath.Join(b.uri("report"), TableFile))
	b.must(err)
	if string(table) != ev.Table() {
		t.Error("the report on disk is another table")
	}
}

// TestScoreIsItsOwn holds that a score does not depend on its neighbours in the
// batch, nor its file on what is read at a time, computed once or where weights are.
func TestScoreIsItsOwn(t *testing.T) {
	b := newBench(t)
	issue := make([]int32, 90)
	for i := range issue {
		issue[i] = int32(i)
	}
	r := rand.New(rand.NewPCG(5, 5))
	// Rollouts of a task start alike and lie apart: one of each, then the others.
	b.write("rollouts", pipeline.KindTokens, struct {
		Contract contract.Contract `json:"contract"`
	}{b.card.Contract}, func(w *dataset.Writer[pipeline.TokenRow], i int) error {
		task := i % (benchTasks / 3)
		ids := append(slices.Clone(issue[:32+task]), int32(task), int32(task), int32(r.IntN(200)))
		if i == 7 {
			ids = nil
		}
		return w.Add(&pipeline.TokenRow{TrajectoryID: rowID(i), TaskID: taskOf(task * benchRollouts), IDs: ids, TokensFull: 5}, at(i))
	})
	var want []pipeline.Score
	var wantFile string
	computed := map[int64]bool{}
	for i, c := range []struct {
		batch, window int
		in            string
	}{{1, 1, WeightsInMemory}, {64, 1, WeightsInFile}, {64, 400, WeightsInFile}, {1000, 700, WeightsInMemory}, {100000, 1 << 20, WeightsInFile}} {
		name := fmt.Sprint("scores", i)
		task, err := b.run(ScoreStage(), name, func(cfg pipeline.Config) {
			cfg.(*ScoreConfig).BatchTokens, cfg.(*ScoreConfig).WindowTokens, cfg.(*ScoreConfig).WeightsIn = c.batch, c.window, c.in
		}, "checkpoint=ckpt", "tokens=rollouts")
		b.must(err)
		res := task.Result.(*ScoreResult)
		computed[res.Computed] = true
		d, err := dataset.Open(context.Background(), b.uri(name))
		b.must(err)
		var got []pipeline.Score
		for row, err := range dataset.Read[pipeline.Score](context.Background(), d, dataset.ReadOptions{}) {
			b.must(err)
			got = append(got, *row.Value)
		}
		file := d.Manifest.Parts[0].SHA256
		if i == 0 {
			want, wantFile = got, file
			if res.Computed != res.Tokens {
				t.Errorf("%d of %d tokens computed, one row at a time", res.Computed, res.Tokens)
			}
		} else if !reflect.DeepEqual(got, want) || file != wantFile {
			t.Errorf("batches of %d tokens from windows of %d give other rows than one trajectory at a time", c.batch, c.window)
		}
	}
	if len(computed) < 3 {
		t.Errorf("computed %v tokens: what is in common was not used", computed)
	}
}

func TestScoreRefusesTokensOfAnotherContract(t *testing.T) {
	b := newBench(t)
	b.card.Contract.MaxTokens = 400
	b.checkpoint("other")
	_, err := b.run(ScoreStage(), "scores", nil, "checkpoint=other", "tokens=tokens")
	if err == nil || !strings.Contains(err.Error(), "contract") {
		t.Errorf("error is %v; it must name the contracts", err)
	}
}

func TestEvaluateRefusesTasksThatWereTrainedOn(t *testing.T) {
	b := newBench(t)
	b.card.TrainedOn["train"] = []string{contract.TaskHash("task-4")}
	b.checkpoint("seen")
	_, err := b.run(ScoreStage(), "scores", nil, "checkpoint=seen", "tokens=tokens", "view=view")
	b.must(err)
	_, err = b.run(EvaluateStage(), "report", nil, "scores=scores", "labels=labels", "view=view")
	if !errors.Is(err, ErrOverlap) {
		t.Errorf("error is %v, want ErrOverlap", err)
	}
	if _, err := os.Stat(b.uri("report")); err == nil {
		t.Error("a refused evaluation left a report")
	}
}

// TestBaselinesNeedEveryJudgedRow holds that a trajectory whose text is absent
// is no trajectory of length zero.
func TestBaselinesNeedEveryJudgedRow(t *testing.T) {
	b := newBench(t)
	_, err := b.run(ScoreStage(), "scores", nil, "checkpoint=ckpt", "tokens=tokens", "view=view")
	b.must(err)
	writeRows(b, "half", pipeline.KindTrajectories, nil, func(w *dataset.Writer[pipeline.Trajectory], i int) error {
		if i == 3 {
			return nil
		}
		return w.Add(&pipeline.Trajectory{ID: rowID(i), TaskID: taskOf(i), Source: "s", Policy: "p", Scaffold: "x"}, at(i))
	})
	_, err = b.run(EvaluateStage(), "report", nil, "scores=scores", "labels=labels", "view=view", "dataset=half")
	if err == nil || !strings.Contains(err.Error(), "1 of the") {
		t.Errorf("error is %v; it must count the judged rows that are absent", err)
	}
}

func TestCalibrateWritesACheckpoint(t *testing.T) {
	b := newBench(t)
	_, err := b.run(ScoreStage(), "scores", nil, "checkpoint=ckpt", "tokens=tokens", "view=view")
	b.must(err)
	_, err = b.run(CalibrateStage(), "calibrated", func(c pipeline.Config) { c.(*CalibrateConfig).Split = pipeline.SplitTrain },
		"checkpoint=ckpt", "scores=scores", "labels=labels", "view=view")
	b.must(err)
	card, err := contract.LoadCheckpoint(b.uri("calibrated"))
	b.must(err)
	if card.Contract.Calibration == nil || len(card.TrainedOn["calibrated"]) != 10 {
		t.Errorf("calibration %v on %d tasks, want 10", card.Contract.Calibration, len(card.TrainedOn["calibrated"]))
	}
	rep, err := dataset.Verify(context.Background(), b.uri("calibrated"))
	b.must(err)
	if !rep.OK() {
		t.Errorf("the calibrated checkpoint does not verify: %v", rep)
	}
	// Scores of the calibrated checkpoint keep the logits and move the score.
	_, err = b.run(ScoreStage(), "again", nil, "checkpoint=calibrated", "tokens=tokens", "view=view")
	b.must(err)
	before, after := scoresOf(b, "scores")[rowID(0)], scoresOf(b, "again")[rowID(0)]
	if *before.LogitYes != *after.LogitYes || *after.Score != card.Contract.Calibration.Apply(*after.LogitYes-*after.LogitNo) {
		t.Errorf("scores before and after are %+v and %+v", before, after)
	}
}
