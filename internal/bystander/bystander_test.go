package bystander_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swerm/swerm/internal/bystander"
	"github.com/swerm/swerm/internal/testpath"
)

func TestFilesAreToldByTheirKeys(t *testing.T) {
	for text, want := range map[string]bystander.Kind{
		`{"instance_id":"a__b-1","repo":"a/b","base_commit":"x","FAIL_TO_PASS":["t"]}`:                   bystander.Tasks,
		`[{"instance_id":"a__b-1","patch":"d","problem_statement":"p"}]`:                                 bystander.Tasks,
		`{"org":"a","repo":"b","number":1,"base":{"sha":"x"},"fix_patch":"d"}`:                           bystander.Tasks,
		`{"repo_name":"b","docker_image":"i","problem_statement":"p"}`:                                   bystander.Tasks,
		`{"org":"a","repo":"b","number":"1","fix_patch":"d"}`:                                            bystander.Predictions,
		`{"instance_id":"a__b-1","model_patch":"d","model_name_or_path":"m"}` + "\n" + `{"instance_id":`: bystander.Predictions,
		`[{"instance_id":"a__b-1","model_patch":"d"}]`:                                                   bystander.Predictions,
		`{"a__b-1":{"instance_id":"a__b-1","model_patch":{"no":[1,{"x":2}]}},"a__b-2":3}`:                bystander.Predictions,
		`{"total_instances":5,"submitted_instances":4,"resolved_ids":["a"]}`:                             bystander.Results,
		`{"resolved":["a"],"unresolved":[]}`:                                                             bystander.Results,
		`{"no_generation":[],"generated":["a"]}`:                                                         bystander.Results,
		`{"a__b-1":{"cost":0.1,"resolved":true}}`:                                                        bystander.Results,
		`{"a__b-1":{"patch_exists":true,"resolved":true,"tests_status":{}}}`:                             bystander.Reports,
		`{"patch_successfully_applied":true,"resolved":false}`:                                           bystander.Reports,

		`{"instance_id":"a","messages":[],"model_patch":"d","base_commit":"x"}`: bystander.None,
		`{"instance_id":"a","history":[],"problem_statement":"p"}`:              bystander.None,
		`{"resolved":true}`: bystander.None,
		`{"id":"a","content":[],"details":{"resolved":"True"}}`: bystander.None,
		`{"name":"x","nested":{"a":1}}`:                         bystander.None,
		`[1,2]`:                                                 bystander.None,
		`"instance_id"`:                                         bystander.None,
		``:                                                      bystander.None,
		`{"instance_id":"a","pro`:                               bystander.None,
		`{"base_commit":"x","instance_id":"a","patch":"cut off he`: bystander.Tasks,

		`{"x":"a\"}\\","instance_id" : "a" , "base_commit":-1.5}`:     bystander.Tasks,
		`{"x":{"]":["}"]}, "instance\u005fid":"a","base_commit":"x"}`: bystander.Tasks,
		`{"x":{},"y":{"model_patch":"d"}}`:                            bystander.Predictions,
		`{"x" 1,"instance_id":"a","base_commit":"x"}`:                 bystander.None,
		`{"x":{"y",},"instance_id":"a","base_commit":"x"}`:            bystander.None,
	} {
		if got := bystander.Of([]byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestNestingIsNoKey(t *testing.T) {
	deep := `{"x":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `,"instance_id":"a","base_commit":"x"}`
	if got := bystander.Of([]byte(deep)); got != bystander.Tasks {
		t.Errorf("%q", got)
	}
	inner := `{"x":{"y":{"model_patch":1},"z":["model_patch","model_patch"]}}`
	if got := bystander.Of([]byte(inner)); got != bystander.None {
		t.Errorf("%q", got)
	}
}

func TestRealFiles(t *testing.T) {
	for pattern, want := range map[string]bystander.Kind{
		"instances/swebench-verified/*.jsonl":           bystander.Tasks,
		"instances/swe-rebench-v2/*.json":               bystander.Tasks,
		"instances/swesmith/*.json":                     bystander.Tasks,
		"instances/multi_swe_bench/*.jsonl":             bystander.Predictions,
		"swebench-results/*/preds.json":                 bystander.Predictions,
		"swebench-results/mini-deepseek/*/preds.json":   bystander.Predictions,
		"swebench-results/openhands-example/*.json":     bystander.Predictions,
		"swebench-results/claude-code-opus-4.5/*.json":  bystander.Results,
		"swebench-results/claude-code-opus-4.5/*.jsonl": bystander.Predictions,
		"swebench-results/1r1m-baselines/*.json":        bystander.Results,
		"swebench-results/gso/*.json":                   bystander.Results,
		"mini/test_data/results.json":                   bystander.Predictions,
	} {
		files, err := filepath.Glob(testpath.Real(t) + "/" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if got := bystander.Of(text); got != want {
				t.Errorf("%s: %q, want %q", f, got, want)
			}
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1]},"model_patch":null}`))
	f.Fuzz(func(t *testing.T, text []byte) { bystander.Of(text) })
}
