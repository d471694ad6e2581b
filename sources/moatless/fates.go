package moatless

import (
	"slices"
	"strings"

	"github.com/swerm/swerm/sources/format"
)

// ofNode are fates of a node, wherever it stands.
var ofNode = []format.Fate{
	{Path: "node_id", Why: "the order of the messages"},
	{Path: "parent_id", Why: "the order of the messages"},
	{Path: "timestamp", Why: "of a node; the order of the messages"},
	{Path: "possible_actions[]", Why: "the tools, which the prompt names"},
	{Path: "max_expansions", Why: "of the search"},
	{Path: "completions.**", Why: "the provider's replies, with their prompts, which repeat the dialogue; usage is summed"},
	{Path: "action_steps[].completion.**", Why: "the provider's replies, with their prompts, which repeat the dialogue; usage is summed"},
	{Path: "action_steps[].completions.**", Why: "the provider's replies, with their prompts, which repeat the dialogue; usage is summed"},
	{Path: "action_steps[].observation.execution_completion.**", Why: "of a model that a tool called"},
	{Path: "output.**", Why: "the observation of the last step"},
	{Path: "file_context.**", Why: "what the policy had open; the patches at the last node are the patch"},
	{Path: "artifact_changes[].**", Why: "views of what actions did"},
}

// maxFateDepth is how many levels of a nested tree the fates speak of.
const maxFateDepth = 61

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := []format.Fate{
		{Path: "workspace.**", Why: "the machine it ran on"},
		{Path: "repository.**", Why: "the machine it ran on"},
		{Path: "persist_path", Why: "the machine it ran on"},
		{Path: "agent.**", Why: "of the configuration only model and sampling parameters are kept: configurations have carried credentials"},
		{Path: "selector.**", Why: "of the search"},
		{Path: "expander.**", Why: "of the search"},
		{Path: "value_function.**", Why: "of the search"},
		{Path: "feedback_generator.**", Why: "of the search"},
		{Path: "discriminator.**", Why: "of the search"},
		{Path: "artifact_handlers.**", Why: "of the search"},
		{Path: "transitions[].snapshot.**", Why: "what the policy had open"},
		{Path: "transitions[].actions[].completion.**", Why: "the provider's reply, with its prompt, which repeats the dialogue; usage is summed"},
		{Path: "transitions[].actions[].completion_cost", Why: "usage.cost_usd, the sum"},
		{Path: "transitions[].actions[].input_tokens", Why: "usage.prompt_tokens, the sum"},
		{Path: "transitions[].actions[].output_tokens", Why: "usage.completion_tokens, the sum"},
	}
	prefixes := []string{"nodes[].", "root."}
	for depth := range maxFateDepth {
		prefixes = append(prefixes, "root."+strings.Repeat("children[].", depth+1))
	}
	for _, prefix := range prefixes {
		for _, f := range slices.Clone(ofNode) {
			all = append(all, format.Fate{Path: prefix + f.Path, Why: f.Why})
		}
	}
	return all
}
