// Package miniswe reads trajectories of mini-swe-agent: `mini-swe-agent-1`
// (text protocol), `mini-swe-agent-1.1` (tool calls) and the bare message lists
// of the first versions.
//
//	document                                  record
//	instance_id, else the file's name         InstanceID
//	info.config.model.model_name              PolicyRaw
//	info.config.model.model_kwargs (chosen)   Sampling
//	info.config.agent.{step,cost}_limit       Sampling
//	info.config.environment.image             Environment
//	info.submission                           Patch
//	info.exit_status                          ExitStatus
//	info.model_stats.{api_calls,…_cost}       Usage
//	messages[].role, content                  Role, Kind, Content
//	messages[].reasoning_content              Reasoning
//	messages[].tool_calls[].function          ToolCalls
//	messages[].tool_call_id                   ToolCallID
//	messages[].extra.raw_output               RawOutput, where content does not hold it
//	messages[].extra.returncode               ReturnCode
//	messages[].extra.timestamp                Usage.WallSeconds, last minus first
//	messages[].extra.response.usage           Usage.PromptTokens, CompletionTokens (sums)
//	messages[].extra.response….reasoning      Reasoning, where the message has none
//	messages[].extra.{interrupt,exception}_…  Kind, Extra
//	messages[].output of a response           Content, Reasoning, ToolCalls
//	messages[].{output,call_id} of a call     Content, ToolCallID
//	messages[].usage of a response            as of extra.response
//
// Traps. A provider's whole reply stands in extra.response beside the message
// taken from it; only usage and hidden reasoning are read, the rest is stepped
// over. In version 1 the last message has the role user and is the submission,
// not an observation: it becomes role exit, kind final, as version 1.1 writes
// it. Format errors come as user messages and are interrupts of the scaffold:
// 1.1 says so in extra.interrupt_type; version 1 says it by the template in the
// config, or by an action before it that has not exactly one command. Content
// is a string, null, or a list of parts. The prompt that a run began with can be
// all there is: a run without one assistant message is no attempt, and the
// importer drops it as such (its exit status stands in the reject). Models that
// are asked over the Responses API have messages without a role: the whole
// response where the assistant's would be, and items of what calls returned.
//
// Time stamps, provider ids and the environment's variables are not kept, nor
// is any key of model_kwargs outside a list of sampling parameters: configs
// have carried credentials.
package miniswe
