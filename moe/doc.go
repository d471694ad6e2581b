// Package moe is the network and nothing else: a Qwen3 transformer, with
// experts or dense, in float32 that reads packed token sequences and answers with
// verdict logits or next-token losses, with the gradients of both.
//
// What it promises. A checkpoint of this package is a directory that
// transformers opens, tensor names and shapes included, and what it computes
// agrees with transformers in float64 to float32 rounding. Sequences in a
// batch never see each other, and a sequence gives the same logits bit for bit
// alone or in company. Results, gradients and updates are the same bits for
// any number of threads on one kernel family. Memory is planned from what lives
// when and grows to the largest batch seen; no array has a side of sequence times sequence or
// tokens times vocabulary.
//
// Two ways to run it beside the usual one. [ModelOf] in float64 computes the
// same on plain kernels, so that two trainings can be compared without rounding
// in the way. A model may hold a [Shard] of the experts only; its passes then
// send tokens to the ranks that hold the others ([Peers]) and a sequence gives
// the same logits, bit for bit, as in the whole model. No token is dropped.
//
// A model may train in part ([NewTuned], [LoadTuned]): frozen tensors cost no
// gradient, no moments and no product backward, and adapters of low rank train in
// the place of matrices. [Merge] writes adapters and their base as one plain
// checkpoint, a tensor at a time; [ExportAdapters] writes them for PEFT.
//
// A model that is only read need not be copied: [Open] leaves the matrices of a
// checkpoint in its files, in float32, bfloat16 or float16, and whoever packs one
// reads the pages it wants. Logits are the same bits. [Tuning.Mapped] does so for
// what does not train, and [Tuning.BF16] keeps what does in two bytes a number.
//
// What it does not do. It knows no labels, objectives, schedules, tokenizers
// or files other than checkpoints: a caller turns logits into a loss and hands
// dLoss/dLogits back. It does not scale, clip or average anything.
//
// A training step is
//
//	pass := model.NewPass(moe.Options{Train: true})
//	logits, err := pass.Verdict(batch, head)    // forward
//	err = pass.BackwardVerdict(dLogits, auxCoef) // adds into Param.Grad
//	model.AdamWStep(adamw, state, step, 1)
//	model.ZeroGrad()
//
// Shape letters used in comments: T tokens of the batch, D hidden size, H
// query heads, G key/value heads, C head dimension, E experts, K experts per
// token, F expert width, S slots (T·K), V vocabulary.
package moe
