// Package r2egym reads trajectories of R2E-Gym's agents: one run a line, steps of
// thought, action and observation, the reward and the output of the tests.
//
//	row                                      record
//	ds.instance_id, else what the image is   InstanceID
//	  named after, else file and line
//	agent_args.llm_name                      PolicyRaw; the path of local weights where it says local
//	exp_name, else the file's name           RunHint
//	docker_image                             Environment, SourceHint
//	ds.{repo,repo_name,base_commit,…}        Repo, BaseCommit, Language, CreatedAt, License
//	max_steps, max_token_limit, …            Sampling
//	agent_args.system_prompt                 the first message
//	problem_statement                        the issue
//	trajectory_steps[].assistant_message,    an action
//	  else thought and action
//	trajectory_steps[].observation           an observation; ReturnCode from "Exit code:"
//	trajectory_steps[].token_usage_…         Usage (sums)
//	trajectory_steps[].total_time_traj       Usage.WallSeconds (the last)
//	output_patch                             Patch
//	exit_reason                              ExitStatus
//	reward, test_output, verifier_prob, …    Claims
//
// Traps. The prompt is not recorded as the policy saw it: agent_args holds the
// template around the issue, which is kept beside the record and not filled in.
// Where the environment, the agent or the tests broke down, or the tests ran out
// of time, the row has a reward of 0 all the same and test_output begins with the
// cause: such a number is claimed as reward_without_tests, which gives no label.
// A reward of null was never measured. ds is the row of the task's data set, twice
// (in env_args again), with the solution and the hidden tests; commit_hash there
// is the commit of the solution, not of the task.
package r2egym
