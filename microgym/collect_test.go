package microgym_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/microgym"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// writeTasks writes n tasks, and whatever lines are given before them.
func writeTasks(t *testing.T, n int, lines ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	for i := range n {
		tk, err := task.Generate(background(), task.Options{Seed: 9}, i)
		if err != nil {
			t.Fatal(err)
		}
		row, err := json.Marshal(tk)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(row, '\n'))
	}
	path := filepath.Join(t.TempDir(), microgym.TasksFile)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func collectInto(ctx context.Context, tasks, out string, workers int) (*microgym.CollectResult, error) {
	st := microgym.CollectStage()
	work := &pipeline.Task{Stage: st, Config: &microgym.CollectConfig{Policies: []string{"thorough", "hasty"}, Rollouts: 3, Seed: 4},
		Inputs: []pipeline.Input{{Port: "tasks", Name: "tasks", URI: tasks, Kind: pipeline.KindRaw, Key: testKey}},
		Out:    out, Key: testKey, Workers: workers, Progress: pipeline.NoProgress{}}
	if err := st.Run(ctx, work); err != nil {
		return nil, err
	}
	return work.Result.(*microgym.CollectResult), nil
}

const testKey = "0123456789abcdef0123456789abcdef"

func TestCollectGivesTheSameBytes(t *testing.T) {
	tasks, dir := writeTasks(t, 6), t.TempDir()
	var manifests [][]byte
	for _, workers := range []int{1, 3} {
		out := filepath.Join(dir, string(rune('a'+workers)))
		res, err := collectInto(background(), tasks, out, workers)
		if err != nil {
			t.Fatal(err)
		}
		if res.In != 36 || res.Out+res.Dropped[pipeline.DropDuplicate] != 36 || res.Failed != 0 {
			t.Errorf("%d workers: %+v", workers, res)
		}
		if r, err := dataset.Verify(background(), out); err != nil || !r.OK() {
			t.Errorf("verify: %+v, %v", r, err)
		}
		m, err := os.ReadFile(filepath.Join(out, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		manifests = append(manifests, m)
	}
	if !bytes.Equal(manifests[0], manifests[1]) {
		t.Error("one worker and three wrote different datasets")
	}
}

// TestCollectKeepsBadRows has rows that are no tasks beside one that is.
func TestCollectKeepsBadRows(t *testing.T) {
	tasks := writeTasks(t, 1, `{"instance_id":`, ``, `{"instance_id":"x"}`)
	out := filepath.Join(t.TempDir(), "out")
	res, err := collectInto(background(), tasks, out, 2)
	if err != nil {
		t.Fatal(err)
	}
	if res.Failed != 2 || res.Out+res.Dropped[pipeline.DropDuplicate] != 6 || res.In != 8 {
		t.Errorf("%+v", res)
	}
	d, err := dataset.Open(background(), out)
	if err != nil {
		t.Fatal(err)
	}
	var rows []int64
	for r, err := range dataset.Rejects(background(), d) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Reason == pipeline.RejectFailed {
			rows = append(rows, r.Row)
			if r.URI != microgym.TasksFile || r.Error == "" {
				t.Errorf("%+v", r)
			}
		}
	}
	if diff := cmp.Diff([]int64{0, 2}, rows); diff != "" {
		t.Errorf("rows that failed:\n%s", diff)
	}
}

func TestCollectStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(background())
	cancel()
	_, err := collectInto(ctx, writeTasks(t, 1), filepath.Join(t.TempDir(), "out"), 1)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCollectConfigListsEveryFault(t *testing.T) {
	err := (&microgym.CollectConfig{Policies: []string{"nobody", "hasty", "microgym/hasty"}}).Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	for _, part := range []string{"rollouts: 0", "policies[0]", "policies[2]", "twice"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
}
