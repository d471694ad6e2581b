// Package trainer turns token rows and their labels into a reward-model
// checkpoint.
//
// A global batch is a number of trajectories; which ones is a function of
// config and data alone (see plan). A batch is cut into micro-batches by
// tokens, packed without padding. The loss of every trajectory is divided by
// the weight sum of the whole global step before its backward pass, so
// everything that is added up afterwards is a plain sum and the gradient does
// not depend on how a step was cut.
//
// Promises:
//
//   - One config and one set of inputs give the same weights, metrics and
//     event files, bit for bit, on one kernel family and one layout of ranks:
//     for any number of threads, and however often the run was killed and
//     started again.
//   - A finished step is one line in metrics.jsonl, exactly one, in order.
//   - A loss or a gradient that is not finite never reaches the weights.
//   - Every candidate row is used, or dropped for a reason, or failed, and
//     the three add up.
//
// Several processes may share a training ([Ranks]): each takes its part of every
// global batch, some hold different experts, and sums of gradients make them one
// model. The layout changes rounding and nothing else, and a checkpoint of one is
// read by any other. Package comm moves the numbers, package launch starts
// processes on one machine.
//
// The loss itself is an objective of package objective; the network is
// package moe. What a checkpoint holds is described at [Stage].
package trainer
