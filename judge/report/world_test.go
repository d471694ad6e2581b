package report

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/judge"
	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/moe/tokenizer"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// world is a folder with everything that a report can be made of.
type world struct {
	t   testing.TB
	dir string

	ev       judge.Evaluation
	curves   *judge.Curves // nil as an earlier version left it
	policies []string
	steps    int
	load     [][]int64
	mixture  bool
	seed     uint64
	limit    int32 // tokens that the model reads
	kept     int   // step whose weights were kept; 0 is the last
}

// newWorld has two policies, ten steps and a mixture.
func newWorld(t testing.TB) *world {
	w := &world{t: t, dir: t.TempDir(), policies: []string{"steady", "hasty"}, steps: 40, mixture: true, limit: 2048,
		load: [][]int64{{10, 12, 9, 1}, {4, 4, 4, 4}}}
	w.ev = evaluation(w.policies)
	w.curves = curves(&w.ev)
	return w
}

func ref(v float64) *float64 { return &v }

func around(v float64) metrics.Interval {
	return metrics.Interval{Value: ref(v), Low: ref(v - 0.06), High: ref(v + 0.05), Level: 0.95, Resamples: 1000}
}

func evaluation(policies []string) judge.Evaluation {
	ev := judge.Evaluation{
		N: 640, Positives: 300, Tasks: 40, AUC: ref(0.81), AUCWithinPolicy: ref(0.79), ECE: ref(0.052), Brier: ref(0.18), LogLoss: ref(0.55),
		RMAt: map[string]*float64{}, RMStrictAt: map[string]*float64{}, PassAt: map[string]*float64{}, RandomAt: map[string]*float64{},
		GroupsAt: map[string]int{}, Coverage: ref(1), TokensReadShare: ref(0.62), Intervals: map[string]metrics.Interval{},
		Baselines: map[string]judge.SystemFigures{}, Calibration: &contract.Calibration{Method: "temperature", A: 0.9},
		Verdicts: map[pipeline.Verdict]int64{pipeline.VerdictResolved: 300, pipeline.VerdictUnresolved: 340, pipeline.VerdictInfra: 3},
		Counts:   pipeline.Counts{In: 700, Out: 640, Dropped: map[pipeline.DropReason]int64{pipeline.DropOtherSplit: 60}},
		ScoredBy: &judge.ScoredBy{Checkpoint: keyOf("checkpoint"), Tokens: keyOf("tokens"), KernelFamily: "avx2"},
	}
	for name, v := range map[string]float64{"auc": 0.81, "auc_within_policy": 0.79, "ece": 0.07, "brier": 0.18, "log_loss": 0.55} {
		ev.Intervals[name] = around(v)
	}
	for i, k := range []string{"1", "2", "4", "8"} {
		pass, rm := 0.47+0.1*float64(i), 0.47+0.05*float64(i)
		ev.RMAt[k], ev.RMStrictAt[k], ev.PassAt[k], ev.RandomAt[k], ev.GroupsAt[k] = &rm, &rm, &pass, ref(0.47), 80
		ev.Intervals["rm@"+k], ev.Intervals["pass@"+k], ev.Intervals["random@"+k] = around(rm), around(pass), around(0.47)
		ev.Intervals["rm_gain@"+k] = around(rm - 0.47)
	}
	for i, name := range []string{"constant", "length", "turns", "patch_size", "exit_status", "numbers", "tfidf"} {
		auc := 0.5 + 0.033*float64(i)
		gap := 0.81 - auc
		ev.Baselines[name] = judge.SystemFigures{AUC: &auc, ECE: ref(0.1), Brier: ref(0.25), LogLoss: ref(0.69), Interval: around(auc),
			Delta: judge.Delta{BestBaseline: name, AUC: &gap, Lo: ref(gap - 0.05), Hi: ref(gap + 0.05)}}
	}
	for i := range 15 {
		lo, hi := float64(i)/15, float64(i+1)/15
		bin := metrics.Bin{Low: lo, High: hi}
		if i != 7 {
			bin.Count, bin.MeanScore, bin.ResolvedRate = 10+i*3, ref((lo+hi)/2), ref(math.Min(1, lo+0.05))
		}
		ev.Reliability = append(ev.Reliability, bin)
	}
	for i, p := range policies {
		ev.ByPolicy = append(ev.ByPolicy, judge.Slice{Name: p, N: 20 + i, Positives: 7, AUC: ref(0.8), ECE: ref(0.1)})
	}
	ev.BySource = []judge.Slice{{Name: "generated", N: 640, Positives: 640, ECE: ref(0.05)}}
	return ev
}

