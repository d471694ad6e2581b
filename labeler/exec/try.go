package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/pipeline"
)

// Trial says how patches are tried.
type Trial struct {
	Harness Harness
	Rules   grade.RuleSet
	Runs    int           // of every patch, at least one
	Timeout time.Duration // of one run; 0 = none
}

// Try runs the task's tests on the tree that the patch makes. Its error is
// ctx's: whatever else goes wrong is an outcome.
func (tr *Trial) Try(ctx context.Context, t *Task, patch string) (*Outcome, error) {
	if strings.TrimSpace(patch) == "" {
		return unresolved(ReasonEmptyPatch, nil), nil
	}
	patched, err := gitdiff.Apply(t.Files, patch)
	switch {
	case errors.Is(err, gitdiff.ErrPatch):
		return unresolved(ReasonPatchFailed, &Evidence{Patch: err.Error()}), nil
	case err != nil: // ours to apply, and we could not
		return &Outcome{Verdict: pipeline.VerdictUnknown, Reason: ReasonPatchRefused, Evidence: &Evidence{Patch: err.Error()}}, nil
	}
	tree, touched := t.overlay(patched)
	out := &Outcome{Evidence: &Evidence{Harness: tr.Harness.Name, Version: tr.Harness.Version}}
	kept := 0
	for range max(1, tr.Runs) {
		run, res, err := tr.run(ctx, t, tree)
		if err != nil {
			return nil, err
		}
		if kept += len(run.Log); kept > MaxLogBytes {
			run.Log, run.Cut = nil, run.Cut+int64(len(run.Log))
		}
		out.Evidence.Runs = append(out.Evidence.Runs, run)
		if res != nil {
			out.Grade = res
			out.Findings = append(out.Findings, res.Findings...)
		}
	}
	if touched {
		out.Findings = append(out.Findings, FindingHidden)
	}
	slices.Sort(out.Findings)
	out.Findings = slices.Compact(out.Findings)
	out.settle()
	return out, nil
}

// unresolved is the verdict on a patch that needs no run.
func unresolved(reason string, ev *Evidence) *Outcome {
	return &Outcome{Verdict: pipeline.VerdictUnresolved, Reason: reason, PassRate: new(float64), Evidence: ev}
}

// Unknown is the outcome where there is nothing to try.
func Unknown(reason string, cause error) *Outcome {
	out := &Outcome{Verdict: pipeline.VerdictUnknown, Reason: reason}
	if cause != nil {
		out.Evidence = &Evidence{Task: cause.Error()}
	}
	return out
}

// run is one run of the tests.
func (tr *Trial) run(ctx context.Context, t *Task, tree map[string]string) (Run, *grade.Result, error) {
	within, cancel := ctx, context.CancelFunc(func() {})
	if tr.Timeout > 0 {
		within, cancel = context.WithTimeout(ctx, tr.Timeout)
	}
	defer cancel()
	log, err := tr.guarded(within, tree, t.Tests())
	whole := len(log)
	log = log[:min(whole, MaxLogBytes)]
	cut := int64(whole - len(log))
	switch {
	case ctx.Err() != nil:
		return Run{}, nil, ctx.Err()
	case err != nil && (errors.Is(err, context.DeadlineExceeded) || within.Err() != nil):
		return Run{Verdict: pipeline.VerdictTimeout, Reason: ReasonTimeout, Error: err.Error()}, nil, nil
	case errors.Is(err, ErrLimit):
		return Run{Verdict: pipeline.VerdictTimeout, Reason: ReasonLimit, Error: err.Error(), Log: log, Cut: cut}, nil, nil
	case err != nil:
		return Run{Verdict: pipeline.VerdictInfra, Reason: ReasonHarness, Error: err.Error(), Log: log, Cut: cut}, nil, nil
	case cut > 0:
		return Run{Verdict: pipeline.VerdictInfra, Reason: grade.ReasonTooLarge, Log: log, Cut: cut}, nil, nil
	}
	res := tr.Rules.Grade(tr.Harness.Parser.Parse(log), t.Want)
	return Run{Verdict: res.Verdict, Reason: res.Reason, Log: log}, &res, nil
}

// guarded makes a panic of the harness a failure of the harness: one patch must
// not end the labelling of all.
func (tr *Trial) guarded(ctx context.Context, tree map[string]string, tests []string) (log []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			log, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	return tr.Harness.Run(ctx, tree, tests)
}

// settle makes one verdict of those of the runs. A failure of the harness in
// any of them leaves the others without a majority to belong to.
func (o *Outcome) settle() {
	runs := o.Evidence.Runs
	o.Runs = int32(len(runs))
	o.Verdict, o.Reason = runs[0].Verdict, runs[0].Reason
	resolved, scores := 0.0, 0
	for _, r := range runs {
		y, score := r.Verdict.Target()
		if score {
			scores++
			resolved += y
		} else if r.Verdict != pipeline.VerdictTimeout {
			o.Verdict, o.Reason = r.Verdict, r.Reason
			return
		}
		if r.Verdict != o.Verdict {
			o.Verdict, o.Reason = pipeline.VerdictFlaky, ReasonDisagree
		}
	}
	if scores == len(runs) {
		rate := resolved / float64(scores)
		o.PassRate = &rate
	}
}
