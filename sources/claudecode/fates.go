package claudecode

import "github.com/swerm/swerm/sources/format"

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	return []format.Fate{
		{Path: "type", Why: "messages[].role and kind"},
		{Path: "uuid", Why: "names a line; the order of the messages is the order of the lines"},
		{Path: "parentUuid", Why: "names a line; the order of the messages is the order of the lines"},
		{Path: "logicalParentUuid", Why: "names a line; the order of the messages is the order of the lines"},
		{Path: "leafUuid", Why: "names a line"},
		{Path: "isSidechain", Why: "a record of its own"},
		{Path: "parent_tool_use_id", Why: "a record of its own, named by it"},
		{Path: "isMeta", Why: "messages[].kind"},
		{Path: "isApiErrorMessage", Why: "messages[].kind"},
		{Path: "timestamp", Why: "usage.wall_seconds, last minus first"},
		{Path: "duration_ms", Why: "usage.wall_seconds"},
		{Path: "costUSD", Why: "usage.cost_usd, the sum"},
		{Path: "cwd", Why: "extra.cwd holds the first"},
		{Path: "gitBranch", Why: "extra.gitBranch holds the first"},
		{Path: "version", Why: "extra.version holds the first"},
		{Path: "session_id", Why: "extra.session_id holds the first"},
		{Path: "sessionId", Why: "extra.session_id holds the first"},
		{Path: "toolUseResult.**", Why: "extra.toolUseResult, up to 4 KiB of it; the observation holds what the policy saw"},
		{Path: "message.role", Why: "messages[].role and kind"},
		{Path: "message.id", Why: "lines with one id are one message"},
		{Path: "message.type", Why: "says nothing more"},
		{Path: "message.stop_reason", Why: "extra.stop_reason, where it is neither a call nor the end of a turn"},
		{Path: "message.stop_sequence", Why: "the text ends with it"},
		{Path: "message.usage.**", Why: "usage, summed once an answer"},
		{Path: "message.content[].type", Why: "parts are sorted by it"},
		{Path: "message.content[].is_error", Why: "extra.is_error where it is true"},
		{Path: "message.content[].signature", Why: "the provider's seal on a thought"},
		{Path: "message.content[].cache_control.**", Why: "a hint to the provider"},
		{Path: "message.content[].caller.**", Why: "who may make the call"},
		{Path: "message.content[].content[].type", Why: "parts of text are joined"},
		{Path: "snapshot.**", Why: "copies of files that the program can go back to"},
		{Path: "messageId", Why: "names a line"},
		{Path: "isSnapshotUpdate", Why: "of the program's copies of files"},
		{Path: "data.**", Why: "what the program's interface shows while a tool runs; its result is kept"},
		{Path: "toolUseID", Why: "names the call whose progress a line shows"},
		{Path: "parentToolUseID", Why: "names the call whose progress a line shows"},
		{Path: "operation", Why: "of the queue of what a person typed ahead"},
	}
}
