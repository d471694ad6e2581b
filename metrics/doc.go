// Package metrics turns scores and outcomes into the numbers by which a reward
// model is judged. Numbers go in and numbers come out: it reads no files and
// knows nothing of trajectories.
//
// Three questions are kept apart, since a model can be good at one and bad at
// another.
//
//   - Does it separate? [Ranked] holds scores in order and gives AUC, average
//     precision and rank correlations. Any finite score will do; the logit
//     margin is better than the probability, which saturates and then ties.
//     AUC pooled over policies also rewards telling policies apart;
//     [Within] counts only pairs inside one policy.
//   - Are its probabilities true? [Forecast] gives Brier, log-loss (clipped at
//     [DefaultClip]), calibration error over right-inclusive bins and the table
//     behind it. [FitTemperature], [FitPlatt] and [FitIsotonic] mend them.
//   - Does it choose well? [Ranker] gives RM@K, the expected outcome of picking
//     the best of K candidates, beside Pass@K (a perfect chooser) and random (a
//     blind one). Each is an exact expectation over all K-subsets, ties
//     averaged; nothing is sampled.
//
// [Bootstrap] resamples whole tasks, since attempts at one task stand or fall
// together, and gives intervals for any of these and for the difference of two
// systems on the same resamples.
//
// Promises. A number that does not exist (AUC of one class) is an absence: ok
// is false or the pointer is nil, never NaN and never 0. A score that is NaN,
// infinite or outside [0,1] where a probability is needed is a [ValueError]
// that names its row. Results depend on the order of rows only where a comment
// says so, and never on the number of workers.
//
// It does not decide which rows count: a candidate without a score stays in
// the sums (see [Candidates]) and a label that is no score must not be given.
package metrics
