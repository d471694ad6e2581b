package grade

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/swerm/swerm/labeler/testlog"
)

// inspect lists what is odd about a log.
func inspect(res *Result, l *Reading) []Finding {
	var all []Finding
	for _, look := range []func(*Result, *Reading) (Finding, bool){
		skipped, xfailed, odd, unfinished, failedTotals, passedTotals, quoted, foreign, conflicting, late, marked, exited, completed,
	} {
		if f, ok := look(res, l); ok {
			all = append(all, f)
		}
	}
	return all
}

// skipped finds a required test that was skipped; where a rule set asks for no
// test by name, any.
func skipped(res *Result, l *Reading) (Finding, bool) {
	if t := l.Own.Total; res.Rules.needs == needNothing && t != nil && t.By[testlog.Skipped] > 0 {
		return Finding{Name: FindingSkipped, Detail: fmt.Sprintf("%d tests", t.By[testlog.Skipped]), At: t.At}, true
	}
	i := slices.IndexFunc(res.NotPassed, func(t Test) bool { return t.Status == testlog.Skipped })
	if i < 0 {
		return Finding{}, false
	}
	return Finding{Name: FindingSkipped, Detail: res.NotPassed[i].Name, At: res.NotPassed[i].At}, true
}

func xfailed(res *Result, _ *Reading) (Finding, bool) {
	n := min(len(res.Passed), int(res.F2P.Passed)) // those of FAIL_TO_PASS stand first
	i := slices.IndexFunc(res.Passed[:n], func(t Test) bool { return t.Status == testlog.XFail })
	if i < 0 {
		return Finding{}, false
	}
	return Finding{Name: FindingXFailed, Detail: res.Passed[i].Name, At: res.Passed[i].At}, true
}

// noTest is a required name that is the rest of a line of progress: two lists of
// SWE-bench Verified ask for `[100%]`, which a live log cut from its test, and old
// lists for `[`, which is `[ 33%]` cut at the space.
func noTest(name string) bool {
	inner, ok := strings.CutPrefix(strings.TrimRight(name, "-"), "[") // a heading may follow at once
	inner, end := strings.CutSuffix(inner, "%]")
	return ok && (end || inner == "") && strings.Trim(inner, " 0123456789") == ""
}

func odd(res *Result, _ *Reading) (Finding, bool) {
	for _, tests := range [][]Test{res.Passed, res.NotPassed} {
		if i := slices.IndexFunc(tests, func(t Test) bool { return noTest(t.Name) }); i >= 0 {
			return Finding{Name: FindingNoTest, Detail: tests[i].Name, At: tests[i].At}, true
		}
	}
	return Finding{}, false
}

func completed(res *Result, _ *Reading) (Finding, bool) {
	return Finding{Name: FindingCompleted, Detail: fmt.Sprintf("%d names", res.Completed)}, res.Completed > 0
}

func unfinished(_ *Result, l *Reading) (Finding, bool) {
	return Finding{Name: FindingUnfinished, Detail: "the framework's line of totals is missing", At: l.Own.Region},
		l.Own.Ran() && l.Own.Total == nil
}

// failedTotals holds the failures that the framework counts against those that
// it names.
func failedTotals(_ *Result, l *Reading) (Finding, bool) {
	if l.Own.Total == nil {
		return Finding{}, false
	}
	var named int64
	for i := range l.Own.Records {
		if r := &l.Own.Records[i]; r.Part != testlog.Output && r.Fold == 0 && (r.Status == testlog.Failed || r.Status == testlog.Error) {
			named++
		}
	}
	bad := l.Own.Total.By[testlog.Failed] + l.Own.Total.By[testlog.Error]
	return Finding{Name: FindingTotals, Detail: fmt.Sprintf("%d tests failed by the totals, %d are named", bad, named), At: l.Own.Total.At}, bad > named
}

// passedTotals holds the tests that passed by name against the framework's
// counts, all sessions together.
func passedTotals(_ *Result, l *Reading) (Finding, bool) {
	if l.Own.Total == nil || l.Own.Sum == nil {
		return Finding{}, false
	}
	total, lines := l.Own.Sum.By[testlog.Passed], int64(0)
	each := func(do func(name string)) {
		for i := range l.Own.Records {
			if r := &l.Own.Records[i]; r.Part != testlog.Output && r.Fold == 0 && r.Status == testlog.Passed {
				do(r.Name)
			}
		}
	}
	if each(func(string) { lines++ }); lines <= total {
		return Finding{}, false
	}
	passed := make(map[string]bool, lines) // a test may be named on several lines
	each(func(name string) { passed[name] = true })
	return Finding{Name: FindingExtra, Detail: fmt.Sprintf("%d tests passed by the totals, %d by name", total, len(passed)), At: l.Own.Total.At},
		int64(len(passed)) > total
}

