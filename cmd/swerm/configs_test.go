package main

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline/run"
)

// TestShippedConfigs loads and plans every run file that ships. A run file
// whose inputs are elsewhere is planned where they are there.
func TestShippedConfigs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testpath.Root(), "configs", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no configs: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			l := run.Loader{Stages: stages(), Settings: []string{"out=" + t.TempDir()},
				Env: func(string) (string, bool) { return "absent", true }}
			f, err := l.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if f.Name == "" {
				t.Error("it has no name")
			}
			if outside(f) {
				l.Env = func(string) (string, bool) { return testpath.Real(t), true }
				if f, err = l.Load(path); err != nil {
					t.Fatal(err)
				}
			}
			plan, err := f.Plan(context.Background(), run.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(plan.Tasks) != len(f.Steps) {
				t.Errorf("%d tasks for %d steps", len(plan.Tasks), len(f.Steps))
			}
		})
	}
}

func outside(f *run.File) bool {
	for _, s := range f.Steps {
		for _, in := range s.Inputs {
			if in.Step == nil {
				return true
			}
		}
	}
	return false
}

// TestWorkersDoNotChangeOutputs runs one file with one worker and with three.
func TestWorkersDoNotChangeOutputs(t *testing.T) {
	var want map[string]string
	for _, workers := range []string{"1", "3"} {
		dir := newRunDir(t)
		args := append([]string{"run", "run.yaml", "-j", workers}, smallKillPipeline...)
		if out, err := swermIn(dir, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		got := contents(t, dir)
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s workers: %s", workers, diff)
		}
	}
}
