// Package contract fixes how a trajectory becomes token ids and how a logit
// becomes a score, so that a model is always asked what it was trained on.
//
// A [Contract] names a template with its texts, the ids of the two verdict
// tokens, the tokenizer by hash, the limit on tokens, the rule for what is
// longer, and a calibration. It travels as JSON: in the config of every tokens
// dataset and in a checkpoint's swerm.json.
//
// # What is rendered
//
// Each message becomes blocks between control tokens (<|im_start|>, <|im_end|>)
// under one of a few names: system, issue, assistant, reasoning, call,
// observation, user; then the patch; then the question, up to the place where
// the model answers. The model reads what the policy saw and did, and the
// patch. It never reads labels, claims, usage, rewards, origin, names of
// policies or scaffolds, or how the attempt is said to have ended: messages of
// role exit and kind final are left out, and so are demonstrations.
//
// Text of the template is encoded with control tokens on, text of the
// trajectory with them off. So a trajectory can spell a control token but
// never write one: it cannot end a block, open another or answer in the
// judge's place.
//
// # What is longer than the limit
//
// Rule "drop" refuses it. Rule "elide_observations" first takes out the middle
// of long observations, then the earliest turns after the issue, then the
// middle of other long blocks, and keeps the issue, the last turns and the
// patch; a marker stands where something was. Rule "elide_all" goes on to the
// middle of the issue and of the patch, so that nearly nothing is dropped.
// Encoding gives at most MaxTokens ids or a [DropError], and counts what it
// left out.
//
// # Stages
//
// [TokenizerStage] trains a tokenizer or takes one from a file, and
// [TokenizeStage] writes the tokens of a dataset.
package contract
