// Package labeler puts labels beside trajectories: one verdict on one patch
// under one rule set, in a dataset of its own. Several label sets of the same
// trajectories can stand beside each other and be compared.
//
// The stage "label_reports" takes verdicts that a harness has already reached,
// from report files and from what a trajectory's own file claims (see the
// package report below this one for what is believed and how a report finds its
// attempt). Every trajectory gets a row: where nothing trustworthy is found the
// verdict is unknown and the reason says why. A failure of the harness, a
// timeout and an ambiguous match are never turned into a score.
//
// It does not change trajectories and does not run their code.
package labeler
