// Package launch runs the ranks of one training on this machine: as many
// copies of one command, with the environment that tells each its place.
//
// It promises that they end together. When a rank fails the others get a grace
// to say why and are then killed; when the launcher itself goes away, killed
// without a word, every rank notices by the end of a pipe that it holds
// ([WithLauncher]) and leaves. A run that failed is started again as often as
// the caller allows; it goes on from its last checkpoint, which is its own
// affair.
//
// It knows nothing of training, and does not start ranks on other machines:
// mpirun, srun, torchrun and Kubernetes do that.
package launch
