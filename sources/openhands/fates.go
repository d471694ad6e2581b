package openhands

import "github.com/swerm/swerm/sources/format"

// eventFates are of an event of the flat stream.
var eventFates = []format.Fate{
	{Path: "id", Why: "the order of messages says it"},
	{Path: "cause", Why: "tool_call_id says it, and the order of messages"},
	{Path: "timestamp", Why: "usage.wall_seconds, last minus first"},
	{Path: "source", Why: "messages[].role"},
	{Path: "message", Why: "the scaffold's rendering of the event for people"},
	{Path: "timeout", Why: "the scaffold's limit on every call"},
	{Path: "success", Why: "return_code says it"},
	{Path: "action", Why: "messages[].kind, and the call's name where a reply is recorded"},
	{Path: "observation", Why: "messages[].name says which tool was called"},
	{Path: "llm_metrics.**", Why: "running totals; usage holds the last"},
	{Path: "tool_call_metadata.function_name", Why: "the call's name"},
	{Path: "tool_call_metadata.total_calls_in_response", Why: "the number of tool_calls"},
	{Path: "tool_call_metadata.model_response.choices[].message.content[].**", Why: "parts of text are joined; omitted_parts names what is no text"},
	{Path: "tool_call_metadata.model_response.choices[].message.tool_calls[].**", Why: "tool_calls holds id, name and arguments; type and index say nothing more"},
	{Path: "tool_call_metadata.model_response.choices[].message.thinking_blocks[].**", Why: "reasoning holds the text; signatures are the provider's"},
	{Path: "tool_call_metadata.model_response.choices[].message.provider_specific_fields.**", Why: "the provider's own rendering of what the message says"},
	{Path: "tool_call_metadata.model_response.choices[].index", Why: "one choice is asked for"},
	{Path: "tool_call_metadata.model_response.choices[].finish_reason", Why: "calls and text of the message say it"},
	{Path: "tool_call_metadata.model_response.choices[].provider_specific_fields.**", Why: "the provider's"},
	{Path: "tool_call_metadata.model_response.choices[].logprobs.**", Why: "the provider's"},
	{Path: "tool_call_metadata.model_response.id", Why: "the provider's; joins the calls of one reply"},
	{Path: "tool_call_metadata.model_response.created", Why: "the event's time"},
	{Path: "tool_call_metadata.model_response.object", Why: "the provider's constant"},
	{Path: "tool_call_metadata.model_response.model", Why: "extra.response_model"},
	{Path: "tool_call_metadata.model_response.service_tier", Why: "the provider's"},
	{Path: "tool_call_metadata.model_response.system_fingerprint", Why: "the provider's"},
	{Path: "tool_call_metadata.model_response.provider", Why: "the provider's"},
	{Path: "tool_call_metadata.model_response.usage.**", Why: "usage holds the sums"},
	{Path: "args.thought", Why: "the content, with the call's argument below it where the call is a thought"},
	{Path: "args.agent_state", Why: "of the program around the run"},
	{Path: "args.recall_type", Why: "what was found is a message"},
	{Path: "args.query", Why: "the user's message"},
	{Path: "args.tools[].**", Why: "tools, with sorted keys"},
	{Path: "extras.agent_state", Why: "of the program around the run"},
	{Path: "extras.reason", Why: "of the program around the run"},
	{Path: "extras.metadata.**", Why: "prefix and suffix are shown, exit code and working directory kept; process, host and user are the container's"},
	{Path: "extras.command", Why: "the call's argument"},
	{Path: "extras.command_id", Why: "the shell's count"},
	{Path: "extras.code", Why: "the call's argument"},
	{Path: "extras.path", Why: "the call's argument"},
	{Path: "extras.hidden", Why: "the scaffold's default"},
	{Path: "extras.impl_source", Why: "the scaffold's editor"},
	{Path: "extras.prev_exist", Why: "the output says it"},
	{Path: "extras.old_content", Why: "the file before the edit; the call says what changed"},
	{Path: "extras.new_content", Why: "the file after the edit; the call says what changed"},
	{Path: "extras.diff", Why: "made from the edit"},
	{Path: "extras._diff_cache", Why: "made from the edit"},
	{Path: "extras.screenshot", Why: "a picture"},
	{Path: "extras.set_of_marks", Why: "a picture"},
	{Path: "extras.dom_object.**", Why: "of the browser; the page's text is the content"},
	{Path: "extras.axtree_object.**", Why: "of the browser; the page's text is the content"},
	{Path: "extras.extra_element_properties.**", Why: "of the browser; the page's text is the content"},
	{Path: "extras.active_page_index.**", Why: "of the browser"},
	{Path: "extras.focused_element_bid", Why: "of the browser"},
	{Path: "command_id", Why: "the shell's count"},
}

