// Package atif reads trajectories in the Agent Trajectory Interchange Format of
// Harbor and Terminal-Bench 2, ATIF-v1.0 to v1.7, and the trial around them.
//
//	document                                  record
//	trajectory_id, session_id, file's name    InstanceID, where no trial names the task
//	extra.{instance_id,repo,base_commit,…}    InstanceID, Repo, BaseCommit, Source, Run,
//	                                            Rollout, Attempt, Patch, ExitStatus
//	agent.name                                Scaffold
//	agent.model_name, else a step's           PolicyRaw
//	agent.tool_definitions                    Tools
//	steps[].source, message                   Role, Kind, Content
//	steps[].reasoning_content                 Reasoning
//	steps[].tool_calls[]                      ToolCalls
//	steps[].observation.results[]             one observation each: Content, ToolCallID, Name
//	steps[].metrics.{prompt,completion}_…     Usage (sums), each in the message's Extra
//	steps[].reasoning_effort                  Sampling (the first), else Extra
//	steps[].is_copied_context                 Mask false: the turn is of an earlier part
//	steps[].timestamp                         Usage.WallSeconds, last minus first
//	final_metrics                             Usage, before the sums
//	subagent_trajectories[]                   records of their own, ParentID is the parent's id
//
// A trial of Harbor is a folder: result.json and config.json, agent/ with the
// trajectory, verifier/ with what the tests said. The trajectory is the document;
// what lies around it is read with it:
//
//	result.json task_name, source             InstanceID, Source
//	result.json agent_info, agent_result      PolicyRaw, Scaffold, Usage, where the trajectory says nothing
//	result.json verifier_result               Claims, with verifier/reward.txt and …/test-stdout.txt
//	result.json exception_info                ExitStatus, Claims
//	the folder above the trial's              Run
//
// Traps. A system step after the first turn of the agent is the scaffold
// speaking (kind interrupt); a user step after the first is a person or a
// simulated one, and has the same kind. Messages and results are strings or,
// from v1.6, lists of parts: what is no text stays in Extra. Token ids and log
// probabilities, the bulk of a file made for training, are stepped over: they
// belong to the policy's tokenizer. A result may name no call, or one that is
// not there; it stays where it stands. total_steps may differ from the steps.
package atif
