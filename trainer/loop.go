package trainer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/trainer/comm"
)

// workDir holds the checkpoints and scratch of an unfinished run, inside its
// staging directory; it goes before the checkpoint is published.
const workDir = "work"

// maxSkippedInRow ends a run under NonFiniteSkip: so many bad steps one after
// the other mean that the weights, not the batches, are at fault.
const maxSkippedInRow = 10

// A NonFiniteError is returned when a step's loss or gradient is not finite.
// The weights are those before the step.
type NonFiniteError struct {
	Step  int64 // from 1
	Rank  int   // whose part it is; -1 alone, or where it shows in the sum only
	What  string
	Value float64
	Cause error // where the network met it first, if it did on this rank
}

// Error names the step.
func (e *NonFiniteError) Error() string {
	where := ""
	if e.Rank >= 0 {
		where = fmt.Sprintf(" (rank %d)", e.Rank)
	}
	text := fmt.Sprintf("step %d: the %s%s is %v: lower optimizer.lr, or set on_nonfinite: skip", e.Step, e.What, where, e.Value)
	if e.Cause != nil {
		text += fmt.Sprintf(" (%v)", e.Cause)
	}
	return text
}

// Unwrap returns the cause.
func (e *NonFiniteError) Unwrap() error { return e.Cause }

// A training is one run of the loop.
type training struct {
	cfg    *Config
	net    *network
	layout *layout
	data   *corpus
	plan   *plan
	steps  int64 // of the whole run

	dir     string // staging
	shelf   shelf
	journal *journal
	saver   *saver
	st      *State
	saved   int64 // step of the newest checkpoint, written or begun; -1: none, or one that waits for its evaluation
	clock   *stopwatch
	rates   rates // of operations, measured at the start

	threads  int
	log      *slog.Logger
	progress pipeline.Progress
	watch    *watch
	monitor  *Monitor // nil: nobody asks
	batch    []int32  // scratch
	list     []sample
}

// setup says what a training starts from.
type setup struct {
	cfg      *Config
	data     *corpus
	head     moe.Head
	dir      string // staging; found again by a second start
	from     origin // weights of step 0
	ranks    Ranks
	threads  int
	log      *slog.Logger
	progress pipeline.Progress
	monitor  *Monitor
}

// open finds the newest checkpoint in the staging directory, or starts anew.
func open(s setup) (t *training, err error) {
	t = &training{cfg: s.cfg, data: s.data, dir: s.dir, threads: s.threads, log: s.log, progress: s.progress, monitor: s.monitor,
		shelf: shelf{filepath.Join(s.dir, workDir)}}
	t.planBatches()
	if t.layout, err = newLayout(s.ranks, s.from.shape.NumExperts); err != nil {
		return nil, err
	}
	t.clock = &stopwatch{layout: t.layout}
	if err := t.load(s); err != nil {
		return nil, err
	}
	t.watch = newWatch(t.st)
	t.journal = &journal{}
	t.saver = &saver{shelf: t.shelf, net: t.net, journal: t.journal, keep: s.cfg.KeepCheckpoints}
	if err := t.sayCopies(); err != nil {
		return nil, err
	}
	if !t.layout.lead() {
		return t, nil
	}
	if err := os.MkdirAll(t.shelf.dir, 0o755); err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	lines := t.st.Step
	if t.st.PendingLine != nil {
		lines--
	}
	t.journal, err = openJournal(s.dir, t.st.MetricsBytes, lines)
	t.saver.journal = t.journal
	return t, err
}

