// Package chat reads messages as chat APIs write them: roles, contents that are
// a string, null or a list of parts, tool calls, hidden reasoning. Formats that
// carry such messages read them with a [Message] and decide themselves what
// each one is for.
//
//	key                                     field
//	role                                    Role
//	content                                 Content; parts that are no text in Omitted
//	reasoning_content, reasoning, thinking  Reasoning
//	tool_calls[].{id,function}              ToolCalls
//	tool_call_id                            ToolCallID
//	name                                    Name
//
// A known key that stands in an object twice is an error, since two readers of
// the document would see two messages. A role is a must. What a format does not
// know it may keep: [Rest] holds values as the document writes them.
//
// The package judges nothing: it neither classifies messages nor completes them.
package chat
