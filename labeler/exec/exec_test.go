package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/gitdiff"
	"github.com/swerm/swerm/labeler/exec"
	"github.com/swerm/swerm/labeler/grade"
	"github.com/swerm/swerm/labeler/testlog"
	"github.com/swerm/swerm/pipeline"
)

// words is a harness whose tests ask for words: each line `name word` of a test
// file passes when the file "src" holds the word. As a disk would, it takes no
// tree in which a file is a folder too.
func words(_ context.Context, files map[string]string, tests []string) ([]byte, error) {
	for p := range files {
		for q := range files {
			if strings.HasPrefix(q, p+"/") {
				return nil, fmt.Errorf("%s is a file and a folder", p)
			}
		}
	}
	var log strings.Builder
	failed, passed := 0, 0
	for _, path := range tests {
		for line := range strings.Lines(files[path]) {
			name, word, _ := strings.Cut(strings.TrimSpace(line), " ")
			status := "PASSED"
			if strings.Contains(files["src"], word) {
				passed++
			} else {
				status = "FAILED"
				failed++
			}
			fmt.Fprintf(&log, "%s::%s %s\n", path, name, status)
		}
	}
	fmt.Fprintf(&log, "=== %d failed, %d passed in 0.01s ===\n", failed, passed)
	return []byte(log.String()), nil
}

func trial(run exec.Runner) *exec.Trial {
	return &exec.Trial{Harness: exec.Harness{Name: "words", Version: "1", Parser: testlog.Pytest(), Run: run}, Rules: grade.SWEBench2()}
}

func task() *exec.Task {
	return &exec.Task{Instance: "w-1",
		Files:  map[string]string{"src": "old\n", "tests/seen": "keeps old\n"},
		Hidden: map[string]string{"tests/hidden": "wants new\nkeeps old\n"},
		Want:   grade.Want{FailToPass: []string{"tests/hidden::wants"}, PassToPass: []string{"tests/hidden::keeps"}}}
}

// patch makes a diff out of what the tree should be.
func patch(change map[string]string) string {
	next := maps.Clone(task().Files)
	for path, text := range change {
		if next[path] = text; text == "" {
			delete(next, path)
		}
	}
	return gitdiff.Diff(task().Files, next)
}

func TestTry(t *testing.T) {
	good := patch(map[string]string{"src": "old\nnew\n"})
	for _, c := range []struct {
		name, patch, verdict, reason string
		run                          exec.Runner
		findings                     []string
	}{
		{"right", good, "resolved", "resolved", words, nil},
		{"breaks another", patch(map[string]string{"src": "new\n"}), "unresolved", "tests_failed", words, nil},
		{"empty", " \n", "unresolved", "empty_patch", words, nil},
		{"does not apply", strings.ReplaceAll(good, "old", "odd"), "unresolved", "patch_failed", words, nil},
		{"is no patch", "I changed the file.", "unresolved", "patch_failed", words, nil},
		{"leaves the tree", strings.ReplaceAll(good, "b/src", "b/../src"), "unresolved", "patch_failed", words, nil},
		{"forges the hidden test", patch(map[string]string{"tests/hidden": "wants old\nkeeps old\n"}), "unresolved", "tests_failed", words, []string{exec.FindingHidden}},
		{"has it too, and is right", patch(map[string]string{"src": "old\nnew\n", "tests/hidden": "anything\n"}), "resolved", "resolved", words, []string{exec.FindingHidden}},
		{"makes its folder a file", patch(map[string]string{"tests/seen": "", "tests": "file\n", "src": "old\nnew\n"}), "resolved", "resolved", words, []string{exec.FindingHidden}},
		{"makes it a folder", patch(map[string]string{"tests/hidden/x": "file\n", "src": "old\nnew\n"}), "resolved", "resolved", words, []string{exec.FindingHidden}},
		{"edits a visible test", patch(map[string]string{"tests/seen": "x y\n"}), "unresolved", "tests_failed", words, nil},
		{"adds a picture", good + "diff --git a/p b/p\nBinary files a/p and b/p differ\n", "unknown", "patch_refused", words, nil},
		{"is larger than any patch", strings.Repeat("x", gitdiff.MaxPatchBytes+1), "unknown", "patch_refused", words, nil},
		{"reaches a limit", good, "timeout", "limit", func(context.Context, map[string]string, []string) ([]byte, error) {
			return []byte("tests/hidden::wants FAILED\n"), fmt.Errorf("%w: steps", exec.ErrLimit)
		}, nil},
		{"harness fails", good, "infra", "harness_failed", func(context.Context, map[string]string, []string) ([]byte, error) {
			return []byte("half a log"), errors.New("no disk")
		}, nil},
		{"harness panics", good, "infra", "harness_failed", func(context.Context, map[string]string, []string) ([]byte, error) {
			panic("no such world")
		}, nil},
		{"harness prints nothing", good, "infra", "suite_did_not_run", func(context.Context, map[string]string, []string) ([]byte, error) {
			return nil, nil
		}, nil},
		{"prints without end", good, "infra", "log_over_limit", func(context.Context, map[string]string, []string) ([]byte, error) {
			return make([]byte, exec.MaxLogBytes+1), nil
		}, nil},
		{"hangs", good, "timeout", "timeout", func(ctx context.Context, _ map[string]string, _ []string) ([]byte, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("run: %w", ctx.Err())
		}, nil},
	} {
		tr := trial(c.run)
		tr.Timeout = 20 * time.Millisecond
		if c.name != "hangs" {
			tr.Timeout = 0
		}
		out, err := tr.Try(context.Background(), task(), c.patch)
		if err != nil {
			t.Fatal(err)
		}
		if string(out.Verdict) != c.verdict || out.Reason != c.reason || !slices.Equal(out.Findings, c.findings) {
			t.Errorf("%s: %s %s %v", c.name, out.Verdict, out.Reason, out.Findings)
		}
		if _, score := out.Verdict.Target(); score != (out.PassRate != nil) {
			t.Errorf("%s: pass rate %v", c.name, out.PassRate)
		}
		if out.Verdict != pipeline.VerdictResolved && c.name != "empty" && out.Evidence == nil {
			t.Errorf("%s: no evidence", c.name)
		}
	}
}

