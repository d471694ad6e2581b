package grade_test

import (
	"context"
	"strings"
	"testing"

	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
)

// crashed is a log whose suite ended at a line before any test ran.
func crashed(frames, fault string) string {
	return "+ : '>>>>> Start Test Output'\nTraceback (most recent call last):\n  File \"/testbed/run.py\", line 3, in <module>\n    import shop\n" +
		frames + fault + "\n+ : '>>>>> End Test Output'\n"
}

// TestAPatchThatBreaksTheSuite holds what is evidence enough for a verdict where
// no test ran. The patch adds line 2 of shop/cart.py.
func TestAPatchThatBreaksTheSuite(t *testing.T) {
	patch := "diff --git a/shop/cart.py b/shop/cart.py\n--- a/shop/cart.py\n+++ b/shop/cart.py\n@@ -1,3 +1,3 @@\n import operator\n-call = None\n+call = operator.cal\n x = 1\n"
	ours, next := "  File \"/testbed/shop/cart.py\", line 2, in <module>\n    call = operator.cal\n", "  File \"/testbed/shop/cart.py\", line 3, in <module>\n    x = 1\n"
	library := "  File \"/env/lib/python3.9/site-packages/numpy/__init__.py\", line 397, in __getattr__\n    raise AttributeError(\n"
	for _, c := range []struct {
		name, log, verdict, reason string
	}{
		{"the line is the patch's", crashed(ours, "AttributeError: no cal"), "unresolved", grade.ReasonBroken},
		{"an exception without a word", crashed(ours, "AssertionError"), "unresolved", grade.ReasonBroken},
		{"no program", crashed("  File \"/testbed/shop/cart.py\", line 2\n    call = operator.cal\n         ^\n", "SyntaxError: invalid syntax"), "unresolved", grade.ReasonBroken},
		{"the line was there before", crashed(next, "NameError: y"), "infra", grade.ReasonCrashed},
		{"a library raised it", crashed(ours+library, "AttributeError: np.Inf was removed"), "infra", grade.ReasonCrashed},
		{"called from the patch's line in another file", crashed(ours+"  File \"/testbed/shop/other.py\", line 2, in f\n", "ValueError: x"), "infra", grade.ReasonCrashed},
		{"a module is missing", crashed(ours, "ModuleNotFoundError: No module named 'operator'"), "infra", grade.ReasonCrashed},
		{"a library is missing", crashed(ours, "ImportError: libGL.so.1: cannot open shared object file"), "infra", grade.ReasonCrashed},
		{"the environment failed", crashed(ours, "OSError: x")[:40] + "Cannot allocate memory\n" + crashed(ours, "AttributeError: no cal"), "infra", grade.ReasonCrashed},
		{"no exception", crashed(ours, "  more"), "infra", grade.ReasonCrashed},
		{"a copy that is installed", crashed("  File \"/env/lib/python3.9/site-packages/shop/cart.py\", line 2, in <module>\n", "ValueError: x"), "infra", grade.ReasonCrashed},
	} {
		reading, err := grade.SWEBench5().Read(context.Background(), grade.Text([]byte(c.log), "django/django"), testlog.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		res := grade.SWEBench5().GradeReading(reading, grade.Want{FailToPass: []string{"a"}})
		before := res.Answer
		res.AttachPatch(grade.ReadPatch(patch))
		if string(res.Verdict) != c.verdict || res.Reason != c.reason {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, res.Verdict, res.Reason, c.verdict, c.reason)
		}
		if before.Resolved != res.Answer.Resolved || before.Graded != res.Answer.Graded {
			t.Errorf("%s: the harness's answer changed", c.name)
		}
		if at := res.Evidence; res.Reason == grade.ReasonBroken && !strings.HasPrefix(c.log[at.Start:at.End], `  File "/testbed/shop/cart.py", line 2`) {
			t.Errorf("%s: %q", c.name, c.log[at.Start:at.End])
		}
	}
}
