package harness

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "rewrite the golden reports")

// shop is a small package with one bug, seen by one test of five.
func shop() map[string]string {
	return map[string]string{
		"shelf/pricing.star": `"""Prices."""

load("shelf/stock.star", "in_stock")

def price_after(price, percent):
    """Price after a discount in percent."""
    cut = price * percent // 100
    return price - cut + 1

def total(items):
    sum = 0
    for name, price in items:
        if in_stock(name):
            sum += price
    return sum

def per_unit(price, units):
    return price // units
`,
		"shelf/stock.star": `def in_stock(name):
    return not name.startswith("old ")
`,
		"tests/test_pricing.star": `load("shelf/pricing.star", "per_unit", "price_after", "total")

def test_total():
    assert_eq(total([("tea", 3), ("old tea", 4)]), 3)

def test_small():
    print("price", 100)
    assert_eq(price_after(100, 10), 90)

def test_empty():
    assert_eq(total([]), 0)

def test_zero_units():
    assert_true("division by zero" in assert_fails(per_unit, 4, 0))

def test_crash():
    print("PASSED tests/test_pricing.star::test_small")
    per_unit(1, 0)
`,
		"tests/test_stock.star": `load("shelf/stock.star", "in_stock")

def test_new():
    assert_true(in_stock("tea"))
`,
	}
}

