package testlog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/testlog"
)

// TestLogsOfOtherHarnessesAddUp reads logs of Python's frameworks that another
// harness wrote, chooses the parser by their text, and holds the names against the
// totals that the framework printed, where there are any.
func TestLogsOfOtherHarnessesAddUp(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testpath.Real(t, "other-logs", "moatless", "python", "data"), "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	totals := 0
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := testlog.Detect(log)
		if !ok {
			t.Logf("%s: of no framework", filepath.Base(file))
			continue
		}
		l := p.Parse(log)
		check(t, log, l)
		if l.Total == nil {
			continue
		}
		totals++
		lines := map[testlog.Status]int64{}
		seen := map[string]bool{}
		for _, r := range l.Records {
			key := r.Name + r.Status.String()
			if r.Part == testlog.Output || p.Name != "unittest" && seen[key] || p.Name != "pytest" && r.Part == testlog.Summary {
				continue
			}
			seen[key] = true
			lines[r.Status] += max(1, int64(r.Fold))
		}
		for _, st := range []testlog.Status{testlog.Passed, testlog.Failed, testlog.Error, testlog.XFail, testlog.XPass} {
			want := l.Total.By[st]
			if lines[st] != want && !(st == testlog.Passed && lines[st] == 0) && !(p.Name == "unittest" && lacks[filepath.Base(file)]) {
				t.Errorf("%s (%s): %d are %v by name, %d by the totals", filepath.Base(file), p.Name, lines[st], st, want)
			}
		}
	}
	if totals < 15 {
		t.Errorf("%d logs have totals", totals)
	}
}

// lacks are logs that the harness cut: they lack a part, or the word behind the
// number of tests.
var lacks = map[string]bool{"django_output_1.txt": true}
