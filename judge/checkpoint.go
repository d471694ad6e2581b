package judge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/swerm/swerm/contract"
	"github.com/swerm/swerm/moe"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/pipeline/dataset"
)

// Where the weights are while a network scores: pages of the checkpoint's files,
// read as passes come to them, or a copy in memory, which a file system that
// changes files in place needs.
const (
	WeightsInFile   = "file"
	WeightsInMemory = "memory"
)

// openModel opens a network, to be closed, with its weights in a place.
func openModel(dir, in string) (*moe.Model, error) {
	switch in {
	case WeightsInFile:
		return moe.Open(dir)
	case WeightsInMemory:
		return moe.Load(dir)
	}
	return nil, fmt.Errorf("weights in %q: neither %s nor %s", in, WeightsInFile, WeightsInMemory)
}

// loadCheckpoint opens a checkpoint that a stage wrote: the network, to be closed,
// and the card that says how it is to be read.
func loadCheckpoint(ctx context.Context, uri, weightsIn string) (*moe.Model, *contract.Checkpoint, error) {
	d, err := dataset.Open(ctx, uri)
	if err != nil {
		return nil, nil, err
	}
	card, err := contract.LoadCheckpoint(d.Path(""))
	if err != nil {
		return nil, nil, err
	}
	model, err := openModel(d.Path(""), weightsIn)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", uri, err)
	}
	return model, card, nil
}

// sameContract checks that the tokens were made by the contract that the
// checkpoint was trained under.
func sameContract(tokens *dataset.Dataset, want *contract.Contract) error {
	var made struct {
		Contract *contract.Contract `json:"contract"`
	}
	if err := json.Unmarshal(tokens.Manifest.Config, &made); err != nil || made.Contract == nil {
		return fmt.Errorf("the tokens name no contract")
	}
	if got, want := made.Contract.Hash(), want.Hash(); got != want {
		return fmt.Errorf("the tokens were made under contract %s and the checkpoint reads %s", got, want)
	}
	return nil
}

// fillScore writes logits and score; a logit that is not a number becomes a
// reason and never a score.
func fillScore(s *pipeline.Score, l moe.Logits, c *contract.Contract, full bool) {
	yes, no, rest := float64(l.Yes), float64(l.No), float64(l.Rest)
	if yes-yes != 0 || no-no != 0 || full && rest-rest != 0 {
		s.Reason, s.TokensRead = "non_finite_logit", 0
		return
	}
	p := c.Calibration.Apply(yes - no)
	s.LogitYes, s.LogitNo, s.Score = &yes, &no, &p
	if full {
		s.LogitRest = &rest
	}
}
