package judge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/swerm/swerm/judge/baseline"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// maxBaselineRows bounds what baselines are fitted on; beyond it more rows
// move a ridge regression less than its interval, and features stay under 400 MB.
const maxBaselineRows = 25_000

// system is one scorer beside the model: its probability for every judged row.
type system struct {
	name string
	p    []float64
}

// fitBaselines fits on the training rows of the view and scores the judged
// ones, reading each trajectory's text once. It returns nil where the inputs
// have no text or no training rows.
func fitBaselines(ctx context.Context, t *pipeline.Task, cfg *EvalConfig, r *evalRows) ([]system, error) {
	in, ok := t.Input("dataset")
	if !ok || len(r.train) == 0 {
		if len(cfg.Baselines) > 0 {
			return nil, errors.New("baselines need the trajectories and a view with a training split that has verdicts")
		}
		return nil, nil
	}
	d, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return nil, err
	}
	r.train = sampleByID(r.train, maxBaselineRows)
	judged := make(map[string]int, len(r.rows))
	for i := range r.rows {
		judged[r.rows[i].id] = i
	}
	var (
		train []baseline.Features
		y     []float64
		test  = make([]baseline.Features, len(r.rows))
		found int
	)
	t.Progress.Total(d.Rows(), "rows")
	for row, err := range dataset.Read[pipeline.Trajectory](ctx, d, dataset.ReadOptions{Workers: t.Workers}) {
		if err != nil {
			return nil, err
		}
		t.Progress.Add(1)
		resolved, isTrain := r.train[row.Value.ID]
		i, isTest := judged[row.Value.ID]
		switch {
		case isTest:
			test[i] = baseline.Extract(row.Value)
			found++
		case isTrain:
			target := 0.0
			if resolved {
				target = 1
			}
			train, y = append(train, baseline.Extract(row.Value)), append(y, target)
		}
	}
	if found != len(r.rows) {
		return nil, fmt.Errorf("%s: %d of the %d judged trajectories are not in it: baselines cannot be judged on the same rows",
			in.URI, len(r.rows)-found, len(r.rows))
	}
	return scoreBaselines(t, cfg, train, y, test)
}

// sampleByID keeps at most n rows: those with the lowest ids. An id is a hash,
// so they are a sample of all policies and sources, and the same one whatever
// the order of the pool.
func sampleByID(rows map[string]bool, n int) map[string]bool {
	if len(rows) <= n {
		return rows
	}
	kept := make(map[string]bool, n)
	for _, id := range slices.Sorted(maps.Keys(rows))[:n] {
		kept[id] = rows[id]
	}
	return kept
}

func scoreBaselines(t *pipeline.Task, cfg *EvalConfig, train []baseline.Features, y []float64, test []baseline.Features) ([]system, error) {
	names := cfg.Baselines
	if len(names) == 0 {
		names = baseline.Names()
	}
	var out []system
	for _, name := range names {
		score, err := baseline.Fit(name, train, y)
		if errors.Is(err, baseline.ErrOneClass) && len(cfg.Baselines) == 0 {
			t.Log.Warn("baseline left out", "name", name, "cause", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		s := system{name: name, p: make([]float64, len(test))}
		for i := range test {
			s.p[i] = score(&test[i])
		}
		out = append(out, s)
	}
	return out, nil
}