func runAll(t *testing.T, files map[string]string, o TestOptions) *Report {
	t.Helper()
	r, err := RunTests(context.Background(), files, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func outcomes(r *Report) map[string]Outcome {
	m := map[string]Outcome{}
	for _, res := range r.Results {
		m[res.ID] = res.Outcome
	}
	return m
}

func TestRunTests(t *testing.T) {
	r := runAll(t, shop(), TestOptions{})
	want := map[string]Outcome{
		"tests/test_pricing.star::test_total":      Passed,
		"tests/test_pricing.star::test_small":      Failed,
		"tests/test_pricing.star::test_empty":      Passed,
		"tests/test_pricing.star::test_zero_units": Passed,
		"tests/test_pricing.star::test_crash":      Failed,
		"tests/test_stock.star::test_new":          Passed,
	}
	if d := cmp.Diff(want, outcomes(r)); d != "" {
		t.Error(d)
	}
	small := r.Results[1]
	if small.Message != "AssertionError: assert 91 == 90" || small.File != "tests/test_pricing.star" || small.Line != 8 {
		t.Errorf("test_small: %+v", small)
	}
	crash := r.Results[4]
	if crash.Message != "Error: floored division by zero" || crash.File != "shelf/pricing.star" || crash.Line != 18 {
		t.Errorf("test_crash: %+v", crash)
	}
	if r.ExitCode() != 1 || r.Passed() {
		t.Errorf("exit code %d", r.ExitCode())
	}
}

// TestText holds the reports to golden files, a style each.
func TestText(t *testing.T) {
	good, broken, all := shop(), shop(), TestOptions{}
	good["shelf/pricing.star"] = strings.Replace(good["shelf/pricing.star"], " + 1", "", 1)
	good["tests/test_pricing.star"] = strings.Replace(good["tests/test_pricing.star"], "    per_unit(1, 0)\n", "", 1)
	broken["shelf/stock.star"] = "def in_stock(name:\n    return 1\n"
	deep := map[string]string{"tests/test_deep.star": "def down(n):\n    return down(n + 1)\n\ndef test_deep():\n    down(0)\n\ndef test_slow(tmp):\n    pass\n"}
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "def test_n%d(): pass\n", i)
	}
	many := map[string]string{"tests/test_many.star": b.String()}
	for _, c := range []struct {
		name  string
		files map[string]string
		o     TestOptions
		v     Verbosity
	}{
		{"normal", shop(), all, Verbosity{}},
		{"verbose-all", shop(), all, Verbosity{Level: Verbose, All: true}},
		{"quiet", shop(), all, Verbosity{Level: Quiet}},
		{"quiet-short", shop(), all, Verbosity{Level: Quiet, Traceback: ShortTraceback}},
		{"quiet-line", shop(), all, Verbosity{Level: Quiet, Traceback: LineTraceback}},
		{"quiet-no", shop(), all, Verbosity{Level: Quiet, Traceback: NoTraceback}},
		{"passing", good, all, Verbosity{}},
		{"passing-quiet", good, all, Verbosity{Level: Quiet}},
		{"passing-verbose-all", good, all, Verbosity{Level: Verbose, All: true}},
		{"collect-error", broken, all, Verbosity{}},
		{"collect-error-on", broken, TestOptions{Paths: []string{"tests"}, ContinueOnCollectionErrors: true}, Verbosity{}},
		{"none", map[string]string{"a.star": ""}, all, Verbosity{}},
		{"missing", shop(), TestOptions{Paths: []string{"tests/test_nope.star"}}, Verbosity{}},
		{"missing-id", shop(), TestOptions{Paths: []string{"tests/test_stock.star::test_nope"}}, Verbosity{}},
		{"deep", deep, all, Verbosity{}},
		{"many", many, all, Verbosity{}},
		{"many-quiet", many, all, Verbosity{Level: Quiet}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := runAll(t, c.files, c.o)
			golden(t, filepath.Join("testdata", c.name+".txt"), r.Text(c.v))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s: run with -update to accept\n%s", path, d)
	}
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		paths []string
		want  int
		code  int
	}{
		{nil, 6, 1},
		{[]string{"tests"}, 6, 1},
		{[]string{"tests/"}, 6, 1},
		{[]string{"."}, 6, 1},
		{[]string{"tests/test_stock.star"}, 1, 0},
		{[]string{"./tests/test_stock.star", "tests/test_stock.star"}, 1, 0},
		{[]string{"tests/test_pricing.star::test_small"}, 1, 1},
		{[]string{"tests/test_pricing.star::test_total", "tests/test_pricing.star::test_empty"}, 2, 0},
		{[]string{"tests/test_pricing.star::test_total", "tests"}, 6, 1},
		{[]string{"shelf"}, 0, 5},
		{[]string{"shelf/stock.star"}, 0, 5},
		{[]string{"../etc"}, 0, 4},
		{[]string{"/tests"}, 0, 4},
		{[]string{"tests::test_x"}, 0, 4},
	} {
		r := runAll(t, shop(), TestOptions{Paths: c.paths})
		if len(r.Results) != c.want || r.ExitCode() != c.code {
			t.Errorf("%v: %d results, code %d, want %d, %d", c.paths, len(r.Results), r.ExitCode(), c.want, c.code)
		}
	}
}

// TestAloneAsAmongOthers holds that a test cannot see what another one did.
func TestAloneAsAmongOthers(t *testing.T) {
	files := map[string]string{
		"m.star": "seen = []\ndef note(x, acc=[]):\n    seen.append(x)\n    acc.append(x)\n    return len(seen) + len(acc)\n",
		"tests/test_a.star": `load("m.star", "note")
def test_one(): assert_eq(note(1), 2)
def test_two():
    assert_eq(note(1), 2)
    assert_eq(note(1), 4)
def test_three(): assert_eq(note(1), 2)
`,
	}
	if r := runAll(t, files, TestOptions{}); !r.Passed() {
		t.Error(r.Text(Verbosity{}))
	}
}

