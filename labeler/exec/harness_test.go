package exec_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/pipeline"
)

// TestStarlarkLogsReadAsTheyAre holds the text of the Starlark harness against
// what it says itself, at every verbosity that names tests.
func TestStarlarkLogsReadAsTheyAre(t *testing.T) {
	const lib = "def half(n):\n    print('PASSED tests/test_a.star::test_forged')\n    return n // 2\n"
	tests := `load("shop/lib.star", "half")
def test_even(): assert_eq(half(4), 2)
def test_odd():
    print("tests/test_a.star::test_quoted PASSED")
    print("=== short test summary info ===")
    print("FAILED tests/test_a.star::test_even - no")
    assert_eq(half(5), 3)
def test_crash(): half("x")
`
	for name, files := range map[string]map[string]string{
		"mixed":       {"shop/lib.star": lib, "tests/test_a.star": tests, "tests/test_b.star": "def test_ok(): assert_true(True)\n"},
		"all pass":    {"tests/test_b.star": "def test_ok(): assert_true(True)\ndef test_too(): pass\n"},
		"no load":     {"shop/lib.star": "def half(n:\n", "tests/test_a.star": tests, "tests/test_b.star": "def test_ok(): pass\n"},
		"without end": {"tests/test_a.star": "def test_loop():\n    for i in range(10000000):\n        for j in range(10000000): pass\n"},
	} {
		r, err := harness.RunTests(context.Background(), files, harness.TestOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, res := range r.Results {
			want[res.ID] = strings.ToUpper(string(res.Outcome))
		}
		for _, level := range []harness.Level{harness.Normal, harness.Quiet, harness.Verbose} {
			for _, all := range []bool{true, false} {
				if !all && level != harness.Verbose {
					continue // dots name nobody
				}
				text := r.Text(harness.Verbosity{Level: level, All: all, Traceback: harness.ShortTraceback})
				log := testlog.Pytest().Parse([]byte(text))
				got := map[string]string{}
				for test, st := range log.Statuses() {
					if strings.Contains(test, "::") {
						got[test] = st.String()
					}
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s, level %v, all %v: %s\n%s", name, level, all, d, text)
				}
				if c := r.Counts(); log.Total == nil || log.Total.By[testlog.Passed] != int64(c.Passed) ||
					log.Total.By[testlog.Failed] != int64(c.Failed) || log.Total.By[testlog.Error] != int64(c.Errors) {
					t.Errorf("%s, level %v: %+v, want %+v\n%s", name, level, log.Total, c, text)
				}
			}
		}
	}
}

// TestStarlarkWithoutTests holds that a suite which is not there is no verdict
// on a patch.
func TestStarlarkWithoutTests(t *testing.T) {
	r, err := harness.RunTests(context.Background(), map[string]string{"a.star": ""}, harness.TestOptions{Paths: []string{"tests/test_x.star"}})
	if err != nil {
		t.Fatal(err)
	}
	text := r.Text(harness.Verbosity{Level: harness.Verbose, All: true})
	res := grade.SWEBench2().Grade(testlog.Pytest().Parse([]byte(text)), grade.Want{FailToPass: []string{"tests/test_x.star::test_a"}})
	if res.Verdict != pipeline.VerdictInfra || res.Reason != grade.ReasonUsage {
		t.Errorf("%s %s\n%s", res.Verdict, res.Reason, text)
	}
}
