// Package judge is a trained reward model in use: it scores trajectories,
// calibrates what it says and evaluates it beside baselines.
//
// A score is p(YES) of the two verdict tokens after the last token of a
// trajectory. A trajectory that cannot be scored has a row with the reason and
// no number. Ranking uses the logit margin, since probabilities saturate and
// tie; calibration metrics use the probability.
//
// What the package promises: a score does not depend on what else was in the
// batch; evaluation refuses a checkpoint that was trained, tuned or calibrated
// on a task it is evaluated on; every figure comes with an interval over tasks
// and the share of tokens the model really read.
package judge
