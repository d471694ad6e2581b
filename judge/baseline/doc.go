// Package baseline holds what a reward model has to beat: scorers that know a
// trajectory's length, its turns, the size of its patch, how it ended, or its
// bag of words, and nothing else. They are fitted on the same training rows
// as the model and shown beside it, since a verifier that only reads length
// looks good on its own.
//
// Fits are deterministic: sums run in row order, and the same rows give the
// same bits. Every fit is a convex problem solved to convergence, so there is
// no seed. A fit that cannot be made (one class only) is an error, never a
// constant in disguise.
//
// The package reads trajectories and numbers; it opens no file.
package baseline
