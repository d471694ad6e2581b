package run

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/run/runner"
)

var (
	// ErrRejects is returned by a run that finished, but in which more records
	// failed than the run file allows.
	ErrRejects = errors.New("more records were rejected than allowed")

	// ErrKernels is returned before a run that would mix float results of two
	// kernel families, which agree in distribution and not in bits.
	ErrKernels = errors.New("kernel families would be mixed")
)

// A Runner is a place where tasks run.
type Runner interface {
	// Run executes a task and returns once its output is committed or it has
	// failed. It is called from several goroutines, for tasks that do not
	// depend on each other, and bounds the work it does at a time; t.Workers is
	// the parallelism wished for.
	Run(ctx context.Context, t *pipeline.Task) error
}

// Options of a run. The zero value runs everything that is not done, on all
// CPUs, in this process.
type Options struct {
	Workers    int    // bound on parallel work; 0 is one for each CPU
	From       string // run this step and what depends on it again
	NoWait     bool   // fail with ErrLocked in place of waiting for another run
	Runner     Runner // nil is runner.NewLocal(Workers)
	Kernel     string // family of float kernels of this process, where a config has no KernelFamily; "" is not checked
	MixKernels bool   // allow ErrKernels
	Log        *slog.Logger
	Board      *Board // nil shows no progress
}

// The states of a task after a run.
const (
	StateCached      = "cached"
	StateDone        = "done"
	StateFailed      = "failed"
	StateSkipped     = "skipped" // something it depends on failed
	StateInterrupted = "interrupted"

	stateRunning = "running"
)

// A Row is what became of one task.
type Row struct {
	ID      string           `json:"id"`
	Stage   string           `json:"stage"`
	State   string           `json:"state"`
	Key     pipeline.Key     `json:"key"`
	URI     string           `json:"uri"`
	Seconds float64          `json:"seconds"`
	Counts  *pipeline.Counts `json:"counts,omitempty"`
	Error   string           `json:"error,omitempty"`

	RawBytes int64            `json:"-"` // of raw inputs, in a Single
	Result   any              `json:"-"` // what the stage returned; nil when cached
	Done     *dataset.Dataset `json:"-"` // nil unless committed
	err      error
}

// Summary is what became of a run.
type Summary struct {
	Name     string  `json:"name"`
	Out      string  `json:"out"`
	Rows     []Row   `json:"stages"`
	Rejected int64   `json:"rejected"` // records that failed, over all stages
	Seconds  float64 `json:"seconds"`
}

// Plan says what a run would do and writes nothing.
func (f *File) Plan(ctx context.Context, o Options) (*Plan, error) {
	keyer := NewKeyer(filepath.Join(f.Out, cacheDir, "raw.json"))
	return f.plan(ctx, keyer, o.From)
}

// Run does what is not done. Its error is that of the first step that failed,
// joined with the others', ctx's, or ErrRejects; the summary is complete in
// every case but a run that could not start.
func (f *File) Run(ctx context.Context, o Options) (*Summary, error) {
	o.fill()
	begin := time.Now()
	if err := f.checkFrom(o.From); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(f.Out, 0o777); err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, f.Out, !o.NoWait, o.Log)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := restoreAside(f.Out); err != nil {
		return nil, err
	}
	plan, err := f.planAndRemember(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := plan.sweep(); err != nil {
		return nil, err
	}
	e, err := newEngine(plan, o)
	if err != nil {
		return nil, err
	}
	defer e.ledger.close()
	rows := e.run(ctx)
	s := &Summary{Name: f.Name, Out: f.Out, Rows: rows, Seconds: time.Since(begin).Seconds()}
	return s, s.verdict(ctx, f.MaxReject)
}

