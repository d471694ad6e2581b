package exec

import (
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/pipeline"
)

// The closed vocabulary of Outcome.Reason, beside the reasons of grade.
const (
	ReasonNoTask       = "no_task"        // the tasks have no such instance
	ReasonBadTask      = "task_malformed" // they have it, and it cannot be used
	ReasonNoPatch      = "no_patch"       // nothing says what the attempt changed
	ReasonEmptyPatch   = "empty_patch"    // it changed nothing
	ReasonPatchFailed  = "patch_failed"   // the patch does not apply
	ReasonPatchRefused = "patch_refused"  // it is beyond what we apply: too large, or not text
	ReasonLimit        = "limit"          // a test was stopped before it could pass or fail
	ReasonHarness      = "harness_failed" // the tests could not be run
	ReasonTimeout      = "timeout"        // no answer within the limit
	ReasonDisagree     = "runs_disagree"  // the same tree was resolved once and not another time
)

// FindingHidden is that the patch touched the place of a hidden test. What it
// did there is without effect.
const FindingHidden = "hidden_tests_touched"

// An Outcome is what became of one patch.
type Outcome struct {
	Verdict  pipeline.Verdict
	Reason   string
	Runs     int32         // that were made
	PassRate *float64      // share of Runs that resolved; nil when one of them is no score
	Grade    *grade.Result // of the last run with a log
	Findings []string      // sorted
	Evidence *Evidence     // nil when the verdict needs none
}

// Evidence is what an outcome rests on.
type Evidence struct {
	Harness string `json:"harness,omitempty"`
	Version string `json:"harness_version,omitempty"`
	Patch   string `json:"patch_error,omitempty"`
	Task    string `json:"task_error,omitempty"`
	Runs    []Run  `json:"runs,omitempty"`
}

// A Run is one run of the tests.
type Run struct {
	Verdict pipeline.Verdict `json:"verdict"`
	Reason  string           `json:"reason"`
	Error   string           `json:"error,omitempty"`
	Log     Text             `json:"log,omitzero"`

	// Cut is how many bytes of the log are not kept: its end where it is over
	// [MaxLogBytes], all of it where the logs of several runs are together.
	Cut int64 `json:"log_bytes_cut,omitempty"`
}
