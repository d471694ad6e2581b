package labeler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/swerm/swerm/labeler/exec"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// execVersion rises whenever equal inputs and equal runs would give other labels.
const execVersion = 2

// ExecStage returns the stage "label_exec", which runs tests in one of the
// harnesses given, by default the first.
func ExecStage(harnesses ...exec.Harness) *pipeline.Stage {
	return &pipeline.Stage{
		Name:    "label_exec",
		Version: execVersion,
		Doc:     "apply patches and run the hidden tests of their tasks",
		Inputs: []pipeline.Port{
			{Name: "dataset", Kind: pipeline.KindTrajectories},
			{Name: "tasks", Kind: pipeline.KindRaw, Many: true},
		},
		Output: pipeline.KindLabels,
		NewConfig: func() pipeline.Config {
			c := &ExecConfig{Rules: grade.SWEBench2().Name, Runs: 1, Timeout: time.Minute, KeepLogs: true}
			for _, h := range harnesses {
				c.known = append(c.known, h.Name)
			}
			if len(harnesses) > 0 {
				c.Harness = harnesses[0].Name
			}
			return c
		},
		Run: func(ctx context.Context, t *pipeline.Task) error {
			if err := labelExec(ctx, t, harnesses); err != nil {
				return fmt.Errorf("label_exec: %w", err)
			}
			return nil
		},
	}
}

// ExecFile holds the result beside the labels.
const ExecFile = "exec.json"

// ExecResult is what the verb prints. All but Seconds and Resumed also stands
// beside the labels, in ExecFile.
type ExecResult struct {
	Labels    int64                      `json:"labels"`
	ByVerdict map[pipeline.Verdict]int64 `json:"by_verdict"`
	ByReason  map[string]int64           `json:"by_reason"`
	Findings  map[string]int64           `json:"findings"`
	Runs      int64                      `json:"runs"`
	Tasks     int64                      `json:"tasks"`
	BadTasks  []exec.Fault               `json:"bad_tasks"`
	Resumed   int64                      `json:"resumed,omitempty"` // labels of a run that was killed
	Seconds   float64                    `json:"seconds,omitempty"`
}

// Table shows the verdicts with their reasons' counts.
func (r *ExecResult) Table() string {
	var b strings.Builder
	b.WriteString(verdictTable(r.ByVerdict, r.ByReason))
	for _, f := range r.BadTasks {
		fmt.Fprintf(&b, "%s: row %d: %s\n", f.URI, f.Row, f.Error)
	}
	return b.String()
}

// verdictTable shows verdicts, and below them what else was counted.
func verdictTable(byVerdict map[pipeline.Verdict]int64, counts ...map[string]int64) string {
	var b strings.Builder
	for _, v := range pipeline.Verdicts() {
		if n := byVerdict[v]; n > 0 {
			fmt.Fprintf(&b, "%-12s %8d\n", v, n)
		}
	}
	for _, m := range counts {
		for _, name := range sortedKeys(m) {
			fmt.Fprintf(&b, "  %-24s %8d\n", name, m[name])
		}
	}
	return b.String()
}

func sortedKeys(m map[string]int64) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// execJob is a task of the stage in work.
type execJob struct {
	t       *pipeline.Task
	cfg     *ExecConfig
	trial   exec.Trial
	data    *dataset.Dataset
	tasks   *exec.Tasks
	records *execRecords
}

func labelExec(ctx context.Context, t *pipeline.Task, harnesses []exec.Harness) error {
	start := time.Now()
	j, err := newExecJob(ctx, t, harnesses)
	if err != nil {
		return err
	}
	defer j.tasks.Close()
	w, err := dataset.Create[pipeline.Label](ctx, t.Out, dataset.SpecOf(t))
	if err != nil {
		return err
	}
	defer w.Abort() // does nothing once the labels are published
	aside, err := w.Aside()
	if err != nil {
		return err
	}
	if j.records, err = openExecRecords(filepath.Join(aside, "runs"), j.data.Manifest.Counts.Out); err != nil {
		return err
	}
	resumed := j.records.have
	if resumed > 0 && t.Log != nil {
		t.Log.Info("resume", "labels", t.Out, "runs", resumed)
	}
	res, err := j.label(ctx, w)
	if err = errors.Join(err, j.records.close()); err != nil {
		return err
	}
	if _, err := w.Close(ctx); err != nil {
		return err
	}
	res.Resumed, res.Seconds = resumed, time.Since(start).Seconds()
	t.Result = res
	return nil
}

