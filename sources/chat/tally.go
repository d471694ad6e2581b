package chat

import (
	"math"

	"github.com/swerm/swerm/pipeline"
)

// A Tally sums what the calls of a run used. What no call reports stays
// unknown. The zero value is ready.
type Tally struct {
	prompt, completion, calls int64
	cost                      float64
	tokens, priced            bool
}

// Tokens counts one call of the model. A call that reports one of the two only
// is not counted: half a sum is no sum.
func (t *Tally) Tokens(prompt, completion *int64) {
	if prompt == nil || completion == nil || *prompt < 0 || *completion < 0 ||
		t.prompt > math.MaxInt64-*prompt || t.completion > math.MaxInt64-*completion {
		return
	}
	t.prompt, t.completion, t.tokens = t.prompt+*prompt, t.completion+*completion, true
	t.calls++
}

// Cost adds what a call cost in US dollars.
func (t *Tally) Cost(usd *float64) {
	if usd != nil {
		t.cost, t.priced = t.cost+*usd, true
	}
}

// Fill writes the sums where u does not know better.
func (t *Tally) Fill(u *pipeline.Usage) {
	if t.tokens && u.PromptTokens == nil {
		prompt := t.prompt
		u.PromptTokens = &prompt
	}
	if t.tokens && u.CompletionTokens == nil {
		completion := t.completion
		u.CompletionTokens = &completion
	}
	if t.tokens && u.APICalls == nil {
		u.APICalls = Int32(&t.calls)
	}
	if t.priced && u.CostUSD == nil && !math.IsInf(t.cost, 0) {
		cost := t.cost
		u.CostUSD = &cost
	}
}

// maxTokens bounds one count of tokens: sums of counts that pass it stay in range.
const maxTokens = 1 << 50

// PromptTokens is all that a call of the model read, where a provider counts
// apart what went through its cache. It is nil where the rest is not known.
func PromptTokens(input *int64, cached ...*int64) *int64 {
	if input == nil || *input < 0 || *input > maxTokens {
		return nil
	}
	sum := *input
	for _, n := range cached {
		if n != nil && *n > 0 && *n <= maxTokens {
			sum += *n
		}
	}
	return &sum
}
