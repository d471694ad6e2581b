package mixer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// SplitStage returns the stage "split": every row of a dataset, or of a view of
// one, gets its split. With labels, rows carry their verdict too.
func SplitStage() *pipeline.Stage {
	return &pipeline.Stage{Name: "split", Version: 1,
		Doc: "Put whole tasks or repositories into train, dev or test.",
		Inputs: []pipeline.Port{
			{Name: "dataset", Kind: pipeline.KindTrajectories, Optional: true},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
			{Name: "labels", Kind: pipeline.KindLabels, Optional: true},
		},
		Output: pipeline.KindView,
		NewConfig: func() pipeline.Config {
			return &SplitConfig{By: ByTask, Method: MethodHash, Fractions: Fractions{Train: 0.8, Dev: 0.1, Test: 0.1}}
		},
		Run: runSplit,
	}
}

// MixStage returns the stage "mix": an exact mixture of the rows of a view, or
// of a whole dataset. Verdicts come from the labels given, or else from the
// labels that the view was made with.
func MixStage() *pipeline.Stage {
	return &pipeline.Stage{Name: "mix", Version: 1,
		Doc: "Draw an exact mixture of policies, sources and verdicts.",
		Inputs: []pipeline.Port{
			{Name: "dataset", Kind: pipeline.KindTrajectories, Optional: true},
			{Name: "view", Kind: pipeline.KindView, Optional: true},
			{Name: "labels", Kind: pipeline.KindLabels, Optional: true},
		},
		Output:    pipeline.KindView,
		NewConfig: func() pipeline.Config { return &MixConfig{Cells: CellsNear} },
		Run:       runMix,
	}
}

// PreviewSplit works out a split and writes nothing.
func PreviewSplit(ctx context.Context, t *pipeline.Task) (*SplitReport, error) {
	_, report, err := decideSplit(ctx, t)
	return report, err
}

// PreviewMix works out a mixture and writes nothing. The report is the one that
// running the stage gives.
func PreviewMix(ctx context.Context, t *pipeline.Task) (*Report, error) {
	_, plan, err := decideMix(ctx, t)
	if err != nil {
		return nil, err
	}
	return &plan.Report, nil
}

func decideSplit(ctx context.Context, t *pipeline.Task) ([]pipeline.Selection, *SplitReport, error) {
	c, ok := t.Config.(*SplitConfig)
	if !ok {
		return nil, nil, fmt.Errorf("mixer: split: config is a %T", t.Config)
	}
	rows, _, err := candidates(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	for i := range rows {
		if rows[i].Verdict == "" { // a view keeps rows that have no label yet
			rows[i].Verdict = pipeline.VerdictUnknown
		}
	}
	report, err := Assign(rows, c)
	return rows, report, err
}

func decideMix(ctx context.Context, t *pipeline.Task) ([]pipeline.Selection, *Plan, error) {
	c, ok := t.Config.(*MixConfig)
	if !ok {
		return nil, nil, fmt.Errorf("mixer: mix: config is a %T", t.Config)
	}
	rows, labelled, err := candidates(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	if !labelled {
		return nil, nil, errors.New("mixer: mix: no verdicts: give labels, or a view that was made with labels")
	}
	if _, ok := t.Input("view"); !ok && c.Split != "" {
		return nil, nil, fmt.Errorf("mixer: mix: split %q of a dataset that is not split: give a view from the stage split", c.Split)
	}
	plan, err := NewPlan(ctx, rows, c, nil)
	if err != nil {
		return nil, nil, err
	}
	carry(rows, plan, c.Carry)
	return rows, plan, nil
}

// carry keeps the rows of the named splits, which the plan left out.
func carry(rows []pipeline.Selection, plan *Plan, names []string) {
	for i := range rows {
		if plan.Drop[i] != pipeline.DropOtherSplit || !slices.Contains(names, rows[i].Split) {
			continue
		}
		if rows[i].Verdict == "" {
			rows[i].Verdict = pipeline.VerdictUnknown
		}
		plan.Drop[i] = ""
		plan.Report.Carried++
	}
}

func runSplit(ctx context.Context, t *pipeline.Task) error {
	rows, report, err := decideSplit(ctx, t)
	if err != nil {
		return err
	}
	t.Result = report
	return writeView(ctx, t, "split.json", report, rows, func(int) pipeline.DropReason { return "" })
}

func runMix(ctx context.Context, t *pipeline.Task) error {
	rows, plan, err := decideMix(ctx, t)
	if e := (*InfeasibleError)(nil); errors.As(err, &e) {
		t.Result = e // the table, for whoever reads JSON
	}
	if err != nil {
		return err
	}
	scaled := len(t.Config.(*MixConfig).Scales) > 0
	for i := range rows {
		if rows[i].Scale = 0; scaled {
			rows[i].Scale = plan.Scale[i]
		}
	}
	t.Result = &plan.Report
	return writeView(ctx, t, "mixture.json", &plan.Report, rows, func(i int) pipeline.DropReason { return plan.Drop[i] })
}

// writeView writes rows in the order they were read. A dropped row goes to the
// rejects under the part and row of its trajectory.
func writeView(ctx context.Context, t *pipeline.Task, name string, report any, rows []pipeline.Selection, drop func(int) pipeline.DropReason) error {
	w, err := dataset.Create[pipeline.Selection](ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return fmt.Errorf("mixer: %w", err)
	}
	defer w.Abort()
	w.Expect(int64(len(rows)))
	for i := range rows {
		at := dataset.Cursor{Row: int64(i)}
		if reason := drop(i); reason != "" {
			err = w.Drop(reason, pipeline.Reject{URI: rows[i].Part, Row: rows[i].Row, ID: rows[i].TrajectoryID}, at)
		} else {
			err = w.Add(&rows[i], at)
		}
		if err != nil {
			return fmt.Errorf("mixer: %w", err)
		}
	}
	raw, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("mixer: %s: %w", name, err)
	}
	if err := w.Attach(name, append(raw, '\n')); err != nil {
		return fmt.Errorf("mixer: %w", err)
	}
	if _, err := w.Close(ctx); err != nil {
		return fmt.Errorf("mixer: %w", err)
	}
	return nil
}
