package grade

import (
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// Want lists what a task requires.
type Want struct {
	FailToPass []string // fail without the right change, and must pass with it
	PassToPass []string // pass already, and must go on passing

	// FailOnly says that the suite prints failures alone.
	FailOnly bool

	// Expected is how every test must end, for rule sets that compare all.
	Expected map[string]testlog.Status
}

// none reports whether the task requires nothing that the rule set looks at.
func (w Want) none(n need) bool {
	switch n {
	case needNothing:
		return false
	case needExpected:
		return len(w.Expected) == 0
	}
	return len(w.FailToPass)+len(w.PassToPass) == 0
}

// The closed vocabulary of Result.Reason.
const (
	ReasonResolved    = "resolved"
	ReasonTestsFailed = "tests_failed"
	ReasonMissing     = "tests_missing"      // no test failed, and some are not in the log
	ReasonOther       = "other_tests_differ" // the required ones passed, and the rule set looks at all
	ReasonNotApplied  = "patch_not_applied"  // the harness says so
	ReasonEmptyPatch  = "empty_patch"        // there was nothing to apply
	ReasonRefused     = "harness_refused"    // the harness's book takes no answer from such a log
	ReasonDidNotRun   = "suite_did_not_run"  // nothing shows that the suite began
	ReasonNoTests     = "no_tests_ran"       // it began, and ran no test
	ReasonCrashed     = "suite_crashed"      // it began, and ended without a word
	ReasonBroken      = "patch_breaks_suite" // no test ran, for a line that the patch added
	ReasonUsage       = "suite_not_found"    // it was asked for something that is not there
	ReasonHarness     = "harness_failed"     // the harness says that it failed itself
	ReasonTimeout     = "suite_timed_out"    // the harness stopped it
	ReasonTooLarge    = "log_over_limit"     // read in part
	ReasonNoWant      = "nothing_required"   // the task lists no test
	ReasonNoLog       = "no_log"             // there is nothing to read
	ReasonNoParser    = "no_parser"          // no parser knows the log
	ReasonForged      = "result_not_trusted" // see the findings
)

// A Test is one required test and what the log says of it.
type Test struct {
	Name   string         `json:"name"`
	Status testlog.Status `json:"-"` // 0: the log does not mention it
	At     testlog.Span   `json:"at"`
}

// A Tally counts required tests. Ignored ones are in neither number.
type Tally struct{ Passed, Failed int32 }

// Total is what the rule set counts.
func (t Tally) Total() int32 { return t.Passed + t.Failed }

// Lists are required tests by how they ended. What a rule set ignores is in
// neither.
type Lists struct {
	Success []string `json:"success"`
	Failure []string `json:"failure"`
}

// An Answer is what the harness of a rule set says of a log. It is yes or no,
// whatever the log is worth.
type Answer struct {
	Graded   bool // false: the harness says that the patch was not applied, and lists no test
	Resolved bool
	F2P, P2P Lists
}

// Tier says how sure it is that a failure is the environment's.
type Tier string

// The tiers of an infra verdict.
const (
	TierEnvironment Tier = "environment" // no patch of the repository can cause it
	TierAmbiguous   Tier = "ambiguous"   // the patch may have caused it
)

// A Result is a verdict and what it rests on.
type Result struct {
	Verdict  pipeline.Verdict
	Reason   string
	Tier     Tier   // of a verdict of infra
	Cause    string // what the log says of the environment, in the words of [Signatures]
	Rules    RuleSet
	Parser   testlog.Parser // the parser or the reader that the answer rests on
	Answer   Answer
	F2P, P2P Tally

	// Fault is what [Phases.Check] finds wrong, where there were logs to compare.
	Fault string

	// Completed counts required tests that were found by the beginning of their
	// name only.
	Completed int

	// NotPassed are the required tests that did not pass, in the order required,
	// FAIL_TO_PASS first.
	NotPassed []Test

	// Passed are the required tests that did, where the log says so.
	Passed []Test

	// Evidence is the place that a verdict of infra or timeout rests on, and
	// otherwise the bytes that count.
	Evidence testlog.Span

	// StatusHash is that of every status the log has outside of quoted output:
	// two logs with one hash say the same. It is "" of an unhashed log.
	StatusHash string
	Findings   []string  // the names of Details, sorted
	Details    []Finding // what is odd, with its evidence

	crash *Crash
}