func newExecJob(ctx context.Context, t *pipeline.Task, harnesses []exec.Harness) (*execJob, error) {
	cfg, ok := t.Config.(*ExecConfig)
	if !ok {
		return nil, fmt.Errorf("config is %T", t.Config)
	}
	i := slices.IndexFunc(harnesses, func(h exec.Harness) bool { return h.Name == cfg.Harness })
	if i < 0 {
		return nil, fmt.Errorf("harness: no harness is named %q", cfg.Harness)
	}
	rules, err := grade.Find(cfg.Rules)
	if err != nil {
		return nil, err
	}
	j := &execJob{t: t, cfg: cfg, trial: exec.Trial{Harness: harnesses[i], Rules: rules, Runs: cfg.Runs, Timeout: cfg.Timeout}}
	in, ok := t.Input("dataset")
	if !ok {
		return nil, errors.New("no dataset given")
	}
	if j.data, err = dataset.Open(ctx, in.URI); err != nil {
		return nil, err
	}
	var from []exec.Source
	for _, in := range t.All("tasks") {
		from = append(from, exec.Source{Name: in.Name, URI: in.URI})
	}
	j.tasks, err = exec.OpenTasks(ctx, from)
	return j, err
}

// label makes what has not happened happen, and then writes what has.
func (j *execJob) label(ctx context.Context, w *dataset.Writer[pipeline.Label]) (*ExecResult, error) {
	if err := j.runAll(ctx); err != nil {
		return nil, err
	}
	res := &ExecResult{ByVerdict: map[pipeline.Verdict]int64{}, ByReason: map[string]int64{}, Findings: map[string]int64{},
		Tasks: int64(j.tasks.Len()), BadTasks: j.tasks.Faults}
	for _, v := range pipeline.Verdicts() {
		res.ByVerdict[v] = 0
	}
	if err := j.write(ctx, w, res); err != nil {
		return nil, err
	}
	side, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return nil, err
	}
	return res, w.Attach(ExecFile, append(side, '\n'))
}

// attempt is what labelling needs of a trajectory.
type attempt struct {
	row             int64
	id              string
	instance, patch *string
}

// runAll tries every patch that has no record yet, several at once.
func (j *execJob) runAll(ctx context.Context) error {
	workers := j.t.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	progress := j.t.Progress
	if progress == nil {
		progress = pipeline.NoProgress{}
	}
	progress.Total(int64(len(j.records.at)), "rows")
	progress.Add(j.records.have)
	g, ctx := errgroup.WithContext(ctx)
	todo := make(chan attempt, workers)
	g.Go(func() error {
		defer close(todo)
		return j.feed(ctx, todo)
	})
	for range workers {
		g.Go(func() error {
			for a := range todo {
				if err := j.tryOne(ctx, a); err != nil {
					return err
				}
				progress.Add(1)
			}
			return nil
		})
	}
	return g.Wait()
}

