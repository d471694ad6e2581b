package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// fakeConfig is the config of every fake stage.
type fakeConfig struct {
	Text   string `json:"text" yaml:"text"`
	Fail   int    `json:"fail" yaml:"fail"` // records that fail
	Optim  optim  `json:"optim" yaml:"optim"`
	Break  bool   `json:"break" yaml:"break"`
	Panics bool   `json:"panics" yaml:"panics"`
	Lie    bool   `json:"lie" yaml:"lie"` // write counts that break the law
}

type optim struct {
	LR float64 `json:"lr" yaml:"lr"`
}

func (c *fakeConfig) Validate() error {
	var errs []error
	if c.Optim.LR <= 0 {
		errs = append(errs, fmt.Errorf("optim.lr: %g is not above 0", c.Optim.LR))
	}
	if c.Fail < 0 {
		errs = append(errs, errors.New("fail: below 0"))
	}
	return errors.Join(errs...)
}

// fakes is a set of stages that record what ran.
type fakes struct {
	mu     sync.Mutex
	ran    []string
	wait   chan struct{} // closed: stages go on; nil: they never wait
	inside chan string   // told when a stage waits
	live   int
	peak   int // most workers at work at a time
}

func (f *fakes) stages() []*pipeline.Stage {
	raw := pipeline.Port{Name: "raw", Kind: pipeline.KindRaw, Many: true}
	ds := pipeline.Port{Name: "dataset", Kind: pipeline.KindTrajectories}
	labels := pipeline.Port{Name: "labels", Kind: pipeline.KindLabels, Optional: true}
	return []*pipeline.Stage{
		f.stage("import", pipeline.KindTrajectories, raw),
		f.stage("label_reports", pipeline.KindLabels, ds),
		f.stage("mix", pipeline.KindView, ds, labels),
		f.stage("plant", pipeline.KindRaw),
		f.stage("loop", pipeline.KindTrajectories, ds),
		f.stage("train", pipeline.KindCheckpoint, pipeline.Port{Name: "view", Kind: pipeline.KindView}),
		f.stage("score", pipeline.KindScores, pipeline.Port{Name: "checkpoint", Kind: pipeline.KindCheckpoint}),
	}
}

func (f *fakes) stage(name string, out pipeline.Kind, in ...pipeline.Port) *pipeline.Stage {
	return &pipeline.Stage{Name: name, Version: 1, Inputs: in, Output: out,
		NewConfig: func() pipeline.Config { return &fakeConfig{Text: "d", Optim: optim{LR: 1}} },
		Run:       f.run}
}

// KernelFamily is "tiles" for a step that is set to 2, as precisions have families
// of their own.
func (c *fakeConfig) KernelFamily() string {
	if c.Optim.LR == 2 {
		return "tiles"
	}
	return ""
}

type fakeResult struct {
	Text string `json:"kernel_family"`
}

func (f *fakes) run(ctx context.Context, t *pipeline.Task) error {
	c := t.Config.(*fakeConfig)
	f.mu.Lock()
	f.ran = append(f.ran, filepath.Base(t.Out)[:len(filepath.Base(t.Out))-11])
	f.live += t.Workers
	f.peak = max(f.peak, f.live)
	f.mu.Unlock()
	defer func() { f.mu.Lock(); f.live -= t.Workers; f.mu.Unlock() }()
	t.Progress.Total(10, "rows")
	if f.wait != nil {
		f.inside <- t.Stage.Name
		select {
		case <-f.wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	t.Progress.Add(10)
	if c.Panics {
		panic("on purpose")
	}
	if c.Break {
		return errors.New("broken on purpose")
	}
	counts := pipeline.Counts{In: 10, Out: 10 - int64(c.Fail), Failed: int64(c.Fail)}
	if c.Lie {
		counts.Out++
	}
	t.Result = &fakeResult{Text: c.Text}
	return publish(ctx, t, counts)
}

// publish writes the smallest thing that is a dataset.
func publish(ctx context.Context, t *pipeline.Task, counts pipeline.Counts) error {
	a, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer a.Abort()
	if err := os.WriteFile(filepath.Join(a.Dir(), "text"), []byte(t.Config.(*fakeConfig).Text), 0o666); err != nil {
		return err
	}
	_, err = a.Close(ctx, counts)
	return err
}

// load parses a run file whose out is a new directory and whose raw input
// holds one file.
func load(t *testing.T, f *fakes, dir, text string, settings ...string) *File {
	t.Helper()
	file, err := loader(f, dir, settings...).Parse("run.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func loader(f *fakes, dir string, settings ...string) Loader {
	return Loader{Stages: f.stages(), Settings: settings, Env: func(name string) (string, bool) {
		v, ok := map[string]string{"DIR": dir}[name]
		return v, ok
	}}
}

func newDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"raw/a.json": "one", "raw/sub/b.json": "two", "other/c.json": "three"} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// took empties the list of what ran.
func (f *fakes) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	ran := f.ran
	f.ran = nil
	return ran
}
