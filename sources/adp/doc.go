// Package adp reads rows in the standard form of the Agent Data Protocol: one
// object a run, whatever data set it was converted from. (Its form for training,
// rows of conversations, is ShareGPT and read elsewhere.)
//
//	document                                  record
//	id                                        InstanceID, with its sample suffix
//	content[] text_observation                observation; the first of source user is the issue
//	content[] web_observation                 observation; Content is the accessibility tree, else the HTML
//	content[] api_action                      action: a call of function with kwargs, Content is description
//	content[] code_action                     action: a call named by language, argument code
//	content[] message_action                  action: Content
//	details.run_id, model_name                Run, PolicyRaw
//	details.tools                             Tools
//	details.generated_patch, test_result      Patch
//	details.exit_status                       ExitStatus
//	details.resolved, target, eval_logs, …    Claims
//
// Traps. Every value of details is a string: "True" for a flag, JSON or Python's
// repr for what was an object. A data set that told its observations apart only
// by turn has source user in all of them. The protocol says nothing of the
// harness, and of the policy only what a data set put into details. Actions may
// follow one another without an observation between them.
package adp