func (j *execJob) feed(ctx context.Context, todo chan<- attempt) error {
	row := int64(0)
	columns := []string{"trajectory_id", "instance_id", "patch"}
	for l, err := range dataset.Read[pipeline.Trajectory](ctx, j.data, dataset.ReadOptions{Columns: columns}) {
		if err != nil {
			return err
		}
		if row >= int64(len(j.records.at)) {
			return fmt.Errorf("%s holds more rows than its manifest says", j.data.URI)
		}
		if !j.records.done(row) {
			select {
			case todo <- attempt{row, l.Value.ID, l.Value.InstanceID, l.Value.Patch}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		row++
	}
	if row != int64(len(j.records.at)) {
		return fmt.Errorf("%s holds %d rows, its manifest says %d", j.data.URI, row, len(j.records.at))
	}
	return nil
}

func (j *execJob) tryOne(ctx context.Context, a attempt) error {
	out, err := j.outcome(ctx, a)
	if err != nil {
		return err
	}
	rec := &execRecord{Row: a.row, Label: j.labelFor(a, out)}
	if j.evident(out) {
		if rec.Evidence, err = json.Marshal(out.Evidence); err != nil {
			return err
		}
	}
	return j.records.add(rec)
}

// outcome tries one patch, or says why there is nothing to try.
func (j *execJob) outcome(ctx context.Context, a attempt) (*exec.Outcome, error) {
	if a.instance == nil {
		return exec.Unknown(exec.ReasonNoTask, nil), nil
	}
	task, err := j.tasks.Find(*a.instance)
	switch {
	case errors.Is(err, exec.ErrNoTask):
		return exec.Unknown(exec.ReasonNoTask, nil), nil
	case errors.Is(err, exec.ErrBadTask):
		return exec.Unknown(exec.ReasonBadTask, err), nil
	case err != nil:
		return nil, err
	case a.patch == nil:
		return exec.Unknown(exec.ReasonNoPatch, nil), nil
	}
	return j.trial.Try(ctx, task, *a.patch)
}

// evident says whether the evidence is kept.
func (j *execJob) evident(out *exec.Outcome) bool {
	if out.Evidence == nil {
		return false
	}
	_, score := out.Verdict.Target()
	return j.cfg.KeepLogs || !score || len(out.Evidence.Runs) == 0
}

func (j *execJob) labelFor(a attempt, out *exec.Outcome) pipeline.Label {
	h := j.trial.Harness
	l := pipeline.Label{TrajectoryID: a.id, Verdict: out.Verdict, Reason: out.Reason, PassRate: out.PassRate,
		Rules: j.trial.Rules.Name, RulesVersion: j.trial.Rules.Version, Findings: out.Findings}
	if a.patch != nil {
		hash := pipeline.PatchHash(*a.patch)
		l.PatchHash = &hash
	}
	if out.PassRate != nil || out.Runs > 0 {
		l.Runs = &out.Runs
	}
	if out.Runs > 0 {
		l.Harness, l.HarnessVersion = h.Name, h.Version
	}
	if g := out.Grade; g != nil {
		l.Parser, l.ParserVersion = g.Parser.Name, g.Parser.Version
		f2p, p2p := g.F2P.Total(), g.P2P.Total()
		l.F2PPass, l.F2PTotal, l.P2PPass, l.P2PTotal = &g.F2P.Passed, &f2p, &g.P2P.Passed, &p2p
		l.StatusHash = &g.StatusHash
	}
	return l
}

// write turns records into labels, in the order of the trajectories.
func (j *execJob) write(ctx context.Context, w *dataset.Writer[pipeline.Label], res *ExecResult) error {
	book, err := newEvidenceBook(w.Attach)
	if err != nil {
		return err
	}
	for row := range int64(len(j.records.at)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec, err := j.records.get(row)
		if err != nil {
			return err
		}
		l := &rec.Label
		if rec.Evidence != nil {
			key, err := book.add(rec.Evidence)
			if err != nil {
				return err
			}
			l.EvidenceKey = &key
		}
		res.count(l)
		if err := w.Add(l, dataset.Cursor{Row: row}); err != nil {
			return err
		}
	}
	w.Expect(int64(len(j.records.at)))
	return book.close()
}

func (r *ExecResult) count(l *pipeline.Label) {
	r.Labels++
	r.ByVerdict[l.Verdict]++
	r.ByReason[l.Reason]++
	for _, f := range l.Findings {
		r.Findings[f]++
	}
	if l.Runs != nil {
		r.Runs += int64(*l.Runs)
	}
}
