package miniswe

import "github.com/swerm/swerm/sources/format"

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := []format.Fate{
		{Path: "trajectory_format", Why: "origin.format"},
		{Path: "info.mini_version", Why: "the scaffold's version changes nothing that is read"},
		{Path: "info.config.**", Why: "of the configuration only model, image and sampling parameters are kept: configurations have carried credentials"},
		{Path: "info.traceback", Why: "of the scaffold's own code"},
		{Path: "[].content[].type", Why: "parts of text are joined"},
		{Path: "[].content[].image_url.**", Why: "extra.omitted_parts names what is no text"},
		{Path: "messages[].content[].type", Why: "parts of text are joined"},
		{Path: "messages[].content[].cache_control.**", Why: "a hint to the provider"},
		{Path: "messages[].content[].image_url.**", Why: "extra.omitted_parts names what is no text"},
		{Path: "messages[].role", Why: "role; a last user message that is the submission becomes exit"},
		{Path: "messages[].function_call.**", Why: "the deprecated form of tool_calls, which stands beside it"},
		{Path: "messages[].tool_calls[].**", Why: "tool_calls holds id, name and arguments; type and index say nothing more"},
		{Path: "messages[].provider_specific_fields.**", Why: "the provider's own rendering of what the message says"},
		{Path: "messages[].thinking_blocks.**", Why: "reasoning_content holds the text; signatures are the provider's"},
		{Path: "messages[].annotations.**", Why: "the provider's"},
		{Path: "messages[].extra.timestamp", Why: "usage.wall_seconds, last minus first"},
		{Path: "messages[].extra.cost", Why: "usage.cost_usd holds the run's total"},
		{Path: "messages[].extra.model_response.**", Why: "the provider's reply, which repeats the message"},
		{Path: "messages[].extra.response.**", Why: "the provider's reply, which repeats the message; usage is summed, hidden reasoning kept"},
		{Path: "messages[].extra.actions[].tool_call_id", Why: "tool_calls holds the id"},
		{Path: "messages[].extra.traceback", Why: "of the scaffold's own code; the exception's text is kept"},
		{Path: "messages[].extra.exception_info", Why: "the observation shows it"},
		{Path: "messages[].type", Why: "kind and role"},
		{Path: "messages[].object", Why: "role"},
		{Path: "messages[].status", Why: "extra.status where a response is not complete"},
		{Path: "messages[].usage.**", Why: "usage holds the sums of a run; details are shares of them"},
		{Path: "messages[].output[].**", Why: "of a response: content, reasoning and tool_calls hold what the policy wrote, extra.omitted_parts the kinds of other items; of what a call returned: content"},
	}
	for _, key := range repeated {
		all = append(all, format.Fate{Path: "messages[]." + key + ".**", Why: "of a response: names of the provider, and the request that it repeats"})
	}
	return all
}

// repeated are the keys of a response of the Responses API beside its output.
var repeated = []string{
	"id", "created_at", "completed_at", "model", "error", "incomplete_details", "instructions", "metadata", "parallel_tool_calls", "temperature", "tool_choice",
	"tools", "top_p", "top_logprobs", "max_output_tokens", "max_tool_calls", "previous_response_id", "reasoning", "text", "truncation", "user", "store", "background",
	"service_tier", "prompt_cache_key", "safety_identifier",
}
