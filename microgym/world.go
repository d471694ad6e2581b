package microgym

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/swerm/swerm/microgym/mutate"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

const (
	// worldVersion rises whenever equal settings would give other tasks.
	worldVersion = 1
	// maxTasks bounds one world: some 8 KiB each.
	maxTasks = 2_000_000
	// MissingFile lists the indices that gave no task, where there are any.
	MissingFile = "missing.jsonl"
)

// WorldConfig says which tasks to make.
type WorldConfig struct {
	Tasks     int      `json:"tasks" yaml:"tasks"`
	Seed      uint64   `json:"seed" yaml:"seed"`
	Templates []string `json:"templates,omitempty" yaml:"templates,omitempty"` // none = all
	Exclude   []string `json:"exclude,omitempty" yaml:"exclude,omitempty"`     // templates left out
}

// Validate lists every fault at once.
func (c *WorldConfig) Validate() error {
	var errs []error
	if c.Tasks < 1 || c.Tasks > maxTasks {
		errs = append(errs, fmt.Errorf("tasks: %d is not in 1..%d", c.Tasks, maxTasks))
	}
	return errors.Join(append(errs, c.options().Validate())...)
}

func (c *WorldConfig) options() task.Options {
	o := task.Options{Seed: c.Seed, Exclude: c.Exclude}
	if len(c.Templates) > 0 {
		o.Templates = c.Templates
	}
	return o
}

// WorldResult is what the stage says of itself.
type WorldResult struct {
	Tasks         int                 `json:"tasks"`
	Failed        int                 `json:"failed"`         // indices without a task
	VisibleCovers int                 `json:"visible_covers"` // tasks whose visible tests see the bug
	KnownFailures int                 `json:"known_failures"` // tasks with a test that always fails
	Templates     map[string]int      `json:"templates"`
	Kinds         map[mutate.Kind]int `json:"kinds"`
	Bytes         int64               `json:"bytes"`
	Seconds       float64             `json:"seconds"`
}

// WorldStage generates tasks into one file of JSON Lines, TasksFile. The file
// is the same for any number of workers, and a world of more tasks begins with
// the tasks of a smaller one.
func WorldStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:      "world",
		Version:   worldVersion,
		Doc:       "generate small programs with bugs to repair",
		Output:    pipeline.KindRaw,
		NewConfig: func() pipeline.Config { return &WorldConfig{Tasks: 200, Seed: 1} },
		Run:       runWorld,
	}
}

func runWorld(ctx context.Context, t *pipeline.Task) error {
	start := time.Now()
	cfg, ok := t.Config.(*WorldConfig)
	if !ok {
		return fmt.Errorf("world: config is %T", t.Config)
	}
	out, err := dataset.CreateArtifact(ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return fmt.Errorf("world: %w", err)
	}
	defer out.Abort()
	w := worldWriter{dir: out.Dir(), res: &WorldResult{Templates: map[string]int{}, Kinds: map[mutate.Kind]int{}}}
	if err := w.write(ctx, cfg, t.Workers, t.Progress); err != nil {
		return fmt.Errorf("world: %w", err)
	}
	w.res.Seconds = time.Since(start).Seconds()
	t.Result = w.res
	if _, err := out.Close(ctx, w.counts); err != nil {
		return fmt.Errorf("world: %w", err)
	}
	return nil
}

// A made is the outcome of one index.
type made struct {
	index int
	task  *task.Task
	row   []byte
	err   error
	done  chan struct{}
}

// worlds makes tasks with several workers and yields them in order.
func worlds(ctx context.Context, cfg *WorldConfig, workers int, take func(*made) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	work, order := make(chan *made), make(chan *made, tasksAhead*workers)
	wg.Go(func() {
		defer close(order)
		defer close(work)
		for i := range cfg.Tasks {
			m := &made{index: i, done: make(chan struct{})}
			for _, to := range []chan<- *made{order, work} {
				select {
				case to <- m:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		wg.Go(func() {
			for m := range work {
				m.make(ctx, cfg.options())
				close(m.done)
			}
		})
	}
	for m := range order {
		select {
		case <-m.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := ctx.Err(); err != nil {
			return err // what a worker was doing is no result
		}
		if err := take(m); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (m *made) make(ctx context.Context, o task.Options) {
	if m.task, m.err = task.Generate(ctx, o, m.index); m.err == nil {
		m.row, m.err = json.Marshal(m.task)
	}
}

// worldWriter writes what was made and counts it.
type worldWriter struct {
	dir     string
	res     *WorldResult
	counts  pipeline.Counts
	missing *os.File // opened by the first index without a task
}

func (w *worldWriter) write(ctx context.Context, cfg *WorldConfig, workers int, progress pipeline.Progress) (err error) {
	if progress == nil {
		progress = pipeline.NoProgress{}
	}
	progress.Total(int64(cfg.Tasks), "tasks")
	f, err := os.Create(filepath.Join(w.dir, TasksFile))
	if err != nil {
		return err
	}
	defer func() {
		if w.missing != nil {
			err = errors.Join(err, w.missing.Close())
		}
		err = errors.Join(err, f.Close())
	}()
	b := bufio.NewWriterSize(f, 1<<20)
	err = worlds(ctx, cfg, workers, func(m *made) error {
		progress.Add(1)
		return w.take(b, m)
	})
	if err != nil {
		return err
	}
	return b.Flush()
}

func (w *worldWriter) take(b *bufio.Writer, m *made) error {
	w.counts.In++
	if m.err != nil {
		w.counts.Failed++
		w.res.Failed++
		return w.miss(m)
	}
	w.counts.Out++
	w.res.Tasks++
	w.res.Templates[m.task.Template]++
	w.res.Kinds[m.task.BugKind]++
	if m.task.VisibleCovers {
		w.res.VisibleCovers++
	}
	if len(m.task.KnownFailures) > 0 {
		w.res.KnownFailures++
	}
	w.res.Bytes += int64(len(m.row)) + 1
	if _, err := b.Write(m.row); err != nil {
		return err
	}
	return b.WriteByte('\n')
}

// miss keeps why an index gave no task.
func (w *worldWriter) miss(m *made) (err error) {
	if w.missing == nil {
		if w.missing, err = os.Create(filepath.Join(w.dir, MissingFile)); err != nil {
			return err
		}
	}
	return json.NewEncoder(w.missing).Encode(struct {
		Index int    `json:"index"`
		Error string `json:"error"`
	}{m.index, m.err.Error()})
}