func TestRunsThatDisagree(t *testing.T) {
	good := patch(map[string]string{"src": "old\nnew\n"})
	pass, fail := "tests/hidden::wants PASSED\ntests/hidden::keeps PASSED\n", "tests/hidden::wants FAILED\n"
	for _, c := range []struct {
		logs            []string // "" fails, "-" hangs
		verdict, reason string
		rate            float64
	}{
		{[]string{pass, pass, pass}, "resolved", "resolved", 1},
		{[]string{fail, fail}, "unresolved", "tests_failed", 0},
		{[]string{pass, fail, pass, pass}, "flaky", "runs_disagree", 0.75},
		{[]string{pass, "-"}, "flaky", "runs_disagree", -1},
		{[]string{"-", "-"}, "timeout", "timeout", -1},
		{[]string{pass, fail, ""}, "infra", "harness_failed", -1},
	} {
		n := 0
		tr := trial(func(context.Context, map[string]string, []string) ([]byte, error) {
			log := c.logs[n]
			n++
			switch log {
			case "":
				return nil, errors.New("broken")
			case "-":
				return nil, context.DeadlineExceeded
			}
			return []byte(log), nil
		})
		tr.Runs = len(c.logs)
		out, err := tr.Try(context.Background(), task(), good)
		if err != nil {
			t.Fatal(err)
		}
		rate := -1.0
		if out.PassRate != nil {
			rate = *out.PassRate
		}
		if string(out.Verdict) != c.verdict || out.Reason != c.reason || rate != c.rate || int(out.Runs) != len(c.logs) || len(out.Evidence.Runs) != len(c.logs) {
			t.Errorf("%q: %s %s %v %d", c.logs, out.Verdict, out.Reason, rate, out.Runs)
		}
	}
}

func TestLogsAreBounded(t *testing.T) {
	tr := trial(func(context.Context, map[string]string, []string) ([]byte, error) {
		return append([]byte("tests/hidden::wants PASSED\ntests/hidden::keeps PASSED\n"), make([]byte, exec.MaxLogBytes*2/5)...), nil
	})
	tr.Runs = 4
	out, err := tr.Try(context.Background(), task(), patch(map[string]string{"src": "new\n"}))
	if err != nil || out.Verdict != pipeline.VerdictResolved {
		t.Fatal(out, err)
	}
	kept := 0
	for i, r := range out.Evidence.Runs {
		if kept += len(r.Log); (r.Cut == 0) != (i < 2) {
			t.Errorf("run %d: %d kept, %d cut", i, len(r.Log), r.Cut)
		}
	}
	if kept > exec.MaxLogBytes {
		t.Errorf("%d bytes", kept)
	}
}