// quoted finds a good status of a required test that stands in quoted output
// only.
func quoted(res *Result, l *Reading) (Finding, bool) {
	claimed := map[string]testlog.Span{}
	for i := range l.Own.Records {
		if r := &l.Own.Records[i]; r.Part == testlog.Output && r.Status.Good() {
			claimed[r.Name] = r.StatusAt
		}
	}
	if len(claimed) == 0 {
		return Finding{}, false
	}
	for _, t := range res.NotPassed {
		if at, ok := claimed[t.Name]; ok {
			return Finding{Name: FindingOutput, Detail: t.Name, At: at}, true
		}
	}
	return Finding{}, false
}

// foreign holds the lines that a harness takes for good statuses of required
// tests against those that our parser does: they must be the runner's.
func foreign(res *Result, l *Reading) (Finding, bool) {
	if l.Own == l.Book || len(l.Own.Records) == 0 || l.Own.Lost > 0 {
		return Finding{}, false
	}
	known := placed(l.Own)
	for _, t := range res.Passed {
		switch r := known(t.At.Start); {
		case noTest(t.Name):
		case r == nil:
			return Finding{Name: FindingUnknown, Detail: t.Name, At: t.At}, true
		case r.Part == testlog.Output:
			return Finding{Name: FindingOutput, Detail: t.Name, At: t.At}, true
		}
	}
	return Finding{}, false
}

// placed returns a function that finds the record whose status stands at a
// place. Most parsers keep records in that order.
func placed(l *testlog.Log) func(at int64) *testlog.Record {
	if inOrder(l.Records) {
		return func(at int64) *testlog.Record {
			i := sort.Search(len(l.Records), func(i int) bool { return l.Records[i].StatusAt.Start >= at })
			if i < len(l.Records) && l.Records[i].StatusAt.Start == at {
				return &l.Records[i]
			}
			return nil
		}
	}
	known := make(map[int64]*testlog.Record, len(l.Records))
	for i := range l.Records {
		known[l.Records[i].StatusAt.Start] = &l.Records[i]
	}
	return func(at int64) *testlog.Record { return known[at] }
}

// inOrder reports whether records stand in the order of their statuses.
func inOrder(records []testlog.Record) bool {
	for i := 1; i < len(records); i++ {
		if records[i].StatusAt.Start < records[i-1].StatusAt.Start {
			return false
		}
	}
	return true
}

// conflicting finds a required test that passed by one line and failed by
// another, both outside of quoted output.
func conflicting(res *Result, l *Reading) (Finding, bool) {
	failed := map[string]testlog.Span{}
	for i := range l.Own.Records {
		if r := &l.Own.Records[i]; r.Part != testlog.Output && (r.Status == testlog.Failed || r.Status == testlog.Error) {
			failed[r.Name] = r.StatusAt
		}
	}
	if len(failed) == 0 {
		return Finding{}, false
	}
	at := make(map[int64]bool, len(res.Passed))
	for _, t := range res.Passed {
		at[t.At.Start] = true
	}
	for i := range l.Own.Records {
		r := &l.Own.Records[i]
		if span, ok := failed[r.Name]; ok && at[r.StatusAt.Start] {
			return Finding{Name: FindingConflict, Detail: strings.Clone(r.Name), At: span}, true
		}
	}
	return Finding{}, false
}

// late finds a required test whose good status stands behind the last line of
// totals.
func late(res *Result, l *Reading) (Finding, bool) {
	if l.Own.Total == nil {
		return Finding{}, false
	}
	for _, t := range res.Passed {
		if t.At.Start > l.Own.Total.At.End {
			return Finding{Name: FindingLate, Detail: t.Name, At: t.At}, true
		}
	}
	return Finding{}, false
}

// marked finds marks that are there more than once.
func marked(_ *Result, l *Reading) (Finding, bool) {
	m := l.Book.Marks
	if m == nil {
		return Finding{}, false
	}
	for _, kind := range []testlog.MarkKind{testlog.MarkStart, testlog.MarkEnd} {
		if n := m.Count(kind); n > 1 {
			at, _ := m.First(kind)
			return Finding{Name: FindingMarks, Detail: fmt.Sprintf("%d times", n), At: at}, true
		}
	}
	return Finding{}, false
}

// exited looks at the exit codes.
func exited(_ *Result, l *Reading) (Finding, bool) {
	m := l.Book.Marks
	if m == nil || m.ExitCode == nil {
		return Finding{}, false
	}
	at, _ := m.First(testlog.MarkExitCode)
	end, ended := m.First(testlog.MarkEnd)
	if m.OtherExit > 0 || ended && at.Start < end.Start {
		return Finding{Name: FindingExits, Detail: fmt.Sprintf("the first is %d", *m.ExitCode), At: at}, true
	}
	return Finding{Name: FindingExit, Detail: fmt.Sprintf("exit code %d", *m.ExitCode), At: at}, l.exitAtOdds()
}
