package main

import (
	"context"
	"errors"
	"slices"

	"github.com/swerm/swerm/internal/yamlcfg"
	"github.com/swerm/swerm/pipeline/run"
	"github.com/swerm/swerm/pipeline/run/runner"
)

// isRunFile tells a run file from the config of one stage.
func isRunFile(path string) bool {
	doc, err := yamlcfg.ReadFile(path)
	return err == nil && doc.Root().Kind() == yamlcfg.Mapping && doc.Root().Get("stages") != nil
}

// fromRunFile takes config and inputs of a stage from the step of a run file
// that runs it. What that step builds on is run first, in the file's own
// directory, unless it is done.
func (a *app) fromRunFile(ctx context.Context, s *run.Single, path string) error {
	if s.Out == "" {
		return usage("where to? say -o OUT")
	}
	file, err := a.load(path, nil)
	if err != nil {
		return err
	}
	step, err := onlyStep(file, path, s.Stage.Name)
	if err != nil {
		return err
	}
	before := ancestors(step)
	file.Steps = slices.DeleteFunc(file.Steps, func(other *run.Step) bool { return !before[other] })
	s.Config = step.Config
	made := map[string]string{}
	if len(file.Steps) > 0 {
		o := a.options()
		o.Runner = runner.NewLocal(a.workers)
		summary, err := file.Run(ctx, o)
		if err != nil {
			return err
		}
		for _, row := range summary.Rows {
			made[row.ID] = row.URI
		}
	}
	for _, ref := range step.Inputs {
		if ref.Step != nil {
			ref = run.Ref{Port: ref.Port, URI: made[ref.Step.ID]}
		}
		if ref.URI == "" {
			return errors.New(path + ": an input of step " + step.ID + " has no place")
		}
		s.Inputs = append(s.Inputs, ref)
	}
	return nil
}

// onlyStep returns the one step of a file that runs a stage.
func onlyStep(file *run.File, path, stage string) (*run.Step, error) {
	var step *run.Step
	for _, candidate := range file.Steps {
		if candidate.Stage.Name != stage {
			continue
		}
		if step != nil {
			return nil, usage("%s has two steps of stage %s, %s and %s: take one out", path, stage, step.ID, candidate.ID)
		}
		step = candidate
	}
	if step == nil {
		return nil, usage("%s has no step of stage %s", path, stage)
	}
	return step, nil
}

// ancestors are the steps that a step builds on.
func ancestors(step *run.Step) map[*run.Step]bool {
	all := map[*run.Step]bool{}
	for _, ref := range step.Inputs {
		if ref.Step == nil || all[ref.Step] {
			continue
		}
		all[ref.Step] = true
		for s := range ancestors(ref.Step) {
			all[s] = true
		}
	}
	return all
}
