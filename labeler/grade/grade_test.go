package grade_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

const (
	head = "=== test session starts ===\ncollected 3 items\n"
	list = "=== short test summary info ===\n"
)

var want = grade.Want{FailToPass: []string{"a.py::f"}, PassToPass: []string{"a.py::p", "a.py::q"}}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name, log       string
		verdict, reason string
		f2p, p2p        grade.Tally
		findings        []string
	}{
		{"all pass", head + list + "PASSED a.py::f\nPASSED a.py::p\nXFAIL a.py::q - known\n=== 3 passed in 0.1s ===",
			"resolved", "resolved", grade.Tally{Passed: 1}, grade.Tally{Passed: 2}, nil},
		{"one fails", head + list + "FAILED a.py::f - no\nPASSED a.py::p\nPASSED a.py::q\n=== 1 failed, 2 passed in 0.1s ===",
			"unresolved", "tests_failed", grade.Tally{Failed: 1}, grade.Tally{Passed: 2}, nil},
		{"one error after it passed", "a.py::f PASSED\na.py::p PASSED\na.py::p ERROR\na.py::q PASSED\n=== 3 passed, 1 error in 0.1s ===",
			"unresolved", "tests_failed", grade.Tally{Passed: 1}, grade.Tally{Passed: 1, Failed: 1}, nil},
		{"one is missing", "a.py::f PASSED\na.py::p PASSED\n=== 2 passed in 0.1s ===",
			"unresolved", "tests_missing", grade.Tally{Passed: 1}, grade.Tally{Passed: 1, Failed: 1}, nil},
		{"an unexpected pass is no status", "a.py::f XPASS\na.py::p PASSED\na.py::q PASSED\n=== 2 passed, 1 xpassed in 0.1s ===",
			"unresolved", "tests_missing", grade.Tally{Failed: 1}, grade.Tally{Passed: 2}, nil},
		{"a skipped one counts neither way", "a.py::f PASSED\na.py::p SKIPPED (why)\na.py::q PASSED\n=== 2 passed, 1 skipped in 0.1s ===",
			"resolved", "resolved", grade.Tally{Passed: 1}, grade.Tally{Passed: 1}, []string{grade.FindingSkipped}},
		{"no collection", head + list + "ERROR a.py - SyntaxError\n!!! Interrupted: 1 error during collection !!!\n=== 1 error in 0.1s ===",
			"unresolved", "tests_missing", grade.Tally{Failed: 1}, grade.Tally{Failed: 2}, nil},
		{"nothing ran", "bash: pytest: command not found\n",
			"infra", "suite_did_not_run", grade.Tally{Failed: 1}, grade.Tally{Failed: 2}, nil},
		{"no file", head + "ERROR: file or directory not found: a.py\n=== no tests ran in 0.01s ===",
			"infra", "suite_not_found", grade.Tally{Failed: 1}, grade.Tally{Failed: 2}, nil},
		{"no tests", head + "=== no tests ran in 0.01s ===",
			"infra", "no_tests_ran", grade.Tally{Failed: 1}, grade.Tally{Failed: 2}, nil},
		{"it crashed", head + "INTERNALERROR> x\n", "infra", "suite_crashed", grade.Tally{Failed: 1}, grade.Tally{Failed: 2}, nil},
		{"it was killed", head + "a.py ..", "infra", "suite_crashed", grade.Tally{Failed: 1}, grade.Tally{Failed: 2}, nil},
		{"it was cut", "a.py::f PASSED\na.py::p PASSED\na.py::q PASSED\n",
			"resolved", "resolved", grade.Tally{Passed: 1}, grade.Tally{Passed: 2}, []string{grade.FindingUnfinished}},
		{"a forged status", head + "=== PASSES ===\nPASSED a.py::f\n" + list + "PASSED a.py::p\nPASSED a.py::q\n=== 1 failed, 2 passed in 0.1s ===",
			"unresolved", "tests_missing", grade.Tally{Failed: 1}, grade.Tally{Passed: 2}, []string{grade.FindingOutput, grade.FindingTotals}},
	} {
		res := grade.SWEBench2().Grade(testlog.Pytest().Parse([]byte(c.log)), want)
		got := []any{string(res.Verdict), res.Reason, res.F2P, res.P2P, res.Findings}
		if d := cmp.Diff([]any{c.verdict, c.reason, c.f2p, c.p2p, c.findings}, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		for _, f := range res.Findings {
			if !slices.Contains(grade.Findings(), f) {
				t.Errorf("%s: %q is in no list", c.name, f)
			}
		}
	}
}

