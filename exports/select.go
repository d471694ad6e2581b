package exports

import (
	"context"
	"fmt"
	"iter"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// A selection says which trajectories are exported, and how often a view visits
// them.
type selection struct {
	d     *dataset.Dataset
	refs  []dataset.Ref // nil = every row
	count map[dataset.Ref]int32

	otherSplit int64
}

// openSelection reads a view, where there is one.
func openSelection(ctx context.Context, o *Options) (*selection, error) {
	d, err := dataset.OpenKind(ctx, o.Dataset, pipeline.KindTrajectories)
	if err != nil {
		return nil, err
	}
	s := &selection{d: d}
	if o.View == "" {
		return s, nil
	}
	v, err := dataset.OpenKind(ctx, o.View, pipeline.KindView)
	if err != nil {
		return nil, err
	}
	s.count, s.refs = map[dataset.Ref]int32{}, []dataset.Ref{}
	for row, err := range dataset.Read[pipeline.Selection](ctx, v, dataset.ReadOptions{}) {
		if err != nil {
			return nil, err
		}
		if o.Split != "" && row.Value.Split != o.Split {
			s.otherSplit++
			continue
		}
		ref := dataset.Ref{PartKey: pipeline.Key(row.Value.Part), Row: row.Value.Row}
		if s.count[ref] == 0 {
			s.refs = append(s.refs, ref)
		}
		s.count[ref] += row.Value.Count
	}
	d.SortRefs(s.refs)
	return s, nil
}

// drop counts is left out before a row is read.
func (s *selection) drop(c *pipeline.Counts) {
	c.In = s.d.Rows()
	if s.refs == nil {
		return
	}
	c.Dropped = map[pipeline.DropReason]int64{}
	if s.otherSplit > 0 {
		c.Dropped[pipeline.DropOtherSplit] = s.otherSplit
	}
	if n := c.In - int64(len(s.refs)) - s.otherSplit; n > 0 {
		c.Dropped[pipeline.DropNotSelected] = n
	}
}

func (s *selection) rows(ctx context.Context, workers int) iter.Seq2[dataset.Located[pipeline.Trajectory], error] {
	if s.refs == nil {
		return dataset.Read[pipeline.Trajectory](ctx, s.d, dataset.ReadOptions{Workers: workers})
	}
	return dataset.ReadAt[pipeline.Trajectory](ctx, s.d, s.refs, dataset.ReadOptions{Workers: workers})
}

// verdicts reads the labels that are a score, by trajectory.
func verdicts(ctx context.Context, uri string) (map[string]bool, error) {
	if uri == "" {
		return nil, nil
	}
	d, err := dataset.OpenKind(ctx, uri, pipeline.KindLabels)
	if err != nil {
		return nil, err
	}
	resolved := map[string]bool{}
	columns := []string{"trajectory_id", "verdict"}
	for row, err := range dataset.Read[pipeline.Label](ctx, d, dataset.ReadOptions{Columns: columns}) {
		if err != nil {
			return nil, err
		}
		l := row.Value
		switch l.Verdict {
		case pipeline.VerdictResolved, pipeline.VerdictUnresolved:
			is := l.Verdict == pipeline.VerdictResolved
			if before, ok := resolved[l.TrajectoryID]; ok && before != is {
				return nil, fmt.Errorf("%s: %s is labelled twice, resolved and unresolved", uri, l.TrajectoryID)
			}
			resolved[l.TrajectoryID] = is
		}
	}
	return resolved, nil
}
