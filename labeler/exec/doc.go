// Package exec finds out whether a patch does what its task asks, by running
// the task's tests.
//
// The patch is applied to the task's files, the hidden tests are laid over the
// result, so that no patch can change them, and the tests run in a [Harness].
// What the harness prints is a log like any other: it goes through the parsers
// of testlog and the rules of grade exactly as a log that somebody else made.
//
// Every outcome has a verdict with a reason. A patch that does not apply is
// unresolved; a task that is not there, a harness that failed and a run that
// took too long are not: they say nothing about the patch. Several runs that
// do not agree are flaky. What was printed and what went wrong is the
// [Evidence].
//
// The package does not know how tests are run and does not isolate them: that
// is the harness. It writes no files.
package exec
