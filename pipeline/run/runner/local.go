// Package runner is where tasks run. Local runs them in this process under one
// bound on parallel work. Another place (a Kubernetes Indexed Job, a Slurm
// array) is another type with the same Run method; what a task writes does not
// depend on where it ran.
package runner

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"golang.org/x/sync/semaphore"

	"github.com/swerm/swerm/pipeline"
)

// Local runs tasks in this process. Tasks may run side by side; the sum of
// their workers stays within the bound.
type Local struct {
	workers int64
	slots   *semaphore.Weighted
}

// NewLocal returns a pool of that many workers; 0 means one for each CPU.
func NewLocal(workers int) *Local {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Local{workers: int64(workers), slots: semaphore.NewWeighted(int64(workers))}
}

// Workers returns the bound.
func (l *Local) Workers() int { return int(l.workers) }

// Run waits until t.Workers workers are free, or all of them where the task
// asks for more, and runs the task. A panic of the stage becomes an error that
// carries the stack, so the other tasks' outputs are kept.
func (l *Local) Run(ctx context.Context, t *pipeline.Task) (err error) {
	n := min(max(1, int64(t.Workers)), l.workers)
	if err := l.slots.Acquire(ctx, n); err != nil {
		return err
	}
	defer l.slots.Release(n)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", t.Stage.Name, p, debug.Stack())
		}
	}()
	t.Workers = int(n)
	return t.Stage.Run(ctx, t)
}
