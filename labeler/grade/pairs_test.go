package grade_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
)

// contested are logs of which two books can think differently. The tests
// required are those of want, in pairsWant.
var contested = []struct{ name, log string }{
	{"all pass", "S" + list + "PASSED a.py::f\nPASSED a.py::p\nPASSED a.py::q\n=== 3 passed in 0.1s ===\nE"},
	{"one more passes", "S" + list + "PASSED a.py::f\nPASSED a.py::p\nPASSED a.py::q\nPASSED a.py::more\n=== 4 passed in 0.1s ===\nE"},
	{"one more fails", "S" + list + "PASSED a.py::f\nPASSED a.py::p\nPASSED a.py::q\nFAILED a.py::more\n=== 1 failed, 3 passed in 0.1s ===\nE"},
	{"one to pass is missing", "S" + list + "PASSED a.py::f\nPASSED a.py::p\n=== 2 passed in 0.1s ===\nE"},
	{"the one to fix is missing", "S" + list + "PASSED a.py::p\nPASSED a.py::q\n=== 2 passed in 0.1s ===\nE"},
	{"an expected failure", "S" + list + "PASSED a.py::f\nXFAIL a.py::p\nPASSED a.py::q\n=== 2 passed, 1 xfailed in 0.1s ===\nE"},
	{"the one to fix is skipped", "S" + list + "SKIPPED a.py::f - no\nPASSED a.py::p\nPASSED a.py::q\n=== 2 passed, 1 skipped in 0.1s ===\nE"},
	{"one to pass is skipped", "S" + list + "PASSED a.py::f\nSKIPPED a.py::p - no\nPASSED a.py::q\n=== 2 passed, 1 skipped in 0.1s ===\nE"},
	{"no marks", list + "PASSED a.py::f\nPASSED a.py::p\nPASSED a.py::q\n=== 3 passed in 0.1s ===\n"},
	{"patches of 1.x", ">>>>> Applied Patch (test)\n>>>>> Applied Patch (pred)\n" + list + "PASSED a.py::f\nPASSED a.py::p\nPASSED a.py::q\n=== 3 passed in 0.1s ===\n"},
	{"an exit code at odds", "S" + list + "PASSED a.py::f\nPASSED a.py::p\nPASSED a.py::q\n=== 3 passed in 0.1s ===\nE>>>>> Test Exit Code: 1\n"},
	{"all pass, verbose", "Sa.py::f PASSED [ 33%]\na.py::p PASSED [ 66%]\na.py::q PASSED [100%]\n=== 3 passed in 0.1s ===\nE"},
}

var pairsWant = grade.Want{FailToPass: []string{"a.py::f"}, PassToPass: []string{"a.py::p", "a.py::q"},
	Expected: map[string]testlog.Status{"f": testlog.Passed, "p": testlog.Passed, "q": testlog.Passed}}

// answer is what a rule set says of a contested log.
func answer(t *testing.T, r grade.RuleSet, log string) string {
	t.Helper()
	log = strings.NewReplacer("S"+list, "+ : '>>>>> Start Test Output'\n"+head+list, "Sa.py", "+ : '>>>>> Start Test Output'\n"+head+"a.py",
		"===\nE", "===\n+ : '>>>>> End Test Output'\n").Replace(log)
	reading, err := r.Read(context.Background(), grade.Text([]byte(log), ""), testlog.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	res := r.GradeReading(reading, pairsWant)
	return fmt.Sprint(res.Answer.Resolved)
}

// TestEveryPairOfRuleSetsDiffers holds that no two rule sets are one: each pair
// has a log on which one resolves and the other does not.
func TestEveryPairOfRuleSetsDiffers(t *testing.T) {
	all := grade.RuleSets()
	for i, a := range all {
		for _, b := range all[i+1:] {
			n := slices.IndexFunc(contested, func(c struct{ name, log string }) bool { return answer(t, a, c.log) != answer(t, b, c.log) })
			if n < 0 {
				t.Errorf("%s and %s agree on every log", a.Name, b.Name)
			}
		}
	}
}

// TestRuleSetsByLog is the table of docs/grading.md.
func TestRuleSetsByLog(t *testing.T) {
	for _, c := range contested {
		var yes []string
		for _, r := range grade.RuleSets() {
			if answer(t, r, c.log) == "true" {
				yes = append(yes, r.Name)
			}
		}
		t.Logf("%-26s %s", c.name, strings.Join(yes, " "))
	}
}

func TestPhases(t *testing.T) {
	parse := func(text string) *testlog.Log { return testlog.Pytest().Parse([]byte(text)) }
	pass, fail := "a.py::f PASSED\na.py::p PASSED\n", "a.py::f FAILED\na.py::p PASSED\n"
	for _, c := range []struct {
		name           string
		run, test, fix string
		fault          string
		fixed          []string
	}{
		{"fixed", pass, fail, pass, "", []string{"a.py::f"}},
		{"nothing ran", pass, fail, "", grade.PhasesNoFix, nil},
		{"regressed", pass, fail, "a.py::f PASSED\na.py::p FAILED\n", grade.PhasesRegressed, nil},
		{"nothing fixed", pass, fail, fail, grade.PhasesFixedNone, nil},
		{"anomalous", "a.py::q PASSED\n", fail, pass + "a.py::q FAILED\n", grade.PhasesAnomalous, []string{"a.py::f"}},
		{"another one fixed", pass, "a.py::p FAILED\n", "a.py::p PASSED\n", grade.PhasesFixLost, []string{"a.py::p"}},
	} {
		r := grade.Phases{Run: parse(c.run), Test: parse(c.test), Fix: parse(c.fix)}.Check([]string{"a.py::f"})
		if r.Fault != c.fault || !slices.Equal(r.Fixed, c.fixed) || r.Valid != (c.fault == "") {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}
