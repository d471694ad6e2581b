// Package patchonly recognises files that come out of agents and hold patches
// but no turns of a policy: there is no run in them to judge. Each is read as far
// as to say what it is about, so that an importer drops it with a reason instead
// of calling it unknown.
//
//	document                                      what it is
//	rows {instance_id, issue, patches,            candidates that Trae Agent selects from
//	  success_id}
//	rows {id, instruction, diffs,                 candidates that Augment's ensembler selects from
//	  eval_outcomes}
//	rows {id, instruction, response,              what that ensembler selected
//	  selected_diff}
//	lines {timestamp, step, action, details,      the log of an orchestrator: its agents' dialogue
//	  performance, metadata}                        stands elsewhere
//
//	of it                                         record
//	instance_id, id, metadata.instance_id         InstanceID
//	what it is                                    ExitStatus
//
// Predictions and reports of a harness are not claimed: `label reports` reads
// them.
package patchonly