func curves(ev *judge.Evaluation) *judge.Curves {
	c := &judge.Curves{ROC: []judge.ROC{{FalseAlarms: []float64{0, 0.1, 0.4, 1}, Hits: []float64{0, 0.6, 0.9, 1}}}}
	for name := range ev.Baselines {
		c.ROC = append(c.ROC, judge.ROC{Name: name, FalseAlarms: []float64{0, 0.5, 1}, Hits: []float64{0, 0.6, 1}})
	}
	slices.SortFunc(c.ROC, func(a, b judge.ROC) int { return strings.Compare(a.Name, b.Name) })
	for i := range 20 {
		c.Scores.Resolved, c.Scores.Unresolved = append(c.Scores.Resolved, int64(i)), append(c.Scores.Unresolved, int64(19-i))
	}
	return c
}

func keyOf(name string) pipeline.Key { return pipeline.HashKey([]byte(name)) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) uri(name string) string { return filepath.Join(w.dir, name) }

// artifact writes files as an artifact of the given stage.
func (w *world) artifact(name string, kind pipeline.Kind, stage string, config any, parents []dataset.Parent, fill func(dir string)) {
	w.t.Helper()
	a, err := dataset.CreateArtifact(context.Background(), w.uri(name), dataset.Spec{Kind: kind, Stage: stage, StageVersion: 1,
		Config: config, Key: keyOf(name), Parents: parents})
	w.must(err)
	fill(a.Dir())
	_, err = a.Close(context.Background(), pipeline.Counts{})
	w.must(err)
}

func (w *world) file(dir, name string, content any) {
	w.t.Helper()
	text, err := json.Marshal(content)
	w.must(err)
	w.must(os.WriteFile(filepath.Join(dir, name), text, 0o644))
}

// build writes the four inputs.
func (w *world) build() *world {
	w.t.Helper()
	w.evaluate()
	w.checkpoint()
	w.view("view")
	w.tokens()
	return w
}

func (w *world) evaluate() {
	w.t.Helper()
	w.artifact("evaluation", pipeline.KindReport, "evaluate", judge.EvalConfig{Split: "test", TrainSplit: "train", Seed: 1, Level: 0.95, Resamples: 1000},
		[]dataset.Parent{{Port: "scores", Key: keyOf("scores"), Kind: pipeline.KindScores, URI: "x"}, {Port: "view", Key: keyOf("view"), Kind: pipeline.KindView, URI: "x"}},
		func(dir string) {
			w.file(dir, judge.EvaluationFile, w.ev)
			if w.curves != nil {
				w.file(dir, judge.CurvesFile, w.curves)
			}
		})
}

func (w *world) checkpoint() {
	w.t.Helper()
	texts := slices.Repeat([]string{"look at the code and mend it; YES or NO"}, 20)
	tok, err := tokenizer.Train(context.Background(), slices.Values(texts), tokenizer.TrainOptions{VocabSize: 300})
	w.must(err)
	c, err := contract.New(tok, contract.Options{MaxTokens: 2048})
	w.must(err)
	card := contract.Checkpoint{Contract: *c, Objective: "two_way", Head: "two_way", Precision: "fp32", KernelFamily: "avx2",
		Lineage: map[string]string{"task": string(keyOf("checkpoint")), "view": string(keyOf("view"))}, TrainedOn: map[string][]string{"train": {"00"}}, Step: w.steps}
	config := map[string]any{"seed": 7, "batch": map[string]any{"sequences": 16}, "optimizer": map[string]any{"lr": 0.001, "weight_decay": 0.1},
		"schedule": map[string]any{"kind": "cosine"}, "eval": map[string]any{"keep": "best", "by": "auc"}, "data": map[string]any{"scale": 120}}
	w.artifact("checkpoint", pipeline.KindCheckpoint, "train", config, nil, func(dir string) {
		w.must(card.Save(dir))
		w.file(dir, "summary.json", summary{Steps: int64(w.steps), CheckpointStep: int64(cmp.Or(w.kept, w.steps)), Parameters: 12_345_678, Tokens: 9_876_543})
		w.must(os.WriteFile(filepath.Join(dir, metricsFile), []byte(w.journal()), 0o644))
	})
}

