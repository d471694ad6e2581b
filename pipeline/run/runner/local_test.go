package runner_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/run/runner"
)

func task(workers int, run func(ctx context.Context, t *pipeline.Task) error) *pipeline.Task {
	return &pipeline.Task{Stage: &pipeline.Stage{Name: "test", Run: run}, Workers: workers}
}

// Tasks that run side by side have no more workers together than the pool.
func TestWorkersStayWithinTheBound(t *testing.T) {
	const bound = 3
	pool := runner.NewLocal(bound)
	if pool.Workers() != bound {
		t.Errorf("%d workers", pool.Workers())
	}
	var busy, most atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			err := pool.Run(t.Context(), task(i%6, func(_ context.Context, t *pipeline.Task) error {
				now := busy.Add(int64(t.Workers))
				defer busy.Add(-int64(t.Workers))
				for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
				}
				if t.Workers < 1 || t.Workers > bound {
					return errors.New("a task has workers beyond the pool's, or none")
				}
				return nil
			}))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > bound {
		t.Errorf("%d workers at once", most.Load())
	}
}

// A panic of one stage is an error that says where, and leaves the pool usable.
func TestPanicIsAnError(t *testing.T) {
	pool := runner.NewLocal(1)
	err := pool.Run(t.Context(), task(1, func(context.Context, *pipeline.Task) error { panic("broken") }))
	if err == nil || !strings.Contains(err.Error(), "test: panic: broken") || !strings.Contains(err.Error(), "local_test.go") {
		t.Errorf("%v", err)
	}
	want := errors.New("its own")
	if err := pool.Run(t.Context(), task(1, func(context.Context, *pipeline.Task) error { return want })); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
}

// A task that waits for workers ends with its context, and takes none.
func TestWaitingEndsWithTheContext(t *testing.T) {
	pool := runner.NewLocal(1)
	ctx, cancel := context.WithCancel(t.Context())
	inside, leave, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- pool.Run(t.Context(), task(1, func(context.Context, *pipeline.Task) error {
			close(inside)
			<-leave
			return nil
		}))
	}()
	<-inside
	cancel()
	err := pool.Run(ctx, task(1, func(context.Context, *pipeline.Task) error { return nil }))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(leave)
	if err := errors.Join(<-ended, pool.Run(t.Context(), task(1, func(context.Context, *pipeline.Task) error { return nil }))); err != nil {
		t.Error(err)
	}
}
