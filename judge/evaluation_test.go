package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/pipeline"
)

// judged makes rows of 40 tasks, two policies and two attempts each, whose
// margin knows the verdict with the given strength.
func judged(strength float64) *evalRows {
	r := rand.New(rand.NewPCG(1, 9))
	rows := &evalRows{unscored: map[string]int64{}, verdicts: map[pipeline.Verdict]int64{}}
	for task := range 40 {
		for policy := range 2 {
			for range 2 {
				resolved := r.Float64() < 0.5
				margin := r.NormFloat64()
				if resolved {
					margin += strength
				}
				rows.rows = append(rows.rows, evalRow{
					id: fmt.Sprint(len(rows.rows)), task: fmt.Sprint("t", task), policy: fmt.Sprint("p", policy),
					source: "s", resolved: resolved, scored: true, margin: margin, p: metrics.Sigmoid(margin),
					tokensRead: 50, tokensFull: 100,
				})
			}
		}
	}
	rows.counts = pipeline.Counts{In: int64(len(rows.rows)), Out: int64(len(rows.rows))}
	return rows
}

func quickConfig() *EvalConfig {
	c := EvaluateStage().NewConfig().(*EvalConfig)
	c.Resamples = 200
	return c
}

func run(t *testing.T, r *evalRows, systems []system, workers int) *Evaluation {
	t.Helper()
	ev, err := evaluate(context.Background(), r, systems, quickConfig(), workers)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func TestModelIsComparedPairwise(t *testing.T) {
	rows := judged(2)
	blind, half := make([]float64, len(rows.rows)), make([]float64, len(rows.rows))
	r := rand.New(rand.NewPCG(4, 4))
	for i := range rows.rows {
		blind[i] = 0.5
		half[i] = metrics.Sigmoid(rows.rows[i].margin + 2*r.NormFloat64())
	}
	ev := run(t, rows, []system{{"blind", blind}, {"half", half}}, 2)
	if *ev.Baselines["blind"].AUC != 0.5 {
		t.Errorf("a constant has AUC %g", *ev.Baselines["blind"].AUC)
	}
	if ev.Delta.BestBaseline != "half" {
		t.Errorf("best baseline is %q", ev.Delta.BestBaseline)
	}
	if got, want := *ev.Delta.AUC, *ev.AUC-*ev.Baselines["half"].AUC; math.Abs(got-want) > 1e-12 {
		t.Errorf("difference is %g, want %g", got, want)
	}
	if *ev.Delta.Lo <= 0 || *ev.Delta.Lo >= *ev.Delta.Hi {
		t.Errorf("interval of a clear difference is [%g, %g]", *ev.Delta.Lo, *ev.Delta.Hi)
	}
	if *ev.TokensReadShare != 0.5 {
		t.Errorf("tokens read share is %g", *ev.TokensReadShare)
	}
}

func TestUnscoredRowsAreNoNumbers(t *testing.T) {
	rows := judged(1)
	full := run(t, rows, nil, 1)
	for i := range 8 {
		rows.rows[i*4].scored = false
		rows.rows[i*4].margin, rows.rows[i*4].p = math.NaN(), math.NaN()
		rows.unscored["overflow"]++
	}
	ev := run(t, rows, nil, 1)
	if ev.N != full.N-8 || math.Abs(*ev.Coverage-152.0/160) > 1e-12 {
		t.Errorf("n = %d, coverage = %g after 8 of 160 rows lost their score", ev.N, *ev.Coverage)
	}
	if ev.GroupsAt["2"] != 72 {
		t.Errorf("%d groups have two scored candidates, want 72", ev.GroupsAt["2"])
	}
	if ev.Ranking.Strict.At[1].Groups != 80 {
		t.Errorf("strictly, %d groups have two candidates, want 80", ev.Ranking.Strict.At[1].Groups)
	}
}

func TestOneVerdictHasNoAUC(t *testing.T) {
	rows := judged(1)
	for i := range rows.rows {
		rows.rows[i].resolved = true
	}
	ev := run(t, rows, nil, 1)
	if ev.AUC != nil || ev.Brier == nil {
		t.Errorf("AUC of one class is %v, Brier %v", ev.AUC, ev.Brier)
	}
	if !strings.Contains(ev.Table(), "–") {
		t.Error("the table shows no dash for what does not exist")
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	rows := judged(1)
	base := []system{{"noise", slices.Repeat([]float64{0.2, 0.7}, 80)}}
	a, _ := json.Marshal(run(t, rows, base, 1))
	b, _ := json.Marshal(run(t, rows, base, 3))
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Error(diff)
	}
}

// TestEvaluationNamesItsFigures holds the keys that scripts read.
func TestEvaluationNamesItsFigures(t *testing.T) {
	rows := judged(1)
	out, err := json.Marshal(run(t, rows, []system{{"noise", slices.Repeat([]float64{0.2, 0.7}, 80)}}, 1))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"n", "auc", "auc_within_policy", "ece", "brier", "log_loss", "rm_at", "pass_at",
		"coverage", "tokens_read_share", "baselines", "delta"} {
		if doc[key] == nil {
			t.Errorf("%q is missing", key)
		}
	}
	for _, key := range []string{"best_baseline", "auc", "lo", "hi"} {
		if doc["delta"].(map[string]any)[key] == nil {
			t.Errorf("delta.%s is missing", key)
		}
	}
	if doc["rm_at"].(map[string]any)["1"] == nil {
		t.Error("rm_at has no K = 1")
	}
}

func TestOverlapIsRefused(t *testing.T) {
	sets := map[string][]string{"dev": {contract.TaskHash("t3"), contract.TaskHash("x")}}
	if err := refuseOverlap(sets, []string{"t1", "t2"}, "scores"); err != nil {
		t.Errorf("tasks apart are refused: %v", err)
	}
	err := refuseOverlap(sets, []string{"t1", "t3"}, "scores")
	if !errors.Is(err, ErrOverlap) || !strings.Contains(err.Error(), "t3") || !strings.Contains(err.Error(), "dev") {
		t.Errorf("error is %v; it must name the task and the set", err)
	}
}

func TestConfigListsEveryFault(t *testing.T) {
	c := &EvalConfig{Split: "x", TrainSplit: "x", Ks: []int{0}, Baselines: []string{"oracle"}, Level: 2}
	err := c.Validate()
	for _, word := range []string{"resamples", "level", "ks", "oracle", "train_split"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not name %q: %v", word, err)
		}
	}
}

func TestCalibrationFindsATemperature(t *testing.T) {
	rows := judged(1.5)
	for i := range rows.rows {
		rows.rows[i].margin *= 8 // over-confident
	}
	for _, method := range []string{MethodTemperature, MethodPlatt} {
		res, err := fitCalibration(method, scoredColumns(rows))
		if err != nil {
			t.Fatal(err)
		}
		if *res.LogLoss.After >= *res.LogLoss.Before || res.Calibration.A >= 1 {
			t.Errorf("%s: log-loss %g -> %g, slope %g: over-confidence was not mended",
				method, *res.LogLoss.Before, *res.LogLoss.After, res.Calibration.A)
		}
	}
}
