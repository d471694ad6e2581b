package planted

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// maxAttempts bounds what one stage writes: every attempt is two files.
const maxAttempts = 100_000

// Validate lists every fault at once.
func (o *Options) Validate() error {
	var errs []error
	if o.Tasks < 1 || o.Rollouts < 1 {
		errs = append(errs, fmt.Errorf("tasks: %d, rollouts: %d: both must be at least 1", o.Tasks, o.Rollouts))
	}
	if n := o.Tasks * o.Rollouts * len(policies); n > maxAttempts {
		errs = append(errs, fmt.Errorf("tasks × rollouts × %d policies is %d, more than %d", len(policies), n, maxAttempts))
	}
	if o.Noise < 0 || o.Noise > 1 {
		errs = append(errs, fmt.Errorf("noise: %g is not in [0, 1]", o.Noise))
	}
	return errors.Join(errs...)
}

// Result is what the stage says of itself.
type Result struct {
	Attempts int `json:"attempts"`
}

// Stage writes a tree of runs and reports.
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
	var c pipeline.Counts
	for task := range o.Tasks {
		if err := ctx.Err(); err != nil {
			return err
		}
		for policy := range policies {
			for rollout := range o.Rollouts {
				files, err := o.Attempt(task, policy, rollout)
				if err != nil {
					return err
				}
				for _, f := range files {
					if err := write(filepath.Join(out.Dir(), filepath.FromSlash(f.Path)), f.Data); err != nil {
						return err
					}
				}
				c.In++
				c.Out++
			}
		}
	}
	t.Result = &Result{Attempts: int(c.Out)}
	_, err = out.Close(ctx, c)
	return err
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
