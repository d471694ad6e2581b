package sweagent

import (
	"slices"

	"github.com/swerm/swerm/sources/format"
)

// fates are of an attempt, which is the document or an element of its attempts.
var fates = []format.Fate{
	{Path: "replay_config.**", Why: "of the configuration only model, image, repository and sampling parameters are kept: configurations have carried credentials"},
	{Path: "trajectory[].**", Why: "history holds the dialogue; the steps repeat it with the prompt at each step, and their times are summed"},
	{Path: "history[].agent", Why: "the name of the scaffold's agent, the same in every turn"},
	{Path: "history[].message_type", Why: "messages[].kind"},
	{Path: "history[].is_demo", Why: "messages[].kind is demo"},
	{Path: "history[].thought", Why: "part of the content"},
	{Path: "history[].action", Why: "part of the content, or the call in tool_calls as a command; extra.action holds it where neither shows it"},
	{Path: "history[].tool_calls[].**", Why: "tool_calls holds id, name and arguments; type and index say nothing more"},
	{Path: "history[].cache_control.**", Why: "a hint to the provider"},
	{Path: "history[].content[].cache_control.**", Why: "a hint to the provider"},
	{Path: "history[].content[].image_url.**", Why: "extra.omitted_parts names what is no text"},
	{Path: "environment", Why: "instance_id, or the constant that 0.x writes"},
	{Path: "info.model_stats.total_cost", Why: "of all instances so far; usage.cost_usd is this one's"},
	{Path: "history[].content[].type", Why: "parts of text are joined"},
	{Path: "history[].thinking_blocks[].**", Why: "reasoning holds the text; signatures are the provider's"},
	{Path: "info.edited_files30", Why: "a view of the edited files, made from the patch"},
	{Path: "info.edited_files50", Why: "a view of the edited files, made from the patch"},
	{Path: "info.edited_files70", Why: "a view of the edited files, made from the patch"},
	{Path: "info.swe_agent_hash", Why: "the scaffold's build"},
	{Path: "info.swe_agent_version", Why: "the scaffold's build"},
	{Path: "info.swe_rex_version", Why: "the scaffold's build"},
	{Path: "info.swe_rex_hash", Why: "the scaffold's build"},
}

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := slices.Clone(fates)
	for _, f := range fates {
		all = append(all, format.Fate{Path: "attempts[]." + f.Path, Why: f.Why})
	}
	return all
}