func (o *Options) fill() {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Runner == nil {
		o.Runner = runner.NewLocal(o.Workers)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Board == nil {
		o.Board = &Board{}
	}
}

func (f *File) planAndRemember(ctx context.Context, o Options) (*Plan, error) {
	keyer := NewKeyer(filepath.Join(f.Out, cacheDir, "raw.json"))
	keyer.Progress = o.Board.task("hashing inputs")
	plan, err := f.plan(ctx, keyer, o.From)
	o.Board.end("hashing inputs", true)
	return plan, errors.Join(err, keyer.Save())
}

// verdict chooses the error of a run.
func (s *Summary) verdict(ctx context.Context, allowed int64) error {
	var errs []error
	for _, r := range s.Rows {
		if r.err != nil && r.State == StateFailed {
			errs = append(errs, fmt.Errorf("%s: %w", r.ID, r.err))
		}
		if r.Counts != nil {
			s.Rejected += r.Counts.Failed
		}
	}
	if err := ctx.Err(); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 && allowed >= 0 && s.Rejected > allowed {
		return fmt.Errorf("%w: %d, allowed are %d; the rejects folder of each output says which and why, max_reject says how many are fine",
			ErrRejects, s.Rejected, allowed)
	}
	return errors.Join(errs...)
}

// engine runs one plan.
type engine struct {
	plan   *Plan
	o      Options
	ledger *ledger
	state  *stateFile
}

func newEngine(plan *Plan, o Options) (*engine, error) {
	ids := map[string]bool{}
	for _, t := range plan.Tasks {
		ids[t.Step.ID] = true
	}
	state, err := openState(plan.File.Out, plan.File.Name, ids)
	if err != nil {
		return nil, err
	}
	e := &engine{plan: plan, o: o, state: state}
	if err := e.checkKernels(); err != nil {
		return nil, err
	}
	e.ledger, err = openLedger(plan.File.Out)
	return e, err
}

// floats says which kinds hold results of float kernels.
func floats(k pipeline.Kind) bool { return k == pipeline.KindCheckpoint || k == pipeline.KindScores }

// checkKernels refuses to go on from float results of another kernel family.
func (e *engine) checkKernels() error {
	if e.o.Kernel == "" || e.o.MixKernels {
		return nil
	}
	for _, t := range e.plan.Tasks {
		if t.Done != nil || !floats(t.Step.Stage.Output) {
			continue
		}
		for _, from := range t.after {
			was, now := e.state.get(from.Step.ID), e.kernel(from)
			if from.Done != nil && was.Key == from.Key && was.Kernel != "" && was.Kernel != now {
				return fmt.Errorf("%w: %s was computed with %s and now would be with %s, and %s would go on from it; set SWERM_KERNEL=%s, or run with --mix-kernels",
					ErrKernels, from.Step.ID, was.Kernel, now, t.Step.ID, was.Kernel)
			}
		}
	}
	return nil
}

// kernel is the family of kernels that this process computes a task with: what
// its config says, or that of all.
func (e *engine) kernel(t *Planned) string {
	own, family := "", e.o.Kernel
	if c, ok := t.Step.Config.(interface{ KernelFamily() string }); ok && family != "" {
		own = c.KernelFamily()
	}
	return cmp.Or(own, family)
}

// run starts every task once its inputs are there. It is the only goroutine
// that reads and writes rows.
func (e *engine) run(ctx context.Context) []Row {
	rows := make([]Row, len(e.plan.Tasks))
	index := map[*Planned]int{}
	type end struct {
		at  int
		row Row
	}
	ended := make(chan end)
	running := 0
	for i, t := range e.plan.Tasks {
		index[t] = i
		rows[i] = Row{ID: t.Step.ID, Stage: t.Step.Stage.Name, Key: t.Key, URI: t.Out}
		if t.Done != nil {
			e.cached(t, &rows[i])
		}
	}
	for {
		ready := e.ready(ctx, rows, index)
		for _, i := range ready {
			share := max(1, e.o.Workers/(len(ready)+running))
			row := rows[i]
			rows[i].State = stateRunning
			go func() {
				e.execute(ctx, e.plan.Tasks[i], share, &row)
				ended <- end{i, row}
			}()
		}
		running += len(ready)
		if running == 0 {
			return rows
		}
		done := <-ended
		rows[done.at] = done.row
		running--
	}
}

// ready lists the tasks that can start, and marks those that never will.
func (e *engine) ready(ctx context.Context, rows []Row, index map[*Planned]int) []int {
	var ready []int
	for i, t := range e.plan.Tasks {
		if rows[i].State != "" {
			continue
		}
		all := true
		for _, from := range t.after {
			switch rows[index[from]].State {
			case StateFailed, StateSkipped:
				rows[i].State = StateSkipped
				rows[i].Error = "needs " + from.Step.ID
			case StateInterrupted:
				rows[i].State = StateInterrupted
			case StateCached, StateDone:
				continue
			}
			all = false
		}
		if rows[i].State == "" && ctx.Err() != nil {
			rows[i].State = StateInterrupted
		}
		if all && rows[i].State == "" {
			ready = append(ready, i)
		}
	}
	return ready
}

// cached records a task that was done before.
func (e *engine) cached(t *Planned, r *Row) {
	r.State, r.Done, r.Counts = StateCached, t.Done, &t.Done.Manifest.Counts
	was := e.state.get(t.Step.ID)
	now := e.output(t, was.Kernel)
	if now == was {
		return // nothing changed: a second run leaves no trace
	}
	var err error
	if was.Key != t.Key { // of another config, or a kill came before it was noted
		now.Kernel, err = kernelIn(e.plan.File.Out, t.Key)
	}
	err = errors.Join(err, e.state.set(t.Step.ID, now),
		e.ledger.append(Event{Event: EventCached, ID: r.ID, Stage: r.Stage, Key: t.Key, URI: now.Path, Counts: r.Counts}))
	if err != nil {
		r.State, r.err, r.Error = StateFailed, err, err.Error()
	}
}

func (e *engine) output(t *Planned, kernel string) Output {
	return Output{Stage: t.Step.Stage.Name, Kind: t.Step.Stage.Output, Key: t.Key, Path: filepath.Base(t.Out), Kernel: kernel}
}

// execute runs one task and records its fate.
func (e *engine) execute(ctx context.Context, t *Planned, workers int, r *Row) {
	begin := time.Now()
	base := Event{ID: r.ID, Stage: r.Stage, Key: t.Key, URI: filepath.Base(t.Out), Workers: workers}
	if floats(t.Step.Stage.Output) {
		base.Kernel = e.kernel(t)
	}
	err := e.record(base, EventStart)
	if err == nil {
		err = e.replace(t, func() error { return e.perform(ctx, t, workers, r) })
	}
	r.Seconds = time.Since(begin).Seconds()
	base.Seconds = r.Seconds
	switch {
	case err == nil:
		r.State = StateDone
		base.Counts, base.Kernel, base.Result = r.Counts, cmp.Or(kernelOf(r.Result), base.Kernel), resultJSON(r.Result)
		if err = e.state.set(t.Step.ID, e.output(t, base.Kernel)); err == nil {
			err = e.record(base, EventFinish)
		}
		if err != nil {
			r.State = StateFailed
		}
	case ctx.Err() != nil:
		r.State = StateInterrupted
		_ = e.record(base, EventInterrupt)
	default:
		r.State = StateFailed
		base.Error = err.Error()
		err = errors.Join(err, e.record(base, EventFail))
	}
	if err != nil {
		r.err, r.Error = err, err.Error()
	}
	e.o.Board.end(r.ID, err == nil)
}

func (e *engine) record(ev Event, kind string) error {
	ev.Event = kind
	return e.ledger.append(ev)
}

// perform runs the stage and checks what it left.
func (e *engine) perform(ctx context.Context, t *Planned, workers int, r *Row) error {
	log := e.o.Log.With("task", r.ID)
	task := &pipeline.Task{Stage: t.Step.Stage, Config: t.Step.Config, Inputs: t.Inputs, Out: t.Out, Key: t.Key,
		Workers: workers, Log: log, Progress: e.o.Board.task(r.ID)}
	if t.settle != nil {
		task.Settle = func(ctx context.Context) error { return t.settle(ctx, task) }
	}
	err := e.o.Runner.Run(ctx, task)
	r.Result = task.Result
	if err != nil {
		return err
	}
	if t.settle != nil {
		t.Key, r.Key = task.Key, task.Key
	}
	done, why, err := committed(ctx, t.Out, t.Step.Stage.Output, t.Key)
	if err != nil {
		return err
	}
	if done == nil {
		return fmt.Errorf("stage %s returned without an output at %s (%s)", r.Stage, t.Out, why)
	}
	r.Done, r.Counts = done, &done.Manifest.Counts
	return nil
}

// kernelOf looks in a result for the family of kernels that computed it: the
// results of float stages carry it as kernel_family.
func kernelOf(result any) string {
	var k struct {
		KernelFamily string `json:"kernel_family"`
	}
	if text, err := json.Marshal(result); err == nil {
		_ = json.Unmarshal(text, &k) // a result of another shape has none
	}
	return k.KernelFamily
}

// maxResultBytes bounds what the ledger keeps of a result; larger ones are in
// the output itself.
const maxResultBytes = 64 << 10

func resultJSON(result any) json.RawMessage {
	if result == nil {
		return nil
	}
	text, err := json.Marshal(result)
	if err != nil || len(text) > maxResultBytes {
		return nil
	}
	return text
}
