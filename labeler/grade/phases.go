package grade

import (
	"maps"
	"slices"

	"github.com/swerm/swerm/labeler/testlog"
)

// Phases are the three logs that Multi-SWE-bench compares: of the repository as
// it is, with the tests' patch, and with the fix on top.
type Phases struct {
	Run, Test, Fix *testlog.Log
}

// The closed vocabulary of what [Phases.Check] finds wrong.
const (
	PhasesNoFix     = "fix_ran_no_test"
	PhasesRegressed = "test_passed_then_failed"
	PhasesFixedNone = "nothing_fixed"
	PhasesAnomalous = "passed_before_the_tests_changed"
	PhasesFixLost   = "expected_fix_missing"
)

// A PhaseReport is what the three logs say together.
type PhaseReport struct {
	Valid bool
	Fault string   // one of the above where the report is not valid
	Test  string   // the test at fault
	Fixed []string // tests that pass with the fix and did not without it, sorted
}

// Check compares the phases as Multi-SWE-bench does: the fix ran tests, broke
// none that passed under the tests' patch, fixed at least one, and none that
// passed before fails now without the tests' patch having run it. Expected are
// the tests that must be among the fixed ones; nil asks for none.
func (p Phases) Check(expected []string) PhaseReport {
	run, test, fix := phase(p.Run), phase(p.Test), phase(p.Fix)
	if len(fix) == 0 {
		return PhaseReport{Fault: PhasesNoFix}
	}
	names := slices.Sorted(maps.Keys(fix))
	for _, n := range names {
		if test[n] == testlog.Passed && fix[n] == testlog.Failed {
			return PhaseReport{Fault: PhasesRegressed, Test: n}
		}
	}
	var r PhaseReport
	for _, n := range names {
		if fix[n] == testlog.Passed && test[n] != testlog.Passed {
			r.Fixed = append(r.Fixed, n)
		}
	}
	if len(r.Fixed) == 0 {
		r.Fault = PhasesFixedNone
		return r
	}
	for _, n := range names {
		if st := test[n]; (st == 0 || st == testlog.Skipped) && fix[n] == testlog.Failed && run[n] == testlog.Passed {
			r.Fault, r.Test = PhasesAnomalous, n
			return r
		}
	}
	for _, n := range expected {
		if _, ok := slices.BinarySearch(r.Fixed, n); !ok {
			r.Fault, r.Test = PhasesFixLost, n
			return r
		}
	}
	r.Valid = true
	return r
}

// check is Check of the log of a fix, by the tests that a task requires. Where it
// requires none, they are those that the fix fixed and those that passed before.
func (p Phases) check(fix *testlog.Log, want *Want) PhaseReport {
	p.Fix = fix
	if !want.none(needTests) {
		return p.Check(want.FailToPass)
	}
	r := p.Check(nil)
	want.FailToPass = r.Fixed
	before, after := phase(p.Test), phase(fix)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] == testlog.Passed {
			want.PassToPass = append(want.PassToPass, name)
		}
	}
	return r
}

// phase reduces a log to what Multi-SWE-bench knows: passed, failed, skipped. A
// test that is both passed and failed has failed.
func phase(l *testlog.Log) map[string]testlog.Status {
	all := map[string]testlog.Status{}
	if l == nil {
		return all
	}
	for i := range l.Records {
		r := &l.Records[i]
		if r.Part == testlog.Output || r.Fold > 0 {
			continue
		}
		st := r.Status
		switch st {
		case testlog.Error, testlog.XPass:
			st = testlog.Failed
		case testlog.XFail:
			st = testlog.Passed
		}
		if all[r.Name] != testlog.Failed {
			all[r.Name] = st
		}
	}
	return all
}
