package microgym

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/zeebo/blake3"

	"github.com/swerm/swerm/microgym/agent"
	"github.com/swerm/swerm/microgym/task"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/store"
)

// What bounds the stage.
const (
	// maxTaskBytes bounds one line of tasks: generated ones have a few kilobytes.
	maxTaskBytes = 4 << 20
	// maxRollouts bounds the attempts of one policy at one task, which are
	// held together.
	maxRollouts = 1024
	// tasksAhead is how many tasks per worker may be done before their turn
	// to be written comes.
	tasksAhead = 4
)

// collectVersion rises whenever equal tasks would give other trajectories.
const collectVersion = 2

// originFormat and originVersion are what records say read them.
const (
	originFormat  = "microgym"
	originVersion = "1"
)

// CollectConfig says who attempts the tasks.
type CollectConfig struct {
	Policies []string `json:"policies,omitempty" yaml:"policies,omitempty"` // names of agent.Policies; none = all
	Rollouts int      `json:"rollouts" yaml:"rollouts"`                     // attempts of each policy at each task
	Seed     uint64   `json:"seed" yaml:"seed"`
}

// Validate lists every fault at once.
func (c *CollectConfig) Validate() error {
	var errs []error
	if c.Rollouts < 1 || c.Rollouts > maxRollouts {
		errs = append(errs, fmt.Errorf("rollouts: %d is not in 1..%d", c.Rollouts, maxRollouts))
	}
	seen := map[string]bool{}
	for i, name := range c.Policies {
		p, err := agent.Find(name)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("policies[%d]: %w", i, err))
		case seen[p.Name]:
			errs = append(errs, fmt.Errorf("policies[%d]: %s is named twice", i, p.Name))
		}
		seen[p.Name] = true
	}
	return errors.Join(errs...)
}

