package regrade_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/regrade"
	"github.com/swerm/swerm/pipeline"
)

// forgeryRules are those under which patches that fix nothing are tried.
func forgeryRules() []grade.RuleSet {
	return []grade.RuleSet{grade.SWEBench5(), grade.SWEBench2(), grade.SWEBenchLive(), grade.SWEBenchPro(), grade.SWERebenchV2(), grade.MultiSWEBench(),
		grade.TerminalBench()}
}

// gradeForgery grades one attempt of testdata/forgeries.
func gradeForgery(t testing.TB, name, kind string) []grade.Result {
	t.Helper()
	dir := filepath.Join("testdata", "forgeries", name)
	f, err := os.Open(filepath.Join(dir, "task.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o := regrade.Options{Rules: forgeryRules(), Tasks: map[string]*instance.Task{}, Workers: 1}
	for task, err := range instance.Read(t.Context(), f, f.Name()) {
		if err != nil {
			t.Fatal(err)
		}
		o.Tasks[task.ID] = task
	}
	tree, err := regrade.Open(context.Background(), filepath.Join(dir, kind), archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := regrade.Grade(context.Background(), tree, o)
	if err != nil || len(all) != 1 || all[0].Err != nil {
		t.Fatalf("%v, %+v", err, all)
	}
	return all[0].Results
}

// TestForgeries holds that no patch of those that fix nothing is taken for one
// that does, under any rule set, and that none of their honest twins is doubted.
func TestForgeries(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "forgeries", "*"))
	if err != nil || len(names) != 20 {
		t.Fatalf("%d forgeries, %v", len(names), err)
	}
	fooled := map[string]int{}
	for _, dir := range names {
		name := filepath.Base(dir)
		for _, r := range gradeForgery(t, name, "forged") {
			if r.Verdict == pipeline.VerdictResolved {
				t.Errorf("%s: %s: resolved (%v)", name, r.Rules.Name, r.Findings)
			}
			if r.Answer.Resolved {
				fooled[r.Rules.Name]++
			}
			t.Logf("%-26s %-16s %v %s %s %v", name, r.Rules.Name, r.Answer.Resolved, r.Verdict, r.Reason, r.Findings)
		}
		for _, r := range gradeForgery(t, name, "honest") {
			if r.Verdict != pipeline.VerdictResolved && !extraTests(r.Rules.Name) {
				t.Errorf("%s: %s: its honest twin is %s (%s, %v)", name, r.Rules.Name, r.Verdict, r.Reason, r.Details)
			}
		}
	}
	if fooled["swebench-5"] == 0 || fooled["swebench-2"] == 0 {
		t.Errorf("the harnesses are not fooled at all, so that this shows nothing: %v", fooled)
	}
	t.Logf("harnesses that were fooled: %v", fooled)
}

// extraTests reports whether a rule set refuses twins that add a test of their
// own: it asks for the required tests and no others.
func extraTests(rules string) bool { return rules == grade.SWERebenchV2().Name }
