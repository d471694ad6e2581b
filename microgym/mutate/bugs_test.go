package mutate

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/syntax"
)

// A row says that an edit of kind turns before into after. In both, ";" starts
// a new line and ">" is one step of indentation, below "def f(a, b, xs):".
type row struct {
	kind          Kind
	before, after string
}

func bugRows() []row {
	return []row{
		{Boundary, "return a < b", "return a <= b"},
		{Boundary, "return a >= b", "return a > b"},
		{ComparisonFlip, "return a <= b", "return a >= b"},
		{EqualityFlip, "return a == b", "return a != b"},
		{MembershipFlip, "return a in xs", "return a not in xs"},
		{MembershipFlip, "return a not  in xs", "return a in xs"},
		{LostNot, "if not xs:;>return 0;return a", "if xs:;>return 0;return a"},
		{NegatedTest, "if xs:;>return 0;return a", "if not xs:;>return 0;return a"},
		{AndOr, "return a and b", "return a or b"},
		{LostCondition, "return a > 1 and b", "return b"},
		{LostCondition, "return a > 1 and b", "return a > 1"},
		{FlippedFlag, "for x in xs:;>if x:;>>return True;return False", "for x in xs:;>if x:;>>return True;return True"},
		{SwappedBranches, "return a if b else xs[0]", "return xs[0] if b else a"},
		{SwappedBranches, "if b:;>c = a;else:;>c = b;return c", "if b:;>c = b;else:;>c = a;return c"},
		{MissingBranch, "for x in xs:;>a += 1;>if x:;>>return x;return a", "for x in xs:;>a += 1;return a"},
		{MissingBranch, "if a:;>return 1;elif b:;>return 2;else:;>return 3", "if a:;>return 1;else:;>return 3"},
		{MissingBranch, "if a:;>return 1;elif b:;>return 2;else:;>return 3", "if b:;>return 2;else:;>return 3"},
		{MissingBranch, "if a:;>return 1;elif b:;>return 2;return 3", "if a:;>return 1;return 3"},
		{EmptyInput, "if not xs:;>return 0;return a", "return a"},
		{EmptyValue, "if not xs:;>return 0;return a", "if not xs:;>return None;return a"},
		{EarlyReturn, "for x in xs:;>a += x;return a", "for x in xs:;>a += x;>return a"},
		{BreakContinue, "for x in xs:;>if x:;>>break;>a += x;return a", "for x in xs:;>if x:;>>continue;>a += x;return a"},
		{LostBreak, "for x in xs:;>if x:;>>break;>a += x;return a", "for x in xs:;>if x:;>>pass;>a += x;return a"},
		{LostBreak, "for x in xs:;>a = x;>break;return a", "for x in xs:;>a = x;return a"},
		{WrongOperator, "return a + b", "return a - b"},
		{WrongOperator, "return a // b", "return a % b"},
		{FloatDivision, "return a // b", "return a / b"},
		{SwappedOperands, "return a - xs[0]", "return xs[0] - a"},
		{LostParentheses, "return (a + b) * 2", "return a + b * 2"},
		{LostParentheses, "return a - (b - 2)", "return a - b - 2"},
		{LostTerm, "return (a + b - 1) // b", "return (a + b) // b"},
		{WrongSign, "return -a", "return a"},
		{OffByOne, "return a + 7", "return a + 8"},
		{OffByOne, "return a + 7", "return a + 6"},
		{WrongUnit, "return a * 60", "return a * 100"},
		{RangeStart, "return [x for x in range(a)]", "return [x for x in range(1, a)]"},
		{RangeStart, "return [x for x in range(2, a)]", "return [x for x in range(1, a)]"},
		{RangeEnd, "return [x for x in range(a)]", "return [x for x in range(a - 1)]"},
		{RangeEnd, "return [x for x in range(0, a + 1)]", "return [x for x in range(0, a)]"},
		{WrongIndex, "return xs[0]", "return xs[1]"},
		{WrongIndex, "return xs[-1]", "return xs[-2]"},
		{WrongIndex, "return xs[a + 1]", "return xs[a]"},
		{WrongIndex, "for i in range(a):;>b += xs[i];return b", "for i in range(a):;>b += xs[i - 1];return b"},
		{WrongSlice, "return xs[1:]", "return xs[2:]"},
		{WrongSlice, "return xs[:-1]", "return xs[:]"},
		{WrongSlice, "return xs[:a]", "return xs[:a + 1]"},
		{WrongKey, `return a["x"] + a["y"]`, `return a["y"] + a["y"]`},
		{WrongVariable, "return a * 2", "return b * 2"},
		{WrongVariable, "return [a * x for x in xs]", "return [x * x for x in xs]"},
		{WrongConstant, "return a * RATE", "return a * LIMIT"},
		{WrongFunction, "return near(a)", "return far(a)"},
		{SwappedArguments, "return pair(a, b)", "return pair(b, a)"},
		{MissingArgument, "return scale(a, 3)", "return scale(a)"},
		{MissingArgument, "return scale(a, by=3)", "return scale(a)"},
		{SwappedResults, "return a, b", "return b, a"},
		{LostAccumulator, "for x in xs:;>a += x;return a", "for x in xs:;>a = x;return a"},
		{WrongAugment, "for x in xs:;>a += x;return a", "for x in xs:;>a -= x;return a"},
		{WrongInitial, "c = 0;for x in xs:;>c += x;return c", "c = 1;for x in xs:;>c += x;return c"},
		{ResetInLoop, "c = 0;for x in xs:;>c += x;return c", "for x in xs:;>c = 0;>c += x;return c"},
		{SwappedStatements, "for x in xs:;>a = a + x;>b = a * 2;return b", "for x in xs:;>b = a * 2;>a = a + x;return b"},
		{MissingUpdate, "for x in xs:;>a = a + x;>b = a * 2;return b", "for x in xs:;>b = a * 2;return b"},
		{MissingCopy, "c = list(xs);c.append(a);return c", "c = xs;c.append(a);return c"},
		{MissingCopy, "c = xs[:];c.append(a);return c", "c = xs;c.append(a);return c"},
		{LostCall, "return abs(a)", "return a"},
		{LostCall, "return a.strip()", "return a"},
		{MinMax, "return min(a, b)", "return max(a, b)"},
		{AnyAll, "return any(xs)", "return all(xs)"},
		{WrongMethod, `return a.startswith("x")`, `return a.endswith("x")`},
		{SortKey, "return sorted(xs, key=lambda x: x[1])", "return sorted(xs)"},
		{SortKey, "return sorted(xs, key=lambda x: (x[1], x[0]))", "return sorted(xs, key=lambda x: (x[0], x[1]))"},
		{SortOrder, "return sorted(xs, reverse=True)", "return sorted(xs, reverse=False)"},
		{SortOrder, "return sorted(xs)", "return sorted(xs, reverse=True)"},
		{MissingFilter, "return [x for x in xs if x > a]", "return [x for x in xs]"},
		{WrongFallback, "return a.get(b, 0)", "return a.get(b, 1)"},
		{WrongFallback, "return a.get(b, 0)", "return a.get(b)"},
		{WrongSeparator, `return ", ".join(xs)`, `return ",".join(xs)`},
	}
}

