// Package objective holds the losses that train a reward model, written as
// Gorgonia graphs over the verdict logits of a batch of sequences.
//
// The network answers each sequence with three logits [YES, NO, REST], REST
// being the log-sum-exp of every other token. An objective turns those, a
// target in [0, 1], a weight and a group into a sum of losses and a sum of
// weights; the trainer divides the one by the other over the whole global
// step. The gradient comes from Gorgonia's symbolic differentiation, so a new
// objective is one expression and no derivative: see [Objective] and the
// example of a margin loss.
//
// The graphs are small (sequences, not tokens) and compute in float64, so
// their cost vanishes beside the network and their gradients can be checked
// tightly. A batch is filled up to the next power of two with rows of weight
// zero, which leaves sums and gradients as they are and keeps the number of
// compiled graphs at the logarithm of the batch size ([Loss]).
//
// Promises: one batch gives the same bits every time, whatever was evaluated
// before; a row of weight zero has gradient zero; no state is kept between
// batches. A [Loss] belongs to one goroutine at a time.
//
// It does not know networks, tokens or files, and keeps no registry:
// [Builtin] is the list of objectives that a config can name.
package objective
