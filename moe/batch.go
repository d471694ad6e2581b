package moe

import (
	"errors"
	"fmt"
)

// Limits of a batch. A pass sizes its arena by tokens; past this, split the
// batch and let gradients add up.
const (
	maxBatchTokens = 1 << 22
)

// Batch is a set of sequences laid end to end without padding. Sequence i is
// IDs[Offsets[i]:Offsets[i+1]]; positions restart at 0 in each and attention
// never crosses from one to another. The pass reads the slices during a call
// and copies what it needs beyond it.
type Batch struct {
	IDs     []int32
	Offsets []int32
}

// Len returns the number of sequences.
func (b Batch) Len() int { return max(0, len(b.Offsets)-1) }

// validate reports every fault of the batch against a vocabulary at once, at
// most one of each kind so that a broken batch gives a short message.
func (b Batch) validate(vocab int) error {
	var faults []error
	if b.Len() == 0 {
		return errors.New("moe batch: no sequence")
	}
	if b.Offsets[0] != 0 || int(b.Offsets[b.Len()]) != len(b.IDs) {
		faults = append(faults, fmt.Errorf("offsets run from %d to %d, want 0 to %d", b.Offsets[0], b.Offsets[b.Len()], len(b.IDs)))
	}
	for i := range b.Len() {
		if b.Offsets[i+1] <= b.Offsets[i] {
			faults = append(faults, fmt.Errorf("sequence %d is empty or its offsets fall", i))
			break
		}
	}
	for i, id := range b.IDs {
		if id < 0 || int(id) >= vocab {
			faults = append(faults, fmt.Errorf("token %d is id %d, the vocabulary has %d", i, id, vocab))
			break
		}
	}
	if len(b.IDs) > maxBatchTokens {
		faults = append(faults, fmt.Errorf("%d tokens, at most %d fit one batch", len(b.IDs), maxBatchTokens))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("moe batch: %w", err)
	}
	return nil
}