func TestNamesAreCutWhereTheListsAre(t *testing.T) {
	log := testlog.Pytest().Parse([]byte("a.py::f[x y] PASSED\na.py::f[x z] FAILED\na.py::g[1 2] PASSED\n"))
	for name, pass := range map[string]bool{"a.py::f[x": false, "a.py::f[x y]": true, "a.py::g[1": true, "a.py::g": false, "a.py::g[1 2": false} {
		res := grade.SWEBench2().Grade(log, grade.Want{FailToPass: []string{name}})
		if (res.Verdict == pipeline.VerdictResolved) != pass {
			t.Errorf("%s: %s (%s)", name, res.Verdict, res.Reason)
		}
	}
}

func TestTestsThatShareANameHideNothing(t *testing.T) {
	log := testlog.GoTest().Parse([]byte("=== RUN   TestA\n--- FAIL: TestA (0.00s)\nFAIL\nFAIL\tm/one\t0.1s\n=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\nok  \tm/two\t0.1s\n"))
	if res := grade.SWEBench5().Grade(log, grade.Want{FailToPass: []string{"TestA"}}); res.Verdict != pipeline.VerdictUnresolved {
		t.Errorf("%s (%s)", res.Verdict, res.Reason)
	}
}

func TestInfraShowsWhere(t *testing.T) {
	text := head + "ERROR: not found: a.py::f\n=== no tests ran in 0.01s ==="
	res := grade.SWEBench2().Grade(testlog.Pytest().Parse([]byte(text)), want)
	if at := text[res.Evidence.Start:res.Evidence.End]; at != "ERROR: not found: a.py::f" {
		t.Errorf("%q", at)
	}
	lost := testlog.Pytest().ParseLimited([]byte("a.py::f PASSED\na.py::p PASSED\n"), testlog.Limits{Records: 1})
	if res := grade.SWEBench2().Grade(lost, want); res.Verdict != pipeline.VerdictInfra || res.Reason != grade.ReasonTooLarge {
		t.Errorf("%+v", res)
	}
	if res := grade.SWEBench2().Grade(lost, grade.Want{}); res.Verdict != pipeline.VerdictUnknown || res.Reason != grade.ReasonNoWant {
		t.Errorf("%+v", res)
	}
}

func TestStatusHashIsOfTheStatuses(t *testing.T) {
	hash := func(text string) string {
		return grade.SWEBench2().Grade(testlog.Pytest().Parse([]byte(text)), want).StatusHash
	}
	a := hash("a.py::f PASSED\na.py::p FAILED\n=== 1 passed, 1 failed in 0.1s ===")
	if b := hash(head + list + "FAILED a.py::p - why\nPASSED a.py::f\n=== 1 passed, 1 failed in 7.7s ==="); a != b {
		t.Error("the order, the form or the seconds are in the hash")
	}
	if b := hash("a.py::f PASSED\na.py::p PASSED\n"); a == b {
		t.Error("a status is not in the hash")
	}
}

func TestFind(t *testing.T) {
	for _, r := range grade.RuleSets() {
		if got, err := grade.Find(r.Name); err != nil || got.Version != r.Version {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	if _, err := grade.Find("swebench-9"); err == nil || !strings.Contains(err.Error(), "swebench-2") {
		t.Errorf("%v", err)
	}
}

// One log, one verdict, and the place that it rests on.
func Example() {
	text := "tests/test_cart.py::test_empty PASSED\ntests/test_cart.py::test_total FAILED\n=== 1 failed, 1 passed in 0.02s ===\n"
	log := testlog.Pytest().Parse([]byte(text))
	res := grade.SWEBench2().Grade(log, grade.Want{
		FailToPass: []string{"tests/test_cart.py::test_total"},
		PassToPass: []string{"tests/test_cart.py::test_empty"},
	})
	fmt.Println(res.Verdict, res.Reason, res.Rules.Name, res.Rules.Version)
	for _, t := range res.NotPassed {
		fmt.Println(t.Name, t.Status, text[t.At.Start:t.At.End])
	}
	// Output:
	// unresolved tests_failed swebench-2 2
	// tests/test_cart.py::test_total FAILED FAILED
}

func BenchmarkSmallLogs(b *testing.B) {
	var log strings.Builder
	var w grade.Want
	log.WriteString(head)
	for i := range 12 {
		name := fmt.Sprintf("tests/test_pricing.py::test_case_%d", i)
		fmt.Fprintf(&log, "%s PASSED          [ %d%%]\n", name, 100*(i+1)/12)
		w.PassToPass = append(w.PassToPass, name)
	}
	log.WriteString(list)
	for _, name := range w.PassToPass {
		fmt.Fprintf(&log, "PASSED %s\n", name)
	}
	log.WriteString("=== 12 passed in 0.02s ===\n")
	text := []byte(log.String())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if res := grade.SWEBench2().Grade(testlog.Pytest().Parse(text), w); res.Verdict != pipeline.VerdictResolved {
			b.Fatal(res.Reason)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logs/s")
}
