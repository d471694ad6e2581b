package sources_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources"
)

// runImport imports roots into a fresh dataset.
func runImport(t testing.TB, cfg *sources.Config, workers int, roots ...string) (*sources.Result, *dataset.Dataset) {
	t.Helper()
	return openImport(t, newImport(t, cfg, workers, map[string][]string{"raw": roots}))
}

// runImportWith does so with inputs of other ports.
func runImportWith(t testing.TB, cfg *sources.Config, inputs map[string][]string) (*sources.Result, *dataset.Dataset) {
	t.Helper()
	return openImport(t, newImport(t, cfg, 0, inputs))
}

func tryImport(t testing.TB, cfg *sources.Config, inputs map[string][]string) (*sources.Result, error) {
	t.Helper()
	task := newImport(t, cfg, 0, inputs)
	if err := task.Stage.Run(context.Background(), task); err != nil {
		return nil, err
	}
	return task.Result.(*sources.Result), nil
}

func newImport(t testing.TB, cfg *sources.Config, workers int, inputs map[string][]string) *pipeline.Task {
	t.Helper()
	st := sources.Stage()
	task := &pipeline.Task{Stage: st, Config: cfg, Out: filepath.Join(t.TempDir(), "ds"), Workers: workers, Progress: pipeline.NoProgress{}}
	for _, port := range st.Inputs {
		for _, root := range inputs[port.Name] {
			task.Inputs = append(task.Inputs, pipeline.Input{Port: port.Name, Name: filepath.Base(root), URI: root, Kind: pipeline.KindRaw, Key: pipeline.HashKey([]byte(root))})
		}
	}
	var err error
	if task.Key, err = pipeline.TaskKey(st.Name, st.Version, cfg, nil); err != nil {
		t.Fatal(err)
	}
	return task
}

func openImport(t testing.TB, task *pipeline.Task) (*sources.Result, *dataset.Dataset) {
	t.Helper()
	if err := task.Stage.Run(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Open(context.Background(), task.Out)
	if err != nil {
		t.Fatal(err)
	}
	return task.Result.(*sources.Result), d
}

func rows(t testing.TB, d *dataset.Dataset) []*pipeline.Trajectory {
	t.Helper()
	var all []*pipeline.Trajectory
	for l, err := range dataset.Read[pipeline.Trajectory](context.Background(), d, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l.Value)
	}
	return all
}

func TestRealPackedArchives(t *testing.T) {
	res, d := runImport(t, &sources.Config{}, 0,
		testpath.Real(t, "packed", "mini-gemini-3-pro.tar.xz"), testpath.Real(t, "packed", "mini-deepseek-chat.tar.xz"))
	t.Logf("%+v", *res)
	if res.In != 520 || res.Out != 520 || res.Failed != 0 {
		t.Fatalf("%+v", *res)
	}
	if res.Policies["gemini-3-pro-preview"] != 403 || res.Policies["deepseek-chat"] != 117 || len(res.Policies) != 2 {
		t.Errorf("policies %v", res.Policies)
	}
	kinds := map[pipeline.MessageKind]int{}
	reasoning, codes := 0, 0
	for _, tr := range rows(t, d) {
		for _, m := range tr.Messages {
			kinds[m.Kind]++
			if m.Reasoning != nil {
				reasoning++
			}
			if m.ReturnCode != nil {
				codes++
			}
		}
		if last := tr.Messages[len(tr.Messages)-1]; last.Role != pipeline.RoleExit || *last.Content != *tr.Patch {
			t.Errorf("%s: last message is %s, %s", *tr.InstanceID, last.Role, last.Kind)
		}
		if tr.Run == nil || tr.Repo == nil || tr.Environment == nil || tr.Usage.APICalls == nil || tr.Source != "swe-bench" {
			t.Errorf("%s: identity is not whole", *tr.InstanceID)
		}
	}
	want := map[pipeline.MessageKind]int{pipeline.KindSystem: 520, pipeline.KindIssue: 520, pipeline.KindFinal: 520,
		pipeline.KindAction: 25917, pipeline.KindObservation: 15221 + 23 + 9569, pipeline.KindInterrupt: 584 + 1}
	for k, n := range want {
		if kinds[k] != n {
			t.Errorf("%d messages of kind %s, want %d", kinds[k], k, n)
		}
	}
	if reasoning != 499 || codes != 15221+9569 {
		t.Errorf("%d messages with reasoning, %d with a return code", reasoning, codes)
	}
}

// TestTextIsCopied holds that what is told of rows beside them still tells of them:
// their text is decoded into memory that is used again.
func TestTextIsCopied(t *testing.T) {
	dir, _ := generatedRuns(t, 300, 10)
	_, d := runImport(t, &sources.Config{}, 2, dir)
	report, err := dataset.Verify(t.Context(), d.URI)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range report.Faults {
		t.Error(fault)
	}
	if report.Rows != 300 {
		t.Errorf("%d rows", report.Rows)
	}
}
