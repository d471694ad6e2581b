// Package aider reads results of aider on benchmarks, and the chat that it wrote
// of them.
//
//	document and folder                       record
//	instance_id                               InstanceID
//	model, else model_name_or_path            PolicyRaw
//	model_patch                               Patch
//	cost, try                                 Usage.CostUSD, Attempt
//	resolved                                  Claims
//	{edit,lint,test}_outcome, all_results, …  Extra
//	INSTANCE.md beside it, or in chat-logs/   the dialogue
//
// A chat is Markdown: lines that begin with "#### " are what aider was told, with
// "> " what aider itself says, and all others the policy's. The first thing it
// was told is the issue. Later ones are interrupts, and what aider says after the
// first turn of the policy is an observation.
//
// Traps. Most published results come without their chats. Such a result is a
// patch and no run: it has no turns, and an importer drops it as such and says
// why. test_outcome is of the tests that were there before, not of the hidden
// ones, and is no claim. all_results repeats the chosen try among the others.
package aider
