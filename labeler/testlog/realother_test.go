package testlog_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/labeler/testlog"
)

// output reads what the reference parsers of SWE-bench Pro made of a log. A test
// that is listed more than once counts as its last entry there.
func output(t *testing.T, file string) map[string]string {
	var v struct {
		Tests []struct{ Name, Status string }
	}
	decode(t, file, &v)
	all := map[string]string{}
	for _, test := range v.Tests {
		all[test.Name] = test.Status
	}
	return all
}

// TestProLogsReadAsTheReferenceReadsThem compares whole logs, and excerpts as far
// as they go.
func TestProLogsReadAsTheReferenceReadsThem(t *testing.T) {
	root := testpath.Real(t, "other-logs", "swebench-pro")
	const names = "truncated_golden_test_names/results/"
	for _, c := range []struct {
		parser    testlog.Parser
		log, want string
		excerpt   bool
	}{
		{testlog.GoTestJSON(), "shell_expansion_in_entryscript/e2e_fixed_stdout.log", "shell_expansion_in_entryscript/e2e_fixed_output.json", false},
		{testlog.GoTestJSON(), "shell_expansion_in_entryscript/e2e_buggy_stdout.log", "shell_expansion_in_entryscript/e2e_buggy_output.json", false},
		{testlog.GoTest(), names + "vuls/base/stdout.log.excerpt.txt", names + "vuls/base/output.json", false},
		{testlog.GoTest(), names + "vuls/golden/stdout.log.excerpt.txt", names + "vuls/golden/output.json", false},
		{testlog.Ansible(), names + "ansible/base/stdout.log.excerpt.txt", names + "ansible/base/output.json", true},
		{testlog.Ansible(), names + "ansible/golden/stdout.log.excerpt.txt", names + "ansible/golden/output.json", true},
	} {
		t.Run(c.log, func(t *testing.T) {
			log, err := os.ReadFile(filepath.Join(root, c.log))
			if err != nil {
				t.Fatal(err)
			}
			l := c.parser.Parse(log)
			check(t, log, l)
			if guess := testlog.Guess(log); !c.excerpt && (len(guess) != 1 || guess[0].Name != c.parser.Name) {
				t.Errorf("guessed %+v", guess)
			}
			got, want := l.Statuses(), output(t, filepath.Join(root, c.want))
			if c.excerpt { // of pytest, whose names the reference cuts at the first space
				got = cutNames(got)
			}
			if len(got) == 0 {
				t.Error("nothing was read")
			}
			for name, st := range want {
				if got[name].String() != st && !(c.excerpt && got[name] == 0) {
					t.Errorf("%s is %v, the reference has %s", name, got[name], st)
				}
			}
			for name, st := range got {
				if want[name] == "" {
					t.Errorf("%s is %v, the reference has nothing", name, st)
				}
			}
			t.Logf("%d tests", len(got))
		})
	}
}

func cutNames(all map[string]testlog.Status) map[string]testlog.Status {
	cut := map[string]testlog.Status{}
	for name, st := range all {
		name, _, _ = strings.Cut(name, " ")
		cut[name] = st
	}
	return cut
}

// TestProTitlesOfMocha holds that the titles of an excerpt, set as mocha sets them,
// give names that the reference has. The excerpt has nothing but titles.
func TestProTitlesOfMocha(t *testing.T) {
	root := testpath.Real(t, "other-logs", "swebench-pro", "truncated_golden_test_names", "results", "nodebb", "golden")
	excerpt, err := os.ReadFile(filepath.Join(root, "stdout.log.excerpt.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	log.WriteString("{\n  \"passes\": [\n")
	titles := 0
	for line := range bytes.Lines(excerpt) {
		if bytes.Contains(line, []byte(`"fullTitle"`)) {
			fmt.Fprintf(&log, "    {\n%s    },\n", line)
			titles++
		}
	}
	l := testlog.MochaJSON().Parse(log.Bytes())
	check(t, log.Bytes(), l)
	want := output(t, filepath.Join(root, "output.json"))
	for _, r := range l.Records {
		if want[r.Name] == "" {
			t.Errorf("%q is not in the reference", r.Name)
		}
	}
	if len(l.Records) != titles || titles == 0 {
		t.Errorf("%d tests of %d", len(l.Records), titles)
	}
}

// TestSmithLogOfGo holds that every test that was run has ended somehow.
func TestSmithLogOfGo(t *testing.T) {
	log, err := os.ReadFile(testpath.Real(t, "other-logs", "swesmith", "gin-gonic__gin.3c12d2a8.lm_rewrite__4pb48n1g.txt"))
	if err != nil {
		t.Fatal(err)
	}
	l := testlog.GoTest().Parse(log)
	check(t, log, l)
	for _, r := range l.Records {
		if r.Scope == 0 {
			t.Errorf("%s belongs to no package", r.Name)
		}
	}
	if runs := bytes.Count(log, []byte("=== RUN ")); len(l.Records) != runs || !l.Marked {
		t.Errorf("%d tests of %d that were run, marked %v", len(l.Records), runs, l.Marked)
	}
}

// TestMoatlessLogsOfMaven holds what each log says in its own totals.
func TestMoatlessLogsOfMaven(t *testing.T) {
	root := testpath.Real(t, "other-logs", "moatless", "java", "fixtures")
	for _, c := range []struct {
		file          string
		failed, errs  int // tests that are named
		event         testlog.EventKind
		total, passed int64
	}{
		{"success.txt", 0, 0, testlog.Finished, 8, 8},
		{"test_failure.txt", 2, 2, testlog.Finished, 9, 7}, // a test and its class, each
		{"spring_context_error.txt", 0, 2, testlog.Finished, 5, 0},
		{"compilation_error.txt", 0, 0, testlog.BuildError, 0, 0},
		{"compilation_error_line_only.txt", 0, 0, testlog.BuildError, 0, 0},
		{"command_failure.txt", 0, 0, testlog.UsageError, 0, 0},
	} {
		log, err := os.ReadFile(filepath.Join(root, c.file))
		if err != nil {
			t.Fatal(err)
		}
		l := testlog.Maven().Parse(log)
		check(t, log, l)
		by := map[testlog.Status]int{}
		for _, st := range l.Statuses() {
			by[st]++
		}
		if by[testlog.Failed] != c.failed || by[testlog.Error] != c.errs {
			t.Errorf("%s: %v", c.file, l.Statuses())
		}
		if _, ok := l.Has(c.event); !ok {
			t.Errorf("%s: %+v", c.file, l.Events)
		}
		if l.Ran() != (c.total > 0) || c.total > 0 && (l.Total.Ran() != c.total || l.Total.By[testlog.Passed] != c.passed) {
			t.Errorf("%s: %+v", c.file, l.Total)
		}
	}
}

// TestEveryParserBearsEveryRealLog holds that places are right and that nothing
// panics, whatever framework a log is of, and that a log of pytest gives no other
// parser many tests.
func TestEveryParserBearsEveryRealLog(t *testing.T) {
	var logs int
	for _, root := range []string{"other-logs", "swebench-logs"} {
		err := filepath.WalkDir(testpath.Real(t, root), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch filepath.Ext(path) {
			case ".txt", ".log":
			default:
				return nil
			}
			log, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if logs++; logs%4 > 0 && root == "swebench-logs" {
				return nil // every fourth of many that are alike
			}
			for _, p := range testlog.Parsers() {
				check(t, log, p.Parse(log))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if logs == 0 {
		t.Error("there are none")
	}
}
