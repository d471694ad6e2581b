package agent

import (
	"strings"

	"github.com/swerm/swerm/pipeline"
)

// An Episode is one finished run.
type Episode struct {
	Trajectory pipeline.Trajectory
	Facts      Facts
	Final      map[string]string // the tree as the run left it
}

// What a check said last.
const (
	Pass = "pass"
	Fail = "fail"
	None = "none"
)

// How runs end.
const (
	Submitted = "submitted"
	Limit     = "limit"   // the budget of steps is spent
	GaveUp    = "gave_up" // it stopped without handing in
)

// Facts are what a run was, for tests that look for leaks. Nothing of them is
// rendered for a model. All but Budget can be read off the transcript.
type Facts struct {
	Style  Style
	Budget int

	LastVisible string // last run of visible tests: Pass, Fail, None
	LastRepro   string // last run of the example: Pass where it gave what is wanted

	EditAfterLastTest  bool // a change of code after the last run of visible tests
	EditAfterLastRepro bool
	EditedTests        bool
	SpecialCased       bool // the last attempt answers known cases by name
	SawSite            bool // the transcript shows the line at fault as it was
	Undone             bool

	Edits, Looks         int
	ReproPass, ReproFail int // how often each was seen
	TestsPass, TestsFail int
	Turns                int
	ExitStatus           string
}

// testsPassed reads the last line of a test run.
func testsPassed(output string) bool {
	return !strings.Contains(output, " failed") && !strings.Contains(output, " error")
}
