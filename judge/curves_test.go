package judge

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/pipeline"
)

// TestROCGoesThroughTies holds the curve of four rows of which two tie: a tie
// is one slanted line, not a corner.
func TestROCGoesThroughTies(t *testing.T) {
	got := rocOf("x", []float64{3, 2, 2, 1}, []bool{true, true, false, false})
	want := ROC{Name: "x", FalseAlarms: []float64{0, 0, 0.5, 1}, Hits: []float64{0, 0.5, 1, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestROCIsBounded holds that many rows give few points and the area stays.
func TestROCIsBounded(t *testing.T) {
	const n = 200_000
	score, resolved := make([]float64, n), make([]bool, n)
	for i := range score {
		score[i] = math.Sin(float64(i))
		resolved[i] = i%3 == 0 || score[i] > 0.5 && i%2 == 0
	}
	curve := rocOf("", score, resolved)
	if len(curve.Hits) > 2/curveStep+2 || len(curve.Hits) < 100 {
		t.Fatalf("%d points", len(curve.Hits))
	}
	area := 0.0
	for i := 1; i < len(curve.Hits); i++ {
		area += (curve.FalseAlarms[i] - curve.FalseAlarms[i-1]) * (curve.Hits[i] + curve.Hits[i-1]) / 2
	}
	c := &columns{margin: score, p: make([]float64, n), resolved: resolved}
	for i := range c.p {
		c.p[i] = float64(i%11) / 10 // the last bin is of 1 too
	}
	curves := curvesOf(c, nil)
	var counted int64
	for i := range curves.Scores.Resolved {
		counted += curves.Scores.Resolved[i] + curves.Scores.Unresolved[i]
	}
	if counted != n {
		t.Errorf("the histogram holds %d of %d rows", counted, n)
	}
	auc, err := metrics.AUC(score, resolved)
	if err != nil || math.Abs(area-*auc) > 2e-3 {
		t.Errorf("area %.5f under the kept points, AUC %.5f, %v", area, *auc, err)
	}
}

func TestNoROCOfOneVerdict(t *testing.T) {
	c := &columns{margin: []float64{1, 2}, p: []float64{0.1, 0.9}, resolved: []bool{true, true}}
	if got := curvesOf(c, nil); len(got.ROC) != 0 {
		t.Errorf("a curve of one verdict: %+v", got.ROC)
	}
}

// TestCurvesAreInTheReport holds what figures are drawn from.
func TestCurvesAreInTheReport(t *testing.T) {
	b := newBench(t)
	_, err := b.run(ScoreStage(), "scores", nil, "checkpoint=ckpt", "tokens=tokens", "view=view")
	b.must(err)
	quick := func(c pipeline.Config) { c.(*EvalConfig).Resamples, c.(*EvalConfig).Ks = 100, []int{1, 2} }
	_, err = b.run(EvaluateStage(), "report", quick, "scores=scores", "labels=labels", "view=view", "dataset=pool")
	b.must(err)
	text, err := os.ReadFile(filepath.Join(b.uri("report"), CurvesFile))
	b.must(err)
	var got Curves
	b.must(json.Unmarshal(text, &got))
	if len(got.ROC) != 8 || got.ROC[0].Name != "" || got.ROC[1].Name != "constant" {
		t.Errorf("%d curves, want the model's and seven baselines'", len(got.ROC))
	}
	text, err = os.ReadFile(filepath.Join(b.uri("report"), EvaluationFile))
	b.must(err)
	var ev Evaluation
	b.must(json.Unmarshal(text, &ev))
	if ev.ScoredBy == nil || ev.ScoredBy.Checkpoint != pipeline.HashKey([]byte("ckpt")) || ev.ScoredBy.Tokens != pipeline.HashKey([]byte("tokens")) {
		t.Errorf("scored by %+v", ev.ScoredBy)
	}
	for _, name := range []string{"rm@1", "pass@1", "random@1", "rm_gain@1"} {
		if in := ev.Intervals[name]; in.Low == nil || *in.Low > *in.Value {
			t.Errorf("%s has the interval %+v", name, in)
		}
	}
}
