package atif

import (
	"slices"

	"github.com/swerm/swerm/sources/format"
)

// fates are of a trajectory, which is the document or one of its sub-agents'.
var fates = []format.Fate{
	{Path: "schema_version", Why: "origin.format"},
	{Path: "steps[].step_id", Why: "the step's place"},
	{Path: "steps[].source", Why: "messages[].role and kind"},
	{Path: "steps[].timestamp", Why: "usage.wall_seconds, last minus first"},
	{Path: "steps[].is_copied_context", Why: "messages[].mask is false"},
	{Path: "steps[].message[].type", Why: "parts of text are joined"},
	{Path: "steps[].observation.results[].content[].type", Why: "parts of text are joined"},
	{Path: "steps[].metrics.prompt_token_ids[]", Why: "ids of the policy's own tokenizer; the text is kept"},
	{Path: "steps[].metrics.completion_token_ids[]", Why: "ids of the policy's own tokenizer; the text is kept"},
	{Path: "steps[].metrics.logprobs[]", Why: "of the policy's own tokens"},
}

// maxFateDepth is how many generations of sub-agents the fates speak of.
const maxFateDepth = 4

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := slices.Clone(fates)
	prefix := ""
	for range maxFateDepth {
		prefix += "subagent_trajectories[]."
		for _, f := range fates {
			all = append(all, format.Fate{Path: prefix + f.Path, Why: f.Why})
		}
	}
	return all
}
