package codex

import "github.com/swerm/swerm/sources/format"

// Fates says what is not found in a record as the document writes it. A path
// without payload is of the first generation.
func (Format) Fates() []format.Fate {
	all := []format.Fate{
		{Path: "timestamp", Why: "usage.wall_seconds, last minus first"},
		{Path: "record_type", Why: "says nothing"},
	}
	for _, at := range []string{"", "payload."} {
		all = append(all,
			format.Fate{Path: at + "type", Why: "messages[].role and kind; extra.events counts events"},
			format.Fate{Path: at + "role", Why: "messages[].role and kind"},
			format.Fate{Path: at + "id", Why: "the provider's name for an item"},
			format.Fate{Path: at + "status", Why: "what came of a call follows it"},
			format.Fate{Path: at + "encrypted_content", Why: "nobody but the provider can read it"},
			format.Fate{Path: at + "content[].type", Why: "parts of text are joined"},
			format.Fate{Path: at + "summary[].type", Why: "parts of text are joined"},
		)
	}
	return append(all,
		format.Fate{Path: "payload.info.**", Why: "usage, the last total"},
		format.Fate{Path: "payload.rate_limits.**", Why: "of the account"},
		format.Fate{Path: "payload.replacement_history.**", Why: "copies of messages that the policy went on with"},
		format.Fate{Path: "payload.kind", Why: "of a message that an item holds"},
		format.Fate{Path: "payload.turn_id", Why: "names a turn"},
		format.Fate{Path: "payload.model_context_window", Why: "of the model"},
		format.Fate{Path: "payload.call_id", Why: "messages[].tool_call_id, or of an event that repeats an item"},
		format.Fate{Path: "payload.command[]", Why: "of an event that repeats a call"},
		format.Fate{Path: "payload.parsed_cmd[].**", Why: "of an event that repeats a call"},
		format.Fate{Path: "payload.stdout", Why: "part of aggregated_output"},
		format.Fate{Path: "payload.stderr", Why: "part of aggregated_output"},
		format.Fate{Path: "payload.formatted_output", Why: "the observation"},
		format.Fate{Path: "payload.duration.**", Why: "of one command"},
		format.Fate{Path: "payload.cwd", Why: "extra.session_meta.cwd"},
	)
}
