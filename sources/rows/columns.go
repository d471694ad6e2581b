package rows

// A column says what a key of a row is for.
type column byte

const (
	keep column = iota // no column: kept under its key
	instance
	repo
	baseCommit
	policy
	run
	rollout
	attempt
	scaffold
	source
	language
	license
	createdAt
	environment
	patch
	exitStatus
	tools
	claim // what the row says about success, under its own key
	cost
	apiCalls
	promptTokens
	completionTokens
	wallSeconds
	rowID  // names the row: kept, and the instance where nothing else names it
	nested // an object with further keys of this table; what has no column is kept
	config // an object of which only model and sampling parameters are read
)

// columns is the closed list of keys that have a column, in order: of two keys
// for one column the first in this list is read and the other kept. An object
// of further keys comes after what a row says itself.
var columns = []struct {
	column column
	keys   []string
}{
	{instance, []string{"instance_id", "task_id", "swe_instance_id", "problem_id"}},
	{repo, []string{"repo", "repo_name", "repository"}},
	{baseCommit, []string{"base_commit", "base_sha", "commit"}},
	{policy, []string{"model", "model_name", "model_name_or_path", "policy", "model_id", "policy_model", "agent_model", "teacher_model", "llm"}},
	{run, []string{"run_id", "run", "run_name", "exp_name", "experiment"}},
	{rollout, []string{"rollout", "rollout_id", "rollout_idx", "sample_idx", "sample_index", "sample_id", "run_idx"}},
	{attempt, []string{"attempt", "attempt_id", "attempt_idx"}},
	{scaffold, []string{"scaffold", "harness", "agent_framework", "framework", "agent_class", "agent_name", "agent"}},
	{source, []string{"hf_dataset_name", "dataset_name", "dataset", "data_source", "source"}},
	{language, []string{"language", "programming_language", "repo_language"}},
	{license, []string{"license", "license_name"}},
	{createdAt, []string{"created_at"}},
	{environment, []string{"image", "image_name", "docker_image", "docker_images"}},
	{patch, []string{"model_patch", "git_patch", "generated_patch", "output_patch", "final_patch", "pred_patch", "submission", "patch", "diff"}},
	{exitStatus, []string{"exit_status", "exit_reason", "finish_reason", "stop_reason", "termination_reason", "exit_reasons"}},
	{tools, []string{"tools", "functions", "tool_schemas"}},
	{claim, []string{"resolved", "is_resolved", "target", "verified", "success", "is_success", "passed", "correct", "reward", "rewards", "final_reward", "score",
		"report", "test_output", "eval_logs", "eval_log", "test_report", "apply_patch_output", "tests_status", "gen_tests_correct", "pred_passes_gen_tests",
		"p2p_rates", "error_eval", "empty_generation", "failed_apply_patch", "test_timeout"}},
	{cost, []string{"instance_cost", "cost_usd", "total_cost", "accumulated_cost", "cost"}},
	{apiCalls, []string{"api_calls", "num_api_calls", "n_calls"}},
	{promptTokens, []string{"prompt_tokens", "input_tokens", "tokens_sent", "total_input_tokens", "total_prompt_tokens"}},
	{completionTokens, []string{"completion_tokens", "output_tokens", "tokens_received", "total_output_tokens", "total_completion_tokens"}},
	{wallSeconds, []string{"wall_seconds", "duration_seconds", "elapsed_seconds"}},
	{rowID, []string{"trajectory_id", "traj_id", "conversation_id", "id", "uuid", "idx", "index"}},
	{nested, []string{"metadata", "meta", "info", "extra_info", "test_result", "metrics", "model_stats", "stats", "usage", "result"}},
	{config, []string{"llm_config", "model_config", "agent_config", "replay_config", "generation_config", "sampling_params", "model_kwargs", "config"}},
}

// A place is where a key stands in the table.
type place struct {
	column column
	rank   int
}

var places = rank()

func rank() map[string]place {
	all := map[string]place{}
	for _, c := range columns {
		for _, key := range c.keys {
			all[key] = place{c.column, len(all)}
		}
	}
	return all
}

// noRank is behind every rank.
const noRank = 1 << 20

func placeOf(key string) place {
	if p, ok := places[key]; ok {
		return p
	}
	return place{keep, noRank}
}
