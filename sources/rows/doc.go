// Package rows reads what a row of a dataset says beside its dialogue: who acted
// on what, what came of it, and all the rest. Formats of rows differ in how they
// write a dialogue; what stands beside it has a few dozen names, and one closed
// table of them (columns.go) serves all.
//
//	key                                            record
//	instance_id, task_id, …                        InstanceID
//	model, model_name, model_name_or_path, …       PolicyRaw
//	run_id, exp_name, …                            Run; OpenHands' names hold the policy
//	model_patch, git_patch, generated_patch,       Patch
//	  output_patch, …, patch
//	exit_status, finish_reason, …                  ExitStatus
//	tools                                          Tools: a list of objects or of strings, or a string
//	image, docker_image, docker_images, …          Environment
//	hf_dataset_name, dataset, …, source            Source
//	repo, base_commit, language, license, …        of the same names
//	resolved, target, verified, reward, report,    Claims, under their own keys
//	  test_output, eval_logs, …
//	cost, api_calls, prompt_tokens, …              Usage
//	temperature, max_iterations, …                 Sampling
//	metadata, info, test_result, metrics, …        an object, or a string that holds one: its keys
//	                                               fill what the row has not said, the rest is kept
//	llm_config, config, sampling_params, …         model and sampling parameters only
//	any other key                                  Extra, as it is written
//
// Of several keys for one column the first in the table is read and the others
// are kept. Values are read once all keys of a row are known, since what a key
// means may depend on another.
//
// A closed list of public sets adds what their cards say and their rows do not
// (the harness, the source of the tasks, the only policy). A row is recognised
// by keys that only its set has together, or by its file's path.
//
// Traps. patch is the attempt's own diff in sets of runs and the task's solution
// in rows that repeat their task (test_patch, FAIL_TO_PASS): there it is kept in
// Extra. A row without an instance is named by what there is: the id of its
// sample without _runN, its image, its own id, or its place (file#row). The
// patch column of some sets is shifted against the others: a patch of another
// project than the instance's is kept and flagged as patch_repo_mismatch in
// Extra. Rewards of -1 and the like are claims as they stand.
package rows