// load takes weights and state from the newest checkpoint, whatever layout
// wrote it, or begins at step 0.
func (t *training) load(s setup) error {
	newest, err := t.newest()
	if err != nil {
		return err
	}
	t.saved = -1
	t.st = &State{Format: stateFormat, KernelFamily: kernelFamily(s.cfg.Precision), Precision: s.cfg.Precision, Moments: s.cfg.momentsFormat()}
	from := s.from
	if newest > 0 {
		saved := t.shelf.path(newest)
		if !s.cfg.adapts() {
			from.dir = saved
		}
		if t.st, err = loadState(saved); err != nil {
			return err
		}
		if err := errors.Join(t.st.checkFamily(), t.st.checkMoments(s.cfg)); err != nil {
			return err
		}
	}
	if err := t.checkBase(from); err != nil {
		return err
	}
	e, err := newEngine(s.cfg, from, t.layout, s.threads)
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	if t.net, err = newNetwork(e, t.layout, s.cfg, s.head, s.data.tokens); err != nil {
		return err
	}
	t.net.clock = t.clock
	if newest > 0 {
		saved := t.shelf.path(newest)
		if err := errors.Join(t.st.checkBias(e.config()), e.loadAdapters(saved), e.loadMoments(saved), e.loadAverage(saved)); err != nil {
			return err
		}
		if t.st.PendingLine == nil {
			t.saved = t.st.Step
		}
		t.log.Info("training goes on", "step", t.st.Step, "of", t.steps)
	}
	return t.sayBytes()
}

// newest is the step of the newest checkpoint, as the leading rank sees it; 0
// where there is none.
func (t *training) newest() (int64, error) {
	newest := []int64{0}
	if t.layout.lead() {
		saved, err := t.shelf.steps()
		if err != nil {
			return 0, err
		}
		if len(saved) > 0 {
			newest[0] = saved[len(saved)-1]
		}
	}
	err := t.layout.world.Broadcast(comm.Bytes(newest), 0)
	return newest[0], err
}

// sayBytes logs what each rank keeps.
func (t *training) sayBytes() error {
	n := t.layout.world.Size()
	all := make([]int64, 3*n)
	parameters, gradients, optimizer := t.net.bytes()
	copy(all[3*t.layout.world.Rank():], []int64{parameters, gradients, optimizer})
	if err := comm.AllReduce(t.layout.world, all); err != nil {
		return err
	}
	for r := range n {
		t.log.Info("rank", "rank", r, "of", n, "parameter_bytes", all[3*r], "gradient_bytes", all[3*r+1], "optimizer_bytes", all[3*r+2])
	}
	return nil
}

// sayCopies logs what copies of checkpoints take beside it.
func (t *training) sayCopies() error {
	if !t.cfg.copiesCheckpoints() {
		return nil
	}
	all := make([]int64, t.layout.world.Size())
	all[t.layout.world.Rank()] = bytesOf(t.net.parts())
	if err := comm.AllReduce(t.layout.world, all); err != nil {
		return err
	}
	t.log.Info("checkpoints are written from a copy in memory (checkpoint_async)", "copy_bytes_per_rank", slices.Max(all))
	return nil
}

func (t *training) planBatches() {
	_, counts, groups := columns(t.data.train)
	if !t.cfg.Batch.GroupTasks {
		groups = nil
	}
	t.plan = newPlan(counts, groups, t.cfg.Seed, t.cfg.Batch.Sequences)
	t.steps = t.plan.limit(t.cfg.Steps, t.cfg.Epochs)
}

// run trains to the end. When ctx ends it finishes the step at hand, writes a
// checkpoint and returns ctx's error; the same call later goes on from there.
func (t *training) run(ctx context.Context) error {
	defer func() { t.journal.close() }()
	defer func() { _ = t.saver.wait() }() // after an error: it must not write on
	defer t.frugal()()
	t.progress.Total(t.steps, "steps")
	t.progress.Add(t.st.Step)
	if err := t.finishPending(ctx); err != nil {
		return err
	}
	if err := t.measure(); err != nil {
		return err
	}
	t.watch = newWatch(t.st)
	t.monitor.update(t)
	first := t.st.Step
	for t.st.Step < t.steps && !t.st.StoppedEarly {
		t.clock.begin()
		stop, err := t.agree(ctx)
		if err != nil {
			return err
		}
		if stop {
			return t.interrupted(ctx)
		}
		line, err := t.step()
		if err != nil {
			return err
		}
		spent := t.clock.end(phaseCompute)
		t.watch.phases.add(spent)
		t.log.Debug("seconds of a step", append([]any{"step", line.Step}, spent.attrs(1)...)...)
		if err := t.finish(ctx, line); err != nil {
			return err
		}
		t.say()
		t.progress.Add(1)
	}
	if err := t.end(); err != nil {
		return err
	}
	if err := t.sayMemory(); err != nil {
		return err
	}
	return t.sayTimes(t.st.Step - first)
}

