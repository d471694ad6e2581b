package regrade_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/swerm/swerm/internal/archive"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/regrade"
	"github.com/swerm/swerm/labeler/testlog"
)

// BenchmarkGrade grades the real logs that have a report, in memory, as the
// harness does and as this project does, on one core.
func BenchmarkGrade(b *testing.B) {
	root := testpath.Real(b, "swebench-logs")
	tree, err := regrade.Open(context.Background(), root, archive.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	type log struct {
		text []byte
		repo string
		want grade.Want
	}
	var logs []log
	var bytes int64
	for _, a := range tree.Attempts {
		if a.Log == nil || a.Report == nil {
			continue
		}
		text, err1 := os.ReadFile(filepath.Join(root, a.Log.Path))
		doc, err2 := os.ReadFile(filepath.Join(root, a.Report.Path))
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
		r, err := regrade.ParseReport(doc)
		if err != nil {
			continue
		}
		logs = append(logs, log{text, regrade.RepoOf(a.Instance), r.Want()})
		bytes += int64(len(text))
	}
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		for i := range logs {
			l := &logs[i]
			rules := grade.SWEBench5()
			reading, err := rules.Read(context.Background(), grade.Text(l.text, l.repo), testlog.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			rules.GradeReading(reading, l.want)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(logs))/b.Elapsed().Seconds(), "logs/s")
}
