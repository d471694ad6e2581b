package harness_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/swerm/swerm/microgym/harness"
)

// TestLimitIsToldFromFailure holds that a report names what was stopped, and
// that tests which fail of their own are not taken for it.
func TestLimitIsToldFromFailure(t *testing.T) {
	const head = "def test_a():\n    assert_eq(1, 1)\n"
	loads := map[string]string{"tests/test_x.star": head}
	for i := range 4 {
		loads["tests/test_x.star"] = fmt.Sprintf("load(\"m%d.star\", \"v%d\")\n", i, i) + loads["tests/test_x.star"]
		loads[fmt.Sprintf("m%d.star", i)] = fmt.Sprintf("v%d = 1\n", i)
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		l     harness.Limits
		want  string // "" is no limit
	}{
		{"passes", map[string]string{"tests/test_x.star": head}, harness.Limits{}, ""},
		{"fails", map[string]string{"tests/test_x.star": "def test_a():\n    assert_eq(1, 2)\n"}, harness.Limits{}, ""},
		{"does not parse", map[string]string{"tests/test_x.star": "def test_a(:\n"}, harness.Limits{}, ""},
		{"steps", map[string]string{"tests/test_x.star": "def test_a():\n    for i in range(1000000):\n        pass\n"}, harness.Limits{Steps: 1000}, "step limit"},
		{"steps of a load", map[string]string{"tests/test_x.star": "v = [i for i in range(1000000)]\n" + head}, harness.Limits{Steps: 1000}, "step limit"},
		{"steps of all tests", map[string]string{"tests/test_x.star": head + "def test_b():\n    for i in range(300):\n        pass\n" +
			"def test_c():\n    for i in range(300):\n        pass\n"}, harness.Limits{TotalSteps: 700}, "step limit"},
		{"depth", map[string]string{"tests/test_x.star": "def f(n):\n    return f(n + 1)\ndef test_a():\n    f(0)\n"}, harness.Limits{Depth: 20}, "recursion"},
		{"size of a file", map[string]string{"tests/test_x.star": head}, harness.Limits{FileBytes: 10}, "bytes"},
		{"files", loads, harness.Limits{Modules: 2}, "files are loaded"},
		{"tests", map[string]string{"tests/test_x.star": head + strings.ReplaceAll(head, "test_a", "test_b")}, harness.Limits{Tests: 1}, "more than 1 tests"},
	} {
		r, err := harness.RunTests(context.Background(), c.files, harness.TestOptions{Limits: c.l})
		if err != nil {
			t.Fatal(err)
		}
		what, ok := r.Limit()
		if ok != (c.want != "") || !strings.Contains(what, c.want) {
			t.Errorf("%s: limit %q, %v; want %q\n%s", c.name, what, ok, c.want, r.Text(harness.Verbosity{}))
		}
	}
}
