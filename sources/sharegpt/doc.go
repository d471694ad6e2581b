// Package sharegpt reads rows of conversations as ShareGPT and the trainers that
// took its form over write them, which is also the form of the Agent Data
// Protocol for fine-tuning.
//
//	row                                            record
//	conversations[].from                           Role, and Kind with the place:
//	  (system, human, gpt, function_call,            calls are the assistant's turns,
//	  observation, user, assistant, tool)            observations the tool's
//	conversations[].value                          Content; ToolCalls where a
//	                                                 function_call is JSON and nothing else
//	conversations[].{weight,loss,train,mask}       Mask
//	system, system_prompt                          a system message before the others
//	any other key                                  see package rows
//
// Traps. A function_call's value is a call in JSON, a list of them, or text with
// a call in some scaffold's tags; text stays text. A row may have a system
// prompt that is empty. Rows for verifiers look the same and are not read here.
package sharegpt
