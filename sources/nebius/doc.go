// Package nebius reads rows of nebius/SWE-agent-trajectories: SWE-agent in its
// text protocol, written by a chat template of their own.
//
//	row                                       record
//	instance_id (with _K, the sample)         InstanceID, Rollout
//	model_name                                PolicyRaw
//	trajectory[].role (system, user, ai)      Role, and Kind with the place
//	trajectory[].text, system_prompt          Content
//	trajectory[].mask                         Mask: true where the set trains
//	trajectory[].cutoff_date                  the message's Extra
//	generated_patch                           Patch, leading line ends taken off
//	exit_status                               ExitStatus
//	target, eval_logs                         Claims
//	any other key                             see package rows
//
// Traps. The system's message has its text in system_prompt and null in text;
// all others the other way round. A complaint of the scaffold about an action
// that it could not read has the role user as observations have.
package nebius