const around = `"""A module."""

RATE = 3
LIMIT = 9

def near(x):
    return x

def far(x):
    return x

def pair(x, y):
    return [x, y]

def scale(x, by=2):
    return x
`

// module wraps a body of the short form into a file.
func module(body string) string {
	var b strings.Builder
	b.WriteString(around + "\ndef f(a, b, xs, n=10):\n    \"\"\"Say it.\"\"\"\n")
	for _, line := range strings.Split(body, ";") {
		in := strings.TrimLeft(line, ">")
		b.WriteString(strings.Repeat(unit, 1+len(line)-len(in)) + in + "\n")
	}
	return b.String()
}

func check(t *testing.T, rows []row, find func(path, src string) ([]Edit, error)) {
	t.Helper()
	for _, r := range rows {
		before, after := module(r.before), module(r.after)
		edits, err := find("m.star", before)
		if err != nil {
			t.Fatalf("%s: %v\n%s", r.kind, err, before)
		}
		var got []string
		for _, e := range edits {
			if e.Kind == r.kind && e.Func == "f" {
				got = append(got, e.Apply(before))
			}
		}
		if !slices.Contains(got, after) {
			t.Errorf("%s: no edit turns\n%s\ninto\n%s\nbut %d others:\n%s", r.kind, r.before, r.after,
				len(got), strings.ReplaceAll(strings.Join(got, "\n---\n"), around, ""))
		}
	}
}

func TestBugs(t *testing.T) {
	rows := bugRows()
	check(t, rows, Bugs)
	for _, k := range Kinds() {
		if k != WrongDefault && !slices.ContainsFunc(rows, func(r row) bool { return r.kind == k }) {
			t.Errorf("%s has no row", k)
		}
	}
}

func TestWrongDefault(t *testing.T) {
	src := module("return a")
	edits, err := Bugs("m.star", src)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"n=9)", "n=11)", "n=20)"} {
		if !slices.ContainsFunc(edits, func(e Edit) bool {
			return e.Kind == WrongDefault && strings.Contains(e.Apply(src), want)
		}) {
			t.Errorf("no default becomes %s", want)
		}
	}
}

// TestNothingIsProposed lists places where an edit would say the same.
func TestNothingIsProposed(t *testing.T) {
	for _, r := range []row{
		{SwappedArguments, "return pair(a, a)", ""},
		{SwappedArguments, "return max(a, b)", ""},
		{SwappedOperands, "return a - a", ""},
		{SwappedResults, "return a, a", ""},
		{SwappedBranches, "return a if b else a", ""},
		{LostCondition, "return a and a", ""},
		{LostTerm, "return a + 0", ""},
		{WrongVariable, "return len(None)", ""},
		{LostParentheses, "return a + (b * 2)", ""},
		{LostParentheses, "return (a < b) == True", ""},
		{MissingUpdate, "c = 1;return c", ""},
		{WrongSign, "return -0", ""},
		{MissingBranch, "if a:;>c = 1;return c", ""},
		{WrongOperator, `return "a" + b`, ""},
		{WrongSeparator, `return a.split(",")`, ""},
	} {
		src := module(r.before)
		edits, err := Bugs("m.star", src)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range edits {
			if e.Kind == r.kind && e.Func == "f" && !(r.kind == WrongSeparator && e.New == `", "`) {
				t.Errorf("%s: %s: %q becomes %q", r.kind, r.before, e.Old, e.New)
			}
		}
	}
}

