package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// ErrOverlap is returned when a model is asked to be judged on tasks that it
// was trained, tuned or calibrated on.
var ErrOverlap = errors.New("evaluation overlaps with training")

// evalRow is one judged trajectory.
type evalRow struct {
	id, task, policy, source string
	resolved                 bool
	scored                   bool
	margin, p                float64
	tokensRead, tokensFull   int64
}

// evalRows is everything that is judged, and what was left out.
type evalRows struct {
	rows        []evalRow
	counts      pipeline.Counts
	unscored    map[string]int64
	verdicts    map[pipeline.Verdict]int64 // of the judged split, scores and others
	train       map[string]bool            // id -> resolved, for baselines
	calibration *contract.Calibration
	scoredBy    *ScoredBy
}

func (r *evalRows) tasks() []string {
	seen := map[string]bool{}
	var out []string
	for i := range r.rows {
		if t := r.rows[i].task; !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// traits are the columns that scores do not carry.
type traits struct {
	policy, source, split string
	scale                 int64
}

// gather reads the rows to judge and refuses those that the model learned from.
func gather(ctx context.Context, t *pipeline.Task, cfg *EvalConfig) (*evalRows, error) {
	r, err := gatherRows(ctx, t, cfg)
	if err != nil {
		return nil, err
	}
	in, _ := t.Input("scores")
	scores, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return nil, err
	}
	from, err := provenance(scores)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.URI, err)
	}
	r.scoredBy = scoredBy(scores, from)
	return r, refuseOverlap(from.TrainedOn, r.tasks(), in.URI)
}

func gatherRows(ctx context.Context, t *pipeline.Task, cfg *EvalConfig) (*evalRows, error) {
	verdicts, err := readVerdicts(ctx, t)
	if err != nil {
		return nil, err
	}
	about, err := readTraits(ctx, t)
	if err != nil {
		return nil, err
	}
	in, _ := t.Input("scores")
	scores, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return nil, err
	}
	r := &evalRows{unscored: map[string]int64{}, verdicts: map[pipeline.Verdict]int64{}, train: map[string]bool{}}
	for row, err := range dataset.Read[pipeline.Score](ctx, scores, dataset.ReadOptions{}) {
		if err != nil {
			return nil, err
		}
		r.add(row.Value, about, verdicts, cfg)
	}
	if err := r.counts.Check(); err != nil {
		return nil, err
	}
	if len(r.rows) == 0 {
		return nil, fmt.Errorf("%s: no row to judge in split %q: %v", in.URI, cfg.Split, r.counts)
	}
	if cfg.TrainSplit != "" {
		for id, a := range about {
			y, ok := verdicts[id].Target()
			if ok && a.split == cfg.TrainSplit && (cfg.Scale == 0 || a.scale <= cfg.Scale) {
				r.train[id] = y == 1
			}
		}
	}
	return r, nil
}

func (r *evalRows) add(s *pipeline.Score, about map[string]traits, verdicts map[string]pipeline.Verdict, cfg *EvalConfig) {
	r.counts.In++
	a := about[s.TrajectoryID]
	if cfg.Split != "" && a.split != cfg.Split {
		r.counts.Drop(pipeline.DropOtherSplit)
		return
	}
	v, ok := verdicts[s.TrajectoryID]
	if !ok {
		r.counts.Drop(pipeline.DropNoLabel)
		return
	}
	r.verdicts[v]++
	y, ok := v.Target()
	if !ok {
		r.counts.Drop(pipeline.DropNoVerdict)
		return
	}
	r.counts.Out++
	row := evalRow{id: s.TrajectoryID, task: s.TaskID, policy: a.policy, source: a.source, resolved: y == 1}
	if s.Reason != "" || s.LogitYes == nil || s.LogitNo == nil || s.Score == nil {
		r.unscored[s.Reason]++
	} else {
		row.scored, row.margin, row.p = true, *s.LogitYes-*s.LogitNo, *s.Score
		row.tokensRead, row.tokensFull = int64(s.TokensRead), int64(s.TokensFull)
	}
	r.rows = append(r.rows, row)
}

func readVerdicts(ctx context.Context, t *pipeline.Task) (map[string]pipeline.Verdict, error) {
	in, _ := t.Input("labels")
	d, err := dataset.Open(ctx, in.URI)
	if err != nil {
		return nil, err
	}
	out := make(map[string]pipeline.Verdict, d.Rows())
	for row, err := range dataset.Read[pipeline.Label](ctx, d, dataset.ReadOptions{Columns: []string{"trajectory_id", "verdict"}}) {
		if err != nil {
			return nil, err
		}
		out[row.Value.TrajectoryID] = row.Value.Verdict
	}
	return out, nil
}

// readTraits reads policy, source and split from the view, or policy and
// source from the trajectories' index where there is no view.
func readTraits(ctx context.Context, t *pipeline.Task) (map[string]traits, error) {
	out := map[string]traits{}
	if in, ok := t.Input("view"); ok {
		d, err := dataset.Open(ctx, in.URI)
		if err != nil {
			return nil, err
		}
		for row, err := range dataset.Read[pipeline.Selection](ctx, d, dataset.ReadOptions{}) {
			if err != nil {
				return nil, err
			}
			s := row.Value
			out[s.TrajectoryID] = traits{s.Policy, s.Source, s.Split, s.Scale}
		}
		return out, nil
	}
	if in, ok := t.Input("dataset"); ok {
		d, err := dataset.Open(ctx, in.URI)
		if err != nil {
			return nil, err
		}
		for row, err := range dataset.Scalars(ctx, d) {
			if err != nil {
				return nil, err
			}
			out[row.Value.ID] = traits{policy: row.Value.Policy, source: row.Value.Source}
		}
	}
	return out, nil
}

// provenance reads what scored: its kernels and the tasks that it learned from.
// Scores whose manifest says nothing of it (another tool's) have neither.
func provenance(scores *dataset.Dataset) (scoreProvenance, error) {
	var from scoreProvenance
	if len(scores.Manifest.Config) == 0 {
		return from, nil
	}
	if err := json.Unmarshal(scores.Manifest.Config, &from); err != nil {
		return from, fmt.Errorf("what the model was trained on cannot be read, so overlap cannot be refused: %w", err)
	}
	return from, nil
}

func scoredBy(scores *dataset.Dataset, from scoreProvenance) *ScoredBy {
	by := ScoredBy{KernelFamily: from.KernelFamily, Precision: from.Precision}
	for _, p := range scores.Manifest.Parents {
		switch p.Port {
		case "checkpoint":
			by.Checkpoint = p.Key
		case "tokens":
			by.Tokens = p.Key
		}
	}
	if by.Checkpoint == "" {
		return nil
	}
	return &by
}
