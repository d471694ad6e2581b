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
// The stage "label_grade" reads the test logs that harnesses left (see the
// packages grade and regrade), under a rule set that the label names. A log finds
// its attempt as a report does. Findings on the log, on the patch and on the
// commands of the trajectory may make a label tainted; what is no score comes with
// its evidence. [Compare] says how far two label sets agree.
//
// The stage "label_exec" finds out by running tests (see the package exec): the
// patch of every trajectory is applied to its task, the hidden tests are laid
// over it, and the log is graded. A run happens once. What it printed is on disk
// before the next one counts, so that a killed stage goes on with the runs that
// are missing, and labels are written from those records in the order of the
// trajectories. Logs and causes lie beside the labels in evidence/*.jsonl.zst,
// lines of {"key", "harness", "runs": [{"verdict", "reason", "log"}]}; a label's
// evidence key names file and line. The harness's version is in the labels and
// not in the stage's key: a newer harness does not make happen again what has
// happened.
//
// The package does not change trajectories, and isolates nothing: that is the
// harness.
package labeler
