// Package moatless reads trajectories of moatless-tools and of its tree search:
// trees of nodes (`root` or a list `nodes`) and the transitions of its first
// versions.
//
//	document                                  record
//	metadata.instance_id, info.instance_id,   InstanceID
//	  a folder named like a task, the id
//	a path from the root to a leaf            one record; Attempt counts leaves where there are several
//	node.user_message, message                the issue at the root, else an interrupt
//	node.assistant_message, thoughts          action: Content
//	node.action_steps[].action, node.action   ToolCalls; thoughts stay in the arguments
//	node.action_steps[].observation, output   observation: Content, the rest in Extra
//	node.reward.value                         Reward of the action
//	node.file_context.files[].patch           Patch, of the last node that has one
//	node.error                                interrupt
//	…completion(s).usage, attempts[].usage    Usage (sums along the path)
//	completions.model, agent.completion.model PolicyRaw
//	transitions[].actions[]                   the same for first versions
//	info.submission, resolved                 Patch, Claims
//
// Traps. In a tree search several leaves share their first nodes: each leaf is
// an attempt of its own, and what it shares with another is in both. A node
// repeats its prompt in completions, which is stepped over. Actions have no name
// of their own in most versions: the class of their arguments is one. A reward
// is the opinion of a value function, from -100 to 100, and no test's. A nested
// tree of more than about sixty levels is deeper than a document may be.
package moatless
