package planted

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// ArchiveFile is the one file that the stage writes.
const ArchiveFile = "runs.tar"

// maxAttempts bounds what one stage writes: every attempt is two files.
const maxAttempts = 100_000

// Validate lists every fault at once.
func (o *Options) Validate() error {
	var errs []error
	if o.Tasks < 1 || o.Rollouts < 1 {
		errs = append(errs, fmt.Errorf("tasks: %d, rollouts: %d: both must be at least 1", o.Tasks, o.Rollouts))
	}
	if most := maxAttempts / len(policies); o.Tasks > 0 && o.Rollouts > most/o.Tasks { // a product could overflow
		errs = append(errs, fmt.Errorf("tasks: %d × rollouts: %d × %d policies is more than %d attempts", o.Tasks, o.Rollouts, len(policies), maxAttempts))
	}
	if !(o.Noise >= 0 && o.Noise <= 1) { // NaN too
		errs = append(errs, fmt.Errorf("noise: %g is not in [0, 1]", o.Noise))
	}
	return errors.Join(errs...)
}

// Result is what the stage says of itself.
type Result struct {
	Attempts int `json:"attempts"`
}

// Stage writes a tree of runs and reports, as one archive.
func Stage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:      "plant",
		Version:   1,
		Doc:       "write pretended agent runs with a planted signal, for trying the path",
		Output:    pipeline.KindRaw,
		NewConfig: func() pipeline.Config { return &Options{Tasks: 60, Rollouts: 2, Noise: 0.1, Seed: 1} },
		Run:       run,
	}
}

func run(ctx context.Context, t *pipeline.Task) error {
	o := t.Config.(*Options)
	out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer out.Abort()
	c, err := writeArchive(ctx, filepath.Join(out.Dir(), ArchiveFile), o)
	if err != nil {
		return err
	}
	t.Result = &Result{Attempts: int(c.Out)}
	_, err = out.Close(ctx, c)
	return err
}

// writeArchive writes every attempt's files into one tar: thousands of small
// files would cost more to make durable than to make.
func writeArchive(ctx context.Context, path string, o *Options) (c pipeline.Counts, err error) {
	f, err := os.Create(path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := tar.NewWriter(f)
	for task := range o.Tasks {
		for policy := range policies {
			for rollout := range o.Rollouts {
				if err := ctx.Err(); err != nil {
					return c, err
				}
				files, err := o.Attempt(task, policy, rollout)
				if err != nil {
					return c, err
				}
				for _, file := range files {
					if err := appendFile(w, file); err != nil {
						return c, err
					}
				}
				c.In++
				c.Out++
			}
		}
	}
	return c, w.Close()
}

func appendFile(w *tar.Writer, f File) error {
	if err := w.WriteHeader(&tar.Header{Name: f.Path, Mode: 0o644, Size: int64(len(f.Data))}); err != nil {
		return err
	}
	_, err := w.Write(f.Data)
	return err
}
