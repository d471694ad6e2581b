// Package trae reads trajectories that Trae Agent records.
//
//	document                                  record
//	a file or folder named like a task,       InstanceID
//	  else the file's name
//	model, provider                           PolicyRaw, Extra
//	max_steps                                 Sampling
//	task                                      the issue, where no step holds it
//	agent_steps[].llm_messages[]              system and user messages, each text once
//	agent_steps[].llm_response                action: Content, ToolCalls
//	agent_steps[].tool_results[]              observation: Content, ToolCallID, Name; success and error in Extra
//	agent_steps[].reflection, error           interrupt
//	final_result                              the last message, role exit
//	state of the last step                    ExitStatus
//	llm_interactions[].response.usage         Usage (sums)
//	execution_time                            Usage.WallSeconds
//	NAME.patch beside NAME.json               Patch
//
// Traps. A run is written twice: as the agent's steps and as the calls of its
// model. The steps are read; the calls give usage, and the dialogue where there
// are no steps. Messages may be what was new in a step or all so far: what has
// been said is not said again. Results of tools are written with the step that
// they belong to and again as messages of the next one. success is what the agent
// thought of its own work: it stands in Extra and is no claim.
package trae
