package testlog_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/labeler/testlog"
)

// read shows what a reader makes of a log.
func read(t *testing.T, name string, cut testlog.Cut, log string) []string {
	t.Helper()
	r, err := testlog.FindReader(name)
	if err != nil {
		t.Fatal(err)
	}
	l := r.Parse([]byte(log), cut)
	checkReader(t, []byte(log), l, r)
	var out []string
	for i, rec := range l.Records {
		st := rec.Status.String()
		if rec.Status == 0 {
			st = l.Words[int32(i)]
		}
		out = append(out, st+" "+rec.Name)
	}
	return out
}

func TestReaders(t *testing.T) {
	for _, c := range []struct {
		name, reader string
		log          string
		want         []string
	}{
		{"a word that begins with a status", "swebench-5/pytest", "ERROR: no file\nPASSEDx a\nFAILED - b - c\nPASSED\nSKIPPED [2] a.py:1\n",
			[]string{"ERROR: no", "PASSEDx a", "FAILED b"}},
		{"folds of old", "swebench-2/pytest", "SKIPPED [2] a.py:1\n", []string{"SKIPPED [2]"}},
		{"paths in options", "swebench-5/pytest-options", "PASSED f[/a/b/c] x\nFAILED g[//a/b] - no\nPASSED h[/a/*]tail\nPASSED i[\n",
			[]string{"PASSED f[/c]", "FAILED g[//a/b]", "PASSED h[/a/*]", "PASSED i["}},
		{"whole names", "swebench-5/pytest-v2", "\x1b[32mPASSED\x1b[0m a b\nFAILED a[x - y] - no\na  b PASSED\nxERROR\n",
			[]string{"PASSED a b", "FAILED a[x"}},
		{"cut names", "swebench-2/pytest-v2", "PASSED a b\nFAILED a[x - y] - no\na b PASSED\n", []string{"b a", "FAILED a[x"}},
		{"1.x knows the front alone", "swebench-1/pytest-v2", "PASSED a\na PASSED\n", []string{"PASSED a"}},
		{"mouse buttons", "swebench-5/matplotlib", "PASSED a[MouseButton.LEFT]\n", []string{"PASSED a[1]"}},
		{"seaborn", "swebench-5/seaborn", "FAILED a - no\nPASSED b\nc PASSED [ 1%]\nXFAIL d\n", []string{"FAILED a", "PASSED b", "PASSED c"}},
		{"sympy", "swebench-5/sympy", "test_a ok\ntest_b F\n__ x/y.py:test_b __\ntest_c E\ntest_d f\n",
			[]string{"FAILED x/y.py:test_b", "PASSED test_a", "FAILED test_b", "ERROR test_c"}},
		{"django", "swebench-5/django", "test_a (m.C) ... ok\ntest_b (m.C) ... noise\nok\ntest_c ... skipped 'x'\nFAIL: test_d (m.C)\n" +
			"test_e ... Testing against Django installed in '/x'\nmore (0 silenced).\nok\ntest_f (m.C) ... ERROR\n",
			[]string{"PASSED test_a (m.C)", "PASSED test_b (m.C)", "SKIPPED test_c", "FAILED test_d", "PASSED test_e", "ERROR test_f (m.C)"}},
		{"django of 1.x", "swebench-1/django", "test_a ... ok\ntest_b ... x\nok\n", []string{"PASSED test_a"}},
		{"swe-smith", "swe-smith/pytest", "a.py::b PASSED   [ 1%]\n a FAILED\nPASSED a.py::c\n", []string{"PASSED a.py::b"}},
		{"workers", "swe-smith/pytest-workers", "[gw0] PASSED a.py::b\n[gw12] PASSED c\n", []string{"PASSED a.py::b"}},
		{"tornado", "swe-smith/tornado", "test_a (x.Y) ... ok\nFAIL: test_b (x.Y)\ntest_c ... skipped 'x'\n", []string{"PASSED test_a (x.Y)", "FAILED test_b (x.Y)", "SKIPPED test_c"}},
		{"r2e-gym", "r2e-gym/pytest", "PASSED a::b\n== short test summary info ==\nPASSED a::C::b\nFAILED a::c - no\nERROR d\n== short test summary info ==\nPASSED a::z\n",
			[]string{"PASSED C.b", "FAILED c"}},
	} {
		if d := cmp.Diff(c.want, read(t, c.reader, testlog.Whole, c.log)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	if _, err := testlog.FindReader("swebench-9/pytest"); err == nil || !strings.Contains(err.Error(), "swebench-5/pytest") {
		t.Errorf("%v", err)
	}
}

func TestCuts(t *testing.T) {
	log := "PASSED before\r\n>>>>> Applied Patch (pred)\nPASSED applied\n+ : '>>>>> Start Test Output'\r\nPASSED in\nnoise>>>>> End Test Output\nPASSED after\n" +
		"+ : '>>>>> End Test Output'\n>>>>> Test Exit Code: 2\n"
	for cut, want := range map[testlog.Cut][]string{
		testlog.Whole:      {"PASSED before", "PASSED applied", "PASSED in", "PASSED after"},
		testlog.Between:    {"PASSED in"},
		testlog.Traced:     {"PASSED in", "PASSED after"},
		testlog.AfterPatch: {"PASSED applied", "PASSED in", "PASSED after"},
	} {
		if d := cmp.Diff(want, read(t, "swebench-5/pytest", cut, log)); d != "" {
			t.Errorf("cut %d: %s", cut, d)
		}
	}
	r, _ := testlog.FindReader("swebench-5/pytest")
	m := r.Parse([]byte(log), testlog.Between).Marks
	if m.Count(testlog.MarkEnd) != 2 || m.Count(testlog.MarkStart) != 1 || m.ExitCode == nil || *m.ExitCode != 2 {
		t.Errorf("%+v", m)
	}
	if m := r.Parse([]byte("x\nTimeout error: 10 seconds exceeded."), testlog.Whole).Marks; m.Count(testlog.MarkStopped) != 1 {
		t.Errorf("%+v", m)
	}
	if m := r.Parse([]byte("Timeout error: 10 seconds exceeded.\nand on\n"), testlog.Whole).Marks; m.Count(testlog.MarkStopped) != 0 {
		t.Errorf("%+v", m)
	}
}

// FuzzReaders holds that no reader panics, that every name stands in the log at
// its place, and that reading in pieces reads the same.
func FuzzReaders(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(form.log))
	}
	f.Add([]byte("+ : '>>>>> Start Test Output'\nPASSED a\nnoise>>>>> End Test Output\rtest_a (m.C) ... x\r\nok\n>>>>> Test Exit Code: -1\n[3mPASSED[0m a  b"))
	f.Add([]byte("test_e ... Testing against Django installed in '/x'\nmore silenced).\nok\n___ a/b.py:c ___\ntest_a ok"))
	f.Fuzz(func(t *testing.T, log []byte) {
		limits := testlog.Limits{LineBytes: 200}
		for _, r := range testlog.Readers() {
			for _, cut := range []testlog.Cut{testlog.Whole, testlog.Between, testlog.Traced, testlog.AfterPatch} {
				l := r.ParseLimited(log, cut, limits)
				checkReader(t, log, l, r)
				half, err := r.Read(context.Background(), iotest.HalfReader(bytes.NewReader(log)), cut, limits)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.EqualFunc(l.Records, half.Records, func(a, b testlog.Record) bool {
					return a.Name == b.Name && a.Status == b.Status && a.NameAt == b.NameAt && a.StatusAt == b.StatusAt
				}) || l.Region != half.Region || l.LongLines != half.LongLines {
					t.Fatalf("%s, cut %d, in pieces:\n%+v\n%+v", r.Name, cut, l, half)
				}
			}
		}
	})
}

