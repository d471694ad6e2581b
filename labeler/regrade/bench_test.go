package regrade_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/regrade"
	"github.com/swerm/swerm/labeler/testlog"
)

// benchLog is a log in memory, with what is required of it and the rules that it
// is graded under.
type benchLog struct {
	text  []byte
	repo  string
	want  grade.Want
	rules grade.RuleSet
}

// run grades logs one by one, on one core, and reports how many in a second.
func run(b *testing.B, logs []benchLog) {
	var size int64
	for _, l := range logs {
		size += int64(len(l.text))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for i := range logs {
			l := &logs[i]
			log := &grade.Log{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(l.text)), nil }, Repo: l.repo, Unhashed: true}
			reading, err := l.rules.Read(context.Background(), log, testlog.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			l.rules.GradeReading(reading, l.want)
			log.Release()
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(logs))/b.Elapsed().Seconds(), "logs/s")
}

// BenchmarkGrade reads and grades logs as the harness does and as this project
// does: the real ones that have a report, where they are at hand, and some that
// are made up, of 300 tests with output between them.
func BenchmarkGrade(b *testing.B) {
	defer runtime.KeepAlive(make([]byte, 16<<20)) // the collector runs about as often as in the command, which lets the heap grow first
	b.Run("real", func(b *testing.B) { run(b, realLogs(b)) })
	for _, repo := range []string{"pallets/flask", "scikit-learn/scikit-learn", "django/django", "sympy/sympy"} {
		b.Run(filepath.Base(repo), func(b *testing.B) { run(b, []benchLog{madeLog(repo)}) })
	}
}

func realLogs(b *testing.B) []benchLog {
	root := testpath.Real(b, "swebench-logs")
	tree, err := regrade.Open(context.Background(), root, archive.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var logs []benchLog
	for _, a := range tree.Attempts {
		if a.Log == nil || a.Report == nil {
			continue
		}
		text, err1 := os.ReadFile(filepath.Join(root, a.Log.Path))
		doc, err2 := os.ReadFile(filepath.Join(root, a.Report.Path))
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
		if r, err := regrade.ParseReport(doc); err == nil {
			logs = append(logs, benchLog{text, regrade.RepoOf(a.Instance), r.Want(), r.Candidates()[0]})
		}
	}
	return logs
}

// madeLog makes a log of a repository's framework up.
func madeLog(repo string) benchLog {
	const tests = 300
	forms := map[string]string{
		"django/django": "test_%[1]d (app.tests.CaseTests) ... ok\n",
		"sympy/sympy":   "test_%[1]d ok\n",
	}
	form, name := forms[repo], map[string]string{"django/django": "test_%d (app.tests.CaseTests)", "sympy/sympy": "test_%d"}[repo]
	if form == "" {
		form, name = "PASSED tests/test_app.py::test_%[1]d[value]\n", "tests/test_app.py::test_%d[value]"
	}
	text := &bytes.Buffer{}
	fmt.Fprint(text, "+ git checkout 0123456789abcdef tests/test_app.py\n+ : '>>>>> Start Test Output'\n")
	l := benchLog{repo: repo, rules: grade.SWEBench5()}
	for i := range tests {
		fmt.Fprintf(text, "tests/helper.py:%[1]d: DeprecationWarning: this way of calling is going away in the release after the next\n", i)
		fmt.Fprintf(text, form, i)
		l.want.PassToPass = append(l.want.PassToPass, fmt.Sprintf(name, i))
	}
	fmt.Fprintf(text, "+ : '>>>>> End Test Output'\n+ git checkout 0123456789abcdef tests/test_app.py\n")
	l.text = text.Bytes()
	return l
}