// measure probes the ranks' connections.
func (t *training) measure() (err error) {
	if t.rates, err = t.layout.probe(); err != nil {
		return err
	}
	for _, op := range slices.Sorted(maps.Keys(t.rates)) {
		t.log.Info("bandwidth", "operation", op, "mb_per_second", int(t.rates[op]/1e6))
	}
	return nil
}

// agree tells the other ranks whether this one is to stop, and whether it still
// writes a checkpoint, and returns whether any is to stop.
func (t *training) agree(ctx context.Context) (stop bool, err error) {
	busy, err := t.saver.busy()
	if err != nil {
		return false, err
	}
	said, err := t.layout.count(ctx.Err() != nil, busy)
	if err != nil {
		return false, err
	}
	if said[1] == 0 {
		t.saver.advance()
	}
	return said[0] > 0, nil
}

// step runs one global batch and moves the weights.
func (t *training) step() (Line, error) {
	t.batch = t.plan.batch(t.batch, t.st.Step)
	t.list = t.list[:0]
	for _, i := range t.batch {
		t.list = append(t.list, t.data.train[i])
	}
	line := Line{Step: t.st.Step + 1, Epoch: t.plan.epochs(t.st.Step + 1), Sequences: len(t.list),
		LR: t.cfg.Optimizer.LR * t.cfg.Schedule.factor(t.st.Step, t.steps)}
	bias := t.cfg.Aux.biasFactor(t.st.Step, t.steps)
	if err := t.net.bias(t.st.biased(bias)); err != nil {
		return line, err
	}
	w, err := t.net.gradient(t.list)
	if err != nil {
		return line, fmt.Errorf("step %d: %w", line.Step, err)
	}
	line.Tokens, line.Micros = w.tokens, w.micros
	if !w.silent {
		line.Loss = present(w.loss)
	}
	bad := &NonFiniteError{Step: line.Step, Rank: w.culprit, What: "loss", Value: w.loss, Cause: t.net.cause}
	if t.layout.alone() {
		bad.Rank = -1
	}
	if finite(w.loss) {
		line.Aux, line.Balance = w.aux, w.load.balance()
		if t.cfg.Aux.ZLoss > 0 {
			line.Z = &w.z
		}
		line.GradNorm = present(w.norm)
		bad.What, bad.Value = "gradient norm", w.norm // of the sum, so of no rank
	}
	if finite(bad.Value) {
		t.st.Updates++
		t.st.SkippedInRow = 0
		t.clock.time(phaseUpdate, func() { err = t.net.step(line.LR, bad.Value, t.st.Updates, t.threads) })
		if err != nil {
			return line, fmt.Errorf("step %d: %w", line.Step, err)
		}
		if t.cfg.Aux.BiasRate > 0 && bias == 1 {
			t.st.moveBias(w.load, t.cfg.Aux.BiasRate)
		}
	} else if err := t.skip(&line, bad); err != nil {
		return line, err
	}
	t.st.Step++
	t.st.Tokens += w.tokens
	t.st.Sequences += int64(len(t.list))
	t.watch.saw(line, w.margins, t.list)
	return line, nil
}

// skip leaves the weights alone where the config allows it.
func (t *training) skip(line *Line, bad *NonFiniteError) error {
	if t.cfg.OnNonFinite == NonFiniteStop {
		return bad
	}
	t.st.SkippedSteps++
	if t.st.SkippedInRow++; t.st.SkippedInRow > maxSkippedInRow {
		return fmt.Errorf("%d steps in a row were skipped: %w", t.st.SkippedInRow, bad)
	}
	t.net.zeroGrad()
	line.Skipped, line.Aux, line.Z, line.Balance = bad.What, 0, nil, nil
	t.log.Warn("step skipped", "step", line.Step, "cause", bad.What, "value", bad.Value)
	return nil
}