// law is what holds of every edit of every source.
func law(t testing.TB, src string, edits []Edit) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range edits {
		if e.Old == e.New || src[e.Start:e.End] != e.Old {
			t.Fatalf("%s: line %d: %q becomes %q", e.Kind, e.Line, e.Old, e.New)
		}
		out := e.Apply(src)
		if out == src || seen[out] {
			t.Fatalf("%s: line %d: the text is not new", e.Kind, e.Line)
		}
		seen[out] = true
		o := options
		if _, err := o.Parse("m.star", out, 0); err != nil {
			t.Fatalf("%s: line %d: %q becomes %q: %v\n%s", e.Kind, e.Line, e.Old, e.New, err, out)
		}
		if first, last := e.Lines(src); first != e.Line || last < first {
			t.Fatalf("%s: lines %d to %d, Line is %d", e.Kind, first, last, e.Line)
		}
		if whole := strings.Replace(src, e.OldLines(src), e.NewLines(src), 1); strings.Count(src, e.OldLines(src)) == 1 && whole != out {
			t.Fatalf("%s: line %d: the lines say\n%s\nthe edit\n%s", e.Kind, e.Line, whole, out)
		}
	}
}

func TestEveryEditParses(t *testing.T) {
	for _, r := range slices.Concat(bugRows(), rewriteRows()) {
		for _, body := range []string{r.before, r.after} {
			src := module(body)
			for _, find := range []func(string, string) ([]Edit, error){Bugs, Rewrites} {
				edits, err := find("m.star", src)
				if err != nil {
					t.Fatal(err)
				}
				law(t, src, edits)
			}
		}
	}
}

func TestNotEditable(t *testing.T) {
	for _, src := range []string{"def f(:\n", "x = 1\r\n", strings.Repeat(" ", maxSourceBytes+1)} {
		if _, err := Bugs("m.star", src); !errors.Is(err, ErrSource) {
			t.Errorf("%.10q: error %v", src, err)
		}
	}
	if edits, err := Bugs("m.star", strings.Repeat("#", maxSourceBytes)); err != nil || len(edits) > 0 {
		t.Errorf("a file of the largest size: %v", err)
	}
}

func TestColumnsCountRunes(t *testing.T) {
	src := "def f(a, b):\n    return \"é→\" + a * \"ü\" + (b + a)[0]\n"
	edits, err := Bugs("m.star", src)
	if err != nil {
		t.Fatal(err)
	}
	law(t, src, edits)
	if len(edits) < 4 {
		t.Errorf("%d edits", len(edits))
	}
}

func TestApplyAll(t *testing.T) {
	src := module("return a + b")
	edits, err := Bugs("m.star", src)
	if err != nil {
		t.Fatal(err)
	}
	pick := func(k Kind, old string) Edit {
		return edits[slices.IndexFunc(edits, func(e Edit) bool { return e.Kind == k && e.Old == old })]
	}
	plus, a := pick(WrongOperator, "+"), pick(WrongVariable, "a")
	got, err := ApplyAll(src, plus, a)
	if err != nil || !strings.Contains(got, "return b - b\n") {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := ApplyAll(src, a, pick(LostTerm, " + b"), plus); !errors.Is(err, ErrOverlap) {
		t.Errorf("error %v, want %v", err, ErrOverlap)
	}
	if _, err := ApplyAll("other", a); err == nil {
		t.Error("an edit of another text was made")
	}
}

func TestSpansEndAfterBrackets(t *testing.T) {
	const src = "x = -a[0], b[1:], (c, d), e + f[2] if g else h[3]\n"
	s, err := parse("m.star", src)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range s.file.Stmts[0].(*syntax.AssignStmt).RHS.(*syntax.TupleExpr).List {
		got = append(got, s.str(e))
	}
	want := []string{"-a[0]", "b[1:]", "(c, d)", "e + f[2] if g else h[3]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func FuzzEdits(f *testing.F) {
	f.Add(around)
	for _, r := range slices.Concat(bugRows(), rewriteRows()) {
		f.Add(module(r.before))
	}
	f.Add("def f(*a, b=1, **c):\n  for x, [y] in a: x, y[0] = 1, 2; b += 1\n  if b: return 1\n  elif c: pass\n  else: return\n")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 4096 {
			return
		}
		for _, find := range []func(string, string) ([]Edit, error){Bugs, Rewrites} {
			edits, err := find("m.star", src)
			if err != nil {
				return
			}
			for _, e := range edits {
				if e.Old == e.New || e.Apply(src) == src {
					t.Fatalf("%s: %q becomes %q", e.Kind, e.Old, e.New)
				}
				e.OldLines(src)
				e.NewLines(src)
			}
		}
	})
}