// TestAloneTakesTheSameSteps holds that what a test costs does not depend on
// the tests around it, whether or not their modules can be shared.
func TestAloneTakesTheSameSteps(t *testing.T) {
	files := shop()
	files["shelf/stock.star"] += "seen = [1, 2]\nodd = {(1, 2): 3, 1 << 40: 4}\nprint('loaded')\n"
	files["tests/test_a.star"] = "load('tests/shared.star', 'f')\nload('shelf/stock.star', 'odd')\nload('tests/shared.star', g='f')\ndef test_one(): assert_eq(f(2), 4)\ndef test_two(): assert_eq(odd[(1, 2)], 3)\n"
	files["tests/shared.star"] = "load('tests/more.star', 'k')\ndef f(x, n=(1, 2)): return x * n[1] * k\n"
	files["tests/more.star"] = "k = 1\n"
	together := runAll(t, files, TestOptions{})
	if len(together.Results) != 8 {
		t.Fatal(together.Text(Verbosity{}))
	}
	for _, want := range together.Results {
		r := runAll(t, files, TestOptions{Paths: []string{want.ID}})
		if d := cmp.Diff(want, r.Results[0], cmpopts.IgnoreUnexported(TestResult{})); d != "" {
			t.Error(d)
		}
	}
	backwards := []string{}
	for _, res := range slices.Backward(together.Results) {
		backwards = append(backwards, res.ID)
	}
	r := runAll(t, files, TestOptions{Paths: backwards})
	slices.Reverse(r.Results)
	if d := cmp.Diff(together.Results, r.Results, cmpopts.IgnoreUnexported(TestResult{})); d != "" {
		t.Error(d)
	}
}

func TestScripts(t *testing.T) {
	files := map[string]string{
		"a.star":    "load('b.star', 'f')\nprint(f(2))\n",
		"b.star":    "def f(x): return x + 1\n",
		"bad.star":  "print('before')\ndef g(x):\n    return x['k']\ng({})\n",
		"c1.star":   "load('c2.star', 'x')\n",
		"c2.star":   "load('c1.star', 'y')\n",
		"self.star": "load('self.star', 'y')\n",
		"out.star":  "load('../x.star', 'y')\n",
		"syn.star":  "def f(:\n",
		"name.star": "print(nope)\n",
	}
	for _, c := range []struct {
		file, want string
		code       int
	}{
		{"a.star", "3\n", 0},
		{"./a.star", "3\n", 0},
		{"bad.star", "before\nTraceback (most recent call last):\n  bad.star:4:2: in <module>\n  bad.star:3:13: in g\nError: key \"k\" not in dict\n", 1},
		{"c1.star", "cycle in load: c1.star -> c2.star -> c1.star", 1},
		{"self.star", "cycle in load: self.star -> self.star", 1},
		{"out.star", `"../x.star" is not a path from the root`, 1},
		{"syn.star", "syn.star:1:8: SyntaxError: ", 1},
		{"name.star", "name.star:1:7: NameError: undefined: nope\n", 1},
		{"none.star", "starlark: can't open file 'none.star': No such file or directory\n", 2},
	} {
		out, code, err := RunFile(context.Background(), files, c.file, Limits{})
		if err != nil || code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: code %d, err %v, output %q, want %q", c.file, code, err, out, c.want)
		}
	}
	out, code, err := RunSource(context.Background(), files, "load('b.star', 'f')\nprint(f(1))", Limits{})
	if out != "2\n" || code != 0 || err != nil {
		t.Errorf("RunSource: %q, %d, %v", out, code, err)
	}
}

func TestEval(t *testing.T) {
	pre := "load('shelf/pricing.star', 'per_unit', 'total')"
	got, err := Eval(context.Background(), shop(), pre, []string{"per_unit(9, 2)", "per_unit(1, 0)", "total([('a', 1.5)]) # sum", "1 +", "x) + (1", "'a'"}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Value{{Repr: "4"}, {Err: "Error: floored division by zero"}, {Repr: "1.5"}, {Err: "SyntaxError: got end of file, want primary expression"},
		{Err: `SyntaxError: unexpected ')'`}, {Repr: `"a"`}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestContextEndsARun(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	files := map[string]string{"tests/test_a.star": "def test_a():\n    for i in range(1 << 60): pass\n"}
	if r, err := RunTests(ctx, files, TestOptions{Limits: Limits{Steps: 1 << 60, TotalSteps: 1 << 60}}); err == nil {
		t.Fatalf("no error, report %v", r.Results)
	}
}
