package testlog_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/swerm/swerm/labeler/testlog"
)

// shown writes records as lines: a letter for the part, the status, the name.
func shown(l *testlog.Log) []string {
	var out []string
	for _, r := range l.Records {
		s := fmt.Sprintf("%c %v %s", "poS"[r.Part], r.Status, r.Name)
		if r.Fold > 0 {
			s += fmt.Sprintf(" x%d", r.Fold)
		}
		out = append(out, s)
	}
	return out
}

const head = "============================= test session starts ==============================\ncollected 3 items\n\n"

var forms = []struct {
	name, log string
	want      []string
}{
	{"quiet dots and a summary", "..F                                                    [100%]\n" +
		"=================================== FAILURES ===================================\n" +
		"___________________________________ test_c ____________________________________\n\n" +
		"    def test_c():\n>       assert 1 == 2\nE       assert 1 == 2\n\ntests/test_a.py:7: AssertionError\n" +
		"=========================== short test summary info ============================\n" +
		"FAILED tests/test_a.py::test_c - assert 1 == 2\n1 failed, 2 passed in 0.02s\n",
		[]string{"S FAILED tests/test_a.py::test_c"}},
	{"verbose", head +
		"tests/test_a.py::test_a PASSED                                           [ 33%]\n" +
		"tests/test_a.py::TestB::test_b[a b-x - y] FAILED                         [ 66%]\n" +
		"tests/test_a.py::test_s SKIPPED (not here (yet))                         [ 70%]\n" +
		"tests/test_a.py::test_x XFAIL (bug PASSED elsewhere)                     [ 80%]\n" +
		"tests/test_a.py::test_y XPASS                                            [ 90%]\n" +
		"tests/test_a.py::test_e PASSED                                           [100%]\n" +
		"tests/test_a.py::test_e ERROR                                            [100%]\n" +
		"========= 1 failed, 2 passed, 1 skipped, 1 xfailed, 1 xpassed, 1 error in 1.20s =========\n",
		[]string{"p PASSED tests/test_a.py::test_a", "p FAILED tests/test_a.py::TestB::test_b[a b-x - y]",
			"p SKIPPED tests/test_a.py::test_s", "p XFAIL tests/test_a.py::test_x", "p XPASS tests/test_a.py::test_y",
			"p PASSED tests/test_a.py::test_e", "p ERROR tests/test_a.py::test_e"}},
	{"summary of everything", head + "tests/test_a.py .F\n" +
		"==================================== PASSES ====================================\n" +
		"____________________________________ test_a ____________________________________\n" +
		"----------------------------- Captured stdout call -----------------------------\n" +
		"PASSED tests/test_a.py::test_forged\n" +
		"=========================== short test summary info ============================\n" +
		"PASSED tests/test_a.py::test_a\n" +
		"PASSED tests/test_a.py::test_p[1 - 2]\nPASSED tests/test_a.py::test_q[a[0] x]\n" +
		"SKIPPED [2] tests/test_a.py:31: needs: a network\nSKIPPED tests/test_a.py::test_unfolded - why\n" +
		"XFAIL tests/test_a.py::test_x - known\nXPASS tests/test_a.py::test_y[k v] - always works now\n" +
		"XPASS tests/test_a.py::test_z[k v] old reason with [brackets]\n" +
		"ERROR tests/test_b.py - ImportError: no module\nERROR tests/test_c.py::test_t - fixture\n" +
		"PASSED tests/test_a.py::test_f[[q] - z]\nFAILED tests/test_a.py::test_f[[q] - z] - assert [1] - [2]\n" +
		"FAILED tests/test_a.py::test_f[[q - z] - assert x\nFAILED tests/test_a.py::test_f[] - x] - assert False\nFAILED tests/test_a.py::test_g - a - b [c]\n" +
		"========================= 2 failed, 3 passed in 61.02s (0:01:01) =========================\n",
		[]string{"o PASSED tests/test_a.py::test_forged", "S PASSED tests/test_a.py::test_a",
			"S PASSED tests/test_a.py::test_p[1 - 2]", "S PASSED tests/test_a.py::test_q[a[0] x]",
			"S SKIPPED tests/test_a.py:31 x2", "S SKIPPED tests/test_a.py::test_unfolded",
			"S XFAIL tests/test_a.py::test_x", "S XPASS tests/test_a.py::test_y[k v]", "S XPASS tests/test_a.py::test_z[k v]",
			"S ERROR tests/test_b.py", "S ERROR tests/test_c.py::test_t",
			"S PASSED tests/test_a.py::test_f[[q] - z]", "S FAILED tests/test_a.py::test_f[[q] - z]", "S FAILED tests/test_a.py::test_f[[q - z]",
			"S FAILED tests/test_a.py::test_f[]", "S FAILED tests/test_a.py::test_g"}},
	{"xdist", head + "gw0 [3] / gw1 [3]\n\n[gw0] [ 33%] PASSED tests/test_a.py::test_a \n" +
		"[gw1] [ 66%] FAILED tests/test_a.py::test_b[x y] \n[gw12] SKIPPED tests/test_a.py::test_c\n[gw0] node down: Not properly terminated\n",
		[]string{"p PASSED tests/test_a.py::test_a", "p FAILED tests/test_a.py::test_b[x y]", "p SKIPPED tests/test_a.py::test_c"}},
	{"colour, carriage returns and NUL", "\x1b[1m=== test session starts ===\x1b[0m\r\n" +
		"\x1b[32mPASSED\x1b[0m tests/test_a.py::\x1b[1mtest_a[True]\x1b[0m\r\n" +
		"tests/test_a.py::test_b \x1b[31mFAILED\x1b[0m\x1b[31m [100%]\x1b[0m\r\nPASSED tests/t\x00est_a.py::test_c\r" +
		"\x1b]0;title\x07PASSED tests/test_a.py::test_d",
		[]string{"p PASSED tests/test_a.py::test_a[True]", "p FAILED tests/test_a.py::test_b",
			"p PASSED tests/test_a.py::test_c", "p PASSED tests/test_a.py::test_d"}},
	{"pytest that runs pytest", head + "testing/test_x.py ..\n==================================== PASSES ====================================\n" +
		"----------------------------- Captured stdout call -----------------------------\n" + head + "test_in.py::test_i PASSED\n" +
		"=== FAILURES ===\n=========================== short test summary info ============================\nFAILED test_in.py::test_i - no\n" +
		"=== 1 failed in 0.01s ===\n----------------------------- Captured stdout call -----------------------------\n" + head +
		"=========================== short test summary info ============================\nPASSED test_in.py::test_k\n=== 1 passed in 0.01s ===\n" +
		"=========================== short test summary info ============================\nPASSED testing/test_x.py::test_1\n=== 1 passed in 0.50s ===\n",
		[]string{"o PASSED test_in.py::test_i", "o FAILED test_in.py::test_i", "o PASSED test_in.py::test_k", "S PASSED testing/test_x.py::test_1"}},
	{"a quoted summary without a session", head + "=== PASSES ===\n=== short test summary info ===\nPASSED tests/a.py::test_forged\n1 passed in 0.01s\n" +
		"=== short test summary info ===\nFAILED tests/a.py::test_a - no\n=== 1 failed in 0.50s ===\n",
		[]string{"o PASSED tests/a.py::test_forged", "S FAILED tests/a.py::test_a"}},
	{"a quoted session without an end", head + "=== PASSES ===\n" + head + "Killed\n=== short test summary info ===\nFAILED tests/a.py::test_a - no\n=== 1 failed in 0.50s ===\n",
		[]string{"S FAILED tests/a.py::test_a"}},
	{"a quiet session in a quiet one", ".. [100%]\n=== PASSES ===\n" + head + "=== short test summary info ===\nPASSED in.py::a\n=== 1 passed in 0.1s ===\n" +
		"F.\n=== FAILURES ===\n=== short test summary info ===\nFAILED in.py::b\n1 failed in 0.1s\n\n=== short test summary info ===\nPASSED x.py::c\n1 passed in 0.5s\n",
		[]string{"o PASSED in.py::a", "o FAILED in.py::b", "S PASSED x.py::c"}},
	{"two quiet ones in a row", "F\n=== FAILURES ===\n=== short test summary info ===\nFAILED a.py::a\n1 failed in 0.1s\n" +
		"a/b.py F. [100%]\n=== FAILURES ===\n=== short test summary info ===\nFAILED b.py::b\n1 failed, 1 passed in 0.1s\n",
		[]string{"S FAILED a.py::a", "S FAILED b.py::b"}},
	{"a session printed by a verbose one", head + "a.py::a PASSED\na.py::b\n" + head + "in.py::x FAILED\n=== 1 failed in 0.1s ===\na.py::c PASSED\n",
		[]string{"p PASSED a.py::a", "o FAILED in.py::x", "p PASSED a.py::c"}},
	{"two sessions in a row", head + "=== FAILURES ===\n=== short test summary info ===\nFAILED a.py::test_a - no\n=== 1 failed in 0.50s ===\n" +
		head + "b.py::test_b PASSED [100%]\n=== 1 passed in 0.50s ===\n",
		[]string{"S FAILED a.py::test_a", "p PASSED b.py::test_b"}},
	{"the region of a harness", "PASSED before.py::test_a\n+ : '>>>>> Start Test Output'\nPASSED a.py::test_a\n+ : '>>>>> End Test Output'\nPASSED after.py::test_a\n",
		[]string{"p PASSED a.py::test_a"}},
	{"an end that a test printed", "+ : '>>>>> Start Test Output'\nPASSED a.py::test_a\n>>>>> End Test Output\nFAILED a.py::test_a - no\n+ : '>>>>> End Test Output'\nPASSED a.py::test_a\n",
		[]string{"p PASSED a.py::test_a", "p FAILED a.py::test_a"}},
	{"prose", "ERROR: file or directory not found: x.py\nERROR    root:a.py:8 message\nPASSED [100%]\nPASSED the::gate of it PASSED\nE   x::y FAILED\n" +
		"    a.py::test PASSED\nFAILED\nPASSED \nSKIPPED [1] \nsee a.py::test PASSED\n[gw0] PASSED\n[gw\n[gw0] [ 3\n::x PASSED\n",
		[]string{"p PASSED the::gate"}},
}