func (w *world) journal() string {
	var b strings.Builder
	r := rand.New(rand.NewPCG(w.seed, 1))
	for i := range w.steps {
		line := map[string]any{"step": i + 1, "loss": 0.7*math.Exp(-float64(i)/float64(w.steps)) + 0.1*r.Float64(), "lr": 1e-3 * float64(i+1) / float64(w.steps)}
		if i == 3 {
			line["loss"], line["skipped"] = nil, "loss"
		}
		if (i+1)%max(1, w.steps/4) == 0 {
			line["dev"] = map[string]any{"loss": 0.6, "auc": 0.5 + 0.3*float64(i)/float64(w.steps), "sequences": 64, "expert_load": w.load}
		}
		text, err := json.Marshal(line)
		w.must(err)
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String()
}

func (w *world) view(name string) {
	w.t.Helper()
	out, err := dataset.Create[pipeline.Selection](context.Background(), w.uri(name), dataset.Spec{Kind: pipeline.KindView, Stage: "mix", StageVersion: 1, Key: keyOf(name)})
	w.must(err)
	for i := range max(300, 2*len(w.policies)) {
		v := []pipeline.Verdict{pipeline.VerdictResolved, pipeline.VerdictUnresolved, pipeline.VerdictUnresolved, pipeline.VerdictInfra}[i%4]
		w.must(out.Add(&pipeline.Selection{TrajectoryID: fmt.Sprintf("%032x", i), Part: "p", Row: int64(i), Count: 1, Split: []string{"train", "train", "dev", "test"}[i/3%4],
			TaskID: fmt.Sprint("t", i/5), Source: "generated", Policy: w.policies[i%len(w.policies)], Scaffold: "x", Verdict: v}, dataset.Cursor{Row: int64(i)}))
	}
	if w.mixture {
		rows := []mixtureRow{{Verdict: "resolved", Requested: 60, Observed: 60, Available: 75, UnderCap: 70}, {Verdict: "unresolved", Requested: 60, Observed: 55, Available: 150, UnderCap: 140}}
		for i, p := range w.policies {
			rows = append(rows, mixtureRow{Policy: p, Requested: int64(40 + i), Observed: 40, Available: 90, UnderCap: 80})
		}
		text, err := json.Marshal(mixture{Candidates: 225, Tasks: 45, Scales: []mixtureScale{{Total: 60, Tasks: 20, Classes: rows, Cells: rows[:1]}, {Total: 120, Tasks: 40, Classes: rows, Cells: rows}}})
		w.must(err)
		w.must(out.Attach(mixtureFile, text))
	}
	_, err = out.Close(context.Background())
	w.must(err)
}

func (w *world) tokens() {
	w.t.Helper()
	config := map[string]any{"contract": map[string]any{"max_tokens": w.limit, "overflow": "elide_all"}}
	out, err := dataset.Create[pipeline.TokenRow](context.Background(), w.uri("tokens"), dataset.Spec{Kind: pipeline.KindTokens, Stage: "tokenize", StageVersion: 1, Key: keyOf("tokens"), Config: config})
	w.must(err)
	r := rand.New(rand.NewPCG(w.seed, 2))
	for i := range 300 {
		full := int32(math.Exp2(8 + 6*r.Float64()))
		row := pipeline.TokenRow{TrajectoryID: fmt.Sprintf("%032x", i), TaskID: "t", IDs: make([]int32, min(full, w.limit)), TokensFull: full}
		if full > w.limit {
			row.TokensElided, row.Overflow = full-w.limit, "elide_all"
		}
		w.must(out.Add(&row, dataset.Cursor{Row: int64(i)}))
	}
	_, err = out.Close(context.Background())
	w.must(err)
}

// every port, by the names of their datasets.
func everything() []string {
	return []string{portEvaluation + "=evaluation", portCheckpoint + "=checkpoint", portMixture + "=view", portTokens + "=tokens"}
}

func (w *world) task(out string, ports ...string) *pipeline.Task {
	t := &pipeline.Task{Stage: Stage(), Config: Stage().NewConfig(), Out: w.uri(out), Key: keyOf("report"), Workers: 1,
		Log: slog.New(slog.DiscardHandler), Progress: pipeline.NoProgress{}}
	for _, p := range ports {
		port, name, _ := strings.Cut(p, "=")
		i := slices.IndexFunc(t.Stage.Inputs, func(p pipeline.Port) bool { return p.Name == port })
		t.Inputs = append(t.Inputs, pipeline.Input{Port: port, URI: w.uri(name), Kind: t.Stage.Inputs[i].Kind, Key: keyOf(name)})
	}
	return t
}

// report runs the stage and returns the files it wrote.
func (w *world) report(out string, ports ...string) (map[string]string, *Result) {
	w.t.Helper()
	task := w.task(out, ports...)
	w.must(task.Stage.Run(context.Background(), task))
	entries, err := os.ReadDir(w.uri(out))
	w.must(err)
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(w.uri(out), e.Name()))
		w.must(err)
		files[e.Name()] = string(text)
	}
	return files, task.Result.(*Result)
}

// page makes the page and the result alone, without pictures.
func (w *world) page(ports ...string) (string, *Result) {
	w.t.Helper()
	e := w.evidence(ports...)
	text, err := e.page()
	w.must(err)
	return string(text), e.result()
}

// evidence gathers without writing.
func (w *world) evidence(ports ...string) *evidence {
	w.t.Helper()
	e, err := gather(context.Background(), w.task("none", ports...))
	w.must(err)
	return e
}
