package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/metrics"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// CalibrateConfig chooses the map from margins to probabilities and the rows it
// is fitted on.
type CalibrateConfig struct {
	Method string `json:"method" yaml:"method"` // temperature or platt
	Split  string `json:"split" yaml:"split"`
}

// The methods of calibration.
const (
	MethodTemperature = "temperature"
	MethodPlatt       = "platt"
)

// Validate lists every fault at once.
func (c *CalibrateConfig) Validate() error {
	var faults faultList
	faults.check(c.Method == MethodTemperature || c.Method == MethodPlatt,
		"method: %q is neither %s nor %s", c.Method, MethodTemperature, MethodPlatt)
	return faults.err()
}

// CalibrateResult is what `swerm calibrate --json` prints.
type CalibrateResult struct {
	Calibration contract.Calibration `json:"calibration"`
	Rows        int                  `json:"rows"`
	LogLoss     Change               `json:"log_loss"`
	ECE         Change               `json:"ece"`
}

// A Change is a figure before and after, on the rows of the fit.
type Change struct {
	Before *float64 `json:"before"`
	After  *float64 `json:"after"`
}

// CalibrateStage fits a calibration on held-out scores and writes a checkpoint
// that carries it. The weights are hard links where the file system allows.
func CalibrateStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "calibrate",
		Version: 1,
		Doc:     "fit a map from margins to probabilities on held-out scores",
		Inputs: []pipeline.Port{
			{Name: "checkpoint", Kind: pipeline.KindCheckpoint},
			{Name: "scores", Kind: pipeline.KindScores},
			{Name: "labels", Kind: pipeline.KindLabels},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
		},
		Output:    pipeline.KindCheckpoint,
		NewConfig: func() pipeline.Config { return &CalibrateConfig{Method: MethodTemperature, Split: pipeline.SplitDev} },
		Run:       runCalibrate,
	}
}

func runCalibrate(ctx context.Context, t *pipeline.Task) error {
	cfg := t.Config.(*CalibrateConfig)
	in, _ := t.Input("checkpoint")
	source, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return err
	}
	card, err := contract.LoadCheckpoint(source.Path(""))
	if err != nil {
		return err
	}
	eval := &EvalConfig{Split: cfg.Split}
	if _, ok := t.Input("view"); !ok {
		eval.Split = ""
	}
	rows, err := gatherHeldOut(ctx, t, eval, card)
	if err != nil {
		return err
	}
	result, err := fitCalibration(cfg.Method, scoredColumns(rows))
	if err != nil {
		return fmt.Errorf("calibrate on split %q: %w", cfg.Split, err)
	}
	card.Contract.Calibration = &result.Calibration
	card.TrainedOn = withTasks(card.TrainedOn, "calibrated", rows.tasks())
	t.Result = result
	return writeCalibrated(ctx, t, source, card, rows.counts)
}

// gatherHeldOut gathers the rows of the fit. They may be the ones that training
// was tuned on, but not those it learned from.
func gatherHeldOut(ctx context.Context, t *pipeline.Task, cfg *EvalConfig, card *contract.Checkpoint) (*evalRows, error) {
	rows, err := gatherRows(ctx, t, cfg)
	if err != nil {
		return nil, err
	}
	learned := map[string][]string{pipeline.SplitTrain: card.TrainedOn[pipeline.SplitTrain]}
	return rows, refuseOverlap(learned, rows.tasks(), "calibrate")
}

func fitCalibration(method string, c *columns) (*CalibrateResult, error) {
	result := &CalibrateResult{Rows: len(c.margin), Calibration: contract.Calibration{Method: method}}
	switch method {
	case MethodTemperature:
		fit, err := metrics.FitTemperature(c.margin, c.resolved)
		if err != nil {
			return nil, err
		}
		result.Calibration.A = 1 / fit.T
	case MethodPlatt:
		fit, err := metrics.FitPlatt(c.margin, c.resolved)
		if err != nil {
			return nil, err
		}
		result.Calibration.A, result.Calibration.B = fit.A, fit.B
	}
	var plain *contract.Calibration
	for _, side := range []struct {
		by       *contract.Calibration
		nll, ece **float64
	}{
		{plain, &result.LogLoss.Before, &result.ECE.Before},
		{&result.Calibration, &result.LogLoss.After, &result.ECE.After},
	} {
		p := make([]float64, len(c.margin))
		for i, m := range c.margin {
			p[i] = side.by.Apply(m)
		}
		pooled, err := metrics.Pool(c.margin, p, c.resolved)
		if err != nil {
			return nil, err
		}
		*side.nll, *side.ece = pooled.LogLoss, pooled.ECE15
	}
	return result, nil
}

func withTasks(sets map[string][]string, use string, tasks []string) map[string][]string {
	out := maps.Clone(sets)
	if out == nil {
		out = map[string][]string{}
	}
	hashes := make([]string, len(tasks))
	for i, task := range tasks {
		hashes[i] = contract.TaskHash(task)
	}
	slices.Sort(hashes)
	out[use] = slices.Compact(hashes)
	return out
}

// writeCalibrated links the source's files into a new artifact and writes its
// card. Training state stays behind: a calibrated checkpoint is for use.
func writeCalibrated(ctx context.Context, t *pipeline.Task, source *dataset.Dataset, card *contract.Checkpoint, counts pipeline.Counts) error {
	out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer out.Abort()
	for _, f := range source.Manifest.Files {
		if filepath.Base(f.Path) == contract.CheckpointFile || filepath.Dir(filepath.FromSlash(f.Path)) != "." {
			continue
		}
		if err := linkOrCopy(source.Path(f.Path), filepath.Join(out.Dir(), filepath.FromSlash(f.Path))); err != nil {
			return err
		}
	}
	if err := card.Save(out.Dir()); err != nil {
		return err
	}
	_, err = out.Close(ctx, counts)
	return err
}

func linkOrCopy(from, to string) error {
	if err := os.Remove(to); err != nil && !os.IsNotExist(err) {
		return err // a rerun finds what an earlier one linked
	}
	if err := os.Link(from, to); err == nil {
		return nil
	}
	return copyFile(from, to)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
