package r2egym

import "github.com/swerm/swerm/sources/format"

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	return []format.Fate{
		{Path: "ds.**", Why: "the row of the task's data set, with solution and hidden tests; instance, repository, commits, language, date and licence are kept"},
		{Path: "env_args.**", Why: "the row of the task's data set once more"},
		{Path: "agent_args.llm_base_url", Why: "has carried credentials"},
		{Path: "agent_args.other_args.**", Why: "options of the client, which may hold credentials"},
		{Path: "agent_args.local_model_path", Why: "policy_raw where the model has no other name"},
		{Path: "trajectory_steps[].step_idx", Why: "the order of messages says it"},
		{Path: "trajectory_steps[].step_count", Why: "the order of messages says it"},
		{Path: "trajectory_steps[].done", Why: "the last step is the last message; exit_status says why"},
		{Path: "trajectory_steps[].token_usage_prompt", Why: "usage.prompt_tokens is the sum"},
		{Path: "trajectory_steps[].token_usage_completion", Why: "usage.completion_tokens is the sum"},
		{Path: "trajectory_steps[].token_usage_total", Why: "usage holds the sums"},
		{Path: "trajectory_steps[].llm_exec_time", Why: "usage.wall_seconds is the run's"},
		{Path: "trajectory_steps[].env_exec_time", Why: "usage.wall_seconds is the run's"},
		{Path: "trajectory_steps[].total_step_time", Why: "usage.wall_seconds is the run's"},
		{Path: "trajectory_steps[].total_time_traj", Why: "usage.wall_seconds is the last of them"},
		{Path: "trajectory_steps[].assistant_message.role", Why: "messages[].role"},
		{Path: "trajectory_steps[].assistant_message.tool_calls[].**", Why: "tool_calls holds id, name and arguments"},
	}
}
