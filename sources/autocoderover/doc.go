// Package autocoderover reads the folder that AutoCodeRover leaves of a task:
// meta.json and what was said while it worked.
//
//	document and folder                       record
//	task_id                                   InstanceID
//	task_info.repo, base_commit, created_at   Repo, BaseCommit, CreatedAt
//	conversation_round_N.json, the last       the dialogue of the search
//	debug_agent_write_patch_N.json            what the patch agent said after it
//	extracted_patch_N.diff, the last          Patch
//	cost.json model, total_…                  PolicyRaw, Usage
//	the folder above the task's               Run
//
// Traps. Every round writes the whole thread so far, and the patch agent begins
// with a copy of it: a message that stands there already is not taken again. The
// first message of the user is the issue; later ones, before and after turns of
// the policy, are what the search found or what the scaffold asks next. meta.json
// holds the task's row with its solution and its hidden tests, which are left
// behind. A folder whose conversations cannot be found gives a run without turns,
// which an importer drops as such.
package autocoderover
