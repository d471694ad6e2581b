package main

import (
	"context"
	"slices"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
	"github.com/swerm/swerm/pipeline/run"
)

// tokenizeFirst lets `score CKPT DS` take trajectories: they are tokenized
// under the checkpoint's own contract into OUT.tokens, which the same command
// finds again.
func (a *app) tokenizeFirst(ctx context.Context, s *run.Single, o run.Options) error {
	at := slices.IndexFunc(s.Inputs, func(r run.Ref) bool { return r.Port.Kind == pipeline.KindTokens })
	ckpt := slices.IndexFunc(s.Inputs, func(r run.Ref) bool { return r.Port.Kind == pipeline.KindCheckpoint })
	stage := slices.IndexFunc(a.stages, func(s *pipeline.Stage) bool { return s.Name == "tokenize" })
	if at < 0 || ckpt < 0 || stage < 0 {
		return nil
	}
	d, err := dataset.Open(ctx, s.Inputs[at].URI)
	if err != nil || d.Manifest.Kind != pipeline.KindTrajectories {
		return nil // tokens, or something whose fault is named where it is read
	}
	options, err := contractOptions(ctx, s.Inputs[ckpt].URI)
	if err != nil {
		return err
	}
	first := &run.Single{Stage: a.stages[stage], Config: options, Out: s.Out + ".tokens", MaxReject: s.MaxReject}
	for _, p := range first.Stage.Inputs {
		switch p.Kind {
		case pipeline.KindTrajectories:
			first.Inputs = append(first.Inputs, run.Ref{Port: p, URI: s.Inputs[at].URI})
		case pipeline.KindTokenizer:
			first.Inputs = append(first.Inputs, run.Ref{Port: p, URI: s.Inputs[ckpt].URI})
		}
	}
	row, err := first.Run(ctx, o)
	if err != nil {
		return err
	}
	o.Log.Info("tokenized under the checkpoint's contract", "tokens", row.URI, "counts", row.Counts.String())
	s.Inputs[at].URI = row.URI
	return nil
}

// contractOptions are the options that make the contract a checkpoint has.
func contractOptions(ctx context.Context, checkpoint string) (*contract.Options, error) {
	d, err := dataset.OpenArtifact(ctx, checkpoint)
	if err != nil {
		return nil, usage("%w", err)
	}
	card, err := contract.LoadCheckpoint(d.Path(""))
	if err != nil {
		return nil, err
	}
	c := card.Contract
	return &contract.Options{Template: c.Template.Name, YesToken: c.YesToken, NoToken: c.NoToken,
		MaxTokens: c.MaxTokens, Overflow: c.Overflow,
		Reasoning: c.Rendering.Reasoning, OmitPatch: !c.Rendering.Patch, OmitSystem: !c.Rendering.System}, nil
}
