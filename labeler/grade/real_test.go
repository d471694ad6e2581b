package grade_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// A report is what the harness made of the log beside it.
type report struct {
	dir      string
	resolved bool
	f2p, p2p lists
	log      []byte
}

type lists struct{ Success, Failure []string }

// reports returns every real report that lists tests and has the log of a
// pytest run beside it.
func reports(t testing.TB) []report {
	root := testpath.Real(t, "swebench-logs")
	var all []report
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "report.json" {
			return err
		}
		dir := filepath.Dir(file)
		log, err := os.ReadFile(filepath.Join(dir, "test_output.txt"))
		if err != nil {
			return nil // legacy: one report for many logs of another kind
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		type body struct {
			Resolved bool
			Tests    struct {
				F2P lists `json:"FAIL_TO_PASS"`
				P2P lists `json:"PASS_TO_PASS"`
			} `json:"tests_status"`
		}
		doc := map[string]json.RawMessage{}
		var b body
		if err := json.Unmarshal(text, &doc); err != nil {
			return err
		}
		if doc["tests_status"] == nil {
			for _, only := range doc {
				text = only
			}
		}
		if err := json.Unmarshal(text, &b); err != nil {
			return nil
		}
		all = append(all, report{dir, b.Resolved, b.Tests.F2P, b.Tests.P2P, log})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// junk is what one real list requires: the rest of a line that a test with a
// live log left open, taken for a test's name.
const junk = "[100%]"

func TestRealReportsAreReproduced(t *testing.T) {
	n, infra := 0, 0
	for _, r := range reports(t) {
		if strings.Contains(r.dir, "django__") || strings.Contains(r.dir, "sympy__") {
			continue // their runners are not pytest
		}
		n++
		required := func(l lists) []string {
			return slices.DeleteFunc(slices.Concat(l.Success, l.Failure), func(s string) bool { return s == junk })
		}
		res := grade.SWEBench2().Grade(testlog.Pytest().Parse(r.log), grade.Want{FailToPass: required(r.f2p), PassToPass: required(r.p2p)})
		var bad []string
		for _, x := range res.NotPassed {
			if x.Status != testlog.Skipped {
				bad = append(bad, x.Name)
			}
		}
		if d := cmp.Diff(slices.Concat(r.f2p.Failure, r.p2p.Failure), bad); d != "" {
			t.Errorf("%s: %s", r.dir, d)
		}
		if r.resolved != (res.Verdict == pipeline.VerdictResolved) {
			t.Errorf("%s: resolved %v, got %s (%s)", r.dir, r.resolved, res.Verdict, res.Reason)
		}
		if res.Verdict == pipeline.VerdictInfra { // NumPy 2 below a package that needs 1; libGL not installed
			infra++
		}
	}
	if n != 47 || infra != 4 {
		t.Errorf("%d reports, %d of them infra", n, infra)
	}
}

func BenchmarkRealLogs(b *testing.B) {
	all := reports(b)
	var n int64
	for _, r := range all {
		n += int64(len(r.log))
	}
	b.SetBytes(n)
	for b.Loop() {
		for _, r := range all {
			grade.SWEBench2().Grade(testlog.Pytest().Parse(r.log), grade.Want{FailToPass: r.f2p.Success, PassToPass: r.p2p.Success})
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(all))/b.Elapsed().Seconds(), "logs/s")
}
