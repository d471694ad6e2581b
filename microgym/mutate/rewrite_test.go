package mutate

import (
	"slices"
	"testing"
)

func rewriteRows() []row {
	return []row{
		{MirrorComparison, "return a < len(xs)", "return len(xs) > a"},
		{SwapEquality, "return a == 1", "return 1 == a"},
		{ExpandAugment, "c = 0;for x in xs:;>c += x - 1;return c", "c = 0;for x in xs:;>c = c + (x - 1);return c"},
		{ContractAugment, "c = 0;for x in xs:;>c = c + x;return c", "c = 0;for x in xs:;>c += x;return c"},
		{SwapOperands, "return a + 1", "return 1 + a"},
		{FlipIf, "if a < b:;>return 1;else:;>return 2", "if a >= b:;>return 2;else:;>return 1"},
		{FlipIf, "if a and b:;>return 1;else:;>return 2", "if not (a and b):;>return 2;else:;>return 1"},
		{AddElse, "if a:;>return 1;return 2", "if a:;>return 1;else:;>return 2"},
		{SplitAnd, "if a and b > 1:;>return 1;return 2", "if a:;>if b > 1:;>>return 1;return 2"},
		{UnfoldCondition, "return a if b else 0", "if b:;>return a;return 0"},
		{UnfoldCondition, "c = a if b else 0;return c", "if b:;>c = a;else:;>c = 0;return c"},
		{ExtractTemporary, "return a + b", "result = a + b;return result"},
		{NameTest, "if a < b:;>return 1;return 2", "matches = a < b;if matches:;>return 1;return 2"},
		{RenameLocal, "total = 0;for x in xs:;>total += x;return total", "running = 0;for x in xs:;>running += x;return running"},
		{Parenthesize, "return a + b", "return (a + b)"},
		{ExplicitStart, "return [x for x in range(a)]", "return [x for x in range(0, a)]"},
		{ExplicitKeyword, "return scale(a, b)", "return scale(a, by=b)"},
		{AppendToExtend, "c = [];for x in xs:;>c.append(x);return c", "c = [];for x in xs:;>c += [x];return c"},
	}
}

func TestRewrites(t *testing.T) {
	rows := rewriteRows()
	check(t, rows, Rewrites)
	for _, k := range RewriteKinds() {
		if k != AddComment && !slices.ContainsFunc(rows, func(r row) bool { return r.kind == k }) {
			t.Errorf("%s has no row", k)
		}
	}
}

// TestNothingIsRewritten lists places where the value might change.
func TestNothingIsRewritten(t *testing.T) {
	for _, r := range []row{
		{ExpandAugment, "c = [];c += xs;return c", ""}, // c may be seen by others
		{ContractAugment, "xs = xs + a;return xs", ""}, // the caller's list would grow
		{MirrorComparison, "return near(a) < b", ""},   // the order of calls
		{SwapOperands, "return a + b", ""},             // texts and lists
		{RenameLocal, "return [x for x in xs]", ""},    // no local of the function
		{AddElse, "if a:;>b = 1;return b", ""},         // the if goes on
		{FlipIf, "if a:;>b = 1;elif b:;>b = 2;return b", ""},
		{ExplicitStart, "range = near;return range(a)", ""},
		{AppendToExtend, "LIMIT.append(a);return a", ""}, // would bind a local
	} {
		src := module(r.before)
		edits, err := Rewrites("m.star", src)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range edits {
			if e.Kind == r.kind && e.Func == "f" {
				t.Errorf("%s: %s: %q becomes %q", r.kind, r.before, e.Old, e.New)
			}
		}
	}
}
