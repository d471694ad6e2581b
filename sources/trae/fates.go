package trae

import "github.com/swerm/swerm/sources/format"

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	return []format.Fate{
		{Path: "start_time", Why: "usage.wall_seconds"},
		{Path: "end_time", Why: "usage.wall_seconds"},
		{Path: "llm_interactions[].**", Why: "the calls of the model, which the steps repeat; usage is summed"},
		{Path: "agent_steps[].step_number", Why: "the step's place"},
		{Path: "agent_steps[].timestamp", Why: "of a step; usage.wall_seconds is of the run"},
		{Path: "agent_steps[].state", Why: "exit_status is that of the last step"},
		{Path: "agent_steps[].llm_messages[].**", Why: "messages, each once"},
		{Path: "agent_steps[].llm_response.usage.**", Why: "usage, summed over the calls"},
		{Path: "agent_steps[].llm_response.tool_calls[].**", Why: "messages[].tool_calls"},
		{Path: "agent_steps[].tool_calls[].**", Why: "messages[].tool_calls"},
		{Path: "agent_steps[].tool_results[].id", Why: "the provider's name for it"},
	}
}