// sdkFates are of an event of the software agent SDK.
var sdkFates = []format.Fate{
	{Path: "kind", Why: "messages[].kind"},
	{Path: "parent_id", Why: "the order of messages says it"},
	{Path: "action_id", Why: "tool_call_id says it"},
	{Path: "llm_response_id", Why: "the provider's; joins the calls of one reply"},
	{Path: "action.**", Why: "the scaffold's reading of the call, whose arguments are kept"},
	{Path: "tools[].**", Why: "tools, with sorted keys"},
	{Path: "key", Why: "of a state that base_state.json holds at the end"},
	{Path: "value", Why: "of a state that base_state.json holds at the end"},
	{Path: "value.**", Why: "of a state that base_state.json holds at the end"},
	{Path: "prompt_token_ids[]", Why: "of the policy's tokenizer; the text is kept"},
	{Path: "response_token_ids[]", Why: "of the policy's tokenizer; the text is kept"},
	{Path: "log_data", Why: "a log of the provider's reply, which the events hold"},
	{Path: "observation.kind", Why: "messages[].name says which tool was called"},
	{Path: "observation.command", Why: "the call's argument"},
	{Path: "observation.path", Why: "the call's argument"},
	{Path: "observation.prev_exist", Why: "the output says it"},
	{Path: "observation.old_content", Why: "the file before the edit; the call says what changed"},
	{Path: "observation.new_content", Why: "the file after the edit; the call says what changed"},
	{Path: "observation.diff.**", Why: "made from the edit"},
	{Path: "observation.screenshot_data", Why: "a picture"},
	{Path: "observation.metadata.**", Why: "prefix and suffix are shown, exit code and working directory kept; process, host and user are the container's"},
	{Path: "observation.content[].type", Why: "parts of text are joined"},
	{Path: "observation.content[].cache_prompt", Why: "a hint to the provider"},
	{Path: "observation.content[].image_urls[]", Why: "extra.omitted_parts names what is no text"},
	{Path: "observation.content[].enable_truncation", Why: "a hint to the scaffold"},
	{Path: "system_prompt.type", Why: "a part of text"},
	{Path: "system_prompt.cache_prompt", Why: "a hint to the provider"},
	{Path: "dynamic_context.type", Why: "a part of text"},
	{Path: "dynamic_context.cache_prompt", Why: "a hint to the provider"},
	{Path: "thought[].type", Why: "parts of text are joined"},
	{Path: "thought[].cache_prompt", Why: "a hint to the provider"},
	{Path: "extended_content[].type", Why: "parts of text are joined"},
	{Path: "extended_content[].cache_prompt", Why: "a hint to the provider"},
	{Path: "thinking_blocks[].**", Why: "reasoning holds the text; signatures are the provider's"},
	{Path: "responses_reasoning_item.**", Why: "reasoning holds the text; what is encrypted is the provider's"},
	{Path: "llm_message.role", Why: "messages[].role"},
	{Path: "llm_message.content[].type", Why: "parts of text are joined"},
	{Path: "llm_message.content[].cache_prompt", Why: "a hint to the provider"},
	{Path: "llm_message.content[].image_urls[]", Why: "extra.omitted_parts names what is no text"},
	{Path: "llm_message.thinking_blocks[].**", Why: "reasoning holds the text; signatures are the provider's"},
	{Path: "llm_message.responses_reasoning_item.**", Why: "reasoning holds the text; what is encrypted is the provider's"},
	{Path: "llm_message.vision_enabled", Why: "a switch of the serialiser"},
	{Path: "llm_message.cache_enabled", Why: "a switch of the serialiser"},
	{Path: "llm_message.function_calling_enabled", Why: "a switch of the serialiser"},
	{Path: "llm_message.force_string_serializer", Why: "a switch of the serialiser"},
	{Path: "llm_message.send_reasoning_content", Why: "a switch of the serialiser"},
	{Path: "tool_call.origin", Why: "which API of the provider was asked"},
	{Path: "tool_call.type", Why: "tool_calls holds id, name and arguments"},
}

