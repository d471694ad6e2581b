package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/judge/baseline"
	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// EvalConfig says which rows are judged and how the intervals are drawn.
type EvalConfig struct {
	Split      string  `json:"split" yaml:"split"`             // rows that are judged
	TrainSplit string  `json:"train_split" yaml:"train_split"` // rows that baselines are fitted on
	Scale      int64   `json:"scale" yaml:"scale"`             // nested scale the model was trained at; 0 = all
	Ks         []int   `json:"ks" yaml:"ks"`                   // for RM@K and Pass@K
	Resamples  int     `json:"resamples" yaml:"resamples"`     // of whole tasks
	Level      float64 `json:"level" yaml:"level"`             // of the intervals
	Seed       uint64  `json:"seed" yaml:"seed"`

	// Baselines to fit, of baseline.Names; empty means all that the inputs
	// allow (they need the trajectories and a view with a training split).
	Baselines []string `json:"baselines" yaml:"baselines"`
}

// Validate lists every fault at once.
func (c *EvalConfig) Validate() error {
	var faults faultList
	faults.check(c.Resamples >= 100, "resamples: %d is too few for an interval; at least 100", c.Resamples)
	faults.check(c.Level > 0 && c.Level < 1, "level: %g is not between 0 and 1", c.Level)
	faults.check(len(c.Ks) > 0, "ks: empty")
	for _, k := range c.Ks {
		faults.check(k >= 1 && k <= maxK, "ks: %d is not in 1..%d", k, maxK)
	}
	for _, name := range c.Baselines {
		faults.check(slices.Contains(baseline.Names(), name), "baselines: %q is not one of %v", name, baseline.Names())
	}
	faults.check(c.Split != c.TrainSplit || c.Split == "", "split and train_split are both %q", c.Split)
	return faults.err()
}

// maxK bounds the closed form's tables.
const maxK = 1024

// File names inside a report.
const (
	EvaluationFile = "evaluation.json"
	TableFile      = "report.md"
	CurvesFile     = "curves.json"
)

// EvaluateStage judges scores against labels.
func EvaluateStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "evaluate",
		Version: 2,
		Doc:     "judge scores against labels, beside baselines, with intervals",
		Inputs: []pipeline.Port{
			{Name: "scores", Kind: pipeline.KindScores},
			{Name: "labels", Kind: pipeline.KindLabels},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
			{Name: "dataset", Kind: pipeline.KindTrajectories, Optional: true},
			{Name: "calibration", Kind: pipeline.KindCheckpoint, Optional: true},
		},
		Output: pipeline.KindReport,
		NewConfig: func() pipeline.Config {
			return &EvalConfig{
				Split: pipeline.SplitTest, TrainSplit: pipeline.SplitTrain,
				Ks: []int{1, 2, 4, 8, 16, 32}, Resamples: metrics.DefaultResamples, Level: 0.95, Seed: 1,
			}
		},
		Run: runEvaluate,
	}
}

func runEvaluate(ctx context.Context, t *pipeline.Task) error {
	cfg := t.Config.(*EvalConfig)
	if _, ok := t.Input("view"); !ok {
		cfg = withoutSplits(cfg)
	}
	rows, err := gather(ctx, t, cfg)
	if err != nil {
		return err
	}
	if err := calibrated(ctx, t, rows); err != nil {
		return err
	}
	systems, err := fitBaselines(ctx, t, cfg, rows)
	if err != nil {
		return err
	}
	ev, err := evaluate(ctx, rows, systems, cfg, t.Workers)
	if err != nil {
		return err
	}
	t.Result = ev
	return writeReport(ctx, t, ev)
}

// withoutSplits is the config for scores that no view divides: every row is
// judged and nothing can be fitted.
func withoutSplits(cfg *EvalConfig) *EvalConfig {
	c := *cfg
	c.Split, c.TrainSplit = "", ""
	return &c
}

// calibrated replaces the rows' probabilities where a calibrated checkpoint is given.
func calibrated(ctx context.Context, t *pipeline.Task, r *evalRows) error {
	in, ok := t.Input("calibration")
	if !ok {
		return nil
	}
	d, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return err
	}
	card, err := contract.LoadCheckpoint(d.Path(""))
	if err != nil {
		return err
	}
	if card.Contract.Calibration == nil {
		return fmt.Errorf("%s: the checkpoint carries no calibration", in.URI)
	}
	if err := refuseOverlap(card.TrainedOn, r.tasks(), in.URI); err != nil {
		return err
	}
	r.calibration = card.Contract.Calibration
	for i := range r.rows {
		if row := &r.rows[i]; row.scored {
			row.p = card.Contract.Calibration.Apply(row.margin)
		}
	}
	return nil
}

// refuseOverlap is an error when a judged task is among those a model learned from.
func refuseOverlap(trainedOn map[string][]string, tasks []string, where string) error {
	for use, hashes := range trainedOn {
		known := make(map[string]bool, len(hashes))
		for _, h := range hashes {
			known[h] = true
		}
		var shared []string
		for _, task := range tasks {
			if known[contract.TaskHash(task)] {
				shared = append(shared, task)
			}
		}
		if len(shared) > 0 {
			return fmt.Errorf("%s: %w: %d of %d tasks to judge are in its %q set, such as %s",
				where, ErrOverlap, len(shared), len(tasks), use, shared[0])
		}
	}
	return nil
}

func writeReport(ctx context.Context, t *pipeline.Task, ev *Evaluation) error {
	out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer out.Abort()
	data, err := json.MarshalIndent(ev, "", "  ")
	if err != nil {
		return err
	}
	curves, err := json.Marshal(ev.curves)
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		EvaluationFile: string(data) + "\n",
		CurvesFile:     string(curves) + "\n",
		TableFile:      ev.Table(),
	} {
		if err := os.WriteFile(filepath.Join(out.Dir(), name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	_, err = out.Close(ctx, ev.Counts)
	return err
}