// repeat is a stream of so many bytes of one text.
func repeat(text string, n int64) io.Reader { return io.LimitReader(&repeated{text: text}, n) }

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], r.text[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.text)
	}
	return n, nil
}

// TestWorkIsLinear counts the lines and bytes that machines are handed of large
// logs: no byte twice, and of a long line no more than its head.
func TestWorkIsLinear(t *testing.T) {
	size := int64(256 << 10)
	if os.Getenv("SWERM_SOAK") == "1" {
		size = 200 << 20
	}
	for name, text := range map[string]string{
		"one line":       "x",
		"many lines":     "PASSED a\n",
		"nested marks":   ">>>>> Start Test Output >>>>> End Test Output ",
		"lines of marks": "+ : '>>>>> Start Test Output'\n+ : '>>>>> End Test Output'\n",
		"returns":        "\r\n\r",
		"names of tests": "test_a (m.C) ... ok ... ok ... skipped\n",
		"sessions":       "=== test session starts ===\n=== PASSES ===\n=== short test summary info ===\n",
	} {
		limits := testlog.Limits{Records: 1000}
		for _, r := range testlog.Readers() {
			for _, cut := range []testlog.Cut{testlog.Whole, testlog.Between} {
				var w testlog.Work
				if _, err := testlog.CountedReader(r, &w).Read(context.Background(), repeat(text, size), cut, limits); err != nil {
					t.Fatal(err)
				}
				if w.Bytes > size || w.Lines > size || name == "one line" && w.Bytes > testlog.DefaultLineBytes {
					t.Errorf("%s: %s was handed %d lines, %d bytes of %d", name, r.Name, w.Lines, w.Bytes, size)
				}
			}
		}
		for _, p := range testlog.Parsers() {
			var w testlog.Work
			if _, err := testlog.CountedParser(p, &w).Read(context.Background(), repeat(text, size), limits); err != nil {
				t.Fatal(err)
			}
			if w.Bytes > size || w.Lines > size {
				t.Errorf("%s: %s was handed %d lines, %d bytes of %d", name, p.Name, w.Lines, w.Bytes, size)
			}
		}
	}
}
