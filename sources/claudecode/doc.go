// Package claudecode reads session logs of Claude Code: the JSONL files that it
// keeps of its sessions (~/.claude/projects/…/SESSION.jsonl), and what
// `claude --output-format stream-json` prints. One file is one session.
//
//	line                                      record
//	a folder or file named like a task,       InstanceID
//	  else sessionId (session_id)
//	type assistant, message.content[]         action: Content, Reasoning, ToolCalls
//	type user, message.content text           the issue; later ones are interrupts
//	type user, tool_result                    observation: Content, ToolCallID, Name
//	toolUseResult                             Extra of the observation, up to 4 KiB
//	type system                               interrupt, where it has a text
//	type result                               the end: ExitStatus, Usage, role exit
//	type summary, unknown types               Extra
//	isSidechain, agentId, parent_tool_use_id  a record of its own: ParentID is the session's id
//	message.model                             PolicyRaw
//	message.usage, costUSD                    Usage (once an answer of the model)
//	version                                   Version
//	timestamp                                 Usage.WallSeconds, last minus first
//
// Traps. One answer of the model is written as several lines, one for each part
// of it, all with the same message.id and each with the usage of the whole:
// adjacent ones are joined and the last usage counts. Answers to parallel calls
// make the tree of parentUuid branch, so the order of the lines is the order of
// the dialogue; turns that a person took back stand in it too. Sub-agents stand
// in the session's file (older versions) or in files of their own. Messages that
// Claude Code wrote in the policy's place (model "<synthetic>", errors of the
// API) are interrupts, and so are commands, their output and caveats (isMeta).
// Prompt tokens include what was read from and written to the cache. Lines that
// are no object, and messages that are no object, do occur; they are kept. What
// only the program's interface needs (progress, snapshots of files, its queue)
// is counted in Extra and left behind. Nothing in a log says whether the task
// was solved.
package claudecode
