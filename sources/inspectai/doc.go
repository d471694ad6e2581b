// Package inspectai reads logs of Inspect: evaluations as one JSON file, and the
// members of an .eval archive, one sample a file beside header.json. Each sample
// is a run.
//
//	document                                  record
//	id, where it names a task, else task/id   InstanceID
//	epoch                                     Rollout
//	messages[].role, content                  Role, Kind, Content
//	messages[].content[] reasoning            Reasoning
//	messages[].tool_calls[]                   ToolCalls
//	messages[].tool_call_id, function, error  ToolCallID, Name, Extra
//	scores                                    Claims
//	error, limit                              ExitStatus, Extra
//	model_usage                               Usage, of the evaluated model where it is named
//	total_time                                Usage.WallSeconds
//	eval.model, run_id                        PolicyRaw, Run
//	eval.dataset.name                         Source
//	eval.model_generate_config (chosen)       Sampling
//	eval.sandbox, metadata, target, store, …  Extra
//
// Traps. Long texts are replaced by "attachment://HASH" and stand once under
// attachments: they are put back. events holds every call of a model with its
// whole prompt, the grader's too, and is stepped over; so is output, which
// repeats the last message. target is what the scorer compared with, and is
// never part of a message. input repeats the messages that a sample began with,
// and is read only where there are no messages. Ids are numbers or strings and
// say nothing outside their task. What several scorers mean together is not for
// an importer to say: `label reports` believes a single one.
package inspectai
