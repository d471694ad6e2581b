// Package openhands reads what OpenHands writes about its runs: the event
// streams of its evaluations and sessions ([Format]), and the folders in which
// the software agent SDK keeps conversations ([Conversation]).
//
//	row of output.jsonl                        record
//	instance_id, else issue.{owner,repo,…},    InstanceID
//	  else the file's name
//	attempt                                    Attempt
//	metadata.llm_config.model (SDK: llm)       PolicyRaw, else the provider's name for it
//	metadata.llm_config.{temperature,…}        Sampling
//	metadata.max_iterations                    Sampling
//	metadata.eval_output_dir                   RunHint, else the folder's name
//	metadata.dataset, instance.image_name      SourceHint
//	instance.{repo,base_commit,…}              Repo, BaseCommit, Language, CreatedAt, Environment
//	test_result.git_patch, git_patch           Patch
//	test_result.*, report, resolved, success   Claims, under the document's names
//	error, else the action that ended the run  ExitStatus; the error is also the last message
//	metrics                                    Usage
//	history, or the events themselves          Messages
//	args.tools, raw_completions.tools          Tools
//
// Generations. The first producers wrote what belongs to an event's args and
// extras at its top and no ids; the next wrote pairs of an action and what came
// of it; then came the flat stream. The SDK writes events with a kind, and its
// evaluations rows as before. Sessions save their events as a list, or one a line.
//
// The policy's turn is the provider's reply, which stands on each action taken
// from it and again on each observation; it is decoded once, and all its calls
// are one message. Where no reply is recorded (no tool_call_metadata) the turn is
// the thought, and a call whose arguments are the args that a policy chooses.
//
// Traps. An observation's content is not all that the policy saw: prefix and
// suffix of a command's output stand in its metadata and are put around it; an
// edit's content is a diff in some builds, and what was shown stands in
// formatted_output_and_error. An error without a call is the scaffold's complaint
// about a reply that became no action and is recorded nowhere else. Messages of
// the user after the issue are the scaffold's in evaluations, and requests of a
// person in sessions. A condensation is an interrupt, and what it made the policy
// forget stays in the record. success of the resolver is what a model thinks of
// the run, not a test: a claim that gives no label. A session's id or a test's
// folder name stands for the instance where nothing names one.
//
// Files of evaluated rows (*.swebench_eval.jsonl) hold reports and mostly no
// history: such a row is no attempt and is dropped as one without messages, and
// its report is found by `label reports`. Where it repeats the history both rows
// are read; dropping duplicates is a later stage's work.
//
// Not kept: running totals, what the provider's reply says twice, whole files
// before and after an edit, pictures, credentials, and what a row repeats of its
// data set's hidden tests and solution.
package openhands
