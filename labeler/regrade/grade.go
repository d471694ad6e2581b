package regrade

import (
	"context"
	"errors"
	"fmt"
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
	Path     string
	Instance string
	LogHash  string         // SHA-256 of the log, hex
	Results  []grade.Result // one for each rule set, in their order
	Err      error          // what could not be read; Results is empty then
}

// ErrNoTests is returned for an attempt of which nobody says what is required.
var ErrNoTests = errors.New("no task and no report say which tests are required")

// Grade grades every attempt of a tree that has a log.
func Grade(ctx context.Context, t *Tree, o Options) ([]*Outcome, error) {
	with := t.Logged()
	done := make([]*Outcome, len(with))
	err := each(ctx, o.Workers, len(with), func(i int) { done[i] = o.Attempt(ctx, with[i]) })
	return done, err
}

// Attempt grades one.
func (o Options) Attempt(ctx context.Context, a *Attempt) *Outcome {
	out := &Outcome{Path: a.Path, Instance: a.Instance}
	if err := o.grade(ctx, a, out); err != nil {
		out.Results, out.Err = nil, err
	}
	return out
}

func (o Options) grade(ctx context.Context, a *Attempt, out *Outcome) error {
	task, want, err := o.required(a, out)
	if err != nil {
		return err
	}
	log := &grade.Log{Open: a.Log.Open, Repo: repoOf(task, out.Instance), Parser: o.Parser}
	defer log.Release()
	about, err := a.about()
	if err != nil {
		return err
	}
	rules := o.Rules
	if len(rules) == 0 {
		rules = []grade.RuleSet{RulesFor(task)}
	}
	for _, r := range rules {
		res, hash, err := gradeLog(ctx, r, log, want, o.Limits)
		if err != nil {
			return fmt.Errorf("%s: %w", a.Log.Path, err)
		}
		res.Attach(about...)
		out.LogHash = hash
		out.Results = append(out.Results, res)
	}
	return nil
}

// about lists what is odd about the patch of an attempt.
func (a *Attempt) about() ([]grade.Finding, error) {
	if a.Patch == nil {
		return nil, nil
	}
	patch, err := a.Patch.Read(MaxPatchBytes)
	if err != nil {
		return nil, err
	}
	return grade.InspectPatch(string(patch)), nil
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
func gradeLog(ctx context.Context, r grade.RuleSet, log *grade.Log, want grade.Want, limits testlog.Limits) (grade.Result, string, error) {
	reading, err := r.Read(ctx, log, limits)
	if errors.Is(err, grade.ErrNoParser) || errors.Is(err, grade.ErrUnverified) {
		return grade.Result{Rules: r, Verdict: pipeline.VerdictUnknown, Reason: grade.ReasonNoParser}, "", nil
	}
	if err != nil {
		return grade.Result{}, "", err
	}
	return r.GradeReading(reading, want), reading.Hash, nil
}

// required finds the tests of an attempt.
func (o Options) required(a *Attempt, out *Outcome) (*instance.Task, grade.Want, error) {
	task := o.Tasks[a.Instance]
	if task == nil && len(o.Tasks) == 1 && a.Path == "." {
		for _, only := range o.Tasks {
			task = only
		}
	}
	if task != nil {
		out.Instance = task.ID
		want, err := WantOf(task)
		return task, want, err
	}
	r, err := a.report()
	if err != nil && a.Report == nil {
		err = fmt.Errorf("%s: %w", a.Path, ErrNoTests)
	}
	if err != nil {
		return nil, grade.Want{}, err
	}
	if r.Instance != "" {
		out.Instance = r.Instance
	}
	return nil, r.Want(), nil
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
