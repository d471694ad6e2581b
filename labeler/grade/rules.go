package grade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swerm/swerm/labeler/testlog"
)

// A RuleSet decides what statuses mean. Version rises whenever a log would get
// another result.
type RuleSet struct {
	Name    string
	Version string

	// Follows names the harness whose book this is.
	Follows string

	dialect  testlog.Dialect // whose readers it reads with; 0: those of this project
	cut      testlog.Cut     // which bytes of a log count
	f2p, p2p table
	names    naming
	refuses  func(*Reading) bool // the harness grades nothing; nil: it always does
	resolved func(*count) bool   // nil: no required test failed
	phased   bool                // where there are logs before the fix, [Phases.Check] has a word too
	needs    need
}

// need is what a rule set must be told of a task.
type need uint8

const (
	needTests    need = iota // the tests that are required
	needNothing              // whatever the log names must pass
	needExpected             // the status of every test
)

// naming says how a required name finds its test.
type naming uint8

const (
	exact     naming = iota
	cutNames         // names end at the first space, in logs and in lists
	truncated        // a name whose brackets are not closed stands for all that begin with it, where these agree
	untimed          // durations are taken off
)

// outcome is what a status is worth.
type outcome uint8

const (
	fails outcome = iota
	passes
	ignored // counts neither way
	absent  // as if the log did not mention the test
)

// table says what each status is worth, and a test that the log does not
// mention.
type table struct {
	by      [testlog.XPass + 1]outcome
	missing outcome
}

// judging makes a table; statuses in neither list are ignored, and XPASS, which
// few harnesses know, is no status.
func judging(missing outcome, pass, fail []testlog.Status) table {
	t := table{missing: missing}
	for i := range t.by {
		t.by[i] = ignored
	}
	t.by[testlog.XPass] = absent
	for _, s := range pass {
		t.by[s] = passes
	}
	for _, s := range fail {
		t.by[s] = fails
	}
	return t
}

// of judges a record, nil where the log has none.
func (t table) of(r *testlog.Record) outcome {
	if r == nil {
		return t.missing
	}
	if o := t.by[r.Status]; o != absent {
		return o
	}
	return t.missing
}

// failOnly is the book for suites that print failures alone: whatever the log
// does not call failed has passed.
var failOnly = func() table {
	t := judging(passes, testlog.Statuses(), []testlog.Status{testlog.Failed})
	t.by[0] = passes
	return t
}()

var (
	good = []testlog.Status{testlog.Passed, testlog.XFail}
	bad  = []testlog.Status{testlog.Failed, testlog.Error}
)

// SWEBench1 is the rule set of the 2024 harness, SWE-bench 1.x.
func SWEBench1() RuleSet {
	t := judging(fails, []testlog.Status{testlog.Passed}, bad)
	return RuleSet{Name: "swebench-1", Version: "1", Follows: "SWE-bench 1.x", dialect: testlog.SWEBench1, cut: testlog.AfterPatch,
		f2p: t, p2p: t, names: cutNames, refuses: func(l *Reading) bool {
			return l.count(testlog.MarkAppliedPred) == 0 || l.count(testlog.MarkAppliedTest) == 0 ||
				l.count(testlog.MarkInstallFailed)+l.count(testlog.MarkResetFailed)+l.count(testlog.MarkApplyFailed) > 0
		}}
}

// SWEBench2 is the rule set of SWE-bench 2.x to 4.x.
func SWEBench2() RuleSet {
	t := judging(fails, good, bad)
	return RuleSet{Name: "swebench-2", Version: "2", Follows: "SWE-bench 2.x to 4.x", dialect: testlog.SWEBench2, cut: testlog.Whole,
		f2p: t, p2p: t, names: cutNames, refuses: (*Reading).stopped}
}

// SWEBench5 is the rule set of SWE-bench 5.x.
func SWEBench5() RuleSet {
	return RuleSet{Name: "swebench-5", Version: "1", Follows: "SWE-bench 5.x", dialect: testlog.SWEBench5, cut: testlog.Between,
		f2p:   judging(fails, good, append([]testlog.Status{testlog.Skipped}, bad...)),
		p2p:   judging(fails, append([]testlog.Status{testlog.Skipped}, good...), bad),
		names: truncated, refuses: func(l *Reading) bool {
			return l.stopped() || !l.between() || len(l.Book.Records) == 0 && !l.SuiteRan || l.exitAtOdds()
		}}
}

