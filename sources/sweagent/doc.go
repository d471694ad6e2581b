// Package sweagent reads trajectories of SWE-agent, 0.x and 1.x.
//
//	document                                  record
//	environment (1.x), else                   InstanceID
//	  replay_config.problem_statement.id,
//	  else the file's name
//	replay_config.agent.model.name, else      PolicyRaw
//	  args.yaml beside the file, else the
//	  folder's name (model__data__…__t-…)
//	replay_config.agent.model.{temperature,…} Sampling
//	replay_config.env.deployment.image        Environment
//	replay_config.env.repo.base_commit        BaseCommit, where it is a commit
//	info.submission                           Patch, leading line ends taken off
//	info.exit_status                          ExitStatus
//	info.model_stats                          Usage
//	history[].role, content                   Role, Kind, Content
//	history[].is_demo, message_type           Kind demo
//	history[].tool_calls, tool_call_ids       ToolCalls, ToolCallID
//	history[].thinking_blocks                 Reasoning
//	trajectory[].execution_time               Usage.WallSeconds (sum)
//	trajectory[].{response,observation}       Messages, only where history is absent
//
// Traps. Every step of trajectory repeats the whole prompt (`messages` in 1.0,
// `query` from 1.1), which makes files quadratic: up to nine tenths of the bytes
// are stepped over without being decoded. history is what the policy saw and is
// primary; trajectory may be longer, because retried steps stand only there, and
// the difference is noted in the last message's Extra. The key environment is
// "swe_main" or "main" in 0.x and says nothing then. replay_config is an object
// in some builds and a string of JSON in others. Contents are strings or lists
// of parts. A submission begins with a line end that is no part of the diff.
// Files of retrying agents hold several attempts, each with its own history.
//
// thought and action repeat what content and tool calls say and are not kept;
// nor are edited_files, state, and anything else of replay_config: it holds
// credentials and, in SWE-smith, the names of hidden tests.
package sweagent
