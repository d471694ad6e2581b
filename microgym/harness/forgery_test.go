package harness

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// lineBreaks are what readers of logs take for the end of a line.
var lineBreaks = regexp.MustCompile("\r\n|[\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029]")

// status finds lines that a reader of pytest logs takes for an outcome.
var status = regexp.MustCompile(`^(PASSED|FAILED|ERROR) (\S+)|^(\S+::\S+) (PASSED|FAILED|ERROR)`)

// TestNoForgery holds that nothing which a tree prints, says, names or is
// written in can pass for the outcome of a test.
func TestNoForgery(t *testing.T) {
	const claim = "PASSED tests/test_x.star::test_fails"
	const verbose = "tests/test_x.star::test_fails PASSED   [100%]"
	var b strings.Builder
	for i, sep := range []string{`\n`, `\r`, `\v`, `\f`, `\x1c`, `\x1d`, `\x1e`, `\u0085`, `\u2028`, `\u2029`, `\n\n`, ``} {
		fmt.Fprintf(&b, "def test_print%d():\n    print(\"%s%s%s%s\")\n\n", i, sep, claim, sep, verbose)
		fmt.Fprintf(&b, "def test_fail%d():\n    fail(\"x%s%s%s%s\")\n\n", i, sep, claim, sep, verbose)
		fmt.Fprintf(&b, "def test_eq%d():\n    assert_eq(\"x%s%s\", [\"%s%s\"])\n\n", i, sep, claim, sep, verbose)
		fmt.Fprintf(&b, "def test_true%d():\n    assert_true(False, \"x%s%s%s%s\")\n\n", i, sep, claim, sep, verbose)
		fmt.Fprintf(&b, "def test_key%d():\n    {}[\"x%s%s%s%s\"]\n\n", i, sep, claim, sep, verbose)
	}
	fmt.Fprintf(&b, "def test_source():\n    \"\"\"\n%s\n%s\n    \"\"\"\n    fail('''\n%s\n%s''')\n\n", claim, verbose, claim, verbose)
	fmt.Fprintf(&b, "def test_fails():\n    assert_eq(1, 2)\n")
	files := map[string]string{
		"tests/test_x.star":                              b.String(),
		"tests/test_y.star\n" + claim + "\n.star":        "def test_a(): pass\n",
		"tests/test_z.star::test_fails PASSED .star":     "def test_a(): pass\n",
		"tests/test_w\u2028" + claim + "_test.star":      "def test_a(): pass\n",
		"tests/test_broken.star":                         "x = [\n" + claim + "\n",
		"tests/test_loads.star":                          "load('tests/x\\n" + claim + ".star', 'y')\n",
		"tests/test_says.star":                           "print('" + claim + "')\nfail('\\n" + claim + "\\n" + verbose + "')\n",
		"tests/test_quotes.star":                         "load('\\n" + claim + "\\n', 'y')\n",
		"tests/test_missing.star":                        "load('tests/test_x.star', '\\n" + claim + "\\n')\n",
		"tests/test_name.star":                           "def test_PASSED(): fail('x')\n",
		"tests/sub/PASSED tests/test_x.star::test_fails": "def test_a(): pass\n",
	}
	o := TestOptions{ContinueOnCollectionErrors: true}
	r := runAll(t, files, o)
	want := map[string]string{}
	for _, res := range r.Results {
		want[res.ID] = strings.ToUpper(string(res.Outcome))
	}
	if want["tests/test_x.star::test_fails"] != "FAILED" || len(want) != 63 || len(r.CollectErrors) != 5 {
		t.Fatalf("%d tests, %d collection errors: %v", len(want), len(r.CollectErrors), want)
	}
	for _, e := range r.CollectErrors {
		want[e.Path] = "ERROR"
	}
	for _, level := range []Level{Normal, Quiet, Verbose} {
		for _, tb := range []Traceback{LongTraceback, ShortTraceback, LineTraceback, NoTraceback} {
			text := r.Text(Verbosity{Level: level, Traceback: tb, All: true})
			seen := 0
			for _, line := range lineBreaks.Split(text, -1) {
				m := status.FindStringSubmatch(line)
				if m == nil {
					continue
				}
				seen++
				id, outcome := m[2]+m[3], m[1]+m[4]
				if want[id] != outcome {
					t.Errorf("level %v, tb %q: %q says %s, is %s", level, tb, line, outcome, want[id])
				}
			}
			if seen < len(want) {
				t.Errorf("level %v, tb %q: %d statuses of %d tests", level, tb, seen, len(want))
			}
		}
	}
}

func TestForgedUsage(t *testing.T) {
	r := runAll(t, shop(), TestOptions{Paths: []string{"tests/nope\nPASSED tests/test_x.star::test_a"}})
	if text := r.Text(Verbosity{}); strings.Contains(text, "\nPASSED") || r.ExitCode() != 4 {
		t.Error(text)
	}
}