// SWEBenchLive is the rule set of SWE-bench-Live.
func SWEBenchLive() RuleSet {
	t := judging(ignored, []testlog.Status{testlog.Passed, testlog.XPass}, append([]testlog.Status{testlog.XFail}, bad...))
	return RuleSet{Name: "swebench-live", Version: "1", Follows: "SWE-bench-Live", dialect: testlog.SWEBench2, cut: testlog.Whole,
		f2p: t, p2p: t, names: cutNames,
		resolved: func(c *count) bool { return c.F2P.Failed+c.P2P.Failed == 0 && c.F2P.Passed > 0 }}
}

// SWERebenchV2 is the rule set of SWE-rebench-V2.
func SWERebenchV2() RuleSet {
	t := judging(fails, []testlog.Status{testlog.Passed}, append([]testlog.Status{testlog.Skipped, testlog.XFail, testlog.XPass}, bad...))
	return RuleSet{Name: "swe-rebench-v2", Version: "1", Follows: "SWE-rebench-V2", f2p: t, p2p: t, names: untimed,
		resolved: (*count).exactly}
}

// SWEBenchPro is the rule set of SWE-bench Pro.
func SWEBenchPro() RuleSet {
	t := judging(fails, []testlog.Status{testlog.Passed}, append([]testlog.Status{testlog.Skipped, testlog.XFail, testlog.XPass}, bad...))
	return RuleSet{Name: "swebench-pro", Version: "1", Follows: "SWE-bench Pro", f2p: t, p2p: t}
}

// TerminalBench is the rule set of Terminal-Bench.
func TerminalBench() RuleSet {
	t := judging(fails, []testlog.Status{testlog.Passed}, append([]testlog.Status{testlog.Skipped, testlog.XFail, testlog.XPass}, bad...))
	return RuleSet{Name: "terminal-bench", Version: "1", Follows: "Terminal-Bench", f2p: t, p2p: t, needs: needNothing,
		resolved: (*count).allPass}
}

// R2EGym is the rule set of R2E-Gym.
func R2EGym() RuleSet {
	t := judging(fails, []testlog.Status{testlog.Passed}, append([]testlog.Status{testlog.Skipped, testlog.XFail, testlog.XPass}, bad...))
	return RuleSet{Name: "r2e-gym", Version: "1", Follows: "R2E-Gym", dialect: testlog.R2EGym, f2p: t, p2p: t, needs: needExpected,
		resolved: (*count).asExpected}
}

// SWESmith is the rule set of SWE-smith.
func SWESmith() RuleSet {
	t := judging(passes, good, bad)
	return RuleSet{Name: "swe-smith", Version: "1", Follows: "SWE-smith", dialect: testlog.SWESmith, cut: testlog.Traced,
		f2p: t, p2p: t, refuses: func(l *Reading) bool {
			return l.count(testlog.MarkApplyFailed)+l.count(testlog.MarkTimedOut) > 0 || !l.between()
		}}
}

// MultiSWEBench is the rule set of Multi-SWE-bench. Its book is in
// [Phases.Check]: three logs are compared, and the lists of the task say which
// tests that must have fixed.
func MultiSWEBench() RuleSet {
	t := judging(fails, []testlog.Status{testlog.Passed}, append([]testlog.Status{testlog.XFail}, bad...))
	return RuleSet{Name: "multi-swe-bench", Version: "1", Follows: "Multi-SWE-bench", f2p: t, p2p: t, phased: true}
}

// ComparesPhases reports whether [Reading.Phases] are looked at.
func (r RuleSet) ComparesPhases() bool { return r.phased }

// NeedsTests reports whether a task must say which tests are required.
func (r RuleSet) NeedsTests() bool { return r.needs != needNothing }

// RuleSets lists every rule set there is.
func RuleSets() []RuleSet {
	return []RuleSet{SWEBench1(), SWEBench2(), SWEBench5(), SWEBenchLive(), SWERebenchV2(), MultiSWEBench(), SWEBenchPro(),
		TerminalBench(), R2EGym(), SWESmith()}
}

// Find returns the rule set of a name.
func Find(name string) (RuleSet, error) {
	all := RuleSets()
	if i := slices.IndexFunc(all, func(r RuleSet) bool { return r.Name == name }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, r := range all {
		known = append(known, r.Name)
	}
	return RuleSet{}, fmt.Errorf("grade: no rule set is named %q; there are: %s", name, strings.Join(known, ", "))
}
