// Package regrade grades again what a harness has left behind: one log, or a
// tree with a folder for each attempt.
//
// A folder is an attempt where it holds a log by one of the names that harnesses
// give it ([LogNames]), or else results that a harness has read from one
// ([ParseResults]). What else lies there is used as far as it is known: the
// patch, for findings; the report, for the tests that were required and for what
// the harness made of them; of Multi-SWE-bench, the logs from before the fix.
// Trees may be packed. The old evaluation of 2024 keeps all logs of a run in one
// folder, NAME.MODEL.eval.log; each is an attempt.
//
// # Which parser, which rules
//
// The parser is that of the repository, where the instance names one whose
// framework is known, and else that of the framework that the log shows. The
// rule set is the caller's. Against a report it is that of the report's own
// shape where the shape tells ([Report.Candidates]), and otherwise the first of
// the candidates, newest first, that comes to the report's result by whole names:
// generations of a harness write the same file and differ in what they read.
// Where none does, the difference is that of the nearest. Where the repository
// does not tell the framework, pytest and unittest are tried too.
//
// # Promises
//
// Results come in the order of paths, whatever the number of workers. An attempt
// whose log or report cannot be read is counted and named; it is never a label.
// Memory is bounded by the logs that are in hand at one time. The package writes
// where it is told to and nowhere else.
package regrade
