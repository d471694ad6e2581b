// Package openai reads rows and documents whose dialogue is written as OpenAI's
// chat API writes messages: the public sets of agent runs on Hugging Face, and
// what people's own scripts save.
//
//	document                                       record
//	messages; else trajectory, conversations,      Messages; a list, or a string
//	  conversation, chat, dialogue                   that holds the list as JSON
//	[].role                                        Role, and Kind with the place
//	[].content                                     Content; parts of text joined
//	[].reasoning_content, reasoning, thinking      Reasoning, and thinking_blocks
//	[].tool_calls, function_call                   ToolCalls
//	[].tool_call_id, tool_call_ids, name           ToolCallID, Name
//	[].mask, train, loss, weight (0 or 1)          Mask
//	[].reward, step_reward                         Reward
//	[].message_type, is_demo                       Kind demo
//	[].content[].{tool_use,tool_result,thinking}   ToolCalls, messages, Reasoning
//	system, system_prompt                          a system message, where there is none
//	any other key of a message                     the message's Extra
//	any other key of the row                       see package rows
//
// A row is one of these when one of its dialogues is a list of objects with a
// role, and no key beside it is another format's; a file that is nothing but
// such a list is one too, unless a harness's marks are in it.
//
// Traps. Tables with fixed columns write every key in every message, mostly as
// null: nulls say nothing. Some sets hold messages as a string of JSON, some
// hold tool_calls so. thought and action, which SWE-agent's sets add, repeat
// what content and calls say; where they do not they are kept. A dialogue that
// ends with a judge's YES or NO is a verifier's: the answer is a claim and no
// message. Anthropic's parts hold calls and results, and one message with
// several results becomes several. Images are kept as they are written where
// they are small, and named where they are not.
package openai
