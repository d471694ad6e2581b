package regrade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// Options say how attempts are graded.
type Options struct {
	Rules   []grade.RuleSet           // none: the one that the task's data set belongs to
	Tasks   map[string]*instance.Task // by instance; where an attempt has none, its report lists the tests
	Parser  string                    // for all logs; "" chooses one for each
	Workers int
	Limits  testlog.Limits
}

// An Outcome is what became of one attempt.
type Outcome struct {
	Of       *Attempt
	Path     string
	Instance string
	LogHash  string         // SHA-256 of the log, hex
	Results  []grade.Result // one for each rule set, in their order
	Err      error          // what could not be read; Results is empty then
}

// ErrNoTests is returned for an attempt of which nobody says what is required.
var ErrNoTests = errors.New("no task and no report say which tests are required")

// Grade grades every attempt of a tree that has a log, or results that a harness
// read from one.
func Grade(ctx context.Context, t *Tree, o Options) ([]*Outcome, error) {
	with := t.with(func(a *Attempt) bool { return a.Evidence() != nil })
	done := make([]*Outcome, len(with))
	err := each(ctx, o.Workers, len(with), func(i int) { done[i] = o.Attempt(ctx, with[i]) })
	return slices.DeleteFunc(done, func(o *Outcome) bool {
		return o != nil && o.Of.Log == nil && errors.Is(o.Err, ErrNoResults) // a file of another kind, by chance of that name
	}), err
}

// Attempt grades one.
func (o Options) Attempt(ctx context.Context, a *Attempt) *Outcome {
	out := &Outcome{Of: a, Path: a.Path, Instance: a.Instance}
	if err := o.grade(ctx, a, out); err != nil {
		out.Results, out.Err = nil, err
	}
	return out
}

func (o Options) grade(ctx context.Context, a *Attempt, out *Outcome) error {
	q, err := o.question(a, out)
	rules := o.rules(a, q.task)
	if errors.Is(err, ErrNoTests) && !slices.ContainsFunc(rules, func(r grade.RuleSet) bool { return needsTests(a, r) }) {
		err = nil
	}
	if a.Log == nil { // what is no file of results is asked nothing
		var bad error
		if q.results, bad = a.readResults(); bad != nil {
			err = bad
		}
	}
	if err != nil {
		return err
	}
	log := &grade.Log{Repo: repoOf(q.task, out.Instance), Parser: o.Parser}
	if a.Log != nil {
		log.Open = a.Log.Open
	}
	defer log.Release()
	patch, err := a.patch()
	if err != nil {
		return err
	}
	for _, r := range rules {
		res, hash, err := o.gradeLog(ctx, a, &q, r, log)
		if err != nil {
			return err
		}
		res.AttachPatch(patch)
		out.LogHash = hash
		out.Results = append(out.Results, res)
	}
	return nil
}

// A question is what is known of an attempt besides its log.
type question struct {
	task    *instance.Task // nil where no row is at hand
	want    grade.Want
	phases  *grade.Phases  // of its report
	results *grade.Reading // instead of a log
}

// rules are those asked for, else those of the task's data set, else those of the
// harness that leaves such files.
func (o Options) rules(a *Attempt, task *instance.Task) []grade.RuleSet {
	switch {
	case len(o.Rules) > 0:
		return o.Rules
	case task == nil && a.Log == nil:
		return []grade.RuleSet{a.resultsRules()}
	case task == nil && a.fixed():
		return []grade.RuleSet{grade.MultiSWEBench()}
	}
	return []grade.RuleSet{RulesFor(task)}
}

// needsTests reports whether somebody must say what is required of an attempt:
// logs from before the fix say it themselves.
func needsTests(a *Attempt, r grade.RuleSet) bool {
	return r.NeedsTests() && !(r.ComparesPhases() && a.phased())
}

// patch reads the patch of an attempt, nil where there is none.
func (a *Attempt) patch() (*grade.Patch, error) {
	if a.Patch == nil {
		return nil, nil
	}
	text, err := a.Patch.Read(MaxPatchBytes)
	if err != nil {
		return nil, err
	}
	return grade.ReadPatch(string(text)), nil
}

// repoOf returns the repository of a task: as its row says, or as its id does.
func repoOf(t *instance.Task, id string) string {
	if t != nil && strings.Contains(t.Repo, "/") && !strings.HasPrefix(t.Repo, "swesmith/") {
		return t.Repo
	}
	return RepoOf(id)
}

