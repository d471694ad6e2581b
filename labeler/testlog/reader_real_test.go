package testlog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/testlog"
)

// TestReadersReadAsTheirHarness holds the readers of 2.x and 5.x against what the
// harness itself read from real logs, name by name.
func TestReadersReadAsTheirHarness(t *testing.T) {
	root := testpath.Real(t, "swebench-logs")
	var list []struct{ Report, Parser string }
	decode(t, filepath.Join(root, "PAIRS.json"), &list)
	statuses := 0
	for _, p := range list {
		dir := filepath.Join(root, "..", filepath.Dir(p.Report))
		var want struct{ Status map[string]string }
		decode(t, filepath.Join(dir, "expected_status.json"), &want)
		log, err := os.ReadFile(filepath.Join(dir, "test_output.txt"))
		if err != nil {
			t.Fatal(err)
		}
		dialect, cut := testlog.SWEBench5, testlog.Between
		if p.Parser == "old-full" {
			dialect, cut = testlog.SWEBench2, testlog.Whole
		}
		repo, _, _ := cutLast(filepath.Base(dir), "-")
		family, ok := testlog.FamilyOf(dialect, strings.Replace(repo, "__", "/", 1))
		if !ok {
			t.Errorf("%s: no reader is known", dir)
			continue
		}
		reader, err := testlog.NewReader(dialect, family)
		if err != nil {
			t.Fatal(err)
		}
		l := reader.Parse(log, cut)
		checkReader(t, log, l, reader)
		got := map[string]string{}
		for i, r := range l.Records {
			if got[r.Name] = r.Status.String(); r.Status == 0 {
				got[r.Name] = l.Words[int32(i)]
			}
		}
		if d := cmp.Diff(want.Status, got); d != "" {
			t.Errorf("%s (%s): %s", p.Report, p.Parser, d)
		}
		statuses += len(got)
	}
	t.Logf("%d logs, %d statuses", len(list), statuses)
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// checkReader holds that every name stands in the log at its place.
func checkReader(t testing.TB, log []byte, l *testlog.Log, r testlog.Reader) {
	t.Helper()
	for _, rec := range l.Records {
		if rec.NameAt.Start < l.Region.Start || rec.NameAt.End > l.Region.End || rec.StatusAt.Start < l.Region.Start || rec.StatusAt.End > l.Region.End {
			t.Fatalf("%+v is outside of %v", rec, l.Region)
		}
		if got := r.Normal(log[rec.NameAt.Start:rec.NameAt.End]); got != rec.Name || rec.Name == "" {
			t.Fatalf("%s: %+v: the log has %q", r.Name, rec, got)
		}
	}
}
