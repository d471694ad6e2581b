package labeler_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources"
)

func input(port string, kind pipeline.Kind, root string) pipeline.Input {
	return pipeline.Input{Port: port, Name: filepath.Base(root), URI: root, Kind: kind, Key: pipeline.HashKey([]byte(root))}
}

// stage runs one stage over inputs and returns what it wrote.
func stage(t testing.TB, st *pipeline.Stage, ins ...pipeline.Input) (*dataset.Dataset, any) {
	t.Helper()
	task := &pipeline.Task{Stage: st, Config: st.NewConfig(), Inputs: ins, Out: filepath.Join(t.TempDir(), "out"), Progress: pipeline.NoProgress{}}
	var err error
	if task.Key, err = pipeline.TaskKey(st.Name, st.Version, task.Config, nil); err != nil {
		t.Fatal(err)
	}
	if err := st.Run(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Open(context.Background(), task.Out)
	if err != nil {
		t.Fatal(err)
	}
	return d, task.Result
}

func TestRealArchivesGetTheirOwnReports(t *testing.T) {
	a, b := testpath.Real(t, "packed", "mini-gemini-3-pro.tar.xz"), testpath.Real(t, "packed", "mini-deepseek-chat.tar.xz")
	runs, _ := stage(t, sources.Stage(), input("raw", pipeline.KindRaw, a), input("raw", pipeline.KindRaw, b))
	labels, out := stage(t, labeler.ReportsStage(), input("dataset", pipeline.KindTrajectories, runs.URI),
		input("reports", pipeline.KindRaw, a), input("reports", pipeline.KindRaw, b))
	res := out.(*labeler.ReportsResult)
	t.Logf("%+v", *res)
	if res.Labels != 520 || res.ByRule["folder"] != 505 || res.ByRule["patch"] != 15 || res.ByVerdict[pipeline.VerdictUnknown] != 0 {
		t.Fatalf("%+v", *res)
	}
	if len(res.Orphans) != 1 || res.Orphans[0].Instance != "django__django-13220" {
		t.Errorf("orphans %+v", res.Orphans)
	}
	if n := labels.Manifest.Counts.Out; n != 520 {
		t.Errorf("%d labels", n)
	}
}
