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
	return collectWith(ctx, tasks, out, workers, pipeline.NoProgress{})
}

func collectWith(ctx context.Context, tasks, out string, workers int, p pipeline.Progress) (*microgym.CollectResult, error) {
	st := microgym.CollectStage()
	work := &pipeline.Task{Stage: st, Config: &microgym.CollectConfig{Policies: []string{"thorough", "hasty"}, Rollouts: 3, Seed: 4},
		Inputs: []pipeline.Input{{Port: "tasks", Name: "tasks", URI: tasks, Kind: pipeline.KindRaw, Key: testKey}},
		Out:    out, Key: testKey, Workers: workers, Progress: p}
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

// stopAfter cancels a run after so many tasks.
type stopAfter struct {
	left   int
	cancel context.CancelFunc
}

func (s *stopAfter) Total(int64, string) {}

func (s *stopAfter) Add(int64) {
	if s.left--; s.left == 0 {
		s.cancel()
	}
}

// TestCollectGoesOn stops a run half way and lets it end.
func TestCollectGoesOn(t *testing.T) {
	tasks, dir := writeTasks(t, 5), t.TempDir()
	whole, broken := filepath.Join(dir, "whole"), filepath.Join(dir, "broken")
	if _, err := collectInto(background(), tasks, whole, 2); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(background())
	if _, err := collectWith(ctx, tasks, broken, 2, &stopAfter{2, cancel}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := collectInto(background(), tasks, broken, 2); err != nil {
		t.Fatal(err)
	}
	var manifests [2][]byte
	for i, out := range []string{whole, broken} {
		m, err := os.ReadFile(filepath.Join(out, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		manifests[i] = m
	}
	if !bytes.Equal(manifests[0], manifests[1]) {
		t.Error("a run that was stopped and went on wrote another dataset")
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