// rowFates are of an evaluation's row.
var rowFates = []format.Fate{
	{Path: "metadata.llm_config.**", Why: "of the configuration only model and sampling parameters are kept: configurations have carried credentials"},
	{Path: "metadata.llm.**", Why: "of the configuration only model and sampling parameters are kept: configurations have carried credentials"},
	{Path: "metadata.agent_config.**", Why: "may hold configurations of models, which have carried credentials"},
	{Path: "metadata.condenser_config.**", Why: "may hold configurations of models, which have carried credentials"},
	{Path: "metadata.critic.**", Why: "may hold configurations of models, which have carried credentials"},
	{Path: "metadata.lmnr.**", Why: "of the telemetry"},
	{Path: "metrics.accumulated_token_usage.model", Why: "the policy"},
	{Path: "metrics.accumulated_token_usage.response_id", Why: "the provider's"},
	{Path: "metrics.costs[]", Why: "usage.cost_usd is their sum"},
	{Path: "metrics.costs[].**", Why: "usage.cost_usd is their sum"},
	{Path: "metrics.response_latencies[].**", Why: "of single calls; usage.wall_seconds is the run's"},
	{Path: "metrics.token_usages[].**", Why: "usage holds their sums"},
	{Path: "instruction", Why: "the issue among the messages"},
	{Path: "raw_completions.messages[].**", Why: "the prompt of the last call, which repeats the history"},
	{Path: "raw_completions.tools[].**", Why: "tools, with sorted keys"},
}

// taskFates are of what a row repeats of its data set's row.
var taskFates = []format.Fate{
	{Path: "problem_statement", Why: "the issue shows it; the data set's row holds it"},
	{Path: "hints_text", Why: "not shown to the policy; the data set's row holds it"},
	{Path: "patch", Why: "the solution, which the data set's row holds"},
	{Path: "test_patch", Why: "the hidden tests, which the data set's row holds"},
	{Path: "FAIL_TO_PASS.**", Why: "the hidden tests, which the data set's row holds"},
	{Path: "PASS_TO_PASS.**", Why: "the hidden tests, which the data set's row holds"},
	{Path: "FAIL_TO_FAIL.**", Why: "the hidden tests, which the data set's row holds"},
	{Path: "PASS_TO_FAIL.**", Why: "the hidden tests, which the data set's row holds"},
}

// under puts fates below a place in documents.
func under(all []format.Fate, place string, more []format.Fate) []format.Fate {
	if place != "" {
		place += "."
	}
	for _, f := range more {
		all = append(all, format.Fate{Path: place + f.Path, Why: f.Why})
	}
	return all
}

// Fates says what is not found in a record as the document writes it.
func (Format) Fates() []format.Fate {
	all := under(rowFates[:len(rowFates):len(rowFates)], "instance", taskFates)
	all = under(all, "swe_instance", taskFates)
	for _, place := range []string{"history[]", "history[][]", "trajectory[]", "[]", ""} {
		all = under(all, place, eventFates)
		all = under(all, place, sdkFates)
		all = under(all, place, argumentFates())
	}
	return all
}

// argumentFates are of the args of actions.
func argumentFates() (all []format.Fate) {
	for _, name := range scaffoldArgs {
		const why = "the scaffold adds it to every action of a kind"
		all = append(all, format.Fate{Path: "args." + name, Why: why}, format.Fate{Path: name, Why: why})
	}
	for _, name := range argumentNames {
		all = append(all, format.Fate{Path: "args." + name + ".**", Why: "the call's argument"})
	}
	return all
}

// Fates says what is not found in a record as base_state.json writes it.
func (Conversation) Fates() []format.Fate {
	return []format.Fate{
		{Path: "agent.**", Why: "of the configuration only model and sampling parameters are kept: configurations have carried credentials"},
		{Path: "stats.**", Why: "usage holds the sums"},
		{Path: "secret_registry.**", Why: "secrets"},
		{Path: "secrets_manager.**", Why: "secrets"},
	}
}
