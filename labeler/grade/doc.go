// Package grade turns the statuses of a log into a verdict, under a rule set
// that has a name and a version.
//
// One log is graded differently by different harnesses, and each is right by
// its own book: whether a required test that the log does not mention has
// failed, whether a skipped one counts, what an expected failure is. A label
// therefore names the [RuleSet] it was made under, and another one can be asked
// at any time, since grading costs microseconds and needs nothing but the log.
//
// A [Result] says what it rests on: which required tests did not pass and how
// each ended, with the place in the log. Where the log gives no evidence that
// the suite ran, the verdict is infra and never unresolved: nothing is known
// about the patch then. Evidence that something else is odd is a finding, and
// changes no verdict by itself.
//
// # Rule sets
//
// swebench-2 is what the harness of SWE-bench does in versions 2 to 4. A
// required test passes as PASSED or XFAIL; it fails as FAILED or ERROR, or
// because the log does not mention it. XPASS is no status there: such a test is
// missing. A SKIPPED test counts neither way, so that a resolved patch may rest
// on fewer tests than were required; the finding [FindingSkipped] says so. Names
// are cut at the first space there, in logs and in lists alike, so a required
// name is first looked up whole and then against names that are cut; where
// several are cut to one, the last in the log counts. Resolved means that no
// required test failed. The one difference to that harness is the verdict infra
// above: it reports such a log as unresolved, with every test failed, and the
// tests are counted like that here too.
//
// The package reads no files and runs nothing.
package grade
