package task

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/microgym/harness"
	"github.com/swerm/swerm/microgym/mutate"
)

// sample makes n tasks. Several tests look at the same ones.
func sample(t testing.TB, seed uint64, n int) []*Task {
	t.Helper()
	var out []*Task
	for i := range n {
		x, err := Generate(context.Background(), Options{Seed: seed}, i)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

func runTests(t testing.TB, files map[string]string, paths ...string) *harness.Report {
	t.Helper()
	r, err := harness.RunTests(context.Background(), files, harness.TestOptions{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// holds checks every claim of a task again, by runs of its own.
func holds(t testing.TB, x *Task) {
	t.Helper()
	if err := x.Validate(); err != nil {
		t.Fatalf("%s: %v", x.InstanceID, err)
	}
	gold := x.Gold()
	var changed []string
	for p := range gold {
		if gold[p] != x.Files[p] {
			changed = append(changed, p)
		}
	}
	if !slices.Equal(changed, []string{x.Site.Path}) || len(gold) != len(x.Files) {
		t.Fatalf("%s: the patch changes %q", x.InstanceID, changed)
	}
	hidden := slices.Sorted(maps.Keys(x.TestFiles))
	if r := runTests(t, x.Graded(gold), hidden...); !r.Passed() || len(r.Results) != len(x.FailToPass)+len(x.PassToPass) {
		t.Fatalf("%s: the patch does not pass:\n%s", x.InstanceID, r.Text(harness.Verbosity{}))
	}
	r := runTests(t, x.Graded(x.Files), hidden...)
	if !every(r, x.FailToPass, harness.Failed) || !every(r, x.PassToPass, harness.Passed) {
		t.Fatalf("%s: the bug does not fail as it should:\n%s", x.InstanceID, r.Text(harness.Verbosity{}))
	}
	if len(x.FailToPass) < 2 || len(x.PassToPass) < 2 || len(r.Results) > maxFailing+maxPassing+sharpTries {
		t.Fatalf("%s: %d and %d tests", x.InstanceID, len(x.FailToPass), len(x.PassToPass))
	}
	covers := false
	for _, res := range runTests(t, x.Files).Results {
		if slices.Contains(x.KnownFailures, res.ID) {
			if res.Outcome == harness.Passed {
				t.Fatalf("%s: %s passes", x.InstanceID, res.ID)
			}
			continue
		}
		covers = covers || res.Outcome != harness.Passed
		p, name, _ := strings.Cut(res.ID, "::")
		_, test, _ := strings.Cut(x.Files[p], "def "+name+"():\n")
		test, _, _ = strings.Cut(test, "\ndef ")
		if !strings.Contains(x.TestFiles[p], "def "+name+"():\n"+strings.TrimSuffix(test, "\n")) {
			t.Fatalf("%s: %s is not among the hidden tests", x.InstanceID, res.ID)
		}
	}
	if covers != x.VisibleCovers {
		t.Fatalf("%s: VisibleCovers is %v", x.InstanceID, x.VisibleCovers)
	}
	for _, res := range runTests(t, gold).Results {
		if known := slices.Contains(x.KnownFailures, res.ID); known == (res.Outcome == harness.Passed) {
			t.Fatalf("%s: %s %s with the patch", x.InstanceID, res.ID, res.Outcome)
		}
	}
	issue(t, x)
}

// issue checks the text: its length, its example, and that it has no name for
// the bug.
func issue(t testing.TB, x *Task) {
	t.Helper()
	if n := len(strings.Fields(x.ProblemStatement)); n < minIssueWords-5 || n > maxIssueWords {
		t.Errorf("%s: the issue has %d words:\n%s", x.InstanceID, n, x.ProblemStatement)
	}
	for _, part := range []string{x.Symptom.Call, x.Symptom.Want} {
		if !strings.Contains(x.ProblemStatement, part) {
			t.Errorf("%s: the issue does not show %s:\n%s", x.InstanceID, part, x.ProblemStatement)
		}
	}
	if strings.ContainsAny(x.ProblemStatement, "{}") && !strings.ContainsAny(x.Symptom.Call+x.Symptom.Want+x.Symptom.Got, "{}") &&
		!strings.Contains(strings.Join(slices.Collect(maps.Values(x.TestFiles)), ""), "{") {
		t.Errorf("%s: a slot is left open:\n%s", x.InstanceID, x.ProblemStatement)
	}
	if x.Symptom.Got == x.Symptom.Want {
		t.Errorf("%s: the symptom is none", x.InstanceID)
	}
	for _, k := range mutate.Kinds() {
		if strings.Contains(x.ProblemStatement, string(k)) {
			t.Errorf("%s: the issue says %s", x.InstanceID, k)
		}
	}
}

func TestTasksHold(t *testing.T) {
	for _, x := range sample(t, 1, 30) {
		holds(t, x)
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	encode := func(o Options, i int) string {
		x, err := Generate(context.Background(), o, i)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := encode(Options{Seed: 7}, 5)
	encode(Options{Seed: 7}, 4)
	if again := encode(Options{Seed: 7}, 5); again != first {
		t.Errorf("two calls differ:\n%s\n%s", first, again)
	}
	if other := encode(Options{Seed: 8}, 5); other == first {
		t.Error("two seeds give one task")
	}
}

func TestEveryTemplateOncePerRound(t *testing.T) {
	names := []string{"word_wrap", "slug", "grade_bands", "nearest_step"}
	o := Options{Seed: 2, Templates: names}
	list, err := o.templates()
	if err != nil || len(list) != len(names) {
		t.Fatal(list, err)
	}
	count := map[string]int{}
	for i := range 2 * len(names) {
		x, err := Generate(context.Background(), o, i)
		if err != nil {
			t.Fatal(err)
		}
		count[x.Template]++
	}
	for _, n := range names {
		if count[n] < 1 || count[n] > 3 { // a template that gives no task hands over to the next
			t.Errorf("%s was used %d times in two rounds", n, count[n])
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	if _, err := Generate(context.Background(), Options{Templates: []string{"no_such"}}, 0); err == nil || !strings.Contains(err.Error(), "no_such") {
		t.Errorf("error %v", err)
	}
	if _, err := Generate(context.Background(), Options{}, -1); err == nil {
		t.Error("a negative index gives a task")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Generate(ctx, Options{}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFixesHold(t *testing.T) {
	for i, x := range sample(t, 2, 24) {
		fixes, err := x.Fixes(context.Background(), stream(3, "test", i, 0))
		if err != nil {
			t.Fatal(err)
		}
		again, err := x.Fixes(context.Background(), stream(3, "test", i, 0))
		if err != nil || !slices.EqualFunc(fixes, again, func(a, b Fix) bool { return a.New == b.New && a.Kind == b.Kind }) {
			t.Fatalf("%s: two menus differ (%v)", x.InstanceID, err)
		}
		if fixes[0].Kind != FixGold || !fixes[0].Right {
			t.Fatalf("%s: the first fix is not the patch", x.InstanceID)
		}
		right, wrong := 0, 0
		for _, f := range fixes {
			checkFix(t, x, f)
			if f.Right {
				right++
			} else {
				wrong++
			}
		}
		if right < 2 || wrong < 2 {
			t.Errorf("%s: %d right and %d wrong fixes", x.InstanceID, right, wrong)
		}
	}
}

// checkFix runs a fix again, visible and hidden tests apart, and makes its
// edit of text.
func checkFix(t *testing.T, x *Task, f Fix) {
	t.Helper()
	tree := maps.Clone(x.Files)
	maps.Copy(tree, f.Files)
	shown := runTests(t, tree)
	visible := len(shown.CollectErrors) == 0
	for _, res := range shown.Results {
		visible = visible && (res.Outcome == harness.Passed || slices.Contains(x.KnownFailures, res.ID))
	}
	hidden := runTests(t, x.Graded(tree), slices.Sorted(maps.Keys(x.TestFiles))...)
	if visible != f.VisiblePass || hidden.Passed() != f.Right {
		t.Errorf("%s: %s: visible %v, right %v; the menu says %v, %v", x.InstanceID, f.Kind, visible, hidden.Passed(), f.VisiblePass, f.Right)
	}
	lines := strings.SplitAfter(x.Files[f.Path], "\n")
	old := strings.Join(lines[f.StartLine-1:f.EndLine], "")
	made := strings.Join(lines[:f.StartLine-1], "") + f.New + strings.Join(lines[f.EndLine:], "")
	if old != f.Old || made != f.Files[f.Path] || f.Old == "" || f.New == "" {
		t.Errorf("%s: %s: lines %d to %d do not make the fix", x.InstanceID, f.Kind, f.StartLine, f.EndLine)
	}
	if !slices.Contains(FixKinds(), f.Kind) || f.Right != (f.Kind == FixGold || f.Kind == FixRewrite) {
		t.Errorf("%s: a fix of kind %s is right: %v", x.InstanceID, f.Kind, f.Right)
	}
}

// TestSizeTellsNothing bounds what the size of a patch says about it.
func TestSizeTellsNothing(t *testing.T) {
	lines, bytes := [2][]float64{}, [2][]float64{}
	fooled, n := 0, 48
	for i, x := range sample(t, 4, n) {
		fixes, err := x.Fixes(context.Background(), stream(5, "test", i, 0))
		if err != nil {
			t.Fatal(err)
		}
		fools := false
		for _, f := range fixes {
			was := map[string]string{f.Path: x.Files[f.Path]}
			patch := gitdiff.Diff(was, f.Files)
			k := 0
			if f.Right {
				k = 1
			}
			lines[k] = append(lines[k], float64(strings.Count(patch, "\n+")+strings.Count(patch, "\n-")))
			bytes[k] = append(bytes[k], float64(len(patch)))
			fools = fools || !f.Right && f.VisiblePass && f.Kind != FixSpecialCase
		}
		if fools {
			fooled++
		}
	}
	for name, x := range map[string][2][]float64{"lines": lines, "bytes": bytes} {
		if a := auc(x[1], x[0]); a < 0.4 || a > 0.6 {
			t.Errorf("the %s of a patch tell right from wrong with AUC %.3f", name, a)
		}
	}
	if fooled*10 < n*6 {
		t.Errorf("%d of %d menus have a near miss that no visible test sees", fooled, n)
	}
}

// auc is the chance that one of a is larger than one of b, ties half.
func auc(a, b []float64) float64 {
	n := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				n++
			case x == y:
				n += 0.5
			}
		}
	}
	return n / float64(len(a)*len(b))
}

func TestFixesRefuseABrokenTask(t *testing.T) {
	x := *sample(t, 6, 1)[0]
	x.Patch = gitdiff.Diff(map[string]string{x.Site.Path: x.Files[x.Site.Path]}, map[string]string{x.Site.Path: x.Files[x.Site.Path] + "# nothing\n"})
	if _, err := x.Fixes(context.Background(), stream(1, "test", 0, 0)); !errors.Is(err, ErrFixes) {
		t.Errorf("error %v", err)
	}
	x.Patch = "no patch"
	if _, err := x.Fixes(context.Background(), stream(1, "test", 0, 0)); !errors.Is(err, ErrFixes) {
		t.Errorf("error %v", err)
	}
}
