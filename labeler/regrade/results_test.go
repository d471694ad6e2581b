package regrade_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/instance"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/regrade"
	"github.com/swerm/swerm/pipeline"
)

// plant writes files under a folder and opens them as a tree.
func plant(t *testing.T, files map[string]string) *regrade.Tree {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := regrade.Open(t.Context(), root, archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// verdicts grades a tree and says what became of each attempt.
func verdicts(t *testing.T, tree *regrade.Tree, o regrade.Options) map[string]string {
	t.Helper()
	all, err := regrade.Grade(t.Context(), tree, o)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, out := range all {
		if got[out.Path] = "error"; out.Err == nil {
			r := out.Results[0]
			got[out.Path] = out.Instance + " " + r.Rules.Name + " " + string(r.Verdict) + " " + r.Fault
		}
	}
	return got
}

const (
	goHead  = "=== RUN   TestA\n"
	bare    = goHead + "--- PASS: TestA (0.00s)\nPASS\nok  \tm\t0.1s\n"
	before  = goHead + "--- PASS: TestA (0.00s)\n=== RUN   TestB\n--- FAIL: TestB (0.00s)\nFAIL\nFAIL\tm\t0.1s\n"
	fixed   = goHead + "--- PASS: TestA (0.00s)\n=== RUN   TestB\n--- PASS: TestB (0.00s)\nPASS\nok  \tm\t0.1s\n"
	broken  = goHead + "--- FAIL: TestA (0.00s)\n=== RUN   TestB\n--- PASS: TestB (0.00s)\nFAIL\nFAIL\tm\t0.1s\n"
	runs    = `"run_result": {"passed_count": 1, "passed_tests": ["TestA"], "failed_tests": [], "skipped_tests": []}, "test_patch_result": {"passed_tests": ["TestA"], "failed_tests": ["TestB"], "skipped_tests": []}`
	fixedBy = `{"org": "o", "repo": "r", "number": 7, "valid": true, "error_msg": "", "fixed_tests": {"TestB": {"run": "NONE", "test": "FAIL", "fix": "PASS"}}, "p2p_tests": {"TestA": {"run": "PASS", "test": "PASS", "fix": "PASS"}}, ` + runs + `}`
)

func TestPhasesOfAFolder(t *testing.T) {
	tree := plant(t, map[string]string{
		"o/r/instances/pr-1/run.log": bare, "o/r/instances/pr-1/test-patch-run.log": before, "o/r/instances/pr-1/fix-patch-run.log": fixed,
		"o/r/instances/pr-2/run.log": bare, "o/r/instances/pr-2/test-patch-run.log": before, "o/r/instances/pr-2/fix-patch-run.log": broken,
		"o/r/instances/pr-3/run.log": bare, "o/r/instances/pr-3/test-patch-run.log": before, "o/r/instances/pr-3/fix-patch-run.log": before,
		"o/r/evals/pr-7/fix-patch-run.log": fixed, "o/r/evals/pr-7/report.json": fixedBy,
		"run.log": bare,
	})
	want := map[string]string{
		"o/r/instances/pr-1": "o__r-1 multi-swe-bench resolved ",
		"o/r/instances/pr-2": "o__r-2 multi-swe-bench unresolved " + grade.PhasesRegressed,
		"o/r/instances/pr-3": "o__r-3 multi-swe-bench unresolved " + grade.PhasesFixedNone,
		"o/r/evals/pr-7":     "o__r-7 multi-swe-bench resolved ",
	}
	if d := cmp.Diff(want, verdicts(t, tree, regrade.Options{})); d != "" {
		t.Error(d)
	}
	task := &instance.Task{Facts: instance.Facts{ID: "o__r-1", Dataset: "multi-swe-bench"}, FailToPass: []string{"TestC"}, PassToPass: []string{"TestA"}}
	o := regrade.Options{Tasks: map[string]*instance.Task{task.ID: task}}
	if got := verdicts(t, tree, o)["o/r/instances/pr-1"]; got != "o__r-1 multi-swe-bench unresolved "+grade.PhasesFixLost {
		t.Errorf("a test that must be fixed is not there: %s", got)
	}
}

func TestReportsOfPhasesAreHeldAgainst(t *testing.T) {
	tree := plant(t, map[string]string{
		"o/r/evals/pr-7/fix-patch-run.log": fixed, "o/r/evals/pr-7/report.json": fixedBy,
		"o/r/evals/pr-8/fix-patch-run.log": broken, "o/r/evals/pr-8/report.json": fixedBy,
		"o/r/evals/pr-9/fix-patch-run.log": broken, "o/r/evals/pr-9/report.json": `{"org": "o", "repo": "r", "number": "9", "valid": false, "fixed_tests": {}, ` + runs + `}`,
	})
	all, err := regrade.Against(t.Context(), tree, regrade.AgainstOptions{})
	if err != nil || len(all) != 3 {
		t.Fatal(err, len(all))
	}
	for i, agrees := range []bool{true, false, true} {
		if c := all[i]; c.Err != nil || c.Agrees() != agrees || c.Result.Rules.Name != "multi-swe-bench" {
			t.Errorf("%s: %v, agrees %v, %s: %v", c.Path, c.Err, c.Agrees(), c.Result.Rules.Name, c.Tests)
		}
	}
}

func TestResultsInsteadOfALog(t *testing.T) {
	pro := `{"tests": [{"name": "a \"b\"", "status": "PASSED"}, {"name": "c", "status": "FAILED"}]}`
	tree := plant(t, map[string]string{
		"instance_o__r-1/output.json":      pro,
		"instance_o__r-2/x_output.json":    pro,
		"t.1-of-1/results.json":            `{"id": "x", "is_resolved": true, "failure_mode": "unset", "parser_results": {"test_a": "passed", "test_\"b": "passed"}}`,
		"t.2-of-2/results.json":            `{"is_resolved": false, "parser_results": {"test_a": "passed", "test_b": "failed"}}`,
		"t.3-of-3/results.json":            `{"is_resolved": null, "failure_mode": "test_timeout", "parser_results": null}`,
		"other/results.json":               `{"no_generation": [], "applied": [], "tests": 5}`,
		"another/output.json":              `[1, 2]`,
		"log/output.json":                  pro,
		"log/test_output.txt":              "what no parser knows\n",
		"instance_o__r-1/extra/patch.diff": "",
	})
	tasks := map[string]*instance.Task{}
	for _, id := range []string{"instance_o__r-1", "instance_o__r-2", "log"} {
		tasks[id] = &instance.Task{Facts: instance.Facts{ID: id, Dataset: "swe-bench-pro"}, FailToPass: []string{`a "b"`}}
	}
	want := map[string]string{
		"instance_o__r-1":   "instance_o__r-1 swebench-pro resolved ",
		"instance_o__r-2/x": "instance_o__r-2 swebench-pro resolved ",
		"log":               "log swebench-pro resolved ",
		"t.1-of-1":          "t.1-of-1 terminal-bench resolved ",
		"t.2-of-2":          "t.2-of-2 terminal-bench unresolved ",
		"t.3-of-3":          "error",
	}
	if d := cmp.Diff(want, verdicts(t, tree, regrade.Options{Tasks: tasks})); d != "" {
		t.Error(d)
	}
}

func TestResultsHaveTheirPlaces(t *testing.T) {
	for _, doc := range []string{
		`{"tests": [{"status": "SKIPPED", "extra": [1], "name": "a\\ \"b\""}, {"name": "c", "status": "error"}]}`,
		`{"parser_results" : {"a\\" : "passed", "\"" : "failed"}}`,
	} {
		log, err := regrade.ParseResults([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range log.Records {
			if got := r.Encoding.Decode([]byte(doc[r.NameAt.Start:r.NameAt.End])); got != r.Name {
				t.Errorf("%q stands at %q", r.Name, got)
			}
			if len(log.Records) != 2 || r.StatusAt.End <= r.StatusAt.Start {
				t.Errorf("%+v", r)
			}
		}
	}
	for doc, want := range map[string]error{`{}`: regrade.ErrNoResults, `[]`: regrade.ErrNoResults, `{"tests": [{"name": "a", "status": "odd"}]}`: regrade.ErrNoResults,
		`{"parser_results": null, "failure_mode": "test_timeout"}`: regrade.ErrGaveUp} {
		if _, err := regrade.ParseResults([]byte(doc)); !errors.Is(err, want) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestGaveUpIsNoVerdict(t *testing.T) {
	tree := plant(t, map[string]string{"t/results.json": `{"parser_results": null, "failure_mode": "parse_error"}`})
	all, err := regrade.Grade(t.Context(), tree, regrade.Options{})
	if err != nil || len(all) != 1 || !errors.Is(all[0].Err, regrade.ErrGaveUp) || len(all[0].Results) != 0 {
		t.Errorf("%+v, %v, want no %s", all, err, pipeline.VerdictUnresolved)
	}
}
