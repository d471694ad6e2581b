package labeler_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/labeler"
	"github.com/swerm/swerm/labeler/exec"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// answers is a harness: the hidden test asks whether the file "answer" holds a
// number above ten.
func answers(run exec.Runner) exec.Harness {
	return exec.Harness{Name: "answers", Version: "7", Parser: testlog.Pytest(), Run: run}
}

func above(_ context.Context, files map[string]string, tests []string) ([]byte, error) {
	var n int
	if _, err := fmt.Sscan(files["answer"], &n); err != nil {
		return nil, errors.New("the answer is no number")
	}
	status := map[bool]string{true: "PASSED", false: "FAILED"}[n > 10]
	return fmt.Appendf(nil, "%s::above %s\n=== 1 %s in 0.01s ===\n", tests[0], status, strings.ToLower(status)), nil
}

// attempts writes a dataset of attempts at the tasks t0 … t9 and the tasks t0
// … t8. Of every attempt the patch follows from its number.
func attempts(t testing.TB, rows int) (ds, tasks pipeline.Input) {
	t.Helper()
	dir := t.TempDir()
	var lines strings.Builder
	for i := range 9 {
		fmt.Fprintf(&lines, `{"instance_id":"t%d","files":{"answer":"0\n"},"test_files":{"hidden":"x\n"},"FAIL_TO_PASS":["hidden::above"],"PASS_TO_PASS":[]}`+"\n", i)
	}
	file := filepath.Join(dir, "tasks.jsonl")
	if err := os.WriteFile(file, []byte(lines.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	w, err := dataset.Create[pipeline.Trajectory](context.Background(), filepath.Join(dir, "ds"), dataset.Spec{Kind: pipeline.KindTrajectories,
		Stage: "import", StageVersion: 1, Config: struct{}{}, Key: pipeline.HashKey([]byte(fmt.Sprint(rows)))})
	if err != nil {
		t.Fatal(err)
	}
	base := map[string]string{"answer": "0\n"}
	for i := range rows {
		instance := fmt.Sprint("t", i%10)
		patch := gitdiff.Diff(base, map[string]string{"answer": fmt.Sprintln(i % 21)})
		switch i % 17 {
		case 3:
			patch = "no diff"
		case 5:
			patch = gitdiff.Diff(base, map[string]string{"answer": "0\n", "hidden": "mine\n"})
		case 7:
			patch = gitdiff.Diff(base, map[string]string{"answer": "many\n"})
		}
		row := &pipeline.Trajectory{ID: fmt.Sprintf("%032x", i), InstanceID: &instance, TaskID: instance, Patch: &patch,
			Source: "s", Policy: "p", Messages: []pipeline.Message{{Role: "user", Kind: "issue"}}}
		if i%13 == 0 {
			row.Patch = nil
		}
		if err := w.Add(row, dataset.Cursor{Row: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := w.Close(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return input("dataset", pipeline.KindTrajectories, d.URI), input("tasks", pipeline.KindRaw, file)
}

// execTask is one task of the stage.
func execTask(h exec.Harness, out string, workers int, ins ...pipeline.Input) *pipeline.Task {
	st := labeler.ExecStage(h)
	return &pipeline.Task{Stage: st, Config: st.NewConfig(), Inputs: ins, Out: out, Workers: workers,
		Key: pipeline.HashKey([]byte("exec")), Progress: pipeline.NoProgress{}}
}

func TestExecLabels(t *testing.T) {
	ds, tasks := attempts(t, 500)
	task := execTask(answers(above), filepath.Join(t.TempDir(), "labels"), 3, ds, tasks)
	if err := task.Stage.Run(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	res := task.Result.(*labeler.ExecResult)
	d, err := dataset.OpenKind(context.Background(), task.Out, pipeline.KindLabels)
	if err != nil {
		t.Fatal(err)
	}
	evidence, n := readEvidence(t, d), 0
	got := map[string]int64{}
	for l, err := range dataset.Read[pipeline.Label](context.Background(), d, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		v, i := l.Value, n
		n++
		want := expected(i)
		if string(v.Verdict)+" "+v.Reason != want || v.TrajectoryID != fmt.Sprintf("%032x", i) {
			t.Errorf("%d: %s %s, want %s", i, v.Verdict, v.Reason, want)
		}
		if v.Rules != "swebench-2" || v.RulesVersion == "" {
			t.Errorf("%d: rules %q", i, v.Rules)
		}
		if ran := v.Runs != nil && *v.Runs > 0; ran != (v.Harness == "answers" && v.HarnessVersion == "7") || (v.StatusHash != nil) != (v.Parser == "pytest") {
			t.Errorf("%d: %+v", i, v)
		}
		if v.Verdict != pipeline.VerdictUnknown && v.Reason != exec.ReasonEmptyPatch {
			if v.EvidenceKey == nil || evidence[*v.EvidenceKey] == nil {
				t.Fatalf("%d: no evidence: %+v", i, v)
			}
			ev := evidence[*v.EvidenceKey]
			if v.Parser != "" && !strings.Contains(string(ev.Runs[0].Log), "hidden::above") || v.Reason == "patch_failed" && ev.Patch == "" {
				t.Errorf("%d: evidence %+v", i, ev)
			}
		}
		got[string(v.Verdict)]++
	}
	if n != 500 || res.Labels != 500 {
		t.Errorf("%d labels, %d told", n, res.Labels)
	}
	for _, v := range pipeline.Verdicts() {
		if res.ByVerdict[v] != got[string(v)] {
			t.Errorf("%s: %d told, %d are there", v, res.ByVerdict[v], got[string(v)])
		}
	}
	if res.Findings[exec.FindingHidden] == 0 || len(evidence) > 30 {
		t.Errorf("%v; %d pieces of evidence", res.Findings, len(evidence))
	}
	if rep, err := dataset.Verify(context.Background(), task.Out); err != nil || !rep.OK() {
		t.Errorf("%v, %v", rep.Err(), err)
	}
	if !strings.Contains(res.Table(), "patch_failed") {
		t.Errorf("%s", res.Table())
	}
}

// expected is the verdict on attempt i, worked out without the stage.
func expected(i int) string {
	switch {
	case i%10 == 9:
		return "unknown no_task"
	case i%13 == 0:
		return "unknown no_patch"
	case i%17 == 3:
		return "unresolved patch_failed"
	case i%17 == 5:
		return "unresolved tests_failed"
	case i%17 == 7:
		return "infra harness_failed"
	case i%21 == 0:
		return "unresolved empty_patch"
	case i%21 > 10:
		return "resolved resolved"
	}
	return "unresolved tests_failed"
}

func readEvidence(t testing.TB, d *dataset.Dataset) map[string]*exec.Evidence {
	t.Helper()
	all := map[string]*exec.Evidence{}
	for _, f := range d.Manifest.Files {
		if !strings.HasPrefix(f.Path, "evidence/") {
			continue
		}
		raw, err := d.ReadFile(context.Background(), f.Path)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zstd.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(z)
		for {
			line, err := r.ReadBytes('\n')
			if err == io.EOF {
				break
			}
			var row struct {
				Key string `json:"key"`
				exec.Evidence
			}
			if err := json.Unmarshal(line, &row); err != nil {
				t.Fatal(err)
			}
			all[f.Path+"#"+row.Key] = &row.Evidence
		}
		z.Close()
	}
	return all
}

// tree reads every file of a dataset.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		all[strings.TrimPrefix(p, dir)] = string(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestExecSameBytes holds that neither workers, nor the order in which runs
// end, nor kills change a byte, and that a run that has happened is not
// repeated.
func TestExecSameBytes(t *testing.T) {
	const rows = 300
	ds, tasks := attempts(t, rows)
	whole := execTask(answers(above), filepath.Join(t.TempDir(), "labels"), 1, ds, tasks)
	if err := whole.Stage.Run(context.Background(), whole); err != nil {
		t.Fatal(err)
	}
	want := tree(t, whole.Out)
	for _, workers := range []int{1, 2, 8} {
		out := filepath.Join(t.TempDir(), "labels")
		var mu sync.Mutex
		ran := map[string]int{}
		total := int64(0)
		for kills := 0; ; kills++ {
			ctx, cancel := context.WithCancel(context.Background())
			var n atomic.Int64
			h := answers(func(ctx context.Context, files map[string]string, tests []string) ([]byte, error) {
				if n.Add(1) == 23 {
					cancel() // this run is lost, and those beside it may be
					return nil, ctx.Err()
				}
				time.Sleep(time.Duration(n.Load()%3) * 50 * time.Microsecond)
				log, err := above(ctx, files, tests)
				mu.Lock()
				ran[files["answer"]]++
				mu.Unlock()
				return log, err
			})
			task := execTask(h, out, workers, ds, tasks)
			err := task.Stage.Run(ctx, task)
			cancel()
			total += n.Load()
			if err == nil {
				if res := task.Result.(*labeler.ExecResult); kills > 0 && res.Resumed == 0 {
					t.Error("nothing was resumed")
				}
				break
			}
			if !errors.Is(err, context.Canceled) || kills > 50 {
				t.Fatal(err)
			}
		}
		got := tree(t, out)
		if !maps.Equal(want, got) {
			t.Errorf("%d workers: %v, want %v", workers, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			for name := range want {
				if want[name] != got[name] {
					t.Errorf("%s differs", name)
				}
			}
		}
		runs := int64(0)
		for i := range rows {
			if w := expected(i); !strings.HasPrefix(w, "unknown") && !strings.HasSuffix(w, "patch_failed") && !strings.HasSuffix(w, "empty_patch") {
				runs++
			}
		}
		if kills := total/23 + 1; total > runs+kills*int64(workers+1) {
			t.Errorf("%d workers: %d runs for %d patches", workers, total, runs)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// TestExecTornRecord cuts and spoils what a killed process had written: what is
// not whole happens again, and the rest does not.
func TestExecTornRecord(t *testing.T) {
	ds, tasks := attempts(t, 60)
	for _, spoil := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:len(b)-5] },
		func(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5) },
		func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		func([]byte) []byte { return nil },
	} {
		out := filepath.Join(t.TempDir(), "labels")
		ctx, cancel := context.WithCancel(context.Background())
		var n atomic.Int64
		stop := execTask(answers(func(ctx context.Context, files map[string]string, tests []string) ([]byte, error) {
			if n.Add(1) == 20 {
				cancel()
			}
			return above(ctx, files, tests)
		}), out, 1, ds, tasks)
		if err := stop.Stage.Run(ctx, stop); err == nil {
			t.Fatal("was not stopped")
		}
		found, err := filepath.Glob(filepath.Join(filepath.Dir(out), ".labels.staging-*", "aside", "runs"))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(found[0], spoil(text), 0o666); err != nil {
			t.Fatal(err)
		}
		again := execTask(answers(above), out, 1, ds, tasks)
		if err := again.Stage.Run(context.Background(), again); err != nil {
			t.Fatal(err)
		}
		if res := again.Result.(*labeler.ExecResult); res.Labels != 60 {
			t.Errorf("%+v", res)
		}
	}
}

func TestExecWithoutLogs(t *testing.T) {
	ds, tasks := attempts(t, 100)
	task := execTask(answers(above), filepath.Join(t.TempDir(), "labels"), 2, ds, tasks)
	task.Config.(*labeler.ExecConfig).KeepLogs = false
	if err := task.Stage.Run(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Open(context.Background(), task.Out)
	if err != nil {
		t.Fatal(err)
	}
	for l, err := range dataset.Read[pipeline.Label](context.Background(), d, dataset.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept := l.Value.EvidenceKey != nil
		if want := l.Value.Verdict == pipeline.VerdictInfra || l.Value.Reason == exec.ReasonPatchFailed; kept != want {
			t.Errorf("%s %s: kept %v", l.Value.Verdict, l.Value.Reason, kept)
		}
	}
}

func TestExecConfig(t *testing.T) {
	err := (&labeler.ExecConfig{Rules: "mine", Runs: 0, Timeout: -1}).Validate()
	for _, want := range []string{"harness:", "rules:", "runs:", "timeout:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %v", want, err)
		}
	}
	if err := labeler.ExecStage(answers(above)).NewConfig().Validate(); err != nil {
		t.Error(err)
	}
	cfg := labeler.ExecStage(answers(above)).NewConfig().(*labeler.ExecConfig)
	cfg.Harness = "other"
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "answers") {
		t.Errorf("%v", err)
	}
	ds, tasks := attempts(t, 1)
	task := execTask(answers(above), filepath.Join(t.TempDir(), "labels"), 1, ds, tasks)
	task.Config.(*labeler.ExecConfig).Harness = "other" // not validated
	if err := task.Stage.Run(context.Background(), task); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("%v", err)
	}
}
