package testlog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/testlog"
)

// A pair is a real log and what the reference parsers made of it.
type pair struct {
	name, parser string
	log          []byte
	status       map[string]string
}

// pytestPairs returns the pairs whose reference parser is one for pytest. The
// others are those of Django's runner and of SymPy's.
func pytestPairs(t testing.TB) []pair {
	root := testpath.Real(t, "swebench-logs")
	var list []struct{ Report, Parser string }
	decode(t, filepath.Join(root, "PAIRS.json"), &list)
	var all []pair
	for _, p := range list {
		if strings.HasSuffix(p.Parser, "_django") || strings.HasSuffix(p.Parser, "_sympy") {
			continue
		}
		dir := filepath.Join(root, "..", filepath.Dir(p.Report))
		var want struct{ Status map[string]string }
		decode(t, filepath.Join(dir, "expected_status.json"), &want)
		log, err := os.ReadFile(filepath.Join(dir, "test_output.txt"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pair{filepath.Base(dir), p.Parser, log, want.Status})
	}
	return all
}

func decode(t testing.TB, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// asReference shows records as the reference parsers do: lines that begin with
// a status, wherever they stand, names up to the first space, no XPASS. Three of
// them know lines that end with one.
func asReference(l *testlog.Log, parser string) map[string]string {
	either := strings.HasSuffix(parser, "_astropy") || strings.HasSuffix(parser, "_scikit") || strings.HasSuffix(parser, "_sphinx")
	all := map[string]string{}
	for _, r := range l.Records {
		if (either || r.StatusAt.Start < r.NameAt.Start) && r.Fold == 0 && r.Status != testlog.XPass {
			name, _, _ := strings.Cut(r.Name, " ")
			all[name] = r.Status.String()
		}
	}
	return all
}

// noTest lists what reference parsers take for tests in lines of captured
// output that merely begin with a status.
var noTest = []string{
	"catchlog:test_caplog_captures_despite_exception.py:8", "catchlog:test_ini_controls_global_log_level.py:8",
	"test_fixture:test_fixture.py:120", "pydicom:dataset.py:2502", "[100%]",
	"test_invalid_skip_keyword_parameter.py", "test_module_level_skip_error.py",
}

func TestRealLogsReadAsTheReferenceReadsThem(t *testing.T) {
	pairs, tests := pytestPairs(t), 0
	if len(pairs) != 43 {
		t.Errorf("%d pairs are of pytest", len(pairs))
	}
	for _, p := range pairs {
		got := asReference(testlog.Pytest().Parse(p.log), p.parser)
		for name, st := range p.status {
			if got[name] != st && !slices.Contains(noTest, name) {
				t.Errorf("%s: %s is %q, the reference has %s", p.name, name, got[name], st)
			}
			tests++
		}
		for name, st := range got {
			// The reference parser for seaborn does not know XFAIL.
			if p.status[name] == "" && !(st == "XFAIL" && strings.HasSuffix(p.parser, "_seaborn")) {
				t.Errorf("%s: %s is %s, the reference has nothing", p.name, name, st)
			}
		}
	}
	t.Logf("%d logs, %d statuses", len(pairs), tests)
}

// TestRealLogsAddUp holds the statuses against the totals that pytest printed,
// which the reference never looks at. These logs were written under -rA, the two
// oldest under -v.
func TestRealLogsAddUp(t *testing.T) {
	for _, p := range pytestPairs(t) {
		l := testlog.Pytest().Parse(p.log)
		if l.Total == nil {
			continue
		}
		part := testlog.Progress
		if slices.ContainsFunc(l.Records, func(r testlog.Record) bool { return r.Part == testlog.Summary }) {
			part = testlog.Summary
		}
		got := map[testlog.Status]int64{}
		for _, r := range l.Records {
			if r.Part == part {
				got[r.Status] += max(1, int64(r.Fold))
			}
		}
		for _, st := range testlog.Statuses() {
			if got[st] != l.Total.By[st] {
				t.Errorf("%s: %d %v, the totals say %d", p.name, got[st], st, l.Total.By[st])
			}
		}
	}
}
