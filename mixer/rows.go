package mixer

import (
	"context"
	"errors"
	"fmt"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// candidates reads the rows that a stage may choose from: those of a view, or
// all of a dataset, with the verdicts of a label set where one is given. No
// text is read. labelled tells whether verdicts come from anywhere; a row that
// the given label set does not know gets an empty verdict.
func candidates(ctx context.Context, t *pipeline.Task) (rows []pipeline.Selection, labelled bool, err error) {
	verdicts, given, err := readVerdicts(ctx, t)
	if err != nil {
		return nil, false, err
	}
	view, ok := t.Input("view")
	if ok {
		rows, labelled, err = readView(ctx, t, view)
	} else {
		rows, err = readScalars(ctx, t)
	}
	if err != nil {
		return nil, false, err
	}
	if given {
		for i := range rows {
			rows[i].Verdict = verdicts[rows[i].TrajectoryID]
		}
	}
	return rows, labelled || given, nil
}

func readScalars(ctx context.Context, t *pipeline.Task) (rows []pipeline.Selection, err error) {
	in, ok := t.Input("dataset")
	if !ok {
		return nil, errors.New("mixer: give a dataset, or a view of one")
	}
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindTrajectories)
	if err != nil {
		return nil, fmt.Errorf("mixer: dataset: %w", err)
	}
	rows = make([]pipeline.Selection, 0, d.Rows())
	for l, err := range dataset.Scalars(ctx, d) {
		if err != nil {
			return nil, fmt.Errorf("mixer: dataset: %w", err)
		}
		v := l.Value
		rows = append(rows, pipeline.Selection{TrajectoryID: v.ID, Part: string(l.PartKey), Row: l.Row, Count: 1,
			TaskID: v.TaskID, Repo: v.Repo, Source: v.Source, Policy: v.Policy, Scaffold: v.Scaffold,
			Verdict: pipeline.VerdictUnknown})
	}
	return rows, nil
}

// readView reads another view's rows. A view that was made with labels brings
// their verdicts along. Where the dataset is given too, its parts must be the
// ones that the view names.
func readView(ctx context.Context, t *pipeline.Task, in pipeline.Input) (rows []pipeline.Selection, labelled bool, err error) {
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindView)
	if err != nil {
		return nil, false, fmt.Errorf("mixer: view: %w", err)
	}
	if labelled, err = madeWithLabels(ctx, d, 0); err != nil {
		return nil, false, err
	}
	rows = make([]pipeline.Selection, 0, d.Rows())
	for l, err := range dataset.Read[pipeline.Selection](ctx, d, dataset.ReadOptions{Workers: t.Workers}) {
		if err != nil {
			return nil, false, fmt.Errorf("mixer: view: %w", err)
		}
		rows = append(rows, *l.Value)
	}
	if base, ok := t.Input("dataset"); ok {
		err = checkParts(ctx, base, rows)
	}
	return rows, labelled, err
}

// maxViews bounds how many views may be made of each other.
const maxViews = 32

func madeWithLabels(ctx context.Context, d *dataset.Dataset, depth int) (bool, error) {
	for _, p := range d.Manifest.Parents {
		if p.Kind == pipeline.KindLabels {
			return true, nil
		}
	}
	for _, p := range d.Manifest.Parents {
		if p.Kind != pipeline.KindView || depth == maxViews {
			continue
		}
		parent, err := dataset.Open(ctx, d.ParentURI(p))
		if errors.Is(err, dataset.ErrNone) {
			continue // gone since; the rows are still here
		}
		if err != nil {
			return false, fmt.Errorf("mixer: view: %w", err)
		}
		if ok, err := madeWithLabels(ctx, parent, depth+1); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func checkParts(ctx context.Context, in pipeline.Input, rows []pipeline.Selection) error {
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindTrajectories)
	if err != nil {
		return fmt.Errorf("mixer: dataset: %w", err)
	}
	rowsOf := map[string]int64{}
	for _, p := range d.Manifest.Parts {
		rowsOf[string(p.Key)] = p.Rows
	}
	for i := range rows {
		n, ok := rowsOf[rows[i].Part]
		if !ok || rows[i].Row >= n {
			return fmt.Errorf("mixer: view row %d names row %d of part %s, which %s does not have: it is a view of another dataset",
				i, rows[i].Row, rows[i].Part, in.URI)
		}
	}
	return nil
}

// readVerdicts reads the label set. Two rows that disagree on a trajectory make
// its verdict unknown: nothing trustworthy says.
func readVerdicts(ctx context.Context, t *pipeline.Task) (verdicts map[string]pipeline.Verdict, given bool, err error) {
	in, ok := t.Input("labels")
	if !ok {
		return nil, false, nil
	}
	d, err := dataset.OpenKind(ctx, in.URI, pipeline.KindLabels)
	if err != nil {
		return nil, false, fmt.Errorf("mixer: labels: %w", err)
	}
	verdicts = make(map[string]pipeline.Verdict, d.Rows())
	disagree := 0
	o := dataset.ReadOptions{Columns: []string{"trajectory_id", "verdict"}, Workers: t.Workers}
	for l, err := range dataset.Read[pipeline.Label](ctx, d, o) {
		if err != nil {
			return nil, false, fmt.Errorf("mixer: labels: %w", err)
		}
		v := l.Value.Verdict
		if !v.Valid() {
			return nil, false, fmt.Errorf("mixer: labels: part %d row %d: verdict %q is not one of %v", l.Part, l.Row, v, pipeline.Verdicts())
		}
		if old, ok := verdicts[l.Value.TrajectoryID]; ok && old != v {
			v = pipeline.VerdictUnknown
			disagree++
		}
		verdicts[l.Value.TrajectoryID] = v
	}
	if disagree > 0 && t.Log != nil {
		t.Log.Warn("labels disagree with themselves", "rows", disagree, "labels", in.URI)
	}
	return verdicts, true, nil
}