func (c *CollectConfig) policies() ([]agent.Policy, error) {
	if len(c.Policies) == 0 {
		return agent.Policies(), nil
	}
	var list []agent.Policy
	for _, name := range c.Policies {
		p, err := agent.Find(name)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// CollectResult is what the stage says of itself. Seconds are of this run and
// stored nowhere.
type CollectResult struct {
	In       int64                         `json:"in"`
	Out      int64                         `json:"out"`
	Dropped  map[pipeline.DropReason]int64 `json:"dropped"`
	Failed   int64                         `json:"failed"`
	Policies map[string]int64              `json:"policies"` // runs written now, not by an earlier, killed run
	Statuses map[string]int64              `json:"statuses"`
	Seconds  float64                       `json:"seconds"`
}

// CollectStage lets policies attempt tasks. A run that cannot be made for a
// reason of ours is failed with its cause and never a trajectory.
func CollectStage() *pipeline.Stage {
	return &pipeline.Stage{
		Name:      "collect",
		Version:   collectVersion,
		Doc:       "let scripted policies attempt generated tasks",
		Inputs:    []pipeline.Port{{Name: "tasks", Kind: pipeline.KindRaw}},
		Output:    pipeline.KindTrajectories,
		NewConfig: func() pipeline.Config { return &CollectConfig{Rollouts: 1, Seed: 1} },
		Run:       collect,
	}
}

func collect(ctx context.Context, t *pipeline.Task) error {
	start := time.Now()
	cfg, ok := t.Config.(*CollectConfig)
	if !ok {
		return fmt.Errorf("collect: config is %T", t.Config)
	}
	in, ok := t.Input("tasks")
	if !ok {
		return errors.New("collect: no tasks")
	}
	policies, err := cfg.policies()
	if err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	w, err := dataset.Create[pipeline.Trajectory](ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	defer w.Abort()
	c := collector{config: *cfg, policies: policies, workers: t.Workers, progress: t.Progress, w: w,
		res: &CollectResult{Policies: map[string]int64{}, Statuses: map[string]int64{}}}
	if err := c.run(ctx, in.URI); err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	counts := w.Counts()
	if _, err := w.Close(ctx); err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	res := c.res
	res.In, res.Out, res.Failed, res.Dropped = counts.In, counts.Out, counts.Failed, counts.Dropped
	if res.Dropped == nil {
		res.Dropped = map[pipeline.DropReason]int64{}
	}
	res.Seconds = time.Since(start).Seconds()
	t.Result = res
	return nil
}

type collector struct {
	config   CollectConfig
	policies []agent.Policy
	workers  int
	progress pipeline.Progress
	w        *dataset.Writer[pipeline.Trajectory]
	res      *CollectResult
}

// A line is one row of the tasks on its way: a worker makes its runs, the
// writer takes them in order.
type line struct {
	uri  string
	row  int64
	data []byte
	runs []attempt
	bad  error // the row is no task
	done chan struct{}
}

// An attempt is a run or why there is none.
type attempt struct {
	trajectory *pipeline.Trajectory
	err        error
}

func (c *collector) run(ctx context.Context, uri string) error {
	f, name, err := openTasks(ctx, uri)
	if err != nil {
		return err
	}
	defer f.Close()
	if c.progress == nil {
		c.progress = pipeline.NoProgress{}
	}
	c.progress.Total(f.Size(), "bytes")
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	workers := c.workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	work, order := make(chan *line), make(chan *line, tasksAhead*workers)
	var readErr error
	wg.Go(func() {
		defer close(order)
		defer close(work)
		readErr = c.read(ctx, f, name, work, order)
	})
	for range workers {
		wg.Go(func() {
			for l := range work {
				c.attempt(ctx, l)
				close(l.done)
			}
		})
	}
	for l := range order {
		select {
		case <-l.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := ctx.Err(); err != nil {
			return err // what a worker was doing is not a result
		}
		if err := c.write(l); err != nil {
			return err
		}
		c.progress.Add(int64(len(l.data)) + 1)
	}
	if readErr != nil {
		return readErr
	}
	return ctx.Err()
}

// read hands out rows from the first that is not durable yet.
func (c *collector) read(ctx context.Context, f io.ReaderAt, name string, work, order chan<- *line) error {
	next, _, _ := c.w.Resume()
	first := next.Row / c.perTask()
	for l, err := range taskLines(f, name) {
		if err != nil {
			return err
		}
		if l.row < first {
			c.progress.Add(int64(len(l.data)) + 1)
			continue
		}
		select {
		case order <- l:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case work <- l:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// perTask is how many cursor positions a row of tasks has.
func (c *collector) perTask() int64 { return int64(len(c.policies) * c.config.Rollouts) }

// attempt makes every run at one task. What the runs share is prepared once.
func (c *collector) attempt(ctx context.Context, l *line) {
	if l.bad != nil {
		return
	}
	var t task.Task
	if err := json.Unmarshal(l.data, &t); err != nil {
		l.bad = err
		return
	}
	if err := t.Validate(); err != nil {
		l.bad = err
		return
	}
	menu, err := agent.Prepare(ctx, &t, c.config.Seed)
	if err != nil {
		l.bad = err
		return
	}
	sum := blake3.Sum256(l.data)
	origin := pipeline.Origin{URI: l.uri, Row: l.row, ContentHash: "blake3:" + hex.EncodeToString(sum[:]),
		Format: originFormat, Version: originVersion}
	for _, p := range c.policies {
		for rollout := range c.config.Rollouts {
			if ctx.Err() != nil {
				return
			}
			e, err := menu.Run(ctx, p, rollout)
			if err != nil {
				l.runs = append(l.runs, attempt{err: err})
				continue
			}
			e.Trajectory.Origin = origin
			e.Trajectory.ID = e.Trajectory.ComputeID()
			l.runs = append(l.runs, attempt{trajectory: &e.Trajectory})
		}
	}
}

func (c *collector) write(l *line) error {
	at := dataset.Cursor{Row: l.row * c.perTask()}
	fail := func(err error) error {
		return c.w.Fail(&pipeline.RecordError{URI: l.uri, Row: l.row, Err: err}, at)
	}
	if l.bad != nil {
		return fail(l.bad)
	}
	seen := map[string]bool{}
	for _, run := range l.runs {
		var err error
		switch tr := run.trajectory; {
		case run.err != nil:
			err = fail(run.err)
		case seen[tr.ID]:
			err = c.w.Drop(pipeline.DropDuplicate, pipeline.Reject{URI: l.uri, Row: l.row, ID: tr.ID}, at)
		default:
			seen[tr.ID] = true
			policy, status := tr.Policy, *tr.ExitStatus
			if err = c.w.Add(tr, at); err != nil {
				err = fail(err)
				break
			}
			c.res.Policies[policy]++
			c.res.Statuses[status]++
		}
		if err != nil {
			return err
		}
		at.Row++
	}
	return nil
}

// TasksFile is the file that holds tasks, one JSON object a line.
const TasksFile = "tasks.jsonl"

// openTasks opens a file of tasks, or the one in a folder.
func openTasks(ctx context.Context, uri string) (store.Blob, string, error) {
	if p, err := store.LocalPath(uri); err == nil {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			uri = store.Join(uri, TasksFile)
		}
	} else if !strings.HasSuffix(uri, ".jsonl") {
		uri = store.Join(uri, TasksFile)
	}
	st, p, err := store.Open(ctx, uri)
	if err != nil {
		return nil, "", err
	}
	f, err := st.Open(ctx, p)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", uri, err)
	}
	return f, path.Base(uri), nil
}

// taskLines yields the rows of a file. Empty lines are none.
func taskLines(f io.ReaderAt, name string) iter.Seq2[*line, error] {
	return func(yield func(*line, error) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 1<<16)
		for row := int64(0); ; row++ {
			data, long, err := readLine(r)
			if err != nil && err != io.EOF {
				yield(nil, fmt.Errorf("%s: row %d: %w", name, row, err))
				return
			}
			l := &line{uri: name, row: row, data: data, done: make(chan struct{})}
			if long {
				l.bad = fmt.Errorf("longer than %d bytes", maxTaskBytes)
			}
			if (long || len(bytes.TrimSpace(data)) > 0) && !yield(l, nil) {
				return
			}
			if err == io.EOF {
				return
			}
		}
	}
}

// readLine reads to the next newline and keeps at most maxTaskBytes.
func readLine(r *bufio.Reader) (data []byte, long bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(data)+len(part) > maxTaskBytes {
			long, data = true, nil
		}
		if !long {
			data = append(data, part...)
		}
		if err != bufio.ErrBufferFull {
			return bytes.TrimSuffix(data, []byte("\n")), long, err
		}
	}
}