// finish evaluates where it is due, writes the step's line and, where that is
// due, a checkpoint. An interrupted evaluation is kept as a pending line.
func (t *training) finish(ctx context.Context, line Line) error {
	improved := false
	if t.evalDue(line.Step) {
		t.clock.begin()
		dev, err := t.net.evaluate(ctx, t.data.dev)
		t.clock.end(phaseEvaluate)
		if err != nil && ctx.Err() != nil {
			t.st.PendingLine = &line
			return t.interrupted(ctx)
		}
		if err != nil {
			return fmt.Errorf("step %d: dev evaluation: %w", line.Step, err)
		}
		line.Dev, t.watch.dev, t.watch.devStep = dev, dev, line.Step
		t.log.Info("dev evaluated", "step", line.Step, "loss", number(dev.Loss), "auc", number(dev.AUC), "ece", number(dev.ECE), "sequences", dev.Sequences)
		improved = t.judge(line.Step, dev)
	}
	t.st.PendingLine = nil
	if err := t.journal.add(line); err != nil {
		return err
	}
	t.st.MetricsBytes = t.journal.bytes
	due := t.cfg.CheckpointEvery > 0 && line.Step%t.cfg.CheckpointEvery == 0
	if due || improved && t.cfg.Eval.Keep == KeepBest {
		return t.save()
	}
	return nil
}

func (t *training) finishPending(ctx context.Context) error {
	if t.st.PendingLine == nil {
		return nil
	}
	return t.finish(ctx, *t.st.PendingLine)
}

func (t *training) evalDue(step int64) bool {
	if len(t.data.dev) == 0 {
		return false
	}
	return step == t.steps || t.cfg.Eval.Every > 0 && step%t.cfg.Eval.Every == 0
}

// judge compares an evaluation with the best one and decides on an early stop.
func (t *training) judge(step int64, dev *Dev) (improved bool) {
	value, ok := dev.better(t.cfg.Eval.By, t.st.Best)
	if ok {
		t.st.BestStep, t.st.Best, t.st.WithoutBetter = step, &value, 0
		return true
	}
	t.st.WithoutBetter++
	t.st.StoppedEarly = t.cfg.Eval.Patience > 0 && t.st.WithoutBetter >= t.cfg.Eval.Patience
	return false
}

// save begins a checkpoint of the last finished step, or writes it, as the
// config says; older ones are dropped when it is there.
func (t *training) save() error {
	if t.saved == t.st.Step {
		return nil
	}
	t.clock.begin()
	defer t.clock.end(phaseCheckpoint)
	if err := t.saver.begin(t.st, t.kept(), t.cfg.CheckpointAsync, true); err != nil {
		return err
	}
	t.saved = t.st.Step
	if t.cfg.CheckpointAsync {
		return nil
	}
	return t.saver.settle()
}

// end has the last checkpoint written, and the older ones dropped.
func (t *training) end() error {
	if err := t.write(); err != nil || !t.layout.lead() {
		return err
	}
	return t.shelf.prune(t.cfg.KeepCheckpoints, t.kept())
}

// write has a checkpoint of the last finished step written when it returns. It
// drops none, so that one is there if this very write is cut short.
func (t *training) write() error {
	t.clock.begin()
	defer t.clock.end(phaseCheckpoint)
	if t.saved != t.st.Step {
		if err := t.saver.begin(t.st, t.kept(), false, false); err != nil {
			return err
		}
		t.saved = t.st.Step
	}
	return t.saver.settle()
}

// interrupted saves where the run stands and returns the context's error.
func (t *training) interrupted(ctx context.Context) error {
	if err := t.write(); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	t.log.Info("training interrupted", "step", t.st.Step, "of", t.steps)
	if ctx.Err() == nil { // another rank was
		return context.Canceled
	}
	return ctx.Err()
}

// kept is the step whose checkpoint must outlive newer ones.
func (t *training) kept() int64 {
	if t.cfg.Eval.Keep == KeepBest {
		return t.st.BestStep
	}
	return 0
}

// chosen is the checkpoint to publish: the best one where the config says so
// and any evaluation gave a number, else the last.
func (t *training) chosen() string {
	if step := t.kept(); step > 0 {
		return t.shelf.path(step)
	}
	return t.shelf.path(t.st.Step)
}

func number(v *float64) any {
	if v == nil {
		return "none"
	}
	return *v
}
