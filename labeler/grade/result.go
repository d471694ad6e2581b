package grade

import (
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// Want lists what a task requires.
type Want struct {
	FailToPass []string // fail without the right change, and must pass with it
	PassToPass []string // pass already, and must go on passing
}

// The closed vocabulary of Result.Reason.
const (
	ReasonResolved    = "resolved"
	ReasonTestsFailed = "tests_failed"
	ReasonMissing     = "tests_missing"     // no test failed, and some are not in the log
	ReasonDidNotRun   = "suite_did_not_run" // nothing shows that the suite began
	ReasonNoTests     = "no_tests_ran"      // it began, and ran no test
	ReasonCrashed     = "suite_crashed"     // it began, and ended without a word
	ReasonUsage       = "suite_not_found"   // it was asked for something that is not there
	ReasonTooLarge    = "log_over_limit"    // read in part
	ReasonNoWant      = "nothing_required"  // the task lists no test
)

// The closed vocabulary of findings.
const (
	FindingSkipped    = "required_test_skipped"
	FindingUnfinished = "no_totals"        // tests ran, and the line of totals is missing
	FindingTotals     = "totals_disagree"  // more tests failed by the totals than are named
	FindingOutput     = "status_in_output" // a required test has a status in quoted output that it does not have elsewhere
)

// Findings lists the closed set.
func Findings() []string {
	return []string{FindingSkipped, FindingUnfinished, FindingTotals, FindingOutput}
}

// A Test is one required test and what the log says of it.
type Test struct {
	Name   string         `json:"name"`
	Status testlog.Status `json:"-"` // 0: the log does not mention it
	At     testlog.Span   `json:"at"`
}

// A Tally counts required tests. Skipped ones are in neither number.
type Tally struct{ Passed, Failed int32 }

// Total is what the rule set counts.
func (t Tally) Total() int32 { return t.Passed + t.Failed }

// A Result is a verdict and what it rests on.
type Result struct {
	Verdict  pipeline.Verdict
	Reason   string
	Rules    RuleSet
	Parser   testlog.Parser
	F2P, P2P Tally

	// NotPassed are the required tests that did not pass, in the order required,
	// FAIL_TO_PASS first.
	NotPassed []Test

	// Evidence is the place that a verdict of infra rests on.
	Evidence testlog.Span

	// StatusHash is that of every status the log has outside of quoted output:
	// two logs with one hash say the same.
	StatusHash string
	Findings   []string
}
