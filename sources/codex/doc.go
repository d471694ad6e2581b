// Package codex reads session logs of Codex: the files rollout-*.jsonl that it
// keeps of its sessions, of both generations. One file is one session.
//
//	line                                      record
//	a folder or file named like a task,       InstanceID
//	  else the session's id
//	session_meta cli_version                  Version
//	session_meta instructions                 the first message, kind system
//	session_meta parent_thread_id             ParentID
//	turn_context model, effort                PolicyRaw, Sampling
//	response_item message                     Role, Kind, Content
//	response_item reasoning                   Reasoning of the action that follows
//	response_item function_call,              ToolCalls of the same action
//	  custom_tool_call, local_shell_call, …
//	response_item …_output                    observation: Content, ToolCallID, Name, ReturnCode
//	event_msg exec_command_end                RawOutput and ReturnCode of its observation
//	event_msg token_count                     Usage, the last total
//	event_msg turn_aborted, task_complete     ExitStatus
//	event_msg error, compacted                interrupt
//	timestamp                                 Usage.WallSeconds, last minus first
//
// Generations. Since September 2025 a line is {timestamp, type, payload}; before,
// the first line is the session's head {id, timestamp, instructions, git}, the
// others are response items themselves, and {record_type: "state"} says nothing.
//
// Traps. What one answer of the model holds (thoughts, text, calls) comes as
// separate items and is one action here: it ends where something answers.
// Events repeat the response items for the interface; a message that stands only
// in an event is taken from there. The first messages of the user are context
// that Codex wrote (environment, AGENTS.md): they are kind system, and the issue
// is the first one that is not. Forked sessions repeat their parent's lines. A
// call may have no output. Repository and commit stand in Extra: sessions of one
// commit are not attempts at one task. Nothing in a log says whether the task was
// solved.
package codex
