// Package pipeline holds the nouns of swerm and does no I/O: the trajectory
// and what is said about it (labels, selections, tokens, scores), the stages
// that turn datasets into datasets, the closed sets of reasons and verdicts,
// and the content keys by which a finished task is recognised.
//
// Text is written once, in trajectories. Everything said about a trajectory
// is a narrow row of its own that names it by id, so a second label set,
// another tokenizer or a hundred ablation cells over one pool of text cost
// megabytes and not a copy of the pool.
//
// Two laws hold wherever rows move. What comes in is what goes out plus what
// was dropped, by reason, plus what failed ([Counts.Check]). And the bytes
// that a stage writes depend on its inputs' content, its config and its
// version, never on clocks, hosts, worker counts or map order ([TaskKey]).
package pipeline
