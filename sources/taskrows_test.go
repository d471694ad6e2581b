package sources_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/bystander"
	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/sources"
)

const bareRun = `{"trajectory_format":"mini-swe-agent-1.1","instance_id":"%s","messages":[{"role":"user","content":"Mend %s."},{"role":"assistant","content":"Done."}]}`

// TestTaskRowsTellWhatDocumentsDoNot fills records from rows by instance, and
// nothing that a document says or that rows dispute.
func TestTaskRowsTellWhatDocumentsDoNot(t *testing.T) {
	dir := t.TempDir()
	for _, id := range []string{"octo__cat-7", "octo__cat-8", "6e44b9"} {
		put(t, filepath.Join(dir, "runs", id+".traj.json"), []byte(strings.ReplaceAll(bareRun, "%s", id)))
	}
	sha := strings.Repeat("ab", 20)
	put(t, filepath.Join(dir, "a.jsonl"), []byte(`{"instance_id":"octo__cat-7","repo":"other/name","base_commit":"`+sha+`","language":"go","license_name":"MIT","created_at":"2024-01-01T00:00:00Z","image_name":"swebench/sweb.eval.x86_64.cat-7","difficulty":"1-4 hours","environment_setup_commit":"x"}
{"instance_id":"6E44B9","repo":"octo/cat","base_commit":"`+sha+`","language":"c"}
{"instance_id":"broken","base_commit":{}}
`))
	put(t, filepath.Join(dir, "b.json"), []byte(`[{"instance_id":"6e44b9","base_commit":"`+sha+`","language":"rust"},{"not":"a task"}]`))
	res, d := runImportWith(t, &sources.Config{}, map[string][]string{"raw": {filepath.Join(dir, "runs")}, "tasks": {filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.json")}})
	if want := (sources.TaskRows{Rows: 3, Failed: 1, Disputed: 1, Enriched: 2}); res.Tasks == nil || *res.Tasks != want {
		t.Fatalf("%+v", res.Tasks)
	}
	type facts struct{ Repo, Commit, Language, License, Created, Environment, Task, Source string }
	got := map[string]facts{}
	for _, tr := range rows(t, d) {
		got[*tr.InstanceID] = facts{text(tr.Repo), text(tr.BaseCommit), text(tr.Language), text(tr.License), text(tr.CreatedAt), text(tr.Environment), tr.TaskID, tr.Source}
	}
	want := map[string]facts{
		"octo__cat-7": {"octo/cat", sha, "go", "MIT", "2024-01-01T00:00:00Z", "swebench/sweb.eval.x86_64.cat-7", "octo__cat-7", "swe-bench-verified"},
		"octo__cat-8": {Repo: "octo/cat", Task: "octo__cat-8", Source: "unknown"},
		"6e44b9":      {Repo: "octo/cat", Commit: sha, Task: "octo/cat@" + sha, Source: "unknown"}, // its language is disputed
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestRealTaskTables reads rows of an Arrow stream.
func TestRealTaskTables(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "pvlib__pvlib-python-1154.traj.json"), []byte(strings.ReplaceAll(bareRun, "%s", "pvlib__pvlib-python-1154")))
	res, d := runImportWith(t, &sources.Config{}, map[string][]string{"raw": {dir}, "tasks": {testpath.Real(t, "instances", "swebench-lite", "dev.arrow")}})
	if res.Tasks.Rows != 23 || res.Tasks.Failed != 0 || res.Tasks.Enriched != 1 {
		t.Errorf("%+v", res.Tasks)
	}
	if tr := rows(t, d)[0]; tr.BaseCommit == nil || tr.CreatedAt == nil {
		t.Errorf("%+v", tr)
	}
}

// TestIgnoredFilesAreNamed counts what lies among runs by what it is.
func TestIgnoredFilesAreNamed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"tasks.jsonl":   `{"instance_id":"octo__cat-7","base_commit":"x"}` + "\n" + `{"instance_id":"octo__cat-8","base_commit":"x"}`,
		"task.json":     `{"instance_id":"octo__cat-7","base_commit":"x"}`,
		"preds.json":    `{"octo__cat-7":{"model_patch":"d","instance_id":"octo__cat-7"}}`,
		"m.run.json":    `{"resolved_ids":["octo__cat-7"],"unresolved_ids":[]}`,
		"report.json":   `{"octo__cat-7":{"patch_exists":true,"resolved":true}}`,
		"notes.json":    `{"any":"thing"}`,
		"a/x.traj.json": strings.ReplaceAll(bareRun, "%s", "octo__cat-7"),
	} {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), []byte(text))
	}
	res, _ := runImportWith(t, &sources.Config{}, map[string][]string{"raw": {dir}})
	want := map[bystander.Kind]int64{bystander.Tasks: 2, bystander.Predictions: 1, bystander.Results: 1, bystander.Reports: 1}
	if d := cmp.Diff(want, res.IgnoredKinds); d != "" || res.Ignored != 6 || res.Out != 1 {
		t.Errorf("%+v %s", res, d)
	}
	if table := res.Table(); !strings.Contains(table, "2 files of tasks (import --tasks reads them)") {
		t.Error(table)
	}
}

// TestRealBystanders meets the files of tasks, predictions and results at hand.
func TestRealBystanders(t *testing.T) {
	res, _ := runImportWith(t, &sources.Config{}, map[string][]string{"raw": {testpath.Real(t, "instances"), testpath.Real(t, "swebench-results")}})
	if res.In != 0 || res.IgnoredKinds[bystander.Tasks] < 4 || res.IgnoredKinds[bystander.Predictions] < 4 || res.IgnoredKinds[bystander.Results] < 30 {
		t.Errorf("%+v", res)
	}
}

func TestInputsWithoutTasksAreAMistake(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(file, []byte(`{"resolved_ids":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := tryImport(t, &sources.Config{}, map[string][]string{"raw": {t.TempDir()}, "tasks": {file}})
	if err == nil || !strings.Contains(err.Error(), "no row of a task in it") {
		t.Error(err)
	}
}
