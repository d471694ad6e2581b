// Package grade turns the statuses of a log into a verdict, under a rule set
// that has a name and a version.
//
// One log is graded differently by different harnesses, and each is right by
// its own book: whether a required test that the log does not mention has
// failed, whether a skipped one counts, what an expected failure is. A label
// therefore names the [RuleSet] it was made under, and another one can be asked
// at any time, since grading costs microseconds and needs nothing but the log.
//
// A log is read twice: as the harness of the rule set reads it, faults included,
// and as this project does (package testlog). A [Result] therefore holds two
// answers. Its [Answer] is the harness's, yes or no to any log, with the lists
// that its report has. Its Verdict is ours: the same, except where the log shows
// that the question was not asked (infra, timeout) or that the answer is not the
// runner's (tainted). A failure of the harness is never a score.
//
// A result says what it rests on: which required tests did not pass and how each
// ended, with the place in the log; findings, each with its evidence; and what
// they do to the verdict ([Taints]).
//
// # Rule sets
//
// [RuleSets] lists them; docs/grading.md has their differences as a table. What a
// status is worth is a table of each list, what bytes count and where names end
// is the reader's. A name is first looked up whole, and then as the rule set
// says: cut at the first space, by its beginning, or without durations. Of tests
// that share a name in several scopes the one that ended worst counts, else the
// last word of the log. [Phases] is the book of Multi-SWE-bench, which compares
// three logs.
//
// # Findings
//
// Those on a log hold the two readings against each other, names against totals,
// and marks and exit codes against what a harness writes once. Those on a patch
// ([InspectPatch]) and on a trajectory's commands ([InspectCommand]) are patterns
// over lines: they do not know what code does. A line that a pattern should have
// known is no finding, so that their absence proves nothing.
//
// The package opens nothing by name and runs nothing: a [Log] is given to it.
package grade
