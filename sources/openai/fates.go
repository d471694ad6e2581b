package openai

import (
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/rows"
)

// ofMessage are fates below a message.
var ofMessage = []format.Fate{
	{Path: "role", Why: "role; words of other APIs are turned into its five"},
	{Path: "agent", Why: "the name of the scaffold's agent, the same in every turn"},
	{Path: "message_type", Why: "messages[].kind"},
	{Path: "is_demo", Why: "messages[].kind is demo"},
	{Path: "thought", Why: "part of the content, which is kept; extra.thought where it is not"},
	{Path: "action", Why: "the call as the scaffold writes it; extra.action where no call is there and the content does not hold it"},
	{Path: "cache_control.**", Why: "a hint to the provider"},
	{Path: "thinking_blocks[].**", Why: "reasoning holds the text; signatures are the provider's"},
	{Path: "mask", Why: "messages[].mask"},
	{Path: "train", Why: "messages[].mask"},
	{Path: "loss", Why: "messages[].mask"},
	{Path: "weight", Why: "messages[].mask where it is 0 or 1, extra.weight otherwise"},
	{Path: "loss_weight", Why: "messages[].mask where it is 0 or 1, extra.weight otherwise"},
	{Path: "tool_calls[].type", Why: "always a function"},
	{Path: "tool_calls[].index", Why: "the order of the calls"},
	{Path: "content[].type", Why: "parts of text are joined, calls and results stand in their own columns"},
	{Path: "content[].signature", Why: "the provider's"},
	{Path: "content[].cache_control.**", Why: "a hint to the provider"},
	{Path: "content[].is_error", Why: "extra.is_error where it is one"},
	{Path: "content[].content[].type", Why: "parts of text are joined"},
}

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := rows.Fates()
	for _, f := range ofMessage {
		all = append(all, format.Fate{Path: "[]." + f.Path, Why: f.Why})
	}
	for _, key := range dialogues {
		for _, f := range ofMessage {
			all = append(all, format.Fate{Path: key + "[]." + f.Path, Why: f.Why}, format.Fate{Path: key + ".$[]." + f.Path, Why: f.Why})
		}
	}
	return all
}
