package exec_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/labeler/exec"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/microgym/harness"
	world "github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
)

// starlark runs tests as the command line does.
func starlark() exec.Harness {
	return exec.Harness{Name: "microgym", Version: "1", Parser: testlog.Pytest(),
		Run: func(ctx context.Context, files map[string]string, tests []string) ([]byte, error) {
			r, err := harness.RunTests(ctx, files, harness.TestOptions{Paths: tests})
			if err != nil {
				return nil, err
			}
			return []byte(r.Text(harness.Verbosity{Level: harness.Verbose, Traceback: harness.ShortTraceback, All: true})), nil
		}}
}

// A candidate is a change that its world has already judged.
type candidate struct {
	task  *exec.Task
	kind  string
	patch string
	right bool
}

func candidates(t testing.TB, tasks int) []candidate {
	var all []candidate
	for i := range tasks {
		made, err := world.Generate(context.Background(), world.Options{Seed: 5}, i)
		if err != nil {
			t.Fatal(err)
		}
		row, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		mine, err := exec.ParseTask(row)
		if err != nil {
			t.Fatal(err)
		}
		fixes, err := made.Fixes(context.Background(), rand.New(rand.NewPCG(1, uint64(i))))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, candidate{mine, "gold patch", made.Patch, true})
		for _, f := range fixes {
			next := map[string]string{}
			for p, text := range made.Files {
				next[p] = text
			}
			for p, text := range f.Files {
				next[p] = text
			}
			all = append(all, candidate{mine, string(f.Kind), gitdiff.Diff(made.Files, next), f.Right})
		}
	}
	return all
}

// TestWorldAgrees holds the labels against what the world knows of its own
// candidates: every right one is resolved, every wrong one is not.
func TestWorldAgrees(t *testing.T) {
	tr := exec.Trial{Harness: starlark(), Rules: grade.SWEBench2()}
	seen := map[bool]int{}
	for _, c := range candidates(t, 15) {
		out, err := tr.Try(context.Background(), c.task, c.patch)
		if err != nil {
			t.Fatal(err)
		}
		want := pipeline.VerdictUnresolved
		if c.right {
			want = pipeline.VerdictResolved
		}
		if out.Verdict != want {
			t.Errorf("%s, %s: %s (%s)\n%s", c.task.Instance, c.kind, out.Verdict, out.Reason, c.patch)
		}
		seen[c.right]++
	}
	if seen[true] < 15 || seen[false] < 15 {
		t.Errorf("%v", seen)
	}
}

// BenchmarkTry is what a label costs: apply, run, parse, grade. Bytes are those
// of patches.
func BenchmarkTry(b *testing.B) {
	all := candidates(b, 10)
	tr := exec.Trial{Harness: starlark(), Rules: grade.SWEBench2()}
	bytes := 0
	for _, c := range all {
		bytes += len(c.patch)
	}
	b.SetBytes(int64(bytes))
	for b.Loop() {
		for _, c := range all {
			if _, err := tr.Try(context.Background(), c.task, c.patch); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(all))/b.Elapsed().Seconds(), "labels/s")
}
