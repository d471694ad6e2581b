package openhandslog

import "github.com/swerm/swerm/sources/format"

// messageFates are of a message, wherever it stands.
var messageFates = []format.Fate{
	{Path: "role", Why: "messages[].role"},
	{Path: "type", Why: "what kind of item the Responses API writes"},
	{Path: "content[].type", Why: "parts of text are joined"},
	{Path: "content[].cache_control.**", Why: "a hint to the provider"},
	{Path: "content[].annotations.**", Why: "the provider's"},
	{Path: "content[].image_url.**", Why: "extra.omitted_parts names what is no text"},
	{Path: "cache_control.**", Why: "a hint to the provider"},
	{Path: "function_call.**", Why: "the deprecated form of tool_calls, which stands beside it"},
	{Path: "tool_calls[].**", Why: "tool_calls holds id, name and arguments; type and index say nothing more"},
	{Path: "provider_specific_fields.**", Why: "the provider's own rendering of what the message says"},
	{Path: "annotations.**", Why: "the provider's"},
	{Path: "thinking_blocks[].**", Why: "reasoning holds the text; signatures are the provider's"},
	{Path: "reasoning_details.**", Why: "reasoning holds the text; what is encrypted is the provider's"},
	{Path: "responses_reasoning_item.**", Why: "reasoning holds the text; what is encrypted is the provider's"},
	{Path: "summary[].type", Why: "parts of reasoning are joined"},
	{Path: "encrypted_content", Why: "the provider's"},
	{Path: "id", Why: "the provider's; call_id joins calls and answers"},
	{Path: "status", Why: "of the item's generation"},
}

// replyFates are of a provider's reply.
var replyFates = []format.Fate{
	{Path: "id", Why: "the provider's"},
	{Path: "created", Why: "extra.timestamp"},
	{Path: "created_at", Why: "extra.timestamp"},
	{Path: "object", Why: "the provider's constant"},
	{Path: "model", Why: "policy_raw"},
	{Path: "system_fingerprint", Why: "the provider's"},
	{Path: "service_tier", Why: "the provider's"},
	{Path: "provider", Why: "which host a router chose"},
	{Path: "usage.**", Why: "usage, or extra.last_call; details are shares of its numbers"},
	{Path: "choices[].index", Why: "one choice is asked for"},
	{Path: "choices[].finish_reason", Why: "calls and text of the message say it"},
	{Path: "choices[].logprobs.**", Why: "the provider's"},
	{Path: "choices[].provider_specific_fields.**", Why: "the provider's"},
	{Path: "Output.**", Why: "a gateway's copy of the message"},
	{Path: "Usage.**", Why: "a gateway's copy of usage"},
	{Path: "StopReason", Why: "a gateway's copy of finish_reason"},
}

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := []format.Fate{
		{Path: "kwargs.**", Why: "of the call's options only sampling parameters, stop words and tools are kept: options have carried credentials"},
		{Path: "args.**", Why: "of the call; the prompt is messages"},
		{Path: "tools[].**", Why: "tools, with sorted keys"},
		{Path: "error.repr", Why: "type and message of the error are kept"},
		{Path: "error.traceback", Why: "of the scaffold's own code"},
		{Path: "llm_path", Why: "which API of the provider was asked"},
		{Path: "messages[].content.**", Why: "the dialogue in the text protocol, where it is held with calls as well; the prompt's text is kept where it differs"},
		{Path: "raw_response.**", Why: "the reply in the text protocol"},
	}
	for _, reply := range []string{"response", "fncall_response"} {
		for _, f := range replyFates {
			all = append(all, format.Fate{Path: reply + "." + f.Path, Why: f.Why})
		}
	}
	places := []string{"response.choices[].message", "fncall_response.choices[].message", "response.output[]", "messages[]", "fncall_messages[]", "raw_messages[]", "input[]", "[]"}
	for _, place := range places {
		for _, f := range messageFates {
			all = append(all, format.Fate{Path: place + "." + f.Path, Why: f.Why})
		}
	}
	return all
}