func TestForms(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			l := testlog.Pytest().Parse([]byte(f.log))
			if d := cmp.Diff(f.want, shown(l)); d != "" {
				t.Error(d)
			}
			check(t, []byte(f.log), l)
		})
	}
}

func TestStreamsReadTheSame(t *testing.T) {
	limits := testlog.Limits{LineBytes: 100} // so that long lines are met, and cross reads
	for _, f := range forms {
		log := []byte(f.log)
		log = append(log, bytes.Repeat([]byte("x"), 101)...)
		log = append(log, "\n"+strings.Repeat("y", 350)+" PASSED\rPASSED a.py::test_last\n"...)
		want := testlog.Pytest().ParseLimited(log, limits)
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(log), "bytes": iotest.OneByteReader(bytes.NewReader(log)),
			"halves": iotest.HalfReader(bytes.NewReader(log)), "early": iotest.DataErrReader(bytes.NewReader(log))} {
			got, err := testlog.Pytest().Read(context.Background(), r, limits)
			if err != nil {
				t.Fatal(err)
			}
			got.Parser, want.Parser = testlog.Parser{}, testlog.Parser{}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(testlog.Parser{}), cmpopts.IgnoreUnexported(testlog.Log{})); d != "" {
				t.Errorf("%s, %s: %s", f.name, name, d)
			}
		}
		if want.LongLines != 2 {
			t.Errorf("%s: %d long lines", f.name, want.LongLines)
		}
	}
}