// gradeLog grades a log under one rule set. A log that no parser knows gives an
// unknown verdict, not an error: the log is as it is.
func (o Options) gradeLog(ctx context.Context, a *Attempt, q *question, r grade.RuleSet, log *grade.Log) (grade.Result, string, error) {
	reading, err := o.read(ctx, a, q, r, log)
	switch {
	case noParser(err):
		return grade.Result{Rules: r, Verdict: pipeline.VerdictUnknown, Reason: grade.ReasonNoParser}, "", nil
	case err != nil:
		return grade.Result{}, "", err
	}
	return r.GradeReading(reading, q.want), reading.Hash, nil
}

// read reads the log of an attempt, or what its harness read from it where there
// is no log, or none that a parser knows.
func (o Options) read(ctx context.Context, a *Attempt, q *question, r grade.RuleSet, log *grade.Log) (*grade.Reading, error) {
	if q.results != nil {
		return q.results, nil
	}
	reading, err := r.Read(ctx, log, o.Limits)
	if noParser(err) && a.Results != nil {
		if results, err := a.readResults(); err == nil {
			return results, nil
		}
	}
	if err == nil && r.ComparesPhases() {
		reading.Phases, err = a.phases(ctx, reading.Own.Parser, o.Limits)
		if reading.Phases == nil {
			reading.Phases = q.phases
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Log.Path, err)
	}
	return reading, nil
}

func noParser(err error) bool {
	return errors.Is(err, grade.ErrNoParser) || errors.Is(err, grade.ErrUnverified)
}

// question finds the tests of an attempt.
func (o Options) question(a *Attempt, out *Outcome) (q question, err error) {
	q.task = o.Tasks[a.Instance]
	if q.task == nil && len(o.Tasks) == 1 && a.Path == "." {
		for _, only := range o.Tasks {
			q.task = only
		}
	}
	var r *Report
	if q.task == nil || a.fixed() { // the report may say what was before the fix
		if r, err = a.report(); err == nil {
			q.phases = r.phases
		}
	}
	switch {
	case q.task != nil:
		out.Instance = q.task.ID
		q.want, err = WantOf(q.task)
		return q, err
	case err != nil && a.Report == nil:
		return q, fmt.Errorf("%s: %w", a.Path, ErrNoTests)
	case err != nil:
		return q, err
	}
	if r.Instance != "" {
		out.Instance = r.Instance
	}
	q.want = r.Want()
	return q, nil
}

// failOnly are the repositories whose suites print failures alone.
var failOnly = []string{"chartjs/Chart.js", "processing/p5.js", "markedjs/marked", "bpmn-io/bpmn-js", "openlayers/openlayers", "eslint/eslint"}

// WantOf returns what a task requires.
func WantOf(t *instance.Task) (grade.Want, error) {
	w := grade.Want{FailToPass: t.FailToPass, PassToPass: t.PassToPass}
	for _, repo := range failOnly {
		w.FailOnly = w.FailOnly || strings.EqualFold(repo, t.Repo)
	}
	if len(t.Expected) > 0 {
		w.Expected = make(map[string]testlog.Status, len(t.Expected))
		for name, word := range t.Expected {
			var st testlog.Status
			if err := st.UnmarshalText([]byte(word)); err != nil {
				return w, fmt.Errorf("%s: expected %q: %w", t.ID, name, err)
			}
			w.Expected[name] = st
		}
	}
	return w, nil
}

// RulesFor returns the rule set of a task's data set; that of SWE-bench's newest
// harness where the data set is not known or is its own.
func RulesFor(t *instance.Task) grade.RuleSet {
	if t == nil {
		return grade.SWEBench5()
	}
	switch t.Dataset {
	case "swe-smith":
		return grade.SWESmith()
	case "swe-rebench-v2":
		return grade.SWERebenchV2()
	case "swe-bench-live":
		return grade.SWEBenchLive()
	case "swe-bench-pro":
		return grade.SWEBenchPro()
	case "multi-swe-bench":
		return grade.MultiSWEBench()
	case "r2e-gym":
		return grade.R2EGym()
	case "terminal-bench":
		return grade.TerminalBench()
	}
	return grade.SWEBench5()
}