func TestCancelIsNoVerdict(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	tr := trial(func(ctx context.Context, _ map[string]string, _ []string) ([]byte, error) {
		cancel()
		return nil, errors.New("killed")
	})
	if out, err := tr.Try(ctx, task(), patch(map[string]string{"src": "new\n"})); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestLogsKeepTheirBytes(t *testing.T) {
	for _, log := range []string{"", "plain\n", "<&> \u2028 \x00\x1b[1m\r\n", "not UTF-8 \xff\xfe\n"} {
		doc, err := json.Marshal(exec.Run{Log: exec.Text(log)})
		var back exec.Run
		if err == nil {
			err = json.Unmarshal(doc, &back)
		}
		if err != nil || string(back.Log) != log {
			t.Errorf("%q: %q, %v", log, back.Log, err)
		}
	}
}

func row(id, more string) string {
	return fmt.Sprintf(`{"instance_id":%q,"files":{"src":"old\n"},"test_files":{"t":"a b\n"},"FAIL_TO_PASS":["t::a"],"PASS_TO_PASS":"[\"t::b\"]","more":%q}`, id, more)
}

func TestTasks(t *testing.T) {
	dir := t.TempDir()
	rows := []string{row("a", ""), "{", row("b", "1"), `{"files":{}}`, row("a", ""), row("b", "2"), `{"instance_id":"c","files":{"/x":""}}`, "", row("d", strings.Repeat("x", 3<<20))}
	if err := os.WriteFile(filepath.Join(dir, exec.TasksFile), []byte(strings.Join(rows, "\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{dir, filepath.Join(dir, exec.TasksFile)} {
		tasks, err := exec.OpenTasks(context.Background(), []exec.Source{{Name: "tasks", URI: uri}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := tasks.Find("a")
			if err != nil {
				t.Fatal(err)
			}
			want := &exec.Task{Instance: "a", Files: map[string]string{"src": "old\n"}, Hidden: map[string]string{"t": "a b\n"},
				Want: grade.Want{FailToPass: []string{"t::a"}, PassToPass: []string{"t::b"}}}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		if _, err := tasks.Find("d"); err != nil {
			t.Error(err)
		}
		for id, want := range map[string]error{"b": exec.ErrBadTask, "c": exec.ErrBadTask, "e": exec.ErrNoTask} {
			if _, err := tasks.Find(id); !errors.Is(err, want) {
				t.Errorf("%s: %v", id, err)
			}
		}
		var faulty []int64
		for _, f := range tasks.Faults {
			faulty = append(faulty, f.Row)
		}
		if !slices.Equal(faulty, []int64{1, 3, 5}) || tasks.Rows != 8 || tasks.Len() != 4 {
			t.Errorf("%v, %d rows, %d tasks", tasks.Faults, tasks.Rows, tasks.Len())
		}
		if err := tasks.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := exec.OpenTasks(context.Background(), []exec.Source{{Name: "none", URI: filepath.Join(dir, "none")}}); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("%v", err)
	}
}

// TestManyTasks holds that more tasks than are kept parsed are all found.
func TestManyTasks(t *testing.T) {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintln(&b, row(fmt.Sprint("t", i), strings.Repeat("x", i)))
	}
	file := filepath.Join(t.TempDir(), "some.jsonl")
	if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	tasks, err := exec.OpenTasks(context.Background(), []exec.Source{{Name: "some", URI: file}})
	if err != nil {
		t.Fatal(err)
	}
	defer tasks.Close()
	for i := range 400 {
		id := fmt.Sprint("t", i*7%200)
		if got, err := tasks.Find(id); err != nil || got.Instance != id {
			t.Fatalf("%s: %+v, %v", id, got, err)
		}
	}
}

// Example tries two patches on one task.
func Example() {
	task := &exec.Task{Instance: "shop-1",
		Files:  map[string]string{"src": "add\n"},
		Hidden: map[string]string{"tests/hidden": "adds add\nremoves remove\n"},
		Want:   grade.Want{FailToPass: []string{"tests/hidden::removes"}, PassToPass: []string{"tests/hidden::adds"}}}
	trial := exec.Trial{Rules: grade.SWEBench2(), Harness: exec.Harness{Name: "words", Version: "1", Parser: testlog.Pytest(), Run: words}}
	for _, text := range []string{"add\nremove\n", "remove\n"} {
		patch := gitdiff.Diff(task.Files, map[string]string{"src": text})
		out, err := trial.Try(context.Background(), task, patch)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.Verdict, out.Reason, out.Grade.F2P, out.Grade.P2P)
	}
	// Output:
	// resolved resolved {1 0} {1 0}
	// unresolved tests_failed {1 0} {0 1}
}