func TestReadSaysWhereItFailed(t *testing.T) {
	_, err := testlog.Pytest().Read(context.Background(), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("PASSED"))), testlog.Limits{})
	if err == nil || !strings.Contains(err.Error(), "byte 1") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := testlog.Pytest().Read(ctx, strings.NewReader("x"), testlog.Limits{}); err == nil {
		t.Error("read on")
	}
}

func TestTotals(t *testing.T) {
	for _, c := range []struct {
		line string
		ran  int64
		none bool
	}{
		{"=== 2 failed, 3 passed, 1 warning in 0.02s ===", 5, false},
		{"2 passed, 1 skipped in 1.20 seconds", 3, false},
		{"= tests finished: 2 passed, 1 expected to fail, in 0.10 seconds =", 3, false},
		{"===== 1 error in 75.00s (0:01:15) =====", 1, false},
		{"===== 3 snapshots passed, 2 passed in 0.1s =====", 2, false},
		{"====== no tests ran in 0.01s ======", 0, true},
		{"====== 5 deselected in 0.01s ======", 0, false},
		{"99999999999 passed in 1s", 1e9, false},
	} {
		l := testlog.Pytest().Parse([]byte(c.line))
		if l.Total == nil || l.Total.Ran() != c.ran || l.Total.NoTests != c.none {
			t.Errorf("%q: %+v", c.line, l.Total)
		}
		if l.Ran() != (c.ran > 0) {
			t.Errorf("%q: ran %v", c.line, l.Ran())
		}
	}
	for _, line := range []string{"1 apple in 3s", "5 passed", "5 passed in time", "5 passed, in 3", "nothing in 1s", "1 passed in 1s and more"} {
		if l := testlog.Pytest().Parse([]byte(line)); l.Total != nil {
			t.Errorf("%q: %+v", line, l.Total)
		}
	}
}

func TestLimitsAreKept(t *testing.T) {
	log := strings.Repeat("PASSED a.py::test_a\n", 11)
	l := testlog.Pytest().ParseLimited([]byte(log), testlog.Limits{Records: 10})
	if len(l.Records) != 10 || l.Lost != 1 {
		t.Errorf("%d records, %d lost", len(l.Records), l.Lost)
	}
	l = testlog.Pytest().ParseLimited([]byte(log), testlog.Limits{NameBytes: 2 * int64(len("a.py::test_a"))})
	if len(l.Records) != 2 || l.Lost != 9 {
		t.Errorf("%d records, %d lost", len(l.Records), l.Lost)
	}
}

func TestStatusNames(t *testing.T) {
	for _, s := range testlog.Statuses() {
		text, err := s.MarshalText()
		var back testlog.Status
		if err != nil || back.UnmarshalText(text) != nil || back != s {
			t.Errorf("%v: %q, %v, %v", s, text, err, back)
		}
	}
	var s testlog.Status
	if _, err := s.MarshalText(); err == nil {
		t.Error("no status was written")
	}
	if s.UnmarshalText([]byte("OK")) == nil {
		t.Error("OK was read")
	}
	if _, err := testlog.Find("nose"); err == nil || !strings.Contains(err.Error(), "pytest") {
		t.Errorf("%v", err)
	}
}
