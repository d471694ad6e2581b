package sources_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/sources"
)

// cutter cancels an import once so many bytes have been read.
type cutter struct {
	left   atomic.Int64
	cancel context.CancelFunc
}

func (c *cutter) Total(int64, string) {}

func (c *cutter) Add(n int64) {
	if c.left.Add(-n) < 0 {
		c.cancel()
	}
}

// TestAnInterruptedImportEndsAsIfItHadNotBeen reads enough for several parts,
// is cancelled between them, goes on, and writes the same parts and counts,
// duplicates of rows from before the cut included.
func TestAnInterruptedImportEndsAsIfItHadNotBeen(t *testing.T) {
	testpath.Soak(t)
	made, _ := generatedRuns(t, 20, 300)
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(made, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		for _, f := range files {
			to := filepath.Join(dir, fmt.Sprintf("run-%02d", i), filepath.Base(f))
			_ = os.MkdirAll(filepath.Dir(to), 0o700)
			if err := os.Link(f, to); err != nil {
				t.Skip(err)
			}
		}
	}
	st := sources.Stage()
	key, err := pipeline.TaskKey(st.Name, st.Version, st.NewConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, out string, p pipeline.Progress) (*sources.Result, error) {
		in := pipeline.Input{Port: "raw", Name: "r", URI: dir, Kind: pipeline.KindRaw}
		again := pipeline.Input{Port: "raw", Name: "again", URI: dir, Kind: pipeline.KindRaw}
		task := &pipeline.Task{Stage: st, Config: st.NewConfig(), Key: key, Out: out, Inputs: []pipeline.Input{in, again}, Progress: p}
		err := st.Run(ctx, task)
		res, _ := task.Result.(*sources.Result)
		return res, err
	}
	whole, cut := filepath.Join(t.TempDir(), "ds"), filepath.Join(t.TempDir(), "ds")
	want, err := run(t.Context(), whole, pipeline.NoProgress{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := &cutter{cancel: cancel}
	c.left.Store(want.BytesIn * 45 / 100)
	if _, err := run(ctx, cut, c); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	got, err := run(t.Context(), cut, pipeline.NoProgress{})
	if err != nil {
		t.Fatal(err)
	}
	want.Seconds, got.Seconds = 0, 0
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	a, err := dataset.Open(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	b, err := dataset.Open(t.Context(), cut)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Manifest.Parts) < 2 {
		t.Fatalf("%d part: the cut proves nothing", len(a.Manifest.Parts))
	}
	if d := cmp.Diff(a.Manifest, b.Manifest); d != "" {
		t.Error(d)
	}
}
