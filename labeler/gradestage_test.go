package labeler_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources"
)

// graded labels a dataset from logs and returns its rows.
func graded(t *testing.T, workers int, runs *dataset.Dataset, logs string) ([]pipeline.Label, *labeler.GradeResult) {
	t.Helper()
	ctx := context.Background()
	st := labeler.GradeStage()
	task := &pipeline.Task{Stage: st, Config: st.NewConfig(), Out: filepath.Join(t.TempDir(), "out"), Workers: workers, Progress: pipeline.NoProgress{},
		Key:    pipeline.HashKey([]byte("k")),
		Inputs: []pipeline.Input{input("dataset", pipeline.KindTrajectories, runs.URI), input("logs", pipeline.KindRaw, logs)}}
	if err := st.Run(ctx, task); err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Open(ctx, task.Out)
	if err != nil {
		t.Fatal(err)
	}
	var all []pipeline.Label
	for l, err := range dataset.Read[pipeline.Label](ctx, d, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *l.Value)
	}
	return all, task.Result.(*labeler.GradeResult)
}

// TestRealLogsLabelTheirRuns grades the logs of a real archive: what the harness
// resolved is resolved, what it did not is unresolved or was never asked.
func TestRealLogsLabelTheirRuns(t *testing.T) {
	archive := testpath.Real(t, "packed", "mini-deepseek-chat.tar.xz")
	runs, _ := stage(t, sources.Stage(), input("raw", pipeline.KindRaw, archive))
	labels, res := graded(t, 1, runs, archive)
	if res.Labels != 117 || res.ByVerdict[pipeline.VerdictResolved] != 67 || res.ByVerdict[pipeline.VerdictUnresolved] != 41 ||
		res.ByVerdict[pipeline.VerdictInfra] != 9 || len(res.Unread) != 0 || len(res.Orphans) != 1 {
		t.Errorf("%+v", *res)
	}
	again, _ := graded(t, 4, runs, archive)
	if d := cmp.Diff(labels, again); d != "" {
		t.Errorf("four workers label otherwise: %s", d)
	}
	reported, _ := stage(t, labeler.ReportsStage(), input("dataset", pipeline.KindTrajectories, runs.URI), input("reports", pipeline.KindRaw, archive))
	byReport := map[string]pipeline.Verdict{}
	for l, err := range dataset.Read[pipeline.Label](context.Background(), reported, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		byReport[l.Value.TrajectoryID] = l.Value.Verdict
	}
	for _, l := range labels {
		if _, score := l.Verdict.Target(); score && l.Verdict != byReport[l.TrajectoryID] {
			t.Errorf("%s: %s by its log, %s by its report", l.TrajectoryID, l.Verdict, byReport[l.TrajectoryID])
		}
		if l.Verdict == pipeline.VerdictInfra && (byReport[l.TrajectoryID] != pipeline.VerdictUnresolved || l.EvidenceKey == nil) {
			t.Errorf("%s: infra, and %s by its report", l.TrajectoryID, byReport[l.TrajectoryID])
		}
	}
}
